"""What people ask HQ to do with what it keeps of them: every wish is a request with a number and a day it is due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from posapp.clock import DAY
from posapp.errors import PosError
from posapp.hq.members.identity import Means
from posapp.hq.members.tables import person, privacy_request
from posapp.ids import random_base32

KINDS = ("access", "correct", "withdraw", "erase", "impersonal")
ENDED = ("done", "refused")
ANSWERED_IN_MS = 15 * DAY


def request(conn: Connection, means: Means, ref: str, kind: str, source: str) -> str:
    """Make a request of a person; its number. The same wish that still waits keeps its number.

    Raises PosError bad_request for a kind there is not.
    """
    if kind not in KINDS:
        raise PosError("bad_request", why="kind")
    waiting = next((row for row in requests_of(conn, ref) if row.kind == kind and row.state not in ENDED), None)
    if waiting is not None:
        return str(waiting.number)
    number = f"P{random_base32(10, means.chance)}"
    row = {
        "number": number,
        "ref": ref,
        "kind": kind,
        "state": "open",
        "made": means.now,
        "due": means.now + ANSWERED_IN_MS,
        "source": source,
    }
    conn.execute(privacy_request.insert(), row)
    return number


def requests_of(conn: Connection, root: str) -> Sequence[Row[Any]]:
    """The requests of a person under all their ids, the newest first."""
    mine = select(person.c.ref).where(person.c.root == root)
    return conn.execute(
        select(privacy_request).where(privacy_request.c.ref.in_(mine)).order_by(privacy_request.c.made.desc())
    ).all()

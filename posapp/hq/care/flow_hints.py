"""Hints that are a flow's tasks: said anew as days go by, taken back when the flow is held up, and shown again."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy import Connection, update

from posapp.hq.care.scripts import Said
from posapp.hq.care.tables import hint

_ANSWERED = ("accepted", "declined")


def take_back(conn: Connection, ids: Iterable[str], now: int) -> None:
    """Hints that nobody answered end now; hint_rows() tells the tills."""
    still_open = (hint.c.id.in_(sorted(set(ids))), hint.c.outcome.not_in(_ANSWERED), hint.c.ends > now)
    conn.execute(update(hint).where(*still_open).values(ends=now))


def say_again(conn: Connection, id_: str, said: Said, ends: int) -> None:
    """A hint that nobody answered in new words, until `ends`."""
    words = {
        "prompt": json.dumps(said.prompt, ensure_ascii=False),
        "script": json.dumps(said.line, ensure_ascii=False),
        "version": said.version,
    }
    still_open = (hint.c.id == id_, hint.c.outcome.not_in(_ANSWERED))
    conn.execute(update(hint).where(*still_open).values(**words, ends=ends))

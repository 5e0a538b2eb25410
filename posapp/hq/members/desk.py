"""What people at HQ do for a member: find one (masked, and noted who looked), tie and untie, correct points."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, select

from posapp.clock import rfc3339
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import Database, insert_new
from posapp.hq.members import consents, points
from posapp.hq.members.identity import Means, known_by, merge_persons, root_of, same_as, unmerge
from posapp.hq.members.slice import rows_apart, rows_of
from posapp.hq.members.tables import (
    benefit,
    looked,
    merge,
    person,
    person_key,
    person_store,
    privacy_request,
    suspicion,
)
from posapp.ids import uuid7
from posapp.rules.free_text import read_reason
from posapp.rules.names import masked_name
from posapp.rules.phones import masked, read_phone

LONGEST_REASON = 200


def reason_of(text: str) -> str:
    """A reason as given. Raises PosError needs_reason, text_too_long, text_has_number."""
    return read_reason(text, LONGEST_REASON)


def who_is(conn: Connection, means: Means, asked: str) -> str:
    """The root of whoever has this phone, card or id. Raises PosError no_such_member, which does not repeat it."""
    root = conn.scalar(select(person.c.root).where(person.c.ref == asked))
    if root is None:
        try:
            root = known_by(conn, "phone", means.vault.index("phone", read_phone(asked)))
        except PosError:
            root = None
    root = root or known_by(conn, "card", means.vault.index("card", asked.strip()))
    if root is None:
        raise PosError("no_such_member")
    return str(root)


def is_known_in(conn: Connection, root: str, stores: Collection[int]) -> bool:
    """Whether one of these stores knows a member: it is their home, or they were seen there."""
    refs = same_as(conn, root)
    home = select(person.c.ref).where(person.c.ref.in_(refs), person.c.home.in_(stores))
    seen = select(person_store.c.ref).where(person_store.c.ref.in_(refs), person_store.c.store.in_(stores))
    return conn.scalar(home) is not None or conn.scalar(seen) is not None


def note_look(conn: Connection, means: Means, who: str, ref: str, what: str, reason: str) -> None:
    """Keep that somebody looked at something of a person."""
    row: dict[str, Any] = {"at": means.now, "who": who, "ref": ref, "what": what, "reason": reason}
    while not insert_new(conn, looked, row):  # looked before in the same millisecond
        row["at"] += 1


def find(
    database: Database, means: Means, asked: str, who: str, reason: str, stores: Collection[int] | None = None
) -> dict[str, Any]:
    """A member as HQ's people may see one, masked. stores: of those that one of them knows; None for everybody.
    Raises PosError no_such_member, needs_reason."""
    reason = reason_of(reason)
    with database.transaction() as conn:
        root = who_is(conn, means, asked)
        if stores is not None and not is_known_in(conn, root, stores):
            raise PosError("no_such_member")
        note_look(conn, means, who, root, "find", reason)
        return _card(conn, means, root)


def _card(conn: Connection, means: Means, root: str) -> dict[str, Any]:
    same = conn.execute(select(person).where(person.c.root == root)).all()
    head = next(row for row in same if row.ref == root)
    refs = [row.ref for row in same]
    phones = sorted({masked(means.vault.open(row.phone)) for row in same if row.phone})
    strengths = conn.execute(select(person_key.c.kind, person_key.c.strength).where(person_key.c.ref.in_(refs))).all()
    edges = conn.execute(
        select(merge).where(merge.c.undone == 0, merge.c.kept.in_(refs) | merge.c.gone.in_(refs))
    ).all()
    open_ = conn.execute(select(benefit).where(benefit.c.ref.in_(refs), benefit.c.state == "open")).all()
    asked = conn.scalars(select(privacy_request.c.number).where(privacy_request.c.ref.in_(refs))).all()
    return {
        "ref": root,
        "status": head.status,
        "name": masked_name(head.initial) if head.initial else "",
        "phones": phones,
        "keys": sorted(f"{row.kind} {row.strength}" for row in strengths),
        "tier": head.tier,
        "points": points.balance(conn, root),
        "joined": rfc3339(head.joined) if head.joined else None,
        "home": head.home,
        "orders": sum(row.orders for row in same),
        "visited": rfc3339(max(row.visited for row in same)) if any(row.visited for row in same) else None,
        "benefits": [json.loads(row.name)[0] for row in open_],
        "consents": {name: held.given for name, held in consents.standing(conn, root).items()},
        "merges": [{"number": edge.number, "kept": edge.kept, "gone": edge.gone, "by": edge.kind} for edge in edges],
        "same": same_as(conn, root)[1:],
        "privacy": list(asked),
    }


def tie(database: Database, means: Means, one: str, other: str, who: str) -> str:
    """Two members are one person, as somebody found out; the root. Raises PosError no_such_member, same_member."""
    with database.transaction() as conn:
        first, second = who_is(conn, means, one), who_is(conn, means, other)
        if first == second:
            raise PosError("same_member")
        root = merge_persons(conn, means, first, second, "person", who)
        feed.publish(conn, rows_of(conn, [root], means.now))
    return root


def untie(database: Database, means: Means, number: int, who: str) -> tuple[str, str]:
    """Take a merge back; the two roots. Raises PosError not_found."""
    with database.transaction() as conn:
        kept = conn.scalar(select(merge.c.kept).where(merge.c.number == number, merge.c.undone == 0))
        if kept is None:
            raise PosError("not_found", what=number)
        before = rows_of(conn, [kept], means.now)
        apart = unmerge(conn, means, number, who)
        feed.publish(conn, rows_apart(conn, before, apart, means.now))
    return apart


def correct_points(database: Database, means: Means, asked: str, change: int, who: str, reason: str) -> int:
    """Book points by hand, with the reason; the balance after it. Raises PosError no_such_member, needs_reason."""
    reason = reason_of(reason)
    with database.transaction() as conn:
        root = who_is(conn, means, asked)
        held = points.balance(conn, root)
        if not change or held + change < 0:
            raise PosError("points_short", points=held)
        source = f"{who} {uuid7(means.now, means.chance)}"
        points.book(conn, root, "adjust", source, change, means.now, detail=reason)
        feed.publish(conn, rows_of(conn, [root], means.now))
        return points.balance(conn, root)


def suspicions(database: Database) -> list[dict[str, Any]]:
    """Pairs that might be one person, the newest first; a person decides."""
    with database.reading() as conn:
        rows = conn.execute(select(suspicion).where(suspicion.c.state == "open").order_by(suspicion.c.at.desc())).all()
        return [
            {"one": row.one, "other": row.other, "by": row.kind, "at": rfc3339(row.at)}
            for row in rows
            if root_of(conn, row.one) != root_of(conn, row.other)
        ]

"""The conflict book: what stands but does not agree, what followers noted, and who has looked at it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from posapp.errors import PosError
from posapp.hq.console.tables import console_seen
from posapp.hq.database import Database, insert_new
from posapp.hq.members.tables import followed
from posapp.hq.tables import event_identity, flag
from posapp.ids import till_name
from posapp.rules.free_text import read_text

NOTED = ("benefit_twice", "pack_twice", "bad_box", "staff_claims")
"""Notes of followers that a person should see; the others are nobody's trouble."""

MOST = 1_000
LONGEST_NOTE = 200


def conflicts(conn: Connection, stores: frozenset[int] | None, *, open_only: bool) -> list[dict[str, Any]]:
    """The newest first. kind: flag or followed; key: as in console_seen."""
    seen = {(row.kind, row.key): row for row in conn.execute(select(console_seen))}
    rows = [*_flags(conn, stores), *_followed(conn, stores)]
    told = []
    for row in rows:
        looked = seen.get((row["kind"], row["key"]))
        if looked is None or not open_only:
            at = (looked.at, looked.who, looked.note) if looked else (0, "", "")
            told.append({**row, **dict(zip(("seen", "who", "note"), at, strict=True))})
    return told[:MOST]


def _flags(conn: Connection, stores: frozenset[int] | None) -> list[dict[str, Any]]:
    query = select(flag).order_by(flag.c.date.desc(), flag.c.store, flag.c.till, flag.c.seq.desc()).limit(MOST)
    if stores is not None:
        query = query.where(flag.c.store.in_(stores))
    return [
        {
            "kind": "flag",
            "key": f"{row.jid} {row.seq} {row.pos}",
            "what": row.kind,
            "detail": row.detail,
            "store": row.store,
            "till": till_name(row.store, row.till),
            "date": row.date,
            "jid": row.jid,
            "seq": row.seq,
        }
        for row in conn.execute(query)
    ]


def _followed(conn: Connection, stores: frozenset[int] | None) -> list[dict[str, Any]]:
    """What followers of the journals could not square; what is noted of an entry comes with its place."""
    wanted = select(followed).where(followed.c.what.in_(NOTED)).order_by(followed.c.at.desc()).limit(MOST)
    rows = conn.execute(wanted).all()
    events = {row.event.partition(" ")[0] for row in rows}
    places = {row.event: row for row in conn.execute(select(event_identity).where(event_identity.c.event.in_(events)))}
    told = []
    for row in rows:
        place = places.get(row.event.partition(" ")[0])
        if stores is not None and (place is None or place.store not in stores):
            continue
        told.append(
            {
                "kind": "followed",
                "key": row.event,
                "what": row.what,
                "detail": row.detail,
                "store": place.store if place else 0,
                "till": till_name(place.store, place.till) if place else "",
                "date": "",
                "jid": place.jid if place else "",
                "seq": place.seq if place else 0,
            }
        )
    return told


def acknowledge(
    database: Database, stores: frozenset[int] | None, kind: str, key: str, who: str, note: str, now: int
) -> None:
    """Somebody has looked at it. Raises PosError not_found, text_too_long, text_has_number."""
    note = read_text(note, LONGEST_NOTE)
    with database.transaction() as conn:
        if not any((row["kind"], row["key"]) == (kind, key) for row in conflicts(conn, stores, open_only=False)):
            raise PosError("not_found", what=kind)
        insert_new(conn, console_seen, {"kind": kind, "key": key, "at": now, "who": who, "note": note})

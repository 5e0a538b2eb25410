"""Leads: something for a store to do about a member until a time; what became of it comes from the tills."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select, update

from posapp.clock import rfc3339
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import insert_new
from posapp.hq.members.identity import ACTIVE, Means, root_of
from posapp.hq.members.slice import Published, rows_of, seen_at
from posapp.hq.members.tables import person
from posapp.hq.members.tiers import pair
from posapp.hq.tables import store as store_table
from posapp.hq.tasks.tables import lead
from posapp.ids import uuid7
from posapp.messages import LeadDone
from posapp.rules.free_text import read_text, without_numbers
from posapp.streams import LeadRow

OPEN, WITHDRAWN, CLOSED, OVERDUE = "open", "withdrawn", "closed", "overdue"
OUTCOMES = ("done", "not_reached", "declined")
"""What a till may say of a lead."""


LONGEST_TITLE = 60


class OpenLead(NamedTuple):
    """A lead that waits. state: open or overdue, which is red."""

    id: str
    ref: str
    store: int
    title: tuple[str, str]
    due: int
    clerk: int
    state: str
    script: tuple[str, str] = ("", "")


def words_of(text: str, most: int = LONGEST_TITLE) -> tuple[str, str]:
    """ "中文/English" as staff wrote it. Raises PosError bad_name, text_has_number."""
    chinese, english = pair(text, most)
    return read_text(chinese, most), read_text(english, most)


def in_time(due: int, now: int) -> int:
    """When a lead is due. Raises PosError bad_period for a time that is over."""
    if due <= now:
        raise PosError("bad_period")
    return due


def add_lead(
    conn: Connection,
    means: Means,
    *,
    ref: str,
    store: int,
    title: tuple[str, str],
    due: int,
    clerk: int = 0,
    script: tuple[str, str] = ("", ""),
    source: str,
    own_id: str = "",
) -> str:
    """A new lead for a store, whose tills know the member from now on; its id. lead_rows() is what to publish.

    With the caller's own id the same lead is made once. Raises PosError not_found, no_such_store."""
    root = root_of(conn, ref)
    if conn.scalar(select(store_table.c.number).where(store_table.c.number == store)) is None:
        raise PosError("no_such_store", store=store)
    id_ = own_id or uuid7(means.now, means.chance)
    row = {
        "id": id_,
        "ref": root,
        "store": store,
        "title": json.dumps(title, ensure_ascii=False),
        "script": json.dumps(script, ensure_ascii=False),
        "due": due,
        "clerk": clerk,
        "source": source,
        "made": means.now,
    }
    if insert_new(conn, lead, row):
        seen_at(conn, root, store, means.now)
    return id_


def lead_rows(conn: Connection, ids: Iterable[str], now: int) -> Published:
    """What tills are told of leads: the open ones of members, and whom they are about."""
    rows = conn.execute(select(lead).where(lead.c.id.in_(sorted(set(ids))))).all()
    people = conn.execute(
        select(person.c.ref, person.c.root, person.c.status).where(person.c.ref.in_({row.ref for row in rows}))
    ).all()
    roots = {row.ref: row.root for row in people}
    members = {row.root for row in people if row.status == ACTIVE}
    told: dict[tuple[str, str], LeadRow | None] = {}
    for row in rows:
        shown = row.state == OPEN and roots.get(row.ref) in members
        told[feed.store_scope(row.store), row.id] = _told(row, roots[row.ref]) if shown else None
    open_roots = [roots[row.ref] for row in rows if row.state == OPEN and row.ref in roots]
    return {"leads": told, **(rows_of(conn, open_roots, now) if open_roots else {})}


def _told(row: Row[Any], root: str) -> LeadRow:
    chinese, english = json.loads(row.title)
    said, said_english = json.loads(row.script)
    return LeadRow(root, (chinese, english), row.due, row.clerk, (said, said_english), row.made)


def set_aside(conn: Connection, ids: Iterable[str], *, away: bool) -> None:
    """Open leads are not shown for now, or those again."""
    before, after = (OPEN, WITHDRAWN) if away else (WITHDRAWN, OPEN)
    conn.execute(update(lead).where(lead.c.id.in_(sorted(set(ids))), lead.c.state == before).values(state=after))


def end(conn: Connection, id_: str, outcome: str, at: int, by: str, note: str = "") -> bool:
    """What became of a lead; whether it was still open. Of two tills that tell of it the first that HQ hears counts."""
    ended = (
        update(lead)
        .where(lead.c.id == id_, lead.c.state.in_((OPEN, WITHDRAWN)))
        .values(state=outcome, ended=at, by=by[:40], note=without_numbers(note)[:200])
    )
    return conn.execute(ended.returning(lead.c.id)).first() is not None


def take_done(conn: Connection, row: Row[Any], body: LeadDone) -> bool:
    """What a till says of a lead; whether that ended it. What it may not say counts as not reached."""
    outcome = body.outcome if body.outcome in OUTCOMES else "not_reached"
    return end(conn, body.lead, outcome, row.effective, str(row.clerk), body.note)


def close(conn: Connection, id_: str, who: str, now: int) -> None:
    """HQ wants it done no more. Raises PosError not_found."""
    if not end(conn, id_, CLOSED, now, who):
        raise PosError("not_found", what=id_[:40])


def leads_of(conn: Connection, refs: Iterable[str], now: int) -> list[OpenLead]:
    """What waits to be done about a person, under any of their ids, the first due first."""
    asked = select(lead).where(lead.c.state == OPEN, lead.c.ref.in_(sorted(set(refs))))
    return [_open(row, now) for row in conn.execute(asked.order_by(lead.c.due, lead.c.id))]


def _open(row: Row[Any], now: int) -> OpenLead:
    chinese, english = json.loads(row.title)
    said, said_english = json.loads(row.script)
    state = OVERDUE if row.due <= now else OPEN
    title, script = (chinese, english), (said, said_english)
    return OpenLead(row.id, row.ref, row.store, title, row.due, row.clerk, state, script)


def of_nobody(conn: Connection) -> list[str]:
    """Open leads about persons who are members no more."""
    asked = (
        select(lead.c.id)
        .join(person, person.c.ref == lead.c.ref)
        .where(lead.c.state.in_((OPEN, WITHDRAWN)), person.c.status == "erased")
    )
    return list(conn.scalars(asked.limit(1_000)))


def listed(conn: Connection, store: int, now: int) -> list[dict[str, Any]]:
    """Every lead of a store (0: of all), the newest first, with what became of it; nobody is named."""
    asked = select(lead).order_by(lead.c.made.desc(), lead.c.id)
    if store:
        asked = asked.where(lead.c.store == store)
    return [
        {
            "id": row.id,
            "member": row.ref,
            "store": row.store,
            "title": json.loads(row.title),
            "due": rfc3339(row.due),
            "clerk": row.clerk,
            "source": row.source,
            "state": OVERDUE if row.state == OPEN and row.due <= now else row.state,
            "ended": rfc3339(row.ended) if row.ended else None,
            "by": row.by,
            "note": row.note,
        }
        for row in conn.execute(asked.limit(10_000))
    ]


def counts(conn: Connection, now: int) -> dict[int, dict[str, int]]:
    """By store: how many leads there were, and how many of each state."""
    found: dict[int, dict[str, int]] = {}
    for row in conn.execute(select(lead.c.store, lead.c.state, lead.c.due)):
        mine = found.setdefault(row.store, {"leads": 0})
        state = OVERDUE if row.state == OPEN and row.due <= now else row.state
        mine["leads"] += 1
        mine[state] = mine.get(state, 0) + 1
    return found

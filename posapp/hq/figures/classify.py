"""A store-day's sales, refunds, joins and opened codes, told as the dictionary sees them (rules/metrics.py).

A pure reading of what HQ holds: asked twice it says the same, in whatever order things arrived. What HQ received after
a day was final is told apart (late) and changes nothing of what was told before.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import BindParameter, Connection, Row, and_, bindparam, case, func, or_, select

from posapp.clock import DAY, day_begins, local
from posapp.dates import calendar_date
from posapp.errors import PosError
from posapp.hq.database import portions
from posapp.hq.figures.tables import fact
from posapp.hq.joining.tables import claim, joined, token_open
from posapp.hq.members.identity import ERASED
from posapp.hq.members.tables import person, person_key
from posapp.hq.tables import batch, event, refund, sale, sale_line
from posapp.messages import JoinShown
from posapp.rules.join_token import STATIC, read
from posapp.rules.metrics import (
    AGAIN_DAYS,
    FIRST_MS,
    FREEZE_DAYS,
    IN_STORE,
    JOIN_MS,
    MATURE_DAYS,
    Back,
    Ticket,
    pieces_of,
)
from posapp.settings import Settings

WECOM_MS = DAY

_SOME: BindParameter[Any] = bindparam("some", expanding=True)
_STORE: BindParameter[Any] = bindparam("store")
_DATE: BindParameter[Any] = bindparam("date")
_FROM: BindParameter[Any] = bindparam("starts")
_TO: BindParameter[Any] = bindparam("ends")

_SALES = select(sale).where(sale.c.store == _STORE, sale.c.date == _DATE).order_by(sale.c.jid, sale.c.seq)
_LINES = select(sale_line.c.jid, sale_line.c.seq, sale_line.c.unit, sale_line.c.qty).where(
    sale_line.c.store == _STORE, sale_line.c.date == _DATE
)
_REFUNDS = select(refund).where(refund.c.store == _STORE, refund.c.date == _DATE)
_SHOWN = select(event.c.jid, event.c.seq, event.c.till, event.c.body).where(
    event.c.store == _STORE, event.c.date == _DATE, event.c.type == "join.shown"
)
_LATE = (
    select(batch.c.jid, func.min(batch.c.first_seq))
    .where(batch.c.store == _STORE, batch.c.received >= bindparam("freezes"))
    .group_by(batch.c.jid)
)
_JOINED = select(joined).where(joined.c.store == _STORE, joined.c.at >= _FROM, joined.c.at < _TO)
_CLAIMS = select(claim.c.stem, claim.c.ref, claim.c.sale).where(claim.c.stem.in_(_SOME), claim.c.state == "done")
_same = person.alias("same")
_PEOPLE = (
    select(person.c.ref.label("asked"), _same, joined.c.at.label("was"))
    .join(_same, _same.c.root == person.c.root)
    .join(joined, joined.c.ref == _same.c.ref, isouter=True)
    .where(person.c.ref.in_(_SOME))
)
_other, _was = person.alias("other"), joined.alias("was")
_other_at = case((_other.c.joined > 0, _other.c.joined), else_=func.coalesce(_was.c.at, 0))
_AGAIN = (
    select(joined.c.ref)
    .join(person, person.c.ref == joined.c.ref)
    .join(_other, (_other.c.root == person.c.root) & (_other.c.ref != person.c.ref))
    .join(_was, _was.c.ref == _other.c.ref, isouter=True)
    .where(joined.c.ref.in_(_SOME), _other_at > 0)
    .where(or_(_other_at < joined.c.at, and_(_other_at == joined.c.at, _other.c.ref < joined.c.ref)))
)
_BOUGHT = select(fact.c.ref, fact.c.date, fact.c.paid, fact.c.stem).where(
    fact.c.ref.in_(_SOME), fact.c.completed == 1, fact.c.net > 0
)
_FRIENDS = (
    select(person_key.c.ref, func.min(person_key.c.added))
    .where(person_key.c.kind == "external_userid", person_key.c.ref.in_(_SOME))
    .group_by(person_key.c.ref)
)
_OPENS = select(token_open).where(token_open.c.store == _STORE, token_open.c.first >= _FROM, token_open.c.first < _TO)
_EVERY_OPEN = (
    select(token_open.c.token, func.min(token_open.c.first), func.max(token_open.c.authorised))
    .where(token_open.c.token.in_(_SOME))
    .group_by(token_open.c.token)
)
_shown = msgspec.json.Decoder(JoinShown)


@dataclass(frozen=True, slots=True)
class Day:
    """A store's business day by its time zone and cut-over hour: its instants, and when it is final."""

    store: int
    date: str
    zone: str
    turns: int
    starts: int
    ends: int

    @property
    def freezes(self) -> int:
        return self.ends + FREEZE_DAYS * DAY

    def hour(self, at: int) -> int:
        return local(at, self.zone).hour


def day_of(store: int, date: str, settings: Settings) -> Day:
    """Raises ValueError for what is no date."""
    return day_at(store, date, settings.time_zone, int(settings.cutover_hour))


def day_at(store: int, date: str, zone: str, turns: int) -> Day:
    """The same by a time zone and cut-over hour. Raises ValueError."""
    return Day(store, date, zone, turns, *_span(date, zone, turns))


@lru_cache(maxsize=4_096)
def _span(date: str, zone: str, turns: int) -> tuple[int, int]:
    first = calendar_date(date)
    return day_begins(first, zone, turns), day_begins(first + dt.timedelta(days=1), zone, turns)


# --- persons ---


class Known(NamedTuple):
    """Who an id is: the root, every id, and when they joined first, 0 for who has not. is_erased: nothing says more
    than that."""

    root: str
    refs: tuple[str, ...]
    since: int
    is_erased: bool


def people_of(conn: Connection, refs: Iterable[str]) -> dict[str, Known]:
    """Whom some ids belong to. An account that was erased says no more when it was made: its join does."""
    held: dict[str, list[Row[Any]]] = defaultdict(list)
    for some in portions(refs):
        for row in conn.execute(_PEOPLE, {"some": some}):
            held[row.asked].append(row)
    found = {}
    for ref, rows in held.items():
        since = [row.joined or row.was or (row.created if row.status == ERASED else 0) for row in rows]
        refs_ = tuple(row.ref for row in rows)
        is_erased = any(row.status == ERASED for row in rows)
        found[ref] = Known(rows[0].root, refs_, min(filter(None, since), default=0), is_erased)
    return found


# --- tickets ---


class Late:
    """Which entries came when a day was final. A journal comes in order: from one entry on they all did."""

    def __init__(self, conn: Connection, day: Day, now: int) -> None:
        asked = {"store": day.store, "freezes": day.freezes}
        self._first: dict[str, int] = {}
        if now >= day.freezes:
            self._first.update((jid, seq) for jid, seq in conn.execute(_LATE, asked))

    def has(self, jid: str, seq: int) -> int:
        return int(jid in self._first and seq >= self._first[jid])


@dataclass(frozen=True, slots=True)
class Seen:
    """What HQ holds of a store-day beside its sales: refunds on it, joins in its store until it is final."""

    day: Day
    now: int
    late: Late
    refunds: Sequence[Any]
    joins: Sequence[Any]

    def joined_on(self) -> list[Any]:
        """Who joined in the store on the date, by whatever channel."""
        return [row for row in self.joins if self.day.starts <= row.at < self.day.ends]


def again_of(conn: Connection, joins: Iterable[Any]) -> set[str]:
    """Those of some joins by which nobody became a member: accounts that were merged are one person, who joined when
    the first of them did."""
    return {ref for some in portions({row.ref for row in joins}) for ref in conn.scalars(_AGAIN, {"some": some})}


def look(conn: Connection, day: Day, now: int) -> Seen:
    """Read what several of the questions below are asked of."""
    refunds = conn.execute(_REFUNDS, {"store": day.store, "date": day.date}).all()
    # a parked ticket may have been opened the day before
    around = {"store": day.store, "starts": day.starts - JOIN_MS, "ends": day.freezes}
    return Seen(day, now, Late(conn, day, now), refunds, conn.execute(_JOINED, around).all())


class Told(NamedTuple):
    """A sale's place in its journal, the id that bought it, the stem of its code, and what it counts as."""

    jid: str
    seq: int
    ref: str
    stem: str
    ticket: Ticket
    late: int


def fact_row(told: Told) -> tuple[Any, ...]:
    """In the order of the table's columns."""
    one = told.ticket
    return (
        told.jid,
        told.seq,
        one.store,
        one.till,
        one.date,
        one.id,
        one.receipt,
        one.clerk,
        one.hour,
        one.opened,
        one.paid,
        one.net,
        one.pieces,
        told.ref,
        one.member,
        one.since,
        told.stem,
        one.joined,
        one.shown,
        *map(int, (one.claimed, one.voided, one.handover, one.staff, one.is_completed, one.is_walk_in)),
        *map(int, (one.is_converted, one.is_recognised, one.is_shown)),
        told.late,
    )


def ticket_of(row: Row[Any]) -> Ticket:
    """A ticket from its fact."""
    return Ticket(
        row.event,
        row.receipt,
        row.store,
        row.till,
        row.clerk,
        row.date,
        row.hour,
        row.opened,
        row.paid,
        row.net,
        row.pieces,
        row.member,
        row.since,
        bool(row.claimed),
        row.joined,
        row.shown,
        bool(row.voided),
        bool(row.handover),
        bool(row.staff),
    )


@lru_cache(maxsize=1 << 14)
def stem_of(join: str) -> str:
    """What a ticket's codes share; "" for none."""
    try:
        return read(join)[0].stem if join else ""
    except PosError:
        return ""


def tickets(conn: Connection, seen: Seen, staff: frozenset[str]) -> list[Told]:
    """Every sale of a store-day as it counts by what is known now."""
    day, late = seen.day, seen.late
    here = {"store": day.store, "date": day.date}
    sold = conn.execute(_SALES, here).all()
    if not sold:
        return []
    pieces: dict[tuple[str, int], int] = defaultdict(int)
    for jid, seq, unit, qty in conn.execute(_LINES, here):
        pieces[jid, seq] += pieces_of(unit, qty)
    voids = {(row.till, row.sale): late.has(row.jid, row.seq) for row in seen.refunds if row.kind == "void"}
    shown: dict[tuple[int, str], int] = defaultdict(int)
    for row in conn.execute(_SHOWN, here):
        body = _shown.decode(row.body)
        if body.surface == "display" and not late.has(row.jid, row.seq):
            shown[row.till, body.ticket] += body.seconds * 1000
    stems = {stem for row in sold if (stem := stem_of(row.join))}
    claims = {row.stem: row for some in portions(stems) for row in conn.execute(_CLAIMS, {"some": some})}
    joins: dict[str, list[int]] = defaultdict(list)
    for row in seen.joins:
        joins[row.stem].append(row.at)
    people = people_of(conn, [*(row.member for row in sold if row.member), *(row.ref for row in claims.values())])
    told = []
    for row in sold:
        stem = stem_of(row.join)
        claimed = claims.get(stem)
        if claimed is not None and claimed.sale != row.event:
            claimed = None
        ref = row.member or (claimed.ref if claimed is not None else "")
        buyer = people.get(ref)
        is_late = late.has(row.jid, row.seq)
        is_member = bool(row.member and buyer and buyer.since)
        ticket = Ticket(
            row.event,
            row.receipt,
            row.store,
            row.till,
            row.clerk,
            row.date,
            day.hour(row.paid),
            row.opened,
            row.paid,
            row.total + row.rounding,
            pieces[row.jid, row.seq],
            buyer.root if buyer and is_member else "",
            buyer.since if buyer and is_member else 0,
            bool(not row.member and buyer and 0 < buyer.since < row.opened),
            min((at for at in joins.get(stem, ()) if row.opened <= at <= row.paid + JOIN_MS), default=0),
            shown[row.till, row.ticket],
            voids.get((row.till, row.event), 2) <= is_late,  # a void that came late is one of a late ticket only
            row.lines == 0,
            bool(buyer and buyer.root in staff),
        )
        told.append(Told(row.jid, row.seq, ref, stem, ticket, is_late))
    return told


def backs(seen: Seen, told: Sequence[Told]) -> list[Back]:
    """What went back on a day, but for the tickets voided on it."""
    voided = {(one.ticket.till, one.ticket.id) for one in told if one.ticket.voided}
    return [
        Back(row.till, row.clerk, seen.day.hour(row.done), row.total + row.rounding)
        for row in seen.refunds
        if not seen.late.has(row.jid, row.seq) and not (row.kind == "void" and (row.till, row.sale) in voided)
    ]


# --- joins ---


class Flags(NamedTuple):
    """is_erased: whose friend they were is not known any more."""

    first: int
    again: int
    wecom: int
    is_erased: bool

    def wecom_after(self, held: int) -> int:
        """Whether they count as a friend, when they counted before as `held`."""
        return max(held, self.wecom) if self.is_erased else self.wecom


def flags_of(conn: Connection, rows: Sequence[Any]) -> dict[str, Flags]:
    """What became of some joins (rows of `joined`), by id. Their purchases are read from the facts of all days."""
    people = people_of(conn, [row.ref for row in rows])
    refs = {ref for known in people.values() for ref in known.refs}
    bought: dict[str, list[Any]] = defaultdict(list)
    friends: dict[str, int] = {}
    for some in portions(refs):
        for row in conn.execute(_BOUGHT, {"some": some}):
            bought[row.ref].append(row)
        friends.update((ref, added) for ref, added in conn.execute(_FRIENDS, {"some": some}))
    found = {}
    for row in rows:
        known = people.get(row.ref)
        same = known.refs if known else (row.ref,)
        purchases = [one for ref in same for one in bought[ref]]
        friend = min((friends[ref] for ref in same if ref in friends), default=None)
        wecom = friend is not None and friend <= row.at + WECOM_MS
        found[row.ref] = Flags(*_orders(row, purchases), int(wecom), bool(known and known.is_erased))
    return found


def _orders(row: Any, purchases: Sequence[Any]) -> tuple[int, int]:
    """Whether a paid order lies in [ticket of joining, +7 days], and a second purchase day within 30 of the first."""
    last = row.at + MATURE_DAYS * DAY
    mine = [one for one in purchases if row.at <= one.paid <= last or (row.stem and one.stem == row.stem)]
    days = sorted({dt.date.fromisoformat(one.date) for one in mine})
    again = len(days) > 1 and (days[1] - days[0]).days <= AGAIN_DAYS
    return int(any(one.paid <= row.at + FIRST_MS for one in mine)), int(again)


# --- codes ---


def opened_on(conn: Connection, seen: Seen) -> list[dict[str, Any]]:
    """The codes of in-store channels that were opened on a date, as rows of code_fact: a ticket's on the first day
    only, one that is printed once for many on each."""
    day = seen.day
    opens: dict[str, list[Any]] = defaultdict(list)
    for row in conn.execute(_OPENS, {"store": day.store, "starts": day.starts, "ends": day.ends}):
        if row.channel in IN_STORE:
            opens[row.token].append(row)
    if not opens:
        return []
    every = {row[0]: row for some in portions(opens) for row in conn.execute(_EVERY_OPEN, {"some": some})}
    enrolled: Mapping[str, list[int]] = defaultdict(list)
    for row in seen.joins:
        if row.at >= day.starts:
            enrolled[row.token].append(row.at)
    rows = []
    for token, mine in sorted(opens.items()):
        first = min(mine, key=lambda row: (row.first, row.session))
        is_static = first.channel in STATIC
        if not is_static and every[token][1] < day.starts:
            continue
        joins = [at for at in enrolled[token] if not is_static or at < day.ends]
        authorised = max(row.authorised for row in mine) if is_static else every[token][2]
        rows.append(
            {
                "token": token,
                "date": day.date,
                "store": day.store,
                "till": first.till,
                "clerk": first.clerk,
                "channel": first.channel,
                "hour": day.hour(first.first),
                "authorised": int(authorised > 0),
                "enrolled": int(bool(joins)),
            }
        )
    return rows

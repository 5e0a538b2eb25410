"""This till's own day by the metric dictionary, read from its journal at once, whatever the network does.

What nobody but HQ can know is not in it: codes that were opened on phones, second purchases, joins by static codes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, LargeBinary, cast, func, select

from posapp import db
from posapp.chain import Reentered
from posapp.clock import DAY, MINUTE, business_date, day_begins, local
from posapp.joining.tokens import stem_of
from posapp.members.slice import Slice
from posapp.messages import JoinShown, MemberJoined, Message, RefundCompleted, SaleCompleted, read_body
from posapp.rules.join_token import read
from posapp.rules.metrics import Back, DayFigures, Join, Ticket, day_of, pieces_of
from posapp.settings import Settings
from posapp.streams import JoinedRow
from posapp.tables import EPOCH_PLACES, epoch, journal, kept

TOKEN_DAYS = 8
"""A ticket's code leads to a join for so many days."""

_WANTED = frozenset({"sale.completed", "refund.completed", "join.shown", "member.joined"})


class _Head(msgspec.Struct):
    """What is asked of an entry's header."""

    t: str
    sv: int
    eid: str
    store: int
    till: int
    bd: str
    ef: int
    rn: str = ""
    clerk: int = 0
    re: Reentered | None = None


_head = msgspec.json.Decoder(_Head)


@dataclass(frozen=True, slots=True)
class Here:
    """tickets and joins of one business day of this till; receipts: by a join's person, of the ticket they joined with;
    backs: what went back otherwise than on its day."""

    tickets: list[Ticket] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    receipts: dict[str, str] = field(default_factory=dict)
    backs: list[Back] = field(default_factory=list)

    def figures(self) -> DayFigures:
        return day_of(self.tickets, self.joins, backs=self.backs)


def starts(date: str, settings: Settings) -> int:
    """When a business date begins, UTC ms."""
    return day_begins(dt.date.fromisoformat(date), settings.time_zone, int(settings.cutover_hour))


def day_here(folder: db.Folder, members: Slice, date: str, settings: Settings) -> Here:
    """A business day of the till with this folder."""
    begins = starts(date, settings)
    with folder.till.reading() as conn:
        told = list(_told_on(conn, date, begins))
    with folder.feed.reading() as conn:
        rows = joined_rows(conn, begins // DAY - TOKEN_DAYS)
    return _Reading(told, rows, members, date, settings).here()


def _told_on(conn: Connection, date: str, begins: int) -> Iterator[tuple[_Head, Message]]:
    """The entries of a business date that figures are made of. One that a later journal holds again is told once."""
    header, body = (cast(part, LargeBinary) for part in (journal.c.header, journal.c.body))
    for ordinal in conn.execute(select(epoch.c.ordinal).order_by(epoch.c.ordinal)).scalars().all():
        first = _first_since(conn, ordinal * EPOCH_PLACES, begins)
        here = journal.c.place.between(first, (ordinal + 1) * EPOCH_PLACES - 1)
        with conn.execute(select(header, body).where(here).order_by(journal.c.place)) as rows:
            for raw, content in rows:
                head = _head.decode(raw)
                if head.bd > date and head.ef >= begins + 2 * DAY:
                    break
                if head.bd == date and head.t in _WANTED and head.re is None:
                    yield head, read_body(head.t, head.sv, content)


def _first_since(conn: Connection, start: int, instant: int) -> int:
    """The place of a journal's first entry at or after an instant; effective times only grow, so halves are cut off."""
    places = journal.c.place
    last = conn.scalar(select(func.max(places)).where(places.between(start, start + EPOCH_PLACES - 1)))
    low, high = start + 1, (last or start) + 1
    while low < high:
        middle = (low + high) // 2
        raw = conn.scalar(select(cast(journal.c.header, LargeBinary)).where(places == middle))
        if raw is None or _head.decode(raw).ef >= instant:
            high = middle
        else:
            low = middle + 1
    return low


def joined_rows(conn: Connection, since: int) -> dict[str, JoinedRow]:
    """Who used codes of this till, by the codes' stems. since: the day (from 1970) of the oldest code that counts."""
    found = conn.execute(select(kept.c.key, kept.c.data).where(kept.c.stream == "joins"))
    return {
        stem: msgspec.json.decode(data, type=JoinedRow)
        for stem, data in found
        if (day := stem.split(".")[3:4]) and day[0].isdigit() and int(day[0]) >= since
    }


class _Reading:
    """Entries of a day and rows of the joins stream, on their way to tickets and joins."""

    def __init__(
        self,
        told: list[tuple[_Head, Message]],
        rows: dict[str, JoinedRow],
        members: Slice,
        date: str,
        settings: Settings,
    ) -> None:
        self._rows, self._members, self._date, self._settings = rows, members, date, settings
        self._sales = [(head, body) for head, body in told if isinstance(body, SaleCompleted)]
        self._refunds = [(head, body) for head, body in told if isinstance(body, RefundCompleted)]
        self._assisted = [(head, body) for head, body in told if isinstance(body, MemberJoined)]
        self._shown: dict[str, int] = {}
        for _, body in told:
            if isinstance(body, JoinShown) and body.surface == "display" and body.ticket:
                self._shown[body.ticket] = self._shown.get(body.ticket, 0) + body.seconds * 1000
        self._new = {row.member: row.at for row in rows.values() if row.is_new}
        self._helped = {stem_of(body.token): head.ef for head, body in self._assisted if body.token}
        self._since: dict[str, tuple[str, int]] = {}

    def here(self) -> Here:
        voided = {body.sale for _, body in self._refunds if body.kind == "void"}
        tickets = [self._ticket(head, body, head.eid in voided) for head, body in self._sales]
        by_stem = {
            stem_of(body.join): ticket for ticket, (_, body) in zip(tickets, self._sales, strict=True) if body.join
        }
        joins, receipts = [], {}
        for stem, join in self._joins():
            mine = by_stem.get(stem)
            if mine is not None and not mine.voided:
                receipts[join.ref] = mine.receipt
            # a code on a receipt is of a ticket that was paid, on whatever day
            bought = (mine is None and join.channel == "receipt") or any(
                ticket.member == join.ref and ticket.paid >= join.at for ticket in tickets if ticket.is_completed
            )
            joins.append(self._counted(join, mine, is_first=join.ref in receipts or bought))
        back = [
            Back(head.till, head.clerk, self._hour(body.done), body.total + body.rounding)
            for head, body in self._refunds
            if body.kind != "void"
        ]
        return Here(tickets, sorted(joins, key=lambda join: join.at), receipts, back)

    def _ticket(self, head: _Head, body: SaleCompleted, is_voided: bool) -> Ticket:
        stem = stem_of(body.join) if body.join else ""
        row = self._rows.get(stem)
        member, since = self._who(body.member) if body.member else ("", 0)
        return Ticket(
            id=head.eid,
            receipt=head.rn,
            store=head.store,
            till=head.till,
            clerk=head.clerk,
            date=head.bd,
            hour=self._hour(body.paid),
            opened=body.opened,
            paid=body.paid,
            net=body.total + body.rounding,
            pieces=sum(pieces_of(line.unit, line.qty) for line in body.lines),
            member=member,
            since=since,
            claimed=bool(row and not row.is_new and not body.member and self._was_member(row, body.opened)),
            joined=row.at if row and row.is_new else self._helped.get(stem, 0),
            shown=self._shown.get(body.ticket, 0),
            voided=is_voided,
        )

    def _joins(self) -> Iterator[tuple[str, Join]]:
        """By the stem of each one's code, "" where there was none."""
        for stem, row in self._rows.items():
            if row.is_new and self._date_of(row.at) == self._date:
                store, till = (int(part) for part in stem.split(".")[:2])
                yield stem, self._join(row.member, store, till, row.clerk, row.channel, row.at)
        for head, body in self._assisted:
            ref, since = self._who(body.member)
            if ref not in self._new and not 0 < since < head.ef - MINUTE:
                stem = stem_of(body.token) if body.token else ""
                clerk = read(body.token)[0].clerk if body.token else head.clerk
                yield stem, self._join(ref, head.store, head.till, clerk, "assisted", head.ef)

    def _join(self, ref: str, store: int, till: int, clerk: int, channel: str, at: int) -> Join:
        return Join(ref, store, till, clerk, channel, at, self._date_of(at), self._hour(at))

    def _counted(self, join: Join, ticket: Ticket | None, *, is_first: bool) -> Join:
        clerk = join.clerk or (ticket.clerk if ticket else 0)
        return Join(join.ref, join.store, join.till, clerk, join.channel, join.at, join.date, join.hour, first=is_first)

    def _who(self, ref: str) -> tuple[str, int]:
        """A member by the id that is theirs now, and when they joined; 0 where this till does not know."""
        if ref not in self._since:
            held = self._members.by_ref(ref)
            since = (held.row.joined if held else 0) or self._new.get(ref, 0)
            self._since[ref] = (held.ref if held else ref, since)
        return self._since[ref]

    def _was_member(self, row: JoinedRow, opened: int) -> bool:
        return self._who(row.member)[1] < opened

    def _date_of(self, ms: int) -> str:
        return business_date(ms, self._settings.time_zone, self._settings.cutover_hour)

    def _hour(self, ms: int) -> int:
        return local(ms, self._settings.time_zone).hour

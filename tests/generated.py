"""A chain that is made up from a seed: months of tickets that real journals bring to HQ's own door, with what happens
around them: tills that are offline for days or too long, voids, refunds, joins, claims, merges, codes that are opened.

Members, joins and claims stand in their tables as HQ's rooms write them; entries go through accept() and project().
"""

from __future__ import annotations

import datetime as dt
import random  # noqa: TID251  (half a million tickets want a quick one; it is seeded)
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, update

from posapp.chain import canonical, key_id
from posapp.clock import DAY, HOUR, MINUTE, SimulatedClock
from posapp.hq.accept import Sender, accept
from posapp.hq.database import FOLLOWED, PROJECTED, Database, insert_many
from posapp.hq.figures.counting import Counting
from posapp.hq.joining.tables import claim, joined, token_open
from posapp.hq.members.tables import merge, person, person_key, staff_phone
from posapp.hq.project import Articles, project
from posapp.hq.rewards.scores import scores_of
from posapp.hq.tables import clerk, counter, store, till, till_key, till_status
from posapp.ids import b64u, receipt_number, seeded_chance
from posapp.keys import TillKeys, public_text
from posapp.messages import JoinShown, RefundCompleted, SaleCompleted, SaleLine, TaxSum, Tender
from posapp.money import Money
from posapp.rules.join_token import Token, make
from posapp.rules.tax import tax_in
from tests.hq.shop import Journal

FIRST = dt.date(2026, 8, 3)
KEY = b"k" * 32
ZONE_MS = 8 * HOUR
PUSH = 1_000
OPENS, CLOSES = 8 * HOUR, 21 * HOUR


def midnight(date: dt.date) -> int:
    """In the shop, in UTC milliseconds."""
    return int(dt.datetime.combine(date, dt.time(), dt.UTC).timestamp() * 1000) - ZONE_MS


@dataclass
class Counter:
    """A till of the made-up chain: its journal, what it has not sent, and until when it is offline."""

    store: int
    till: int
    journal: Journal
    sender: Sender
    sent: int = 0
    offline: int = 0
    sequence: int = 0


@dataclass
class Ticket:
    event: str
    receipt: str
    body: SaleCompleted
    clerk: int
    stem: str


@dataclass
class Made:
    """A chain while it is made. trouble: how often a till goes offline, in a day. later: what will happen at HQ, by
    day."""

    database: Database
    clock: SimulatedClock
    stores: int
    days: int
    tickets: int
    trouble: float = 0.02
    seed: int = 1
    later: dict[int, list[tuple[int, Callable[[int], None]]]] = field(default_factory=lambda: defaultdict(list))
    rows: dict[str, tuple[Table, list[dict[str, Any]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311
        self.counting = Counting(self.database, self.clock, scores_of)
        self.articles = Articles()
        self.counted_s = 0.0
        self.members: list[tuple[str, int]] = []
        self.people = 0
        self.merged: dict[str, str] = {}
        self.sold = 0
        self.counters: list[Counter] = []

    # --- setting up ---

    def set_up(self) -> None:
        with self.database.transaction() as conn:
            for number in range(1, self.stores + 1):
                conn.execute(store.insert().values(number=number, name=f"门店{number}", created=0))
                for place in (1, 2):
                    self._till(conn, number, place)
                for n in range(4):
                    row = {"number": number * 10 + n, "scope": f"store:{number}", "name": f"店员{n}", "role": "cashier"}
                    conn.execute(clerk.insert().values(**row, pin="", active=1))
            before = midnight(FIRST) - 30 * DAY
            for _ in range(max(60, self.tickets // 40)):
                self._member(before - self.random.randrange(300) * DAY, before)
            for n, (ref, _) in enumerate(self.members[:3]):  # three of them work here
                self._add(person_key, _key(ref, "phone", before))
                conn.execute(staff_phone.insert().values(clerk=10 + n, hash=f"phone {ref}"))
            self._write(conn)

    def _till(self, conn: Connection, number: int, place: int) -> None:
        keys = TillKeys.fresh(seeded_chance(number * 100 + place))
        key = keys.journal_key.verify_key
        name = key_id(bytes(key))
        conn.execute(till.insert().values(store=number, till=place, serial=1, revoked=0, created=0))
        row = {"key_id": name, "use": "journal", "store": number, "till": place, "serial": 1}
        conn.execute(till_key.insert().values(**row, public=b64u(bytes(key)), certificate=""))
        conn.execute(till_status.insert().values(store=number, till=place, **_STATUS))
        journal = Journal(keys, number, place, number * 1000 + place)
        assert public_text(keys.journal_key)
        self.counters.append(Counter(number, place, journal, Sender(number, place, name, key)))

    def _new(self) -> str:
        self.people += 1
        return f"p{self.people:07}"

    def _member(self, at: int, now: int, ref: str = "") -> str:
        ref = ref or self._new()
        row = {**_BLANK, "ref": ref, "root": ref, "status": "active", "created": now, "joined": at, "activated": now}
        self._add(person, row)
        self.members.append((ref, at))
        return ref

    # --- selling ---

    def run(self) -> None:
        """Every day of the chain, and enough days after it for the last of them to be final."""
        self.set_up()
        each = self.tickets / (self.days * self.stores)
        for day in range(self.days + 9):
            if day < self.days:
                for counter_ in self.counters:
                    self._sell_day(counter_, day, max(1, round(each / 2)))
            self._end_day(day)

    def _sell_day(self, at: Counter, day: int, number: int) -> None:
        date = FIRST + dt.timedelta(days=day)
        starts = midnight(date) + OPENS
        moments = sorted(self.random.randrange(CLOSES - OPENS) for _ in range(number))
        for n, moment in enumerate(moments):
            self._ticket(at, date, starts + moment + 10 * n)

    def _ticket(self, at: Counter, date: dt.date, paid: int) -> None:
        chance, draw = self.random, self.random.random()
        opened = paid - chance.randrange(20_000, 4 * MINUTE)
        at.sequence += 1
        token = Token(at.store, at.till, at.store * 10 + chance.randrange(4), "display", at.sequence, _day(paid), 1)
        member = ""
        if draw < 0.45:
            member = self._regular(opened)
        elif draw < 0.48:
            member = self._new()  # joins by the ticket's code before it is paid
        ticket = self._sale(at, date, opened, paid, token, member)
        shown = chance.choice((0, 0, 5, 30)) if not member else 0
        if shown:
            body = JoinShown(make(token, KEY), "display", ticket.body.ticket, "", shown)
            at.journal.add(body, bd=date.isoformat(), w=paid, ef=paid + 1, clerk=ticket.clerk)
        if chance.random() < 0.01:
            self._refund(at, date, ticket, paid + 2, "void")
        elif chance.random() < 0.01:
            self._refund(at, date, ticket, paid + 2, "refund")
        if draw >= 0.45:
            self._around(ticket, token, draw, member)

    def _regular(self, opened: int) -> str:
        ref, joined_at = self.random.choice(self.members)
        return ref if joined_at < opened else self.members[0][0]

    def _sale(self, at: Counter, date: dt.date, opened: int, paid: int, token: Token, member: str) -> Ticket:
        chance, journal = self.random, at.journal
        prices = [chance.choice((0, 390, 650, 1290, 2980)) for _ in range(chance.choice((1, 1, 2, 3)))]
        weighed = chance.random() < 0.1
        lines = [
            SaleLine(
                n=n,
                article=f"a{n}",
                code=f"69{n:011}",
                name=f"商品{n}",
                unit="kg" if weighed else "个",
                qty=1_380 if weighed else 1_000 * n,
                price=price,
                amount=price,
                rate="0.13",
                tax=tax_in(Money(price), "0.13").fen,
                book=1,
            )
            for n, price in enumerate(prices, 1)
        ]
        total = sum(prices)
        rounding = -(total % 10) if chance.random() < 0.1 else 0
        journal.counter += 1
        body = SaleCompleted(
            ticket=f"t{at.store}.{at.till}.{journal.counter}",
            shift=f"s{date}",
            counter=journal.counter,
            opened=opened,
            paid=paid,
            lines=lines,
            total=total,
            rounding=rounding,
            tenders=[Tender("cash", total + rounding)],
            change=0,
            taxes=[TaxSum("0.13", total, sum(line.tax for line in lines))],
            member=member,
            join=make(token, KEY),
        )
        number = receipt_number(at.store, at.till, "A", journal.counter, canonical(body))
        journal.add(body, rn=number, bd=date.isoformat(), w=paid, ef=paid, clerk=token.clerk)
        self.sold += 1
        return Ticket(journal.headers[-1].eid, number, body, token.clerk, token.stem)

    def _refund(self, at: Counter, date: dt.date, ticket: Ticket, done: int, kind: str) -> None:
        sold, journal = ticket.body, at.journal
        journal.counter += 1
        lines = sold.lines if kind == "void" else sold.lines[:1]
        total = sum(line.amount for line in lines)
        rounding = sold.rounding if kind == "void" else 0
        body = RefundCompleted(
            kind=kind,
            sale=ticket.event,
            receipt=ticket.receipt,
            sold=sold.total,
            shift=sold.shift,
            counter=journal.counter,
            done=done,
            reason="不要了",
            lines=lines,
            total=total,
            rounding=rounding,
            tenders=[Tender("cash", total + rounding)],
            taxes=[TaxSum("0.13", total, sum(line.tax for line in lines))],
        )
        number = receipt_number(at.store, at.till, "A", journal.counter, canonical(body))
        journal.add(body, rn=number, bd=date.isoformat(), w=done, ef=done, clerk=ticket.clerk)

    # --- what happens at HQ ---

    def _around(self, ticket: Ticket, token: Token, draw: float, member: str) -> None:
        """Some open the code of their ticket; of those some join, some are members."""
        chance, body = self.random, ticket.body
        if draw > 0.75:
            return
        wait = -10_000 if member else chance.choice((-10_000, 60_000, 2 * HOUR, 20 * HOUR, 3 * DAY))
        at = self._awake(body.paid + wait)
        channel = "display" if wait < HOUR else "receipt"
        seen = make(token.on(channel), KEY)
        session = f"b{ticket.event}"
        authorised = at if draw < 0.7 else 0
        self._at(at, lambda now: self._open(session, seen, token, channel, at, authorised))
        if draw < 0.60:
            self._at(at, lambda now: self._joins(now, ticket, token, channel, seen, member))
        elif draw < 0.65:
            ref = self._regular(body.opened)
            self._at(max(at, self._awake(body.paid + HOUR)), lambda now: self._claims(now, ticket, ref, 0))

    def _awake(self, at: int) -> int:
        """Nobody scans at night."""
        of_day = (at + ZONE_MS) % DAY
        return at if OPENS <= of_day < CLOSES + HOUR else at - of_day + OPENS + (DAY if of_day > OPENS else 0)

    def _at(self, at: int, act: Callable[[int], None]) -> None:
        self.later[(at - midnight(FIRST)) // DAY].append((at, act))

    def _joins(self, now: int, ticket: Ticket, token: Token, channel: str, seen: str, ref: str) -> None:
        ref = self._member(now, now, ref)
        row = {"ref": ref, "at": now, "store": token.store, "till": token.till, "clerk": token.clerk}
        self._add(joined, {**row, "channel": channel, "token": seen, "stem": token.stem, "inviter": ""})
        self._claims(now, ticket, ref, 1)
        draw = self.random.random()
        if draw < 0.3:
            self._at(
                self._awake(now + self.random.randrange(3 * DAY)),
                lambda at: self._add(person_key, _key(ref, "external_userid", at)),
            )
        if draw > 0.95:
            other = self.random.choice(self.members)[0]
            wait = self.random.randrange(20 * DAY)
            self._at(self._awake(now + wait), lambda at: self._merges(at, ref, other))

    def _merges(self, now: int, one: str, other: str) -> None:
        """Each id once at most, so that an independent query needs no recursion."""
        if one == other or {one, other} & self.merged.keys():
            return
        number = len(self.merged) // 2 + 1
        self.merged |= {one: other, other: other}
        edge = {"number": number, "kept": other, "gone": one, "kind": "phone", "source": "test", "at": now}
        self._add(merge, {**edge, "undone": 0, "undone_by": ""})

    def _add(self, table: Table, row: dict[str, Any]) -> None:
        self.rows.setdefault(table.name, (table, []))[1].append(row)

    def _open(self, session: str, seen: str, token: Token, channel: str, at: int, authorised: int) -> None:
        row = {"session": session, "token": seen, "stem": token.stem, "channel": channel, "store": token.store}
        row |= {"till": token.till, "clerk": token.clerk, "at": at, "target": "join", "first": at}
        self._add(token_open, {**row, "authorised": authorised})

    def _claims(self, now: int, ticket: Ticket, ref: str, is_new: int) -> None:
        row = {"stem": ticket.stem, "token": ticket.body.join, "ref": ref, "at": now, "is_new": is_new, "state": "done"}
        self._add(claim, {**row, "sale": ticket.event, "points": 0, "settled": now})

    def _write(self, conn: Connection) -> None:
        """What happened at HQ since it was written last."""
        for table, rows in self.rows.values():
            insert_many(conn, table, [tuple(row[column.name] for column in table.columns) for row in rows])
        for row in self.rows.get("merge", (merge, []))[1]:
            conn.execute(update(person).where(person.c.ref == row["gone"]).values(root=row["kept"]))
        self.rows.clear()

    # --- the end of a day ---

    def _end_day(self, day: int) -> None:
        """Half past four: what was sold is sent, what happened is in the tables, and HQ counts."""
        end = midnight(FIRST) + day * DAY + 28 * HOUR + 30 * MINUTE
        for at in self.counters:
            if not at.offline and self.random.random() < self.trouble:
                at.offline = day + self.random.choice((1, 2, 3, 12))
            if day >= at.offline or day >= self.days + 1:
                at.offline = 0
                self._push(at, end)
        self.clock.set(end)
        while project(self.database, self.clock, self.articles) != 0:
            pass
        with self.database.transaction() as conn:
            for moment, act in sorted(self.later.pop(day, []), key=lambda one: one[0]):
                act(moment)
            self._write(conn)
            done = conn.scalar(counter.select().with_only_columns(counter.c.n).where(counter.c.name == PROJECTED))
            conn.execute(update(counter).where(counter.c.name == FOLLOWED).values(n=done))
        start = time.perf_counter()
        while self.counting.step():
            pass
        self.counted_s += time.perf_counter() - start

    def _push(self, at: Counter, end: int) -> None:
        """What waits, as it would have come: within minutes while the till was online, all at once after it was not."""
        entries = at.journal.entries[at.sent :]
        for start in range(0, len(entries), PUSH):
            some = entries[start : start + PUSH]
            answer = accept(self.database, at.sender, at.journal.jid, some, end - 20 * MINUTE)
            assert answer.status == "ok", answer
        at.sent += len(entries)
        with self.database.transaction() as conn:
            mine = (till_status.c.store == at.store, till_status.c.till == at.till)
            conn.execute(update(till_status).where(*mine).values(contact=end - 10 * MINUTE, unsent=0))


_BLANK = {column.name: "" if str(column.type) == "TEXT" else 0 for column in person.columns}
_STATUS = {"contact": 0, "unsent": 0, "oldest_unsent": 0, "program": "", "boot": "", "wall_ahead": 0}


def _day(at: int) -> int:
    return at // DAY


def _key(ref: str, kind: str, at: int) -> dict[str, Any]:
    return {"kind": kind, "hash": f"{kind} {ref}", "ref": ref, "strength": "verified", "source": "test", "added": at}

"""A chain's members and what they bought, written straight into HQ's tables, and the flows at work on them by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import Table, func, select, update

from posapp.chain import canonical
from posapp.clock import DAY, business_date
from posapp.hq import feed
from posapp.hq.care.cards import card_rows
from posapp.hq.database import FOLLOWED, Database
from posapp.hq.flows import plans
from posapp.hq.flows.flowing import Flowing, pause, resume
from posapp.hq.flows.plans import Wanted
from posapp.hq.flows.report import report
from posapp.hq.flows.tables import flow_contact
from posapp.hq.members import consents, wishes
from posapp.hq.people import add_store
from posapp.hq.segments import persons
from posapp.hq.segments.evening import Evening
from posapp.hq.tables import batch, counter, event, event_identity, sale
from posapp.hq.tables import feed as told_rows
from posapp.ids import Chance
from posapp.keys import HqKeys
from posapp.messages import TYPE_OF, Consent, HintShown, Message
from tests.hq.members.desk import Desk
from tests.hq.shop import TestClock

TEN = 1_795_312_800_000 + DAY
"""2026-11-23, ten in the morning in the shop."""


def blank(table: Table) -> dict[str, Any]:
    return {column.name: "" if str(column.type) == "TEXT" else 0 for column in table.columns}


def below(chance: Chance, most: int) -> int:
    """Any number from 0 up to one less than most."""
    return int.from_bytes(chance(8)) % most


class Dormant:
    """Two stores; time stands at TEN until the test says otherwise."""

    def __init__(self, database: Database, keys: HqKeys) -> None:
        self.database = database
        self.clock = TestClock(TEN)
        self.desk = Desk(database, keys, self.clock)
        for number in (1, 2):
            add_store(database, self.clock, number, f"{number}号店")
        may_send = partial(wishes.may_send, self.clock)
        self.flowing = Flowing(database, self.desk.vault, self.clock, self.desk.chance, may_send)
        self.evening = Evening(database, self.desk.vault, self.clock, card_rows)
        self.seq = 0

    # --- members and what they do ---

    def member(self, n: int, *, away: int | None = None, agrees: bool = False, store: int = 1) -> str:
        """A member who bought last so many days ago (None: never); whether they take offers by text."""
        now = self.clock.now
        ref = self.desk.member(f"+86139{n:08}", store=store)
        self.clock.now = now
        if agrees:
            self.consents(ref, "marketing", 1)
        if away is not None:
            self.buys(ref, self.clock.now - away * DAY)
        return ref

    def consents(self, ref: str, purpose: str, given: int) -> None:
        with self.database.transaction() as conn:
            now = self.clock.now
            consents.note(conn, ref, [Consent(purpose, given, "1")], now, f"{purpose} {given}", "page")

    def buys(self, ref: str, paid: int, *, heard: int = 0, till: int = 1, total: int = 1_000) -> str:
        """A sale of a member's, heard of at once unless said otherwise; its event."""
        row = self._entry(paid, heard or paid, till)
        row |= {"receipt": f"R{row['seq']}", "paid": paid, "opened": paid, "total": total, "member": ref, "lines": 1}
        self._write(sale, row)
        return str(row["event"])

    def says(self, body: Message, at: int, till: int = 1) -> None:
        """An entry of a till."""
        row = self._entry(at, at, till)
        name, version = TYPE_OF[type(body)]
        self._write(event, row | {"type": name, "version": version, "body": canonical(body).decode()})

    def shown(self, flow: str, ref: str, outcome: str, at: int) -> None:
        self.says(HintShown(f"{flow}.{ref}", ref, "t", outcome, 3), at)

    def _entry(self, at: int, heard: int, till: int) -> dict[str, Any]:
        self.seq += 1
        came = {"jid": f"j{till}", "store": 1, "till": till, "first_seq": self.seq, "last_seq": self.seq}
        with self.database.transaction() as conn:
            n = (conn.scalar(select(func.max(batch.c.n))) or 0) + 1
            conn.execute(batch.insert(), {"n": n, "received": heard, **came})
        date = business_date(at, "Asia/Shanghai", 4)
        place = {"jid": f"j{till}", "seq": self.seq, "store": 1, "till": till, "date": date, "effective": at}
        return {**place, "event": f"e{self.seq}"}

    def _write(self, table: Table, row: dict[str, Any]) -> None:
        with self.database.transaction() as conn:
            conn.execute(table.insert(), {**blank(table), **row})
            known = {name: row.get(name, empty) for name, empty in blank(event_identity).items()}
            conn.execute(event_identity.insert(), known)
            last = conn.scalar(select(func.max(batch.c.n))) or 0
            conn.execute(update(counter).where(counter.c.name == FOLLOWED).values(n=last))

    # --- flows ---

    def flow(self, id_: str = "wake", **wanted: Any) -> None:
        wanted = {"holdout": 0, "apart": 0, **wanted}
        plans.add(self.database, self.clock, id_, "唤醒/Wake up", Wanted(**wanted))

    def work(self) -> None:
        """Everything that waits is done, with everybody's figures as they are now."""
        self.figure()
        while self.flowing.step():
            pass

    def figure(self) -> None:
        while self.evening.step():
            pass
        self.evening.keep_up()
        with self.database.transaction() as conn:
            persons.refresh(conn, persons.everybody(conn), self.clock.now)

    def tomorrow(self, days: int = 1) -> None:
        self.clock.now += days * DAY
        self.work()

    def pause(self, id_: str = "wake") -> None:
        with self.database.transaction() as conn:
            feed.publish(conn, pause(conn, id_, self.clock.now))

    def resume(self, id_: str = "wake") -> None:
        with self.database.transaction() as conn:
            feed.publish(conn, resume(conn, id_, self.clock.now))

    def report(self, id_: str = "wake") -> dict[str, Any]:
        with self.database.reading() as conn:
            return report(conn, id_, self.clock.now)

    # --- what there is ---

    def rows(self, table: Table) -> list[Any]:
        with self.database.reading() as conn:
            return list(conn.execute(select(table).order_by(*table.primary_key.columns)))

    def contacts(self) -> dict[str, Any]:
        """By person, of the only flow that reached them."""
        return {row.ref: row for row in self.rows(flow_contact)}

    def told(self, stream: str) -> dict[tuple[str, str], bytes]:
        """What tills hold of a stream, by scope and key."""
        rows = [row for row in self.rows(told_rows) if row.stream == stream and row.data != feed.GONE]
        return {(row.scope, row.key): bytes(row.data) for row in rows}

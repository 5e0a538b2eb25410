"""A little chain for figures of persons: rows as the projector and the members' follower leave them, and what was put
in, so that a test can count it again by itself."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, insert, select, update

from posapp.clock import DAY, HOUR
from posapp.hq.columns import metadata
from posapp.hq.database import FOLLOWED, Database
from posapp.hq.joining.tables import claim, joined
from posapp.hq.members import consents
from posapp.hq.members.identity import ACTIVE, Means, merge_persons, new_person, unmerge
from posapp.hq.members.slice import seen_at
from posapp.hq.members.tables import merge, person
from posapp.hq.segments.evening import Evening
from posapp.hq.segments.tables import person_figure
from posapp.hq.tables import (
    article,
    batch,
    counter,
    event,
    event_identity,
    feed,
    price,
    refund,
    refund_line,
    sale,
    sale_line,
    store,
)
from posapp.hq.vault import Vault
from posapp.ids import seeded_chance, uuid7
from posapp.keys import HqKeys
from posapp.messages import Consent
from posapp.rules.consents import PERSONAL
from tests.hq.shop import TestClock

TODAY = dt.date(2026, 11, 22)
ZONE = ZoneInfo("Asia/Shanghai")
COSTS = {"bread": 200, "milk": 700, "cake": 3_000, "tea": 150, "jam": 500}


def day(ago: int) -> dt.date:
    return TODAY - dt.timedelta(days=ago)


def noon(ago: int, hour: int = 12) -> int:
    return int(dt.datetime.combine(day(ago), dt.time(hour), ZONE).timestamp() * 1000)


def empty_row(table: Table, **values: Any) -> dict[str, Any]:
    """Every column, with nothing in those that are not named."""
    nothing = {column.name: 0 if column.type.python_type is int else "" for column in table.columns}
    return {**nothing, **values}


@dataclass
class Sold:
    """A sale that was put in. ago: days before today. lines: (article, quantity, amount)."""

    key: tuple[str, int]
    event: str
    ref: str
    ago: int
    store: int
    at: int
    lines: list[tuple[str, int, int]]
    backs: list[tuple[int, str, list[tuple[str, int, int]]]] = field(default_factory=list)

    @property
    def net(self) -> int:
        return sum(amount for _, _, amount in self.lines)


class Little:
    """Persons, sales, refunds, claims, merges; `evening` is the worker under test, run by hand."""

    def __init__(self, database: Database, keys: HqKeys, clock: TestClock) -> None:
        self.database = database
        self.clock = clock
        self.clock.now = noon(0)
        self.chance = seeded_chance(5)
        self.vault = Vault(keys, self.chance)
        self.sold: list[Sold] = []
        self.evening = Evening(database, self.vault, clock)
        self._seq = 0
        with database.transaction() as conn:
            conn.execute(store.insert(), [{"number": n, "name": f"店{n}", "created": 0} for n in (1, 2)])
            names = [{"scope": "chain", "id": name, "name": f"的{name}", "cost": cost} for name, cost in COSTS.items()]
            conn.execute(article.insert(), [empty_row(article, **row) for row in names])
            prices = [{"scope": "chain", "article": name, "starts": 0, "price": 1} for name in COSTS]
            conn.execute(price.insert(), [empty_row(price, **row) for row in prices])

    @property
    def means(self) -> Means:
        return Means(self.vault, self.chance, self.clock.now)

    def person(self, home: int = 1, *, ago: int = 400, channel: str = "display", personal: bool = False) -> str:
        """A member who joined some days ago; seen in the home store."""
        with self.database.transaction() as conn:
            ref = new_person(conn, self.means, home=home, source="test")
            at = noon(ago)
            values = {"status": ACTIVE, "joined": at, "initial": "王", "tail": "78"}
            conn.execute(update(person).where(person.c.ref == ref).values(**values))
            row = {"ref": ref, "at": at, "store": home, "channel": channel}
            conn.execute(joined.insert(), empty_row(joined, **row))
            seen_at(conn, ref, home, at)
            if personal:
                consents.note(conn, ref, [Consent(PERSONAL, 1, "v")], at, f"c {ref}", "page")
        return ref

    def _entry(self, conn: Any, place: int, name: str) -> tuple[str, int]:
        """The next entry of a store's journal, received and followed."""
        self._seq += 1
        n = conn.scalar(
            update(counter).where(counter.c.name == FOLLOWED).values(n=counter.c.n + 1).returning(counter.c.n)
        )
        jid = f"j{place}"
        row = {"n": n, "jid": jid, "store": place, "till": 1, "first_seq": self._seq, "last_seq": self._seq}
        conn.execute(batch.insert(), empty_row(batch, **row))
        identity = {"store": place, "till": 1, "event": name, "jid": jid, "seq": self._seq}
        conn.execute(event_identity.insert(), empty_row(event_identity, **identity))
        return jid, self._seq

    def sale(
        self,
        ref: str,
        ago: int,
        *lines: tuple[str, int, int],
        store: int = 1,
        hour: int = 12,
        join: str = "",
        whys: dict[str, list[dict[str, Any]]] | None = None,
    ) -> Sold:
        """Somebody bought: (article, thousandths, fen) a line."""
        at, name = noon(ago, hour), uuid7(self.clock.now, self.chance)
        with self.database.transaction() as conn:
            key = self._entry(conn, store, name)
            values = {"jid": key[0], "seq": key[1], "store": store, "till": 1, "date": day(ago).isoformat()}
            total = sum(amount for _, _, amount in lines)
            head = {"event": name, "paid": at, "opened": at, "lines": len(lines), "total": total}
            conn.execute(sale.insert(), empty_row(sale, **values, **head, member=ref, join=join))
            for pos, (what, qty, amount) in enumerate(lines, 1):
                why = json.dumps((whys or {}).get(what, [])) if whys else ""
                row = {**values, "pos": pos, "n": pos, "article": what, "qty": qty, "amount": amount, "why": why}
                conn.execute(sale_line.insert(), empty_row(sale_line, **row, unit="个"))
        self.sold.append(Sold(key, name, ref, ago, store, at, list(lines)))
        return self.sold[-1]

    def back(self, sold: Sold, ago: int, *lines: tuple[str, int, int], kind: str = "") -> None:
        """Money goes back: all of it when no line is named."""
        lines = lines or tuple(sold.lines)
        kind = kind or ("void" if ago == sold.ago else "return")
        name = uuid7(self.clock.now, self.chance)
        with self.database.transaction() as conn:
            key = self._entry(conn, sold.store, name)
            values = {"jid": key[0], "seq": key[1], "store": sold.store, "till": 1, "date": day(ago).isoformat()}
            total = sum(amount for _, _, amount in lines)
            head = {"event": name, "kind": kind, "sale": sold.event, "done": noon(ago, 13), "total": total}
            conn.execute(refund.insert(), empty_row(refund, **values, **head))
            for pos, (what, qty, amount) in enumerate(lines, 1):
                row = {**values, "pos": pos, "n": pos, "article": what, "qty": qty, "amount": amount}
                conn.execute(refund_line.insert(), empty_row(refund_line, **row))
        sold.backs.append((ago, kind, list(lines)))

    def says(self, ago: int, type_: str, body: dict[str, Any], place: int = 1) -> None:
        """An entry that is no sale."""
        name = uuid7(self.clock.now, self.chance)
        with self.database.transaction() as conn:
            key = self._entry(conn, place, name)
            row = {"jid": key[0], "seq": key[1], "store": place, "till": 1, "date": day(ago).isoformat()}
            conn.execute(event.insert(), empty_row(event, **row, event=name, type=type_, body=json.dumps(body)))

    def claims(self, sold: Sold, ref: str, stem: str, token: str, state: str = "done") -> None:
        """A walk-in's ticket is somebody's after all."""
        with self.database.transaction() as conn:
            row = {"stem": stem, "token": token, "ref": ref, "at": self.clock.now, "state": state}
            conn.execute(insert(claim), empty_row(claim, **row, sale=sold.event if state == "done" else ""))
        sold.ref = ref

    def merge(self, one: str, other: str) -> str:
        with self.database.transaction() as conn:
            return merge_persons(conn, self.means, one, other, "person", "test")

    def part(self) -> None:
        with self.database.transaction() as conn:
            edges = select(merge.c.number).where(merge.c.undone == 0).order_by(merge.c.number.desc())
            unmerge(conn, self.means, conn.scalar(edges.limit(1)) or 0, "test")

    def outside(self, kind: str, ref: str, at: int, **values: Any) -> None:
        """Something happened in another channel."""
        table = timeline()
        row = {"id": uuid7(self.clock.now, self.chance), "ref": ref, "kind": kind, "at": at, "received": self.clock.now}
        with self.database.transaction() as conn:
            conn.execute(table.insert(), empty_row(table, **{"source": "mini", **row, **values}))

    def settle(self) -> None:
        """The worker has done what waits, and the day's work."""
        self.step()
        self.evening.keep_up()

    def step(self) -> None:
        while self.evening.step():
            pass

    def figure(self, ref: str) -> Any:
        with self.database.reading() as conn:
            return conn.execute(select(person_figure).where(person_figure.c.ref == ref)).one_or_none()

    def told(self, stream: str, scope: str = "store:1") -> dict[str, dict[str, Any] | None]:
        """What tills are told, None for what is gone."""
        with self.database.reading() as conn:
            rows = conn.execute(select(feed).where(feed.c.stream == stream, feed.c.scope == scope)).all()
        return {row.key: json.loads(bytes(row.data)) if row.data else None for row in rows}

    def root_of(self, ref: str) -> str:
        with self.database.reading() as conn:
            return str(conn.scalar(select(person.c.root).where(person.c.ref == ref)))


def timeline() -> Table:
    """The events of other channels, as they are kept beside this room."""
    from posapp.hq.columns import Word, key, table, whole, word

    held = metadata.tables.get("timeline")
    if held is not None:
        return held
    words = [word(name) for name in ("ref", "kind", "source", "article", "text")]
    return table("timeline", key("id", Word), *words, whole("at"), whole("fen"), whole("received"))


__all__ = ["DAY", "HOUR", "Little", "Sold", "day", "noon", "timeline"]

"""How old what HQ knows of each store is, and the store's figures of today beside it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select

from posapp.clock import HOUR, MINUTE, business_date
from posapp.hq import feed
from posapp.hq.people import settings_of
from posapp.hq.tables import refund, sale, store, till, till_status
from posapp.settings import Settings

FRESH_MS = 10 * MINUTE
STALE_MS = HOUR
FRESH, AGEING, STALE = "fresh", "ageing", "stale"


@dataclass(slots=True)
class StoreNow:
    """A store as HQ knows it. synced: up to when everything of it is here, 0 never. sales, tickets: of its business
    date now, as far as they are here."""

    number: int
    name: str
    settings: Settings
    date: str
    state: str = STALE
    synced: int = 0
    tills: int = 0
    fresh_tills: int = 0
    unsent: int = 0
    sales: int = 0
    tickets: int = 0
    ages: list[int] = field(default_factory=list)


def stores_now(conn: Connection, stores: frozenset[int] | None, now: int) -> list[StoreNow]:
    """Every store that is looked after, those that are silent first."""
    told: dict[int, StoreNow] = {}
    for row in conn.execute(select(store).order_by(store.c.number)):
        if stores is None or row.number in stores:
            settings = settings_of(conn, feed.store_scope(row.number))
            date = business_date(now, settings.time_zone, settings.cutover_hour)
            told[row.number] = StoreNow(row.number, row.name, settings, date)
    for row in _contacts(conn):
        if row.store in told:
            _note(told[row.store], row, now)
    for one in told.values():
        one.synced = min(one.ages, default=0)
        one.state = state_of(one.synced, now)
    _count(conn, told)
    order = {STALE: 0, AGEING: 1, FRESH: 2}
    return sorted(told.values(), key=lambda one: (order[one.state], one.number))


def state_of(synced: int, now: int) -> str:
    age = now - synced
    return FRESH if age < FRESH_MS else AGEING if age < STALE_MS else STALE


def _contacts(conn: Connection) -> Any:
    return conn.execute(
        select(till.c.store, till.c.till, till_status.c.contact, till_status.c.unsent, till_status.c.oldest_unsent)
        .join(till_status, (till_status.c.store == till.c.store) & (till_status.c.till == till.c.till), isouter=True)
        .where(till.c.serial > 0, till.c.revoked < till.c.serial)
    )


def _note(one: StoreNow, row: Any, now: int) -> None:
    waiting = row.oldest_unsent if row.unsent and row.oldest_unsent else 0
    synced = min(row.contact or 0, waiting or row.contact or 0)
    one.tills += 1
    one.fresh_tills += now - synced < FRESH_MS
    one.unsent += row.unsent or 0
    one.ages.append(synced)


def _count(conn: Connection, told: dict[int, StoreNow]) -> None:
    by_date: dict[str, list[int]] = defaultdict(list)
    for one in told.values():
        by_date[one.date].append(one.number)
    for date, numbers in by_date.items():
        for table, sign in ((sale, 1), (refund, -1)):
            sums = select(table.c.store, func.count(), func.sum(table.c.total)).where(
                table.c.date == date, table.c.store.in_(numbers)
            )
            for number, count, amount in conn.execute(sums.group_by(table.c.store)):
                told[number].sales += sign * int(amount)
                told[number].tickets += int(count) if table is sale else 0

"""A company in WeCom and HQ, two real HTTP servers that call each other; time goes when the test says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, Table, select

from posapp.hq.database import Database
from posapp.hq.gateways.serving import running
from posapp.hq.gateways.wecom_simulator import Simulator
from posapp.hq.people import add_clerk, add_store, switch_off
from posapp.hq.running import Hq
from posapp.hq.server import create_app
from posapp.hq.tables import feed
from posapp.hq.wecom.account import Account
from posapp.hq.wecom.callback import PATH
from posapp.hq.wecom.process import Worker
from posapp.hq.wecom.tables import contact_change, contact_way, relation, wecom_event
from posapp.hq.wecom.ways import hire
from posapp.ids import seeded_chance
from posapp.keys import HqKeys
from posapp.streams import ClerkCodeRow
from tests.hq.shop import TestClock, wait_until

CORP, SECRET, TOKEN = "ww0123456789abcdef", "application-secret", "callbackToken"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
JOIN_URL = "https://shop.example"


class Town:
    """wecom: the company; hq: the running server. Clerks 1001 and 1002 work in store 1, 1003 in the chain."""

    def __init__(self, wecom: Simulator, hq: Hq, clock: TestClock, known: list[tuple[str, str | None]]) -> None:
        assert hq.wecom is not None
        self.wecom = wecom
        self.hq = hq
        self.worker: Worker = hq.wecom
        self.database: Database = hq.database
        self.clock = clock
        self.known = known

    def hire(self, number: int, userid: str, **standing: bool) -> None:
        self.wecom.hire(userid, **standing)
        hire(self.database, number, userid)
        self.worker.ways.settle(at_once=True)

    def leave(self, number: int) -> None:
        switch_off(self.database, number)

    def code(self, clerk: int, channel: str = "badge") -> str:
        return self.codes()[clerk, channel].content

    def codes(self) -> dict[tuple[int, str], ClerkCodeRow]:
        """What the tills may show, by clerk and channel."""
        with self.database.reading() as conn:
            asked = select(feed.c.data).where(feed.c.stream == "clerk_codes", feed.c.data != b"")
            rows = [msgspec.json.decode(bytes(data), type=ClerkCodeRow) for data in conn.scalars(asked)]
        return {(row.clerk, row.channel): row for row in rows}

    def pass_by(self, seconds: float = 1) -> None:
        self.clock.now += int(seconds * 1000)

    def settle(self) -> None:
        """Wait until every callback was delivered and worked off, and every customer looked at."""
        wait_until(self.wecom.is_quiet)
        self.worker.wake()
        wait_until(lambda: not self._waits())

    def _waits(self) -> bool:
        with self.database.reading() as conn:
            events = conn.scalar(select(wecom_event.c.change).where(wecom_event.c.done == 0).limit(1))
            fresh = (relation.c.looked == 0) & (relation.c.state == "added")
            return events is not None or conn.scalar(select(relation.c.userid).where(fresh).limit(1)) is not None

    def rows(self, table: Table) -> list[Any]:
        with self.database.reading() as conn:
            return list(conn.execute(select(table).order_by(*table.primary_key.columns)))

    def changes(self, customer: str) -> list[Any]:
        """What happened with a customer, oldest first."""
        found = [row for row in self.rows(contact_change) if row.external_userid == customer]
        return sorted(found, key=lambda row: row.created)

    def relation(self, customer: str, userid: str) -> Any:
        return next(row for row in self.rows(relation) if (row.external_userid, row.userid) == (customer, userid))

    def ways(self, clerk: int) -> list[Any]:
        return [row for row in self.rows(contact_way) if row.clerk == clerk]


MakeTown = Callable[[], Town]


@pytest.fixture
def town(database: Database, keys: HqKeys, clock: TestClock) -> Iterator[Town]:
    add_store(database, clock, 1, "柳塘店")
    for number in (1001, 1002):
        add_clerk(database, seeded_chance(number), number, f"店员{number}", "cashier", "739205", "1")
    wecom = Simulator(CORP, SECRET, TOKEN, AES_KEY, clock, seeded_chance(11))
    known: list[tuple[str, str | None]] = []

    def note(_conn: Connection, external_userid: str, unionid: str | None, _now: int) -> None:
        known.append((external_userid, unionid))

    with running(wecom.app()) as url:
        wecom.url = url
        account = Account(CORP, SECRET, TOKEN, AES_KEY, JOIN_URL, url)
        app = create_app(database, keys, clock, seeded_chance(12), None, account, note)
        with running(app) as address:
            wecom.hq = address + PATH
            yield Town(wecom, app.state.hq, clock, known)
        wecom.close()

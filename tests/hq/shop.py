"""A shop as the tests see it: HQ's app, and tills that write real journals and sign real requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Table, select
from starlette.testclient import TestClient

from posapp.calls import EnrolAnswer, EnrolRequest, Head, HelloAnswer, HelloRequest, Page, PushAnswer, Refusal
from posapp.chain import Entry, Header, canonical, genesis_hash, seal_entry
from posapp.hq.database import Database
from posapp.hq.enrol import add_till
from posapp.hq.people import add_store
from posapp.hq.project import Articles, project
from posapp.hq.server import create_app
from posapp.hq.tables import batch, counter
from posapp.ids import b64u, receipt_number, seeded_chance, uuid7
from posapp.keys import HqKeys, TillKeys, public_text, short_id, unseal
from posapp.messages import (
    TYPE_OF,
    JournalOpened,
    Message,
    PaymentSettled,
    RefundCompleted,
    SaleCompleted,
    SaleLine,
    TaxSum,
    Tender,
)
from posapp.money import Money
from posapp.rules.tax import tax_in
from posapp.wire import Request, pack_entries, sign_request

# What does not depend on the database's kind is asked once.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

START = 1_795_312_345_000
DATE = "2026-11-22"


class TestClock:
    """A clock that goes when the test says so, and is not the simulated one of `--clock simulated`."""

    __test__ = False

    def __init__(self, now_ms: int = START) -> None:
        self.now = now_ms

    def now_ms(self) -> int:
        return self.now

    def monotonic_ms(self) -> int:
        return self.now


class Refused(Exception):
    """HQ answered with a refusal."""

    def __init__(self, status: int, refusal: Refusal, headers: Any) -> None:
        super().__init__(f"{status} {refusal.code} {refusal.values}")
        self.status = status
        self.code = refusal.code
        self.values = refusal.values
        self.headers = headers


def answer(response: Any, shape: type[Any]) -> Any:
    if response.status_code >= 300:
        raise Refused(response.status_code, msgspec.json.decode(response.content, type=Refusal), response.headers)
    return msgspec.json.decode(response.content, type=shape)


class Shop:
    """HQ's app under test; `store` is made, tills are enrolled by till()."""

    def __init__(
        self, database: Database, keys: HqKeys, clock: Any, store: int = 1, folder: Path | None = None
    ) -> None:
        self.database = database
        self.keys = keys
        self.clock = clock
        self.chance = seeded_chance(7)
        self.tills = 0
        self.app = create_app(database, keys, clock, self.chance, folder)
        self.client = TestClient(self.app)
        add_store(database, clock, store, "示范店")
        self.store = store

    def __enter__(self) -> Shop:
        self.client.__enter__()
        return self

    def __exit__(self, *reason: object) -> None:
        self.client.__exit__(*reason)

    def till(self, number: int | None = None, store: int | None = None) -> Till:
        """An enrolled till."""
        _, code = add_till(self.database, self.keys, self.clock, self.chance, store or self.store, number)
        self.tills += 1
        till = Till(self.client, self.clock, self.tills)
        till.enrol(code)
        return till

    def settle(self) -> None:
        """Wait until everything received is projected."""
        wait_until(lambda: self.waiting() == 0)

    def waiting(self) -> int:
        with self.database.reading() as conn:
            last = conn.scalar(select(batch.c.n).order_by(batch.c.n.desc()).limit(1)) or 0
            done = conn.scalar(select(counter.c.n).where(counter.c.name == "projected")) or 0
        return max(0, last - done)

    def rows(self, table: Table) -> list[Any]:
        with self.database.reading() as conn:
            return list(conn.execute(select(table).order_by(*table.primary_key.columns)).mappings())


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Come back as soon as a condition holds; the limit is only there for a broken program."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition never came true"
        time.sleep(0.005)


def project_all(database: Database, clock: Any) -> None:
    articles = Articles()
    while project(database, clock, articles) != 0:
        pass


class Journal:
    """A journal being written: real headers, real signatures."""

    def __init__(self, keys: TillKeys, store: int, till: int, seed: int, opened: bool = True) -> None:
        self.chance = seeded_chance(seed)
        self.jid = b64u(self.chance(16))
        self.keys = keys
        self.store = store
        self.till = till
        self.entries: list[Entry] = []
        self.headers: list[Header] = []
        self.effective = START
        self.counter = 0
        self.label = "A"
        self.date, self.clerk = DATE, 1001
        if opened:
            self.add(JournalOpened("enrol", 1, "A", public_text(keys.journal_key), "test 1"))

    @property
    def last_hash(self) -> bytes:
        if self.entries:
            return self.entries[-1].hash
        return genesis_hash(self.store, self.till, self.jid, b"")

    def add(self, message: Message, **header: Any) -> Entry:
        name, version = TYPE_OF[type(message)]
        return self.add_raw(name, version, canonical(message), **header)

    def add_raw(self, name: str, version: int, body: bytes, **header: Any) -> Entry:
        self.effective += 1
        values: dict[str, Any] = {
            "v": 1,
            "jid": self.jid,
            "seq": len(self.entries) + 1,
            "ph": b64u(self.last_hash),
            "t": name,
            "sv": version,
            "eid": uuid7(self.effective, self.chance),
            "store": self.store,
            "till": self.till,
            "bd": self.date,
            "bh": "",
            "boot": "boot",
            "key": short_id(self.keys.journal_key),
            "w": self.effective,
            "off": 0,
            "ef": self.effective,
            "cq": 0,
            "clerk": self.clerk,
        }
        made = Header(**{**values, **header})
        entry = seal_entry(made, body, self.keys.journal_key)
        self.entries.append(entry)
        self.headers.append(made)
        return entry

    def sale(self, *prices: int, kind: str = "cash", shift: str = "shift-1", **changes: Any) -> Entry:
        """A sale of one piece at each price, paid exactly; `changes` are fields of SaleCompleted to spoil."""
        self.counter += 1
        lines = [
            SaleLine(
                n=n,
                article=f"a{n}",
                code=f"690000000000{n}",
                name=f"商品{n}",
                unit="个",
                qty=1000,
                price=price,
                amount=price,
                rate="0.13",
                tax=tax_in(Money(price), "0.13").fen,
                book=1,
            )
            for n, price in enumerate(prices, 1)
        ]
        total = sum(prices)
        fields: dict[str, Any] = {
            "ticket": f"ticket-{self.counter}",
            "shift": shift,
            "counter": self.counter,
            "opened": self.effective,
            "paid": self.effective,
            "lines": lines,
            "total": total,
            "rounding": 0,
            "tenders": [Tender(kind, total)],
            "change": 0,
            "taxes": [TaxSum("0.13", total, sum(line.tax for line in lines))],
        }
        sale = SaleCompleted(**{**fields, **changes})
        number = receipt_number(self.store, self.till, self.label, self.counter, canonical(sale))
        return self.add(sale, rn=number)

    def void(self, place: int, shift: str = "shift-1", **changes: Any) -> Entry:
        """Everything back for the sale that is the journal's entry at `place` (0 is the first)."""
        self.counter += 1
        header = self.headers[place]
        sold = msgspec.json.decode(self.entries[place].body, type=SaleCompleted)
        fields: dict[str, Any] = {
            "kind": "void",
            "sale": header.eid,
            "receipt": header.rn,
            "sold": sold.total,
            "shift": shift,
            "counter": self.counter,
            "done": self.effective,
            "reason": "顾客不要了",
            "lines": sold.lines,
            "total": sold.total,
            "rounding": sold.rounding,
            "tenders": [Tender(paid.kind, paid.amount, ref=paid.ref) for paid in sold.tenders],
            "taxes": sold.taxes,
        }
        refund = RefundCompleted(**{**fields, **changes})
        number = receipt_number(self.store, self.till, self.label, self.counter, canonical(refund))
        return self.add(refund, rn=number)

    def matched(self, place: int, ref: str = "420000001") -> Entry:
        """The first tender of a sale was found in the account."""
        header = self.headers[place]
        paid = msgspec.json.decode(self.entries[place].body, type=SaleCompleted).tenders[0]
        return self.add(PaymentSettled(header.eid, header.rn, 1, paid.kind, paid.amount, ref, "by hand"))


class Till:
    """A till's side of the wire, without its database."""

    def __init__(self, client: Any, clock: Any, seed: int) -> None:
        self.client = client
        self.clock = clock
        self.seed = seed
        self.chance = seeded_chance(seed)
        self.keys = TillKeys.fresh(self.chance)
        self.journals = 0

    def enrol_request(self, code: str) -> EnrolRequest:
        keys = self.keys
        return EnrolRequest(
            code,
            public_text(keys.journal_key),
            public_text(keys.request_key),
            public_text(keys.box_key),
            "test 1",
        )

    def enrol(self, code: str) -> EnrolAnswer:
        body = msgspec.json.encode(self.enrol_request(code))
        told: EnrolAnswer = answer(self.client.post("/v1/enrol", content=body), EnrolAnswer)
        self.certificate = told.certificate
        self.token_key = unseal(told.token_key, self.keys.box_key, "token")
        return told

    def journal(self, opened: bool = True) -> Journal:
        self.journals += 1
        place = self.certificate
        return Journal(self.keys, place.store, place.till, self.seed * 100 + self.journals, opened)

    def signed(self, method: str, path: str, body: bytes = b"", **change: Any) -> Request:
        request = Request(method, f"http://testserver{path}", {"Host": "testserver"}, body)
        now = change.get("now", self.clock.now_ms())
        nonce = change.get("nonce") or self.chance(12)
        sign_request(request, self.certificate, self.keys.request_key, now, nonce)
        return request

    def send(self, request: Request, shape: type[Any]) -> Any:
        path = request.url.removeprefix("http://testserver")
        response = self.client.request(request.method, path, content=request.body, headers=dict(request.headers))
        return answer(response, shape)

    def call(self, method: str, path: str, shape: type[Any], message: Any = None, **change: Any) -> Any:
        body = b"" if message is None else msgspec.json.encode(message)
        return self.send(self.signed(method, path, body, **change), shape)

    def push(self, jid: str, entries: Iterable[Entry]) -> PushAnswer:
        request = self.signed("POST", f"/v1/journals/{jid}/entries", pack_entries(list(entries)))
        told: PushAnswer = self.send(request, PushAnswer)
        return told

    def head(self, jid: str) -> Head:
        told: Head = self.call("GET", f"/v1/journals/{jid}/head", Head)
        return told

    def hello(self, heads: list[Head], **values: Any) -> HelloAnswer:
        fields = {"wall": self.clock.now_ms(), "unsent": 0, **values}
        told: HelloAnswer = self.call(
            "POST", "/v1/hello", HelloAnswer, HelloRequest(1, "test 1", "boot", heads, **fields)
        )
        return told

    def page(self, stream: str, cursor: str = "", limit: int = 2000) -> Page:
        told: Page = self.call("GET", f"/v1/feed/{stream}?cursor={cursor}&limit={limit}", Page)
        return told

    def stream(self, stream: str, limit: int = 2000) -> dict[tuple[str, str], Any]:
        """The whole stream from its beginning."""
        rows: dict[tuple[str, str], Any] = {}
        cursor = ""
        while True:
            page = self.page(stream, cursor, limit)
            for row in page.rows:
                data = row.data
                rows[row.scope, row.key] = None if data is msgspec.UNSET else msgspec.json.decode(data)
            cursor = page.cursor
            if page.complete:
                return rows

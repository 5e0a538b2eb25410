"""A whole small chain in one process for tests: HQ's real application, real files, time and chance handed in."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import argon2
import msgspec
from starlette.testclient import TestClient

from posapp import journal
from posapp.chain import Header, read_header
from posapp.clock import SimulatedClock
from posapp.hq import feed
from posapp.hq.database import Database, open_database
from posapp.hq.enrol import add_till
from posapp.hq.server import create_app
from posapp.hq.tables import store
from posapp.ids import seeded_chance
from posapp.keys import HqKeys
from posapp.messages import Message, SaleCompleted, read_body
from posapp.script import run
from posapp.streams import ArticleRow, PriceRow, SettingRow, StaffRow
from posapp.sync.client import Answer, Carrier
from posapp.sync.enrol import enrol_till
from posapp.till import Till
from posapp.wire import Request

START = 1_795_305_600_000  # 2026-11-22T00:00:00Z, eight in the morning in the shop
URL = "http://127.0.0.1"
CASHIER, OTHER, MANAGER = ("1001", "739205"), ("1002", "418637"), ("1003", "60429173")

# code, name, unit, price in fen, weighed, tax, discountable, bargain, lowest
ARTICLES = [
    ("6900000000011", "牛角包", "个", 650, 0, "0.13", 1, 0, 0),
    ("6900000000028", "鲜奶 950ml", "瓶", 1290, 0, "0.09", 1, 0, 0),
    ("00301", "散装曲奇", "kg", 5960, 1, "0.13", 1, 0, 0),
    ("6900000000035", "口红", "支", 8900, 0, "0.13", 1, 0, 0),
    ("6900000000042", "公交卡充值", "次", 5000, 0, "none", 0, 0, 0),
    ("6900000000059", "裱花加工", "次", 6000, 0, "0.06", 1, 1, 4000),
    ("6900000000066", "散鸡蛋", "个", 133, 0, "exempt", 1, 0, 0),
]


@functools.cache
def pin_hash(pin: str) -> str:
    return argon2.PasswordHasher(memory_cost=8, time_cost=1, parallelism=1).hash(pin)


class Chain:
    """HQ with one store, its articles and clerks; make tills with till()."""

    def __init__(self, folder: Path, database: Database, clock: SimulatedClock, seed: int = 1) -> None:
        self.folder = folder
        self.database = database
        self.clock = clock
        self.chance = seeded_chance(seed)
        self.keys = HqKeys.fresh(self.chance)
        app = create_app(database, self.keys, clock, self.chance)
        # What HQ works out of it all is worked out when a test says so (tests/joining.follow): most tests tell tills
        # themselves what they are to know.
        self.after = [*app.state.hq.after]
        app.state.hq.after.clear()
        self.http = TestClient(app, base_url=URL)
        self.http.__enter__()
        self._tills: list[Till] = []
        with database.transaction() as conn:
            conn.execute(store.insert().values(number=1, name="柳塘店", created=START))
            feed.publish(conn, first_rows())

    def close(self) -> None:
        for till in self._tills:
            till.close()
        self.http.__exit__(None, None, None)

    def carry(self, request: Request) -> Answer:
        answer = self.http.request(request.method, request.url, headers=dict(request.headers), content=request.body)
        return Answer(answer.status_code, answer.content)

    def enrol(self, number: int, carrier: Carrier | None = None) -> tuple[Path, Path]:
        """Enrol a till of the store; its data and state folders."""
        data, state = self.folder / f"till{number}", self.folder / f"state{number}"
        _, code = add_till(self.database, self.keys, self.clock, self.chance, 1, number)
        enrol_till(state, URL, code, carrier or self.carry, self.chance)
        return data, state

    def open(
        self, data: Path, state: Path, carrier: Carrier | None = None, clock: SimulatedClock | None = None
    ) -> Till:
        till = Till(data, state, clock or self.clock, self.chance, carrier or self.carry)
        self._tills.append(till)
        return till

    def shut(self, till: Till) -> None:
        self._tills.remove(till)
        till.close()

    def till(self, number: int = 1, carrier: Carrier | None = None) -> Till:
        """An enrolled till that has pulled its streams, with the cashier signed in and a shift open."""
        till = self.open(*self.enrol(number, carrier), carrier)
        till.sync()
        play(till, f"sign-in {' '.join(CASHIER)}", "open-shift 200.00")
        return till

    def publish(self, stream: str, rows: dict[tuple[str, str], Any]) -> None:
        with self.database.transaction() as conn:
            feed.publish(conn, {stream: rows})


def first_rows() -> dict[str, dict[tuple[str, str], Any]]:
    return {
        "catalogue": {
            ("chain", code): ArticleRow(name, unit, tax, [(code, 0)], weighed, discountable, bargain)
            for code, name, unit, _, weighed, tax, discountable, bargain, _ in ARTICLES
        },
        "prices": {("chain", f"{row[0]}@0"): PriceRow(row[0], row[3], 0, 1, 0, row[8]) for row in ARTICLES},
        "staff": {
            ("chain", number): StaffRow(int(number), name, role, pin_hash(pin))
            for (number, pin), name, role in (
                (CASHIER, "林小满", "cashier"),
                (OTHER, "周婷", "lead"),
                (MANAGER, "何志远", "manager"),
            )
        },
        "settings": {
            ("chain", "scale_labels"): SettingRow("weight 22PPPPPNNDDDC; amount 21PPPPPNNNDDC"),
            ("store:1", "store_name"): SettingRow("柳塘店"),
        },
    }


@contextmanager
def open_chain(folder: Path, where: str | Path | None = None, seed: int = 1) -> Iterator[Chain]:
    """A chain on SQLite in the folder, or on the database at a URL."""
    database = open_database(where or folder / "hq.db")
    chain = Chain(folder, database, SimulatedClock(START), seed)
    try:
        yield chain
    finally:
        chain.close()
        database.close()


def play(till: Till, *lines: str) -> list[dict[str, Any]]:
    """Run script lines; their answers. A refusal is an answer too."""
    out = io.StringIO()
    run(till, lines, out)
    return [msgspec.json.decode(line) for line in out.getvalue().splitlines()]


def last(till: Till, *lines: str) -> dict[str, Any]:
    return play(till, *lines)[-1]


def refused(till: Till, *lines: str) -> str:
    """The error code of the last line, which must have been refused with a sentence."""
    answer = last(till, *lines)
    assert not answer["ok"], answer
    assert len(answer["error"]["message"]) > 3
    return str(answer["error"]["code"])


def entries_of(till: Till) -> list[tuple[Header, Message]]:
    """Every entry of the till's open journal, decoded."""
    with till.folder.till.reading() as conn:
        held = journal.entries(conn, till.journal.head.epoch, 0)
    headers = [read_header(entry.header) for entry in held]
    return [(header, read_body(header.t, header.sv, entry.body)) for header, entry in zip(headers, held, strict=True)]


def kinds(till: Till) -> list[str]:
    return [header.t for header, _ in entries_of(till)]


def sales_of(till: Till) -> list[SaleCompleted]:
    return [body for _, body in entries_of(till) if isinstance(body, SaleCompleted)]

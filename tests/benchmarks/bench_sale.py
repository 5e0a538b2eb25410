"""Goal 3: a durable sale of ten lines, as the cashier's verbs make it, against raw statements for the same rows."""

from __future__ import annotations

import itertools
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter as Counts
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import func, select

from posapp.clock import SystemClock
from posapp.ids import system_chance
from posapp.money import Money
from posapp.streams import ArticleRow, PriceRow
from posapp.tables import journal
from posapp.till import Till
from tests.benchmarks.measure import CANARY, Samples, canary, note, race, ratio, show
from tests.benchmarks.servers import ROOT
from tests.shop import CASHIER, Chain, open_chain, play

LINES = 10
ARTICLES = 1_000
ROUNDS = 500
GOAL = 2.0
GROWN_SALES = 10_000
GOAL_GROWN = 1.1
GOAL_MEMORY = 1.05

_RATES = ("0.13", "0.09", "0.06", "exempt")
_SCHEMA = """
CREATE TABLE sale (id INTEGER PRIMARY KEY, receipt TEXT NOT NULL UNIQUE, shift TEXT NOT NULL, date TEXT NOT NULL,
  clerk INTEGER NOT NULL, opened INTEGER NOT NULL, paid INTEGER NOT NULL, total INTEGER NOT NULL);
CREATE TABLE line (sale INTEGER NOT NULL, n INTEGER NOT NULL, article TEXT NOT NULL, code TEXT NOT NULL,
  name TEXT NOT NULL, unit TEXT NOT NULL, qty INTEGER NOT NULL, price INTEGER NOT NULL, amount INTEGER NOT NULL,
  rate TEXT NOT NULL, tax INTEGER NOT NULL, PRIMARY KEY (sale, n)) WITHOUT ROWID;
CREATE TABLE payment (sale INTEGER NOT NULL, n INTEGER NOT NULL, kind TEXT NOT NULL, amount INTEGER NOT NULL,
  PRIMARY KEY (sale, n)) WITHOUT ROWID;
CREATE TABLE stock (sale INTEGER NOT NULL, n INTEGER NOT NULL, article TEXT NOT NULL, qty INTEGER NOT NULL,
  PRIMARY KEY (sale, n)) WITHOUT ROWID;
CREATE TABLE outbox (id INTEGER PRIMARY KEY, entry BLOB NOT NULL);
"""
_SHIFT = "01890000-0000-7000-8000-000000000000"
_LINES = [
    (n, f"69000{n:08}", f"69000{n:08}", f"商品 名称 {n:06}", "个", 1000, 1234, 1234, "0.13", 142)
    for n in range(1, LINES + 1)
]
_LINE = "INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Raw:
    """The reference: 1 sale, 10 lines, 1 payment, 10 stock moves, 1 outbox row, one durable transaction."""

    def __init__(self, driver: Any, path: Path, entry_bytes: int, *, has_stock: bool = True) -> None:
        self.connection = driver.connect(str(path), isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -64000", "wal_autocheckpoint = 8000"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.executescript(_SCHEMA)
        self._entry = bytes(entry_bytes)
        self._has_stock = has_stock
        self._numbers = itertools.count(1)

    def grow(self, sales: int) -> None:
        """As many sales as the till has, in one transaction."""
        self.connection.execute("BEGIN")
        for number in self._numbers:
            self._rows(number)
            if number >= sales:
                break
        self.connection.execute("COMMIT")

    def sell(self) -> float:
        start = time.perf_counter()
        self.connection.execute("BEGIN IMMEDIATE")
        self._rows(next(self._numbers))
        self.connection.execute("COMMIT")
        return time.perf_counter() - start

    def _rows(self, number: int) -> None:
        execute, many = self.connection.execute, self.connection.executemany
        ms = 1_795_305_600_000 + number
        head = (number, f"S001T01-A-{number:06}-7K", _SHIFT, "2026-11-22", 1001, ms, ms, 12345)
        execute("INSERT INTO sale VALUES (?, ?, ?, ?, ?, ?, ?, ?)", head)
        many(_LINE, [(number, *line) for line in _LINES])
        execute("INSERT INTO payment VALUES (?, 1, 'cash', 12345)", (number,))
        if self._has_stock:
            many("INSERT INTO stock VALUES (?, ?, ?, -1000)", [(number, line[0], line[1]) for line in _LINES])
        execute("INSERT INTO outbox VALUES (?, ?)", (number, self._entry))


@dataclass
class Counter:
    """A till at work: whole tickets through the verbs, each step's time kept."""

    till: Till
    sold: int = 0
    codes: Iterator[str] = field(default_factory=lambda: itertools.cycle(row[0] for row in article_rows(ARTICLES)))
    scans: Samples = field(default_factory=Samples)
    tickets: Samples = field(default_factory=Samples)

    def pay(self) -> float:
        """Sell ten lines with a discount on the ticket; the seconds of the last pay alone."""
        clock, till = time.perf_counter, self.till
        begun = clock()
        for code in itertools.islice(self.codes, LINES):
            start = clock()
            till.scan(code)
            self.scans.append(clock() - start)
        due = till.discount(None, "5%").due
        start = clock()
        paid = till.pay("cash", Money(due.fen + 500))
        end = clock()
        assert paid.receipt
        self.sold += 1
        if self.sold % 20 == 0:
            till.folder.till.tend()  # as the sync thread does every few seconds
        self.tickets.append(end - begun)
        return end - start


def article_rows(count: int) -> Iterator[tuple[str, ArticleRow, PriceRow]]:
    for n in range(count):
        code = f"69{n:011}"
        row = ArticleRow(f"商品 名称 {n:06}", "个", _RATES[n % len(_RATES)], [(code, 0)], pinyin="shang pin ming cheng")
        yield code, row, PriceRow(code, 100 + n * 37 % 9900, 0, 1)


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with open_chain(tmp_path) as opened:
        rows = list(article_rows(ARTICLES))
        opened.publish("catalogue", {("chain", code): row for code, row, _ in rows})
        opened.publish("prices", {("chain", f"{code}@0"): row for code, _, row in rows})
        yield opened


Opens = Callable[[], Till]


@pytest.fixture
def open_till(chain: Chain) -> Iterator[Opens]:
    """Makes tills with the articles, offline, on the machine's clock, a shift open."""
    with ExitStack() as stack:

        def make() -> Till:
            data, state = chain.enrol(next(numbers))
            till = Till(data, state, SystemClock(), system_chance, chain.carry)
            stack.callback(till.close)
            till.sync()
            answers = play(till, f"sign-in {' '.join(CASHIER)}", "open-shift 200.00", "network off")
            assert all(answer["ok"] for answer in answers)
            return till

        numbers = itertools.count(1)
        yield make


@pytest.mark.timeout(600)
def test_a_sale_is_durable_for_twice_the_raw_rows(open_till: Opens, tmp_path: Path) -> None:
    grown, fresh = Counter(open_till()), Counter(open_till())
    for _ in range(500):
        grown.pay()
    memory = resident()
    while grown.sold < GROWN_SALES:
        grown.pay()
    memory_grown = resident()
    entry_bytes = last_entry_bytes(grown.till)
    raw, stdlib = Raw(sqlcipher, tmp_path / "raw.db", entry_bytes), Raw(sqlite3, tmp_path / "stdlib.db", entry_bytes)
    without_stock = Raw(sqlcipher, tmp_path / "without_stock.db", entry_bytes, has_stock=False)
    for reference in (raw, stdlib, without_stock):
        reference.grow(GROWN_SALES)
    for counter in (grown, fresh):
        counter.scans, counter.tickets = Samples(), Samples()
    taken = race(
        ROUNDS,
        {
            "pay, new journal": fresh.pay,
            f"pay after {GROWN_SALES} sales": grown.pay,
            "raw": raw.sell,
            "raw stdlib": stdlib.sell,
            "raw without stock": without_stock.sell,
            CANARY: canary(tmp_path),
        },
        warm_up=20,
    )
    show(f"Durable sale of 10 lines, entry of {entry_bytes} bytes", taken, against=("raw", "raw stdlib"))
    rest = {"scan, new journal": fresh.scans, f"scan after {GROWN_SALES}": grown.scans}
    show("The rest of the ticket", {**rest, "10 scans, discount, pay": grown.tickets})
    early, late = taken["pay, new journal"], taken[f"pay after {GROWN_SALES} sales"]
    growth = ratio(late, early)
    note(f"growth over {GROWN_SALES} sales: pay {growth:.2f}, scan {ratio(grown.scans, fresh.scans):.2f}")
    footprint = memory_grown / memory
    note(f"memory after 500 sales {memory} MB, after {GROWN_SALES} {memory_grown} MB: {footprint:.2f} (HQ in it too)")
    failed = {
        name: value
        for name, value, goal in (
            ("new journal", ratio(early, taken["raw"]), GOAL),
            ("grown journal", ratio(late, taken["raw"]), GOAL),
            ("growth", growth, GOAL_GROWN),
            ("memory", footprint, GOAL_MEMORY),
        )
        if value > goal
    }
    assert failed == {}


def resident() -> int:
    """Megabytes this process holds in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() >> 20


def last_entry_bytes(till: Till) -> int:
    columns = journal.c
    size = func.length(columns.header) + func.length(columns.body) + func.length(columns.signature)
    with till.folder.till.reading() as conn:
        return int(conn.execute(select(size).order_by(columns.place.desc()).limit(1)).scalar_one())


def test_a_sale_waits_for_the_disk_once(open_till: Opens, tmp_path: Path) -> None:
    """Counted on the real program; the count does not depend on the machine."""
    if not shutil.which("strace"):
        pytest.skip("no strace on this machine")
    till = open_till()
    till.close()
    where = ("--data", str(till.folder.path), "--state", str(tmp_path / "state1"))
    few, many = (syncs_of(sales, tmp_path, where) for sales in (10, 50))
    each = {name: (count - few[name]) / 40 for name, count in many.items()}
    note(f"flushes a sale: { {name: count for name, count in each.items() if count} }")
    assert sum(each.values()) == 1


def syncs_of(sales: int, folder: Path, where: tuple[str, ...]) -> Counts[str]:
    """How often the selling thread flushes each file while posapp script makes so many sales of ten lines."""
    codes = itertools.cycle(code for code, *_ in article_rows(ARTICLES))
    script, trace = folder / "sales.script", folder / "trace"
    tickets = [
        "\n".join([*(f"scan {code}" for code in itertools.islice(codes, LINES)), "discount all 5%", "pay cash 1000"])
        for _ in range(sales)
    ]
    script.write_text("\n".join(["network off", f"sign-in {' '.join(CASHIER)}", *tickets]), encoding="utf-8")
    command = ["strace", "-f", "-qq", "-y", "-s", "20", "-e", "trace=fsync,fdatasync,write", "-o", str(trace)]
    program = [sys.executable, "-m", "posapp", "script", *where, str(script)]
    done = subprocess.run([*command, *program], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout[-500:], done.stderr)
    assert done.stdout.count(b'"receipt"') == sales
    calls = trace.read_text("utf-8", "replace")
    (selling,) = set(re.findall(r"^(\d+) +write\(1<", calls, re.MULTILINE))
    return Counts(re.findall(rf"^{selling} +\w+sync\(\d+<[^>]*/([^/>]+)>", calls, re.MULTILINE))

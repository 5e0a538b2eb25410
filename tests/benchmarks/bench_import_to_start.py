"""Goal 7: from a file of articles at HQ to the first scan at a fresh till; and a cold start to the first answer."""

from __future__ import annotations

import csv
import gzip
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from posapp.clock import SystemClock
from posapp.ids import system_chance
from posapp.money import Money
from posapp.sync.client import Answer, Carrier, over_http
from posapp.sync.enrol import enrol_till
from posapp.till import Till
from posapp.wire import Request
from tests.benchmarks.measure import CANARY, Samples, canary, note, race, ratio, show, timed
from tests.benchmarks.servers import ROOT, Line, serving
from tests.shop import CASHIER

ROUNDS = 3
STARTS = 9
GOAL, WIRE_GOAL = 2.0, 1.3
LARGEST = 100_000

_WORDS = "牛奶 面包 酸奶 饼干 咖啡 红茶 果汁 巧克力 洗发水 毛巾 牙膏 口红 雨伞 电池".split()
_UNITS = "个 瓶 盒 袋".split()
_COLUMNS = "货号 附加码 品名 单位 零售价 销项税".split()
_SCHEMA = """
CREATE TABLE product (id INTEGER PRIMARY KEY, barcode TEXT NOT NULL UNIQUE, alias TEXT NOT NULL, name TEXT NOT NULL,
  unit TEXT NOT NULL, price INTEGER NOT NULL, tax TEXT NOT NULL);
"""
_UPSERT = """
INSERT INTO product (barcode, alias, name, unit, price, tax) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (barcode) DO UPDATE SET alias = excluded.alias, name = excluded.name, unit = excluded.unit,
  price = excluded.price, tax = excluded.tax
"""


def code(n: int) -> str:
    return f"69{n * 7_919:011}"


def article(n: int) -> tuple[str, str, str, str, int, str]:
    """Barcode, alias of every tenth, name, unit, price in fen, tax."""
    words = f"{_WORDS[n % len(_WORDS)]} {_WORDS[n // len(_WORDS) % len(_WORDS)]} {n:06}"
    return code(n), f"A{n:06}" if n % 10 == 0 else "", words, _UNITS[n % len(_UNITS)], 100 + n % 9900, "0.13"


class Bare:
    """The references: a file, or zstd arrays, decoded and put into a plain durable file with an index of barcodes."""

    def __init__(self, size: int, folder: Path) -> None:
        articles = [article(n) for n in range(size)]
        self.size = size
        self.path = folder / "bare.db"
        self.wire = zstandard.compress(msgspec.json.encode(articles), 3)
        self.file = folder / "products.csv"
        with self.file.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            writer.writerows((*row[:4], f"{row[4] / 100:.2f}", row[5]) for row in articles)

    def load(self) -> None:
        plain = zstandard.ZstdDecompressor().decompress(self.wire)
        self._keep(msgspec.json.decode(plain, type=list[tuple[str, str, str, str, int, str]]))

    def load_file(self) -> None:
        with self.file.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            next(reader)
            self._keep([(*row[:4], round(float(row[4]) * 100), row[5]) for row in reader])

    def _keep(self, articles: Sequence[tuple[Any, ...]]) -> None:
        for part in self.path.parent.glob(self.path.name + "*"):
            part.unlink()
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(_SCHEMA)
        connection.execute("BEGIN")
        connection.executemany(_UPSERT, articles)
        connection.execute("COMMIT")
        assert connection.execute("SELECT name FROM product WHERE barcode = ?", (code(17),)).fetchone()
        connection.close()


@dataclass
class Office:
    """HQ with its catalogue, served; fresh tills are enrolled and filled."""

    folder: Path
    url: str = ""
    import_seconds: float = 0.0
    tills: int = 0
    steps: dict[str, Samples] = field(default_factory=dict)

    def hq(self, *words: str) -> str:
        command = [sys.executable, "-m", "posapp", "hq", *words, "--data", str(self.folder / "hq")]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def fresh_till(self, carrier: Carrier | None = None) -> float:
        """A till with nothing takes everything in and books its first scan; the seconds, and those of its steps."""
        self.tills += 1
        data, state = self.folder / f"till{self.tills}", self.folder / f"state{self.tills}"
        told = json.loads(self.hq("till", "add", "1", str(self.tills), "--json"))
        enrol_till(state, self.url, told["code"], over_http(), system_chance)
        moments = [time.perf_counter()]
        till = Till(data, state, SystemClock(), system_chance, carrier or over_http())
        moments.append(time.perf_counter())
        till.sync()
        moments.append(time.perf_counter())
        till.sign_in(*CASHIER)
        till.open_shift(Money(20_000))
        till.scan(code(17))
        moments.append(time.perf_counter())
        till.close()
        for name, start, end in zip(("open", "pull", "sign in to first scan"), moments, moments[1:], strict=False):
            self.steps.setdefault(name, Samples()).append(end - start)
        return moments[-1] - moments[0]


@contextmanager
def served(folder: Path, products: Path) -> Iterator[Office]:
    """An office that takes over a file while it is being served."""
    office = Office(folder)
    office.hq("store", "add", "1", "示范店")
    office.hq("clerk", "add", CASHIER[0], "林小满", "--role", "cashier", "--pin", CASHIER[1])
    words = ("posapp", "hq", "serve", "--port", "0", "--data", str(folder / "hq"))
    with serving(*words, log=folder / "hq.err") as office.url:
        start = time.perf_counter()
        office.hq("import", "products", str(products))
        office.import_seconds = time.perf_counter() - start
        yield office


class Counting:
    """Carries requests as over_http() does, and counts the bytes of the answers on the wire."""

    def __init__(self, url: str) -> None:
        self._line = Line(url)
        self.received = 0

    def __call__(self, request: Request) -> Answer:
        request.headers["Accept-Encoding"] = "gzip"
        status, body = self._line.send(request)
        self.received += len(body)
        return Answer(status, gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)

    def close(self) -> None:
        self._line.close()


@pytest.mark.timeout(600)
def test_a_fresh_till_sells_a_small_catalogue(tmp_path: Path) -> None:
    bare = Bare(6_000, tmp_path)
    with served(tmp_path, bare.file) as office:
        missed = fill_tills(office, bare)
    if missed:
        pytest.xfail(f"goal 7 comes with a later issue; now {missed}")


@pytest.mark.timeout(600)
def test_a_fresh_till_sells_a_large_catalogue_and_starts_again(tmp_path: Path) -> None:
    bare = Bare(LARGEST, tmp_path)
    with served(tmp_path, bare.file) as office:
        missed = fill_tills(office, bare)
    start_again(office)
    if missed:
        pytest.xfail(f"goal 7 comes with a later issue; now {missed}")


def fill_tills(office: Office, bare: Bare) -> dict[str, float]:
    """What of goal 7 is missed."""
    counting = Counting(office.url)
    office.fresh_till(counting)
    counting.close()
    office.steps.clear()
    taken = race(
        ROUNDS,
        {
            "fresh till to first scan": office.fresh_till,
            "bare": timed(bare.load),
            "bare file": timed(bare.load_file),
            CANARY: canary(office.folder),
        },
        warm_up=0,
    )
    show(f"{bare.size} articles from HQ to a fresh till", taken, against=("bare",))
    show("The steps of the fresh till", office.steps)
    factor = office.import_seconds / taken["bare file"].median
    note(f"import at HQ {office.import_seconds:.2f} s, {factor:.1f} x bare decode + insert of the file")
    wire = counting.received / len(bare.wire)
    note(f"wire {counting.received} bytes, {wire:.2f} x zstd of arrays ({len(bare.wire)} bytes)")
    till = ratio(taken["fresh till to first scan"], taken["bare"])
    return {name: value for name, value, goal in (("till", till, GOAL), ("wire", wire, WIRE_GOAL)) if value > goal}


def start_again(office: Office) -> None:
    """A figure without a goal of its own: goal 6 is about the window."""
    where = ("--data", str(office.folder / "till1"), "--state", str(office.folder / "state1"))
    scan = ["network off", f"sign-in {' '.join(CASHIER)}", f"scan {code(4711)}"]
    # As installed: with the interpreter's cache of compiled modules, whatever the caller's own setting is.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(office.folder / "compiled")

    def imports() -> None:
        subprocess.run([sys.executable, "-c", "import sqlalchemy, sqlcipher3"], cwd=ROOT, env=environment, check=True)

    taken = race(
        STARTS,
        {
            "to the first answer": lambda: answered(["status"], where, environment),
            "to the first scan": lambda: answered(scan, where, environment),
            "imports": timed(imports),
            CANARY: canary(office.folder),
        },
    )
    show(f"Cold start of posapp script, {LARGEST} articles", taken, against=("imports",))


def answered(verbs: Sequence[str], where: Sequence[str], environment: Mapping[str, str]) -> float:
    """The seconds from the start of the program to its answer to the last of the verbs."""
    command = [sys.executable, "-m", "posapp", "script", *where]
    start = time.perf_counter()
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdin
        assert child.stdout
        child.stdin.write("\n".join([*verbs, ""]).encode())
        child.stdin.flush()
        answers = [child.stdout.readline() for _ in verbs]
        seconds = time.perf_counter() - start
        child.stdin.close()
    assert all(b'"ok":true' in answer for answer in answers), answers
    return seconds

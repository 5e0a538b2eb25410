"""Goal 4: finding an article by any of its codes among a million, against one prepared point query."""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlcipher3.dbapi2 as sqlcipher

from posapp.catalog.articles import Articles, apply_catalogue, apply_prices
from posapp.chain import canonical
from posapp.db import Folder
from posapp.ids import Chance, seeded_chance
from posapp.messages import PAGE_ROWS
from posapp.streams import ArticleRow, FeedRow, PriceRow
from tests.benchmarks.measure import CANARY, Sample, Samples, canary, note, race, ratio, show

SIZES = (100_000, 1_000_000)
GOAL = 3.0
BLOCK = 20
ROUNDS = 400
WARM_UP = 600
NOW = 1_795_305_600_000

_POINT = "SELECT name, price FROM product WHERE barcode = ?"


def barcode(n: int) -> str:
    """Thirteen digits with gaps; in order, as HQ's feed sends them."""
    return f"69{n * 7_919:011}"


def alias(n: int) -> str:
    return f"A{n * 48_271 % 1_000_003:07}"


def article_row(n: int) -> ArticleRow:
    codes = [(barcode(n), 0), *([(alias(n), 1)] if n % 10 == 0 else [])]
    return ArticleRow(f"商品 名称 {n:07}", "个", "0.13", codes, category="饮料", spec="500ml")


def fill(folder: Folder, start: int, end: int) -> float:
    """Feed pages of the catalogue and of the prices, as sync takes them in; the seconds that took."""
    seconds = 0.0
    for first in range(start, end, PAGE_ROWS):
        numbers = range(first, min(end, first + PAGE_ROWS))
        articles = [FeedRow("chain", barcode(n), msgspec.Raw(canonical(article_row(n)))) for n in numbers]
        prices = [
            FeedRow("chain", f"{barcode(n)}@0", msgspec.Raw(canonical(PriceRow(barcode(n), 100 + n % 9900, 0, 1))))
            for n in numbers
        ]
        begun = time.perf_counter()
        with folder.feed.transaction() as conn:
            apply_catalogue(conn, articles)
        with folder.feed.transaction() as conn:
            apply_prices(conn, prices)
        seconds += time.perf_counter() - begun
    return seconds


class Raw:
    """The reference: a plain file, one table, one index, one prepared statement."""

    def __init__(self, driver: Any, path: Path) -> None:
        self.connection = driver.connect(str(path), isolation_level=None)
        for pragma in ("journal_mode = WAL", "cache_size = -64000"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.execute(
            "CREATE TABLE product (id INTEGER PRIMARY KEY, barcode TEXT NOT NULL UNIQUE,"
            " name TEXT NOT NULL, price INTEGER NOT NULL)"
        )
        self.cursor = self.connection.cursor()

    def fill(self, start: int, end: int) -> None:
        rows = ((n, barcode(n), f"商品 名称 {n:07}", 100 + n % 9900) for n in range(start, end))
        self.connection.execute("BEGIN")
        self.connection.executemany("INSERT INTO product VALUES (?, ?, ?, ?)", rows)
        self.connection.execute("COMMIT")

    def find(self, code: str) -> Any:
        return self.cursor.execute(_POINT, (code,)).fetchone()


def picked(chance: Chance, size: int, code: Callable[[int], str], step: int = 1) -> Iterator[str]:
    while True:
        yield code(int.from_bytes(chance(6), "big") % (size // step) * step)


def looking(find: Callable[[str], Any], codes: Iterator[str], kept: Samples) -> Sample:
    """A block of look-ups, one after the other and each timed by itself; the seconds of the whole block."""

    def sample() -> float:
        clock, whole = time.perf_counter, 0.0
        for code in list(itertools.islice(codes, BLOCK)):
            start = clock()
            found = find(code)
            seconds = clock() - start
            assert found
            kept.append(seconds)
            whole += seconds
        return whole

    return sample


@pytest.mark.timeout(600)
def test_a_code_is_found_within_three_point_queries(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "till", bytes(range(32)))
    raw, stdlib = Raw(sqlcipher, tmp_path / "raw.db"), Raw(sqlite3, tmp_path / "stdlib.db")
    ratios: dict[str, float] = {}
    filled = 0
    for size in SIZES:
        seconds = fill(folder, filled, size)
        for reference in (raw, stdlib):
            reference.fill(filled, size)
        print(f"\nFilled {size - filled} articles and prices in {seconds:.1f} s", end="")
        print(f", {(size - filled) / seconds:.0f} articles/s; feed.db {_megabytes(folder.feed.path)} MB")
        filled = size
        articles = Articles(folder.feed)
        ratios |= lookups(articles, raw, stdlib, size, tmp_path)
        articles.close()
    folder.close()
    assert {name: value for name, value in ratios.items() if value > GOAL} == {}


def lookups(articles: Articles, raw: Raw, stdlib: Raw, size: int, folder: Path) -> dict[str, float]:
    """The ratios to the point query that the goal is about."""

    def find(code: str) -> Any:
        return articles.find(code, NOW)

    def upc(n: int) -> str:
        """A code as another scanner reads it: two statements."""
        return "0" + barcode(n)

    kinds: dict[str, tuple[Callable[[str], Any], Callable[[int], str], int]] = {
        "barcode": (find, barcode, 1),
        "alias": (find, alias, 10),
        "other spelling": (find, upc, 1),
        "raw": (raw.find, barcode, 1),
        "raw stdlib": (stdlib.find, barcode, 1),
    }
    taken = {name: Samples() for name in kinds}
    contestants = {
        name: looking(work, picked(seeded_chance(size), size, code, step), taken[name])
        for name, (work, code, step) in kinds.items()
    }
    machine = race(ROUNDS, {**contestants, CANARY: canary(folder)}, warm_up=WARM_UP)
    for samples in taken.values():
        del samples[: WARM_UP * BLOCK]
    show(f"Look-up among {size} articles", taken, against=("raw", "raw stdlib"))
    note(f"canary fsync: median {machine['canary fsync'].median * 1e3:.2f} ms")
    return {f"{name} of {size}": ratio(taken[name], taken["raw"]) for name in ("barcode", "alias")}


def _megabytes(path: Path) -> int:
    return sum(part.stat().st_size for part in path.parent.glob(path.name + "*")) >> 20

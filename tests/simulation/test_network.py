"""Till and HQ over a bad line: requests and replies lost, doubled, late and torn; HQ set back; tills restored."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from posapp.clock import HOUR, MINUTE, SimulatedClock, SystemClock
from posapp.errors import PosError
from posapp.hq import tables
from posapp.hq.database import open_database
from posapp.hq.enrol import revoke
from posapp.hq.project import project
from posapp.hq.server import create_app
from posapp.ids import Chance, seeded_chance
from posapp.keys import HqKeys
from posapp.streams import ArticleRow, PriceRow
from posapp.till import Till
from posapp.verify import verify
from tests.faults import FaultyNetwork
from tests.shop import CASHIER, URL, Chain, last, open_chain, play, refused, sales_of

BUN, MILK = "6900000000011", "6900000000028"


@pytest.fixture(params=["sqlite", "postgresql"])
def chain(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Chain]:
    """A chain on each of the two databases."""
    where = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    with open_chain(tmp_path, where) as opened:
        yield opened


def sell(till: Till, count: int, chance: Chance) -> list[str]:
    """Ring up some sales; their receipt numbers."""
    receipts = []
    for _ in range(count):
        pieces = chance(1)[0] % 5 + 1
        receipts.append(str(last(till, f"scan {pieces}*{BUN}", f"scan {MILK}", "pay cash 100")["receipt"]))
    return receipts


def at_hq(chain: Chain) -> list[str]:
    """Receipt numbers of every sale HQ holds, sorted; one that was counted twice stands there twice."""
    while project(chain.database, chain.clock) != 0:  # None: HQ's own projector is at it
        pass
    with chain.database.reading() as conn:
        assert not conn.execute(select(tables.quarantine.c.code)).all()
        return sorted(conn.scalars(select(tables.sale.c.receipt)))


def try_sync(till: Till) -> None:
    """A round that may fail, but only in a way the cashier is told of."""
    with suppress(PosError):
        till.sync()


@pytest.mark.parametrize("seed", range(4))
def test_every_sale_reaches_hq_exactly_once_over_a_bad_line(chain: Chain, seed: int) -> None:
    chance = seeded_chance(seed)
    lines, sold, tills = [], [], []
    for number in (1, 2):
        till = chain.till(number)
        line = FaultyNetwork(chain.carry, chance)
        till.client._carrier = line
        tills.append(till)
        lines.append(line)
    for _ in range(12):
        for till in tills:
            sold += sell(till, chance(1)[0] % 3, chance)
            try_sync(till)
            chain.clock.set(chain.clock.now_ms() + MINUTE)
    for till, line in zip(tills, lines, strict=True):
        line.heal()
        till.sync()
        assert last(till, "status")["unsent"] == 0
    assert at_hq(chain) == sorted(sold)
    assert sum(sum(line.met.values()) for line in lines) > 10


def test_an_hq_set_back_to_yesterday_gets_everything_again(tmp_path: Path) -> None:
    chance = seeded_chance(5)
    with open_chain(tmp_path) as chain:
        till = chain.till()
        sold = sell(till, 3, chance)
        till.sync()
        chain.database.close()
        kept = tmp_path / "yesterday.db"
        shutil.copy(tmp_path / "hq.db", kept)
        for suffix in ("-wal", "-shm"):
            if (tmp_path / f"hq.db{suffix}").exists():
                shutil.copy(tmp_path / f"hq.db{suffix}", f"{kept}{suffix}")
        sold += sell(till, 3, chance)
        offer(chain, "LOST")
        till.sync()
        assert last(till, "scan LOST", "cancel")["ok"]
        data, state = chain.enrol(2)  # enrolled after the backup: its certificate is all that says so
        late = chain.open(data, state)
        late.sync()
        keys = HqKeys(chain.keys.chain, "later", chain.keys.certificate, chain.keys.box, chain.keys.token)
        restored = open_database(kept)
        http = chain.http
        with TestClient(create_app(restored, keys, chain.clock, chain.chance), base_url=URL) as client:
            chain.http = client
            sold += sell(till, 1, chance)
            till.sync()
            late.sync()
            play(late, f"sign-in {' '.join(CASHIER)}", "open-shift 0")
            sold += sell(late, 1, chance)
            late.sync()
            chain.database = restored
            assert at_hq(chain) == sorted(sold)
            # what HQ no longer knows is gone, and what it says now arrives although its numbers were used before
            assert refused(till, "scan LOST") == "unknown_code"
            offer(chain, "NEW")
            till.sync()
            assert last(till, "scan NEW")["ok"]
            assert last(till, f"scan {BUN}")["ok"]
        chain.http = http
        restored.close()


def offer(chain: Chain, code: str) -> None:
    chain.publish("catalogue", {("chain", code): ArticleRow(code, "个", "0.13", [(code, 0)])})
    chain.publish("prices", {("chain", f"{code}@0"): PriceRow(code, 100, 0, 1)})


def copy_folder(data: Path, to: Path) -> None:
    shutil.copytree(data, to, ignore=shutil.ignore_patterns("*.lock"))


def test_a_folder_copied_back_over_a_newer_one_opens_a_new_journal(chain: Chain) -> None:
    chance = seeded_chance(6)
    till = chain.till()
    sold = sell(till, 2, chance)
    data, state = till.folder.path, chain.folder / "state1"
    chain.shut(till)
    copy_folder(data, chain.folder / "older")
    till = chain.open(data, state)
    play(till, f"sign-in {' '.join(CASHIER)}")
    sold += sell(till, 2, chance)
    till.sync()
    chain.shut(till)
    shutil.rmtree(data)
    copy_folder(chain.folder / "older", data)
    till = chain.open(data, state)
    assert till.journal.head.epoch == 2
    play(till, f"sign-in {' '.join(CASHIER)}")
    new = sell(till, 2, chance)
    assert all(receipt.split("-")[1].startswith("B") for receipt in new)
    till.sync()
    assert at_hq(chain) == sorted(sold + new)


@pytest.mark.parametrize("first_to_sync", [0, 1])
def test_two_copies_of_a_till_that_both_sell_lose_and_double_nothing(chain: Chain, first_to_sync: int) -> None:
    """The mark is copied too, so that only HQ can tell: the second journal parts from the first."""
    chance = seeded_chance(7)
    till = chain.till()
    sold = sell(till, 3, chance)
    till.sync()
    sold += sell(till, 1, chance)
    data, state = till.folder.path, chain.folder / "state1"
    chain.shut(till)
    copy_folder(data, chain.folder / "clone")
    copy_folder(state, chain.folder / "clone-state")
    copies = [chain.open(data, state), chain.open(chain.folder / "clone", chain.folder / "clone-state")]
    for copy in copies:
        play(copy, f"sign-in {' '.join(CASHIER)}")
        sold += sell(copy, 3, chance)
    for copy in (copies[first_to_sync], copies[1 - first_to_sync], *copies):
        copy.sync()
        sold += sell(copy, 1, chance)
    for copy in (*copies, *copies):
        copy.sync()
        verify(copy.folder, copy.keys.hq_key)
        assert last(copy, "status")["unsent"] == 0
    assert at_hq(chain) == sorted(sold)
    with chain.database.reading() as conn:
        flags = set(conn.scalars(select(tables.flag.c.kind)))
    assert "identity_conflict" not in flags


def test_the_till_goes_by_hqs_clock_and_sells_on_with_a_wrong_one(tmp_path: Path) -> None:
    with open_chain(tmp_path) as chain:
        till = chain.till()
        real = SystemClock().now_ms()
        chain.http.app.state.hq.clock = SystemClock()  # type: ignore[attr-defined]
        assert isinstance(till.clock, SimulatedClock)
        till.clock.set(real - 3 * HOUR)
        sold = sell(till, 1, chain.chance)
        till.sync()
        assert abs(till.journal.now_ms() - SystemClock().now_ms()) < 10_000
        sold += sell(till, 1, chain.chance)
        till.sync()
        assert at_hq(chain) == sorted(sold)
        assert len(sales_of(till)) == 2


def test_a_revoked_till_is_told_so_and_goes_on_selling(chain: Chain) -> None:
    till = chain.till()
    revoke(chain.database, 1, 1)
    with pytest.raises(PosError) as refused:
        till.sync()
    assert refused.value.code == "revoked"
    assert "receipt" in last(till, f"scan {BUN}", "pay cash 10")
    assert "停用" in str(last(till, "status")["trouble"])

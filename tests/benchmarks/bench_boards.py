"""The boards of a chain of 20 stores with half a million tickets, late, offline and reversed ones among them: every
figure against an independent recount in SQL, and what each board's question takes on PostgreSQL.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from posapp.clock import SimulatedClock
from posapp.hq.database import Database, open_database
from posapp.hq.figures import boards, tally
from posapp.hq.figures.changes import Places
from posapp.hq.figures.classify import day_of
from posapp.hq.figures.stream import board_rows, contacts
from posapp.hq.figures.tables import fact, tally_day
from posapp.hq.figures.tally import Standing
from posapp.hq.members.staff import accounts
from posapp.hq.rewards.scores import scores_of
from posapp.hq.tables import entry, refund
from tests import postgres
from tests.benchmarks.measure import Samples, note, show, timed
from tests.generated import FIRST, Made
from tests.recounted import Recount

STORES, DAYS = 20, 100
TICKETS = int(os.environ.get("BENCH_TICKETS", "500000"))
GOAL_S = 0.3
pytestmark = pytest.mark.timeout(3 * 3_600)
ROUNDS = 60
SINCE, UNTIL = FIRST.isoformat(), (FIRST + dt.timedelta(days=DAYS + 20)).isoformat()
LAST = (FIRST + dt.timedelta(days=DAYS - 1)).isoformat()
MONTH = (FIRST + dt.timedelta(days=DAYS - 30)).isoformat()


@pytest.fixture(scope="module")
def made() -> Iterator[Made]:
    if postgres.binaries() is None:
        pytest.skip("no PostgreSQL on this machine")
    with postgres.cluster() as cluster, postgres.fresh_database(cluster) as url:
        database = open_database(url)
        chain = Made(database, SimulatedClock(), stores=STORES, days=DAYS, tickets=TICKETS)
        start = time.perf_counter()
        chain.run()
        show_chain(database, chain, time.perf_counter() - start)
        yield chain
        database.close()


def show_chain(database: Database, chain: Made, seconds: float) -> None:
    with database.reading() as conn:
        entries = conn.scalar(select(func.count()).select_from(entry))
        voids = conn.scalar(select(func.count()).where(refund.c.kind == "void"))
        backs = conn.scalar(select(func.count()).where(refund.c.kind == "refund"))
        late = conn.scalar(select(func.count()).where(fact.c.late == 1))
        states = boards.state_of(conn, SINCE, UNTIL)
    print(f"\na chain of {STORES} stores, {DAYS} days: {chain.sold:,} tickets in {entries:,} entries")
    note(f"{voids:,} voided, {backs:,} given back in part, {late:,} came when their day was final")
    note(f"{chain.people:,} members, {len(chain.merged) // 2:,} pairs of them merged; store-days {states}")
    note(f"made, taken in, projected and counted day by day in {seconds:.0f} s, of it counting {chain.counted_s:.0f} s")


def test_every_figure_is_what_independent_sql_says(made: Made) -> None:
    start, compared = time.perf_counter(), 0
    with made.database.transaction() as conn:
        recount = Recount(made.database, conn)
        found = {
            (str(number), part.key): part.figures
            for number in range(1, STORES + 1)
            for part in boards.by(conn, "date", SINCE, UNTIL, store=number)
        }
        wanted = recount.by("store", "date")
        assert found == wanted
        compared += len(wanted)
        for cut in boards.CUTS:
            parts = {(part.key,): part.figures for part in boards.by(conn, cut, SINCE, UNTIL)}
            assert parts == recount.by(cut), cut
            compared += len(parts)
    note(f"{compared:,} sets of 17 figures are what SQL over the raw tables says ({time.perf_counter() - start:.0f} s)")


def questions(conn: Connection, now: int) -> dict[str, Callable[[], object]]:
    places = Places(conn)
    settings, tills = places.settings(7), contacts(conn)[7]
    turns = int(settings.cutover_hour)
    asked: dict[str, Callable[[], object]] = {
        f"a store's {DAYS} days by {cut}": lambda cut=cut: boards.by(conn, cut, SINCE, LAST, store=7)  # type: ignore[misc]
        for cut in ("date", "clerk", "hour", "channel")
    }
    asked |= {
        f"the chain's {DAYS} days by {cut}": lambda cut=cut: boards.by(conn, cut, SINCE, LAST)  # type: ignore[misc]
        for cut in boards.CUTS
    }
    asked |= {
        "the funnel of the chain, 30 days": lambda: boards.funnel(boards.sums(conn, MONTH, LAST)),
        "the wall of stores with their data's age": lambda: boards.stores(conn, now),
        "how 30 days stand": lambda: boards.standings(conn, MONTH, LAST),
        "opening the chain's walk-in tickets, 30 days": lambda: boards.open_figure(conn, "walk_ins", MONTH, LAST),
        "opening a clerk's converted tickets, a day": lambda: boards.open_figure(
            conn, "conversion", LAST, LAST, store=7, axis="clerk", key="71"
        ),
        "opening the chain's joins, 100 days": lambda: boards.open_figure(conn, "joins", SINCE, LAST),
        "a store's rows for its tills (9 days)": lambda: board_rows(conn, 7, LAST, turns, 25, tills, scores_of),
    }
    return asked


def test_each_board_answers_at_once(made: Made) -> None:
    slow = {}
    with made.database.transaction() as conn:
        for name, ask in questions(conn, made.clock.now_ms()).items():
            sample = timed(ask)
            sample()
            samples = Samples(sample() for _ in range(ROUNDS))
            print(f"  {name:<48} median {samples.median * 1e3:7.1f} ms   p95 {samples.share(0.95) * 1e3:7.1f} ms")
            if samples.share(0.95) >= GOAL_S:
                slow[name] = samples.share(0.95)
    assert slow == {}


def test_a_store_day_is_worked_out_anew_at_once(made: Made) -> None:
    """What each look of the worker costs, beside a day that was sold out; nothing is another, so nothing is written."""
    with made.database.transaction() as conn:
        places, staff = Places(conn), accounts(conn)
        day = day_of(7, LAST, places.settings(7))
        standing = Standing(day.freezes - 1, True, False)
        conn.execute(tally_day.update().where(tally_day.c.date == LAST).values(frozen=0))
        tally.recount(conn, day, staff, standing)
        samples = Samples(timed(lambda: tally.recount(conn, day, staff, standing))() for _ in range(ROUNDS))
        tickets = conn.scalar(select(func.count()).where(fact.c.store == 7, fact.c.date == LAST))
        conn.rollback()
    show(f"a store-day of {tickets} tickets worked out anew", {"recount": samples})
    assert samples.share(0.95) < GOAL_S


def test_a_small_chain_on_sqlite_says_the_same(tmp_path: Path) -> None:
    database = open_database(tmp_path / "hq.db")
    Made(database, SimulatedClock(), stores=2, days=30, tickets=10_000, trouble=0.1).run()
    with database.transaction() as conn:
        recount = Recount(database, conn)
        for cut in boards.CUTS:
            assert {(part.key,): part.figures for part in boards.by(conn, cut, SINCE, UNTIL)} == recount.by(cut)
    database.close()

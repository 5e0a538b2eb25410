"""HQ for tests: on an SQLite file and on a real PostgreSQL, with a clock and chance of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp.hq.database import Database, open_database
from posapp.ids import seeded_chance
from posapp.keys import HqKeys
from tests import postgres
from tests.hq.browsing import Site, serving_pages
from tests.hq.shop import Shop, TestClock
from tests.hq.texting import Texting


@pytest.fixture(scope="session")
def pg_cluster() -> Iterator[str]:
    if postgres.binaries() is None:
        pytest.skip("no PostgreSQL on this machine")
    with postgres.cluster() as folder:
        yield folder


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "hq.db")
    else:
        with postgres.fresh_database(request.getfixturevalue("pg_cluster")) as url:
            yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def keys() -> HqKeys:
    return HqKeys.fresh(seeded_chance(1))


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def shop(database: Database, keys: HqKeys, clock: TestClock) -> Iterator[Shop]:
    """HQ's app with its projector running, store 1, and tills as the test wants them."""
    with Shop(database, keys, clock) as shop:
        yield shop


@pytest.fixture
def pg_url(pg_cluster: str) -> Iterator[str]:
    with postgres.fresh_database(pg_cluster) as url:
        yield url


@pytest.fixture
def texting(database: Database, keys: HqKeys, clock: TestClock, tmp_path: Path) -> Iterator[Texting]:
    """HQ's text messages with a simulated provider; nothing is sent before the test says so."""
    opened = Texting(database, keys, clock, tmp_path)
    yield opened
    opened.provider.close()


@pytest.fixture
def site(database: Database, keys: HqKeys, clock: TestClock, texting: Texting, tmp_path: Path) -> Iterator[Site]:
    """The customer's pages, on a real socket."""
    with serving_pages(database, keys, clock, texting, tmp_path) as opened:
        yield opened

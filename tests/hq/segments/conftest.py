"""A little chain on both databases."""

from __future__ import annotations

import pytest

from posapp.hq.database import Database
from posapp.keys import HqKeys
from tests.hq.segments.little import Little, timeline
from tests.hq.shop import TestClock


@pytest.fixture
def database_url(database_url: str) -> str:
    timeline()
    return database_url


@pytest.fixture
def little(database: Database, keys: HqKeys, clock: TestClock) -> Little:
    return Little(database, keys, clock)

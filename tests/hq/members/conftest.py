"""A desk for members on both databases."""

from __future__ import annotations

import pytest

from posapp.hq.database import Database
from posapp.keys import HqKeys
from tests.hq.members.desk import Desk
from tests.hq.shop import TestClock


@pytest.fixture
def desk(database: Database, keys: HqKeys, clock: TestClock) -> Desk:
    return Desk(database, keys, clock)

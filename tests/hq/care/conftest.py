"""A salon on both databases."""

from __future__ import annotations

import pytest

from posapp.hq.database import Database
from posapp.keys import HqKeys
from tests.hq.care.salon import Salon
from tests.hq.members.desk import Desk
from tests.hq.shop import Shop, TestClock


@pytest.fixture
def salon(database: Database, keys: HqKeys, clock: TestClock, shop: Shop) -> Salon:
    return Salon(Desk(database, keys, clock), shop)

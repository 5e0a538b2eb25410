"""Dormant members on both databases."""

from __future__ import annotations

import pytest

from posapp.hq.database import Database
from posapp.keys import HqKeys
from tests.hq.flows.dormant import Dormant


@pytest.fixture
def dormant(database: Database, keys: HqKeys) -> Dormant:
    return Dormant(database, keys)

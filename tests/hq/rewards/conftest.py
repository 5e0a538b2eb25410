"""A chain with a till on either database, and two clerks whom customers join by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp.till import Till
from tests.hq.rewards.house import House
from tests.shop import Chain, open_chain


@pytest.fixture
def chain(tmp_path: Path, database_url: str) -> Iterator[Chain]:
    with open_chain(tmp_path, database_url) as opened:
        yield opened


@pytest.fixture
def house(chain: Chain, till: Till) -> House:
    return House(chain, till)

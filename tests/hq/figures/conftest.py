"""A shop on either database whose figures are counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shop import Chain, open_chain


@pytest.fixture
def shop(tmp_path: Path, database_url: str) -> Iterator[Chain]:
    with open_chain(tmp_path, database_url) as chain:
        yield chain

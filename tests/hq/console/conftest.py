"""One chain and one HQ process for all tests of the console."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.hq.console.house import House, build, chromium, served


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The chain of house.py behind a real HQ."""
    folder: Path = tmp_path_factory.mktemp("console") / "hq"
    build(folder)
    with served(folder) as url:
        yield House(folder, url)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened

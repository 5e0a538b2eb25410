"""One chain and one HQ process for all tests of the console."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.hq.console.house import House, build, chromium, served
from tests.hq.console.visitor import SLOW_MS, Visit, Visitor


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


@pytest.fixture
def visit(house: House, browser: Browser) -> Iterator[Visit]:
    """Lets somebody in; at the end no page broke, and nothing was loaded from elsewhere."""
    expect.set_options(timeout=SLOW_MS)
    opened: list[Visitor] = []

    def enter(name: str) -> Visitor:
        opened.append(Visitor(house, browser, name))
        return opened[-1]

    yield enter
    for one in opened:
        assert one.broken == []
        assert {url.split("/")[2] for url in one.asked if url.startswith("http")} == {house.url.split("/")[2]}
        one.context.close()

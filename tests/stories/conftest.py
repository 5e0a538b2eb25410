"""Puts cashiers in front of tills."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from posapp.till import Till
from posapp.ui import theme
from tests.stories.counter import Counter


@pytest.fixture
def stand(qapp: QApplication, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[Till], Counter]]:
    """Puts a cashier in front of a till; whatever the program has to confess fails the test."""
    theme.dress(qapp, theme.LIGHT)
    standing: list[Counter] = []

    def made(till: Till) -> Counter:
        standing.append(Counter(till))
        return standing[-1]

    yield made
    for counter in standing:
        counter.app.close()
    # Windows go here and now: what is left to Python's tidying up may go in a thread of HQ's, and Qt dies of it.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    standing.clear()
    gc.collect()
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.fixture
def counter(stand: Callable[[Till], Counter], till: Till) -> Counter:
    return stand(till)

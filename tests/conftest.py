"""Fixtures every room's tests share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from posapp.till import Till
from tests import postgres
from tests.shop import Chain, open_chain

_DEFERRED_DELETE = 52
"""QEvent.Type.DeferredDelete, said without loading Qt for the tests that need none."""

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # without a screen Qt would end the whole run


@pytest.fixture(autouse=True)
def _no_window_is_left() -> Iterator[None]:
    """What a test has put away goes now: without a running event loop Qt would keep it, and dress it, for ever."""
    yield
    if widgets := sys.modules.get("PySide6.QtWidgets"):
        app = widgets.QApplication.instance()
        if app is not None:
            app.sendPostedEvents(None, _DEFERRED_DELETE)


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with open_chain(tmp_path) as opened:
        yield opened


@pytest.fixture
def till(chain: Chain) -> Till:
    """A till ready to sell."""
    return chain.till()


@pytest.fixture(scope="session")
def pg_cluster() -> Iterator[str]:
    if postgres.binaries() is None:
        pytest.skip("no PostgreSQL on this machine; `make system` as root installs it")
    with postgres.cluster() as folder:
        yield folder


@pytest.fixture
def postgres_url(pg_cluster: str) -> Iterator[str]:
    with postgres.fresh_database(pg_cluster) as url:
        yield url

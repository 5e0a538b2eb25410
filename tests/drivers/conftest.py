"""Cables are pulled when a test is over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.drivers.serial_cable import Cable


@pytest.fixture(autouse=True)
def no_cable_is_left() -> Iterator[None]:
    yield
    for cable in list(Cable.plugged):
        cable.unplug()

"""Workers that are woken: what comes together is done together, one that worked rests, one that failed tries again."""

from __future__ import annotations

import time

import pytest

from posapp.hq import woken
from posapp.hq.woken import Stepping
from tests.hq.shop import wait_until


class Worker(Stepping):
    """Keeps when it looked, and what it is told to do at a look."""

    def __init__(self, takes_s: float = 0, fails: int = 0) -> None:
        super().__init__("worker")
        self.looks: list[float] = []
        self._takes_s, self._fails = takes_s, fails

    def step(self) -> bool:
        self.looks.append(time.monotonic())
        if len(self.looks) <= self._fails:
            raise RuntimeError("it fails on purpose")
        time.sleep(self._takes_s)
        return False


def looks_of(worker: Worker, count: int) -> list[float]:
    """The instants of its first looks, while it is woken all the time."""
    worker.start()
    try:
        while len(worker.looks) < count:
            worker.wake()
            time.sleep(0.01)
        return worker.looks[:count]
    finally:
        worker.stop()


def test_what_comes_together_is_done_together() -> None:
    first, second = looks_of(Worker(), 2)
    assert second - first >= woken.LONGEST_GATHER_S  # woken all the time, it waits no longer than that


def test_one_that_was_woken_once_looks_soon() -> None:
    worker = Worker()
    worker.start()
    wait_until(lambda: len(worker.looks) == 1)
    start = time.monotonic()
    worker.wake()
    wait_until(lambda: len(worker.looks) == 2)
    worker.stop()
    assert worker.looks[1] - start >= worker.gathers_s


def test_one_that_has_worked_rests_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(woken, "LONGEST_GATHER_S", 0.01)
    first, second = looks_of(Worker(takes_s=0.1), 2)
    assert second - first >= 0.1 * (1 + woken.REST)


def test_one_for_whom_tills_wait_does_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(woken, "REST", 200)
    worker = Worker(takes_s=0.05)
    worker.gathers_s = 0
    looks = looks_of(worker, 5)
    assert looks[-1] - looks[0] < 0.05 * woken.REST  # one rest alone


def test_one_that_failed_tries_again_and_does_not_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(woken, "REST", 200)
    monkeypatch.setattr(woken, "LONGEST_GATHER_S", 0.01)
    monkeypatch.setattr(woken, "LOOK_S", 0.2)
    first, second = looks_of(Worker(fails=1), 2)
    assert second - first < woken.LONGEST_REST_S

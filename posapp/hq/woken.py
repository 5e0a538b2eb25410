"""Threads of the server that work when they are woken; stop() waits for the step at hand."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from posapp import log

LOOK_S = 1.0
LONGEST_GATHER_S, LONGEST_REST_S = 2.0, 30.0
REST = 8
"""So many times as long as it has worked a worker rests: taking in what tills send goes before counting it."""


class Woken(ABC):
    """_run() goes on until _stopping is set, and waits for _woken in between."""

    def __init__(self, name: str) -> None:
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._woken.set()
        self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopping.set()
        self._woken.set()
        self._thread.join()

    @abstractmethod
    def _run(self) -> None: ...


class Stepping(Woken):
    """Looks once a second even if nobody wakes it: claims wait for sales, lives end and days turn by themselves.

    One that is woken first waits until nothing more has come for gathers_s, so that what comes together is done
    together; and having worked it rests. on_work: hears of each step that did something. gathers_s 0: neither.
    """

    gathers_s: float = 0.2

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.on_work: Callable[[], object] = lambda: None

    @abstractmethod
    def step(self) -> bool:
        """Do some of what there is; whether there may be more."""

    def rest(self) -> None:
        """What is looked after when no step is left."""

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._woken.wait(LOOK_S):
                self._gather()
            self._woken.clear()
            begun = time.monotonic()
            try:
                while not self._stopping.is_set() and self.step():
                    self.on_work()
                if not self._stopping.is_set():
                    self.rest()
            except Exception:  # noqa: BLE001  (logged whole; one that dies would stop whatever follows it)
                log.named(f"hq.{self._thread.name}").exception("what waits could not be done; trying again in a second")
                self._stopping.wait(LOOK_S)
                continue
            if self.gathers_s:
                self._stopping.wait(min(REST * (time.monotonic() - begun), LONGEST_REST_S))

    def _gather(self) -> None:
        until = time.monotonic() + LONGEST_GATHER_S
        while self.gathers_s and time.monotonic() < until and not self._stopping.is_set():
            self._woken.clear()
            if not self._woken.wait(self.gathers_s):
                return

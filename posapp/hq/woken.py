"""A thread of the server that works when it is woken; stop() waits for the step at hand."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod


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

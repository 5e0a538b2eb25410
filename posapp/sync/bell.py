"""HQ's bell: a long poll in a thread of its own, so that news are here in a second and nobody asks every second."""

from __future__ import annotations

import threading
from collections.abc import Callable

from posapp import db, log
from posapp.errors import PosError
from posapp.sync.client import Client
from posapp.sync.pull import cursors

RETRY_S = 5.0

_log = log.named("sync")


class Bell:
    """rung: called from its thread when a stream has something new. It is never waited for: HQ may hold its answer.

    is_well: HQ answered last.
    """

    def __init__(self, folder: db.Folder, client: Client, streams: tuple[str, ...], rung: Callable[[], object]) -> None:
        self._folder = folder
        self._client = client
        self._streams = streams
        self._rung = rung
        self._stopping = threading.Event()
        self.is_well = False

    def start(self) -> None:
        threading.Thread(target=self._run, name="bell", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def _cursors(self) -> dict[str, str]:
        return cursors(self._folder, self._streams)

    def _run(self) -> None:
        heard: dict[str, str] = {}
        while not self._stopping.is_set():
            try:
                read = self._cursors()
                if read == heard:  # what was rung for has not been taken in yet
                    self._stopping.wait(0.2)
                    heard = {}
                    continue
                news = self._client.news(read, is_held=True)
                self.is_well = True
                if news and not self._stopping.is_set():
                    heard = read
                    self._rung()
            except PosError as error:
                self.is_well = False
                _log.info("bell: %s", error.code)
                self._stopping.wait(RETRY_S)
            except Exception:  # noqa: BLE001  (logged whole; rounds go on without it)
                if self._stopping.is_set():
                    return  # the folder is closed meanwhile
                self.is_well = False
                _log.exception("the bell failed")
                self._stopping.wait(RETRY_S)

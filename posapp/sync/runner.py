"""The sync thread: push, then pull, then wait; longer after failures, at once when woken."""

from __future__ import annotations

import threading
from collections.abc import Callable

from posapp import db, log
from posapp.clock import Clock
from posapp.errors import PosError
from posapp.ids import Chance
from posapp.journal import Journal
from posapp.sync.client import Client
from posapp.sync.pull import Apply, pull
from posapp.sync.push import drain

ROUND_S = 5.0
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0

_log = log.named("sync")


class Runner:
    """Rounds of push and pull, one at a time, by the thread or by whoever asks for one now."""

    def __init__(
        self,
        folder: db.Folder,
        journal: Journal,
        client: Client,
        clock: Clock,
        chance: Chance,
        apply: dict[str, Apply],
        changed: Callable[[], None],
        pictures: Callable[[Client], int],
    ) -> None:
        """pictures: fetches what rows name and the till lacks; how many came. Raises PosError."""
        self._folder = folder
        self._journal = journal
        self._client = client
        self._clock = clock
        self._chance = chance
        self._apply = apply
        self._changed = changed
        self._pictures = pictures
        self._one_at_a_time = threading.Lock()
        self._wake = threading.Event()
        self._stop = False
        self._thread: threading.Thread | None = None
        self.failures = 0
        self.trouble: PosError | None = None

    def once(self, progress: Callable[[int, int], None] | None = None) -> tuple[int, int]:
        """One whole round now: (entries sent, rows pulled). Raises PosError where it cannot be done."""
        with self._one_at_a_time:
            try:
                sent = drain(self._folder, self._journal, self._client, self._clock, progress)
                pulled = pull(self._folder, self._client, self._clock, self._apply)
            except PosError as error:
                self.failures += 1
                self.trouble = error
                raise
            self.failures = 0
            self.trouble = None
        if pulled:
            self._changed()
        try:
            self._pictures(self._client)
        except PosError as error:
            _log.info("pictures: %s", error.code)  # the next round asks again; a till sells without them
        return sent, pulled

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is something to send. While HQ cannot be reached the waiting goes on."""
        if not self.failures:
            self._wake.set()

    def stop(self) -> None:
        self._stop = True
        self._wake.set()
        if self._thread:
            self._thread.join(30)

    def wait_s(self) -> float:
        """How long to wait before the next round: full jitter over a bound that doubles with every failure."""
        if not self.failures:
            return ROUND_S
        bound: float = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(self.failures, 10))
        wait = bound * int.from_bytes(self._chance(4), "big") / (1 << 32)
        asked = str(self.trouble.values.get("seconds", "")) if self.trouble else ""
        return max(wait, min(float(asked), 10 * LONGEST_WAIT_S)) if asked.isdigit() else wait

    def _run(self) -> None:
        while not self._stop:
            self._attempt(self._folder.till.tend)
            if self._client.is_on:
                self._attempt(self.once)
            self._wake.wait(self.wait_s())
            self._wake.clear()

    def _attempt(self, work: Callable[[], object]) -> None:
        try:
            work()
        except PosError as error:
            _log.info("sync: %s (%d failures in a row)", error.code, self.failures)
        except Exception:  # noqa: BLE001  (a bug is logged whole and must not end the thread)
            self.failures += 1
            _log.exception("sync failed")

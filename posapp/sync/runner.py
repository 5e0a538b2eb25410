"""The sync thread: pull what HQ rang for, push, then wait; longer after failures, at once when woken."""

from __future__ import annotations

import threading
from collections.abc import Callable

from posapp import db, log
from posapp.clock import Clock
from posapp.errors import PosError
from posapp.ids import Chance
from posapp.journal import Journal
from posapp.sync.bell import Bell
from posapp.sync.client import Client
from posapp.sync.pull import Apply, pull, pulled_at
from posapp.sync.push import drain, say_hello

ROUND_S = 5.0
PULL_S = 60.0
"""How often everything is pulled although HQ's bell has not rung."""

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
        """pictures: fetches what rows name and the till lacks; how many came. Raises PosError. extra: what else a round
        hands over, after the journal."""
        self._folder = folder
        self._journal = journal
        self._client = client
        self._clock = clock
        self._chance = chance
        self._apply = apply
        self._changed = changed
        self._pictures = pictures
        self._bell = Bell(folder, client, tuple(apply), self._rung)
        self._is_rung = True
        self._pulled_ms = 0
        self.extra: Callable[[], object] = lambda: None
        self._one_at_a_time = threading.Lock()
        self._wake = threading.Event()
        self._stop = False
        self._thread: threading.Thread | None = None
        self.failures = 0
        self.trouble: PosError | None = None

    def once(self, progress: Callable[[int, int], None] | None = None, *, pulls: bool = True) -> tuple[int, int]:
        """One whole round now: (entries sent, rows pulled). Raises PosError where it cannot be done."""
        with self._one_at_a_time:
            try:
                if pulls and not pulled_at(self._folder):
                    # HQ has heard of every till that knows enough to sell
                    say_hello(self._folder, self._journal, self._client, self._clock)
                pulled = pull(self._folder, self._client, self._clock, self._apply) if pulls else 0
                if pulled:
                    self._changed()  # a customer who has just joined waits in front of the till
                sent = drain(self._folder, self._journal, self._client, self._clock, progress)
                self.extra()
            except PosError as error:
                self.failures += 1
                self.trouble = error
                raise
            self.failures = 0
            self.trouble = None
        if not pulls:
            return sent, pulled
        try:
            self._pictures(self._client)
        except PosError as error:
            _log.info("pictures: %s", error.code)  # the next round asks again; a till sells without them
        return sent, pulled

    def _rung(self) -> None:
        self._is_rung = True
        self.wake()

    def start(self) -> None:
        self._bell.start()
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is something to send. While HQ cannot be reached the waiting goes on."""
        if not self.failures:
            self._wake.set()

    def stop(self) -> None:
        self._stop = True
        self._bell.stop()
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
                self._attempt(self._round)
            self._wake.wait(self.wait_s())
            self._wake.clear()

    def _round(self) -> None:
        now = self._clock.monotonic_ms()
        pulls = self._is_rung or not self._bell.is_well or now - self._pulled_ms >= PULL_S * 1000
        if pulls:
            self._is_rung, self._pulled_ms = False, now
        try:
            self.once(pulls=pulls)
        except PosError:
            self._is_rung = self._is_rung or pulls
            raise

    def _attempt(self, work: Callable[[], object]) -> None:
        try:
            work()
        except PosError as error:
            _log.info("sync: %s (%d failures in a row)", error.code, self.failures)
        except Exception:  # noqa: BLE001  (a bug is logged whole and must not end the thread)
            self.failures += 1
            _log.exception("sync failed")

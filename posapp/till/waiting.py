"""The verbs of the three-minute standard (domain.md row 61): somebody has arrived, somebody serves them."""

from __future__ import annotations

from posapp.answers import WaitView
from posapp.clock import HOUR
from posapp.errors import PosError
from posapp.members.noted import WAITING, all_of, forget, note
from posapp.messages import GuestServed
from posapp.till.desk import verb
from posapp.till.wishes import WishVerbs

ARRIVALS = ("reception", "booking", "pickup")
AMBER_MS, RED_MS = 120_000, 180_000
GONE_MS = 4 * HOUR
"""Whoever is said to wait for so long does not."""

_HERE = "here"


class WaitVerbs(WishVerbs):
    """Who waits, the first to come first; kept in the till's file, so that a restart forgets nobody."""

    _held_waiting: dict[str, tuple[str, int]] | None = None

    @verb
    def arrive(self, kind: str, ref: str = "") -> list[WaitView]:
        """Somebody has come: to be received, for a booking, for a pick-up. ref: of the booking or the order.

        Raises PosError bad_choice, training_personal."""
        self._clerk()
        self._check_real()
        if kind not in ARRIVALS:
            raise PosError("bad_choice", value=kind[:20], values=" ".join(ARRIVALS))
        id_, now = self.journal.new_id(), self.journal.now_ms()
        with self.folder.till.transaction() as conn:
            note(conn, _HERE, WAITING, id_, f"{kind} {ref}", now)
        self._everybody()[id_] = (f"{kind} {ref}", now)
        return self.waiting()

    @verb
    def serve(self, ref: str = "") -> list[WaitView]:
        """The one who has waited longest is served, or the one of that booking or order. Raises PosError
        nobody_waits."""
        clerk = self._clerk().number
        self._check_real()
        id_, kind, whose, arrived = self._first(ref)
        with self.journal.writing() as writing:
            writing.append(GuestServed(kind, arrived, max(arrived, writing.now), whose), clerk)
            forget(writing.conn, _HERE, WAITING, id_)
        self._everybody().pop(id_)
        self.runner.wake()
        return self.waiting()

    @verb
    def leave(self) -> list[WaitView]:
        """The one who came last has gone, or never came; nothing is told of it. Raises PosError nobody_waits."""
        self._clerk()
        self._check_real()
        if not self.waiting():
            raise PosError("nobody_waits")
        id_ = list(self._everybody())[-1]
        with self.folder.till.transaction() as conn:
            forget(conn, _HERE, WAITING, id_)
        self._everybody().pop(id_)
        return self.waiting()

    def waiting(self) -> list[WaitView]:
        """Who waits now. state: "" at first, amber after two minutes, red after three."""
        now = self.journal.now_ms()
        views = []
        for text, arrived in self._everybody().values():
            kind, _, ref = text.partition(" ")
            ms = max(0, now - arrived)
            if ms < GONE_MS:
                state = "red" if ms >= RED_MS else "amber" if ms >= AMBER_MS else ""
                views.append(WaitView(kind, ref, arrived, ms // 1000, state))
        return views

    def _first(self, ref: str) -> tuple[str, str, str, int]:
        now = self.journal.now_ms()
        for id_, (text, arrived) in self._everybody().items():
            kind, _, whose = text.partition(" ")
            if ref in ("", whose) and now - arrived < GONE_MS:
                return id_, kind, whose, arrived
        raise PosError("nobody_waits")

    def _everybody(self) -> dict[str, tuple[str, int]]:
        if self._held_waiting is None:
            self._held_waiting = dict(all_of(self._real.folder.till, WAITING).get(_HERE, {}))
        return self._held_waiting

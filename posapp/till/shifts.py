"""The verbs about a shift and its drawer: open, close, reports, cash in and out."""

from __future__ import annotations

from collections.abc import Mapping

from posapp.answers import (
    ShiftView,
    StatusView,
)
from posapp.cash_up import CashUp
from posapp.errors import PosError
from posapp.money import Money
from posapp.rules.free_text import read_reason
from posapp.shift import shift as shifts
from posapp.till.desk import verb
from posapp.till.status import StatusVerbs


class ShiftVerbs(StatusVerbs):
    """The shift, its cash and its slips."""

    @verb
    def open_shift(self, drawer: Money) -> ShiftView:
        self.books.shift = shifts.open_shift(self.journal, self._clerk().number, drawer)
        return self._cash_up().x(False)

    @verb
    def close_shift(self, counted: Money, pieces: Mapping[Money, int] | None = None) -> ShiftView:
        """pieces: how many notes and coins of each value were counted, if they were; they must come to `counted`."""
        self._clerk()
        self.books.the_shift()
        if self.sale.has_goods:
            raise PosError("ticket_open")
        parked = len(self.books.drafts.parked())
        if parked:
            raise PosError("parked_left", count=parked)
        closed = self._cash_up().close(counted, pieces or {})
        self.runner.wake()
        return closed

    @verb
    def explain_shift(self, reason: str) -> ShiftView:
        """Why the shift closed last was over or short. Nobody is kept from going on without it."""
        return self._cash_up().explain(reason)

    @verb
    def report_x(self, is_printed: bool = False) -> ShiftView:
        return self._cash_up().x(is_printed)

    @verb
    def report_z(self, is_printed: bool = False) -> ShiftView:
        """The shift closed last, its paper as a copy."""
        return self._cash_up().z(is_printed)

    def slip(self, kind: str) -> list[str]:
        """The X slip of the open shift, or the Z slip of the one closed last, line by line."""
        return self._cash_up().slip(kind)

    def cash_reasons(self) -> tuple[str, ...]:
        """What to offer as a reason for cash in and out; any other text is taken, too."""
        return shifts.cash_reasons(self.settings)

    @verb
    def cash_in(self, amount: Money, reason: str) -> ShiftView:
        self._positive(amount)
        return self._cash_up().move(amount, reason, 0)

    @verb
    def cash_out(self, amount: Money, reason: str) -> ShiftView:
        self._positive(amount)
        reason = read_reason(reason, shifts.LONGEST_REASON)  # before it stands in what is asked of a manager
        by = self._right("cash_out", f"{amount} {reason}")
        return self._cash_up().move(-amount, reason, by)

    @verb
    def drawer(self) -> StatusView:
        clerk, shift = self._clerk(), self.books.the_shift()
        shifts.open_drawer(self.journal, clerk.number, self._right("drawer", ""), shift.shift)
        self.papers.kick_drawer()
        return self.status()

    @staticmethod
    def _positive(amount: Money) -> None:
        if amount.fen <= 0:
            raise PosError("bad_amount", amount=amount)

    def _cash_up(self) -> CashUp:
        return CashUp(self.books, self.papers, self.settings, self._clerk(), self.name)

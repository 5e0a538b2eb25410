"""A clerk at the drawer: the shift's figures and papers, as this clerk may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from drivers.contracts import lines
from posapp.answers import ShiftView
from posapp.books import Books
from posapp.money import Money
from posapp.papers import Papers
from posapp.rules.receipt import WIDTH
from posapp.settings import Settings
from posapp.shift import shift as shifts
from posapp.shift import slips
from posapp.shift.people import Clerk, name_of
from posapp.shift.rights import is_at_least
from posapp.sync import push


@dataclass(frozen=True, slots=True)
class CashUp:
    """Made for one verb. till: the till's name."""

    books: Books
    papers: Papers
    settings: Settings
    clerk: Clerk
    till: str

    def close(self, counted: Money, pieces: Mapping[Money, int]) -> ShiftView:
        """Raises PosError no_shift, bad_amount, bad_pieces, pieces_differ."""
        shift = self.books.the_shift()
        shifts.check_pieces(counted, pieces, self.settings)
        waiting = [held.amount for held in self.books.unmatched()]
        closed = shifts.close_shift(self.books.journal, self.clerk.number, shift, counted, pieces, waiting)
        self.books.shift = None
        self.papers.print(lambda: slips.z_slip(closed.figures, self._about(), self.settings), f"z {shift.shift}")
        return self._closed_view(closed)

    def explain(self, reason: str) -> ShiftView:
        """Raises PosError needs_reason, text_too_long, no_closed_shift."""
        return self._closed_view(shifts.explain(self.books.journal, self.clerk.number, reason))

    def x(self, is_printed: bool) -> ShiftView:
        """The open shift so far. Raises PosError no_shift."""
        figures = self.books.figures()
        if is_printed:
            self.papers.print(lambda: slips.x_slip(figures, self._about(), self.settings), self._key("x"))
        return ShiftView.of(figures, sees_over=self._sees_over)

    def z(self, is_printed: bool) -> ShiftView:
        """The shift closed last; its paper is a copy. Raises PosError no_closed_shift."""
        with self.books.folder.till.reading() as conn:
            last = shifts.last_closed(conn)
        if is_printed:
            name = name_of(self.books.folder, last.clerk) or str(last.clerk)
            about = replace(self._about(), clerk=name, at=last.closed, unsent=None)
            slip = slips.z_slip(last.figures, about, self.settings, last.reason, is_copy=True)
            self.papers.print(lambda: slip, self._key("z"))
        return self._closed_view(last)

    def slip(self, kind: str) -> list[str]:
        """The paper "x" of the open shift or "z" of the one closed last, line by line, as this clerk may see it.

        Raises PosError no_shift, no_closed_shift.
        """
        if kind == "x":
            return lines(slips.x_slip(self.books.figures(), self._about(), self.settings), WIDTH)
        with self.books.folder.till.reading() as conn:
            last = shifts.last_closed(conn)
        about = replace(self._about(), at=last.closed)
        return lines(slips.z_slip(last.figures, about, self.settings, last.reason), WIDTH)

    def move(self, amount: Money, reason: str, by: int) -> ShiftView:
        """Cash into the drawer (positive) or out of it; its slip. Raises PosError no_shift, needs_reason,
        text_too_long, text_has_number."""
        shift = self.books.the_shift()
        shifts.move_cash(self.books.journal, self.clerk.number, by, shift.shift, amount, reason)
        about, key = self._about(), self._key("cash")
        self.papers.print(lambda: slips.cash_slip(amount, reason, by, about, self.settings), key)
        return self.x(False)

    @property
    def _sees_over(self) -> bool:
        return is_at_least(self.clerk.role, self.settings.over_short_seen_by)

    def _closed_view(self, closed: shifts.ClosedShift) -> ShiftView:
        limit = self.settings.over_short_limit
        return ShiftView.closed(closed.figures, sees_over=self._sees_over, limit=limit, reason=closed.reason)

    def _about(self) -> slips.About:
        unsent = push.backlog(self.books.folder).unsent
        return slips.About(self.till, self.clerk.name, self.books.journal.now_ms(), self._sees_over, unsent)

    def _key(self, paper: str) -> str:
        """Another for each print: whoever asks for a paper twice gets two."""
        return f"{paper} {self.books.journal.new_id()}"

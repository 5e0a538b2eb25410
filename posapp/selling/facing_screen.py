"""What the customer sees of the till: looks on at the verbs and tells the customer display, in words of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QObject, QTimer

from posapp.answers import LineView, OpenTicket, PaidView
from posapp.money import ZERO
from posapp.quantity import ONE
from posapp.ui.customer import CustomerDisplay, JoinText, LineText, PaidText, PayText, Poster, TicketText


class Seen(Protocol):
    """What is asked of the till."""

    def ticket(self) -> OpenTicket: ...


class Facing(QObject):
    """Give told() to the till as Till.told. paying(): the cashier has turned to the money.

    posters, member and join are shown as they stand when something happens, or at look().
    """

    def __init__(self, till: Seen, display: CustomerDisplay) -> None:
        super().__init__(display)
        self._till, self._display = till, display
        self.posters: Sequence[Poster] = ()
        self.member = ""
        self.join: JoinText | None = None
        self._lines: tuple[LineText, ...] = ()
        self._newest = -1
        self._is_paying = False
        self._has_thanked = False
        # Drawn when the cashier's own screen is: whoever sells does not wait for it.
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.look)
        self.look()

    def told(self, answer: object) -> None:
        """A verb was carried out. A finished sale is thanked for until there is something on the ticket again."""
        if isinstance(answer, PaidView) and answer.receipt:
            self._is_paying, self._has_thanked = False, True
            given = answer.total + answer.rounding + answer.change if answer.change else ZERO
            self._display.show_paid(
                PaidText(
                    f"¥{answer.total + answer.rounding}",
                    f"¥{given}" if given else "",
                    f"¥{answer.change}" if answer.change else "",
                    join=self.join,
                )
            )
        self._soon.start()

    def paying(self, is_on: bool) -> None:
        self._is_paying = is_on
        self._soon.start()

    def look(self) -> None:
        """Draw the ticket anew, or what stands there without one."""
        ticket = self._till.ticket()
        if not ticket.lines:
            self._lines, self._newest = (), -1
            if not self._has_thanked:
                self._display.show_idle(self.posters)
            return
        self._has_thanked = False
        lines = tuple(map(_line, ticket.lines))
        if lines != self._lines:
            self._newest = _changed(self._lines, lines)
            self._lines = lines
        pieces = sum(line.qty.milli // 1000 if line.qty.is_whole else 1 for line in ticket.lines)
        paid = sum((amount for _, amount in ticket.paid), ZERO)
        self._display.show_ticket(
            TicketText(
                lines,
                f"¥{ticket.total}",
                self.tr("共 {count} 件").format(count=pieces),
                f"¥{ticket.saved}" if ticket.saved.fen > 0 else "",
                self.member,
                self._newest,
                self.join,
                PayText(f"¥{ticket.due}", f"¥{paid}" if paid else "") if self._is_paying or paid else None,
            )
        )


def _line(line: LineView) -> LineText:
    how = "" if line.qty == ONE else f"{line.qty}{'' if line.qty.is_whole else line.unit} × ¥{line.price}"
    return LineText(line.name, how, f"¥{line.amount}")


def _changed(before: Sequence[LineText], after: Sequence[LineText]) -> int:
    """Which line is another than before; the last one where lines went or came."""
    if len(before) != len(after):
        return len(after) - 1
    return next((n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old != new), len(after) - 1)

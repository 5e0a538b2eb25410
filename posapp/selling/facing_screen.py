"""What the customer sees of a sale, in words of its own."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer

from posapp.answers import LineView, OpenTicket, PaidView
from posapp.money import ZERO
from posapp.quantity import ONE
from posapp.ui.customer import CustomerDisplay, LineText, PaidText, PayText, Poster, TicketText
from posapp.ui.join_panel import JoinText, WelcomeText


class Facing(QObject):
    """Puts on the customer display what the sale screen shows; posters, member and join as they stand by then.

    member: in the display's head, as "张** · 金卡 · 积分 1,240". join: beside the ticket, thanks: beside the thanks.
    """

    def __init__(self, display: CustomerDisplay) -> None:
        super().__init__(display)
        self._display = display
        self.posters: Sequence[Poster] = ()
        self.member = ""
        self.join: JoinText | WelcomeText | None = None
        self.thanks: JoinText | WelcomeText | None = None
        self._ticket: OpenTicket | None = None
        self._paid: PaidView | None = None
        self._is_paying = False
        self._lines: tuple[LineText, ...] = ()
        self._newest = -1
        # Drawn when the cashier's own screen is: whoever sells does not wait for it.
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.look)
        self._soon.start()

    def show(self, ticket: OpenTicket, paid: PaidView | None, is_paying: bool) -> None:
        """paid: the sale that the last ticket became, until the next begins. is_paying: money is being taken."""
        self._ticket, self._paid, self._is_paying = ticket, paid, is_paying
        self._soon.start()

    def place(self, store: str, is_training: bool) -> None:
        """Whose display this is, and whether the till is only practised on."""
        self._display.show_store(store)
        self._display.show_training(is_training)

    def invite(
        self,
        member: str = "",
        join: JoinText | WelcomeText | None = None,
        thanks: JoinText | WelcomeText | None = None,
    ) -> None:
        """Who is served, and how somebody who is not known joins: what stands there until the next call."""
        if (member, join, thanks) != (self.member, self.join, self.thanks):
            self.member, self.join, self.thanks = member, join, thanks
            self._soon.start()

    def hang(self, posters: Sequence[Poster]) -> None:
        """What is shown while nobody is served."""
        if list(posters) != list(self.posters):
            self.posters = posters
            self._soon.start()

    def look(self) -> None:
        """Draw what there is now."""
        if self._ticket and self._ticket.lines:
            self._show_ticket(self._ticket)
            return
        self._lines, self._newest = (), -1
        if self._paid:
            self._show_thanks(self._paid)
        else:
            self._display.show_idle(self.posters)

    def _show_thanks(self, paid: PaidView) -> None:
        due = paid.total + paid.rounding
        self._display.show_paid(
            PaidText(
                f"¥{due}",
                f"¥{due + paid.change}" if paid.change else "",
                f"¥{paid.change}" if paid.change else "",
                join=self.thanks,
            )
        )

    def _show_ticket(self, ticket: OpenTicket) -> None:
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

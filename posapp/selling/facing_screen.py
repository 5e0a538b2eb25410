"""What the customer sees of a sale, in words of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, QObject, QTimer

from posapp.answers import JoinView, LineView, MemberView, OpenTicket, PaidView
from posapp.money import ZERO
from posapp.quantity import ONE
from posapp.ui.customer import CustomerDisplay, LineText, PaidText, PayText, Poster, TicketText
from posapp.ui.customer_form import FormText
from posapp.ui.join_panel import JoinText, WelcomeText


def _tr(text: str) -> str:
    return QCoreApplication.translate("", text)


class Facing(QObject):
    """Puts on the customer display what the sale screen shows; posters as they hang by then.

    join: the open ticket's join code now, None where nobody is asked; it is worked out when there is time to draw it.
    shown: told which one stands there.
    """

    def __init__(
        self,
        display: CustomerDisplay,
        join: Callable[[], JoinView | None],
        shown: Callable[[JoinView], object],
    ) -> None:
        super().__init__(display)
        self._display = display
        self._join, self._tell_shown = join, shown
        self.posters: Sequence[Poster] = ()
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

    # --- what the cashier has the customer do ---

    @property
    def is_asking(self) -> bool:
        """Whether a form stands on the display."""
        return self._display.form.is_open

    def ask(self, text: FormText, done: Callable[[str, dict[str, bool]], str], cancelled: Callable[[], object]) -> None:
        """Have the customer type and tick, as CustomerDisplay.show_form() says."""
        self._display.show_form(text, done, cancelled)

    def show_code(self, code: JoinText) -> None:
        """A code that belongs to no ticket, for a while or until something is scanned."""
        self._display.show_code(code)

    def hide_code(self) -> None:
        self._display.close_code()

    def close(self) -> None:
        """Away with form and code."""
        self._display.close_form()
        self._display.close_code()

    def place(self, store: str, is_training: bool) -> None:
        """Whose display this is, and whether the till is only practised on."""
        self._display.show_store(store)
        self._display.show_training(is_training)

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
                join=self._thanks(paid),
            )
        )

    def _show_ticket(self, ticket: OpenTicket) -> None:
        lines = tuple(map(_line, ticket.lines))
        if lines != self._lines:
            self._display.close_code()
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
                member_line(ticket.member),
                self._newest,
                self._panel(ticket),
                PayText(f"¥{ticket.due}", f"¥{paid}" if paid else "") if self._is_paying or paid else None,
            )
        )

    def _panel(self, ticket: OpenTicket) -> JoinText | WelcomeText | None:
        """Beside the ticket: the code of a walk-in's, the welcome for who has just joined by it."""
        view = self._join()
        if view is not None:
            self._tell_shown(view)
            gift = self.tr("送:{gift}").format(gift=view.gift) if view.gift else ""
            return JoinText(view.url, view.title, gift=gift, collects=view.line)
        member = ticket.member
        if member is None or not member.is_new:
            return None
        saving = self.tr("本单优惠 ¥{saved}").format(saved=ticket.saved) if ticket.saved.fen > 0 else ""
        points = self.tr("本单可积 {points} 分").format(points=member.to_earn) if member.to_earn else ""
        return WelcomeText(
            self.tr("欢迎 {name}").format(name=member.name if member.is_named else self.tr("新会员")),
            member.tier[0],
            points,
            saving,
        )

    def _thanks(self, paid: PaidView) -> JoinText | WelcomeText | None:
        """Beside the thanks: the receipt's code for a walk-in, what a member has now."""
        if paid.join is not None:
            return JoinText(paid.join.url, paid.join.title, collects=paid.join.line)
        if not paid.member:
            return None
        earned = self.tr("本单积分 +{earned}").format(earned=paid.earned)
        return WelcomeText(
            paid.member, points=earned, saving=self.tr("积分 {points}").format(points=f"{paid.points:,}")
        )


def member_line(member: MemberView | None) -> str:
    """A member in one line: "张** · 金卡 · 积分 1,240 · 本月生日"."""
    if member is None:
        return ""
    points = _tr("积分 {points}").format(points=f"{member.points:,}")
    birthday = _tr("本月生日") if member.is_birthday else ""
    name = member.name if member.is_named else _tr("会员")
    return " · ".join(word for word in (name, member.tier[0], points, birthday) if word)


def _line(line: LineView) -> LineText:
    how = "" if line.qty == ONE else f"{line.qty}{'' if line.qty.is_whole else line.unit} × ¥{line.price}"
    return LineText(line.name, how, f"¥{line.amount}")


def _changed(before: Sequence[LineText], after: Sequence[LineText]) -> int:
    """Which line is another than before; the last one where lines went or came."""
    if len(before) != len(after):
        return len(after) - 1
    return next((n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old != new), len(after) - 1)

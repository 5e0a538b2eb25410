"""The sale screen: the ticket and its total, beside it the entry, paying, a question or a choice; the actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from posapp.answers import LineView, MemberView, OpenTicket, PaidView, RecordedView, RefundView
from posapp.errors import PosError
from posapp.money import ZERO
from posapp.quantity import Quantity
from posapp.selling.entry_screen import EntryPane
from posapp.selling.pay_screen import PayPane
from posapp.selling.ticket_screen import TicketDesk
from posapp.selling.verbs import Verbs
from posapp.shortcuts import ACTIONS, keys_of
from posapp.ui.choice import Choice, Option
from posapp.ui.keys import key_text
from posapp.ui.label import RIGHT, label, show_value
from posapp.ui.lines import Lines
from posapp.ui.question import Question, Step
from posapp.ui.wedge import struck_ms
from posapp.ui.window import Window

BOUNCE_MS = 250
"""Two Enters closer together are one finger."""

HINT_ACTIONS = ("hint", "hint_away")

SHARES = {"supermarket": (11, 12), "touch": (9, 14)}
"""By profile, what the ticket and the keys have of the width: where fingers rule, the keys are larger."""


class MemberPlace(Protocol):
    """Where the member stands above the ticket; it belongs to another room. hint, addons: what is said of them below
    it, and below the lines."""

    @property
    def widget(self) -> QWidget: ...
    @property
    def hint(self) -> QWidget: ...
    @property
    def addons(self) -> QWidget: ...
    def put(self, member: MemberView | None) -> None: ...


class SaleScreen(QWidget):
    """The keys go: digits and Enter for a code, *N for a quantity, an amount and F6 for a price, Enter to pay.

    lead: takes the cashier to where an action leads that is not this screen's. changed: hears each new state of the
    ticket, the sale that the last one became, and whether money is being taken. answered: hears what a verb answered
    for which a colleague lent the right, or a sale's. shown: the ticket as it is drawn;
    chosen: the number of its chosen line, 0 for none; paid: the sale that the last one became, until the next begins.
    """

    def __init__(
        self,
        window: Window,
        till: Verbs,
        lead: Callable[[str], object],
        more: Callable[[], Sequence[Option]],
        changed: Callable[[OpenTicket, PaidView | None, bool], object],
        member: MemberPlace,
    ) -> None:
        super().__init__()
        self._window = window
        self._till = till
        self._lead = lead
        self._more = more
        self._changed = changed
        self._member = member
        self.shown: OpenTicket = till.ticket()
        self.paid: PaidView | None = None
        self.chosen = 0
        self._last_enter = 0.0
        self.refunded: Callable[[RefundView], object] = lambda refund: None
        self.answered: Callable[[object], object] = lambda done: None
        self._keys = keys_of(till.settings.key_profile, till.settings.keys)
        self.selling = EntryPane(window, till, self)
        self.pay = PayPane(window, till, self)
        self._ticket = TicketDesk(window, till, self)
        self._acts: dict[str, Callable[[], object]] = {
            "void": self._ticket.void,
            "price": self._ticket.price,
            "discount": self._ticket.discount,
            "ticket_discount": self._ticket.ticket_discount,
            "park": self._ticket.park_or_recall,
            "cancel": self._ticket.cancel,
            "drawer": self._drawer,
            "reprint": self._reprint,
            "more": self._to_more,
            "search": self.selling.turn_letters,
        }
        self._panes = QStackedWidget()
        self._before: QWidget = self._panes
        self.question = Question("question", self._words(), self.give_up)
        self.choice = Choice("choice", self._words(), self.to_selling)
        for pane in (self.selling, self.pay, self.question, self.choice):
            self._panes.addWidget(pane)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        ticket, keys = SHARES[till.settings.key_profile]
        layout.addWidget(self._ticket_card(), ticket)
        layout.addWidget(self._panes, keys)
        window.wants_approval = self._ask_approval
        self.show_tiles()
        self.refresh()

    # --- layout ---

    def _words(self) -> dict[str, str]:
        return {
            "clear": self.tr("清除"),
            "back": self.tr("返回"),
            "confirm": self.tr("确定"),
            "more": self.tr("下一页"),
        }

    def named(self, action: str) -> tuple[str, str]:
        """An action's name and the key that does it."""
        return ACTIONS[action][self._till.settings.language == "en"], self._keys.get(action, "")

    def _ticket_card(self) -> QFrame:
        card = QFrame()
        card.setProperty("card", True)
        titles = (self.tr("商品"), self.tr("数量"), self.tr("单价"), self.tr("金额"))
        self.lines = Lines("lines", titles, ("88.888 kg", "8888.88", "88888.88"), spare=2)
        self.lines.setAccessibleName(self.tr("单据"))
        self.lines.clicked.connect(lambda index: self._choose(index.row()))
        self.count = label("count", is_quiet=True)
        self.saved = label("saved", is_quiet=True, align=RIGHT)
        self.caption = label("caption", "large")
        self.total = label("total", "giant", align=RIGHT)
        self.receipt = label("receipt", "small", is_quiet=True, align=RIGHT)
        above, below = QHBoxLayout(), QHBoxLayout()
        above.addWidget(self.count)
        above.addWidget(self.saved)
        below.addWidget(self.caption)
        below.addWidget(self.total, 1)
        layout = QVBoxLayout(card)
        layout.setContentsMargins(8, 4, 8, 8)
        layout.setSpacing(4)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self._member.widget)
        layout.addLayout(head)
        layout.addWidget(self._member.hint)
        layout.addWidget(self.lines, 1)
        layout.addWidget(self._member.addons)
        foot = QVBoxLayout()
        foot.setContentsMargins(8, 2, 8, 4)
        foot.setSpacing(0)
        foot.addLayout(above)
        foot.addLayout(below)
        foot.addWidget(self.receipt)
        layout.addLayout(foot)
        return card

    # --- drawing ---

    def show_tiles(self) -> None:
        """Put the quick keys as HQ has them now."""
        self.selling.tiles.put(self._till.tiles())

    def refresh(self) -> None:
        """Draw the ticket as the till has it now, or the change of the one just paid."""
        ticket = self.shown = self._till.ticket()
        waits = self.tr("(待入会)")
        rows = [
            (view.name + waits * view.waits, f"{view.qty} {view.unit}", str(view.price), str(view.amount))
            for view in ticket.lines
        ]
        numbers = [view.line for view in ticket.lines]
        if self.chosen not in numbers:
            self.chosen = numbers[-1] if numbers else 0
        self.lines.put(rows, numbers.index(self.chosen) if numbers else -1)
        self._member.put(ticket.member)
        pieces = self.tr("共 {count} 行").format(count=len(rows))
        self.count.setText(pieces if rows else "")
        self.saved.setText(self.tr("已优惠 {saved}").format(saved=ticket.saved) if ticket.saved.fen > 0 else "")
        paid = self.paid if not rows else None
        is_exact = paid is not None and not paid.change
        self.caption.setText(self.tr("已收款") if is_exact else self.tr("找零") if paid else self.tr("应收"))
        received = paid.total + paid.rounding if paid else ZERO
        shown = ticket.due if paid is None else paid.change or received
        show_value(self.total, self.caption.text(), f"¥{shown}")
        if self.total.property("good") != bool(paid):
            self.total.setProperty("good", bool(paid))
            self.total.style().polish(self.total)
        self.receipt.setText(
            self.tr("已收款 {total} · 小票 {receipt}").format(total=received, receipt=paid.receipt) if paid else ""
        )
        self.selling.pay_button.setEnabled(bool(rows))
        self.selling.show_typed()
        if self._panes.currentWidget() is self.pay:
            self.pay.put(ticket)
        self._changed(ticket, paid, self._panes.currentWidget() is self.pay)

    # --- keys and codes ---

    def key(self, event: QKeyEvent) -> bool:
        """Whether the screen took the key."""
        pane, key = self._panes.currentWidget(), event.key()
        is_enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        bounced = is_enter and struck_ms(event) - self._last_enter < BOUNCE_MS
        self._last_enter = struck_ms(event) if is_enter else 0.0
        if bounced:
            return True
        if pane in (self.question, self.choice):
            return (self.question if pane is self.question else self.choice).key(event)
        action = self._action_of(key_text(event))
        if pane is self.pay:
            return self.pay.key(event, action)
        if action:
            self.act(action)
        elif is_enter:
            self._enter()
        elif self.selling.key(event):
            return True
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._choose(self.lines.chosen + (1 if key == Qt.Key.Key_Down else -1))
        else:
            return False
        return True

    def _action_of(self, pressed: str) -> str | None:
        """What a key stands for; those of a hint stand for themselves while there is none."""
        action = next((action for action, wanted in self._keys.items() if wanted == pressed), None)
        has_hint = self.shown.member is not None and self.shown.member.hint is not None
        return action if has_hint or action not in HINT_ACTIONS else None

    def act(self, action: str) -> None:
        """Do what a key of an action does, here or where it leads."""
        if act := self._acts.get(action):
            act()
        else:
            self._lead(action)

    def scanned(self, code: str) -> None:
        """A scanned code answers no question and is never mixed with typed digits, unless they say how many: 6* and
        the scan."""
        text = self.selling.text
        count = text if text.endswith("*") else ""
        is_asked = self._panes.currentWidget() is self.question
        before = self._before
        if not is_asked:
            self.selling.text = self.pay.text = ""
            self._panes.setCurrentWidget(self.selling)
        done = self.add(count + code)
        if is_asked and done is not None:
            self._panes.setCurrentWidget(before if isinstance(done, PaidView) else self.selling)
            self.settle(done)

    def add(self, text: str) -> object | None:
        """Put an article on the ticket, or do what else the code is for; what the till answered."""
        self.selling.text = ""
        done: object | None = self._window.run(lambda: self._scan(text))
        if isinstance(done, LineView):
            self.paid = None
            self.chosen = done.line
        elif isinstance(done, RecordedView):
            self._lead(f"receipt {done.receipt}")
        self.refresh()
        return done

    def _scan(self, text: str) -> object:
        try:
            return self._till.scan(text)
        except PosError as refused:
            if refused.code != "needs_weight":
                raise
        self.ask([Step(self.tr("重量,如 0.536"))], lambda answers: self.add(f"{answers[0]}*{text}"))
        return None

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self.shown.lines):
            self.chosen = self.shown.lines[row].line
            self.refresh()

    def _enter(self) -> None:
        """Enter pays; with a code or a quantity typed before it, it ends what was typed."""
        if self.selling.text:
            self.selling.enter()
        else:
            self.to_paying()

    def entered(self, text: str) -> None:
        """A code was typed, or "*6": a quantity for the chosen line."""
        if text.startswith("*"):
            self._ticket.with_line(lambda line: self._till.qty(line, Quantity.parse(text[1:])))
        elif text:
            self.add(text)
        self.refresh()

    # --- beside the ticket ---

    def ask(
        self,
        steps: list[Step],
        done: Callable[[list[str]], object],
        reason: str = "",
        others: Sequence[Option] = (),
    ) -> None:
        """Put a question beside the ticket; its answers go to `done`, or the cashier takes one of the others, after the
        ticket's own keys are back."""

        def answered(answers: list[str]) -> None:
            self.to_selling()
            done(answers)

        self.question.ask(steps, answered, reason, self._back_first(others))
        self._panes.setCurrentWidget(self.question)

    def _back_first(self, options: Sequence[Option]) -> list[Option]:
        def taken(option: Option) -> None:
            self.to_selling()
            option.act()

        return [Option(option.name, option.text, partial(taken, option), option.key) for option in options]

    def offer(self, title: str, options: Sequence[Option], columns: int = 1, lines: Sequence[str] = ()) -> None:
        """Put a choice beside the ticket; what is chosen acts after the ticket's own keys are back."""
        self.choice.offer(title, self._back_first(options), columns=columns, lines=lines)
        self._panes.setCurrentWidget(self.choice)

    def _drawer(self) -> None:
        self._window.run(self._till.drawer)

    def _reprint(self) -> None:
        if self.paid and self.paid.receipt:
            receipt = self.paid.receipt
            if self._window.run(lambda: self._till.reprint(receipt)):
                self._window.say(self.tr("已重印 {receipt}").format(receipt=receipt))
        else:
            self._lead("receipts")

    def option(self, action: str) -> Option:
        name, key = self.named(action)
        return Option(f"more_{action}", name, partial(self.act, action), key)

    def _to_more(self) -> None:
        own = [self.option(action) for action in ("ticket_discount", "cancel", "drawer")]
        self.offer(self.tr("更多"), [*own, *self._more()], columns=2)

    # --- paying ---

    def lock(self) -> None:
        """Somebody else may come: no approval waits for a badge that only opens the window. The rest stays."""
        if self._till.decline() and self._panes.currentWidget() is self.question:
            self.to_selling()

    def give_up(self) -> None:
        """Nobody answers the question beside the ticket; what it would have approved stays refused."""
        self._till.decline()
        self.to_selling()

    def to_selling(self) -> None:
        self.selling.text = self.pay.text = ""
        self._panes.setCurrentWidget(self.selling)
        self.refresh()

    def to_paying(self) -> None:
        if self.shown.lines:
            self._panes.setCurrentWidget(self.pay)
            self.refresh()

    def ask_paying(self, step: Step, pay: Callable[[str], PaidView], reason: str) -> None:
        """Put a question in the middle of paying; its answer pays, and paying goes on."""

        def answered(answers: Sequence[str]) -> None:
            paid = self._window.run(lambda: pay(answers[0]))
            if paid is not None:
                self._panes.setCurrentWidget(self.pay)
                self.settle(paid)

        self.question.ask([step], answered, reason)
        self._panes.setCurrentWidget(self.question)

    def take(self, pay: Callable[[], PaidView]) -> None:
        self.settle(self._window.run(pay))

    def settle(self, paid: object) -> None:
        """Draw what a verb has answered; a sale that is paid is left, money that goes back is told."""
        if isinstance(paid, RefundView):
            self.refunded(paid)
        if isinstance(paid, PaidView) and paid.receipt:
            self.paid = paid
            self.to_selling()
        self.refresh()
        self.answered(paid)

    # --- approval ---

    def _ask_approval(self, reason: str) -> None:
        current = self._panes.currentWidget()
        if current is not self.question and current is not None:
            self._before = current

        def approve(answers: Sequence[str]) -> None:
            done = self._window.run(lambda: self._till.approve(*answers))
            if done is not None:
                self._panes.setCurrentWidget(self._before)
                self.settle(done)

        steps = [Step(self.tr("授权人工号,或扫工牌")), Step(self.tr("授权人密码"), is_secret=True)]
        self.question.ask(steps, approve, reason)
        self._panes.setCurrentWidget(self.question)

"""Taking money: what is due, what is given, the change while the amount is being typed, the keys of the tenders."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from posapp.answers import OpenTicket
from posapp.errors import PosError
from posapp.money import ZERO, Money
from posapp.rules.tenders import KINDS
from posapp.selling.verbs import Verbs
from posapp.ui.keypad import Keypad, button
from posapp.ui.label import RIGHT, label, show_value
from posapp.ui.question import Step
from posapp.ui.window import Window

if TYPE_CHECKING:
    from posapp.selling.screen import SaleScreen

NOTES = (1_000, 2_000, 5_000, 10_000)
LONGEST = 12


class PayPane(QFrame):
    """text: the amount being typed. A tender key hands it over; an empty one means what is due.

    It stands beside the ticket of a sale screen, which draws it anew when what was typed is another amount.
    """

    def __init__(self, window: Window, till: Verbs, sale: SaleScreen) -> None:
        super().__init__()
        self.setObjectName("paying")
        self.setProperty("card", True)
        self._window, self._till, self._sale = window, till, sale
        self._tenders: dict[str, Callable[[], object]] = {"card": self.card, "static": self.static}
        self.text = ""
        self.due = label("due", "huge", align=RIGHT)
        self.due_caption = label("due_caption", "large", text=self.tr("应收"))
        self.paid = label("paid", is_quiet=True)
        self.paid.setMinimumWidth(1)
        self.given = label("entry", align=RIGHT)
        self.given.setProperty("asking", True)
        self.change = label("change", "large", align=RIGHT)
        self.notes = [button(f"note_{n}", "", partial(self._note, n), "note") for n in range(len(NOTES))]
        self.buttons = [
            button(f"pay_{tender}", name, act, "tender", key)
            for tender, act in self._tenders.items()
            for name, key in [sale.named(tender)]
        ]
        keypad = Keypad(
            self.write,
            [
                [
                    button("pay_erase", "⌫", self.erase, "key"),
                    button("pay_clear", self.tr("清除"), self.clear),
                    button("pay_back", self.tr("返回"), sale.to_selling, key="Esc"),
                ],
                self.buttons,
            ],
            button("pay_cash", self.tr("现金"), self.cash, "pay", "Enter"),
        )
        head, row, below = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        below.addWidget(self.paid)
        below.addWidget(self.change, 1)
        head.addWidget(self.due_caption)
        head.addWidget(self.due)
        row.setSpacing(6)
        for made in self.notes:
            row.addWidget(made)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 10)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addWidget(self.given)
        layout.addLayout(below)
        layout.addLayout(row, 1)
        layout.addWidget(keypad, 5)

    def put(self, ticket: OpenTicket) -> None:
        """Show what is due of a ticket."""
        place = self._till.settings.language == "en"
        show_value(self.due, self.due_caption.text(), f"¥{ticket.due}")
        show_value(self.given, self.tr("实收"), self.text or str(ticket.cash_due))
        words = [f"{KINDS[kind][place]} {amount}" for kind, amount in ticket.paid]
        if rounding := ticket.cash_due - ticket.due:
            words.append(self.tr("收现金 ¥{due},舍入 {rounding}").format(due=ticket.cash_due, rounding=rounding))
        self.paid.setText(" · ".join(words))
        self.paid.setVisible(bool(words))
        change = self._change(ticket)
        self.change.setText(self.tr("找零 ¥{change}").format(change=change) if change else "")
        for made, note in zip(self.notes, _notes_for(ticket.cash_due), strict=True):
            made.setText(f"¥{Money(note)}".removesuffix(".00"))
            made.setProperty("fen", note)

    def _change(self, ticket: OpenTicket) -> Money:
        try:
            given = Money.parse(self.text) if self.text else ticket.cash_due
        except PosError:
            return ZERO
        return max(ZERO, given - ticket.cash_due)

    def write(self, text: str) -> None:
        self.text = (self.text + text)[:LONGEST]
        self._sale.refresh()

    def erase(self) -> None:
        self.text = self.text[:-1]
        self._sale.refresh()

    def clear(self) -> None:
        self.text = ""
        self._sale.refresh()

    def amount(self, due: Money) -> Money:
        """What was typed, else what is due; the typing is done with. Raises PosError bad_amount."""
        text, self.text = self.text, ""
        return Money.parse(text) if text else due

    def _note(self, n: int) -> None:
        self.text = ""
        note = Money(self.notes[n].property("fen"))
        self._sale.take(lambda: self._till.pay("cash", note))

    def cash(self) -> None:
        self._sale.take(lambda: self._till.pay("cash", self.amount(self._sale.shown.cash_due)))

    def static(self) -> None:
        self._sale.take(lambda: self._till.pay("static", self.amount(self._sale.shown.due)))

    def card(self) -> None:
        due = self._sale.shown.due
        amount = self._window.run(lambda: self.amount(due))
        if amount is None:
            return

        if amount > due:
            self._window.tell(self.tr("刷卡不能多收,还应收 ¥{due}").format(due=due))
            self._sale.refresh()
            return

        self._sale.ask_paying(
            Step(self.tr("刷卡单上的授权号")),
            lambda ref: self._till.pay("card", amount, ref),
            self.tr("刷卡 ¥{amount}").format(amount=amount),
        )

    def key(self, event: QKeyEvent, action: str | None) -> bool:
        """Whether the pane took the key. action: what the key stands for in the till's layout, if for anything."""
        key, typed = event.key(), event.text()
        if action in self._tenders:
            self._tenders[action]()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.cash()
        elif key == Qt.Key.Key_Backspace:
            self.erase()
        elif key == Qt.Key.Key_Escape:
            self._sale.to_selling()
        elif typed and typed in "0123456789.":
            self.write(typed)
        else:
            return False
        return True


def _notes_for(due: Money) -> list[int]:
    """What a customer is likely to hand over, in fen: the due amount rounded up to each note, then to more hundreds."""
    offers = sorted({-(-due.fen // note) * note or note for note in NOTES})
    while len(offers) < len(NOTES):
        offers.append((offers[-1] // NOTES[-1] + 1) * NOTES[-1])
    return offers

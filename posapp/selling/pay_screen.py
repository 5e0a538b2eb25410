"""Taking money: what is due, what is given, the change while the amount is being typed, the keys of the tenders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from posapp.answers import OpenTicket
from posapp.errors import PosError
from posapp.money import ZERO, Money
from posapp.rules.tenders import KINDS
from posapp.ui.keypad import Keypad, button
from posapp.ui.label import RIGHT, label, show_value

NOTES = (1_000, 2_000, 5_000, 10_000)
LONGEST = 12


class PayPane(QFrame):
    """text: the amount being typed. A tender key hands it over; an empty one means what is due.

    tenders: the other ways to pay, each with its name, its key and what it does. changed: the ticket is to be put
    again, for what was typed is another amount.
    """

    def __init__(
        self,
        cash: Callable[[], object],
        note: Callable[[Money], object],
        tenders: Mapping[str, tuple[str, str, Callable[[], object]]],
        back: Callable[[], object],
        changed: Callable[[], object],
    ) -> None:
        super().__init__()
        self.setObjectName("paying")
        self.setProperty("card", True)
        self.text = ""
        self._changed = changed
        self.due = label("due", "huge", align=RIGHT)
        self.due_caption = label("due_caption", "large", text=self.tr("应收"))
        self.paid = label("paid", is_quiet=True)
        self.paid.setMinimumWidth(1)
        self.given = label("entry", align=RIGHT)
        self.given.setProperty("asking", True)
        self.change = label("change", "large", align=RIGHT)
        self.notes = [button(f"note_{n}", "", partial(self._note, n), "note") for n in range(len(NOTES))]
        self._take_note = note
        self.buttons = [button(f"pay_{name}", text, act, "tender", key) for name, (text, key, act) in tenders.items()]
        keypad = Keypad(
            self.write,
            [
                [
                    button("pay_erase", "⌫", self.erase, "key"),
                    button("pay_clear", self.tr("清除"), self.clear),
                    button("pay_back", self.tr("返回"), back, key="Esc"),
                ],
                self.buttons,
            ],
            button("pay_cash", self.tr("现金"), cash, "pay", "Enter"),
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

    def put(self, ticket: OpenTicket, language: str) -> None:
        """Show what is due of a ticket."""
        show_value(self.due, self.due_caption.text(), f"¥{ticket.due}")
        show_value(self.given, self.tr("实收"), self.text or str(ticket.cash_due))
        words = [f"{KINDS[kind][language == 'en']} {amount}" for kind, amount in ticket.paid]
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
        self._changed()

    def erase(self) -> None:
        self.text = self.text[:-1]
        self._changed()

    def clear(self) -> None:
        self.text = ""
        self._changed()

    def amount(self, due: Money) -> Money:
        """What was typed, else what is due; the typing is done with. Raises PosError bad_amount."""
        text, self.text = self.text, ""
        return Money.parse(text) if text else due

    def _note(self, n: int) -> None:
        self.text = ""
        self._take_note(Money(self.notes[n].property("fen")))


def _notes_for(due: Money) -> list[int]:
    """What a customer is likely to hand over, in fen: the due amount rounded up to each note, then to more hundreds."""
    offers = sorted({-(-due.fen // note) * note or note for note in NOTES})
    while len(offers) < len(NOTES):
        offers.append((offers[-1] // NOTES[-1] + 1) * NOTES[-1])
    return offers

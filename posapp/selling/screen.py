"""The sale screen: the ticket, its total, the number pad, paying. Layout and wording; the verbs are the till's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from posapp.answers import OpenTicket, PaidView
from posapp.money import Money
from posapp.quantity import Quantity
from posapp.ui.keypad import Keypad, button
from posapp.ui.label import RIGHT, label
from posapp.ui.lines import Lines
from posapp.ui.question import Question, Step
from posapp.ui.wedge import struck_ms
from posapp.ui.window import Window

BOUNCE_MS = 250
"""Two Enters closer together are one finger."""

NOTES = (1_000, 2_000, 5_000, 10_000)
LONGEST = 40


class Verbs(Protocol):
    """What the screen asks of the till."""

    def ticket(self) -> OpenTicket: ...
    def scan(self, text: str) -> Any: ...
    def qty(self, line: int, quantity: Quantity) -> Any: ...
    def price(self, line: int, unit_price: Money) -> Any: ...
    def discount(self, line: int | None, text: str) -> Any: ...
    def void(self, line: int) -> Any: ...
    def cancel(self) -> Any: ...
    def park(self, name: str | None = None) -> Any: ...
    def recall(self, name: str | None = None) -> Any: ...
    def pay(self, kind: str, amount: Money, ref: str = "") -> PaidView: ...
    def drawer(self) -> Any: ...
    def approve(self, number: str, pin: str) -> Any: ...


class SaleScreen(QWidget):
    """The keys go: digits and Enter for a code, *N for a quantity, an amount and F6 for a price, Enter to pay."""

    def __init__(self, window: Window, till: Verbs, leave: Callable[[], None], close_shift: Callable[[], None]) -> None:
        super().__init__()
        self._window = window
        self._till = till
        self._leave = leave
        self._close_shift = close_shift
        self._shown: OpenTicket = till.ticket()
        self._paid: PaidView | None = None
        self._chosen = 0
        self._last_enter = 0.0
        self.text = ""
        self._keys: dict[int, Callable[[], object]] = {}
        self.lines = Lines(
            "lines", (self.tr("商品"), self.tr("数量"), self.tr("单价"), self.tr("金额")), (96, 110, 130), 52
        )
        self.lines.clicked.connect(lambda index: self._choose(index.row()))
        self._panes = QStackedWidget()
        self._before = 0
        self.question = Question("question", self._words(), self._to_selling)
        self._selling, self._paying = self._selling_pane(), self._paying_pane()
        for pane in (self._selling, self._paying, self.question):
            self._panes.addWidget(pane)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self._ticket_card(), 3)
        layout.addWidget(self._panes, 2)
        window.wants_approval = self._ask_approval
        self.refresh()

    # --- layout ---

    def _words(self) -> dict[str, str]:
        return {"clear": self.tr("清除"), "back": self.tr("返回\nEsc"), "confirm": self.tr("确定\nEnter")}

    def _ticket_card(self) -> QFrame:
        card = QFrame()
        card.setProperty("card", True)
        self.count = label("count", is_quiet=True)
        self.saved = label("saved", is_quiet=True, align=RIGHT)
        self.caption = label("caption", "large")
        self.total = label("total", "huge", align=RIGHT)
        self.receipt = label("receipt", "small", is_quiet=True, align=RIGHT)
        above, below = QHBoxLayout(), QHBoxLayout()
        above.addWidget(self.count)
        above.addWidget(self.saved)
        below.addWidget(self.caption)
        below.addWidget(self.total)
        layout = QVBoxLayout(card)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.lines, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(12, 4, 12, 8)
        foot.addLayout(above)
        foot.addLayout(below)
        foot.addWidget(self.receipt)
        layout.addLayout(foot)
        return card

    def _selling_pane(self) -> QWidget:
        self.entry = label("entry", align=RIGHT)
        self.entry.setMinimumHeight(72)
        self.pay_button = button("to_pay", self.tr("收款\nEnter"), self._to_paying, "pay")
        keypad = Keypad(
            self.write,
            (
                button("erase", "⌫", self._erase, "key"),
                button("times", "×", lambda: self.write("*"), "key"),
                button("enter_code", self.tr("录入"), self._enter_text, "key"),
                self.pay_button,
            ),
        )
        actions = (
            ("void", self.tr("删行\nDel"), Qt.Key.Key_Delete, self._void),
            ("price", self.tr("改价\nF6"), Qt.Key.Key_F6, self._price),
            ("discount", self.tr("折扣\nF7"), Qt.Key.Key_F7, self._discount),
            ("park", self.tr("挂单取单\nF4"), Qt.Key.Key_F4, self._park_or_recall),
            ("cancel", self.tr("整单取消\nF11"), Qt.Key.Key_F11, self._cancel),
            ("drawer", self.tr("开钱箱\nF5"), Qt.Key.Key_F5, self._drawer),
            ("leave", self.tr("换人\nF2"), Qt.Key.Key_F2, lambda: self._leave()),
            ("close_shift", self.tr("交班\nF12"), Qt.Key.Key_F12, lambda: self._close_shift()),
        )
        grid = QGridLayout()
        grid.setSpacing(6)
        for n, (name, text, key, act) in enumerate(actions):
            grid.addWidget(button(name, text, act), n // 4, n % 4)
            self._keys[key] = act
        pane = QWidget()
        layout = QVBoxLayout(pane)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.entry)
        layout.addWidget(keypad, 3)
        layout.addLayout(grid, 2)
        return pane

    def _paying_pane(self) -> QWidget:
        self.due = label("due", "huge", align=RIGHT)
        self.given = label("entry", align=RIGHT)
        self.given.setProperty("asking", True)
        self.given.setMinimumHeight(72)
        keypad = Keypad(
            self.write,
            (
                button("pay_erase", "⌫", self._erase, "key"),
                button("pay_card", self.tr("刷卡 F9"), self._card),
                button("pay_back", self.tr("返回\nEsc"), self._to_selling),
                button("pay_cash", self.tr("现金\nEnter"), self._cash, "pay"),
            ),
        )
        self.notes = [button(f"note_{n}", "", partial(self._note, n)) for n in range(len(NOTES))]
        row = QHBoxLayout()
        for made in self.notes:
            row.addWidget(made)
        pane = QFrame()
        pane.setProperty("card", True)
        layout = QVBoxLayout(pane)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(10)
        head = QHBoxLayout()
        head.addWidget(label("due_caption", "large", text=self.tr("应收")))
        head.addWidget(self.due)
        layout.addLayout(head)
        layout.addWidget(self.given)
        layout.addLayout(row)
        layout.addWidget(keypad, 1)
        return pane

    # --- drawing ---

    def refresh(self) -> None:
        """Draw the ticket as the till has it now, or the change of the one just paid."""
        ticket = self._shown = self._till.ticket()
        rows = [(view.name, f"{view.qty} {view.unit}", str(view.price), str(view.amount)) for view in ticket.lines]
        numbers = [view.line for view in ticket.lines]
        if self._chosen not in numbers:
            self._chosen = numbers[-1] if numbers else 0
        self.lines.put(rows, numbers.index(self._chosen) if numbers else -1)
        pieces = self.tr("共 {count} 行").format(count=len(rows))
        self.count.setText(pieces if rows else "")
        self.saved.setText(self.tr("已优惠 {saved}").format(saved=ticket.saved) if ticket.saved.fen > 0 else "")
        paid = self._paid if not rows else None
        self.caption.setText(self.tr("找零") if paid else self.tr("应收"))
        self.total.setText(f"¥{paid.change if paid else ticket.due}")
        self.total.setProperty("good", bool(paid))
        self.total.style().polish(self.total)
        self.receipt.setText(
            self.tr("已收款 {total} · 小票 {receipt}").format(total=paid.total, receipt=paid.receipt) if paid else ""
        )
        self.pay_button.setEnabled(bool(rows))
        self.entry.setText(self.text)
        self.due.setText(f"¥{ticket.due}")
        self.given.setText(self.text or str(ticket.cash_due))
        for made, note in zip(self.notes, _notes_for(ticket.cash_due), strict=True):
            made.setText(f"¥{Money(note)}".removesuffix(".00"))
            made.setProperty("fen", note)

    # --- keys and codes ---

    def write(self, text: str) -> None:
        self.text = (self.text + text)[:LONGEST]
        self.refresh()

    def _erase(self) -> None:
        self.text = self.text[:-1]
        self.refresh()

    def key(self, event: QKeyEvent) -> bool:
        """Whether the screen took the key."""
        pane, key = self._panes.currentWidget(), event.key()
        is_enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        bounced = is_enter and struck_ms(event) - self._last_enter < BOUNCE_MS
        self._last_enter = struck_ms(event) if is_enter else 0.0
        if bounced:
            return True
        if pane is self.question:
            return self.question.key(event)
        act = self._keys.get(key) if pane is self._selling else {Qt.Key.Key_F9: self._card}.get(Qt.Key(key))
        if act:
            act()
        elif is_enter:
            self._cash() if pane is self._paying else self._enter()
        elif key == Qt.Key.Key_Backspace:
            self._erase()
        elif key == Qt.Key.Key_Escape:
            self._escape()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._choose(self.lines.chosen + (1 if key == Qt.Key.Key_Down else -1))
        elif event.text().isprintable() and event.text().strip():
            self.write(event.text())
        else:
            return False
        return True

    def scanned(self, code: str) -> None:
        """A scanned code answers no question and is never mixed with typed digits, unless they say how many: 6* and
        the scan."""
        count = self.text if self.text.endswith("*") else ""
        self.text = ""
        self._to_selling()
        self._add(count + code)

    def _add(self, text: str) -> None:
        self._paid = None
        scanned = self._window.run(lambda: self._till.scan(text))
        if scanned is not None:
            self._chosen = scanned.line
        self.refresh()

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self._shown.lines):
            self._chosen = self._shown.lines[row].line
            self.refresh()

    def _enter(self) -> None:
        """Enter pays; with a code or a quantity typed before it, it ends what was typed."""
        if self.text:
            self._enter_text()
        else:
            self._to_paying()

    def _enter_text(self) -> None:
        text, self.text = self.text, ""
        if text.startswith("*"):
            self._with_line(lambda line: self._till.qty(line, Quantity.parse(text[1:])))
        elif text:
            self._add(text)
        self.refresh()

    def _escape(self) -> None:
        if self.text:
            self.text = ""
            self.refresh()
        else:
            self._to_selling()

    # --- the ticket ---

    def _with_line(self, act: Callable[[int], object]) -> None:
        """Do something to the chosen line."""
        if n := self._chosen:
            self._window.run(lambda: act(n))
        else:
            self._window.tell(self.tr("请先录入商品"))
        self.refresh()

    def _typed(self, wanted: str) -> str | None:
        """What was typed before the key; without it the cashier is told what to type first."""
        text, self.text = self.text, ""
        if not text:
            self._window.tell(wanted)
        self.refresh()
        return text or None

    def _void(self) -> None:
        self._with_line(self._till.void)

    def _price(self) -> None:
        if text := self._typed(self.tr("请先输入新单价,再按改价")):
            self._with_line(lambda line: self._till.price(line, Money.parse(text)))

    def _discount(self) -> None:
        if text := self._typed(self.tr("请先输入折扣,如 10% 或 5.00,再按折扣")):
            self._with_line(lambda line: self._till.discount(line, text))

    def _park_or_recall(self) -> None:
        if self._shown.lines:
            self._window.run(self._till.park)
        else:
            self._window.run(self._till.recall)
        self._paid = None
        self.refresh()

    def _cancel(self) -> None:
        self._window.run(self._till.cancel)
        self.refresh()

    def _drawer(self) -> None:
        self._window.run(self._till.drawer)

    # --- paying ---

    def _to_selling(self) -> None:
        self.text = ""
        self._panes.setCurrentWidget(self._selling)
        self.refresh()

    def _to_paying(self) -> None:
        if self._shown.lines:
            self._panes.setCurrentWidget(self._paying)
            self.refresh()

    def _note(self, n: int) -> None:
        self.text = str(Money(self.notes[n].property("fen")))
        self._cash()

    def _cash(self) -> None:
        text, self.text = self.text, ""
        self._take(lambda: self._till.pay("cash", Money.parse(text) if text else self._shown.cash_due))

    def _card(self) -> None:
        text, self.text = self.text, ""

        def pay(answers: Sequence[str]) -> None:
            self._panes.setCurrentWidget(self._paying)
            self._take(lambda: self._till.pay("card", Money.parse(text) if text else self._shown.due, answers[0]))

        self.question.ask(
            [Step(self.tr("刷卡单上的授权号"))], pay, self.tr("刷卡 ¥{amount}").format(amount=text or self._shown.due)
        )
        self._panes.setCurrentWidget(self.question)

    def _take(self, pay: Callable[[], PaidView]) -> None:
        paid = self._window.run(pay)
        self._settle(paid)

    def _settle(self, paid: object) -> None:
        if isinstance(paid, PaidView) and paid.receipt:
            self._paid = paid
            self._to_selling()
        self.refresh()

    # --- approval ---

    def _ask_approval(self, reason: str) -> None:
        if self._panes.currentWidget() is not self.question:
            self._before = self._panes.currentIndex()

        def approve(answers: Sequence[str]) -> None:
            done = self._window.run(lambda: self._till.approve(*answers))
            if done is not None:
                self._panes.setCurrentIndex(self._before)
                self._settle(done)

        steps = [Step(self.tr("授权人工号")), Step(self.tr("授权人密码"), is_secret=True)]
        self.question.ask(steps, approve, reason)
        self._panes.setCurrentWidget(self.question)


def _notes_for(due: Money) -> list[int]:
    """What a customer is likely to hand over, in fen: the due amount rounded up to each note, then to more hundreds."""
    offers = sorted({-(-due.fen // note) * note or note for note in NOTES})
    while len(offers) < len(NOTES):
        offers.append((offers[-1] // NOTES[-1] + 1) * NOTES[-1])
    return offers

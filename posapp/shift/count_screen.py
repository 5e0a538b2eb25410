"""Counting the drawer, blind: how many of each note and coin, and what they come to. Nobody sees what is expected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from posapp.errors import PosError
from posapp.money import ZERO, Money
from posapp.ui.keypad import Keypad, button
from posapp.ui.label import RIGHT, label, show_value

LONGEST = 9
MOST_DIGITS = 4


class CountScreen(QWidget):
    """Enter goes from one note to the next and, behind the last, ends the count. counted(total, pieces) hears it:
    pieces by value, empty where an amount was typed that is in no pieces."""

    def __init__(
        self,
        denominations: Sequence[Money],
        counted: Callable[[Money, dict[Money, int]], object],
        back: Callable[[], object],
    ) -> None:
        super().__init__()
        self.setObjectName("close_shift")
        self._denominations = denominations
        self._counted = counted
        self._back = back
        self._texts = [""] * (len(self._denominations) + 1)
        self._row = 0
        self.total = label("counted_total", "huge", align=RIGHT)
        self.entry = label("entry", align=RIGHT)
        self.entry.setProperty("asking", True)
        self.title = label("count_title", "large")
        self.rows = [
            button(f"count_{name}", "", partial(self._go, row), "count")
            for row, name in enumerate([*map(str, self._denominations), "other"])
        ]
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self._count_card(), 1)
        layout.addWidget(self._keys_card(), 1)
        self.refresh()

    def _count_card(self) -> QFrame:
        card = QFrame()
        card.setProperty("card", True)
        grid = QGridLayout()
        grid.setSpacing(6)
        half = -(-len(self.rows) // 2)
        for row, made in enumerate(self.rows):
            grid.addWidget(made, row % half, row // half)
        foot = QHBoxLayout()
        foot.addWidget(label("counted_caption", "large", text=self.tr("实点合计")))
        foot.addWidget(self.total)
        layout = QVBoxLayout(card)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.addWidget(label("close_title", "large", text=self.tr("交班 · 清点钱箱")))
        layout.addLayout(grid, 1)
        layout.addLayout(foot)
        return card

    def _keys_card(self) -> QFrame:
        card = QFrame()
        card.setProperty("card", True)
        keypad = Keypad(
            self.write,
            [
                [
                    button("count_erase", "⌫", self._erase, "key"),
                    button("count_next", self.tr("下一种"), self._next, key="Enter"),
                    button("count_back", self.tr("返回"), lambda: self._back(), key="Esc"),
                ]
            ],
            button("count_done", self.tr("交班"), self.done, "pay", "F12"),
        )
        layout = QVBoxLayout(card)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(10)
        layout.addWidget(self.title)
        layout.addWidget(self.entry)
        layout.addWidget(keypad, 1)
        return card

    def refresh(self) -> None:
        """Begin a count anew."""
        self._texts = [""] * (len(self._denominations) + 1)
        self._go(0)

    def _go(self, row: int) -> None:
        self._row = row % len(self._texts)
        self._show()

    def _show(self) -> None:
        for row, (made, text) in enumerate(zip(self.rows, self._texts, strict=True)):
            name = self._name(row)
            times = "" if row == len(self._denominations) else " ×"
            made.setText(f"{name}{times}  {text or '—'}")
            made.setAccessibleName(f"{name} {text}")
            if made.property("asking") != (row == self._row):
                made.setProperty("asking", row == self._row)
                made.style().polish(made)
        self.title.setText(
            self.tr("{name} 有几张").format(name=self._name(self._row))
            if self._row < len(self._denominations)
            else self.tr("未分面额的金额")
        )
        show_value(self.entry, self.title.text(), self._texts[self._row])
        show_value(self.total, self.tr("实点合计"), f"¥{self._sum()}")

    def _name(self, row: int) -> str:
        if row == len(self._denominations):
            return self.tr("其他")
        return f"¥{self._denominations[row]}".removesuffix(".00")

    def _pieces(self) -> dict[Money, int]:
        counts = zip(self._denominations, self._texts, strict=False)
        return {value: int(text) for value, text in counts if text.isdigit()}

    def _other(self) -> Money:
        try:
            return Money.parse(self._texts[-1]) if self._texts[-1] else ZERO
        except PosError:
            return ZERO

    def _sum(self) -> Money:
        return Money(sum(value.fen * pieces for value, pieces in self._pieces().items())) + self._other()

    def write(self, text: str) -> None:
        if text == "." and self._row < len(self._denominations):
            return
        longest = MOST_DIGITS if self._row < len(self._denominations) else LONGEST
        self._texts[self._row] = (self._texts[self._row] + text)[:longest]
        self._show()

    def _erase(self) -> None:
        self._texts[self._row] = self._texts[self._row][:-1]
        self._show()

    def _next(self) -> None:
        if self._row == len(self._denominations):
            self.done()
        else:
            self._go(self._row + 1)

    def done(self) -> None:
        if not any(self._texts):
            self.title.setText(self.tr("请先清点,没有现金请输入 0"))
            return
        self._counted(self._sum(), {} if self._other() else self._pieces())

    def key(self, event: QKeyEvent) -> bool:
        """Whether the count took the key."""
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._next()
            case Qt.Key.Key_Down | Qt.Key.Key_Up:
                self._go(self._row + (1 if event.key() == Qt.Key.Key_Down else -1))
            case Qt.Key.Key_Backspace:
                self._erase()
            case Qt.Key.Key_F12:
                self.done()
            case Qt.Key.Key_Escape:
                self._back()
            case _ if event.text() and event.text() in "0123456789.":
                self.write(event.text())
            case _:
                return False
        return True

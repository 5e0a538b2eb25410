"""Buttons for fingers: a key, a row of keys, the number pad. None takes the focus, so Enter never presses one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QPushButton, QSizePolicy, QWidget

_BELOW = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
ROOM = 1.6
"""A key is named below the words where the button is so much higher than its letters."""

MONEY = ("pay", "note", "tender")
"""Kinds of buttons that take money, or lead to where it is taken."""

PAD = (("7", "8", "9"), ("4", "5", "6"), ("1", "2", "3"), ("0", "00", "."))


class KeyButton(QPushButton):
    """Says what it does, and small below it which key does the same."""

    def __init__(self, text: str, key: str) -> None:
        super().__init__(text)
        self._key = key
        signs = {
            "⌫": self.tr("删除一位"),
            "×": self.tr("数量"),
            "⇧": self.tr("大写"),
            "␣": self.tr("空格"),
            "▲": self.tr("上一项"),
            "▼": self.tr("下一项"),
        }
        self.setAccessibleName(signs.get(text, text))
        self.setProperty("hinted", bool(key))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """The second tap of a double one takes no money: the button before it may have lain under the finger."""
        if self.property("kind") in MONEY:
            event.accept()
        else:
            super().mouseDoubleClickEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        super().paintEvent(event)
        if not self._key or self.height() < ROOM * self.fontMetrics().height():
            return
        painter = QPainter(self)
        font = self.font()
        font.setPixelSize(max(11, round(QApplication.font().pixelSize() * 0.7)))
        painter.setFont(font)
        colour = self.palette().color(self.foregroundRole())
        colour.setAlphaF(0.65)
        painter.setPen(colour)
        painter.drawText(self.rect().adjusted(0, 0, 0, -5), _BELOW, self._key)


def button(name: str, text: str, act: Callable[[], object], kind: str = "", key: str = "") -> QPushButton:
    """A button called `name` (for tests and assistive technology) that says `text`, and the key that does the same."""
    made = KeyButton(text, key)
    made.setObjectName(name)
    made.setAccessibleDescription(key)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
    made.setProperty("kind", kind)
    made.clicked.connect(lambda: act())
    return made


class Keypad(QWidget):
    """Digits and what stands beside them. pressed(text) hears a digit; the other keys act for themselves.

    columns: keys beside the digits, from the top; a column's last key fills it. wide: the key below all columns.
    """

    def __init__(
        self, pressed: Callable[[str], object], columns: Sequence[Sequence[QPushButton]], wide: QPushButton
    ) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        for row, texts in enumerate(PAD):
            for column, text in enumerate(texts):
                grid.addWidget(button(f"key_{text}", text, partial(pressed, text), "key"), row, column)
        rows = len(PAD) - 1
        for column, keys in enumerate(columns, len(PAD[0])):
            for row, made in enumerate(keys):
                grid.addWidget(made, row, column, rows - row if row == len(keys) - 1 else 1, 1)
        grid.addWidget(wide, rows, len(PAD[0]), 1, len(columns))
        for column in range(len(PAD[0]) + len(columns)):
            grid.setColumnStretch(column, 1)
        for row in range(len(PAD)):
            grid.setRowStretch(row, 1)

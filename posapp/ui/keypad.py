"""Buttons for fingers: a key, a row of keys, the number pad. None takes the focus, so Enter never presses one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QWidget

PAD = (("7", "8", "9"), ("4", "5", "6"), ("1", "2", "3"), ("0", "00", "."))


def button(name: str, text: str, act: Callable[[], object], kind: str = "") -> QPushButton:
    """A button called `name` (for tests and assistive technology) that says `text`."""
    made = QPushButton(text)
    made.setObjectName(name)
    made.setAccessibleName(text.replace("\n", " "))
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
    made.setProperty("kind", kind)
    made.clicked.connect(lambda: act())
    return made


class Keypad(QWidget):
    """Digits and what stands beside them. pressed(text) hears a digit; the keys of `more` act for themselves."""

    def __init__(self, pressed: Callable[[str], object], more: Sequence[QPushButton] = ()) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        for row, texts in enumerate(PAD):
            for column, text in enumerate(texts):
                grid.addWidget(button(f"key_{text}", text, partial(pressed, text), "key"), row, column)
        for row, made in enumerate(more):
            grid.addWidget(made, row, len(PAD[0]))

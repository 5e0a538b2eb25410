"""An on-screen keyboard for shops without one: digits, letters and the signs of addresses and folders."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from posapp.ui.keypad import button

_ROWS = ("1234567890-", "qwertyuiop:", "asdfghjkl._", "zxcvbnm/\\@|")
_DIGITS = "0123456789."


class Letters(QWidget):
    """pressed(text) hears a letter, a digit or a sign, erase() that the last one goes. Capitals come one at a time."""

    def __init__(self, pressed: Callable[[str], object], erase: Callable[[], object]) -> None:
        super().__init__()
        self._pressed = pressed
        self._is_capital = False
        self._keys: dict[str, QPushButton] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        for row, signs in enumerate(_ROWS):
            for column, sign in enumerate(signs):
                self._keys[sign] = made = button(f"letter_{sign}", sign, partial(self._press, sign), "key")
                grid.addWidget(made, row, column)
        self.erase = button("letter_erase", "⌫", erase, "key")
        self.shift = button("letter_shift", "⇧", lambda: self._capital(not self._is_capital), "key")
        self.space = button("letter_space", "␣", partial(self._press, " "), "key")
        grid.addWidget(self.erase, 0, 11)
        grid.addWidget(self.shift, 1, 11)
        grid.addWidget(self.space, 2, 11, 2, 1)
        for column in range(12):
            grid.setColumnStretch(column, 1)
        for made in (*self._keys.values(), self.erase, self.shift, self.space):
            made.setMinimumWidth(1)  # all equally wide, whatever stands on them

    def offer(self, kind: str) -> None:
        """Which keys make sense now: "text", "number" or "" for none."""
        for sign, made in self._keys.items():
            made.setEnabled(kind == "text" or (kind == "number" and sign in _DIGITS))
        for made in (self.shift, self.space):
            made.setEnabled(kind == "text")
        self.erase.setEnabled(kind != "")

    def _press(self, sign: str) -> None:
        self._pressed(sign.upper() if self._is_capital else sign)
        self._capital(False)

    def _capital(self, is_capital: bool) -> None:
        self._is_capital = is_capital
        for sign, made in self._keys.items():
            made.setText(sign.upper() if is_capital else sign)

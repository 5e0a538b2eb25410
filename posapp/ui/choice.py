"""A choice between a few things: a page of large buttons, each with the digit that chooses it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout

from posapp.ui.keypad import button
from posapp.ui.label import announce, label
from posapp.ui.sheet import Sheet

PER_PAGE = 9


@dataclass(frozen=True, slots=True)
class Option:
    """name: for tests and assistive technology. text may have two lines. key: the key that does it from elsewhere."""

    name: str
    text: str
    act: Callable[[], object]
    key: str = ""


class Choice(QFrame):
    """Offers options; a digit or a finger takes one. Enter takes none: it pays and does nothing else."""

    def __init__(self, name: str, words: dict[str, str], given_up: Callable[[], object]) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("card", True)
        self._given_up = given_up
        self._options: Sequence[Option] = ()
        self._page = 0
        self.title = label("choice_title", "large")
        self.sheet = Sheet("choice_sheet")
        self._grid = QGridLayout()
        self._grid.setSpacing(6)
        self._columns = 1
        self.more = button(f"{name}_more", words["more"], self._turn, key="0")
        foot = QHBoxLayout()
        foot.setSpacing(6)
        foot.addWidget(button(f"{name}_back", words["back"], lambda: self._given_up(), key="Esc"))
        foot.addWidget(self.more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(10)
        layout.addWidget(self.title)
        layout.addWidget(self.sheet, 6)
        layout.addLayout(self._grid, 2)
        layout.addLayout(foot)

    def offer(self, title: str, options: Sequence[Option], *, columns: int = 1, lines: Sequence[str] = ()) -> None:
        """lines: of a receipt or slip that stands above the options."""
        self.title.setText(title)
        announce(self, title)
        self.sheet.put(lines)
        self.sheet.setVisible(bool(lines))
        self._options, self._columns, self._page = options, columns, 0
        self._show()

    @property
    def options(self) -> Sequence[Option]:
        return self._options

    def _shown(self) -> Sequence[Option]:
        return self._options[self._page * PER_PAGE : (self._page + 1) * PER_PAGE]

    def _show(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if old := item.widget():
                old.hide()
                old.deleteLater()
        for n, option in enumerate(self._shown()):
            text = f"{n + 1}   {option.text}"
            made = button(option.name, text, partial(self._take, option), "choice", option.key)
            self._grid.addWidget(made, n // self._columns, n % self._columns)
        rows = 1 if self.sheet.isVisibleTo(self) else -(-PER_PAGE // self._columns)
        for row in range(PER_PAGE):
            self._grid.setRowStretch(row, 1 if row < rows else 0)
        self.more.setVisible(len(self._options) > PER_PAGE)

    def _turn(self) -> None:
        self._page = (self._page + 1) % max(1, -(-len(self._options) // PER_PAGE))
        self._show()

    def _take(self, option: Option) -> None:
        option.act()

    def key(self, event: QKeyEvent) -> bool:
        """Whether the choice took the key."""
        text = event.text()
        if event.key() == Qt.Key.Key_Escape:
            self._given_up()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self.sheet.page(1 if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_PageDown) else -1)
        elif text == "0":
            self._turn()
        elif text.isascii() and text.isdigit() and int(text) <= len(self._shown()):
            self._take(self._shown()[int(text) - 1])
        else:
            return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        return True

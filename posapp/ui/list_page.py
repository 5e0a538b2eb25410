"""A page that is a list: what is to be known of it in a line, rows with what can be done about each, keys for all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from posapp.ui.keypad import button
from posapp.ui.keys import key_text
from posapp.ui.label import announce, label
from posapp.ui.rows import Row, Rows

PAGE = 25
"""Rows that are made at once; more are turned to."""


@dataclass(frozen=True, slots=True)
class Listing:
    """summary: above the rows. empty: what is said where there is none."""

    summary: str
    rows: Sequence[Row]
    empty: str


@dataclass(frozen=True, slots=True)
class PageAct:
    """Something that is done about the list as a whole; key as key_text() tells it."""

    name: str
    text: str
    key: str
    act: Callable[[], object]


class ListPage(QWidget):
    """Arrows choose a row, a digit does what the row's button with that number does. load: the list as it is now, asked
    for each time the page is drawn; acted(n, act) hears of the n-th row of the whole list."""

    def __init__(
        self,
        name: str,
        title: str,
        load: Callable[[], Listing],
        leave: Callable[[], object],
        words: tuple[str, str, str],
        acted: Callable[[int, str], object] = lambda n, act: None,
        acts: Sequence[PageAct] = (),
    ) -> None:
        """words: for going back, to the page before, to the next."""
        super().__init__()
        self._load, self._leave, self._acted, self._acts = load, leave, acted, acts
        self._listing = Listing("", (), "")
        self._page = 0
        back, before, after = words
        self.rows = Rows(f"{name}_rows", title, self._choose, self._act)
        self.summary = label(f"{name}_summary", is_quiet=True)
        self.empty = label(f"{name}_empty", is_quiet=True)
        self.empty.setWordWrap(True)
        self._turns = [
            _fixed(button(f"{name}_before", before, lambda: self._turn(-1), key="PgUp")),
            _fixed(button(f"{name}_after", after, lambda: self._turn(1), key="PgDown")),
        ]
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(label(f"{name}_title", "large", text=title))
        head.addWidget(self.summary, 1)
        for made in self._turns:
            head.addWidget(made)
        for one in acts:
            head.addWidget(_fixed(button(one.name, one.text, one.act, key=one.key)))
        head.addWidget(_fixed(button(f"{name}_back", back, lambda: self._leave(), key="Esc")))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self.empty)
        layout.addWidget(self.rows, 1)

    def refresh(self) -> None:
        self._listing = self._load()
        last = max(0, -(-len(self._listing.rows) // PAGE) - 1)
        self._page = min(self._page, last)
        self._draw(max(0, self.rows.chosen))

    def _draw(self, chosen: int) -> None:
        shown = self._listing.rows[self._page * PAGE : (self._page + 1) * PAGE]
        self.summary.setText(self._listing.summary)
        self.empty.setText("" if shown else self._listing.empty)
        self.empty.setVisible(not shown)
        self.rows.put(shown, min(chosen, len(shown) - 1))
        for made in self._turns:
            made.setVisible(len(self._listing.rows) > PAGE)
        if not shown:
            announce(self, self._listing.empty)

    def _turn(self, by: int) -> None:
        pages = max(1, -(-len(self._listing.rows) // PAGE))
        self._page = (self._page + by) % pages
        self._draw(0)

    def _choose(self, n: int) -> None:
        self.rows.choose(n)

    def _act(self, n: int, act: str) -> None:
        self.rows.choose(n)
        self._acted(self._page * PAGE + n, act)

    def key(self, event: QKeyEvent) -> bool:
        """Whether the page took the key."""
        pressed, text = key_text(event), event.text()
        chosen = self.rows.texts[self.rows.chosen] if 0 <= self.rows.chosen < len(self.rows.texts) else None
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.rows.step(-1 if event.key() == Qt.Key.Key_Up else 1)
        elif event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self._turn(-1 if event.key() == Qt.Key.Key_PageUp else 1)
        elif one := next((one for one in self._acts if one.key == pressed), None):
            one.act()
        elif chosen and text.isascii() and text.isdigit() and 1 <= int(text) <= len(chosen.acts):
            self._act(self.rows.chosen, chosen.acts[int(text) - 1][0])
        else:
            return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        return True


def _fixed(made: QPushButton) -> QPushButton:
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made

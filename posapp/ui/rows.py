"""A list for fingers and arrow keys. A row has a title, what is to be said of it, and how it stands, in a word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QScroller, QSizePolicy, QVBoxLayout, QWidget

from posapp.ui.keypad import button
from posapp.ui.label import RIGHT, announce, label, tell

Tone = Literal["", "good", "caution", "warning"]


@dataclass(frozen=True, slots=True)
class Row:
    """word: how it stands, in a word; tone colours it and the dot before it. text may be empty. acts: what a finger
    does about it at once, each a name and what its button says."""

    title: str
    text: str = ""
    tone: Tone = ""
    word: str = ""
    acts: tuple[tuple[str, str], ...] = ()


class _Line(QFrame):
    def __init__(
        self, name: str, row: Row, tapped: Callable[[], object], acted: Callable[[str], object], is_narrow: bool
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("row", True)
        self.setProperty("standing", row.tone)
        self._tapped = tapped
        title = label(f"{name}_title", text=row.title)
        text = label(f"{name}_text", "small", is_quiet=True, text=row.text)
        for made in (title, text):
            made.setWordWrap(True)
        said = QVBoxLayout()
        said.setSpacing(2)
        said.addWidget(title)
        if row.text:
            said.addWidget(text)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 14, 8)
        layout.setSpacing(10)
        layout.addLayout(said, 1)
        if row.word:
            state = label(f"{name}_state", align=RIGHT, text=f"● {row.word}" if row.tone else row.word)
            state.setProperty("tone", row.tone)
            layout.addWidget(state)
        acts = QHBoxLayout()
        acts.setSpacing(10)
        for digit, (act, said_on_it) in enumerate(row.acts, 1):
            touch = button(f"{name}_{act}", said_on_it, partial(acted, act), "act", str(digit))
            touch.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            acts.addWidget(touch)
        if is_narrow:
            acts.addStretch(1)
            said.addLayout(acts)
        else:
            layout.addLayout(acts)
        self.setAccessibleName(" ".join(part for part in (row.title, row.word, row.text) if part))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  (Qt's name)
        if self.rect().contains(event.position().toPoint()):
            self._tapped()


class Rows(QScrollArea):
    """Shows rows, one of them chosen (-1: none is to be chosen); tapped(n) hears a finger, acted(n, act) one on a
    row's button. title: for a screen reader. is_narrow: the buttons stand below what is said."""

    def __init__(
        self,
        name: str,
        title: str,
        tapped: Callable[[int], object] = lambda n: None,
        acted: Callable[[int, str], object] = lambda n, act: None,
        *,
        is_narrow: bool = False,
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        QScroller.grabGesture(self.viewport(), QScroller.ScrollerGestureType.TouchGesture)
        self._tapped, self._acted, self._is_narrow = tapped, acted, is_narrow
        self._rows: list[Row] = []
        self._lines: list[_Line] = []
        self.chosen = -1
        self._inside = QWidget()
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addStretch(1)
        self.setWidget(self._inside)

    def put(self, rows: Sequence[Row], chosen: int = -1) -> None:
        if list(rows) != self._rows:
            for line in self._lines:
                self._column.removeWidget(line)
                line.hide()
                line.deleteLater()
            self._rows = list(rows)
            self._lines = [
                _Line(
                    f"{self.objectName()}_{n}", row, partial(self._tapped, n), partial(self._acted, n), self._is_narrow
                )
                for n, row in enumerate(rows)
            ]
            for n, line in enumerate(self._lines):
                self._column.insertWidget(n, line)
        self.choose(chosen)

    def choose(self, n: int) -> None:
        """Mark a row and bring it into sight; a number that no row has marks none."""
        chosen = n if 0 <= n < len(self._lines) else -1
        if chosen not in (-1, self.chosen):
            announce(self, self._lines[chosen].accessibleName())
        self.chosen = chosen
        for place, line in enumerate(self._lines):
            tell(line, "chosen", place == self.chosen)
        if self.chosen >= 0:
            self._inside.adjustSize()
            self.ensureWidgetVisible(self._lines[self.chosen], 0, 12)

    def step(self, by: int) -> None:
        self.choose(max(0, min(len(self._lines) - 1, self.chosen + by)))

    def scroll_by(self, event: QKeyEvent) -> bool:
        """Half a page up or down where no row is to be chosen; whether it was a key for that."""
        match event.key():
            case Qt.Key.Key_Down | Qt.Key.Key_PageDown:
                steps = 1
            case Qt.Key.Key_Up | Qt.Key.Key_PageUp:
                steps = -1
            case _:
                return False
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + steps * bar.pageStep() // 2)
        return True

    @property
    def texts(self) -> list[Row]:
        return list(self._rows)

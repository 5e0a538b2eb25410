"""A form drawn from descriptions of its fields, for fingers and for keys alone.

There is no text box in it: keys come through key(), so that a scan is never typed into a field and no input method
waits in the way. Up and Down go from field to field, Left and Right change a choice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QScroller,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from posapp.money import half_width
from posapp.ui.keypad import button
from posapp.ui.label import label, tell
from posapp.ui.letters import Letters

LONGEST = 200
CHOICES_A_ROW = 4

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Field:
    """What is asked for. kind: folder is a text. label: a sentence in the language in force. offers: texts that can
    be taken by one touch. titles: what the choices are called, where they do not speak for themselves."""

    name: str
    kind: Literal["text", "folder", "whole", "decimal", "yes_no", "choice"]
    label: str
    is_required: bool = False
    default: Value | None = None
    choices: tuple[str | int, ...] = ()
    titles: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """What the form says of itself, in the language in force."""

    yes: str
    no: str
    missing: str
    not_whole: str
    not_number: str


class _Entry(QFrame):
    """One field: its sentence on the left, its value on the right, what is wrong with it below."""

    def __init__(self, field: Field, words: Words, chosen: Callable[[], object], changed: Callable[[], object]) -> None:
        super().__init__()
        self.setObjectName(f"field_{field.name}")
        self.setProperty("row", True)
        self.field = field
        self._words, self._chosen, self._changed = words, chosen, changed
        self.text = ""
        self.options: tuple[Value, ...] = (True, False) if field.kind == "yes_no" else field.choices
        self._buttons: list[QPushButton] = []
        caption = label(f"{field.name}_label", text=field.label)
        caption.setWordWrap(True)
        self.value = label(f"{field.name}_value")
        self.value.setProperty("value", True)
        # a long text is cut to the room there is, and does not make room for itself
        self.value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.wrong = label(f"{field.name}_wrong", "small")
        self.wrong.setProperty("tone", "warning")
        self.wrong.setWordWrap(True)
        self.wrong.hide()
        right = QVBoxLayout()
        right.setSpacing(4)
        right.addLayout(self._choices()) if self.options else right.addWidget(self.value)
        if field.offers:
            right.addLayout(self._offers())
        right.addWidget(self.wrong)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 8, 8)
        layout.setSpacing(12)
        layout.addWidget(caption, 4)
        layout.addLayout(right, 5)

    def _choices(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(6)
        titles = self.field.titles or tuple(map(str, self.options))
        if self.field.kind == "yes_no":
            titles = (self._words.yes, self._words.no)
        for n, (option, title) in enumerate(zip(self.options, titles, strict=True)):
            made = button(f"{self.field.name}_{option}".lower(), title, partial(self.take, option))
            made.setMinimumWidth(1)
            self._buttons.append(made)
            grid.addWidget(made, n // CHOICES_A_ROW, n % CHOICES_A_ROW)
        return grid

    def _offers(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(6)
        for n, text in enumerate(self.field.offers):
            made = button(f"{self.field.name}_offer_{n}", text, partial(self.take, text))
            grid.addWidget(made, n // 2, n % 2)
        return grid

    def take(self, value: Value) -> None:
        """A value as a whole: by a button, or as it was before."""
        self._chosen()
        self.text = str(value)
        self._changed()

    def turn(self, step: int) -> None:
        """The next choice or the one before."""
        told = list(map(str, self.options))
        place = told.index(self.text) if self.text in told else -step if step > 0 else 0
        self.take(self.options[(place + step) % len(told)])

    def show_value(self, is_current: bool) -> None:
        tell(self, "chosen", is_current)
        for option, made in zip(self.options, self._buttons, strict=False):
            tell(made, "chosen", str(option) == self.text)
        metrics = QFontMetrics(self.value.font())
        room = max(40, self.value.width() - 32)
        shown = metrics.elidedText(self.text, Qt.TextElideMode.ElideLeft, room)
        self.value.setText(f"{shown}▏" if is_current else shown)
        self.value.setAccessibleName(f"{self.field.label} {self.text}")

    def read(self) -> Value | None:
        """The value; None where the field was left empty and may be. Raises ValueError with what to tell."""
        text, field = self.text.strip(), self.field
        if self.options:
            return next((option for option in self.options if str(option) == text), None)
        if not text:
            if field.is_required:
                raise ValueError(self._words.missing)
            return None
        if field.kind == "whole":
            plain = half_width(text)
            if not plain.isascii() or not plain.isdigit() or len(plain) > 9:
                raise ValueError(self._words.not_whole)
            return int(plain)
        if field.kind == "decimal":
            try:
                number = float(half_width(text))
            except ValueError:
                raise ValueError(self._words.not_number) from None
            if not math.isfinite(number) or number < 0:
                raise ValueError(self._words.not_number)
            return number
        return text

    def complain(self, sentence: str) -> None:
        self.wrong.setText(sentence)
        self.wrong.setVisible(bool(sentence))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  (Qt's name)
        if self.rect().contains(event.position().toPoint()):
            self._chosen()


class Form(QWidget):
    """Fields, with `beside` at their right; below them the on-screen keyboard and the buttons of `more`. changed()
    hears every change."""

    def __init__(
        self,
        more: Sequence[QPushButton] = (),
        changed: Callable[[], object] = lambda: None,
        beside: QWidget | None = None,
    ) -> None:
        super().__init__()
        self._words = Words(
            yes=self.tr("是"),
            no=self.tr("否"),
            missing=self.tr("请填写"),
            not_whole=self.tr("请输入整数"),
            not_number=self.tr("请输入数字,如 2.5"),
        )
        self._changed = changed
        self._entries: list[_Entry] = []
        self.current = 0
        self._column = QVBoxLayout()
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._inside = QWidget()
        self._inside.setLayout(self._column)
        self.fields = QScrollArea()
        self.fields.setObjectName("fields")
        self.fields.setAccessibleName(self.tr("要填写的内容"))
        self.fields.setFrameShape(QFrame.Shape.NoFrame)
        self.fields.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.fields.setWidgetResizable(True)
        self.fields.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.fields.setWidget(self._inside)
        QScroller.grabGesture(self.fields.viewport(), QScroller.ScrollerGestureType.TouchGesture)
        self.letters = Letters(self.write, self.erase)
        side = QGridLayout()
        side.setSpacing(6)
        steps = (
            button("field_before", "▲", partial(self.go, -1)),
            button("field_after", "▼", partial(self.go, 1)),
        )
        for column, made in enumerate(steps):
            side.addWidget(made, 0, column)
        for row, made in enumerate(more, 1):
            side.addWidget(made, row, 0, 1, 2)
        foot = QHBoxLayout()
        foot.setSpacing(10)
        foot.addWidget(self.letters, 4)
        foot.addLayout(side, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        upper = QHBoxLayout()
        upper.setSpacing(12)
        upper.addWidget(self.fields, 1)
        if beside:
            upper.addWidget(beside)
        layout.addLayout(upper, 1)
        layout.addLayout(foot)

    def ask(self, fields: Sequence[Field], values: Mapping[str, Value]) -> None:
        """Ask for these fields, filled with what is known, else with their defaults."""
        while (item := self._column.takeAt(0)) is not None:
            if old := item.widget():
                old.hide()
                old.deleteLater()
        self._entries = [
            _Entry(field, self._words, partial(self._choose, n), self._on_changed) for n, field in enumerate(fields)
        ]
        for entry in self._entries:
            value = values.get(entry.field.name, entry.field.default)
            entry.text = "" if value is None else str(value)
            self._column.addWidget(entry)
        self._column.addStretch(1)
        empty = (n for n, entry in enumerate(self._entries) if not entry.text)
        self._choose(next(empty, 0))

    def values(self) -> dict[str, Value] | None:
        """The values of all fields, those left empty left out; None where one is wrong, which then says so."""
        found: dict[str, Value] = {}
        wrong = []
        for n, entry in enumerate(self._entries):
            try:
                value = entry.read()
                entry.complain("")
            except ValueError as error:
                entry.complain(str(error))
                wrong.append(n)
                continue
            if value is not None:
                found[entry.field.name] = value
        if wrong:
            self._choose(wrong[0])
            return None
        return found

    def complain(self, name: str, sentence: str) -> None:
        """Say beside a field what is wrong with it."""
        for n, entry in enumerate(self._entries):
            if entry.field.name == name:
                entry.complain(sentence)
                self._choose(n)

    @property
    def texts(self) -> dict[str, str]:
        """What stands in each field."""
        return {entry.field.name: entry.text for entry in self._entries}

    @property
    def complaints(self) -> dict[str, str]:
        return {entry.field.name: entry.wrong.text() for entry in self._entries if entry.wrong.text()}

    # --- keys and fingers ---

    def write(self, text: str) -> None:
        if self._entries and not (entry := self._entries[self.current]).options:
            entry.text = (entry.text + text)[:LONGEST]
            self._on_changed()

    def erase(self) -> None:
        if self._entries and not (entry := self._entries[self.current]).options:
            entry.text = entry.text[:-1]
            self._on_changed()

    def go(self, step: int) -> None:
        if self._entries:
            self._choose((self.current + step) % len(self._entries))

    def key(self, event: QKeyEvent) -> bool:
        """Whether the form took the key. Enter goes to the next field; what ends the form is the screen's."""
        if not self._entries:
            return False
        entry = self._entries[self.current]
        match event.key():
            case Qt.Key.Key_Up | Qt.Key.Key_Backtab:
                self.go(-1)
            case Qt.Key.Key_Down | Qt.Key.Key_Tab | Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.go(1)
            case Qt.Key.Key_Left | Qt.Key.Key_Right | Qt.Key.Key_Space if entry.options:
                entry.turn(-1 if event.key() == Qt.Key.Key_Left else 1)
            case Qt.Key.Key_Backspace:
                self.erase()
            case _ if event.text().isprintable() and event.text():
                self.write(event.text())
            case _:
                return False
        return True

    def _choose(self, n: int) -> None:
        self.current = n
        kind = self._entries[n].field.kind if self._entries else ""
        kinds = {"text": "text", "folder": "text", "whole": "number", "decimal": "number"}
        self.letters.offer(kinds.get(kind, ""))
        self._show()
        self._inside.adjustSize()
        self.fields.ensureWidgetVisible(self._entries[n], 0, 12)

    def _on_changed(self) -> None:
        self._entries[self.current].complain("")
        self._show()
        self._changed()

    def _show(self) -> None:
        for n, entry in enumerate(self._entries):
            entry.show_value(n == self.current)

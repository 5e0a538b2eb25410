"""A question answered on the number pad: one line after the other, then all answers at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from posapp.ui.choice import Option
from posapp.ui.keypad import Keypad, button
from posapp.ui.keys import key_text
from posapp.ui.label import RIGHT, announce, label, show_value

LONGEST = 40


@dataclass(frozen=True, slots=True)
class Step:
    """What is asked for. is_secret: shown as dots. is_percent: it may be one, and there is a key for the sign."""

    title: str
    is_secret: bool = False
    is_percent: bool = False


class Question(QFrame):
    """Asks its steps in turn; done(answers) hears them all, given_up() that nobody wants to answer."""

    def __init__(self, name: str, words: dict[str, str], given_up: Callable[[], object]) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("card", True)
        self._given_up = given_up
        self._done: Callable[[list[str]], object] = lambda answers: None
        self._steps: list[Step] = []
        self._answers: list[str] = []
        self.text = ""
        self.reason = label("reason", is_quiet=True)
        self.reason.setWordWrap(True)
        self.title = label("title", "large")
        self.entry = label("entry", align=RIGHT)
        self.entry.setProperty("asking", True)
        self.entry.setMinimumHeight(72)
        self._words = words
        self.clear_button = button(f"{name}_clear", words["clear"], self._clear_or_percent)
        keypad = Keypad(
            self.write,
            [
                [
                    button(f"{name}_erase", "⌫", self.erase, "key"),
                    self.clear_button,
                    button(f"{name}_give_up", words["back"], self._given_up, key="Esc"),
                ]
            ],
            button(f"{name}_confirm", words["confirm"], self.confirm, "pay", "Enter"),
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 20)
        layout.setSpacing(12)
        self._others: Sequence[Option] = ()
        self._row = QHBoxLayout()
        self._row.setSpacing(6)
        for widget in (self.title, self.reason, self.entry):
            layout.addWidget(widget)
        layout.addLayout(self._row)
        layout.addWidget(keypad, 1)

    def ask(
        self,
        steps: list[Step],
        done: Callable[[list[str]], object],
        reason: str = "",
        others: Sequence[Option] = (),
    ) -> None:
        """others: what may be done instead of answering; each has a key."""
        self._steps, self._answers, self._done = steps, [], done
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))
        self._put_others(others)
        self._next()

    def _put_others(self, others: Sequence[Option]) -> None:
        while (item := self._row.takeAt(0)) is not None:
            if old := item.widget():
                old.hide()
                old.deleteLater()
        self._others = others
        for other in others:
            made = button(other.name, other.text, other.act, key=other.key)
            self._row.addWidget(made)

    def _next(self) -> None:
        self.text = ""
        step = self._steps[len(self._answers)]
        self.title.setText(step.title)
        self.clear_button.setText("%" if step.is_percent else self._words["clear"])
        announce(self, f"{self.reason.text()} {self.title.text()}")
        self._show()

    def _clear_or_percent(self) -> None:
        if self._steps[len(self._answers)].is_percent:
            self.write("%")
        else:
            self.clear()

    def _show(self) -> None:
        is_secret = self._steps[len(self._answers)].is_secret
        show_value(self.entry, self.title.text(), "•" * len(self.text) if is_secret else self.text)

    def write(self, text: str) -> None:
        self.text = (self.text + text)[:LONGEST]
        self._show()

    def erase(self) -> None:
        self.text = self.text[:-1]
        self._show()

    def clear(self) -> None:
        self.text = ""
        self._show()

    def confirm(self) -> None:
        if not self.text:
            return
        self._answers.append(self.text)
        if len(self._answers) < len(self._steps):
            self._next()
        else:
            answers = self._answers
            self.ask(self._steps, self._done, self.reason.text(), self._others)
            self._done(answers)

    def key(self, event: QKeyEvent) -> bool:
        """Whether the question took the key."""
        pressed = key_text(event)
        if other := next((other for other in self._others if other.key == pressed), None):
            other.act()
            return True
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.confirm()
            case Qt.Key.Key_Backspace:
                self.erase()
            case Qt.Key.Key_Escape:
                self._given_up()
            case _ if event.text().isprintable() and event.text():
                self.write(event.text())
            case _:
                return False
        return True

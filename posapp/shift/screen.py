"""Signing in, opening and closing a shift: questions in the middle of the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from posapp.ui.choice import Choice, Option
from posapp.ui.label import CENTRE, label
from posapp.ui.question import Question, Step


class DoorScreen(QWidget):
    """One question with a title above it; the answers go to `answered`, and who does not want to answer to `back`.

    hint: lines below the question.
    """

    def __init__(
        self,
        name: str,
        title: str,
        steps: list[Step],
        answered: Callable[[list[str]], object],
        back: Callable[[], object],
        hint: str = "",
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self._steps, self._answered = steps, answered
        words = {"clear": self.tr("清除"), "back": self.tr("返回"), "confirm": self.tr("确定")}
        self.question = Question(f"{name}_question", words, back)
        self.question.setFixedWidth(460)
        column = QVBoxLayout()
        column.addStretch(1)
        self.title = label(f"{name}_title", "huge", align=CENTRE, text=title)
        column.addWidget(self.title)
        column.addSpacing(8)
        column.addWidget(self.question, 8)
        if hint:
            self.hint = label(f"{name}_hint", "small", is_quiet=True, align=CENTRE, text=hint)
            column.addWidget(self.hint)
        column.addStretch(1)
        layout = QHBoxLayout(self)
        layout.addStretch(1)
        layout.addLayout(column)
        layout.addStretch(1)
        self.refresh()

    def refresh(self) -> None:
        self.question.ask(self._steps, self._answered)

    def key(self, event: QKeyEvent) -> bool:
        return self.question.key(event)


class SlipScreen(QWidget):
    """A slip as it was printed, and what can be done with it; done() hears that it was looked at."""

    def __init__(self, done: Callable[[], object]) -> None:
        super().__init__()
        self.setObjectName("slip")
        words = {"back": self.tr("完成"), "more": self.tr("下一页")}
        self.choice = Choice("slip_choice", words, done)
        self.choice.setMinimumWidth(560)
        layout = QHBoxLayout(self)
        layout.addStretch(1)
        layout.addWidget(self.choice, 4)
        layout.addStretch(1)

    def show_slip(self, title: str, lines: Sequence[str], options: Sequence[Option]) -> None:
        self.choice.offer(title, options, columns=2, lines=lines)

    def refresh(self) -> None:
        """The slip stays what it is."""

    def key(self, event: QKeyEvent) -> bool:
        return self.choice.key(event)

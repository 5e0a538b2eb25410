"""A cashier in front of the window: what the stories are told with."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from posapp.app import App
from posapp.till import Till
from tests.ui.keys import KeyBoard, wait_until

SCAN_S, STROKE_S = 1.4, 0.28
"""A scan as in domain.md J1 (five articles in six to eight seconds); a key as in the keystroke-level model of Card,
Moran and Newell (1980) for an average skilled typist."""

ENTER, ESCAPE, DELETE = Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Delete


class Counter:
    """strokes: keys struck so far; a scan is none. seconds: what a practised cashier needs for both."""

    def __init__(self, till: Till) -> None:
        self.till = till
        self.app = App(till)
        self.window = self.app.window
        self.window.resize(1024, 768)
        self.window.show()
        handle = self.window.windowHandle()
        assert handle is not None
        self.keys = KeyBoard(handle)
        self.strokes = 0
        self.scans = 0

    def scan(self, *codes: str) -> None:
        for code in codes:
            self.scans += 1
            self.keys.scan(code)

    @property
    def seconds(self) -> float:
        return self.scans * SCAN_S + self.strokes * STROKE_S

    def press(self, *keys: Qt.Key) -> None:
        for key in keys:
            self.strokes += 1
            self.keys.press(key)

    def type(self, text: str) -> None:
        """Type on the number pad and see it stand there."""
        before = self.typed
        self.strokes += len(text)
        self.keys.type(text, gap_ms=150)
        wait_until(lambda: self.typed == before + text)

    @property
    def typed(self) -> str:
        if self.window.page_name != "sale":
            return str(getattr(self.window.page, "question").text)  # noqa: B009
        sale = self.app.sale
        if sale.question.isVisible():
            return sale.question.text
        return sale.pay.text if sale.pay.isVisible() else sale.selling.text

    def answer(self, *answers: str) -> None:
        for answer in answers:
            self.type(answer)
            self.press(ENTER)

    def digit(self, text: str) -> None:
        """A digit that chooses."""
        self.strokes += 1
        self.keys.type(text, gap_ms=150)
        wait_until(lambda: not self.window.is_holding)

    def choose(self, name: str) -> None:
        """Take an option of the choice by its digit, on whichever of its pages it stands."""
        choice = self.app.sale.choice if self.window.page_name == "sale" else self.app.slip.choice
        wait_until(choice.isVisible)
        place = [option.name for option in choice.options].index(name)
        for _ in range(place // 9):
            self.digit("0")
        self.digit(str(place % 9 + 1))

    def tap(self, name: str) -> None:
        (button,) = [made for made in self.window.findChildren(QAbstractButton, name) if made.isVisible()]
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    @property
    def shown(self) -> list[tuple[str, ...]]:
        return self.app.sale.lines.texts

    @property
    def total(self) -> str:
        return self.app.sale.total.text()

    @property
    def notice(self) -> str:
        return self.window.notice.text() if self.window.notice.isVisible() else ""

"""A scanner that types is heard whatever has the focus, and a person's typing is left alone."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent, QWindow
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from posapp.ui.wedge import GAP_MS, Wedge
from tests.ui.keys import KeyBoard, wait_until

WIDGETS: list[Callable[[], QWidget]] = [
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QComboBox,
    lambda: QTableWidget(3, 3),
    QWidget,
]


class Counter(QWidget):
    """A window with one widget of each kind, and what was scanned in it."""

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        self.kinds = [make() for make in WIDGETS]
        for widget in self.kinds:
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            layout.addWidget(widget)
        self.pressed = 0
        for widget in self.kinds:
            if isinstance(widget, QPushButton):
                widget.clicked.connect(self._on_pressed)
        self.show()
        handle = self.windowHandle()
        assert handle is not None
        self.handle: QWindow = handle
        self.wedge = Wedge(handle)
        self.heard: list[str] = []
        self.wedge.scanned.connect(self.heard.append)
        self.keys = KeyBoard(handle)

    def _on_pressed(self) -> None:
        self.pressed += 1


@pytest.fixture
def counter(qapp: QApplication) -> Counter:
    return Counter()


def test_a_thousand_scans_with_the_focus_anywhere_are_a_thousand_right_codes(counter: Counter) -> None:
    codes = [f"69{n:011}" for n in range(1_000)]
    for code, widget in zip(codes, itertools.cycle(counter.kinds), strict=False):
        widget.setFocus()
        counter.keys.scan(code, gap_ms=5)
    assert counter.heard == codes
    assert counter.pressed == 0
    boxes = [widget for widget in counter.kinds if isinstance(widget, QLineEdit)]
    assert [box.text() for box in boxes] == [""] * len(boxes)


def test_typing_reaches_the_focus_and_is_no_scan(counter: Counter) -> None:
    box = counter.kinds[0]
    assert isinstance(box, QLineEdit)
    box.setFocus()
    counter.keys.type("1234567890", gap_ms=GAP_MS + 60)
    counter.keys.press(Qt.Key.Key_Return)
    wait_until(lambda: box.text() == "1234567890")
    assert counter.heard == []


def test_a_quick_short_number_is_typing(counter: Counter) -> None:
    box = counter.kinds[0]
    assert isinstance(box, QLineEdit)
    box.setFocus()
    counter.keys.scan("100", gap_ms=5)
    wait_until(lambda: box.text() == "100")
    assert counter.heard == []


def test_a_scan_right_after_typing_is_heard_alone(counter: Counter) -> None:
    box = counter.kinds[0]
    assert isinstance(box, QLineEdit)
    box.setFocus()
    counter.keys.type("12", gap_ms=200)
    counter.keys.wait(GAP_MS + 5)
    counter.keys.scan("6900000000011", gap_ms=5)
    assert counter.heard == ["6900000000011"]
    assert box.text() == "12"


def test_a_scan_that_came_while_the_program_was_busy_is_whole(counter: Counter) -> None:
    """The first keys are looked at, then everything stands still, then the rest of the keys are waiting."""
    counter.keys.type("69000", gap_ms=5)
    for character in "00000011":
        counter.keys.wait(5)
        counter.keys.post(ord(character), character)
    counter.keys.wait(5)
    counter.keys.post(Qt.Key.Key_Return, "\r")
    busy_until = time.monotonic() + 3 * GAP_MS / 1000
    while time.monotonic() < busy_until:
        pass
    wait_until(lambda: counter.heard == ["6900000000011"])


def test_keys_with_a_command_are_handed_on(counter: Counter) -> None:
    seen = []

    class Ear(QWidget):
        def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  (Qt's name)
            seen.append(event.key())

    ear = Ear(counter)
    ear.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    ear.show()
    ear.setFocus()
    modifiers = Qt.KeyboardModifier
    for key, modifier in ((Qt.Key.Key_F6, modifiers.NoModifier), (Qt.Key.Key_K, modifiers.ControlModifier)):
        QCoreApplication.sendEvent(counter.handle, QKeyEvent(QEvent.Type.KeyPress, key, modifier, ""))
    assert seen == [Qt.Key.Key_F6, Qt.Key.Key_K]

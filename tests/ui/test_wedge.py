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

from posapp.ui.wedge import GAP_MS, PREFIXED_GAP_MS, Heard, Wedge
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
        self.scans: list[Heard] = []
        self.wedge.heard.connect(self._on_heard)
        self.keys = KeyBoard(handle)

    def _on_heard(self, heard: Heard) -> None:
        self.scans.append(heard)
        self.heard.append(heard.code)

    def _on_pressed(self) -> None:
        self.pressed += 1


def box_of(counter: Counter) -> QLineEdit:
    box = counter.kinds[0]
    assert isinstance(box, QLineEdit)
    box.setFocus()
    return box


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


@pytest.mark.parametrize("prefix", ["", "~", "]C1"])
@pytest.mark.parametrize(
    ("suffix", "end"),
    [("either", Qt.Key.Key_Return), ("either", Qt.Key.Key_Tab), ("enter", Qt.Key.Key_Enter), ("tab", Qt.Key.Key_Tab)],
)
def test_a_thousand_scans_with_prefix_and_suffix_are_a_thousand_right_codes(
    counter: Counter, prefix: str, suffix: str, end: Qt.Key
) -> None:
    counter.wedge.listen(prefix, suffix, GAP_MS)
    codes = [f"69{n:011}" for n in range(1_000)]
    for code, widget in zip(codes, itertools.cycle(counter.kinds), strict=False):
        widget.setFocus()
        counter.keys.scan(prefix + code, gap_ms=5, end=end)
    assert counter.heard == codes
    assert counter.pressed == 0
    assert box_of(counter).text() == ""
    assert {(scan.typed[: len(prefix)], scan.end) for scan in counter.scans} == {
        (prefix, "tab" if end == Qt.Key.Key_Tab else "enter")
    }
    assert {gap for scan in counter.scans for gap in scan.gaps_ms} == {5}


@pytest.mark.parametrize("prefix", ["", "~"])
def test_scans_that_end_in_silence_are_right_codes(counter: Counter, prefix: str) -> None:
    counter.wedge.listen(prefix, "none", GAP_MS)
    codes = [f"69{n:011}" for n in range(200)]
    for code, widget in zip(codes, itertools.cycle(counter.kinds), strict=False):
        widget.setFocus()
        counter.keys.wait(500)
        counter.keys.type(prefix + code, gap_ms=5)
    wait_until(lambda: len(counter.heard) == len(codes))
    assert counter.heard == codes
    assert {scan.end for scan in counter.scans} == {"none"}
    counter.keys.scan("6900000000011")  # one that does send Enter takes it along
    assert (counter.heard[-1], counter.scans[-1].end, counter.pressed) == ("6900000000011", "enter", 0)


def test_a_key_that_is_held_down_is_no_scan(counter: Counter) -> None:
    counter.wedge.listen("", "none", GAP_MS)
    box = box_of(counter)
    counter.keys.type("0000000000", gap_ms=30)
    wait_until(lambda: box.text() == "0000000000")
    assert counter.heard == []


def test_a_prefix_tells_a_slow_and_a_short_scan_at_once(counter: Counter) -> None:
    counter.wedge.listen("~", "either", GAP_MS)
    box = box_of(counter)
    counter.keys.scan("~7", gap_ms=5)
    counter.keys.scan("~6900000000011", gap_ms=PREFIXED_GAP_MS - 20)
    assert counter.heard == ["7", "6900000000011"]
    counter.keys.scan("6900000000028", gap_ms=5)  # another scanner beside it has no prefix
    assert counter.heard[-1] == "6900000000028"
    counter.keys.type("12", gap_ms=150)
    wait_until(lambda: box.text() == "12")
    counter.keys.press(ord("~"), "~")
    wait_until(lambda: box.text() == "12~")
    assert len(counter.heard) == 3


def test_capitals_come_with_their_shift_key(counter: Counter) -> None:
    box_of(counter)
    counter.keys.wait(500)
    for character in "S001T01-A-000042-7K":
        if character.isupper():
            counter.keys.type_key(Qt.Key.Key_Shift, "", 2)
        counter.keys.type(character, gap_ms=2)
    counter.keys.type_key(Qt.Key.Key_Return, "\r", 2)
    assert counter.heard == ["S001T01-A-000042-7K"]


def test_separators_within_a_code_stay_in_it(counter: Counter) -> None:
    box_of(counter)
    counter.keys.wait(500)
    counter.keys.type("0106900000000011", gap_ms=5)
    counter.keys.type_key(Qt.Key.Key_BracketRight, "\x1d", 5, Qt.KeyboardModifier.ControlModifier)
    counter.keys.type("21A", gap_ms=5)
    counter.keys.type_key(Qt.Key.Key_Return, "\r", 5)
    assert counter.heard == ["0106900000000011\x1d21A"]
    counter.wedge.listen("", "enter", GAP_MS)
    counter.keys.wait(500)
    counter.keys.type("12", gap_ms=5)
    counter.keys.type_key(Qt.Key.Key_Tab, "\t", 5)
    counter.keys.scan_on("34", gap_ms=5)
    assert counter.heard[-1] == "12\t34"

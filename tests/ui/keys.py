"""Keys as a window gets them: to its handle, with the time at which they were struck."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEvent, QEventLoop, Qt
from PySide6.QtGui import QKeyEvent, QWindow

_ENTER = Qt.Key.Key_Return


class KeyBoard:
    """Strikes keys. Its time is its own: a scanner's five milliseconds are five whatever the machine does."""

    _started = itertools.count(1_000_000, 1_000_000)

    def __init__(self, window: QWindow) -> None:
        self._window = window
        self._now_ms = next(self._started)

    @property
    def now_ms(self) -> int:
        return self._now_ms

    def wait(self, ms: int) -> None:
        self._now_ms += ms

    def _event(self, key: int, text: str, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> QKeyEvent:
        event = QKeyEvent(QEvent.Type.KeyPress, key, modifiers, text)
        event.setTimestamp(self._now_ms)
        return event

    def post(self, key: int, text: str) -> None:
        """Strike a key that the program will look at later."""
        QCoreApplication.postEvent(self._window, self._event(key, text))

    def press(self, key: int, text: str = "") -> None:
        """Strike one key, as a finger does: a while after the one before."""
        self.type_key(key, text, 150)

    def type_key(
        self,
        key: int,
        text: str,
        gap_ms: int,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        self.wait(gap_ms)
        QCoreApplication.sendEvent(self._window, self._event(key, text, modifiers))

    def type(self, text: str, gap_ms: int) -> None:
        for character in text:
            self.type_key(ord(character.upper()), character, gap_ms)

    def scan(self, code: str, gap_ms: int = 5, end: Qt.Key = _ENTER) -> None:
        """What a scanner types: the code and Enter, or another end."""
        self.wait(500)
        self.scan_on(code, gap_ms, end)

    def scan_on(self, code: str, gap_ms: int, end: Qt.Key = _ENTER) -> None:
        """The rest of a scan that was begun."""
        self.type(code, gap_ms)
        self.type_key(end, "\t" if end == Qt.Key.Key_Tab else "\r", gap_ms)


def wait_until(is_so: Callable[[], bool], seconds: float = 5.0) -> None:
    """Let the program go on until something is so."""
    deadline = QDeadlineTimer(int(seconds * 1000))
    while not is_so():
        assert not deadline.hasExpired(), "it never came"
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)

"""Tells a scanner that types from a person who types, and hears it wherever the focus is.

The filter sits on the window object, where every key passes once; on widgets an unhandled key passes once more for
each parent. Keys that might be a scan are held back for a moment and handed on when they turn out to be typing.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QWindow

GAP_MS = 35
"""A scanner's keys follow each other faster, a person's slower."""

FEWEST = 4
"""Shorter bursts are typing: two fingers on a number pad can be that fast."""

_ENDS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab)
_COMMANDS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


def struck_ms(event: QKeyEvent) -> float:
    """When a key was struck, in milliseconds since some moment; not when the program came to look at it."""
    return event.timestamp() or time.monotonic_ns() / 1e6


def _copy(event: QKeyEvent) -> QKeyEvent:
    """An event of our own making; of a clone() nobody says who frees it."""
    kind, text = event.type(), event.text()
    copy = QKeyEvent(kind, event.key(), event.modifiers(), text, event.isAutoRepeat(), event.count())
    copy.setTimestamp(event.timestamp())
    return copy


class Wedge(QObject):
    """Emits scanned(code) for each burst of keys that ends with Enter or Tab; the keys themselves reach nobody."""

    scanned = Signal(str)

    def __init__(self, window: QWindow, gap_ms: int = GAP_MS) -> None:
        super().__init__(window)
        self._window = window
        self._gap_ms = gap_ms
        self._held: list[QKeyEvent] = []
        self._last_ms = 0.0
        self._touched = time.monotonic()
        self._is_handing_on = False
        self._late = QTimer(self, singleShot=True, interval=gap_ms, timerType=Qt.TimerType.PreciseTimer)
        self._late.timeout.connect(self._on_late)
        window.installEventFilter(self)

    def idle_s(self) -> float:
        """Seconds since the window last got a key or a finger."""
        return time.monotonic() - self._touched

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (Qt's name)
        if event.type() == QEvent.Type.MouseButtonPress:
            self._touched = time.monotonic()
        if event.type() != QEvent.Type.KeyPress or self._is_handing_on:
            return False
        self._touched = time.monotonic()
        assert isinstance(event, QKeyEvent)
        now = struck_ms(event)
        if self._held and now - self._last_ms > self._gap_ms:
            self._hand_on()
        self._last_ms = now
        if event.key() in _ENDS and len(self._held) >= FEWEST:
            code = "".join(held.text() for held in self._held)
            self._held.clear()
            self._late.stop()
            self.scanned.emit(code)
            return True
        if event.text().isprintable() and event.text() and not event.modifiers() & _COMMANDS:
            self._held.append(_copy(event))
            self._late.start()
            return True
        self._hand_on()
        return False

    def _on_late(self) -> None:
        # After a stall the timer may run out before keys that came in time are looked at: they go first.
        waited = len(self._held)
        QTimer.singleShot(0, self, lambda: self._hand_on() if len(self._held) == waited else None)

    def _hand_on(self) -> None:
        """What was held is typing: the focus gets it now."""
        self._late.stop()
        held, self._held = self._held, []
        self._is_handing_on = True
        try:
            for event in held:
                QCoreApplication.sendEvent(self._window, event)
        finally:
            self._is_handing_on = False

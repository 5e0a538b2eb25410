"""Tells a scanner that types from a person who types, and hears it wherever the focus is.

The filter sits on the window object, where every key passes once; on widgets an unhandled key passes once more for
each parent. Keys that might be a scan are held back for a moment and handed on when they turn out to be typing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QWindow

GAP_MS = 35
"""A scanner's keys follow each other faster, a person's slower."""

PREFIXED_GAP_MS = 200
"""After a scanner's own prefix nobody types, so that a slow (wireless) one is waited for."""

FEWEST = 4
"""Shorter bursts are typing: two fingers on a number pad can be that fast."""

_NAMES: dict[int, str] = {Qt.Key.Key_Return: "enter", Qt.Key.Key_Enter: "enter", Qt.Key.Key_Tab: "tab"}
_ENDS = {"either": {"enter", "tab"}, "enter": {"enter"}, "tab": {"tab"}, "none": {"enter", "tab"}}
_COMMANDS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
_SHIFTS = {
    *(Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta),
    *(Qt.Key.Key_CapsLock, Qt.Key.Key_NumLock),
}
_SEPARATORS = "\x1d\x1e\x1f\x04"
"""What stands between the parts of a GS1 or a driving-licence code; a scanner types GS as Ctrl+]."""


def struck_ms(event: QKeyEvent) -> float:
    """When a key was struck, in milliseconds since some moment; not when the program came to look at it."""
    return event.timestamp() or time.monotonic_ns() / 1e6


class _Struck(NamedTuple):
    """A key that is held back. ms: when it was struck, as struck_ms has it."""

    key: int
    text: str
    modifiers: Qt.KeyboardModifier
    is_repeat: bool
    ms: float

    def event(self) -> QKeyEvent:
        """The key once more; of a clone() of the first event nobody says who frees it."""
        made = QKeyEvent(QEvent.Type.KeyPress, self.key, self.modifiers, self.text, self.is_repeat)
        made.setTimestamp(int(self.ms))
        return made


@dataclass(frozen=True, slots=True)
class Heard:
    """A scan: its code without the prefix, what was typed with it, the times between the characters in
    milliseconds, and what ended it: enter, tab or none (silence)."""

    code: str
    typed: str
    gaps_ms: tuple[float, ...]
    end: str


class Wedge(QObject):
    """Emits heard(Heard) for each burst of keys of a scanner; the keys themselves reach nobody."""

    heard = Signal(object)

    def __init__(self, window: QWindow) -> None:
        super().__init__(window)
        self._window = window
        self._held: list[_Struck] = []
        self._last_ms = 0.0
        self._touched = time.monotonic()
        self._is_handing_on = False
        self.listen("", "either", GAP_MS)
        self._late = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._late.timeout.connect(self._on_late)
        window.installEventFilter(self)

    @property
    def is_holding(self) -> bool:
        """Whether keys are held back that may become a scan."""
        return bool(self._held)

    def idle_s(self) -> float:
        """Seconds since the window last got a key or a finger."""
        return time.monotonic() - self._touched

    def listen(self, prefix: str, suffix: str, gap_ms: int) -> None:
        """How this till's scanners type. prefix: what they send before each code, which is taken off; suffix: either
        (Enter or Tab), enter or tab ends a code, anything else belongs to it; none: silence ends it. gap_ms: longest
        time from one character to the next."""
        self._prefix, self._ends, self._gap_ms = prefix, _ENDS[suffix], gap_ms
        self._is_ended_by_silence = suffix == "none"

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (Qt's name)
        kind = event.type()
        if kind == QEvent.Type.MouseButtonPress:
            self._touched = time.monotonic()
        if kind != QEvent.Type.KeyPress or self._is_handing_on:
            return False
        self._touched = time.monotonic()
        assert isinstance(event, QKeyEvent)
        key = event.key()
        if key in _SHIFTS:
            return False  # a capital letter of a scan is two keys
        now = struck_ms(event)
        if self._held and now - self._last_ms > self._patience_ms:
            self._end_in_silence()
        self._last_ms = now
        end = _NAMES.get(key)
        if end in self._ends and self._is_scan:
            self._emit(str(end))
            return True
        struck = _Struck(key, event.text(), event.modifiers(), event.isAutoRepeat(), now)
        if self._is_of_a_code(struck):
            self._held.append(struck)
            self._late.start(self._patience_ms)
            return True
        self._hand_on()
        return False

    def _is_of_a_code(self, struck: _Struck) -> bool:
        text = struck.text
        if text and text in _SEPARATORS:
            return True
        if self._held and struck.key in _NAMES and _NAMES[struck.key] not in self._ends:
            return True
        return text.isprintable() and text != "" and not struck.modifiers & _COMMANDS

    @property
    def _typed(self) -> str:
        return "".join([held.text for held in self._held])

    @property
    def _is_prefixed(self) -> bool:
        return self._prefix != "" and self._typed.startswith(self._prefix)

    @property
    def _patience_ms(self) -> int:
        return max(self._gap_ms, PREFIXED_GAP_MS) if self._is_prefixed else self._gap_ms

    @property
    def _is_scan(self) -> bool:
        return len(self._held) > len(self._prefix) if self._is_prefixed else len(self._held) >= FEWEST

    def _on_late(self) -> None:
        # After a stall the timer may run out before keys that came in time are looked at: they go first.
        waited = len(self._held)
        QTimer.singleShot(0, self, lambda: self._end_in_silence() if len(self._held) == waited else None)

    def _end_in_silence(self) -> None:
        # A key that is held down repeats as fast as a scanner types, but is no code.
        if self._is_ended_by_silence and self._is_scan and len(set(self._typed)) > 1:
            self._emit("none")
        else:
            self._hand_on()

    def _emit(self, end: str) -> None:
        self._late.stop()
        typed = self._typed
        gaps = tuple(later.ms - earlier.ms for earlier, later in pairwise(self._held))
        code = typed.removeprefix(self._prefix)
        self._held.clear()
        self.heard.emit(Heard(code, typed, gaps, end))

    def _hand_on(self) -> None:
        """What was held is typing: the focus gets it now."""
        self._late.stop()
        held, self._held = self._held, []
        self._is_handing_on = True
        try:
            for struck in held:
                QCoreApplication.sendEvent(self._window, struck.event())
        finally:
            self._is_handing_on = False

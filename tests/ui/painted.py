"""When a table's line stands on the screen, and how long the event loop was kept from turning."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QTableView

from tests.ui.keys import KeyBoard

ENTER = Qt.Key.Key_Return
LONGEST_S = 10


class Painted(QObject):
    """Watches a table's paint events. rows: how many there were when the last row was painted last."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self._table = table
        self.rows = -1
        table.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (Qt's name)
        if isinstance(event, QPaintEvent):
            model = self._table.model()
            count = model.rowCount()
            if not count or event.region().intersects(self._table.visualRect(model.index(count - 1, 0))):
                self.rows = count
        return False

    def wait(self, rows: int) -> None:
        """Go on until the last of so many rows is painted and the loop has nothing else to do at once."""
        latest = time.monotonic() + LONGEST_S
        while self.rows != rows:
            QCoreApplication.processEvents()
            assert time.monotonic() < latest, f"{self.rows} rows are painted instead of {rows}"


def timed_scan(keys: KeyBoard, painted: Painted, code: str, rows: int) -> float:
    """The seconds from the Enter that ends a scan until its line, the last of so many, is painted."""
    keys.wait(500)
    keys.type(code, 5)
    start = time.perf_counter()
    keys.type_key(ENTER, "\r", 5)
    painted.wait(rows)
    return time.perf_counter() - start


def timed_burst(keys: KeyBoard, painted: Painted, codes: Sequence[str], rows: int) -> float:
    """The seconds from the first key of scans that lie there at once until the last of so many lines is painted."""
    keys.wait(500)
    for character in "".join(f"{code}\r" for code in codes):
        keys.wait(5)
        keys.post(ENTER if character == "\r" else ord(character), character)
    start = time.perf_counter()
    painted.wait(rows)
    return time.perf_counter() - start


class Pauses(QObject):
    """How long the event loop was away: a timer of 5 ms that notes how late it comes. ticks: how often it came."""

    TICK_MS = 5

    def __init__(self) -> None:
        super().__init__()
        self._timer = QTimer(self, interval=self.TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self.begin()

    def begin(self) -> None:
        """Forget what was; what follows is timed from now."""
        self.longest_s, self.ticks = 0.0, 0
        self._last = time.perf_counter()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest_s = max(self.longest_s, now - self._last - self.TICK_MS / 1000)
        self.ticks += 1
        self._last = now

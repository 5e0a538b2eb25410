"""Runs a command of posapp until its window stands; says `painted` at its first picture and `answered` when the
picture shows the answer to a first scan: a till that was just started says that nobody is signed in."""

from __future__ import annotations

import sys

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget

from posapp.__main__ import main
from tests.ui.keys import KeyBoard, wait_until


class Seen(QObject):
    """Whether a widget has been painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.is_so = False
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (Qt's name)
        self.is_so = self.is_so or event.type() == QEvent.Type.Paint
        return False


def look() -> int:
    """In the place of the event loop."""
    (window,) = [widget for widget in QApplication.topLevelWidgets() if widget.objectName() == "window"]
    window_seen = Seen(window)
    wait_until(lambda: window_seen.is_so)
    print("painted", flush=True)
    handle, notice = window.windowHandle(), window.findChild(QWidget, "notice")
    assert handle is not None
    assert notice is not None
    notice_seen = Seen(notice)
    KeyBoard(handle).scan(sys.argv.pop())
    wait_until(lambda: notice_seen.is_so)
    print("answered", flush=True)
    return 0


if __name__ == "__main__":
    QApplication.exec = staticmethod(look)  # type: ignore[method-assign]
    sys.exit(main(sys.argv[1:-1]))

"""A set-up screen in a real window, with keys to its handle and fingers on its buttons."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from posapp.ui.window import Page, Window
from tests.ui.keys import KeyBoard, wait_until


class Shown:
    """A page of the window; `add` hands it the window that it is to stand in."""

    def __init__(self, make: Callable[[Window], QWidget]) -> None:
        self.window = Window("till", lambda error: error.sentence("en"), "broken")
        self.screen = make(self.window)
        page: Page = self.screen  # type: ignore[assignment]
        self.window.add("page", page, self.screen)
        self.window.resize(1024, 768)
        self.window.show()
        self.window.show_page("page")
        handle = self.window.windowHandle()
        assert handle is not None
        self.keys = KeyBoard(handle)

    def close(self) -> None:
        self.window.close()
        self.window.deleteLater()

    def press(self, *keys: Qt.Key) -> None:
        for key in keys:
            self.keys.press(key)

    def type(self, text: str) -> None:
        for character in text:
            self.keys.press(ord(character.upper()), character)
        wedge = self.window._wedge
        wait_until(lambda: wedge is not None and not wedge._held)

    def tap(self, name: str) -> None:
        """Touch a button or a row that can be seen."""

        def seen() -> list[QWidget]:
            found = [made for kind in (QPushButton, QFrame) for made in self.window.findChildren(kind, name)]
            return [made for made in found if made.isVisible()]

        wait_until(lambda: len(seen()) == 1)
        (widget,) = seen()
        assert not isinstance(widget, QPushButton) or widget.isEnabled(), name
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

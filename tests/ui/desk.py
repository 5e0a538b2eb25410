"""A cashier at the window who only scans and takes cash, by keys, as fast as the window paints."""

from __future__ import annotations

from collections.abc import Sequence

from posapp.app import App
from posapp.till import Till
from tests.ui.keys import KeyBoard
from tests.ui.painted import ENTER, Painted, timed_burst, timed_scan


class Desk:
    """The till's window, shown; `rows` lines stand on its ticket."""

    def __init__(self, till: Till, size: tuple[int, int] = (1366, 768)) -> None:
        self.till = till
        self.app = App(till)
        self.app.window.resize(*size)
        self.app.window.show()
        handle = self.app.window.windowHandle()
        assert handle is not None
        self.keys = KeyBoard(handle)
        self.painted = Painted(self.app.sale.lines)
        self.rows = 0
        self.painted.wait(0)

    def scan(self, code: str) -> float:
        """Scan an article that is not on the ticket yet; the seconds from the last key to its painted line."""
        self.rows += 1
        return timed_scan(self.keys, self.painted, code, self.rows)

    def burst(self, codes: Sequence[str]) -> float:
        """Scan articles, all their keys lying there at once; the seconds to the last painted line."""
        self.rows += len(codes)
        return timed_burst(self.keys, self.painted, codes, self.rows)

    def pay(self) -> None:
        """Enter, and Enter again for the exact amount in cash."""
        self.keys.press(ENTER)
        self.keys.wait(500)
        self.keys.press(ENTER)
        self.rows = 0
        self.painted.wait(0)
        assert self.till.ticket().lines == ()

"""The strip below the lines: at most three articles to suggest to the member, each put on the ticket by one touch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy

from posapp.answers import AddonView
from posapp.ui.keypad import button
from posapp.ui.label import label

MOST = 3


class AddonStrip(QFrame):
    """add(code) hears a touch."""

    def __init__(self, ask: Callable[[], Sequence[AddonView]], add: Callable[[str], object]) -> None:
        super().__init__()
        self.setObjectName("addon_strip")
        self._ask, self._add = ask, add
        self._shown: Sequence[AddonView] = ()
        self.setAccessibleName(self.tr("可搭配"))
        title = label("addon_title", "small", is_quiet=True, text=self.tr("搭\n配"))
        self.buttons: list[QPushButton] = []
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2, 4, 2, 0)
        layout.setSpacing(5)
        layout.addWidget(title)
        for n in range(MOST):
            made = button(f"addon_{n}", "", partial(self._touched, n))
            made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            made.setMinimumWidth(1)
            self.buttons.append(made)
            layout.addWidget(made, 1)
        self.hide()

    def put(self, has_member: bool) -> None:
        """What can be suggested now; nothing where nobody is known."""
        shown = self._ask() if has_member else ()
        if shown != self._shown:
            self._shown = shown
            self._write()
        self.setVisible(bool(shown))

    def _touched(self, n: int) -> None:
        if n < len(self._shown):
            self._add(self._shown[n].code)

    def _write(self) -> None:
        for n, made in enumerate(self.buttons):
            view = self._shown[n] if n < len(self._shown) else None
            made.setVisible(view is not None)
            if view is None:
                continue
            room = max(60, (self.width() - 40) // max(1, len(self._shown)) - 18)
            below = f"¥{view.price} {view.why}".strip()
            cut = [
                made.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room) for text in (view.name, below)
            ]
            made.setText("\n".join(cut))
            made.setAccessibleName(f"{view.name} ¥{view.price} {view.why}".strip())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  (Qt's name)
        super().resizeEvent(event)
        self._write()

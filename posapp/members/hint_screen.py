"""The strip below the member's place: the one hint for the cashier, the line to say, a key for it and one against."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout

from posapp.answers import HintView
from posapp.ui.keypad import button
from posapp.ui.label import announce, label


class HintStrip(QFrame):
    """Quiet: it makes no sound, takes no focus and hides nothing. keys: by action, as they are in force."""

    def __init__(self, act: Callable[[str], object], keys: Mapping[str, str]) -> None:
        super().__init__()
        self.setObjectName("hint_strip")
        self.prompt = label("hint_prompt")
        self.prompt.setWordWrap(True)
        self.script = label("hint_script", "small", is_quiet=True)
        self.script.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._line = ""
        self.accept = button("hint_accept", "", lambda: act("hint"), key=keys.get("hint", ""))
        self.away = button("hint_away", self.tr("收起"), lambda: act("hint_away"), key=keys.get("hint_away", ""))
        said = QVBoxLayout()
        said.setSpacing(0)
        said.addWidget(self.prompt)
        said.addWidget(self.script)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(9, 3, 4, 3)
        layout.setSpacing(6)
        layout.addLayout(said, 1)
        for made in (self.accept, self.away):
            made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
            layout.addWidget(made)
        self.hide()

    def put(self, hint: HintView | None) -> None:
        """Show a hint, or nothing."""
        spoken = f"{hint.prompt} {hint.script}".strip() if hint else ""
        if hint:
            self.prompt.setText(hint.prompt)
            self._line = self.tr("说:{script}").format(script=hint.script) if hint.script else ""
            self.accept.setText(self.tr("使用") if hint.applies else self.tr("说了"))
            self.accept.setAccessibleDescription(hint.applies)
            self.script.setVisible(bool(hint.script))
            self._cut()
        self.setVisible(hint is not None)
        if spoken != self.accessibleName():
            self.setAccessibleName(spoken)
            announce(self, spoken)

    def _cut(self) -> None:
        room = self.width() - self.accept.sizeHint().width() - self.away.sizeHint().width() - 30
        metrics = self.prompt.fontMetrics()
        lines = 1 if metrics.horizontalAdvance(self.prompt.text()) <= room else 2
        self.prompt.setMinimumHeight(lines * metrics.lineSpacing())
        self.script.setText(self.script.fontMetrics().elidedText(self._line, Qt.TextElideMode.ElideRight, room))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  (Qt's name)
        super().resizeEvent(event)
        self._cut()

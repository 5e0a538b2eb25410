"""What is seen while the demo's past is lived: a small window with a bar. Closing it gives the demo up."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from posapp.errors import Cancelled
from posapp.ui.chart import Progress
from posapp.ui.label import label


class PastWindow(QWidget):
    """Drawn at every step of what is waited for: nothing else runs meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("past")
        self.setWindowTitle("posapp")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.setFixedWidth(520)
        self._is_given_up = False
        self.bar = Progress("past_bar", self.tr("示范店准备了多少"))
        what = label("past_what", text=self.tr("两家店、三台收银台先过完四周的生意,看板上才有数字"))
        how = label("past_how", "small", is_quiet=True, text=self.tr("要几分钟;关上这个窗口就停止"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 24)
        layout.setSpacing(12)
        layout.addWidget(label("past_title", "large", text=self.tr("正在准备示范店")))
        for text in (what, how):
            text.setWordWrap(True)
            layout.addWidget(text)
        layout.addWidget(self.bar)

    def come(self, done: int = 0, whole: int = 0) -> None:
        """Show how far it is. Raises Cancelled once somebody has closed the window."""
        share = done / whole if whole else None
        self.bar.put(share, f"{share:.0%}" if share is not None else "")
        QApplication.processEvents()
        if self._is_given_up:
            raise Cancelled

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        self._is_given_up = True
        super().closeEvent(event)

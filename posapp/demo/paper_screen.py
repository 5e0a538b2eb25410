"""The paper of the virtual printer in a window: receipts slide out of the slot, older ones below; the drawer springs.

All it knows is the printer's folder, which it looks at a few times a second.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Property, QEasingCurve, QPropertyAnimation, QRectF, QSize, Qt, QTime, QTimer
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from drivers.contracts import Reason, Status
from drivers.printers import virtual
from posapp.ui.label import CENTRE, RIGHT, label
from posapp.ui.theme import LIGHT, Colours

LOOK_MS = 250
SLIDE_MS = 900
DRAWER_MS = 4_000
"""How long the drawer is seen open."""

_WIDTH, _EDGE, _MARGIN, _GAP, _MOST = 312, 14, 16, 18, 40


class Roll(QWidget):
    """Pieces of paper below a slot, the newest on top. out: how much of it has come out, 0 to 1."""

    def __init__(self, colours: Colours) -> None:
        super().__init__()
        self.setObjectName("roll")
        self._colours = colours
        self._papers: list[QPixmap] = []
        self._out = 1.0
        self._sliding = QPropertyAnimation(self, b"out", self)
        self._sliding.setDuration(SLIDE_MS)
        self._sliding.setStartValue(0.0)
        self._sliding.setEndValue(1.0)
        self._sliding.setEasingCurve(QEasingCurve.Type.OutCubic)

    @property
    def count(self) -> int:
        return len(self._papers)

    def put(self, paper: QPixmap, *, slides: bool) -> None:
        self._papers.insert(0, paper)
        del self._papers[_MOST:]
        if slides:
            self._sliding.start()
        self._settle()

    def _height(self, paper: QPixmap) -> float:
        return paper.height() * (_WIDTH - 2 * _MARGIN) / max(1, paper.width()) + 2 * _MARGIN

    def _settle(self) -> None:
        high = sum(self._height(paper) + _GAP for paper in self._papers) + _EDGE
        self.setMinimumHeight(round(high))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        return QSize(_WIDTH + 2 * _EDGE, self.minimumHeight())

    def _get_out(self) -> float:
        return self._out

    def _set_out(self, out: float) -> None:
        self._out = out
        self.update()

    out = Property(float, _get_out, _set_out)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        with QPainter(self) as p:
            p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            p.fillRect(self.rect(), QColor(self._colours.ground))
            left = (self.width() - _WIDTH) / 2
            top = 0.0
            for n, paper in enumerate(self._papers):
                high = self._height(paper)
                hidden = high * (1 - self._out) if n == 0 else 0.0
                place = QRectF(left, top - hidden, _WIDTH, high)
                if place.bottom() >= event.rect().top() and place.top() <= event.rect().bottom():
                    self._paper(p, place, paper)
                top = place.bottom() + _GAP

    def _paper(self, p: QPainter, place: QRectF, paper: QPixmap) -> None:
        shade = QColor(0, 0, 0, 26)
        p.fillRect(place.adjusted(-2, 0, 3, 4), shade)
        p.fillRect(place, QColor("#fffefb"))
        p.drawPixmap(place.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN), paper, QRectF(paper.rect()))


class Slot(QFrame):
    """The printer's front: what ails it, if anything, stands on it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("slot")
        self.setFixedHeight(58)
        self.setStyleSheet("QLabel { color: #f1f3f5; }")
        self.trouble = label("trouble", "", align=RIGHT)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(22, 0, 38, 10)
        layout.addWidget(label("printer_name", "small", text=self.tr("虚拟小票打印机 80 mm")))
        layout.addStretch(1)
        layout.addWidget(self.trouble)
        self._is_ready = True

    def show_status(self, status: Status) -> None:
        words = {
            None: self.tr("正常"),
            Reason.NO_PAPER: self.tr("缺纸"),
            Reason.COVER_OPEN: self.tr("盖子开着"),
            Reason.OFFLINE: self.tr("没有通电"),
        }
        self._is_ready = status.trouble is None
        self.trouble.setText(words.get(status.trouble, str(status.trouble)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        with QPainter(self) as p:
            p.setRenderHint(QPainter.RenderHint.Antialiasing)
            body = QRectF(6, 4, self.width() - 12, self.height() - 8)
            front = QLinearGradient(body.topLeft(), body.bottomLeft())
            front.setColorAt(0, QColor("#3a424d"))
            front.setColorAt(1, QColor("#1d2127"))
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(front)
            p.drawRoundedRect(body, 12, 12)
            p.setBrush(QColor("#0a0c0e"))
            wide = _WIDTH + 12
            p.drawRoundedRect(QRectF((self.width() - wide) / 2, body.bottom() - 11, wide, 6), 3, 3)
            p.setBrush(QColor("#5ad1a6" if self._is_ready else "#ff6b5e"))
            p.drawEllipse(QRectF(body.right() - 24, body.center().y() - 9, 8, 8))


class PaperWindow(QWidget):
    """The printer with its paper, and the drawer under it."""

    def __init__(self, folder: Path, colours: Colours = LIGHT) -> None:
        super().__init__()
        self.setObjectName("paper_window")
        self.setWindowTitle(self.tr("打印机和钱箱"))
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.setStyleSheet(f"QWidget#paper_window {{ background: {colours.ground}; }}")
        self._folder = folder
        self._seen: set[str] = set()
        self._kicks = virtual.kicks(folder)
        self.slot, self.roll = Slot(), Roll(colours)
        self.view = QScrollArea()
        self.view.setObjectName("view")
        self.view.setAccessibleName(self.tr("打印出来的纸"))
        self.view.setWidget(self.roll)
        self.view.setWidgetResizable(True)
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.drawer = label("drawer", "", align=CENTRE)
        self.drawer.setMinimumHeight(44)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.slot)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.drawer)
        self._shut = QTimer(self, singleShot=True, interval=DRAWER_MS)
        self._shut.timeout.connect(lambda: self._show_drawer(False))
        self._show_drawer(False)
        for paper in virtual.printed(folder)[-_MOST:]:
            self._put(paper, slides=False)
        self._looking = QTimer(self, interval=LOOK_MS)
        self._looking.timeout.connect(self.look)
        self._looking.start()
        self.look()

    def look(self) -> None:
        """See what has been printed and opened since the last look."""
        for paper in virtual.printed(self._folder):
            if paper.name not in self._seen:
                self._put(paper, slides=True)
                self.raise_()
                self.view.verticalScrollBar().setValue(0)
        kicks = virtual.kicks(self._folder)
        if kicks > self._kicks:
            self._kicks = kicks
            self._show_drawer(True)
            self._shut.start()
        self.slot.show_status(virtual.VirtualPrinter(virtual.Options(folder=str(self._folder))).status())

    def _put(self, paper: Path, *, slides: bool) -> None:
        self._seen.add(paper.name)
        picture = QPixmap(str(paper))
        if not picture.isNull():
            self.roll.put(picture, slides=slides)

    def _show_drawer(self, is_open: bool) -> None:
        if is_open:
            text = self.tr("钱箱弹开了  {time}").format(time=QTime.currentTime().toString("HH:mm:ss"))
            look = "background: #0f6b4f; color: white; font-weight: 600;"
        else:
            text, look = self.tr("钱箱关着"), "background: #d9dde3; color: #5b6675;"
        self.drawer.setText(text)
        self.drawer.setStyleSheet(look)

"""The customer display: the window on the second screen. Shows texts it is given; knows no shop rule, takes no key.

Everything is painted, in sizes that follow the window's, so that it can be read from a metre and a half away on a
small screen as on a large one. Who sells calls show_ticket(), show_paid() and show_idle().
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QImageReader,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QScreen,
)
from PySide6.QtWidgets import QWidget

from posapp.ui.theme import FAMILY, LIGHT, Colours

TURN_MS = 8_000
"""How long a picture stands."""

_DESIGN = QSize(1024, 600)
"""The smallest screen; every size below is in its pixels and grows with the window."""

_EDGE, _HEAD, _FOOT, _PANEL, _ROW, _NEWEST = 28.0, 58.0, 128.0, 300.0, 40.0, 84.0
_BOLD = 60
"""Pixels above which Qt makes no bold letters of a regular font; they get an outline instead."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignCenter


@dataclass(frozen=True, slots=True)
class LineText:
    """A line of the ticket: name, how it came about ("2 × ¥6.50"), amount."""

    name: str
    detail: str
    amount: str


@dataclass(frozen=True, slots=True)
class JoinText:
    """What the QR code says, and two short lines below it."""

    code: str
    title: str
    line: str = ""


@dataclass(frozen=True, slots=True)
class PayText:
    """Money on its way: what is due, what was given so far, what comes back; "" where there is none."""

    due: str
    given: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class TicketText:
    """The open ticket. newest: the line that changed last, counted from 0 (-1: the last one).

    pieces, saved, member: "" where there is nothing to say. paying: what is due fills the screen.
    """

    lines: tuple[LineText, ...]
    total: str
    pieces: str = ""
    saved: str = ""
    member: str = ""
    newest: int = -1
    join: JoinText | None = None
    paying: PayText | None = None


@dataclass(frozen=True, slots=True)
class PaidText:
    """A finished sale. change: "" where nothing comes back."""

    total: str
    given: str = ""
    change: str = ""
    saved: str = ""
    join: JoinText | None = None


@dataclass(frozen=True, slots=True)
class Poster:
    """A picture for idle times: its file, and a caption or ""."""

    file: Path
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A text as it stands on the screen: the place it was given, the room it takes, what is written."""

    place: QRectF
    ink: QRectF
    text: str


class CustomerDisplay(QWidget):
    """A window without focus; full screen on a screen that the till's window is not on, an ordinary one otherwise.

    drawn: the texts on the screen now.
    """

    def __init__(self, till_window: QWidget, store: str = "", colours: Colours = LIGHT) -> None:
        super().__init__()
        self.setObjectName("customer_display")
        self.setWindowTitle(self.tr("顾客屏"))
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._till_window = till_window
        self._store, self._is_training = store, False
        self.colours = colours
        self._shown: TicketText | PaidText | None = None
        self._posters: tuple[Poster, ...] = ()
        self._picture, self._turn = QImage(), 0
        self._codes: dict[str, QImage] = {}
        self._u = 1.0
        self.drawn: list[Drawn] = []
        self._turning = QTimer(self, interval=TURN_MS)
        self._turning.timeout.connect(self._next_poster)
        self.resize(_DESIGN)
        app = QGuiApplication.instance()
        assert isinstance(app, QGuiApplication)
        app.screenAdded.connect(self._on_screens)
        app.screenRemoved.connect(self._on_screens)

    # --- what it shows ---

    def show_ticket(self, view: TicketText) -> None:
        self._show(view)

    def show_paid(self, view: PaidText) -> None:
        """Thanks and the change, until something else is shown."""
        self._show(view)

    def show_idle(self, posters: Sequence[Poster] = ()) -> None:
        """Pictures in turn; the store's name where there are none, or none that can be read."""
        if self._shown is None and self._posters == tuple(posters) and (self._turning.isActive() or not posters):
            return
        self._posters, self._turn = tuple(posters), -1
        self._show(None)
        self._next_poster()
        if len(self._posters) > 1:
            self._turning.start()

    def show_training(self, is_on: bool) -> None:
        if is_on != self._is_training:
            self._is_training = is_on
            self.update()

    def show_store(self, name: str) -> None:
        if name != self._store:
            self._store = name
            self.update()

    def _show(self, view: TicketText | PaidText | None) -> None:
        self._turning.stop()
        self._shown = view
        self.update()

    def _next_poster(self) -> None:
        """The next picture that can be read."""
        self._picture = QImage()
        for _ in self._posters:
            self._turn = (self._turn + 1) % len(self._posters)
            reader = QImageReader(str(self._posters[self._turn].file))
            reader.setAutoTransform(True)
            self._picture = reader.read()
            if not self._picture.isNull():
                break
        self.update()

    # --- which screen ---

    def open(self) -> None:
        """Show it where it belongs; again whenever a screen comes or goes."""
        screen = self._other_screen()
        flags = Qt.WindowType.Window | Qt.WindowType.WindowDoesNotAcceptFocus
        if screen is None:
            self._place(flags)
            self.unsetCursor()
            if self.isFullScreen():
                self.setWindowState(Qt.WindowState.WindowNoState)
                self.resize(_DESIGN)
            self.show()
            return
        self._place(flags | Qt.WindowType.FramelessWindowHint)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self.winId()  # only a window that the system knows can be put on another screen
        self.windowHandle().setScreen(screen)
        self.setGeometry(screen.geometry())
        # showFullScreen() would ask for the focus
        self.setWindowState(Qt.WindowState.WindowFullScreen)
        self.show()

    def _place(self, flags: Qt.WindowType) -> None:
        if self.windowFlags() != flags:  # Qt hides a window whose flags change
            self.setWindowFlags(flags)

    def _other_screen(self) -> QScreen | None:
        own = self._till_window.screen()
        return next((screen for screen in QGuiApplication.screens() if screen != own), None)

    def _on_screens(self, _: QScreen) -> None:
        if self.isVisible():
            # Qt moves the windows of a screen that went only after it has told us.
            QTimer.singleShot(0, self, self.open)

    # --- painting ---

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        self.drawn = []
        self._u = min(self.width() / _DESIGN.width(), self.height() / _DESIGN.height())
        whole = QRectF(0, 0, self.width() / self._u, self.height() / self._u)
        with QPainter(self) as p:
            p.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
            p.scale(self._u, self._u)
            p.fillRect(whole, QColor(self.colours.ground))
            if self._is_training:
                whole = self._ribbon(p, whole)
            match self._shown:
                case TicketText(paying=PayText() as paying) as view:
                    self._paying(p, whole, view, paying)
                case TicketText() as view:
                    self._ticket(p, whole, view)
                case PaidText() as view:
                    self._thanks(p, whole, view)
                case None if self._picture.isNull():
                    self._welcome(p, whole)
                case None:
                    self._poster(p, whole)
        self.setAccessibleDescription("\n".join(drawn.text for drawn in self.drawn))

    def _ribbon(self, p: QPainter, whole: QRectF) -> QRectF:
        """The bar of practice; the room below it."""
        bar = QRectF(0, 0, whole.width(), 44)
        p.fillRect(bar, QColor(self.colours.warning))
        self._text(p, bar, self.tr("培训模式 · 不是真实交易"), 24, self.colours.on_warning, _CENTRE, is_bold=True)
        return whole.adjusted(0, bar.height(), 0, 0)

    def _head(self, p: QPainter, whole: QRectF, member: str) -> QRectF:
        """The store's name and the member's place; the room below."""
        head = QRectF(_EDGE, whole.top(), whole.width() - 2 * _EDGE, _HEAD)
        left = head
        if member:
            wide = min(head.width() * 0.5, self._width(member, 24) + 40)
            pill = QRectF(head.right() - wide, head.top() + 9, wide, _HEAD - 18)
            self._round(p, pill, self.colours.chosen, pill.height() / 2)
            self._text(p, pill.adjusted(18, 0, -18, 0), member, 24, self.colours.text, _CENTRE, is_bold=True)
            left = head.adjusted(0, 0, -wide - 20, 0)
        self._text(p, left, self._store, 24, self.colours.quiet, _LEFT)
        return whole.adjusted(0, _HEAD, 0, 0)

    def _ticket(self, p: QPainter, whole: QRectF, view: TicketText) -> None:
        below = self._head(p, whole, view.member)
        foot = QRectF(0, below.bottom() - _FOOT, below.width(), _FOOT)
        middle = QRectF(_EDGE, below.top(), below.width() - 2 * _EDGE, foot.top() - below.top() - 14)
        if view.join:
            panel = QRectF(middle.right() - _PANEL, middle.top(), _PANEL, middle.height())
            self._join(p, panel, view.join)
            middle = middle.adjusted(0, 0, -_PANEL - 18, 0)
        self._round(p, middle, self.colours.surface, 16)
        self._rows(p, middle.adjusted(8, 8, -8, -8), view)
        self._sum(p, foot, view)

    def _rows(self, p: QPainter, room: QRectF, view: TicketText) -> None:
        """As many lines as there is room for, the newest large and always among them."""
        count = len(view.lines)
        newest = view.newest if 0 <= view.newest < count else count - 1
        fit = 1 + int((room.height() - _NEWEST) // _ROW)
        if count > fit:
            fit -= 1  # the line that tells of the others
        first = max(0, min(newest, count - fit))
        last = min(count, first + fit)
        top = room.top()
        if count > fit:
            more = self.tr("另有 {count} 项").format(count=count - (last - first))
            place = QRectF(room.left() + 18, top, room.width() - 36, _ROW)
            self._text(p, place, more, 22, self.colours.quiet, _LEFT)
            top += _ROW
        for n in range(first, last):
            high = _NEWEST if n == newest else _ROW
            row = QRectF(room.left(), top, room.width(), high)
            (self._newest if n == newest else self._row)(p, row, view.lines[n])
            top += high

    def _row(self, p: QPainter, row: QRectF, line: LineText) -> None:
        inner = row.adjusted(18, 0, -18, 0)
        amount = max(120.0, self._width(line.amount, 26) + 4)
        detail = min(inner.width() * 0.3, self._width(line.detail, 22) + 16)
        name = inner.adjusted(0, 0, -amount - detail - 12, 0)
        self._text(p, name, line.name, 26, self.colours.text, _LEFT)
        middle = QRectF(name.right() + 6, row.top(), detail, row.height())
        self._text(p, middle, line.detail, 22, self.colours.quiet, _RIGHT)
        right = QRectF(inner.right() - amount, row.top(), amount, row.height())
        self._text(p, right, line.amount, 26, self.colours.text, _RIGHT)

    def _newest(self, p: QPainter, row: QRectF, line: LineText) -> None:
        self._round(p, row, self.colours.chosen, 12)
        p.fillRect(QRectF(row.left(), row.top() + 14, 5, row.height() - 28), QColor(self.colours.accent))
        inner = row.adjusted(20, 6, -18, -6)
        amount = min(inner.width() * 0.45, max(150.0, self._width(line.amount, 44, is_bold=True) + 8))
        right = QRectF(inner.right() - amount, inner.top(), amount, inner.height())
        self._text(p, right, line.amount, 44, self.colours.text, _RIGHT, is_bold=True)
        left = inner.adjusted(0, 0, -amount - 14, 0)
        if self._width(line.name, 34, is_bold=True) <= left.width():
            above = QRectF(left.left(), left.top(), left.width(), left.height() * (0.6 if line.detail else 1))
            self._text(p, above, line.name, 34, self.colours.text, _LEFT, is_bold=True)
            below = QRectF(left.left(), above.bottom(), left.width(), left.bottom() - above.bottom())
            self._text(p, below, line.detail, 24, self.colours.quiet, _LEFT)
            return
        rest = line.name
        wide = min(left.width() * 0.4, self._width(line.detail, 22) + 6)
        for n, room in enumerate((left.width(), left.width() - wide - 14)):
            place = QRectF(left.left(), left.top() + n * left.height() / 2, room, left.height() / 2)
            cut = len(rest) if n else self._cut(rest, 28, room)
            self._text(p, place, rest[:cut], 28, self.colours.text, _LEFT, is_bold=True)
            rest = rest[cut:].lstrip()
        below = QRectF(left.right() - wide, left.top() + left.height() / 2, wide, left.height() / 2)
        self._text(p, below, line.detail, 22, self.colours.quiet, _RIGHT)

    def _sum(self, p: QPainter, foot: QRectF, view: TicketText) -> None:
        p.fillRect(foot, QColor(self.colours.accent))
        ink = self.colours.on_accent
        inner = foot.adjusted(_EDGE + 4, 12, -_EDGE - 4, -12)
        total = min(inner.width() * 0.62, self._width(view.total, 84, is_bold=True) + 8)
        right = QRectF(inner.right() - total, inner.top(), total, inner.height())
        self._text(p, right, view.total, 84, ink, _RIGHT, is_bold=True)
        word = self.tr("合计")
        wide = self._width(word, 32) + 8
        self._text(p, QRectF(right.left() - wide - 16, inner.top(), wide, inner.height()), word, 32, ink, _RIGHT)
        left = QRectF(inner.left(), inner.top(), right.left() - wide - 32 - inner.left(), inner.height())
        if not view.saved:
            self._text(p, left, view.pieces, 36, ink, _LEFT)
            return
        half = left.height() / 2
        self._text(p, QRectF(left.left(), left.top(), left.width(), half), view.pieces, 32, ink, _LEFT)
        saved = self.tr("已优惠 {amount}").format(amount=view.saved)
        pill = QRectF(left.left(), left.top() + half + 4, min(left.width(), self._width(saved, 30) + 36), half - 6)
        self._round(p, pill, self.colours.surface, pill.height() / 2)
        self._text(p, pill.adjusted(16, 0, -16, 0), saved, 30, self.colours.good, _CENTRE, is_bold=True)

    def _paying(self, p: QPainter, whole: QRectF, view: TicketText, paying: PayText) -> None:
        """The amount that matters now in huge type, the others above it."""
        below = self._head(p, whole, view.member)
        card = below.adjusted(_EDGE, 0, -_EDGE, -_EDGE)
        if view.join:
            self._join(p, QRectF(card.right() - _PANEL, card.top(), _PANEL, card.height()), view.join)
            card = card.adjusted(0, 0, -_PANEL - 18, 0)
        self._round(p, card, self.colours.surface, 16)
        rows = [(self.tr("合计"), view.total)]
        if paying.given:
            rows.append((self.tr("实收"), paying.given))
        last = (self.tr("找零"), paying.change) if paying.change else (self.tr("应付"), paying.due)
        inner = card.adjusted(36, 20, -36, -24)
        high = 84.0
        for n, (word, amount) in enumerate(rows):
            self._pair(p, QRectF(inner.left(), inner.top() + n * high, inner.width(), high), word, amount, 34, 52)
        top = inner.top() + len(rows) * high + 8
        p.setPen(QPen(QColor(self.colours.line), 2))
        p.drawLine(QPointF(inner.left(), top), QPointF(inner.right(), top))
        room = QRectF(inner.left(), top + 8, inner.width(), inner.bottom() - top - 8)
        above = QRectF(room.left(), room.top() + 6, room.width(), 54)
        self._text(p, above, last[0], 40, self.colours.good, _LEFT, is_bold=True)
        rest = room.adjusted(0, 60, 0, 0)
        self._text(p, rest, last[1], min(190.0, rest.height() * 0.85), self.colours.text, _RIGHT, is_bold=True)

    def _thanks(self, p: QPainter, whole: QRectF, view: PaidText) -> None:
        p.fillRect(whole, QColor(self.colours.accent))
        ink = self.colours.on_accent
        room = whole.adjusted(_EDGE * 2, _EDGE, -_EDGE * 2, -_EDGE)
        if view.join:
            self._join(p, QRectF(room.right() - _PANEL, room.top(), _PANEL, room.height()), view.join)
            room = room.adjusted(0, 0, -_PANEL - 30, 0)
        tick = QRectF(room.left(), room.top() + 24, 84, 84)
        self._round(p, tick, ink, 42)
        p.setPen(QPen(QColor(self.colours.accent), 9, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        corner = tick.topLeft() + QPointF(37, 58)
        p.drawLine(tick.topLeft() + QPointF(23, 44), corner)
        p.drawLine(corner, tick.topLeft() + QPointF(62, 29))
        title = QRectF(tick.right() + 26, tick.top(), room.right() - tick.right() - 26, tick.height())
        self._text(p, title, self.tr("谢谢惠顾"), 60, ink, _LEFT, is_bold=True)
        middle = QRectF(room.left(), tick.bottom() + 20, room.width(), room.bottom() - 96 - tick.bottom() - 20)
        word, amount = (self.tr("找零"), view.change) if view.change else (self.tr("已收款"), view.total)
        self._text(p, QRectF(middle.left(), middle.top(), middle.width(), 60), word, 40, ink, _LEFT)
        huge = QRectF(middle.left(), middle.top() + 60, middle.width(), middle.height() - 60)
        self._text(p, huge, amount, min(210.0, huge.height() * 0.9), ink, _LEFT, is_bold=True)
        told = [self.tr("合计 {amount}").format(amount=view.total)] if view.change else []
        if view.given:
            told.append(self.tr("实收 {amount}").format(amount=view.given))
        if view.saved:
            told.append(self.tr("已优惠 {amount}").format(amount=view.saved))
        self._text(p, QRectF(room.left(), room.bottom() - 80, room.width(), 60), "   ".join(told), 32, ink, _LEFT)

    def _welcome(self, p: QPainter, whole: QRectF) -> None:
        """Nothing to show but whose shop it is."""
        p.fillRect(whole, QColor(self.colours.accent))
        ring = QColor(self.colours.on_accent)
        ring.setAlphaF(0.07)
        p.save()
        p.setClipRect(whole)
        p.setPen(QPen(ring, 46))
        for radius in (150, 260, 370, 480):
            p.drawEllipse(QPointF(whole.right() - 60, whole.bottom() + 20), radius, radius)
        p.restore()
        room = whole.adjusted(_EDGE * 3, 0, -_EDGE * 3, 0)
        middle = whole.center().y()
        ink = self.colours.on_accent
        name = QRectF(room.left(), middle - 110, room.width(), 110)
        self._text(p, name, self._store, 72, ink, _LEFT, is_bold=True, smallest=40)
        self._text(p, QRectF(room.left(), middle + 10, room.width(), 60), self.tr("欢迎光临"), 40, ink, _LEFT)

    def _poster(self, p: QPainter, whole: QRectF) -> None:
        """The picture over the whole window, cut where it has another shape; its caption below."""
        size = self._picture.size().toSizeF()
        scale = min(size.width() / whole.width(), size.height() / whole.height())
        part = QRectF(0, 0, whole.width() * scale, whole.height() * scale)
        part.moveCenter(QRectF(QPointF(0, 0), size).center())
        p.drawImage(whole, self._picture, part)
        caption = self._posters[self._turn].caption
        if caption:
            foot = QRectF(0, whole.bottom() - 150, whole.width(), 150)
            shade = QLinearGradient(foot.topLeft(), foot.bottomLeft())
            shade.setColorAt(0, QColor(0, 0, 0, 0))
            shade.setColorAt(1, QColor(0, 0, 0, 190))
            p.fillRect(foot, shade)
            self._text(p, foot.adjusted(_EDGE * 2, 50, -_EDGE * 2, -20), caption, 44, "#ffffff", _LEFT, is_bold=True)

    def _join(self, p: QPainter, panel: QRectF, join: JoinText) -> None:
        """A QR code on white, whatever the theme: a phone has to read it."""
        self._round(p, panel, "#ffffff", 16)
        side = min(panel.width() - 32, panel.height() - 32 - 96)
        top = panel.center().y() - (side + 100) / 2
        square = QRectF(panel.center().x() - side / 2, top, side, side)
        p.save()
        p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        p.drawImage(square, self._code(join.code))
        p.restore()
        title = QRectF(panel.left() + 12, square.bottom() + 4, panel.width() - 24, 44)
        self._text(p, title, join.title, 30, LIGHT.text, _CENTRE, is_bold=True, smallest=20)
        below = title.translated(0, 44)
        self._text(p, below, join.line, 24, LIGHT.good, _CENTRE, is_bold=True, smallest=17)

    def _code(self, text: str) -> QImage:
        """One dot a module, with the quiet zone of four."""
        if text not in self._codes:
            self._codes.clear()
            import qrcode  # brings Pillow: nothing that a window's first picture waits for

            code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
            code.add_data(text)
            rows = code.get_matrix()
            image = QImage(len(rows), len(rows), QImage.Format.Format_RGB32)
            for y, row in enumerate(rows):
                for x, is_dark in enumerate(row):
                    image.setPixelColor(x, y, QColor(Qt.GlobalColor.black if is_dark else Qt.GlobalColor.white))
            self._codes[text] = image
        return self._codes[text]

    def _pair(self, p: QPainter, row: QRectF, word: str, amount: str, small: float, large: float) -> None:
        wide = self._width(word, small) + 8
        self._text(p, QRectF(row.left(), row.top(), wide, row.height()), word, small, self.colours.quiet, _LEFT)
        right = row.adjusted(wide + 16, 0, 0, 0)
        self._text(p, right, amount, large, self.colours.text, _RIGHT, is_bold=True)

    # --- letters ---

    def _font(self, size: float, is_bold: bool) -> QFont:
        """In the window's pixels: letters that are drawn small and blown up, or the other way round, look it."""
        font = QFont(FAMILY)
        font.setPixelSize(max(1, round(size * self._u)))
        font.setBold(is_bold and font.pixelSize() <= _BOLD)
        return font

    def _width(self, text: str, size: float, is_bold: bool = False) -> float:
        return QFontMetricsF(self._font(size, is_bold)).horizontalAdvance(text) / self._u

    def _cut(self, text: str, size: float, room: float) -> int:
        """How many letters of a bold text stand in a line."""
        return next((n for n in range(len(text), 1, -1) if self._width(text[:n], size, is_bold=True) <= room), 1)

    def _text(
        self,
        p: QPainter,
        place: QRectF,
        text: str,
        size: float,
        colour: str,
        align: Qt.AlignmentFlag,
        *,
        is_bold: bool = False,
        smallest: float = 0.0,
    ) -> None:
        """Write in one line: smaller where the room is short, down to `smallest`, and with an ellipsis below that.

        An amount is never cut; it has no smallest size that matters at a till.
        """
        if not text:
            return
        is_amount = text[:1] in "¥-" and text[-1:].isdigit()
        smallest = 8.0 if is_amount else smallest or size * 0.85
        while size - 1 >= smallest and self._width(text, size, is_bold) > place.width():
            size -= 1
        font = self._font(size, is_bold)
        metrics = QFontMetricsF(font)
        room = QRectF(place.topLeft() * self._u, place.size() * self._u)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        ink = QRectF(0, 0, metrics.horizontalAdvance(shown), metrics.height())
        ink.moveCenter(room.center())
        if align & Qt.AlignmentFlag.AlignLeft:
            ink.moveLeft(room.left())
        elif align & Qt.AlignmentFlag.AlignRight:
            ink.moveRight(room.right())
        start = QPointF(ink.left(), ink.top() + metrics.ascent())
        p.save()
        p.resetTransform()
        p.setFont(font)
        p.setPen(QColor(colour))
        if is_bold and not font.bold():
            letters = QPainterPath()
            letters.addText(start, font, shown)
            p.strokePath(letters, QPen(QColor(colour), font.pixelSize() / 32))
            p.fillPath(letters, QColor(colour))
        else:
            p.drawText(start, shown)
        p.restore()
        self.drawn.append(Drawn(place, QRectF(ink.topLeft() / self._u, ink.size() / self._u), shown))

    @staticmethod
    def _round(p: QPainter, place: QRectF, colour: str, radius: float) -> None:
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(QColor(colour))
        p.drawRoundedRect(place, radius, radius)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        self._turning.stop()
        super().closeEvent(event)

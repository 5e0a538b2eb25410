"""The customer display: the window on the second screen. Shows texts it is given; knows no shop rule, takes no key.

Everything is painted, in sizes that follow the window's, so that it can be read from a metre and a half away on a
small screen as on a large one. Who sells calls show_ticket(), show_paid() and show_idle(); show_form() has the customer
type and tick.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QGuiApplication,
    QImage,
    QImageReader,
    QLinearGradient,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QScreen,
)
from PySide6.QtWidgets import QWidget

from posapp.ui.customer_form import CustomerForm, FormText
from posapp.ui.ink import CENTRE, LEFT, RIGHT, Drawn, Ink
from posapp.ui.join_panel import JoinText, Panel, WelcomeText, has_code, paint, wide
from posapp.ui.theme import LIGHT, Colours

TURN_MS = 8_000
"""How long a picture stands."""
CODE_MS = 60_000
"""How long a code stands that belongs to no ticket."""

_DESIGN = QSize(1024, 600)
"""The smallest screen; every size below is in its pixels and grows with the window."""

_EDGE, _HEAD, _FOOT, _ROW, _NEWEST, _RIBBON, _STRIP = 28.0, 58.0, 128.0, 40.0, 84.0, 44.0, 68.0
_LEAST_SCREEN_MM, _MOST_SCREEN_MM = 80, 2_000
"""Widths that a screen may say it has; others are those of screens that do not know."""


@dataclass(frozen=True, slots=True)
class LineText:
    """A line of the ticket: name, how it came about ("2 × ¥6.50"), amount."""

    name: str
    detail: str
    amount: str


@dataclass(frozen=True, slots=True)
class PayText:
    """Money on its way: what is due, what was given so far, what comes back; "" where there is none."""

    due: str
    given: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class TicketText:
    """The open ticket. newest: the line that changed last, counted from 0 (-1: the last one).

    pieces, saved, member: "" where there is nothing to say. join: the code that makes a member of the customer, or
    the welcome after it. paying: what is due fills the screen.
    """

    lines: tuple[LineText, ...]
    total: str
    pieces: str = ""
    saved: str = ""
    member: str = ""
    newest: int = -1
    join: JoinText | WelcomeText | None = None
    paying: PayText | None = None


@dataclass(frozen=True, slots=True)
class PaidText:
    """A finished sale. change: "" where nothing comes back. join: the receipt's code, or the welcome."""

    total: str
    given: str = ""
    change: str = ""
    saved: str = ""
    join: JoinText | WelcomeText | None = None


@dataclass(frozen=True, slots=True)
class Poster:
    """A picture for idle times: its file, and a caption or ""."""

    file: Path
    caption: str = ""


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
        self._u = 1.0
        self.drawn: list[Drawn] = []
        self._turning = QTimer(self, interval=TURN_MS)
        self._turning.timeout.connect(self._next_poster)
        self._code: JoinText | None = None
        self._code_over = QTimer(self, singleShot=True, interval=CODE_MS)
        self._code_over.timeout.connect(self.close_code)
        self.form = CustomerForm(self)
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
            self._place_form()

    def show_code(self, code: JoinText) -> None:
        """A code that belongs to no ticket, over what is shown otherwise; for a minute, or until close_code()."""
        self._code = code
        self._code_over.start()
        self.update()

    def close_code(self) -> None:
        self._code_over.stop()
        if self._code is not None:
            self._code = None
            self.update()

    def show_form(
        self, text: FormText, done: Callable[[str, dict[str, bool]], str], cancelled: Callable[[], object]
    ) -> None:
        """Have the customer type a phone number and tick; the ticket's total stays in sight below.

        done(phone, ticks): the digits typed ("" where none are asked for) and each tick by its key; returns "" and
        the form thanks and goes, or the sentence that says what is wrong. cancelled(): by the customer, or nobody
        touched it for two minutes. Neither is called after close_form(), or after another form has taken its place.
        """
        self.form.ask(text, done, cancelled)
        self._place_form()

    def close_form(self) -> None:
        """Away with the form and with what was typed; the cashier's word goes first."""
        self.form.shut()
        self.update()

    def _place_form(self) -> None:
        self._u = min(self.width() / _DESIGN.width(), self.height() / _DESIGN.height())
        top = (_RIBBON if self._is_training else 0) + _HEAD
        room = QRectF(0, top, self.width() / self._u, self.height() / self._u - top - _STRIP)
        self.form.place(room, self._u, self.colours)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        self._place_form()
        super().resizeEvent(event)

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
        self._u = min(self.width() / _DESIGN.width(), self.height() / _DESIGN.height())
        whole = QRectF(0, 0, self.width() / self._u, self.height() / self._u)
        with QPainter(self) as painter:
            ink = Ink(painter, self._u)
            painter.fillRect(whole, QColor(self.colours.ground))
            if self._is_training:
                whole = self._ribbon(ink, whole)
            match self._shown:
                case view if self.form.is_open:
                    self._strip(ink, self._head(ink, whole, ""), view)
                case view if self._code is not None:
                    below = self._head(ink, whole, "")
                    room = below.adjusted(_EDGE, 0, -_EDGE, -_STRIP - 14)
                    paint(ink, room, self._code, self.colours, self.millimetre() / self._u)
                    self._strip(ink, below, view)
                case TicketText(paying=PayText() as paying) as view:
                    self._paying(ink, whole, view, paying)
                case TicketText() as view:
                    self._ticket(ink, whole, view)
                case PaidText() as view:
                    self._thanks(ink, whole, view)
                case None if self._picture.isNull():
                    self._welcome(ink, whole)
                case None:
                    self._poster(ink, whole)
            self.drawn = ink.drawn
        self.setAccessibleDescription("\n".join(drawn.text for drawn in self.drawn))

    def _strip(self, ink: Ink, below: QRectF, view: TicketText | PaidText | None) -> None:
        """What matters of the ticket, under a form."""
        strip = QRectF(0, below.bottom() - _STRIP, below.width(), _STRIP)
        ink.p.fillRect(strip, QColor(self.colours.accent))
        match view:
            case TicketText(paying=PayText() as paying):
                word, amount = (self.tr("找零"), paying.change) if paying.change else (self.tr("应付"), paying.due)
                left = view.pieces
            case TicketText():
                word, amount, left = self.tr("合计"), view.total, view.pieces
            case PaidText():
                word, amount = (self.tr("找零"), view.change) if view.change else (self.tr("已收款"), view.total)
                left = self.tr("谢谢惠顾")
            case _:
                word, amount, left = "", "", self.tr("欢迎光临")
        colour = self.colours.on_accent
        inner = strip.adjusted(_EDGE + 4, 6, -_EDGE - 4, -6)
        across = min(inner.width() * 0.5, ink.width(amount, 48, is_bold=True) + 8)
        right = QRectF(inner.right() - across, inner.top(), across, inner.height())
        ink.text(right, amount, 48, colour, RIGHT, is_bold=True)
        wide = ink.width(word, 28) + 8
        ink.text(QRectF(right.left() - wide - 12, inner.top(), wide, inner.height()), word, 28, colour, RIGHT)
        ink.text(inner.adjusted(0, 0, -across - wide - 32, 0), left, 28, colour, LEFT)

    def _ribbon(self, ink: Ink, whole: QRectF) -> QRectF:
        """The bar of practice; the room below it."""
        bar = QRectF(0, 0, whole.width(), _RIBBON)
        ink.p.fillRect(bar, QColor(self.colours.warning))
        ink.text(bar, self.tr("培训模式 · 不是真实交易"), 24, self.colours.on_warning, CENTRE, is_bold=True)
        return whole.adjusted(0, bar.height(), 0, 0)

    def _head(self, ink: Ink, whole: QRectF, member: str) -> QRectF:
        """The store's name and the member's place; the room below."""
        head = QRectF(_EDGE, whole.top(), whole.width() - 2 * _EDGE, _HEAD)
        left = head
        if member:
            wide = min(head.width() * 0.66, ink.width(member, 24) + 40)
            pill = QRectF(head.right() - wide, head.top() + 9, wide, _HEAD - 18)
            ink.round(pill, self.colours.chosen, pill.height() / 2)
            ink.text(pill.adjusted(18, 0, -18, 0), member, 24, self.colours.text, CENTRE, is_bold=True)
            left = head.adjusted(0, 0, -wide - 20, 0)
        ink.text(left, self._store, 24, self.colours.quiet, LEFT)
        return whole.adjusted(0, _HEAD, 0, 0)

    def _ticket(self, ink: Ink, whole: QRectF, view: TicketText) -> None:
        below = self._head(ink, whole, view.member)
        if panel := self._panel(view.join):
            column = below.adjusted(_EDGE, 0, -_EDGE, -_EDGE / 2)
            left = self._beside(ink, column, panel)
            foot = QRectF(left.left(), left.bottom() - _FOOT, left.width(), _FOOT)
            middle = left.adjusted(0, 0, 0, -_FOOT - 14)
            ink.round(foot, self.colours.accent, 16)
            self._short_sum(ink, foot, view)
        else:
            foot = QRectF(0, below.bottom() - _FOOT, below.width(), _FOOT)
            middle = QRectF(_EDGE, below.top(), below.width() - 2 * _EDGE, foot.top() - below.top() - 14)
            self._sum(ink, foot, view)
        ink.round(middle, self.colours.surface, 16)
        self._rows(ink, middle.adjusted(8, 8, -8, -8), view)

    @staticmethod
    def _panel(join: Panel | None) -> Panel | None:
        return None if isinstance(join, JoinText) and not has_code(join) else join

    def _beside(self, ink: Ink, room: QRectF, panel: Panel) -> QRectF:
        """The place to join, at the right over the whole height; the room left of it."""
        mm = self.millimetre() / self._u
        across = wide(panel, self.width() / self._u, mm)
        paint(ink, QRectF(room.right() - across, room.top(), across, room.height()), panel, self.colours, mm)
        return room.adjusted(0, 0, -across - 18, 0)

    def millimetre(self) -> float:
        """Pixels of the window in a millimetre of its screen; 0 where the screen does not say how large it is.

        A window that fills no screen of its own is no measure: it shows what a screen would.
        """
        screen = self.screen()
        across, down = screen.physicalSize().width(), screen.physicalSize().height()
        if not self.isFullScreen() or not (_LEAST_SCREEN_MM < across < _MOST_SCREEN_MM and down > 0):
            return 0.0
        pixels = screen.geometry()
        return pixels.width() / across

    def _rows(self, ink: Ink, room: QRectF, view: TicketText) -> None:
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
            ink.text(place, more, 22, self.colours.quiet, LEFT)
            top += _ROW
        for n in range(first, last):
            high = _NEWEST if n == newest else _ROW
            row = QRectF(room.left(), top, room.width(), high)
            (self._newest if n == newest else self._row)(ink, row, view.lines[n])
            top += high

    def _row(self, ink: Ink, row: QRectF, line: LineText) -> None:
        inner = row.adjusted(18, 0, -18, 0)
        amount = max(120.0, ink.width(line.amount, 26) + 4)
        detail = min(inner.width() * 0.3, ink.width(line.detail, 22) + 16)
        name = inner.adjusted(0, 0, -amount - detail - 12, 0)
        ink.text(name, line.name, 26, self.colours.text, LEFT)
        middle = QRectF(name.right() + 6, row.top(), detail, row.height())
        ink.text(middle, line.detail, 22, self.colours.quiet, RIGHT)
        right = QRectF(inner.right() - amount, row.top(), amount, row.height())
        ink.text(right, line.amount, 26, self.colours.text, RIGHT)

    def _newest(self, ink: Ink, row: QRectF, line: LineText) -> None:
        ink.round(row, self.colours.chosen, 12)
        ink.p.fillRect(QRectF(row.left(), row.top() + 14, 5, row.height() - 28), QColor(self.colours.accent))
        inner = row.adjusted(20, 6, -18, -6)
        amount = min(inner.width() * 0.45, max(150.0, ink.width(line.amount, 44, is_bold=True) + 8))
        right = QRectF(inner.right() - amount, inner.top(), amount, inner.height())
        ink.text(right, line.amount, 44, self.colours.text, RIGHT, is_bold=True)
        left = inner.adjusted(0, 0, -amount - 14, 0)
        if ink.width(line.name, 28, is_bold=True) <= left.width():
            above = QRectF(left.left(), left.top(), left.width(), left.height() * (0.6 if line.detail else 1))
            ink.text(above, line.name, 34, self.colours.text, LEFT, is_bold=True, smallest=28)
            below = QRectF(left.left(), above.bottom(), left.width(), left.bottom() - above.bottom())
            ink.text(below, line.detail, 24, self.colours.quiet, LEFT)
            return
        rest = line.name
        wide = min(left.width() * 0.4, ink.width(line.detail, 22) + 6)
        for n, room in enumerate((left.width(), left.width() - wide - 14)):
            place = QRectF(left.left(), left.top() + n * left.height() / 2, room, left.height() / 2)
            cut = len(rest) if n else ink.cut(rest, 28, room)
            ink.text(place, rest[:cut], 28, self.colours.text, LEFT, is_bold=True)
            rest = rest[cut:].lstrip()
        below = QRectF(left.right() - wide, left.top() + left.height() / 2, wide, left.height() / 2)
        ink.text(below, line.detail, 22, self.colours.quiet, RIGHT)

    def _sum(self, ink: Ink, foot: QRectF, view: TicketText) -> None:
        ink.p.fillRect(foot, QColor(self.colours.accent))
        colour = self.colours.on_accent
        inner = foot.adjusted(_EDGE + 4, 12, -_EDGE - 4, -12)
        total = min(inner.width() * 0.62, ink.width(view.total, 84, is_bold=True) + 8)
        right = QRectF(inner.right() - total, inner.top(), total, inner.height())
        ink.text(right, view.total, 84, colour, RIGHT, is_bold=True)
        word = self.tr("合计")
        wide = ink.width(word, 32) + 8
        ink.text(QRectF(right.left() - wide - 16, inner.top(), wide, inner.height()), word, 32, colour, RIGHT)
        left = QRectF(inner.left(), inner.top(), right.left() - wide - 32 - inner.left(), inner.height())
        if not view.saved:
            ink.text(left, view.pieces, 36, colour, LEFT)
            return
        half = left.height() / 2
        ink.text(QRectF(left.left(), left.top(), left.width(), half), view.pieces, 32, colour, LEFT)
        saved = self.tr("已优惠 {amount}").format(amount=view.saved)
        pill = QRectF(left.left(), left.top() + half + 4, min(left.width(), ink.width(saved, 30) + 36), half - 6)
        ink.round(pill, self.colours.surface, pill.height() / 2)
        ink.text(pill.adjusted(16, 0, -16, 0), saved, 30, self.colours.good, CENTRE, is_bold=True)

    def _short_sum(self, ink: Ink, foot: QRectF, view: TicketText) -> None:
        """The total under a ticket that shares the screen with a code."""
        inner = foot.adjusted(22, 8, -22, -6)
        above = QRectF(inner.left(), inner.top(), inner.width(), 40)
        if view.saved:
            saved = self.tr("已优惠 {amount}").format(amount=view.saved)
            wide = min(above.width() * 0.6, ink.width(saved, 25, is_bold=True) + 32)
            pill = QRectF(above.right() - wide, above.top() + 2, wide, above.height() - 4)
            ink.round(pill, self.colours.surface, pill.height() / 2)
            ink.text(pill.adjusted(14, 0, -14, 0), saved, 25, self.colours.good, CENTRE, is_bold=True)
            above = above.adjusted(0, 0, -wide - 16, 0)
        ink.text(above, view.pieces, 28, self.colours.on_accent, LEFT)
        word = self.tr("合计")
        wide = ink.width(word, 30) + 8
        below = QRectF(inner.left(), above.bottom(), inner.width(), inner.bottom() - above.bottom())
        ink.text(QRectF(below.left(), below.top(), wide, below.height()), word, 30, self.colours.on_accent, LEFT)
        right = below.adjusted(wide + 16, 0, 0, 0)
        ink.text(right, view.total, 68, self.colours.on_accent, RIGHT, is_bold=True)

    def _paying(self, ink: Ink, whole: QRectF, view: TicketText, paying: PayText) -> None:
        """The amount that matters now in huge type, the others above it."""
        below = self._head(ink, whole, view.member)
        card = below.adjusted(_EDGE, 0, -_EDGE, -_EDGE)
        if panel := self._panel(view.join):
            card = self._beside(ink, below.adjusted(_EDGE, 0, -_EDGE, -_EDGE / 2), panel)
        ink.round(card, self.colours.surface, 16)
        rows = [(self.tr("合计"), view.total)]
        if paying.given:
            rows.append((self.tr("实收"), paying.given))
        last = (self.tr("找零"), paying.change) if paying.change else (self.tr("应付"), paying.due)
        inner = card.adjusted(36, 20, -36, -24)
        high = 84.0
        for n, (word, amount) in enumerate(rows):
            self._pair(ink, QRectF(inner.left(), inner.top() + n * high, inner.width(), high), word, amount, 34, 52)
        top = inner.top() + len(rows) * high + 8
        ink.p.setPen(QPen(QColor(self.colours.line), 2))
        ink.p.drawLine(QPointF(inner.left(), top), QPointF(inner.right(), top))
        room = QRectF(inner.left(), top + 8, inner.width(), inner.bottom() - top - 8)
        above = QRectF(room.left(), room.top() + 6, room.width(), 54)
        ink.text(above, last[0], 40, self.colours.good, LEFT, is_bold=True)
        rest = room.adjusted(0, 60, 0, 0)
        ink.text(rest, last[1], min(190.0, rest.height() * 0.85), self.colours.text, RIGHT, is_bold=True)

    def _thanks(self, ink: Ink, whole: QRectF, view: PaidText) -> None:
        ink.p.fillRect(whole, QColor(self.colours.accent))
        colour = self.colours.on_accent
        room = whole.adjusted(_EDGE * 2, _EDGE, -_EDGE * 2, -_EDGE)
        if panel := self._panel(view.join):
            room = self._beside(ink, room.adjusted(-_EDGE, 0, _EDGE, 0), panel).adjusted(_EDGE, 0, -12, 0)
        tick = QRectF(room.left(), room.top() + 24, 84, 84)
        ink.tick(tick, colour, self.colours.accent)
        title = QRectF(tick.right() + 26, tick.top(), room.right() - tick.right() - 26, tick.height())
        ink.text(title, self.tr("谢谢惠顾"), 60, colour, LEFT, is_bold=True)
        middle = QRectF(room.left(), tick.bottom() + 20, room.width(), room.bottom() - 96 - tick.bottom() - 20)
        word, amount = (self.tr("找零"), view.change) if view.change else (self.tr("已收款"), view.total)
        ink.text(QRectF(middle.left(), middle.top(), middle.width(), 60), word, 40, colour, LEFT)
        huge = QRectF(middle.left(), middle.top() + 60, middle.width(), middle.height() - 60)
        ink.text(huge, amount, min(210.0, huge.height() * 0.9), colour, LEFT, is_bold=True)
        told = [self.tr("合计 {amount}").format(amount=view.total)] if view.change else []
        if view.given:
            told.append(self.tr("实收 {amount}").format(amount=view.given))
        if view.saved:
            told.append(self.tr("已优惠 {amount}").format(amount=view.saved))
        if ink.width("   ".join(told), 28) <= room.width():
            told = ["   ".join(told)]
        for n, text in enumerate(told):
            row = QRectF(room.left(), room.bottom() - 80 + n * 80 / len(told), room.width(), 80 / len(told))
            ink.text(row, text, 32 if len(told) == 1 else 22, colour, LEFT)

    def _welcome(self, ink: Ink, whole: QRectF) -> None:
        """Nothing to show but whose shop it is."""
        ink.p.fillRect(whole, QColor(self.colours.accent))
        ring = QColor(self.colours.on_accent)
        ring.setAlphaF(0.07)
        ink.p.save()
        ink.p.setClipRect(whole)
        ink.p.setPen(QPen(ring, 46))
        for radius in (150, 260, 370, 480):
            ink.p.drawEllipse(QPointF(whole.right() - 60, whole.bottom() + 20), radius, radius)
        ink.p.restore()
        room = whole.adjusted(_EDGE * 3, 0, -_EDGE * 3, 0)
        middle = whole.center().y()
        colour = self.colours.on_accent
        name = QRectF(room.left(), middle - 110, room.width(), 110)
        ink.text(name, self._store, 72, colour, LEFT, is_bold=True, smallest=40)
        ink.text(QRectF(room.left(), middle + 10, room.width(), 60), self.tr("欢迎光临"), 40, colour, LEFT)

    def _poster(self, ink: Ink, whole: QRectF) -> None:
        """The picture over the whole window, cut where it has another shape; its caption below."""
        size = self._picture.size().toSizeF()
        scale = min(size.width() / whole.width(), size.height() / whole.height())
        part = QRectF(0, 0, whole.width() * scale, whole.height() * scale)
        part.moveCenter(QRectF(QPointF(0, 0), size).center())
        ink.p.drawImage(whole, self._picture, part)
        caption = self._posters[self._turn].caption
        if caption:
            foot = QRectF(0, whole.bottom() - 150, whole.width(), 150)
            shade = QLinearGradient(foot.topLeft(), foot.bottomLeft())
            shade.setColorAt(0, QColor(0, 0, 0, 0))
            shade.setColorAt(1, QColor(0, 0, 0, 190))
            ink.p.fillRect(foot, shade)
            ink.text(foot.adjusted(_EDGE * 2, 50, -_EDGE * 2, -20), caption, 44, "#ffffff", LEFT, is_bold=True)

    def _pair(self, ink: Ink, row: QRectF, word: str, amount: str, small: float, large: float) -> None:
        wide = ink.width(word, small) + 8
        ink.text(QRectF(row.left(), row.top(), wide, row.height()), word, small, self.colours.quiet, LEFT)
        right = row.adjusted(wide + 16, 0, 0, 0)
        ink.text(right, amount, large, self.colours.text, RIGHT, is_bold=True)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        self._turning.stop()
        self.form.shut()
        self.close_code()
        super().closeEvent(event)

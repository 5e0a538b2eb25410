"""The form on the customer display: a customer types a phone number and ticks consents, with a finger or a mouse.

It knows no shop rule: what it asks for and what becomes of it is handed in by who sells. It takes no focus, so that
scanning at the till goes on, and keeps nothing: a number is gone when the form is, or when nobody touches it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QPushButton, QWidget

from posapp.ui.ink import CENTRE, LEADING, LEFT, Drawn, Ink, Letters
from posapp.ui.theme import LIGHT, Colours

IDLE_MS = 60_000
"""After so long without a touch what was typed and ticked is gone; after as long again the form is, too."""
THANKS_MS = 6_000

GROUPS = (3, 4, 4)
"""A mobile number as people read it: 138 1234 5678."""

_EDGE, _GAP, _PAD, _KEY_GAP, _BUTTONS = 28.0, 26.0, 340.0, 8.0, 72.0
_TITLE, _NUMBER, _HINT, _MARK, _BOX = 50.0, 76.0, 36.0, 56.0, 36.0
_LARGEST, _SMALLEST = 24, 12  # letters of what is ticked


@dataclass(frozen=True, slots=True)
class TickText:
    """A consent in its full words; every tick that the law calls a consent is handed in off."""

    key: str
    text: str
    is_required: bool = False
    is_on: bool = False


@dataclass(frozen=True, slots=True)
class FormText:
    """What the customer is asked. line: a short one below the title's number field; thanks: "" closes at once.

    groups: how many digits are typed, as people read them. prompt: what stands in the empty field, and cancel on the
    button that gives up; "" for the usual words.

    The ticks' texts are never cut: about 350 characters of them in all stand on the smallest screen.
    """

    title: str
    ticks: tuple[TickText, ...]
    line: str = ""
    thanks: str = ""
    asks_phone: bool = True
    groups: tuple[int, ...] = GROUPS
    prompt: str = ""
    cancel: str = ""


Done = Callable[[str, dict[str, bool]], str]


def grouped(digits: str, groups: tuple[int, ...] = GROUPS) -> str:
    """Digits as "138 1234 5678"; the places that are still to be typed as low lines."""
    text = digits.ljust(sum(groups), "_")
    starts = [sum(groups[:n]) for n in range(len(groups))]
    return " ".join(text[start : start + length] for start, length in zip(starts, groups, strict=True))


class TouchKey(QPushButton):
    """A key or a button under a finger, painted in the design's pixels. is_main: the one that goes on."""

    def __init__(self, form: CustomerForm, name: str, text: str, act: Callable[[], object], is_main: bool) -> None:
        super().__init__(text, form)
        self._form, self._is_main = form, is_main
        self.drawn: list[Drawn] = []
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.clicked.connect(lambda: act())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        colours, unit = self._form.colours, self._form.unit
        with QPainter(self) as painter:
            ink = Ink(painter, unit)
            place = QRectF(0, 0, self.width() / unit, self.height() / unit).adjusted(1, 1, -1, -1)
            ground = colours.accent if self._is_main else colours.raised
            ink.round(place, colours.chosen if self.isDown() else ground, 10)
            if not self._is_main:
                painter.setPen(QPen(QColor(colours.line), 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(place, 10, 10)
            colour = colours.on_accent if self._is_main and not self.isDown() else colours.text
            size = 40 if self.text().isdigit() else 28
            ink.text(place.adjusted(6, 0, -6, 0), self.text(), size, colour, CENTRE, is_bold=True, smallest=16)
            self.drawn = ink.drawn


class TickBox(QCheckBox):
    """A consent: its box, whether it has to be given, its words in as many lines as they take; all of it is touched."""

    def __init__(self, form: CustomerForm, tick: TickText) -> None:
        super().__init__(tick.text, form)
        self._form, self.tick = form, tick
        self.size_of_letters = float(_LARGEST)
        self.is_missing = False
        self.drawn: list[Drawn] = []
        self.setObjectName(f"tick_{tick.key}")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setChecked(tick.is_on)
        self.toggled.connect(self._on_toggled)

    def _on_toggled(self) -> None:
        self.is_missing = False
        self._form.touched()

    def hitButton(self, pos: QPoint) -> bool:  # noqa: N802
        return self.rect().contains(pos)

    def high(self, letters: Letters, size: float, across: float) -> float:
        """What it takes with letters of that size."""
        return max(_BOX + 24, len(letters.lines(self.text(), size, across - _MARK)) * size * LEADING)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        colours, unit = self._form.colours, self._form.unit
        with QPainter(self) as painter:
            ink = Ink(painter, unit)
            whole = QRectF(0, 0, self.width() / unit, self.height() / unit)
            box = QRectF((_MARK - 14 - _BOX) / 2 + 1, 1, _BOX - 2, _BOX - 2)
            edge = colours.warning if self.is_missing else colours.accent if self.isChecked() else colours.quiet
            painter.setPen(QPen(QColor(edge), 3))
            painter.setBrush(QColor(colours.accent if self.isChecked() else colours.surface))
            painter.drawRoundedRect(box, 7, 7)
            if self.isChecked():
                ink.check(box, colours.on_accent)
            kind = self.tr("必选") if self.tick.is_required else self.tr("可选")
            tone = colours.warning if self.is_missing else colours.quiet
            ink.text(QRectF(0, _BOX + 2, _MARK - 14, 20), kind, 16, tone, CENTRE, smallest=9)
            lines = ink.lines(self.text(), self.size_of_letters, whole.width() - _MARK)
            high = len(lines) * self.size_of_letters * LEADING
            top = max(0.0, (_BOX - high) / 2)  # a single line stands beside the middle of its box
            place = QRectF(_MARK, top, whole.width() - _MARK, whole.height() - top)
            ink.paragraph(place, lines, self.size_of_letters, colours.text, LEFT)
            self.drawn = ink.drawn


class CustomerForm(QWidget):
    """The page between the display's head and the strip with the total. Shown by CustomerDisplay.show_form()."""

    def __init__(self, display: QWidget) -> None:
        super().__init__(display)
        self.setObjectName("form")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setStyleSheet("QPushButton, QCheckBox { min-height: 0; padding: 0; }")
        self.colours, self.unit = LIGHT, 1.0
        self.drawn: list[Drawn] = []
        self._text: FormText | None = None
        self._done: Done | None = None
        self._cancelled: Callable[[], object] | None = None
        self._phone, self._told, self._is_thanking = "", "", False
        self.ticks: list[TickBox] = []
        self.keys = [TouchKey(self, f"key_{n}", str(n), partial(self._type, str(n)), False) for n in range(10)]
        self.clear_key = TouchKey(self, "clear_key", self.tr("清空"), self._clear, False)
        self.back_key = TouchKey(self, "back_key", "⌫", self._back, False)
        self.back_key.setAccessibleName(self.tr("删除一位"))
        self.cancel_button = TouchKey(self, "cancel_button", self.tr("取消"), self._cancel, False)
        self.confirm_button = TouchKey(self, "confirm_button", self.tr("确认"), self._confirm, True)
        self._idle = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._idle.timeout.connect(self._on_idle)
        self._thanked = QTimer(self, singleShot=True, interval=THANKS_MS)
        self._thanked.timeout.connect(self.shut)
        self.hide()

    @property
    def is_open(self) -> bool:
        return self._text is not None

    def ask(self, text: FormText, done: Done, cancelled: Callable[[], object]) -> None:
        """Begin anew, with nothing typed."""
        self.shut()
        self._text, self._done, self._cancelled = text, done, cancelled
        self.ticks = [TickBox(self, tick) for tick in text.ticks]
        for key, words in (
            (self.clear_key, self.tr("清空")),
            (self.cancel_button, text.cancel or self.tr("取消")),
            (self.confirm_button, self.tr("确认")),
        ):
            key.setText(words)  # in the language of now
        self.setAccessibleName(text.title)
        self._show_keys()
        self.show()
        self.raise_()
        self._idle.start()

    def shut(self) -> None:
        """Nothing stays: neither digits nor ticks nor who waits for them."""
        self._wipe()
        self._idle.stop()
        self._thanked.stop()
        self._text = self._done = self._cancelled = None
        self._is_thanking = False
        for tick in self.ticks:
            tick.hide()
            tick.deleteLater()
        self.ticks = []
        self.drawn = []
        self.hide()
        if display := self.parentWidget():
            display.update()

    def touched(self) -> None:
        """Somebody is there."""
        self._told = ""
        self._idle.start()
        self.update()

    # --- what a finger does ---

    def _type(self, digit: str) -> None:
        assert self._text
        self._phone = (self._phone + digit)[: sum(self._text.groups)]
        self.touched()

    def _back(self) -> None:
        self._phone = self._phone[:-1]
        self.touched()

    def _clear(self) -> None:
        self._phone = ""
        self.touched()

    def _cancel(self) -> None:
        cancelled = self._cancelled
        self.shut()
        if cancelled:
            cancelled()

    def _confirm(self) -> None:
        self.touched()
        text, done = self._text, self._done
        assert text
        assert done
        missing = [tick for tick in self.ticks if tick.tick.is_required and not tick.isChecked()]
        if text.asks_phone and len(self._phone) < sum(text.groups):
            words = self.tr("请输入 {count} 位数字") if text.prompt else self.tr("请输入 {count} 位手机号")
            self._told = words.format(count=sum(text.groups))
        elif missing:
            self._told = self.tr("请先勾选必选项")
            for tick in missing:
                tick.is_missing = True
                tick.update()
        else:
            self._told = done(self._phone, {tick.tick.key: tick.isChecked() for tick in self.ticks})
            if self._text is text and not self._told:
                self._thank(text)

    def _thank(self, text: FormText) -> None:
        self._wipe()
        if not text.thanks:
            self.shut()
            return
        self._is_thanking = True
        self._idle.stop()
        self._thanked.start()
        self._show_keys()
        self.update()

    def _on_idle(self) -> None:
        """The customer went away, or reads: what was typed goes first, the form later."""
        if self._phone or any(tick.isChecked() != tick.tick.is_on for tick in self.ticks):
            self._wipe()
            self._told = self.tr("太久没有操作,已清空")
            self._idle.start()
            self.update()
        else:
            self._cancel()

    def _wipe(self) -> None:
        self._phone = self._told = ""
        for tick in self.ticks:
            tick.blockSignals(True)  # no finger did it
            tick.setChecked(tick.tick.is_on)
            tick.blockSignals(False)
            tick.is_missing = False
            tick.update()
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._is_thanking:
            self.shut()
        else:
            self.touched()

    # --- where everything stands ---

    def place(self, room: QRectF, unit: float, colours: Colours) -> None:
        """Its room on the display, in the design's pixels of which one is `unit` of the window's."""
        self.unit, self.colours = unit, colours
        self.setGeometry(_pixels(room, unit))
        self._arrange()
        self.update()

    @property
    def _card(self) -> QRectF:
        return QRectF(_EDGE, 0, self.width() / self.unit - 2 * _EDGE, self.height() / self.unit - 12)

    def _columns(self) -> tuple[QRectF, QRectF]:
        """Where is read and ticked, and where is typed."""
        inner = self._card.adjusted(24, 16, -24, -18)
        if self._text and not self._text.asks_phone:
            foot = QRectF(inner.right() - _PAD, inner.bottom() - _BUTTONS, _PAD, _BUTTONS)
            return inner.adjusted(0, 0, 0, -_BUTTONS - 12), foot
        pad = min(_PAD + 80, max(_PAD, inner.width() * 0.38))
        right = QRectF(inner.right() - pad, inner.top(), pad, inner.height())
        return inner.adjusted(0, 0, -pad - _GAP, 0), right

    def _show_keys(self) -> None:
        assert self._text
        for key in (*self.keys, self.clear_key, self.back_key):
            key.setVisible(self._text.asks_phone and not self._is_thanking)
        for made in (*self.ticks, self.cancel_button, self.confirm_button):
            made.setVisible(not self._is_thanking)
        self._arrange()

    def _arrange(self) -> None:
        if self._text is None:
            return
        left, right = self._columns()
        foot = QRectF(right.left(), right.bottom() - _BUTTONS, right.width(), _BUTTONS)
        third = (foot.width() - _KEY_GAP) * 0.38
        self._put(self.cancel_button, QRectF(foot.left(), foot.top(), third, foot.height()))
        self._put(self.confirm_button, foot.adjusted(third + _KEY_GAP, 0, 0, 0))
        across = (right.width() - 2 * _KEY_GAP) / 3
        high = min(130.0, (foot.top() - 14 - right.top() - 3 * _KEY_GAP) / 4)
        top = foot.top() - 14 - 4 * high - 3 * _KEY_GAP
        rows = (self.keys[1:4], self.keys[4:7], self.keys[7:10], (self.clear_key, self.keys[0], self.back_key))
        for y, row in enumerate(rows):
            for x, key in enumerate(row):
                corner = right.left() + x * (across + _KEY_GAP), top + y * (high + _KEY_GAP)
                self._put(key, QRectF(*corner, across, high))
        self._arrange_ticks(left)

    def _arrange_ticks(self, left: QRectF) -> None:
        top = left.top() + _TITLE + _HINT + (_NUMBER if self._text and self._text.asks_phone else 0)
        letters, gap = Letters(self.unit), 0.0
        highs: list[float] = []
        for size in range(_LARGEST, _SMALLEST - 1, -1):
            gap = size / 2
            highs = [tick.high(letters, size, left.width()) for tick in self.ticks]
            for tick in self.ticks:
                tick.size_of_letters = size
            if sum(highs) + gap * (len(highs) - 1) <= left.bottom() - top:
                break
        for tick, high in zip(self.ticks, highs, strict=True):
            self._put(tick, QRectF(left.left(), top, left.width(), high))
            top += high + gap

    def _put(self, made: QWidget, place: QRectF) -> None:
        made.setGeometry(_pixels(place, self.unit))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        if self._text is None:
            return
        with QPainter(self) as painter:
            ink = Ink(painter, self.unit)
            whole = QRectF(0, 0, self.width() / self.unit, self.height() / self.unit)
            painter.fillRect(whole, QColor(self.colours.ground))
            ink.round(self._card, self.colours.surface, 16)
            if self._is_thanking:
                self._thanks(ink, self._text)
            else:
                self._questions(ink, self._text)
            self.drawn = ink.drawn

    def _questions(self, ink: Ink, text: FormText) -> None:
        left, _ = self._columns()
        title = QRectF(left.left(), left.top(), left.width(), _TITLE - 6)
        ink.text(title, text.title, 34, self.colours.text, LEFT, is_bold=True, smallest=22)
        top = left.top() + _TITLE
        if text.asks_phone:
            field = QRectF(left.left() + 1, top, left.width() - 2, _NUMBER - 4)
            ink.round(field, self.colours.raised, 10)
            painter = ink.p
            painter.setPen(QPen(QColor(self.colours.accent if self._phone else self.colours.line), 2.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(field, 10, 10)
            inner = field.adjusted(20, 0, -20, 0)
            if self._phone:
                ink.text(
                    inner, grouped(self._phone, text.groups), 48, self.colours.text, LEFT, is_bold=True, smallest=24
                )
            else:
                ink.text(inner, text.prompt or self.tr("请输入手机号"), 32, self.colours.quiet, LEFT)
            top += _NUMBER
        hint = QRectF(left.left(), top - 2, left.width(), _HINT - 8)
        tone = self.colours.warning if self._told else self.colours.quiet
        ink.text(hint, self._told or text.line, 20, tone, LEFT, is_bold=bool(self._told), smallest=13)

    def _thanks(self, ink: Ink, text: FormText) -> None:
        card = self._card.adjusted(40, 20, -40, -20)
        size, lines = ink.fitted(text.thanks, 44, card.width(), 3, is_bold=True, smallest=24)
        high = 110 + 30 + len(lines) * size * LEADING
        top = card.center().y() - high / 2
        circle = QRectF(card.center().x() - 55, top, 110, 110)
        ink.tick(circle, self.colours.accent, self.colours.on_accent)
        place = QRectF(card.left(), top + 140, card.width(), card.bottom() - top - 140)
        ink.paragraph(place, lines, size, self.colours.text, CENTRE, is_bold=True)


def _pixels(place: QRectF, unit: float) -> QRect:
    return QRectF(place.topLeft() * unit, place.size() * unit).toRect()

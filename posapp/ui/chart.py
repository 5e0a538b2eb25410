"""Charts that can be read from a step away: upright bars with a line over them, lying bars for shares and funnels, and
how far something is. A finger or an arrow key comes to each bar; a screen reader hears them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from posapp.rules.dictionary import UNKNOWN
from posapp.ui.label import announce
from posapp.ui.theme import FAMILY, LIGHT, Colours, worn

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter
BELOW = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop

_LEAST_ROW, _MOST_ROW = 2.2, 4.2
"""Heights of a lying bar's row, over the size of its letters."""


@dataclass(frozen=True, slots=True)
class Bar:
    """An upright bar. past: what stands beside it; line: on the line over the bars, None for none. said: for a screen
    reader."""

    label: str
    value: int
    past: int = 0
    line: int | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Strip:
    """A lying bar. value None: not known. text: at its end; side: at the right edge, quietly."""

    label: str
    value: int | None
    text: str
    side: str = ""


class Chart(QWidget):
    """Bars of any kind. tapped(n) hears a finger on one; chosen: the marked one, -1 for none; drawn: what stands there.

    title: what a screen reader calls it."""

    def __init__(self, name: str, title: str, tapped: Callable[[int], object] = lambda n: None) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.title, self._tapped = title, tapped
        self.chosen = -1
        self.places: list[QRectF] = []
        self.drawn: list[str] = []

    @property
    def said(self) -> list[str]:
        """Each bar in words."""
        raise NotImplementedError

    def choose(self, n: int) -> None:
        chosen = n if 0 <= n < len(self.said) else -1
        if chosen not in (-1, self.chosen):
            announce(self, self.said[chosen])
        self.chosen = chosen
        self.update()

    def step(self, by: int) -> None:
        self.choose(max(0, min(len(self.said) - 1, self.chosen + by)))

    def _told(self) -> None:
        """Other bars stand here now."""
        if self.chosen >= len(self.said):
            self.chosen = -1
        self.setAccessibleName("; ".join([self.title, *self.said]))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        letters = letter_size()
        return QSize(letters * 20, letters * 10)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        letters = letter_size()
        return QSize(letters * 12, letters * 6)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        found = next((n for n, place in enumerate(self.places) if place.contains(event.position())), -1)
        if found >= 0:
            self._tapped(found)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        self.drawn, self.places = [], []
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint(painter, QRectF(self.rect()), colours(), letter_size())
        painter.end()

    def _paint(self, p: QPainter, room: QRectF, worn_: Colours, letters: int) -> None:
        raise NotImplementedError

    def _write(
        self,
        p: QPainter,
        place: QRectF,
        text: str,
        size: float,
        colour: str,
        align: Qt.AlignmentFlag,
        *,
        bold: bool = False,
    ) -> None:
        """One line; smaller where the room is short, and cut below that."""
        if not text:
            return
        font = QFont(FAMILY)
        while True:
            font.setPixelSize(max(1, round(size)))
            font.setBold(bold)
            if size <= 11 or QFontMetricsF(font).horizontalAdvance(text) <= place.width():
                break
            size -= 1
        p.setFont(font)
        p.setPen(QColor(colour))
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, place.width())
        p.drawText(place, int(align) | Qt.TextFlag.TextDontClip, shown)
        self.drawn.append(shown)

    def _mark(self, p: QPainter, place: QRectF, worn_: Colours) -> None:
        p.setPen(QPen(QColor(worn_.accent), 2))
        p.setBrush(QColor(worn_.chosen))
        p.drawRoundedRect(place.adjusted(1, 1, -1, -1), 6, 6)


def fill(p: QPainter, place: QRectF, colour: str, radius: float) -> None:
    if place.width() > 0 and place.height() > 0:
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(QColor(colour))
        p.drawRoundedRect(place, radius, radius)


def text_width(texts: Sequence[str], size: float, *, bold: bool = False) -> float:
    """Of the longest."""
    font = QFont(FAMILY)
    font.setPixelSize(max(1, round(size)))
    font.setBold(bold)
    return max((QFontMetricsF(font).horizontalAdvance(text) for text in texts if text), default=0.0)


def fitted(texts: Sequence[str], size: float, room: float) -> tuple[float, float]:
    """The width of a column of texts and the size of its letters, one for all, no wider than its room."""
    while size > 12 and text_width(texts, size) > room:
        size -= 1
    return min(room, text_width(texts, size) + 2), size


def colours() -> Colours:
    app = QApplication.instance()
    return worn(app) if isinstance(app, QApplication) else LIGHT


def letter_size() -> int:
    return max(12, QApplication.font().pixelSize())


def ticks(most: int) -> list[int]:
    """Round numbers for the lines behind bars, 0 first and the last not below the highest bar."""
    for step in (unit * times for unit in (10**power for power in range(9)) for times in (1, 2, 5)):
        if step * 4 >= most:
            return list(range(0, max(step, -(-most // step) * step) + 1, step))
    return [0, most]


class Bars(Chart):
    """Upright bars, each with another beside it, and a line of its own measure over them. legend: what bar, the one
    beside it and the line are called; empty: what stands there when there are none."""

    def __init__(self, name: str, title: str, legend: tuple[str, str, str], tapped: Callable[[int], object]) -> None:
        super().__init__(name, title, tapped)
        self._legend = legend
        self.bars: Sequence[Bar] = ()
        self.has_past = False

    def put(self, bars: Sequence[Bar], *, has_past: bool) -> None:
        self.bars, self.has_past = bars, has_past
        self._told()

    @property
    def said(self) -> list[str]:
        return [bar.said or f"{bar.label} {bar.value}" for bar in self.bars]

    def _paint(self, p: QPainter, room: QRectF, worn_: Colours, letters: int) -> None:
        if not self.bars:
            self._write(p, room, UNKNOWN, letters * 3, worn_.quiet, CENTRE)
            return
        small = letters * 0.85
        head, foot, side = letters * 2.8, letters * 1.7, letters * 2.2  # a number fits under the legend
        plot = room.adjusted(side, head, -side, -foot)
        marks = ticks(max(1, *(max(bar.value, bar.past) for bar in self.bars)))
        lines = ticks(max(1, *(bar.line or 0 for bar in self.bars)))
        has_line = any(bar.line is not None for bar in self.bars)
        self._draw_legend(p, QRectF(room.left(), room.top(), room.width(), letters * 1.4), worn_, small, has_line)
        for n, mark in enumerate(marks):
            y = plot.bottom() - plot.height() * mark / marks[-1]
            p.setPen(QPen(QColor(worn_.line), 1 if n else 2))
            p.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            left = QRectF(room.left(), y - letters, side - 6, letters * 2)
            self._write(p, left, str(mark), small, worn_.quiet, RIGHT)
        if has_line:
            for mark in (0, lines[-1]):
                y = plot.bottom() - plot.height() * mark / lines[-1]
                right = QRectF(plot.right() + 6, y - letters, side - 6, letters * 2)
                self._write(p, right, str(mark), small, worn_.caution, LEFT)
        self._draw_bars(p, plot, worn_, small, marks[-1])
        if has_line:
            self._draw_line(p, plot, worn_, letters, lines[-1])
        self._number_bars(p, plot, worn_, letters, marks[-1])

    def _draw_legend(self, p: QPainter, place: QRectF, worn_: Colours, size: float, has_line: bool) -> None:
        named = [
            (worn_.accent, self._legend[0], True),
            (worn_.quiet, self._legend[1], self.has_past),
            (worn_.caution, self._legend[2], has_line),
        ]
        shown = [(colour, text) for colour, text, is_there in named if is_there]
        widths = [text_width([text], size) + size * 2.4 for _, text in shown]
        if sum(widths) > place.width():
            widths = [width * place.width() / sum(widths) for width in widths]
        left = place.left()
        for (colour, text), wide in zip(shown, widths, strict=True):
            box = QRectF(left, place.center().y() - size * 0.35, size * 0.7, size * 0.7)
            fill(p, box, colour, 2)
            words = QRectF(box.right() + size * 0.4, place.top(), wide - size * 1.3, place.height())
            self._write(p, words, text, size, worn_.quiet, LEFT)
            left += wide

    def _draw_bars(self, p: QPainter, plot: QRectF, worn_: Colours, size: float, most: int) -> None:
        wide = plot.width() / len(self.bars)
        each = min(wide * (0.36 if self.has_past else 0.6), size * 4)
        every = max(1, round(size * 1.7 / wide + 0.49))
        for n, bar in enumerate(self.bars):
            left = plot.left() + n * wide
            whole = QRectF(left, plot.top() - size * 1.2, wide, plot.height() + size * 3.2)
            self.places.append(whole)
            if n == self.chosen:
                self._mark(p, whole, worn_)
            middle = left + wide / 2
            first = middle - each if self.has_past else middle - each / 2
            if self.has_past:
                tall = plot.height() * bar.past / most
                fill(p, QRectF(middle + 1, plot.bottom() - tall, each - 1, tall), worn_.quiet, 2)
            tall = plot.height() * bar.value / most
            fill(p, QRectF(first, plot.bottom() - tall, each - 1, tall), worn_.accent, 2)
            if n % every == 0:
                below = QRectF(left - wide * (every - 1) / 2, plot.bottom() + 2, wide * every, size * 1.6)
                self._write(p, below, bar.label, size, worn_.quiet, BELOW)

    def _number_bars(self, p: QPainter, plot: QRectF, worn_: Colours, size: float, most: int) -> None:
        """Over each bar, and over the line where that runs there."""
        wide = plot.width() / len(self.bars)
        if wide < size * 1.7:
            return
        for n, bar in enumerate(self.bars):
            if not bar.value:
                continue
            text = str(bar.value)
            middle = plot.left() + (n + 0.5) * wide - (min(wide * 0.18, size * 1.7) if self.has_past else 0)
            top = plot.bottom() - plot.height() * bar.value / most
            place = QRectF(
                middle - size * 0.42 * (len(text) + 0.5), top - size * 1.3, size * 0.84 * (len(text) + 0.5), size * 1.15
            )
            p.setOpacity(0.85)
            fill(p, place, worn_.chosen if n == self.chosen else worn_.surface, 4)
            p.setOpacity(1)
            self._write(p, place, text, size, worn_.text, CENTRE, bold=True)

    def _draw_line(self, p: QPainter, plot: QRectF, worn_: Colours, letters: int, most: int) -> None:
        wide = plot.width() / len(self.bars)
        points = [
            QPointF(plot.left() + (n + 0.5) * wide, plot.bottom() - plot.height() * bar.line / most)
            for n, bar in enumerate(self.bars)
            if bar.line is not None
        ]
        p.setPen(QPen(QColor(worn_.caution), max(2.0, letters / 7), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.drawPolyline(QPolygonF(points))
        for point in points:
            fill(
                p,
                QRectF(point.x() - letters / 5, point.y() - letters / 5, letters / 2.5, letters / 2.5),
                worn_.caution,
                9,
            )


class Strips(Chart):
    """Lying bars below each other, measured by the longest; of shares, or the steps of a funnel."""

    def __init__(self, name: str, title: str, tapped: Callable[[int], object]) -> None:
        super().__init__(name, title, tapped)
        self.strips: Sequence[Strip] = ()

    def put(self, strips: Sequence[Strip]) -> None:
        self.strips = strips
        self._told()

    @property
    def said(self) -> list[str]:
        return [" ".join(part for part in (one.label, one.text, one.side) if part) for one in self.strips]

    def _paint(self, p: QPainter, room: QRectF, worn_: Colours, letters: int) -> None:
        if not self.strips:
            self._write(p, room, UNKNOWN, letters * 3, worn_.quiet, CENTRE)
            return
        tall = min(letters * _MOST_ROW, room.height() / len(self.strips))
        size = letters * min(1.4, tall / (letters * _LEAST_ROW))
        name, name_size = fitted([one.label for one in self.strips], size, room.width() * 0.3)
        side, side_size = fitted([one.side for one in self.strips], size, room.width() * 0.36)
        value = text_width([one.text for one in self.strips], size, bold=True) + 4
        most = max(1, *(one.value or 0 for one in self.strips))
        pad = size * 0.6
        track = max(size, room.width() - name - side - value - pad * (5 if side else 4))
        for n, one in enumerate(self.strips):
            row = QRectF(room.left(), room.top() + n * tall, room.width(), tall)
            self.places.append(row)
            if n == self.chosen:
                self._mark(p, row, worn_)
            inside = row.adjusted(pad, 0, -pad, 0)
            self._write(p, QRectF(inside.left(), row.top(), name, tall), one.label, name_size, worn_.text, LEFT)
            start = inside.left() + name + pad
            long = track * (one.value or 0) / most
            fill(p, QRectF(start, row.center().y() - tall * 0.28, track, tall * 0.56), worn_.raised, 4)
            fill(p, QRectF(start, row.center().y() - tall * 0.28, long, tall * 0.56), worn_.accent, 4)
            words = QRectF(start + track + pad, row.top(), value, tall)
            self._write(p, words, one.text, size, worn_.text, RIGHT, bold=True)
            if side:
                self._write(
                    p, QRectF(inside.right() - side, row.top(), side, tall), one.side, side_size, worn_.quiet, RIGHT
                )


class Progress(Chart):
    """How far something is: a track that fills, its mark at 100 % of what is aimed at."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(name, title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.share: float | None = None
        self._text = ""

    def put(self, share: float | None, text: str) -> None:
        """share: 1.0 is all of it; None: not known."""
        self.share, self._text = share, text
        self._told()

    @property
    def said(self) -> list[str]:
        return [self._text] if self._text else []

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(letter_size() * 8, round(letter_size() * 0.9))

    minimumSizeHint = sizeHint  # noqa: N815

    def _paint(self, p: QPainter, room: QRectF, worn_: Colours, letters: int) -> None:
        track = QRectF(room.left(), room.center().y() - letters * 0.22, room.width(), letters * 0.44)
        fill(p, track, worn_.line, letters * 0.22)
        if self.share is None:
            return
        scale = max(1.0, self.share)
        colour = worn_.good if self.share >= 1 else worn_.accent
        fill(
            p,
            QRectF(track.left(), track.top(), track.width() * self.share / scale, track.height()),
            colour,
            letters * 0.22,
        )
        goal = track.left() + track.width() / scale
        p.setPen(QPen(QColor(worn_.text), 3))
        p.drawLine(QPointF(goal - 2, room.top()), QPointF(goal - 2, room.bottom()))

"""Paints in the pixels of a design that grows with the window: texts that shrink to their room, QR codes for phones.

The pages of the customer display are painted with it; what it wrote can be asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QTextLayout, QTextOption

from posapp.ui.theme import FAMILY

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter
QUIET = 4
"""Modules around a QR code that stay white."""
LEADING = 1.36
"""From one line of a paragraph to the next, in heights of its letters."""

_BOLD = 60
"""Pixels above which Qt makes no bold letters of a regular font; they get an outline instead."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A text as it stands on the screen: the place it was given, the room it takes, what is written."""

    place: QRectF
    ink: QRectF
    text: str


@lru_cache(maxsize=4)
def squares(text: str) -> QImage | None:
    """The QR code of a text, one dot a module and nothing around it; None where there is too much text, or none."""
    import qrcode  # brings Pillow: nothing that a window's first picture waits for

    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    code.add_data(text)
    try:
        rows = code.get_matrix()
    except ValueError:
        return None
    if not text:
        return None
    image = QImage(len(rows), len(rows), QImage.Format.Format_RGB32)
    for y, row in enumerate(rows):
        for x, is_dark in enumerate(row):
            image.setPixelColor(x, y, QColor(Qt.GlobalColor.black if is_dark else Qt.GlobalColor.white))
    return image


class Letters:
    """Measures texts where `unit` pixels of the window are one of the design's."""

    def __init__(self, unit: float) -> None:
        self.unit = unit

    def _font(self, size: float, is_bold: bool) -> QFont:
        """In the window's pixels: letters that are drawn small and blown up, or the other way round, look it."""
        font = QFont(FAMILY)
        font.setPixelSize(max(1, round(size * self.unit)))
        font.setBold(is_bold and font.pixelSize() <= _BOLD)
        return font

    def width(self, text: str, size: float, is_bold: bool = False) -> float:
        return QFontMetricsF(self._font(size, is_bold)).horizontalAdvance(text) / self.unit

    def cut(self, text: str, size: float, room: float) -> int:
        """How many letters of a bold text stand in a line."""
        return next((n for n in range(len(text), 1, -1) if self.width(text[:n], size, is_bold=True) <= room), 1)

    def lines(self, text: str, size: float, room: float, is_bold: bool = False) -> list[str]:
        """A text in lines of so much room, broken between words and between Chinese characters."""
        layout = QTextLayout(text, self._font(size, is_bold))
        layout.setTextOption(_option())
        layout.beginLayout()
        found = []
        while (line := layout.createLine()).isValid():
            line.setLineWidth(room * self.unit)
            found.append(text[line.textStart() : line.textStart() + line.textLength()].strip(" ·"))
        layout.endLayout()
        return found

    def fitted(
        self, text: str, size: float, room: float, most: int, *, is_bold: bool = False, smallest: float = 0.0
    ) -> tuple[float, list[str]]:
        """The size at which a text stands in at most so many lines, and those lines; the last of them takes the rest
        of a text that is too long at its smallest size."""
        smallest = smallest or size * 0.7
        while len(lines := self.lines(text, size, room, is_bold)) > most and size - 1 >= smallest:
            size -= 1
        if len(lines) > most:
            lines = [*lines[: most - 1], "".join(lines[most - 1 :])]
        return size, lines


class Ink(Letters):
    """A painter in the design's pixels. drawn: the texts that were written."""

    def __init__(self, painter: QPainter, unit: float) -> None:
        super().__init__(unit)
        self.p = painter
        self.drawn: list[Drawn] = []
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.scale(unit, unit)

    def text(
        self,
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
        while size - 1 >= smallest and self.width(text, size, is_bold) > place.width():
            size -= 1
        font = self._font(size, is_bold)
        metrics = QFontMetricsF(font)
        room = QRectF(place.topLeft() * self.unit, place.size() * self.unit)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        ink = QRectF(0, 0, metrics.horizontalAdvance(shown), metrics.height())
        ink.moveCenter(room.center())
        if align & Qt.AlignmentFlag.AlignLeft:
            ink.moveLeft(room.left())
        elif align & Qt.AlignmentFlag.AlignRight:
            ink.moveRight(room.right())
        start = QPointF(ink.left(), ink.top() + metrics.ascent())
        p = self.p
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
        self.drawn.append(Drawn(place, QRectF(ink.topLeft() / self.unit, ink.size() / self.unit), shown))

    def paragraph(
        self,
        place: QRectF,
        lines: list[str],
        size: float,
        colour: str,
        align: Qt.AlignmentFlag,
        *,
        is_bold: bool = False,
    ) -> None:
        """Write lines from the top of a place downwards."""
        for n, line in enumerate(lines):
            row = QRectF(place.left(), place.top() + n * size * LEADING, place.width(), size * LEADING)
            self.text(row, line, size, colour, align, is_bold=is_bold)

    def round(self, place: QRectF, colour: str, radius: float) -> None:
        self.p.setPen(Qt.PenStyle.NoPen)
        self.p.setBrush(QColor(colour))
        self.p.drawRoundedRect(place, radius, radius)

    def tick(self, circle: QRectF, ground: str, colour: str) -> None:
        """A tick in a circle: something is done."""
        self.round(circle, ground, circle.width() / 2)
        self.check(circle, colour)

    def check(self, place: QRectF, colour: str) -> None:
        """The tick itself."""
        side = place.width() / 84
        self.p.setPen(QPen(QColor(colour), 9 * side, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        corner = place.topLeft() + QPointF(37, 58) * side
        self.p.drawLine(place.topLeft() + QPointF(23, 44) * side, corner)
        self.p.drawLine(corner, place.topLeft() + QPointF(62, 29) * side)

    def code(self, room: QRectF, image: QImage, least: float) -> QRectF:
        """A QR code in the middle of a white room, its quiet zone within it; the square that its modules take.

        Its modules are whole pixels where that costs little, and the code does not become smaller than `least`.
        """
        modules = image.width() + 2 * QUIET
        side = min(room.width(), room.height()) * self.unit / modules
        if int(side) * image.width() >= least * self.unit and int(side) > side * 0.9:
            side = int(side)
        square = QRectF(0, 0, side * image.width(), side * image.width())
        square.moveCenter(room.center() * self.unit)
        square.moveTopLeft(QPointF(round(square.left()), round(square.top())))
        p = self.p
        p.save()
        p.resetTransform()
        p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        p.drawImage(square, image)
        p.restore()
        return QRectF(square.topLeft() / self.unit, square.size() / self.unit)


def _option() -> QTextOption:
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    return option

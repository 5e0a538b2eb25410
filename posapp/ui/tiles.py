"""Quick keys for fingers: pages of tiles, each with a name, a price, and a colour or a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPaintEvent, QPixmap
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from posapp.answers import TilePage, TileView
from posapp.ui.keypad import button
from posapp.ui.label import CENTRE, label

_DARK, _LIGHT = QColor("#15191f"), QColor("#ffffff")
_LINE = 1.16
"""Height of a line over the size of its letters; the font's own is made for several scripts at once."""

_PRICE = 0.84
"""Size of a price's letters over that of the name's."""

_ROUND, _PAD, _ABOVE = 0.6, 0.5, 0.15
"""Corners, margins at the sides, and the least above and below, over the size of the letters."""

_UNCLIPPED = Qt.TextFlag.TextDontClip
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Tile(QPushButton):
    """One tile. What the sheet says of QPushButton[kind="tile"] holds: font, and ground where it has no colour."""

    def __init__(self, shown: TileView, chosen: Callable[[str], object]) -> None:
        super().__init__()
        self.setObjectName(f"tile_{shown.code}")
        self.setAccessibleName(f"{shown.name} {_price(shown)}".strip())
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setProperty("kind", "tile")
        self.shown = shown
        self._picture = QPixmap(str(shown.picture)) if shown.picture else QPixmap()
        self._scaled = QPixmap()
        self.clicked.connect(lambda: chosen(shown.code))

    def minimumSizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        return QSize(0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        has_picture = not self._picture.isNull()
        if has_picture or not self.shown.colour:
            super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        ink = self.palette().buttonText().color()
        shape = QPainterPath()
        letters = self.font().pixelSize()
        shape.addRoundedRect(self.rect(), letters * _ROUND, letters * _ROUND)
        if has_picture:
            self._draw_picture(painter, shape)
        elif self.shown.colour:
            ground = QColor(self.shown.colour)
            ink = readable(ground)
            painter.fillPath(shape, ground)
        self._draw_words(painter, ink, self._words_rect(has_picture))
        if self.isDown():
            shade = QColor(ink)
            shade.setAlphaF(0.18)
            painter.fillPath(shape, shade)
        painter.end()

    def _words_rect(self, has_picture: bool) -> QRect:
        letters = self.font().pixelSize()
        pad = round(letters * _PAD)
        if not has_picture:
            # Room above grows with the tile; where it is low, two lines and a price still stand in it.
            above = max(round(letters * _ABOVE), min(pad, (self.height() - round(letters * 4)) // 2))
            return self.rect().adjusted(pad, above, -pad, -above)
        return QRect(pad, self._picture_height(), self.width() - 2 * pad, self.height() - self._picture_height() - 2)

    def _picture_height(self) -> int:
        """What is left above one line of words, or above two where there is room for a picture all the same."""
        letters = self.font().pixelSize()
        two = self.height() - round(letters * _LINE * 2.2)
        return two if two >= letters * 4 else self.height() - round(letters * _LINE * 1.15)

    def _draw_picture(self, painter: QPainter, shape: QPainterPath) -> None:
        size = QSize(self.width(), self._picture_height()) * self.devicePixelRatio()
        if self._scaled.size() != size:
            grown = self._picture.scaled(
                size, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
            )
            left, top = (grown.width() - size.width()) // 2, (grown.height() - size.height()) // 2
            self._scaled = grown.copy(left, top, size.width(), size.height())
        painter.save()
        painter.setClipPath(shape)
        painter.drawPixmap(QRect(0, 0, self.width(), self._picture_height()), self._scaled)
        painter.restore()

    def _draw_words(self, painter: QPainter, ink: QColor, room: QRect) -> None:
        font = self.font()
        small = self.font()
        small.setPixelSize(max(1, round(font.pixelSize() * _PRICE)))
        small.setWeight(small.Weight.Normal)
        price = _price(self.shown)
        line = round(font.pixelSize() * _LINE)
        price_height = round(small.pixelSize() * _LINE) if price else 0
        painter.setPen(ink)
        painter.setFont(font)
        if room.height() < line + price_height:
            # One line only is left below a picture: the name; the price lies on the picture.
            name = QFontMetrics(font).elidedText(self.shown.name, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, _LEFT | _UNCLIPPED, name)
            painter.setFont(small)
            self._draw_chip(painter, price, room)
            return
        most = max(1, min(2, (room.height() - price_height) // line))
        top = room.top()
        for text in wrapped(self.shown.name, QFontMetrics(font), room.width(), most):
            painter.drawText(QRect(room.left(), top, room.width(), line), _LEFT | _UNCLIPPED, text)
            top += line
        painter.setFont(small)
        quiet = QColor(ink)
        quiet.setAlphaF(0.86)
        painter.setPen(quiet)
        below = QRect(room.left(), room.bottom() + 1 - price_height, room.width(), price_height)
        shown = QFontMetrics(small).elidedText(price, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(below, _LEFT | _UNCLIPPED, shown)

    def _draw_chip(self, painter: QPainter, price: str, room: QRect) -> None:
        metrics = painter.fontMetrics()
        letters = painter.font().pixelSize()
        width = min(metrics.horizontalAdvance(price) + letters, self.width())
        if not price or room.top() < 2 * letters:
            return
        height = round(letters * 1.4)
        chip = QRect(self.width() - width, room.top() - height, width, height)
        path = QPainterPath()
        path.addRoundedRect(chip, letters * _ROUND, letters * _ROUND)
        shade = QColor(_DARK)
        shade.setAlphaF(0.72)
        painter.fillPath(path, shade)
        painter.setPen(_LIGHT)
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, price)


def _price(shown: TileView) -> str:
    return "" if shown.price is None else f"{shown.price}/{shown.unit}"


def readable(ground: QColor) -> QColor:
    """Dark or light letters, whichever stands out more from a ground (WCAG 2.2, relative luminance)."""

    def light(part: float) -> float:
        return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)

    luminance = 0.2126 * light(ground.redF()) + 0.7152 * light(ground.greenF()) + 0.0722 * light(ground.blueF())
    return _LIGHT if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.055 else _DARK


def wrapped(text: str, metrics: QFontMetrics, width: int, most: int) -> list[str]:
    """A text in at most so many lines, the last one ending in ... when there is more."""
    lines: list[str] = []
    rest = text
    while rest and len(lines) < most - 1:
        cut = len(rest)
        while cut > 1 and metrics.horizontalAdvance(rest[:cut].rstrip()) > width:
            cut -= 1
        if cut < len(rest) and not rest[cut].isspace() and rest[cut - 1].isascii() and rest[cut].isascii():
            # Not within a word of letters, as long as that is not all there is.
            at = rest.rfind(" ", 0, cut)
            cut = at if at > 0 else cut
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if rest:
        lines.append(metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width))
    return lines


class TilePages(QWidget):
    """Pages of tiles with their tabs above. chosen(code) hears a tap; nothing here takes the focus.

    A page that has more places than the grid gets more rows. empty: the sentence shown when there are no tiles.
    """

    def __init__(self, name: str, chosen: Callable[[str], object], empty: str, columns: int = 6, rows: int = 4) -> None:
        super().__init__()
        self.setObjectName(name)
        self._chosen = chosen
        self._columns = columns
        self._least_rows = rows
        self._pages: list[TilePage] = []
        self.number = 0
        self._tabs = QButtonGroup(self)
        self._tab_line = QHBoxLayout()
        self._tab_line.setSpacing(6)
        self._grid = QGridLayout()
        self._grid.setSpacing(6)
        self.empty = label("empty", is_quiet=True, align=CENTRE, text=empty)
        self.empty.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(self._tab_line)
        layout.addWidget(self.empty, 1)
        layout.addLayout(self._grid, 1)

    @property
    def pages(self) -> list[TilePage]:
        return self._pages

    def put(self, pages: Sequence[TilePage]) -> None:
        """Show other pages; the one in front stays in front if it is still there."""
        if list(pages) == self._pages:
            return
        self._pages = list(pages)
        numbers = [page.number for page in pages]
        _clear(self._tab_line)
        if len(pages) > 1:
            for page in pages:
                self._tab_line.addWidget(self._tab(page))
            self._tab_line.addStretch(1)
        self.empty.setVisible(not pages)
        self.show_page(self.number if self.number in numbers else min(numbers, default=0))

    def _tab(self, page: TilePage) -> QPushButton:
        made = button(f"tab_{page.number}", page.title, partial(self.show_page, page.number), "tab")
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        made.setCheckable(True)
        self._tabs.addButton(made, page.number)
        return made

    def show_page(self, number: int) -> None:
        self.number = number
        if len(self._pages) > 1:
            self._tabs.button(number).setChecked(True)
        _clear(self._grid)
        tiles = next((page.tiles for page in self._pages if page.number == number), ())
        rows = max(self._least_rows, -(-max((tile.place for tile in tiles), default=0) // self._columns))
        for tile in tiles:
            row, column = divmod(tile.place - 1, self._columns)
            self._grid.addWidget(Tile(tile, self._chosen), row, column)
        for row in range(max(rows, self._grid.rowCount())):
            self._grid.setRowStretch(row, 1 if row < rows and tiles else 0)
        for column in range(self._columns):
            self._grid.setColumnStretch(column, 1)


def _clear(layout: QHBoxLayout | QGridLayout) -> None:
    while item := layout.takeAt(0):
        if widget := item.widget():
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()

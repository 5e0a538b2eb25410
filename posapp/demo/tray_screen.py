"""The scan tray: cards with real barcodes for people without a scanner, and switches that make things go wrong.

A tapped card is typed into the till's window as a scanner types: through the window's own handle, key by key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import qrcode
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QKeyEvent, QPainter, QPaintEvent, QPixmap, QWindow
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QLayout,
    QLayoutItem,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from drivers.contracts import Barcode
from drivers.printers import paper
from posapp.rules.labels import check_digit
from posapp.ui.label import label
from posapp.ui.theme import FAMILY, LIGHT, Colours

CARD = QSize(148, 166)
_GAP, _EDGE, _PICTURE, _FLASH_MS = 8, 8, 44, 350


@dataclass(frozen=True, slots=True)
class Card:
    """Something to scan. code: what the scanner reads, asked for at each tap where it changes; "" is not there yet.

    picture: a file, or none; colour and the name's first letters stand in for it. is_qr: drawn as a QR code.
    act: done at each tap where there is nothing to scan; word: what stands in the code's place then.
    """

    name: str
    code: str | Callable[[], str]
    detail: str = ""
    colour: str = "#0f6b4f"
    picture: str = ""
    is_qr: bool = False
    act: Callable[[], object] | None = None
    word: str = ""

    def read(self) -> str:
        return self.code if isinstance(self.code, str) else self.code()


@dataclass(frozen=True, slots=True)
class Switch:
    """A button that does something to the shop; a lasting one stays down until it is tapped again."""

    name: str
    text: str
    flip: Callable[[bool], object]


def scan(window: QWindow, code: str) -> None:
    """Type a code and Enter as a scanner does."""
    keys = [(ord(letter.upper()), letter) for letter in code]
    for key, text in [*keys, (int(Qt.Key.Key_Return), "\r")]:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QCoreApplication.postEvent(window, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text))


# The seven modules of a digit on the left half; the right half has them inverted, set G the inverted ones backwards.
_EAN_LEFT = "0001101 0011001 0010011 0111101 0100011 0110001 0101111 0111011 0110111 0001011".split()
_EAN_SETS = "LLLLLL LLGLGG LLGGLG LLGGGL LGLLGG LGGLLG LGGGLL LGLGLG LGLGGL LGGLGL".split()
_INVERTED = str.maketrans("01", "10")


def _ean13(code: str) -> str:
    """The 95 modules of an EAN-13, 1 is a bar (GS1 General Specifications 5.2.1)."""
    left = [
        _EAN_LEFT[int(digit)] if kind == "L" else _EAN_LEFT[int(digit)].translate(_INVERTED)[::-1]
        for kind, digit in zip(_EAN_SETS[int(code[0])], code[1:7], strict=True)
    ]
    right = [_EAN_LEFT[int(digit)].translate(_INVERTED) for digit in code[7:]]
    return f"101{''.join(left)}01010{''.join(right)}101"


@lru_cache(maxsize=256)
def drawn(code: str, is_qr: bool) -> QImage:
    """A code with one dot for its narrowest bar: EAN-13 where it is one, else Code 128 or QR."""
    if is_qr:
        qr = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
        qr.add_data(code)
        rows = ["".join("01"[is_dark] for is_dark in row) for row in qr.get_matrix()]
    elif len(code) == 13 and code.isdigit() and code[-1] == check_digit(code[:-1]):
        rows = [_ean13(code)]
    else:
        rows = [_code128(code)]
    dots = bytes(255 * (module == "0") for row in rows for module in row)
    width = len(rows[0])
    return QImage(dots, width, len(rows), width, QImage.Format.Format_Grayscale8).copy()


def _code128(code: str) -> str:
    """The modules of a Code 128, taken from the printer's own drawing."""
    image = paper.draw((Barcode(code),), paper.DOTS[80]).convert("L")
    left, top, right, _ = image.point(lambda dot: 255 - dot).getbbox() or (0, 0, 1, 1)
    row = image.crop((left, top, right, top + 1)).resize(((right - left) // paper.MODULE, 1), Image.Resampling.NEAREST)
    return "".join("1" if dot < 128 else "0" for dot in row.tobytes())


class CardButton(QAbstractButton):
    """A card of the tray, painted. Tapping it scans it."""

    def __init__(self, card: Card, colours: Colours) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setFixedSize(CARD)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setText(card.name)
        self.setAccessibleName(card.name)
        self.card, self._colours = card, colours
        self._picture = QPixmap(card.picture) if card.picture else QPixmap()
        self._is_lit = False

    def light(self) -> None:
        """A scanner's red line over the code."""
        self._is_lit = True
        self.update()
        QTimer.singleShot(_FLASH_MS, self, self._dim)

    def _dim(self) -> None:
        self._is_lit = False
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        code = self.card.read()
        with QPainter(self) as p:
            p.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
            if not code and not self.card.act:
                p.setOpacity(0.45)
            body = QRectF(self.rect()).adjusted(1, 1, -1, -1)
            p.setPen(QColor(self._colours.accent if self.underMouse() else self._colours.line))
            p.setBrush(QColor(self._colours.chosen if self.isDown() else self._colours.surface))
            p.drawRoundedRect(body, 10, 10)
            self._head(p, body)
            self._bars(p, QRectF(body.left() + 8, body.bottom() - 76, body.width() - 16, 68), code)

    def _head(self, p: QPainter, body: QRectF) -> None:
        square = QRectF(body.left() + 8, body.top() + 8, _PICTURE, _PICTURE)
        if self._picture.isNull():
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(QColor(self.card.colour))
            p.drawRoundedRect(square, 8, 8)
            self._write(p, square, self.card.name[:1], 24, "#ffffff", Qt.AlignmentFlag.AlignCenter)
        else:
            p.drawPixmap(square, self._picture, QRectF(self._picture.rect()))
        right = QRectF(square.right() + 8, square.top() - 2, body.right() - square.right() - 14, _PICTURE + 4)
        name = self.card.name
        first = self._cut(name, 15, right.width())
        top = QRectF(right.left(), right.top(), right.width(), right.height() / 2)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        self._write(p, top, name[:first], 15, self._colours.text, left)
        self._write(p, top.translated(0, top.height()), name[first:].strip(), 15, self._colours.text, left)
        below = QRectF(body.left() + 8, square.bottom() + 4, body.width() - 16, 24)
        self._write(p, below, self.card.detail, 14, self._colours.quiet, left)

    def _bars(self, p: QPainter, room: QRectF, code: str) -> None:
        if self.card.act:
            self._button(p, room.adjusted(0, 12, 0, -12))
            return
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(QColor("#ffffff"))
        p.drawRoundedRect(room, 6, 6)
        if not code:
            return
        image = drawn(code, self.card.is_qr)
        # Whole pixels for every bar, or a phone's camera reads nothing.
        if self.card.is_qr:
            pitch = max(1, int((room.height() - 10) // image.height()))
            size = QSize(image.width() * pitch, image.height() * pitch)
            high = room.height()
        else:
            pitch = max(1, int((room.width() - 18) // image.width()))
            size = QSize(image.width() * pitch, 42)
            high = room.height() - 14
        place = QRect(
            round(room.center().x()) - size.width() // 2,
            round(room.top() + (high - size.height()) / 2),
            size.width(),
            size.height(),
        )
        p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        p.drawImage(place, image)
        if not self.card.is_qr:
            text = QRectF(room.left() + 2, room.bottom() - 18, room.width() - 4, 17)
            self._write(p, text, code, 12, "#15191f", Qt.AlignmentFlag.AlignCenter)
        if self._is_lit:
            p.fillRect(QRectF(room.left(), place.center().y() - 1, room.width(), 3), QColor("#ff2d20"))

    def _button(self, p: QPainter, room: QRectF) -> None:
        p.setPen(QColor(self._colours.accent))
        p.setBrush(QColor(self._colours.chosen))
        p.drawRoundedRect(room, 8, 8)
        self._write(p, room, self.card.word, 15, self._colours.accent, Qt.AlignmentFlag.AlignCenter)

    @staticmethod
    def _font(size: int) -> QFont:
        font = QFont(FAMILY)
        font.setPixelSize(size)
        return font

    def _cut(self, text: str, size: int, room: float) -> int:
        metrics = QFontMetricsF(self._font(size))
        return next((n for n in range(len(text), 1, -1) if metrics.horizontalAdvance(text[:n]) <= room), 1)

    def _write(self, p: QPainter, place: QRectF, text: str, size: int, colour: str, align: Qt.AlignmentFlag) -> None:
        font = self._font(size)
        p.setFont(font)
        p.setPen(QColor(colour))
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, place.width())
        p.drawText(place, int(align | Qt.TextFlag.TextSingleLine), shown)


class Flow(QLayout):
    """Widgets of one size side by side, in as many rows as it takes."""

    def __init__(self) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def sizeHint(self) -> QSize:  # noqa: N802
        return self.minimumSize()

    def minimumSize(self) -> QSize:  # noqa: N802
        return CARD

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        return True

    def _columns(self, width: int) -> int:
        return max(1, (width + _GAP) // (CARD.width() + _GAP))

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        rows = -(-len(self._items) // self._columns(width))
        return max(0, rows * (CARD.height() + _GAP) - _GAP)

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802
        super().setGeometry(rect)
        columns = self._columns(rect.width())
        for n, item in enumerate(self._items):
            left = rect.left() + n % columns * (CARD.width() + _GAP)
            top = rect.top() + n // columns * (CARD.height() + _GAP)
            item.setGeometry(QRect(left, top, CARD.width(), CARD.height()))


class ScanTray(QWidget):
    """Cards in sections, switches below. scanned(code) tells of each tap."""

    scanned = Signal(str)

    def __init__(self, target: Callable[[], QWindow | None], colours: Colours = LIGHT) -> None:
        super().__init__()
        self.setObjectName("scan_tray")
        self.setWindowTitle(self.tr("扫码托盘"))
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.setWindowFlag(Qt.WindowType.WindowDoesNotAcceptFocus)
        self.setStyleSheet(
            f"QWidget#scan_tray, QWidget#cards {{ background: {colours.ground}; }}"
            "QPushButton { font-size: 14px; padding: 0 4px; }"
            f"QPushButton:checked {{ background: {colours.warning}; color: {colours.on_warning}; border: none; }}"
        )
        self._target, self._colours = target, colours
        cards = QWidget()
        cards.setObjectName("cards")
        self._sections = QVBoxLayout(cards)
        self._sections.setContentsMargins(_EDGE, _EDGE, _EDGE, _EDGE)
        self._sections.addStretch(1)
        self.view = QScrollArea()
        self.view.setObjectName("view")
        self.view.setAccessibleName(self.tr("可以扫的卡片"))
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setWidget(cards)
        self.view.setWidgetResizable(True)
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.switches = QHBoxLayout()
        self.switches.setContentsMargins(_EDGE, _EDGE, _EDGE, _EDGE)
        self.switches.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.view, 1)
        layout.addLayout(self.switches)

    def add(self, title: str, cards: Sequence[Card]) -> None:
        """A section of cards below the ones that are there; nothing without cards."""
        if not cards:
            return
        flow = Flow()
        for card in cards:
            button = CardButton(card, self._colours)
            button.clicked.connect(partial(self._tap, button))
            flow.addWidget(button)
        place = self._sections.count() - 1
        self._sections.insertWidget(place, label("section", "small", is_quiet=True, text=title))
        self._sections.insertLayout(place + 1, flow)

    def add_switches(self, switches: Sequence[Switch], *, is_one: bool) -> None:
        """Buttons that stay down. is_one: of these only one at a time."""
        made: list[QPushButton] = []
        for switch in switches:
            button = QPushButton(switch.text)
            button.setObjectName(switch.name)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(partial(self._flip, switch, made if is_one else [], button))
            made.append(button)
            self.switches.addWidget(button)

    @staticmethod
    def _flip(switch: Switch, others: list[QPushButton], button: QPushButton) -> None:
        for other in others:
            if other is not button:
                other.setChecked(False)
        switch.flip(button.isChecked())

    def _tap(self, button: CardButton) -> None:
        if button.card.act:
            button.card.act()
            return
        window, code = self._target(), button.card.read()
        if window is None or not code:
            return
        self.raise_()
        button.light()
        scan(window, code)
        self.scanned.emit(code)

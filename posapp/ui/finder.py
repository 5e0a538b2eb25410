"""What a search found, as a list for fingers and arrow keys: name and code on the left, price and unit on the right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from posapp.answers import Found
from posapp.ui.label import CENTRE, label

_FOUND = Qt.ItemDataRole.UserRole
_SMALL = 0.74
"""Size of a code's and a unit's letters over that of a name's."""

_ROW = 2.9
"""Height of a row over the size of a name's letters: room for a finger."""

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class _Row(QStyledItemDelegate):
    """Draws one article in two lines; ground and colours are the sheet's."""

    def sizeHint(  # noqa: N802  (Qt's name)
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(0, round(_letters(option.font) * _ROW))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        found: Found = index.data(_FOUND)
        view = option.widget
        view.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, view)
        font: QFont = option.font
        letters = _letters(font)
        small = QFont(font)
        small.setPixelSize(round(letters * _SMALL))
        strong = QFont(font)
        strong.setWeight(QFont.Weight.DemiBold)
        pad = round(letters * 0.7)
        room: QRect = option.rect.adjusted(pad, round(letters * 0.28), -pad, -round(letters * 0.28))
        upper = QRect(room.left(), room.top(), room.width(), round(room.height() * 0.56))
        lower = QRect(room.left(), upper.bottom() + 1, room.width(), room.height() - upper.height())
        ink = view.palette().color(QPalette.ColorRole.Text)
        quiet = QColor(ink)
        quiet.setAlphaF(0.66)
        price = "—" if found.price is None else str(found.price)
        painter.save()
        painter.setPen(ink)
        painter.setFont(strong)
        painter.drawText(upper, _RIGHT, price)
        painter.setFont(font)
        left = upper.width() - QFontMetrics(strong).horizontalAdvance(price) - 2 * pad
        name = QFontMetrics(font).elidedText(found.name, Qt.TextElideMode.ElideRight, left)
        painter.drawText(upper, _LEFT, name)
        painter.setPen(quiet)
        painter.setFont(small)
        painter.drawText(lower, _LEFT, found.code)
        painter.drawText(lower, _RIGHT, f"/ {found.unit}")
        painter.restore()


def _letters(font: QFont) -> int:
    return font.pixelSize() if font.pixelSize() > 0 else QFontMetrics(font).height()


class Finder(QWidget):
    """The articles found, one of them chosen. chosen(code) hears a tap, or Enter through key().

    empty: the sentence shown when nothing was found.
    """

    def __init__(self, name: str, chosen: Callable[[str], object], empty: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._chosen = chosen
        self._found: list[Found] = []
        self.list = QListWidget()
        self.list.setObjectName("list")
        self.list.setAccessibleName(self.tr("找到的商品"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setItemDelegate(_Row(self.list))
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._on_clicked)
        self.empty = label("empty", is_quiet=True, align=CENTRE, text=empty)
        self.empty.setWordWrap(True)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.list)

    def put(self, found: Sequence[Found]) -> None:
        """Show what a search found, the likeliest chosen."""
        if list(found) != self._found:
            self._found = list(found)
            self.list.clear()
            for one in found:
                item = QListWidgetItem(one.name)
                item.setData(_FOUND, one)
                price = "" if one.price is None else str(one.price)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{one.name} {price} {one.unit} {one.code}")
                self.list.addItem(item)
            self.list.setCurrentRow(0)
            self.list.scrollToTop()
        self._stack.setCurrentWidget(self.list if found else self.empty)

    @property
    def code(self) -> str | None:
        """The chosen article's code."""
        row = self.list.currentRow()
        return self._found[row].code if 0 <= row < len(self._found) else None

    def choose(self, step: int) -> None:
        """Choose the row so many further down, at most the last."""
        if self._found:
            self.list.setCurrentRow(max(0, min(len(self._found) - 1, self.list.currentRow() + step)))

    def key(self, event: QKeyEvent) -> bool:
        """Whether the list took the key: up, down, page up, page down, Enter."""
        match event.key():
            case Qt.Key.Key_Up:
                self.choose(-1)
            case Qt.Key.Key_Down:
                self.choose(1)
            case Qt.Key.Key_PageUp:
                self.choose(-5)
            case Qt.Key.Key_PageDown:
                self.choose(5)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if self.code is not None:
                self._chosen(self.code)
            case _:
                return False
        return True

    def _on_clicked(self, item: QListWidgetItem) -> None:
        self._chosen(item.data(_FOUND).code)

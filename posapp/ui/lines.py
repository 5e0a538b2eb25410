"""The table of a ticket: rows of texts in columns of fixed width.

A view paints all its rows whenever one is added; drawn cell by cell through the style sheet that is most of what a
scan costs. Here the texts are laid out once and only drawn again.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QStaticText,
    QTransform,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QStyle, QTableView

from posapp.ui.label import announce
from posapp.ui.tiles import wrapped

_SMALL = 0.76
"""Letters of a name that needs two lines, over those of one that does not."""

LEAST_EMS = 5
"""Room for a name, over the height of its letters."""

Index = QModelIndex | QPersistentModelIndex
Row = tuple[str, ...]

_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


_PAD = 0.46
"""Room at either side of a text, over the height of its letters."""

_KEPT = 2_000
"""Texts that stay laid out; more than stand on any ticket's screen."""


class _Rows(QAbstractTableModel):
    def __init__(self, titles: Sequence[str], numbers: set[int]) -> None:
        super().__init__()
        self._titles = titles
        self._numbers = numbers
        self.rows: list[Row] = []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return len(self._titles)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return self.rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if index.column() in self._numbers else _LEFT
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section in self._numbers else _LEFT
        return None

    def put(self, rows: Sequence[Row]) -> None:
        """Show other rows; only what differs is told to the view."""
        same = next((n for n, (old, new) in enumerate(zip(self.rows, rows, strict=False)) if old != new), None)
        first = min(len(self.rows), len(rows)) if same is None else same
        if len(self.rows) > len(rows):
            self.beginRemoveRows(QModelIndex(), len(rows), len(self.rows) - 1)
            del self.rows[len(rows) :]
            self.endRemoveRows()
        changed = range(first, len(self.rows))
        for n in changed:
            self.rows[n] = rows[n]
        if changed:
            self.dataChanged.emit(self.index(first, 0), self.index(len(self.rows) - 1, len(self._titles) - 1))
        if len(rows) > len(self.rows):
            self.beginInsertRows(QModelIndex(), len(self.rows), len(rows) - 1)
            self.rows.extend(rows[len(self.rows) :])
            self.endInsertRows()


class Lines(QTableView):
    """A table that shows rows and the chosen one. The first column stretches, the others hold their widest sample;
    the column `spare` is left out where there would be no room for the first one."""

    def __init__(self, name: str, titles: Sequence[str], samples: Sequence[str], spare: int) -> None:
        super().__init__()
        self.setObjectName(name)
        self._rows = _Rows(titles, set(range(1, len(titles))))
        self.setModel(self._rows)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._samples = samples
        self._spare = spare
        self._laid_out: dict[tuple[str, int], tuple[QStaticText, QFont]] = {}
        self._said: Row = ()
        self._measure()

    def _measure(self) -> None:
        metrics = self.fontMetrics()
        self._laid_out.clear()
        self.verticalHeader().setDefaultSectionSize(round(metrics.height() * 1.7))
        widths = [metrics.horizontalAdvance(sample) + metrics.height() for sample in self._samples]
        for column, width in enumerate(widths, 1):
            self.setColumnWidth(column, width)
        self.setColumnHidden(self._spare, sum(widths) + LEAST_EMS * metrics.height() > self.viewport().width())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._measure()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  (Qt's name)
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_samples"):
            self._measure()

    def put(self, rows: Sequence[Row], chosen: int) -> None:
        """Show rows with one of them chosen (-1: none) and in sight."""
        before = self._said
        self._rows.put(rows)
        self._said = rows[chosen] if 0 <= chosen < len(rows) else ()
        if self._said != before:
            announce(self, " ".join(self._said))
        if self._said:
            if self.chosen != chosen or not self.selectionModel().isRowSelected(chosen):
                self.selectRow(chosen)
            self.scrollTo(self._rows.index(chosen, 0))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        rows, columns = self._rows.rows, range(len(self._samples) + 1)
        first, last = self.rowAt(event.rect().top()), self.rowAt(event.rect().bottom())
        if first < 0:
            return
        chosen, palette = self.chosen, self.palette()
        pad = round(self.fontMetrics().height() * _PAD)
        places = [(self.columnViewportPosition(column), self.columnWidth(column)) for column in columns]
        under = len(rows) - 1 if last < 0 else last
        painter = QPainter(self.viewport())
        painter.setFont(self.font())
        line = QColor.fromRgba(self.style().styleHint(QStyle.StyleHint.SH_Table_GridLineColor, None, self) & 0xFFFFFFFF)
        width = self.viewport().width()
        for row in range(first, under + 1):
            y, height = self.rowViewportPosition(row), self.rowHeight(row)
            is_chosen = row == chosen
            if is_chosen:
                painter.fillRect(0, y, width, height, palette.highlight())
            painter.fillRect(0, y + height - 1, width, 1, line)
            role = QPalette.ColorRole.HighlightedText if is_chosen else QPalette.ColorRole.Text
            painter.setPen(palette.color(role))
            for column, (text, (left, room)) in enumerate(zip(rows[row], places, strict=True)):
                if not room:  # a column that is left out
                    continue
                laid, font = self._lay_out(text, room - 2 * pad, 1 if column else 2)
                painter.setFont(font)
                size = laid.size()
                x = left + room - pad - size.width() if column else left + pad
                painter.drawStaticText(int(x), y + int((height - 1 - size.height()) / 2), laid)
        painter.end()

    def _lay_out(self, text: str, room: int, most: int) -> tuple[QStaticText, QFont]:
        """A text that takes no more room than it has: a long one in smaller letters, in at most so many lines."""
        laid = self._laid_out.get((text, room))
        if laid is None:
            font, shown = self.font(), text
            if most > 1 and self.fontMetrics().horizontalAdvance(text) > room:
                font.setPixelSize(round(self.fontInfo().pixelSize() * _SMALL))
                shown = "\n".join(wrapped(text, QFontMetrics(font), room, most))
            else:
                shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
            made = QStaticText(shown)
            made.setTextFormat(Qt.TextFormat.PlainText)
            made.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
            made.prepare(QTransform(), font)
            if len(self._laid_out) >= _KEPT:
                self._laid_out.clear()
            laid = self._laid_out[text, room] = made, font
        return laid

    @property
    def chosen(self) -> int:
        return self.currentIndex().row()

    @property
    def texts(self) -> list[Row]:
        return list(self._rows.rows)

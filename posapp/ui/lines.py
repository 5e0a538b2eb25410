"""The table of a ticket: rows of texts, drawn with columns of fixed width so that a new row costs one row."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView

from posapp.ui.label import announce

Index = QModelIndex | QPersistentModelIndex
Row = tuple[str, ...]

_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


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
    """A table that shows rows and the chosen one. The first column stretches, the others hold their widest sample."""

    def __init__(self, name: str, titles: Sequence[str], samples: Sequence[str]) -> None:
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
        self._said: Row = ()
        self._measure()

    def _measure(self) -> None:
        metrics = self.fontMetrics()
        self.verticalHeader().setDefaultSectionSize(round(metrics.height() * 1.7))
        for column, sample in enumerate(self._samples, 1):
            self.setColumnWidth(column, metrics.horizontalAdvance(sample) + metrics.height())

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
            self.selectRow(chosen)
            self.scrollTo(self._rows.index(chosen, 0))

    @property
    def chosen(self) -> int:
        return self.currentIndex().row()

    @property
    def texts(self) -> list[Row]:
        return list(self._rows.rows)

"""The bare windows: a Qt table that appends a row for each scan and paints it, with the till's font and nothing else;
and, with a file of articles, a till of a few dozen lines: an entry, the table, a total, one look-up for each scan.

`python -m tests.benchmarks.bare_window [FILE]` says `painted` and `answered` when its first picture and its first row
stand. Then each line on standard input is done and answered with the seconds it took: `scan CODE`, `burst CODE ...`
with all keys at once, `clear`.
"""

from __future__ import annotations

import sqlite3
import sys

from noto_cjk_sans_otc import FONT_PATH
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont, QFontDatabase, QKeyEvent
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QTableView, QVBoxLayout, QWidget

from tests.ui.keys import KeyBoard
from tests.ui.painted import ENTER, Painted, timed_burst, timed_scan

SIZE = (1366, 768)

Index = QModelIndex | QPersistentModelIndex
Row = tuple[str, str, str, str]


class Rows(QAbstractTableModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 4

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        return self.rows[index.row()][index.column()] if role == Qt.ItemDataRole.DisplayRole else None

    def append(self, row: Row) -> None:
        self.beginInsertRows(QModelIndex(), len(self.rows), len(self.rows))
        self.rows.append(row)
        self.endInsertRows()

    def clear(self) -> None:
        self.beginResetModel()
        self.rows.clear()
        self.endResetModel()


class BareTable(QTableView):
    """Its codes come as keys; Enter ends one."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = Rows()
        self.setModel(self.lines)
        self.setColumnWidth(0, 600)
        self._code = ""

    def append(self, name: str, fen: int) -> None:
        price = f"{fen / 100:.2f}"
        self.lines.append((name, "1 个", price, price))
        self.scrollToBottom()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() != ENTER:
            self._code += event.text()
            return
        self.append(f"商品 名称 {self._code[-7:]}", 1234)
        self._code = ""


class BareTill(QWidget):
    def __init__(self, file: str) -> None:
        super().__init__()
        self.articles = sqlite3.connect(file)
        self.table, self.entry, self.total = BareTable(), QLineEdit(), QLabel()
        self.entry.returnPressed.connect(self._scan)
        large = QFont(self.font())
        large.setPixelSize(60)
        self.total.setFont(large)
        layout = QVBoxLayout(self)
        for widget in (self.table, self.entry, self.total):
            layout.addWidget(widget)
        self.entry.setFocus()
        self._sum = 0

    def _scan(self) -> None:
        found = "SELECT name, price FROM product WHERE barcode = ?"
        name, price = self.articles.execute(found, (self.entry.text(),)).fetchone()
        self.entry.clear()
        self.table.append(name, price)
        self._sum += price
        self.total.setText(f"¥{self._sum / 100:.2f}")


def main() -> None:
    app = QApplication(["bare"])
    font = QFont(QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(FONT_PATH)))[0])
    font.setPixelSize(19)
    app.setFont(font)
    window = BareTill(sys.argv[1]) if sys.argv[1:] else BareTable()
    table = window.table if isinstance(window, BareTill) else window
    painted = Painted(table)
    window.resize(*SIZE)
    window.show()
    handle = window.windowHandle()
    assert handle is not None
    keys = KeyBoard(handle)
    painted.wait(0)
    print("painted", flush=True)
    timed_scan(keys, painted, "6900000000000", 1)
    print("answered", flush=True)
    for line in sys.stdin:
        verb, *codes = line.split()
        rows = len(table.lines.rows) + len(codes)
        seconds = 0.0
        if verb == "clear":
            table.lines.clear()
            painted.wait(0)
        elif verb == "burst":
            seconds = timed_burst(keys, painted, codes, rows)
        else:
            seconds = timed_scan(keys, painted, codes[0], rows)
        print(seconds, flush=True)


if __name__ == "__main__":
    main()

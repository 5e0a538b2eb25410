"""Lists beside each other and below each other, each under its title: what a page of blocks is laid out as."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLayout, QVBoxLayout, QWidget

from posapp.ui.label import label
from posapp.ui.rows import Rows


def side_by_side(*columns: tuple[int, tuple[tuple[Rows, int], ...]]) -> QHBoxLayout:
    """Columns from left to right: a share of the width, and lists from the top with their shares of the height."""
    made = QHBoxLayout()
    made.setSpacing(16)
    for width, lists in columns:
        column = QVBoxLayout()
        for rows, height in lists:
            column.addWidget(label(f"{rows.objectName()}_title", is_quiet=True, text=rows.accessibleName()))
            column.addWidget(rows, height)
        made.addLayout(column, width)
    return made


def fill(page: QWidget, *parts: QWidget | QLayout) -> QVBoxLayout:
    """Put parts below each other; the last takes what room is left."""
    made = QVBoxLayout(page)
    made.setContentsMargins(0, 0, 0, 0)
    for part in parts:
        stretch = int(part is parts[-1])
        if isinstance(part, QWidget):
            made.addWidget(part, stretch)
        else:
            made.addLayout(part, stretch)
    return made

"""A sheet of paper on the screen: the lines of a receipt or a slip, as they were or will be printed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QWidget


class Sheet(QScrollArea):
    """Shows lines in the fixed-width face of the receipt; page(±1) scrolls by what is in sight."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(self.tr("纸上的内容"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.text = QLabel()
        self.text.setObjectName("sheet_text")
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        middle = QWidget()
        row = QHBoxLayout(middle)
        row.addStretch(1)
        row.addWidget(self.text)
        row.addStretch(1)
        self.setWidget(middle)

    def put(self, lines: Sequence[str]) -> None:
        self.text.setText("\n".join(lines))
        self.text.setAccessibleName(" ".join(line.strip() for line in lines))
        self.verticalScrollBar().setValue(0)

    def page(self, steps: int) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + steps * bar.pageStep())

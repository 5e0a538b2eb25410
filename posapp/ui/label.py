"""A text on the screen: its size and tone are properties that the theme's sheet reads."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter


def label(
    name: str, size: str = "", *, is_quiet: bool = False, align: Qt.AlignmentFlag = LEFT, text: str = ""
) -> QLabel:
    """size: small, "" (running text), large or huge."""
    made = QLabel(text)
    made.setObjectName(name)
    made.setAlignment(align)
    made.setProperty("letters", size)
    made.setProperty("quiet", is_quiet)
    return made


def tell(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the sheet reads, and have the widget drawn by it."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)

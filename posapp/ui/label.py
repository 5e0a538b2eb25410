"""A text on the screen: its size and tone are properties that the theme's sheet reads."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

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

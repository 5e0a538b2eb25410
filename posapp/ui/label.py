"""A text on the screen: its size and tone are properties that the theme's sheet reads; what a screen reader says."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
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


def show_value(made: QLabel, caption: str, text: str) -> None:
    """Put a text into a label that does not say itself what it is; a screen reader hears both when it changes."""
    said = f"{caption} {text}".strip()
    made.setText(text)
    if made.accessibleName() != said:
        made.setAccessibleName(said)
        announce(made, said)


def announce(widget: QWidget, sentence: str, *, is_urgent: bool = False) -> None:
    """Have a screen reader say a sentence, where one listens: nothing here ever has the focus that it follows."""
    if QAccessible.isActive() and sentence:
        event = QAccessibleAnnouncementEvent(widget, sentence)
        politeness = QAccessible.AnnouncementPoliteness
        event.setPoliteness(politeness.Assertive if is_urgent else politeness.Polite)
        QAccessible.updateAccessibility(event)


def tell(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the sheet reads, and have the widget drawn by it."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)

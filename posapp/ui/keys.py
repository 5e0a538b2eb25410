"""A key event as the text a shop writes for it: "F6", "Ctrl+P", "/"."""

from __future__ import annotations

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

_TYPED = Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.GroupSwitchModifier


def key_text(event: QKeyEvent) -> str:
    """In Qt's portable spelling; the number pad's keys are called as the others are. Shift counts with a function
    key only: with a sign it is what makes the sign."""
    modifiers = event.modifiers() & ~_TYPED
    if event.text().isprintable() and event.text():
        modifiers &= ~Qt.KeyboardModifier.ShiftModifier
    pressed = QKeyCombination(modifiers, Qt.Key(event.key()))
    return QKeySequence(pressed).toString(QKeySequence.SequenceFormat.PortableText)

"""The language of the screens: what they say in Chinese is looked up in resources/translations when they are built."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QTranslator
from PySide6.QtWidgets import QApplication

TRANSLATIONS = Path(__file__).parents[2] / "resources" / "translations"


def speak(app: QApplication, language: str) -> None:
    """Have every screen that is made from now on speak "zh" or "en", and Qt's own words with it."""
    for old in app.findChildren(QTranslator):
        app.removeTranslator(old)
        old.deleteLater()
    qt = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    file = TRANSLATIONS / "posapp_en.qm" if language == "en" else qt / "qtbase_zh_CN.qm"
    spoken = QTranslator(app)
    if spoken.load(str(file)):
        app.installTranslator(spoken)

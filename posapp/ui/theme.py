"""How the till looks: one font, one scale, a light and a dark set of colours, and the sheet made of them."""

from __future__ import annotations

from dataclasses import dataclass
from string import Template

from noto_cjk_sans_otc import FONT_PATH
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

FAMILY = "Noto Sans CJK SC"


@dataclass(frozen=True, slots=True)
class Colours:
    ground: str
    surface: str
    raised: str
    line: str
    text: str
    quiet: str
    accent: str
    on_accent: str
    chosen: str
    warning: str
    on_warning: str
    good: str
    caution: str


LIGHT = Colours(
    "#eef0f3", "#ffffff", "#f6f7f9", "#d9dde3", "#15191f", "#5b6675", "#0f6b4f", "#ffffff", "#dcefe7", "#b3261e",
    "#ffffff", "#0f6b4f", "#8a5a00",
)  # fmt: skip
DARK = Colours(
    "#14171b", "#1d2127", "#262b33", "#363d47", "#f1f3f5", "#a3adba", "#3fbf92", "#06251a", "#20443a", "#ff8a80",
    "#3b0907", "#5ad1a6", "#e5b454",
)  # fmt: skip

_SIZES = {
    "small": 14,
    "body": 17,
    "row": 19,
    "large": 24,
    "huge": 44,
    "target": 52,
    "bar": 10,
    "pad": 10,
    "edge": 13,
    "round": 8,
}
"""Pixels at scale 1."""

_SHEET = Template("""
* { font-family: "$family"; }
QWidget { color: $text; font-size: ${body}px; }
QWidget#window, QStackedWidget { background: $ground; }
QFrame[card="true"] { background: $surface; border: 1px solid $line; border-radius: ${round}px; }
QLabel { background: transparent; border: none; }
QLabel[quiet="true"] { color: $quiet; }
QLabel[letters="small"] { font-size: ${small}px; }
QLabel[letters="large"] { font-size: ${large}px; font-weight: 600; }
QLabel[letters="huge"] { font-size: ${huge}px; font-weight: 700; }
QLabel[good="true"] { color: $good; }
QFrame[row="true"] { background: $surface; border: 1px solid $line; border-radius: ${round}px; }
QFrame[row="true"][chosen="true"] { background: $chosen; border: 2px solid $accent; }
QLabel[tone="good"] { color: $good; }
QLabel[tone="caution"] { color: $caution; font-weight: 600; }
QLabel[tone="warning"] { color: $warning; font-weight: 600; }
QLabel[value="true"] { background: $raised; border: 2px solid $line; border-radius: ${round}px; padding: 0 ${pad}px;
  min-height: ${target}px; font-size: ${row}px; }
QFrame[chosen="true"] QLabel[value="true"] { border-color: $accent; background: $surface; }
QPushButton[chosen="true"] { background: $chosen; border: 2px solid $accent; font-weight: 600; }
QScrollBar:vertical { background: transparent; width: ${bar}px; margin: 0; }
QScrollBar::handle:vertical { background: $line; border-radius: 4px; min-height: ${target}px; margin-left: 4px; }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; border: none; }
QLabel#notice { background: $warning; color: $on_warning; border-radius: ${round}px; padding: ${pad}px;
  font-size: ${large}px; }
QLabel#entry { background: $raised; border: 2px solid $line; border-radius: ${round}px; padding: 0 ${pad}px;
  font-size: ${huge}px; }
QLabel#entry[asking="true"] { border-color: $accent; }
QTableView { background: $surface; border: none; gridline-color: $line; selection-background-color: $chosen;
  selection-color: $text; outline: 0; font-size: ${row}px; }
QTableView::item { padding: 0 ${pad}px; border-bottom: 1px solid $line; }
QHeaderView::section { background: $surface; color: $quiet; border: none; border-bottom: 2px solid $line;
  padding: ${pad}px ${edge}px; font-size: ${small}px; }
QPushButton { background: $raised; border: 1px solid $line; border-radius: ${round}px; padding: 0 ${pad}px;
  min-height: ${target}px; font-size: ${body}px; }
QPushButton:pressed { background: $chosen; }
QPushButton:disabled { color: $quiet; background: $surface; }
QPushButton[kind="key"] { font-size: ${large}px; }
QPushButton[kind="pay"] { background: $accent; color: $on_accent; border: none; font-size: ${large}px;
  font-weight: 600; }
QPushButton[kind="pay"]:disabled { background: $line; color: $quiet; }
""")


def sheet(colours: Colours, scale: float) -> str:
    """The style sheet. scale: 1.0 to 1.5, of every size in it."""
    named = {name: getattr(colours, name) for name in Colours.__slots__}
    return _SHEET.substitute(named, family=FAMILY, **{name: round(size * scale) for name, size in _SIZES.items()})


def dress(app: QApplication, colours: Colours, scale: float = 1.0) -> None:
    """Give the application its font, palette and sheet. Fusion looks the same on every system."""
    QFontDatabase.addApplicationFont(str(FONT_PATH))
    app.setStyle("Fusion")
    font = QFont(FAMILY)
    font.setPixelSize(round(17 * scale))
    app.setFont(font)
    palette = QPalette(QColor(colours.raised), QColor(colours.ground))
    palette.setColor(QPalette.ColorRole.WindowText, QColor(colours.text))
    palette.setColor(QPalette.ColorRole.Text, QColor(colours.text))
    palette.setColor(QPalette.ColorRole.Base, QColor(colours.surface))
    app.setPalette(palette)
    app.setStyleSheet(sheet(colours, scale))

"""How the till looks: one font, one scale, a light and a dark set of colours, and the sheet made of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from string import Template

from noto_cjk_sans_otc import FONT_PATH
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

FAMILY = "Noto Sans CJK SC"
MONO = "Noto Sans Mono CJK SC"


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

COLOURS = {"light": LIGHT, "dark": DARK}

_SIZES = {
    "small": 14, "body": 17, "row": 19, "large": 24, "huge": 44, "giant": 60, "target": 52, "least": 34, "tile": 14,
    "tab": 34, "bar": 10, "pad": 10, "edge": 13, "round": 8, "act": 38, "place": 44,
}  # fmt: skip
"""Pixels at scale 1."""

_LARGE = {"large", "huge", "giant"}
"""Sizes that can be read from afar as they are grow half as fast, so that 150 % fits a screen of 768 lines."""

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
QLabel[letters="giant"] { font-size: ${giant}px; font-weight: 700; }
QLabel#sheet_text { font-family: "$mono"; font-size: ${body}px; }
QLabel[good="true"] { color: $good; }
QLabel#ribbon { background: $warning; color: $on_warning; padding: 4px; font-weight: 600; }
QLabel#notice[good="true"] { background: $good; color: $on_accent; }
QFrame[row="true"] { background: $surface; border: 1px solid $line; border-radius: ${round}px; }
QFrame[row="true"][chosen="true"] { background: $chosen; border: 2px solid $accent; }
QFrame[row="true"][standing="good"] { border-left: 5px solid $good; }
QFrame[row="true"][standing="warning"] { border-left: 5px solid $warning; }
QLabel[tone="good"] { color: $good; }
QLabel[tone="caution"] { color: $caution; font-weight: 600; }
QLabel[tone="warning"] { color: $warning; font-weight: 600; }
QLabel[value="true"] { background: $raised; border: 2px solid $line; border-radius: ${round}px; padding: 0 ${pad}px;
  min-height: ${target}px; font-size: ${row}px; }
QFrame[chosen="true"] QLabel[value="true"] { border-color: $accent; background: $surface; }
QPushButton[kind="cell"] { background: transparent; border: none; min-height: 0; padding: 0 3px; text-align: right;
  color: $accent; font-weight: 600; }
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
Keypad QPushButton, QPushButton[kind="key"], QPushButton[kind="action"], QPushButton[kind="pay"],
QPushButton[kind="note"] { min-height: ${least}px; }
QPushButton[hinted="true"] { padding-bottom: ${pad}px; }
QPushButton[kind="key"] { background: $surface; font-size: ${large}px; padding: 0; }
QPushButton[kind="action"] { background: $chosen; border-color: $chosen; }
QPushButton[kind="choice"] { text-align: left; font-size: ${row}px; }
QPushButton[kind="count"] { text-align: left; background: $surface; font-size: ${row}px; }
QPushButton[kind="count"][asking="true"] { border: 2px solid $accent; background: $chosen; }
QPushButton[kind="note"] { font-size: ${row}px; }
QPushButton[kind="fact"] { min-height: 0; padding: 0; }
QPushButton[kind="tile"] { background: $surface; min-height: 0; padding: 0; font-size: ${tile}px; font-weight: 600; }
QPushButton[kind="tile"]:pressed { background: $surface; }
QPushButton[kind="tab"] { background: transparent; border: none; border-radius: ${round}px; color: $quiet;
  min-height: ${tab}px; padding: 0 ${edge}px; font-size: ${body}px; }
QPushButton[kind="tab"]:checked { background: $chosen; color: $text; font-weight: 600; }
QListView { background: $surface; border: none; border-radius: ${round}px; outline: 0; font-size: ${row}px; }
QListView::item { border-bottom: 1px solid $line; padding: 0 ${pad}px; }
QListView::item:selected { background: $chosen; color: $text; border-left: 4px solid $accent; }
QListView QScrollBar:vertical { background: transparent; width: ${bar}px; margin: 0; }
QListView QScrollBar::handle:vertical { background: $line; border-radius: 5px; min-height: ${target}px; }
QListView QScrollBar::add-line:vertical, QListView QScrollBar::sub-line:vertical { height: 0; }
QListView QScrollBar::add-page:vertical, QListView QScrollBar::sub-page:vertical { background: transparent; }
QPushButton[kind="act"] { min-height: ${act}px; padding: 0 ${edge}px; }
QPushButton[kind="act"][hinted="true"] { padding-bottom: ${pad}px; }
QFrame#hint_strip { background: $chosen; border: none; border-left: 5px solid $accent; border-radius: 0; }
QLabel#hint_prompt { font-weight: 600; }
QFrame#hint_strip QPushButton { min-height: ${tab}px; padding: 0 ${pad}px; background: $surface; }
QFrame#hint_strip QPushButton[hinted="true"] { padding-bottom: ${pad}px; }
QFrame#addon_strip { background: transparent; border: none; border-top: 1px solid $line; border-radius: 0; }
QFrame#addon_strip QPushButton { background: $surface; min-height: 46px; padding: 0 6px; text-align: left;
  font-size: ${small}px; }
QLabel[segment="sleeping"], QLabel[segment="active"], QLabel[segment="high"], QLabel[segment="new"],
QLabel[segment="prospect"] { border-radius: ${round}px; font-size: ${small}px; }
QLabel[segment="sleeping"] { background: $caution; color: $surface; }
QLabel[segment="active"] { background: $good; color: $surface; }
QLabel[segment="high"] { background: $text; color: $surface; }
QLabel[segment="new"] { background: $chosen; color: $text; }
QLabel[segment="prospect"] { background: $raised; color: $quiet; }
QPushButton#clock { min-height: 26px; padding: 0 ${pad}px; font-size: ${small}px; background: $surface; }
QPushButton#clock[tone="amber"] { background: $caution; color: $surface; font-weight: 600; }
QPushButton#clock[tone="red"] { background: $warning; color: $on_warning; font-weight: 600; }
QLineEdit { background: $raised; border: 2px solid $accent; border-radius: ${round}px; padding: 0 ${pad}px;
  min-height: ${target}px; font-size: ${row}px; selection-background-color: $chosen; }
QPushButton[kind="member"] { background: $surface; border: none; min-height: ${place}px; padding: 0;
  text-align: left; }
QPushButton[kind="member"]:pressed { background: $chosen; }
QPushButton[kind="pay"] { background: $accent; color: $on_accent; border: none; font-size: ${large}px;
  font-weight: 600; }
QPushButton[kind="pay"][hinted="true"] { padding-bottom: ${edge}px; }
QPushButton[kind="pay"]:disabled { background: $line; color: $quiet; }
""")


def sheet(colours: Colours, scale: float) -> str:
    """The style sheet. scale: 1.0 to 1.5, of every size in it."""
    named = {name: getattr(colours, name) for name in Colours.__slots__}
    sizes = {name: round(size * ((scale + 1) / 2 if name in _LARGE else scale)) for name, size in _SIZES.items()}
    sizes["target"] = round(_SIZES["target"] * (1 + (scale - 1) / 3))  # fingers do not grow with the letters
    return _SHEET.substitute(named, family=FAMILY, mono=MONO, **sizes)


def worn(app: QApplication) -> Colours:
    """The colours that the application is dressed in, for what paints itself."""
    text = app.palette().color(QPalette.ColorRole.WindowText)
    return next((colours for colours in COLOURS.values() if QColor(colours.text) == text), LIGHT)


@cache
def _load_font() -> None:
    QFontDatabase.addApplicationFont(str(FONT_PATH))


def dress(app: QApplication, colours: Colours, scale: float = 1.0) -> None:
    """Give the application its font, palette and sheet. Fusion looks the same on every system."""
    if app.styleSheet() == sheet(colours, scale):
        return
    _load_font()
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

"""Tiles and the list of what was found: what they show, whom they tell, and that neither takes the focus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from posapp.answers import Found, TilePage, TileView
from posapp.money import Money
from posapp.rules.tiles import PALETTE
from posapp.ui.finder import Finder
from posapp.ui.theme import LIGHT, dress
from posapp.ui.tiles import Tile, TilePages, readable, wrapped

LONG = "昨日面包福袋（特价，不参加任何折扣）"


def tile(place: int, code: str, name: str = "牛角包", **more: object) -> TileView:
    return TileView(place, code, name, "个", Money(650), **more)  # type: ignore[arg-type]


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def counter(qapp: QApplication, qtbot: QtBot) -> Iterator[QWidget]:
    """A window with a field that has the focus."""
    dress(qapp, LIGHT)
    made = QWidget()
    layout = QVBoxLayout(made)
    field = QLineEdit()
    field.setObjectName("field")
    layout.addWidget(field)
    made.resize(600, 280)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(made.isVisible)
    field.setFocus()
    yield made
    qapp.setStyleSheet("")


@pytest.fixture
def pages(counter: QWidget, told: list[str]) -> TilePages:
    made = TilePages("tiles", told.append, "还没有快捷键")
    layout = counter.layout()
    assert layout
    layout.addWidget(made)
    return made


@pytest.fixture
def finder(counter: QWidget, told: list[str]) -> Finder:
    made = Finder("finder", told.append, "没有找到")
    layout = counter.layout()
    assert layout
    layout.addWidget(made)
    return made


def codes(pages: TilePages) -> list[str]:
    return [one.shown.code for one in pages.findChildren(Tile)]


def tap(pages: TilePages, name: str) -> None:
    made = pages.findChild(QPushButton, name)
    assert made
    QTest.mouseClick(made, Qt.MouseButton.LeftButton)


def press(finder: Finder, key: Qt.Key) -> bool:
    return finder.key(QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier))


def test_a_tap_tells_the_code_and_leaves_the_focus(
    pages: TilePages, told: list[str], counter: QWidget, qtbot: QtBot
) -> None:
    pages.put([TilePage(1, "热销", (tile(1, "a"), tile(24, "b"))), TilePage(2, "面包", (tile(3, "c"),))])
    assert codes(pages) == ["a", "b"]
    tap(pages, "tile_b")
    tap(pages, "tab_2")
    assert codes(pages) == ["c"]
    tap(pages, "tile_c")
    assert told == ["b", "c"]
    focus = counter.findChild(QLineEdit, "field")
    assert focus
    assert focus.hasFocus()
    assert {made.focusPolicy() for made in pages.findChildren(QPushButton)} == {Qt.FocusPolicy.NoFocus}


def test_the_page_in_front_stays_in_front(pages: TilePages) -> None:
    first, second = TilePage(1, "热销", (tile(1, "a"),)), TilePage(2, "面包", (tile(1, "b"),))
    pages.put([first, second])
    pages.show_page(2)
    pages.put([first, TilePage(2, "面包", (tile(1, "c"),))])
    assert codes(pages) == ["c"]
    pages.put([first])
    assert codes(pages) == ["a"]
    assert pages.empty.isHidden()
    pages.put([])
    assert (codes(pages), pages.empty.isHidden()) == ([], False)


def test_places_beyond_the_grid_get_rows_of_their_own(pages: TilePages, qtbot: QtBot) -> None:
    pages.put([TilePage(1, "热销", (tile(1, "a"), tile(30, "b")))])
    first, last = pages.findChildren(Tile)
    qtbot.waitUntil(lambda: first.geometry().bottom() < last.geometry().top() <= pages.height())


def test_letters_can_be_read_on_every_colour() -> None:
    for colour in PALETTE.values():
        ground, ink = QColor(colour), readable(QColor(colour))
        assert contrast(ground, ink) >= 4.5, colour
    assert readable(QColor("#ffffff")) != readable(QColor("#000000"))


def contrast(one: QColor, other: QColor) -> float:
    def luminance(colour: QColor) -> float:
        parts = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in (colour.redF(), colour.greenF(), colour.blueF())
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("text", [LONG, "牛角包", "Cappuccino 大杯", "A" * 60, "散装 kg", "字"])
@pytest.mark.parametrize("width", [30, 70, 200])
def test_a_name_is_wrapped_and_elided_but_never_wider_than_its_tile(qapp: QApplication, text: str, width: int) -> None:
    metrics = QFontMetrics(qapp.font())
    lines = wrapped(text, metrics, width, 2)
    assert 1 <= len(lines) <= 2
    assert all(metrics.horizontalAdvance(line) <= width for line in lines)
    if "…" not in lines[-1]:
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert wrapped("", metrics, width, 2) == []


def test_a_tile_is_drawn_with_its_colour_or_its_picture(pages: TilePages, tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), "#123456").save(tmp_path / "a.png")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"nothing")
    shown = (
        tile(1, "a", LONG, colour="#b93226"),
        tile(2, "b", picture=tmp_path / "a.png"),
        tile(3, "c", picture=broken),
        tile(4, "d"),
    )
    pages.put([TilePage(1, "热销", shown)])
    looks = {}
    for one in pages.findChildren(Tile):
        one.resize(96, 52)
        looks[one.shown.code] = one.grab().toImage().pixelColor(92, 12).name()
    assert (looks["a"], looks["b"]) == ("#b93226", "#123456")
    assert looks["c"] == looks["d"]


def test_what_was_found_is_chosen_by_keys_and_by_a_tap(
    finder: Finder, told: list[str], counter: QWidget, qtbot: QtBot
) -> None:
    found = [Found(code, code, f"商品{code}", "个", Money(650), False) for code in "abcdefgh"]
    finder.put(found)
    assert finder.code == "a"
    assert press(finder, Qt.Key.Key_Up)
    assert press(finder, Qt.Key.Key_Down)
    assert press(finder, Qt.Key.Key_Return)
    assert press(finder, Qt.Key.Key_PageDown)
    assert press(finder, Qt.Key.Key_PageDown)
    assert press(finder, Qt.Key.Key_Enter)
    assert not press(finder, Qt.Key.Key_A)
    finder.put(found[:3])
    where = finder.list.visualItemRect(finder.list.item(2)).center()
    QTest.mouseClick(finder.list.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert told == ["b", "h", "c"]
    field = counter.findChild(QLineEdit, "field")
    assert field
    assert field.hasFocus()


def test_nothing_found_is_told_in_a_sentence(finder: Finder) -> None:
    finder.put([Found("a", "a", "商品", "个", None, False)])
    assert (finder.list.isVisible(), finder.empty.isVisible()) == (True, False)
    finder.put([])
    assert (finder.list.isVisible(), finder.empty.isVisible()) == (False, True)
    assert finder.code is None
    assert not press(finder, Qt.Key.Key_Return)
    assert press(finder, Qt.Key.Key_Down)

"""Charts: what they write, that a finger and an arrow come to each bar, what a screen reader hears, both themes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from posapp.ui.chart import Bar, Bars, Chart, Progress, Strip, Strips, fitted, ticks
from posapp.ui.theme import DARK, LIGHT, Colours, dress

HOURS = [Bar(f"{hour:02d}", hour - 8, past=3, line=hour * 2) for hour in range(9, 21)]
STEPS = [Strip("展示", 100, "100"), Strip("扫码", 40, "40", "扫码率 40.0%"), Strip("授权", None, "—", "授权率 —")]


@pytest.fixture(params=[(LIGHT, 1.0), (DARK, 1.5)], ids=["light", "dark 150"])
def colours(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[Colours]:
    worn, scale = request.param
    dress(qapp, worn, scale)
    yield worn
    dress(qapp, LIGHT)
    qapp.setStyleSheet("")


@pytest.fixture
def tapped() -> list[int]:
    return []


def shown(chart: Chart, qtbot: QtBot, size: tuple[int, int] = (560, 320)) -> Chart:
    qtbot.addWidget(chart)
    chart.resize(*size)
    chart.show()
    chart.grab()
    return chart


@pytest.fixture
def bars(colours: Colours, qtbot: QtBot, tapped: list[int]) -> Bars:
    made = Bars("hours", "各时段", ("入会", "上周", "单数"), tapped.append)
    made.put(HOURS, has_past=True)
    shown(made, qtbot)
    return made


def has_colour(chart: Chart, colour: str) -> bool:
    image = chart.grab().toImage()
    wanted = QColor(colour).rgb()
    return any(image.pixel(x, y) == wanted for x in range(0, image.width(), 2) for y in range(0, image.height(), 2))


def test_bars_wear_the_theme_and_write_their_numbers(bars: Bars, colours: Colours) -> None:
    assert all(has_colour(bars, colour) for colour in (colours.accent, colours.quiet, colours.caution))
    assert {"09", "入会", "上周", "单数", "0"} <= set(bars.drawn)
    assert "…" not in "".join(bars.drawn)


def test_each_bar_has_its_place_and_its_words(bars: Bars, tapped: list[int]) -> None:
    assert len(bars.places) == len(HOURS)
    for n in (0, 7, 11):
        QTest.mouseClick(bars, Qt.MouseButton.LeftButton, pos=bars.places[n].center().toPoint())
    assert tapped == [0, 7, 11]
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert tapped == [0, 7, 11]
    assert bars.accessibleName().startswith("各时段; 09 1; 10 2")


def test_the_arrows_stop_at_both_ends(bars: Bars) -> None:
    assert bars.chosen == -1
    bars.step(-1)
    assert bars.chosen == 0
    for _ in range(30):
        bars.step(1)
    assert bars.chosen == len(HOURS) - 1
    bars.put(HOURS[:3], has_past=False)
    assert bars.chosen == -1


def test_a_day_without_anything_is_a_dash(bars: Bars, qtbot: QtBot) -> None:
    bars.put([], has_past=False)
    bars.grab()
    assert bars.drawn == ["—"]
    assert bars.places == []
    strips = Strips("none", "渠道", lambda n: None)
    shown(strips, qtbot)
    assert strips.drawn == ["—"]


def test_lying_bars_are_as_long_as_they_say(colours: Colours, qtbot: QtBot, tapped: list[int]) -> None:
    strips = Strips("funnel", "漏斗", tapped.append)
    strips.put(STEPS)
    shown(strips, qtbot)
    image = strips.grab().toImage()
    accent = QColor(colours.accent).rgb()
    lengths = [
        sum(image.pixel(x, int(place.center().y())) == accent for x in range(image.width())) for place in strips.places
    ]
    assert lengths[0] > 100
    assert abs(lengths[1] - lengths[0] * 0.4) < 12
    assert lengths[2] == 0
    assert {"扫码率 40.0%", "—", "展示"} <= set(strips.drawn)
    QTest.mouseClick(strips, Qt.MouseButton.LeftButton, pos=strips.places[1].center().toPoint())
    assert tapped == [1]


@pytest.mark.parametrize("size", [(300, 150), (1000, 500)])
def test_whatever_room_there_is_every_bar_is_in_it(colours: Colours, qtbot: QtBot, size: tuple[int, int]) -> None:
    strips = Strips("channels", "渠道", lambda n: None)
    strips.put([Strip(f"渠道 {n}", n, str(n), "10.0%") for n in range(12)])
    shown(strips, qtbot, size)
    assert len(strips.places) == 12
    assert strips.places[-1].bottom() <= size[1] + 1


def test_progress_fills_to_what_it_is_and_marks_its_goal(colours: Colours, qtbot: QtBot) -> None:
    progress = Progress("progress", "目标进度")
    progress.put(0.5, "50.0%")
    shown(progress, qtbot, (400, 30))
    assert progress.accessibleName() == "目标进度; 50.0%"
    image = progress.grab().toImage()
    accent = QColor(colours.accent).rgb()
    filled = sum(image.pixel(x, image.height() // 2) == accent for x in range(image.width()))
    assert 180 < filled < 220
    progress.put(None, "")
    assert not has_colour(progress, colours.accent)


def test_marks_are_round_and_reach_the_highest_bar() -> None:
    for most in (*range(1, 300), 9_999, 123_456):
        marks = ticks(most)
        assert marks[0] == 0
        assert marks[-1] >= most
        assert len(marks) <= 6
        assert len({b - a for a, b in pairwise(marks)}) == 1


def test_a_column_has_letters_of_one_size(qapp: QApplication) -> None:
    room, size = fitted(["short", "a much longer text that has no room"], 30, 120)
    assert (room, size) == (120, 12)

"""The customer display: what a customer can read on it, and that it never comes between the cashier and the till."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QLineEdit

from posapp.ui import theme
from posapp.ui.customer import CustomerDisplay, JoinText, LineText, PaidText, PayText, Poster, TicketText
from tests.ui.keys import KeyBoard, wait_until

LONG = "昨日面包福袋（特价，不参加任何折扣、满减、会员价与积分活动，请当日食用，概不退换）家庭分享装 12 枚 " * 3
JOIN = JoinText("https://join.example.cn/j/01J9ZK4T6M8Q2R5V7X9YB3D6F8", "扫码入会", "本单立减 ¥6.20")
SIZES = [(1024, 600), (1024, 768), (1366, 768), (1920, 1080)]


def line(n: int) -> LineText:
    return LineText(f"第{n}件商品", "2 × ¥6.50", f"¥{n}.00")


LONG_LINES = tuple(LineText(LONG, "99,999.999kg × ¥99,999.99", "¥9,999,999.99") for _ in range(30))
STATES: dict[str, TicketText | PaidText | None] = {
    "one line": TicketText((line(1),), "¥1.00", pieces="共 2 件"),
    "long": TicketText(LONG_LINES, "¥99,999,999.99", "共 2,970 件", "¥9,999,999.99", LONG, join=JOIN),
    "due": TicketText((line(1),), "¥99,999,999.99", paying=PayText("¥99,999,999.99"), join=JOIN),
    "given": TicketText((line(1),), "¥99,999,999.99", paying=PayText("¥9.99", "¥99,999,990.00"), member=LONG),
    "thanks": PaidText("¥99,999,999.99", "¥99,999,999.99", "¥99,999,999.99", "¥9,999,999.99", join=JOIN),
    "exact": PaidText("¥13.00"),
    "idle": None,
}


@pytest.fixture
def cashier(qapp: QApplication) -> Iterator[QLineEdit]:
    theme.dress(qapp, theme.LIGHT)
    window = QLineEdit()
    window.show()
    yield window
    window.close()


@pytest.fixture
def display(cashier: QLineEdit) -> Iterator[CustomerDisplay]:
    made = CustomerDisplay(cashier, "榆荫里面包美妆（柳塘店）")
    yield made
    made.close()
    made.deleteLater()


def show(display: CustomerDisplay, view: TicketText | PaidText | None) -> QImage:
    if isinstance(view, TicketText):
        display.show_ticket(view)
    elif isinstance(view, PaidText):
        display.show_paid(view)
    else:
        display.show_idle()
    return display.grab().toImage()


def texts(display: CustomerDisplay) -> list[str]:
    display.grab()
    return [drawn.text for drawn in display.drawn]


@pytest.mark.parametrize(("size", "name"), list(itertools.product(SIZES, STATES)))
def test_no_text_leaves_the_room_it_has(display: CustomerDisplay, size: tuple[int, int], name: str) -> None:
    display.resize(*size)
    display.show_training(True)
    show(display, STATES[name])
    scale = min(size[0] / 1024, size[1] / 600)
    whole = QRectF(0, 0, size[0] / scale, size[1] / scale)
    assert display.drawn
    for drawn in display.drawn:
        assert whole.contains(drawn.place), drawn
        # half a letter's lead above and below may leave the place, letters may not leave its sides
        assert drawn.ink.left() >= drawn.place.left() - 1, drawn
        assert drawn.ink.right() <= drawn.place.right() + 1, drawn
    for one, other in itertools.combinations(display.drawn, 2):
        common = one.place.intersected(other.place)
        assert common.width() < 1 or common.height() < 1, (one, other)


@pytest.mark.parametrize("name", STATES)
def test_an_amount_is_never_cut(display: CustomerDisplay, name: str) -> None:
    display.resize(1024, 600)
    show(display, STATES[name])
    shown = texts(display)
    match STATES[name]:
        case TicketText(paying=PayText(due=due)):
            assert due in shown
        case TicketText(total=total):
            assert total in shown
        case PaidText(total=total, change=change):
            assert (change or total) in shown
    assert not [text for text in shown if text.startswith("¥") and "…" in text]


@pytest.mark.parametrize("newest", [-1, 0, 5, 28, 29])
def test_the_newest_line_is_in_sight_and_the_others_are_counted(display: CustomerDisplay, newest: int) -> None:
    lines = tuple(line(n) for n in range(30))
    show(display, TicketText(lines, "¥9.00", newest=newest))
    shown = texts(display)
    seen = [text for text in shown if text.endswith("件商品")]
    assert lines[newest].name in seen
    assert len(seen) >= 7
    assert f"另有 {30 - len(seen)} 项" in shown
    tall = {drawn.text: drawn.ink.height() for drawn in display.drawn}
    assert max(seen, key=lambda name: tall[name]) == lines[newest].name


def test_a_ticket_that_fits_is_shown_whole(display: CustomerDisplay) -> None:
    show(display, TicketText(tuple(line(n) for n in range(8)), "¥9.00"))
    assert [text for text in texts(display) if text.endswith("件商品")] == [line(n).name for n in range(8)]


def test_a_long_name_takes_two_lines_and_ends_in_an_ellipsis(display: CustomerDisplay) -> None:
    show(display, TicketText((LineText(LONG, "", "¥9.00"),), "¥9.00"))
    first, second, *_ = (text for text in texts(display) if text[:2] in LONG and len(text) > 12)
    assert LONG.startswith(first)
    assert second.endswith("…")


def test_the_ticket_takes_the_room_of_a_code_that_is_not_there(display: CustomerDisplay) -> None:
    def widest() -> float:
        display.grab()
        return max(drawn.place.right() for drawn in display.drawn if drawn.text == "¥1.00")

    show(display, TicketText((line(1),), "¥8.00"))
    without = widest()
    show(display, TicketText((line(1),), "¥8.00", join=JOIN))
    assert widest() < without - 250
    assert {"扫码入会", "本单立减 ¥6.20"} <= set(texts(display))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("view", [TicketText((line(1),), "¥8.00", join=JOIN), PaidText("¥8.00", join=JOIN)])
def test_a_phone_reads_the_code(
    display: CustomerDisplay, tmp_path: Path, size: tuple[int, int], view: TicketText | PaidText
) -> None:
    display.colours = theme.DARK
    display.resize(*size)
    file = tmp_path / "screen.png"
    show(display, view).save(str(file))
    assert [found.text for found in zxingcpp.read_barcodes(Image.open(file))] == [JOIN.code]


def test_thanks_stay_until_something_else_is_shown(display: CustomerDisplay) -> None:
    show(display, PaidText("¥13.00", "¥50.00", "¥37.00"))
    assert {"谢谢惠顾", "¥37.00"} <= set(texts(display))
    show(display, TicketText((line(1),), "¥1.00"))
    assert "谢谢惠顾" not in texts(display)


def test_practice_is_written_over_everything(display: CustomerDisplay) -> None:
    for view in STATES.values():
        show(display, view)
        assert "培训模式 · 不是真实交易" not in texts(display)
        display.show_training(True)
        assert "培训模式 · 不是真实交易" in texts(display)
        display.show_training(False)


def test_pictures_turn_and_one_that_cannot_be_read_is_left_out(
    display: CustomerDisplay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posters = []
    for name, colour in (("one", "#ff0000"), ("broken", ""), ("two", "#0000ff")):
        file = tmp_path / f"{name}.png"
        if colour:
            picture = QImage(300, 900, QImage.Format.Format_RGB32)
            picture.fill(QColor(colour))
            picture.save(str(file))
        else:
            file.write_text("no picture")
        posters.append(Poster(file, name))
    display._turning.setInterval(10)
    display.show_idle(posters)
    seen = set()

    def both() -> bool:
        image = display.grab().toImage()
        seen.add((tuple(drawn.text for drawn in display.drawn), image.pixelColor(5, 5).name()))
        return len(seen) > 1

    wait_until(both)
    assert seen == {(("one",), "#ff0000"), (("two",), "#0000ff")}
    display.show_idle([Poster(tmp_path / "nowhere.png", "gone")])
    assert texts(display) == ["榆荫里面包美妆（柳塘店）", "欢迎光临"]


def test_the_same_pictures_again_do_not_begin_anew(display: CustomerDisplay, tmp_path: Path) -> None:
    display.show_idle([])
    show(display, PaidText("¥13.00"))
    display.show_idle([])
    assert "欢迎光临" in texts(display)


def test_keys_stay_with_the_cashier(cashier: QLineEdit, display: CustomerDisplay) -> None:
    cashier.activateWindow()
    wait_until(lambda: QApplication.activeWindow() is cashier)
    display.open()
    display.show_ticket(TicketText((line(1),), "¥1.00"))
    wait_until(display.isVisible)
    assert QApplication.activeWindow() is cashier
    assert display.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    focused = QGuiApplication.focusWindow()
    assert focused is not None
    KeyBoard(focused).type("6", 150)
    assert cashier.text() == "6"


TWO_SCREENS = """
import sys
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from posapp.ui.customer import CustomerDisplay
app = QApplication([])
first, second = sorted(app.screens(), key=lambda screen: screen.name(), reverse=True)
till = QWidget(); till.setGeometry(first.geometry()); till.show()
display = CustomerDisplay(till); display.open()
def told():
    app.processEvents(); app.processEvents()
    g = display.geometry()
    return [display.isVisible(), display.isFullScreen(), g.x(), g.y(), g.width(), g.height()]
there = told()
QGuiApplication.screens = staticmethod(lambda: [first])
app.screenRemoved.emit(second)
alone = told()
QGuiApplication.screens = staticmethod(lambda: [first, second])
app.screenAdded.emit(second)
import json
print(json.dumps([there, alone, told()]))
"""


def test_it_goes_to_the_second_screen_and_comes_back_to_it(tmp_path: Path) -> None:
    screens = [
        {"name": name, "x": x, "y": 0, "width": w, "height": h, "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
        for name, x, w, h in (("till", 0, 1366, 768), ("customer", 1366, 1024, 600))
    ]
    config = tmp_path / "screens.json"
    config.write_text(
        json.dumps({"synchronousWindowSystemEvents": True, "windowFrameMargins": True, "screens": screens})
    )
    told = subprocess.run(
        [sys.executable, "-c", TWO_SCREENS],
        env={**os.environ, "QT_QPA_PLATFORM": f"offscreen:configfile={config}"},
        capture_output=True,
        text=True,
        check=True,
    )
    there, alone, back = json.loads(told.stdout)
    assert there == back == [True, True, 1366, 0, 1024, 600]
    assert alone[:2] == [True, False]
    assert QRect(0, 0, 1366, 768).intersects(QRect(*alone[2:]))

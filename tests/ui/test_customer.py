"""The customer display: what a customer can read on it, and that it never comes between the cashier and the till."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
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
from posapp.ui.customer import CustomerDisplay, LineText, PaidText, PayText, Poster, TicketText
from posapp.ui.ink import squares
from posapp.ui.join_panel import JoinText, WelcomeText
from posapp.ui.language import speak
from tests.ui.keys import KeyBoard, wait_until

LONG = "昨日面包福袋（特价，不参加任何折扣、满减、会员价与积分活动，请当日食用，概不退换）家庭分享装 12 枚 " * 3
RGBA = QImage.Format.Format_RGBA8888
JOIN = JoinText("https://join.example.cn/j/01J9ZK4T6M8Q2R5V7X9YB3D6F8", "扫码入会", "本单立减 ¥6.20")
LONGEST = JoinText(
    "https://member.example.com.cn/j/01J9ZK4T6M8Q2R5V7X9YB3D6F8".ljust(90, "9"),
    "扫码入会 · 本单立减5元",
    gift="新会员送海盐卷一个",
    collects="只收手机号,可随时退订",
)
FREE = "New members get a free roll"
WORDY = JoinText(LONGEST.code, "Join by scanning · ¥5 off", FREE, FREE, "Unsubscribe any time " * 4)
CLAIM = JoinText(LONGEST.code, "扫码领本单 86 积分", "7日内有效")
WELCOME = WelcomeText("欢迎 张**", "金卡会员", "积分 1,240", "本单立减 ¥5.00")
MEMBER = "张** · 金卡 · 积分 1,240 · 本月生日"
SIZES = [(1024, 600), (1024, 768), (1366, 768), (1920, 1080)]
SCREENS = [(800, 480), (800, 600), *SIZES, (1280, 1024), (1080, 1920), (2560, 1080), (3840, 2160)]


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
    "joining": TicketText((line(1), line(2)), "¥3.00", "共 4 件", "¥1.00", MEMBER, join=LONGEST),
    "wordy": TicketText((line(1),), "¥3.00", "6 items", "¥1.00", LONG, join=WORDY),
    "welcome": TicketText((line(1),), "¥3.00", "共 1 件", "¥5.00", MEMBER, join=WELCOME),
    "long welcome": TicketText((line(1),), "¥3.00", join=WelcomeText(LONG, LONG, LONG, LONG)),
    "bare": TicketText((line(1),), "¥3.00", join=JoinText(LONGEST.code, "")),
    "claim": PaidText("¥84.77", "¥100.00", "¥15.23", "¥3.20", join=CLAIM),
    "greeted": PaidText("¥84.77", join=WELCOME),
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


@pytest.mark.parametrize(("size", "name"), list(itertools.product(SCREENS, STATES)))
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


@pytest.mark.parametrize("name", ["Oat milk", "Rosemary sourdough loaf"])
def test_a_name_in_one_line_stands_in_the_middle_of_its_row(display: CustomerDisplay, name: str) -> None:
    show(display, TicketText((LineText(name, "", "¥9.00"),), "¥8.00", join=JOIN))
    display.grab()
    (row,) = [drawn for drawn in display.drawn if drawn.text == name]
    (amount,) = [drawn for drawn in display.drawn if drawn.text == "¥9.00"]
    assert abs(row.ink.center().y() - amount.ink.center().y()) < 1


def test_the_ticket_takes_the_room_of_a_code_that_is_not_there(display: CustomerDisplay) -> None:
    def widest() -> float:
        display.grab()
        return max(drawn.place.right() for drawn in display.drawn if drawn.text == "¥1.00")

    show(display, TicketText((line(1),), "¥8.00"))
    without = widest()
    show(display, TicketText((line(1),), "¥8.00", join=JOIN))
    assert widest() < without - 250
    assert {"扫码入会", "本单立减 ¥6.20"} <= set(texts(display))


JOINING = [
    TicketText((line(1),), "¥8.00", join=JOIN),
    PaidText("¥8.00", join=JOIN),
    *(view for view in STATES.values() if view and isinstance(view.join, JoinText)),
]


@pytest.mark.parametrize("size", SCREENS)
def test_a_phone_reads_the_code(display: CustomerDisplay, tmp_path: Path, size: tuple[int, int]) -> None:
    display.resize(*size)
    for view, is_training in itertools.product(JOINING, (False, True)):
        assert isinstance(view.join, JoinText)
        display.show_training(is_training)
        display.colours = theme.DARK if is_training else theme.LIGHT
        file = tmp_path / "screen.png"
        show(display, view).save(str(file))
        assert [found.text for found in zxingcpp.read_barcodes(Image.open(file))] == [view.join.code]


def code_on(picture: QImage) -> tuple[float, QRect]:
    """How many pixels the modules of the code on a picture measure, and where they stand."""
    plain = picture.convertToFormat(RGBA)  # has to live as long as its bits are read
    image = Image.frombytes("RGBA", (plain.width(), plain.height()), bytes(plain.constBits()))
    (found,) = zxingcpp.read_barcodes(image.convert("L"))
    at = found.position
    across = (at.top_right.x - at.top_left.x + at.bottom_left.y - at.top_left.y) / 2
    return across + 1, QRect(at.top_left.x, at.top_left.y, round(across) + 1, round(across) + 1)


INCHES = [((1024, 600), 10.1), ((1366, 768), 15.6), ((1280, 800), 8.0), ((1024, 600), 7.0), ((1920, 1080), 11.6)]


@pytest.mark.parametrize(("size", "inches"), INCHES)
@pytest.mark.parametrize("name", ["joining", "wordy", "claim", "due"])
def test_the_code_measures_four_centimetres(
    display: CustomerDisplay, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], inches: float, name: str
) -> None:
    a_mm = math.hypot(*size) / inches / 25.4
    monkeypatch.setattr(display, "millimetre", lambda: a_mm)
    display.resize(*size)
    for is_training in (False, True):
        display.show_training(is_training)
        across, _ = code_on(show(display, STATES[name]))
        assert across / a_mm >= 39.5  # the decoder's corners are whole pixels


def test_a_screen_that_is_smaller_than_the_design_gives_its_half_to_the_code(
    display: CustomerDisplay, monkeypatch: pytest.MonkeyPatch
) -> None:
    display.resize(800, 480)
    usual, _ = code_on(show(display, STATES["joining"]))
    monkeypatch.setattr(display, "millimetre", lambda: 9.0)  # 4 inches
    across, place = code_on(show(display, STATES["joining"]))
    assert across > usual
    assert place.left() >= 400
    for drawn in display.drawn:
        assert "…" not in drawn.text


def test_where_the_screen_does_not_know_its_size_the_code_takes_its_share(display: CustomerDisplay) -> None:
    assert display.millimetre() == 0  # a window of its own is no measure
    for size in SCREENS:
        display.resize(*size)
        across, _ = code_on(show(display, STATES["joining"]))
        assert across >= 0.36 * min(size[1], size[0] * 600 / 1024)


@pytest.mark.parametrize("size", SCREENS)
def test_around_the_code_are_four_white_modules(display: CustomerDisplay, size: tuple[int, int]) -> None:
    display.colours = theme.DARK
    display.resize(*size)
    for name in ("joining", "wordy", "bare", "claim"):
        picture = show(display, STATES[name])
        across, place = code_on(picture)
        view = STATES[name]
        assert view is not None
        assert isinstance(view.join, JoinText)
        code = squares(view.join.code)
        assert code is not None
        quiet = int(across / code.width() * 4) - 2
        wide = place.adjusted(-quiet, -quiet, quiet, quiet)
        for n in range(wide.width()):
            for at in ((wide.left() + n, wide.top()), (wide.left() + n, wide.bottom())):
                assert picture.pixelColor(*at) == QColor("white"), (name, at)
            for at in ((wide.left(), wide.top() + n), (wide.right(), wide.top() + n)):
                assert picture.pixelColor(*at) == QColor("white"), (name, at)


@pytest.mark.parametrize("size", SCREENS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_stands_beside_the_code_is_whole(
    display: CustomerDisplay, qapp: QApplication, size: tuple[int, int], language: str
) -> None:
    speak(qapp, language)
    english = JoinText(
        LONGEST.code, "Join by scanning · ¥5 off", "", "A free roll for new members", "Phone number only"
    )
    name, join = (MEMBER, LONGEST) if language == "zh" else ("Zhang** · Gold · 1,240 points · birthday month", english)
    display.resize(*size)
    show(display, TicketText((line(1),), "¥3.00", "共 2 件", "¥1.00", name, join=join))
    whole = "".join(drawn.text for drawn in display.drawn)
    assert "…" not in whole
    for text in (name, join.gift, join.collects, *join.title.split(" · ")):
        assert text.replace(" ", "") in whole.replace(" ", "")
    speak(qapp, "zh")


@pytest.mark.parametrize("code", ["", "x" * 3000])
def test_a_code_that_cannot_be_drawn_leaves_the_ticket_its_room(display: CustomerDisplay, code: str) -> None:
    for view in (TicketText((line(1),), "¥8.00"), PaidText("¥8.00")):
        without = show(display, view)
        assert show(display, dataclasses.replace(view, join=JoinText(code, "扫码入会"))) == without


def test_the_welcome_takes_the_place_of_the_code(display: CustomerDisplay) -> None:
    show(display, STATES["joining"])
    assert "扫码入会 · 本单立减5元" in texts(display)
    picture = show(display, STATES["welcome"])
    assert {"欢迎 张**", "金卡会员", "积分 1,240", "本单立减 ¥5.00", MEMBER} <= set(texts(display))
    with pytest.raises(ValueError, match="unpack"):
        code_on(picture)


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
    place = [g.x(), g.y(), g.width(), g.height()]
    return [display.isVisible(), display.isFullScreen(), *place, round(display.millimetre(), 1)]
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
    assert there == back == [True, True, 1366, 0, 1024, 600, pytest.approx(3.8, abs=0.2)]  # about 96 to the inch
    assert [*alone[:2], alone[-1]] == [True, False, 0]
    assert QRect(0, 0, 1366, 768).intersects(QRect(*alone[2:6]))

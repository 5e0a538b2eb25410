"""The demo's hands: a visitor without a scanner taps cards, reads paper, cuts the line and jams the printer."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import zxingcpp
from PIL import Image
from PySide6.QtCore import QRect, QSize, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from drivers.printers.virtual import printed
from posapp.answers import MemberView
from posapp.clock import DAY, SystemClock, parse_instant
from posapp.demo import history
from posapp.demo.hands_screen import Hands, connect_printer, places
from posapp.demo.past_screen import PastWindow
from posapp.demo.phone import Provider, hq_texting
from posapp.demo.phone_screen import code_on
from posapp.demo.shop import LOOPBACK, Demo, ask_hq, lan_address, standing
from posapp.demo.tray_screen import CardButton
from posapp.errors import Cancelled
from posapp.money import Money
from posapp.selling.day import sold_on
from posapp.ui import theme
from tests.shop import play
from tests.ui.keys import wait_until


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with standing(tmp_path_factory.mktemp("demo"), lan_address()) as made:
        yield made


@pytest.fixture(scope="module")
def provider(demo: Demo) -> Iterator[Provider]:
    with hq_texting(demo.hq) as made:
        yield made


class Visitor:
    """Taps and reads."""

    def __init__(self, hands: Hands) -> None:
        self.hands = hands

    def card(self, name: str) -> CardButton:
        (card,) = [card for card in self.hands.tray.findChildren(CardButton) if card.text() == name]
        return card

    def tap(self, name: str) -> None:
        QTest.mouseClick(self.card(name), Qt.MouseButton.LeftButton)

    def flip(self, name: str) -> None:
        (button,) = self.hands.tray.findChildren(QPushButton, name)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def hands_phone_to(self, guest: int) -> None:
        (button,) = self.hands.phone.findChildren(QPushButton, f"guest_{guest}")
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def shows_its_code(self) -> bool:
        """Whether the customer display has the open ticket's code."""
        cart = self.hands.till.sale.cart
        return cart is not None and code_on(self.hands.customer).endswith(cart.token)

    @property
    def ticket(self) -> list[tuple[str, str]]:
        return [(line.name, str(line.qty)) for line in self.hands.till.ticket().lines]

    def customer_reads(self, text: str) -> None:
        def is_there() -> bool:
            self.hands.customer.grab()
            return text in [drawn.text for drawn in self.hands.customer.drawn]

        wait_until(is_there)

    def customer_reads_part(self, text: str) -> None:
        def is_there() -> bool:
            self.hands.customer.grab()
            return any(text in drawn.text for drawn in self.hands.customer.drawn)

        wait_until(is_there)

    def sells(self, *names: str) -> str:
        """A sale of tapped goods; its receipt's number."""
        for name in names:
            self.tap(name)
        wait_until(lambda: len(self.ticket) == len(names))
        return self.pays("1000")

    def pays(self, cash: str) -> str:
        """The cashier takes cash for the ticket; its receipt's number."""
        self.hands.app.sale.take(lambda: self.hands.till.pay("cash", Money.parse(cash)))
        return self.hands.till.receipts_of_day(1)[0].receipt


@pytest.fixture
def visitor(qapp: QApplication, demo: Demo, provider: Provider) -> Iterator[Visitor]:
    theme.dress(qapp, theme.LIGHT)
    papers = demo.folder / "paper"
    connect_printer(demo, papers)
    with contextlib.closing(demo.open(demo.shop.tills[0], SystemClock())) as till:
        till.sync()
        till.runner.start()
        hands = Hands(till, demo, papers, provider)
        hands.arrange(QRect(0, 0, 1366, 768))
        hands.show()
        wait_until(lambda: hands.app.window.isVisible() and hands.tray.isVisible())
        clerk = demo.shop.clerks[0]
        play(till, f"sign-in {clerk.number} {clerk.pin}", "open-shift 200")
        yield Visitor(hands)
        till.network(True)
        till.cancel() if till.ticket().lines or till.guest() else None
        till.close_shift(Money(till.books.figures().expected))
        hands.close()


def test_what_is_tapped_is_sold_shown_to_the_customer_and_printed(visitor: Visitor) -> None:
    visitor.tap("法式牛角包")
    visitor.tap("法式牛角包")
    visitor.tap("散装黄油曲奇")
    wait_until(lambda: visitor.ticket == [("法式牛角包", "2"), ("散装黄油曲奇", "0.536")])
    visitor.customer_reads("0.536kg × ¥59.60")
    papers = visitor.hands.paper.roll.count
    receipt = visitor.pays("100")
    visitor.customer_reads("谢谢惠顾")
    wait_until(lambda: visitor.hands.paper.roll.count == papers + 1)
    wait_until(lambda: "弹开" in visitor.hands.paper.drawer.text())
    assert visitor.card("上一张小票").card.read() == receipt


def test_a_code_that_nobody_knows_is_told_and_sells_nothing(visitor: Visitor) -> None:
    visitor.tap("不认识的条码")
    wait_until(lambda: "6900000000007" in visitor.hands.app.window.notice.text())
    assert visitor.ticket == []


def test_a_cut_line_stops_no_sale_and_what_was_sold_arrives_when_it_is_back(visitor: Visitor, demo: Demo) -> None:
    till = visitor.hands.till
    till.sync()
    assert till.status().unsent == 0
    visitor.flip("cut")
    assert till.status().network == "off"
    visitor.sells("海盐卷")
    assert till.status().unsent > 0
    visitor.flip("cut")
    assert till.status().network == "on"
    till.sync()
    date = till.journal.business_date()
    report = ask_hq(demo.hq, "report", "day", "--store", "1", "--date", date, "--json")
    with till.folder.till.reading() as conn:
        sold, _ = sold_on(conn, date)
    assert report["tills"][0]["sales"] == sold > 0


@pytest.mark.parametrize(("jam", "word"), [("no_paper", "缺纸"), ("cover_open", "盖子开着"), ("offline", "没有通电")])
def test_a_jammed_printer_says_so_and_prints_when_it_is_cleared(visitor: Visitor, jam: str, word: str) -> None:
    paper = visitor.hands.paper
    visitor.flip(jam)
    wait_until(lambda: paper.slot.trouble.text() == word)
    before = paper.roll.count
    receipt = visitor.sells("拿铁咖啡")
    wait_until(lambda: visitor.hands.till.status().printing == 1)
    assert paper.roll.count == before
    visitor.flip(jam)
    wait_until(lambda: paper.roll.count == before + 1)
    assert visitor.card("上一张小票").card.read() == receipt
    assert paper.slot.trouble.text() == "正常"


def test_one_jam_takes_the_place_of_another(visitor: Visitor) -> None:
    paper = visitor.hands.paper
    visitor.flip("no_paper")
    visitor.flip("cover_open")
    wait_until(lambda: paper.slot.trouble.text() == "盖子开着")
    visitor.flip("cover_open")
    wait_until(lambda: paper.slot.trouble.text() == "正常")


def test_a_receipt_that_is_not_there_yet_is_not_scanned(visitor: Visitor, tmp_path: Path) -> None:
    scans: list[str] = []
    visitor.hands.tray.scanned.connect(scans.append)
    visitor.hands._papers = tmp_path
    visitor.tap("上一张小票")
    assert scans == []
    visitor.tap("法式牛角包")
    assert scans == ["00101"]


def test_every_card_can_be_read_off_the_screen(visitor: Visitor, tmp_path: Path) -> None:
    visitor.sells("海盐卷")
    wait_until(lambda: bool(visitor.card("上一张小票").card.read()))
    for card in visitor.hands.tray.findChildren(CardButton):
        file = tmp_path / "card.png"
        card.grab().save(str(file))
        with Image.open(file) as image:
            large = image.convert("L").resize((image.width * 3, image.height * 3), Image.Resampling.NEAREST)
        wanted = [card.card.read()] if not card.card.act else []
        assert [found.text for found in zxingcpp.read_barcodes(large)] == wanted, card.text()


def test_who_has_a_birthday_this_month_is_known_by_the_code_and_earns_twice(visitor: Visitor) -> None:
    visitor.tap("拿铁咖啡")
    visitor.tap("沈知夏")
    wait_until(lambda: visitor.hands.till.guest() is not None)
    guest = visitor.hands.till.guest()
    assert guest
    assert (guest.name, guest.how, guest.is_birthday, guest.tier[0]) == ("沈**", "code", True, "银卡")
    assert guest.to_earn == 2 * (visitor.hands.till.ticket().total.fen // 100)
    visitor.customer_reads_part("本月生日")


def test_who_was_long_away_is_known_with_the_points_of_then(visitor: Visitor, demo: Demo) -> None:
    visitor.tap("拿铁咖啡")
    visitor.tap("顾远山")
    wait_until(lambda: visitor.hands.till.guest() is not None)
    guest = visitor.hands.till.guest()
    assert guest
    assert (guest.name, guest.points, guest.is_birthday) == ("顾**", 5460, False)
    found = ask_hq(demo.hq, "member", "find", "YY0002", "--reason", "test", "--json")
    assert SystemClock().now_ms() - parse_instant(found["visited"], "UTC") > 60 * DAY


def test_who_says_the_end_of_a_number_is_found_by_it(visitor: Visitor) -> None:
    found = visitor.hands.till.member("0003")
    assert isinstance(found, MemberView)
    assert (found.name, found.points) == ("方**", 960)


def test_the_newcomers_phone_joins_by_the_code_on_the_display_and_shows_its_text_message(
    visitor: Visitor, demo: Demo, provider: Provider
) -> None:
    visitor.tap("拿铁咖啡")
    wait_until(lambda: code_on(visitor.hands.customer).startswith(demo.address))
    visitor.tap("陶乐")
    wait_until(lambda: visitor.hands.till.guest() is not None, 30)
    guest = visitor.hands.till.guest()
    assert guest
    assert (guest.name, guest.tail, guest.how, guest.is_new) == ("陶**", "01", "join", True)
    wait_until(lambda: "欢迎" in visitor.hands.phone.state.text())
    (sent,) = provider.inbox("+8615400000101")
    wait_until(lambda: any(sent in text.text() for text in visitor.hands.phone.findChildren(QLabel, "text")))
    wait_until(lambda: code_on(visitor.hands.customer) == "")


def test_a_phone_that_gets_no_text_message_says_so_and_can_be_used_again(
    visitor: Visitor, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = visitor.hands.phone
    monkeypatch.setattr("posapp.demo.phone.TEXT_S", 0.2)
    monkeypatch.setattr(provider, "inbox", lambda number: [])
    visitor.hands_phone_to(1)
    visitor.tap("拿铁咖啡")
    wait_until(lambda: code_on(visitor.hands.customer) != "")
    QTest.mouseClick(phone.fill, Qt.MouseButton.LeftButton)
    assert not phone.fill.isEnabled()
    wait_until(lambda: "没有成功" in phone.state.text(), 20)
    assert phone.fill.isEnabled()
    assert visitor.hands.till.guest() is None


def test_who_has_the_page_already_takes_the_next_ticket_without_a_code(visitor: Visitor, provider: Provider) -> None:
    phone = visitor.hands.phone
    visitor.hands_phone_to(2)
    for n in range(2):
        visitor.tap("拿铁咖啡")
        wait_until(visitor.shows_its_code)  # and not the ticket's before
        QTest.mouseClick(phone.fill, Qt.MouseButton.LeftButton)
        wait_until(lambda: visitor.hands.till.guest() is not None, 30)
        wait_until(phone.fill.isEnabled)
        guest = visitor.hands.till.guest()
        assert guest
        assert (guest.name, guest.is_new) == ("白**", n == 0)
        visitor.pays("100")
    assert len(provider.inbox("+8615400000103")) == 1


def test_the_phone_opens_the_page_in_the_desktops_browser(visitor: Visitor, demo: Demo) -> None:
    opened: list[QUrl] = []
    visitor.hands.phone._open_page = opened.append
    QTest.mouseClick(visitor.hands.phone.scan, Qt.MouseButton.LeftButton)
    assert opened == []
    assert "没有入会码" in visitor.hands.phone.state.text()
    visitor.tap("海盐卷")
    wait_until(lambda: code_on(visitor.hands.customer) != "")
    QTest.mouseClick(visitor.hands.phone.scan, Qt.MouseButton.LeftButton)
    (url,) = opened
    assert url.toString().startswith(demo.address)
    assert requests.get(url.toString(), timeout=10).ok


def test_a_code_leads_to_the_address_that_the_neighbours_know(demo: Demo) -> None:
    assert demo.url.startswith(f"http://{LOOPBACK}:")
    assert demo.address == demo.url.replace(LOOPBACK, lan_address())


def test_a_computer_without_a_network_says_that_only_it_can_open_the_code(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr("socket.socket.connect", no_network)
    assert lan_address() == LOOPBACK
    assert "只有本机" in visitor.hands.phone._reach(f"http://{LOOPBACK}:8765")


def test_the_sign_in_names_everybody_who_can_sign_in_here(visitor: Visitor, demo: Demo) -> None:
    hint = visitor.hands.app.sign_in.hint.text()
    for clerk in demo.shop.clerks[:3]:
        assert str(clerk.number) in hint
        assert clerk.pin in hint
    assert "许知秋" not in hint


@pytest.mark.parametrize("size", [QSize(1366, 768), QSize(1440, 900), QSize(1920, 1080), QSize(2560, 1440)])
def test_the_windows_stand_side_by_side(size: QSize) -> None:
    area = QRect(0, 0, size.width(), size.height())
    placed = places(area)
    assert all(area.contains(place) for place in placed.values())
    assert placed["till"].width() >= 1024
    for name in ("tray", "customer", "phone"):
        assert not placed["till"].intersects(placed[name])
    assert not placed["customer"].intersects(placed["tray"])
    assert not placed["customer"].intersects(placed["paper"])
    assert not placed["customer"].intersects(placed["phone"])
    assert placed["tray"].width() >= 2 * 148


@contextlib.contextmanager
def started(command: list[str], **how: Any) -> Iterator[subprocess.Popen[Any]]:
    """A program that does not outlive the test."""
    with subprocess.Popen(command, **how) as running:
        try:
            yield running
        finally:
            running.kill()


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for HQ's process in /proc")
def test_ctrl_c_ends_the_window_and_hq(tmp_path: Path) -> None:
    (tmp_path / history.DONE_FILE).touch()
    command = [sys.executable, "-m", "posapp", "demo", "--data", str(tmp_path)]
    with started(command, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}) as running:
        log = tmp_path / "S001T01" / "till.log"
        deadline = time.monotonic() + 300
        while not (log.exists() and "window" in log.read_text("utf-8")):
            assert running.poll() is None
            assert time.monotonic() < deadline
        (hq,) = children(running.pid)
        running.send_signal(signal.SIGINT)
        assert running.wait(120) == 0
    assert not Path(f"/proc/{hq}").exists()
    assert printed(tmp_path / "paper") == []


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for HQ's process in /proc")
def test_ctrl_c_while_the_past_is_lived_ends_it_all_with_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "posapp", "demo", "--data", str(tmp_path)]
    surroundings = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    with started(command, env=surroundings, stderr=subprocess.PIPE, text=True, start_new_session=True) as running:
        assert running.stderr
        while "四周" not in (line := running.stderr.readline()):
            assert line
        deadline = time.monotonic() + 600
        while not (tmp_path / "S002T01" / "till.db").exists():
            assert time.monotonic() < deadline
        (hq,) = children(running.pid)
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does
        assert running.stderr.read().split() == ["已停止,示范店没有打开。"]
        assert running.wait(120) == 130
    assert not Path(f"/proc/{hq}").exists()
    assert not history.is_done(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have one display and it answers")
def test_a_display_that_does_not_answer_is_noticed_before_anything_is_prepared() -> None:
    surroundings = {
        name: value for name, value in os.environ.items() if name not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY")
    }
    command = [sys.executable, "-m", "posapp", "demo"]
    nowhere = {**surroundings, "DISPLAY": ":4097"}
    with started(command, env=nowhere, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout
        assert "没有显示屏" in running.stdout.readline()


def test_the_window_of_the_past_shows_how_far_it_is_and_gives_it_up_when_closed(qapp: QApplication) -> None:
    window = PastWindow()
    window.show()
    window.come()
    assert window.bar.said == []
    window.come(7, 20)
    assert (window.bar.share, window.bar.said) == (0.35, ["35%"])
    window.close()
    with pytest.raises(Cancelled):
        window.come(8, 20)

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

import pytest
import zxingcpp
from PIL import Image
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from drivers.printers.virtual import printed
from posapp.clock import SystemClock
from posapp.demo import history
from posapp.demo.hands_screen import Hands, connect_printer, places
from posapp.demo.shop import Demo, ask_hq, standing
from posapp.demo.tray_screen import CardButton
from posapp.money import Money
from posapp.selling.day import sold_on
from posapp.ui import theme
from tests.shop import play
from tests.ui.keys import wait_until


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with standing(tmp_path_factory.mktemp("demo")) as made:
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

    @property
    def ticket(self) -> list[tuple[str, str]]:
        return [(line.name, str(line.qty)) for line in self.hands.till.ticket().lines]

    def customer_reads(self, text: str) -> None:
        def is_there() -> bool:
            self.hands.customer.grab()
            return text in [drawn.text for drawn in self.hands.customer.drawn]

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
def visitor(qapp: QApplication, demo: Demo) -> Iterator[Visitor]:
    theme.dress(qapp, theme.LIGHT)
    papers = demo.folder / "paper"
    connect_printer(demo, papers)
    with contextlib.closing(demo.open(demo.shop.tills[0], SystemClock())) as till:
        till.sync()
        till.runner.start()
        hands = Hands(till, demo, papers)
        hands.arrange(QRect(0, 0, 1366, 768))
        hands.show()
        wait_until(lambda: hands.app.window.isVisible() and hands.tray.isVisible())
        clerk = demo.shop.clerks[0]
        play(till, f"sign-in {clerk.number} {clerk.pin}", "open-shift 200")
        yield Visitor(hands)
        till.network(True)
        till.cancel() if till.ticket().lines else None
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
        assert [found.text for found in zxingcpp.read_barcodes(large)] == [card.card.read()], card.text()


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
    for name in ("tray", "customer"):
        assert not placed["till"].intersects(placed[name])
    assert not placed["customer"].intersects(placed["tray"])
    assert not placed["customer"].intersects(placed["paper"])
    assert placed["tray"].width() >= 2 * 148


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for HQ's process in /proc")
def test_ctrl_c_ends_the_window_and_hq(tmp_path: Path) -> None:
    (tmp_path / history.DONE_FILE).touch()
    command = [sys.executable, "-m", "posapp", "demo", "--data", str(tmp_path)]
    with subprocess.Popen(command, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}) as running:
        log = tmp_path / "S001T01" / "till.log"
        deadline = time.monotonic() + 60
        while not (log.exists() and "window" in log.read_text("utf-8")):
            assert running.poll() is None
            assert time.monotonic() < deadline
        (hq,) = children(running.pid)
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 0
    assert not Path(f"/proc/{hq}").exists()
    assert printed(tmp_path / "paper") == []

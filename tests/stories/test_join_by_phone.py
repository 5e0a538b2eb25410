"""A customer joins at the counter with their own phone: a real HQ process, a real browser, the code read off the
picture of the customer display, text messages from a provider over HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser
from PySide6.QtWidgets import QApplication

from posapp.clock import SystemClock
from posapp.demo.shop import Demo, ask_hq, standing
from posapp.hq.gateways.sms_simulator import SmsSimulator
from posapp.members.card_screen import MemberCard
from posapp.till import Till
from posapp.ui.customer import CustomerDisplay
from tests.stories.counter import ENTER, Counter
from tests.stories.phone import Phone, browsing, codes_in, texting
from tests.ui.keys import wait_until

SIZES = ((1024, 600), (1366, 768), (1920, 1080))
LATEST_S = 3.0


class Corner:
    """A counter with a customer in front of it."""

    def __init__(self, demo: Demo, counter: Counter, till: Till, browser: Browser, provider: SmsSimulator) -> None:
        self.demo, self.counter, self.till = demo, counter, till
        self._browser, self._provider = browser, provider
        self.display = CustomerDisplay(counter.window, "示范店")
        self.display.resize(*SIZES[0])
        self.display.show()
        counter.app.face(self.display)
        self.bun = next(tile.code for page in till.tiles() for tile in page.tiles)

    def phone(self, number: str) -> Phone:
        return Phone(self._browser, self._provider, number)

    def read_display(self) -> str:
        """The one code on the customer display, as a camera sees it."""
        wait_until(lambda: len(codes_in(self.display)) == 1)
        return codes_in(self.display)[0]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with standing(tmp_path_factory.mktemp("demo")) as opened:
        ask_hq(opened.hq, "set", "chain", "member_days", "")  # the same points on every day of the week
        yield opened


@pytest.fixture(scope="module")
def provider(demo: Demo) -> Iterator[SmsSimulator]:
    with texting(demo.hq) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as opened:
        yield opened


@pytest.fixture
def corner(
    qapp: QApplication,
    demo: Demo,
    provider: SmsSimulator,
    browser: Browser,
    stand: Callable[[Till], Counter],
) -> Iterator[Corner]:
    till = demo.open(demo.shop.tills[0], SystemClock())
    try:
        till.sync()
        clerk = demo.shop.clerks[0]
        till.sign_in(str(clerk.number), clerk.pin)
        if till.shift is None:
            till.open_shift(till.settings.denominations[0])
        till.runner.start()
        opened = Corner(demo, stand(till), till, browser, provider)
        yield opened
        opened.display.close()
    finally:
        till.close()


def member_name(corner: Corner) -> str:
    """Who stands above the ticket."""
    card = corner.counter.window.findChild(MemberCard)
    assert isinstance(card, MemberCard)
    return card.name.text()


def last_join(demo: Demo) -> Any:
    return ask_hq(demo.hq, "report", "joins", "--store", "1", "--json")["each"][-1]


def test_the_guest_joins_while_the_goods_are_scanned_and_stands_on_the_ticket_with_no_key_pressed(
    corner: Corner, record_property: Callable[[str, object], None]
) -> None:
    corner.counter.scan(corner.bun)
    url = corner.read_display()
    for size in SIZES:
        corner.display.resize(*size)
        assert codes_in(corner.display) == [url]
    phone = corner.phone("13812345678")
    phone.scan(url)
    assert corner.till.settings.store_name in phone.text
    phone.fill("张三")
    strokes = corner.counter.strokes
    submitted = time.monotonic()
    phone.submit()
    wait_until(lambda: corner.till.guest() is not None, 20)
    took = time.monotonic() - submitted
    record_property("seconds from submit to the member on the ticket", round(took, 2))
    guest = corner.till.guest()
    assert guest
    assert (guest.name, guest.tail, guest.is_new) == ("张**", "78", True)
    assert took < LATEST_S
    assert corner.counter.strokes == strokes
    wait_until(lambda: "张**" in member_name(corner))
    wait_until(lambda: "欢迎 张**" in [drawn.text for drawn in corner.display.drawn])
    assert codes_in(corner.display) == []
    corner.till.cancel()


def test_who_pays_before_the_join_has_ended_finds_the_points_on_the_account(corner: Corner) -> None:
    corner.counter.scan(corner.bun)
    url = corner.read_display()
    phone = corner.phone("13812345679")
    phone.scan(url)
    phone.fill()
    due = corner.till.ticket().due
    corner.counter.press(ENTER)
    wait_until(corner.counter.app.sale.pay.isVisible)
    corner.counter.keys.type("100", gap_ms=150)
    corner.counter.press(ENTER)
    wait_until(lambda: not corner.till.ticket().lines)
    phone.submit()
    wait_until(lambda: "积分" in phone.text, 20)
    paid = corner.till.receipts_of_day(1)[0]
    assert paid.total == due
    wait_until(lambda: last_join(corner.demo)["ticket"] == paid.receipt, 20)
    late = last_join(corner.demo)
    assert (late["channel"], late["points"]) == ("display", due.fen // 100)

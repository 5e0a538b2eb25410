"""What the customer sees while a cashier works: the till's verbs, told on the display."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from PySide6.QtWidgets import QApplication

from posapp.app import App
from posapp.money import Money
from posapp.till import Till
from posapp.ui import theme
from posapp.ui.customer import CustomerDisplay
from tests.shop import MANAGER, play
from tests.ui.keys import wait_until

BUN, MILK = "6900000000011", "6900000000028"


class Customer:
    """Stands in front of the till's customer display and reads what is on it."""

    def __init__(self, till: Till) -> None:
        self.app = App(till)
        self.display = CustomerDisplay(self.app.window, "柳塘店")
        self.app.face(self.display)

    def reads(self, *texts: str) -> None:
        wait_until(lambda: set(texts) <= set(self.texts))

    @property
    def texts(self) -> list[str]:
        self.display.grab()
        return [drawn.text for drawn in self.display.drawn]

    def largest(self, *texts: str) -> str:
        self.display.grab()
        return max(self.display.drawn, key=lambda drawn: (drawn.text in texts, drawn.ink.height())).text


@pytest.fixture
def customer(qapp: QApplication, till: Till) -> Iterator[Customer]:
    theme.dress(qapp, theme.LIGHT)
    made = Customer(till)
    yield made
    made.display.close()
    made.app.close()


@pytest.fixture
def does(till: Till, customer: Customer) -> Callable[..., None]:
    """The cashier works: verbs of goods, and money taken on the sale screen."""

    def lines(*verbs: str) -> None:
        for words in map(str.split, verbs):
            if words[0] == "pay":
                customer.app.sale.take(partial(till.pay, words[1], Money.parse(words[2]), *words[3:]))
            else:
                assert play(till, " ".join(words))[0]["ok"]
                customer.app.sale.refresh()

    return lines


def test_from_the_first_scan_to_the_thanks(customer: Customer, does: Callable[..., None]) -> None:
    customer.reads("柳塘店", "欢迎光临")
    does(f"scan 2*{BUN}", f"scan {MILK}")
    customer.reads("牛角包", "2 × ¥6.50", "¥13.00", "鲜奶 950ml", "共 3 件", "合计", "¥25.90")
    does("pay cash 20")
    customer.reads("实收", "¥20.00", "应付", "¥5.90")
    does("pay cash 10")
    customer.reads("谢谢惠顾", "找零", "¥4.10", "合计 ¥25.90   实收 ¥30.00")
    does(f"scan {MILK}")
    customer.reads("鲜奶 950ml", "共 1 件", "¥12.90")
    assert "谢谢惠顾" not in customer.texts


def test_exact_money_is_thanked_for_without_change(customer: Customer, does: Callable[..., None]) -> None:
    does(f"scan {BUN}", "pay card 6.50 123456")
    customer.reads("谢谢惠顾", "已收款", "¥6.50")
    assert "找零" not in customer.texts


def test_the_cashier_turning_to_the_money_makes_the_due_large(customer: Customer, does: Callable[..., None]) -> None:
    does(f"scan {BUN}")
    customer.reads("共 1 件")
    customer.app.sale.to_paying()
    customer.reads("应付", "¥6.50")
    customer.app.sale.to_selling()
    customer.reads("共 1 件")


def test_a_changed_line_is_the_large_one(customer: Customer, does: Callable[..., None]) -> None:
    does(f"scan {BUN}", f"scan {MILK}")
    customer.reads("共 2 件")
    assert customer.largest("牛角包", "鲜奶 950ml") == "鲜奶 950ml"
    does("qty 1 5")
    customer.reads("共 6 件")
    assert customer.largest("牛角包", "鲜奶 950ml") == "牛角包"


def test_what_an_approval_carried_out_is_seen_too(customer: Customer, till: Till, does: Callable[..., None]) -> None:
    does(f"scan {BUN}")
    customer.reads("¥6.50")
    assert not play(till, "discount 1 50%")[0]["ok"]
    does(f"approve {' '.join(MANAGER)}")
    customer.reads("¥3.25", "已优惠 ¥3.25")


def test_a_cancelled_ticket_leaves_the_shops_name(customer: Customer, does: Callable[..., None]) -> None:
    does(f"scan {BUN}")
    customer.reads("牛角包")
    does("cancel")
    customer.reads("欢迎光临")


def test_the_code_stands_beside_the_ticket_and_another_beside_the_thanks(
    customer: Customer, does: Callable[..., None]
) -> None:
    does(f"scan {BUN}")
    customer.reads("牛角包", "扫码入会 · 本单可积 6 分", "只收手机号,可随时退订和注销")
    does("pay cash 10")
    customer.reads("谢谢惠顾", "扫码入会 领本单 6 积分")
    assert "扫码入会 · 本单可积 6 分" not in customer.texts


def test_practice_is_told_to_the_customer_too(customer: Customer, till: Till) -> None:
    till.training(True)
    customer.app.show_status()
    wait_until(lambda: any("培训" in text for text in customer.texts))
    till.training(False)
    customer.app.show_status()
    wait_until(lambda: not any("培训" in text for text in customer.texts))

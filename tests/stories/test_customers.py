"""Customers at the counter, through both windows: the cashier's keys and fingers, the customer's own display."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from posapp.messages import AttributeNoted, ConsentChanged, JoinShown, MemberJoined, MessageRequested, PrivacyRequested
from posapp.rules.join_token import read
from posapp.streams import ChipRow, MemberRow, TierRow
from posapp.till import Till
from posapp.ui.customer import CustomerDisplay
from tests.joining import code_on, follow, joins, sends_texts
from tests.shop import Chain, entries_of, last, play, sales_of
from tests.stories.counter import ENTER, ESCAPE, Counter
from tests.ui.keys import wait_until

BUN, MILK = "6900000000011", "6900000000028"
PHONE = "13812345678"
F1, F2, F3, F4 = Qt.Key.Key_F1, Qt.Key.Key_F2, Qt.Key.Key_F3, Qt.Key.Key_F4


class Customer:
    """Stands in front of the customer display: reads, touches."""

    def __init__(self, counter: Counter) -> None:
        self.display = CustomerDisplay(counter.window, "柳塘店")
        counter.app.face(self.display)
        self.display.show()

    @property
    def texts(self) -> list[str]:
        self.display.grab()
        form = self.display.form
        for part in (form, *form.ticks):
            part.grab()
        drawn = [*self.display.drawn, *form.drawn, *(one for tick in form.ticks for one in tick.drawn)]
        return [one.text for one in drawn]

    def reads(self, *texts: str) -> None:
        wait_until(lambda: all(any(text in seen for seen in self.texts) for text in texts))

    def touch(self, made: QWidget) -> None:
        QTest.mouseClick(made, Qt.MouseButton.LeftButton)

    def types(self, digits: str) -> None:
        for digit in digits:
            self.touch(self.display.form.keys[int(digit)])

    def ticks(self, *keys: str) -> None:
        for tick in self.display.form.ticks:
            if tick.tick.key in keys:
                self.touch(tick)

    def confirms(self) -> None:
        self.touch(self.display.form.confirm_button)

    def gives_up(self) -> None:
        self.touch(self.display.form.cancel_button)


@pytest.fixture
def customer(counter: Counter) -> Iterator[Customer]:
    made = Customer(counter)
    yield made
    counter.app.close()
    shiboken6.delete(made.display)  # here, and not by whichever thread of HQ's tidies up next


@pytest.fixture(params=["online", "offline"])
def network(request: pytest.FixtureRequest, till: Till, chain: Chain) -> str:
    """The same story with and without HQ; what tills are told has come before."""
    chain.publish(
        "chips", {("chain", "size"): ChipRow(("尺码", "Size"), [("s", "小码", "Small"), ("l", "大码", "Large")])}
    )
    till.sync()
    till.client.is_on = request.param == "online"
    return str(request.param)


def said(till: Till, kind: type) -> list[object]:
    return [body for _, body in entries_of(till) if isinstance(body, kind)]


def member(counter: Counter, chain: Chain) -> str:
    """A member who was here before stands on the open ticket; the till is as much online as it was."""
    is_on, counter.till.client.is_on = counter.till.client.is_on, True
    token = str(last(counter.till, f"scan {BUN}", "join")["token"])
    ref = joins(chain, PHONE, token).ref
    counter.till.sync()
    counter.till.client.is_on = is_on
    counter.app.sale.refresh()
    return ref


# --- the member's place ---


def test_the_members_place_says_who_it_is_and_a_finger_there_is_the_key(counter: Counter, chain: Chain) -> None:
    card = counter.app.sale._member.widget
    assert card.accessibleName().startswith("散客 F1")
    counter.tap("member")
    assert counter.app.sale.question.isVisible()
    counter.press(ESCAPE, F1)
    assert counter.app.sale.question.isVisible()
    counter.press(ESCAPE)
    ref = member(counter, chain)
    row = MemberRow("张", "78", 1, 1, tier="gold", points=1240)
    chain.publish("tiers", {("chain", "gold"): TierRow(("金卡", "Gold"), 150, "#c9a227")})
    chain.publish("members", {("store:1", ref): row})
    counter.till.sync()
    play(counter.till, "drop-member", f"choose-member {ref}")
    counter.app.sale.refresh()
    assert card.accessibleName() == "张** 金卡 积分 1,240 本单 +9 尾号 78"
    counter.tap("member")
    assert counter.app.sale.choice.isVisible()


def test_what_hq_has_not_confirmed_for_a_while_says_since_when(counter: Counter, chain: Chain) -> None:
    member(counter, chain)
    card = counter.app.sale._member.widget
    assert "离线" not in card.accessibleName()
    counter.till.client.is_on = False
    chain.clock.set(chain.clock.now_ms() + 72 * 60_000)
    counter.app.sale.refresh()
    assert "离线会员信息 (更新于 08:00)" in card.accessibleName()
    chain.clock.set(chain.clock.now_ms() + 86_400_000)
    counter.app.sale.refresh()
    assert "(更新于 11-22 08:00)" in card.accessibleName()


@pytest.mark.parametrize("size", [(1024, 768), (1366, 768)])
def test_the_place_stays_two_lines_high_with_twenty_articles(
    counter: Counter, chain: Chain, size: tuple[int, int]
) -> None:
    counter.window.resize(*size)
    card = counter.app.sale._member.widget
    before = card.height()
    member(counter, chain)
    for n in range(19):
        play(counter.till, f"scan 0.{n + 1:02d}0*00301")
    counter.app.sale.refresh()
    assert len(counter.shown) == 20
    assert card.height() == before
    assert card.height() <= 2 * 30
    assert counter.app.sale.lines.height() > size[1] // 2


# --- likes ---


def test_two_taps_note_what_a_member_likes(counter: Counter, chain: Chain, network: str) -> None:
    ref = member(counter, chain)
    counter.tap("member")
    counter.tap("chip_size")
    counter.tap("value_l")
    assert said(counter.till, AttributeNoted) == [AttributeNoted(ref, "size", "l")]
    assert "大码" in counter.notice
    counter.press(F1)
    counter.choose("chip_size")
    counter.choose("value_none")
    assert said(counter.till, AttributeNoted)[1:] == [AttributeNoted(ref, "size", "")]
    assert counter.till.guest().chips == {}  # type: ignore[union-attr]


# --- their data ---


def test_marketing_is_withdrawn_as_easily_as_it_is_given(
    counter: Counter, customer: Customer, chain: Chain, network: str
) -> None:
    member(counter, chain)
    counter.press(F1)
    counter.choose("member_privacy")
    counter.choose("privacy_give")
    customer.reads("我的选择", "优惠信息")
    customer.ticks("marketing")
    customer.confirms()
    assert counter.till.guest().consents["marketing"] == 1  # type: ignore[union-attr]
    chain.clock.set(chain.clock.now_ms() + 1_000)
    counter.press(F1)
    counter.choose("member_privacy")
    counter.choose("privacy_withdraw")
    assert counter.till.guest().consents["marketing"] == 0  # type: ignore[union-attr]
    assert "已撤回" in counter.notice
    acts = [act for body in said(counter.till, ConsentChanged) for act in body.consents]  # type: ignore[attr-defined]
    assert [(act.purpose, act.given) for act in acts] == [("marketing", 1), ("marketing", 0)]


def test_a_request_is_filed_by_touch(counter: Counter, chain: Chain, network: str) -> None:
    ref = member(counter, chain)
    counter.tap("member")
    counter.tap("member_privacy")
    counter.tap("privacy_erase")
    assert said(counter.till, PrivacyRequested) == [PrivacyRequested(ref, "erase")]
    assert "注销" in counter.notice


def test_the_page_for_oneself_is_on_the_display_until_the_next_scan(counter: Counter, customer: Customer) -> None:
    counter.press(F1, F4)
    customer.reads("我的会员信息 · 隐私与退订")
    counter.scan(BUN)
    customer.reads("牛角包")
    wait_until(lambda: "我的会员信息 · 隐私与退订" not in customer.texts)


# --- joining with help ---


def test_a_customer_types_their_number_and_stands_on_the_ticket(
    counter: Counter, customer: Customer, network: str
) -> None:
    counter.scan(BUN)
    counter.press(F1, F2)
    customer.reads("手机号入会", "我已满14周岁", "¥6.50")
    customer.types(PHONE)
    customer.confirms()
    customer.reads("请先勾选必选项")
    assert said(counter.till, MemberJoined) == []
    customer.ticks("terms", "age")
    customer.confirms()
    customer.reads("好了,谢谢!")
    (joined,) = said(counter.till, MemberJoined)
    assert [(act.purpose, act.given) for act in joined.consents] == [  # type: ignore[attr-defined]
        ("terms", 1),
        ("marketing", 0),
    ]
    assert "新会员(尾号 78)入会成功" in counter.notice
    assert counter.app.sale._member.widget.accessibleName().startswith("会员 积分 0 本单 +6")
    counter.press(ENTER)
    counter.keys.wait(300)
    counter.press(ENTER)
    (sale,) = sales_of(counter.till)
    assert sale.member == joined.member  # type: ignore[attr-defined]


@pytest.mark.parametrize("comes", [True, False])
def test_the_code_on_the_customers_phone_is_typed_at_the_display(
    counter: Counter, customer: Customer, chain: Chain, comes: bool
) -> None:
    counter.scan(BUN)
    with sends_texts(chain) as provider:
        counter.press(F1, F2)
        customer.types(PHONE)
        customer.ticks("terms", "age", "marketing")
        customer.confirms()
        customer.reads("短信验证码", "五分钟内有效")
        assert "验证码已发到顾客手机" in counter.notice
        assert said(counter.till, MemberJoined) == []
        code = code_on(provider, PHONE)
        if comes:
            customer.types(f"{(int(code) + 1) % 1_000_000:06d}")
            customer.confirms()
            customer.reads("还可以试 4 次")
            customer.touch(customer.display.form.clear_key)
            customer.types(code)
            customer.confirms()
        else:
            assert customer.display.form.cancel_button.text() == "没收到"
            customer.gives_up()
    (joined,) = said(counter.till, MemberJoined)
    assert joined.verified == int(comes)  # type: ignore[attr-defined]
    assert "入会成功" in counter.notice
    assert counter.till.guest()


def test_who_changes_their_mind_pays_as_anybody(counter: Counter, customer: Customer) -> None:
    counter.scan(BUN)
    counter.tap("member")
    counter.tap("member_assist")
    customer.types(PHONE)
    customer.gives_up()
    assert "照常收款" in counter.notice
    assert said(counter.till, MemberJoined) == []
    customer.reads("牛角包")


def test_scanning_goes_on_while_the_customer_types(counter: Counter, customer: Customer) -> None:
    counter.scan(BUN)
    counter.press(F1, F2)
    customer.types(PHONE)
    counter.scan(MILK)
    customer.ticks("terms", "age")
    counter.till.client.is_on = False
    customer.confirms()
    assert len(counter.shown) == 2
    assert counter.till.guest()


def test_a_form_does_not_outlive_its_ticket(counter: Counter, customer: Customer) -> None:
    counter.scan(BUN)
    counter.press(F1, F2)
    customer.types(PHONE)
    counter.press(ENTER)
    counter.keys.wait(300)
    counter.press(ENTER)
    customer.reads("谢谢惠顾")
    assert not customer.display.form.is_open
    assert said(counter.till, MemberJoined) == []


def test_a_form_from_before_the_first_article_goes_with_the_ticket_too(counter: Counter, customer: Customer) -> None:
    counter.press(F1, F2)
    customer.types(PHONE)
    counter.scan(BUN)
    counter.press(ENTER)
    counter.keys.wait(300)
    counter.press(ENTER)
    customer.reads("谢谢惠顾")
    assert not customer.display.form.is_open
    assert counter.till.sale.cart is None


def test_the_receipt_typed_while_the_next_customer_is_served_is_still_the_first_ones(
    counter: Counter, customer: Customer
) -> None:
    counter.scan(BUN)
    counter.press(ENTER)
    counter.keys.wait(300)
    counter.press(ENTER)
    counter.press(F1, F3)
    counter.choose("text_receipt")
    counter.scan(MILK)
    customer.types(PHONE)
    customer.confirms()
    (asked,), (sale,) = said(counter.till, MessageRequested), sales_of(counter.till)
    assert asked.ticket == sale.ticket  # type: ignore[attr-defined]


def test_without_a_customer_display_nobody_types_a_number(counter: Counter) -> None:
    counter.scan(BUN)
    counter.press(F1, F2)
    assert "没有顾客屏" in counter.notice
    counter.press(F1, F3)
    assert "没有顾客屏" in counter.notice
    assert said(counter.till, MemberJoined) == said(counter.till, MessageRequested) == []


# --- text messages ---


def test_the_receipt_by_text_message_after_paying(counter: Counter, customer: Customer, network: str) -> None:
    counter.scan(BUN)
    counter.press(ENTER)
    counter.keys.wait(300)
    counter.press(ENTER)
    counter.press(F1, F3)
    counter.choose("text_receipt")
    customer.reads("短信收电子小票")
    customer.types(PHONE)
    customer.confirms()
    customer.reads("好了,请留意短信")
    (asked,) = said(counter.till, MessageRequested)
    assert asked.template == "receipt"  # type: ignore[attr-defined]
    assert "小票照常打印" in counter.notice
    counter.press(F1, F3)
    counter.choose("text_receipt")
    customer.types(PHONE)
    customer.confirms()
    customer.reads("不会重复发送")
    assert len(said(counter.till, MessageRequested)) == 1


# --- reception ---


@pytest.mark.parametrize("how", ["key", "touch"])
def test_reception_shows_the_clerks_code_without_a_ticket(
    counter: Counter, customer: Customer, chain: Chain, how: str
) -> None:
    if how == "key":
        counter.keys.type_key(F1, "", 150, Qt.KeyboardModifier.ShiftModifier)
    else:
        counter.tap("more")
        counter.tap("choice_more")
        wait_until(lambda: any(made.isVisible() for made in counter.window.findChildren(QWidget, "more_reception")))
        counter.tap("more_reception")
    assert "接待码" in counter.notice
    customer.reads("扫码入会")
    (shown,) = said(counter.till, JoinShown)
    assert read(shown.token)[0].clerk == 1001  # type: ignore[attr-defined]
    joins(chain, PHONE, shown.token)  # type: ignore[attr-defined]
    follow(chain)
    counter.till.sync()
    assert counter.till.guest() is None
    counter.scan(BUN)
    customer.reads("牛角包")
    assert counter.till.guest() is None


def test_a_clerks_code_goes_with_the_clerk(counter: Counter, customer: Customer) -> None:
    counter.keys.type_key(F1, "", 150, Qt.KeyboardModifier.ShiftModifier)
    customer.reads("扫码入会")
    counter.app.lock()
    wait_until(lambda: "扫码入会" not in customer.texts)


def test_a_bystander_at_the_display_joins_no_second_time(
    stand: Callable[[Till], Counter], counter: Counter, customer: Customer
) -> None:
    counter.till.sync()
    counter.till.client.is_on = False
    for _ in range(2):
        counter.scan(BUN)
        counter.press(F1, F2)
        customer.types(PHONE)
        customer.ticks("terms", "age")
        customer.confirms()
        play(counter.till, "pay cash 100")
        counter.app.sale.refresh()
    assert len(said(counter.till, MemberJoined)) == 1
    assert len({sale.member for sale in sales_of(counter.till)}) == 1

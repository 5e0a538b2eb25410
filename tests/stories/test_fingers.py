"""What hurried fingers do: keys held down, buttons tapped twice, answers refused. Nobody's money moves by accident."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QPushButton

from drivers.printers.virtual import kicks
from posapp.devices import RECEIPT, Configured
from posapp.hq.running import EACH_REQUEST_MS
from posapp.streams import STREAMS, SettingRow
from posapp.sync.runner import ROUND_S
from posapp.till import Till
from tests.shop import Chain, play, sales_of
from tests.stories.counter import ENTER, ESCAPE, Counter
from tests.ui.keys import wait_until

BUN, MILK, EGG = "6900000000011", "6900000000028", "6900000000066"
F4, F9, F11 = Qt.Key.Key_F4, Qt.Key.Key_F9, Qt.Key.Key_F11
NONE, LEFT = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton


def hold(counter: Counter, key: Qt.Key) -> None:
    """Keep a key down: it is struck once, and repeats itself."""
    counter.press(key)
    handle = counter.window.windowHandle()
    for _ in range(20):
        counter.keys.wait(400)
        event = QKeyEvent(QEvent.Type.KeyPress, key, NONE, "", True)
        event.setTimestamp(counter.keys.now_ms)
        QCoreApplication.sendEvent(handle, event)


def test_a_held_enter_opens_the_paying_and_pays_nothing(counter: Counter) -> None:
    counter.scan(BUN)
    hold(counter, ENTER)
    assert counter.app.sale.pay.isVisible()
    assert sales_of(counter.till) == []


def test_a_held_delete_takes_one_line(counter: Counter) -> None:
    counter.scan(BUN, MILK, EGG)
    hold(counter, Qt.Key.Key_Delete)
    assert len(counter.shown) == 2


def test_the_second_tap_of_a_double_one_takes_no_money(counter: Counter) -> None:
    counter.scan(BUN)
    counter.tap("to_pay")
    (cash,) = [made for made in counter.window.findChildren(QPushButton, "pay_cash") if made.isVisible()]
    middle = QPointF(cash.rect().center())
    for kind in (QEvent.Type.MouseButtonDblClick, QEvent.Type.MouseButtonRelease):
        QCoreApplication.sendEvent(cash, QMouseEvent(kind, middle, cash.mapToGlobal(middle), LEFT, LEFT, NONE))
    assert sales_of(counter.till) == []
    counter.tap("pay_cash")
    assert len(sales_of(counter.till)) == 1


def test_a_cancelled_ticket_says_what_goes_back_and_opens_the_drawer(counter: Counter, till: Till) -> None:
    paper = till.folder.path / "paper"
    till.devices.reconfigure({RECEIPT: Configured("virtual", {"folder": str(paper)})})
    counter.scan(MILK)
    counter.press(ENTER)
    counter.type("5")
    counter.press(ENTER)
    counter.press(ESCAPE, F11)
    assert len(counter.shown) == 1
    counter.choose("cancel_ticket")
    assert counter.shown == []
    assert "5.00" in counter.notice
    wait_until(lambda: kicks(paper) == 1)


def test_a_card_slip_that_is_refused_is_asked_for_again_with_its_amount(counter: Counter) -> None:
    counter.scan(MILK)
    counter.press(ENTER)
    counter.type("10")
    counter.press(F9)
    counter.answer("0")
    assert counter.app.sale.question.isVisible()
    counter.answer("308417")
    assert counter.app.sale.pay.due.text() == "¥2.90"
    counter.type("50")
    counter.press(F9)
    assert not counter.app.sale.question.isVisible()
    assert "2.90" in counter.notice


def test_tickets_are_parked_under_free_numbers(counter: Counter) -> None:
    for code in (BUN, MILK):
        counter.scan(code)
        counter.press(F4)
    counter.press(F4)
    counter.choose("parked_1")
    counter.press(F4)
    assert sorted(name for name, _, _ in counter.till.parked()) == ["1", "2"]


def test_a_percentage_is_given_by_touch(counter: Counter) -> None:
    counter.scan(BUN)
    counter.tap("discount")
    for name in ("key_1", "key_0", "question_clear"):
        counter.tap(name)
    counter.tap("question_confirm")
    assert counter.total == "¥5.85"


def test_what_small_coins_are_left_out_of_is_said(counter: Counter, chain: Chain) -> None:
    chain.publish("settings", {("store:1", "cash_rounding"): SettingRow("10")})
    play(counter.till, "sync")
    counter.scan(EGG)
    counter.press(ENTER)
    assert "1.30" in counter.app.sale.pay.paid.text()
    assert "-0.03" in counter.app.sale.pay.paid.text()


def test_a_sentence_goes_with_the_next_key_and_the_next_page(counter: Counter) -> None:
    counter.scan("6999999999999")
    assert counter.notice
    counter.press(ESCAPE)
    assert counter.notice == ""


def test_who_began_practice_can_leave_it_before_opening_a_shift(counter: Counter) -> None:
    counter.press(Qt.Key.Key_F10)
    counter.choose("more_training")
    assert counter.window.page_name == "open_shift"
    counter.press(ESCAPE)
    assert not counter.till.is_training
    assert counter.window.page_name == "sale"


def test_hq_allows_a_till_its_rounds() -> None:
    """Each round asks for every stream, says hello, pushes and fetches pictures."""
    assert (len(STREAMS) + 5) * EACH_REQUEST_MS < ROUND_S * 1000

"""A day at the counter through the window: keys to its handle at a scanner's and a cashier's speed, and fingers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from drivers.contracts import Reason
from drivers.printers.virtual import jam, kicks, printed
from posapp.devices import DEVICES_FILE
from posapp.messages import ApprovalGiven
from posapp.money import Money
from posapp.streams import SettingRow
from posapp.till import Till
from tests.shop import CASHIER, MANAGER, OTHER, Chain, entries_of, kinds, play, sales_of
from tests.stories.counter import DELETE, ENTER, ESCAPE, Counter
from tests.ui.keys import wait_until

BUN, MILK, LIPSTICK, CARD, EGG = "6900000000011", "6900000000028", "6900000000035", "6900000000042", "6900000000066"


def test_a_day_from_signing_in_to_closing_the_shift(stand: Callable[[Till], Counter], chain: Chain) -> None:
    till = chain.open(*chain.enrol(1))
    till.sync()
    counter = stand(till)
    counter.answer(*CASHIER)
    assert counter.window.page_name == "open_shift"
    counter.answer("200")
    assert counter.window.page_name == "sale"
    counter.scan(BUN, MILK)
    assert counter.total == "¥19.40"
    counter.press(ENTER)
    counter.type("20")
    counter.press(ENTER)
    assert counter.total == "¥0.60"
    counter.press(Qt.Key.Key_F12)
    counter.tap("count_other")
    counter.keys.type("219.40", gap_ms=150)
    wait_until(lambda: counter.app.close_shift.total.text() == "¥219.40")
    counter.press(ENTER)
    assert till.shift is None
    assert [kind for kind in kinds(till) if "shift" in kind or "sale" in kind] == [
        "shift.opened",
        "sale.completed",
        "shift.closed",
    ]


def test_the_plain_cash_sale_is_five_scans_enter_amount_enter(counter: Counter) -> None:
    counter.scan(BUN, MILK, LIPSTICK, CARD, EGG)
    counter.press(ENTER)
    counter.type("200")
    counter.press(ENTER)
    (sale,) = sales_of(counter.till)
    assert (len(sale.lines), sale.total, sale.change) == (5, 15973, 4027)
    assert counter.strokes == 1 + 3 + 1
    assert counter.seconds < 9
    assert counter.total == "¥40.27"


def test_enter_pays_the_exact_amount_and_a_bouncing_enter_pays_nothing(counter: Counter) -> None:
    counter.scan(BUN)
    counter.press(ENTER, ENTER)
    assert sales_of(counter.till) == []
    counter.keys.wait(200)
    counter.press(ENTER)
    assert [sale.total for sale in sales_of(counter.till)] == [650]


def test_the_next_scan_after_a_sale_starts_the_next_ticket(counter: Counter) -> None:
    counter.scan(BUN)
    counter.press(ENTER)
    counter.type("10")
    counter.press(ENTER)
    counter.scan(MILK)
    assert [row[0] for row in counter.shown] == ["鲜奶 950ml"]
    assert counter.total == "¥12.90"


def test_both_ways_of_saying_how_many(counter: Counter) -> None:
    counter.type("6*")
    counter.scan(BUN)
    assert counter.shown[-1][1] == "6 个"
    counter.scan(MILK)
    counter.type("*3")
    counter.press(ENTER)
    assert counter.shown[-1][1] == "3 瓶"
    counter.type(f"2*{LIPSTICK}")
    counter.press(ENTER)
    assert counter.shown[-1][1] == "2 支"


def test_a_number_typed_after_a_scan_is_a_new_number(counter: Counter) -> None:
    counter.scan(BUN)
    counter.type("2")
    counter.scan(MILK)
    counter.type("2")
    assert counter.app.sale.selling.text == "2"
    assert [row[1] for row in counter.shown] == ["1 个", "1 瓶"]


def test_an_unknown_code_is_told_and_changes_nothing(counter: Counter) -> None:
    counter.scan(BUN, "6999999999999")
    assert "6999999999999" in counter.notice
    assert len(counter.shown) == 1
    counter.scan(MILK)
    assert counter.notice == ""


def test_a_line_goes_and_a_ticket_is_parked_and_recalled(counter: Counter) -> None:
    counter.scan(BUN, MILK)
    counter.press(DELETE)
    assert [row[0] for row in counter.shown] == ["牛角包"]
    counter.press(Qt.Key.Key_F4)
    assert counter.shown == []
    counter.press(Qt.Key.Key_F4)
    assert [row[0] for row in counter.shown] == ["牛角包"]


def test_a_price_needs_the_manager_for_this_line_only(counter: Counter) -> None:
    counter.scan(LIPSTICK)
    counter.type("60")
    counter.press(Qt.Key.Key_F6)
    assert "改价" in counter.app.sale.question.reason.text()
    counter.answer(MANAGER[0], MANAGER[1])
    assert counter.total == "¥60.00"
    given = [body for _, body in entries_of(counter.till) if isinstance(body, ApprovalGiven)]
    assert [(approval.action, approval.line) for approval in given] == [("price", 1)]
    counter.type("50")
    counter.press(Qt.Key.Key_F6)
    assert counter.app.sale.question.isVisible()
    counter.press(ESCAPE)
    assert counter.total == "¥60.00"


def test_a_wrong_pin_of_an_approver_is_told_and_can_be_typed_again(counter: Counter) -> None:
    counter.scan(LIPSTICK)
    counter.type("60")
    counter.press(Qt.Key.Key_F6)
    counter.answer(MANAGER[0], "00000000")
    assert counter.notice
    counter.answer(MANAGER[0], MANAGER[1])
    assert counter.total == "¥60.00"


def test_card_and_cash_share_a_ticket(counter: Counter) -> None:
    counter.scan(LIPSTICK)
    counter.press(ENTER)
    counter.type("50")
    counter.press(Qt.Key.Key_F9)
    counter.answer("308417")
    assert counter.app.sale.pay.due.text() == "¥39.00"
    counter.type("40")
    counter.press(ENTER)
    (sale,) = sales_of(counter.till)
    assert [(paid.kind, paid.amount) for paid in sale.tenders] == [("card", 5000), ("cash", 3900)]
    assert counter.total == "¥1.00"


def test_everything_of_a_sale_can_be_done_by_touch(counter: Counter) -> None:
    for character in MILK:
        counter.tap(f"key_{character}")
    counter.tap("enter_code")
    assert counter.total == "¥12.90"
    counter.tap("to_pay")
    counter.tap("note_0")
    (sale,) = sales_of(counter.till)
    assert (sale.total, sale.change) == (1290, 710)
    assert Money(sale.tenders[0].given) == Money(2000)


@pytest.mark.parametrize(
    ("price", "notes"), [("12.90", [2000, 5000, 10000, 20000]), ("601", [61000, 62000, 65000, 70000])]
)
def test_the_note_keys_are_what_a_customer_hands_over(counter: Counter, price: str, notes: list[int]) -> None:
    counter.scan(LIPSTICK)
    counter.type(price)
    counter.press(Qt.Key.Key_F6)
    counter.answer(*MANAGER)
    counter.keys.wait(300)
    counter.press(ENTER)
    assert [made.property("fen") for made in counter.app.sale.pay.notes] == notes


def test_the_paper_says_what_was_sold_and_a_jam_stops_no_sale(
    stand: Callable[[Till], Counter], chain: Chain, tmp_path: Path
) -> None:
    data, state = chain.enrol(1)
    paper = tmp_path / "paper"
    configured = {"receipt": {"driver": "virtual", "options": {"folder": str(paper)}}}
    (state / DEVICES_FILE).write_bytes(msgspec.json.encode(configured))
    till = chain.open(data, state)
    till.sync()
    play(till, f"sign-in {' '.join(CASHIER)}", "open-shift 200.00")
    counter = stand(till)

    def sell() -> None:
        counter.scan(BUN)
        counter.press(ENTER)
        counter.type("10")
        counter.press(ENTER)
        assert counter.total == "¥3.50"

    sell()
    wait_until(lambda: len(printed(paper)) == 1)
    (first,) = printed(paper)
    text = first.with_suffix(".txt").read_text("utf-8")
    assert "牛角包" in text
    assert sales_of(till)[0].total == 650
    wait_until(lambda: kicks(paper) == 1)
    jam(paper, Reason.NO_PAPER)
    sell()
    wait_until(lambda: till.status().printer == "no_paper")
    counter.app.show_status()
    assert "缺纸" in counter.window.state.text()
    assert till.status().printing == 1
    sell()
    jam(paper, None)
    printer = till.devices.receipt
    assert printer
    printer.wake()
    wait_until(lambda: len(printed(paper)) == 3)
    wait_until(lambda: till.status().printing == 0)
    numbers = [re.search(r"S001T01-A-\d{6}", sheet.with_suffix(".txt").read_text("utf-8")) for sheet in printed(paper)]
    assert [number[0][-1] for number in numbers if number] == ["1", "2", "3"]


def test_a_scan_while_paying_goes_on_with_the_ticket(counter: Counter) -> None:
    counter.scan(BUN)
    counter.press(ENTER)
    counter.scan(MILK)
    assert counter.total == "¥19.40"
    assert len(counter.shown) == 2


def test_what_is_typed_after_choosing_a_line_is_meant_for_that_line(counter: Counter) -> None:
    counter.scan(LIPSTICK, BUN, MILK)
    counter.press(Qt.Key.Key_Up, Qt.Key.Key_Up)
    counter.type("*3")
    counter.press(ENTER)
    assert [row[1] for row in counter.shown] == ["3 支", "1 个", "1 瓶"]
    table = counter.app.sale.lines
    row = table.visualRect(table.model().index(1, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=row)
    counter.type("*2")
    counter.press(ENTER)
    assert [row[1] for row in counter.shown] == ["3 支", "2 个", "1 瓶"]


def test_an_approver_without_the_right_is_told_and_the_next_one_is_asked(counter: Counter) -> None:
    counter.scan(LIPSTICK)
    counter.type("50%")
    counter.press(Qt.Key.Key_F7)
    counter.answer(*OTHER)
    assert counter.app.sale.question.isVisible()
    counter.answer(*MANAGER)
    assert counter.total == "¥44.50"
    assert not counter.app.sale.question.isVisible()


def test_a_scanned_code_answers_no_question(counter: Counter) -> None:
    counter.scan(LIPSTICK)
    counter.type("60")
    counter.press(Qt.Key.Key_F6)
    counter.scan(BUN)
    assert not counter.app.sale.question.isVisible()
    assert counter.total == "¥95.50"
    counter.press(Qt.Key.Key_F12)
    counter.scan(MILK)
    assert counter.window.page_name == "sale"
    assert len(counter.shown) == 3


def test_a_scan_before_signing_in_says_so(stand: Callable[[Till], Counter], chain: Chain) -> None:
    till = chain.open(*chain.enrol(1))
    till.sync()
    counter = stand(till)
    counter.scan(BUN)
    assert counter.notice
    assert counter.typed == ""


def test_closing_the_shift_can_be_thought_better_of(counter: Counter) -> None:
    counter.press(Qt.Key.Key_F12)
    assert counter.window.page_name == "close_shift"
    counter.press(ESCAPE)
    assert counter.window.page_name == "sale"
    assert counter.till.shift


def test_enter_takes_the_cash_that_is_due_without_small_coins(counter: Counter, chain: Chain) -> None:
    chain.publish("settings", {("store:1", "cash_rounding"): SettingRow("10")})
    play(counter.till, "sync")
    counter.scan(EGG)
    counter.press(ENTER)
    assert counter.app.sale.pay.given.text() == "1.30"
    counter.keys.wait(300)
    counter.press(ENTER)
    (sale,) = sales_of(counter.till)
    assert (sale.total, sale.rounding, sale.change) == (133, -3, 0)

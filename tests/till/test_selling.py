"""Selling through the verbs: what a cashier does at a counter and what the ticket comes to."""

from __future__ import annotations

import pytest

from drivers.contracts import width
from posapp.clock import DAY
from posapp.rules.receipt import WIDTH
from posapp.streams import PriceRow, SettingRow
from posapp.till import Till
from posapp.verify import verify
from tests.shop import CASHIER, MANAGER, OTHER, Chain, kinds, last, play, refused, sales_of

BUN, MILK, COOKIE, LIPSTICK, CARD, ICING, EGG = (
    "6900000000011",
    "6900000000028",
    "00301",
    "6900000000035",
    "6900000000042",
    "6900000000059",
    "6900000000066",
)


def test_a_cash_sale_gives_change_and_a_receipt_number(till: Till) -> None:
    scanned = last(till, f"scan 2*{BUN}")
    assert scanned | {"line": 1, "qty": "2", "price": "6.50", "amount": "13.00", "due": "13.00"} == scanned
    paid = last(till, "pay cash 20.00")
    assert (paid["due"], paid["change"], paid["total"]) == ("0.00", "7.00", "13.00")
    assert paid["receipt"].startswith("S001T01-A-000001-")
    assert last(till, f"scan {BUN}", "pay cash 6.50")["receipt"].startswith("S001T01-A-000002-")


def test_pieces_of_one_article_add_up_on_one_line(till: Till) -> None:
    answers = play(till, f"scan {BUN}", f"scan {MILK}", f"scan 3*{BUN}")
    assert (answers[2]["line"], answers[2]["qty"], answers[2]["due"]) == (1, "4", "38.90")


def test_a_full_width_code_and_count_are_understood(till: Till) -> None:
    assert last(till, "scan 2*6900000000011")["qty"] == "2"


def test_weighed_goods_are_sold_by_weight_only(till: Till) -> None:
    assert refused(till, f"scan {COOKIE}") == "needs_weight"
    assert last(till, f"scan 0.536*{COOKIE}")["amount"] == "31.95"
    assert refused(till, f"scan 0.5*{BUN}") == "needs_whole"
    assert refused(till, f"scan 0.0005*{COOKIE}") == "bad_quantity"
    assert last(till, "qty 1 1.25")["amount"] == "74.50"


def test_scale_labels_carry_a_weight_or_an_amount(till: Till) -> None:
    weight, amount = play(till, "scan 2200301004280", "scan 2100301015906")
    assert (weight["qty"], weight["amount"]) == ("0.428", "25.51")
    assert (amount["amount"], amount["qty"]) == ("15.90", "0.267")
    assert refused(till, "scan 2200301004287") == "unknown_code"  # a wrong check digit is no label


def test_split_tenders_card_first_then_cash(till: Till) -> None:
    partly = last(till, f"scan {LIPSTICK}", "pay card 50.00 308417")
    assert (partly["due"], "receipt" in partly) == ("39.00", False)
    assert refused(till, f"scan {BUN}") == "tender_begun"
    assert refused(till, "void 1") == "tender_begun"
    assert last(till, "pay cash 40.00")["change"] == "1.00"


def test_a_ticket_takes_fifty_tenders_and_the_last_one_must_pay_it(till: Till) -> None:
    play(till, f"scan {LIPSTICK}", *["pay cash 1.00"] * 49)
    assert refused(till, "pay cash 1.00") == "too_many_tenders"
    assert last(till, "pay cash 40.00")["change"] == "0.00"
    play(till, f"scan {BUN}", "pay cash 100.00")
    assert last(till, f"sign-in {' '.join(MANAGER)}", "report x")["expected"] == "295.50"
    assert verify(till.folder, till.keys.hq_key).sales == 2


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("pay card 90.00 308417", "too_much"),
        ("pay card 10.00", "needs_reference"),
        ("pay card 10.00 6222021234567890", "needs_reference"),  # a card number never enters the till
        ("pay gold 10.00", "bad_tender"),
        ("pay cash -5", "bad_amount"),
        ("pay cash 0", "bad_amount"),
        ("pay cash 1.005", "bad_amount"),
        ("pay cash 1e3", "bad_amount"),
        ("pay cash 999999999999999", "bad_amount"),
        ("pay cash", "bad_usage"),
        ("scan 6900000009999", "unknown_code"),
        ("scan 0*6900000000011", "bad_quantity"),
        ("scan 999999*6900000000011", "bad_quantity"),
        ("qty 9 1", "no_such_line"),
        ("qty x 1", "no_such_line"),
        ("price 1 -1", "bad_amount"),
        ("discount 1 101%", "bad_discount"),
        ("discount 1 ten", "bad_discount"),
        ("discount 1 89.01", "discount_too_large"),
        ("discount 7 1%", "no_such_line"),
        ("void 7", "no_such_line"),
        ("recall nobody", "ticket_open"),
        ("close-shift 1.00", "ticket_open"),
        ("fly", "unknown_verb"),
        ("network maybe", "bad_usage"),
        ('scan "6900', "bad_line"),
        ("at 2020-01-01", "ok"),
        ("reprint S001T01-A-000099-AA", "not_found"),
        ("approve 1003 60429173", "nothing_to_approve"),
    ],
)
def test_bad_input_gets_a_sentence_and_changes_nothing(till: Till, line: str, code: str) -> None:
    play(till, f"scan {LIPSTICK}")
    before = (till.sale.cart, last(till, "status") | {"verb": "", "now": ""}, till.journal.head)
    if code != "ok":
        assert refused(till, line) == code
        assert (till.sale.cart, last(till, "status") | {"verb": "", "now": ""}, till.journal.head) == before


def test_cash_is_rounded_where_the_store_says_so_and_cards_are_not(chain: Chain, till: Till) -> None:

    chain.publish("settings", {("store:1", "cash_rounding"): SettingRow("10")})
    play(till, "sync")
    paid = last(till, f"scan {EGG}", "pay cash 2")
    assert (paid["total"], paid["rounding"], paid["change"]) == ("1.33", "-0.03", "0.70")
    assert last(till, f"scan {EGG}", "pay card 1.33 123456")["rounding"] == "0.00"
    body = sales_of(till)[-1]
    assert sum(t.amount for t in body.tenders) == body.total + body.rounding == 133


def test_a_free_ticket_is_completed_with_nothing(till: Till) -> None:
    play(till, f"sign-in {' '.join(MANAGER)}", f"scan {BUN}", "price 1 0.00")
    assert "receipt" in last(till, "pay cash 0.00")


def test_a_cashier_discounts_up_to_the_limit_and_beyond_it_with_approval(till: Till) -> None:
    assert last(till, f"scan {LIPSTICK}", "discount 1 10%")["due"] == "80.10"
    assert refused(till, "discount 1 30%") == "needs_approval"
    assert refused(till, f"approve {' '.join(OTHER)}") == "needs_approval"  # a lead may not either
    assert refused(till, f"approve {' '.join(CASHIER)}") == "no_self_approval"
    assert last(till, f"approve {' '.join(MANAGER)}")["due"] == "62.30"
    assert refused(till, "discount all 50%") == "needs_approval"
    play(till, "pay cash 100")
    (line,) = sales_of(till)[-1].lines
    assert [(reason.kind, reason.fen, reason.by) for reason in line.why] == [("discount", -2670, 1003)]


def test_approval_is_for_the_verb_just_refused_only(till: Till) -> None:
    play(till, f"scan {LIPSTICK}", "discount 1 30%", f"scan {BUN}")
    assert refused(till, f"approve {' '.join(MANAGER)}") == "nothing_to_approve"
    play(till, "discount 1 30%", f"approve {' '.join(MANAGER)}")
    assert refused(till, "discount 2 30%") == "needs_approval"


def test_a_ticket_discount_spares_articles_that_take_none(till: Till) -> None:
    assert last(till, f"scan {LIPSTICK}", f"scan {CARD}", "discount all 10%")["due"] == "130.10"
    assert refused(till, "discount 2 5%") == "no_discount_allowed"


def test_prices_change_with_the_right_or_within_the_floor(till: Till) -> None:
    assert last(till, f"scan {ICING}", "price 1 50")["due"] == "50.00"
    assert refused(till, "price 1 39.99") == "needs_approval"
    assert last(till, f"approve {' '.join(OTHER)}")["due"] == "39.99"


def test_a_voided_line_and_a_cancelled_ticket_leave_a_trace(till: Till) -> None:
    play(till, f"scan {BUN}", f"scan {MILK}", "void 1")
    assert last(till, f"scan {BUN}")["line"] == 3  # a number is not used twice
    assert last(till, "cancel")["lines"] == 0
    assert kinds(till)[-2:] == ["line.voided", "cart.cancelled"]


def test_cancelling_after_a_card_payment_needs_a_manager(till: Till) -> None:
    assert refused(till, f"scan {LIPSTICK}", "pay card 9 123456", "cancel") == "needs_approval"
    assert last(till, f"approve {' '.join(MANAGER)}")["ok"]


def test_tickets_are_parked_and_recalled_by_name(till: Till) -> None:
    play(till, f"scan {BUN}", "park 王阿姨", f"scan {MILK}", "park")
    assert last(till, "status")["parked"] == 2
    assert refused(till, "close-shift 0") == "parked_left"
    assert last(till, "recall 王阿姨")["due"] == "6.50"
    assert refused(till, "recall") == "ticket_open"
    play(till, "pay cash 6.50")
    assert refused(till, "recall 王阿姨") == "not_found"
    assert last(till, "recall")["due"] == "12.90"
    play(till, "cancel")
    assert refused(till, "recall") == "nothing_parked"
    assert refused(till, "park") == "empty_ticket"


def test_nobody_sells_without_signing_in_and_a_shift(chain: Chain) -> None:
    till = chain.open(*chain.enrol(1))
    till.sync()
    assert refused(till, f"scan {BUN}") == "not_signed_in"
    assert refused(till, f"sign-in {' '.join(CASHIER)}", f"scan {BUN}") == "no_shift"
    assert refused(till, "open-shift -1") == "bad_amount"


def test_wrong_pins_lock_a_clerk_out_for_a_while_and_are_journaled(chain: Chain, till: Till) -> None:
    assert [refused(till, "sign-in 1002 000000") for _ in range(6)][:5] == ["wrong_pin"] * 5
    assert refused(till, "sign-in 1002 418637") == "pin_locked"
    assert refused(till, "sign-in 9999 1") == "wrong_pin"
    chain.clock.set(chain.clock.now_ms() + 61_000)
    assert last(till, "sign-in 1002 418637")["ok"]
    assert kinds(till).count("sign_in.refused") == 6


def test_a_shift_adds_up(till: Till) -> None:
    play(till, f"scan {BUN}", "pay cash 10", f"scan {LIPSTICK}", "pay card 50 1234", "pay cash 39")
    play(till, "cash-in 20 零钱", "cash-out 5 快递", f"approve {' '.join(MANAGER)}")
    closed = last(till, f"sign-in {' '.join(MANAGER)}", "close-shift 260.40")
    assert closed["expected"] == "260.50"  # 200 + 6.50 + 39 + 20 - 5
    assert (closed["over"], closed["sales"], closed["total"]) == ("-0.10", 2, "95.50")
    assert closed["tenders"] == {"card": "50.00", "cash": "45.50"}
    assert refused(till, f"scan {BUN}") == "no_shift"


def test_a_reprint_says_which_copy_it_is_and_keeps_its_columns(till: Till) -> None:

    receipt = last(till, f"scan {LIPSTICK}", f"scan 0.536*{COOKIE}", "discount 1 10%", "pay cash 150")["receipt"]
    first, second = (last(till, f"reprint {receipt}")["text"] for _ in range(2))
    assert any("第1次" in line for line in first)
    assert any("第2次" in line for line in second)
    assert all(width(line) <= WIDTH for line in first if "小票" not in line)
    assert any("合计" in line and line.endswith("112.05") for line in first)


def test_tax_is_worked_out_per_line_and_summed_by_rate(till: Till) -> None:
    play(till, f"scan {BUN}", f"scan {MILK}", f"scan {EGG}", f"scan {CARD}", "pay cash 200")
    body = sales_of(till)[-1]
    assert {tax.rate: (tax.amount, tax.tax) for tax in body.taxes} == {
        "0.13": (650, 75),
        "0.09": (1290, 107),
        "exempt": (133, 0),
        "none": (5000, 0),
    }


def test_a_price_that_starts_tomorrow_starts_by_itself(chain: Chain, till: Till) -> None:

    starts = chain.clock.now_ms() + DAY
    chain.publish("prices", {("store:1", f"{BUN}@{starts}"): PriceRow(BUN, 500, starts, 2)})
    play(till, "sync", "network off")
    assert last(till, f"scan {BUN}", "cancel", f"scan {BUN}")["price"] == "6.50"
    play(till, "cancel")
    chain.clock.set(starts)
    assert last(till, f"scan {BUN}")["price"] == "5.00"

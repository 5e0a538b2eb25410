"""What a cashier does besides selling: quick keys, search, receipts, voids, payment codes, cash, locking, practice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt

from drivers.contracts import Weight
from drivers.scales.virtual import put_on
from posapp.devices import DEVICES_FILE
from posapp.messages import CashMoved, RefundCompleted, ShiftClosed
from posapp.streams import ArticleRow, PriceRow, SettingRow, TileRow
from posapp.till import Till
from tests.shop import CASHIER, MANAGER, OTHER, Chain, entries_of, kinds, play, sales_of
from tests.stories.counter import ENTER, ESCAPE, Counter
from tests.till.test_people import BADGES, give_badges
from tests.ui.keys import wait_until

BUN, MILK, LIPSTICK, COOKIE = "6900000000011", "6900000000028", "6900000000035", "00301"
F4, F5, F8, F10, F12 = (getattr(Qt.Key, f"Key_F{n}") for n in (4, 5, 8, 10, 12))


def sell(counter: Counter, *codes: str) -> str:
    """A cash sale with the exact amount; its receipt number."""
    counter.scan(*codes)
    counter.press(ENTER)
    counter.keys.wait(300)
    counter.press(ENTER)
    return counter.till.receipts_of_day(1)[0].receipt


@pytest.fixture
def goods(chain: Chain, till: Till) -> None:
    """Tiles and pinyin, as HQ publishes them."""
    named = {BUN: ("牛角包", "niu jiao bao", "njb"), MILK: ("鲜奶 950ml", "xian nai 950ml", "xn950ml")}
    chain.publish(
        "catalogue",
        {
            ("chain", code): ArticleRow(name, "个", "0.13", [(code, 0)], pinyin=pinyin, initials=initials)
            for code, (name, pinyin, initials) in named.items()
        },
    )
    chain.publish(
        "tiles", {("chain", f"1.{n}"): TileRow(1, n, code, "热销") for n, code in enumerate((BUN, COOKIE), 1)}
    )
    play(till, "sync")


# --- goods without a barcode ---


@pytest.mark.usefixtures("goods")
def test_a_tile_sells_with_one_tap_and_as_many_as_were_typed(counter: Counter) -> None:
    counter.tap(f"tile_{BUN}")
    assert [row[0] for row in counter.shown] == ["牛角包"]
    counter.type("3*")
    counter.tap(f"tile_{BUN}")
    assert counter.shown[0][1] == "4 个"


@pytest.mark.usefixtures("goods")
def test_goods_are_found_by_pinyin_with_keys_alone(counter: Counter) -> None:
    counter.type("xn")
    counter.press(ENTER)
    assert [row[0] for row in counter.shown] == ["鲜奶 950ml"]
    counter.type("2*njb")
    counter.press(ENTER)
    assert counter.shown[-1][:2] == ("牛角包", "2 个")
    counter.keys.wait(300)
    counter.press(ENTER)
    assert counter.app.sale.pay.isVisible()


@pytest.mark.usefixtures("goods")
def test_goods_are_found_by_pinyin_with_fingers_alone(counter: Counter) -> None:
    counter.tap("search")
    for letter in "xn":
        counter.tap(f"letter_{letter}")
    finder = counter.app.sale.selling.finder
    assert finder.code == MILK
    counter.tap("search")
    assert counter.typed == ""


@pytest.mark.usefixtures("goods")
def test_what_is_sold_by_weight_asks_for_it_where_there_is_no_scale(counter: Counter) -> None:
    counter.tap(f"tile_{COOKIE}")
    counter.answer("0.5")
    assert counter.shown[0][1:] == ("0.5 kg", "59.60", "29.80")


def test_the_scale_is_read_when_goods_are_sold_by_weight(
    stand: Callable[[Till], Counter], chain: Chain, tmp_path: Path
) -> None:
    data, state = chain.enrol(1)
    folder = tmp_path / "scale"
    configured = {"scale": {"kind": "scale", "driver": "virtual", "options": {"folder": str(folder)}}}
    (state / DEVICES_FILE).write_bytes(msgspec.json.encode(configured))
    till = chain.open(data, state)
    till.sync()
    play(till, f"sign-in {' '.join(CASHIER)}", "open-shift 200.00")
    counter = stand(till)
    put_on(folder, Weight(428, is_stable=True))
    scale = till.devices.scale
    assert scale
    wait_until(lambda: (held := scale.reading()) is not None and held.grams == 428 and held.is_stable)
    counter.scan(COOKIE)
    assert counter.shown[0][1:] == ("0.428 kg", "59.60", "25.51")


# --- papers ---


def test_a_paid_ticket_is_voided_with_the_managers_word(counter: Counter) -> None:
    receipt = sell(counter, LIPSTICK)
    counter.press(F5)
    counter.choose(f"receipt_{receipt}")
    counter.choose("receipt_void")
    counter.choose("void_reason_1")
    assert counter.app.sale.question.isVisible()
    counter.answer(*MANAGER)
    assert "89.00" in counter.notice
    (refund,) = [body for _, body in entries_of(counter.till) if isinstance(body, RefundCompleted)]
    assert (refund.receipt, refund.total) == (receipt, 8900)
    counter.press(F5)
    counter.choose(f"receipt_{receipt}")
    assert [option.name for option in counter.app.sale.choice.options] == ["receipt_again"]


def test_a_receipts_code_shows_it_from_any_screen(counter: Counter) -> None:
    receipt = sell(counter, BUN)
    counter.press(F12)
    counter.scan(receipt)
    assert counter.app.sale.choice.isVisible()
    assert "牛角包" in counter.app.sale.choice.sheet.text.text()
    counter.press(ESCAPE)
    counter.scan(MILK)
    assert len(counter.shown) == 1


def test_a_receipt_is_printed_again_and_says_so(counter: Counter) -> None:
    receipt = sell(counter, BUN)
    counter.press(Qt.Key.Key_Home)
    assert receipt in counter.notice
    assert kinds(counter.till)[-1] == "receipt.reprinted"


def test_the_shops_own_code_needs_a_manager_once_and_is_listed_until_it_is_matched(counter: Counter) -> None:
    counter.till.network(False)
    counter.scan(BUN)
    counter.press(ENTER, F8)
    counter.answer(*MANAGER)
    counter.scan(MILK)
    counter.press(ENTER, F8)
    assert [sale.tenders[0].kind for sale in sales_of(counter.till)] == ["static", "static"]
    counter.press(F10)
    counter.choose("more_unmatched")
    first = counter.till.unmatched()[0]
    counter.choose(f"unmatched_{first.receipt}_{first.n}")
    counter.answer("20261122001")
    assert len(counter.till.unmatched()) == 1


def test_a_scanned_payment_code_says_that_it_cannot_be_taken_yet(counter: Counter) -> None:
    counter.scan(BUN)
    counter.press(ENTER)
    counter.scan("134567890123456789")
    assert "付款码" in counter.notice
    assert sales_of(counter.till) == []


# --- cash and shift ---


def test_cash_goes_out_with_a_reason_and_a_colleagues_right(counter: Counter) -> None:
    counter.press(F10)
    counter.choose("more_cash_out")
    counter.answer("50")
    counter.choose("cash_reason_0")
    counter.answer(*OTHER)
    (moved,) = [(header.by, body) for header, body in entries_of(counter.till) if isinstance(body, CashMoved)]
    assert (moved[0], moved[1].amount) == (int(OTHER[0]), -5000)
    assert moved[1].reason == counter.till.cash_reasons()[0]


def test_the_drawer_is_counted_note_by_note_and_the_slip_hides_what_a_cashier_may_not_see(counter: Counter) -> None:
    sell(counter, LIPSTICK)
    counter.press(F12)
    counter.keys.type("2", gap_ms=150)
    wait_until(lambda: counter.app.close_shift.total.text() == "¥200.00")
    counter.press(Qt.Key.Key_Down)
    counter.keys.type("1", gap_ms=150)
    wait_until(lambda: counter.app.close_shift.total.text() == "¥250.00")
    counter.press(F12)
    assert counter.window.page_name == "slip"
    (closed,) = [body for _, body in entries_of(counter.till) if isinstance(body, ShiftClosed)]
    assert (closed.counted, closed.expected) == (25000, 28900)
    text = counter.app.slip.choice.sheet.text.text()
    assert "250.00" in text
    assert "289.00" not in text
    counter.choose("explain_0")
    assert kinds(counter.till)[-1] == "shift.explained"
    counter.press(ESCAPE)
    assert counter.window.page_name == "open_shift"


def test_a_count_of_nothing_closes_no_shift(counter: Counter) -> None:
    counter.press(F12, F12)
    assert counter.till.shift
    assert counter.window.page_name == "close_shift"


def test_what_the_shift_has_come_to_is_shown_without_closing_it(counter: Counter) -> None:
    sell(counter, BUN)
    counter.press(F10)
    counter.choose("more_report_x")
    assert "6.50" in counter.app.sale.choice.sheet.text.text()
    assert counter.till.shift


# --- people ---


def test_a_locked_window_opens_where_it_was_for_a_pin_or_a_badge(counter: Counter, chain: Chain) -> None:
    give_badges(chain, counter.till)
    counter.scan(BUN)
    counter.press(Qt.Key.Key_End)
    assert counter.window.page_name == "locked"
    counter.scan(MILK)
    assert len(counter.till.ticket().lines) == 1
    counter.answer("00000000")
    assert counter.window.page_name == "locked"
    counter.answer(CASHIER[1])
    assert (counter.window.page_name, len(counter.shown)) == ("sale", 1)
    counter.press(Qt.Key.Key_End)
    counter.scan(BADGES[OTHER[0]])
    assert (counter.window.page_name, len(counter.shown)) == ("sale", 1)
    assert counter.till.clerk
    assert counter.till.clerk.number == int(OTHER[0])


def test_the_window_locks_itself_when_nobody_is_there(counter: Counter, chain: Chain) -> None:
    counter.app._tick()
    assert counter.window.page_name == "sale"
    chain.publish("settings", {("store:1", "lock_after"): SettingRow("1")})
    play(counter.till, "sync")
    wait_until(lambda: counter.window.page_name == "locked")


def test_a_badge_approves_what_was_just_asked_for(counter: Counter, chain: Chain) -> None:
    give_badges(chain, counter.till)
    counter.scan(LIPSTICK)
    counter.type("60")
    counter.press(Qt.Key.Key_F6)
    assert counter.app.sale.question.isVisible()
    counter.scan(BADGES[MANAGER[0]])
    assert not counter.app.sale.question.isVisible()
    assert counter.total == "¥60.00"


def test_an_approval_that_was_given_up_is_lent_to_no_later_badge(counter: Counter, chain: Chain) -> None:
    give_badges(chain, counter.till)
    counter.scan(LIPSTICK)
    counter.type("60")
    counter.press(Qt.Key.Key_F6)
    counter.press(ESCAPE)
    counter.scan(BADGES[MANAGER[0]])
    assert counter.total == "¥89.00"
    assert counter.till.clerk
    assert counter.till.clerk.number == int(MANAGER[0])


def test_a_badge_that_opens_a_locked_window_approves_nothing(counter: Counter, chain: Chain) -> None:
    give_badges(chain, counter.till)
    counter.scan(LIPSTICK)
    counter.type("60")
    counter.press(Qt.Key.Key_F6)
    counter.app.lock()
    counter.scan(BADGES[MANAGER[0]])
    assert counter.window.page_name == "sale"
    assert counter.total == "¥89.00"
    assert "approval.given" not in kinds(counter.till)


def test_practice_is_marked_and_leaves_no_sale_behind(counter: Counter) -> None:
    counter.press(F10)
    counter.choose("more_training")
    assert counter.window.ribbon.isVisible()
    counter.answer("100")
    sell(counter, LIPSTICK)
    counter.press(F10)
    counter.choose("more_training")
    assert not counter.window.ribbon.isVisible()
    assert sales_of(counter.till) == []


# --- keys ---


def test_a_shop_gives_keys_away_as_it_likes(stand: Callable[[Till], Counter], chain: Chain, till: Till) -> None:
    chain.publish("settings", {("store:1", "keys"): SettingRow("park=F3 void=none")})
    play(till, "sync", "status")
    till.scan(BUN)
    counter = stand(till)
    counter.press(Qt.Key.Key_Delete)
    assert len(counter.shown) == 1
    counter.press(Qt.Key.Key_F3)
    assert counter.shown == []
    assert till.status().parked == 1


def test_one_of_several_parked_tickets_is_chosen(counter: Counter) -> None:
    for code in (BUN, MILK):
        counter.scan(code)
        counter.press(F4)
    counter.press(F4)
    counter.choose("parked_1")
    assert [row[0] for row in counter.shown] == ["牛角包"]


def test_keys_of_a_void_a_price_and_parking_are_few(counter: Counter) -> None:
    """peers.md D: what a cashier of a Chinese supermarket till expects to press."""
    counter.scan(LIPSTICK, BUN)
    before = counter.strokes
    counter.press(Qt.Key.Key_Delete)
    assert counter.strokes - before == 1
    begun = counter.seconds
    before = counter.strokes
    counter.type("60")
    counter.press(Qt.Key.Key_F6)
    counter.answer(*MANAGER)
    assert counter.strokes - before == 2 + 1 + len(MANAGER[0]) + 1 + len(MANAGER[1]) + 1
    assert counter.total == "¥60.00"
    before = counter.strokes
    counter.press(F4, F4)
    assert counter.strokes - before == 2
    assert counter.total == "¥60.00"
    assert counter.seconds - begun < 6  # a price with a manager's number and PIN, parked and recalled


def test_enter_takes_no_choice(counter: Counter) -> None:
    receipt = sell(counter, LIPSTICK)
    counter.press(F5)
    counter.choose(f"receipt_{receipt}")
    counter.keys.wait(400)
    counter.press(ENTER)
    counter.keys.wait(400)
    counter.press(ENTER)
    assert kinds(counter.till)[-1] == "sale.completed"
    assert counter.app.sale.choice.isVisible()


def test_prices_of_a_page_follow_headquarters(counter: Counter, chain: Chain, till: Till) -> None:
    chain.publish("tiles", {("chain", "1.1"): TileRow(1, 1, BUN, "热销")})
    play(till, "sync")
    wait_until(lambda: any(page.tiles for page in counter.app.sale.selling.tiles.pages))
    chain.publish("prices", {("chain", f"{BUN}@0"): PriceRow(BUN, 700, 0, 2)})
    play(till, "sync")
    wait_until(lambda: str(counter.app.sale.selling.tiles.pages[0].tiles[0].price) == "7.00")

"""The receipts of the day, and finding one by what stands on its paper."""

from __future__ import annotations

import pytest

from posapp.clock import DAY
from posapp.rules.codes import kind_of
from posapp.streams import SettingRow
from posapp.till import Till
from tests.shop import MANAGER, Chain, last, play, refused

BUN, LIPSTICK = "6900000000011", "6900000000035"


@pytest.fixture
def numbers(till: Till) -> list[str]:
    """Five receipts, the third of them voided, the first copied twice."""
    made = [str(last(till, f"scan {n}*{BUN}", "pay cash 100")["receipt"]) for n in range(1, 6)]
    play(till, f"sign-in {' '.join(MANAGER)}", f"void-sale {made[2]} 错了", f"reprint {made[0]}", f"reprint {made[0]}")
    return made


def test_the_newest_come_first_and_one_goes_on_behind_the_last(till: Till, numbers: list[str]) -> None:
    first = till.receipts_of_day(2)
    assert [row.receipt for row in first] == [numbers[4], numbers[3]]
    rest = till.receipts_of_day(9, first[-1].place)
    assert [row.receipt for row in rest] == numbers[2::-1]
    assert [bool(row.voided_by) for row in rest] == [True, False, False]
    assert [row.copies for row in rest] == [0, 0, 2]
    assert [(str(row.total), row.clerk) for row in rest] == [("19.50", 1001), ("13.00", 1001), ("6.50", 1001)]
    assert last(till, "receipts 1")["receipts"][0]["tenders"] == [["cash", "32.50"]]


def test_yesterdays_are_not_among_them(chain: Chain, till: Till, numbers: list[str]) -> None:
    chain.clock.set(chain.clock.now_ms() + DAY)
    assert till.receipts_of_day(9) == []
    today = last(till, f"scan {LIPSTICK}", "pay cash 89")["receipt"]
    assert [row.receipt for row in till.receipts_of_day(9)] == [today]
    assert till.recorded(numbers[0]).receipt == numbers[0]  # the whole number finds any day's
    assert refused(till, "reprint 1") == "not_found"
    assert till.recorded("7").receipt == today


@pytest.mark.parametrize("spelt", ["{}", "1", "000001", "１", "{lower}", "{bare}"])
def test_a_receipt_is_found_however_its_number_is_spelt(till: Till, numbers: list[str], spelt: str) -> None:
    number = numbers[0]
    text = spelt.format(number, lower=number.lower(), bare=number[:-3])
    assert till.recorded(text).receipt == number
    assert last(till, f"reprint {text}")["ok"]


def test_a_short_number_finds_a_voids_slip_too(till: Till, numbers: list[str]) -> None:
    found = till.recorded("6")
    assert (found.is_sale, str(found.total)) == (False, "19.50")
    assert till.recorded(numbers[2]).voided_by == found.receipt


def test_a_receipts_code_is_known_by_its_spelling() -> None:
    assert kind_of("S001T01-A-000042-7K") == "receipt"
    assert kind_of("s131071t63-bx7-1000000-rr") == "receipt"
    assert {kind_of(code) for code in ("42", "6900000000011", "S001T01", "S001T01-A-000042-7K-9")} == {""}


def test_a_scanned_receipt_shows_its_sale(till: Till, numbers: list[str]) -> None:
    shown = last(till, f"scan {numbers[3]}")
    assert (shown["receipt"], shown["total"]) == (numbers[3], "26.00")


def test_the_clerk_stands_on_it_by_name_or_by_number(chain: Chain, till: Till, numbers: list[str]) -> None:
    def clerk() -> str:
        return str(next(line for line in last(till, "reprint 1")["text"] if line.startswith("收银员")))

    assert clerk() == "收银员 林小满"
    chain.publish("settings", {("store:1", "receipt_clerk"): SettingRow("number")})
    play(till, "sync")
    assert clerk() == "收银员 1001"
    chain.publish("settings", {("store:1", "receipt_clerk"): SettingRow("name")})
    chain.publish("staff", {("chain", "1001"): None})
    play(till, "sync")
    assert clerk() == "收银员 1001"  # whose name nobody knows any more

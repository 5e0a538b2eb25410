"""The day report equals the sums of what was sold, and says when it may still change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from posapp.clock import HOUR
from posapp.errors import PosError
from posapp.hq import enrol, people, reports
from posapp.hq.tables import till_status
from posapp.messages import CashMoved, Tender
from tests.hq.shop import DATE, START, Shop, on_sqlite


def day(shop: Shop, date: str | None = DATE) -> dict[str, object]:
    return reports.day(shop.database, shop.clock, 1, date)


def test_the_day_is_the_sum_of_its_sales(shop: Shop) -> None:
    one, two = shop.till(), shop.till()
    first, second = one.journal(), two.journal()
    first.sale(1000, 99)
    first.sale(203, rounding=-3, tenders=[Tender("cash", 100, 100), Tender("card", 100, 0, "1")])
    first.add(CashMoved("shift-1", 500, "x"))
    first.add(CashMoved("shift-1", -200, "x"))
    second.sale(77)
    second.sale(5000, kind="voucher")
    another_day = second.sale(9, kind="card")
    assert another_day.header
    second.entries.pop()
    second.headers.pop()
    second.counter -= 1
    for till, journal in ((one, first), (two, second)):
        till.push(journal.jid, journal.entries)
        till.hello([], unsent=0)
    shop.settle()
    report = day(shop)
    assert (report["sales"], report["total"], report["rounding"]) == (4, "63.79", "-0.03")
    assert report["tenders"] == [
        {"kind": "card", "count": 1, "amount": "1.00", "refunded": "0.00", "net": "1.00"},
        {"kind": "cash", "count": 3, "amount": "12.76", "refunded": "0.00", "net": "12.76"},
        {"kind": "voucher", "count": 1, "amount": "50.00", "refunded": "0.00", "net": "50.00"},
    ]
    assert report["taxes"] == [
        {"rate": "0.13", "amount": "63.79", "tax": "7.33", "refunded": "0.00", "net_tax": "7.33"}
    ]
    assert (report["cash_in"], report["cash_out"]) == ("5.00", "-2.00")
    tills = report["tills"]
    assert isinstance(tills, list)
    assert [(t["till"], t["sales"], t["total"]) for t in tills] == [("S001T01", 2, "13.02"), ("S001T02", 2, "50.77")]
    assert tills[0]["first_receipt"] == first.headers[1].rn
    assert tills[0]["last_receipt"] == first.headers[2].rn
    assert json.loads(json.dumps(report)) == report
    assert reports.day_text(report, "zh")
    assert "63.79" in reports.day_text(report, "en")
    before = day(shop, "2026-11-21")
    assert (before["sales"], before["total"], before["tenders"]) == (None, None, [])


def test_what_went_back_and_what_nobody_has_matched_is_told_apart(shop: Shop) -> None:
    till = shop.till()
    journal = till.journal()
    journal.sale(1000, 99)
    journal.sale(500, kind="static")
    journal.sale(300, kind="static")
    journal.sale(200, kind="static")
    journal.sale(103, rounding=-3, tenders=[Tender("cash", 100, 100)])
    journal.void(1)
    journal.void(2)
    journal.matched(3)
    till.push(journal.jid, journal.entries)
    till.hello([], unsent=0)
    shop.settle()
    report = day(shop)
    assert (report["sales"], report["total"]) == (5, "22.02")
    assert (report["tickets"], report["refunds"], report["refunded"], report["net_sales"]) == (3, 2, "15.99", "6.00")
    assert report["tenders"] == [
        {"kind": "cash", "count": 2, "amount": "11.99", "refunded": "10.99", "net": "1.00"},
        {"kind": "static", "count": 3, "amount": "10.00", "refunded": "5.00", "net": "5.00"},
    ]
    assert (report["unmatched"], report["unmatched_amount"]) == (1, "2.00")
    taxes: Any = report["taxes"]
    assert (taxes[0]["refunded"], taxes[0]["tax"], taxes[0]["net_tax"]) == ("15.99", "2.54", "0.70")
    text = reports.day_text(report, "zh")
    assert "收款码待核对" in text
    assert "-" not in text.split("净销售额")[1].split("\n")[0]
    assert "given back Payment code" in reports.day_text(report, "en")


def test_what_a_till_had_not_sent_is_here_with_its_push_though_it_says_no_more(shop: Shop) -> None:
    till = shop.till()
    journal = till.journal()
    for _ in range(3):
        journal.sale(100)
    shop.clock.now = START + HOUR
    # its clock is a little behind, and one entry lies in a journal that HQ cannot verify
    till.hello([], unsent=5, oldest_unsent=START, wall=START + HOUR - 2_000)
    journal.effective = START + HOUR
    journal.sale(100)
    counts = []
    for some in (journal.entries[:2], journal.entries[:2], journal.entries[2:]):
        till.push(journal.jid, some)
        row = shop.rows(till_status)[0]
        assert row["contact"] == START + HOUR
        counts.append((row["unsent"], row["oldest_unsent"]))
    assert counts == [(3, START), (3, START), (1, START)]
    till.hello([], unsent=1, oldest_unsent=START + HOUR, wall=START + 2 * HOUR)
    journal.sale(100)
    till.push(journal.jid, journal.entries[-1:])
    row = shop.rows(till_status)[0]
    assert (row["unsent"], row["oldest_unsent"]) == (0, 0)


@on_sqlite
def test_a_day_is_provisional_while_something_may_still_come(shop: Shop) -> None:
    till = shop.till()
    over = START + 3 * 86_400_000
    assert day(shop)["provisional"]
    shop.clock.now = over
    assert not day(shop)["provisional"], "a till that never called in knows no clerk: it has sold nothing"
    till.hello([], unsent=2, oldest_unsent=START)
    report = day(shop)
    assert report["provisional"], "the till has unsent entries"
    tills: Any = report["tills"]
    assert (tills[0]["unsent"], tills[0]["oldest_unsent"][:4]) == (2, "2026")
    till.hello([], unsent=0)
    assert not day(shop)["provisional"]
    # A place for a till that no computer has taken yet holds nothing back; neither does a till that is shut out.
    enrol.add_till(shop.database, shop.keys, shop.clock, shop.chance, 1, 9)
    assert not day(shop)["provisional"]
    other = shop.till(5)
    assert not day(shop)["provisional"]
    other.hello([], unsent=1)
    assert day(shop)["provisional"]
    enrol.revoke(shop.database, 1, 5)
    assert not day(shop)["provisional"]


@on_sqlite
def test_zero_is_said_only_where_it_is_known(shop: Shop) -> None:
    def shown(date: str = DATE) -> list[object]:
        told: Any = day(shop, date)
        return [told["net_sales"], told["tickets"], *(one["net_sales"] for one in told["tills"])]

    assert shown() == [None, None], "a store without tills"
    one, other = shop.till(), shop.till()
    assert shown() == [None, None, None, None], "nobody has called in"
    one.hello([], unsent=0)
    assert shown() == ["0.00", 0, "0.00", None], "open, and nothing sold so far"
    assert "—" in reports.day_text(day(shop))
    other.hello([], unsent=1, oldest_unsent=START - HOUR)
    assert shown() == [None, None, "0.00", None], "what the other has not sent may be sales"
    assert shown("2026-11-20") == shown("2026-11-23") == [None, None, None, None], "before the store was, and to come"
    other.hello([], unsent=0)
    shop.clock.now += 2 * HOUR
    assert shown() == [None, None, None, None], "silent: never zero"
    shop.clock.now = START + 48 * HOUR
    one.hello([], unsent=0)
    other.hello([], unsent=0)
    assert shown() == ["0.00", 0, "0.00", "0.00"], "a day that is over, and all have told it"


@on_sqlite
def test_today_follows_the_stores_clock(shop: Shop) -> None:
    # 2026-11-22 01:52 in Shanghai still belongs to the day before, until the cut-over hour is moved.
    shop.clock.now = 1_795_283_545_000
    assert day(shop, None)["date"] == "2026-11-21"
    people.set_value(shop.database, "chain", "cutover_hour", "1")
    assert day(shop, None)["date"] == "2026-11-22"
    people.set_value(shop.database, "1", "time_zone", "America/New_York")
    assert day(shop, None)["date"] == "2026-11-21"


@on_sqlite
@pytest.mark.parametrize(
    "date", ["", "yesterday", "2026-13-01", "26-1-1", "2026-11-22T00:00", "0000-00-00", "0001-01-01", "2026-W48-1"]
)
def test_what_is_no_date_is_refused(shop: Shop, date: str) -> None:
    with pytest.raises(PosError, match="bad_date"):
        day(shop, date)
    with pytest.raises(PosError, match="no_such_store"):
        reports.day(shop.database, shop.clock, 7, DATE)

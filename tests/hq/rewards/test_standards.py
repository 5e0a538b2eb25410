"""The three-minute standard, replies in WeCom, and a store's three numbers, from what really happened."""

from __future__ import annotations

from pathlib import Path

import pytest

from posapp.errors import PosError
from posapp.hq.database import Database
from posapp.hq.rewards import scores
from posapp.hq.rewards.scores import scores_of, scores_text
from posapp.hq.rewards.served import served, served_text
from posapp.hq.rewards.wecom_stats import activity_of, import_stats, stats, stats_text
from posapp.messages import GuestServed
from posapp.rules.dictionary import Value
from tests.hq.rewards.house import DAY, House
from tests.hq.shop import DATE, START, Shop
from tests.shop import CASHIER, play
from tests.till.test_members import BUN


def waited(shop: Shop, *seconds: int, date: str = DATE) -> None:
    till = shop.till()
    journal = till.journal()
    for wait in seconds:
        journal.add(GuestServed("reception", START, START + wait * 1000), bd=date)
    journal.add(GuestServed("pickup", 0, START), bd=date)  # nobody saw them come
    journal.add(GuestServed("pickup", START, START - 1), bd=date)  # a clock that went back
    till.push(journal.jid, journal.entries)
    shop.settle()


def test_the_share_within_three_minutes_comes_from_real_timestamps(shop: Shop) -> None:
    waited(shop, 60, 180, 181, 20, 30, 40, 50, 70, 80, 600)
    waited(shop, 200, date="2026-11-23")
    with shop.database.reading() as conn:
        told = served(conn, DATE, "2026-11-23")
        with pytest.raises(PosError, match="bad_date"):
            served(conn, "2026-11-31", DATE)
    (row,) = told["stores"]
    assert (row["in_time"], row["arrivals"], row["share"], row["rank"]) == (8, 11, "72.7%", None)
    days = [(day["arrivals"], day["in_time"], day["p90_seconds"]) for day in row["days"]]
    assert days == [(10, 8, 181), (1, 0, 200)]
    assert "72.7%" in served_text(told)
    assert "P90 200 s" in served_text(told, "en")


def test_the_best_store_comes_first_and_few_arrivals_rank_nowhere(shop: Shop) -> None:
    waited(shop, *[100] * 29, 300)
    with shop.database.reading() as conn:
        (row,) = served(conn, DATE, DATE)["stores"]
    assert (row["rank"], row["share"]) == (1, "96.7%")


FILE = """日期,门店,员工,聊天总数,已回复,1小时内回复,群成员数,活跃成员
2026-11-22,1,,40,38,30,200,50
2026/11/23,1,,10,10,,200,60
2026-11-22,9,,1,1,1,1,1
2026-11-22,1,,1,1,1,1,1
昨天,1,,1,1,1,1,1
2026-11-24,1,,5,6,1,1,1
"""


def test_a_file_of_replies_and_groups_is_taken_over(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "stats.csv"
    file.write_text(FILE, "utf-8")
    assert import_stats(shop.database, file, dry_run=True).taken == 2
    with shop.database.reading() as conn:
        assert stats(conn, DATE, "2026-11-24")["stores"] == []
    report = import_stats(shop.database, file)
    assert [(one.row, one.reason) for one in report.refused] == [
        (4, "no_store"),
        (5, "duplicate"),
        (6, "bad_date"),
        (7, "too_many"),
    ]
    assert "拒绝 4" in report.text()
    assert "4 refused" in report.text("en")
    import_stats(shop.database, file)  # again changes nothing
    with shop.database.reading() as conn:
        told = stats(conn, DATE, "2026-11-24")
        assert activity_of(conn, 1, DATE) == (50, 200)
    (row,) = told["stores"]
    # of the second day it is not known how many were answered within the hour
    assert (row["in_hour_share"], row["hour_chats"], row["answered_share"]) == ("75.0%", 40, "96.0%")
    assert row["active_share"] == "27.5%"
    assert "75.0%" in stats_text(told)


def test_a_stores_three_numbers_come_out_again_from_events(house: House, tmp_path: Path) -> None:
    for n in (1, 2, 3):
        house.join(house.badge(CASHIER), f"1390000000{n}")
    house.follow()
    play(house.till, "member 13900000001", f"scan {BUN}", "pay cash 10")
    play(house.till, "member 13900000002", f"scan {BUN}")
    receipt = play(house.till, "pay cash 10")[-1]["receipt"]
    house.void(receipt)
    play(house.till, "member 13900000003", "drop-member")
    house.follow()
    day = 86_400_000
    house.later(20 * day)
    play(house.till, "member 13900000001", f"scan {BUN}", "pay cash 10")
    house.follow()
    file = tmp_path / "stats.csv"
    file.write_text(FILE, "utf-8")
    import_stats(house.chain.database, file)
    with house.chain.database.reading() as conn:
        today = scores_of(conn, 1, DAY)
        cohort = scores_of(conn, 1, "2026-12-25")
    assert today == [("group_activity", 50, 200), ("visit_conversion", 1, 3), ("repurchase_rate", 0, 0)]
    # one person bought first on 22 November and again 20 days later; the voided sale is no purchase
    assert cohort[2] == ("repurchase_rate", 1, 1)
    assert "到店转化率: 33.3% (1/3)" in scores_text(1, DAY, today)
    assert "Visit conversion: 33.3%" in scores_text(1, DAY, today, "en")


def test_an_old_day_keeps_the_formulas_of_its_period(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(scores.FORMULAS, 2, {"group_activity": lambda conn, number, date: Value(1, 2)})
    monkeypatch.setattr(scores, "PERIODS", [("", 1), ("2026-12-01", 2)])
    with database.reading() as conn:
        assert scores_of(conn, 1, "2026-12-01") == [("group_activity", 1, 2)]
        assert [row[0] for row in scores_of(conn, 1, "2026-11-30")] == list(scores.FORMULAS[1])

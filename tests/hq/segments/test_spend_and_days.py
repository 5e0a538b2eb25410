"""What a new member costs, and a day beside days like it: from imported files and the tills' own gifts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from posapp.errors import PosError
from posapp.hq.remarks import Report
from posapp.hq.segments import cac, days, reports
from posapp.hq.segments.tables import day_tag, spend
from tests.hq.segments.little import Little, day

BREAD = ("bread", 1_000, 650)


def paid(little: Little, tmp_path: Path, content: str) -> cac.SpendReport:
    (tmp_path / "spend.csv").write_text(content, "utf-8")
    return cac.import_spend(little.database, little.clock, tmp_path / "spend.csv")


def tagged(little: Little, tmp_path: Path, content: str, store: str = "chain") -> Report:
    (tmp_path / "days.csv").write_text(content, "utf-8")
    return days.import_days(little.database, tmp_path / "days.csv", store=store)


def test_cac_by_channel_holds_media_gifts_of_tills_and_first_order_benefits(little: Little, tmp_path: Path) -> None:
    stand = [little.person(ago=5, channel="stand") for _ in range(2)]
    little.person(ago=5, channel="receipt")
    before = little.person(ago=200, channel="stand")
    gift = {"tea": [{"kind": "gift", "fen": -300, "id": "g"}]}
    off = {"cake": [{"kind": "benefit", "fen": -500, "id": "b"}]}
    little.sale(stand[0], 5, ("tea", 1_000, 0), BREAD, whys=gift)  # 1.50 the shop paid for the gift
    little.sale(stand[1], 4, ("cake", 1_000, 4_500), whys=off)  # 5.00 off
    little.sale(stand[1], 3, ("cake", 1_000, 4_500), whys=off)  # not the first order
    little.sale(before, 2, ("tea", 1_000, 0), BREAD, whys=gift)  # joined long ago
    little.settle()
    content = (
        f'渠道,开始日期,结束日期,金额,说明\nstand,{day(12)},{day(3)},"1,000.00",展架\nsms,{day(5)},{day(5)},30,群发\n'
    )
    report = paid(little, tmp_path, content)
    assert (report.taken, report.fen) == (2, 103_000)
    with little.database.reading() as conn:
        told = reports.costs(conn, little.clock.now, day(9).isoformat(), day(0).isoformat())
    figures = {part: {name: one["top"] for name, one in held.items()} for part, held in told["parts"].items()}
    # seven of the ten days that the stand was paid for
    assert figures["stand"] == {
        "joins": 2,
        "cac_media": 70_000,
        "cac_gifts": 150,
        "cac_benefits": 500,
        "cac_rewards": 0,
        "cac": 70_650,
    }
    assert told["parts"]["stand"]["cac"]["text"] == "353.25"
    assert told["parts"]["receipt"]["cac"]["text"] == "0.00"
    assert told["parts"]["sms"]["cac"]["text"] == "—"  # paid for, and nobody came
    assert "获客成本" in reports.text(told)
    # the same file again changes nothing, a new amount stands for the old one
    paid(little, tmp_path, content)
    paid(little, tmp_path, content.replace("30,群发", "40,群发"))
    with little.database.reading() as conn:
        assert sorted(conn.scalars(select(spend.c.fen))) == [4_000, 100_000]


def test_each_bad_row_of_spend_is_named_and_the_others_taken(little: Little, tmp_path: Path) -> None:
    rows = [
        ("moon,2026-11-01,,1", "unknown_channel"),
        ("sms,2026-02-30,,1", "bad_date"),
        ("sms,2026-11-02,2026-11-01,1", "bad_period"),
        ("sms,2026-11-01,,-3", "bad_amount"),
        ("sms,2026-11-01,,a lot", "bad_amount"),
        ("sms,2026-11-01,,5,打13800138009", "text_has_number"),
        ("sms,2026-11-01,,5", ""),
        ("sms,2026-11-01,,6", "duplicate"),
    ]
    report = paid(little, tmp_path, "渠道,开始日期,结束日期,金额,说明\n" + "\n".join(row for row, _ in rows))
    assert [remark.reason for remark in report.refused] == [reason for _, reason in rows if reason]
    assert all(remark.sentence(language) for remark in report.refused for language in ("zh", "en"))
    assert (report.rows, report.taken, report.fen) == (8, 1, 500)
    with pytest.raises(PosError, match="import_columns"):
        paid(little, tmp_path, "a,b\n1,2\n")


WEATHER = [(7, "晴"), (14, "小雨转阴"), (21, "雷阵雨"), (28, "多云"), (1, "中雨"), (2, "大雨")]


def beside(little: Little, number: int = 1) -> dict[str, Any]:
    with little.database.reading() as conn:
        return reports.weather(conn, little.clock.now, number, None)


def test_a_day_beside_days_of_the_same_weather_and_kind(little: Little, tmp_path: Path) -> None:
    for ago, _ in WEATHER:
        for n in range(ago):
            little.sale("", ago, ("bread", 1_000, 100 * (n + 1)))
    little.sale("", 0, BREAD)
    little.back(little.sale("", 0, BREAD), 0)
    rows = "\n".join(f"{day(ago)},{weather},," for ago, weather in [*WEATHER, (0, "阵雨")])
    assert tagged(little, tmp_path, f"日期,天气,节日,最高气温\n{rows}").taken == 7
    told = beside(little)
    tickets = {part: (held["tickets"]["top"], held["tickets"]["bottom"]) for part, held in told["parts"].items()}
    # today is a rainy Sunday: so were those of two and three weeks ago, and yesterday, a Saturday
    assert (told["weather"], told["kind"]) == ("rain", "weekend")
    assert tickets == {"day": (1, 1), "same": (36, 3), "same_weather": (38, 4), "same_kind": (71, 5), "all": (73, 6)}
    assert told["parts"]["same"]["net_sales"]["top"] == sum(100 * n for ago in (1, 14, 21) for n in range(1, ago + 1))
    # a store's own word counts more than everybody's
    assert tagged(little, tmp_path, f"date,weather\n{day(0)},sunny\n", "1").taken == 1
    assert beside(little)["weather"] == "sun"
    assert beside(little, 2)["weather"] == "rain"


def test_a_holiday_is_beside_holidays(little: Little, tmp_path: Path) -> None:
    for ago in (0, 3, 5):
        little.sale("", ago, BREAD)
    content = f"日期,天气,类型,节日\n{day(0)},晴,,店庆\n{day(3)},晴,节假日,\n{day(5)},晴,工作日,\n"
    assert tagged(little, tmp_path, content).taken == 3
    told = beside(little)
    assert (told["kind"], told["holiday"]) == ("holiday", "店庆")
    assert told["parts"]["same"]["days"]["top"] == 1
    assert reports.text(told, "en")


def test_each_bad_row_of_days_is_named_and_the_others_taken(little: Little, tmp_path: Path) -> None:
    rows = [
        ("2026-13-01,晴,,,", "bad_date"),
        ("2026-11-01,好,,,", "unknown_weather"),
        ("2026-11-02,晴,也许,,", "bad_kind"),
        ("2026-11-03,晴,,,热", "bad_degrees"),
        (f"2026-11-04,晴,,{'长' * 21},", "bad_holiday"),
        ("2026年11月5日,晴,,,-3℃", ""),
        ("20261105,晴,,,", "duplicate"),
    ]
    report = tagged(little, tmp_path, "日期,天气,类型,节日,最高气温\n" + "\n".join(row for row, _ in rows))
    assert [remark.reason for remark in report.refused] == [reason for _, reason in rows if reason]
    assert all(remark.sentence(language) for remark in report.refused for language in ("zh", "en"))
    with little.database.reading() as conn:
        (row,) = conn.execute(select(day_tag)).all()
    assert (row.weather, row.kind, row.high, row.low) == ("sun", "workday", -3, 99)

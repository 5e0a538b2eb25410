"""What a new member costs by channel (获客成本): media as imported, gifts and benefits at tills, clerks' rewards."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, case, func, select

from posapp.clock import DAY, Clock
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import Database, upsert
from posapp.hq.imports import Row, progress, read_rows, take_each
from posapp.hq.joining.tables import joined
from posapp.hq.members.tables import person
from posapp.hq.people import settings_of
from posapp.hq.remarks import Refused, Report, Words
from posapp.hq.segments import neighbours
from posapp.hq.segments.days import date_in, starts_of
from posapp.hq.segments.purchases import ordinal
from posapp.hq.segments.tables import purchase, spend
from posapp.money import LARGEST, Money, round_half_up
from posapp.rules.dictionary import Value
from posapp.rules.free_text import read_text
from posapp.rules.join_token import CHANNELS
from posapp.rules.metrics import FIRST_MS, JOIN_MS

NAMES = {
    "channel": "渠道 入会渠道 channel".split(),
    "starts": "开始日期 开始 日期 starts from date".split(),
    "ends": "结束日期 结束 ends until to".split(),
    "amount": "金额 花费 费用 投放金额 amount spend cost".split(),
    "what": "说明 项目 内容 what note".split(),
}
REQUIRED = ("channel", "starts", "amount")
SPENT = ("cac_media", "cac_gifts", "cac_benefits", "cac_rewards")
LONGEST_WHAT, LONGEST_DAYS = 60, 366
_DAY_0 = ordinal("1970-01-01")

REMARKS: dict[str, Words] = {
    "unknown_channel": ("没有渠道 {value},可以写 {values}", "there is no channel {value}; write one of {values}"),
    "bad_date": ("日期 {value} 不正确,请写如 2026-11-22", "{value} is no date like 2026-11-22"),
    "bad_period": ("结束日期早于开始日期或相隔超过一年", "it ends before it starts, or lasts more than a year"),
    "bad_amount": ("金额 {value} 不正确", "its amount {value} is no amount"),
    "bad_what": ("说明含有控制字符或太长", "its note is too long or unreadable"),
    "text_has_number": ("说明里有 5 位以上的数字", "its note holds a number of five digits or more"),
    "duplicate": ("与第 {row} 行重复", "repeats row {row}"),
}
"""What a report says of a row, in Chinese and English."""


@dataclass
class SpendReport(Report):
    """taken: rows that are kept now. fen: what they come to."""

    fen: int = 0

    def more(self, english: bool) -> str:
        return f"{Money(self.fen)} together" if english else f"合计 {Money(self.fen)}"


def import_spend(database: Database, clock: Clock, path: Path, *, mapping: Path | None = None) -> SpendReport:
    """Take over what was paid for channels; the same channel, days and note again stand for what was there.

    Raises PosError of read_rows; then nothing was written.
    """
    report = SpendReport(path.name, feed.CHAIN)
    told = progress(read_rows(path, NAMES, REQUIRED, mapping), path.name)
    rows = take_each(
        report,
        told,
        _read,
        ("channel", "starts", "ends", "what"),
        REMARKS,
        lambda row: row.cells.get("channel", "")[:20],
    )
    report.fen = sum(row["fen"] for row in rows)
    with database.transaction() as conn:
        upsert(conn, spend, [{**row, "made": clock.now_ms()} for row in rows])
    return report


def _read(row: Row) -> dict[str, Any]:
    cells = {name: cell.strip() for name, cell in row.cells.items()}
    channel, what = cells["channel"].lower(), cells.get("what", "")
    if channel not in CHANNELS:
        raise Refused("unknown_channel", value=channel[:20], values=" ".join(CHANNELS))
    starts = date_in(cells["starts"])
    ends = date_in(cells["ends"]) if cells.get("ends") else starts
    if not 0 <= ends - starts < LONGEST_DAYS:
        raise Refused("bad_period")
    if len(what) > LONGEST_WHAT or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in what):
        raise Refused("bad_what")
    try:
        what = read_text(what, LONGEST_WHAT)
    except PosError as error:
        raise Refused(error.code) from None
    try:
        fen = Money.parse(cells["amount"].replace(",", "")).fen
    except PosError:
        raise Refused("bad_amount", value=cells["amount"][:20]) from None
    if not 0 <= fen <= LARGEST:
        raise Refused("bad_amount", value=cells["amount"][:20])
    return {"channel": channel, "starts": starts, "ends": ends, "what": what, "fen": fen}


def costs(conn: Connection, first: int, last: int) -> dict[str, dict[str, Value]]:
    """By channel, of the joins from one day to another: how many, and what they cost by what it went for."""
    settings = settings_of(conn, feed.CHAIN)
    since, until = starts_of(first, settings), starts_of(last + 1, settings)
    sums: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(SPENT, 0))
    joins: dict[str, int] = defaultdict(int)
    count = select(joined.c.channel, func.count()).where(joined.c.at >= since, joined.c.at < until)
    for channel, joiners in conn.execute(count.group_by(joined.c.channel)):
        joins[channel or "unknown"] += int(joiners)
    for row in conn.execute(select(spend).where(spend.c.starts <= last, spend.c.ends >= first)):
        days = min(row.ends, last) - max(row.starts, first) + 1
        sums[row.channel]["cac_media"] += round_half_up(row.fen * days, row.ends - row.starts + 1)
    for channel, gifts, benefits in _given(conn, since, until):
        sums[channel or "unknown"]["cac_gifts"] += gifts
        sums[channel or "unknown"]["cac_benefits"] += benefits
    for channel, fen in neighbours.rewards(conn, since, until).items():
        sums[channel or "unknown"]["cac_rewards"] += fen
    return {
        channel: {
            "joins": Value(joins[channel], 1),
            **{name: Value(fen, 1) for name, fen in sums[channel].items()},
            "cac": Value(sum(sums[channel].values()), joins[channel]),
        }
        for channel in sorted({*joins, *sums})
    }


def _given(conn: Connection, since: int, until: int) -> list[tuple[str, int, int]]:
    """By channel, what joiners' gifts of the first week cost, and what benefits took off first orders."""
    same, other = person.alias("same"), person.alias("other")
    near = (
        purchase.c.at >= joined.c.at - JOIN_MS,
        purchase.c.at <= joined.c.at + FIRST_MS,
        # says no more than those two, by the index: a store's date is a day off the date in UTC at most
        purchase.c.day >= (joined.c.at - JOIN_MS) // DAY + _DAY_0 - 1,
        purchase.c.day <= (joined.c.at + FIRST_MS) // DAY + _DAY_0 + 1,
    )
    first = (purchase.c.at, purchase.c.gifts, purchase.c.given)
    orders = (
        select(
            joined.c.channel,
            purchase.c.gifts,
            purchase.c.given,
            func.row_number().over(partition_by=joined.c.ref, order_by=first).label("place"),
        )
        .join(same, same.c.ref == joined.c.ref)
        .join(other, other.c.root == same.c.root)
        .join(purchase, purchase.c.ref == other.c.ref)
        .where(joined.c.at >= since, joined.c.at < until, purchase.c.counts == 1, *near)
        .subquery()
    )
    benefits = func.sum(case((orders.c.place == 1, orders.c.given), else_=0))
    asked = select(orders.c.channel, func.sum(orders.c.gifts), benefits).group_by(orders.c.channel)
    return [(channel, int(gifts), int(given)) for channel, gifts, given in conn.execute(asked)]

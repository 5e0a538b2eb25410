"""What WeCom counts of talking to customers, a day at a time: replies within the hour, and how alive groups are.

A file of any export, or WeCom itself, which says how many chats were answered and how soon on average, but not how many
within an hour: then that share is unknown, not zero.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from posapp.clock import DAY, Clock
from posapp.dates import read_date, read_span
from posapp.errors import PosError
from posapp.hq import enrol, feed, people
from posapp.hq.database import Database, upsert
from posapp.hq.gateways.wecom import Wecom
from posapp.hq.imports import Row, progress, read_rows, take_each
from posapp.hq.people import settings_of
from posapp.hq.remarks import Refused, Report, Words
from posapp.hq.rewards.tables import wecom_day
from posapp.hq.tables import clerk, store
from posapp.hq.wecom.tables import wecom_clerk
from posapp.rules.dictionary import METRICS, Value, text_of

NAMES = {
    "date": "日期 统计日期 date day".split(),
    "store": "门店 门店编号 门店号 store storenumber".split(),
    "clerk": "员工 员工编号 工号 clerk staff".split(),
    "chats": "聊天总数 会话数 单聊总数 客户会话数 chats chat_cnt".split(),
    "answered": "已回复 已回复聊天 已回复数 回复数 answered replied".split(),
    "in_hour": "1小时内回复 一小时内回复 1小时内回复数 1小时响应 in_hour replied_in_hour".split(),
    "members": "群成员数 群成员总数 社群人数 members member_total".split(),
    "active": "活跃成员 活跃群成员 发过消息的群成员 发言人数 active member_has_msg".split(),
}
"""Our fields and the column names exports give them."""

REQUIRED = ("date", "store", "chats|members")
MOST = 10_000_000
COUNTS = ("chats", "answered", "hour_chats", "in_hour", "members", "active")

REMARKS: dict[str, Words] = {
    "bad_date": ("日期不正确,请写如 2026-11-22", "its date is none; write one like 2026-11-22"),
    "no_store": ("没有门店 {value}", "there is no store {value}"),
    "no_clerk": ("没有员工 {value}", "there is no clerk {value}"),
    "bad_count": ("{field}应为 0 或正整数", "its {field} is no whole number"),
    "too_many": ("{field}不能多于 {of}", "its {field} is more than {of}"),
    "duplicate": ("与第 {row} 行重复", "repeats row {row}"),
}
"""What a report says of a row, in Chinese and English."""

_FIELDS: dict[str, Words] = {
    "chats": ("聊天总数", "chats"),
    "answered": ("已回复", "answered"),
    "in_hour": ("1小时内回复", "replies within the hour"),
    "members": ("群成员数", "group members"),
    "active": ("活跃成员", "active members"),
}


def import_stats(database: Database, path: Path, mapping: Path | None = None, *, dry_run: bool = False) -> Report:
    """Take a file over: all of its good rows, or none when there is no good one. Raises what read_rows raises."""
    report = Report(path.name, feed.CHAIN, dry_run)
    rows = list(progress(read_rows(path, NAMES, REQUIRED, mapping), path.name))
    with database.transaction() as conn:
        stores, clerks = set(conn.scalars(select(store.c.number))), set(conn.scalars(select(clerk.c.number)))
        unique = ("date", "store", "clerk")
        taken = take_each(report, rows, lambda row: _read(row, stores, clerks), unique, REMARKS, _code)
        if not dry_run:
            upsert(conn, wecom_day, taken)
    return report


def _code(row: Row) -> str:
    return row.cells.get("store", "")[:20]


def _read(row: Row, stores: set[int], clerks: set[int]) -> dict[str, Any]:
    cells = {name: cell.strip() for name, cell in row.cells.items()}
    date = cells["date"].replace("/", "-")[:10]
    try:
        read_date(date)
    except PosError:
        raise Refused("bad_date") from None
    number = _number(cells["store"], enrol.LARGEST_STORE)
    if number not in stores:
        raise Refused("no_store", value=cells["store"][:20])
    who = _number(cells.get("clerk", "") or "0", people.LARGEST_CLERK)
    if who < 0 or (who and who not in clerks):
        raise Refused("no_clerk", value=cells.get("clerk", "")[:20])
    counts = {name: _count(cells.get(name, ""), name) for name in _FIELDS}
    for part, whole in (("answered", "chats"), ("in_hour", "chats"), ("active", "members")):
        if counts[part] > counts[whole]:
            raise Refused("too_many", field=_FIELDS[part], of=_FIELDS[whole])
    hour_chats = counts["chats"] if cells.get("in_hour") else 0
    return {
        "date": date,
        "store": number,
        "clerk": who,
        **counts,
        "hour_chats": hour_chats,
        "wait": 0,
        "source": "file",
    }


def _number(text: str, most: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and int(text[:9]) <= most else -1


def _count(text: str, field: str) -> int:
    if not text:
        return 0
    number = _number(text.replace(",", ""), MOST)
    if number < 0:
        raise Refused("bad_count", field=_FIELDS[field])
    return number


def ask_wecom(database: Database, clock: Clock, wecom: Wecom, date: str) -> int:
    """A day of each clerk who has a WeCom account, as WeCom counted it; how many. What a file said of them stays.

    Raises PosError bad_date, too_early; WecomError.
    """
    with database.reading() as conn:
        zone = ZoneInfo(settings_of(conn, feed.CHAIN).time_zone)
        users = conn.execute(
            select(wecom_clerk.c.clerk, wecom_clerk.c.userid, clerk.c.scope)
            .join(clerk, clerk.c.number == wecom_clerk.c.clerk)
            .order_by(wecom_clerk.c.clerk)
        ).all()
    start = int(dt.datetime.combine(read_date(date), dt.time(), zone).timestamp())
    if clock.now_ms() < start * 1000 + DAY:
        raise PosError("too_early", date=date)
    rows = [_asked(wecom.behaviour(user.userid, start, start), date, user) for user in users]
    with database.transaction() as conn:
        by_file = set(
            conn.scalars(select(wecom_day.c.clerk).where(wecom_day.c.date == date, wecom_day.c.source == "file"))
        )
        kept = [row for row in rows if row["clerk"] not in by_file]
        upsert(conn, wecom_day, kept)
    return len(kept)


def _asked(told: list[dict[str, Any]], date: str, user: Any) -> dict[str, Any]:
    """WeCom's row: chat_cnt, reply_percentage (two decimals), avg_reply_time (minutes); any may be left out."""
    kind, _, number = user.scope.partition(":")
    chats = sum(int(one.get("chat_cnt", 0)) for one in told)
    answered = sum(int(int(one.get("chat_cnt", 0)) * float(one.get("reply_percentage", 0)) / 100 + 0.5) for one in told)
    wait = sum(int(one.get("chat_cnt", 0)) * int(one.get("avg_reply_time", 0)) for one in told)
    place = {"date": date, "store": int(number) if kind == "store" else 0, "clerk": user.clerk}
    counts = {
        "chats": chats,
        "answered": min(chats, answered),
        "hour_chats": 0,
        "in_hour": 0,
        "members": 0,
        "active": 0,
    }
    return {**place, **counts, "wait": wait, "source": "wecom"}


def stats(conn: Connection, since: str, until: str, number: int | None = None) -> dict[str, Any]:
    """By store (0: whoever works everywhere): shares of chats answered and answered within the hour, of group members
    who spoke, and the mean minutes to the first answer. Raises PosError bad_date, bad_period."""
    read_span(since, until)
    sums = [func.sum(wecom_day.c[name]).label(name) for name in (*COUNTS, "wait")]
    waited = func.sum(wecom_day.c.chats).filter(wecom_day.c.wait > 0).label("waited")
    asked = select(wecom_day.c.store, *sums, waited).where(wecom_day.c.date >= since, wecom_day.c.date <= until)
    if number is not None:
        asked = asked.where(wecom_day.c.store == number)
    rows = [
        {
            "store": row.store,
            **{name: int(getattr(row, name)) for name in COUNTS},
            "answered_share": text_of("rate", Value(int(row.answered), int(row.chats))),
            "in_hour_share": text_of("rate", Value(int(row.in_hour), int(row.hour_chats))),
            "active_share": text_of("rate", Value(int(row.active), int(row.members))),
            "mean_minutes": text_of("days", Value(int(row.wait), int(row.waited or 0))),
        }
        for row in conn.execute(asked.group_by(wecom_day.c.store).order_by(wecom_day.c.store))
    ]
    names = {name: list(METRICS[name].formula) for name in ("reply_in_hour", "group_activity")}
    return {"report": "wecom-stats", "since": since, "until": until, "formulas": names, "stores": rows}


def activity_of(conn: Connection, number: int, date: str) -> Value:
    """社群活跃度 of a store's day: group members who spoke ÷ members of its groups."""
    sums = select(func.sum(wecom_day.c.active), func.sum(wecom_day.c.members)).where(
        wecom_day.c.store == number, wecom_day.c.date == date
    )
    active, members = conn.execute(sums).one()
    return Value(int(active or 0), int(members or 0))


def stats_text(told: dict[str, Any], language: str = "zh") -> str:
    """The same to be read."""
    english = language == "en"
    each = (
        "store {store}: answered within the hour {in_hour_share} ({in_hour}/{hour_chats}), answered {answered_share}, "
        "mean {mean_minutes} min, group members who spoke {active_share} ({active}/{members})"
        if english
        else "门店 {store}: 1小时内回复 {in_hour_share} ({in_hour}/{hour_chats}),已回复 {answered_share},平均 "
        "{mean_minutes} 分钟,社群活跃 {active_share} ({active}/{members})"
    )
    return "\n".join([f"{told['since']} - {told['until']}", *(each.format(**row) for row in told["stores"])])

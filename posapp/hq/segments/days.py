"""What kind of day it was: weather and holidays as imported, and a store's day beside days like it."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, case, func, select

from posapp.clock import day_begins
from posapp.hq import feed
from posapp.hq.database import Database, upsert
from posapp.hq.imports import Row, progress, read_rows, take_each
from posapp.hq.people import scope_of
from posapp.hq.remarks import Refused, Report, Words
from posapp.hq.segments.purchases import date_of
from posapp.hq.segments.tables import day_tag
from posapp.hq.tables import refund, sale
from posapp.rules.dictionary import Value
from posapp.settings import Settings

NAMES = {
    "date": "日期 date day".split(),
    "weather": "天气 天气状况 weather".split(),
    "kind": "类型 日期类型 是否节假日 kind type".split(),
    "holiday": "节日 节假日 节日名称 holiday".split(),
    "high": "最高气温 最高温度 最高温 high".split(),
    "low": "最低气温 最低温度 最低温 low".split(),
}
REQUIRED = ("date", "weather|kind|holiday")

WEATHER: dict[str, tuple[str, str]] = {
    "snow": ("雪", "snow"),
    "rain": ("雨", "rain"),
    "fog": ("雾霾", "fog"),
    "cloud": ("阴", "clouds"),
    "sun": ("晴", "sun"),
}
"""The worst of a day stands: 晴转小雨 is rain."""

_SIGNS = {"snow": "雪 snow sleet", "rain": "雨 rain drizzle shower storm", "fog": "雾 霾 fog haze mist"}
_SIGNS |= {"cloud": "阴 云 cloud overcast", "sun": "晴 sun clear fine"}
KINDS: dict[str, tuple[str, str]] = {
    "workday": ("工作日", "workday"),
    "weekend": ("周末", "weekend"),
    "holiday": ("节假日", "holiday"),
}
_KIND_OF = {
    **dict.fromkeys(("工作日", "上班", "调休", "否", "workday", "no", "0"), "workday"),
    **dict.fromkeys(("周末", "休息日", "weekend"), "weekend"),
    **dict.fromkeys(("节假日", "假日", "是", "holiday", "yes", "1"), "holiday"),
}
UNKNOWN_DEGREES = 99
COMPARED_DAYS = 56
LONGEST_HOLIDAY = 20

REMARKS: dict[str, Words] = {
    "bad_date": ("日期 {value} 不正确,请写如 2026-11-22", "{value} is no date like 2026-11-22"),
    "unknown_weather": ("看不懂天气 {value},请写晴、阴、雨、雪、雾", "{value} is no weather known here"),
    "bad_kind": ("类型 {value} 应为工作日、周末或节假日", "{value} must be workday, weekend or holiday"),
    "bad_degrees": ("气温 {value} 不正确", "{value} are no degrees"),
    "bad_holiday": ("节日名称太长", "its holiday is too long"),
    "duplicate": ("与第 {row} 行重复", "repeats row {row}"),
}
"""What a report says of a row, in Chinese and English."""


def import_days(database: Database, path: Path, *, store: str = feed.CHAIN, mapping: Path | None = None) -> Report:
    """Take over what days were like, for a store or all; a day again stands for what was there.

    Raises PosError of read_rows, no_such_store, bad_scope; then nothing was written.
    """
    with database.reading() as conn:
        scope = scope_of(conn, store)
    report = Report(path.name, scope)
    told = progress(read_rows(path, NAMES, REQUIRED, mapping), path.name)
    rows = take_each(report, told, _read, ("day",), REMARKS, lambda row: row.cells.get("date", "")[:20])
    number = int(scope.partition(":")[2] or 0)
    with database.transaction() as conn:
        upsert(conn, day_tag, [{"store": number, **row} for row in rows])
    return report


_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d{2})(\d{2})")


def date_in(text: str) -> int:
    """The ordinal of a date as files write it. Raises Refused."""
    match = _DATE.fullmatch(unicodedata.normalize("NFKC", text).strip().partition(" ")[0])
    try:
        year, month, day = (int(part) for part in match.groups() if part) if match else (0, 0, 0)
        if not 2000 <= year < 2100:
            raise ValueError
        return dt.date(year, month, day).toordinal()
    except ValueError:
        raise Refused("bad_date", value=text[:20]) from None


def starts_of(day: int, settings: Settings) -> int:
    """The instant at which a business day begins."""
    return day_begins(dt.date.fromordinal(day), settings.time_zone, int(settings.cutover_hour))


def _read(row: Row) -> dict[str, Any]:
    cells = {name: cell.strip() for name, cell in row.cells.items()}
    day, holiday = date_in(cells.get("date", "")), cells.get("holiday", "")
    if len(holiday) > LONGEST_HOLIDAY or not (holiday == "" or holiday.isprintable()):
        raise Refused("bad_holiday")
    return {
        "day": day,
        "weather": _weather(cells.get("weather", "")),
        "kind": _kind(cells.get("kind", ""), holiday, day),
        "holiday": holiday,
        "high": _degrees(cells.get("high", "")),
        "low": _degrees(cells.get("low", "")),
    }


def _weather(text: str) -> str:
    if not text:
        return ""
    low = text.lower()
    for name in WEATHER:
        if any(sign in low for sign in _SIGNS[name].split()):
            return name
    raise Refused("unknown_weather", value=text[:20])


def _kind(text: str, holiday: str, day: int) -> str:
    if text:
        if (kind := _KIND_OF.get(text.lower())) is None:
            raise Refused("bad_kind", value=text[:20])
        return kind
    return "holiday" if holiday else plain_kind(day)


def plain_kind(day: int) -> str:
    """What a day is that nobody said anything of."""
    return "weekend" if (day - 1) % 7 >= 5 else "workday"


def _degrees(text: str) -> int:
    text = unicodedata.normalize("NFKC", text).removesuffix("℃").removesuffix("°C").strip()
    if not text:
        return UNKNOWN_DEGREES
    if not re.fullmatch(r"-?\d{1,2}(\.\d+)?", text) or abs(number := round(float(text))) > 60:
        raise Refused("bad_degrees", value=text[:20])
    return number


# --- comparing ---


def tags(conn: Connection, number: int, first: int, last: int) -> dict[int, tuple[str, str, str]]:
    """Weather, kind and holiday of each day of a span: the store's own word before every store's."""
    found = {day: ("", plain_kind(day), "") for day in range(first, last + 1)}
    rows = conn.execute(
        select(day_tag)
        .where(day_tag.c.store.in_((0, number)), day_tag.c.day >= first, day_tag.c.day <= last)
        .order_by(day_tag.c.store)
    )
    for row in rows:
        found[row.day] = (row.weather, row.kind, row.holiday)
    return found


def beside(conn: Connection, number: int, day: int) -> dict[str, Any]:
    """A store's day and the averages of the eight weeks before: days of the same weather and kind, of the same
    weather, of the same kind, all. Days without a ticket are none."""
    first = day - COMPARED_DAYS
    sums, tagged = _sums(conn, number, first, day), tags(conn, number, first, day)
    weather, kind, holiday = tagged[day]
    groups: dict[str, Callable[[tuple[str, str, str]], bool]] = {
        "same": lambda one: one[:2] == (weather, kind),
        "same_weather": lambda one: one[0] == weather,
        "same_kind": lambda one: one[1] == kind,
        "all": lambda one: True,
    }
    told: dict[str, Any] = {"weather": weather, "kind": kind, "holiday": holiday}
    told["day"] = _values([sums[day]] if day in sums else [])
    for name, fits in groups.items():
        is_known = bool(weather) or name in ("same_kind", "all")
        told[name] = _values([sums[one] for one in sums if one != day and is_known and fits(tagged[one])])
    return told


def _sums(conn: Connection, number: int, first: int, last: int) -> dict[int, tuple[int, int]]:
    """Tickets and net sales of each day that had tickets."""
    since, until = date_of(first), date_of(last)
    found: dict[str, list[int]] = {}
    paid = func.sum(sale.c.total + sale.c.rounding)
    mine = (sale.c.store == number, sale.c.date >= since, sale.c.date <= until)
    for date, count, net in conn.execute(select(sale.c.date, func.count(), paid).where(*mine).group_by(sale.c.date)):
        found[date] = [int(count), int(net)]
    voids = func.sum(case((refund.c.kind == "void", 1), else_=0))
    back = func.sum(refund.c.total + refund.c.rounding)
    mine = (refund.c.store == number, refund.c.date >= since, refund.c.date <= until)
    for date, void, net in conn.execute(select(refund.c.date, voids, back).where(*mine).group_by(refund.c.date)):
        held = found.setdefault(date, [0, 0])
        held[0] -= int(void)
        held[1] -= int(net)
    return {dt.date.fromisoformat(date).toordinal(): (count, net) for date, (count, net) in found.items() if count > 0}


def _values(days: list[tuple[int, int]]) -> dict[str, Value]:
    tickets, net = sum(count for count, _ in days), sum(net for _, net in days)
    return {
        "days": Value(len(days), 1),
        "tickets": Value(tickets, len(days)),
        "net_sales": Value(net, len(days)),
        "average_ticket": Value(net, tickets),
    }

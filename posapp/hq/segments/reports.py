"""`posapp hq report ...` of this room: every figure by its name in the dictionary, as its two numbers and as text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, case, func, select

from posapp.dates import read_date, read_span
from posapp.errors import PosError
from posapp.hq.segments import cac, cohorts, days, views, visitors
from posapp.hq.segments.persons import RISK_STEPS
from posapp.hq.segments.purchases import date_of, today_of
from posapp.hq.segments.tables import kept, measure, person_figure
from posapp.hq.tables import store
from posapp.rules import rfm
from posapp.rules.dictionary import METRICS, VERSION, Value, text_of

KEPT = (*cohorts.REPORTS, views.REPORT)
MOST_NAMED = 20

Parts = Mapping[str, Mapping[str, Value]]
"""Values by part and name of METRICS."""


def kept_report(conn: Connection, name: str, now: int) -> dict[str, Any]:
    """What the last night made of it."""
    parts: dict[str, dict[str, Value]] = defaultdict(dict)
    day = 0
    for row in conn.execute(select(kept).where(kept.c.report == name).order_by(kept.c.part)):
        parts[row.part][row.name] = Value(row.top, row.bottom)
        day = row.day
    told = _told(name, parts, day)
    if name == "baskets":
        told["dwell"] = _figure("dwell", Value(0, 0))  # nobody notes yet when a customer leaves
    if name == "churn":
        told.update(_at_risk(conn, today_of(conn, now)))
    return told


def segments(conn: Connection, now: int) -> dict[str, Any]:
    """How many persons are in each segment, by home store and together, and what they are measured by."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(rfm.SEGMENTS, 0))
    columns = person_figure.c
    for home, segment, n in conn.execute(
        select(columns.home, columns.segment, func.count()).group_by(columns.home, columns.segment)
    ):
        counts[str(home)][segment] += n
        counts["chain"][segment] += n
    told = _told("segments", {}, today_of(conn, now))
    told["segments"] = {place: counts[place] for place in sorted(counts, key=lambda place: (place != "chain", place))}
    told["dormant"] = _figure("dormant", Value(counts["chain"][rfm.SLEEPING], 1))
    told["names"] = rfm.SEGMENTS
    told["measures"] = [
        {
            "format": row.format,
            "as_of": date_of(row.day),
            "version": row.version,
            "bounds": {"r": row.r, "f": row.f, "m": row.m},
            "cycle": _figure("cycle", Value(row.median, 20 if row.median else 0)),
            "sleeps_after": row.sleeps_after,
            "persons": row.persons,
        }
        for row in conn.execute(select(measure).order_by(measure.c.format))
    ]
    return told


def _at_risk(conn: Connection, today: int) -> dict[str, Any]:
    """How many are overdue how far, and the most valuable of them with the reason."""
    columns = person_figure.c
    counts = [func.coalesce(func.sum(case((columns.risk >= step, 1), else_=0)), 0) for step in RISK_STEPS]
    held = conn.execute(select(*counts).where(columns.risk > 0)).one()
    overdue = [{"from": step, "persons": int(count)} for step, count in zip(RISK_STEPS, held, strict=True)]
    rows = conn.execute(
        select(person_figure)
        .where(columns.risk >= RISK_STEPS[1], columns.segment != rfm.SLEEPING)
        .order_by(columns.ltv.desc(), columns.ref)
        .limit(MOST_NAMED)
    )
    named = []
    for row in rows:
        away = today - row.last_day
        risk, why = rfm.risk(away, row.cycle_tenths), rfm.risk_words(away, row.cycle_tenths)
        named.append({"member": row.ref, "store": row.home, "risk": risk, "why": why})
    return {"overdue": overdue, "members": named}


def costs(conn: Connection, now: int, first: str | None, last: str | None) -> dict[str, Any]:
    """What new members cost by channel, of this month if no dates are given. Raises PosError bad_date, bad_period."""
    today = today_of(conn, now)
    last = str(read_date(last)) if last else date_of(today)
    since, until = (one.toordinal() for one in read_span(first or f"{last[:-2]}01", last))
    told = _told("cac", cac.costs(conn, since, until), today)
    return {**told, "from": date_of(since), "to": date_of(until)}


def weather(conn: Connection, now: int, number: int, date: str | None) -> dict[str, Any]:
    """A store's day beside days like it. Raises PosError no_such_store, bad_date."""
    day = _place(conn, now, number, date)
    held = days.beside(conn, number, day)
    parts = {name: held[name] for name in ("day", "same", "same_weather", "same_kind", "all")}
    told = _told("weather", parts, day)
    tagged = {name: held[name] for name in ("weather", "kind", "holiday")}
    names = {"weather": days.WEATHER.get(held["weather"], ("—", "—")), "kind": days.KINDS[held["kind"]]}
    return {**told, "store": number, **tagged, "names": names}


def visited(conn: Connection, now: int, number: int, date: str | None) -> dict[str, Any]:
    """What became of a day's likely visitors, beside their twins. Raises PosError no_such_store, bad_date."""
    day = _place(conn, now, number, date)
    parts = {
        name: {
            "persons": Value(group.persons, 1),
            "arrived_share": Value(group.arrived, group.persons),
            "talked_share": Value(group.talked, group.persons),
            "bought_share": Value(group.bought, group.persons),
        }
        for name, group in zip(("listed", "not_listed"), visitors.outcomes(conn, number, day), strict=True)
    }
    return {**_told("visitors", parts, day), "store": number}


def _place(conn: Connection, now: int, number: int, date: str | None) -> int:
    if conn.scalar(select(store.c.number).where(store.c.number == number)) is None:
        raise PosError("no_such_store", store=number)
    if date:
        return read_date(date).toordinal()
    return today_of(conn, now, number)


def _told(name: str, parts: Parts, day: int) -> dict[str, Any]:
    figures = sorted({metric for held in parts.values() for metric in held})
    return {
        "report": name,
        "as_of": date_of(day) or None,
        "version": VERSION,
        "parts": {part: {metric: _figure(metric, value) for metric, value in parts[part].items()} for part in parts},
        "definitions": {
            metric: {"name": METRICS[metric].name, "formula": METRICS[metric].formula} for metric in figures
        },
    }


def _figure(metric: str, value: Value) -> dict[str, Any]:
    return {"top": value.top, "bottom": value.bottom, "text": text_of(METRICS[metric].kind, value)}


# --- for people ---

_WORDS = {
    "": ("全部", "all"),
    "median": ("中位数", "median"),
    "mean": ("平均", "mean"),
    "store": ("门店", "tills"),
    "listed": ("名单", "listed"),
    "not_listed": ("对照组", "not listed"),
    "member": ("会员", "members"),
    "guest": ("非会员", "others"),
    "above": ("以上", "and above"),
    "below": ("以下", "below"),
    "day": ("当天", "the day"),
    "same": ("同天气同类型", "same weather and kind"),
    "same_weather": ("同天气", "same weather"),
    "same_kind": ("同类型", "same kind"),
    "all": ("近8周", "eight weeks"),
    cohorts.NOT_JOINED: ("未入会", "no members"),
}


def text(told: Mapping[str, Any], language: str = "zh") -> str:
    """A report to be read: one part a line."""
    place = int(language == "en")
    head = f"{told['report']}  {told['as_of'] or '—'}"
    if "store" in told:
        head += f"  {('门店', 'store')[place]} {told['store']}"
    if "weather" in told:
        head += f"  {told['names']['weather'][place]}  {told['names']['kind'][place]}  {told['holiday']}".rstrip()
    lines = [head]
    for part, held in told["parts"].items():
        shown = " ".join(_WORDS.get(word, (word, word))[place] for word in (part.split(" ") if part else [""]))
        figures = (f"{METRICS[name].name[place]} {one['text']}{_of(name, one)}" for name, one in held.items())
        lines.append(f"{shown}: {'; '.join(figures)}")
    lines += [_measured(row, place) for row in told.get("measures", ())]
    for where, counts in told.get("segments", {}).items():
        named = (f"{rfm.SEGMENTS[segment][place]} {n}" for segment, n in counts.items())
        lines.append(f"{where}: {'; '.join(named)}")
    lines += _overdue(told, place)
    if "dwell" in told:
        lines.append(f"{METRICS['dwell'].name[place]} {told['dwell']['text']}")
    return "\n".join(lines)


def _measured(row: Mapping[str, Any], place: int) -> str:
    format_ = row["format"] or ("全连锁", "chain")[place]
    words = ("RFM 第{}版 {}: 周期中位数 {} 天,超过 {} 天为沉睡", "RFM version {} {}: median cycle {}, dormant after {}")
    return words[place].format(row["version"], format_, row["cycle"]["text"], row["sleeps_after"])


def _of(name: str, one: Mapping[str, Any]) -> str:
    return f" ({one['top']}/{one['bottom']})" if METRICS[name].kind == "rate" else ""


def _overdue(told: Mapping[str, Any], place: int) -> Iterable[str]:
    for row in told.get("overdue", ()):
        yield f">= {row['from']}%: {row['persons']}"
    for row in told.get("members", ()):
        yield f"{row['member']}  {row['risk']}%  {row['why'][place]}"

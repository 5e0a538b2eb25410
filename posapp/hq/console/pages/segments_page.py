"""Members by what they buy: segments by store, what they are measured by, lifetime value, cohorts, churn with its
back-test; worked out each night."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from posapp.hq.console import users
from posapp.hq.console.charts import bars
from posapp.hq.console.desk import Desk, Page
from posapp.hq.console.grids import Column, grid
from posapp.hq.console.tiles import heading, nothing, pair, plain
from posapp.hq.segments import reports
from posapp.rules.dictionary import METRICS, VERSION
from posapp.rules.rfm import SEGMENTS

_REPORT_NAMES = {
    "repurchase": ("复购", "Repurchase"),
    "cohorts": ("入会批次", "Cohorts"),
    "ltv": ("会员终身价值", "Lifetime value"),
    "channels": ("渠道", "Channels"),
    "churn": ("流失风险(回测)", "Churn risk (back-test)"),
    "baskets": ("会员与非会员客单", "Baskets"),
    "views": ("浏览未购", "Looked at, not bought"),
}
_WORDS = {
    "median": ("中位数", "median"),
    "mean": ("平均", "mean"),
    "above": ("%以上", "% and above"),
    "below": ("%以下", "% and below"),
    "member": ("会员", "members"),
    "guest": ("非会员", "others"),
    "store": ("门店", "tills"),
}


async def build(desk: Desk) -> None:
    told = await desk.read(reports.segments, desk.now)
    places = {
        place: counts
        for place, counts in told["segments"].items()
        if desk.user.stores is None or (place != "chain" and desk.user.sees(int(place)))
    }
    if not places:
        nothing(desk, "还没有分群,今晚会算出来", "There are no segments yet; they are worked out tonight")
        return
    sums = {name: sum(counts[name] for place, counts in places.items() if place != "chain") for name in SEGMENTS}
    with ui.element("div").classes("tiles"):
        for name, words in SEGMENTS.items():
            formula = (
                desk.word(METRICS["dormant"].formula)
                if name == "sleeping"
                else desk.say(
                    "按最近消费、购买日数、净消费额的五分位", "by fifths of last purchase, purchase days and net spent"
                )
            )
            plain(desk, desk.word(words), f"{sums[name]:,}", desk.now, formula, version=VERSION)
    with ui.column().classes("card w-full"):
        heading(desk.say("人数", "Persons"))
        bars(
            desk, [desk.word(words) for words in SEGMENTS.values()], [(desk.say("人", "persons"), list(sums.values()))]
        )
    _by_store(desk, places)
    _measures(desk, told)
    if desk.user.stores is None:
        with ui.element("div").classes("two"):
            for name in reports.KEPT:
                _kept(desk, await desk.read(reports.kept_report, name, desk.now))


def _by_store(desk: Desk, places: dict[str, dict[str, int]]) -> None:
    columns = (
        Column("place", ("门店", "Store")),
        *(Column(name, words, "persons") for name, words in SEGMENTS.items()),
    )
    rows = [
        {"place": desk.say("无归属", "none") if place == "0" else place, **counts}
        for place, counts in places.items()
        if place != "chain"
    ]
    grid(desk, ("按归属门店", "By home store"), columns, rows, name="segments")


def _measures(desk: Desk, told: dict[str, Any]) -> None:
    with ui.column().classes("card w-full"):
        heading(desk.say("口径", "Measured by"), more=f"{desk.say('公式版本', 'Formula version')} {VERSION}")
        for row in told["measures"]:
            cycle = row["cycle"]
            value = cycle.get("text", "") if isinstance(cycle, dict) else str(cycle)
            pair(desk.say("业态", "Format"), row["format"] or desk.say("全部", "all"))
            pair(desk.say("计算日", "As of"), row["as_of"])
            pair(desk.word(METRICS["cycle"].name), value)
            pair(desk.say("多少天没买算沉睡", "Dormant after days"), str(row["sleeps_after"]))


def _kept(desk: Desk, told: dict[str, Any]) -> None:
    """A nightly report: each part with its figures as the dictionary writes them."""
    with ui.column().classes("card"):
        heading(desk.word(_REPORT_NAMES.get(told["report"], (told["report"],) * 2)), more=str(told.get("as_of") or ""))
        parts = told.get("parts") or {}
        for part, figures in list(parts.items())[:24]:
            for name, value in figures.items():
                metric = METRICS.get(name)
                title = desk.word(metric.name) if metric else name
                pair(f"{_part(desk, part)} · {title}" if part else title, str(value.get("text", value.get("top", ""))))
        if not parts:
            nothing(desk)


def _part(desk: Desk, part: str) -> str:
    """Whose figure it is: of what is overdue by so many percent, of a month, of a channel."""
    return " ".join(desk.word(_WORDS.get(word, (word, word))) for word in part.split()).replace(" %", "%")


PAGE = Page(
    "/segments",
    ("分群", "Segments"),
    "pie_chart",
    frozenset({users.STORE, users.REGION, users.OPERATIONS}),
    build,
    "guests",
)

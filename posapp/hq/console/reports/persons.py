"""What persons buy, in the browser: nightly figures, what a new member costs, days of the same weather, visitors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from posapp.hq.console.desk import Both, Desk
from posapp.hq.console.grids import Column
from posapp.hq.console.reports.shape import (
    ANY_STORE,
    DAY,
    ONE_STORE,
    SPAN,
    Asked,
    Report,
    Sheet,
    Table,
    cells,
    metric,
)
from posapp.hq.console.words import CHANNELS
from posapp.hq.people import store_names
from posapp.hq.segments import reports
from posapp.hq.segments.cohorts import NOT_JOINED
from posapp.hq.tables import article
from posapp.rules.dictionary import METRICS

_PARTS: dict[str, Both] = {
    "": ("全部", "All"),
    "median": ("中位数", "Median"),
    "mean": ("平均", "Mean"),
    "above": ("%以上", "% and above"),
    "below": ("%以下", "% and below"),
    "member": ("会员", "members"),
    "guest": ("非会员", "others"),
    "listed": ("名单", "Listed"),
    "not_listed": ("对照(同样可能、不在名单)", "As likely, not listed"),
    "day": ("当天", "The day"),
    "same": ("同天气同类型", "Same weather and kind"),
    "same_weather": ("同天气", "Same weather"),
    "same_kind": ("同类型", "Same kind"),
    "all": ("近8周", "Eight weeks"),
    NOT_JOINED: ("未入会", "No members"),
} | CHANNELS

_SINCE_DAY = frozenset({DAY})
_NIGHTLY: dict[str, tuple[Both, Both, Both]] = {
    "repurchase": (
        ("复购", "Repurchase"),
        (
            "复购周期、按首购月的复购率、年均消费与频次",
            "cycle, repurchase by month of the first purchase, annual spend",
        ),
        ("首次购买月份", "Month of the first purchase"),
    ),
    "cohorts": (
        ("入会批次", "Cohorts"),
        ("每个月入会的人:多少人买、再买、买了多少", "by month of joining: who bought, bought again, what for"),
        ("入会月份", "Month of joining"),
    ),
    "ltv": (
        ("会员终身价值", "Lifetime value"),
        ("按入会月份与渠道", "by month and channel of joining"),
        ("入会月份与渠道", "Month and channel"),
    ),
    "channels": (
        ("跨渠道与可触达", "Across channels"),
        ("在几个渠道购买的人、可触达的人", "persons who buy in more than one channel, who can be reached"),
        ("渠道", "Channel"),
    ),
    "churn": (
        ("流失风险", "Churn risk"),
        ("谁逾期未来,回测准不准", "who is overdue, and how well that foretold who did not come back"),
        ("逾期比", "Overdue ratio"),
    ),
    "views": (
        ("浏览未购", "Looked at, not bought"),
        ("线上看过的商品与门店销量", "what was looked at elsewhere and bought at tills"),
        ("商品", "Article"),
    ),
}


def _tabled(held: Mapping[str, Mapping[str, Any]], first: Column, named: Callable[[str], str]) -> Table:
    """Parts as rows; of the metrics of all of them the columns, in the order of the dictionary."""
    some = {name for figures in held.values() for name in figures}
    columns = (first, *(metric(name) for name in METRICS if name in some))
    rows = [{"part": named(part), **cells(figures)} for part, figures in held.items()]
    return Table(first.name, columns, rows)


def _word(desk: Desk, part: str) -> str:
    words = [desk.word(_PARTS.get(word, (word, word))) for word in (part.split(" ") if part else [""])]
    return " ".join(words).replace(" %", "%")


def nightly(name: str, conn: Connection, desk: Desk, asked: Asked) -> Sheet:
    """What the last night made of it."""
    title, _, first = _NIGHTLY[name]
    told = reports.kept_report(conn, name, asked.now)
    named: Callable[[str], str] = partial(_word, desk)
    if name == "views":
        goods = _goods(conn, told["parts"])
        named = lambda part: goods.get(part, part)  # noqa: E731
    table = _tabled(told["parts"], Column("part", first, wide=2, least=150), named)._replace(title=title, name=name)
    return Sheet([table, *_overdue(desk, told)], told["as_of"] or "", told["version"], _until_tonight(desk, told))


def _until_tonight(desk: Desk, told: Mapping[str, Any]) -> list[str]:
    if told["parts"]:
        return []
    return [desk.say("今晚会算出来", "It is worked out tonight")]


def _goods(conn: Connection, parts: Mapping[str, Any]) -> dict[str, str]:
    """What articles are called."""
    asked = select(article.c.id, article.c.name).where(article.c.id.in_(list(parts)))
    return {row.id: row.name for row in conn.execute(asked)}


def _overdue(desk: Desk, told: Mapping[str, Any]) -> list[Table]:
    """Of the churn report: how many are overdue how far, and the most valuable of them."""
    if "overdue" not in told:
        return []
    risk = METRICS["churn_risk"]
    steps = [{"step": f"≥ {row['from']}%", "persons": row["persons"]} for row in told["overdue"]]
    persons = [{**row, "why": desk.word(tuple(row["why"])), "place": str(row["store"])} for row in told["members"]]
    return [
        Table(
            ("现在逾期的人", "Overdue now"),
            (Column("step", risk.name, meaning=risk.formula), metric("persons")),
            steps,
            name="overdue",
        ),
        Table(
            ("最有价值的逾期会员", "The most valuable of them"),
            (
                Column("member", ("会员", "Member"), wide=2, least=130),
                Column("place", ("归属门店", "Home store")),
                Column("risk", risk.name, "percent", meaning=risk.formula),
                Column("why", ("原因", "Why"), wide=3, least=200),
            ),
            persons,
        ),
    ]


def baskets(conn: Connection, desk: Desk, asked: Asked) -> Sheet:
    """Parts are a store's number (0: all) with member or guest."""
    told = reports.kept_report(conn, "baskets", asked.now)
    names = store_names(conn)

    def is_seen(part: str) -> bool:
        number = int(part.split(" ")[0])
        return (desk.user.sees(number) if number else desk.user.stores is None) and asked.store in (0, number)

    def named(part: str) -> str:
        number, who = part.split(" ")
        place = f"{number} {names.get(int(number), '')}" if int(number) else desk.say("全部门店", "All stores")
        return f"{place} · {desk.word(_PARTS[who])}"

    held = {part: figures for part, figures in told["parts"].items() if is_seen(part)}
    first = Column("part", ("门店与顾客", "Store and customers"), wide=3, least=190)
    table = _tabled(held, first, named)._replace(title=("会员与非会员客单", "Baskets"), name="baskets")
    return Sheet([table], told["as_of"] or "", told["version"], _until_tonight(desk, told))


def costs(conn: Connection, desk: Desk, asked: Asked) -> Sheet:
    told = reports.costs(conn, asked.now, asked.since, asked.until)
    first = Column("part", ("渠道", "Channel"), wide=2, least=130)
    table = _tabled(told["parts"], first, partial(_word, desk))._replace(
        title=("获客成本", "Cost of a member"), name="cac"
    )
    return Sheet([table], version=told["version"])


def weather(conn: Connection, desk: Desk, asked: Asked) -> Sheet:
    told = reports.weather(conn, asked.now, asked.store, asked.date)
    first = Column("part", ("日子", "Days"), wide=2, least=150)
    title: Both = ("当天与同类日子的平均", "The day beside the average of days like it")
    table = _tabled(told["parts"], first, partial(_word, desk))._replace(title=title, name="weather")
    sky = desk.word(told["names"]["weather"]) if told["weather"] else desk.say("没有导入天气", "no weather imported")
    words = [sky, desk.word(told["names"]["kind"]), told["holiday"]]
    return Sheet([table], asked.date, told["version"], [" · ".join(word for word in words if word)])


def visitors(conn: Connection, desk: Desk, asked: Asked) -> Sheet:
    told = reports.visited(conn, asked.now, asked.store, asked.date)
    held = {part: figures for part, figures in told["parts"].items() if figures["persons"]["top"]}
    first = Column("part", ("谁", "Who"), wide=2, least=150)
    title: Both = ("名单与同样可能的人", "The list beside who was as likely")
    table = _tabled(held, first, partial(_word, desk))._replace(title=title, name="visitors")
    return Sheet([table], asked.date, told["version"])


def _of_night(name: str) -> Report:
    title, about, _ = _NIGHTLY[name]
    return Report(name, title, about, partial(nightly, name), is_of_chain=True)


REPORTS = (
    *(_of_night(name) for name in _NIGHTLY),
    Report(
        "baskets",
        ("会员与非会员客单", "Baskets"),
        ("有会员的小票与没有的并列,四周", "tickets with a member beside those without, four weeks"),
        baskets,
        store=ANY_STORE,
    ),
    Report(
        "cac",
        ("获客成本", "Cost of a new member"),
        ("按渠道:投放、赠品、首单优惠、店员奖励", "by channel: media, gifts, first-order benefits, rewards"),
        costs,
        frozenset({SPAN}),
        is_of_chain=True,
    ),
    Report(
        "weather",
        ("天气与节假日", "Weather and holidays"),
        ("当天与同天气、同类型的日子比", "a day beside days of the same weather and kind"),
        weather,
        _SINCE_DAY,
        ONE_STORE,
    ),
    Report(
        "visitors",
        ("今日可能到店", "Likely visitors"),
        ("名单上的人来了没有,与对照比", "what became of the day's list, beside who was as likely"),
        visitors,
        _SINCE_DAY,
        ONE_STORE,
    ),
)

"""What clerks earn by joins: a store's month to the fen, line by line with what does not count and why; the rules; and
the month that is paid out."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from nicegui import ui
from sqlalchemy import Connection, select

from posapp.hq import feed
from posapp.hq.console import users
from posapp.hq.console.dates import date_box, is_coming, months_to
from posapp.hq.console.desk import Desk, Page
from posapp.hq.console.frame import foot, tried
from posapp.hq.console.grids import Column, ask_reason, grid
from posapp.hq.console.tiles import heading, pair, plain
from posapp.hq.database import Database
from posapp.hq.people import business_day, store_names
from posapp.hq.rewards.commands import amount
from posapp.hq.rewards.days import Days
from posapp.hq.rewards.rewarding import promise
from posapp.hq.rewards.rules import words_of
from posapp.hq.rewards.settle import month_of, settle, settled_months
from posapp.hq.rewards.tables import reward_rule
from posapp.hq.rewards.wanted import Rule
from posapp.money import Money
from posapp.rules.reward_words import KINDS, why_words

_CLERKS = (
    Column("name", ("店员", "Clerk"), wide=2, least=140),
    Column("joins", ("有效入会", "Valid joins"), "number"),
    Column("first_orders", ("首单", "First orders"), "number"),
    Column("back", ("冲回", "Taken back"), "number"),
    Column("excluded", ("不计", "Excluded"), "number"),
    Column("fen", ("奖励", "Reward"), "money"),
)
_LINES = (
    Column("when", ("时间", "Time"), least=130),
    Column("clerk", ("店员", "Clerk"), least=90),
    Column("word", ("类型", "Kind"), least=130),
    Column("fen", ("金额", "Amount"), "money"),
    Column("why_word", ("原因", "Why"), wide=3, least=200),
    Column("receipt", ("单号", "Receipt"), wide=2, least=170),
)
_RULES = (
    Column("version", ("版本", "Version"), "number", least=110),
    Column("scope", ("范围", "Scope"), least=110),
    Column("starts", ("自", "From"), least=120),
    Column("said", ("规则", "Rule"), wide=4, least=240),
    Column("who", ("由", "By"), least=100),
)
_SETTLED = (
    Column("month", ("月份", "Month"), least=100),
    Column("when", ("结算于", "Settled"), least=140),
    Column("who", ("由", "By")),
    Column("reason", ("原因", "Reason"), wide=3),
)


def names_of(conn: Connection, stores: frozenset[int] | None) -> dict[int, str]:
    names = store_names(conn).items()
    return {number: f"{number} {name}" for number, name in names if stores is None or number in stores}


def rules_of(conn: Connection, stores: frozenset[int] | None) -> list[Any]:
    """The chain's and those of the stores that are seen (None: of all), newest first."""
    asked = select(reward_rule).order_by(reward_rule.c.version.desc())
    if stores is not None:
        asked = asked.where(reward_rule.c.scope.in_([feed.CHAIN, *map(feed.store_scope, sorted(stores))]))
    return list(conn.execute(asked))


async def build(desk: Desk) -> None:
    names = await desk.read(names_of, desk.user.stores)
    number = desk.need_store(desk.whole("store") if desk.asked.get("store") else min(names, default=0))
    month = desk.asked.get("month") or None
    told = await desk.act("", month_of, desk.hq.database, desk.hq.clock, number, month)
    today = await desk.read(business_day, desk.now, number)
    _head(desk, names, told, today)
    if is_coming(desk, told["month"], today):
        return
    with ui.element("div").classes("tiles"):
        rule = told["rule"][1 if desk.is_english else 0]
        plain(desk, desk.say("本月奖励", "Rewards of the month"), told["amount"], desk.now, rule)
        for name, title in (("joins", ("有效入会", "Valid joins")), ("first_orders", ("首单", "First orders"))):
            count = sum(one[name] for one in told["clerks"])
            plain(desk, desk.word(title), f"{count:,}", desk.now, rule)
    with ui.column().classes("card w-full"):
        heading(desk.say("现行规则", "The rule in force"), more=rule)
    clerks = [
        {**one, "name": f"{one['clerk']} {one['name']}", "fen": Money.parse(one["amount"]).fen}
        for one in told["clerks"]
    ]
    grid(desk, ("店员", "Clerks"), _CLERKS, clerks, name=f"rewards-{number}-{told['month']}")
    lines = [
        {**line, **_line(desk, line), "clerk": str(one["clerk"])} for one in told["clerks"] for line in one["lines"]
    ]
    grid(desk, ("明细", "Every line"), _LINES, lines, name=f"reward-lines-{number}-{told['month']}")
    await _rules(desk)


def _instant(instant: str) -> int:
    return int(dt.datetime.fromisoformat(instant).timestamp() * 1000)


def _line(desk: Desk, line: dict[str, Any]) -> dict[str, Any]:
    return {
        "when": desk.time(_instant(line["at"])),
        "word": desk.word(KINDS[line["kind"]]),
        "fen": Money.parse(line["amount"]).fen,
        "why_word": why_words(line["why"], desk.user.language) if line["why"] else "",
    }


def _head(desk: Desk, names: dict[int, str], told: dict[str, Any], today: str) -> None:
    def other(**change: Any) -> None:
        ui.navigate.to(f"/rewards?{urlencode({'store': told['store'], 'month': told['month'], **change})}")

    with ui.row().classes("asked"):
        ui.select(names, value=told["store"], on_change=lambda event: other(store=event.value)).props("outlined dense")
        months = ui.select(months_to(today, told["month"]), value=told["month"], label=desk.say("月份", "Month"))
        months.props("outlined dense").on_value_change(lambda event: other(month=event.value))
        if told["settled"]:
            when = desk.time(_instant(told["settled"]), "%Y-%m-%d")
            ui.badge(f"{desk.say('已结算', 'settled')} {when}", color="positive")
        else:
            ui.badge(desk.say("未结算", "open"), color="warning")
        if desk.may(users.OPERATIONS):
            title = desk.say("结算并导出", "Settle and export")
            button = ui.button(title, icon="payments").props("no-caps unelevated")
            button.on_click(
                lambda: ask_reason(desk, f"{title} {told['month']}", lambda reason: _settle(desk, told, reason))
            )
            ui.button(desk.say("新规则", "New rule"), icon="add", on_click=lambda: _promise(desk)).props(
                "no-caps outline"
            )


async def _settle(desk: Desk, told: dict[str, Any], reason: str) -> None:
    """Raises PosError month_runs and the like, which the dialog tells."""
    month, who = told["month"], desk.user.name
    given = (desk.hq.database, desk.hq.clock, month, who, reason)
    content = await desk.act((f"rewards {month} settled", reason), settle, *given)
    await desk.act("", lambda: desk.note("export", f"rewards {month}", reason))
    ui.download.content(content.encode("utf-8-sig"), f"rewards-{month}.csv", "text/csv")


async def _rules(desk: Desk) -> None:
    rows = [
        {
            **row._mapping,
            "said": desk.word(words_of(Rule(row.join, row.first_order, row.least, row.cap))),
        }
        for row in await desk.read(rules_of, desk.user.stores)
    ]
    grid(desk, ("规则", "Rules"), _RULES, rows)
    months = [{**row, "when": desk.time(_instant(row["settled"]))} for row in await desk.read(settled_months)]
    grid(desk, ("已结算的月份", "Settled months"), _SETTLED, months)


def _promise(desk: Desk) -> None:
    with ui.dialog(value=True) as dialog, ui.card().classes("min-w-80"):
        ui.label(desk.say("新规则", "New rule")).classes("heading")
        boxes = {
            "scope": ui.input(desk.say("门店号,或 chain", "Store's number, or chain"), value="chain"),
            "starts": date_box(desk, desk.say("自(空为今天)", "From (empty: today)"), ""),
            "join": ui.input(desk.say("每位有效入会(元)", "Each valid join (yuan)"), value="0"),
            "first_order": ui.input(desk.say("每位首单(元)", "Each first order (yuan)"), value="0"),
            "least": ui.input(desk.say("首单至少(元)", "First order of at least (yuan)"), value="0"),
            "cap": ui.input(desk.say("每天入会最多(元,0 不限)", "At most a day for joins (yuan, 0: any)"), value="0"),
        }
        for box in boxes.values():
            box.props("outlined dense").classes("w-full")
        with ui.element("div"):
            pair(desk.say("规则只对之后的入会有效", "A rule is for joins from then on"), " ")

        async def save() -> None:
            typed = {name: (box.value or "").strip() for name, box in boxes.items()}
            if await tried(desk, "reward rule", add_rule, desk.hq.database, typed, desk.now, desk.user.name):
                ui.navigate.reload()

        foot(desk, dialog, save)


def add_rule(database: Database, typed: dict[str, str], now: int, who: str) -> None:
    """Raises PosError bad_amount, bad_date, month_settled, bad_scope, no_such_store."""
    rule = Rule(*(amount(typed[name] or "0") for name in ("join", "first_order", "least", "cap")))
    with database.transaction() as conn:
        promise(conn, typed["scope"], typed["starts"] or Days(conn).date(0, now), rule, now, who)


_SEE = frozenset({users.STORE, users.REGION, users.OPERATIONS})
PAGE = Page("/rewards", ("激励", "Incentives"), "emoji_events", _SEE, build, "today")

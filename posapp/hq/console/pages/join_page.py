"""The join rate across stores, clerks, channels and hours against the targets that are set here; each figure opens."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from nicegui import ui
from sqlalchemy import Connection

from posapp.errors import PosError
from posapp.hq import people
from posapp.hq.console import users
from posapp.hq.console.charts import bars, funnel, lines
from posapp.hq.console.dates import date_box, is_coming
from posapp.hq.console.desk import Both, Desk, Page
from posapp.hq.console.frame import foot, tell
from posapp.hq.console.grids import Column, grid
from posapp.hq.console.tiles import figure, heading, pair
from posapp.hq.console.words import CHANNELS
from posapp.hq.figures import boards
from posapp.hq.figures.boards import Part
from posapp.hq.figures.report import STATES
from posapp.hq.members.desk import LONGEST_REASON
from posapp.hq.people import business_day, clerk_names, store_names
from posapp.rules.dictionary import METRICS, Value, value_of
from posapp.rules.free_text import read_text
from posapp.rules.metrics import Figures

SPANS: dict[str, tuple[Both, int]] = {
    "today": (("今天", "Today"), 1),
    "week": (("近7天", "7 days"), 7),
    "month": (("近28天", "28 days"), 28),
}
_TILES = ("join_rate", "walk_ins", "conversion", "joins", "recognition_rate", "member_sales_share", "first_order_rate")
_STEP_NAMES = {
    "shown": ("展示", "Shown"),
    "opened": ("扫码", "Scanned"),
    "authorised": ("授权", "Phone confirmed"),
    "enrolled": ("入会", "Joined"),
    "first": ("首单", "First order"),
    "again": ("复购", "Second purchase"),
}
_PARTS = (
    Column("name", ("", ""), wide=2, least=130),
    Column("joins", ("新增入会", "Joins"), "persons"),
    Column("walk_ins", ("非会员交易", "Walk-ins"), "number"),
    Column("rate", ("入会率", "Join rate"), "percent"),
    Column("conversion", ("开单转化", "Conversion"), "percent"),
)
_TARGETED = (
    Column("target", ("目标", "Target"), "percent"),
    Column("apart", ("差(百分点)", "Apart (points)"), "number"),
    Column("state", ("数据", "Data"), least=90),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A span of dates and one store (0: all that the user sees)."""

    since: str
    until: str
    store: int
    stores: tuple[int, ...]

    def address(self, **more: Any) -> str:
        return urlencode({"since": self.since, "until": self.until, "store": self.store, **more})


@dataclass(slots=True)
class Told:
    """All that the page shows, read at once."""

    all: Figures
    parts: dict[str, list[Part]]
    names: dict[int, str]
    clerks: dict[int, str]
    targets: dict[int, int]
    states: dict[str, int]


def asked_of(desk: Desk, today: str) -> Asked:
    """What the address says. Raises PosError bad_date, bad_period, long_period, not_found."""
    span = desk.asked.get("span", "")
    number = desk.whole("store") if desk.asked.get("store") else 0
    if number:
        desk.need_store(number)
    days = SPANS[span][1] if span in SPANS else 1
    since = desk.asked.get("since") or str(dt.date.fromisoformat(today) - dt.timedelta(days=days - 1))
    until = desk.asked.get("until") or max(today, since)
    boards.check_span(since, until)
    stores = () if desk.user.stores is None else tuple(sorted(desk.user.stores))
    return Asked(since, until, number, stores)


def read(conn: Connection, asked: Asked) -> Told:
    """Everything by every cut; pure reading."""
    span = (asked.since, asked.until)
    where = partial(boards.by, store=asked.store, stores=asked.stores)
    names = store_names(conn)
    parts = {cut: where(conn, cut, *span) for cut in boards.CUTS if cut != "till"}
    return Told(
        boards.sums(conn, *span, store=asked.store, stores=asked.stores),
        parts,
        names,
        clerk_names(conn),
        boards.targets(conn, sorted(names)),
        boards.state_of(conn, asked.since, asked.until, store=asked.store),
    )


async def build(desk: Desk) -> None:
    today = await desk.read(business_day, desk.now)
    asked = asked_of(desk, today)
    told = await desk.read(read, asked)
    _chosen(desk, asked, told, today)
    if is_coming(desk, asked.since, today):
        return
    _tiles(desk, asked, told)
    with ui.element("div").classes("two"):
        if not asked.store:
            _stores_chart(desk, told)
        _trend(desk, told)
        _hours(desk, told)
        _funnel(desk, told)
    if not asked.store:
        _stores(desk, asked, told)
    _clerks(desk, asked, told)
    _channels(desk, asked, told)


def _chosen(desk: Desk, asked: Asked, told: Told, today: str) -> None:
    def other(**change: Any) -> None:
        values = {"since": asked.since, "until": asked.until, "store": asked.store, **change}
        ui.navigate.to(f"/joins?{urlencode(values)}")

    with ui.row().classes("asked"):
        for title, days in SPANS.values():
            since = str(dt.date.fromisoformat(today) - dt.timedelta(days=days - 1))
            is_here = (asked.since, asked.until) == (since, today)
            button = ui.button(desk.word(title), on_click=lambda since=since: other(since=since, until=today))
            button.props("no-caps " + ("unelevated" if is_here else "outline"))
        date_box(desk, desk.say("从", "From"), asked.since, lambda date: other(since=date))
        date_box(desk, desk.say("到", "To"), asked.until, lambda date: other(until=date))
        seen = {0: desk.say("全部门店", "All stores")} | {
            number: f"{number} {name}" for number, name in told.names.items() if desk.user.sees(number)
        }
        ui.select(seen, value=asked.store, on_change=lambda event: other(store=event.value)).props("outlined dense")
        for state, count in told.states.items():
            colour = {"provisional": "warning", "updated": "secondary"}.get(state, "positive")
            ui.badge(f"{desk.word(STATES.get(state, (state, state)))} {count}", color=colour)


def _tiles(desk: Desk, asked: Asked, told: Told) -> None:
    with ui.element("div").classes("tiles"):
        for name in _TILES:
            opens = f"/figures/{name}?{asked.address()}" if METRICS[name].opens[0] else ""
            figure(desk, name, value_of(name, told.all), desk.now, opens=opens)
        if asked.store and told.targets.get(asked.store):
            with ui.column().classes("tile"):
                ui.label(desk.say("目标", "Target")).classes("name")
                ui.label(f"{told.targets[asked.store]}%").classes("value")


def percent(value: Value) -> float | None:
    return round(value.top * 100 / value.bottom, 1) if value.is_known else None


def _rates(parts: list[Part]) -> list[float | None]:
    return [percent(value_of("join_rate", part.figures)) for part in parts]


def _stores_chart(desk: Desk, told: Told) -> None:
    with ui.column().classes("card"):
        heading(desk.say("各店入会率", "Join rate by store"))
        parts = told.parts["store"]
        names = [told.names.get(int(part.key), part.key) for part in parts]
        target = max((told.targets.get(int(part.key), 0) for part in parts), default=0)
        bars(desk, names, [(desk.word(METRICS["join_rate"].name), _rates(parts))], unit="%", target=target)


def _trend(desk: Desk, told: Told) -> None:
    with ui.column().classes("card"):
        heading(desk.say("按日", "By date"))
        parts = told.parts["date"]
        series = [
            (desk.word(METRICS[name].name), [percent(value_of(name, part.figures)) for part in parts])
            for name in ("join_rate", "conversion")
        ]
        lines(desk, [part.key[5:] for part in parts], series, unit="%")


def _hours(desk: Desk, told: Told) -> None:
    with ui.column().classes("card"):
        heading(desk.say("按时段", "By hour"))
        parts = told.parts["hour"]
        series = [
            (desk.word(METRICS["walk_ins"].name), [part.figures.walk_ins for part in parts]),
            (desk.word(METRICS["joins"].name), [part.figures.joins for part in parts]),
        ]
        bars(desk, [f"{part.key}:00" for part in parts], series)


def _funnel(desk: Desk, told: Told) -> None:
    with ui.column().classes("card"):
        heading(desk.say("从展示到复购", "From shown to second purchase"))
        steps = boards.funnel(told.all)
        funnel(desk, [(desk.word(_STEP_NAMES[name]), count) for name, count, _ in steps])


def _row(part: Part, name: str) -> dict[str, Any]:
    return {
        "key": part.key,
        "name": name,
        "joins": part.figures.joins,
        "walk_ins": part.figures.walk_ins,
        "rate": percent(value_of("join_rate", part.figures)),
        "conversion": percent(value_of("conversion", part.figures)),
    }


def _columns(first: Both, *more: Column) -> tuple[Column, ...]:
    return (_PARTS[0]._replace(name=first), *_PARTS[1:], *more)


def _stores(desk: Desk, asked: Asked, told: Told) -> None:
    rows = []
    for part in told.parts["store"]:
        number = int(part.key)
        row = _row(part, f"{number} {told.names.get(number, '')}")
        target = told.targets.get(number, 0)
        row["target"] = target or None
        row["apart"] = round(row["rate"] - target, 1) if target and row["rate"] is not None else None
        row["state"] = ""
        rows.append(row)
    columns = _columns(("门店", "Store"), *_TARGETED[:2])
    may_set = desk.may(users.REGION, users.OPERATIONS)
    more = desk.say("按一行设目标", "press a row to set its target") if may_set else ""
    pressed = (lambda row: _target(desk, int(row["key"]), told)) if may_set else None
    opens = None if may_set else lambda row: f"/joins?{asked.address(store=row['key'])}"
    grid(desk, ("门店", "Stores"), columns, rows, opens=opens, pressed=pressed, name="join-rate-stores", more=more)


def _target(desk: Desk, number: int, told: Told) -> None:
    """Set a store's target, or look at the store."""
    with ui.dialog(value=True) as dialog, ui.card().classes("min-w-80"):
        ui.label(f"{number} {told.names.get(number, '')}").classes("heading")
        held = told.targets.get(number, 0)
        box = ui.number(desk.say("入会率目标 %(0 为不设)", "Target join rate % (0: none)"), value=held, min=0, max=100)
        reason = ui.input(desk.say("原因", "Reason")).props("maxlength=200")
        for one in (box, reason):
            one.props("outlined").classes("w-full")

        async def save() -> None:
            try:
                value = str(int(box.value or 0))
                given = (desk.hq.database, str(number), "join_target", value)
                what = f"join_target {number}: {held} → {value}"
                await desk.act((what, read_text(reason.value or "", LONGEST_REASON)), people.set_value, *given)
            except PosError as error:
                tell(desk, error)
                return
            ui.navigate.reload()

        look = ui.button(desk.say("看这家店", "See this store"))
        look.on_click(lambda: ui.navigate.to(f"/joins?store={number}&span=week")).props("flat no-caps")
        foot(desk, dialog, save)


def _clerks(desk: Desk, asked: Asked, told: Told) -> None:
    """Those with enough tickets by their rate; the others below, in no order of merit."""
    ranked = [part for part in told.parts["clerk"] if part.is_ranked]
    ranked.sort(key=lambda part: -(percent(value_of("join_rate", part.figures)) or 0))
    rows = []
    for part in [*ranked, *(part for part in told.parts["clerk"] if not part.is_ranked)]:
        row = _row(part, f"{part.key} {told.clerks.get(int(part.key), '')}")
        row["rank"] = str(ranked.index(part) + 1) if part.is_ranked else desk.say("样本不足", "too few")
        rows.append(row)
    columns = (Column("rank", ("名次", "Rank"), least=90), *_columns(("店员", "Clerk")))
    more = desk.say("不足30单的不排名", "nobody is ranked by fewer than 30 tickets")
    opens = lambda row: f"/figures/joins?{asked.address(axis='clerk', key=row['key'])}"  # noqa: E731
    grid(desk, ("店员", "Clerks"), columns, rows, opens=opens, name="join-rate-clerks", more=more)


def _channels(desk: Desk, asked: Asked, told: Told) -> None:
    total = sum(part.figures.joins for part in told.parts["channel"])
    rows = [
        {
            "key": part.key,
            "name": desk.word(CHANNELS.get(part.key, (part.key, part.key))),
            "joins": part.figures.joins,
            "share": percent(Value(part.figures.joins, total)),
            "opened": part.figures.opened,
        }
        for part in told.parts["channel"]
    ]
    columns = (
        Column("name", ("渠道", "Channel"), wide=2),
        Column("joins", ("新增入会", "Joins"), "persons"),
        Column("share", ("占比", "Share"), "percent"),
        Column("opened", ("扫码", "Scanned"), "number"),
    )
    opens = lambda row: f"/figures/joins?{asked.address(axis='channel', key=row['key'])}"  # noqa: E731
    grid(desk, ("渠道", "Channels"), columns, rows, opens=opens, name="join-rate-channels")


# --- what a figure is made of ---

_ITEMS = (
    Column("when", ("时间", "Time"), least=130),
    Column("word", ("什么", "What"), least=90),
    Column("receipt", ("单号", "Receipt"), wide=2, least=170),
    Column("fen", ("实付", "Paid"), "money"),
    Column("till", ("收银台", "Till"), least=90),
    Column("clerk", ("店员", "Clerk"), least=90),
    Column("channel_word", ("渠道", "Channel"), least=90),
    Column("member", ("会员", "Member"), least=100),
)


async def build_figure(desk: Desk) -> None:
    today = await desk.read(business_day, desk.now)
    asked, name = asked_of(desk, today), desk.asked.get("metric", "")
    if name not in METRICS:
        raise PosError("not_found", what=name[:40])
    axis, key = desk.asked.get("axis", "all"), desk.asked.get("key", "")
    items, total = await desk.read(opened, asked, name, axis, key)
    metric = METRICS[name]
    with ui.column().classes("card w-full"):
        heading(desk.word(metric.name), more=desk.word(metric.formula))
        pair(desk.say("日期", "Dates"), f"{asked.since} – {asked.until}")
        pair(desk.say("由多少组成", "Made of"), f"{total:,}")
    rows = [
        {
            "when": desk.time(item.at),
            "word": desk.say("小票", "ticket") if item.kind == "ticket" else desk.say("入会", "join"),
            "receipt": item.receipt,
            "fen": item.fen if item.receipt else None,
            "till": str(item.till),
            "clerk": str(item.clerk or ""),
            "channel_word": desk.word(CHANNELS.get(item.channel, (item.channel, item.channel))),
            "member": item.member,
        }
        for item in items
    ]
    more = desk.say(f"最近 {len(rows)} 条", f"the newest {len(rows)}") if total > len(rows) else ""
    opens = lambda row: f"/transactions?receipt={row['receipt']}" if row["receipt"] else "/transactions"  # noqa: E731
    grid(desk, ("组成", "Made of"), _ITEMS, rows, opens=opens, more=more)


def opened(conn: Connection, asked: Asked, name: str, axis: str, key: str) -> tuple[list[Any], int]:
    """The tickets or joins behind a figure, of the stores that are seen. Raises PosError bad_request."""
    of = partial(boards.open_figure, conn, name, asked.since, asked.until, axis=axis, key=key)
    if asked.store or not asked.stores:
        told = of(store=asked.store)
        return told.items, told.total
    parts = [of(store=number) for number in asked.stores]
    items = sorted((item for part in parts for item in part.items), key=lambda item: -item.at)
    return items[: boards.MOST_ITEMS], sum(part.total for part in parts)


_SEE = frozenset({users.STORE, users.REGION, users.OPERATIONS, users.ADMIN})
PAGE = Page("/joins", ("入会率", "Join rate"), "trending_up", _SEE, build, "today")
FIGURE = Page("/figures/{metric}", ("指标组成", "What it is made of"), "list", _SEE, build_figure)

"""Every store by the age of its data: fresh, ageing, or grey because it is silent; also as a picture on a wall."""

from __future__ import annotations

from nicegui import ui
from sqlalchemy import Connection

from posapp.errors import PosError
from posapp.hq.console import users
from posapp.hq.console.desk import Desk, Page
from posapp.hq.console.frame import go
from posapp.hq.console.freshness import FRESH, STALE, state_of
from posapp.hq.console.tiles import figure, meaning, nothing, plain
from posapp.hq.figures import boards
from posapp.hq.figures.boards import Store
from posapp.hq.people import business_day
from posapp.hq.rewards import served, wecom_stats
from posapp.rules.dictionary import METRICS, UNKNOWN, VERSION, Value, text_of, value_of
from posapp.rules.metrics import Figures

_AGAIN_S = 20
_ORDER = {STALE: 0, "ageing": 1, FRESH: 2}
_TOGETHER = ("net_sales", "tickets", "join_rate", "member_sales_share")


async def build(desk: Desk) -> None:
    with ui.column().classes("w-full gap-4") as sheet:
        _draw(desk, *await desk.read(read, desk.now))

    async def again() -> None:
        try:
            told = await desk.read(read, desk.now)
        except PosError:  # signed out: the frame leads to the door
            return
        sheet.clear()
        with sheet:
            _draw(desk, *told)

    if desk.page.is_wall:
        ui.timer(_AGAIN_S, again, immediate=False)


def read(conn: Connection, now: int) -> tuple[list[Store], dict[int, str]]:
    """Every store; and by store the share of chats answered within the hour in the last days, where any came in."""
    every = boards.stores(conn, now)
    told = wecom_stats.stats(conn, *served.usual_span(business_day(conn, now)))
    return every, {row["store"]: row["in_hour_share"] for row in told["stores"]}


def _draw(desk: Desk, every: list[Store], replies: dict[int, str]) -> None:
    now = desk.now
    some = [one for one in every if desk.user.sees(one.number)]
    if not some:
        nothing(desk, "还没有门店", "There is no store yet")
        return
    some.sort(key=lambda one: (_ORDER[state_of(one.since, now)], one.number))
    with ui.element("div").classes("tiles"):
        _age(desk, some, now)
        if desk.page.is_wall:
            _together(desk, some, now)
    with ui.element("div").classes("tiles"):
        for one in some:
            _store(desk, one, now, replies)


def _age(desk: Desk, some: list[Store], now: int) -> None:
    opens = "/tills" if desk.can_open("/tills") else ""
    figure(desk, "freshness", boards.freshness(some), now, opens=opens)
    silent = sum(state_of(one.since, now) == STALE for one in some)
    meant = desk.say(
        "一小时以上没有数据、或还有更早的数据没上传的门店", "no data, or older data unsent, for an hour or more"
    )
    plain(desk, desk.say("沉默的门店", "Silent stores"), str(silent), now, meant, foot=f"/ {len(some)}")
    unsent = sum(one.unsent for one in some)
    meant = desk.say("收银台最近一次联系时还没上传的记录", "entries that tills had not sent at their last contact")
    plain(desk, desk.say("待上传", "Unsent"), f"{unsent:,}", now, meant)


def _together(desk: Desk, some: list[Store], now: int) -> None:
    """Today's figures of the stores that have told any, as far as they are here."""
    day = Figures()
    for one in some:
        day.add(one.day)
    known = any(one.is_known for one in some)
    at = min((one.since for one in some if one.since), default=now)
    for name in _TOGETHER:
        figure(desk, name, value_of(name, day) if known else None, at, opens="/joins" if name == "join_rate" else "")


def _store(desk: Desk, one: Store, now: int, replies: dict[int, str]) -> None:
    """Its sales of today, on a wall also how it answers; of a silent store what came last, with when that was, and
    nothing where nothing came."""
    opens, known = go(f"/stores/{one.number}"), one.is_known
    with ui.column().classes(f"tile store opens {state_of(one.since, now)}") as tile:
        ui.label(f"{one.number} {one.name}").classes("name")
        ui.label(text_of("money", value_of("net_sales", one.day)) if known else UNKNOWN).classes("value")
        rate = value_of("join_rate", one.day) if known else Value(0, 0)
        count = desk.say(f"{one.day.tickets:,} 单", f"{one.day.tickets:,} tickets") if known else ""
        target = f" / {one.target}%" if one.target else ""
        joined = f"{desk.word(METRICS['join_rate'].name)} {text_of('rate', rate)}{target}"
        ui.label(" · ".join(part for part in (count, joined) if part)).classes("foot")
        meant = ""
        if desk.page.is_wall and replies:
            metric = METRICS["reply_in_hour"]
            ui.label(
                f"{desk.word(metric.name)} {replies.get(one.number, UNKNOWN)} · {desk.say('近7天', '7 days')}"
            ).classes("foot").props("data-replies")
            meant = f"; {desk.word(metric.name)}: {desk.word(metric.formula)}"
        ui.label(synced(desk, one.since, now)).classes("foot")
        net = desk.word(METRICS["net_sales"].name) + ": " + desk.word(METRICS["net_sales"].formula)
        shown = desk.say("沉默的门店显示最后收到的", "of a silent store what came last")
        meaning(desk, one.name, f"{net}; {shown}{meant}", one.since or now, VERSION)
    tile.on("click", opens).on("keydown.enter", opens).props("role=link tabindex=0")


def synced(desk: Desk, at: int, now: int) -> str:
    """最后同步 hh:mm, with the day when it was not today."""
    if not at:
        return desk.say("从未同步", "never synced")
    pattern = "%H:%M" if desk.time(at, "%m%d") == desk.time(now, "%m%d") else "%m-%d %H:%M"
    return f"{desk.say('最后同步', 'last sync')} {desk.time(at, pattern)}"


PAGE = Page("/", ("门店", "Stores"), "storefront", frozenset(users.ROLES), build, "today")
WALL = Page(
    "/wall",
    ("作战室", "War room"),
    "tv",
    frozenset({users.STORE, users.REGION, users.OPERATIONS, users.ADMIN}),
    build,
    "today",
    is_wall=True,
)

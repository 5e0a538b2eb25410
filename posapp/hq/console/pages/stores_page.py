"""Every store by the age of its data: fresh, ageing, or grey because it is silent; also as a picture on a wall."""

from __future__ import annotations

from nicegui import ui

from posapp.hq.console import users
from posapp.hq.console.desk import Desk, Page
from posapp.hq.console.frame import go
from posapp.hq.console.freshness import FRESH, STALE, StoreNow, stores_now
from posapp.hq.console.tiles import figure, meaning, nothing, plain
from posapp.rules.dictionary import UNKNOWN, Value, text_of

_AGAIN_S = 20


async def build(desk: Desk) -> None:
    stores = await desk.read(stores_now, desk.user.stores, desk.now)
    if not stores:
        nothing(desk, "还没有门店", "There is no store yet")
        return
    with ui.column().classes("w-full gap-4") as sheet:
        _draw(desk, stores)

    async def again() -> None:
        if not await desk.is_there():
            return
        stores = await desk.read(stores_now, desk.user.stores, desk.now)
        sheet.clear()
        with sheet:
            _draw(desk, stores)

    if desk.page.is_wall:
        ui.timer(_AGAIN_S, again, immediate=False)


def _draw(desk: Desk, stores: list[StoreNow]) -> None:
    now = desk.now
    tills = sum(one.tills for one in stores)
    with ui.element("div").classes("tiles"):
        fresh = Value(sum(one.fresh_tills for one in stores), tills)
        figure(desk, "freshness", fresh, now, opens="/tills" if desk.can_open("/tills") else "")
        silent = [one for one in stores if one.state == STALE]
        plain(
            desk,
            desk.say("沉默的门店", "Silent stores"),
            str(len(silent)),
            now,
            desk.say(
                "一小时以上没有数据、或还有更早的数据没上传的门店", "no data, or older data unsent, for an hour or more"
            ),
            foot=f"/ {len(stores)}",
        )
        unsent = sum(one.unsent for one in stores)
        meant = desk.say("收银台最近一次联系时还没上传的记录", "entries that tills had not sent at their last contact")
        plain(desk, desk.say("待上传", "Unsent"), f"{unsent:,}", now, meant)
    with ui.element("div").classes("tiles"):
        for one in stores:
            _store(desk, one, now)


def _store(desk: Desk, one: StoreNow, now: int) -> None:
    """Its sales of today; of a silent store what came last, with when that was, and nothing where nothing came."""
    opens = go(f"/stores/{one.number}")
    with ui.column().classes(f"tile store opens {one.state}") as tile:
        ui.label(f"{one.number} {one.name}").classes("name")
        known = one.synced and (one.tickets or one.state == FRESH)
        ui.label(text_of("money", Value(one.sales, 1)) if known else UNKNOWN).classes("value")
        count = desk.say(f"{one.tickets:,} 单", f"{one.tickets:,} tickets") if known else desk.say("无数据", "no data")
        ui.label(f"{count} · {synced(desk, one.synced, now)}").classes("foot")
        formula = desk.say(
            "今天已到总部的销售额减退款;沉默的门店显示最后收到的",
            "sales less refunds of today as far as they are here; of a silent store what came last",
        )
        meaning(desk, one.name, formula, one.synced or now)
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

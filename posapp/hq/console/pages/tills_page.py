"""Tills with their program, last contact, unsent entries and clock; one till's journals; what is in quarantine."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from posapp.errors import PosError
from posapp.hq.console import users
from posapp.hq.console.desk import Desk, Page
from posapp.hq.console.frame import tell
from posapp.hq.console.grids import Column, ask_reason, grid
from posapp.hq.console.tills import journals, stuck, tills, try_again
from posapp.ids import till_name

STATES = {
    "fresh": ("正常", "fresh"),
    "ageing": ("数据变旧", "ageing"),
    "stale": ("沉默", "silent"),
    "unheard": ("尚未联系过", "not called in yet"),
    "revoked": ("已停用", "revoked"),
    "new": ("未登记", "not enrolled"),
}
_TILLS = (
    Column("name", ("收银台", "Till")),
    Column("shop", ("门店", "Store")),
    Column("word", ("状态", "State")),
    Column("heard", ("最近联系", "Last contact"), least=130),
    Column("unsent", ("待上传", "Unsent"), "number"),
    Column("since", ("最早未传", "Oldest unsent"), least=130),
    Column("clock", ("时钟偏差(秒)", "Clock off (s)"), "number", least=130),
    Column("program", ("程序版本", "Program"), least=130),
    Column("stuck", ("无法入账", "Quarantined"), "number"),
)
_JOURNALS = (
    Column("label", ("代次", "Epoch"), least=80),
    Column("seq", ("总部已收", "Held"), "number"),
    Column("done", ("已入账", "Entered"), "number"),
    Column("reason", ("由来", "Because")),
    Column("jid", ("流水号", "Journal"), wide=2, least=200),
    Column("hash", ("末条摘要", "Last hash"), wide=2, least=200),
)
_STUCK = (
    Column("name", ("收银台", "Till")),
    Column("seq", ("条号", "Entry"), "number", least=80),
    Column("word", ("原因", "Reason"), least=150),
    Column("detail", ("细节", "Detail"), wide=3, least=200),
    Column("since", ("自", "Since"), least=130),
    Column("tries", ("次数", "Tries"), "number", least=80),
)
_CODES = {
    "too_new": ("收银台程序比总部新", "written by a newer till"),
    "bad_schema": ("内容无法识别", "cannot be read"),
    "projector_bug": ("总部程序出错", "HQ's own fault"),
}


async def build(desk: Desk) -> None:
    rows = await desk.read(tills, desk.user.stores, desk.now)
    told = [
        {
            **row,
            "word": desk.word(STATES[row["state"]]),
            "heard": desk.time(row["contact"]),
            "since": desk.time(row["oldest"]),
            "clock": round(row["ahead"] / 1000, 1),
        }
        for row in rows
    ]
    grid(
        desk,
        ("收银台", "Tills"),
        _TILLS,
        told,
        opens=lambda row: f"/tills/{row['store']}/{row['till']}",
        name="tills",
    )


async def build_one(desk: Desk) -> None:
    store, number = desk.need_store(desk.whole("store")), desk.whole("till")
    rows = await desk.read(journals, store, number)
    grid(
        desk,
        (f"{till_name(store, number)} 的流水", f"Journals of {till_name(store, number)}"),
        _JOURNALS,
        rows,
        opens=lambda row: f"/entries/{row['jid']}/{row['seq']}",
        more=desk.say("打开看最后一条", "open to see the last entry"),
    )
    mine = [row for row in await desk.read(stuck, desk.user.stores) if (row["store"], row["till"]) == (store, number)]
    _draw_stuck(desk, mine)


async def build_stuck(desk: Desk) -> None:
    rows = await desk.read(stuck, desk.user.stores)
    with ui.column().classes("w-full gap-4") as sheet:
        _draw_stuck(desk, rows)
        tills_of = sorted({(row["store"], row["till"]) for row in rows})
        if tills_of and desk.may(users.OPERATIONS, users.ADMIN):
            with ui.row():
                for place in tills_of:
                    _again_button(desk, place, sheet)


def _draw_stuck(desk: Desk, rows: list[dict[str, Any]]) -> None:
    told = [
        {**row, "word": desk.word(_CODES.get(row["code"], (row["code"],) * 2)), "since": desk.time(row["first"])}
        for row in rows
    ]
    grid(
        desk,
        ("无法入账的记录", "Entries in quarantine"),
        _STUCK,
        told,
        opens=lambda row: f"/entries/{row['jid']}/{row['seq']}",
        more=desk.say("记录已完整保存,不影响其他记录", "the entries are kept whole and hold nothing else up"),
    )


def _again_button(desk: Desk, place: tuple[int, int], sheet: ui.column) -> None:
    name = till_name(*place)

    async def again(reason: str) -> None:
        try:
            left = await desk.act((f"reproject {name}", reason), try_again, desk.hq.database, desk.hq.clock, *place)
        except PosError as error:
            tell(desk, error)
            return
        ui.notify(
            desk.say(f"{name} 已重新入账,还剩 {left} 条", f"{name} was entered again, {left} are left"), position="top"
        )
        rows = await desk.read(stuck, desk.user.stores)
        sheet.clear()
        with sheet:
            _draw_stuck(desk, rows)

    title = desk.say(f"{name} 重新入账", f"Enter {name} again")
    ui.button(title, icon="replay", on_click=lambda: ask_reason(desk, title, again)).props("no-caps outline")


_SEE = frozenset({users.STORE, users.REGION, users.OPERATIONS, users.ADMIN})
PAGE = Page("/tills", ("收银台", "Tills"), "point_of_sale", _SEE, build, "house")
ONE = Page("/tills/{store}/{till}", ("收银台", "Till"), "point_of_sale", _SEE, build_one)
STUCK = Page("/quarantine", ("无法入账", "Quarantine"), "report_problem", _SEE, build_stuck, "house")

"""A store's business day: what was sold, how it was paid, taxed, given back, by till."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from posapp.clock import business_date
from posapp.hq import feed, reports
from posapp.hq.console import users
from posapp.hq.console.dates import date_box, is_coming
from posapp.hq.console.desk import Desk, Page
from posapp.hq.console.grids import Column, grid
from posapp.hq.console.tiles import heading, nothing, pair, plain
from posapp.hq.people import settings_of
from posapp.rules.dictionary import UNKNOWN
from posapp.rules.tenders import tender_name

_TILES = {
    "net_sales": (("净销售额", "Net sales"), ("销售额 + 抹零/舍入 − 退款", "sales + rounding − refunds")),
    "tickets": (("成交单数", "Tickets"), ("当日作废的不算", "without what was voided on its day")),
    "total": (("销售额", "Sales"), ("收银台录入的全部销售", "everything that was rung up")),
    "refunded": (("退款", "Refunded"), ("当日退出去的钱", "what went back on the day")),
    "unmatched_amount": (
        ("收款码待核对", "Codes to match"),
        ("静态码收款,还没有核对到账", "static codes not matched yet"),
    ),
}


async def build(desk: Desk) -> None:
    number = desk.need_store(desk.whole("store"))
    settings = await desk.read(settings_of, feed.store_scope(number))
    today = business_date(desk.now, settings.time_zone, settings.cutover_hour)
    date = desk.asked.get("date") or today
    told = await desk.act("", reports.day, desk.hq.database, desk.hq.clock, number, date)
    _head(desk, told, date, today)
    if is_coming(desk, date, today):
        return
    with ui.element("div").classes("tiles"):
        for name, (title, formula) in _TILES.items():
            opens = f"/transactions?store={number}&date={date}" if name in ("tickets", "total", "net_sales") else ""
            plain(desk, desk.word(title), _shown(told[name]), desk.now, desk.word(formula), opens=opens)
    if not told["sales"] and not told["refunds"]:
        nothing(desk, "这一天还没有收到销售", "No sale of this day has come in")
    _unheard(desk, told)
    with ui.element("div").classes("two"):
        _tenders(desk, told)
        _taxes(desk, told)
    _tills(desk, told)


def _head(desk: Desk, told: dict[str, Any], date: str, today: str) -> None:
    with ui.row().classes("asked"):
        heading(f"{told['store']} {told['name']}")
        if told["provisional"]:
            ui.badge(desk.say("暂计", "provisional"), color="warning").props("rounded")

        def other(chosen: str) -> None:
            ui.navigate.to(f"/stores/{told['store']}?date={chosen}")

        date_box(desk, desk.say("营业日", "Business date"), date, other, latest=today)


def _shown(value: Any) -> str:
    return UNKNOWN if value is None else str(value)


def _unheard(desk: Desk, told: dict[str, Any]) -> None:
    """Tills that are enrolled and have not called in yet."""
    names = ", ".join(one["till"] for one in told["tills"] if not one["revoked"] and not one["last_contact"])
    if names:
        said = desk.say(f"{names} 尚未联系过,没有数据", f"{names} not called in yet, nothing to send")
        ui.label(said).props("role=status")


def _tenders(desk: Desk, told: dict[str, Any]) -> None:
    with ui.column().classes("card"):
        heading(desk.say("收款", "Tenders"))
        for one in told["tenders"]:
            name = f"{tender_name(one['kind'], desk.user.language)} × {one['count']}"
            pair(
                name, one["net"] if one["refunded"] == "0.00" else f"{one['amount']} − {one['refunded']} = {one['net']}"
            )
        if not told["tenders"]:
            nothing(desk)
        pair(desk.say("抹零/舍入", "Rounding"), _shown(told["rounding"]))
        pair(desk.say("现金存入", "Cash in"), _shown(told["cash_in"]))
        pair(desk.say("现金取出", "Cash out"), _shown(told["cash_out"]))


def _taxes(desk: Desk, told: dict[str, Any]) -> None:
    with ui.column().classes("card"):
        heading(desk.say("税额", "VAT"))
        for one in told["taxes"]:
            pair(one["rate"], f"{one['amount']} → {one['net_tax']}")
        if not told["taxes"]:
            nothing(desk)
        pair(desk.say("首单号", "First receipt"), told["first_receipt"] or "")
        pair(desk.say("末单号", "Last receipt"), told["last_receipt"] or "")
        pair(desk.say("待核对的冲突", "Conflicts"), str(told["flags"]))
        pair(desk.say("无法入账", "In quarantine"), str(told["quarantined"]), "bad" if told["quarantined"] else "")


def _state(one: dict[str, Any]) -> tuple[str, str]:
    if one["revoked"]:
        return "已停用", "revoked"
    if not one["last_contact"]:
        return "尚未联系过", "not called in yet"
    return ("暂计", "provisional") if one["provisional"] else ("已收齐", "complete")


def _tills(desk: Desk, told: dict[str, Any]) -> None:
    rows = [
        {
            **one,
            "state": desk.word(_state(one)),
        }
        for one in told["tills"]
    ]
    columns = (
        Column("till", ("收银台", "Till")),
        Column("tickets", ("成交单数", "Tickets"), "number"),
        Column("net_sales", ("净销售额", "Net sales"), "number"),
        Column("refunded", ("退款", "Refunded"), "number"),
        Column("unsent", ("待上传", "Unsent"), "number"),
        Column("state", ("状态", "State")),
    )
    grid(desk, ("收银台", "Tills"), columns, rows, name=f"day-{told['store']}-{told['date']}")


PAGE = Page("/stores/{store}", ("门店营业日", "Store's day"), "today", frozenset(users.ROLES) - {users.PRIVACY}, build)

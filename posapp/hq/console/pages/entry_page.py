"""One ticket, and the entry of the journal it came in: raw, with its hash and signature, verified while one looks."""

from __future__ import annotations

import json
from typing import Any

from nicegui import ui

from posapp.hq.console.desk import Desk, Page
from posapp.hq.console.frame import go
from posapp.hq.console.grids import Column, grid
from posapp.hq.console.pages import transactions_page
from posapp.hq.console.sales import Whole, whole_entry
from posapp.hq.console.tiles import heading, pair
from posapp.ids import till_name
from posapp.money import Money
from posapp.rules.tenders import tender_name

_REASONS = {
    "price": ("改价", "price changed"),
    "discount": ("单品折扣", "discount"),
    "ticket_discount": ("整单折扣", "ticket discount"),
    "member": ("会员价", "member price"),
    "points": ("积分抵扣", "points"),
    "benefit": ("权益", "benefit"),
    "gift": ("赠送", "gift"),
    "pack": ("入会包", "join pack"),
}
_LINES = (
    Column("n", ("行", "Line"), "number", least=70),
    Column("name", ("商品", "Article"), wide=3, least=160),
    Column("qty", ("数量", "Quantity"), least=90),
    Column("price", ("单价", "Price"), "number"),
    Column("amount", ("金额", "Amount"), "number"),
    Column("tax", ("税率 税额", "Rate, VAT")),
    Column("because", ("原因", "Reasons"), wide=2, least=160),
)


async def build(desk: Desk) -> None:
    whole = await desk.read(whole_entry, desk.user.stores, desk.asked.get("jid", ""), desk.whole("seq"))
    _steps(desk, whole)
    if whole.sale:
        with ui.element("div").classes("two"):
            _head(desk, whole.sale)
            _money(desk, whole.sale)
        rows = [{**line, "because": because(desk, line["why"])} for line in whole.sale["lines"]]
        grid(desk, ("商品行", "Lines"), _LINES, rows)
    if whole.flags or whole.quarantined:
        _trouble(desk, whole)
    _proof(desk, whole)
    with ui.element("div").classes("two"):
        _raw(desk, ("记录头", "Header"), whole.header)
        _raw(desk, ("内容(规范 JSON)", "Body (canonical JSON)"), whole.body)


def because(desk: Desk, why: list[tuple[str, int, str]]) -> str:
    return "; ".join(
        f"{desk.word(_REASONS.get(kind, (kind, kind)))} {Money(fen)} {text}".strip() for kind, fen, text in why
    )


def _steps(desk: Desk, whole: Whole) -> None:
    with ui.row().classes("w-full items-center"):
        for step, icon, is_there, name in (
            (-1, "chevron_left", whole.before, ("上一条", "Entry before")),
            (1, "chevron_right", whole.after, ("下一条", "Next entry")),
        ):
            button = ui.button(desk.word(name), icon=icon, on_click=go(f"/entries/{whole.jid}/{whole.seq + step}"))
            button.props("flat no-caps dense").set_enabled(is_there)
        ui.label(f"{till_name(whole.store, whole.till)} · {whole.type} · {whole.seq}").classes("quiet mono")


def _head(desk: Desk, told: dict[str, Any]) -> None:
    with ui.column().classes("card"):
        name = desk.say("销售", "Sale") if told["kind"] == "sale" else desk.say("退款", "Refund")
        heading(f"{name} {told['receipt']}")
        pair(desk.say("时间", "Time"), desk.time(told["at"], "%Y-%m-%d %H:%M:%S"))
        pair(desk.say("营业日", "Business date"), told["date"])
        pair(desk.say("收银台", "Till"), told["till"])
        pair(desk.say("店员", "Clerk"), told["clerk"])
        pair(desk.say("会员", "Member"), told["member"])
        if told["reason"]:
            pair(desk.say("退款原因", "Reason"), told["reason"])
        for receipt, jid, seq in told["other"]:
            link = desk.say("退款单", "Refund") if told["kind"] == "sale" else desk.say("原单", "Sale")
            ui.button(f"{link} {receipt}", icon="link", on_click=go(f"/entries/{jid}/{seq}")).props(
                "flat no-caps dense"
            )


def _money(desk: Desk, told: dict[str, Any]) -> None:
    with ui.column().classes("card"):
        heading(desk.say("收款", "Tenders"))
        for kind, amount in told["tenders"]:
            pair(tender_name(kind, desk.user.language), str(Money(amount)))
        pair(desk.say("抹零/舍入", "Rounding"), str(Money(told["rounding"])))
        pair(desk.say("合计", "Total"), str(Money(told["total"])), "heading")


def _trouble(desk: Desk, whole: Whole) -> None:
    with ui.column().classes("card w-full"):
        heading(desk.say("有出入", "What does not agree"))
        for kind, detail in whole.flags or []:
            pair(kind, detail, "mono")
        if whole.quarantined:
            pair(desk.say("无法入账", "In quarantine"), whole.quarantined, "bad")


def _proof(desk: Desk, whole: Whole) -> None:
    with ui.column().classes("card w-full").props("data-proof"):
        heading(
            desk.say("真实性", "Is it genuine"), more=desk.say("打开本页时核对", "verified when this page was opened")
        )
        if whole.why == ("", ""):
            told = desk.say(
                "真实:签名、内容摘要和前后链接都相符", "Genuine: signature, digest of the body and chain agree"
            )
            ui.label(f"✓ {told}").classes("ok")
        else:
            ui.label(f"✗ {desk.say('有问题', 'Broken')}: {desk.word(whole.why)}").classes("bad")
        pair(desk.say("摘要", "Hash"), whole.hash, "mono")
        pair(desk.say("签名", "Signature"), whole.signature, "mono")
        pair(desk.say("签名钥匙", "Signing key"), whole.key, "mono")
        pair(desk.say("流水", "Journal"), f"{whole.jid} {whole.seq}", "mono")


def _raw(desk: Desk, name: tuple[str, str], text: str) -> None:
    with ui.column().classes("card"):
        heading(desk.word(name))
        ui.label(text).classes("mono w-full")
        with ui.expansion(desk.say("便于阅读", "To be read")).classes("w-full"):
            ui.label(_spread(text)).classes("mono").style("white-space: pre-wrap")


def _spread(text: str) -> str:
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return text


PAGE = Page("/entries/{jid}/{seq}", ("小票与记录", "Ticket and entry"), "receipt", transactions_page.PAGE.roles, build)

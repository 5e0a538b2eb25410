"""Tickets looked for by day, store, till, receipt, amount, article, clerk or member; each opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from posapp.clock import DAY
from posapp.errors import PosError
from posapp.hq.console import users
from posapp.hq.console.dates import date_box, is_coming
from posapp.hq.console.desk import Desk, Page
from posapp.hq.console.frame import tell
from posapp.hq.console.grids import Column, ask_reason, grid
from posapp.hq.console.guests import who_has_tickets
from posapp.hq.console.sales import MOST_FOUND, Wanted, find
from posapp.money import Money

_COLUMNS = (
    Column("when", ("时间", "Time"), least=130),
    Column("receipt", ("单号", "Receipt"), wide=2, least=170),
    Column("total", ("金额", "Amount"), "money"),
    Column("word", ("类型", "Kind"), least=80),
    Column("store", ("门店", "Store"), least=80),
    Column("till", ("收银台", "Till")),
    Column("clerk", ("店员", "Clerk"), least=90),
    Column("member", ("会员", "Member"), least=80),
)
_DATE = "date"
_FIELDS = {
    "begins": (("从", "From"), _DATE),
    "ends": (("到", "To"), _DATE),
    "store": (("门店", "Store"), "inputmode=numeric"),
    "till": (("收银台", "Till"), "inputmode=numeric"),
    "receipt": (("单号", "Receipt"), ""),
    "amount": (("金额", "Amount"), "inputmode=decimal"),
    "article": (("商品", "Article"), ""),
    "clerk": (("店员", "Clerk"), "inputmode=numeric"),
}


async def build(desk: Desk) -> None:
    typed = {name: desk.asked.get(name, "") for name in _FIELDS}
    date = desk.asked.get("date", "")
    if not typed["receipt"]:
        typed["begins"] = typed["begins"] or date or desk.time(desk.now - 6 * DAY, "%Y-%m-%d")
    typed["ends"] = typed["ends"] or date
    member: dict[str, str] = {}
    boxes: dict[str, Any] = {}
    with ui.column().classes("card w-full"), ui.element("div").classes("asked"):
        for name, (label, props) in _FIELDS.items():
            if props == _DATE:
                box = date_box(desk, desk.word(label), typed[name])
            else:
                box = ui.input(desk.word(label), value=typed[name]).props(f"outlined dense {props}")
            boxes[name] = box.classes("grow").style("flex-basis:130px")
        look = ui.button(desk.say("查找", "Search"), icon="search").props("no-caps unelevated")
        if desk.can_open("/members"):
            of = ui.button(desk.say("按会员", "By member"), icon="person_search").props("no-caps flat")
            of.on_click(lambda: _by_member(desk, member, show))
    found = ui.column().classes("w-full")

    async def show() -> None:
        try:
            wanted = read_wanted({name: box.value or "" for name, box in boxes.items()}, member.get("ref", ""))
            rows = await desk.read(find, desk.user.stores, wanted)
        except PosError as error:
            tell(desk, error)
            return
        found.clear()
        with found:
            if not rows and is_coming(desk, wanted.begins, desk.time(desk.now, "%Y-%m-%d")):
                return
            draw(desk, rows)

    look.on_click(show)
    for box in boxes.values():
        box.on("keydown.enter", show)
    await show()


def read_wanted(typed: dict[str, str], member: str) -> Wanted:
    """What was typed. Raises PosError bad_number, bad_amount."""

    def number(name: str) -> int:
        text = typed.get(name, "").strip()
        if text and not (text.isascii() and text.isdigit() and len(text) < 8):
            raise PosError("bad_number", number=text[:20], most=9_999_999)
        return int(text or 0)

    amount = typed.get("amount", "").strip()
    return Wanted(
        typed.get("begins", "")[:10],
        typed.get("ends", "")[:10],
        number("store"),
        number("till"),
        typed.get("receipt", "").strip().upper()[:40],
        Money.parse(amount).fen if amount else None,
        typed.get("article", "").strip()[:60],
        number("clerk"),
        member,
    )


def draw(desk: Desk, rows: list[dict[str, Any]], title: tuple[str, str] = ("小票", "Tickets")) -> None:
    told = [
        {
            **row,
            "when": desk.time(row["at"]),
            "word": desk.say("销售", "sale") if row["kind"] == "sale" else desk.say("退款", "refund"),
        }
        for row in rows
    ]
    more = desk.say(f"只显示最近 {MOST_FOUND} 条", f"the newest {MOST_FOUND} only") if len(rows) == MOST_FOUND else ""
    opens: Callable[[dict[str, Any]], str] = lambda row: f"/entries/{row['jid']}/{row['seq']}"  # noqa: E731
    grid(desk, title, _COLUMNS, told, opens=opens, name="tickets", more=more)


def _by_member(desk: Desk, member: dict[str, str], show: Callable[[], Any]) -> None:
    """Only the tickets of one member: who it is is typed, with the reason, and stands in no address."""
    with ui.dialog(value=True) as dialog, ui.card().classes("min-w-80"):
        ui.label(desk.say("会员的手机号、会员码或卡号", "The member's phone, code or card")).classes("heading")
        box = ui.input().props('outlined autofocus autocomplete=off maxlength=60 aria-label="member"').classes("w-full")

        async def wanted(reason: str) -> None:
            given = (desk.hq.database, desk.means(), (box.value or "").strip(), desk.user.name, reason)
            member["ref"] = await desk.act("", who_has_tickets, *given, desk.user.stores)
            dialog.close()
            await show()

        with ui.row().classes("w-full justify-end"):
            ui.button(desk.say("取消", "Cancel"), on_click=dialog.close).props("flat no-caps")
            ui.button(
                desk.say("查找", "Search"),
                on_click=lambda: ask_reason(desk, desk.say("查看会员", "Look at a member"), wanted),
            )


PAGE = Page(
    "/transactions",
    ("交易", "Transactions"),
    "receipt_long",
    frozenset({users.STORE, users.REGION, users.OPERATIONS, users.ADMIN}),
    build,
    "today",
)

"""The conflict book: what, where and when, and a person who says that they have looked at it."""

from __future__ import annotations

import json
from typing import Any

from nicegui import ui

from posapp.hq.console import users
from posapp.hq.console.conflicts import acknowledge, conflicts
from posapp.hq.console.desk import Desk, Page
from posapp.hq.console.frame import foot, go, tried
from posapp.hq.console.grids import Column, grid
from posapp.hq.console.tiles import pair

_NAMES = {
    "total_mismatch": ("合计与商品行不符", "total is not the sum of its lines"),
    "tender_mismatch": ("收款与应收不符", "tenders are not what was due"),
    "change_mismatch": ("找零不符", "change does not fit"),
    "tax_mismatch": ("税额不符", "VAT of a line is wrong"),
    "tax_sum_mismatch": ("税额合计不符", "sums of VAT are wrong"),
    "receipt_gap": ("单号不连续", "receipt numbers have a gap"),
    "shift_mismatch": ("班次合计不符", "the shift's sums differ"),
    "unknown_product": ("商品不在目录中", "article unknown to HQ"),
    "refunded_twice": ("退款超过原单", "more went back than was paid"),
    "impossible_time": ("时间没有递增", "time went back"),
    "identity_conflict": ("同一编号的两件事", "one identity, two events"),
    "benefit_twice": ("权益用了两次", "a benefit was used twice"),
    "pack_twice": ("入会包买了两次", "a join pack was bought twice"),
    "bad_box": ("密封资料打不开", "sealed data cannot be opened"),
    "staff_claims": ("员工账号认领过多", "a clerk's own account claims many tickets"),
}
_COLUMNS = (
    Column("date", ("营业日", "Date")),
    Column("till", ("收银台", "Till"), least=90),
    Column("word", ("什么", "What"), wide=2, least=180),
    Column("detail", ("细节", "Detail"), wide=3, least=200),
    Column("by", ("已查看", "Looked at by"), wide=2, least=130),
)


async def build(desk: Desk) -> None:
    with ui.column().classes("w-full gap-4"):
        only = ui.switch(desk.say("只看未处理的", "Open ones only"), value=True)
        sheet = ui.column().classes("w-full gap-4")

    async def show() -> None:
        rows = await desk.read(conflicts, desk.user.stores, open_only=bool(only.value))
        told = [
            {
                **row,
                "detail": detail_of(row["detail"]),
                "word": desk.word(_NAMES.get(row["what"], (row["what"],) * 2)),
                "by": f"{row['who']} {desk.time(row['seen'])} {row['note']}".strip() if row["seen"] else "",
            }
            for row in rows
        ]
        sheet.clear()
        with sheet:
            grid(desk, ("冲突与提示", "Conflicts and notices"), _COLUMNS, told, pressed=opened, name="conflicts")

    def opened(row: dict[str, Any]) -> None:
        _open(desk, row, show)

    only.on_value_change(show)
    await show()


def detail_of(text: str) -> str:
    """What a flag says, without the marks of JSON."""
    try:
        held = json.loads(text)
    except ValueError:
        return text
    if not isinstance(held, dict):
        return text
    return " · ".join(f"{name} {value}" for name, value in held.items())


def _open(desk: Desk, row: dict[str, Any], show: Any) -> None:
    with ui.dialog(value=True) as dialog, ui.card().classes("min-w-80 max-w-lg"):
        ui.label(row["word"]).classes("heading")
        pair(desk.say("收银台", "Till"), row["till"])
        pair(desk.say("营业日", "Date"), row["date"])
        pair(desk.say("细节", "Detail"), row["detail"], "mono")
        if row["jid"]:
            button = ui.button(desk.say("看小票与记录", "See ticket and entry"), icon="receipt")
            button.on_click(go(f"/entries/{row['jid']}/{row['seq']}")).props("flat no-caps")
        if row["seen"]:
            pair(desk.say("已查看", "Looked at"), row["by"])
            return
        note = ui.input(desk.say("怎么处理的", "What was done")).props("outlined maxlength=200").classes("w-full")

        async def done() -> None:
            given = (desk.user.stores, row["kind"], row["key"], desk.user.name, note.value or "", desk.now)
            if await tried(desk, f"conflict {row['what']}", acknowledge, desk.hq.database, *given):
                dialog.close()
                await show()

        foot(desk, dialog, done, ("已查看", "Looked at"), leave=("关闭", "Close"))


PAGE = Page(
    "/conflicts",
    ("冲突", "Conflicts"),
    "rule",
    frozenset({users.STORE, users.REGION, users.OPERATIONS, users.ADMIN}),
    build,
    "today",
)

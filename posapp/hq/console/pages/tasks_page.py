"""Leads for the stores and what became of them; what customers said, who answers it, and the answer."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nicegui import ui
from sqlalchemy import Connection

from posapp.hq import feed
from posapp.hq.console import users
from posapp.hq.console.desk import Desk, Page
from posapp.hq.console.frame import foot, tried
from posapp.hq.console.grids import Column, ask_reason, grid
from posapp.hq.console.tiles import pair, plain
from posapp.hq.database import Database
from posapp.hq.tasks import feedback, leads

_LEAD_STATES = {
    "open": ("待办", "open"),
    "overdue": ("已超时", "overdue"),
    "withdrawn": ("暂停", "on hold"),
    "done": ("已完成", "done"),
    "not_reached": ("未联系上", "not reached"),
    "declined": ("顾客拒绝", "declined"),
    "closed": ("总部关闭", "closed by HQ"),
}
_FEEDBACK_STATES = {
    "open": ("待答复", "open"),
    "overdue": ("超时未答", "overdue"),
    "answered": ("已答复", "answered"),
    "kept": ("已归档", "kept"),
}
_CATEGORIES = {
    "goods": ("商品", "Goods"),
    "price": ("价格", "Prices"),
    "service": ("服务", "Service"),
    "shop": ("门店", "Shop"),
    "other": ("其他", "Other"),
}
_LEADS = (
    Column("store", ("门店", "Store"), least=80),
    Column("said", ("线索", "Lead"), wide=3, least=200),
    Column("due_at", ("截止", "Due"), least=130),
    Column("word", ("状态", "State")),
    Column("clerk_word", ("指定店员", "Clerk"), least=100),
    Column("ended_at", ("结束", "Ended"), least=130),
    Column("by", ("由", "By"), least=90),
    Column("note", ("备注", "Note"), wide=2),
    Column("source", ("来源", "From")),
)
_FEEDBACK = (
    Column("store", ("门店", "Store"), least=80),
    Column("category_word", ("类别", "Category"), least=90),
    Column("text", ("反馈", "Feedback"), wide=3, least=200),
    Column("posted", ("时间", "Time"), least=130),
    Column("owner", ("负责人", "Owner")),
    Column("due_at", ("截止", "Due"), least=130),
    Column("word", ("状态", "State")),
    Column("answer", ("答复", "Answer"), wide=3, least=160),
)


def _when(desk: Desk, instant: str | None) -> str:
    return desk.time(int(dt.datetime.fromisoformat(instant).timestamp() * 1000)) if instant else ""


async def build_leads(desk: Desk) -> None:
    tiles = ui.element("div").classes("tiles")
    sheet = ui.column().classes("w-full")

    async def show() -> None:
        rows = [row for row in await desk.read(leads.listed, 0, desk.now) if desk.user.sees(row["store"])]
        told = [
            {
                **row,
                "said": row["title"][1 if desk.is_english else 0],
                "due_at": _when(desk, row["due"]),
                "ended_at": _when(desk, row["ended"]),
                "word": desk.word(_LEAD_STATES.get(row["state"], (row["state"],) * 2)),
                "clerk_word": str(row["clerk"] or ""),
            }
            for row in rows
        ]
        tiles.clear()
        with tiles:
            for state in ("overdue", "open", "done", "not_reached"):
                count = sum(row["state"] == state for row in rows)
                name = desk.word(_LEAD_STATES[state])
                plain(desk, name, f"{count:,}", desk.now, desk.say("这样的线索数", "leads that stand so"))
        sheet.clear()
        with sheet:
            pressed = (lambda row: _close(desk, row, show)) if desk.may(users.OPERATIONS) else None
            grid(desk, ("线索", "Leads"), _LEADS, told, pressed=pressed, name="leads")

    await show()


def _close(desk: Desk, row: dict[str, Any], show: Any) -> None:
    if row["state"] not in ("open", "overdue", "withdrawn"):
        return

    async def close(reason: str) -> None:
        await desk.act(("lead closed", reason), close_lead, desk.hq.database, row["id"], desk.user.name, desk.now)
        await show()

    ask_reason(desk, desk.say("不再需要做", "Not to be done any more"), close)


def close_lead(database: Database, id_: str, who: str, now: int) -> None:
    """Raises PosError not_found."""
    with database.transaction() as conn:
        leads.close(conn, id_, who, now)
        feed.publish(conn, leads.lead_rows(conn, [id_], now))


async def build_feedback(desk: Desk) -> None:
    tiles = ui.element("div").classes("tiles")
    sheet = ui.column().classes("w-full")

    async def show() -> None:
        rows = [row for row in await desk.read(feedback.listed, desk.now) if desk.user.sees(row["store"])]
        told = [
            {
                **row,
                "category_word": desk.word(_CATEGORIES.get(row["category"], (row["category"],) * 2)),
                "posted": _when(desk, row["at"]),
                "due_at": _when(desk, row["due"]),
                "word": desk.word(_FEEDBACK_STATES.get(row["state"], (row["state"],) * 2)),
            }
            for row in rows
        ]
        tiles.clear()
        with tiles:
            for state in ("overdue", "open", "answered"):
                count = sum(row["state"] == state for row in rows)
                name = desk.word(_FEEDBACK_STATES[state])
                plain(desk, name, f"{count:,}", desk.now, desk.say("这样的反馈数", "items that stand so"))
        sheet.clear()
        with sheet:
            pressed = (lambda row: _answer(desk, row, show)) if desk.may(users.OPERATIONS, users.REGION) else None
            grid(desk, ("顾客反馈", "What customers said"), _FEEDBACK, told, pressed=pressed, name="feedback")

    await show()


def _answer(desk: Desk, row: dict[str, Any], show: Any) -> None:
    with ui.dialog(value=True) as dialog, ui.card().classes("min-w-80 max-w-lg"):
        ui.label(row["text"]).classes("heading")
        pair(desk.say("门店", "Store"), str(row["store"]))
        owner = ui.input(desk.say("负责人", "Owner"), value=row["owner"]).props("maxlength=40")
        box = ui.textarea(desk.say("给门店的答复", "Answer to the store"), value=row["answer"]).props("maxlength=200")
        for one in (owner, box):
            one.props("outlined").classes("w-full")

        async def save() -> None:
            given = (desk.hq.database, row, (owner.value or "").strip(), (box.value or "").strip())
            if await tried(desk, "feedback", reply, *given, desk.user.name, desk.now):
                dialog.close()
                await show()

        foot(desk, dialog, save)


def reply(database: Database, row: dict[str, Any], owner: str, text: str, who: str, now: int) -> None:
    """Somebody else answers, or there is an answer. Raises PosError not_found, bad_name, text_has_number, ..."""

    def write(conn: Connection) -> None:
        if owner != row["owner"]:
            feedback.assign(conn, row["id"], owner)
        if text != row["answer"]:
            feedback.answer(conn, row["id"], who, text, now)
        feed.publish(conn, feedback.feedback_rows(conn, [row["id"]]))

    with database.transaction() as conn:
        write(conn)


_SEE = frozenset({users.STORE, users.REGION, users.OPERATIONS})
LEADS = Page("/leads", ("线索", "Leads"), "task_alt", _SEE, build_leads, "words")
FEEDBACK = Page("/feedback", ("反馈", "Feedback"), "feedback", _SEE, build_feedback, "words")

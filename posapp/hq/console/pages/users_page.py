"""Who may sit at the console: made, changed and switched off by an administrator."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from posapp.hq.console import users
from posapp.hq.console.desk import Desk, Page
from posapp.hq.console.frame import tried
from posapp.hq.console.grids import Column, grid

_STATES = {"active": ("可登录", "active"), "locked": ("已锁定", "locked"), "off": ("已停用", "off")}
_COLUMNS = (
    Column("name", ("用户名", "Name"), wide=2),
    Column("word", ("角色", "Role")),
    Column("places", ("门店", "Stores"), wide=2),
    Column("state_word", ("状态", "State")),
    Column("since", ("自", "Since")),
)


async def build(desk: Desk) -> None:
    with ui.row():
        button = ui.button(desk.say("新用户", "New user"), icon="person_add").props("no-caps unelevated")
    sheet = ui.column().classes("w-full")

    async def show() -> None:
        rows = await desk.read(users.users)
        told = [
            {
                **row,
                "word": desk.word(users.ROLES[row["role"]]),
                "places": ", ".join(map(str, row["stores"])) or desk.say("全部", "all"),
                "state_word": desk.word(_STATES[row["state"]]),
                "since": desk.time(row["made"], "%Y-%m-%d"),
            }
            for row in rows
        ]
        sheet.clear()
        with sheet:
            grid(desk, ("用户", "Users"), _COLUMNS, told, pressed=lambda row: _edit(desk, row, show))

    button.on_click(lambda: _edit(desk, {}, show))
    await show()


def _edit(desk: Desk, row: dict[str, Any], show: Any) -> None:
    hq = desk.hq
    with ui.dialog(value=True) as dialog, ui.card().classes("min-w-80"):
        ui.label(row.get("name") or desk.say("新用户", "New user")).classes("heading")
        name = ui.input(desk.say("用户名", "Name"), value=row.get("name", "")).props(
            "outlined maxlength=40 autocomplete=off"
        )
        name.set_enabled(not row)
        names = {role: desk.word(pair) for role, pair in users.ROLES.items()}
        role = ui.select(names, label=desk.say("角色", "Role"), value=row.get("role", users.STORE)).props("outlined")
        held = " ".join(map(str, row.get("stores", [])))
        stores = ui.input(desk.say("门店(空格分开)", "Stores (with blanks)"), value=held).props("outlined")
        password = ui.input(desk.say("新密码", "New password"), password=True)
        password.props("outlined autocomplete=new-password")
        for box in (name, role, stores, password):
            box.classes("w-full")

        async def save() -> None:
            numbers = (stores.value or "").replace(",", " ").split() if role.value in users.OF_STORES else []
            given = (name.value or "", role.value, numbers, password.value or "", desk.user.name)
            await changed(users.add_user, hq.database, hq.clock, hq.chance, *given)

        async def off() -> None:
            await changed(users.switch_off, hq.database, hq.clock, hq.chance, row["name"], desk.user.name)

        async def changed(work: Any, *given: Any) -> None:
            if await tried(desk, "", work, *given):
                dialog.close()
                await show()

        with ui.row().classes("w-full justify-end"):
            if row and row["name"] != desk.user.name:
                ui.button(desk.say("停用", "Switch off"), on_click=off).props("flat no-caps color=negative")
            ui.button(desk.say("取消", "Cancel"), on_click=dialog.close).props("flat no-caps")
            ui.button(desk.say("保存", "Save"), on_click=save).props("no-caps unelevated")


PAGE = Page("/users", ("用户", "Users"), "manage_accounts", frozenset({users.ADMIN}), build, "house")

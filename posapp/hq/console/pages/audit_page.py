"""Who did what at the console, and who looked at members and why."""

from __future__ import annotations

from nicegui import ui

from posapp.hq.console import users
from posapp.hq.console.audit import done, looks
from posapp.hq.console.desk import Desk, Page
from posapp.hq.console.grids import Column, grid

_KINDS = {
    "sign_in": ("登录", "signed in"),
    "refused": ("登录被拒", "refused"),
    "sign_out": ("退出", "signed out"),
    "user": ("用户变更", "user changed"),
    "export": ("导出", "export"),
    "change": ("操作", "change"),
}
_DONE = (
    Column("when", ("时间", "Time"), least=150),
    Column("who", ("谁", "Who"), least=120),
    Column("word", ("做了什么", "Did"), least=120),
    Column("what", ("对象", "What"), wide=2, least=160),
    Column("reason", ("原因", "Reason"), wide=2, least=160),
)
_LOOKS = (
    Column("when", ("时间", "Time"), least=150),
    Column("who", ("谁", "Who"), least=120),
    Column("what", ("看了什么", "Looked at"), least=120),
    Column("ref", ("会员编号", "Member's id"), wide=2, least=200),
    Column("reason", ("原因", "Reason"), wide=2, least=160),
)


async def build(desk: Desk) -> None:
    acts, seen = await desk.read(done), await desk.read(looks)
    pattern = "%m-%d %H:%M:%S"
    told = [
        {**row, "when": desk.time(row["at"], pattern), "word": desk.word(_KINDS.get(row["kind"], (row["kind"],) * 2))}
        for row in acts
    ]
    with ui.column().classes("w-full gap-4"):
        grid(
            desk,
            ("查看会员", "Looks at members"),
            _LOOKS,
            [{**row, "when": desk.time(row["at"], pattern)} for row in seen],
        )
        grid(desk, ("操作记录", "What was done"), _DONE, told, name="audit")


PAGE = Page("/audit", ("审计", "Audit"), "fact_check", frozenset({users.PRIVACY, users.ADMIN}), build, "house")

"""Words for clerks by scene and version: one person writes a draft, another one lets it reach the tills."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from posapp.hq.care import desk as care
from posapp.hq.care import scripts
from posapp.hq.console import users
from posapp.hq.console.desk import Both, Desk, Page
from posapp.hq.console.frame import foot, tried
from posapp.hq.console.grids import Column, grid
from posapp.hq.console.tiles import pair
from posapp.hq.database import Database
from posapp.hq.segments import visitors

SCENE_NAMES: dict[str, Both] = {
    scripts.DORMANT: ("久未到店", "Away for long"),
    scripts.BIRTHDAY: ("生日", "Birthday"),
    scripts.CHATTED: ("聊到过", "Talked about"),
    scripts.BROWSED: ("看过", "Looked at"),
    scripts.ORDERED: ("网上买过", "Ordered online"),
}
SCRIPT_NAMES = SCENE_NAMES | {visitors.SCENE: ("今天可能来", "Likely to come today")}
"""Of what scripts are written for: hints, and the list of the day's likely visitors."""
_STATES: dict[str, Both] = {
    scripts.DRAFT: ("草稿", "draft"),
    scripts.APPROVED: ("已批准", "approved"),
    scripts.RETIRED: ("已停用", "retired"),
}
_COLUMNS = (
    Column("scene_word", ("场景", "Scene")),
    Column("version", ("版本", "Version"), "number", least=80),
    Column("word", ("状态", "State"), least=90),
    Column("prompt_word", ("提示", "Prompt"), wide=2, least=180),
    Column("line_word", ("话术", "Line"), wide=3, least=200),
    Column("author", ("作者", "Author")),
    Column("approved_by", ("批准人", "Approved by")),
)


async def build(desk: Desk) -> None:
    may_write = desk.may(users.OPERATIONS)
    with ui.row():
        new = ui.button(desk.say("新草稿", "New draft"), icon="add").props("no-caps unelevated")
        new.set_visibility(may_write)
    sheet = ui.column().classes("w-full")

    async def show() -> None:
        rows = await desk.read(scripts.listed)
        told = [
            {
                **row,
                "scene_word": desk.word(SCRIPT_NAMES.get(row["scene"], (row["scene"],) * 2)),
                "word": desk.word(_STATES[row["state"]]),
                "prompt_word": desk.word(tuple(row["prompt"])),
                "line_word": desk.word(tuple(row["line"])),
            }
            for row in rows
        ]
        more = desk.say("只有批准过的话术会到收银台", "only approved words reach the tills")
        sheet.clear()
        with sheet:
            pressed = (lambda row: _open(desk, row, show)) if may_write else None
            grid(desk, ("话术", "Scripts"), _COLUMNS, told, pressed=pressed, name="scripts", more=more)

    new.on_click(lambda: _draft(desk, show))
    await show()


def _draft(desk: Desk, show: Any) -> None:
    with ui.dialog(value=True) as dialog, ui.card().classes("w-full max-w-xl"):
        ui.label(desk.say("新草稿", "New draft")).classes("heading")
        scene = ui.select({key: desk.word(name) for key, name in SCRIPT_NAMES.items()}, value=scripts.DORMANT)
        both = "中文/English"
        prompt = ui.input(f"{desk.say('提示', 'Prompt')} {both}")
        line = ui.input(f"{desk.say('话术', 'Line')} {both}")
        box: Any
        for box in (scene, prompt, line):
            box.props("outlined").classes("w-full")

        async def save() -> None:
            given = (scene.value, (prompt.value or "").strip(), (line.value or "").strip(), desk.user.name, desk.now)
            if await tried(desk, f"script {scene.value} drafted", scripts.draft, desk.hq.database, *given):
                dialog.close()
                await show()

        foot(desk, dialog, save)


def _open(desk: Desk, row: dict[str, Any], show: Any) -> None:
    scene, version = row["scene"], row["version"]
    with ui.dialog(value=True) as dialog, ui.card().classes("w-full max-w-xl"):
        ui.label(f"{row['scene_word']} {version} · {row['word']}").classes("heading")
        for name, texts in ((desk.say("提示", "Prompt"), row["prompt"]), (desk.say("话术", "Line"), row["line"])):
            for text in texts:
                pair(name, text)
        pair(desk.say("作者", "Author"), row["author"])
        pair(desk.say("批准人", "Approved by"), row["approved_by"])

        async def decided(what: str, work: Any, *given: Any) -> None:
            if await tried(desk, f"script {scene} {version} {what}", work, desk.hq.database, scene, version, *given):
                dialog.close()
                await show()

        with ui.row().classes("w-full justify-end"):
            ui.button(desk.say("关闭", "Close"), on_click=dialog.close).props("flat no-caps")
            if row["state"] == scripts.DRAFT:
                approve = ui.button(desk.say("批准", "Approve")).props("no-caps unelevated")
                approve.on_click(lambda: decided("approved", scripts.approve, desk.user.name, desk.now))
            if row["state"] == scripts.APPROVED:
                retire = ui.button(desk.say("停用", "Retire")).props("no-caps outline color=negative")
                retire.on_click(lambda: decided("retired", retire_script, desk.now))


def retire_script(database: Database, scene: str, version: int, now: int) -> None:
    """Raises PosError not_found."""
    with database.transaction() as conn:
        care.retire_script(conn, scene, version, now)


PAGE = Page(
    "/scripts",
    ("话术", "Scripts"),
    "record_voice_over",
    frozenset({users.STORE, users.REGION, users.OPERATIONS}),
    build,
    "words",
)

"""Automation flows: made, looked at before they run, held up, and what they brought beside their holdout."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from sqlalchemy import Connection

from posapp.hq import feed
from posapp.hq.console import users
from posapp.hq.console.charts import bars
from posapp.hq.console.desk import Both, Desk, Page
from posapp.hq.console.frame import foot, tried
from posapp.hq.console.grids import Column, grid
from posapp.hq.console.pages.scripts_page import SCENE_NAMES
from posapp.hq.console.tiles import heading, pair, plain
from posapp.hq.database import Database
from posapp.hq.flows import flowing, plans
from posapp.hq.flows.report import OUTCOMES, STEPS, report
from posapp.rules.dictionary import METRICS, VERSION
from posapp.rules.proportions import FEW, is_few
from posapp.rules.rfm import SEGMENTS, SLEEPING

STATES: dict[str, Both] = {
    "running": ("进行中", "running"),
    "paused": ("已暂停", "paused"),
    "coming": ("未开始", "coming"),
    "over": ("已结束", "over"),
}
_STEPS = {
    "text": ("短信", "text"),
    "gift": ("权益", "benefit"),
    "task": ("收银台提示", "till task"),
    "lead": ("线索", "lead"),
}
_COUNTS = {
    "treated": ("会触达", "would be reached"),
    "holdout": ("对照组,不触达", "held out"),
    "been": ("这个流程已处理过", "had this flow before"),
    "lately": ("近期已被触达", "reached a short while ago"),
    "refused": ("不接受个性化", "want nothing by what is known of them"),
    "unreachable": ("没有可用的触达方式", "no step can reach them"),
    "full": ("超过每日上限", "beyond the day's number"),
}
_COLUMNS = (
    Column("id", ("代号", "Id")),
    Column("title", ("名称", "Name"), wide=2, least=140),
    Column("word", ("状态", "State"), least=90),
    Column("people", ("人群", "Whom")),
    Column("does", ("动作", "Does"), wide=2, least=140),
    Column("contacted", ("已触达", "Reached"), "persons"),
    Column("held_out", ("对照", "Held out"), "persons"),
    Column("a_day", ("每日上限", "A day at most"), "number"),
    Column("holdout", ("对照 %", "Holdout %"), "number"),
)
_DAYS = (
    Column("date", ("日期", "Date")),
    Column("reached", ("触达", "Reached"), "persons"),
    Column("woken", ("唤醒", "Woken"), "persons"),
    Column("rate", ("唤醒率", "Wake rate")),
    Column("other", ("对照组", "Holdout")),
    Column("state_word", ("数据", "Data"), least=90),
)
_DATA = {"provisional": ("暂计", "provisional"), "updated": ("已更新", "updated"), "final": ("已定", "final")}


async def build(desk: Desk) -> None:
    with ui.row():
        new = ui.button(desk.say("新流程", "New flow"), icon="add").props("no-caps unelevated")
        new.on_click(lambda: _make(desk))
    rows = await desk.act("", plans.listed, desk.hq.database, desk.hq.clock)
    told = [
        {
            **row,
            "title": desk.word(tuple(row["name"])),
            "word": desk.word(STATES[row["state"]]),
            "people": desk.word(SEGMENTS[row["segment"]]),
            "does": " · ".join(desk.word(_STEPS[step]) for step in row["steps"]),
            "a_day": row["a_day"] or None,
        }
        for row in rows
    ]
    more = desk.say("打开看结果和对照", "open one to see what it brought beside its holdout")
    grid(desk, ("自动流程", "Flows"), _COLUMNS, told, opens=lambda row: f"/flows/{row['id']}", name="flows", more=more)


async def build_one(desk: Desk) -> None:
    told = await desk.read(report, desk.asked.get("flow", ""), desk.now)
    contacted, holdout = told["contacted"], told["holdout"]
    with ui.row().classes("asked"):
        heading(f"{desk.word(tuple(told['name']))} ({told['flow']})")
        ui.badge(desk.word(STATES[told["state"]]))
        ui.badge(desk.word(_DATA[told["figures_state"]]), color="warning")
        _move_buttons(desk, told)
    formula = desk.word(METRICS["wake_rate"].formula)
    with ui.element("div").classes("tiles"):
        for name, arm in (
            (METRICS["wake_rate"].name, contacted),
            (("对照组唤醒率", "Wake rate of the holdout"), holdout),
        ):
            foot = _counted(desk, arm)
            plain(desk, desk.word(name), arm["wake_rate"], desk.now, formula, foot=foot, version=VERSION)
        interval = told["uplift_interval"]
        foot = f"95%: {interval[0]} … {interval[1]}" if interval else _few(desk, contacted, holdout)
        uplift = desk.say("提升(百分点)", "Uplift (points)")
        plain(desk, uplift, told["uplift"] or "", desk.now, formula, foot=foot, version=VERSION)
        reached = desk.say("触达的人,冻结在触达那一刻", "persons reached, frozen at contact")
        plain(desk, desk.say("触达人数", "Reached"), f"{contacted['persons']:,}", desk.now, reached)
    with ui.element("div").classes("two"):
        with ui.column().classes("card"):
            heading(desk.say("两组唤醒率", "Both arms"))
            shares = [
                round(arm["woken"] * 100 / arm["dormant"], 1) if arm["dormant"] and not arm["few"] else None
                for arm in (contacted, holdout)
            ]
            bars(
                desk, [desk.say("触达", "Reached"), desk.say("对照", "Holdout")], [("%", shares)], unit="%", height=220
            )
        with ui.column().classes("card"):
            heading(desk.say("每一步的结果", "What became of each step"))
            for step, counts in told["steps"].items():
                for outcome, count in counts.items():
                    pair(f"{desk.word(STEPS[step])} · {desk.say(OUTCOMES[outcome], outcome)}", f"{count:,}")
    rows = [
        {
            "date": day["date"],
            "reached": day["contacted"]["persons"],
            "woken": day["contacted"]["woken"],
            "rate": day["contacted"]["wake_rate"],
            "other": " ".join((day["holdout"]["wake_rate"], _few(desk, day["holdout"]))).strip(),
            "state_word": desk.word(_DATA[day["state"]]),
        }
        for day in told["days"]
    ]
    grid(desk, ("按触达日", "By day of contact"), _DAYS, rows, name=f"flow-{told['flow']}")


def _counted(desk: Desk, arm: dict[str, Any]) -> str:
    """The two numbers of a rate, and why it is not told."""
    counts = f"{arm['woken']} ÷ {arm['dormant']}"
    return f"{counts} · {desk.word(FEW)}" if arm["few"] else counts


def _few(desk: Desk, *arms: dict[str, Any]) -> str:
    """Why nothing is compared."""
    return desk.word(FEW) if any(is_few(arm["dormant"]) for arm in arms) else ""


def _move_buttons(desk: Desk, told: dict[str, Any]) -> None:
    async def moved(move: Any, what: str) -> None:
        if await tried(desk, f"flow {told['flow']} {what}", move_flow, desk.hq.database, move, told["flow"], desk.now):
            ui.navigate.reload()

    async def preview() -> None:
        seen = await desk.read(flowing.preview, desk.means(), told["flow"], desk.hq.texts.may_send)
        with ui.dialog(value=True), ui.card().classes("min-w-80"):
            ui.label(desk.say("如果现在运行", "If it picked now")).classes("heading")
            for name, title in _COUNTS.items():
                if seen.counts.get(name) or name in ("treated", "holdout"):
                    pair(desk.word(title), f"{seen.counts.get(name, 0):,}")

    ui.button(desk.say("预览", "Preview"), icon="visibility", on_click=preview).props("outline no-caps")
    if told["state"] == "paused":
        resume = ui.button(desk.say("继续", "Go on"), icon="play_arrow").props("unelevated no-caps")
        resume.on_click(lambda: moved(flowing.resume, "resumed"))
    elif told["state"] in ("running", "coming"):
        pause = ui.button(desk.say("暂停", "Pause"), icon="pause").props("unelevated no-caps color=warning")
        pause.on_click(lambda: moved(flowing.pause, "paused"))


def move_flow(database: Database, move: Any, id_: str, now: int) -> None:
    """Hold a flow up, or let it go on. Raises PosError not_found."""

    def work(conn: Connection) -> None:
        feed.publish(conn, move(conn, id_, now))

    with database.transaction() as conn:
        work(conn)


def _make(desk: Desk) -> None:
    both = desk.say("中文/English", "中文/English")
    with ui.dialog(value=True) as dialog, ui.card().classes("w-full max-w-xl"):
        ui.label(desk.say("新流程", "New flow")).classes("heading")
        scenes = {"": desk.say("不提示", "none")} | {key: desk.word(name) for key, name in SCENE_NAMES.items()}
        boxes: dict[str, Any] = {
            "id": ui.input(desk.say("代号", "Id")),
            "name": ui.input(f"{desk.say('名称', 'Name')} {both}"),
            "segment": ui.select({key: desk.word(name) for key, name in SEGMENTS.items()}, value=SLEEPING),
            "away": ui.number(desk.say("至少多少天没来", "Away for days at least"), value=0, min=0),
            "text": ui.input(f"{desk.say('短信', 'Text message')} {both}"),
            "link": ui.input(desk.say("短信链接 https://", "Link https://")),
            "off": ui.input(desk.say("权益:减多少元", "Benefit: yuan off")),
            "gift_name": ui.input(f"{desk.say('权益名称', 'Name of the benefit')} {both}"),
            "hint": ui.select(scenes, value="", label=desk.say("收银台提示", "Till prompt")),
            "script": ui.input(f"{desk.say('话术', 'Script line')} {both}"),
            "lead": ui.input(f"{desk.say('门店线索', 'Lead for the store')} {both}"),
            "hour": ui.number(
                desk.say("每天几点运行(短信 9–20 点)", "Hour of the day (texts: 9 to 20)"),
                value=10,
                min=0,
                max=plans.LATEST_HOUR,
            ),
            "holdout": ui.number(desk.say("对照组 %", "Holdout %"), value=10, min=0, max=plans.MOST_HOLDOUT),
            "most": ui.number(desk.say("每日上限(0 不限)", "A day at most (0: any)"), value=0, min=0),
            "apart": ui.number(desk.say("同一人间隔天数", "Days between contacts of one person"), value=30, min=0),
        }
        for box in boxes.values():
            box.props("outlined dense").classes("w-full")

        async def save() -> None:
            typed = {name: box.value for name, box in boxes.items()}
            if await tried(desk, f"flow {typed['id']}", add_flow, desk.hq, typed):
                ui.navigate.reload()

        foot(desk, dialog, save, ("开始", "Begin"))


def add_flow(hq: Any, typed: dict[str, Any]) -> None:
    """As typed. Raises what plans.add raises."""
    words = {name: value.strip() for name, value in typed.items() if isinstance(value, str)}
    wanted = plans.Wanted(
        segment=typed["segment"],
        away=int(typed["away"] or 0),
        text=words.get("text", ""),
        link=words.get("link", ""),
        off=words.get("off", ""),
        gift_name=words.get("gift_name", ""),
        hint=words.get("hint", ""),
        script=words.get("script", ""),
        lead=words.get("lead", ""),
        holdout=int(typed["holdout"] or 0),
        most=int(typed["most"] or 0),
        apart=int(typed["apart"] or 0),
        hour=10 if typed["hour"] is None else int(typed["hour"]),
    )
    plans.add(hq.database, hq.clock, words.get("id", ""), words.get("name", ""), wanted)


_SEE = frozenset({users.OPERATIONS})
PAGE = Page("/flows", ("自动流程", "Flows"), "account_tree", _SEE, build, "words")
ONE = Page("/flows/{flow}", ("流程", "Flow"), "account_tree", _SEE, build_one)

"""One figure on a page: name, value, what it means and which formula made it, its time, and the way to what it is
made of."""

from __future__ import annotations

from nicegui import ui

from posapp.hq.console.desk import Desk
from posapp.hq.console.frame import go
from posapp.rules.dictionary import METRICS, UNKNOWN, VERSION, Value, text_of

_LONG = 9


def figure(desk: Desk, name: str, value: Value | None, at: int, *, opens: str = "", foot: str = "") -> None:
    """A metric of the dictionary. opens: a page of the console, "" for none."""
    metric = METRICS[name]
    text = text_of(metric.kind, value) if value is not None else UNKNOWN
    if not foot and metric.kind == "rate" and value is not None and value.is_known and name != "member_sales_share":
        foot = f"{value.top:,} ÷ {value.bottom:,}"
    plain(desk, desk.word(metric.name), text, at, desk.word(metric.formula), opens=opens, foot=foot, version=VERSION)


def plain(
    desk: Desk, name: str, text: str, at: int, formula: str, *, opens: str = "", foot: str = "", version: int = 0
) -> None:
    """A figure that is no metric: a count of things that wait, an age."""
    with ui.column().classes("tile opens" if opens else "tile") as tile:
        ui.label(name).classes("name")
        ui.label(text or UNKNOWN).classes("value long" if len(text) > _LONG else "value")
        ui.label(" · ".join(part for part in (foot, desk.time(at, "%H:%M")) if part)).classes("foot")
        meaning(desk, name, formula, at, version)
    if opens:
        tile.on("click", go(opens)).on("keydown.enter", go(opens)).props("role=link tabindex=0")


def meaning(desk: Desk, name: str, formula: str, at: int, version: int = 0) -> None:
    """What a figure means: when the pointer is over it, and when it is touched."""
    made = f"{desk.say('公式版本', 'Formula version')} {version}" if version else ""
    when = f"{desk.say('数据时间', 'Data of')} {desk.time(at, '%Y-%m-%d %H:%M:%S')}"
    with ui.button(icon="info_outline").props("flat round dense size=sm color=inherit") as button:
        button.props(f'aria-label="{desk.say("说明", "What it means")}"').on("click.stop", lambda: None)
        ui.tooltip(formula).classes("text-sm max-w-xs")
        with ui.menu(), ui.column().classes("p-4 gap-1 max-w-xs"):
            ui.label(name).classes("heading")
            ui.label(formula)
            for text in filter(None, (made, when)):
                ui.label(text).classes("quiet")


def pair(name: str, value: str, kind: str = "") -> None:
    """A line of a card: what, and how much."""
    with ui.element("div").classes("pair"):
        ui.label(name).classes("k")
        ui.label(value or UNKNOWN).classes(f"v {kind}")


def heading(text: str, *, more: str = "") -> None:
    with ui.column().classes("gap-0"):
        ui.label(text).classes("heading").props("role=heading aria-level=2")
        if more:
            ui.label(more).classes("quiet")


def nothing(desk: Desk, chinese: str = "", english: str = "") -> None:
    ui.label(desk.say(chinese or "没有记录", english or "Nothing here")).classes("none")

"""The charts of the console: bars, lines and a funnel, which read well from a phone to a wall, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from posapp.hq.console.desk import Desk
from posapp.hq.console.look import AMBER, GREY, SERIES

_INK, _LINE = "#7d8a85", "#7d8a8540"
_FONT = 'system-ui,"PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif'

Series = tuple[str, Sequence[float | None]]


def _frame(names: Sequence[str], unit: str) -> dict[str, Any]:
    text = {"color": _INK, "fontFamily": _FONT, "fontSize": 13}
    return {
        "color": list(SERIES),
        "textStyle": {"fontFamily": _FONT},
        "animationDuration": 300,
        "grid": {"left": 8, "right": 16, "top": 40, "bottom": 8, "containLabel": True},
        "legend": {"top": 4, "textStyle": text, "type": "scroll"},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {
            "type": "category",
            "data": list(names),
            "axisLabel": {**text, "hideOverlap": True},
            "axisLine": {"lineStyle": {"color": _LINE}},
            "axisTick": {"show": False},
        },
        "yAxis": {
            "type": "value",
            "axisLabel": {**text, "formatter": f"{{value}}{unit}"},
            "splitLine": {"lineStyle": {"color": _LINE}},
        },
    }


def _draw(desk: Desk, options: dict[str, Any], height: int) -> None:
    ui.echart(options, renderer="svg").classes("w-full").style(f"height: {height}px")


def bars(
    desk: Desk, names: Sequence[str], series: Sequence[Series], *, unit: str = "", target: float = 0, height: int = 280
) -> None:
    """Bars side by side; the target as a line across."""
    options = _frame(names, unit)
    label = {"show": len(names) <= 12, "position": "top", "color": _INK, "formatter": f"{{c}}{unit}"}
    options["series"] = [
        {"name": name, "type": "bar", "data": list(values), "barMaxWidth": 42, "label": label}
        for name, values in series
    ]
    if target and options["series"]:
        _aim(desk, options, series, target, unit)
    _draw(desk, options, height)


def lines(
    desk: Desk, names: Sequence[str], series: Sequence[Series], *, unit: str = "", target: float = 0, height: int = 280
) -> None:
    """Lines over time; where nothing is known the line is broken."""
    options = _frame(names, unit)
    options["series"] = [
        {"name": name, "type": "line", "data": list(values), "symbolSize": 7, "lineStyle": {"width": 3}}
        for name, values in series
    ]
    if target and options["series"]:
        _aim(desk, options, series, target, unit)
    _draw(desk, options, height)


def _aim(desk: Desk, options: dict[str, Any], series: Sequence[Series], target: float, unit: str) -> None:
    """The target as a line across, and the axis high enough for it."""
    options["series"][0]["markLine"] = _target(desk, target, unit)
    highest = max((value for _, values in series for value in values if value is not None), default=0)
    if highest < target:
        options["yAxis"]["max"] = -(-target * 12 // 10)


def _target(desk: Desk, target: float, unit: str) -> dict[str, Any]:
    told = f"{desk.say('目标', 'Target')} {target:g}{unit}"
    return {
        "silent": True,
        "symbol": "none",
        "data": [{"yAxis": target}],
        "lineStyle": {"color": AMBER, "type": "dashed", "width": 2},
        "label": {"formatter": told, "position": "insideEndTop", "color": AMBER, "fontFamily": _FONT},
    }


def funnel(desk: Desk, steps: Sequence[tuple[str, int]], *, height: int = 280) -> None:
    """Each step as a bar against the first, with how many came from the one before."""
    names = [name for name, _ in reversed(steps)]
    told = []
    for n, (_, count) in enumerate(steps):
        before = steps[n - 1][1] if n else 0
        share = f"  {count * 100 / before:.0f}%" if before else ""
        told.append({"value": count, "label": {"formatter": f"{count:,}{share}"}})
    options = _frame([], "")
    text = {"color": _INK, "fontFamily": _FONT, "fontSize": 13}
    options |= {
        "xAxis": {"type": "value", "show": False},
        "yAxis": {
            "type": "category",
            "data": names,
            "axisLabel": text,
            "axisLine": {"show": False},
            "axisTick": {"show": False},
        },
        "grid": {"left": 8, "right": 90, "top": 8, "bottom": 8, "containLabel": True},
        "series": [
            {
                "type": "bar",
                "data": told[::-1],
                "barMaxWidth": 34,
                "showBackground": True,
                "backgroundStyle": {"color": f"{GREY}22"},
                "label": {"show": True, "position": "right", **text},
            }
        ],
    }
    _draw(desk, options, height)

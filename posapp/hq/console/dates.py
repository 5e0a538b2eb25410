"""Boxes for dates and months that read the same in every browser: typed as 2026-11-22, or picked in the page's own
language; and what is said of a day that has not come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from posapp.dates import calendar_date
from posapp.hq.console.desk import Desk

_MASK = "####-##-##"
_MONTHS = 24
_DAYS_LONG = "星期日 星期一 星期二 星期三 星期四 星期五 星期六".split()
_NUMBERS = "一 二 三 四 五 六 七 八 九 十 十一 十二".split()
_CHINESE = {
    "days": _DAYS_LONG,
    "daysShort": [day[2:] for day in _DAYS_LONG],
    "months": [f"{number}月" for number in _NUMBERS],
    "monthsShort": [f"{n}月" for n in range(1, 13)],
    "firstDayOfWeek": 1,
}


def date_box(
    desk: Desk, label: str, value: str, changed: Callable[[str], Any] | None = None, *, latest: str = ""
) -> ui.input:
    """changed: is told the date once there is a whole one. latest: the last day that may be picked."""
    box = ui.input(label, value=value).props(f'outlined dense mask="{_MASK}" placeholder="YYYY-MM-DD"')

    def told() -> None:
        if changed is not None and is_date(box.value or ""):
            changed(box.value)

    def picked(event: Any) -> None:
        if event.value and event.value != box.value:
            box.set_value(event.value)
            menu.close()
            told()

    with box.add_slot("append"), ui.icon("event").classes("cursor-pointer") as icon:
        icon.props(f'aria-label="{desk.say("选日期", "Pick a date")}"')
        with ui.menu().props('no-parent-event anchor="bottom right" self="top right"') as menu:
            picker = ui.date(value=value if is_date(value) else None, on_change=picked).props("minimal")
            if not desk.is_english:
                picker.props["locale"] = _CHINESE
            if latest:
                picker.props[":options"] = f"date => date <= '{latest.replace('-', '/')}'"
        icon.on("click", menu.open)
    box.on("change", told)
    return box


def is_date(text: str) -> bool:
    try:
        return bool(calendar_date(text))
    except ValueError:
        return False


def months_to(today: str, held: str = "") -> list[str]:
    """Two years of months, newest first, and one that is looked at besides."""
    year, month = int(today[:4]), int(today[5:7])
    ends = year * 12 + month - 1
    months = {f"{n // 12}-{n % 12 + 1:02d}" for n in range(ends, ends - _MONTHS, -1)}
    return sorted(months | ({held} if held else set()), reverse=True)


def is_coming(desk: Desk, date: str, today: str) -> bool:
    """Whether a day, or a month, has not begun; then that is said."""
    if date <= today[: len(date)]:
        return False
    word = desk.say("这一天还没有到", "That day has not come yet")
    if len(date) < len(_MASK):
        word = desk.say("这个月还没有到", "That month has not come yet")
    ui.label(f"{date} · {word}").classes("none").props("role=status")
    return True

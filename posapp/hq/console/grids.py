"""The one table of the console: it sorts, filters, opens a row, and leaves the house with a reason."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nicegui import ui

from posapp.errors import PosError
from posapp.hq.console.desk import Both, Desk
from posapp.hq.console.frame import foot, go, tell
from posapp.hq.console.tiles import heading, nothing, pair
from posapp.hq.members.desk import reason_of
from posapp.money import Money
from posapp.rules.dictionary import UNKNOWN
from posapp.rules.small_cells import without_small_cells

_FEW = 14
_PAGE = 50
_HIDDEN = "<5"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_CHINESE = {
    "page": "页",
    "to": "至",
    "of": "共",
    "pageSizeSelectorLabel": "每页",
    "noRowsToShow": "没有记录",
    "filterOoo": "筛选…",
    "contains": "包含",
    "notContains": "不包含",
    "equals": "等于",
    "notEqual": "不等于",
    "startsWith": "开头是",
    "endsWith": "结尾是",
    "blank": "空",
    "notBlank": "非空",
    "lessThan": "小于",
    "greaterThan": "大于",
    "lessThanOrEqual": "不大于",
    "greaterThanOrEqual": "不小于",
    "inRange": "介于",
    "andCondition": "且",
    "orCondition": "或",
    "firstPage": "首页",
    "previousPage": "上一页",
    "nextPage": "下一页",
    "lastPage": "末页",
}


_LETTER_PX, _WIDE_LETTER_PX, _BESIDE_PX = 8.4, 14.5, 62
"""A letter of a heading or a cell, a Chinese one, and what a heading has around it: its margins and the filter."""
_CELL_MARGIN_PX, _LONGEST_KEPT = 36, 24

_UNKNOWN = "p.value===null||p.value===undefined?'—':"
_SHOWN = {
    "text": "p => p.value===null||p.value===undefined||p.value===''?'':p.value",
    "number": f"p => {_UNKNOWN}p.value.toLocaleString('en')",
    "persons": f"p => {_UNKNOWN}p.value.toLocaleString('en')",
    "money": f"p => {_UNKNOWN}(p.value/100).toLocaleString('en',{{minimumFractionDigits:2}})",
    "percent": f"p => {_UNKNOWN}p.value.toLocaleString('en',{{minimumFractionDigits:1,maximumFractionDigits:1}})+'%'",
    "tenths": f"p => {_UNKNOWN}p.value.toLocaleString('en',{{minimumFractionDigits:1}})",
    "hundredths": f"p => {_UNKNOWN}p.value.toLocaleString('en',{{minimumFractionDigits:2}})",
}
_PLACES = {"tenths": 1, "hundredths": 2}
_OF = "of_"
_TOLD = f"p => p.data && p.data['{_OF}'+p.colDef.field] || p.valueFormatted || p.value"


class Column(NamedTuple):
    """kind: text, number, money (fen), percent, tenths, hundredths, or persons (a count of persons, which leaves the
    house only from five on). wide: against the others. meaning: its definition. A row says under "of_" and the field
    which two numbers a rate is made of."""

    field: str
    name: Both
    kind: str = "text"
    wide: int = 1
    least: int = 110
    meaning: Both = ("", "")


def grid(
    desk: Desk,
    title: Both,
    columns: Sequence[Column],
    rows: Sequence[dict[str, Any]],
    *,
    opens: Callable[[dict[str, Any]], str] | None = None,
    pressed: Callable[[dict[str, Any]], Any] | None = None,
    name: str = "",
    more: str = "",
) -> None:
    """A table with its title. opens: the page behind a row. pressed: what a press on a row does instead. name: of the
    file it may leave the house in, "" for never."""
    with ui.column().classes("card w-full"):
        with ui.row().classes("w-full items-center no-wrap"):
            heading(desk.word(title), more=more)
            ui.space()
            if any(column.meaning[0] for column in columns):
                _meanings(desk, columns)
            if name and rows:
                _export_button(desk, name, columns, rows)
        if not rows:
            nothing(desk)
            return
        many = len(rows) > _FEW
        numbered = [{**row, "_n": n} for n, row in enumerate(rows)]
        table = ui.aggrid(
            {
                "columnDefs": [_definition(desk, column, rows) for column in columns],
                "rowData": numbered,
                "domLayout": "normal" if many else "autoHeight",
                "pagination": len(rows) > _PAGE,
                "paginationPageSize": _PAGE,
                "paginationPageSizeSelector": False,
                "suppressCellFocus": not (opens or pressed),
                "enableCellTextSelection": True,
                "suppressMovableColumns": True,
                "localeText": {} if desk.is_english else _CHINESE,
            },
            auto_size_columns=False,
        ).style(f"height: {'min(640px, 72vh)' if many else 'auto'}")
        if opens or pressed:
            _open_rows(table, rows, opens, pressed)


def _open_rows(table: ui.aggrid, rows: Sequence[dict[str, Any]], opens: Any, pressed: Any) -> None:
    async def act(event: Any) -> None:
        row = rows[event.args["data"]["_n"]]
        if opens:
            go(opens(row))()
        else:
            told = pressed(row)
            if told is not None:
                await told

    table.on("rowClicked", act, args=["data"])
    table.classes("cursor-pointer")


def shown(column: Column, value: Any) -> str:
    """A cell as it is read."""
    if value is None:
        return "" if column.kind == "text" else UNKNOWN
    if column.kind == "text" or isinstance(value, str):
        return str(value)
    if column.kind == "money":
        return f"{value / 100:,.2f}"
    if column.kind == "percent":
        return f"{value:,.1f}%"
    return f"{value:,.{_PLACES.get(column.kind, 0)}f}" if column.kind in _PLACES else f"{value:,}"


def row_opened(desk: Desk, columns: Sequence[Column], row: dict[str, Any]) -> None:
    """Everything of a row: each figure, the two numbers of a rate, and what it means."""
    with ui.dialog(value=True), ui.card().classes("w-full max-w-xl"):
        ui.label(shown(columns[0], row.get(columns[0].field))).classes("heading")
        for column in columns[1:]:
            of = row.get(_OF + column.field)
            value = shown(column, row.get(column.field))
            pair(desk.word(column.name), f"{value}  ({of})" if of else value)
            if column.meaning[0]:
                ui.label(desk.word(column.meaning)).classes("quiet")


def _meanings(desk: Desk, columns: Sequence[Column]) -> None:
    """What the headings mean, for who has no pointer to hold over them."""
    with ui.button(icon="info_outline").props("flat round dense") as button:
        button.props(f'aria-label="{desk.say("说明", "What it means")}"')
        with ui.menu(), ui.column().classes("p-4 gap-1 max-w-md"):
            for column in columns:
                if column.meaning[0]:
                    ui.label(desk.word(column.name)).classes("heading")
                    ui.label(desk.word(column.meaning)).classes("quiet")


def _least(desk: Desk, column: Column, rows: Sequence[dict[str, Any]]) -> int:
    """So wide that no word of the heading and no figure is cut; a long text may be."""
    words = desk.word(column.name).split()
    head = max((_wide(word) for word in words), default=0) + _BESIDE_PX
    cells = {shown(column, row.get(column.field)) for row in rows}
    kept = [cell for cell in cells if len(cell) <= _LONGEST_KEPT and any(letter.isdigit() for letter in cell)]
    return max(column.least, int(head), int(max(map(_wide, kept), default=0)) + _CELL_MARGIN_PX)


def _wide(text: str) -> float:
    return sum(_WIDE_LETTER_PX if unicodedata.east_asian_width(letter) in "WF" else _LETTER_PX for letter in text)


def _definition(desk: Desk, column: Column, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    is_number = column.kind != "text"
    meaning = {"headerTooltip": desk.word(column.meaning)} if column.meaning[0] else {}
    return {
        **meaning,
        "headerName": desk.word(column.name),
        "field": column.field,
        "sortable": True,
        "filter": "agNumberColumnFilter" if is_number else "agTextColumnFilter",
        "type": "rightAligned" if is_number else None,
        "flex": column.wide,
        "minWidth": _least(desk, column, rows),
        ":tooltipValueGetter": _TOLD,
        ":valueFormatter": _SHOWN.get(column.kind, _SHOWN["text"]),
        "wrapHeaderText": True,
        "autoHeaderHeight": True,
    }


def _export_button(desk: Desk, name: str, columns: Sequence[Column], rows: Sequence[dict[str, Any]]) -> None:
    async def leave(reason: str) -> None:
        text = csv_of(desk, columns, rows)
        await desk.act("", lambda: desk.note("export", f"{name} {len(rows)}", reason))
        ui.download.content(text.encode("utf-8-sig"), f"{name}.csv", "text/csv")

    with ui.button(icon="download", on_click=lambda: ask_reason(desk, desk.say("导出", "Export"), leave)) as button:
        button.props(f'flat round dense aria-label="{desk.say("导出", "Export")}"')
        ui.tooltip(desk.say("导出 CSV", "Export as CSV"))


def csv_of(desk: Desk, columns: Sequence[Column], rows: Sequence[dict[str, Any]]) -> str:
    """A table as it may leave the house: small counts of persons hidden, no cell a spreadsheet would carry out."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([desk.word(column.name) for column in columns])
    hidden = {
        column.field: without_small_cells({n: int(row.get(column.field) or 0) for n, row in enumerate(rows)})
        for column in columns
        if column.kind == "persons"
    }
    for n, row in enumerate(rows):
        cells = []
        for column in columns:
            value = row.get(column.field, "")
            if column.field in hidden and hidden[column.field][n] is None:
                value = _HIDDEN
            elif column.kind == "money" and isinstance(value, int):
                value = Money(value)  # with its minus it is a number, which a spreadsheet sums up
            cells.append(f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value)
        writer.writerow(cells)
    return out.getvalue()


def ask_reason(desk: Desk, title: str, done: Callable[[str], Any]) -> None:
    """Ask why; what follows is done once there is a reason."""
    with ui.dialog(value=True) as dialog, ui.card().classes("min-w-80"):
        ui.label(title).classes("heading")
        box = ui.input(desk.say("原因", "Reason")).props("autofocus outlined maxlength=200").classes("w-full")

        async def go_on() -> None:
            try:
                reason = reason_of(box.value or "")
                await done(reason)
            except PosError as error:
                tell(desk, error)
                return
            dialog.close()

        box.on("keydown.enter", go_on)
        foot(desk, dialog, go_on, ("确定", "OK"))

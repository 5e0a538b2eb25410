"""Sales in the browser, as `posapp hq report sales` tells them: by date, store, clerk, hour or till."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from posapp.hq.console.desk import Both, Desk
from posapp.hq.console.grids import Column
from posapp.hq.console.reports.shape import CUT, SPAN, SUM_STORE, Asked, Report, Sheet, Table, cells, metric
from posapp.hq.figures import report
from posapp.rules.dictionary import VERSION

CUTS: dict[str, Both] = {
    "date": ("日期", "Date"),
    "store": ("门店", "Store"),
    "clerk": ("店员", "Clerk"),
    "hour": ("时段", "Hour"),
    "till": ("收银台", "Till"),
}
"""By what sales can be told apart, in the words of the page."""


def sales(conn: Connection, desk: Desk, asked: Asked) -> Sheet:
    told = report.sales(conn, asked.now, asked.since, asked.until, asked.store, asked.cut)
    columns = (Column("part", CUTS[asked.cut], wide=2, least=130), *(metric(name) for name in report.SALES))
    whole = {"part": desk.say("合计", "All"), "key": "", **_figures(told["all"])}
    rows = [{"part": _named(asked.cut, row), "key": row["key"], **_figures(row)} for row in told["rows"]]

    def opens(row: dict[str, Any]) -> str:
        key = row["key"]
        more: dict[str, Any] = {"axis": asked.cut, "key": key}
        if not key:
            more = {}
        elif asked.cut == "date":
            more = {"since": key, "until": key}
        elif asked.cut == "store":
            more = {"store": key}
        return f"/figures/tickets?{asked.address(**more)}"

    title = ("销售", "Sales")
    more = desk.say("按一行看由哪些小票组成", "press a row for the tickets it is made of")
    name = f"sales-by-{asked.cut}"
    table = Table(title, columns, [*rows, whole] if rows else [], opens, more, name)
    states = " · ".join(f"{desk.word(report.STATES[state])} {count}" for state, count in sorted(told["states"].items()))
    return Sheet([table], version=VERSION, notes=[f"{desk.say('门店日', 'Store days')}: {states}"] if states else [])


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    return cells({name: row[name] for name in report.SALES})


def _named(cut: str, row: dict[str, Any]) -> str:
    return f"{row['key']}:00" if cut == "hour" else f"{row['key']} {row['name']}".strip()


REPORTS = (
    Report(
        "sales",
        ("销售", "Sales"),
        ("净销售额、成交单数、客单价、会员占比", "net sales, tickets, average ticket, members' share"),
        sales,
        frozenset({SPAN, CUT}),
        SUM_STORE,
    ),
)

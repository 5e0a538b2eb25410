"""Every report of `posapp hq report` in the browser: a menu by name, and each one as tables over the same functions."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from sqlalchemy import Connection

from posapp.dates import read_date
from posapp.errors import PosError
from posapp.hq.console import users
from posapp.hq.console.dates import date_box, is_coming
from posapp.hq.console.desk import Both, Desk, Page
from posapp.hq.console.grids import grid, row_opened
from posapp.hq.console.reports import figures, persons, standards, trials
from posapp.hq.console.reports.shape import (
    CUT,
    DAY,
    NO_STORE,
    ONE_STORE,
    SPAN,
    SUM_STORE,
    TRIAL,
    Asked,
    Report,
    Sheet,
    Table,
)
from posapp.hq.console.tiles import heading, nothing
from posapp.hq.figures import boards
from posapp.hq.people import business_day, store_names
from posapp.hq.rewards.served import usual_span

_ELSEWHERE = (
    Report("day", ("门店营业日", "Store's day"), ("销售、收款、税", "sales, tenders, tax"), page="/"),
    Report("stores", ("门店", "Stores"), ("今天的数字与数据时间", "today's figures and the age of the data"), page="/"),
    Report(
        "join-rate", ("入会率", "Join rate"), ("入会率、转化与目标", "join rate, conversion, targets"), page="/joins"
    ),
    Report("funnel", ("漏斗", "Funnel"), ("从展示到复购", "from codes shown to second purchases"), page="/joins"),
    Report("joins", ("入会明细", "Joins"), ("按店员和渠道", "by clerk and channel"), page="/joins"),
    Report("rewards", ("激励", "Rewards"), ("每个店员每一笔", "by clerk, with every line"), page="/rewards"),
    Report("segments", ("分群", "Segments"), ("按门店的人群", "persons by segment and store"), page="/segments"),
    Report("flow", ("自动流程", "Flows"), ("唤醒率与对照组", "wake rate beside the holdout"), page="/flows"),
)
GROUPS: tuple[tuple[Both, tuple[Report, ...]], ...] = (
    (("经营", "Business"), figures.REPORTS + standards.REPORTS),
    (("会员", "Members"), persons.REPORTS),
    (("触达", "Reaching out"), trials.REPORTS),
    (("在别的页面", "On pages of their own"), _ELSEWHERE),
)
REPORTS = {report.name: report for _, some in GROUPS for report in some}


def may_see(desk: Desk, report: Report) -> bool:
    if report.page:
        return desk.can_open(report.page)
    return desk.user.stores is None or not report.is_of_chain


async def build(desk: Desk) -> None:
    with ui.element("div").classes("two"):
        for title, some in GROUPS:
            seen = [report for report in some if may_see(desk, report)]
            if seen:
                with ui.column().classes("card"):
                    heading(desk.word(title))
                    for report in seen:
                        _entry(desk, report)


def _entry(desk: Desk, report: Report) -> None:
    with ui.link(target=report.page or f"/reports/{report.name}").classes("entry"):
        ui.label(desk.word(report.title)).classes("heading")
        ui.label(desk.word(report.about)).classes("quiet")


async def build_one(desk: Desk) -> None:
    report = REPORTS.get(desk.asked.get("report", ""))
    if report is None or report.make is None:
        raise PosError("not_found", what=desk.asked.get("report", "")[:40])
    if not may_see(desk, report):
        raise PosError("no_right")
    names, every, today = await desk.read(_known, desk.user.stores, desk.now)
    asked = asked_of(desk, report, names, today)
    _chosen(desk, report, asked, names, every, today)
    if is_coming(desk, asked.since if SPAN in report.takes else asked.date, today):
        return
    if not asked.store and needs_one(desk, report):
        nothing(desk, "还没有门店", "There is no store yet")
        return
    _draw(desk, await desk.read(report.make, desk, asked))


def _known(conn: Connection, stores: frozenset[int] | None, now: int) -> tuple[dict[int, str], list[str], str]:
    """The stores that are seen, every experiment, and the chain's business date."""
    names = {
        number: f"{number} {name}" for number, name in store_names(conn).items() if stores is None or number in stores
    }
    return names, trials.trials_of(conn), business_day(conn, now)


def asked_of(desk: Desk, report: Report, names: dict[int, str], today: str) -> Asked:
    """What the address says. Raises PosError bad_date, bad_period, long_period, bad_choice, not_found."""
    since = desk.asked.get("since") or usual_span(today)[0]
    until = desk.asked.get("until") or max(today, since)
    date, cut = desk.asked.get("date") or today, desk.asked.get("by") or "date"
    if SPAN in report.takes:
        boards.check_span(since, until)
    read_date(date)
    if cut not in figures.CUTS:
        raise PosError("bad_choice", value=cut[:20], values=", ".join(figures.CUTS))
    number = desk.need_store(desk.whole("store")) if desk.asked.get("store", "0") != "0" else 0
    if number and number not in names:
        raise PosError("no_such_store", store=number)
    if not number and needs_one(desk, report):
        number = min(names, default=0)
    return Asked(desk.now, since, until, date, number, cut, desk.asked.get("trial", "")[:40])


def needs_one(desk: Desk, report: Report) -> bool:
    """Whether a store has to be named: who does not see all of them never sees their sum."""
    return report.store == ONE_STORE or (report.store == SUM_STORE and desk.user.stores is not None)


def _chosen(desk: Desk, report: Report, asked: Asked, names: dict[int, str], every: list[str], today: str) -> None:
    """Which report, and what it asks for."""

    def other(**change: Any) -> None:
        ui.navigate.to(f"/reports/{report.name}?{asked.address(**change)}")

    def pick(label: Both, some: Any, held: Any, name: str) -> None:
        box = ui.select(some, value=held if held in some else None, label=desk.word(label)).props("outlined dense")
        box.on_value_change(lambda event: other(**{name: event.value}))

    with ui.row().classes("asked"):
        titles = {one.name: desk.word(one.title) for one in REPORTS.values() if one.make and may_see(desk, one)}
        menu = ui.select(titles, value=report.name, label=desk.say("报表", "Report")).props("outlined dense")
        menu.on_value_change(lambda event: ui.navigate.to(f"/reports/{event.value}?{asked.address(trial='')}"))
        if SPAN in report.takes:
            date_box(desk, desk.say("从", "From"), asked.since, lambda date: other(since=date))
            date_box(desk, desk.say("到", "To"), asked.until, lambda date: other(until=date))
        if DAY in report.takes:
            date_box(desk, desk.say("日期", "Date"), asked.date, lambda date: other(date=date), latest=today)
        if report.store != NO_STORE:
            some = names if needs_one(desk, report) else {0: desk.say("全部门店", "All stores"), **names}
            pick(("门店", "Store"), some, asked.store, "store")
        if CUT in report.takes:
            pick(("按", "By"), {name: desk.word(word) for name, word in figures.CUTS.items()}, asked.cut, "by")
        if TRIAL in report.takes and every:
            pick(("实验", "Experiment"), every, asked.trial or every[0], "trial")


def _draw(desk: Desk, sheet: Sheet) -> None:
    made = f"{desk.say('公式版本', 'Formula version')} {sheet.version}" if sheet.version else ""
    when = sheet.as_of or desk.time(desk.now, "%Y-%m-%d %H:%M:%S")
    told = [f"{desk.say('数据时间', 'Data of')} {when}", made]
    with ui.column().classes("gap-1"):
        ui.label(" · ".join(part for part in told if part)).classes("quiet").props("data-time")
        for note in sheet.notes:
            ui.label(note).classes("note").props("role=note")
    for table in sheet.tables:
        _table(desk, table)


def _table(desk: Desk, table: Table) -> None:
    pressed = None if table.opens else (lambda row: row_opened(desk, table.columns, row))
    given = (desk, table.title, table.columns, table.rows)
    grid(*given, opens=table.opens, pressed=pressed, name=table.name, more=table.more)


_SEE = frozenset({users.STORE, users.REGION, users.OPERATIONS})
PAGE = Page("/reports", ("报表", "Reports"), "table_chart", _SEE, build, "today")
ONE = Page("/reports/{report}", ("报表", "Report"), "table_chart", _SEE, build_one)

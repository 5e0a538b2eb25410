"""Leads from a file: every row is taken or named with why not; nobody's phone stands in the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from posapp.clock import parse_instant
from posapp.errors import PosError
from posapp.hq import feed, people
from posapp.hq.care.owners import need_clerk
from posapp.hq.database import Database
from posapp.hq.enrol import LARGEST_STORE
from posapp.hq.imports import Row, progress, read_rows, take_each
from posapp.hq.members.desk import who_is
from posapp.hq.members.identity import Means
from posapp.hq.people import settings_of
from posapp.hq.remarks import Refused, Report, Words
from posapp.hq.tasks import leads
from posapp.rules.free_text import without_numbers

NAMES = {
    "member": "会员 会员编号 卡号 会员卡号 手机号 手机 member card ref phone".split(),
    "store": "门店 店号 门店编号 store".split(),
    "title": "事项 待办 标题 需求 title task lead".split(),
    "due": "截止 截止时间 到期 到期时间 due until".split(),
    "clerk": "店员 工号 负责人 clerk".split(),
    "script": "话术 script".split(),
}
REQUIRED = ("member", "title", "due")

REMARKS: dict[str, Words] = {
    "no_such_member": ("没有这位会员", "is no member"),
    "no_such_store": ("没有这家门店", "its store does not exist"),
    "bad_number": ("门店或店员编号不正确", "its store or clerk is no number"),
    "not_found": ("没有这位店员", "its clerk does not exist"),
    "clerk_off": ("店员已停用", "its clerk is switched off"),
    "bad_name": ("事项或话术为空、太长或含有控制字符", "its title or script is empty, too long or unreadable"),
    "text_too_long": ("事项或话术太长", "its title or script is too long"),
    "text_has_number": ("事项或话术里有 5 位以上的数字", "its title or script holds a number of five digits or more"),
    "bad_instant": ("截止时间不正确,请写如 2026-11-30T18:00", "its due time is no instant like 2026-11-30T18:00"),
    "bad_period": ("截止时间已经过去", "its due time is over"),
    "duplicate": ("与第 {row} 行重复", "repeats row {row}"),
}


def import_leads(
    database: Database,
    means: Means,
    path: Path,
    *,
    store: int = 0,
    mapping: Path | None = None,
    dry_run: bool = False,
    source: str,
) -> Report:
    """Take a file's leads over in one transaction. Raises PosError of read_rows."""
    rows = list(progress(read_rows(path, NAMES, REQUIRED, mapping), path.name))
    report = Report(path.name, feed.store_scope(store) if store else feed.CHAIN, dry_run)
    with database.transaction() as conn:
        unique = ("ref", "store", "title", "due")
        wanted = take_each(report, rows, lambda row: _lead(conn, means, row, store), unique, REMARKS, _code)
        if wanted and not dry_run:
            ids = [leads.add_lead(conn, means, source=source, **made) for made in wanted]
            feed.publish(conn, leads.lead_rows(conn, ids, means.now))
    return report


def _code(row: Row) -> str:
    return without_numbers(row.cells.get("title", "").strip())[:40]


def _lead(conn: Connection, means: Means, row: Row, store: int) -> dict[str, Any]:
    """Raises Refused."""
    try:
        return _read(conn, means, row, store)
    except PosError as error:
        if error.code not in REMARKS:
            raise
        raise Refused(error.code) from None


def _read(conn: Connection, means: Means, row: Row, store: int) -> dict[str, Any]:
    """Raises PosError, whose code is why not."""
    cell = {name: row.cells.get(name, "").strip() for name in NAMES}
    number = people.whole(cell["store"], LARGEST_STORE) if cell["store"] or not store else store
    people.scope_of(conn, str(number))
    clerk = people.whole(cell["clerk"], people.LARGEST_CLERK) if cell["clerk"] else 0
    if clerk:
        need_clerk(conn, clerk)
    due = parse_instant(cell["due"], settings_of(conn, feed.store_scope(number)).time_zone)
    return {
        "ref": who_is(conn, means, cell["member"]),
        "store": number,
        "title": leads.words_of(cell["title"]),
        "due": leads.in_time(due, means.now),
        "clerk": clerk,
        "script": leads.words_of(cell["script"]) if cell["script"] else ("", ""),
    }

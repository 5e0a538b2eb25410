"""Events from a file: the same as over HTTP, each row taken once or named with why not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from posapp.clock import Clock, parse_instant, rfc3339
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.care.events import Event, Who
from posapp.hq.care.open_events import take_all
from posapp.hq.database import Database
from posapp.hq.imports import Row, progress, read_rows
from posapp.hq.members.tiers import plain_id
from posapp.hq.people import settings_of
from posapp.hq.remarks import Remark, Report
from posapp.hq.vault import Vault
from posapp.money import Money
from posapp.rules.phones import holds_phone

NAMES = {
    "id": "编号 事件编号 订单号 id event eventid".split(),
    "kind": "类型 事件 kind type".split(),
    "at": "时间 发生时间 at time datetime".split(),
    "ref": "会员 会员编号 member ref".split(),
    "code": "会员码 membercode".split(),
    "phone": "手机号 手机 电话 phone mobile".split(),
    "unionid": "unionid".split(),
    "external_userid": "externaluserid 外部联系人".split(),
    "article": "货号 商品 商品编号 article sku".split(),
    "topic": "话题 主题 topic".split(),
    "amount": "金额 订单金额 amount".split(),
    "channel": "渠道 来源 channel source".split(),
}
"""Our fields and the column names other systems give them."""

REQUIRED = ("id", "kind", "at", "ref|code|phone|unionid|external_userid")
KINDS = {"浏览": "browse", "咨询": "chat", "聊天": "chat", "下单": "order", "订单": "order"}
AT_ONCE = 500


@dataclass
class EventReport(Report):
    """taken = new + known + waiting."""

    new: int = 0
    known: int = 0
    waiting: int = 0

    def more(self, english: bool) -> str:
        said = "{} new, {} known, {} wait for their member" if english else "新增 {},已有 {},等待会员 {}"
        return said.format(self.new, self.known, self.waiting)


def import_events(
    database: Database, vault: Vault, clock: Clock, path: Path, *, channel: str, mapping: Path | None = None
) -> EventReport:
    """Take a file's events over for a channel; the same file again changes nothing.

    Raises PosError bad_id and those of read_rows; then nothing was written.
    """
    plain_id(channel)
    with database.reading() as conn:
        zone = settings_of(conn, feed.CHAIN).time_zone
    report = EventReport(path.name, channel)
    rows = list(progress(read_rows(path, NAMES, REQUIRED, mapping), path.name))
    report.rows = len(rows)
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        answer = take_all(database, vault, channel, [_event(row, zone) for row in some], clock.now_ms())
        report.new += answer.taken
        report.known += answer.known
        report.waiting += answer.waiting
        for row, result in zip(some, answer.results, strict=True):
            if result.code:
                report.refused.append(Remark(row.number, _shown(result.id), result.code, {}, _quoted(result.message)))
    report.taken = report.new + report.known + report.waiting
    return report


def _shown(id_: str) -> str:
    """An event's id as a report may name it."""
    return "*****" if holds_phone(id_) else id_


def _quoted(message: tuple[str, str]) -> tuple[str, str]:
    chinese, english = (text.replace("{", "{{").replace("}", "}}") for text in message)
    return chinese, english


def _event(row: Row, zone: str) -> Event:
    cells = {name: cell.strip() for name, cell in row.cells.items()}
    try:
        at = rfc3339(parse_instant(cells.get("at", ""), zone))  # the file's times are the shop's
    except PosError:
        at = ""
    try:
        amount = str(Money.parse(cells.get("amount", "")))  # typed by somebody, so "¥39.9" too
    except PosError:
        amount = cells.get("amount", "")
    who = Who(**{name: cells.get(name, "") for name in Who.__struct_fields__})
    kind = cells.get("kind", "")
    return Event(
        cells.get("id", ""),
        KINDS.get(kind, kind.lower()),
        at,
        who,
        cells.get("article", ""),
        cells.get("topic", ""),
        amount,
        cells.get("channel", ""),
    )

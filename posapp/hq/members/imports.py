"""Members of the system before: a file's rows are taken over in one transaction, or named with why not.

A row is known again by its card, else by its phone, so the same file twice changes nothing. What a member has here
already stays; the file fills what is empty. Reports show no whole phone.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, update

from posapp.clock import Clock, parse_instant
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import Database
from posapp.hq.imports import Row, progress, read_rows
from posapp.hq.members import consents, points
from posapp.hq.members.identity import (
    ACTIVE,
    CLAIMED,
    VERIFIED,
    Means,
    add_key,
    known_by,
    new_person,
    phone_columns,
    root_of,
    set_name,
    set_phone,
)
from posapp.hq.members.slice import Published, rows_of, seen_at
from posapp.hq.members.tables import person, person_key, tier
from posapp.hq.people import scope_of, settings_of
from posapp.hq.remarks import Refused, Remark, Report, Words
from posapp.hq.vault import Vault
from posapp.ids import Chance
from posapp.messages import Consent
from posapp.money import LARGEST
from posapp.rules.codes import clean
from posapp.rules.consents import MARKETING, PERSONAL
from posapp.rules.phones import masked, read_phone

NAMES = {
    "card": "会员卡号 卡号 会员号 会员编号 会员编码 cardnumber card cardno membernumber memberid".split(),
    "phone": "手机号 手机号码 手机 电话 联系电话 phone mobile phonenumber".split(),
    "name": "姓名 会员姓名 会员名称 称呼 name membername".split(),
    "birthday": "生日 会员生日 出生日期 birthday birthdate".split(),
    "tier": "会员等级 等级 级别 会员级别 tier level rank".split(),
    "points": "积分 当前积分 可用积分 剩余积分 积分余额 points balance".split(),
    "joined": "入会日期 注册日期 开卡日期 办卡日期 入会时间 注册时间 joined created".split(),
    "marketing": "同意营销 营销同意 接收短信 接收营销 marketing".split(),
    "personal": "同意个性化 个性化推荐 个性化 personal personalisation".split(),
    "visited": "最后消费 最近消费 最后消费日期 最近消费日期 最后消费时间 上次到店 最近到店 lastvisit visited".split(),
}
"""Our fields and the column names other systems give them."""

REQUIRED = ("card|phone",)
LONGEST_CARD, LONGEST_NAME = 40, 40
_TOLD_AT_ONCE = 500
_DATE = re.compile(r"(?:\d{4}\D)?(\d{1,2})\D(\d{1,2})\D?|(?:\d{4})?(\d{2})(\d{2})")
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_WORDS = {
    **dict.fromkeys(("是", "同意", "y", "yes", "1", "true", "√", "✓"), 1),
    **dict.fromkeys(("否", "不同意", "拒绝", "n", "no", "0", "false", "×"), 0),
}

REMARKS: dict[str, Words] = {
    "missing_key": ("没有卡号也没有手机号", "has neither card nor phone"),
    "bad_phone": ("手机号不正确", "its phone is no phone number"),
    "bad_card": ("卡号含有控制字符、太长或已变成科学计数", "its card is too long, unreadable or was mangled"),
    "bad_name": ("姓名含有控制字符或太长", "its name is too long or unreadable"),
    "duplicate": ("卡号或手机号与第 {row} 行重复", "repeats the card or phone of row {row}"),
    "bad_birthday": ("生日不正确", "its birthday is no date"),
    "bad_points": ("积分应为整数", "its points are no whole number"),
    "bad_date": ("{field}不正确,请写如 2026-11-22", "its {field} is no date like 2026-11-22"),
    "to_come": ("{field}还没有到", "its {field} is yet to come"),
    "unknown_tier": ("没有等级 {value},请先用 hq tier set 添加", "there is no tier {value}; add it with hq tier set"),
    "bad_word": ("{field}应为 是 或 否", "its {field} must be yes or no"),
    "two_persons": ("卡号和手机号分属两位会员,请人工核对", "card and phone belong to two members; look at them"),
    "other_phone": ("这位会员已有另一个手机号,未改动", "this member has another phone already; kept"),
    "points_below": ("期初积分小于 0,已照录,请核对", "its opening points are below zero; taken, look at them"),
    "points_kept": ("期初积分以前已导入,未改动", "its opening points were imported before; kept"),
}
"""What a report says of a row, in Chinese and English."""


class Arrival(NamedTuple):
    """A member as read. phone: E.164; birthday: MM-DD; instants 0 and points None where the file says nothing."""

    row: int
    card: str
    phone: str
    name: str
    birthday: str
    tier: str
    points: int | None
    joined: int
    visited: int
    consents: dict[str, int]

    @property
    def who(self) -> str:
        return shown(self.card) or masked(self.phone)


@dataclass
class MemberReport(Report):
    """taken = added + changed + same; points: opened by the file."""

    added: int = 0
    changed: int = 0
    same: int = 0
    points: int = 0

    def more(self, english: bool) -> str:
        said = "{} new, {} changed, {} as before; {} points opened"
        if not english:
            said = "新增 {},补充 {},未变 {};期初积分 {}"
        return said.format(self.added, self.changed, self.same, self.points)


class _Undone(Exception):
    """A dry run ends here, and everything goes back."""


def import_members(
    database: Database,
    vault: Vault,
    clock: Clock,
    chance: Chance,
    path: Path,
    *,
    store: str = feed.CHAIN,
    mapping: Path | None = None,
    verified: bool = False,
    dry_run: bool = False,
) -> MemberReport:
    """Take over members; with a store it is their home. verified: somebody confirmed that the phones are theirs.

    Raises PosError of read_rows, no_such_store, bad_scope; then nothing was written.
    """
    with database.reading() as conn:
        scope = scope_of(conn, store)
        zone = settings_of(conn, scope).time_zone
        tiers = {word: row.id for row in conn.execute(select(tier)) for word in (row.id, *json.loads(row.name))}
    report = MemberReport(path.name, scope, dry_run)
    rows = progress(read_rows(path, NAMES, REQUIRED, mapping), path.name)
    arrivals = list(_read(rows, zone, tiers, clock.now_ms(), report))
    report.rows = len(arrivals) + len(report.refused)
    home = int(scope.partition(":")[2] or 0)
    # Slow on purpose (rules/lookup.py), so made before the transaction.
    columns = {} if dry_run else {one.phone: phone_columns(vault, one.phone) for one in arrivals if one.phone}
    means = Means(vault, chance, clock.now_ms())
    try:
        with database.transaction() as conn:
            taking = _Taking(conn, means, home, VERIFIED if verified else CLAIMED, columns, report)
            for arrival in arrivals:
                taking.take(arrival)
            if dry_run:
                raise _Undone
            feed.publish(conn, taking.published())
    except _Undone:
        pass
    report.refused.sort(key=lambda remark: remark.row)
    return report


def shown(card: str) -> str:
    """A card's number; a phone that serves as one is masked."""
    try:
        return masked(read_phone(card))
    except PosError:
        return card[:LONGEST_CARD]


# --- reading ---


def _read(rows: Iterable[Row], zone: str, tiers: dict[str, str], now: int, report: MemberReport) -> Iterator[Arrival]:
    seen: dict[str, int] = {}
    for row in rows:
        cells = {name: cell.strip() for name, cell in row.cells.items()}
        try:
            arrival = _arrival(row.number, cells, zone, tiers, now)
            names = [f"{kind} {value}" for kind, value in (("card", arrival.card), ("phone", arrival.phone)) if value]
            if before := next((seen[name] for name in names if name in seen), 0):
                raise Refused("duplicate", row=before)
            seen.update(dict.fromkeys(names, row.number))
        except Refused as refused:
            who = shown(cells.get("card", "")) or _hidden(cells.get("phone", ""))
            report.refuse(row.number, who, refused, REMARKS)
            continue
        yield arrival


def _hidden(phone: str) -> str:
    """What may be shown of what ought to be a phone and may be one with a slip in it."""
    return f"{phone[:3]}****" if phone else ""


def _arrival(number: int, cells: dict[str, str], zone: str, tiers: dict[str, str], now: int) -> Arrival:
    card, phone, name = (cells.get(field_, "") for field_ in ("card", "phone", "name"))
    if not card and not phone:
        raise Refused("missing_key")
    if card and (clean(card) is None or len(card) > LONGEST_CARD or re.fullmatch(r"\d(\.\d+)?[eE]\+\d+", card)):
        raise Refused("bad_card")
    if phone:
        try:
            phone = read_phone(phone)
        except PosError:
            raise Refused("bad_phone") from None
    if len(name) > LONGEST_NAME or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
        raise Refused("bad_name")
    rank = cells.get("tier", "")
    if rank and rank not in tiers:
        raise Refused("unknown_tier", value=rank[:20])
    return Arrival(
        number,
        card,
        phone,
        name,
        _birthday(cells.get("birthday", "")),
        tiers.get(rank, ""),
        _points(cells.get("points", "")),
        _instant(cells, "joined", zone, now),
        _instant(cells, "visited", zone, now),
        {purpose: _word(cells, purpose) for purpose in (MARKETING, PERSONAL) if cells.get(purpose)},
    )


def _birthday(text: str) -> str:
    """MM-DD; the year is not kept."""
    if not text:
        return ""
    match = _DATE.fullmatch(unicodedata.normalize("NFKC", text).partition(" ")[0])
    month, day = (int(part) for part in match.groups() if part) if match else (0, 0)
    if not (1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]):
        raise Refused("bad_birthday")
    return f"{month:02d}-{day:02d}"


def _points(text: str) -> int | None:
    if not text:
        return None
    try:
        number = Decimal(unicodedata.normalize("NFKC", text).replace(",", ""))
        if number != number.to_integral_value() or abs(number) > LARGEST:
            raise ValueError
    except (InvalidOperation, ValueError):
        raise Refused("bad_points") from None
    return int(number)


def _instant(cells: dict[str, str], name: str, zone: str, now: int) -> int:
    text = unicodedata.normalize("NFKC", cells.get(name, "")).replace("/", "-")
    if not text:
        return 0
    parts = text.partition(" ")
    day = "-".join(part.zfill(2) for part in parts[0].split("-"))
    try:
        at = parse_instant(day + (f" {parts[2]}" if parts[2] else ""), zone)
    except PosError:
        raise Refused("bad_date", field=(NAMES[name][0], name)) from None
    if at > now:
        raise Refused("to_come", field=(NAMES[name][0], name))
    return at


def _word(cells: dict[str, str], name: str) -> int:
    found = _WORDS.get(cells[name].casefold())
    if found is None:
        raise Refused("bad_word", field=(NAMES[name][0], name))
    return found


# --- taking over ---


class _Taking:
    """One transaction's work."""

    def __init__(
        self,
        conn: Connection,
        means: Means,
        home: int,
        strength: str,
        columns: dict[str, dict[str, str]],
        report: MemberReport,
    ) -> None:
        self._conn = conn
        self._means = means
        self._home = home
        self._strength = strength
        self._columns = columns
        self._report = report
        self._touched: list[str] = []

    def published(self) -> Published:
        told: Published = {"members": {}, "quotas": {}}
        for start in range(0, len(self._touched), _TOLD_AT_ONCE):
            part = rows_of(self._conn, self._touched[start : start + _TOLD_AT_ONCE], self._means.now)
            for stream, rows in part.items():
                told[stream].update(rows)
        return told

    def take(self, one: Arrival) -> None:
        report = self._report
        try:
            ref = self._known(one)
        except Refused as refused:
            report.refuse(one.row, one.who, refused, REMARKS)
            return
        report.taken += 1
        if ref is None:
            report.added += 1
            self._fill(self._new(one), one, is_new=True)
        elif self._fill(ref, one, is_new=False):
            report.changed += 1
        else:
            report.same += 1

    def _known(self, one: Arrival) -> str | None:
        """Whose row this is; None for somebody new."""
        by_card = self._root("card", one.card) if one.card else None
        by_phone = self._root("phone", one.phone) if one.phone else None
        if by_card and by_phone and by_card != by_phone:
            raise Refused("two_persons")
        return by_card or by_phone or (self._claimed(one.phone) if one.phone and not one.card else None)

    def _root(self, kind: str, value: str) -> str | None:
        return known_by(self._conn, kind, self._means.vault.index(kind, value))

    def _claimed(self, phone: str) -> str | None:
        """Who came by an import with this phone, which nobody confirmed yet."""
        return self._conn.scalar(
            select(person.c.root)
            .join(person_key, person_key.c.ref == person.c.ref)
            .where(
                person_key.c.kind == "phone",
                person_key.c.hash == self._means.vault.index("phone", phone),
                person_key.c.strength == CLAIMED,
                person_key.c.source == "import",
            )
            .limit(1)
        )

    def _new(self, one: Arrival) -> str:
        ref = new_person(self._conn, self._means, home=self._home, source="import")
        joined = one.joined or self._means.now
        self._conn.execute(
            update(person).where(person.c.ref == ref).values(status=ACTIVE, joined=joined, activated=self._means.now)
        )
        return ref

    def _fill(self, ref: str, one: Arrival, *, is_new: bool) -> bool:
        """Add what is not there yet; whether there was anything."""
        conn, means = self._conn, self._means
        head = conn.execute(select(person).where(person.c.ref == ref)).one()
        filled: dict[str, Any] = {}
        if one.birthday and not head.birthday:
            filled["birthday"] = one.birthday
        if one.tier and not head.tier:
            filled["tier"] = one.tier
        if one.visited > head.visited:
            filled["visited"] = one.visited
        if filled:
            conn.execute(update(person).where(person.c.ref == ref).values(**filled))
        changed = bool(filled)
        if one.name and not head.name:
            set_name(conn, means, ref, one.name)
            changed = True
        changed |= self._keys(ref, one, has_phone=bool(head.phone))
        changed |= self._open(ref, one)
        changed |= self._agree(ref, one)
        if changed or is_new:
            if self._home and is_new:
                seen_at(conn, ref, self._home, one.visited or means.now)
            self._touched.append(ref)
        return changed

    def _keys(self, ref: str, one: Arrival, *, has_phone: bool) -> bool:
        conn, means = self._conn, self._means
        changed = False
        if one.card and self._root("card", one.card) is None:
            add_key(conn, means, ref, "card", one.card, VERIFIED, "import")
            changed = True
        if one.phone and not self._has(ref, one.phone):
            if has_phone:
                self._report.notes.append(Remark(one.row, one.who, "other_phone", {}, REMARKS["other_phone"]))
                return changed
            set_phone(conn, means, ref, one.phone, self._strength, "import", self._columns.get(one.phone))
            changed = True
        return changed

    def _has(self, ref: str, phone: str) -> bool:
        same = select(person.c.ref).where(person.c.root == root_of(self._conn, ref))
        hash_ = self._means.vault.index("phone", phone)
        held = self._conn.scalar(
            select(person_key.c.strength).where(
                person_key.c.kind == "phone", person_key.c.hash == hash_, person_key.c.ref.in_(same)
            )
        )
        return held is not None and (held == VERIFIED or self._strength == CLAIMED)

    def _open(self, ref: str, one: Arrival) -> bool:
        """The opening balance, once for a card or phone."""
        if not one.points:
            return False
        kind, value = ("card", one.card) if one.card else ("phone", one.phone)
        source = f"import {self._means.vault.index(kind, value)}"
        if points.book(self._conn, ref, "import", source, one.points, self._means.now, self._home):
            self._report.points += one.points
            if one.points < 0:
                self._report.notes.append(Remark(one.row, one.who, "points_below", {}, REMARKS["points_below"]))
            return True
        if points.of_source(self._conn, source, ("import",))[0].points != one.points:
            self._report.notes.append(Remark(one.row, one.who, "points_kept", {}, REMARKS["points_kept"]))
        return False

    def _agree(self, ref: str, one: Arrival) -> bool:
        """What the system before was told, where nothing newer was said here."""
        standing = consents.standing(self._conn, root_of(self._conn, ref))
        acts = [Consent(name, given, "import") for name, given in one.consents.items() if name not in standing]
        consents.note(self._conn, ref, acts, self._means.now, "import", "import")
        return bool(acts)

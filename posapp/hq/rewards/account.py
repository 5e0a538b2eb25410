"""A clerk's account: what is missing of the wanted lines is added, differences are booked, nothing is changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, select

from posapp.clock import MINUTE
from posapp.hq import feed
from posapp.hq.database import insert_new, portions
from posapp.hq.rewards.days import Days, next_month
from posapp.hq.rewards.facts import Group, cases_of, receipts_of
from posapp.hq.rewards.rules import Rules
from posapp.hq.rewards.tables import reward_line, reward_month
from posapp.hq.rewards.wanted import EXCLUDED, JOIN, PARTS, Case, Line, Wanted, wanted_of
from posapp.hq.tables import clerk
from posapp.hq.tables import feed as told_rows
from posapp.streams import RewardLine, RewardRow

SHOWN_LINES = 50
CORRECTED = "corrected"
_BACKS = frozenset(PARTS.values())

_read_row = msgspec.json.Decoder(RewardRow).decode

RewardRows = dict[tuple[str, str], RewardRow | None]


def differences(conn: Connection, days: Days, groups: Iterable[Group]) -> list[dict[str, Any]]:
    """The rows that are missing so that the accounts of some groups are what they ought to be; booked nowhere yet."""
    rules = Rules(conn)
    missing = []
    cases_by = cases_of(conn, days, groups)
    booked = booked_of(conn, (case.ref for cases in cases_by.values() for case in cases))
    for group, cases in cases_by.items():
        wanted = wanted_of(cases, rules.of(group.store, group.date))
        for case in cases:
            for line in missing_of(case, wanted[case.ref], booked[case.ref]):
                kind_source = (line.kind, line.source)
                n = sum((row.kind, row.source) == kind_source for row in booked[case.ref])
                missing.append(_row(case.ref, group.clerk, group.store, case.channel, line, n))
    return missing


def booked_of(conn: Connection, refs: Iterable[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for some in portions(refs):
        for row in conn.execute(select(reward_line).where(reward_line.c.ref.in_(some))):
            found[row.ref].append(row)
    return found


def standing_of(rows: Sequence[Any], part: str) -> tuple[int, int]:
    """What booked lines come to of a part: valid ones, fen."""
    mine = [row for row in rows if row.kind in (part, PARTS[part])]
    return sum(row.counts for row in mine), sum(row.fen for row in mine)


def missing_of(case: Case, wanted: Wanted, booked: Sequence[Any]) -> list[Line]:
    """The lines to be added to what is booked of a join: each as it happened, then what is left as a correction."""
    held = {(row.kind, row.source) for row in booked}
    lines = [line for line in wanted.lines if (line.kind, line.source) not in held]
    for part, back in PARTS.items():
        count, fen = standing_of(booked, part)
        for line in lines:
            if line.kind in (part, back):
                count, fen = count + line.counts, fen + line.fen
        more, most = (aim - has for aim, has in zip(wanted.of(part), (count, fen), strict=True))
        if more or most:
            kind = back if (more, most) < (0, 0) or most < 0 else part
            why = wanted.excluded or CORRECTED
            lines.append(Line(kind, CORRECTED, more, most, case.at, why))
    if wanted.excluded and not booked:
        lines.append(Line(EXCLUDED, "", 0, 0, case.at, wanted.excluded))
    return lines


def _row(ref: str, number: int, store: int, channel: str, line: Line, n: int) -> dict[str, Any]:
    return {
        "ref": ref,
        "kind": line.kind,
        "source": line.source,
        "n": n,
        "clerk": number,
        "store": store,
        "at": line.at,
        "month": "",
        "counts": line.counts,
        "fen": line.fen,
        "why": line.why,
        "receipt": line.receipt,
        "channel": channel,
        "made": 0,
    }


def known_row(ref: str, at: int, code: Any) -> dict[str, Any]:
    """For somebody who was a member before and came by a clerk's code once more."""
    line = Line(EXCLUDED, f"known {at}", 0, 0, at, "joined_before")
    return _row(ref, code.clerk, code.store, code.channel, line, 0)


def book(conn: Connection, days: Days, rows: Iterable[dict[str, Any]], now: int) -> set[int]:
    """Add rows, in the month they happened in, or the first after it that is not settled; the clerks they are of."""
    settled = set(conn.scalars(select(reward_month.c.month)))
    clerks = set()
    for row in rows:
        month = days.date(row["store"], row["at"])[:7]
        while month in settled:
            month = next_month(month)
        if insert_new(conn, reward_line, {**row, "month": month, "made": now}):
            clerks.add(row["clerk"])
    return clerks


# --- what the tills are told ---


def month_now(days: Days, now: int) -> str:
    return days.date(0, now)[:7]


def counted(rows: Iterable[Any]) -> Counter[str]:
    """Valid joins, first orders, fen, and how many were taken back and left out, of some lines."""
    sums: Counter[str] = Counter()
    for row in rows:
        sums["fen"] += row.fen
        if row.kind == EXCLUDED:
            sums["excluded"] += 1
            continue
        part = "joins" if row.kind in (JOIN, PARTS[JOIN]) else "first_orders"
        sums[part] += row.counts
        sums["back"] += row.counts < 0
    return sums


def rows_of(conn: Connection, days: Days, clerks: Iterable[int], now: int) -> RewardRows:
    """What tills are told of some clerks: in every store they work in, and gone where they do no longer."""
    month, today, rules = month_now(days, now), days.date(0, now), Rules(conn)
    rows: RewardRows = {}
    for numbers in portions(clerks):
        scopes = dict(conn.execute(select(clerk.c.number, clerk.c.scope).where(clerk.c.number.in_(numbers))).all())
        lines: dict[int, list[Any]] = defaultdict(list)
        asked = select(reward_line).where(reward_line.c.clerk.in_(numbers), reward_line.c.month == month)
        for line in sorted(conn.execute(asked), key=_as_read):
            lines[line.clerk].append(line)
        held = _held(conn, numbers)
        for number in numbers:
            stores = {feed.store_scope(line.store) for line in lines[number]}
            targets = {scopes[number]} if number in scopes else stores
            for scope in {*targets, *held[number]}:
                rows[scope, str(number)] = None
            for scope in targets:
                told = _told(conn, month, lines[number], rules.words(scope, today))
                before = held[number].get(scope)
                made = before.made if before and replace(before, made=0) == told else now
                rows[scope, str(number)] = replace(told, made=made)
    return rows


def _as_read(line: Any) -> tuple[Any, ...]:
    """The newest first, by the minute that is shown; of one minute a line stands before what takes it back."""
    return -(line.at // MINUTE), line.kind in _BACKS, -line.at, -line.made, line.ref, line.kind, line.source, line.n


def _held(conn: Connection, numbers: Sequence[int]) -> dict[int, dict[str, RewardRow]]:
    found: dict[int, dict[str, RewardRow]] = defaultdict(dict)
    asked = select(told_rows).where(
        told_rows.c.stream == "rewards", told_rows.c.key.in_([str(n) for n in numbers]), told_rows.c.data != feed.GONE
    )
    for row in conn.execute(asked):
        found[int(row.key)][row.scope] = _read_row(bytes(row.data))
    return found


def _told(conn: Connection, month: str, lines: Sequence[Any], words: tuple[str, str]) -> RewardRow:
    sums = counted(lines)
    newest = lines[:SHOWN_LINES]
    receipts = receipts_of(conn, {line.ref for line in newest if not line.receipt})
    shown = [
        RewardLine(line.at, line.kind, line.fen, line.why, line.receipt or receipts.get(line.ref, ""), line.channel)
        for line in newest
    ]
    return RewardRow(month, sums["joins"], sums["first_orders"], sums["fen"], words, shown)

"""Re-verifies what HQ holds: every chain from its raw bytes, and that the tables follow from them.

Follows reliability.md 7.1: I2 and I7 (each event once, no number with two contents), I3 (prefix 1..n, links,
signatures), I5 (sums), I6 (receipt counters). I5 and I6 are checked where the rows are made (rows.py) and show as
flags; that flags and rows are still what the entries say is checked here.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nacl.signing import VerifyKey
from sqlalchemy import Connection, Row, Table, func, select

from posapp.chain import Broken, Entry, Header, check_entry, check_link
from posapp.errors import PosError
from posapp.hq.accept import FIRST_SEEN, OTHER_EVENT, SAME_EVENT, event_key, genesis_of, journal_keys
from posapp.hq.database import Database
from posapp.hq.members.identity import groups
from posapp.hq.members.tables import merge, person, points_entry
from posapp.hq.project import Articles, Done, journal_row, read_items, refunded_row, shift_row, step_after, work_off
from posapp.hq.rows import Held
from posapp.hq.segments import recount
from posapp.hq.tables import (
    BY_ENTRY,
    batch,
    counter,
    entry,
    event_identity,
    flag,
    journal_head,
    journal_state,
    quarantine,
    refunded,
    shift,
)

_PART = 2_000


@dataclass
class Report:
    """What was verified. error: the first thing found wrong, None when all is well."""

    journals: int = 0
    entries: int = 0
    projected: int = 0
    flags: dict[str, int] = field(default_factory=dict)
    quarantine: list[dict[str, Any]] = field(default_factory=list)
    error: PosError | None = None

    def json(self) -> str:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "error"}
        values["ok"] = self.error is None
        if self.error is not None:
            told = {name: str(value) for name, value in self.error.values.items()}
            values["error"] = {"code": self.error.code, **told}
        return json.dumps(values, ensure_ascii=False)

    def text(self, language: str = "zh") -> str:
        counts = (self.journals, self.entries, self.projected)
        if language == "en":
            lines = ["{} journals, {} entries verified; tables of {} entries compared".format(*counts)]
            wrong, waiting = "flags", "in quarantine"
        else:
            lines = ["已核对 {} 本流水、{} 条记录;{} 条记录的报表数据一致".format(*counts)]
            wrong, waiting = "待核对", "无法入账"
        lines += [f"{wrong}: {kind} {count}" for kind, count in sorted(self.flags.items())]
        lines += [f"{waiting}: {q['jid']} {q['seq']} {q['code']} {q['detail']}" for q in self.quarantine]
        return "\n".join(lines)


def verify(database: Database) -> Report:
    """Verify everything as it stands at one moment, beside a running server; stops at the first thing wrong."""
    report = Report()
    with database.reading(snapshot=True) as conn:
        try:
            keys: dict[tuple[int, int], dict[str, VerifyKey]] = {}
            for head in conn.execute(select(journal_head).order_by(journal_head.c.jid)).all():
                place = (head.store, head.till)
                if place not in keys:
                    keys[place] = journal_keys(conn, *place)
                _journal(conn, head, keys[place], report)
            _nothing_else(conn, report)
            _ledger(conn)
            recount.check(conn)
            tills = conn.execute(select(batch.c.store, batch.c.till).distinct().order_by("store", "till")).all()
            for store, till in tills:
                _tables(conn, (store, till), report)
        except PosError as error:
            report.error = error
        kinds = select(flag.c.kind, func.count().label("n")).group_by(flag.c.kind)
        report.flags = {row.kind: row.n for row in conn.execute(kinds)}
        _show(None)
        report.quarantine = [
            {"jid": row.jid, "seq": row.seq, "code": row.code, "detail": row.detail, "tries": row.tries}
            for row in conn.execute(
                select(quarantine).where(quarantine.c.resolved == 0).order_by(quarantine.c.jid, quarantine.c.seq)
            )
        ]
    return report


def _wrong(jid: str, seq: int, why: str) -> PosError:
    return PosError("journal_broken", jid=jid, seq=seq, why=why)


def _differ(table: str, jid: str, seq: int) -> PosError:
    return PosError("tables_differ", table=table, jid=jid, seq=seq)


# --- chains ---


def _journal(conn: Connection, head: Row[Any], keys: dict[str, VerifyKey], report: Report) -> None:
    jid, seq, previous = head.jid, 0, b""
    for rows in _parts(conn, jid):
        headers = []
        for row in rows:
            if row.seq != seq + 1:
                raise _wrong(jid, seq + 1, "缺失 missing")
            seq += 1
            header, previous = _one(row, head, seq, previous, keys)
            headers.append(header)
        _identities(conn, head, rows, headers)
        report.entries += len(rows)
        _show(report.entries)
    if (seq, previous) != (head.seq, bytes(head.hash)):
        raise _wrong(jid, min(seq, head.seq) + 1, "与末尾记录不符 does not end where its head says")
    _received(conn, jid, seq)
    report.journals += 1


def _parts(conn: Connection, jid: str) -> Iterator[list[Row[Any]]]:
    last = 0
    while True:
        rows = conn.execute(
            select(entry).where(entry.c.jid == jid, entry.c.seq > last).order_by(entry.c.seq).limit(_PART)
        ).all()
        if not rows:
            return
        last = rows[-1].seq
        yield list(rows)


def _one(row: Row[Any], head: Row[Any], seq: int, previous: bytes, keys: dict[str, VerifyKey]) -> tuple[Header, bytes]:
    raw = Entry(bytes(row.header), bytes(row.signature), bytes(row.body))
    try:
        header = check_entry(raw, keys.get)
        check_link(header, head.jid, seq, previous if seq > 1 else genesis_of(header, raw))
    except Broken as broken:
        raise _wrong(head.jid, seq, " ".join(dict.fromkeys(broken.why))) from None
    except ValueError:
        raise _wrong(head.jid, seq, "无法读取 unreadable") from None
    if (header.store, header.till) != (head.store, head.till):
        raise _wrong(head.jid, seq, "属于另一台收银台 entry of another till")
    if bytes(row.hash) != raw.hash or row.event != event_key(header.eid):
        raise _wrong(head.jid, seq, "与登记不符 filed under another hash or event")
    return header, raw.hash


def _identities(conn: Connection, head: Row[Any], rows: list[Row[Any]], headers: list[Header]) -> None:
    """Each event once: the first entry with an event's id owns it, others say what they are to it."""
    owners: dict[str, Any] = {}
    for start in range(0, len(rows), 500):
        for owner in conn.execute(
            select(event_identity).where(
                event_identity.c.store == head.store,
                event_identity.c.till == head.till,
                event_identity.c.event.in_([row.event for row in rows[start : start + 500]]),
            )
        ):
            owners[owner.event] = owner
    for row, header in zip(rows, headers, strict=True):
        filed = owners.get(row.event)
        if filed is None:
            raise _wrong(head.jid, row.seq, "事件未登记 its event is not filed")
        if (filed.jid, filed.seq) == (row.jid, row.seq):
            fits = FIRST_SEEN
        else:
            fits = SAME_EVENT if filed.digest == header.bh else OTHER_EVENT
        if row.known != fits or (fits == FIRST_SEEN and filed.digest != header.bh):
            raise _wrong(head.jid, row.seq, "事件登记不符 its event is filed wrongly")


def _received(conn: Connection, jid: str, seq: int) -> None:
    """The batches of a journal hold each of its entries once, in order."""
    last = 0
    for row in conn.execute(select(batch).where(batch.c.jid == jid).order_by(batch.c.n)):
        if row.first_seq != last + 1 or row.last_seq < row.first_seq:
            raise _wrong(jid, last + 1, "接收记录不连续 batches do not follow each other")
        last = row.last_seq
    if last != seq:
        raise _wrong(jid, min(last, seq) + 1, "接收记录不全 batches do not cover the journal")


def _nothing_else(conn: Connection, report: Report) -> None:
    heads = select(journal_head.c.jid)
    for table in (entry, batch):
        stray = conn.scalar(select(table.c.jid).where(table.c.jid.not_in(heads)).limit(1))
        if stray is not None:
            raise _wrong(stray, 0, "没有登记 has no head")
    first = conn.scalar(select(func.count()).select_from(entry).where(entry.c.known == FIRST_SEEN))
    if first != conn.scalar(select(func.count()).select_from(event_identity)):
        raise _wrong("*", 0, "事件登记有多余 events are filed that no entry has")


# --- members ---


def _ledger(conn: Connection) -> None:
    """Each balance is the sum of its rows, and each id's root is what its merges make of it."""
    summed = (
        select(points_entry.c.ref, func.sum(points_entry.c.points).label("points"))
        .group_by(points_entry.c.ref)
        .subquery()
    )
    wrong = conn.scalar(
        select(person.c.ref)
        .join(summed, summed.c.ref == person.c.ref, isouter=True)
        .where(person.c.balance != func.coalesce(summed.c.points, 0))
        .limit(1)
    )
    if wrong is None:
        known = select(person.c.ref)
        wrong = conn.scalar(select(points_entry.c.ref).where(points_entry.c.ref.not_in(known)).limit(1))
    if wrong is not None:
        raise PosError("balance_differs", member=wrong)
    rows = conn.execute(select(person.c.ref, person.c.root)).all()
    edges = conn.execute(select(merge.c.kept, merge.c.gone).where(merge.c.undone == 0)).all()
    root_of = {row.ref: row.root for row in rows}
    for group in groups(root_of, [(edge.kept, edge.gone) for edge in edges]):
        heads = {root_of[ref] for ref in group}
        if len(heads) != 1 or not heads <= group:
            raise PosError("merges_differ", member=min(group))


# --- tables ---


def _tables(conn: Connection, till: tuple[int, int], report: Report) -> None:
    """The till's tables against a fresh projection of its entries, part by part."""
    upto = conn.scalar(select(counter.c.n).where(counter.c.name == "projected")) or 0
    articles, after = Articles(), 0
    held = Held(articles.knows(till[0]))
    counts: Counter[str] = Counter()
    refused: set[tuple[str, int]] = {
        (row.jid, row.seq)
        for row in conn.execute(
            select(quarantine.c.jid, quarantine.c.seq).where(
                quarantine.c.store == till[0], quarantine.c.till == till[1], quarantine.c.resolved == 0
            )
        )
    }
    poisoned: set[tuple[str, int]] = set()
    while (step := step_after(conn, after, upto, till)) > after:
        items = read_items(conn, after, step, till)
        articles.load(conn, items)
        done = work_off(items, {till: held})
        poisoned.update((one.header.jid, one.header.seq) for one in done if one.poison)
        # What a database refused has no rows, whatever ought to follow from it.
        bugs = {place for place in refused if place not in poisoned}
        _compare(conn, [one for one in done if (one.header.jid, one.header.seq) not in bugs], counts)
        report.projected += len(items)
        _show(report.projected)
        after = step
    for place in poisoned - refused:
        raise _differ("quarantine", *place)
    for table in BY_ENTRY:
        where = (table.c.store == till[0], table.c.till == till[1])
        if conn.scalar(select(func.count()).select_from(table).where(*where)) != counts[table.name]:
            raise _differ(table.name, "*", 0)
    states = {(j.jid,): journal_row(j) for j in held.journals.values()}
    _compare_states(conn, journal_state, till, states, ("jid",))
    shifts = {(s.shift,): shift_row(s) for s in held.shifts.values()}
    _compare_states(conn, shift, till, shifts, ("shift",))
    sales = {(s.sale,): refunded_row(s) for s in held.refunded.values()}
    _compare_states(conn, refunded, till, sales, ("sale",))


def _compare(conn: Connection, done: list[Done], counts: Counter[str]) -> None:
    spans: dict[str, tuple[int, int]] = {}
    for one in done:
        low, high = spans.get(one.header.jid, (one.header.seq, one.header.seq))
        spans[one.header.jid] = (min(low, one.header.seq), max(high, one.header.seq))
    for table in BY_ENTRY:
        expected = sorted(row for one in done for row in one.rows.get(table.name, ()))
        found: list[Any] = []
        for jid, (low, high) in spans.items():
            found += conn.execute(
                select(table).where(table.c.jid == jid, table.c.seq >= low, table.c.seq <= high)
            ).all()
        counts[table.name] += len(expected)
        differing = set(expected) ^ {tuple(row) for row in found}
        if differing:
            raise _differ(table.name, *min(row[:2] for row in differing))


def _compare_states(
    conn: Connection,
    table: Table,
    till: tuple[int, int],
    expected: dict[tuple[str], dict[str, Any]],
    key: tuple[str],
) -> None:
    where = (table.c.store == till[0], table.c.till == till[1])
    found = {(row._mapping[key[0]],): dict(row._mapping) for row in conn.execute(select(table).where(*where))}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise _differ(table.name, name[0], 0)


def _show(count: int | None) -> None:
    """How many entries so far, on a terminal; None takes the line away."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K" if count is None else f"\r{count}")
        sys.stderr.flush()

"""Works a store-day out anew and writes only what differs: facts, their sums, and how the day stands.

What is written follows from what HQ holds and from nothing that was written before, but for a final day: its tickets
and their sums stay, what comes later is kept apart. Cohort figures of its joins (COHORT) still mature.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, delete, func, select, update

from posapp.clock import DAY
from posapp.hq.database import insert_many, portions, upsert
from posapp.hq.figures import classify
from posapp.hq.figures.classify import Day, Told, fact_row
from posapp.hq.figures.tables import code_fact, fact, join_fact, tally, tally_day
from posapp.hq.joining.tables import joined
from posapp.hq.members.tables import person
from posapp.rules.dictionary import VERSION
from posapp.rules.metrics import (
    AXES,
    COMPLETE,
    FINAL,
    MATURE_DAYS,
    PROVISIONAL,
    UPDATED,
    DayFigures,
    Figures,
    Join,
    Opened,
    day_of,
)

COHORT = ("wecom", "first", "again")
"""Figures of a day's joins that ripen for weeks: no change of the day, and not frozen with it."""

MATURES_MS = MATURE_DAYS * DAY
"""A join's figures may still change by what its person buys within this time."""

FIELDS = Figures.__struct_fields__
_CORE = [place for place, name in enumerate(FIELDS) if name not in COHORT]

_HERE: tuple[BindParameter[Any], BindParameter[Any]] = (bindparam("store"), bindparam("date"))
_FACTS = select(fact).where(fact.c.store == _HERE[0], fact.c.date == _HERE[1])
_JOINS = select(join_fact).where(join_fact.c.store == _HERE[0], join_fact.c.date == _HERE[1])
_CODES = select(code_fact).where(code_fact.c.store == _HERE[0], code_fact.c.date == _HERE[1])
_TALLIES = select(tally).where(tally.c.store == _HERE[0], tally.c.date == _HERE[1])
_DAY = select(tally_day).where(tally_day.c.store == _HERE[0], tally_day.c.date == _HERE[1])
_LATE = select(func.count(), func.coalesce(func.sum(fact.c.net), 0)).where(
    fact.c.store == _HERE[0], fact.c.date == _HERE[1], fact.c.late == 1
)


@dataclass
class Outcome:
    """is_changed: a figure or the day's standing is another. buyers: ids whose purchases are others."""

    is_changed: bool = False
    buyers: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a day's state depends on besides its figures. has_told: every till has told it. is_past: it is final, and
    all that came before is followed."""

    now: int
    has_told: bool
    is_past: bool


def recount(conn: Connection, day: Day, staff: frozenset[str], standing: Standing) -> Outcome:
    """Work one store-day out."""
    held = conn.execute(_DAY, _key(day)).one_or_none()
    seen = classify.look(conn, day, standing.now)
    told = classify.tickets(conn, seen, staff)
    outcome = Outcome()
    if held is not None and held.frozen:
        return _after_freeze(conn, seen, held, told, outcome)
    _write_facts(conn, day, told, outcome)
    again = classify.again_of(conn, seen.joined_on())
    first = [row for row in seen.joined_on() if row.ref not in again]
    joins = _write_joins(conn, day, first, _late_joins(conn, day, standing.now))
    codes = _write_codes(conn, seen)
    made = day_of(
        (one.ticket for one in told if not one.late),
        joins_of(SimpleNamespace(**row) for row in joins),
        opened_of(SimpleNamespace(**row) for row in codes),
        classify.backs(seen, told),
    )
    is_other = _write_tallies(conn, day, made)
    _write_day(conn, day, held, standing, is_other, outcome)
    return outcome


def _key(day: Day) -> dict[str, Any]:
    return {"store": day.store, "date": day.date}


def joins_of(rows: Iterable[Any]) -> list[Join]:
    """The joins that count, from their facts."""
    return [
        Join(
            row.ref,
            row.store,
            row.till,
            row.clerk,
            row.channel,
            row.at,
            row.date,
            row.hour,
            bool(row.first),
            bool(row.again),
            bool(row.wecom),
        )
        for row in rows
        if not row.late
    ]


def opened_of(rows: Iterable[Any]) -> list[Opened]:
    return [
        Opened(
            row.token, row.store, row.till, row.clerk, row.channel, row.hour, bool(row.authorised), bool(row.enrolled)
        )
        for row in rows
    ]


# --- facts ---


def _write_facts(conn: Connection, day: Day, told: Sequence[Told], outcome: Outcome) -> None:
    held = {(row.jid, row.seq): tuple(row) for row in conn.execute(_FACTS, _key(day))}
    wanted = {(one.jid, one.seq): fact_row(one) for one in told}
    refs = [column.name for column in fact.columns].index("ref")
    for place in held.keys() | wanted.keys():
        if held.get(place) != wanted.get(place):
            outcome.buyers.update(row[refs] for rows in (held, wanted) if (row := rows.get(place)) and row[refs])
    insert_many(conn, fact, [row for place, row in wanted.items() if place not in held])
    names = [column.name for column in fact.columns]
    changed = [row for place, row in wanted.items() if place in held and held[place] != row]
    upsert(conn, fact, (dict(zip(names, row, strict=True)) for row in changed))
    for jid, seq in held.keys() - wanted.keys():
        conn.execute(delete(fact).where(fact.c.jid == jid, fact.c.seq == seq))


def _late_joins(conn: Connection, day: Day, now: int) -> set[str]:
    """Joins of a day that HQ heard of when it was final."""
    if now < day.freezes:
        return set()
    heard = (
        select(joined.c.ref)
        .join(person, person.c.ref == joined.c.ref)
        .where(joined.c.store == day.store, joined.c.at >= day.starts, joined.c.at < day.ends)
        .where(person.c.activated >= day.freezes)
    )
    return set(conn.scalars(heard))


def _write_joins(conn: Connection, day: Day, rows: Sequence[Any], late: set[str]) -> list[dict[str, Any]]:
    """The facts of a day's joins as they are now."""
    held = {row.ref: row for row in conn.execute(_JOINS, _key(day))}
    flags = classify.flags_of(conn, rows)
    written, every = [], []
    for row in rows:
        old = held.pop(row.ref, None)
        told = flags[row.ref]
        made = {
            "ref": row.ref,
            "store": row.store,
            "till": row.till,
            "date": day.date,
            "clerk": row.clerk,
            "hour": day.hour(row.at),
            "channel": row.channel,
            "at": row.at,
            "stem": row.stem,
            "first": told.first,
            "again": told.again,
            "wecom": told.wecom_after(old.wecom if old is not None else 0),
            "late": int(row.ref in late),
        }
        every.append(made)
        if old is None or old._asdict() != made:
            written.append(made)
    upsert(conn, join_fact, written)
    for ref in held:
        conn.execute(delete(join_fact).where(join_fact.c.ref == ref, join_fact.c.date == day.date))
    return every


def _write_codes(conn: Connection, seen: classify.Seen) -> list[dict[str, Any]]:
    """The facts of a day's codes as they are now. Codes that were opened stay counted, also when the browser that
    opened them is forgotten."""
    held = {row.token: row for row in conn.execute(_CODES, _key(seen.day))}
    every = {token: row._asdict() for token, row in held.items()}
    written = []
    for row in classify.opened_on(conn, seen):
        old = held.get(row["token"])
        if old is not None:
            row |= {name: max(row[name], old._mapping[name]) for name in ("authorised", "enrolled")}
        if old is None or old._asdict() != row:
            written.append(row)
            every[row["token"]] = row
    upsert(conn, code_fact, written)
    return list(every.values())


# --- sums ---

Rows = dict[tuple[str, str], tuple[int, ...]]


def rows_of(figures: DayFigures) -> Rows:
    """The rows of a day by axis and key; parts of which nothing was counted are none."""
    rows: Rows = {}
    for axis in AXES:
        parts = {"": figures.all} if axis == "all" else getattr(figures, axis)
        for key, part in parts.items():
            values = tuple(getattr(part, name) for name in FIELDS)
            if any(values):
                rows[axis, key] = values
    return rows


def held_rows(conn: Connection, store: int, date: str) -> Rows:
    return {
        (row.axis, row.key): tuple(row._mapping[name] for name in FIELDS)
        for row in conn.execute(_TALLIES, {"store": store, "date": date})
    }


def _write_tallies(conn: Connection, day: Day, made: DayFigures) -> tuple[bool, bool]:
    """Whether anything is another, and whether more than the cohort's figures are."""
    held, wanted = held_rows(conn, day.store, day.date), rows_of(made)
    changed = [place for place, row in wanted.items() if held.get(place) != row]
    gone = held.keys() - wanted.keys()
    upsert(
        conn,
        tally,
        (
            {**_key(day), "axis": axis, "key": key, **dict(zip(FIELDS, wanted[axis, key], strict=True))}
            for axis, key in changed
        ),
    )
    for axis, key in gone:
        where = (tally.c.store == day.store, tally.c.date == day.date, tally.c.axis == axis, tally.c.key == key)
        conn.execute(delete(tally).where(*where))
    nothing = (0,) * len(FIELDS)
    core = any(
        wanted.get(place, nothing)[at] != held.get(place, nothing)[at]
        for place in (("all", ""), *changed, *gone)
        for at in _CORE
    )
    return bool(changed or gone), core


def _write_day(
    conn: Connection,
    day: Day,
    held: Row[Any] | None,
    standing: Standing,
    is_other: tuple[bool, bool],
    outcome: Outcome,
) -> None:
    now = standing.now
    late, late_net = conn.execute(_LATE, _key(day)).one()
    complete = held.complete if held is not None else 0
    updated = held.updated if held is not None else 0
    if complete and is_other[1]:
        updated = now
    if not complete and standing.has_told:
        complete = now
    state = UPDATED if updated else COMPLETE if complete else PROVISIONAL
    row = {
        **_key(day),
        "state": FINAL if standing.is_past else state,
        "made": now if held is None or is_other[0] else held.made,
        "complete": complete,
        "updated": updated,
        "frozen": now if standing.is_past else 0,
        "late": late,
        "late_net": int(late_net),
        "version": VERSION,
        "zone": day.zone,
        "turns": day.turns,
    }
    # another count within one millisecond is told by its figures alone
    outcome.is_changed = is_other[0] or held is None or held._asdict() != row
    if outcome.is_changed:
        upsert(conn, tally_day, [row])


# --- what comes after ---


def _after_freeze(
    conn: Connection, seen: classify.Seen, held: Row[Any], told: Sequence[Told], outcome: Outcome
) -> Outcome:
    """Tickets and joins that come to a final day are kept, and do not count."""
    day, now = seen.day, seen.now
    facts = {(row.jid, row.seq): row for row in conn.execute(_FACTS, _key(day))}
    names = [column.name for column in fact.columns]
    new = [fact_row(one._replace(late=1)) for one in told if (one.jid, one.seq) not in facts]
    insert_many(conn, fact, new)
    outcome.buyers.update(row[names.index("ref")] for row in new if row[names.index("ref")])
    for one in told:
        old = facts.get((one.jid, one.seq))
        if old is not None and old.ref != one.ref:  # a late claim makes no other figure, but its person has bought
            conn.execute(update(fact).where(fact.c.jid == one.jid, fact.c.seq == one.seq).values(ref=one.ref))
            outcome.buyers.update(ref for ref in (old.ref, one.ref) if ref)
    joins = conn.execute(_JOINS, _key(day)).all()
    gone = classify.again_of(conn, seen.joined_on()) - {row.ref for row in joins}
    rows = [row for row in seen.joined_on() if row.ref not in gone]
    if new_joins := {row.ref for row in rows} - {row.ref for row in joins}:
        _write_joins(conn, day, rows, {row.ref for row in joins if row.late} | new_joins)
        outcome.is_changed = _retally(conn, day.store, day.date, now)
    late, late_net = conn.execute(_LATE, _key(day)).one()
    if (late, int(late_net)) != (held.late, held.late_net):
        values = {"late": late, "late_net": int(late_net), "made": now}
        conn.execute(update(tally_day).where(*_is(day.store, day.date)).values(**values))
        outcome.is_changed = True
    return outcome


def _is(store: int, date: str) -> tuple[Any, ...]:
    return tally_day.c.store == store, tally_day.c.date == date


def mature(conn: Connection, refs: Iterable[str], since: int, now: int) -> set[tuple[int, str]]:
    """Look again at what became of some persons' joins since an instant, and at the sums of those days; the store-days
    that changed."""
    same = {ref for known in classify.people_of(conn, refs).values() for ref in known.refs}
    days: set[tuple[int, str]] = set()
    for some in portions(same):
        rows = conn.execute(select(joined).where(joined.c.ref.in_(some), joined.c.at >= since)).all()
        flags = classify.flags_of(conn, rows)
        held = conn.execute(select(join_fact).where(join_fact.c.ref.in_([row.ref for row in rows]))).all()
        for row in held:
            told = flags[row.ref]
            now_so = {"first": told.first, "again": told.again, "wecom": told.wecom_after(row.wecom)}
            if now_so != {name: row._mapping[name] for name in now_so}:
                conn.execute(update(join_fact).where(join_fact.c.ref == row.ref).values(**now_so))
                days.add((row.store, row.date))
    return {day for day in sorted(days) if _retally(conn, *day, now)}


def _retally(conn: Connection, store: int, date: str, now: int) -> bool:
    """The cohort's sums of a day anew, from the facts of its joins."""
    made = rows_of(day_of((), joins_of(conn.execute(_JOINS, {"store": store, "date": date}))))
    held: dict[tuple[str, str], tuple[int, ...]] = defaultdict(lambda: (0,) * len(FIELDS))
    held.update(held_rows(conn, store, date))
    changed = []
    for (axis, key), row in made.items():
        old = held[axis, key]
        new = tuple(row[at] if name in COHORT else old[at] for at, name in enumerate(FIELDS))
        if new != old:
            place = {"store": store, "date": date, "axis": axis, "key": key}
            changed.append({**place, **dict(zip(FIELDS, new, strict=True))})
    upsert(conn, tally, changed)
    if changed:
        conn.execute(update(tally_day).where(*_is(store, date)).values(made=now))
    return bool(changed)

"""`posapp hq verify`: that facts follow from what HQ holds, and figures from facts.

A day that may still change is worked out again whole. Of a final day its tickets are those that HQ had received by
then, each with the amount of its sale; what became of claims and merges since does not change it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from posapp.errors import PosError
from posapp.hq.figures import classify
from posapp.hq.figures.changes import INSTANT, Places, changes, marks
from posapp.hq.figures.classify import Day, Flags, Seen, Told, fact_row, ticket_of
from posapp.hq.figures.tables import code_fact, fact, join_fact, tally_day
from posapp.hq.figures.tally import FIELDS, held_rows, joins_of, opened_of, rows_of
from posapp.hq.lookback import NEAR_MS
from posapp.hq.members.staff import accounts
from posapp.hq.tables import batch
from posapp.rules.metrics import FINAL, day_of

_NAMES = [column.name for column in fact.columns]
_SINCE = _NAMES.index("since")
"""Of an account that was erased nothing says any more when it joined, only that it had."""

_FIXED = ("jid", "seq", "store", "till", "date", "event", "receipt", "clerk", "opened", "paid", "net", "pieces")
"""What a final ticket still has to be."""


def verify_figures(conn: Connection, show: Callable[[int], None] = lambda _: None) -> int:
    """How many store-days follow; one that does not and may still have to be counted is left out. Raises PosError
    figures_differ."""
    held = marks(conn)
    if not held:
        return 0
    places = Places(conn)
    found = changes(conn, places, held, max(1, int(held.get(INSTANT, "0")) - NEAR_MS), set())
    waiting = set(conn.scalars(select(batch.c.store).where(batch.c.n > found.upto).distinct()))
    staff = accounts(conn)
    done = 0
    for row in conn.execute(select(tally_day).order_by(tally_day.c.store, tally_day.c.date)).all():
        day = classify.day_at(row.store, row.date, row.zone, row.turns)
        try:
            _day(conn, day, row, staff)
        except PosError:
            if (row.store, row.date) in found.days or row.store in waiting or found.refs:
                continue
            raise
        done += 1
        show(done)
    return done


def _differs(day: Day, what: str) -> PosError:
    return PosError("figures_differ", store=day.store, date=day.date, what=what)


def _day(conn: Connection, day: Day, row: Row[Any], staff: frozenset[str]) -> None:
    now = row.frozen or day.freezes - 1  # as it was counted: of a day that is not final nothing is late
    seen = classify.look(conn, day, now)
    told = classify.tickets(conn, seen, staff)
    facts = conn.execute(select(fact).where(fact.c.store == day.store, fact.c.date == day.date)).all()
    if row.state == FINAL:
        _final(day, facts, told)
    else:
        _open(day, facts, told)
        _codes(conn, seen)
    _joins(conn, seen, is_final=row.state == FINAL)
    here = {"store": day.store, "date": day.date}
    joins = conn.execute(select(join_fact).filter_by(**here)).all()
    codes = conn.execute(select(code_fact).filter_by(**here)).all()
    made = day_of(
        (ticket_of(one) for one in facts if not one.late),
        joins_of(joins),
        opened_of(codes),
        classify.backs(seen, told),
    )
    wanted, kept = rows_of(made), held_rows(conn, day.store, day.date)
    for place in sorted(wanted.keys() | kept.keys()):
        for at, name in enumerate(FIELDS):
            if wanted.get(place, (0,) * len(FIELDS))[at] != kept.get(place, (0,) * len(FIELDS))[at]:
                raise _differs(day, f"{name} {' '.join(place)}".strip())


def _open(day: Day, facts: Sequence[Any], told: list[Told]) -> None:
    kept = {(one.jid, one.seq): tuple(one) for one in facts}
    wanted = {(one.jid, one.seq): fact_row(one) for one in told}
    for place in sorted(kept.keys() | wanted.keys()):
        if _but_since(kept.get(place)) != _but_since(wanted.get(place)):
            raise _differs(day, f"fact {place[0]} {place[1]}")


def _but_since(row: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    return row and (*row[:_SINCE], *row[_SINCE + 1 :])


def _final(day: Day, facts: Sequence[Any], told: list[Told]) -> None:
    """None counts that was not received in time (one may have, and lain in quarantine); each is the sale that it is a
    fact of."""
    kept = {(one.jid, one.seq): one for one in facts}
    wanted = {(one.jid, one.seq): dict(zip(_NAMES, fact_row(one), strict=True)) for one in told}
    for place in sorted(kept.keys() | wanted.keys()):
        one, other = kept.get(place), wanted.get(place)
        same = one is not None and other is not None and one.late >= other["late"]
        if not same or any(one._mapping[name] != other[name] for name in _FIXED):  # type: ignore[union-attr, index]
            raise _differs(day, f"fact {place[0]} {place[1]}")


def _joins(conn: Connection, seen: Seen, *, is_final: bool) -> None:
    """Each person's first join has its fact, a later one of a merged account none, or one that was final by then; what
    became of it is what its person's tickets say."""
    day, rows = seen.day, seen.joined_on()
    again = classify.again_of(conn, rows)
    flags = classify.flags_of(conn, rows)
    kept = {
        one.ref: one
        for one in conn.execute(select(join_fact).where(join_fact.c.store == day.store, join_fact.c.date == day.date))
    }
    for row in rows:
        one = kept.pop(row.ref, None)
        if row.ref in again and (one is None or not is_final):
            if one is not None:
                raise _differs(day, f"join {row.ref}")
            continue
        same = one is not None and (one.till, one.clerk, one.channel, one.at, one.hour) == (
            row.till,
            row.clerk,
            row.channel,
            row.at,
            day.hour(row.at),
        )
        if one is None or not same or not _ripe(one, flags[row.ref]):
            raise _differs(day, f"join {row.ref}")
    if kept:
        raise _differs(day, f"join {min(kept)}")


def _ripe(one: Any, flags: Flags) -> bool:
    return (one.first, one.again, one.wecom) == (flags.first, flags.again, flags.wecom_after(one.wecom))


def _codes(conn: Connection, seen: Seen) -> None:
    """Each code that was opened has its fact; who was erased has left no other trace."""
    day = seen.day
    codes = {one.token: one for one in conn.execute(select(code_fact).filter_by(store=day.store, date=day.date))}
    for code in classify.opened_on(conn, seen):
        held = codes.get(code["token"])
        if held is None or any(held._mapping[name] < code[name] for name in ("authorised", "enrolled")):
            raise _differs(day, f"code {code['token']}")

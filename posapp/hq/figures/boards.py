"""What HQ's boards ask: figures over a span of dates, by store, date, clerk, hour, till or channel; how days and stores
stand; and what any figure is made of. Read by `posapp hq report` and the console; nothing here writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Table, func, select

from posapp.calls import FigureItem
from posapp.clock import MINUTE
from posapp.dates import read_span
from posapp.errors import PosError
from posapp.hq.figures.changes import Places
from posapp.hq.figures.stream import contacts
from posapp.hq.figures.tables import fact, join_fact, tally, tally_day
from posapp.hq.figures.tally import FIELDS
from posapp.hq.members.tables import person
from posapp.hq.tables import store as store_table
from posapp.rules.dictionary import LEAST_RANKED, METRICS, Value, value_of
from posapp.rules.metrics import AXES, IN_STORE, PROVISIONAL, Figures
from posapp.rules.names import masked_name

CUTS = ("store", "date", "clerk", "hour", "till", "channel")
"""By what figures can be told apart. Sales know no channel: there joins alone are, and codes that were opened."""

FRESH_MS = 10 * MINUTE
MOST_DAYS = 400
MOST_ITEMS = 200

NONE = Value(0, 0)
_WHICH = {"shown": "is_shown"}
_COUNTED = {
    ("tickets", "completed"): "tickets",
    ("tickets", "walk_in"): "walk_ins",
    ("tickets", "converted"): "converted",
    ("tickets", "recognised"): "recognised",
    ("tickets", "shown"): "shown",
    ("joins", "all"): "joins",
    ("joins", "first"): "first",
    ("joins", "again"): "again",
    ("joins", "wecom"): "wecom",
}
"""What a metric opens to, and the figure that counts it."""


class Part(NamedTuple):
    key: str
    figures: Figures

    @property
    def is_ranked(self) -> bool:
        """Rates of few tickets stand in no ranking."""
        return self.figures.walk_ins >= LEAST_RANKED


def check_span(since: str, until: str) -> None:
    """Raises PosError bad_date, bad_period, long_period."""
    read_span(since, until, MOST_DAYS)


def sums(conn: Connection, since: str, until: str, *, store: int = 0, stores: Sequence[int] = ()) -> Figures:
    """A span of dates together, of one store, of some, or of the chain."""
    asked = _sums().where(*_span("all", since, until, store, stores))
    return _figures(conn.execute(asked).one())


def by(conn: Connection, cut: str, since: str, until: str, *, store: int = 0, stores: Sequence[int] = ()) -> list[Part]:
    """The same apart, by one of CUTS, in the order of its keys."""
    if cut not in CUTS:
        raise PosError("bad_choice", value=cut[:20], values=", ".join(CUTS))
    column: ColumnElement[Any] = {"store": tally.c.store, "date": tally.c.date}.get(cut, tally.c.key)
    axis = "all" if cut in ("store", "date") else cut
    asked = _sums(column.label("part")).where(*_span(axis, since, until, store, stores)).group_by(column)
    parts = [Part(str(row.part), _figures(row)) for row in conn.execute(asked)]
    is_number = cut in ("store", "clerk", "hour", "till")
    return sorted(parts, key=lambda part: (int(part.key) if is_number else 0, part.key))


def _sums(*columns: Any) -> Select[Any]:
    return select(*columns, *(func.coalesce(func.sum(tally.c[name]), 0).label(name) for name in FIELDS))


def _figures(row: Any) -> Figures:
    # PostgreSQL adds bigints up as numeric.
    return Figures(*(int(row._mapping[name]) for name in FIELDS))


def _span(axis: str, since: str, until: str, store: int, stores: Sequence[int]) -> list[ColumnElement[bool]]:
    return [tally.c.axis == axis, *_dates(tally, since, until, store, stores)]


def _dates(table: Table, since: str, until: str, store: int, stores: Sequence[int]) -> list[ColumnElement[bool]]:
    where = [table.c.date >= since, table.c.date <= until]
    if store:
        return [*where, table.c.store == store]
    return [*where, table.c.store.in_(list(stores))] if stores else [*where, table.c.store > 0]


class Step(NamedTuple):
    """A step of the funnel: how many, and of those of the step before (of joins for all that follow the join)."""

    name: str
    number: int
    rate: Value


def funnel(figures: Figures) -> list[Step]:
    """展示 → 扫码 → 授权 → 入会 → 首单 → 复购. A step without a step before it has no rate."""
    return [
        Step("shown", figures.shown, Value(figures.shown, figures.walk_ins)),
        Step("opened", figures.opened, value_of("scan_rate", figures)),
        Step("authorised", figures.authorised, value_of("authorised_rate", figures)),
        Step("enrolled", figures.enrolled, value_of("completion_rate", figures)),
        Step("first", figures.first, value_of("first_order_rate", figures)),
        Step("again", figures.again, value_of("second_purchase_rate", figures)),
    ]


class Standing(NamedTuple):
    """How a store's day stands (rules/metrics.py). late, late_net: tickets that came when it was final."""

    store: int
    date: str
    state: str
    made: int
    updated: int
    late: int
    late_net: int
    version: int


def standings(conn: Connection, since: str, until: str, *, store: int = 0) -> list[Standing]:
    rows = conn.execute(
        select(*(tally_day.c[name] for name in Standing._fields))
        .where(*_dates(tally_day, since, until, store, ()))
        .order_by(tally_day.c.date, tally_day.c.store)
    )
    return [Standing(*row) for row in rows]


def state_of(conn: Connection, since: str, until: str, *, store: int = 0) -> dict[str, int]:
    """How many store-days of a span stand how."""
    rows = conn.execute(
        select(tally_day.c.state, func.count())
        .where(*_dates(tally_day, since, until, store, ()))
        .group_by(tally_day.c.state)
    )
    return {state: int(count) for state, count in rows}


def targets(conn: Connection, numbers: Sequence[int]) -> dict[int, int]:
    """The join rate that each store aims at, in percent, 0 for none."""
    places = Places(conn)
    return {number: int(places.settings(number).join_target) for number in numbers}


@dataclass
class Store:
    """A store on the wall. since: what it sold up to here is at HQ; heard: when any of its tills was heard of last.
    unheard: how many of its tills have not called in yet; they have nothing to send and make nothing old.
    fresh: 数据新鲜度 of the others. day: of its business date now."""

    number: int
    name: str
    date: str
    target: int
    state: str = PROVISIONAL
    since: int = 0
    heard: int = 0
    unsent: int = 0
    tills: int = 0
    unheard: int = 0
    fresh: Value = NONE
    day: Figures = field(default_factory=Figures)

    @property
    def is_fresh(self) -> bool:
        return self.fresh.is_known and self.fresh.top == self.fresh.bottom

    @property
    def is_known(self) -> bool:
        """Whether its day's figures say something: something was sold, or all that would tell of it has come."""
        return bool(self.since) and (self.day != Figures() or self.is_fresh)


def stores(conn: Connection, now: int) -> list[Store]:
    """Every store with how old its figures are. One that is silent has its last figures and their age, never zero."""
    tills, places = contacts(conn), Places(conn)
    found = []
    for row in conn.execute(select(store_table.c.number, store_table.c.name).order_by(store_table.c.number)):
        one = Store(row.number, row.name, places.date(row.number, now), int(places.settings(row.number).join_target))
        every = tills.get(row.number, [])
        mine = [till for till in every if not till.is_unheard]
        one.tills, one.unheard, one.unsent = len(every), len(every) - len(mine), sum(till.unsent for till in mine)
        one.since = min((till.upto for till in mine), default=0)
        one.heard = max((till.contact for till in mine), default=0)
        one.fresh = Value(sum(now - till.upto < FRESH_MS for till in mine), len(mine))
        found.append(one)
    by_date: dict[str, list[Store]] = defaultdict(list)
    for one in found:
        by_date[one.date].append(one)
    for date, some in by_date.items():
        days = {part.key: part.figures for part in by(conn, "store", date, date)}
        states = {standing.store: standing.state for standing in standings(conn, date, date)}
        for one in some:
            one.day = days.get(str(one.number), one.day)
            one.state = states.get(one.number, PROVISIONAL)
    return found


def freshness(some: Sequence[Store]) -> Value:
    return Value(sum(one.fresh.top for one in some), sum(one.fresh.bottom for one in some))


# --- what a figure is made of ---


class Opening(NamedTuple):
    """items: newest first. total: how many there are."""

    items: list[FigureItem]
    total: int


def open_figure(
    conn: Connection,
    metric: str,
    since: str,
    until: str,
    *,
    store: int = 0,
    axis: str = "all",
    key: str = "",
    most: int = MOST_ITEMS,
    skip: int = 0,
) -> Opening:
    """The tickets or joins behind a figure, members masked as on tills. Raises PosError bad_request for a figure that
    does not open, or not by this axis."""
    kind, which = METRICS[metric].opens if metric in METRICS else ("", "")
    is_axis = axis in AXES and (axis in ("all", "channel") or key.isdigit()) and len(key) <= 20
    if not kind or not is_axis or (axis == "channel" and kind == "tickets"):
        raise PosError("bad_request", why=f"{metric} {axis}"[:60])
    total, oldest = _count(conn, _COUNTED[kind, which], since, until, store, axis, key, skip + most)
    table, asked, counts = _tickets(which) if kind == "tickets" else _joins(which)
    where = [*_dates(table, oldest, until, store, ()), *counts, table.c.late == 0]
    if axis != "all":
        where.append(table.c[axis] == (key if axis == "channel" else int(key)))
    rows = conn.execute(asked.where(*where).limit(most).offset(skip))
    items = [
        FigureItem(
            kind.removesuffix("s"),
            row.at,
            row.till,
            row.clerk,
            row.receipt or "",
            int(row.net or 0),
            row.channel,
            masked_name(row.initial or "", row.tail or "") if row.member else "",
        )
        for row in rows
    ]
    return Opening(items, total)


def _count(
    conn: Connection, name: str, since: str, until: str, store: int, axis: str, key: str, wanted: int
) -> tuple[int, str]:
    """How many there are by the sums, and from which date on they are as many as wanted: the rest need not be read."""
    column = func.sum(tally.c[name])
    asked = select(tally.c.date, column).where(*_span(axis, since, until, store, ()), tally.c.key == key)
    total, oldest = 0, since
    for date, count in conn.execute(asked.group_by(tally.c.date).order_by(tally.c.date.desc())):
        if total < wanted:
            oldest = date
        total += int(count)
    return total, oldest


def _tickets(which: str) -> tuple[Table, Select[Any], list[ColumnElement[bool]]]:
    asked = (
        select(
            fact.c.paid.label("at"),
            fact.c.till,
            fact.c.clerk,
            fact.c.receipt,
            fact.c.net,
            func.substr(fact.c.member, 1, 0).label("channel"),
            fact.c.member,
            person.c.initial,
            person.c.tail,
        )
        .join(person, (person.c.ref == fact.c.member) & (fact.c.member != ""), isouter=True)
        .order_by(fact.c.paid.desc(), fact.c.jid, fact.c.seq.desc())
    )
    return fact, asked, [fact.c[_WHICH.get(which, which)] == 1]


def _joins(which: str) -> tuple[Table, Select[Any], list[ColumnElement[bool]]]:
    root = person.alias("root")
    asked = (
        select(
            join_fact.c.at,
            join_fact.c.till,
            join_fact.c.clerk,
            fact.c.receipt,
            fact.c.net,
            join_fact.c.channel,
            join_fact.c.ref.label("member"),
            root.c.initial,
            root.c.tail,
        )
        .join(person, person.c.ref == join_fact.c.ref, isouter=True)
        .join(root, root.c.ref == person.c.root, isouter=True)
        .join(fact, (fact.c.stem == join_fact.c.stem) & (join_fact.c.stem != ""), isouter=True)
        .order_by(join_fact.c.at.desc(), join_fact.c.ref)
    )
    where: list[ColumnElement[bool]] = [join_fact.c.channel.in_(sorted(IN_STORE))]
    if which != "all":
        where.append(join_fact.c[which] == 1)
    return join_fact, asked, where

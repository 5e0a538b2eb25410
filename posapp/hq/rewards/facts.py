"""What happened around joins, read for many of them at once: whose they are, their orders, browsers and shifts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, or_, select

from posapp.clock import DAY, MINUTE
from posapp.errors import PosError
from posapp.hq.database import portions
from posapp.hq.joining.tables import claim, joined
from posapp.hq.members.identity import ids_of, roots_of
from posapp.hq.rewards.days import Days
from posapp.hq.rewards.tables import reward_seen
from posapp.hq.rewards.wanted import Case, Order
from posapp.hq.tables import refund, sale, shift
from posapp.rules.join_token import make, read
from posapp.rules.metrics import FIRST_MS, IN_STORE

SLACK_MS = 30 * MINUTE
"""So long before a shift and after it the shop may still be at work."""

LONGEST_SHIFT_MS = DAY
"""A shift that nobody closed is not open for ever."""

_BEFORE_MS, _AFTER_MS = 60 * DAY, 2 * FIRST_MS + 2 * DAY
_BODY = 17
"""So many characters of a token are the same for everybody who knows its key or not: 85 bits before the check."""


class Group(NamedTuple):
    """The joins of a clerk in a store on a business day."""

    clerk: int
    store: int
    date: str


def counts_for_clerk(row: Any) -> bool:
    """Whether a join is a case: by a clerk's code, in a store."""
    return bool(row.clerk and row.store and row.channel in IN_STORE)


def groups_of(conn: Connection, days: Days, refs: Iterable[str]) -> set[Group]:
    """Where the joins of some ids are counted, and the other joins by their browsers on those days."""
    wanted: set[str] = set(refs)
    for some in portions(refs):
        mine = conn.execute(
            select(reward_seen.c.session, reward_seen.c.at).where(
                reward_seen.c.ref.in_(some), reward_seen.c.session != ""
            )
        ).all()
        days_of: dict[str, list[int]] = defaultdict(list)
        for session, at in mine:
            days_of[session].append(at)
        for part in portions(days_of):
            near = reward_seen.c.at.between(min(at for _, at in mine) - DAY, max(at for _, at in mine) + DAY)
            others = select(reward_seen.c.ref, reward_seen.c.session, reward_seen.c.at)
            for ref, session, at in conn.execute(others.where(reward_seen.c.session.in_(part), near)):
                if any(abs(at - mine_at) <= DAY for mine_at in days_of[session]):
                    wanted.add(ref)
    found = set()
    for some in portions(wanted):
        for row in conn.execute(select(joined).where(joined.c.ref.in_(some))):
            if counts_for_clerk(row):
                found.add(Group(row.clerk, row.store, days.date(row.store, row.at)))
    return found


def cases_of(conn: Connection, days: Days, groups: Iterable[Group]) -> dict[Group, list[Case]]:
    """Everything that decides on the joins of some groups."""
    rows_of: dict[Group, list[Any]] = {group: _joins(conn, days, group) for group in sorted(groups)}
    rows = [row for some in rows_of.values() for row in some]
    seen = _seen(conn, rows)
    places = _places(conn, days, seen)
    orders = _orders(conn, rows)
    shifts = _shifts(conn, rows)
    found: dict[Group, list[Case]] = {}
    for group, mine in rows_of.items():
        found[group] = []
        for row in mine:
            told, bought = seen.get(row.ref), orders[row.ref]
            body = _body(row.token) if row.stem else ""
            found[group].append(
                Case(
                    row.ref,
                    row.channel,
                    row.at,
                    bool(told and told.own_phone),
                    bool(told and told.self_scan),
                    bool(told and told.before),
                    places.get(row.ref, 1),
                    not (told and told.told) or _is_open(shifts[group.store], row.at),
                    next((order for join, order in bought if body and join.startswith(body)), None),
                    tuple(order for _, order in bought),
                )
            )
    return found


def _joins(conn: Connection, days: Days, group: Group) -> list[Any]:
    begins, ends = days.span(group.store, group.date)
    rows = conn.execute(
        select(joined).where(
            joined.c.store == group.store, joined.c.clerk == group.clerk, joined.c.at >= begins, joined.c.at < ends
        )
    )
    return [row for row in rows if counts_for_clerk(row)]


def _seen(conn: Connection, rows: Sequence[Any]) -> dict[str, Any]:
    found = {}
    for some in portions(row.ref for row in rows):
        for row in conn.execute(select(reward_seen).where(reward_seen.c.ref.in_(some))):
            found[row.ref] = row
    return found


def _places(conn: Connection, days: Days, seen: dict[str, Any]) -> dict[str, int]:
    """Which of its browser's joins of the day each one is."""
    by_day: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for some in portions(row.session for row in seen.values() if row.session):
        for row in conn.execute(select(reward_seen).where(reward_seen.c.session.in_(some))):
            by_day[row.session, days.date(row.store, row.at)].append(row)
    return {
        row.ref: place
        for rows in by_day.values()
        for place, row in enumerate(sorted(rows, key=lambda row: (row.at, row.ref)), 1)
    }


# --- orders ---


def _body(token: str) -> str:
    """What a ticket's code on the customer display begins with, whoever keeps its key."""
    return make(read(token)[0].on("display"), b"")[:_BODY]


def _orders(conn: Connection, rows: Sequence[Any]) -> dict[str, list[tuple[str, Order]]]:
    """The sales of those who joined, in time, each with its join code: theirs at payment, and those they claimed."""
    roots = roots_of(conn, (row.ref for row in rows))
    root_of = ids_of(conn, roots.values())
    if not rows:
        return {}
    begins, ends = min(row.at for row in rows) - _BEFORE_MS, max(row.at for row in rows) + _AFTER_MS
    sales: dict[str, dict[tuple[str, int], Any]] = defaultdict(dict)
    for some in portions(root_of):
        bought = select(*_SALE).where(sale.c.member.in_(some), sale.c.paid >= begins, sale.c.paid <= ends)
        for row in conn.execute(bought):
            sales[root_of[row.member]][row.jid, row.seq] = row
        known = {row.event for held in sales.values() for row in held.values()}
        for one in conn.execute(select(claim).where(claim.c.ref.in_(some), claim.c.at >= begins - DAY)):
            if one.sale in known or not one.token:
                continue
            row = _sale_of(conn, _body(one.token))
            if row is not None and (not row.member or root_of.get(row.member) == root_of[one.ref]):
                sales[root_of[one.ref]][row.jid, row.seq] = row
    backs = backs_of(conn, [row for held in sales.values() for row in held.values()])
    found: dict[str, list[tuple[str, Order]]] = {}
    for row in rows:
        mine = sorted(sales[roots.get(row.ref, row.ref)].values(), key=lambda sold: (sold.paid, sold.event))
        found[row.ref] = [
            (
                sold.join,
                Order(
                    sold.event,
                    sold.receipt,
                    sold.opened,
                    sold.paid,
                    sold.total + sold.rounding,
                    *backs.get((sold.store, sold.till, sold.event), (0, 0)),
                ),
            )
            for sold in mine
        ]
    return found


_SALE = [sale.c[name] for name in "jid seq event store till receipt opened paid total rounding member join".split()]


def _sale_of(conn: Connection, body: str) -> Any:
    return conn.execute(
        select(*_SALE).where(sale.c.join != "", sale.c.join >= body, sale.c.join < f"{body}~").limit(1)
    ).first()


def receipts_of(conn: Connection, refs: Iterable[str]) -> dict[str, str]:
    """The receipts of the tickets of joining, by person: most are paid after the join was booked."""
    found = {}
    for some in portions(refs):
        for row in conn.execute(
            select(joined.c.ref, joined.c.token).where(joined.c.ref.in_(some), joined.c.stem != "")
        ):
            if (sold := _sale_of(conn, _body(row.token))) is not None:
                found[row.ref] = sold.receipt
    return found


def backs_of(conn: Connection, sales: Sequence[Any]) -> dict[tuple[int, int, str], tuple[int, int]]:
    """What has gone back for some sales, and when the last of it."""
    found = {}
    for some in portions(sold.event for sold in sales):
        net = func.sum(refund.c.total + refund.c.rounding)
        rows = conn.execute(
            select(refund.c.store, refund.c.till, refund.c.sale, net, func.max(refund.c.done))
            .where(refund.c.sale.in_(some))
            .group_by(refund.c.store, refund.c.till, refund.c.sale)
        )
        for store, till, event, back, at in rows:
            found[store, till, event] = (int(back), int(at))
    return found


def refs_of_sales(conn: Connection, sales: Iterable[Any]) -> set[str]:
    """Whom some sales (with member and join) may concern: ids of buyers, and of those who used their codes."""
    found, stems = set(), set()
    for sold in sales:
        if sold.member:
            found.add(sold.member)
        if sold.join:
            try:
                stems.add(read(sold.join)[0].stem)
            except PosError:
                continue
    for some in portions(stems):
        found.update(conn.scalars(select(joined.c.ref).where(joined.c.stem.in_(some))))
        found.update(conn.scalars(select(claim.c.ref).where(claim.c.stem.in_(some))))
    return found


# --- shifts ---


def _shifts(conn: Connection, rows: Sequence[Any]) -> dict[int, list[tuple[int, int]]]:
    """When shifts were open around the joins, by store."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    if not rows:
        return found
    first, last = min(row.at for row in rows), max(row.at for row in rows)
    for some in portions(row.store for row in rows):
        asked = select(shift.c.store, shift.c.opened, shift.c.closed).where(
            shift.c.store.in_(some),
            shift.c.opened <= last + SLACK_MS,
            or_(shift.c.closed == 0, shift.c.closed >= first - SLACK_MS),
        )
        for store, opened, closed in conn.execute(asked):
            found[store].append((opened, closed or opened + LONGEST_SHIFT_MS))
    return found


def _is_open(shifts: Sequence[tuple[int, int]], at: int) -> bool:
    return any(opened - SLACK_MS <= at <= closed + SLACK_MS for opened, closed in shifts)

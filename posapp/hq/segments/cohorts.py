"""Figures over everybody, worked out each night and kept: repurchase, cycles, lifetime value, channels, baskets, risk.

One walk over the purchases, person by person, feeds what needs their order; the rest is sums of the persons' figures.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, case, cast, delete, func, select

from posapp.clock import business_date
from posapp.hq import feed
from posapp.hq.database import insert_many
from posapp.hq.joining.tables import joined
from posapp.hq.members.consents import FIRM
from posapp.hq.members.identity import ERASED
from posapp.hq.members.tables import consent, person, person_key
from posapp.hq.people import settings_of
from posapp.hq.segments.grading import middle
from posapp.hq.segments.persons import RISK_STEPS
from posapp.hq.segments.purchases import date_of
from posapp.hq.segments.tables import kept, person_figure, purchase
from posapp.hq.tables import refund, sale, sale_line
from posapp.hq.vault import Vault
from posapp.hq.wecom.tables import group_member, relation
from posapp.rules import rfm
from posapp.rules.consents import MARKETING
from posapp.rules.dictionary import VERSION, Value
from posapp.rules.metrics import AGAIN_DAYS

REPORTS = ("repurchase", "cohorts", "ltv", "channels", "churn", "baskets")
ACTIVE_DAYS = 90
BASKET_DAYS = 28
HORIZON_DAYS = 30
"""How long the back-test waits for somebody to come back."""

NOT_JOINED = "-"
"""The cohort of who bought without ever becoming a member."""

Part = dict[tuple[str, str, str], Value]
"""Values by report, part and name."""


def keep_all(conn: Connection, values: Part, today: int) -> None:
    """Put the night's figures in the place of the last one's."""
    conn.execute(delete(kept).where(kept.c.report.in_(REPORTS)))
    insert_many(conn, kept, [(*key, *value, today, VERSION) for key, value in sorted(values.items())])


def work_out(conn: Connection, vault: Vault, today: int) -> Part:
    """Every kept figure as of a day."""
    walk = _Walk(today)
    for root, orders in buyers(conn):
        walk.take(root, orders)
    cohort = _cohorts(conn)
    values = {**walk.values(), **_persons(conn), **_lifetime(conn, cohort, walk)}
    values["channels", "", "reachable_share"] = _reachable(conn, vault, today)
    return {**values, **_baskets(conn, today)}


class Bought(NamedTuple):
    """An order that counts."""

    day: int
    at: int
    channel: str
    net: int


def buyers(conn: Connection) -> Iterator[tuple[str, list[Bought]]]:
    """Every person who bought, with their orders in the order of paying."""
    rows = conn.execution_options(yield_per=5_000).execute(
        select(person.c.root, purchase.c.day, purchase.c.at, purchase.c.channel, purchase.c.net)
        .join(person, person.c.ref == purchase.c.ref)
        .where(purchase.c.counts == 1, person.c.status != ERASED)
        .order_by(person.c.root, purchase.c.at, purchase.c.jid, purchase.c.seq)
    )
    for root, orders in groupby(rows, key=lambda row: row[0]):
        yield root, [Bought(*row[1:]) for row in orders]


class _Walk:
    """What the walk over persons counts."""

    def __init__(self, today: int) -> None:
        self._today = today
        self.first: dict[str, bool] = {}
        self._months: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self._year = [0, 0]
        self._channels: Counter[str] = Counter()
        self._active = self._across = self._twice = self._elsewhere = 0
        self._above: Counter[tuple[int, bool, bool]] = Counter()

    def take(self, root: str, orders: Sequence[Bought]) -> None:
        days = sorted({order.day for order in orders})
        again = len(days) > 1 and days[1] - days[0] <= AGAIN_DAYS
        self.first[root] = again
        for counts in (self._months[date_of(days[0])[:7]], *([self._year] if self._is_judged(days[0]) else [])):
            counts[0] += again
            counts[1] += 1
        recent = {order.channel for order in orders if self._today - order.day < ACTIVE_DAYS}
        self._channels.update(recent)
        self._active += bool(recent)
        self._across += len(recent) > 1
        if len(orders) > 1:
            self._twice += 1
            self._elsewhere += orders[0].channel != orders[1].channel
        self._test(days)

    def _is_judged(self, first: int) -> bool:
        """A first purchase of the last year that had its 30 days."""
        return AGAIN_DAYS <= self._today - first < rfm.YEAR_DAYS + AGAIN_DAYS

    def _test(self, days: Sequence[int]) -> None:
        """Would the score have said it? As of a day a month ago, by what was known then."""
        then = self._today - HORIZON_DAYS
        before = [day for day in days if day <= then]
        tenths = rfm.cycle_tenths(before, then)
        if tenths:
            returned = any(then < day <= self._today for day in days)
            risk = rfm.risk(then - before[-1], tenths)
            for step in RISK_STEPS:
                self._above[step, risk >= step, returned] += 1

    def values(self) -> Part:
        values: Part = {("repurchase", "", "repurchase_rate"): Value(*self._year)}
        for month, counts in self._months.items():
            values["repurchase", month, "repurchase_rate"] = Value(*counts)
        values["channels", "", "cross_channel_share"] = Value(self._across, self._active)
        values["channels", "", "cross_channel_repurchase"] = Value(self._elsewhere, self._twice)
        for channel, persons in self._channels.items():
            values["channels", channel, "persons"] = Value(persons, 1)
        for step in RISK_STEPS:
            for is_above in (True, False):
                away, back = self._above[step, is_above, False], self._above[step, is_above, True]
                values["churn", f"{step} {'above' if is_above else 'below'}", "not_returned"] = Value(away, away + back)
        return values


def _persons(conn: Connection) -> Part:
    columns = person_figure.c
    cycles = list(conn.scalars(select(columns.cycle_tenths).where(columns.cycle_tenths > 0)))
    net, days, persons = conn.execute(
        select(func.sum(columns.net_365), func.sum(columns.days_365), func.count()).where(columns.days_365 > 0)
    ).one()
    return {
        ("repurchase", "median", "cycle"): Value(middle(cycles), 20 if cycles else 0),
        ("repurchase", "mean", "cycle"): Value(sum(cycles), 10 * len(cycles)),
        ("repurchase", "", "annual_spend"): Value(int(net or 0), persons),
        ("repurchase", "", "annual_frequency"): Value(int(days or 0), persons),
    }


class Cohort(NamedTuple):
    """When and how somebody became a member: month, channel."""

    month: str
    channel: str


def _cohorts(conn: Connection) -> dict[str, Cohort]:
    """By root: the first join of any of a person's ids; members from elsewhere by the date they came with."""
    settings = settings_of(conn, feed.CHAIN)

    def month(at: int) -> str:
        return business_date(at, settings.time_zone, settings.cutover_hour)[:7]

    found: dict[str, Cohort] = {}
    for root, at in conn.execute(
        select(person.c.root, func.min(person.c.joined)).where(person.c.joined > 0).group_by(person.c.root)
    ):
        found[root] = Cohort(month(at), "import")
    rows = conn.execute(
        select(person.c.root, joined.c.at, joined.c.channel)
        .join(person, person.c.ref == joined.c.ref)
        .order_by(joined.c.at.desc())
    )
    for root, at, channel in rows:
        found[root] = Cohort(month(at), channel or "unknown")
    return found


def _lifetime(conn: Connection, cohort: dict[str, Cohort], walk: _Walk) -> Part:
    """LTV by month and channel of joining; of each month also who bought and bought again."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    months: dict[str, Counter[str]] = defaultdict(Counter)
    columns = person_figure.c
    for ref, ltv, orders, net in conn.execute(select(columns.ref, columns.ltv, columns.orders, columns.net_365)):
        mine = cohort.get(ref, Cohort(NOT_JOINED, ""))
        for part in {(mine.month, ""), (mine.month, mine.channel)}:
            sums[part][0] += ltv
            sums[part][1] += 1
        months[mine.month].update(
            {"persons": 1, "buyers": int(orders > 0), "net": net, "again": int(walk.first.get(ref, False))}
        )
    values: Part = {
        ("ltv", f"{month} {channel}".strip(), "ltv"): Value(*counts) for (month, channel), counts in sums.items()
    }
    for month, counts in months.items():
        values["cohorts", month, "persons"] = Value(counts["persons"], 1)
        values["cohorts", month, "buyer_share"] = Value(counts["buyers"], counts["persons"])
        values["cohorts", month, "repurchase_rate"] = Value(counts["again"], counts["buyers"])
        values["cohorts", month, "annual_spend"] = Value(counts["net"], counts["buyers"])
        values["cohorts", month, "ltv"] = Value(*sums[month, ""])
    return values


def _reachable(conn: Connection, vault: Vault, today: int) -> Value:
    """Of who bought in 90 days: a friend in WeCom, in a group, or agreed to messages."""
    buyers_ = set(
        conn.scalars(
            select(person.c.root)
            .join(purchase, purchase.c.ref == person.c.ref)
            .where(purchase.c.counts == 1, purchase.c.day > today - ACTIVE_DAYS, person.c.status != ERASED)
        )
    )
    friends = set(conn.scalars(select(relation.c.external_userid).where(relation.c.state == "added")))
    friends |= set(conn.scalars(select(group_member.c.external_userid).where(group_member.c.left == 0)))
    hashes = {vault.index("external_userid", friend) for friend in friends}
    keys = conn.execute(
        select(person.c.root, person_key.c.hash)
        .join(person, person.c.ref == person_key.c.ref)
        .where(person_key.c.kind == "external_userid")
    )
    reachable = {root for root, hash_ in keys if hash_ in hashes}
    acts = conn.execute(
        select(person.c.root, consent.c.given, consent.c.state)
        .join(person, person.c.ref == consent.c.ref)
        .where(consent.c.purpose == MARKETING)
        .order_by(consent.c.at, consent.c.given.desc())
    )
    agreed = {root: bool(given) and state == FIRM for root, given, state in acts}  # the newest act stays
    reachable |= {root for root, is_given in agreed.items() if is_given}
    return Value(len(buyers_ & reachable), len(buyers_))


_WEIGHTS = ("kg", "g", "千克", "公斤", "克", "斤", "两", "lb")


def _baskets(conn: Connection, today: int) -> Part:
    """Tickets with a member at payment beside those without, of four weeks, by store and together (store 0)."""
    since = date_of(today - BASKET_DAYS)
    is_void = (
        select(refund.c.jid)
        .where(
            refund.c.store == sale.c.store,
            refund.c.sale == sale.c.event,
            refund.c.kind == "void",
            refund.c.date == sale.c.date,
        )
        .exists()
    )
    mine = (sale.c.date > since, sale.c.lines > 0, ~is_void)
    who = cast(case((sale.c.member != "", 1), else_=0), Integer)
    is_weighed = func.lower(sale_line.c.unit).in_(_WEIGHTS) | (sale_line.c.qty % 1_000 != 0)
    one = case((is_weighed, 1_000), else_=sale_line.c.qty)
    sums: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    tickets = select(sale.c.store, who, func.count(), func.sum(sale.c.total + sale.c.rounding)).where(*mine)
    for number, is_member, count, net in conn.execute(tickets.group_by(sale.c.store, who)):
        for place in (0, number):
            _add(sums[place, is_member], (int(count), int(net), 0))
    pieces = (
        select(sale.c.store, who, func.sum(one))
        .join(sale_line, (sale_line.c.jid == sale.c.jid) & (sale_line.c.seq == sale.c.seq))
        .where(*mine)
        .group_by(sale.c.store, who)
    )
    for number, is_member, count in conn.execute(pieces):
        for place in (0, number):
            _add(sums[place, is_member], (0, 0, int(count)))
    values: Part = {}
    for (number, is_member), (count, net, many) in sums.items():
        part = f"{number} {'member' if is_member else 'guest'}"
        values["baskets", part, "tickets"] = Value(count, 1)
        values["baskets", part, "average_ticket"] = Value(net, count)
        values["baskets", part, "pieces_per_ticket"] = Value(many, count)
    return values


def _add(sums: list[int], more: Iterable[Any]) -> None:
    for place, value in enumerate(more):
        sums[place] += value

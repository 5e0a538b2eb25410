"""统一考核: a store's three numbers of a day, by formulas that hold for a period; worked out anew they are the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, select

from posapp.dates import read_date
from posapp.hq.database import portions
from posapp.hq.figures.tables import fact
from posapp.hq.members.identity import ids_of, roots, roots_of
from posapp.hq.rewards.days import days_before
from posapp.hq.rewards.wecom_stats import activity_of
from posapp.hq.tables import event, refund, sale
from posapp.messages import MemberRecognised, read_body
from posapp.rules.dictionary import METRICS, Value, text_of
from posapp.rules.metrics import AGAIN_DAYS

COHORT_DAYS = 30
"""A cohort is whoever bought first in so many days, the last of which is AGAIN_DAYS ago."""

Formula = Callable[[Connection, int, str], Value]


def visit_conversion(conn: Connection, number: int, date: str) -> Value:
    """到店转化率: of the members recognised in a store on a day those who bought there that day."""
    recognised = set()
    for row in conn.execute(
        select(event.c.version, event.c.body).where(
            event.c.store == number, event.c.date == date, event.c.type == "member.recognised"
        )
    ):
        body = read_body("member.recognised", row.version, row.body.encode())
        assert isinstance(body, MemberRecognised)
        recognised.add(body.member)
    sales = conn.execute(
        select(sale.c.event, sale.c.member).where(sale.c.store == number, sale.c.date == date, sale.c.member != "")
    ).all()
    void = voided(conn, [sold.event for sold in sales])
    bought = {sold.member for sold in sales if sold.event not in void}
    root_of = roots_of(conn, recognised | {sold.member for sold in sales})
    return Value(len({root_of.get(ref, ref) for ref in bought}), len(set(root_of.values())))


def repurchase(conn: Connection, number: int, date: str) -> Value:
    """复购率(30日): of those who bought first in this store, in the cohort that is complete on a date, who bought
    again."""
    since, until = days_before(date, AGAIN_DAYS + COHORT_DAYS - 1), days_before(date, AGAIN_DAYS)
    here = select(fact.c.ref).where(
        fact.c.store == number, fact.c.date >= since, fact.c.date <= until, fact.c.ref != ""
    )
    bought = purchases_of(conn, roots(conn, conn.scalars(here)))
    firsts = again = 0
    for days in bought.values():
        first, where = min(days)
        if where == number and since <= first <= until:
            firsts += 1
            again += any(first < day <= days_before(first, -AGAIN_DAYS) for day, _ in days)
    return Value(again, firsts)


def purchases_of(conn: Connection, roots: set[str]) -> dict[str, set[tuple[str, int]]]:
    """The purchase days of some persons, each with its store: what was theirs at payment, and what they claimed."""
    root_of, found = ids_of(conn, roots), defaultdict(set)
    for some in portions(root_of):
        counts = (fact.c.completed == 1, fact.c.net > 0)
        for row in conn.execute(select(fact.c.ref, fact.c.date, fact.c.store).where(fact.c.ref.in_(some), *counts)):
            found[root_of[row.ref]].add((row.date, row.store))
    return found


def voided(conn: Connection, events: Sequence[str]) -> set[str]:
    """Of some sales those that were voided."""
    found: set[str] = set()
    for some in portions(events):
        found.update(conn.scalars(select(refund.c.sale).where(refund.c.sale.in_(some), refund.c.kind == "void")))
    return found


FORMULAS: dict[int, dict[str, Formula]] = {
    1: {
        "group_activity": activity_of,
        "visit_conversion": visit_conversion,
        "repurchase_rate": repurchase,
    }
}
"""By version; one that was ever in force stays, so that an old day comes out as it did."""

PERIODS: list[tuple[str, int]] = [("", 1)]
"""From which date on which version is in force, in order."""


def version_of(date: str) -> int:
    return [version for starts, version in PERIODS if starts <= date][-1]


def scores_of(conn: Connection, number: int, date: str) -> list[tuple[str, int, int]]:
    """A store's three numbers on a date: the metric's name, numerator and denominator. Raises PosError bad_date."""
    read_date(date)
    return [(name, *formula(conn, number, date)) for name, formula in FORMULAS[version_of(date)].items()]


def scores_text(number: int, date: str, scores: Sequence[tuple[str, int, int]], language: str = "zh") -> str:
    """The same to be read."""
    place = 1 if language == "en" else 0
    lines = [f"{date}  {number}  v{version_of(date)}"]
    for name, top, bottom in scores:
        metric = METRICS[name]
        lines.append(f"{metric.name[place]}: {text_of(metric.kind, Value(top, bottom))} ({top}/{bottom})")
    return "\n".join(lines)

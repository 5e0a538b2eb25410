"""What each person is by their purchases: figures, segment, next visit; worked out anew for whoever changed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, case, delete, func, select

from posapp.clock import business_date
from posapp.hq import feed
from posapp.hq.database import portions, upsert
from posapp.hq.members.identity import ACTIVE, ERASED
from posapp.hq.members.tables import person
from posapp.hq.people import settings_of
from posapp.hq.segments.purchases import date_of, ordinal, today_of
from posapp.hq.segments.tables import measure, person_figure, purchase
from posapp.hq.tables import setting
from posapp.rules import rfm
from posapp.settings import Settings

Bounds = tuple[int, int, int, int]

RISK_STEPS = (100, 150, 200, 300)
"""What tills are told of a risk: the step it has reached, so that not every day says something new."""


class Measure(NamedTuple):
    """What persons of a format are measured by: bounds between fifths of recency, frequency and money, and the days
    after which somebody is dormant."""

    r: Bounds
    f: Bounds
    m: Bounds
    sleeps_after: int


def formats(conn: Connection) -> dict[int, str]:
    """The format of each store that has one (setting store_format)."""
    rows = conn.execute(select(setting.c.scope, setting.c.value).where(setting.c.name == "store_format"))
    return {int(row.scope.partition(":")[2]): row.value for row in rows if ":" in row.scope}


def measures(conn: Connection) -> dict[str, Measure]:
    """By format, as the night before made them."""
    return {
        row.format: Measure(_bounds(row.r), _bounds(row.f), _bounds(row.m), row.sleeps_after)
        for row in conn.execute(select(measure).where(measure.c.version == rfm.VERSION))
    }


def _bounds(text: str) -> Bounds:
    one, two, three, four = json.loads(text)
    return one, two, three, four


def refresh(conn: Connection, roots: Iterable[str], now: int) -> set[str]:
    """Work the figures of some persons out anew; ids that are no root any more, and erased ones, lose theirs. Whose
    figures changed, or went."""
    today, by_format, format_of = today_of(conn, now), measures(conn), formats(conn)
    here = settings_of(conn, feed.CHAIN)
    changed: set[str] = set()
    for some in portions(roots):
        held = {row.ref: row for row in conn.execute(select(person_figure).where(person_figure.c.ref.in_(some)))}
        heads = conn.execute(
            select(person.c.ref, person.c.home, person.c.visited, person.c.joined, person.c.source).where(
                person.c.ref.in_(some), person.c.root == person.c.ref, person.c.status != ERASED
            )
        ).all()
        bought = _days(conn, [head.ref for head in heads])
        rows = []
        for head in heads:
            format_ = format_of.get(head.home, "")
            row = figures(head.ref, head.home, bought.get(head.ref, []), today)
            if head.source == "import" and (head.joined or head.visited):
                _as_told(row, head, here)
            rows.append({**row, "format": format_, **graded(row, by_format.get(format_), today)})
        changed |= write(conn, rows, held, now)
        gone = held.keys() - {head.ref for head in heads}
        conn.execute(delete(person_figure).where(person_figure.c.ref.in_(sorted(gone))))
        changed |= gone
    return changed


def _as_told(row: dict[str, Any], head: Any, here: Settings) -> None:
    """A shop's own file told since when somebody has been a member, and perhaps when they bought last: they are no new
    customer, and bought before anybody here knew of it."""
    told = (head.joined or head.visited, head.visited)
    joined, visited = (ordinal(business_date(at, here.time_zone, here.cutover_hour)) for at in told)
    row["first_day"] = min(joined, row["first_day"] or joined)
    if head.visited and not row["orders"]:
        row["last_day"], row["last_at"] = visited, head.visited


class Day(NamedTuple):
    """A person's day: orders that count, what they came to, what was earned, the last instant of an order."""

    day: int
    orders: int
    net: int
    margin: int
    at: int


def _days(conn: Connection, roots: Sequence[str]) -> dict[str, list[Day]]:
    """Every day of some persons on which something was bought or went back, the eldest first."""
    at = func.max(case((purchase.c.counts == 1, purchase.c.at), else_=0))
    rows = conn.execute(
        select(
            person.c.root,
            purchase.c.day,
            func.sum(purchase.c.counts),
            func.sum(purchase.c.net),
            func.sum(purchase.c.margin),
            at,
        )
        .join(person, person.c.ref == purchase.c.ref)
        .where(person.c.root.in_(roots))
        .group_by(person.c.root, purchase.c.day)
        .order_by(purchase.c.day)
    )
    held: dict[str, list[Day]] = defaultdict(list)
    for root, *values in rows:
        held[root].append(Day(*map(int, values)))
    return held


def figures(root: str, home: int, days: Sequence[Day], today: int) -> dict[str, Any]:
    """A person's figures as of a day, but what measures them against others."""
    bought = [one.day for one in days if one.orders]
    year = [one for one in days if 0 <= today - one.day < rfm.YEAR_DAYS]
    tenths = rfm.cycle_tenths(bought, today)
    last = bought[-1] if bought else 0
    return {
        "ref": root,
        "home": home,
        "first_day": bought[0] if bought else 0,
        "last_day": last,
        "days_365": sum(1 for one in year if one.orders),
        "net_365": sum(one.net for one in year),
        "orders": sum(one.orders for one in days),
        "cycle_tenths": tenths,
        "weekday": rfm.usual_weekday(bought, today),
        "expected": last + max(1, (tenths + 5) // 10) if tenths else 0,
        "risk": rfm.risk(max(0, today - last), tenths) if bought else 0,
        "ltv": sum(one.margin for one in days),
        "last_at": max((one.at for one in days), default=0),
    }


def graded(row: Mapping[str, Any], by: Measure | None, today: int) -> dict[str, Any]:
    """Recency, frequency, money and the segment that follows."""
    grades = (0, 0, 0)
    if by and row["days_365"]:
        away = max(0, today - row["last_day"])
        grades = (
            rfm.score(away, by.r, low_is_best=True),
            rfm.score(row["days_365"], by.f),
            rfm.score(row["net_365"], by.m),
        )
    away_days = max(0, today - row["last_day"]) if row["last_day"] else None
    sleeps_after = by.sleeps_after if by else rfm.sleep_after(None)
    known = max(0, today - row["first_day"])
    return {
        "r": grades[0],
        "f": grades[1],
        "m": grades[2],
        "segment": rfm.segment_of(away_days, known, grades, sleeps_after),
    }


def write(conn: Connection, rows: Sequence[Mapping[str, Any]], held: Mapping[str, Row[Any]], now: int) -> set[str]:
    """Keep the rows that differ; whose they are. A risk that only grew within its step is kept, but changes nobody."""
    wanted, changed = [], set()
    for row in rows:
        before = held.get(row["ref"])
        if before is None or any(before._mapping[name] != value for name, value in row.items()):
            is_same = before is not None and _shown(dict(before._mapping)) == _shown(row)
            wanted.append({**row, "made": before.made if before is not None and is_same else now})
            if not is_same:
                changed.add(row["ref"])
    upsert(conn, person_figure, wanted)
    return changed


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("risk", "made")} | {
        "risk": risk_step(row["risk"])
    }


def risk_step(risk: int) -> int:
    """The step a risk has reached, 0 below the first."""
    return max((step for step in RISK_STEPS if step <= risk), default=0)


def segment_of(conn: Connection, root: str) -> str:
    return conn.scalar(select(person_figure.c.segment).where(person_figure.c.ref == root)) or rfm.PROSPECT


class CardFigures(NamedTuple):
    """What a member card shows of these figures. last: an instant; expected: a date, "" unknown; risk: its step."""

    segment: str = rfm.PROSPECT
    last: int = 0
    visits: int = 0
    weekday: int = 0
    expected: str = ""
    risk: int = 0


def card_figures(conn: Connection, roots: Sequence[str]) -> dict[str, CardFigures]:
    """By root; whoever has bought nothing yet has figures too."""
    held = {root: CardFigures() for root in roots}
    for some in portions(roots):
        for row in conn.execute(select(person_figure).where(person_figure.c.ref.in_(some))):
            held[row.ref] = CardFigures(
                row.segment, row.last_at, row.days_365, row.weekday, date_of(row.expected), risk_step(row.risk)
            )
    return held


def everybody(conn: Connection) -> list[str]:
    """Every person there is something to say of: members, whoever bought, whoever has figures."""
    members = conn.scalars(select(person.c.ref).where(person.c.root == person.c.ref, person.c.status == ACTIVE)).all()
    buyers = conn.scalars(select(person.c.root).join(purchase, purchase.c.ref == person.c.ref).distinct()).all()
    return sorted({*members, *buyers, *conn.scalars(select(person_figure.c.ref))})

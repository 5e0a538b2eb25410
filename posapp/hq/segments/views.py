"""What was looked at elsewhere and bought at the tills, article by article (浏览未购): kept each night."""

from __future__ import annotations

from collections import Counter, defaultdict

from sqlalchemy import Connection, delete, func, select

from posapp.clock import DAY
from posapp.hq.database import insert_many, portions
from posapp.hq.members.tables import person
from posapp.hq.segments import neighbours
from posapp.hq.segments.cohorts import Part
from posapp.hq.segments.purchases import date_of
from posapp.hq.segments.tables import kept, purchase
from posapp.hq.tables import sale_line
from posapp.rules.dictionary import VERSION, Value

REPORT = "views"
VIEW_DAYS, BUY_DAYS = 30, 14
"""Views of so many days; a purchase within so many days of somebody's first view came of it."""


def work_out(conn: Connection, today: int, now: int) -> Part:
    """By article: views, who looked, who of them bought it at a till in time, pieces sold to everybody."""
    seen: dict[str, dict[str, int]] = defaultdict(dict)
    views: Counter[str] = Counter()
    for view in neighbours.views_since(conn, now - VIEW_DAYS * DAY):
        views[view.article] += 1
        first = seen[view.article].get(view.ref, view.at)
        seen[view.article][view.ref] = min(first, view.at)
    if not seen:
        return {}
    bought = _bought(conn, sorted(seen), today)
    sold = _sold(conn, sorted(seen), today)
    values: Part = {}
    for article, first_of in seen.items():
        buyers = sum(
            any(first <= at < first + BUY_DAYS * DAY for at in bought.get((ref, article), ()))
            for ref, first in first_of.items()
        )
        values[REPORT, article, "views"] = Value(views[article], 1)
        values[REPORT, article, "viewers"] = Value(len(first_of), 1)
        values[REPORT, article, "bought_after_view"] = Value(buyers, len(first_of))
        values[REPORT, article, "sold"] = Value(sold.get(article, 0), 1)
    return values


def _bought(conn: Connection, articles: list[str], today: int) -> dict[tuple[str, str], list[int]]:
    """When each of somebody's purchases of some articles was, by root and article."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for some in portions(articles):
        for root, article, at in conn.execute(
            select(person.c.root, sale_line.c.article, purchase.c.at)
            .join(person, person.c.ref == purchase.c.ref)
            .join(sale_line, (sale_line.c.jid == purchase.c.jid) & (sale_line.c.seq == purchase.c.seq))
            .where(
                sale_line.c.article.in_(some),
                sale_line.c.qty > 0,
                purchase.c.counts == 1,
                purchase.c.day > today - VIEW_DAYS - 2,
            )
        ):
            found[root, article].append(at)
    return found


def _sold(conn: Connection, articles: list[str], today: int) -> dict[str, int]:
    since = date_of(today - VIEW_DAYS)
    found: dict[str, int] = {}
    for some in portions(articles):
        for article, qty in conn.execute(
            select(sale_line.c.article, func.sum(sale_line.c.qty))
            .where(sale_line.c.article.in_(some), sale_line.c.date > since)
            .group_by(sale_line.c.article)
        ):
            found[article] = int(qty)
    return found


def keep(conn: Connection, values: Part, today: int) -> None:
    conn.execute(delete(kept).where(kept.c.report == REPORT))
    insert_many(conn, kept, [(*key, *value, today, VERSION) for key, value in sorted(values.items())])

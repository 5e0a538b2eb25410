"""What a member likes, and what goes with it: from purchases of a year, only of who agreed to it (consent personal).

What goes together is counted over every ticket of the chain and says nothing of anybody. Without consent a member is
shown what sells best in the store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select

from posapp.hq import feed
from posapp.hq.best_sellers import most_sold
from posapp.hq.database import insert_many, portions
from posapp.hq.members import consents
from posapp.hq.members.tables import person
from posapp.hq.segments.purchases import date_of
from posapp.hq.segments.tables import kept, pairing, purchase
from posapp.hq.tables import article, price, sale_line, store
from posapp.rules import rfm
from posapp.rules.consents import PERSONAL
from posapp.streams import Addon

MOST_LIKES, MOST_ADDONS = 5, 3
PAIR_DAYS, LEAST_TIMES, MOST_PARTNERS = 90, 3, 20
BEST_SELLERS, MOST_BEST = "best_sellers", 12
BEST_WHY = ("本店热销", "sells best here")


class Like(NamedTuple):
    """An article somebody buys: on how many days of a year, and when last."""

    article: str
    days: int
    last: int


def agreed(conn: Connection, roots: Sequence[str]) -> list[str]:
    """Who agreed that what they bought is used for suggestions."""
    held = consents.standings(conn, roots)
    return [root for root in roots if (act := held.get(root, {}).get(PERSONAL)) is not None and act.given]


def likes(conn: Connection, roots: Sequence[str], today: int) -> dict[str, list[Like]]:
    """What each of some members buys most, of those who agreed."""
    held: dict[str, list[Like]] = defaultdict(list)
    for some in portions(roots):
        for root, like in _bought(conn, agreed(conn, some), today):
            held[root].append(like)
    for root, rows in held.items():
        held[root] = sorted(rows, key=lambda like: (-like.days, -like.last, like.article))
    return held


def _bought(conn: Connection, roots: Sequence[str], today: int) -> Iterable[tuple[str, Like]]:
    days, last = func.count(purchase.c.day.distinct()), func.max(purchase.c.at)
    rows = conn.execute(
        select(person.c.root, sale_line.c.article, days, last)
        .join(person, person.c.ref == purchase.c.ref)
        .join(sale_line, (sale_line.c.jid == purchase.c.jid) & (sale_line.c.seq == purchase.c.seq))
        .where(
            person.c.root.in_(roots),
            purchase.c.counts == 1,
            purchase.c.day > today - rfm.YEAR_DAYS,
            sale_line.c.amount > 0,
            sale_line.c.qty > 0,
        )
        .group_by(person.c.root, sale_line.c.article)
    )
    return ((row[0], Like(row[1], int(row[2]), int(row[3]))) for row in rows)


def names_of(conn: Connection, articles: Iterable[str]) -> dict[str, str]:
    """What articles are called, by the chain if it has a word for it."""
    found: dict[str, str] = {}
    for some in portions(articles):
        # "chain" sorts before "store:1"
        for row in conn.execute(
            select(article.c.id, article.c.name).where(article.c.id.in_(some)).order_by(article.c.scope.desc())
        ):
            found[row.id] = row.name
    return found


# --- what goes together, each night ---


def count_pairs(conn: Connection, today: int) -> list[tuple[str, str, int, int]]:
    """Rows of `pairing`: of each article the ones that were on its tickets most, three times at least."""
    since = date_of(today - PAIR_DAYS)
    one, other = sale_line.alias("one"), sale_line.alias("other")
    times = func.count()
    is_sold = (one.c.date >= since, one.c.amount > 0, one.c.qty > 0, other.c.amount > 0, other.c.qty > 0)
    on_ticket = (other.c.jid == one.c.jid) & (other.c.seq == one.c.seq)
    pairs = conn.execute(
        select(one.c.article, other.c.article, times)
        .join(other, on_ticket & (other.c.article != one.c.article))
        .where(*is_sold)
        .group_by(one.c.article, other.c.article)
        .having(times >= LEAST_TIMES)
    ).all()
    alone = select(one.c.article, times).where(one.c.date >= since, one.c.amount > 0, one.c.qty > 0)
    tickets: dict[str, int] = {name: int(count) for name, count in conn.execute(alone.group_by(one.c.article))}
    partners: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for name, with_, count in pairs:
        partners[name].append((-int(count), with_))
    return [
        (name, with_, -count, int(tickets[name]))
        for name, rows in partners.items()
        for count, with_ in sorted(rows)[:MOST_PARTNERS]
    ]


def keep_pairs(conn: Connection, rows: Sequence[tuple[str, str, int, int]]) -> None:
    conn.execute(delete(pairing))
    insert_many(conn, pairing, rows)


def best_sellers(conn: Connection, today: int, now: int) -> list[tuple[str, str, str, int, int, int, int]]:
    """Rows of `kept`: what sells best in each store and has a price there."""
    rows = []
    for number in conn.scalars(select(store.c.number)).all():
        sold = most_sold(conn, number, date_of(today))
        priced = on_sale(conn, number, sold, now)
        best = [name for name in sold if name in priced][:MOST_BEST]
        rows += [(BEST_SELLERS, str(number), name, place, 1, today, 1) for place, name in enumerate(best, 1)]
    return rows


def keep_best(conn: Connection, rows: Sequence[tuple[str, str, str, int, int, int, int]]) -> None:
    conn.execute(delete(kept).where(kept.c.report == BEST_SELLERS))
    insert_many(conn, kept, rows)


def best_of(conn: Connection, number: int) -> list[str]:
    """What sold best in a store as of the last night."""
    mine = (kept.c.report == BEST_SELLERS, kept.c.part == str(number))
    return list(conn.scalars(select(kept.c.name).where(*mine).order_by(kept.c.top)))


def on_sale(conn: Connection, number: int, names: Iterable[str], now: int) -> set[str]:
    """Those of some articles that have a price in a store now."""
    scopes = [feed.CHAIN, feed.store_scope(number)]
    prices: dict[tuple[str, str], int] = {}
    for some in portions(names):
        rows = conn.execute(
            select(price.c.article, price.c.scope, price.c.price)
            .where(price.c.article.in_(some), price.c.scope.in_(scopes), price.c.starts <= now)
            .order_by(price.c.starts)
        )
        prices.update({(row.article, row.scope): row.price for row in rows})
    return {name for (name, scope), fen in prices.items() if fen > 0}


# --- suggestions ---


def addons_for(conn: Connection, root: str, number: int, today: int, now: int) -> list[Addon]:
    """What to suggest to a member in a store, at most three, each with the reason."""
    return addons(conn, {root: [number]}, today, now)[root, number]


def addons(
    conn: Connection, places: Mapping[str, Collection[int]], today: int, now: int
) -> dict[tuple[str, int], list[Addon]]:
    """The same for some members in the stores that know them."""
    liked = likes(conn, list(places), today)
    stores = sorted({number for numbers in places.values() for number in numbers})
    best = {number: best_of(conn, number) for number in stores}
    partners = _partners(conn, {like.article for rows in liked.values() for like in rows[:MOST_LIKES]})
    names = names_of(conn, {like.article for rows in liked.values() for like in rows})
    wanted = {other for rows in partners.values() for other, _ in rows}
    priced = {number: on_sale(conn, number, wanted, now) for number in stores}
    told: dict[tuple[str, int], list[Addon]] = {}
    for root, numbers in places.items():
        mine = _matching(liked.get(root, []), partners)
        last = {like.article for like in liked.get(root, []) if like.last == max(one.last for one in liked[root])}
        for number in numbers:
            told[root, number] = [
                Addon(other, (f"常与{names.get(by, by)}一起买", f"often bought with {names.get(by, by)}"))
                for other, by in mine
                if other in priced[number] and other not in last
            ][:MOST_ADDONS]
            held = {one.article for one in told[root, number]} | last
            told[root, number] += [Addon(name, BEST_WHY) for name in best[number] if name not in held]
            del told[root, number][MOST_ADDONS:]
    return told


def _partners(conn: Connection, articles: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
    """What goes with some articles, and on how many of a thousand of their tickets."""
    held: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for some in portions(articles):
        for row in conn.execute(select(pairing).where(pairing.c.article.in_(some))):
            held[row.article].append((row.other, row.times * 1_000 // row.tickets))
    return held


def _matching(liked: Sequence[Like], partners: Mapping[str, list[tuple[str, int]]]) -> list[tuple[str, str]]:
    """(article, what it goes with), the likeliest first; each article once."""
    offers = [
        (-often, other, like.article) for like in liked[:MOST_LIKES] for other, often in partners.get(like.article, ())
    ]
    found: dict[str, str] = {}
    for _, other, by in sorted(offers):
        found.setdefault(other, by)
    return list(found.items())

"""Who bought what for how much: a row for each sale, return and order of somebody HQ knows.

A sale belongs to the member on it, else to whoever claimed it by its code. Rows are made again whenever something of
their sale changes, so that in whatever order things come they end up the same.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, delete, select, tuple_

from posapp.clock import business_date
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import portions, upsert
from posapp.hq.joining.tables import claim
from posapp.hq.people import business_day, settings_of
from posapp.hq.segments.neighbours import Order
from posapp.hq.segments.tables import purchase
from posapp.hq.tables import article, event_identity, refund, refund_line, sale, sale_line
from posapp.money import round_half_up
from posapp.rules.join_token import read

STORE = "store"
"""The channel of whatever was bought at a till."""

AT_ONCE = 500

Key = tuple[str, int]
"""Journal and sequence number of a sale's entry."""


@lru_cache(maxsize=4_096)
def ordinal(date: str) -> int:
    return dt.date.fromisoformat(date).toordinal()


def date_of(day: int) -> str:
    return dt.date.fromordinal(day).isoformat() if day else ""


def today_of(conn: Connection, now: int, store: int = 0) -> int:
    """The business day of the chain, or of a store, at an instant."""
    return ordinal(business_day(conn, now, store))


def take(conn: Connection, keys: Iterable[Key]) -> set[str]:
    """Make the rows of some sales, and of what went back for them; the ids they belong to."""
    touched: set[str] = set()
    for some in portions(keys):
        touched |= _take(conn, some)
    return touched


def _take(conn: Connection, keys: Sequence[Key]) -> set[str]:
    sales = conn.execute(select(sale).where(tuple_(sale.c.jid, sale.c.seq).in_(keys))).all()
    whose = whose_of(conn, sales)
    touched: set[str] = set()
    if nobodys := [(sold.jid, sold.seq) for sold in sales if (sold.jid, sold.seq) not in whose]:
        gone = delete(purchase).where(tuple_(purchase.c.jid, purchase.c.seq).in_(nobodys))
        touched.update(conn.scalars(gone.returning(purchase.c.ref)))
    sales = [sold for sold in sales if (sold.jid, sold.seq) in whose]
    if not sales:
        return touched
    backs = _backs(conn, sales)
    costs = _Costs(conn, sales, [back for some in backs.values() for back in some])
    rows = []
    for sold in sales:
        ref, back = whose[sold.jid, sold.seq], backs[sold.jid, sold.seq]
        is_void = any(one.kind == "void" and one.date == sold.date for one in back)
        rows.append(_row(sold, ref, sold.paid, int(sold.lines > 0 and not is_void), sold.total + sold.rounding, costs))
        rows += [_row(one, ref, one.done, 0, -one.total - one.rounding, costs) for one in back]
    upsert(conn, purchase, rows)
    return touched | {row["ref"] for row in rows}


def _row(row: Row[Any], ref: str, at: int, counts: int, net: int, costs: _Costs) -> dict[str, Any]:
    key = (row.jid, row.seq)
    return {
        "jid": row.jid,
        "seq": row.seq,
        "ref": ref,
        "day": ordinal(row.date),
        "at": at,
        "store": row.store,
        "channel": STORE,
        "counts": counts,
        "net": net,
        "margin": net - costs.cost[key],
        "given": costs.given[key],
        "gifts": costs.gifts[key],
    }


def whose_of(conn: Connection, sales: Sequence[Row[Any]]) -> dict[Key, str]:
    """Whom sales belong to; those of nobody are left out. A claim that waits for its sale has found it here."""
    found = {(sold.jid, sold.seq): sold.member for sold in sales if sold.member}
    by_stem: dict[str, Key] = {}
    for sold in sales:
        if sold.join and not sold.member:
            try:
                by_stem[read(sold.join)[0].stem] = (sold.jid, sold.seq)
            except PosError:
                continue
    for some in portions(by_stem):
        for row in conn.execute(
            select(claim.c.stem, claim.c.ref).where(claim.c.stem.in_(some), claim.c.state.in_(("waiting", "done")))
        ):
            found[by_stem[row.stem]] = row.ref
    return found


def _backs(conn: Connection, sales: Sequence[Row[Any]]) -> dict[Key, list[Row[Any]]]:
    by_event = {(sold.store, sold.till, sold.event): (sold.jid, sold.seq) for sold in sales}
    held: dict[Key, list[Row[Any]]] = defaultdict(list)
    for back in conn.execute(select(refund).where(refund.c.sale.in_([sold.event for sold in sales]))):
        if (key := by_event.get((back.store, back.till, back.sale))) is not None:
            held[key].append(back)
    return held


class _Costs:
    """What the goods of some sales cost the shop, as articles stand now: below zero for what came back."""

    def __init__(self, conn: Connection, sales: Sequence[Row[Any]], backs: Sequence[Row[Any]]) -> None:
        self.cost: dict[Key, int] = defaultdict(int)
        self.given: dict[Key, int] = defaultdict(int)
        self.gifts: dict[Key, int] = defaultdict(int)
        lines = _lines(conn, sale_line, sales)
        returned = _lines(conn, refund_line, backs)
        known = _article_costs(conn, {line.article for line in (*lines, *returned)})
        for line in lines:
            key, cost = (line.jid, line.seq), cost_of(known, line)
            self.cost[key] += cost
            for reason in json.loads(line.why) if line.why else ():
                if reason.get("kind") in ("benefit", "points"):
                    self.given[key] -= int(reason["fen"])
                elif reason.get("kind") == "gift":
                    self.gifts[key] += cost
        for line in returned:
            self.cost[line.jid, line.seq] -= cost_of(known, line)


def _lines(conn: Connection, table: Any, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    keys = [(row.jid, row.seq) for row in rows]
    return [
        line
        for some in portions(keys)
        for line in conn.execute(select(table).where(tuple_(table.c.jid, table.c.seq).in_(some)))
    ]


def _article_costs(conn: Connection, names: Iterable[str]) -> dict[tuple[str, str], int]:
    return {
        (row.scope, row.id): row.cost
        for some in portions(names)
        for row in conn.execute(select(article.c.scope, article.c.id, article.c.cost).where(article.c.id.in_(some)))
    }


def cost_of(known: dict[tuple[str, str], int], line: Any) -> int:
    """What a line's goods cost, by the nearest scope; an article nobody knows costs nothing."""
    cost = known.get((feed.store_scope(line.store), line.article), known.get((feed.CHAIN, line.article), 0))
    return round_half_up(cost * line.qty, 1_000)


def take_orders(conn: Connection, orders: Sequence[Order]) -> set[str]:
    """Make the rows of orders of other channels: the goods' cost is not known here."""
    settings = settings_of(conn, feed.CHAIN)
    rows = [
        {
            "jid": f"order {order.id}",
            "seq": 0,
            "ref": order.ref,
            "day": ordinal(business_date(order.at, settings.time_zone, settings.cutover_hour)),
            "at": order.at,
            "store": 0,
            "channel": order.channel,
            "counts": 1,
            "net": order.net,
            "margin": order.net,
            "given": 0,
            "gifts": 0,
        }
        for order in orders
    ]
    upsert(conn, purchase, rows)
    return {order.ref for order in orders}


def in_batches(conn: Connection, spans: Iterable[Any]) -> set[Key]:
    """The sales that some batches tell of: sold, or given back."""
    keys: set[Key] = set()
    for span in spans:
        mine = (sale.c.jid == span.jid, sale.c.seq >= span.first_seq, sale.c.seq <= span.last_seq)
        known = (sale.c.member != "") | (sale.c.join != "")
        keys |= {(row.jid, row.seq) for row in conn.execute(select(sale.c.jid, sale.c.seq).where(*mine, known))}
        backs = conn.execute(
            select(refund.c.store, refund.c.till, refund.c.sale).where(
                refund.c.jid == span.jid, refund.c.seq >= span.first_seq, refund.c.seq <= span.last_seq
            )
        ).all()
        keys |= _sold(conn, [(back.store, back.till, back.sale) for back in backs])
    return keys


def _sold(conn: Connection, named: Sequence[tuple[int, int, str]]) -> set[Key]:
    """Where events of tills stand."""
    keys: set[Key] = set()
    columns = event_identity.c
    for some in portions(named):
        asked = tuple_(columns.store, columns.till, columns.event).in_(some)
        keys |= {(row.jid, row.seq) for row in conn.execute(select(columns.jid, columns.seq).where(asked))}
    return keys


def of_claims(conn: Connection, stems: Sequence[str]) -> set[Key]:
    """The sales of some claimed codes that are here."""
    named = []
    for some in portions(stems):
        for row in conn.execute(select(claim.c.token, claim.c.sale).where(claim.c.stem.in_(some), claim.c.sale != "")):
            token = read(row.token)[0]
            named.append((token.store, token.till, row.sale))
    return _sold(conn, named)


def missing(conn: Connection, after: Key, most: int) -> list[Key]:
    """The next sales of somebody, in their order, that have no row: claimed late, or projected again after a stay in
    quarantine."""
    place = tuple_(sale.c.jid, sale.c.seq)
    held = select(purchase.c.jid).where(purchase.c.jid == sale.c.jid, purchase.c.seq == sale.c.seq).exists()
    claimed = select(claim.c.sale).where(claim.c.state == "done", claim.c.sale != "")
    rows = conn.execute(
        select(sale.c.jid, sale.c.seq)
        .where(place > tuple_(*after), (sale.c.member != "") | sale.c.event.in_(claimed), ~held)
        .order_by(sale.c.jid, sale.c.seq)
        .limit(most)
    )
    return [(row.jid, row.seq) for row in rows]

"""What persons bought: at tills under their name, by claiming the ticket later, and online, without what went back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, func, literal_column, select, tuple_

from posapp.errors import PosError
from posapp.hq.care.tables import timeline
from posapp.hq.database import portions
from posapp.hq.joining.tables import claim
from posapp.hq.members.identity import ids_of
from posapp.hq.segments.likes import names_of
from posapp.hq.tables import event_identity, refund, sale, sale_line
from posapp.rules.join_token import read


@dataclass(slots=True)
class Purchase:
    """fen: what is left of it after refunds, back: what went back. place: (jid, seq) of the sale, None for one that was
    made online."""

    root: str
    at: int
    store: int
    clerk: int
    fen: int
    back: int = 0
    event: str = ""
    receipt: str = ""
    place: tuple[str, int] | None = None
    goods: list[tuple[str, str]] = field(default_factory=list)
    """Article and name, the dearest first."""


def purchases_of(conn: Connection, roots: Collection[str]) -> dict[str, list[Purchase]]:
    """Everything that persons bought and kept, the newest first; with_goods() says what it was."""
    ids = ids_of(conn, roots)
    found = [*_sold(conn, ids), *_ordered(conn, ids)]
    held: dict[str, list[Purchase]] = defaultdict(list)
    for one in sorted(found, key=lambda one: (-one.at, one.event)):
        held[one.root].append(one)
    return held


def _sold(conn: Connection, ids: dict[str, str]) -> list[Purchase]:
    sales = {row.event: purchase_of(row, root) for row, root in sold_to(conn, ids)}
    for event, fen in given_back(conn, sales).items():
        sales[event].back = fen
        sales[event].fen -= fen
    return [one for one in sales.values() if one.fen > 0 or not one.back]


def given_back(conn: Connection, events: Iterable[str]) -> dict[str, int]:
    """Fen that went back for some sales, of those for which some did."""
    net = func.sum(refund.c.total + refund.c.rounding)
    found: dict[str, int] = {}
    for some in portions(events):
        rows = conn.execute(select(refund.c.sale, net).where(refund.c.sale.in_(some)).group_by(refund.c.sale))
        found |= {event: int(fen) for event, fen in rows}
    return found


def sold_to(conn: Connection, ids: Mapping[str, str], since: int = 0) -> list[tuple[Row[Any], str]]:
    """The sales from an instant on of persons, by all their ids: with them on the ticket, and those of nobody that they
    claimed later; each with whose it is."""
    # Written out, so that the database sees that its partial index serves.
    named = sale.c.member != literal_column("''")
    found: list[tuple[Row[Any], str]] = []
    for some in portions(ids):
        rows = conn.execute(select(sale).where(named, sale.c.member.in_(some), sale.c.paid >= since))
        found += [(row, ids[row.member]) for row in rows]
        found += [(row, ids[ref]) for row, ref in claimed(conn, some) if not row.member and row.paid >= since]
    return found


def purchase_of(row: Row[Any], root: str) -> Purchase:
    """A sale as it was paid, before anything went back."""
    return Purchase(
        root,
        row.paid,
        row.store,
        row.clerk,
        row.total + row.rounding,
        event=row.event,
        receipt=row.receipt,
        place=(row.jid, row.seq),
    )


def claimed(conn: Connection, refs: Sequence[str]) -> list[tuple[Row[Any], str]]:
    """The sales that persons claimed by their tickets' codes, and who did."""
    wanted: dict[tuple[int, int, str], str] = {}
    for row in conn.execute(select(claim).where(claim.c.ref.in_(refs), claim.c.state == "done", claim.c.sale != "")):
        try:
            token = read(row.token)[0]
        except PosError:
            continue
        wanted[token.store, token.till, row.sale] = row.ref
    found = []
    for some in portions(wanted):
        place = (event_identity.c.store, event_identity.c.till, event_identity.c.event)
        rows = conn.execute(
            select(sale)
            .join(event_identity, (event_identity.c.jid == sale.c.jid) & (event_identity.c.seq == sale.c.seq))
            .where(tuple_(*place).in_(some))
        )
        found += [(row, wanted[row.store, row.till, row.event]) for row in rows]
    return found


def _ordered(conn: Connection, ids: dict[str, str]) -> list[Purchase]:
    orders = []
    for some in portions(ids):
        asked = select(timeline).where(timeline.c.ref.in_(some), timeline.c.kind == "order")
        for row in conn.execute(asked):
            root = ids[row.ref]
            order = Purchase(root, row.at, 0, 0, row.fen, event=row.id)
            order.goods = [(row.article, "")] if row.article else []
            orders.append(order)
    return orders


def with_goods(conn: Connection, purchases: Collection[Purchase]) -> None:
    """Say of purchases what was bought."""
    by_place = {one.place: one for one in purchases if one.place}
    for some in portions(by_place):
        lines: dict[tuple[str, int], list[Row[Any]]] = defaultdict(list)
        asked = select(sale_line).where(tuple_(sale_line.c.jid, sale_line.c.seq).in_(some), sale_line.c.qty > 0)
        for row in conn.execute(asked):
            lines[row.jid, row.seq].append(row)
        for place, rows in lines.items():
            dearest = sorted(rows, key=lambda row: (-row.amount, row.pos))
            by_place[place].goods = list({row.article: (row.article, row.name) for row in dearest}.values())
    names = names_of(conn, {name for one in purchases for name, known in one.goods if not known})
    for one in purchases:
        one.goods = [(name, known or names.get(name, name)) for name, known in one.goods]

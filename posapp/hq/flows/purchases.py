"""What members bought since they were contacted, and when HQ heard of it; voided sales are none."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, func, select, tuple_

from posapp.hq.care.purchases import sold_to
from posapp.hq.database import portions
from posapp.hq.members.identity import ids_of
from posapp.hq.tables import batch, refund, sale


class Purchase(NamedTuple):
    """A completed ticket of a person (by root). heard: when HQ received it."""

    root: str
    event: str
    paid: int
    date: str
    heard: int


def purchases_of(conn: Connection, people: Collection[str], since: int) -> list[Purchase]:
    """What some persons bought from an instant on, in the order of paying."""
    root_of = {(row.jid, row.seq): root for row, root in sold_to(conn, ids_of(conn, people), since)}
    is_void = select(refund.c.sale).where(refund.c.sale == sale.c.event, refund.c.kind == "void").exists()
    found: list[Purchase] = []
    for some in portions(root_of):
        asked = select(sale, func.coalesce(_HEARD, 0).label("heard")).where(tuple_(sale.c.jid, sale.c.seq).in_(some))
        found += [
            Purchase(root_of[row.jid, row.seq], row.event, row.paid, row.date, row.heard)
            for row in conn.execute(asked.where(sale.c.total + sale.c.rounding > 0, ~is_void))
        ]
    return sorted(found, key=lambda one: (one.paid, one.event))


_HEARD = (
    select(batch.c.received)
    .where(
        batch.c.store == sale.c.store,
        batch.c.till == sale.c.till,
        batch.c.jid == sale.c.jid,
        batch.c.first_seq <= sale.c.seq,
        batch.c.last_seq >= sale.c.seq,
    )
    .limit(1)
    .scalar_subquery()
)

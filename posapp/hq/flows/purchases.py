"""What members bought: sales with them on the ticket, and tickets they claimed later; voided ones are none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from posapp.hq.database import portions
from posapp.hq.joining.tables import claim
from posapp.hq.members.tables import person
from posapp.hq.tables import batch, refund, sale


class Purchase(NamedTuple):
    """A completed ticket of a person (by root). heard: when HQ received it."""

    root: str
    event: str
    paid: int
    date: str
    heard: int


def _bought(*columns: Any) -> tuple[Select[Any], Select[Any]]:
    """The columns of every purchase: of sales that name a member, and of those that were claimed."""
    is_void = select(refund.c.sale).where(refund.c.sale == sale.c.event, refund.c.kind == "void").exists()
    counts = (sale.c.total + sale.c.rounding > 0) & ~is_void
    named = select(*columns).select_from(sale).join(person, person.c.ref == sale.c.member)
    of_claim = (claim.c.sale == sale.c.event) & (claim.c.state == "done")
    claimed = select(*columns).select_from(sale).join(claim, of_claim).join(person, person.c.ref == claim.c.ref)
    return (
        named.where(sale.c.member != "", counts),
        claimed.where(sale.c.member == "", claim.c.sale != "", counts),
    )


def purchases_of(conn: Connection, roots: Iterable[str], since: int) -> list[Purchase]:
    """What some persons bought from an instant on, in the order of paying."""
    columns = (
        person.c.root,
        sale.c.event,
        sale.c.paid,
        sale.c.date,
        func.coalesce(_HEARD, 0),
    )
    found: list[Purchase] = []
    for some in portions(roots):
        for asked in _bought(*columns):
            rows = conn.execute(asked.where(person.c.root.in_(some), sale.c.paid >= since))
            found += [Purchase(*row) for row in rows]
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

"""What a sale earns its member, worked out from the recorded lines by the rules that till and HQ share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from posapp.hq import feed
from posapp.hq.members.identity import root_of
from posapp.hq.members.slice import birthday_month
from posapp.hq.members.tables import person, tier
from posapp.hq.people import settings_of
from posapp.hq.tables import article, refund, refund_line, sale, sale_line
from posapp.money import Money
from posapp.rules.loyalty import Guest, points_factor, points_for


@dataclass(frozen=True, slots=True)
class Earned:
    """base: fen that earn. points: for them, at the percent `factor` for the reason `why`."""

    base: int
    points: int
    factor: int
    why: str


def sale_of(conn: Connection, join: str) -> Row[Any] | None:
    """The sale that recorded this join code, None while it is not here."""
    return conn.execute(select(sale).where(sale.c.join == join)).first()


def is_void(conn: Connection, sold: Row[Any]) -> bool:
    """Whether everything has gone back."""
    back = conn.scalar(select(func.sum(refund.c.total)).where(refund.c.sale == sold.event))
    return back is not None and int(back) >= sold.total


def base_of(conn: Connection, sold: Row[Any]) -> int:
    """Fen of a sale that earn points: articles that do, without what has gone back."""
    unpointed = _unpointed(conn, sold)
    lines = conn.execute(
        select(sale_line.c.article, sale_line.c.amount).where(sale_line.c.jid == sold.jid, sale_line.c.seq == sold.seq)
    )
    back = conn.execute(
        select(refund_line.c.article, refund_line.c.amount)
        .join(refund, (refund.c.jid == refund_line.c.jid) & (refund.c.seq == refund_line.c.seq))
        .where(refund.c.sale == sold.event)
    )
    kept = sum(int(line.amount) for line in lines if line.article not in unpointed)
    return kept - sum(int(line.amount) for line in back if line.article not in unpointed)


def _unpointed(conn: Connection, sold: Row[Any]) -> set[str]:
    """Articles of a sale that earn nothing, as the nearest scope says."""
    scopes = (feed.store_scope(sold.store), feed.CHAIN)
    lines = select(sale_line.c.article).where(sale_line.c.jid == sold.jid, sale_line.c.seq == sold.seq)
    said: dict[str, tuple[int, int]] = {}
    for row in conn.execute(
        select(article.c.id, article.c.scope, article.c.points).where(
            article.c.id.in_(lines), article.c.scope.in_(scopes)
        )
    ):
        said[row.id] = min(said.get(row.id, (2, 1)), (scopes.index(row.scope), row.points))
    return {name for name, (_, earns) in said.items() if not earns}


def earned(conn: Connection, ref: str, sold: Row[Any]) -> Earned:
    """What a sale earns a person as the rules stand."""
    settings = settings_of(conn, feed.store_scope(sold.store))
    head = conn.execute(select(person).where(person.c.ref == root_of(conn, ref))).one()
    percent = conn.scalar(select(tier.c.factor).where(tier.c.id == head.tier)) or 100
    guest = Guest(
        head.ref,
        "",
        "",
        "",
        0,
        head.tier,
        int(percent),
        birthday=birthday_month(head.birthday, settings, sold.paid),
    )
    factor, why = points_factor(guest, settings, sold.paid)
    base = base_of(conn, sold)
    return Earned(base, points_for(Money(base), settings.points_rate, factor), factor, why)

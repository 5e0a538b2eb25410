"""Part of `posapp hq verify`: purchases are what the sales say, and figures are what the purchases come to."""

from __future__ import annotations

from sqlalchemy import Connection, and_, func, or_, select

from posapp.errors import PosError
from posapp.hq.database import FOLLOWED, SEGMENTED
from posapp.hq.members.identity import ERASED
from posapp.hq.members.tables import merge, person
from posapp.hq.segments.evening import SEEN
from posapp.hq.segments.tables import person_figure, purchase
from posapp.hq.tables import about, batch, counter, refund, sale


def check(conn: Connection) -> None:
    """Raises PosError tables_differ for the first row that is not what it is made of. What the worker has not come to
    yet is not looked at."""
    _sales(conn)
    _refunds(conn)
    if _is_caught_up(conn):
        _persons(conn)


def _differ(table: str, jid: str, seq: int) -> PosError:
    return PosError("tables_differ", table=table, jid=jid, seq=seq)


def _sales(conn: Connection) -> None:
    of_sale = (purchase.c.jid == sale.c.jid) & (purchase.c.seq == sale.c.seq)
    wrong = or_(
        purchase.c.net != sale.c.total + sale.c.rounding,
        purchase.c.store != sale.c.store,
        purchase.c.at != sale.c.paid,
        and_(sale.c.member != "", purchase.c.ref != sale.c.member),
    )
    row = conn.execute(select(sale.c.jid, sale.c.seq).join(purchase, of_sale).where(wrong).limit(1)).first()
    if row is None:
        done = select(counter.c.n).where(counter.c.name == SEGMENTED).scalar_subquery()
        came = (batch.c.jid == sale.c.jid) & sale.c.seq.between(batch.c.first_seq, batch.c.last_seq)
        row = conn.execute(
            select(sale.c.jid, sale.c.seq)
            .join(batch, came)
            .join(purchase, of_sale, isouter=True)
            .where(sale.c.member != "", purchase.c.jid.is_(None), batch.c.n <= done)
            .limit(1)
        ).first()
    if row is not None:
        raise _differ("purchase", row.jid, row.seq)


def _refunds(conn: Connection) -> None:
    of_refund = (purchase.c.jid == refund.c.jid) & (purchase.c.seq == refund.c.seq)
    wrong = or_(purchase.c.net != -refund.c.total - refund.c.rounding, purchase.c.counts != 0)
    row = conn.execute(select(refund.c.jid, refund.c.seq).join(purchase, of_refund).where(wrong).limit(1)).first()
    if row is not None:
        raise _differ("purchase", row.jid, row.seq)


def _is_caught_up(conn: Connection) -> bool:
    rows = {row.name: row.n for row in conn.execute(select(counter))}
    seen = int(conn.scalar(select(about.c.value).where(about.c.name == SEEN)) or 0)
    newer = (merge.c.at > seen) | (merge.c.undone > seen)
    return rows[SEGMENTED] == rows[FOLLOWED] and conn.scalar(select(merge.c.number).where(newer).limit(1)) is None


def _persons(conn: Connection) -> None:
    sums = (
        select(
            person.c.root,
            func.sum(purchase.c.counts).label("orders"),
            func.sum(purchase.c.margin).label("ltv"),
            func.max(purchase.c.day * purchase.c.counts).label("last"),
        )
        .join(person, person.c.ref == purchase.c.ref)
        .group_by(person.c.root)
        .subquery()
    )
    wrong = or_(
        person_figure.c.ref.is_(None),
        person_figure.c.orders != sums.c.orders,
        person_figure.c.ltv != sums.c.ltv,
        (sums.c.orders > 0) & (person_figure.c.last_day != sums.c.last),
    )
    ref = conn.scalar(
        select(person.c.ref)
        .join(sums, sums.c.root == person.c.ref)
        .join(person_figure, person_figure.c.ref == person.c.ref, isouter=True)
        .where(person.c.status != ERASED, wrong)
        .limit(1)
    )
    if ref is not None:
        raise _differ("person_figure", str(ref), 0)

"""The receipts of a business day, and the tenders that nobody has found in the shop's account yet."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any

from sqlalchemy import Connection, and_, func, literal_column, select

from posapp import db
from posapp.chain import read_header
from posapp.errors import PosError
from posapp.journal import Journal, entry_at
from posapp.messages import PaymentSettled
from posapp.money import Money
from posapp.selling.payment import is_reference
from posapp.selling.refund import rows_of
from posapp.tables import EPOCH_PLACES, LINE_PLACES, refund, reprint, sale, settlement, tender


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A receipt in the day's list. voided_by: number of the void's slip, "" if it stands. place: names the row to go
    on behind."""

    receipt: str
    paid: int
    clerk: int
    total: Money
    tenders: tuple[tuple[str, Money], ...]
    voided_by: str
    copies: int
    place: int


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A tender by static code that is not found in the account yet; n: its number in the sale."""

    receipt: str
    n: int
    paid: int
    amount: Money
    clerk: int


def receipts_of_day(conn: Connection, date: str, limit: int, before: int | None = None) -> list[ReceiptRow]:
    """The newest receipts of a business date, `limit` at most; before: the place of the last one seen."""
    older = [sale.c.place < before] if before is not None else []
    newest = (
        select(sale.c.place, sale.c.receipt, sale.c.paid, sale.c.clerk, sale.c.total, sale.c.business_date)
        .where(*older)
        .order_by(sale.c.place.desc())
    )
    with conn.execute(newest) as rows:  # read no further than the day goes back: there may be years before it
        since = takewhile(lambda row: row.business_date >= date, rows)
        of_day = list(islice((row for row in since if row.business_date == date), limit))
    return [_row(conn, row) for row in of_day]


def _row(conn: Connection, row: Any) -> ReceiptRow:
    paid = conn.execute(select(tender.c.kind, tender.c.amount).where(_of(row.place)).order_by(tender.c.id)).all()
    voided = select(refund.c.receipt).where(refund.c.sale_receipt == row.receipt, refund.c.kind == "void").limit(1)
    return ReceiptRow(
        row.receipt,
        row.paid,
        row.clerk,
        Money(row.total),
        tuple((kind, Money(amount)) for kind, amount in paid),
        conn.execute(voided).scalar() or "",
        conn.execute(select(func.count()).where(reprint.c.receipt == row.receipt)).scalar_one(),
        row.place,
    )


def _of(place: int) -> Any:
    return tender.c.id.between(place * LINE_PLACES, (place + 1) * LINE_PLACES - 1)


def unmatched(conn: Connection) -> list[Unmatched]:
    """Tenders by static code that stand, are not voided and not matched, the oldest first."""
    number = tender.c.id % LINE_PLACES
    rows = conn.execute(
        select(sale.c.receipt, number.label("n"), sale.c.paid, tender.c.amount, sale.c.clerk)
        .join(sale, sale.c.place == tender.c.id // LINE_PLACES)
        .where(
            literal_column("tender.kind = 'static'"),  # spelt out, so that the index of these tenders answers
            ~select(settlement.c.place)
            .where(and_(settlement.c.receipt == sale.c.receipt, settlement.c.tender == number))
            .exists(),
            ~select(refund.c.place).where(refund.c.sale_receipt == sale.c.receipt, refund.c.kind == "void").exists(),
        )
        .order_by(tender.c.id)
    )
    return [Unmatched(row.receipt, row.n, row.paid, Money(row.amount), row.clerk) for row in rows]


def match(journal: Journal, clerk: int, receipt: str, n: int | None, ref: str) -> Unmatched:
    """Note that a static tender was found in the account; n: its number in the sale, None for the first that waits.

    Raises PosError needs_statement, nothing_to_match.
    """
    if not is_reference(ref):
        raise PosError("needs_statement")
    with journal.writing() as writing:
        conn = writing.conn
        waiting = (held for held in unmatched(conn) if held.receipt == receipt and n in (None, held.n))
        found = next(waiting, None)
        if found is None:
            raise PosError("nothing_to_match", receipt=receipt)
        place = conn.execute(select(sale.c.place).where(sale.c.receipt == receipt)).scalar_one()
        entry = entry_at(conn, *divmod(place, EPOCH_PLACES))
        assert entry
        body = PaymentSettled(
            read_header(entry.header).eid, receipt, found.n, "static", found.amount.fen, ref, "by hand"
        )
        db.insert_rows(conn, rows_of(writing.append(body, clerk), body))
    return found


def sold_on(conn: Connection, business_date: str) -> tuple[int, Money]:
    """How many sales this till has of a business date, and what they come to."""
    count, amount = conn.execute(
        select(func.count(), func.coalesce(func.sum(sale.c.total), 0)).where(sale.c.business_date == business_date)
    ).one()
    return count, Money(amount)

"""Money that goes back for a recorded sale: today the void of a whole ticket on its business day.

A refund takes the next receipt number: one gapless series per journal is what shows that a slip is missing, and a
number on paper finds what it is of, whichever it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from posapp import db
from posapp.answers import RefundView
from posapp.errors import PosError
from posapp.journal import Journal, Written
from posapp.messages import Message, PaymentSettled, RefundCompleted, Tender
from posapp.money import ZERO, Money
from posapp.rules.free_text import read_reason
from posapp.rules.receipt import Recorded
from posapp.tables import LINE_PLACES, refund, refund_line, refund_tender, sale, settlement

LONGEST_REASON = 100


@dataclass(frozen=True, slots=True)
class RecordedRefund:
    """A refund as the journal holds it; clerk_name is "" where the staff is not known."""

    receipt: str
    event_id: str
    clerk: int
    clerk_name: str
    by: int
    body: RefundCompleted


def rows_of(written: Written, body: Message) -> dict[Table, list[tuple[Any, ...]]]:
    """The rows that follow from an entry of this room that is no sale."""
    header, place = written.header, written.place
    before = place * LINE_PLACES
    if isinstance(body, PaymentSettled):
        return {settlement: [(place, body.receipt, body.tender, body.ref)]}
    if not isinstance(body, RefundCompleted):
        return {}
    return {
        refund: [
            (
                place,
                header.rn,
                body.kind,
                body.receipt,
                body.shift,
                header.bd,
                header.clerk,
                header.by,
                body.done,
                body.total,
                body.rounding,
            )
        ],
        refund_line: [(before + line.n, line.qty, line.amount, line.tax) for line in body.lines],
        refund_tender: [(before + n, paid.kind, paid.amount, paid.ref) for n, paid in enumerate(body.tenders, 1)],
    }


def check_void(conn: Connection, journal: Journal, recorded: Recorded, reason: str) -> None:
    """Whether a sale can be voided now. Raises PosError needs_reason, text_too_long, text_has_number,
    other_day, already_voided."""
    read_reason(reason, LONGEST_REASON)
    date = conn.execute(select(sale.c.business_date).where(sale.c.receipt == recorded.receipt)).scalar_one()
    if date != journal.business_date():
        raise PosError("other_day", receipt=recorded.receipt, date=date)
    if before := refund_of(conn, recorded.receipt):
        raise PosError("already_voided", receipt=recorded.receipt, slip=before.receipt)


def refund_of(conn: Connection, receipt: str) -> Row[Any] | None:
    """The refund that a sale has had, if any."""
    return conn.execute(select(refund).where(refund.c.sale_receipt == receipt).limit(1)).first()


def void(journal: Journal, recorded: Recorded, clerk: int, by: int, shift: str, reason: str) -> str:
    """Give the whole of a sale back, each tender the way it came; the slip's number. When this returns it is on disk.

    Raises what check_void raises: it is asked again inside the transaction, so that nothing is voided twice.
    """
    sold = recorded.body
    with journal.writing() as writing:
        check_void(writing.conn, journal, recorded, reason)
        body = RefundCompleted(
            kind="void",
            sale=recorded.event_id,
            receipt=recorded.receipt,
            sold=sold.total,
            shift=shift,
            counter=writing.head.counter + 1,
            done=writing.now,
            reason=read_reason(reason, LONGEST_REASON),
            lines=sold.lines,
            total=sold.total,
            rounding=sold.rounding,
            tenders=[Tender(paid.kind, paid.amount, ref=paid.ref) for paid in sold.tenders],
            taxes=sold.taxes,
            member=sold.member,
        )
        written = writing.append(body, clerk, by, numbered=True)
        db.insert_rows(writing.conn, rows_of(written, body))
    return written.receipt


def refund_view(recorded: RecordedRefund) -> RefundView:
    body = recorded.body
    back: dict[str, Money] = {}
    for paid in body.tenders:
        back[paid.kind] = back.get(paid.kind, ZERO) + Money(paid.amount)
    return RefundView(recorded.receipt, body.receipt, Money(body.total), Money(body.rounding), back)


def cash_back(body: RefundCompleted) -> Money:
    """What leaves the drawer."""
    return Money(sum(paid.amount for paid in body.tenders if paid.kind == "cash"))

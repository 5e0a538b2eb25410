"""The receipts of recorded sales: found again, and their copies counted. What stands on them: rules.receipt."""

from __future__ import annotations

from sqlalchemy import func, select

from posapp import db, tables
from posapp.chain import Entry, Header, read_header
from posapp.errors import PosError
from posapp.journal import Journal, Written, entry_at
from posapp.messages import ReceiptReprinted, SaleCompleted, read_body
from posapp.rules.receipt import Recorded
from posapp.selling.sale import rows_of
from posapp.shift.people import name_of


def find(folder: db.Folder, receipt: str) -> Recorded:
    """The sale of a receipt number. Raises PosError not_found."""
    with folder.till.reading() as conn:
        place = conn.execute(select(tables.sale.c.place).where(tables.sale.c.receipt == receipt)).scalar()
        entry = entry_at(conn, *divmod(place, tables.EPOCH_PLACES)) if place else None
        voided = select(tables.refund.c.receipt).where(
            tables.refund.c.sale_receipt == receipt, tables.refund.c.kind == "void"
        )
        voided_by = conn.execute(voided.limit(1)).scalar() or ""
    if entry is None:
        raise PosError("not_found", what=receipt[:40])
    header = read_header(entry.header)
    return _recorded(header, entry, name_of(folder, header.clerk), voided_by)


def just_recorded(written: Written, clerk_name: str) -> Recorded:
    """The sale of an entry that was written a moment ago, from the bytes that are on disk."""
    return _recorded(written.header, written.entry, clerk_name, "")


def _recorded(header: Header, entry: Entry, clerk_name: str, voided_by: str) -> Recorded:
    body = read_body(header.t, header.sv, entry.body)
    assert isinstance(body, SaleCompleted)
    return Recorded(header.rn, header.eid, header.clerk, body, clerk_name, voided_by)


def reprint(journal: Journal, receipt: str, event_id: str, clerk: int) -> int:
    """Journal that a copy of a receipt, or of a refund's slip, is made; the copy's number."""
    with journal.writing() as writing:
        made = writing.conn.execute(select(func.count()).where(tables.reprint.c.receipt == receipt)).scalar_one()
        body = ReceiptReprinted(receipt, event_id, made + 1)
        db.insert_rows(writing.conn, rows_of(writing.append(body, clerk), body))
    return made + 1

"""The receipts of recorded sales: found again, and their copies counted. What stands on them: rules.receipt."""

from __future__ import annotations

from sqlalchemy import func, select

from posapp import db, tables
from posapp.chain import read_header
from posapp.errors import PosError
from posapp.journal import Journal, entry_at
from posapp.messages import ReceiptReprinted, SaleCompleted, read_body
from posapp.rules.receipt import Recorded
from posapp.selling.sale import rows_of


def find(folder: db.Folder, receipt: str) -> Recorded:
    """The sale of a receipt number. Raises PosError not_found."""
    with folder.till.reading() as conn:
        place = conn.execute(select(tables.sale.c.place).where(tables.sale.c.receipt == receipt)).scalar()
        entry = entry_at(conn, *divmod(place, tables.EPOCH_PLACES)) if place else None
    if entry is None:
        raise PosError("not_found", what=receipt[:40])
    header = read_header(entry.header)
    body = read_body(header.t, header.sv, entry.body)
    assert isinstance(body, SaleCompleted)
    return Recorded(header.rn, header.eid, header.clerk, body)


def reprint(journal: Journal, recorded: Recorded, clerk: int) -> int:
    """Journal that a copy is made; the copy's number."""
    with journal.writing() as writing:
        made = writing.conn.execute(
            select(func.count()).where(tables.reprint.c.receipt == recorded.receipt)
        ).scalar_one()
        body = ReceiptReprinted(recorded.receipt, recorded.event_id, made + 1)
        db.insert_rows(writing.conn, rows_of(writing.append(body, clerk), body))
    return made + 1

"""Finding what a number on paper is of: a sale or a refund of this till, by the whole number or its short counter."""

from __future__ import annotations

import re

from sqlalchemy import Connection, Table, select

from posapp import db, tables
from posapp.chain import read_header
from posapp.errors import PosError
from posapp.journal import entry_at
from posapp.messages import RefundCompleted, read_body
from posapp.money import half_width
from posapp.rules.receipt import Recorded
from posapp.selling import receipt as receipts
from posapp.selling.refund import RecordedRefund
from posapp.shift.people import name_of

_NUMBER = re.compile(r"(S\d{3,6}T\d{2})-([A-Z0-9]{1,8})-(\d{6,9})(-[0-9A-Z]{2})?")
_SHORT = re.compile(r"\d{1,7}", re.ASCII)


def find(folder: db.Folder, text: str, till: str, date: str) -> Recorded | RecordedRefund:
    """The sale or refund of a number as it is scanned or typed. "42" is the till's 42nd paper of the business date
    `date`. Raises PosError not_found, other_till."""
    wanted = half_width(text).upper()
    with folder.till.reading() as conn:
        found = _place(conn, wanted, till, date)
    if found is None:
        raise PosError("not_found", what=text[:40])
    number, table = found
    return receipts.find(folder, number) if table is tables.sale else _refund(folder, number)


def _place(conn: Connection, wanted: str, till: str, date: str) -> tuple[str, Table] | None:
    if _SHORT.fullmatch(wanted):
        labels = conn.execute(select(tables.epoch.c.label).order_by(tables.epoch.c.ordinal.desc())).scalars().all()
        prefixes = [f"{till}-{label}-{int(wanted):06d}-" for label in labels]
        return next((found for prefix in prefixes if (found := _starting(conn, prefix, date))), None)
    match = _NUMBER.fullmatch(wanted)
    if match is None:
        return None
    if match[1] != till:
        raise PosError("other_till", receipt=wanted, till=match[1])
    return _starting(conn, wanted if match[4] else f"{wanted}-", None)


def _starting(conn: Connection, prefix: str, date: str | None) -> tuple[str, Table] | None:
    """The number that begins with a prefix, of a business date if one is named, and the table it stands in."""
    for table in (tables.sale, tables.refund):
        where = [table.c.receipt >= prefix, table.c.receipt < prefix + "~"]
        if date is not None:
            where.append(table.c.business_date == date)
        if number := conn.execute(select(table.c.receipt).where(*where).limit(1)).scalar():
            return number, table
    return None


def _refund(folder: db.Folder, number: str) -> RecordedRefund:
    with folder.till.reading() as conn:
        place = conn.execute(select(tables.refund.c.place).where(tables.refund.c.receipt == number)).scalar_one()
        entry = entry_at(conn, *divmod(place, tables.EPOCH_PLACES))
    assert entry
    header = read_header(entry.header)
    body = read_body(header.t, header.sv, entry.body)
    assert isinstance(body, RefundCompleted)
    return RecordedRefund(header.rn, header.eid, header.clerk, name_of(folder, header.clerk), header.by, body)

"""The receipt of a recorded sale as lines of text, columns aligned with full-width characters counted as two."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from sqlalchemy import func, select

from posapp import db, tables
from posapp.chain import read_header
from posapp.clock import local
from posapp.errors import PosError
from posapp.journal import Journal, entry_at
from posapp.messages import ReceiptReprinted, SaleCompleted, read_body
from posapp.money import Money
from posapp.quantity import Quantity
from posapp.selling.payment import KINDS
from posapp.selling.sale import rows_of
from posapp.settings import Settings

WIDTH = 32
"""Columns of a 58 mm printer in its normal font."""

_WORDS = {
    "receipt": ("小票", "Receipt"),
    "clerk": ("收银员", "Clerk"),
    "total": ("合计", "Total"),
    "rounding": ("舍入", "Rounding"),
    "saved": ("优惠", "Saved"),
    "given": ("实收", "Given"),
    "change": ("找零", "Change"),
    "tax": ("其中增值税", "VAT included"),
    "copy": ("*** 重印 第{n}次 ***", "*** COPY {n} ***"),
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A sale as the journal holds it."""

    receipt: str
    event_id: str
    clerk: int
    body: SaleCompleted


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def wrap(text: str, columns: int = WIDTH) -> list[str]:
    """Break text into pieces of at most so many columns."""
    pieces, piece = [], ""
    for letter in text:
        if width(piece + letter) > columns:
            pieces.append(piece)
            piece = ""
        piece += letter
    return [*pieces, piece] if piece or not pieces else pieces


def _pair(left: str, right: str) -> list[str]:
    """Left text and right-aligned amount; a left text that is too long wraps above, the amount never breaks."""
    *above, last = wrap(left)
    if width(last) + 1 + width(right) > WIDTH:
        above, last = [*above, last], ""
    return [*above, last + " " * (WIDTH - width(last) - width(right)) + right]


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


def text(recorded: Recorded, settings: Settings, copy: int = 0) -> list[str]:
    """The receipt's lines. copy: 0 for the first print, else the number of the copy."""
    english = settings.language == "en"
    word = {key: pair[1] if english else pair[0] for key, pair in _WORDS.items()}
    sale = recorded.body
    rule = "-" * WIDTH
    lines = [centred for name in (settings.store_name,) if name for centred in _centre(name)]
    lines += [piece for line in filter(None, settings.receipt_header.split("\n")) for piece in _centre(line)]
    if copy:
        lines += _centre(word["copy"].format(n=copy))
    lines += [
        f"{word['receipt']} {recorded.receipt}",
        f"{local(sale.paid, settings.time_zone):%Y-%m-%d %H:%M:%S}",
        f"{word['clerk']} {recorded.clerk}",
        rule,
    ]
    for line in sale.lines:
        lines += wrap(line.name)
        lines += _pair(f"  {Quantity(line.qty)}{line.unit} x {Money(line.price)}", str(Money(line.amount)))
        gross = line.amount - sum(reason.fen for reason in line.why)
        if gross != line.amount:
            lines += _pair(f"  {word['saved']}", str(Money(line.amount - gross)))
    lines += [rule, *_pair(word["total"], str(Money(sale.total)))]
    if sale.rounding:
        lines += _pair(word["rounding"], str(Money(sale.rounding)))
    for tender in sale.tenders:
        lines += _pair(KINDS[tender.kind][english], str(Money(tender.given)))
    if sale.change:
        lines += _pair(word["change"], str(Money(sale.change)))
    lines += _pair(word["tax"], str(Money(sum(held.tax for held in sale.taxes))))
    lines += [piece for line in filter(None, settings.receipt_footer.split("\n")) for piece in _centre(line)]
    return lines


def _centre(line: str) -> list[str]:
    return [" " * ((WIDTH - width(piece)) // 2) + piece for piece in wrap(line)]

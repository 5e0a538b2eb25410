"""The receipt of a recorded sale: the document that is printed, and its lines of text."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from drivers.contracts import Barcode, Block, Cut, Document, Pair, Rule, Text, lines
from posapp import db, tables
from posapp.chain import Entry, Header, read_header
from posapp.clock import local
from posapp.errors import PosError
from posapp.journal import Journal, Written, entry_at
from posapp.messages import ReceiptReprinted, SaleCompleted, read_body
from posapp.money import Money
from posapp.quantity import Quantity
from posapp.rules.tenders import tender_name
from posapp.selling.sale import rows_of
from posapp.settings import Settings
from posapp.shift.people import name_of

WIDTH = 32
"""Columns of a 58 mm printer in its normal font."""

_WORDS = {
    "receipt": ("小票", "Receipt"),
    "clerk": ("收银员", "Clerk"),
    "total": ("合计", "Total"),
    "rounding": ("舍入", "Rounding"),
    "saved": ("优惠", "Saved"),
    "saved_in_all": ("共优惠", "Saved in all"),
    "given": ("实收", "Given"),
    "change": ("找零", "Change"),
    "tax": ("其中增值税", "VAT included"),
    "voided": ("已作废", "VOIDED"),
    "copy": ("*** 重印 第{n}次 ***", "*** COPY {n} ***"),
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A sale as the journal holds it. clerk_name: "" where it is not known. voided_by: number of the void's slip."""

    receipt: str
    event_id: str
    clerk: int
    body: SaleCompleted
    clerk_name: str = ""
    voided_by: str = ""


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


def document(recorded: Recorded, settings: Settings, copy: int = 0) -> Document:
    """What is printed of a sale. copy: 0 for the first print, else the number of the copy."""
    english = settings.language == "en"
    word = {key: pair[1] if english else pair[0] for key, pair in _WORDS.items()}
    sale = recorded.body
    saved = 0
    blocks = heading(settings, copy)
    if recorded.voided_by:
        blocks.append(Text(word["voided"], "centre", is_bold=True, size=2))
    blocks += [
        Text(f"{word['receipt']} {recorded.receipt}"),
        Text(f"{local(sale.paid, settings.time_zone):%Y-%m-%d %H:%M:%S}"),
        Text(clerk_line(recorded.clerk, recorded.clerk_name, settings)),
        Rule(),
    ]
    for line in sale.lines:
        blocks += [
            Text(line.name),
            Pair(f"  {Quantity(line.qty)}{line.unit} x {Money(line.price)}", str(Money(line.amount))),
        ]
        reduction = sum(reason.fen for reason in line.why)
        if reduction:
            blocks.append(Pair(f"  {word['saved']}", str(Money(reduction))))
        saved -= min(reduction, 0)
    blocks += [Rule(), Pair(word["total"], str(Money(sale.total)), is_bold=True, size=2)]
    if sale.rounding:
        blocks.append(Pair(word["rounding"], str(Money(sale.rounding))))
    blocks += [Pair(tender_name(tender.kind, settings.language), str(Money(tender.given))) for tender in sale.tenders]
    if sale.change:
        blocks.append(Pair(word["change"], str(Money(sale.change))))
    if saved:
        blocks.append(Pair(word["saved_in_all"], str(Money(saved))))
    blocks.append(Pair(word["tax"], str(Money(sum(held.tax for held in sale.taxes)))))
    return (*blocks, *_centred(settings.receipt_footer), Barcode(recorded.receipt), Cut())


def heading(settings: Settings, copy: int) -> list[Block]:
    """What stands above every paper of the shop. copy: 0 for the first print."""
    english = settings.language == "en"
    blocks: list[Block] = []
    if settings.store_name:
        blocks.append(Text(settings.store_name, "centre", is_bold=True, size=2))
    blocks += _centred(settings.receipt_header)
    if copy:
        blocks.append(Text(_WORDS["copy"][english].format(n=copy), "centre", is_bold=True))
    return blocks


def clerk_line(number: int, name: str, settings: Settings) -> str:
    """Who served: by name if the store wants it and the name is known."""
    shown = name if name and settings.receipt_clerk == "name" else str(number)
    return f"{_WORDS['clerk'][settings.language == 'en']} {shown}"


def text(recorded: Recorded, settings: Settings, copy: int = 0) -> list[str]:
    """The document's lines on 58 mm paper."""
    return lines(document(recorded, settings, copy), WIDTH)


def _centred(text: str) -> list[Block]:
    return [Text(line, "centre") for line in text.split("\n") if line]

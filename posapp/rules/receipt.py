"""The receipt of a sale: the document that is printed, and its lines of text. Till and HQ draw it alike."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.contracts import Barcode, Block, Cut, Document, Pair, Picture, Qr, Rule, Text, lines
from posapp.clock import local
from posapp.messages import SaleCompleted
from posapp.money import Money
from posapp.quantity import Quantity
from posapp.rules.tenders import KINDS
from posapp.settings import Settings

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
    "copy": ("*** 重印 第{n}次 ***", "*** COPY {n} ***"),
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A sale as the journal holds it."""

    receipt: str
    event_id: str
    clerk: int
    body: SaleCompleted


def document(
    recorded: Recorded, settings: Settings, copy: int = 0, *, mark: str = "", logo: bytes | None = None
) -> Document:
    """What is printed of a sale. copy: 0 for the first print, else the number of the copy. mark: a word that stands
    big at the top, in the middle and at the bottom, for a receipt that is none. logo: a PNG.
    """
    english = settings.language == "en"
    word = {key: pair[1] if english else pair[0] for key, pair in _WORDS.items()}
    sale = recorded.body
    saved = 0
    marked: list[Block] = [Text(mark, "centre", is_bold=True, size=2)] if mark else []
    blocks: list[Block] = [*marked]
    if logo:
        blocks.append(Picture(logo))
    if settings.store_name:
        blocks.append(Text(settings.store_name, "centre", is_bold=True, size=2))
    blocks += _centred(settings.receipt_header)
    if copy:
        blocks.append(Text(word["copy"].format(n=copy), "centre", is_bold=True))
    blocks += [
        Text(f"{word['receipt']} {recorded.receipt}"),
        Text(f"{local(sale.paid, settings.time_zone):%Y-%m-%d %H:%M:%S}"),
        Text(f"{word['clerk']} {recorded.clerk}"),
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
    blocks += [*marked, Rule(), Pair(word["total"], str(Money(sale.total)), is_bold=True, size=2)]
    if sale.rounding:
        blocks.append(Pair(word["rounding"], str(Money(sale.rounding))))
    blocks += [Pair(KINDS[tender.kind][english], str(Money(tender.given))) for tender in sale.tenders]
    if sale.change:
        blocks.append(Pair(word["change"], str(Money(sale.change))))
    if saved:
        blocks.append(Pair(word["saved_in_all"], str(Money(saved))))
    blocks.append(Pair(word["tax"], str(Money(sum(held.tax for held in sale.taxes)))))
    blocks += _centred(settings.receipt_footer)
    for caption, address in settings.receipt_qr:
        blocks += [*_centred(caption), Qr(address)]
    return (*blocks, Barcode(recorded.receipt), *marked, Cut())


def text(recorded: Recorded, settings: Settings, copy: int = 0) -> list[str]:
    """The document's lines on 58 mm paper."""
    return lines(document(recorded, settings, copy), WIDTH)


def _centred(text: str) -> list[Block]:
    return [Text(line, "centre") for line in text.split("\n") if line]

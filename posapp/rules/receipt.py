"""The receipt of a sale: the document that is printed, and its lines of text. Till and HQ draw it alike."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.contracts import Barcode, Block, Cut, Document, Pair, Picture, Qr, Rule, Text, lines
from posapp.clock import local
from posapp.messages import SaleCompleted
from posapp.money import Money
from posapp.quantity import Quantity
from posapp.rules.tenders import tender_name
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
    "member": ("会员", "Member"),
    "earned": ("本单积分", "Points earned"),
    "spent": ("抵扣积分", "Points spent"),
    "balance": ("积分余额", "Points now"),
    "group": ("扫码加入本城会员群", "Scan to join your city's group"),
    "claim_days": ("{days}日内有效", "good for {days} days"),
    "tax": ("其中增值税", "VAT included"),
    "voided": ("已作废", "VOIDED"),
    "copy": ("*** 重印 第{n}次 ***", "*** COPY {n} ***"),
}


_WHY = {
    "birthday": ("生日月双倍", "birthday month"),
    "member_day": ("会员日", "member day"),
    "tier": ("等级加成", "rank"),
}
"""Why a sale earned more points than others."""


@dataclass(frozen=True, slots=True)
class Customer:
    """Whom a receipt is for. member: "张**", "" where that is not known. title, url: of the code by which a walk-in
    joins and claims the points. group: what the code of the city's group says."""

    member: str = ""
    title: str = ""
    url: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A sale as the journal holds it. clerk_name: "" where it is not known. voided_by: number of the void's slip."""

    receipt: str
    event_id: str
    clerk: int
    body: SaleCompleted
    clerk_name: str = ""
    voided_by: str = ""
    customer: Customer = Customer()


def document(recorded: Recorded, settings: Settings, copy: int = 0, *, logo: bytes | None = None) -> Document:
    """What is printed of a sale. copy: 0 for the first print, else the number of the copy. logo: a PNG or JPEG."""
    english = settings.language == "en"
    word = {key: pair[1] if english else pair[0] for key, pair in _WORDS.items()}
    sale = recorded.body
    saved = 0
    blocks: list[Block] = [Picture(logo)] if logo else []
    blocks += heading(settings, copy)
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
        if all(reason.kind != "gift" for reason in line.why):  # nobody would have paid for it
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
    blocks += _member(recorded, settings, english)
    blocks += _centred(settings.receipt_footer)
    if recorded.customer.url and not recorded.voided_by:
        days = _WORDS["claim_days"][english].format(days=settings.join_days)
        blocks += [*_centred(recorded.customer.title), Qr(recorded.customer.url), *_centred(days)]
    if recorded.customer.group and not recorded.voided_by:
        blocks += [*_centred(_WORDS["group"][english]), Qr(recorded.customer.group)]
    for caption, address in settings.receipt_qr:
        blocks += [*_centred(caption), Qr(address)]
    return (*blocks, Barcode(recorded.receipt), Cut())


def _member(recorded: Recorded, settings: Settings, english: bool) -> list[Block]:
    """What a member's account got; nothing of a walk-in."""
    got = recorded.body.points
    if got is None:
        return []
    word = {key: pair[english] for key, pair in _WORDS.items()}
    blocks: list[Block] = [Rule(), Pair(word["member"], recorded.customer.member or "**")]
    why = "、".join(_WHY[name][english] for name in got.why if name in _WHY)
    blocks.append(Pair(f"{word['earned']} {why}".strip(), f"+{got.earned}"))
    if got.spent:
        blocks.append(Pair(word["spent"], f"-{got.spent}"))
    blocks.append(Pair(word["balance"], str(got.before + got.earned - got.spent)))
    return blocks


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


def marked(document: Document, mark: str) -> Document:
    """A document with a word standing big at the top, in the middle and at the bottom: a paper that is none."""
    sign = Text(mark, "centre", is_bold=True, size=2)
    *blocks, cut = document
    rules = [place for place, block in enumerate(blocks) if isinstance(block, Rule)]
    middle = rules[-1] if rules else len(blocks)
    return (sign, *blocks[:middle], sign, *blocks[middle:], sign, cut)


def text(recorded: Recorded, settings: Settings, copy: int = 0) -> list[str]:
    """The document's lines on 58 mm paper."""
    return lines(document(recorded, settings, copy), WIDTH)


def _centred(text: str) -> list[Block]:
    return [Text(line, "centre") for line in text.split("\n") if line]

"""The slip of a refund: what went back, how, and what the clerk still has to do by hand."""

from __future__ import annotations

from drivers.contracts import Barcode, Cut, Document, Pair, Rule, Text, lines
from posapp.clock import local
from posapp.money import Money
from posapp.quantity import Quantity
from posapp.rules.receipt import WIDTH, clerk_line, heading
from posapp.rules.tenders import tender_name
from posapp.selling.refund import RecordedRefund
from posapp.settings import Settings

_WORDS = {
    "void": ("作废", "VOID"),
    "slip": ("凭证", "Slip"),
    "sale": ("原小票", "Receipt"),
    "reason": ("原因", "Reason"),
    "by": ("授权", "Approved by"),
    "total": ("退款合计", "Money back"),
    "rounding": ("舍入", "Rounding"),
    "signature": ("顾客签名", "Customer's signature"),
}

_BY_HAND = {
    "card": (
        "请在刷卡机上撤销,授权号 {ref}",
        "Reverse it at the card terminal, approval {ref}",
    ),
    "static": ("请在店铺的收款账户里退款", "Give it back from the shop's payment account"),
}
"""What the till cannot do itself."""


def document(recorded: RecordedRefund, settings: Settings, copy: int = 0) -> Document:
    """What is printed of a refund. copy: 0 for the first print, else the number of the copy."""
    english = settings.language == "en"
    word = {key: pair[english] for key, pair in _WORDS.items()}
    body = recorded.body
    blocks = [
        *heading(settings, copy),
        Text(word["void"], "centre", is_bold=True, size=2),
        Text(f"{word['slip']} {recorded.receipt}"),
        Text(f"{word['sale']} {body.receipt}"),
        Text(f"{local(body.done, settings.time_zone):%Y-%m-%d %H:%M:%S}"),
        Text(clerk_line(recorded.clerk, recorded.clerk_name, settings)),
    ]
    if recorded.by:
        blocks.append(Text(f"{word['by']} {recorded.by}"))
    blocks += [Text(f"{word['reason']} {body.reason}"), Rule()]
    for line in body.lines:
        blocks += [Text(line.name), Pair(f"  {Quantity(line.qty)}{line.unit}", str(-Money(line.amount)))]
    blocks += [Rule(), Pair(word["total"], str(-Money(body.total)), is_bold=True, size=2)]
    if body.rounding:
        blocks.append(Pair(word["rounding"], str(-Money(body.rounding))))
    for paid in body.tenders:
        blocks.append(Pair(tender_name(paid.kind, settings.language), str(-Money(paid.amount))))
        if paid.kind in _BY_HAND:
            blocks.append(Text(f"  {_BY_HAND[paid.kind][english].format(ref=paid.ref)}"))
    blocks += [Text(""), Text(f"{word['signature']} ________"), Barcode(recorded.receipt), Cut()]
    return tuple(blocks)


def text(recorded: RecordedRefund, settings: Settings, copy: int = 0) -> list[str]:
    """The document's lines on 58 mm paper."""
    return lines(document(recorded, settings, copy), WIDTH)

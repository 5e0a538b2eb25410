"""The papers of a shift: X while it is open, Z when it is closed, and the slip of cash moved in or out."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.contracts import Block, Cut, Document, Pair, Rule, Text
from posapp.clock import local
from posapp.messages import ShiftClosed, TenderSum
from posapp.money import Money
from posapp.rules.tenders import tender_name
from posapp.settings import Settings

_WORDS = {
    "x": ("交班前报表 X", "X report"),
    "z": ("交班报表 Z", "Z report"),
    "copy": ("*** 重印 ***", "*** COPY ***"),
    "till": ("收银台", "Till"),
    "number": ("班次", "Shift no."),
    "opened": ("开班", "Opened"),
    "now": ("打印", "Printed"),
    "closed": ("交班", "Closed"),
    "clerk": ("收银员", "Clerk"),
    "sales": ("销售 {n} 笔", "Sales ({n})"),
    "refunds": ("作废 {n} 笔", "Voids ({n})"),
    "net": ("净销售", "Net sales"),
    "rounding": ("舍入", "Rounding"),
    "times": ("{kind} {n} 笔", "{kind} ({n})"),
    "back": ("退 {kind} {n} 笔", "{kind} back ({n})"),
    "float": ("备用金", "Float"),
    "cash_in": ("现金存入", "Cash in"),
    "cash_out": ("现金取出", "Cash out"),
    "expected": ("应有现金", "Expected cash"),
    "counted": ("实点现金", "Counted cash"),
    "over": ("长款", "Over"),
    "short": ("短款", "Short"),
    "even": ("长短款", "Difference"),
    "reason": ("原因", "Reason"),
    "first": ("首单", "First receipt"),
    "last": ("末单", "Last receipt"),
    "unmatched": ("收款码待核对 {n} 笔", "Payment codes to match ({n})"),
    "unsent": ("未上传 {n} 条", "Not sent yet: {n}"),
    "signature": ("签名 ________", "Signature ________"),
    "by": ("授权", "Approved by"),
}


@dataclass(frozen=True, slots=True)
class About:
    """Whose paper it is. at: instant of the paper. unsent: entries that wait for HQ, None where that is not told.

    sees_over: whether expected cash, over and short stand on it.
    """

    till: str
    clerk: str
    at: int
    sees_over: bool
    unsent: int | None = None


def x_slip(figures: ShiftClosed, about: About, settings: Settings) -> Document:
    """The open shift so far."""
    return _slip("x", figures, about, settings, "", is_copy=False)


def z_slip(
    figures: ShiftClosed, about: About, settings: Settings, reason: str = "", *, is_copy: bool = False
) -> Document:
    """A closed shift. reason: why it was over or short."""
    return _slip("z", figures, about, settings, reason, is_copy=is_copy)


def _slip(kind: str, figures: ShiftClosed, about: About, settings: Settings, reason: str, *, is_copy: bool) -> Document:
    word = _words(settings)
    blocks: list[Block] = []
    if settings.store_name:
        blocks.append(Text(settings.store_name, "centre", is_bold=True, size=2))
    blocks.append(Text(word[kind], "centre", is_bold=True, size=2))
    if is_copy:
        blocks.append(Text(word["copy"], "centre", is_bold=True))
    blocks += [
        Text(f"{word['till']} {about.till}"),
        Text(f"{word['number']} {figures.number}"),
        Text(f"{word['opened']} {_time(figures.opened, settings)}"),
        Text(f"{word['now' if kind == 'x' else 'closed']} {_time(about.at, settings)}"),
        Text(f"{word['clerk']} {about.clerk}"),
        Rule(),
        *_sales(figures, word, settings.language),
        Rule(),
        *_cash(figures, about, word, is_counted=kind == "z"),
    ]
    if reason:
        blocks.append(Text(f"{word['reason']} {reason}"))
    blocks.append(Rule())
    if figures.first_receipt:
        blocks += [
            Text(f"{word['first']} {figures.first_receipt}"),
            Text(f"{word['last']} {figures.last_receipt}"),
        ]
    if figures.unmatched:
        left = word["unmatched"].format(n=figures.unmatched)
        blocks.append(Pair(left, str(Money(figures.unmatched_amount)), is_bold=True))
    if about.unsent is not None:
        blocks.append(Text(word["unsent"].format(n=about.unsent)))
    if kind == "z":
        blocks += [Text(""), Text(word["signature"])]
    return (*blocks, Cut())


def _sales(figures: ShiftClosed, word: dict[str, str], language: str) -> list[Block]:
    blocks: list[Block] = [Pair(word["sales"].format(n=figures.sales), str(Money(figures.total)))]
    if figures.refunds:
        blocks.append(Pair(word["refunds"].format(n=figures.refunds), str(-Money(figures.refunded))))
    blocks.append(Pair(word["net"], str(Money(figures.total - figures.refunded)), is_bold=True))
    if figures.rounding:
        blocks.append(Pair(word["rounding"], str(Money(figures.rounding))))
    blocks += [_sum(word["times"], held, held.amount, language) for held in figures.tenders]
    blocks += [_sum(word["back"], held, -held.amount, language) for held in figures.back]
    return blocks


def _sum(words: str, held: TenderSum, fen: int, language: str) -> Pair:
    return Pair(words.format(kind=tender_name(held.kind, language), n=held.count), str(Money(fen)))


def _cash(figures: ShiftClosed, about: About, word: dict[str, str], *, is_counted: bool) -> list[Block]:
    blocks: list[Block] = [
        Pair(word["float"], str(Money(figures.float))),
        Pair(word["cash_in"], str(Money(figures.cash_in))),
        Pair(word["cash_out"], str(-Money(figures.cash_out))),
    ]
    if about.sees_over:
        blocks.append(Pair(word["expected"], str(Money(figures.expected)), is_bold=True))
    if not is_counted:
        return blocks
    blocks += [
        Pair(f"  {Money(held.fen)} x {held.count}", str(Money(held.fen * held.count))) for held in figures.pieces
    ]
    blocks.append(Pair(word["counted"], str(Money(figures.counted)), is_bold=True))
    if about.sees_over:
        over = figures.counted - figures.expected
        blocks.append(Pair(word["over" if over > 0 else "short" if over else "even"], str(Money(over)), is_bold=True))
    return blocks


def cash_slip(amount: Money, reason: str, by: int, about: About, settings: Settings) -> Document:
    """Cash put into the drawer (positive) or taken out of it. by: who approved it, 0 if nobody had to."""
    word = _words(settings)
    blocks: list[Block] = [
        Text(word["cash_in" if amount.fen > 0 else "cash_out"], "centre", is_bold=True, size=2),
        Text(f"{word['till']} {about.till}"),
        Text(_time(about.at, settings)),
        Text(f"{word['clerk']} {about.clerk}"),
    ]
    if by:
        blocks.append(Text(f"{word['by']} {by}"))
    return (
        *blocks,
        Rule(),
        Pair(reason, str(amount), is_bold=True),
        Text(""),
        Text(word["signature"]),
        Cut(),
    )


def _words(settings: Settings) -> dict[str, str]:
    return {key: pair[settings.language == "en"] for key, pair in _WORDS.items()}


def _time(ms: int, settings: Settings) -> str:
    return f"{local(ms, settings.time_zone):%Y-%m-%d %H:%M:%S}"

"""From one journal entry to the rows that follow from it: pure, so that tables can be made again and compared.

What does not agree (a total, a tax, a counter) is no reason to leave an entry out: its rows are made and a flag
says so. Only an entry of which no rows can be made is poison, and it stops nothing but itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import msgspec

from posapp.chain import Header, canonical
from posapp.errors import PosError
from posapp.hq.accept import OTHER_EVENT, SAME_EVENT
from posapp.messages import (
    CashMoved,
    JournalOpened,
    Message,
    PaymentSettled,
    RefundCompleted,
    SaleCompleted,
    SaleLine,
    ShiftClosed,
    ShiftOpened,
    Tender,
    read_body,
)
from posapp.money import LARGEST, Money
from posapp.rules.tax import tax_in

Rows = dict[str, list[tuple[Any, ...]]]
"""Rows by table name, each in the order of the table's columns."""

_LARGEST_SUM = 1 << 62


class Poison(Exception):
    """No rows can be made of an entry: a quarantine code and a word about it."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail[:300]


@dataclass(slots=True)
class JournalState:
    """How far a journal was projected. The fields are the columns of journal_state."""

    jid: str
    store: int
    till: int
    label: str = ""
    reason: str = ""
    parent: str = ""
    seq: int = 0
    effective: int = 0
    counter: int = 0


@dataclass(slots=True)
class ShiftState:
    """A shift as its till told it and as HQ holds it. held_tenders, held_back: kind -> (count, amount)."""

    store: int
    till: int
    shift: str
    date: str
    clerk: int = 0
    opened: int = 0
    float: int = 0
    closed: int = 0
    counted: int = 0
    expected: int = 0
    held_sales: int = 0
    held_total: int = 0
    held_rounding: int = 0
    held_cash_in: int = 0
    held_cash_out: int = 0
    held_tenders: dict[str, tuple[int, int]] = field(default_factory=dict)
    held_refunds: int = 0
    held_refunded: int = 0
    held_back: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class RefundedState:
    """What has gone back for a sale. The fields are the columns of refunded."""

    store: int
    till: int
    sale: str
    receipt: str
    sold: int
    times: int = 0
    total: int = 0


@dataclass(slots=True)
class Held:
    """What is known of one till before an entry, changed by it: its journals, its shifts, the sales it gave money back
    for, the articles of its store."""

    knows: Callable[[str, int], bool]
    journals: dict[str, JournalState] = field(default_factory=dict)
    shifts: dict[str, ShiftState] = field(default_factory=dict)
    refunded: dict[str, RefundedState] = field(default_factory=dict)


def decode(header: Header, body: bytes) -> Message:
    """An entry's body. Raises Poison too_new, bad_schema."""
    try:
        message = read_body(header.t, header.sv, body)
    except KeyError:
        raise Poison("too_new", f"{header.t} version {header.sv}") from None
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Poison("bad_schema", str(error)) from None
    if b"\\u0000" in body and _holds_nul(msgspec.json.decode(body)):
        raise Poison("bad_schema", "a text holds NUL")
    return message


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_holds_nul, value))


def project_entry(
    held: Held, number: int, known: int, header: Header, body: bytes, message: Message | Poison
) -> tuple[Rows, Poison | None]:
    """The rows of one entry, in the order HQ received it; `number` is its batch's, `known` the role of its identity.

    Changes `held`. The second value says why an entry gave no rows (or fewer), if so.
    """
    journal = held.journals.get(header.jid)
    if journal is None:
        journal = held.journals[header.jid] = JournalState(header.jid, header.store, header.till)
    before = journal.effective
    journal.seq = header.seq
    journal.effective = min(max(before, header.ef), LARGEST)
    page = _Page(header, body)
    poison: Poison | None = None
    try:
        _check_fits(header)
        if header.ef <= before:
            page.flag("impossible_time", effective=header.ef, before=before)
        if known == OTHER_EVENT:
            page.flag("identity_conflict", event=header.eid, type=header.t)
        elif known != SAME_EVENT:
            if isinstance(message, Poison):
                raise message
            _HANDLERS.get(type(message), _other)(held, number, page, message)
    except Poison as found:
        poison = found
    except (PosError, ValueError) as error:
        poison = Poison("bad_schema", str(error))
    except Exception as error:  # noqa: BLE001  (whatever a body makes our code do, it blocks nothing)
        poison = Poison("projector_bug", repr(error))
    if poison is not None:
        page.rows = defaultdict(list)
    return page.rows, poison


class _Page:
    """The rows of one entry while they are made."""

    __slots__ = ("body", "flags", "header", "key", "place", "rows")

    def __init__(self, header: Header, body: bytes) -> None:
        self.header = header
        self.body = body
        self.key = (header.jid, header.seq)
        self.place = (header.store, header.till, header.bd)
        self.rows: Rows = defaultdict(list)
        self.flags = 0

    def flag(self, kind: str, **detail: Any) -> None:
        self.flags += 1
        text = canonical(detail).decode()
        self.rows["flag"].append((*self.key, self.flags, *self.place, kind, text))


def _check_fits(header: Header) -> None:
    """Both databases take what a header says; bodies are bounded by their types. Raises Poison."""
    numbers = (header.w, header.ef, header.clerk, header.by, header.sv, header.cq)
    if max(numbers) > LARGEST or min(numbers) < -LARGEST:
        raise Poison("bad_schema", f"a number is too large: {str(max(numbers, key=abs))[:30]}")
    if any("\0" in text for text in (header.eid, header.rn, header.bd, header.t)):
        raise Poison("bad_schema", "a text holds NUL")


def _plus(left: int, right: int) -> int:
    return max(-_LARGEST_SUM, min(_LARGEST_SUM, left + right))


def _shift(held: Held, header: Header, shift: str) -> ShiftState:
    return held.shifts.get(shift) or ShiftState(header.store, header.till, shift, header.bd)


# --- one function for each type that has tables of its own ---


def _other(held: Held, number: int, page: _Page, message: Message) -> None:
    header = page.header
    page.rows["event"].append(
        (
            *page.key,
            *page.place,
            header.eid,
            header.t,
            header.sv,
            header.clerk,
            header.by,
            header.w,
            header.ef,
            page.body.decode(),
        )
    )


def _journal_opened(held: Held, number: int, page: _Page, message: JournalOpened) -> None:
    _other(held, number, page, message)
    journal = held.journals[page.header.jid]
    journal.label, journal.reason, journal.parent = message.label, message.reason, message.parent_jid


def _sale(held: Held, number: int, page: _Page, message: SaleCompleted) -> None:
    header, key, place = page.header, page.key, page.place
    lines = page.rows["sale_line"]
    total = 0
    by_rate: dict[str, tuple[int, int]] = {}
    unknown: list[str] = []
    wrong_tax: list[int] = []
    for pos, line in enumerate(message.lines, 1):
        total += line.amount
        amount, tax = by_rate.get(line.rate, (0, 0))
        by_rate[line.rate] = (amount + line.amount, tax + line.tax)
        if _tax(line.amount, line.rate) != line.tax:
            wrong_tax.append(line.n)
        if not held.knows(line.article, number):
            unknown.append(line.article)
        lines.append(_line(key, pos, place, line))
    _check_sale(page, message, total, by_rate)
    if wrong_tax:
        page.flag("tax_mismatch", lines=wrong_tax)
    if unknown:
        page.flag("unknown_product", articles=sorted(set(unknown)))
    if message.taxes:
        page.rows["sale_tax"] = [
            (*key, pos, *place, tax_sum.rate, tax_sum.amount, tax_sum.tax)
            for pos, tax_sum in enumerate(message.taxes, 1)
        ]
    if message.tenders:
        page.rows["tender"] = [
            (*key, pos, *place, paid.kind, paid.amount, paid.given, paid.ref)
            for pos, paid in enumerate(message.tenders, 1)
        ]
    row = (
        *key,
        *place,
        header.eid,
        header.rn,
        message.counter,
        header.clerk,
        message.shift,
        message.ticket,
        message.opened,
        message.paid,
        header.ef,
        header.cq,
        len(message.lines),
        message.total,
        message.rounding,
        message.change,
        message.member,
        message.join,
        message.how,
        message.priced,
        canonical(message.points).decode() if message.points else "",
    )
    page.rows["sale"].append(row)
    # From here on nothing fails: the till's state changes whole or not at all.
    _count_receipt(held, page, message.counter)
    shift = _shift(held, header, message.shift)
    shift.held_sales += 1
    shift.held_total = _plus(shift.held_total, message.total)
    shift.held_rounding = _plus(shift.held_rounding, message.rounding)
    _add_tenders(shift.held_tenders, message.tenders)
    held.shifts[message.shift] = shift


def _add_tenders(sums: dict[str, tuple[int, int]], tenders: list[Tender]) -> None:
    for paid in tenders:
        count, amount = sums.get(paid.kind, (0, 0))
        sums[paid.kind] = (count + 1, _plus(amount, paid.amount))


def _refund(held: Held, number: int, page: _Page, message: RefundCompleted) -> None:
    header, key, place = page.header, page.key, page.place
    _check_refund(page, message)
    page.rows["refund_line"] = [
        (
            *key,
            pos,
            *place,
            line.n,
            line.article,
            line.qty,
            line.amount,
            line.rate,
            line.tax,
            sum(reason.fen for reason in line.why),
        )
        for pos, line in enumerate(message.lines, 1)
    ]
    page.rows["refund_tender"] = [
        (*key, pos, *place, paid.kind, paid.amount, paid.ref) for pos, paid in enumerate(message.tenders, 1)
    ]
    page.rows["refund_tax"] = [
        (*key, pos, *place, tax_sum.rate, tax_sum.amount, tax_sum.tax) for pos, tax_sum in enumerate(message.taxes, 1)
    ]
    row = (
        *key,
        *place,
        header.eid,
        header.rn,
        message.counter,
        message.kind,
        message.sale,
        message.receipt,
        header.clerk,
        header.by,
        message.shift,
        message.done,
        header.ef,
        message.total,
        message.rounding,
        message.reason,
        message.member,
    )
    page.rows["refund"].append(row)
    before = held.refunded.get(message.sale) or RefundedState(
        header.store, header.till, message.sale, message.receipt, message.sold
    )
    now = replace(before, times=before.times + 1, total=_plus(before.total, message.total))
    if now.total > now.sold or (message.kind == "void" and before.times):
        page.flag("refunded_twice", receipt=message.receipt, sold=now.sold, back=now.total)
    # From here on nothing fails: the till's state changes whole or not at all.
    held.refunded[message.sale] = now
    _count_receipt(held, page, message.counter)
    shift = _shift(held, header, message.shift)
    shift.held_refunds += 1
    shift.held_refunded = _plus(shift.held_refunded, message.total)
    _add_tenders(shift.held_back, message.tenders)
    held.shifts[message.shift] = shift


def _check_refund(page: _Page, refund: RefundCompleted) -> None:
    lines = sum(line.amount for line in refund.lines)
    if lines != refund.total:
        page.flag("total_mismatch", lines=lines, total=refund.total)
    back = sum(tender.amount for tender in refund.tenders)
    if back != refund.total + refund.rounding:
        page.flag("tender_mismatch", tenders=back, due=refund.total + refund.rounding)


def _settled(held: Held, number: int, page: _Page, message: PaymentSettled) -> None:
    header = page.header
    row = (
        *page.key,
        *page.place,
        message.sale,
        message.receipt,
        message.tender,
        message.kind,
        message.amount,
        message.ref,
        message.how,
        header.clerk,
        header.ef,
    )
    page.rows["settlement"].append(row)


def _line(key: tuple[str, int], pos: int, place: tuple[int, int, str], line: SaleLine) -> tuple[Any, ...]:
    off = sum(reason.fen for reason in line.why)
    why = canonical(line.why).decode() if line.why else ""
    return (
        *key,
        pos,
        *place,
        line.n,
        line.article,
        line.code,
        line.name,
        line.unit,
        line.qty,
        line.price,
        line.amount,
        line.rate,
        line.tax,
        line.book,
        off,
        why,
    )


@lru_cache(maxsize=1 << 16)
def _tax(amount: int, rate: str) -> int | None:
    try:
        return tax_in(Money(amount), rate).fen
    except (ValueError, PosError):
        return None


def _check_sale(page: _Page, sale: SaleCompleted, total: int, by_rate: dict[str, tuple[int, int]]) -> None:
    if total != sale.total:
        page.flag("total_mismatch", lines=total, total=sale.total)
    paid = sum(tender.amount for tender in sale.tenders)
    if paid != sale.total + sale.rounding:
        page.flag("tender_mismatch", tenders=paid, due=sale.total + sale.rounding)
    change = sum(tender.given - tender.amount for tender in sale.tenders if tender.given)
    if change != sale.change:
        page.flag("change_mismatch", tenders=change, change=sale.change)
    recorded = {tax_sum.rate: (tax_sum.amount, tax_sum.tax) for tax_sum in sale.taxes}
    nothing = (0, 0)
    if any(recorded.get(rate, nothing) != by_rate.get(rate, nothing) for rate in {**recorded, **by_rate}):
        page.flag("tax_sum_mismatch", rates=sorted({*recorded, *by_rate}))


def _count_receipt(held: Held, page: _Page, counter: int) -> None:
    """Receipts of a journal count 1, 2, 3 ...; one written again after a restore carries its old number."""
    if page.header.re is not msgspec.UNSET:
        return
    journal = held.journals[page.header.jid]
    if counter != journal.counter + 1:
        page.flag("receipt_gap", counter=counter, before=journal.counter)
    journal.counter = max(journal.counter, counter)


def _shift_opened(held: Held, number: int, page: _Page, message: ShiftOpened) -> None:
    _other(held, number, page, message)
    shift = _shift(held, page.header, message.shift)
    held.shifts[message.shift] = replace(shift, clerk=page.header.clerk, opened=page.header.ef, float=message.float)


def _shift_closed(held: Held, number: int, page: _Page, message: ShiftClosed) -> None:
    _other(held, number, page, message)
    shift = _shift(held, page.header, message.shift)
    told: dict[str, Any] = {
        "sales": message.sales,
        "total": message.total,
        "rounding": message.rounding,
        "cash_in": abs(message.cash_in),
        "cash_out": abs(message.cash_out),
        "refunds": message.refunds,
        "refunded": message.refunded,
    }
    held_here: dict[str, Any] = {name: getattr(shift, f"held_{name}") for name in told}
    for words, sums, here in (("", message.tenders, shift.held_tenders), (" back", message.back, shift.held_back)):
        told_sums = {item.kind: (item.count, item.amount) for item in sums}
        for kind in {**told_sums, **here}:
            for pos, what in enumerate(("count", "amount")):
                told[f"{kind}{words} {what}"] = told_sums.get(kind, (0, 0))[pos]
                held_here[f"{kind}{words} {what}"] = here.get(kind, (0, 0))[pos]
    differing = {name: [told[name], held_here[name]] for name in told if told[name] != held_here[name]}
    if differing:
        page.flag("shift_mismatch", shift=message.shift, differing=differing)
    held.shifts[message.shift] = replace(
        shift, closed=page.header.ef, counted=message.counted, expected=message.expected
    )


def _cash_moved(held: Held, number: int, page: _Page, message: CashMoved) -> None:
    header = page.header
    row = (
        *page.key,
        *page.place,
        message.shift,
        header.clerk,
        header.by,
        message.amount,
        message.reason,
        header.ef,
    )
    page.rows["cash_move"].append(row)
    shift = _shift(held, header, message.shift)
    if message.amount > 0:
        shift.held_cash_in = _plus(shift.held_cash_in, message.amount)
    else:
        shift.held_cash_out = _plus(shift.held_cash_out, -message.amount)
    held.shifts[message.shift] = shift


_HANDLERS: dict[type[Message], Callable[[Held, int, _Page, Any], None]] = {
    JournalOpened: _journal_opened,
    SaleCompleted: _sale,
    RefundCompleted: _refund,
    PaymentSettled: _settled,
    ShiftOpened: _shift_opened,
    ShiftClosed: _shift_closed,
    CashMoved: _cash_moved,
}

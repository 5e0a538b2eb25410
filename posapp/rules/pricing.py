"""What a ticket costs: pure, the same on till and HQ, with a reason for every fen away from list price.

The order is fixed: price by hand or scale label, discount of the line, the line's share of the ticket's
discount. A share is given in proportion to what the discountable lines cost by then, to the fen.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from posapp.messages import Reason, SaleLine, TaxSum
from posapp.money import Money, round_half_up, split, total
from posapp.quantity import Quantity
from posapp.rules.cart import Cart, Discount, Line
from posapp.rules.tax import tax_in

DISCOUNTS = frozenset({"discount", "ticket_discount"})
"""The kinds of reasons that a cashier gave away."""


@dataclass(frozen=True, slots=True)
class PricedLine:
    """gross: list price times quantity. amount: what the line costs, gross plus all reasons."""

    line: Line
    gross: Money
    reasons: tuple[Reason, ...]
    amount: Money


@dataclass(frozen=True, slots=True)
class Priced:
    lines: tuple[PricedLine, ...]
    total: Money

    def of(self, n: int) -> PricedLine:
        return next(priced for priced in self.lines if priced.line.n == n)


def discount_on(amount: Money, discount: Discount) -> Money:
    """What a discount takes off an amount; never more than the amount."""
    if discount.percent:
        return amount.times(Fraction(discount.percent, 10_000))
    return min(discount.amount, amount)


def price(cart: Cart) -> Priced:
    """Price a whole ticket."""
    lines = [_price_line(line) for line in cart.lines]
    if cart.discount:
        lines = _share(lines, cart.discount)
    return Priced(tuple(lines), total([line.amount for line in lines]))


def _cost(unit_price: Money, qty: Quantity) -> Money:
    return Money(round_half_up(unit_price.fen * qty.milli, 1000))


def _price_line(line: Line) -> PricedLine:
    gross = amount = _cost(line.price, line.qty)
    reasons = []
    if line.override is not None:
        agreed = _cost(line.override, line.qty)
        reasons.append(Reason("price", (agreed - amount).fen, line.override_by))
        amount = agreed
    elif line.label is not None and line.label != amount:
        reasons.append(Reason("label", (line.label - amount).fen))
        amount = line.label
    if line.discount:
        off = discount_on(amount, line.discount)
        reasons.append(Reason("discount", -off.fen, line.discount.by))
        amount -= off
    return PricedLine(line, gross, tuple(reasons), amount)


def _share(lines: list[PricedLine], discount: Discount) -> list[PricedLine]:
    weights = [line.amount.fen if line.line.is_discountable else 0 for line in lines]
    off = discount_on(Money(sum(weights)), discount)
    if not off:
        return lines
    return [
        PricedLine(
            line.line,
            line.gross,
            (*line.reasons, Reason("ticket_discount", -part.fen, discount.by)),
            line.amount - part,
        )
        if part
        else line
        for line, part in zip(lines, split(off, weights), strict=True)
    ]


def sale_lines(priced: Priced) -> list[SaleLine]:
    """The lines as they are recorded, tax contained per line."""
    return [
        SaleLine(
            n=line.line.n,
            article=line.line.article,
            code=line.line.code,
            name=line.line.name,
            unit=line.line.unit,
            qty=line.line.qty.milli,
            price=line.line.price.fen,
            amount=line.amount.fen,
            rate=line.line.rate,
            tax=tax_in(line.amount, line.line.rate).fen,
            book=line.line.book,
            why=list(line.reasons),
        )
        for line in priced.lines
    ]


def tax_sums(lines: list[SaleLine]) -> list[TaxSum]:
    """Amount and contained tax by rate, in the order of the rates' text."""
    sums: dict[str, TaxSum] = {}
    for line in lines:
        held = sums.setdefault(line.rate, TaxSum(line.rate, 0, 0))
        held.amount += line.amount
        held.tax += line.tax
    return [sums[rate] for rate in sorted(sums)]


def due(priced: Priced, cart: Cart) -> Money:
    """What is still to be paid, before cash rounding."""
    return priced.total - total([paid.amount for paid in cart.paid])

"""What a ticket costs: pure, the same on till and HQ, with a reason for every fen away from list price.

The order is fixed: price by hand, scale label or member price; the member day; discount of the line; the line's
share of the ticket's discount; of one benefit of the member's account, the largest that applies; of what points pay.
A share is given in proportion to what the lines cost by then, to the fen. A gift costs nothing whatever else applies.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from posapp.messages import Reason, SaleLine, TaxSum
from posapp.money import Money, round_half_up, split, total
from posapp.quantity import Quantity
from posapp.rules.cart import Cart, Discount, Line
from posapp.rules.tax import tax_in
from posapp.streams import Benefit

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
    lines = [_price_line(line, cart) for line in cart.lines]
    if cart.discount:
        weights = [line.amount.fen if line.line.is_discountable else 0 for line in lines]
        off = discount_on(Money(sum(weights)), cart.discount)
        lines = _shared(lines, off, weights, "ticket_discount", by=cart.discount.by)
    if promise := benefit_for(cart, total([line.amount for line in lines])):
        weights = [line.amount.fen for line in lines]
        off = min(Money(promise.fen), Money(sum(weights)))
        lines = _shared(lines, off, weights, "benefit", id_=promise.id)
    if cart.points_off:
        weights = [line.amount.fen for line in lines]
        lines = _shared(lines, min(cart.points_off, Money(sum(weights))), weights, "points")
    return Priced(tuple(lines), total([line.amount for line in lines]))


def benefit_for(cart: Cart, goods: Money) -> Benefit | None:
    """The benefit of the member's account that a ticket uses: the one that takes off most when it is priced."""
    if (guest := cart.guest) is None:
        return None
    usable = [
        promise
        for promise in guest.benefits
        if promise.kind == "amount" and promise.least <= goods.fen and guest.may_use(promise, cart.priced)
    ]
    return max(usable, key=lambda promise: (min(promise.fen, goods.fen), promise.id), default=None)


def _cost(unit_price: Money, qty: Quantity) -> Money:
    return Money(round_half_up(unit_price.fen * qty.milli, 1000))


def _price_line(line: Line, cart: Cart) -> PricedLine:
    gross = amount = _cost(line.price, line.qty)
    reasons = []
    if line.gift:
        return PricedLine(line, gross, (Reason("gift", -gross.fen, id=line.gift),), Money(0))
    if line.override is not None:
        agreed = _cost(line.override, line.qty)
        reasons.append(Reason("price", (agreed - amount).fen, line.override_by))
        amount = agreed
    elif line.label is not None and line.label != amount:
        reasons.append(Reason("label", (line.label - amount).fen))
        amount = line.label
    elif cart.guest and Money(0) < line.member < line.price:
        for_members = _cost(line.member, line.qty)
        reasons.append(Reason("member", (for_members - amount).fen))
        amount = for_members
    if cart.guest and cart.day_off and line.is_discountable and line.override is None:
        off = amount.times(Fraction(cart.day_off, 100))
        reasons.append(Reason("member_day", -off.fen))
        amount -= off
    if line.discount:
        off = discount_on(amount, line.discount)
        reasons.append(Reason("discount", -off.fen, line.discount.by))
        amount -= off
    return PricedLine(line, gross, tuple(reasons), amount)


def _shared(
    lines: list[PricedLine], off: Money, weights: list[int], kind: str, *, by: int = 0, id_: str = ""
) -> list[PricedLine]:
    """Take an amount off the lines, each its share."""
    if not off:
        return lines
    return [
        PricedLine(
            line.line,
            line.gross,
            (*line.reasons, Reason(kind, -part.fen, by, id_)),
            line.amount - part,
        )
        if part
        else line
        for line, part in zip(lines, split(off, weights), strict=True)
    ]


def sale_lines(priced: Priced) -> list[SaleLine]:
    """The lines as they are recorded, tax contained per line; a pack as its parts."""
    return [recorded for line in priced.lines for recorded in (_parts(line) if line.line.pack else [_recorded(line)])]


def _recorded(line: PricedLine) -> SaleLine:
    return SaleLine(
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


def _parts(line: PricedLine) -> list[SaleLine]:
    """A pack's price split over its parts by what each costs alone, to the fen."""
    alone = [_cost(part.price, part.qty) for part in line.line.pack]
    amounts = split(line.amount, [cost.fen for cost in alone])
    return [
        SaleLine(
            n=line.line.n + place,
            article=part.article,
            code=part.code,
            name=part.name,
            unit=part.unit,
            qty=part.qty.milli,
            price=part.price.fen,
            amount=amount.fen,
            rate=part.rate,
            tax=tax_in(amount, part.rate).fen,
            book=part.book,
            why=[Reason("pack", (amount - cost).fen, id=line.line.article)],
        )
        for place, (part, cost, amount) in enumerate(zip(line.line.pack, alone, amounts, strict=True))
    ]


def points_base(priced: Priced) -> Money:
    """What of a ticket earns points."""
    earning = Money(0)
    for line in priced.lines:
        if not line.line.pack:
            earning += line.amount if line.line.earns else Money(0)
        else:
            earning += total(
                [Money(made.amount) for made, part in zip(_parts(line), line.line.pack, strict=True) if part.earns]
            )
    return earning


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

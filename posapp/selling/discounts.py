"""What a discount by hand is taken of, and whether a ticket's discounts have outgrown the cashier's limit. Pure."""

from __future__ import annotations

from posapp.errors import PosError
from posapp.money import Money
from posapp.rules.cart import Cart
from posapp.rules.pricing import DISCOUNTS, Priced


def base_of(cart: Cart | None, priced: Priced | None, n: int | None) -> tuple[str, Money]:
    """The name and the amount that a discount on line n, or on the whole ticket (None), is taken of.

    Raises PosError empty_ticket, no_such_line, no_discount_allowed.
    """
    if cart is None or priced is None:
        raise PosError("empty_ticket")
    if n is None:
        return "all", Money(sum(held.amount.fen for held in priced.lines if held.line.is_discountable))
    line = cart.line(n)
    if line is None:
        raise PosError("no_such_line", line=n)
    if not line.is_discountable:
        raise PosError("no_discount_allowed", name=line.name)
    held = priced.of(n)
    return line.name, Money(held.amount.fen - sum(reason.fen for reason in held.reasons if reason.kind in DISCOUNTS))


def beyond(priced: Priced, percent: int) -> tuple[int, str] | None:
    """The first line whose unapproved discounts have grown beyond the limit, and what is off, in words.

    A smaller quantity, a voided line, or one discount on top of another makes them grow.
    """
    for held in priced.lines:
        off = [reason for reason in held.reasons if reason.kind in DISCOUNTS]
        given = [reason.fen for reason in off if not reason.by]
        base = held.amount.fen - sum(reason.fen for reason in off)
        if given and -sum(given) * 100 > percent * base + 100 * len(given):  # a fen each for rounding
            return held.line.n, f"{held.line.name} {Money(sum(given))}"
    return None

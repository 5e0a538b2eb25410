"""VAT contained in an amount. Prices include it; it is worked out per line, half up to the fen (domain.md 2.16)."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache

from posapp.money import Money

EXEMPT = "exempt"
UNTAXED = "none"

_RATE = re.compile(r"0(\.[0-9]{1,6})?")


@cache
def as_fraction(rate: str) -> Fraction:
    """The exact rate: "0.13" is 13/100; "exempt" (免税) and "none" (不征税) are 0. Raises ValueError."""
    if rate in (EXEMPT, UNTAXED):
        return Fraction(0)
    if not _RATE.fullmatch(rate):
        raise ValueError(f"not a tax rate: {rate!r}")
    return Fraction(rate)


@cache
def _contained(rate: str) -> Fraction:
    fraction = as_fraction(rate)
    return fraction / (1 + fraction)


def tax_in(amount: Money, rate: str) -> Money:
    """The tax contained in a VAT-inclusive amount: amount * r / (1 + r)."""
    return amount.times(_contained(rate))

"""Money as whole fen, its rounding and its splitting. Everyone who touches an amount stands on this."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import total_ordering

from posapp.errors import PosError

_AMOUNT = re.compile(r"[¥￥]?(-?)([0-9]{1,12})(?:\.([0-9]{1,2}))?")
_HALF_WIDTH = str.maketrans("０１２３４５６７８９．－％", "0123456789.-%")

# Canonical JSON carries no integer beyond 2**53 - 1 (RFC 8785, I-JSON); a till's amounts stay far below.
LARGEST = 10**14


def half_width(text: str) -> str:
    """A number as input methods for Chinese may type it, in plain digits."""
    return text.translate(_HALF_WIDTH)


def round_half_up(numerator: int, denominator: int) -> int:
    """The whole number nearest to a fraction; a half goes away from zero, as Chinese retail and VAT practice round.

    The denominator is above zero.
    """
    away = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -away if numerator < 0 else away


@total_ordering
class Money:
    """An amount in fen (1/100 yuan). Adds and compares only with Money; never holds a float."""

    __slots__ = ("fen",)

    def __init__(self, fen: int) -> None:
        if type(fen) is not int or abs(fen) > LARGEST:
            raise PosError("bad_amount", amount=str(fen)[:30])
        self.fen = fen

    @classmethod
    def parse(cls, text: str) -> Money:
        """Read "12", "12.5", "12.50" or "￥12.50"; at most two decimals. Raises PosError bad_amount."""
        match = _AMOUNT.fullmatch(half_width(text))
        if match is None:
            raise PosError("bad_amount", amount=text[:30])
        sign, yuan, cents = match.groups()
        fen = int(yuan) * 100 + int((cents or "").ljust(2, "0"))
        return cls(-fen if sign else fen)

    def times(self, factor: Fraction) -> Money:
        """This amount times an exact fraction, rounded half up to the fen."""
        return Money(round_half_up(self.fen * factor.numerator, factor.denominator))

    def __add__(self, other: Money) -> Money:
        return Money(self.fen + other.fen)

    def __sub__(self, other: Money) -> Money:
        return Money(self.fen - other.fen)

    def __neg__(self) -> Money:
        return Money(-self.fen)

    def __bool__(self) -> bool:
        return self.fen != 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Money) and self.fen == other.fen

    def __lt__(self, other: Money) -> bool:
        return self.fen < other.fen

    def __hash__(self) -> int:
        return hash(("Money", self.fen))

    def __str__(self) -> str:
        yuan, cents = divmod(abs(self.fen), 100)
        return f"{'-' if self.fen < 0 else ''}{yuan}.{cents:02d}"

    def __repr__(self) -> str:
        return f"Money({self.fen})"


ZERO = Money(0)


def total(amounts: Sequence[Money]) -> Money:
    return Money(sum(amount.fen for amount in amounts))


def split(amount: Money, weights: Sequence[int]) -> list[Money]:
    """Share an amount in proportion to non-negative weights; the parts sum to it exactly.

    Largest remainder: every part is within one fen of its exact share, the fen left over go to the
    largest remainders, the earlier part first. With weights that are all zero the first part takes all.
    """
    if not weights:
        if amount:
            raise ValueError("an amount cannot be split over nothing")
        return []
    whole = sum(weights)
    if whole == 0:
        return [amount, *(ZERO for _ in weights[1:])]
    sign = -1 if amount.fen < 0 else 1
    parts = [divmod(abs(amount.fen) * weight, whole) for weight in weights]
    left = abs(amount.fen) - sum(share for share, _ in parts)
    richest = sorted(range(len(parts)), key=lambda i: (-parts[i][1], i))[:left]
    shares = [share for share, _ in parts]
    for index in richest:
        shares[index] += 1
    return [Money(sign * share) for share in shares]

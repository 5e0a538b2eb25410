"""Quantities as whole thousandths of the article's unit: pieces, or kilograms to the gram."""

from __future__ import annotations

import re

from posapp.errors import PosError
from posapp.money import half_width

_QUANTITY = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,3}))?")


class Quantity:
    """A count or weight in thousandths of a unit."""

    __slots__ = ("milli",)

    def __init__(self, milli: int) -> None:
        self.milli = milli

    @classmethod
    def parse(cls, text: str) -> Quantity:
        """Read "3" or "0.536" (at most three decimals, above zero). Raises PosError bad_quantity."""
        match = _QUANTITY.fullmatch(half_width(text))
        if match is None:
            raise PosError("bad_quantity", quantity=text[:30])
        whole, decimals = match.groups()
        milli = int(whole) * 1000 + int((decimals or "").ljust(3, "0"))
        if milli == 0:
            raise PosError("bad_quantity", quantity=text[:30])
        return cls(milli)

    @property
    def is_whole(self) -> bool:
        return self.milli % 1000 == 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.milli == other.milli

    def __hash__(self) -> int:
        return hash(("Quantity", self.milli))

    def __str__(self) -> str:
        sign, milli = ("-" if self.milli < 0 else ""), abs(self.milli)
        whole, decimals = divmod(milli, 1000)
        return f"{sign}{whole}.{decimals:03d}".rstrip("0") if decimals else f"{sign}{whole}"

    def __repr__(self) -> str:
        return f"Quantity({self.milli})"


ONE = Quantity(1000)

"""How far a share of few persons may be off: 95 % intervals of a rate and of the difference of two. Pure."""

from __future__ import annotations

from math import sqrt

Z95 = 1.959964
"""The normal deviate that 95 % lie within."""

LEAST_COMPARED = 10
"""A holdout of fewer persons tells no rate, and nothing is compared with or by fewer."""

FEW = ("人数太少", "too few persons")
"""What stands beside "—" then, in Chinese and English."""


def is_few(persons: int) -> bool:
    """Some, and too few to say anything of them."""
    return 0 < persons < LEAST_COMPARED


def interval(top: int, bottom: int) -> tuple[float, float]:
    """Wilson's score interval of top ÷ bottom; (0, 1) of nobody."""
    if bottom <= 0:
        return 0.0, 1.0
    share, square = top / bottom, Z95 * Z95
    middle = share + square / (2 * bottom)
    half = Z95 * sqrt(share * (1 - share) / bottom + square / (4 * bottom * bottom))
    whole = 1 + square / bottom
    return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)


def difference(one: tuple[int, int], other: tuple[int, int]) -> tuple[float, float]:
    """Newcombe's interval of the first rate minus the second, which holds for small groups too."""
    if one[1] <= 0 or other[1] <= 0:
        return -1.0, 1.0
    first, second = one[0] / one[1], other[0] / other[1]
    (low, high), (other_low, other_high) = interval(*one), interval(*other)
    gap = first - second
    return (
        gap - sqrt((first - low) ** 2 + (other_high - second) ** 2),
        gap + sqrt((high - first) ** 2 + (second - other_low) ** 2),
    )

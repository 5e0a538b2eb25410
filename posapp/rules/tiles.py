"""What a tile of the quick keys may be: its colour, and where it stands."""

from __future__ import annotations

import re

PALETTE = {
    "red": "#b93226",
    "orange": "#b8560f",
    "yellow": "#f0c33c",
    "green": "#2e7d4f",
    "teal": "#17808a",
    "blue": "#2563a8",
    "purple": "#6d4aa3",
    "pink": "#b5366a",
    "brown": "#8a5a3b",
    "grey": "#5b6675",
}
"""Colours by name; white letters can be read on each but yellow, which takes black ones."""

MOST_PAGES, MOST_PLACES = 20, 48
LONGEST_TITLE, LONGEST_LABEL = 12, 40

_HEX = re.compile(r"#[0-9a-f]{6}")


def colour(text: str) -> str:
    """#rrggbb of a colour's name or of itself, "" of nothing. Raises ValueError."""
    text = text.strip().casefold()
    if not text:
        return ""
    if text in PALETTE:
        return PALETTE[text]
    if not _HEX.fullmatch(text):
        raise ValueError(text)
    return text


def is_barcode(code: str) -> bool:
    """Whether a code is a GTIN (EAN-8, UPC-A, EAN-13, GTIN-14) with the right check digit; GS1 7.9.1."""
    if len(code) not in (8, 12, 13, 14) or not code.isascii() or not code.isdigit():
        return False
    digits = [int(digit) for digit in reversed(code)]
    return (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0

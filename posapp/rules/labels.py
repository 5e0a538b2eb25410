"""Codes printed by scales in the shop: an article number and a weight or amount inside one barcode.

A store describes its labels by patterns, since scales differ: domain.md 4.10 (13 digits: flag 2, PLU 5, value 5,
check; 18 digits: both weight and amount).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PATTERN = re.compile(r"(weight|amount) (\d*)(P+)(N+D*)(C?)")


@dataclass(frozen=True, slots=True)
class LabelPattern:
    """kind: weight (thousandths of the unit) or amount (fen)."""

    kind: str
    code: re.Pattern[str]
    decimals: int
    has_check: bool


@dataclass(frozen=True, slots=True)
class Label:
    """What a label says: article number, and thousandths of the unit or fen."""

    article: str
    kind: str
    value: int


def parse_labels(text: str) -> tuple[LabelPattern, ...]:
    """Read patterns such as "weight 22PPPPPNNDDDC; amount 21PPPPPNNNDDC". Raises ValueError."""
    patterns = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        match = _PATTERN.fullmatch(part)
        if match is None:
            raise ValueError
        kind, flag, article, value, check = match.groups()
        decimals = value.count("D")
        if decimals > (3 if kind == "weight" else 2):
            raise ValueError
        expression = rf"{flag}(?P<article>\d{{{len(article)}}})(?P<value>\d{{{len(value)}}})" + (r"\d" if check else "")
        patterns.append(LabelPattern(kind, re.compile(expression, re.ASCII), decimals, bool(check)))
    return tuple(patterns)


def check_digit(digits: str) -> str:
    """The GS1 modulo-10 check digit that belongs behind these digits (GS1 General Specifications 7.9)."""
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-weighted % 10)


def read_label(code: str, patterns: tuple[LabelPattern, ...]) -> Label | None:
    """The label a code is, by the first pattern that fits it with a right check digit; None if none does."""
    for pattern in patterns:
        match = pattern.code.fullmatch(code)
        if match is None or (pattern.has_check and check_digit(code[:-1]) != code[-1]):
            continue
        scale = 3 if pattern.kind == "weight" else 2
        return Label(match["article"], pattern.kind, int(match["value"]) * 10 ** (scale - pattern.decimals))
    return None

"""What staff write in their own words: short, one line, and no number by which somebody could be called."""

from __future__ import annotations

import re

from posapp.errors import PosError
from posapp.rules.phones import holds_phone

_NUMBER = re.compile(r"\d(?:[\s.\-·—()]*\d){4}")
_WHOLE_NUMBER = re.compile(r"\d(?:[\s.\-·—()]*\d){4,}")


def read_text(text: str, most: int) -> str:
    """The text without blanks around it. Raises PosError text_too_long, text_has_number."""
    plain = " ".join(text.split())
    if len(plain) > most:
        raise PosError("text_too_long", most=most)
    if _NUMBER.search(plain) or holds_phone(plain):
        raise PosError("text_has_number")
    return plain


def read_reason(text: str, most: int) -> str:
    """Why something is done, which goes where it is kept for long. Raises PosError needs_reason, text_too_long,
    text_has_number."""
    plain = read_text(text, most)
    if not plain:
        raise PosError("needs_reason")
    return plain


def without_numbers(text: str) -> str:
    """The words as they may be shown: of a number stands only that there was one."""
    return _WHOLE_NUMBER.sub("*****", text)

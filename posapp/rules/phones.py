"""Phone numbers as people type them and as they are compared: E.164, "+8613812345678"."""

from __future__ import annotations

import re
import unicodedata

from posapp.errors import PosError

_MOBILE = re.compile(r"1[3-9]\d{9}")
_FOREIGN = re.compile(r"\+[1-9]\d{7,14}")
_BETWEEN = re.compile(r"[\s\-().\u2010-\u2015]")


def read_phone(text: str) -> str:
    """The number in E.164; eleven digits are a mainland mobile. Raises PosError bad_phone."""
    plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", text))
    if plain.startswith("00"):
        plain = "+" + plain[2:]
    bare = plain.removeprefix("+86")
    if bare.isascii() and _MOBILE.fullmatch(bare):
        return "+86" + bare
    if plain.isascii() and _FOREIGN.fullmatch(plain) and not plain.startswith("+86"):
        return plain
    raise PosError("bad_phone")


def masked(phone: str) -> str:
    """What may be shown of a number in E.164: "138****5678"."""
    bare = phone.removeprefix("+86")
    return f"{bare[:3]}****{bare[-4:]}"

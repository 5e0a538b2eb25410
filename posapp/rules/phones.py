"""Phone numbers as people type them and as they are compared: E.164, "+8613812345678"."""

from __future__ import annotations

import re
import unicodedata

from posapp.errors import PosError

_MOBILE = re.compile(r"1[3-9]\d{9}")
_FOREIGN = re.compile(r"\+[1-9]\d{7,14}")
_BETWEEN = re.compile(r"[\s\-().\u2010-\u2015]")
_APART = r"(?:[^\w:]|_)*"
"""What may stand between a number's digits: anything but letters, other digits and the colon of a time of day."""

_READ = re.compile(
    rf"(?<!\d)(?:(?:0{_APART}0{_APART})?8{_APART}6{_APART})?(?:0{_APART})?1{_APART}[3-9](?:{_APART}\d){{9}}(?!\d)"
)
_UUID = re.compile(r"(?<![\da-z])[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?![\da-z])", re.ASCII | re.IGNORECASE)


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


def holds_phone(text: str) -> bool:
    """Whether a mainland mobile's number can be read in a text, in digits of any script and with anything but letters
    and colons between them, alone or after 86, 0086 or a 0.

    Its digits are all those of their run: where another digit stands directly before or behind, it is a longer number
    (an order's of 20 digits, milliseconds of 13) and nobody's phone. A UUID's hyphens part its digits.
    """
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in plain)
    plain = _UUID.sub(lambda found: found[0].replace("-", ":"), plain)
    return _READ.search(plain) is not None


def masked(phone: str) -> str:
    """What may be shown of a number in E.164: "138****5678"."""
    bare = phone.removeprefix("+86")
    return f"{bare[:3]}****{bare[-4:]}"

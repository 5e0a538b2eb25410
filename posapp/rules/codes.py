"""How a scanned or typed code may be spelt: as printed first, then the same number in its other forms."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 512

_COUNTED = re.compile(r"([0-9０-９.．]{1,11})[*×＊](.+)")


def clean(code: str) -> str | None:
    """A code without surrounding blanks, or None if it holds what no code of ours may (control characters,
    bidirectional marks and other invisible ones) or is too long (reliability.md 7.16)."""
    code = code.strip(" \t\r\n\u3000")
    if not code or len(code) > LONGEST:
        return None
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for letter in code):
        return None
    return code


def counted(text: str) -> tuple[str | None, str]:
    """Split "6*CODE" into ("6", "CODE"); a code alone comes back with None."""
    match = _COUNTED.fullmatch(text)
    if match is None:
        return None, text
    return unicodedata.normalize("NFKC", match[1]), match[2]


def spellings(code: str) -> list[str]:
    """Other spellings under which the same code may be registered, the likeliest first; the code itself left out.

    Full-width forms become half-width (input methods); UPC-A has 12 digits and is an EAN-13 with a leading 0
    (GS1 General Specifications 3.3); a GTIN-14 with indicator 0 is an EAN-13.
    """
    plain = unicodedata.normalize("NFKC", code).upper()
    forms = [plain]
    if plain.isascii() and plain.isdigit():
        if len(plain) == 12:
            forms.append("0" + plain)
        elif (len(plain) == 13 and plain[0] == "0") or (len(plain) == 14 and plain[0] == "0"):
            forms.append(plain[1:])
    return [form for form in dict.fromkeys(forms) if form != code]

"""How a scanned or typed code may be spelt: as printed first, then the same number in its other forms."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 512

BADGE = re.compile(r"K1[0-9A-HJKMNP-TV-Z]{26}")
"""A clerk's badge: 130 bits that nobody can guess, in Crockford's base 32."""

RECEIPT = re.compile(r"S\d{3,6}T\d{2}-[A-Z0-9]{1,4}-\d{6,9}-[0-9A-HJKMNP-TV-Z]{2}")

# domain.md 4.10. The patterns of pay codes are the channels' own: WeChat Pay and Alipay publish theirs, UnionPay's
# and e-CNY's are as the trade knows them.
_KINDS = (
    ("badge", BADGE),
    ("receipt", RECEIPT),
    ("member", re.compile(r"M1[0-9A-Z.]{8,}")),
    ("coupon", re.compile(r"C1[0-9A-Z.]{8,}")),
    ("pickup", re.compile(r"P1[0-9A-Z.]{8,}")),
    ("booking", re.compile(r"V1[0-9A-Z.]{8,}")),
    ("join", re.compile(r"J1[0-9A-Z.]{8,}|HTTPS?://\S+/J/\S+")),
    ("voucher", re.compile(r"HTTPS?://V\.DOUYIN\.COM/\S+")),
    ("pay", re.compile(r"1[0-5]\d{16}|(2[5-9]|30)\d{14,22}|FP[0-9A-Z]{33}|62\d{17}|01\d{17}")),
)

NAMES: dict[str, tuple[str, str]] = {
    "badge": ("工牌", "a clerk's badge"),
    "receipt": ("小票号", "a receipt number"),
    "member": ("会员码", "a member code"),
    "coupon": ("优惠券码", "a coupon"),
    "pickup": ("提货码", "a pick-up code"),
    "booking": ("预约码", "a booking code"),
    "join": ("入会码", "a join code"),
    "voucher": ("团购券", "a group-buy voucher"),
    "pay": ("付款码", "a payment code"),
}
"""What people call each kind, in Chinese and English."""

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


def kind_of(code: str) -> str:
    """What a code that is no article's is, by how it is built: badge, receipt, member, coupon, pickup, booking, join,
    voucher, pay; "" for none of these. Full-width and small letters are read as plain capitals."""
    plain = unicodedata.normalize("NFKC", code).upper()
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(plain)), "")


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

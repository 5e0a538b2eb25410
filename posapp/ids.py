"""Identifiers made on the till: UUIDv7, base32 without look-alikes, receipt numbers."""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Callable

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

Chance = Callable[[int], bytes]
"""Gives that many random bytes; handed in, so that a whole shop can run from one seed."""

system_chance: Chance = os.urandom


def seeded_chance(seed: int) -> Chance:
    return random.Random(seed).randbytes  # noqa: S311  (simulations only)


def uuid7(now_ms: int, chance: Chance) -> str:
    """A UUID version 7 (RFC 9562 section 5.7): sorts by the millisecond it was made in."""
    raw = bytearray((now_ms & (1 << 48) - 1).to_bytes(6, "big") + chance(10))
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def b64u(raw: bytes) -> str:
    """Base64 for URLs without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64u(text: str) -> bytes:
    """The inverse of b64u, strict: any other spelling of the same bytes raises ValueError."""
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if b64u(raw) != text:
        raise ValueError("not canonical base64url")
    return raw


def base32(value: int, length: int) -> str:
    """The low 5*length bits of a number in Crockford's base 32."""
    return "".join(CROCKFORD[value >> 5 * place & 31] for place in reversed(range(length)))


def random_base32(length: int, chance: Chance) -> str:
    return base32(int.from_bytes(chance((5 * length + 7) // 8), "big"), length)


def till_name(store: int, till: int) -> str:
    return f"S{store:03d}T{till:02d}"


def epoch_letter(ordinal: int) -> str:
    """A, B ... Z, AA, AB ...: the journal's number on paper."""
    letters = ""
    while ordinal:
        ordinal, place = divmod(ordinal - 1, 26)
        letters = chr(65 + place) + letters
    return letters


def receipt_number(store: int, till: int, epoch: str, counter: int, body_hash: bytes) -> str:
    """S001T01-A-000042-7K: till, journal, gapless counter, two characters of the entry body's SHA-256.

    The last two tell the papers of a copied till apart even where both count the same number.
    """
    return f"{till_name(store, till)}-{epoch}-{counter:06d}-{base32(int.from_bytes(body_hash[:2], 'big'), 2)}"

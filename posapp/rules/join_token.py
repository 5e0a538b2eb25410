"""The token in a join code: 130 bits in 26 characters of Crockford's base 32 (domain.md 4.1), made with no network.

It fits every field that brings a value back: WeCom's `state` (30), a mini-program's `scene` (32), `out_trade_no` (32).
Nothing of a person is in it. From the left: version 3 bits, store 17, till 6, clerk 14, channel 5, sequence 24, day 12,
series 4, and 45 bits of HMAC-SHA256 over the rest with a key that only the till and HQ know.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass, replace

from posapp.errors import PosError
from posapp.ids import CROCKFORD, base32

VERSION = 1
LENGTH = 26
PATH = "/j/"
HQ_SERIES = 15
"""The series of codes that HQ makes; a till's is its journal's number modulo this, so that a restored till's codes
are others than those it made before."""

MOST_STORE, MOST_TILL, MOST_CLERK, MOST_SEQUENCE = (1 << 17) - 1, (1 << 6) - 1, (1 << 14) - 1, (1 << 24) - 1
FIRST_DAY = 20_454
"""2026-01-01 in days since 1970; twelve bits reach into 2037."""

CHANNELS = (
    "display",
    "receipt",
    "stand",
    "badge",
    "reception",
    "sms",
    "pack",
    "event",
    "pickup",
    "referral",
    "voucher",
    "assisted",
)
"""Where a code was seen, in the order of their numbers on the wire."""

STATIC = frozenset({"stand", "badge", "event", "referral"})
"""Channels whose codes are printed once and belong to no ticket: they do not age, HQ takes them out of use."""

WITHOUT_TICKET = frozenset({"reception"})
"""Channels whose codes age as a ticket's do and belong to none."""

_FIELDS = (("store", 17), ("till", 6), ("clerk", 14), ("channel", 5), ("sequence", 24), ("day", 12), ("series", 4))
_MAC_BITS = 45
_TOKEN = re.compile(rf"(?:HTTPS?://[!-~]{{1,200}}{PATH.upper()}|J1)?([{CROCKFORD}]{{{LENGTH}}})")


@dataclass(frozen=True, slots=True)
class Token:
    """What a code says. day: days since 1970-01-01, UTC. clerk 0: nobody's; sequence counts within till and series."""

    store: int
    till: int
    clerk: int
    channel: str
    sequence: int
    day: int
    series: int

    @property
    def stem(self) -> str:
        """What all codes of one ticket share, whatever their channel and clerk."""
        return f"{self.store}.{self.till}.{self.series}.{self.day}.{self.sequence}"

    def on(self, channel: str) -> Token:
        """The same ticket's token for another place."""
        return replace(self, channel=channel)


def make(token: Token, key: bytes) -> str:
    """The 26 characters. Raises ValueError when a number does not fit its field."""
    numbers = {
        "store": token.store,
        "till": token.till,
        "clerk": token.clerk,
        "channel": CHANNELS.index(token.channel),
        "sequence": token.sequence,
        "day": token.day - FIRST_DAY,
        "series": token.series,
    }
    value = VERSION
    for name, bits in _FIELDS:
        if not 0 <= numbers[name] < 1 << bits:
            raise ValueError(f"{name} does not fit")
        value = value << bits | numbers[name]
    return base32(value << _MAC_BITS | _mac(value, key), LENGTH)


def read(text: str) -> tuple[Token, int]:
    """A token from its characters or its link, and the number that its MAC covers. Raises PosError bad_join_code.

    Whose till made it is not known before: check() it with that till's key.
    """
    match = _TOKEN.fullmatch(unicodedata.normalize("NFKC", text).strip().upper())
    if not match:
        raise PosError("bad_join_code")
    value = 0
    for letter in match[1]:
        value = value << 5 | CROCKFORD.index(letter)
    body = rest = value >> _MAC_BITS
    numbers = {}
    for name, bits in reversed(_FIELDS):
        numbers[name] = rest & (1 << bits) - 1
        rest >>= bits
    if rest != VERSION or numbers["channel"] >= len(CHANNELS):
        raise PosError("bad_join_code")
    channel = CHANNELS[numbers.pop("channel")]
    numbers["day"] += FIRST_DAY
    return Token(channel=channel, **numbers), body


def check(text: str, body: int, key: bytes) -> str:
    """The token's plain 26 characters, if the key's till made it. Raises PosError bad_join_code."""
    plain = unicodedata.normalize("NFKC", text).strip().upper()[-LENGTH:]
    if not hmac.compare_digest(plain, base32(body << _MAC_BITS | _mac(body, key), LENGTH)):
        raise PosError("bad_join_code")
    return plain


def _mac(body: int, key: bytes) -> int:
    digest = hmac.new(key, b"posapp-join-1\n" + body.to_bytes(11, "big"), hashlib.sha256).digest()
    return int.from_bytes(digest[:6], "big") >> 3

"""What scales send, as weights: a frame that is whole and right is a weight, everything else is none.

Formats as the makers print them in their manuals:

- toledo: "continuous output" of Mettler Toledo and those who copy it (Wildcat, Liden LUW2001, Kern FTC): STX, status
  words A B C, six digits of weight, six of tare, CR and, where switched on, a checksum that makes the sum of the
  low seven bits of all bytes zero.
- cas: CAS SW-II and AP-1, Aclas (顶尖) and Gram Zfoc: [SOH] STX, S/U/F, sign, weight with its point, unit, XOR of all
  these, ETX EOT. Some send it all the time, others when asked.
- ascii: A&D, CAS 22-byte, Excell and most Chinese weighing scales (计重秤): `ST,GS,+  1.234kg` and CR LF. No checksum.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import xor

from drivers.contracts import Weight


@dataclass(frozen=True)
class Form:
    """A form of frames. longest: bytes of one; is_checked: a wrong byte in it would be noticed."""

    pattern: re.Pattern[bytes]
    read: Callable[[re.Match[bytes]], Weight | None]
    longest: int
    is_checked: bool

    def newest(self, raw: bytes) -> tuple[Weight | None, bytes]:
        """The last whole frame in what arrived, and the bytes that may be the beginning of the next one."""
        found, at, rest = None, 0, 0
        while match := self.pattern.search(raw, at):
            weight = self.read(match)
            if weight is None:
                at = match.start() + 1
            else:
                found, at = weight, match.end()
                rest = at
        return found, raw[max(rest, len(raw) - self.longest) :]


def _grams(digits: bytes, unit_kg: bool) -> int | None:
    """A number as a scale writes it, leading blanks and a point allowed; rounded half up to the gram."""
    match = re.fullmatch(rb" *([0-9]{1,7})(?:\.([0-9]{1,5}))?", digits)
    if match is None:
        return None
    decimals = match[2] or b""
    micro = int(match[1] + decimals.ljust(6, b"0")) * (1000 if unit_kg else 1)
    return (micro + 500_000) // 1_000_000


def _toledo(match: re.Match[bytes]) -> Weight | None:
    a, b, c = (byte & 0x7F for byte in match[1])
    if match.re.groups == 4 and sum(byte & 0x7F for byte in match[0]) & 0x7F:
        return None
    if not b & 0x10 or c & 0x07 or b & 0x40:  # pounds; another unit; switched on and not at zero yet
        return None
    power = 2 - (a & 0x07)  # of ten: XXXXX00 at 0, X.XXXXX at 7
    weight, tare = (_scaled(digits, power + 3) for digits in (match[2], match[3]))
    if b & 0x04:
        return Weight(0, is_stable=False, is_net=bool(b & 1), is_overload=True)
    if weight is None or tare is None:
        return None
    return Weight(-weight if b & 2 else weight, not b & 8, bool(b & 1), tare)


def _scaled(digits: bytes, power: int) -> int | None:
    """Six digits without a point, times a power of ten."""
    if not re.fullmatch(rb" *[0-9]+", digits):
        return None
    whole = int(digits)
    if power >= 0:
        return int(whole * 10**power)
    return int((whole + 10**-power // 2) // 10**-power)


def _cas(match: re.Match[bytes]) -> Weight | None:
    state, sign, digits, unit, check = match.groups()
    if reduce(xor, state + sign + digits + unit) != check[0]:
        return None
    if state == b"F" or sign == b"F":
        return Weight(0, is_stable=False, is_overload=True)
    grams = _grams(digits, unit.lower() == b"kg")
    return None if grams is None else Weight(-grams if sign == b"-" else grams, state == b"S")


def _ascii(match: re.Match[bytes]) -> Weight | None:
    state, kind, sign, digits, unit = match.groups()
    if state == b"OL":
        return Weight(0, is_stable=False, is_net=kind == b"NT", is_overload=True)
    grams = _grams(digits, unit == b"kg") if digits and unit else None
    return None if grams is None else Weight(-grams if sign == b"-" else grams, state == b"ST", kind == b"NT")


_STATUS = rb"\x02([\x20-\x7f\xa0-\xff]{3})([ 0-9-]{6})([ 0-9-]{6})\r"

TOLEDO = Form(re.compile(_STATUS + rb"([\x00-\xff])"), _toledo, 18, is_checked=True)
TOLEDO_UNCHECKED = Form(re.compile(_STATUS), _toledo, 17, is_checked=False)
CAS = Form(
    re.compile(rb"\x02([SUF])([ \-F])([ 0-9.]{5,7})(kg|KG| g| G)([\x00-\xff])\x03\x04?"), _cas, 16, is_checked=True
)
ASCII = Form(
    re.compile(
        rb"(?<![^\n])(ST|US|OL),(GS|NT),(?:[^,\r\n]{2},)?([+\- ]?)(?: *([0-9.]{1,9}) *(kg|g)|[^\r\n]{0,12})\r\n"
    ),
    _ascii,
    26,
    is_checked=False,
)

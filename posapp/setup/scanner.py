"""How this till's keyboard scanners type, and what can be told of a scan: the times, the end, the kind of code."""

from __future__ import annotations

import math
import re
import statistics
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import msgspec

from posapp import log
from posapp.errors import PosError
from posapp.rules import codes
from posapp.rules.labels import LabelPattern, check_digit, read_label
from posapp.settings import Settings, read_setting

SCANNER_FILE = "scanner.json"
"""In the till's state folder: what this till's scanners do, where it is not what the store's settings say."""

_WORDS = {"\x1d": "GS", "\x1e": "RS", "\x1f": "US", "\x04": "EOT", "\t": "Tab", "\r": "Enter", "\n": "LF"}
_GTINS = {
    8: ("EAN-8 商品码", "EAN-8 article code"),
    12: ("UPC-A 商品码", "UPC-A article code"),
    13: ("EAN-13 商品码", "EAN-13 article code"),
    14: ("ITF-14 箱码", "ITF-14 case code"),
}

_log = log.named("device")


class Scanner(msgspec.Struct, frozen=True):
    """As the settings scanner_prefix, scanner_suffix and scanner_gap_ms."""

    prefix: str = ""
    suffix: str = "either"
    gap_ms: int = 35


def in_force(state: Path, settings: Settings) -> Scanner:
    """This till's own from its state folder, else the store's."""
    try:
        own = msgspec.json.decode((state / SCANNER_FILE).read_bytes(), type=Scanner)
        check(own)
        return own
    except FileNotFoundError:
        pass
    except (OSError, msgspec.DecodeError, PosError) as error:
        _log.warning("%s is passed over: %s", SCANNER_FILE, error)
    return Scanner(settings.scanner_prefix, settings.scanner_suffix, settings.scanner_gap_ms)


def check(scanner: Scanner) -> None:
    """Raises PosError bad_setting."""
    for name in Scanner.__struct_fields__:
        read_setting(f"scanner_{name}", str(getattr(scanner, name)))


def keep(state: Path, scanner: Scanner | None) -> None:
    """Make it this till's own; None: the store's settings count again. Raises PosError bad_setting, cannot_write."""
    path = state / SCANNER_FILE
    try:
        if scanner is None:
            path.unlink(missing_ok=True)
            return
        check(scanner)
        new = path.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(scanner))
        new.replace(path)
    except OSError:
        raise PosError("cannot_write", file=str(path)) from None


def spelt(code: str) -> str:
    """A code with whatever cannot be seen in it written out: 01<GS>21, ␣ for a blank."""
    return "".join(
        f"<{_WORDS.get(letter) or f'U+{ord(letter):04X}'}>"
        if unicodedata.category(letter)[0] in "CZ" and letter != " "
        else letter.replace(" ", "␣")
        for letter in code
    )


def pace(gaps_ms: Sequence[float]) -> tuple[int, int] | None:
    """Median and longest time between two characters in whole milliseconds; None where there was one character."""
    return (round(statistics.median(gaps_ms)), math.ceil(max(gaps_ms))) if gaps_ms else None


def gap_for(longest_ms: float) -> int:
    """The setting with which a scanner of such a longest gap is heard: half as much again, in steps of 5."""
    return min(200, max(20, math.ceil(longest_ms * 1.5 / 5) * 5))


def kind_of(code: str, labels: tuple[LabelPattern, ...]) -> tuple[str, str]:
    """What kind of code this looks like, in Chinese and English."""
    if any(unicodedata.east_asian_width(letter) == "F" for letter in code):
        return ("全角字符: 请关闭输入法", "full-width characters: switch the input method off")
    if read_label(code, labels):
        return ("店内秤码", "a label of the store's scales")
    if "\x1d" in code or re.match(r"\][A-Za-z]\d|\(01\)\d{14}", code):
        return ("GS1 码（含批号、日期等）", "GS1 code (with batch, date and the like)")
    if kind := codes.kind_of(code):
        return codes.NAMES[kind]
    if re.match(r"(?i)https?://", code):
        return ("网址二维码", "QR code of a web address")
    if code.isascii() and code.isdigit():
        return _kind_of_digits(code)
    return (f"文字码,{len(code)} 个字符", f"text, {len(code)} characters")


def _kind_of_digits(code: str) -> tuple[str, str]:
    if len(code) in _GTINS:
        if check_digit(code[:-1]) == code[-1]:
            return _GTINS[len(code)]
        return (f"{len(code)} 位数字,校验位不对", f"{len(code)} digits with a wrong check digit")
    return (f"{len(code)} 位数字", f"{len(code)} digits")

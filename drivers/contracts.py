"""What the till and its devices agree on: what can be printed and shown, what each kind does, what can go wrong.

A document knows no printer. Its text is laid out here once, in columns of a fixed-width receipt font in which a
full-width character takes two, so that paper, picture and script break their lines in the same places.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Literal, Protocol

import msgspec

MISSING = "〓"
"""Stands for a full-width character that cannot be printed; typesetters have used it for that since lead."""

Seconds = Annotated[float, msgspec.Meta(gt=0, le=60)]
"""A wait that a driver can be told of."""

_BREAKS = re.compile(r" +|[!-~]+|[（《「『【“‘]*[^ -~][，。、；：！？）》」』】”’％]*")


class Reason(StrEnum):
    """Why a device did not do what it was asked."""

    NOT_FOUND = "not_found"
    BUSY = "busy"
    TIMEOUT = "timeout"
    NO_PAPER = "no_paper"
    COVER_OPEN = "cover_open"
    OFFLINE = "offline"
    REFUSED = "refused"
    NOT_INSTALLED = "not_installed"
    UNKNOWN = "unknown"


class DeviceError(Exception):
    """A device failed. detail: what it or the system said, for the log.

    is_doubtful: all of the work was handed over and no answer came, so that doing it again might do it twice.
    """

    def __init__(self, reason: Reason, detail: str = "", is_doubtful: bool = False) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.is_doubtful = is_doubtful


class Status(msgspec.Struct, frozen=True):
    """What a device says of itself. trouble: None is ready; UNKNOWN is a device that does not say."""

    trouble: Reason | None = None
    is_paper_low: bool = False
    detail: str = ""


class Text(msgspec.Struct, frozen=True, tag="text"):
    """A paragraph. size 2 is twice as wide and as high."""

    text: str
    align: Literal["left", "centre", "right"] = "left"
    is_bold: bool = False
    size: Literal[1, 2] = 1


class Pair(msgspec.Struct, frozen=True, tag="pair"):
    """Something and its amount, which stands at the right edge and never breaks."""

    left: str
    right: str
    is_bold: bool = False
    size: Literal[1, 2] = 1


class Rule(msgspec.Struct, frozen=True, tag="rule"):
    """A line across the paper."""


class Qr(msgspec.Struct, frozen=True, tag="qr"):
    """A QR code of a text, error correction level M."""

    data: str


class Barcode(msgspec.Struct, frozen=True, tag="barcode"):
    """A Code 128 with its text below; a QR code where the text is not ASCII or the paper too narrow."""

    data: str


class Picture(msgspec.Struct, frozen=True, tag="picture"):
    """A PNG, made to fit the paper's width, in black and white."""

    png: bytes


class Cut(msgspec.Struct, frozen=True, tag="cut"):
    """The end of a piece of paper."""


Block = Text | Pair | Rule | Qr | Barcode | Picture | Cut
Document = tuple[Block, ...]


class Printer(Protocol):
    """A receipt printer. Every call may take seconds and raises DeviceError."""

    def print(self, document: Document) -> None:
        """Return when the document is on paper, as far as the printer lets us know."""
        ...

    def status(self) -> Status: ...

    def kick_drawer(self) -> None:
        """Open the cash drawer at the printer's drawer port."""
        ...

    def close(self) -> None: ...


class Weight(msgspec.Struct, frozen=True):
    """What lies on a scale. grams: without the tare, may be below zero; means nothing where is_overload."""

    grams: int
    is_stable: bool
    is_net: bool = False
    tare_grams: int = 0
    is_overload: bool = False


class Scale(Protocol):
    """A scale. Opened where it is made; every call raises DeviceError, after which it is closed and made anew."""

    def read(self) -> Weight:
        """The weight now. Waits at most about two seconds: timeout is a silent scale, unknown one not understood."""
        ...

    def close(self) -> None: ...


class Shown(msgspec.Struct, frozen=True):
    """What the customer is to see, by its meaning: a display shows of it what it can.

    amount: in fen; text: words beside it, at most two lines, for displays that have letters.
    """

    kind: Literal["welcome", "price", "total", "given", "change"]
    amount: int | None = None
    text: str = ""


class Display(Protocol):
    """A small display for the customer. Opened where it is made; every call raises DeviceError."""

    def show(self, shown: Shown) -> None: ...

    def clear(self) -> None: ...

    def status(self) -> Status:
        """Whether it is still there, as far as can be known without showing anything."""
        ...

    def close(self) -> None: ...


class Scanner(Protocol):
    """A scanner that is no keyboard. Opened where it is made; every call raises DeviceError."""

    def read(self, within_s: float) -> list[str]:
        """The codes that arrived; none where nothing came in so many seconds."""
        ...

    def close(self) -> None: ...


@lru_cache(maxsize=8192)
def _columns(letter: str) -> int:
    # Receipt printers in Chinese mode and Chinese fonts give "ambiguous" ones such as “ … ① a full cell.
    return 2 if unicodedata.east_asian_width(letter) in "WFA" else 1


@lru_cache(maxsize=8192)
def _printable(letter: str) -> str:
    kind = unicodedata.category(letter)
    if letter in "\t\n\r" or kind in ("Zl", "Zp") or (kind == "Zs" and letter != "\u3000"):
        return " "
    if kind in ("Cf", "Mn", "Me"):  # marks that turn the direction, join emoji or stand on another letter
        return ""
    if kind in ("Cc", "Cs", "Co", "Cn"):
        return MISSING if _columns(letter) == 2 else "?"
    return letter


def printable(text: str) -> str:
    """Text of visible characters and blanks only: nothing in it can command a printer or turn its direction."""
    return "".join(map(_printable, unicodedata.normalize("NFC", text).replace("¥", "￥")))


def width(text: str) -> int:
    """Columns of a printable text."""
    return sum(map(_columns, text))


def wrap(text: str, columns: int) -> list[str]:
    """Break a printable text into lines of at most so many columns (2 or more), at least one line.

    Breaks stand at blanks, between full-width characters, never before a closing sign; a longer word is cut.
    """
    lines, line, used = [], "", 0
    for piece in _BREAKS.findall(text):
        if used + width(piece) > columns and line.strip():
            lines.append(line.rstrip())
            line, used = "", 0
            if piece.isspace():
                continue
        for letter in piece:
            if used + _columns(letter) > columns:
                lines.append(line)
                line, used = "", 0
            line += letter
            used += _columns(letter)
    return [*lines, line] if line or not lines else lines


def pair(left: str, right: str, columns: int) -> list[str]:
    """A left text and an amount at the right edge, both printable; a left text that is too long wraps above."""
    *above, last = wrap(left, columns)
    if width(last) + bool(last) + width(right) > columns:
        above, last = [*above, last], ""
    if width(right) > columns:
        return [*above, *wrap(right, columns)]
    return [*above, last + " " * (columns - width(last) - width(right)) + right]


def size_on(block: Text | Pair, columns: int) -> int:
    """The size a block gets on paper of so many columns: single where double would break the heading or the amount."""
    whole = block.right if isinstance(block, Pair) else block.text
    return 1 if width(printable(whole)) > columns // 2 else block.size


def lay(block: Text | Pair | Rule, columns: int) -> list[str]:
    """The lines of a block where a line holds so many columns of the block's size."""
    if isinstance(block, Rule):
        return ["-" * columns]
    if isinstance(block, Pair):
        return pair(printable(block.left), printable(block.right), columns)
    spare = {"left": 0.0, "centre": 0.5, "right": 1.0}[block.align]
    return [" " * int(spare * (columns - width(line))) + line for line in wrap(printable(block.text), columns)]


def lines(document: Document, columns: int) -> list[str]:
    """A document as lines of at most so many columns; codes, pictures and cuts have none, sizes do not show."""
    return [line for block in document if isinstance(block, Text | Pair | Rule) for line in lay(block, columns)]


def papers(document: Document) -> Iterator[list[Block]]:
    """The blocks of each piece of paper, between the cuts."""
    paper: list[Block] = []
    for block in document:
        if not isinstance(block, Cut):
            paper.append(block)
        elif paper:
            yield paper
            paper = []
    if paper:
        yield paper

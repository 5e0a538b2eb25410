"""ESC/POS: a document as the bytes a receipt printer obeys, and what its status bytes say.

Text mode uses the printer's own Chinese font (GB18030); raster mode sends the picture drawn by paper.py, which
every printer can print and which has every character. Commands as in Epson's ESC/POS reference.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from drivers.contracts import (
    MISSING,
    Barcode,
    Block,
    Cut,
    Document,
    Pair,
    Picture,
    Qr,
    Reason,
    Rule,
    Status,
    Text,
    lay,
    papers,
    printable,
    size_on,
    width,
)
from drivers.printers.paper import BAR_HEIGHT, COLUMN, DOTS, MODULE, draw, fits_bars

_START = b"\x1b@"
_CHINESE = b"\x1b@\x1c&"
_BOLD = (b"\x1bE\x00", b"\x1bE\x01")
_SIZE = {1: b"\x1d!\x00\x1c!\x00", 2: b"\x1d!\x11\x1c!\x0c"}  # GS ! for Latin, FS ! for Chinese
_CUT = b"\x1dVB\x00"
_TEAR = b"\x1bd\x05"
_BAND = 128  # rows of a GS v 0; small buffers hold one
_LONGEST_QR = 1200  # bytes

ASK = b"\x10\x04\x01\x10\x04\x02\x10\x04\x04"
"""DLE EOT 1, 2 and 4: printer, cause of being offline, paper. Each is answered by one byte."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What every ESC/POS printer can be told of itself."""

    paper: Literal[58, 80] = field(default=80, metadata={"help": ("纸宽,毫米", "width of the paper, mm")})
    mode: Literal["raster", "text"] = field(
        default="raster",
        metadata={
            "help": (
                "raster 按图片打印,所有打印机都行;text 用打印机自带汉字,更快",
                "raster prints a picture, on any printer; text uses the printer's own Chinese font and is faster",
            )
        },
    )
    codes: Literal["picture", "native"] = field(
        default="picture",
        metadata={
            "help": (
                "文字方式下条码和二维码由谁画: picture 程序,native 打印机",
                "who draws codes in text mode: picture is the program, native the printer",
            )
        },
    )
    cutter: bool = field(default=True, metadata={"help": ("有切刀", "the printer cuts the paper")})
    drawer_pin: Literal[2, 5] = field(
        default=2, metadata={"help": ("钱箱接在哪一脚: 2 或 5", "pin of the drawer's plug: 2 or 5")}
    )

    @property
    def dots(self) -> int:
        return DOTS[self.paper]


def pieces(document: Document, options: Options) -> list[bytes]:
    """The document's bytes in pieces; between two of them a printer can be asked for its status."""
    end = _CUT if options.cutter else _TEAR
    made: list[bytes] = []
    for paper in papers(document):
        if options.mode == "raster":
            made += [_START, *_raster(paper, options.dots), end]
        else:
            made += [_CHINESE, *(piece for block in paper for piece in _text(block, options)), end]
    return made


def kick(pin: int) -> bytes:
    """ESC p: 50 ms of current to the drawer, then half a second of rest."""
    return b"\x1bp" + bytes([pin == 5, 25, 250])


def read_status(answer: bytes) -> Status:
    """What the three answers to ASK say; anything but three whole status bytes says nothing."""
    if len(answer) != 3 or any(byte & 0x93 != 0x12 for byte in answer):
        return Status(Reason.UNKNOWN, detail=answer.hex())
    printer, cause, paper = answer
    trouble = None
    if paper & 0x60 or cause & 0x20:
        trouble = Reason.NO_PAPER
    elif cause & 0x04:
        trouble = Reason.COVER_OPEN
    elif printer & 0x08 or cause & 0x40:
        trouble = Reason.OFFLINE
    return Status(trouble, is_paper_low=bool(paper & 0x0C), detail=answer.hex())


def _raster(blocks: list[Block], dots: int) -> Iterator[bytes]:
    image = draw(blocks, dots)
    for top in range(0, image.height, _BAND):
        rows = min(_BAND, image.height - top)
        band = image.crop((0, top, dots, top + rows)).point(lambda white: 0 if white else 255)
        head = b"\x1dv0\x00" + (dots // 8).to_bytes(2, "little") + rows.to_bytes(2, "little")
        yield head + _quiet(band.tobytes())


def _quiet(dots: bytes) -> bytes:
    """A picture without the pairs that a printer obeys at once wherever they stand (DLE EOT, DLE ENQ, DLE DC4)."""
    return re.sub(rb"\x10(?=[\x04\x05\x14])", b"\x18", dots)


def _text(block: Block, options: Options) -> Iterator[bytes]:
    columns = options.dots // COLUMN
    match block:
        case Text() | Pair():
            size = size_on(block, columns)
            lines = b"".join(_gb18030(line) + b"\n" for line in lay(block, columns // size))
            yield _BOLD[block.is_bold] + _SIZE[size] + lines + _SIZE[1] + _BOLD[False]
        case Rule():
            yield b"".join(_gb18030(line) + b"\n" for line in lay(block, columns))
        case Barcode(data) if options.codes == "native" and fits_bars(data, options.dots):
            bars = b"{B" + data.replace("{", "{{").encode()
            settings = b"\x1dh" + bytes([BAR_HEIGHT]) + b"\x1dw" + bytes([MODULE]) + b"\x1dH\x02"
            yield b"\x1ba\x01" + settings + b"\x1dkI" + bytes([len(bars)]) + bars + b"\n\x1ba\x00"
        case Barcode(data) | Qr(data) if options.codes == "native":
            if qr := _native_qr(printable(data).encode()):
                yield b"\x1ba\x01" + qr + b"\n\x1ba\x00"
            if isinstance(block, Barcode):
                yield from _text(Text(data, "centre"), options)
        case Barcode() | Qr() | Picture():
            yield from _raster([block], options.dots)
        case Cut():
            pass


def _native_qr(data: bytes) -> bytes:
    """GS ( k: model 2, six dots a module, level M, store, print. Nothing where there is too much text."""
    if not 0 < len(data) <= _LONGEST_QR:
        return b""
    commands = [b"1A2\x00", b"1C" + bytes([6 if len(data) <= 100 else 3]), b"1E1", b"1P0" + data, b"1Q0"]
    return b"".join(b"\x1d(k" + len(command).to_bytes(2, "little") + command for command in commands)


def _gb18030(line: str) -> bytes:
    """Two bytes a full-width character, one a narrow one; any other form is not in a printer's font."""
    spelt = bytearray()
    for letter in line:
        raw = letter.encode("gb18030")
        if len(raw) != width(letter):
            plain = unicodedata.normalize("NFKD", letter)[0] if width(letter) == 1 else MISSING
            raw = plain.encode("gb18030") if plain.isascii() or plain == MISSING else b"?"
        spelt += raw
    return bytes(spelt)

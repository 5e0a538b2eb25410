"""A strict reader of ESC/POS: bytes in, what a printer would put on paper out. Knows nothing of how they were made.

A command that is not in Epson's reference, or has a parameter outside its range, is an error: a hostile name that
got through would be found here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image


class NotEscPos(Exception):
    """Bytes that a printer would have to guess at."""


@dataclass
class Roll:
    """Everything that came out: lines as (text, size, bold), pictures, codes; cuts and drawer kicks counted."""

    dots: int
    lines: list[tuple[str, int, bool]] = field(default_factory=list)
    pictures: list[Image.Image] = field(default_factory=list)
    codes: list[tuple[str, str]] = field(default_factory=list)
    cuts: int = 0
    kicks: int = 0

    @property
    def texts(self) -> list[str]:
        return [text for text, _, _ in self.lines]

    @property
    def picture(self) -> Image.Image:
        """All bands, one below the other."""
        whole = Image.new("1", (self.dots, sum(band.height for band in self.pictures)), 1)
        top = 0
        for band in self.pictures:
            whole.paste(band, (0, top))
            top += band.height
        return whole


def read_roll(raw: bytes, dots: int) -> Roll:
    """What a job prints on paper of so many dots. Raises NotEscPos."""
    return _Reader(raw, dots).read()


class _Reader:
    def __init__(self, raw: bytes, dots: int) -> None:
        self._in = BytesIO(raw)
        self._roll = Roll(dots)
        self._line = ""
        self._column = 0
        self._reset()

    def _reset(self) -> None:
        self._chinese = self._bold = False
        self._size = self._chinese_size = 1
        self._qr = b""

    def _take(self, count: int) -> bytes:
        taken = self._in.read(count)
        if len(taken) != count:
            raise NotEscPos("a command is cut short")
        return taken

    def _one_of(self, allowed: bytes) -> int:
        (byte,) = self._take(1)
        if byte not in allowed:
            raise NotEscPos(f"parameter {byte:#x} before {self._in.tell():#x}")
        return byte

    def read(self) -> Roll:
        while byte := self._in.read(1):
            if byte == b"\n":
                self._feed()
            elif byte in (b"\x1b", b"\x1c", b"\x1d"):
                self._command(byte + self._take(1))
            elif byte >= b"\x80":
                self._wide(byte + self._take(1))
            elif b" " <= byte <= b"~":
                self._put(byte.decode(), self._size)
            else:
                raise NotEscPos(f"control byte {byte.hex()} before {self._in.tell():#x}")
        if self._line:
            raise NotEscPos("text without its line feed")
        return self._roll

    def _wide(self, pair: bytes) -> None:
        if not self._chinese:
            raise NotEscPos("Chinese before FS &")
        try:
            letter = pair.decode("gb18030")
        except UnicodeDecodeError:
            raise NotEscPos(f"{pair.hex()} is no two-byte character") from None
        if len(letter) != 1:
            raise NotEscPos(f"{pair.hex()} is no two-byte character")
        self._put(letter, 2 * self._chinese_size)

    def _put(self, letter: str, columns: int) -> None:
        self._line += letter
        self._column += columns
        if self._column * 12 > self._roll.dots:
            raise NotEscPos(f"wider than the paper: {self._line}")

    def _feed(self) -> None:
        self._roll.lines.append((self._line, self._size, self._bold))
        self._line, self._column = "", 0

    def _command(self, command: bytes) -> None:
        match command:
            case b"\x1b@":
                self._reset()
            case b"\x1c&":
                self._chinese = True
            case b"\x1bE":
                self._bold = bool(self._one_of(b"\x00\x01"))
            case b"\x1d!":
                self._size = 1 + (self._one_of(b"\x00\x11") & 1)
            case b"\x1c!":
                self._chinese_size = 1 + (self._one_of(b"\x00\x0c") >> 3)
            case b"\x1ba":
                self._one_of(b"\x00\x01")
            case b"\x1bd":
                self._one_of(bytes(range(1, 11)))
                self._roll.cuts += 1
            case b"\x1dV":
                self._one_of(b"B")
                self._one_of(b"\x00")
                self._roll.cuts += 1
            case b"\x1bp":
                self._one_of(b"\x00\x01")
                self._take(2)
                self._roll.kicks += 1
            case b"\x1dh" | b"\x1dw" | b"\x1dH":
                self._one_of({104: bytes(range(1, 256)), 119: b"\x02\x03\x04\x05\x06", 72: b"\x00\x02"}[command[1]])
            case b"\x1dk":
                self._barcode()
            case b"\x1d(":
                self._square()
            case b"\x1dv":
                self._band()
            case _:
                raise NotEscPos(f"unknown command {command.hex()} before {self._in.tell():#x}")

    def _barcode(self) -> None:
        self._one_of(b"I")
        data = self._take(self._take(1)[0])
        if data[:2] != b"{B" or b"{" in data[2:].replace(b"{{", b""):
            raise NotEscPos("a Code 128 without its code set")
        self._roll.codes.append(("Code128", data[2:].replace(b"{{", b"{").decode("ascii")))

    def _square(self) -> None:
        self._one_of(b"k")
        command = self._take(int.from_bytes(self._take(2), "little"))
        match command[:2], command[2:]:
            case (b"1A", b"2\x00") | (b"1C", b"\x03" | b"\x06") | (b"1E", b"1"):
                pass
            case b"1P", data if data[:1] == b"0":
                self._qr = data[1:]
            case b"1Q", b"0" if self._qr:
                self._roll.codes.append(("QRCode", self._qr.decode()))
            case _:
                raise NotEscPos(f"QR function {command[:4].hex()}")

    def _band(self) -> None:
        if self._take(2) != b"0\x00":
            raise NotEscPos("a raster mode we do not use")
        across, rows = (int.from_bytes(self._take(2), "little") for _ in range(2))
        if across * 8 != self._roll.dots or not 0 < rows <= 255:
            raise NotEscPos(f"a band of {across * 8} x {rows}")
        dots = self._take(across * rows)
        if any(pair in dots for pair in (b"\x10\x04", b"\x10\x05", b"\x10\x14")):
            raise NotEscPos("a real-time command in a picture")
        self._roll.pictures.append(Image.frombytes("1", (across * 8, rows), bytes(255 - byte for byte in dots)))

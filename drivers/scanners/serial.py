"""A scanner on a serial port, or on a USB cable that makes one: bytes in, codes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from drivers import serial_line
from drivers.contracts import Seconds
from drivers.serial_line import SerialLine

NAME = ("串口扫码枪", "serial scanner")
available = serial_line.available

LONGEST = 1024
"""Bytes of a code; what is longer is noise."""

_ENDS = {"cr": b"\r", "lf": b"\n", "tab": b"\t", "none": b""}


@dataclass(frozen=True, kw_only=True)
class Options(serial_line.Options):
    suffix: Literal["cr", "lf", "tab", "none"] = field(
        default="cr",
        metadata={
            "help": (
                "结束符: cr 回车(后面可带换行);lf 换行;tab 制表;none 没有,靠停顿断开",
                "end of a code: cr (a line feed may follow), lf, tab; none is told by a pause",
            )
        },
    )
    prefix: str = field(default="", metadata={"help": ("要去掉的前缀", "letters before a code that are taken off")})
    pause_s: Seconds = field(
        default=0.05, metadata={"help": ("没有结束符时,停顿多久算一个码,秒", "pause that ends a code with no end, s")}
    )


class Codes:
    """Cuts bytes into codes. What is longer than LONGEST or no text is dropped up to its end."""

    def __init__(self, end: bytes, prefix: str) -> None:
        self._end = end
        self._prefix = prefix
        self._begun = b""
        self._is_noise = False

    @property
    def is_begun(self) -> bool:
        return bool(self._begun)

    def feed(self, raw: bytes) -> list[str]:
        """The codes that are finished by these bytes."""
        self._begun += raw
        if not self._end:
            self._watch_length()
            return []
        *finished, self._begun = self._begun.split(self._end)
        codes = []
        for piece in finished:
            if not self._is_noise:
                codes += self._read(piece)
            self._is_noise = False
        self._watch_length()
        return codes

    def pause(self) -> list[str]:
        """Nothing came for a while: the end of a code that has no other."""
        if self._end:
            return []
        codes = [] if self._is_noise else self._read(self._begun)
        self._begun, self._is_noise = b"", False
        return codes

    def _watch_length(self) -> None:
        if len(self._begun) > LONGEST:
            self._begun, self._is_noise = b"", True

    def _read(self, raw: bytes) -> list[str]:
        try:
            text = raw.decode("utf-8").strip("\r\n")
        except UnicodeDecodeError:
            return []
        text = text.removeprefix(self._prefix)
        # GS stands between the parts of a GS1 code
        is_code = 0 < len(raw) <= LONGEST and text.replace("\x1d", "").isprintable()
        return [text] if is_code and text else []


class SerialScanner:
    def __init__(self, options: Options) -> None:
        self._line = SerialLine(options)
        self._codes = Codes(_ENDS[options.suffix], options.prefix)
        self._pause_s = options.pause_s

    def read(self, within_s: float) -> list[str]:
        is_pausing = self._codes.is_begun
        raw = self._line.read(self._pause_s if is_pausing else within_s)
        return self._codes.feed(raw) if raw else self._codes.pause()

    def close(self) -> None:
        self._line.close()


def connect(options: Options) -> SerialScanner:
    return SerialScanner(options)

"""A customer display of two lines on a serial port, with the commands of Epson's DM-D or of the CD5220.

Both begin with ESC @. DM-D: US $ column row before each line; CD5220: ESC Q A and ESC Q B, each closed by CR.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec

from drivers import serial_line
from drivers.contracts import Shown, Status, width
from drivers.displays.rows import Letters, rows
from drivers.serial_line import SerialLine

NAME = ("两行客显 (VFD)", "two-line display (VFD)")
available = serial_line.available

_RESET, _CLEAR = b"\x1b@", b"\x0c"


@dataclass(frozen=True, kw_only=True)
class Options(serial_line.Options):
    columns: Annotated[int, msgspec.Meta(ge=8, le=40)] = field(
        default=20, metadata={"help": ("每行几个字符", "letters in a line")}
    )
    commands: Literal["epson", "cd5220"] = field(default="epson", metadata={"help": ("指令集", "set of commands")})
    letters: Letters = field(
        default="gb18030",
        metadata={
            "help": (
                "文字: gb18030 能显示汉字;pinyin 汉字转拼音;ascii 只显示字母和数字",
                "letters: gb18030 has Chinese; pinyin spells it; ascii leaves it out",
            )
        },
    )


class VfdDisplay:
    def __init__(self, options: Options) -> None:
        self._options = options
        self._line = SerialLine(options)
        self._line.write(_RESET)

    def show(self, shown: Shown) -> None:
        above, below = (
            row + " " * (self._options.columns - width(row))
            for row in rows(shown, self._options.columns, self._options.letters)
        )
        encoding = "gb18030" if self._options.letters == "gb18030" else "ascii"
        upper, lower = above.encode(encoding), below.encode(encoding)
        if self._options.commands == "cd5220":
            self._line.write(b"\x1bQA" + upper + b"\r\x1bQB" + lower + b"\r")
        else:
            self._line.write(b"\x1f$\x01\x01" + upper + b"\x1f$\x01\x02" + lower)

    def clear(self) -> None:
        self._line.write(_CLEAR)

    def status(self) -> Status:
        self._line.forget()
        return Status()

    def close(self) -> None:
        self._line.close()


def connect(options: Options) -> VfdDisplay:
    return VfdDisplay(options)

"""The usual Chinese LED display: eight digits and four lights that say what the number is (单价 合计 收款 找零).

`ESC Q A digits CR` shows a number, CLR none; lights by `ESC s n`, or `STX L` and four digits as in the LED8N manual.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from drivers import serial_line
from drivers.contracts import Shown, Status
from drivers.displays.rows import yuan
from drivers.serial_line import BAUD_HELP, Baud, SerialLine

NAME = ("LED 客显 (8 位数字)", "LED display of eight digits")
available = serial_line.available

_RESET, _CLEAR = b"\x1b@", b"\x0c"
_DIGITS = 8
_LIGHTS = ("price", "total", "given", "change")


@dataclass(frozen=True, kw_only=True)
class Options(serial_line.Options):
    baud: Baud = field(default=2400, metadata={"help": BAUD_HELP})
    lights: Literal["esc_s", "stx_l", "none"] = field(
        default="esc_s", metadata={"help": ("指示灯指令", "command of the lights")}
    )


class LedDisplay:
    def __init__(self, options: Options) -> None:
        self._options = options
        self._line = SerialLine(options)
        self._line.write(_RESET)

    def show(self, shown: Shown) -> None:
        if shown.amount is None:
            self.clear()
        else:
            self._line.write(self._light(shown.kind) + b"\x1bQA" + _number(shown.amount).encode() + b"\r")

    def clear(self) -> None:
        self._line.write(self._light("") + _CLEAR)

    def status(self) -> Status:
        self._line.forget()
        return Status()

    def close(self) -> None:
        self._line.close()

    def _light(self, kind: str) -> bytes:
        if self._options.lights == "esc_s":
            return b"\x1bs" + str(_LIGHTS.index(kind) + 1 if kind in _LIGHTS else 0).encode()
        if self._options.lights == "stx_l":
            return b"\x02L" + b"".join(b"1" if light == kind else b"0" for light in _LIGHTS)
        return b""


def _number(fen: int) -> str:
    """An amount in eight digits, the point not counted; one that is too long without its decimals, or as dashes."""
    for text in (yuan(fen), yuan(fen).partition(".")[0]):
        if len(text.replace(".", "")) <= _DIGITS:
            return text
    return "-" * _DIGITS


def connect(options: Options) -> LedDisplay:
    return LedDisplay(options)

"""A receipt printer on a serial port, or on a USB cable that makes one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from drivers import serial_line
from drivers.contracts import DeviceError, Reason
from drivers.printers import transport
from drivers.serial_line import SerialLine

NAME = ("串口打印机", "serial printer")
available = serial_line.available


@dataclass(frozen=True, kw_only=True)
class Options(serial_line.Options, transport.Options):
    flow: Literal["none", "xonxoff", "rtscts", "dsrdtr"] = field(
        default="none", metadata={"help": ("流控,缓存小的打印机需要", "flow control, for printers with little memory")}
    )


class _Line:
    def __init__(self, options: Options) -> None:
        self._line = SerialLine(options, options.flow)
        self._name = options.port

    def write(self, raw: bytes) -> None:
        self._line.write(raw)

    def read(self, within_s: float) -> bytes:
        if more := self._line.read(within_s):
            return more
        raise DeviceError(Reason.TIMEOUT, f"{self._name}: no answer")

    def close(self) -> None:
        self._line.close()


def connect(options: Options) -> transport.LinePrinter:
    held = transport.Held(lambda: _Line(options))
    return transport.LinePrinter(options, held.connected, held.close)

"""A scale that sends its weight all the time, several times a second, without being asked."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from drivers import serial_line
from drivers.contracts import DeviceError, Reason, Seconds, Weight
from drivers.scales import frames
from drivers.serial_line import SerialLine

NAME = ("连续发送的电子秤", "scale that sends all the time")
available = serial_line.available

_FORMS = {
    "toledo": frames.TOLEDO,
    "toledo_unchecked": frames.TOLEDO_UNCHECKED,
    "cas": frames.CAS,
    "ascii": frames.ASCII,
}
_KEPT = 512  # bytes of a line that says nothing we understand


@dataclass(frozen=True, kw_only=True)
class Options(serial_line.Options):
    form: Literal["toledo", "toledo_unchecked", "cas", "ascii"] = field(
        default="toledo",
        metadata={
            "help": (
                "格式: toledo 托利多连续输出(带校验); toledo_unchecked 不带校验; cas 顶尖/CAS; ascii 如 ST,GS,+1.234kg",
                "format: toledo continuous output with checksum; toledo_unchecked without; cas as CAS and Aclas; "
                "ascii as ST,GS,+1.234kg",
            )
        },
    )
    silence_s: Seconds = field(
        default=2.0, metadata={"help": ("多久没有数据算断开,秒", "silence that means it is gone, s")}
    )


class ContinuousScale:
    def __init__(self, options: Options) -> None:
        self._form = _FORMS[options.form]
        self._silence_s = options.silence_s
        self._line = SerialLine(options)
        self._rest = b""
        self._before: Weight | None = None

    def read(self) -> Weight:
        """The newest weight on the line. One without a checksum is stable only if it comes twice."""
        latest = time.monotonic() + self._silence_s
        heard = b""
        while (left := latest - time.monotonic()) > 0:
            more = self._line.read(min(left, 0.5))
            heard = (heard + more)[-_KEPT:]
            weight, self._rest = self._form.newest((self._rest + more)[-_KEPT:])
            if weight is None:
                continue
            before, self._before = self._before, weight
            if weight.is_stable and not self._form.is_checked and weight != before:
                return msgspec.structs.replace(weight, is_stable=False)
            return weight
        if heard:
            raise DeviceError(Reason.UNKNOWN, f"no frame; form, baud rate or port is wrong: {heard[-40:].hex()}")
        raise DeviceError(Reason.TIMEOUT, "nothing arrives")

    def close(self) -> None:
        self._line.close()


def connect(options: Options) -> ContinuousScale:
    return ContinuousScale(options)

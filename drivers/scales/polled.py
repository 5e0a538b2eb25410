"""A scale that answers when asked: ENQ, ACK, DC1 and one frame, as CAS (SW-II, AP-1), Aclas and Ohaus print it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from drivers import serial_line
from drivers.contracts import DeviceError, Reason, Seconds, Weight
from drivers.scales import frames
from drivers.serial_line import SerialLine

NAME = ("应答式电子秤 (CAS/顶尖)", "scale that answers when asked (CAS, Aclas)")
available = serial_line.available

_ENQ, _ACK, _NAK, _DC1 = b"\x05", b"\x06", b"\x15", b"\x11"
_TRIES = 3


@dataclass(frozen=True, kw_only=True)
class Options(serial_line.Options):
    answer_s: Seconds = field(default=0.6, metadata={"help": ("应答最多等几秒", "longest wait for an answer, s")})


class PolledScale:
    def __init__(self, options: Options) -> None:
        self._answer_s = options.answer_s
        self._line = SerialLine(options)

    def read(self) -> Weight:
        heard = b""
        for _ in range(_TRIES):
            self._line.forget()  # the end of an answer that came too late
            self._line.write(_ENQ)
            answer = self._line.read(self._answer_s)
            if answer == _ACK:
                self._line.write(_DC1)
                weight, answer = self._frame()
                if weight:
                    return weight
            heard += answer
        if heard:
            raise DeviceError(Reason.UNKNOWN, f"no right answer; baud rate or port is wrong: {heard[-40:].hex()}")
        raise DeviceError(Reason.TIMEOUT, "no answer")

    def close(self) -> None:
        self._line.close()

    def _frame(self) -> tuple[Weight | None, bytes]:
        latest = time.monotonic() + self._answer_s
        raw = b""
        while (left := latest - time.monotonic()) > 0 and len(raw) < 64:
            raw += self._line.read(left)
            weight, _ = frames.CAS.newest(raw)
            if weight:
                return weight, raw
        return None, raw


def connect(options: Options) -> PolledScale:
    return PolledScale(options)

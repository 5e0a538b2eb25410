"""A receipt printer behind a device file of Linux, such as /dev/usb/lp0: USB without any library."""

from __future__ import annotations

import errno
import os
import select
import sys
import time
from dataclasses import dataclass, field

from drivers.contracts import DeviceError, Reason
from drivers.printers import transport

NAME = ("USB 打印机 (设备文件)", "USB printer by its device file")


def available() -> bool:
    return sys.platform.startswith("linux")


@dataclass(frozen=True, kw_only=True)
class Options(transport.Options):
    file: str = field(default="/dev/usb/lp0", metadata={"help": ("设备文件,如 /dev/usb/lp0", "e.g. /dev/usb/lp0")})


class _File:
    def __init__(self, path: str, answer_s: float) -> None:
        self._path = path
        self._answer_s = answer_s
        try:
            self._file = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as error:
            raise self._trouble(error) from error

    def write(self, raw: bytes) -> None:
        latest = time.monotonic() + self._answer_s
        while raw:
            _, writable, _ = select.select([], [self._file], [], max(0, latest - time.monotonic()))
            if not writable:
                raise DeviceError(Reason.TIMEOUT, f"{self._path} takes nothing")
            try:
                raw = raw[os.write(self._file, raw) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._trouble(error) from error

    def read(self, within_s: float) -> bytes:
        readable, _, _ = select.select([self._file], [], [], within_s)
        if not readable:
            raise DeviceError(Reason.TIMEOUT, f"{self._path}: no answer")
        try:
            return os.read(self._file, 16)
        except OSError as error:
            raise self._trouble(error) from error

    def close(self) -> None:
        os.close(self._file)

    def _trouble(self, error: OSError) -> DeviceError:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return DeviceError(Reason.NOT_FOUND, str(error))
        if error.errno in (errno.EACCES, errno.EPERM):
            detail = f"no permission for {self._path}; add this user to the group lp: {error}"
            return DeviceError(Reason.REFUSED, detail)
        return DeviceError(Reason.BUSY if error.errno == errno.EBUSY else Reason.OFFLINE, str(error))


def connect(options: Options) -> transport.LinePrinter:
    held = transport.Held(lambda: _File(options.file, options.answer_s))
    return transport.LinePrinter(options, held.connected, held.close)

"""A receipt printer that Windows has installed: raw ESC/POS through its spooler, by python-escpos.

The spooler takes a job and says nothing of the paper; the printer's state is what Windows believes of it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from drivers.contracts import DeviceError, Reason
from drivers.printers import escpos, transport

NAME = ("Windows 打印机", "printer installed in Windows")


@dataclass(frozen=True, kw_only=True)
class Options(escpos.Options):
    printer: str = field(
        default="",
        metadata={"help": ("打印机名称;不填则用默认打印机", "the printer's name; empty is the default one")},
    )


def available() -> bool:
    return sys.platform == "win32" and importlib.util.find_spec("win32print") is not None


class _Job:
    """A job in the spooler: nothing of it is printed for certain until it is closed."""

    def __init__(self, name: str) -> None:
        self._name = name
        with self._told(Reason.NOT_FOUND):
            from escpos.printer import Win32Raw

            if not Win32Raw.is_usable():
                raise DeviceError(Reason.NOT_INSTALLED, "pywin32 is missing")
            self._printer = Win32Raw(name)
            self._printer.open("posapp")

    def write(self, raw: bytes) -> None:
        with self._told(Reason.OFFLINE):
            self._printer._raw(raw)

    def read(self, within_s: float) -> bytes:
        return b""

    def close(self) -> None:
        with self._told(Reason.OFFLINE, is_doubtful=True):
            try:
                self._printer.close()
            finally:
                self._printer._device = False  # or it closes itself once more when it is collected

    @contextmanager
    def _told(self, reason: Reason, is_doubtful: bool = False) -> Iterator[None]:
        try:
            yield
        except DeviceError:
            raise
        except ImportError as error:
            raise DeviceError(Reason.NOT_INSTALLED, str(error)) from error
        except Exception as error:  # pywintypes.error has no ancestor but Exception
            said = f"{self._name or 'default printer'}: {error}"
            raise DeviceError(reason, said, is_doubtful=is_doubtful) from error


def connect(options: Options) -> transport.LinePrinter:
    shared = {name: getattr(options, name) for name in escpos.Options.__dataclass_fields__}

    @contextmanager
    def connected() -> Iterator[transport.Transport]:
        job = _Job(options.printer)
        try:
            yield job
        except BaseException:
            with contextlib.suppress(DeviceError):
                job.close()
            raise
        job.close()

    return transport.LinePrinter(transport.Options(**shared, answers=False), connected)

"""A receipt printer on USB, through python-escpos and libusb, where the system makes no device file of it."""

from __future__ import annotations

import errno
import importlib.util
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from drivers.contracts import DeviceError, Reason
from drivers.printers import transport

NAME = ("USB 打印机", "USB printer")

_PRINTER_CLASS = 7


@dataclass(frozen=True, kw_only=True)
class Options(transport.Options):
    device: str = field(
        default="",
        metadata={
            "help": (
                "厂商:产品,如 0416:5011;不填则用找到的第一台打印机",
                "vendor:product, e.g. 0416:5011; empty is the first printer found",
            )
        },
    )


def available() -> bool:
    """Whether pyusb finds a libusb of the system."""
    if importlib.util.find_spec("usb") is None:
        return False
    from usb.backend import libusb0, libusb1

    return any(backend.get_backend() is not None for backend in (libusb1, libusb0))


class _Usb:
    def __init__(self, options: Options) -> None:
        self._options = options
        with self._told():
            from escpos.printer import Usb

            self._printer = Usb(usb_args=_wanted(options.device), timeout=int(options.answer_s * 1000))
            self._printer.open()
            self._printer.out_ep, self._printer.in_ep = _ends(self._printer.device)

    def write(self, raw: bytes) -> None:
        with self._told():
            self._printer._raw(raw)

    def read(self, within_s: float) -> bytes:
        with self._told():
            return bytes(self._printer.device.read(self._printer.in_ep, 64, int(within_s * 1000)))

    def close(self) -> None:
        with self._told():
            try:
                self._printer.close()
            finally:
                self._printer._device = False  # or it closes itself once more when it is collected

    @contextmanager
    def _told(self) -> Iterator[None]:
        name = self._options.device or "USB printer"
        try:
            yield
        except DeviceError:
            raise
        except ImportError as error:
            raise DeviceError(Reason.NOT_INSTALLED, str(error)) from error
        except Exception as error:
            # python-escpos hides the cause behind an error of its own.
            cause = error if isinstance(error, OSError) else error.__context__
            if type(error).__name__ == "NoBackendError":
                raise DeviceError(Reason.NOT_INSTALLED, f"libusb is missing: {error}") from error
            if isinstance(cause, OSError):
                raise DeviceError(*_why(cause, name)) from error
            if type(error).__name__ in ("DeviceNotFoundError", "USBNotFoundError"):
                raise DeviceError(Reason.NOT_FOUND, f"{name}: {error}") from error
            raise


def _wanted(device: str) -> dict[str, Any]:
    """What to look for on the bus. Raises DeviceError unknown."""
    if not device:
        return {"custom_match": _is_printer}
    match = re.fullmatch(r"(?:0x)?([0-9a-fA-F]{4}):(?:0x)?([0-9a-fA-F]{4})", device)
    if not match:
        raise DeviceError(Reason.UNKNOWN, f"{device} is not of the form 0416:5011")
    return {"idVendor": int(match[1], 16), "idProduct": int(match[2], 16)}


def _is_printer(device: Any) -> bool:
    return any(part.bInterfaceClass == _PRINTER_CLASS for configuration in device for part in configuration)


def _ends(device: Any) -> tuple[int, int]:
    """The endpoints out and in of the printer's interface; those of most printers where it names none."""
    out_end, in_end = 0x01, 0x82
    for part in sorted(device.get_active_configuration(), key=lambda part: part.bInterfaceClass == _PRINTER_CLASS):
        for end in part:
            if end.bmAttributes & 3 == 2:  # bulk
                if end.bEndpointAddress & 0x80:
                    in_end = end.bEndpointAddress
                else:
                    out_end = end.bEndpointAddress
    return out_end, in_end


def _why(error: OSError, name: str) -> tuple[Reason, str]:
    if error.errno in (errno.EACCES, errno.EPERM):
        return Reason.REFUSED, f"no permission for {name}; add a udev rule or use the device file: {error}"
    reasons = {errno.ETIMEDOUT: Reason.TIMEOUT, errno.EBUSY: Reason.BUSY}
    return reasons.get(error.errno or 0, Reason.OFFLINE), f"{name}: {error}"


def connect(options: Options) -> transport.LinePrinter:
    held = transport.Held(lambda: _Usb(options))
    return transport.LinePrinter(options, held.connected, held.close)

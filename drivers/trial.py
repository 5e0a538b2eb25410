"""The test of a device, as a set-up screen or a technician asks for it: it must be seen, heard or done by a person."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal, cast

import msgspec

from drivers import catalogue
from drivers.catalogue import Kind
from drivers.contracts import (
    Barcode,
    Cut,
    DeviceError,
    Display,
    Document,
    Pair,
    Printer,
    Qr,
    Reason,
    Rule,
    Scale,
    Scanner,
    Shown,
    Status,
    Text,
    Weight,
)

_READ_S = 0.1  # between two readings of a scale
_STEADY_S, _SCAN_S = 5.0, 20.0  # so long for a stable weight, for a scan
_SEEN_S = 2.0  # so long a person may look at a display


class Tried(msgspec.Struct, frozen=True):
    """How a test went. trouble: None is well; said: the weight on the scale, the code that was scanned."""

    trouble: Reason | None
    detail: str = ""
    said: str = ""


TEST_PAGE: Document = (
    Text("打印测试", "centre", is_bold=True, size=2),
    Text("posapp printer test", "centre"),
    Rule(),
    Text("直骨返令 龘鑫 ￥12.50 “引号”①…"),
    Pair("牛角包 x 2", "13.00"),
    Pair("合计", "1234.50", is_bold=True, size=2),
    Rule(),
    Text("12345678901234567890123456789012"),
    Text("123456789012345678901234567890123456789012345678"),
    Barcode("TEST-0123456789"),
    Qr("posapp 打印测试"),
    Cut(),
)
"""Everything a receipt has; the rulers are 32 and 48 columns, what fits 58 and 80 mm."""


def carry_out(kind: Kind, driver: str, options: Mapping[str, Any]) -> Tried:
    """Open a device of its own, carry out its test, let it go. Takes as long as the device does."""
    try:
        device = catalogue.open_device(kind, driver, options)
        try:
            return Tried(None, said=_tested(kind, device))
        finally:
            with suppress(DeviceError, OSError):
                device.close()
    except DeviceError as error:
        return Tried(error.reason, error.detail)


def state_of(kind: Kind, driver: str, options: Mapping[str, Any]) -> Status:
    """Open a device of its own, ask how it is, let it go. Nothing is printed or shown."""
    try:
        device = catalogue.open_device(kind, driver, options)
        try:
            if kind in ("printer", "display"):
                return cast(Printer | Display, device).status()
            if kind == "scale":
                cast(Scale, device).read()
            return Status()
        finally:
            with suppress(DeviceError, OSError):
                device.close()
    except DeviceError as error:
        return Status(error.reason, detail=error.detail)


def preview(document: Document, paper_mm: Literal[58, 80]) -> bytes:
    """A PNG of a document as it looks on paper of that width, 8 dots to the millimetre."""
    from drivers.printers import paper  # drawing is dear to load, and a till starts without it

    return paper.png([block for block in document if not isinstance(block, Cut)], paper.DOTS[paper_mm])


def _tested(kind: Kind, device: catalogue.Device) -> str:
    """Carry out a device's test; what it said. Raises DeviceError."""
    match kind:
        case "printer":
            cast(Printer, device).print(TEST_PAGE)
        case "display":
            cast(Display, device).show(Shown("total", 8888, "测试 TEST"))
            time.sleep(_SEEN_S)
        case "scale":
            latest = time.monotonic() + _STEADY_S
            while not (weight := cast(Scale, device).read()).is_stable and time.monotonic() < latest:
                time.sleep(_READ_S)
            return _told(weight)
        case "scanner":
            latest = time.monotonic() + _SCAN_S
            while time.monotonic() < latest:
                if codes := cast(Scanner, device).read(0.3):
                    return codes[0]
            raise DeviceError(Reason.TIMEOUT, "nothing was scanned")
    return ""


def _told(weight: Weight) -> str:
    if weight.is_overload:
        return "overload"
    sign = "-" if weight.grams < 0 else ""
    return f"{sign}{abs(weight.grams) // 1000}.{abs(weight.grams) % 1000:03d} kg" + ("" if weight.is_stable else " ~")

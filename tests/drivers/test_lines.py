"""Every way to an ESC/POS printer carries the same job: the promises of a printer, over each of its lines."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from drivers.catalogue import open_printer
from drivers.contracts import Barcode, Cut, DeviceError, Document, Pair, Printer, Reason, Rule, Text
from posapp.devices import Configured, SpooledPrinter
from tests.drivers.paper_roll import read_roll
from tests.drivers.serial_cable import NO_PAPER, READY, SerialPrinter
from tests.drivers.tcp_printer import COVER_OPEN, wait

TEXT = {"mode": "text", "codes": "native"}
RECEIPT: Document = (
    Text("柳塘店", "centre", size=2),
    Rule(),
    Pair("牛角包", "6.50"),
    Barcode("S001T01-A-000001-7K"),
    Cut(),
)
CABLES = {"serial": "port", "device_file": "file"}
"""The drivers that a pseudo terminal can stand for, and their option that names it."""


@pytest.fixture
def printer(tmp_path: Path) -> SerialPrinter:
    return SerialPrinter(tmp_path)


def options(driver: str, printer: SerialPrinter, **more: object) -> dict[str, Any]:
    return {CABLES[driver]: str(printer.port), "answer_s": 5.0, **TEXT, **more}


def papers(job: bytes) -> list[list[str]]:
    """The texts of every whole receipt, and the code at its end."""
    cut = b"\x1dVB\x00"
    rolls = [read_roll(paper + cut, 576) for paper in job.split(cut)[:-1]]
    return [[*(text.strip() for text in roll.texts[:1]), *(code for _, code in roll.codes)] for roll in rolls]


ONE = ["柳塘店", "S001T01-A-000001-7K"]


@pytest.mark.parametrize("driver", CABLES)
def test_a_job_arrives_whole_and_the_drawer_opens(driver: str, printer: SerialPrinter) -> None:
    opened = open_printer(driver, options(driver, printer))
    opened.print(RECEIPT)
    assert papers(printer.job) == [ONE]
    opened.kick_drawer()
    wait(lambda: printer.job.endswith(b"\x1bp\x00\x19\xfa"))
    assert opened.status().trouble is None
    opened.close()


@pytest.mark.parametrize("driver", CABLES)
@pytest.mark.parametrize(("answers", "reason"), [(NO_PAPER, Reason.NO_PAPER), (COVER_OPEN, Reason.COVER_OPEN)])
def test_a_jammed_printer_gets_nothing(
    driver: str, answers: dict[bytes, bytes], reason: Reason, printer: SerialPrinter
) -> None:
    printer.answers = answers
    opened = open_printer(driver, options(driver, printer))
    assert opened.status().trouble is reason
    with pytest.raises(DeviceError) as told:
        opened.print(RECEIPT)
    assert (told.value.reason, told.value.is_doubtful) == (reason, False)
    assert printer.job == b""
    opened.close()


@pytest.mark.parametrize("driver", CABLES)
def test_a_silent_printer_is_told(driver: str, printer: SerialPrinter) -> None:
    printer.answers = {}
    opened = open_printer(driver, options(driver, printer, answer_s=0.1))
    assert opened.status().trouble is Reason.TIMEOUT
    with pytest.raises(DeviceError) as told:
        opened.print(RECEIPT)
    assert (told.value.reason, told.value.is_doubtful) == (Reason.TIMEOUT, False)
    opened.close()


@pytest.mark.parametrize("driver", CABLES)
def test_a_printer_that_never_answers_prints_all_the_same(driver: str, printer: SerialPrinter) -> None:
    printer.answers = {}
    opened = open_printer(driver, options(driver, printer, answers=False))
    opened.print(RECEIPT)
    wait(lambda: papers(printer.job) == [ONE])
    assert opened.status().trouble is Reason.UNKNOWN
    opened.close()


@pytest.mark.parametrize("driver", CABLES)
def test_silence_after_the_last_byte_is_doubtful(driver: str, printer: SerialPrinter) -> None:
    opened = open_printer(driver, options(driver, printer, answer_s=0.3))
    reply = printer._reply

    def fall_silent(raw: bytes) -> None:
        if b"\x1dVB\x00" in printer.heard:
            printer.answers = {}
        reply(raw)

    printer._answer = fall_silent
    with pytest.raises(DeviceError) as told:
        opened.print(RECEIPT)
    assert told.value.is_doubtful
    assert papers(printer.job) == [ONE]
    opened.close()


@pytest.mark.parametrize("driver", CABLES)
def test_a_pulled_cable_is_told_and_the_job_comes_out_when_it_is_back(
    driver: str, printer: SerialPrinter, tmp_path: Path
) -> None:
    spooled = SpooledPrinter(tmp_path / "receipt", Configured(driver, options(driver, printer)), pauses_s=(0.01,))
    wait(lambda: spooled.view().status.trouble is None)
    printer.unplug()
    spooled.print(RECEIPT, "1")
    wait(lambda: spooled.view().status.trouble in (Reason.OFFLINE, Reason.NOT_FOUND))
    wait(lambda: spooled.view().status.trouble is Reason.NOT_FOUND)
    assert (spooled.view().waiting, spooled.view().doubtful) == (1, [])
    printer.plug_in()
    wait(lambda: spooled.view().waiting == 0)
    wait(lambda: spooled.view().status.trouble is None)
    assert papers(printer.job) == [ONE]
    spooled.close()


@pytest.mark.parametrize("driver", CABLES)
def test_a_port_without_permission_says_so(driver: str, printer: SerialPrinter, monkeypatch: Any) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(DeviceError) as told:
        open_printer(driver, options(driver, printer)).print(RECEIPT)
    assert told.value.reason is Reason.REFUSED
    assert "no permission" in told.value.detail


def test_a_serial_port_belongs_to_one_program(printer: SerialPrinter) -> None:
    first, second = (open_printer("serial", options("serial", printer)) for _ in range(2))
    assert first.status().trouble is None
    assert second.status().trouble is Reason.BUSY
    first.close()
    assert second.status().trouble is None
    second.close()


# --- USB and the Windows spooler, over pretended libraries ---


class Bus:
    """A pretended pyusb with one printer on it, in the place of the real one; failing: what every call raises."""

    def __init__(self) -> None:
        self.heard = b""
        self.answers: list[bytes] = []
        self.wrong: OSError | None = None
        self.is_there = True
        self.asked_for: dict[str, Any] = {}
        self.backend = SimpleNamespace(__module__="usb.backend.libusb1")

    def find(self, **wanted: Any) -> Bus | None:
        self.asked_for = wanted
        match = wanted.get("custom_match")
        return self if self.is_there and (match is None or match(self)) else None

    def __iter__(self) -> Iterator[list[Any]]:
        yield self.get_active_configuration()

    def get_active_configuration(self) -> list[Any]:
        return [
            Interface(3, [SimpleNamespace(bmAttributes=3, bEndpointAddress=0x84)]),
            Interface(
                7,
                [
                    SimpleNamespace(bmAttributes=2, bEndpointAddress=0x81),
                    SimpleNamespace(bmAttributes=2, bEndpointAddress=0x03),
                ],
            ),
        ]

    def is_kernel_driver_active(self, number: int) -> bool:
        return False

    def set_configuration(self) -> None: ...

    def reset(self) -> None: ...

    def write(self, end: int, raw: bytes, timeout: int) -> int:
        assert end == 0x03
        assert timeout > 0
        if self.wrong:
            raise self.wrong
        self.heard += raw
        self.answers += [READY[raw[2:3]] * 3] if raw.startswith(b"\x10\x04") else []
        return len(raw)

    def read(self, end: int, most: int, timeout: int) -> bytes:
        assert end == 0x81
        assert timeout > 0
        if not self.answers:
            raise OSError(errno.ETIMEDOUT, "Operation timed out")
        return self.answers.pop(0)


class Interface(list[Any]):
    def __init__(self, kind: int, ends: list[Any]) -> None:
        super().__init__(ends)
        self.bInterfaceClass = kind


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Bus:
    made = Bus()
    monkeypatch.setattr("usb.core.find", made.find)
    monkeypatch.setattr("usb.util.dispose_resources", lambda device: None)
    return made


def test_a_usb_printer_is_found_by_its_class_and_printed_on(bus: Bus) -> None:
    opened = open_printer("usb", TEXT)
    opened.print(RECEIPT)
    assert papers(bus.heard.replace(b"\x10\x04\x01\x10\x04\x02\x10\x04\x04", b"")) == [ONE]
    assert opened.status().trouble is None
    opened.close()
    open_printer("usb", {"device": "0416:5011", **TEXT}).status()
    assert bus.asked_for == {"idVendor": 0x0416, "idProduct": 0x5011}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (OSError(errno.ENODEV, "No such device"), Reason.OFFLINE),
        (OSError(errno.EACCES, "Access denied"), Reason.REFUSED),
        (OSError(errno.EBUSY, "Resource busy"), Reason.BUSY),
        (OSError(errno.ETIMEDOUT, "Operation timed out"), Reason.TIMEOUT),
    ],
)
def test_what_goes_wrong_on_usb_is_told_and_the_printer_comes_back(bus: Bus, wrong: OSError, reason: Reason) -> None:
    opened = open_printer("usb", TEXT)
    assert opened.status().trouble is None
    bus.wrong = wrong
    assert opened.status().trouble is reason
    bus.wrong, bus.is_there = None, False
    assert opened.status().trouble is Reason.NOT_FOUND
    bus.is_there = True
    assert opened.status().trouble is None


def test_usb_without_libusb_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usb.backend.libusb1.get_backend", lambda: None)
    monkeypatch.setattr("usb.backend.libusb0.get_backend", lambda: None)
    monkeypatch.setattr("usb.backend.openusb.get_backend", lambda: None)
    assert open_printer("usb", {}).status().trouble is Reason.NOT_INSTALLED


def test_a_wrong_usb_name_is_told() -> None:
    assert open_printer("usb", {"device": "printer"}).status().trouble is Reason.UNKNOWN


class Spooler(ModuleType):
    """A pretended win32print: jobs are what was closed."""

    PRINTER_ENUM_NAME = 8

    class error(Exception):  # noqa: N801  (its name in pywintypes)
        pass

    def __init__(self) -> None:
        super().__init__("win32print")
        self.jobs: list[bytes] = []
        self.fails_at = ""
        self._open = b""

    def _maybe(self, place: str) -> None:
        if place == self.fails_at:
            raise Spooler.error(1722, place, "The RPC server is unavailable.")

    def GetDefaultPrinter(self) -> str:  # noqa: N802  (names of win32print)
        return "XP-80C"

    def EnumPrinters(self, *_: object) -> list[dict[str, str]]:  # noqa: N802
        return [{"pPrinterName": "XP-80C"}]

    def OpenPrinter(self, name: str) -> int:  # noqa: N802
        self._maybe("open")
        return 1

    def StartDocPrinter(self, handle: int, level: int, job: tuple[str, str, str]) -> int:  # noqa: N802
        assert job[2] == "RAW"
        self._open = b""
        return 1

    def StartPagePrinter(self, handle: int) -> None: ...  # noqa: N802

    def WritePrinter(self, handle: int, raw: bytes) -> int:  # noqa: N802
        self._maybe("write")
        self._open += raw
        return len(raw)

    def EndPagePrinter(self, handle: int) -> None: ...  # noqa: N802

    def EndDocPrinter(self, handle: int) -> None:  # noqa: N802
        self._maybe("end")
        self.jobs.append(self._open)

    def ClosePrinter(self, handle: int) -> None: ...  # noqa: N802


@pytest.fixture
def spooler(monkeypatch: pytest.MonkeyPatch) -> Spooler:
    import escpos.printer.win32raw as seam

    made = Spooler()
    monkeypatch.setattr(seam, "_DEP_WIN32PRINT", True)
    monkeypatch.setattr(seam, "win32print", made, raising=False)
    monkeypatch.setattr(seam, "pywintypes", Spooler, raising=False)
    return made


def windows(name: str = "") -> Printer:
    return open_printer("windows", {"printer": name, **TEXT})


def test_the_windows_spooler_gets_one_raw_job_a_receipt(spooler: Spooler) -> None:
    opened = windows()
    opened.print(RECEIPT)
    opened.kick_drawer()
    assert papers(spooler.jobs[0]) == [ONE]
    assert read_roll(spooler.jobs[1], 576).kicks == 1
    assert opened.status().trouble is Reason.UNKNOWN
    assert windows("XP-80C").status().trouble is Reason.UNKNOWN


@pytest.mark.parametrize(
    ("fails_at", "name", "reason", "is_doubtful"),
    [
        ("open", "", Reason.NOT_FOUND, False),
        ("", "HP LaserJet", Reason.NOT_FOUND, False),
        ("write", "", Reason.OFFLINE, False),
        ("end", "", Reason.OFFLINE, True),
    ],
)
def test_what_goes_wrong_in_the_spooler_is_told(
    spooler: Spooler, fails_at: str, name: str, reason: Reason, is_doubtful: bool
) -> None:
    spooler.fails_at = fails_at
    with pytest.raises(DeviceError) as told:
        windows(name).print(RECEIPT)
    assert (told.value.reason, told.value.is_doubtful) == (reason, is_doubtful)


@pytest.mark.skipif(sys.platform == "win32", reason="pywin32 is there")
def test_the_windows_spooler_is_missing_elsewhere() -> None:
    assert windows().status().trouble is Reason.NOT_INSTALLED

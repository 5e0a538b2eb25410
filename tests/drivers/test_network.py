"""A network printer that stalls, refuses, cuts the line and comes back: no receipt is lost, none comes twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.catalogue import open_printer
from drivers.contracts import Barcode, Cut, DeviceError, Document, Pair, Reason, Rule, Text
from posapp.devices import Configured, SpooledPrinter
from tests.drivers.tcp_printer import COVER_OPEN, NO_PAPER, Mishap, TcpPrinter, wait, whole

QUICK = (0.01,)


@pytest.fixture
def printer() -> Iterator[TcpPrinter]:
    made = TcpPrinter()
    yield made
    made.release.set()
    made.unplug()


def receipt(number: int) -> Document:
    goods = [block for n in range(12) for block in (Text(f"澳洲进口鲜奶 {n}"), Pair("  1瓶 x 12.90", "12.90"))]
    return (Text(f"小票 {number}"), Rule(), *goods, Rule(), Barcode(f"S001T01-A-{number:06d}-7K"), Cut())


def configured(printer: TcpPrinter, **options: object) -> Configured:
    quick = {"host": "127.0.0.1", "port": printer.port, "connect_s": 2.0, "answer_s": 0.3, "mode": "text"}
    return Configured("network", {**quick, "codes": "native", **options})


NUMBERS = [f"S001T01-A-{number:06d}-7K" for number in range(3)]


@pytest.mark.parametrize(
    "mishap",
    [
        *(Mishap(takes=takes) for takes in (0, 1, 40, 300, 600)),
        Mishap(is_stalled=True),
        Mishap(answers={}),
        Mishap(answers=NO_PAPER),
        Mishap(answers=COVER_OPEN),
    ],
    ids=str,
)
def test_a_mishap_neither_loses_nor_doubles_a_receipt(printer: TcpPrinter, mishap: Mishap, tmp_path: Path) -> None:
    printer.mishaps.extend([mishap] * (1 if mishap.is_stalled else 2))
    spooled = SpooledPrinter(tmp_path / "receipt", configured(printer), pauses_s=QUICK)
    for number, key in enumerate(NUMBERS):
        spooled.print(receipt(number), key)
    if mishap.is_stalled:
        wait(lambda: spooled.view().status.trouble is Reason.TIMEOUT)
        printer.release.set()
    wait(lambda: spooled.view().waiting == 0)
    spooled.close()
    assert whole(printer) == NUMBERS
    assert spooled.view().doubtful == []


def test_a_refused_line_is_told_and_tried_again(printer: TcpPrinter, tmp_path: Path) -> None:
    printer.unplug()
    spooled = SpooledPrinter(tmp_path / "receipt", configured(printer), pauses_s=QUICK)
    spooled.print(receipt(0), NUMBERS[0])
    wait(lambda: spooled.view().status.trouble is Reason.REFUSED)
    assert spooled.view().waiting == 1
    printer.plug_in()
    wait(lambda: spooled.view().waiting == 0)
    wait(lambda: spooled.view().status.trouble is None)
    spooled.close()
    assert whole(printer) == NUMBERS[:1]


@pytest.mark.parametrize("mode", ["text", "raster"])
def test_a_line_cut_after_the_last_byte_asks_a_person(printer: TcpPrinter, tmp_path: Path, mode: str) -> None:
    chosen = configured(printer, mode=mode)
    open_printer(chosen.driver, chosen.options).print(receipt(1))
    wait(lambda: len(printer.jobs) == 1 and printer.jobs[0].endswith(b"\x1dVB\x00"))
    printer.unplug()
    earlier = SpooledPrinter(tmp_path / "receipt", chosen, pauses_s=QUICK)
    earlier.print(receipt(1), NUMBERS[1])
    wait(lambda: earlier.view().status.trouble is Reason.REFUSED)
    earlier.close()
    printer.mishaps.append(Mishap(takes=len(printer.jobs[0])))
    printer.jobs.clear()
    printer.plug_in()
    spooled = SpooledPrinter(tmp_path / "receipt", chosen, pauses_s=QUICK)
    wait(lambda: spooled.view().doubtful == [NUMBERS[1]])
    wait(lambda: spooled.view().status.trouble is None)
    assert sum(job.endswith(b"\x1dVB\x00") for job in printer.jobs) == 1
    assert spooled.again(NUMBERS[1])
    wait(lambda: sum(job.endswith(b"\x1dVB\x00") for job in printer.jobs) == 2)
    wait(lambda: spooled.view().doubtful == [])
    spooled.close()


def test_a_stalled_printer_keeps_nobody_waiting(printer: TcpPrinter, tmp_path: Path) -> None:
    """Whatever the till hands over or asks returns while the printer still holds its worker fast."""
    spooled = SpooledPrinter(tmp_path / "receipt", configured(printer, answer_s=30), pauses_s=QUICK)
    wait(lambda: spooled.view().status.trouble is None)
    printer.mishaps.append(Mishap(is_stalled=True))
    spooled.print(receipt(0), NUMBERS[0])
    wait(lambda: printer.is_stalling)
    calls: list[Callable[[], object]] = [
        lambda: spooled.print(receipt(1), NUMBERS[1]),
        spooled.kick_drawer,
        spooled.view,
        spooled.wake,
        lambda: spooled.again(NUMBERS[0]),
        lambda: spooled.settle(NUMBERS[0]),
        lambda: spooled.print(receipt(2), NUMBERS[2]),
        lambda: spooled.reconfigure(spooled.configured),
        spooled.stop,
        lambda: spooled.reconfigure(spooled.configured),
    ]
    for call in calls:
        call()
        assert printer.is_stalling
        assert whole(printer) == []
    assert spooled.view().waiting == 3
    printer.release.set()
    wait(lambda: spooled.view().waiting == 0)
    assert whole(printer) == NUMBERS
    spooled.close()


def test_a_printer_that_never_tells_its_status_prints_all_the_same(printer: TcpPrinter, tmp_path: Path) -> None:
    printer.mishaps.extend([Mishap(answers={})] * 9)
    spooled = SpooledPrinter(tmp_path / "receipt", configured(printer, answers=False), pauses_s=QUICK)
    spooled.print(receipt(0), NUMBERS[0])
    wait(lambda: spooled.view().waiting == 0)
    wait(lambda: NUMBERS[:1] == whole(printer))
    assert spooled.view().status.trouble is Reason.UNKNOWN
    spooled.close()


def test_an_empty_answer_is_unknown_never_plenty(printer: TcpPrinter) -> None:
    printer.mishaps.append(Mishap(takes=0))
    chosen = configured(printer)
    status = open_printer(chosen.driver, chosen.options).status()
    assert status.trouble is Reason.UNKNOWN


@pytest.mark.parametrize(
    ("driver", "options", "reason"),
    [
        ("telepathy", {}, Reason.NOT_INSTALLED),
        ("network", {}, Reason.UNKNOWN),
        ("network", {"host": "a", "paper": 57}, Reason.UNKNOWN),
        ("network", {"host": "a", "colour": "red"}, Reason.UNKNOWN),
    ],
)
def test_a_wrong_choice_is_told(driver: str, options: dict[str, object], reason: Reason) -> None:
    with pytest.raises(DeviceError) as told:
        open_printer(driver, options)
    assert told.value.reason is reason

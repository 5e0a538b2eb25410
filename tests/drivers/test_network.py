"""A network printer that stalls, refuses, cuts the line and comes back: no receipt is lost, none comes twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.catalogue import helps, open_printer
from drivers.contracts import Barcode, Cut, DeviceError, Document, Pair, Reason, Rule, Text
from posapp.devices import Configured, SpooledPrinter
from tests.drivers.paper_roll import NotEscPos, read_roll
from tests.drivers.tcp_printer import COVER_OPEN, NO_PAPER, Mishap, TcpPrinter

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


def whole(printer: TcpPrinter) -> list[str]:
    """The numbers of the receipts that came out whole, with their cut."""
    out = []
    for job in printer.jobs:
        try:
            roll = read_roll(job, 576)
        except NotEscPos:
            continue
        if roll.cuts:
            out += [text for kind, text in roll.codes if kind == "Code128"]
    return out


class Till:
    """A spooled printer whose changes can be waited for."""

    def __init__(self, folder: Path, chosen: Configured, **more: Any) -> None:
        self._changed = threading.Condition()
        self.printer = SpooledPrinter(folder, chosen, self._tell, more.get("pauses_s", QUICK))

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait(self, is_so: Callable[[], bool]) -> None:
        with self._changed:
            while not is_so():
                assert self._changed.wait(20), self.printer.view()

    def settled(self) -> None:
        self.wait(lambda: self.printer.view().waiting == 0)


NUMBERS = [f"S001T01-A-{number:06d}-7K" for number in range(3)]
LENGTH = 1000


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
    till = Till(tmp_path / "receipt", configured(printer))
    for number, key in enumerate(NUMBERS):
        till.printer.print(receipt(number), key)
    if mishap.is_stalled:
        till.wait(lambda: till.printer.view().status.trouble is Reason.TIMEOUT)
        printer.release.set()
    till.settled()
    till.printer.close()
    assert whole(printer) == NUMBERS
    assert till.printer.view().doubtful == []


def test_a_refused_line_is_told_and_tried_again(printer: TcpPrinter, tmp_path: Path) -> None:
    printer.unplug()
    till = Till(tmp_path / "receipt", configured(printer))
    till.printer.print(receipt(0), NUMBERS[0])
    till.wait(lambda: till.printer.view().status.trouble is Reason.REFUSED)
    assert till.printer.view().waiting == 1
    printer.plug_in()
    till.settled()
    till.wait(lambda: till.printer.view().status.trouble is None)
    till.printer.close()
    assert whole(printer) == NUMBERS[:1]


def test_a_line_cut_after_the_last_byte_asks_a_person(printer: TcpPrinter, tmp_path: Path) -> None:
    till = Till(tmp_path / "receipt", configured(printer))
    till.printer.print(receipt(0), NUMBERS[0])
    till.settled()
    printed = next(len(job) for job in printer.jobs if job)
    printer.jobs.clear()
    printer.mishaps.append(Mishap(takes=printed))
    # The poll may take the mishap instead of the job; then the job simply prints.
    till.printer.print(receipt(1), NUMBERS[1])
    till.settled()
    assert whole(printer) == [NUMBERS[1]]
    if till.printer.view().doubtful:
        assert till.printer.view().doubtful == [NUMBERS[1]]
        assert till.printer.again(NUMBERS[1])
        till.wait(lambda: not till.printer.view().doubtful and not till.printer.view().waiting)
        assert whole(printer) == [NUMBERS[1]] * 2
    till.printer.close()


def test_a_printer_that_never_tells_its_status_prints_all_the_same(printer: TcpPrinter, tmp_path: Path) -> None:
    printer.mishaps.extend([Mishap(answers={})] * 9)
    till = Till(tmp_path / "receipt", configured(printer, answers=False))
    till.printer.print(receipt(0), NUMBERS[0])
    till.settled()
    till.wait(lambda: NUMBERS[:1] == whole(printer))
    assert till.printer.view().status.trouble is Reason.UNKNOWN
    till.printer.close()


def test_an_empty_answer_is_unknown_never_plenty(printer: TcpPrinter) -> None:
    printer.mishaps.append(Mishap(takes=0))
    chosen = configured(printer)
    status = open_printer(chosen.driver, chosen.options).status()
    assert status.trouble in (Reason.UNKNOWN, Reason.OFFLINE)


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


def test_every_option_has_its_help() -> None:
    for driver in ("network", "virtual"):
        assert all(len(chinese) > 1 and len(english) > 3 for chinese, english in helps(driver).values())

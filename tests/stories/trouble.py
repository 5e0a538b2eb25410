"""A cashier who goes on selling while the receipt printer has every trouble there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial

from posapp.devices import RECEIPT, Configured
from posapp.messages import SaleCompleted
from posapp.till import Till
from tests.drivers.tcp_printer import Mishap, TcpPrinter, whole
from tests.shop import entries_of
from tests.ui.desk import Desk
from tests.ui.keys import wait_until
from tests.ui.painted import Pauses

CODES = ("6900000000011", "6900000000028", "6900000000035")

Trouble = Callable[[TcpPrinter], AbstractContextManager[None]]


@contextmanager
def unplugged(printer: TcpPrinter) -> Iterator[None]:
    printer.unplug()
    yield
    printer.plug_in()


@contextmanager
def stalled(printer: TcpPrinter) -> Iterator[None]:
    printer.release.clear()
    printer.mishaps.append(Mishap(is_stalled=True))
    yield
    assert printer.is_stalling
    printer.release.set()


@contextmanager
def suffering(mishap: Mishap, times: int, printer: TcpPrinter) -> Iterator[None]:
    printer.mishaps.extend([mishap] * times)
    yield
    printer.mishaps.clear()


TROUBLES: dict[str, Trouble] = {
    "unplugged": unplugged,
    "stalled": stalled,
    "hangs up": partial(suffering, Mishap(takes=0), 9),
    "cut at the first byte": partial(suffering, Mishap(takes=1), 9),
    "cut in mid-receipt": partial(suffering, Mishap(takes=200), 9),
    "silent": partial(suffering, Mishap(answers={}), 1),
}


@dataclass
class Told:
    """Longest pauses of the event loop in seconds, a ticket each; numbers of the sales, and of the receipts that came
    out whole, in the order in which they came; keys of the receipts of which nobody knows."""

    without: list[float] = field(default_factory=list)
    troubled: dict[str, list[float]] = field(default_factory=dict)
    sold: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)


def sell_through(till: Till, printer: TcpPrinter, mode: str, answer_s: float, tickets: int) -> Told:
    """Sell so many tickets in each of the printer's troubles, and before each as many without a printer.

    mode: text or raster. answer_s: how long the printer's worker waits for an answer.
    """
    options = {"host": "127.0.0.1", "port": printer.port, "connect_s": answer_s, "answer_s": answer_s}
    connected = {RECEIPT: Configured("network", {**options, "mode": mode, "codes": "native"})}
    told, desk, pauses = Told(), Desk(till), Pauses()

    def sell() -> list[float]:
        longest = []
        for _ in range(tickets):
            pauses.begin()
            for code in CODES:
                desk.scan(code)
            desk.pay()
            wait_until(lambda: pauses.ticks > 0)
            longest.append(pauses.longest_s)
        return longest

    def is_all_printed() -> bool:
        worker = till.devices.receipt
        assert worker
        worker.wake()
        return worker.view().waiting == 0

    try:
        for name, trouble in TROUBLES.items():
            told.without += sell()
            till.devices.reconfigure(connected)
            before = len(numbers(till))
            with trouble(printer):
                told.troubled[name] = sell()
            told.sold += numbers(till)[before:]
            wait_until(is_all_printed, 60)
            assert till.devices.receipt
            told.doubtful += till.devices.receipt.view().doubtful
            till.devices.reconfigure({})
    finally:
        desk.app.close()
    told.printed = whole(printer)
    return told


def numbers(till: Till) -> list[str]:
    return [header.rn for header, body in entries_of(till) if isinstance(body, SaleCompleted)]

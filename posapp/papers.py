"""The till's papers: what is printed of sales, refunds and shifts, and the drawer that opens with them.

Whatever goes wrong here is logged whole: what the paper tells of is recorded, and can be printed again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from drivers.contracts import Document
from posapp import log
from posapp.devices import Devices
from posapp.rules.receipt import Customer, Recorded, document, marked
from posapp.selling import receipt as receipts
from posapp.selling import refund_slip
from posapp.selling.refund import RecordedRefund, cash_back
from posapp.selling.sale import Receipt
from posapp.settings import Settings

_log = log.named("sale")


class Papers:
    """Printed at the receipt printer, if there is one. picture(hash) gives the file of a picture that has come.

    mark: the word on every paper while the till is practised on; the drawer stays shut then.
    """

    def __init__(self, devices: Devices, picture: Callable[[str], Path | None]) -> None:
        self._devices = devices
        self._picture = picture
        self.mark = ""

    def hand_out(self, sale: Receipt, clerk_name: str, settings: Settings, customer: Customer) -> None:
        """Drawer and paper of a sale that is on disk. The entry is at hand: nothing is read while a customer waits."""
        if self._devices.receipt is None:
            return
        with _logging(sale.number):
            recorded = replace(receipts.just_recorded(sale.written, clerk_name), customer=customer)
            if any(paid.kind == "cash" for paid in recorded.body.tenders):
                self.kick_drawer()
            self.print(lambda: self.document_of(recorded, settings), recorded.receipt)

    def hand_back(self, refund: RecordedRefund, settings: Settings) -> None:
        """Drawer and slip of a refund."""
        if cash_back(refund.body):
            self.kick_drawer()
        self.print(lambda: refund_slip.document(refund, settings), refund.receipt)

    def kick_drawer(self) -> None:
        if (printer := self._devices.receipt) and not self.mark:
            printer.kick_drawer()

    def print(self, make: Callable[[], Document], key: str) -> None:
        """Have a paper printed, once for each key."""
        printer = self._devices.receipt
        if printer is None:
            return
        with _logging(key):
            if self.mark:
                printer.print(marked(make(), self.mark), f"{self.mark} {key}")
            else:
                printer.print(make(), key)

    def document_of(self, recorded: Recorded | RecordedRefund, settings: Settings, copy: int = 0) -> Document:
        """A receipt's or a refund slip's. copy: 0 for the first print, else the number of the copy."""
        if isinstance(recorded, RecordedRefund):
            return refund_slip.document(recorded, settings, copy)
        return document(recorded, settings, copy, logo=self.logo(settings))

    def logo(self, settings: Settings) -> bytes | None:
        """The picture of the store's receipts; None while it has not come."""
        file = self._picture(settings.receipt_logo)
        return file.read_bytes() if file else None


@contextmanager
def _logging(key: str) -> Iterator[None]:
    try:
        yield
    except Exception:  # noqa: BLE001
        _log.exception("%s is not printed", key)

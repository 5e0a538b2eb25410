"""How a till stands at this moment, gathered from its books, its line to HQ and its devices."""

from __future__ import annotations

from posapp import db
from posapp.books import Books
from posapp.devices import RECEIPT, Devices
from posapp.setup.capabilities import Standing
from posapp.sync import push
from posapp.sync.client import Client
from posapp.sync.pull import pulled_at
from posapp.sync.runner import Runner


def standing(books: Books, client: Client, runner: Runner, devices: Devices) -> Standing:
    waiting, pulled = push.backlog(books.folder), pulled_at(books.folder)
    view = devices.receipt.view() if devices.receipt else None
    return Standing(
        now=books.journal.now_ms(),
        is_online=client.is_on,
        trouble=runner.trouble,
        last_contact=client.last_contact or max(pulled.values(), default=0),
        unsent=waiting.unsent,
        oldest_unsent=waiting.oldest,
        prices=pulled.get("prices", 0),
        free=books.folder.free,
        reserve=db.DISK_RESERVE,
        clock_quality=books.journal.clock_quality,
        offset=books.journal.offset_ms,
        devices=_states(devices),
        printing=view.waiting if view else 0,
        doubtful=len(view.doubtful) if view else 0,
    )


def _states(devices: Devices) -> dict[str, str]:
    """The worst of each kind; of printers the one beside the cashier."""
    states: dict[str, str] = {}
    for one in devices.views():
        is_beside = one.kind != "printer" or one.name == RECEIPT
        if is_beside and states.get(one.kind, "ready") == "ready":
            states[one.kind] = str(one.status.trouble or "ready")
    return states


def printer_status(devices: Devices) -> tuple[str | None, int]:
    """Of the printer beside the cashier: ready or its Reason, None where there is none; how many papers wait."""
    if devices.receipt is None:
        return None, 0
    view = devices.receipt.view()
    return str(view.status.trouble or "ready"), view.waiting + len(view.doubtful)

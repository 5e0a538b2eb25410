"""The till without a window: builds the rooms in order, recognises codes, and holds every verb.

Three faces call these verbs: the window, the script and the tests. A verb returns what there is to show, or
raises PosError and has changed nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import func, select

from drivers.contracts import Document
from posapp import db, devices, log
from posapp.answers import ClerkView, LineView, OpenTicket, PaidView, ShiftView, StatusView, SyncView, TicketView
from posapp.books import Books
from posapp.catalog.articles import Articles, apply_catalogue, apply_prices
from posapp.catalog.recognise import goods_of, read_code
from posapp.clock import Clock
from posapp.errors import PosError
from posapp.ids import Chance, till_name, unb64u
from posapp.journal import MARK_FILE, Journal
from posapp.messages import SettingsApplied
from posapp.money import ZERO, Money
from posapp.quantity import Quantity
from posapp.rules import receipt as papers
from posapp.rules.cart import Line, read_discount
from posapp.rules.pricing import discount_on
from posapp.selling import discounts
from posapp.selling import receipt as receipts
from posapp.selling.sale import Sale
from posapp.selling.ticket import line_view, open_ticket, ticket_view
from posapp.settings import Settings
from posapp.setup.capabilities import Capability, Standing, capabilities
from posapp.shift import shift as shifts
from posapp.shift.approval import Approvals
from posapp.shift.people import Clerk, apply_staff, check_pin
from posapp.sync import push
from posapp.sync.client import Carrier, Client
from posapp.sync.enrol import open_keys
from posapp.sync.pull import apply_keys, apply_settings, pulled_at, settings_values
from posapp.sync.runner import Runner
from posapp.tables import sale as sale_table
from posapp.tables import staff as staff_table

_log = log.named("sale")

P = ParamSpec("P")
T = TypeVar("T")


def verb(method: Callable[Concatenate[Till, P], T]) -> Callable[Concatenate[Till, P], T]:
    """A cashier's verb: refreshes settings first, and remembers what was refused so that it can be approved."""

    @functools.wraps(method)
    def run(self: Till, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with db.telling(self.folder.path):
                self._refresh()
                result = method(self, *args, **kwargs)
        except PosError as error:
            again = (lambda: method(self, *args, **kwargs)) if error.code == "needs_approval" else None
            self._approvals.settle(again)
            raise
        self._approvals.settle(None)
        return result

    return run


class Till:
    """One till of one store, on its folder; close() gives the folder back."""

    def __init__(self, data: Path, state: Path, clock: Clock, chance: Chance, carrier: Carrier) -> None:
        self.keys = open_keys(data, state)
        self.state_folder = state
        certificate = self.keys.certificate
        assert certificate
        self.clock = clock
        self.name = till_name(certificate.store, certificate.till)
        self.clerk: Clerk | None = None
        self._approvals = Approvals()
        self._is_stale = False
        with db.telling(data), ExitStack() as opening:
            folder = db.Folder(data, unb64u(self.keys.database))
            with folder.feed.reading() as conn:
                self._values = settings_values(conn)
            self.settings = Settings(self._values)
            mark = state / MARK_FILE
            self.books = Books(folder, self.keys, certificate, mark, clock, chance, self.settings)
            opening.callback(self.books.close)
            self.client = Client(self.keys, carrier, clock, chance)
            self.articles = Articles(folder.feed)
            opening.callback(self.articles.close)
            self.devices = devices.Devices(data / "devices", devices.read(state / devices.DEVICES_FILE))
            opening.callback(self.devices.close)
            self.runner = Runner(
                folder,
                self.books.journal,
                self.client,
                clock,
                chance,
                {
                    "keys": apply_keys,
                    "settings": apply_settings,
                    "staff": apply_staff,
                    "catalogue": apply_catalogue,
                    "prices": apply_prices,
                },
                self._feed_changed,
            )
            opening.callback(self.runner.stop)
            self._closing = opening.pop_all()

    def close(self) -> None:
        self._closing.close()

    @property
    def folder(self) -> db.Folder:
        return self.books.folder

    @property
    def journal(self) -> Journal:
        return self.books.journal

    @property
    def sale(self) -> Sale:
        return self.books.sale

    @property
    def shift(self) -> shifts.OpenShift | None:
        return self.books.shift

    # --- people ---

    @verb
    def sign_in(self, number: str, pin: str) -> ClerkView:
        self.clerk = None  # whoever fails to sign in does not go on with a colleague's rights
        self.clerk = clerk = check_pin(self.folder, self.journal, number, pin)
        return ClerkView(clerk.number, clerk.name, clerk.role)

    @verb
    def sign_out(self) -> StatusView:
        self.clerk = None
        return self.status()

    def approve(self, number: str, pin: str) -> object:
        """Lend a right for the action just refused, and carry it out: this action, once."""
        self._approvals.check()
        approver = check_pin(self.folder, self.journal, number, pin)
        ticket = self.sale.cart.ticket if self.sale.cart else ""
        return self._approvals.lend(self.journal, self._clerk(), approver, ticket)

    # --- shift ---

    @verb
    def open_shift(self, drawer: Money) -> ShiftView:
        self.books.shift = shifts.open_shift(self.journal, self._clerk().number, drawer)
        return self._shift_view()

    @verb
    def close_shift(self, counted: Money) -> ShiftView:
        clerk, shift = self._clerk(), self.books.the_shift()
        if self.sale.cart:
            raise PosError("ticket_open")
        parked = len(self.books.drafts.parked())
        if parked:
            raise PosError("parked_left", count=parked)
        closed = shifts.close_shift(self.journal, clerk.number, shift, counted)
        self.books.shift = None
        self.runner.wake()
        return ShiftView.of(closed, is_closed=True)

    @verb
    def report_x(self) -> ShiftView:
        self._clerk()
        return self._shift_view()

    @verb
    def cash_in(self, amount: Money, reason: str) -> ShiftView:
        return self._move_cash(amount, amount, reason, 0)

    @verb
    def cash_out(self, amount: Money, reason: str) -> ShiftView:
        self._positive(amount)
        by = self._right("cash_out", f"{amount} {reason}")
        return self._move_cash(amount, -amount, reason, by)

    @verb
    def drawer(self) -> StatusView:
        clerk, shift = self._clerk(), self.books.the_shift()
        shifts.open_drawer(self.journal, clerk.number, self._right("drawer", ""), shift.shift)
        if printer := self.devices.receipt:
            printer.kick_drawer()
        return self.status()

    # --- goods ---

    @verb
    def scan(self, text: str) -> LineView:
        """CODE, N*CODE or a scale label: put the article on the ticket."""
        clerk = self._clerk()
        self.books.the_shift()
        if self.sale.cart is None and not self.folder.has_room():
            raise PosError("disk_full")
        qty, code = read_code(text)
        goods = goods_of(self.articles, code, qty, self.settings.scale_labels, self.journal.now_ms())
        line = self.sale.add(goods.article, goods.code, goods.qty, clerk.number, goods.amount)
        return line_view(self.sale, line.n)

    @verb
    def qty(self, line: int, quantity: Quantity) -> LineView:
        self._clerk()
        return line_view(self.sale, self.sale.set_quantity(line, quantity).n)

    @verb
    def price(self, line: int, unit_price: Money) -> LineView:
        """A price by hand: free within an article's own floor, else with the right to change prices."""
        self._clerk()
        if unit_price.fen < 0:
            raise PosError("bad_amount", amount=unit_price)
        held = self._cart_line(line)
        is_bargain = held.may_bargain and ZERO < held.lowest <= unit_price
        by = 0 if is_bargain else self._right("price", f"{held.name} {held.price} -> {unit_price}", line)
        return line_view(self.sale, self.sale.set_price(line, unit_price, by).n)

    @verb
    def discount(self, line: int | None, text: str) -> TicketView:
        """Of a line, or of the whole ticket (None). TEXT is "10%" or an amount; "0" takes a discount away."""
        self._clerk()
        discount = read_discount(text)
        name, base = discounts.base_of(self.sale.cart, self.sale.priced, line)
        if discount.amount > base:
            raise PosError("discount_too_large", discount=text, amount=base)
        off = discount_on(base, discount)
        if off.fen * 100 > self.settings.discount_limit * base.fen:
            discount.by = self._right("discount", f"{name} -{off}", line or 0)
        self.sale.set_discount(line, discount if off else None)
        return ticket_view(self.sale)

    @verb
    def void(self, line: int) -> TicketView:
        self.sale.void(line, self._clerk().number)
        return ticket_view(self.sale)

    @verb
    def cancel(self) -> TicketView:
        clerk = self._clerk()
        by = 0
        if self.sale.cart and any(paid.kind != "cash" for paid in self.sale.cart.paid):
            by = self._right("cancel_paid", f"{self.sale.due}")
        self.sale.cancel(clerk.number, by)
        return ticket_view(self.sale)

    @verb
    def park(self, name: str | None = None) -> StatusView:
        self._clerk()
        self.sale.park(name or f"{len(self.books.drafts.parked()) + 1}")
        return self.status()

    @verb
    def recall(self, name: str | None = None) -> TicketView:
        self._clerk()
        self.sale.recall(name)
        return ticket_view(self.sale)

    # --- money ---

    @verb
    def pay(self, kind: str, amount: Money, ref: str = "") -> PaidView:
        clerk, shift = self._clerk(), self.books.the_shift()
        priced = self.sale.priced
        if self.sale.cart and priced and not self.sale.cart.paid:
            self._check_discounts()
        taken, receipt = self.sale.pay(kind, amount, ref, clerk.number, shift.shift)
        if receipt is None:
            return PaidView(taken.due, ZERO, ZERO, priced.total if priced else ZERO)
        self.runner.wake()
        self._hand_out(receipt.number)
        return PaidView(ZERO, receipt.change, receipt.rounding, receipt.total, receipt.number, receipt.sale)

    @verb
    def reprint(self, receipt: str) -> list[str]:
        """A copy of a receipt as lines of text."""
        clerk = self._clerk()
        recorded = receipts.find(self.folder, receipt)
        copy = receipts.reprint(self.journal, recorded, clerk.number)
        if printer := self.devices.receipt:
            printer.print(self._paper_of(recorded, copy), f"{receipt} {copy}")
        return papers.text(recorded, self.settings, copy)

    def ticket(self) -> OpenTicket:
        """The open ticket, line by line."""
        return open_ticket(self.sale)

    # --- the till itself ---

    def has_staff(self) -> bool:
        """Whether HQ's streams have ever come; nobody can sign in before."""
        with self.folder.feed.reading() as conn:
            return conn.execute(select(staff_table.c.number).limit(1)).first() is not None

    def network(self, is_on: bool) -> StatusView:
        self.client.is_on = is_on
        return self.status()

    def sync(self, progress: Callable[[int, int], None] | None = None) -> SyncView:
        """Hand everything to HQ and take in what it published; raises PosError saying why not."""
        with db.telling(self.folder.path):
            sent, pulled = self.runner.once(progress)
            self._refresh()
            if push.backlog(self.folder).unsent:  # what taking in settings has written
                sent += self.runner.once()[0]
        return SyncView(sent, pulled, push.backlog(self.folder).unsent)

    def sold_on(self, business_date: str) -> tuple[int, Money]:
        """How many sales this till has of a business date, and what they come to."""
        with self.folder.till.reading() as conn:
            count, amount = conn.execute(
                select(func.count(), func.coalesce(func.sum(sale_table.c.total), 0)).where(
                    sale_table.c.business_date == business_date
                )
            ).one()
        return count, Money(amount)

    def status(self) -> StatusView:
        with db.telling(self.folder.path):
            return self._status()

    def _status(self) -> StatusView:
        waiting = push.backlog(self.folder)
        trouble = self.runner.trouble
        return StatusView(
            self.name,
            self.clerk.number if self.clerk else None,
            "open" if self.shift else "closed",
            len(self.sale.cart.lines) if self.sale.cart else 0,
            self.sale.due,
            len(self.books.drafts.parked()),
            waiting.unsent,
            waiting.oldest or None,
            "on" if self.client.is_on else "off",
            self.client.last_contact or None,
            trouble.sentence(self.settings.language) if trouble else None,
            self.journal.now_ms(),
            *self._printer_status(),
        )

    def capabilities(self) -> tuple[Capability, ...]:
        """What works at the moment, what does not and why."""
        with db.telling(self.folder.path):
            waiting, pulled = push.backlog(self.folder), pulled_at(self.folder)
        printer = self.devices.receipt
        view = printer.view() if printer else None
        states: dict[str, str] = {}
        for one in self.devices.views():
            is_beside = one.kind != "printer" or one.name == devices.RECEIPT
            if is_beside and states.get(one.kind, "ready") == "ready":
                states[one.kind] = str(one.status.trouble or "ready")
        return capabilities(
            Standing(
                now=self.journal.now_ms(),
                is_online=self.client.is_on,
                trouble=self.runner.trouble,
                last_contact=self.client.last_contact or max(pulled.values(), default=0),
                unsent=waiting.unsent,
                oldest_unsent=waiting.oldest,
                prices=pulled.get("prices", 0),
                free=self.folder.free,
                reserve=db.DISK_RESERVE,
                clock_quality=self.journal.clock_quality,
                offset=self.journal.offset_ms,
                devices=states,
                printing=view.waiting if view else 0,
                doubtful=len(view.doubtful) if view else 0,
            )
        )

    def _printer_status(self) -> tuple[str | None, int]:
        printer = self.devices.receipt
        if printer is None:
            return None, 0
        view = printer.view()
        return str(view.status.trouble or "ready"), view.waiting + len(view.doubtful)

    # --- inside ---

    def _hand_out(self, receipt: str) -> None:
        """Drawer and paper of a sale that is recorded. Whatever goes wrong here, the sale stands."""
        printer = self.devices.receipt
        if printer is None:
            return
        try:
            recorded = receipts.find(self.folder, receipt)
            if any(paid.kind == "cash" for paid in recorded.body.tenders):
                printer.kick_drawer()
            printer.print(self._paper_of(recorded), receipt)
        except Exception:  # noqa: BLE001  (logged whole; the receipt can be printed again)
            _log.exception("receipt %s is not printed", receipt)

    def _paper_of(self, recorded: papers.Recorded, copy: int = 0) -> Document:
        """The receipt as the store's template wants it."""
        return papers.document(recorded, self.settings, copy, logo=receipts.logo(self.folder.path, self.settings))

    def _feed_changed(self) -> None:
        self._is_stale = True

    def _refresh(self) -> None:
        """Take up settings that arrived, on the selling thread, and journal what changed."""
        if not self._is_stale:
            return
        self._is_stale = False
        with self.folder.feed.reading() as conn:
            values = settings_values(conn)
        changed = {
            key: values.get(key, "") for key in {*values, *self._values} if values.get(key) != self._values.get(key)
        }
        if changed:
            self._values = values
            self.settings = Settings(values)
            self.books.use(self.settings)
            with self.journal.writing() as writing:
                writing.append(SettingsApplied(changed))

    def _clerk(self) -> Clerk:
        if self.clerk is None:
            raise PosError("not_signed_in")
        return self.clerk

    def _right(self, action: str, detail: str, line: int = 0) -> int:
        return self._approvals.right(self._clerk(), action, detail, line)

    def _check_discounts(self) -> None:
        """What the ticket's discounts have come to is judged before money is taken."""
        assert self.sale.priced
        if found := discounts.beyond(self.sale.priced, self.settings.discount_limit):
            line, detail = found
            if by := self._right("discount", detail, line):
                self.sale.approve_discounts(by)

    def _move_cash(self, given: Money, amount: Money, reason: str, by: int) -> ShiftView:
        self._positive(given)
        shifts.move_cash(self.journal, self._clerk().number, by, self.books.the_shift().shift, amount, reason)
        return self._shift_view()

    @staticmethod
    def _positive(amount: Money) -> None:
        if amount.fen <= 0:
            raise PosError("bad_amount", amount=amount)

    def _cart_line(self, n: int) -> Line:
        line = self.sale.cart.line(n) if self.sale.cart else None
        if line is None:
            raise PosError("no_such_line", line=n)
        return line

    def _shift_view(self) -> ShiftView:
        with self.folder.till.reading() as conn:
            return ShiftView.of(shifts.report(conn, self.books.the_shift()), is_closed=False)

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
from posapp import answers, db, devices, log
from posapp.answers import (
    ClerkView,
    LineView,
    OpenTicket,
    PaidView,
    RecordedView,
    ShiftView,
    StatusView,
    SyncView,
    TicketView,
)
from posapp.books import Books, practice
from posapp.catalog.articles import Articles, apply_catalogue, apply_prices
from posapp.catalog.recognise import goods_of, read_code
from posapp.catalog.search import Search
from posapp.catalog.tiles import Tiles, apply_notices, apply_tiles
from posapp.clock import Clock
from posapp.errors import PosError
from posapp.ids import Chance, till_name, unb64u
from posapp.journal import MARK_FILE, Journal
from posapp.messages import SettingsApplied, TrainingEntered, TrainingLeft
from posapp.money import ZERO, Money
from posapp.quantity import Quantity
from posapp.rules import receipt as papers
from posapp.rules.cart import Line, read_discount
from posapp.rules.codes import kind_of
from posapp.rules.pricing import discount_on
from posapp.selling import discounts
from posapp.selling import receipt as receipts
from posapp.selling.sale import Sale
from posapp.selling.ticket import line_view, open_ticket, parked_tickets, ticket_view
from posapp.settings import Settings
from posapp.setup.capabilities import Capability, Standing, capabilities
from posapp.shift import shift as shifts
from posapp.shift.approval import Approvals
from posapp.shift.people import Clerk, apply_staff, check_badge, check_pin
from posapp.sync import push
from posapp.sync.client import Carrier, Client
from posapp.sync.enrol import open_keys
from posapp.sync.pictures import Pictures
from posapp.sync.pull import apply_keys, apply_settings, pulled_at, settings_values
from posapp.sync.runner import Runner
from posapp.tables import sale as sale_table
from posapp.tables import staff as staff_table

_log = log.named("sale")

P = ParamSpec("P")
T = TypeVar("T")


_PRACTICE = ("培训", "TRAINING")
_UNSERVED = {
    "member": ("会员码", "a member code"),
    "coupon": ("优惠券码", "a coupon"),
    "pickup": ("提货码", "a pick-up code"),
    "booking": ("预约码", "a booking code"),
    "join": ("入会码", "a join code"),
    "voucher": ("团购券", "a group-buy voucher"),
}


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
        certificate = self.keys.certificate
        assert certificate
        self.clock = clock
        self.name = till_name(certificate.store, certificate.till)
        self.clerk: Clerk | None = None
        self._chance = chance
        self._approvals = Approvals()
        self._is_stale = False
        with db.telling(data), ExitStack() as opening:
            folder = db.Folder(data, unb64u(self.keys.database))
            with folder.feed.reading() as conn:
                self._values = settings_values(conn)
            self.settings = Settings(self._values)
            mark = state / MARK_FILE
            self.books = self._real = Books(folder, self.keys, certificate, mark, clock, chance, self.settings)
            opening.callback(self._real.close)
            self.client = Client(self.keys, carrier, clock, chance)
            self.articles = Articles(folder.feed)
            opening.callback(self.articles.close)
            self.finder = Search(folder)
            opening.callback(self.finder.close)
            self.pictures = Pictures(data / "pictures", folder.feed)
            self._tiles = Tiles(folder.feed, self.pictures.file)
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
                    "tiles": apply_tiles,
                    "notices": apply_notices,
                },
                self._feed_changed,
                self.pictures.bring,
            )
            opening.callback(self.runner.stop)
            self._closing = opening.pop_all()

    def close(self) -> None:
        if self.is_training:
            self.books.close()
        self._closing.close()

    @property
    def is_training(self) -> bool:
        return self.books is not self._real

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
        self.clerk = clerk = self._by_pin(number, pin)
        return ClerkView(clerk.number, clerk.name, clerk.role)

    @verb
    def badge(self, code: str) -> object:
        """A clerk's badge: lends the right just asked for, else signs its clerk in where the till stands."""
        clerk = check_badge(self.folder, code)
        if self._approvals.is_asking and self.clerk and clerk.number != self.clerk.number:
            return self._lend(clerk)
        self.clerk = clerk
        return ClerkView(clerk.number, clerk.name, clerk.role)

    @verb
    def unlock(self, pin: str) -> ClerkView:
        """The clerk who is signed in is back. Raises PosError not_signed_in, wrong_pin, pin_locked."""
        clerk = self._by_pin(str(self._clerk().number), pin)
        return ClerkView(clerk.number, clerk.name, clerk.role)

    @verb
    def sign_out(self) -> StatusView:
        self.clerk = None
        return self.status()

    def approve(self, number: str, pin: str) -> object:
        """Lend a right for the action just refused, and carry it out: this action, once."""
        if not self._approvals.is_asking:
            raise PosError("nothing_to_approve")
        return self._lend(self._by_pin(number, pin))

    def _by_pin(self, number: str, pin: str) -> Clerk:
        # wrong PINs count in the real books: whoever practises has no more tries than others
        return check_pin(self._real.folder, self._real.journal, number, pin)

    def _lend(self, approver: Clerk) -> object:
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
    def scan(self, text: str) -> object:
        """What a code is decides what it does: CODE, N*CODE or a scale label puts an article on the ticket, a badge
        signs its clerk in, a receipt is shown."""
        qty, code = read_code(text)
        kind = kind_of(code)
        if kind == "badge":
            return self.badge(code)
        clerk = self._clerk()
        if kind == "receipt":
            return self.recorded(code)
        self.books.the_shift()
        if self.sale.cart is None and not self.folder.has_room():
            raise PosError("disk_full")
        try:
            goods = goods_of(self.articles, code, qty, self.settings.scale_labels, self.journal.now_ms())
        except PosError as error:
            if error.code == "unknown_code" and kind:
                raise self._unserved(kind) from None
            raise
        line = self.sale.add(goods.article, goods.code, goods.qty, clerk.number, goods.amount)
        return line_view(self.sale, line.n)

    def search(self, text: str) -> list[answers.Found]:
        """Articles as typing goes on, the likeliest first; scan() takes the code of each."""
        return self.finder.search(text, self.journal.now_ms())

    def tiles(self) -> list[answers.TilePage]:
        return self._tiles.pages(self.journal.now_ms())

    def notices(self) -> list[answers.NoticeView]:
        return self._tiles.notices(self.journal.now_ms())

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

    @verb
    def recorded(self, receipt: str) -> RecordedView:
        """A recorded sale, to be looked at, printed again or voided."""
        held = receipts.find(self.folder, receipt)
        lines = papers.text(held, self.settings)
        return RecordedView(held.receipt, held.body.paid, Money(held.body.total), tuple(lines))

    def parked(self) -> list[tuple[str, int, Money]]:
        """Name, number of lines and total of each parked ticket, the one parked first first."""
        return parked_tickets(self.books.drafts)

    def ticket(self) -> OpenTicket:
        """The open ticket, line by line."""
        return open_ticket(self.sale)

    # --- the till itself ---

    @verb
    def training(self, is_on: bool) -> StatusView:
        """Begin or end to practise: the same goods and people, in books of their own that are thrown away."""
        clerk = self._clerk()
        if self.sale.cart:
            raise PosError("training_ticket")
        if is_on and not self.is_training:
            with self._real.journal.writing() as writing:
                writing.append(TrainingEntered(), clerk.number)
            self.books = practice(self._real, self.clock, self._chance, self.settings)
        elif not is_on and self.is_training:
            with self.folder.till.reading() as conn:
                count, total = conn.execute(select(func.count(), func.sum(sale_table.c.total))).one()
            self.books.close()
            self.books = self._real
            with self.journal.writing() as writing:
                writing.append(TrainingLeft(count, total or 0), clerk.number)
        return self.status()

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
            if push.backlog(self._real.folder).unsent:  # what taking in settings has written
                sent += self.runner.once()[0]
        return SyncView(sent, pulled, push.backlog(self._real.folder).unsent)

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
        waiting = push.backlog(self._real.folder)
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
            self.is_training,
        )

    def capabilities(self) -> tuple[Capability, ...]:
        """What works at the moment, what does not and why."""
        with db.telling(self.folder.path):
            waiting, pulled = push.backlog(self.folder), pulled_at(self.folder)
        printer = self.devices.receipt
        view = printer.view() if printer else None
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
                devices={"printer": str(view.status.trouble or "ready")} if view else {},
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
        """The receipt as the store's template wants it; one of practice says so."""
        logo = self.pictures.file(self.settings.receipt_logo)
        mark = _PRACTICE[self.settings.language == "en"] if self.is_training else ""
        return papers.document(recorded, self.settings, copy, mark=mark, logo=logo.read_bytes() if logo else None)

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
            self._real.use(self.settings)
            with self._real.journal.writing() as writing:
                writing.append(SettingsApplied(changed))

    @staticmethod
    def _unserved(kind: str) -> PosError:
        return PosError("pay_code_unserved") if kind == "pay" else PosError("code_unserved", what=_UNSERVED[kind])

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

"""The till without a window: builds the rooms in order, recognises codes, and holds every verb.

Three faces call these verbs: the window, the script and the tests. A verb returns what there is to show, or
raises PosError and has changed nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import func, select

from drivers.contracts import lines
from posapp import answers, db, devices, log
from posapp.answers import (
    ClerkView,
    LineView,
    OpenTicket,
    PaidView,
    RecordedView,
    RefundView,
    ShiftView,
    StatusView,
    SyncView,
    TicketView,
)
from posapp.books import Books, practice
from posapp.cash_up import CashUp
from posapp.catalog.articles import Articles, apply_catalogue, apply_prices
from posapp.catalog.recognise import goods_of, read_code, unserved
from posapp.catalog.search import Search
from posapp.catalog.tiles import Tiles, apply_notices, apply_tiles
from posapp.clock import Clock
from posapp.errors import PosError
from posapp.ids import Chance, till_name, unb64u
from posapp.journal import MARK_FILE, Journal
from posapp.messages import SettingsApplied, TrainingEntered, TrainingLeft
from posapp.money import ZERO, Money
from posapp.papers import Papers
from posapp.quantity import Quantity
from posapp.rules.cart import Line, read_discount
from posapp.rules.codes import kind_of
from posapp.rules.pricing import discount_on
from posapp.rules.receipt import WIDTH, Recorded
from posapp.selling import day, discounts, numbers
from posapp.selling import receipt as receipts
from posapp.selling import refund as refunds
from posapp.selling.refund import RecordedRefund, refund_view
from posapp.selling.sale import Sale
from posapp.selling.ticket import line_view, open_ticket, parked_tickets, ticket_view
from posapp.settings import Settings
from posapp.setup.capabilities import Capability, capabilities
from posapp.shift import shift as shifts
from posapp.shift.approval import Approvals
from posapp.shift.people import Clerk, apply_staff, check_badge, check_pin
from posapp.standing import printer_status, standing
from posapp.sync import push
from posapp.sync.client import Carrier, Client
from posapp.sync.enrol import open_keys
from posapp.sync.pictures import Pictures
from posapp.sync.pull import apply_keys, apply_settings, settings_values
from posapp.sync.runner import Runner
from posapp.tables import sale as sale_table
from posapp.tables import staff as staff_table

_log = log.named("sale")

P = ParamSpec("P")
T = TypeVar("T")


_PRACTICE = ("培训", "TRAINING")


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
        self._chance = chance
        self._approvals = Approvals()
        self._is_stale = self._has_news = False
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
            self.papers = Papers(self.devices, self.pictures.file)
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

    def decline(self) -> bool:
        """Nobody approves what was refused last; a badge that comes later is only a badge. Whether anything waited."""
        waited = self._approvals.is_asking
        self._approvals.settle(None)
        return waited

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
        return self._cash_up().x(False)

    @verb
    def close_shift(self, counted: Money, pieces: Mapping[Money, int] | None = None) -> ShiftView:
        """pieces: how many notes and coins of each value were counted, if they were; they must come to `counted`."""
        self._clerk()
        self.books.the_shift()
        if self.sale.cart:
            raise PosError("ticket_open")
        parked = len(self.books.drafts.parked())
        if parked:
            raise PosError("parked_left", count=parked)
        closed = self._cash_up().close(counted, pieces or {})
        self.runner.wake()
        return closed

    @verb
    def explain_shift(self, reason: str) -> ShiftView:
        """Why the shift closed last was over or short. Nobody is kept from going on without it."""
        return self._cash_up().explain(reason)

    @verb
    def report_x(self, is_printed: bool = False) -> ShiftView:
        return self._cash_up().x(is_printed)

    @verb
    def report_z(self, is_printed: bool = False) -> ShiftView:
        """The shift closed last, its paper as a copy."""
        return self._cash_up().z(is_printed)

    def slip(self, kind: str) -> list[str]:
        """The X slip of the open shift, or the Z slip of the one closed last, line by line."""
        return self._cash_up().slip(kind)

    def cash_reasons(self) -> tuple[str, ...]:
        """What to offer as a reason for cash in and out; any other text is taken, too."""
        return shifts.cash_reasons(self.settings)

    @verb
    def cash_in(self, amount: Money, reason: str) -> ShiftView:
        self._positive(amount)
        return self._cash_up().move(amount, reason, 0)

    @verb
    def cash_out(self, amount: Money, reason: str) -> ShiftView:
        self._positive(amount)
        by = self._right("cash_out", f"{amount} {reason}")
        return self._cash_up().move(-amount, reason, by)

    @verb
    def drawer(self) -> StatusView:
        clerk, shift = self._clerk(), self.books.the_shift()
        shifts.open_drawer(self.journal, clerk.number, self._right("drawer", ""), shift.shift)
        self.papers.kick_drawer()
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
            goods = goods_of(self.articles, code, qty, self.settings.scale_labels, self.journal.now_ms(), self._weigh())
        except PosError as error:
            if error.code == "unknown_code" and kind:
                raise unserved(kind) from None
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
        given_up = self.sale.cancel(clerk.number, by)
        if any(paid.kind == "cash" for paid in given_up.paid):
            self.papers.kick_drawer()
        return ticket_view(self.sale)

    @verb
    def park(self, name: str | None = None) -> StatusView:
        self._clerk()
        self.sale.park(name or self.books.drafts.free_name())
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
        if kind == "static" and self.sale.cart:
            self._approvals.right_for_outage(
                clerk,
                "static_code",
                f"{amount}",
                now=self.journal.now_ms(),
                contact=self.client.last_contact,
                shift=shift.shift,
            )
        taken, receipt = self.sale.pay(kind, amount, ref, clerk.number, shift.shift)
        if receipt is None:
            return PaidView(taken.due, ZERO, ZERO, priced.total if priced else ZERO)
        self.runner.wake()
        self.papers.hand_out(receipt, clerk.name, self.settings)
        return PaidView(ZERO, receipt.change, receipt.rounding, receipt.total, receipt.number, receipt.sale)

    @verb
    def reprint(self, receipt: str) -> list[str]:
        """A copy of a receipt, or of a refund's slip, as lines of text. "42" is today's 42nd."""
        clerk, held = self._clerk(), self._held(receipt)
        copy = receipts.reprint(self.journal, held.receipt, held.event_id, clerk.number)
        document = self.papers.document_of(held, self.settings, copy)
        self.papers.print(lambda: document, f"{held.receipt} {copy}")
        return lines(document, WIDTH)

    @verb
    def void_sale(self, receipt: str, reason: str) -> RefundView:
        """Give a paid ticket of today back whole, each tender the way it came."""
        clerk, shift, sold = self._clerk(), self.books.the_shift(), self._held(receipt)
        if isinstance(sold, RecordedRefund):
            raise PosError("no_sale", receipt=sold.receipt)
        with self.folder.till.reading() as conn:
            refunds.check_void(conn, self.journal, sold, reason)
        by = self._right("void_sale", f"{sold.receipt} {Money(sold.body.total)} {reason}")
        slip = self._held(refunds.void(self.journal, sold, clerk.number, by, shift.shift, reason))
        assert isinstance(slip, RecordedRefund)
        self.runner.wake()
        self.papers.hand_back(slip, self.settings)
        return refund_view(slip)

    @verb
    def recorded(self, receipt: str) -> RecordedView:
        """A recorded sale or refund, to be looked at, printed again or voided; "42" is today's 42nd."""
        held = self._held(receipt)
        text = tuple(lines(self.papers.document_of(held, self.settings), WIDTH))
        total = Money(held.body.total)
        if isinstance(held, RecordedRefund):
            return RecordedView(held.receipt, held.body.done, total, text, is_sale=False)
        return RecordedView(held.receipt, held.body.paid, total, text, voided_by=held.voided_by)

    def _held(self, receipt: str) -> Recorded | RecordedRefund:
        return numbers.find(self.folder, receipt, self.name, self.journal.business_date())

    def receipts_of_day(self, limit: int, before: int | None = None) -> list[day.ReceiptRow]:
        """Today's receipts, the newest first; before: `place` of the last one seen, to go on behind it."""
        with self.folder.till.reading() as conn:
            return day.receipts_of_day(conn, self.journal.business_date(), limit, before)

    def unmatched(self) -> list[day.Unmatched]:
        """What static codes took and nobody has found in the shop's account yet, the oldest first."""
        return self.books.unmatched()

    @verb
    def match(self, receipt: str, n: int | None, ref: str) -> day.Unmatched:
        """A static tender was found in the account as `ref`; n: its number in the sale, None for the first."""
        clerk = self._clerk()
        found = day.match(self.journal, clerk.number, self.recorded(receipt).receipt, n, ref)
        self.runner.wake()
        return found

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
            self.papers.mark = _PRACTICE[self.settings.language == "en"]
        elif not is_on and self.is_training:
            with self.folder.till.reading() as conn:
                count, total = conn.execute(select(func.count(), func.sum(sale_table.c.total))).one()
            self.books.close()
            self.books = self._real
            self.papers.mark = ""
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
            *printer_status(self.devices),
            self.is_training,
            trouble is not None and trouble.code != "too_many",
        )

    def capabilities(self) -> tuple[Capability, ...]:
        """What works at the moment, what does not and why."""
        with db.telling(self.folder.path):
            return capabilities(standing(self._real, self.client, self.runner, self.devices))

    @property
    def texts(self) -> dict[str, str]:
        """The settings in force that are not at their defaults, as HQ wrote them."""
        return dict(self._values)

    # --- inside ---

    def _feed_changed(self) -> None:
        self._is_stale = self._has_news = True

    def has_news(self) -> bool:
        """Whether something came from HQ since this was asked last: quick keys and pictures may be others."""
        news, self._has_news = self._has_news, False
        return news

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

    def _weigh(self) -> Callable[[], int] | None:
        """Reads the scale in grams; None where there is none."""
        return (lambda: self.devices.weight().grams) if self.devices.scale else None

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

    @staticmethod
    def _positive(amount: Money) -> None:
        if amount.fen <= 0:
            raise PosError("bad_amount", amount=amount)

    def _cart_line(self, n: int) -> Line:
        line = self.sale.cart.line(n) if self.sale.cart else None
        if line is None:
            raise PosError("no_such_line", line=n)
        return line

    def _cash_up(self) -> CashUp:
        return CashUp(self.books, self.papers, self.settings, self._clerk(), self.name)

"""The till without a window: builds the rooms in order, recognises codes, and holds every verb.

Three faces call these verbs: the window, the script and the tests. A verb returns what there is to show, or
raises PosError and has changed nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import func, select

from posapp import answers, db, devices, log
from posapp.answers import ClerkView, LineView, OpenTicket, PaidView, ShiftView, StatusView, SyncView, TicketView
from posapp.catalog.articles import Article, Articles, apply_catalogue, apply_prices
from posapp.catalog.search import Search
from posapp.catalog.tiles import Tiles, apply_notices, apply_tiles
from posapp.clock import Clock
from posapp.errors import PosError
from posapp.ids import Chance, till_name, unb64u
from posapp.journal import MARK_FILE, Journal, Mark
from posapp.keys import TillKeys, load_secrets
from posapp.messages import ApprovalGiven, CartCancelled, LineVoided, SaleCompleted, SettingsApplied, ShiftClosed
from posapp.money import ZERO, Money, half_width, round_half_up
from posapp.quantity import ONE, Quantity
from posapp.rules.cart import Cart, read_discount
from posapp.rules.codes import clean, counted
from posapp.rules.labels import Label, read_label
from posapp.rules.pricing import DISCOUNTS, PricedLine, discount_on
from posapp.rules.rounding import round_cash
from posapp.selling import receipt as receipts
from posapp.selling.drafts import Drafts
from posapp.selling.sale import Sale, last_said
from posapp.settings import Settings
from posapp.shift import shift as shifts
from posapp.shift.people import Clerk, apply_staff, check_pin
from posapp.shift.rights import ACTIONS, may
from posapp.sync import push
from posapp.sync.client import Carrier, Client
from posapp.sync.enrol import KEYS_FILE
from posapp.sync.pictures import Pictures
from posapp.sync.pull import apply_keys, apply_settings, settings_values
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
            self._refused = (lambda: method(self, *args, **kwargs)) if error.code == "needs_approval" else None
            raise
        self._refused = None
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
        with db.telling(data), ExitStack() as opening:
            self.folder = db.Folder(data, unb64u(self.keys.database))
            opening.callback(self.folder.close)
            mark = Mark(state / MARK_FILE)
            opening.callback(mark.close)
            self.journal = Journal(self.folder, self.keys, certificate, mark, clock, chance)
            self.client = Client(self.keys, carrier, clock, chance)
            self.articles = Articles(self.folder.feed)
            opening.callback(self.articles.close)
            self.finder = Search(self.folder)
            opening.callback(self.finder.close)
            self.pictures = Pictures(data / "pictures", self.folder.feed)
            self._tiles = Tiles(self.folder.feed, self.pictures.file)
            self._drafts = Drafts(self.folder.draft)
            opening.callback(self._drafts.close)
            self._settle_draft()
            self._values = self._read_settings()
            self.settings = Settings(self._values)
            self.sale = Sale(self.journal, self._drafts, self.settings)
            self._use(self.settings)
            with self.folder.till.reading() as conn:
                self.shift = shifts.current(conn)
            self.devices = devices.Devices(data / "devices", devices.read(state / devices.DEVICES_FILE))
            opening.callback(self.devices.close)
            self.runner = Runner(
                self.folder,
                self.journal,
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
        self.clerk: Clerk | None = None
        self._stale = False
        self._refused: Callable[[], object] | None = None
        self._refused_action = ""
        self._refused_detail: tuple[int, str] = (0, "")
        self._lent = 0

    def close(self) -> None:
        self._closing.close()

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
        refused = self._refused
        if refused is None:
            raise PosError("nothing_to_approve")
        approver = check_pin(self.folder, self.journal, number, pin)
        asking = self._clerk()
        if approver.number == asking.number:
            raise PosError("no_self_approval")
        if not may(approver.role, self._refused_action):
            raise PosError("needs_approval", action=ACTIONS[self._refused_action])
        line, detail = self._refused_detail
        ticket = self.sale.cart.ticket if self.sale.cart else ""
        with self.journal.writing() as writing:
            given = ApprovalGiven(self._refused_action, ticket, line, detail)
            writing.append(given, asking.number, approver.number)
        self._refused = None
        self._lent = approver.number
        try:
            return refused()
        finally:
            self._lent = 0

    # --- shift ---

    @verb
    def open_shift(self, drawer: Money) -> ShiftView:
        self.shift = shifts.open_shift(self.journal, self._clerk().number, drawer)
        return self._shift_view()

    @verb
    def close_shift(self, counted: Money) -> ShiftView:
        clerk, shift = self._clerk(), self._shift()
        if self.sale.cart:
            raise PosError("ticket_open")
        parked = len(self._drafts.parked())
        if parked:
            raise PosError("parked_left", count=parked)
        closed = shifts.close_shift(self.journal, clerk.number, shift, counted)
        self.shift = None
        self.runner.wake()
        return _shown(closed, is_closed=True)

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
        clerk, shift = self._clerk(), self._shift()
        shifts.open_drawer(self.journal, clerk.number, self._right("drawer", ""), shift.shift)
        if printer := self.devices.receipt:
            printer.kick_drawer()
        return self.status()

    # --- goods ---

    @verb
    def scan(self, text: str) -> LineView:
        """CODE, N*CODE or a scale label: put the article on the ticket."""
        clerk = self._clerk()
        self._shift()
        if self.sale.cart is None and not self.folder.has_room():
            raise PosError("disk_full")
        count, printed = counted(text.strip())
        code = clean(printed)
        if code is None:
            raise PosError("unknown_code", code=printed.encode("ascii", "replace").decode()[:40])
        qty = Quantity.parse(count) if count is not None else None
        article, label = self._recognise(code)
        amount = None
        if label:
            if qty is not None:
                raise PosError("bad_quantity", quantity=count)
            qty, amount = _labelled(article, label)
        elif article.is_weighed and qty is None:
            raise PosError("needs_weight", name=article.name, code=code)
        line = self.sale.add(article, article.code if label is None else code, qty or ONE, clerk.number, amount)
        return self._line_view(line.n)

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
        return self._line_view(self.sale.set_quantity(line, quantity).n)

    @verb
    def price(self, line: int, unit_price: Money) -> LineView:
        """A price by hand: free within an article's own floor, else with the right to change prices."""
        self._clerk()
        if unit_price.fen < 0:
            raise PosError("bad_amount", amount=unit_price)
        held = self._cart_line(line)
        is_bargain = held.may_bargain and ZERO < held.lowest <= unit_price
        by = 0 if is_bargain else self._right("price", f"{held.name} {held.price} -> {unit_price}", line)
        return self._line_view(self.sale.set_price(line, unit_price, by).n)

    @verb
    def discount(self, target: str, text: str) -> TicketView:
        """TARGET is a line number or "all"; TEXT is "10%" or an amount. "0" takes a discount away."""
        self._clerk()
        discount = read_discount(text)
        if self.sale.cart is None or self.sale.priced is None:
            raise PosError("empty_ticket")
        n = None if target == "all" else line_number(target)
        if n is None:
            name = "all"
            base = Money(sum(held.amount.fen for held in self.sale.priced.lines if held.line.is_discountable))
        else:
            line = self._cart_line(n)
            name = line.name
            if not line.is_discountable:
                raise PosError("no_discount_allowed", name=name)
            priced = self.sale.priced.of(n)
            base = Money(priced.amount.fen - sum(r.fen for r in priced.reasons if r.kind in DISCOUNTS))
        if discount.amount > base:
            raise PosError("discount_too_large", discount=text, amount=base)
        off = discount_on(base, discount)
        if off.fen * 100 > self.settings.discount_limit * base.fen:
            discount.by = self._right("discount", f"{name} -{off}", n or 0)
        self.sale.set_discount(n, discount if off else None)
        return self._ticket_view()

    @verb
    def void(self, line: int) -> TicketView:
        self.sale.void(line, self._clerk().number)
        return self._ticket_view()

    @verb
    def cancel(self) -> TicketView:
        clerk = self._clerk()
        by = 0
        if self.sale.cart and any(paid.kind != "cash" for paid in self.sale.cart.paid):
            by = self._right("cancel_paid", f"{self.sale.due}")
        self.sale.cancel(clerk.number, by)
        return self._ticket_view()

    @verb
    def park(self, name: str | None = None) -> StatusView:
        self._clerk()
        self.sale.park(name or f"{len(self._drafts.parked()) + 1}")
        return self.status()

    @verb
    def recall(self, name: str | None = None) -> TicketView:
        self._clerk()
        self.sale.recall(name)
        return self._ticket_view()

    # --- money ---

    @verb
    def pay(self, kind: str, amount: Money, ref: str = "") -> PaidView:
        clerk, shift = self._clerk(), self._shift()
        total = self.sale.priced.total if self.sale.priced else ZERO
        if self.sale.cart and not self.sale.cart.paid:
            self._check_discounts()
        taken, receipt = self.sale.pay(kind, amount, ref, clerk.number, shift.shift)
        if receipt is None:
            return PaidView(taken.due, ZERO, ZERO, total)
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
            printer.print(receipts.document(recorded, self.settings, copy), f"{receipt} {copy}")
        return receipts.text(recorded, self.settings, copy)

    def ticket(self) -> OpenTicket:
        """The open ticket, line by line."""
        cart, priced = self.sale.cart, self.sale.priced
        if cart is None or priced is None:
            return OpenTicket((), ZERO, ZERO, ZERO, ZERO, ())
        return OpenTicket(
            tuple(map(self._shown_line, priced.lines)),
            priced.total,
            self.sale.due,
            round_cash(self.sale.due, self.settings.cash_rounding, self.settings.cash_rounding_mode),
            Money(sum(line.gross.fen - line.amount.fen for line in priced.lines)),
            tuple((paid.kind, paid.amount) for paid in cart.paid),
        )

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
            len(self._drafts.parked()),
            waiting.unsent,
            waiting.oldest or None,
            "on" if self.client.is_on else "off",
            self.client.last_contact or None,
            trouble.sentence(self.settings.language) if trouble else None,
            self.journal.now_ms(),
            *self._printer_status(),
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
            printer.print(receipts.document(recorded, self.settings), receipt)
        except Exception:  # noqa: BLE001  (logged whole; the receipt can be printed again)
            _log.exception("receipt %s is not printed", receipt)

    def _recognise(self, code: str) -> tuple[Article, Label | None]:
        """What a code is: an article by the code as printed, else a scale label of one."""
        now = self.journal.now_ms()
        try:
            return self.articles.find(code, now), None
        except PosError as error:
            label = read_label(code, self.settings.scale_labels) if error.code == "unknown_code" else None
            if label is None:
                raise
        return self.articles.find(label.article, now), label

    def _settle_draft(self) -> None:
        """Bring the open ticket's draft in line with the journal. A kill between the two leaves a draft of a ticket
        that is sold or cancelled already, or with a line that is voided already: the journal speaks."""
        cart = self._drafts.load()
        if cart is None:
            return
        with self.folder.till.reading() as conn:
            said = last_said(conn, self.journal.head, cart.ticket)
        if any(isinstance(body, SaleCompleted | CartCancelled) for body in said):
            self._drafts.save(None, self.clock.now_ms())
            return
        voided = {body.line for body in said if isinstance(body, LineVoided)}
        if any(line.n in voided for line in cart.lines):
            cart.lines = [line for line in cart.lines if line.n not in voided]
            self._drafts.save(cart if cart.lines else None, self.clock.now_ms())

    def _read_settings(self) -> dict[str, str]:
        with self.folder.feed.reading() as conn:
            return settings_values(conn)

    def _feed_changed(self) -> None:
        self._stale = True

    def _refresh(self) -> None:
        """Take up settings that arrived, on the selling thread, and journal what changed."""
        if not self._stale:
            return
        self._stale = False
        values = self._read_settings()
        changed = {
            key: values.get(key, "") for key in {*values, *self._values} if values.get(key) != self._values.get(key)
        }
        if changed:
            self._values = values
            self._use(Settings(values))
            with self.journal.writing() as writing:
                writing.append(SettingsApplied(changed))

    def _use(self, settings: Settings) -> None:
        self.settings = self.sale.settings = settings
        self.journal.zone, self.journal.cutover_hour = settings.time_zone, settings.cutover_hour

    def _clerk(self) -> Clerk:
        if self.clerk is None:
            raise PosError("not_signed_in")
        return self.clerk

    def _shift(self) -> shifts.OpenShift:
        if self.shift is None:
            raise PosError("no_shift")
        return self.shift

    def _right(self, action: str, detail: str, line: int = 0) -> int:
        """0 if the cashier has the right, the colleague's number if it was lent. Raises PosError needs_approval."""
        if may(self._clerk().role, action):
            return 0
        if self._lent:
            return self._lent
        self._refused_action, self._refused_detail = action, (line, detail)
        raise PosError("needs_approval", action=ACTIONS[action])

    def _check_discounts(self) -> None:
        """Discounts within the cashier's limit may have grown beyond it: by a smaller quantity, a voided line, or
        one on top of another. What the ticket has come to is judged before money is taken."""
        assert self.sale.priced
        limit = self.settings.discount_limit
        for priced in self.sale.priced.lines:
            off = [reason for reason in priced.reasons if reason.kind in DISCOUNTS]
            given = [reason.fen for reason in off if not reason.by]
            if not given:
                continue
            base = priced.amount.fen - sum([reason.fen for reason in off])
            if -sum(given) * 100 > limit * base + 100 * len(given):  # a fen each for rounding
                by = self._right("discount", f"{priced.line.name} {Money(sum(given))}", priced.line.n)
                if by:
                    self.sale.approve_discounts(by)
                return

    def _move_cash(self, given: Money, amount: Money, reason: str, by: int) -> ShiftView:
        self._positive(given)
        shifts.move_cash(self.journal, self._clerk().number, by, self._shift().shift, amount, reason)
        return self._shift_view()

    @staticmethod
    def _positive(amount: Money) -> None:
        if amount.fen <= 0:
            raise PosError("bad_amount", amount=amount)

    def _cart_line(self, n: int) -> Any:
        line = self.sale.cart.line(n) if self.sale.cart else None
        if line is None:
            raise PosError("no_such_line", line=n)
        return line

    def _line_view(self, n: int) -> LineView:
        assert self.sale.priced
        return self._shown_line(self.sale.priced.of(n))

    def _shown_line(self, priced: PricedLine) -> LineView:
        line = priced.line
        shown = line.override if line.override is not None else line.price
        return LineView(line.n, line.code, line.name, line.qty, line.unit, shown, priced.amount, self.sale.due)

    def _ticket_view(self) -> TicketView:
        cart: Cart | None = self.sale.cart
        total = self.sale.priced.total if self.sale.priced else ZERO
        return TicketView(len(cart.lines) if cart else 0, total, self.sale.due)

    def _shift_view(self) -> ShiftView:
        with self.folder.till.reading() as conn:
            return _shown(shifts.report(conn, self._shift()), is_closed=False)


def open_keys(data: Path, state: Path) -> TillKeys:
    """The till's keys from its state folder. Raises PosError not_enrolled, keys_missing."""
    keys: TillKeys | None = load_secrets(state / KEYS_FILE, TillKeys)
    if keys is None or keys.certificate is None:
        raise PosError("keys_missing", folder=str(state)) if (data / "till.db").exists() else PosError("not_enrolled")
    return keys


def _shown(figures: ShiftClosed, *, is_closed: bool) -> ShiftView:
    return ShiftView(
        figures.shift,
        figures.sales,
        Money(figures.total),
        Money(figures.float),
        Money(figures.cash_in),
        Money(figures.cash_out),
        {held.kind: Money(held.amount) for held in figures.tenders},
        Money(figures.expected),
        Money(figures.counted) if is_closed else None,
        Money(figures.counted - figures.expected) if is_closed else None,
    )


def line_number(text: str) -> int:
    digits = half_width(text)
    if not digits.isascii() or not digits.isdigit() or len(digits) > 4:
        raise PosError("no_such_line", line=text[:20])
    return int(digits)


def _labelled(article: Article, label: Label) -> tuple[Quantity, Money | None]:
    """Quantity and fixed amount of a scale label. An amount label's weight follows from the price."""
    if label.value == 0:
        raise PosError("bad_quantity", quantity="0")
    if label.kind == "weight":
        return Quantity(label.value), None
    if not article.is_weighed:
        return ONE, Money(label.value)
    if not article.price:
        raise PosError("no_price", name=article.name)
    return Quantity(max(1, round_half_up(label.value * 1000, article.price.fen))), Money(label.value)

"""The ticket being sold: the verbs a cashier would say, and the one transaction that makes it a sale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Table

from posapp import db
from posapp.catalog.articles import Article
from posapp.chain import read_header
from posapp.errors import PosError
from posapp.journal import CHECKED_AT_START, Head, Journal, Written, entries
from posapp.messages import (
    CartCancelled,
    HintShown,
    LineVoided,
    Message,
    Points,
    ReceiptReprinted,
    SaleCompleted,
    Tender,
    read_body,
)
from posapp.money import ZERO, Money
from posapp.quantity import Quantity
from posapp.rules.cart import MOST_LINES, Cart, Discount, Hinted, Line, Paid, Part, Shown, Suggested
from posapp.rules.loyalty import Guest, is_member_day, points_factor, points_for, worth
from posapp.rules.pricing import Priced, due, points_base, price, sale_lines, tax_sums
from posapp.selling import payment
from posapp.selling.drafts import Drafts
from posapp.selling.offered import ACCEPTED, IGNORED, has_offers, tell_end, tell_hint, tell_member_left
from posapp.settings import Settings
from posapp.streams import HintRow
from posapp.tables import LINE_PLACES, reprint, sale, sale_line, tender, used

MOST_PIECES = Quantity(99_999_000)
MOST_TENDERS = 50


@dataclass(frozen=True, slots=True)
class Receipt:
    """A finished sale: the entry that is on disk, what it came to."""

    written: Written
    total: Money
    rounding: Money
    change: Money
    points: Points | None = None

    @property
    def sale(self) -> str:
        return self.written.event_id

    @property
    def number(self) -> str:
        return self.written.receipt


def rows_of(written: Written, body: Message) -> dict[Table, list[tuple[Any, ...]]]:
    """The rows that follow from an entry of this room."""
    header, place = written.header, written.place
    before = place * LINE_PLACES
    if isinstance(body, ReceiptReprinted):
        return {reprint: [(place, body.receipt, body.copy)]}
    if not isinstance(body, SaleCompleted):
        return {}
    return {
        sale: [
            (
                place,
                header.rn,
                body.ticket,
                body.shift,
                header.bd,
                header.clerk,
                body.opened,
                body.paid,
                body.total,
                body.rounding,
                body.change,
            )
        ],
        sale_line: [
            (
                before + line.n,
                line.article,
                line.code,
                line.name,
                line.unit,
                line.qty,
                line.price,
                line.amount,
                line.rate,
                line.tax,
                line.book,
            )
            for line in body.lines
        ],
        used: _used(before, body),
        tender: [(before + n, held.kind, held.amount, held.given, held.ref) for n, held in enumerate(body.tenders, 1)],
    }


def _used(before: int, body: SaleCompleted) -> list[tuple[Any, ...]]:
    """What a sale used of its member's account."""
    if not body.member:
        return []
    named = {(reason.kind, reason.id) for line in body.lines for reason in line.why if reason.id}
    rows = [(kind, what, 0) for kind, what in sorted(named)]
    if body.points and body.points.spent:
        rows.append(("points", "", body.points.spent))
    return [(before + n, kind, what, body.member, amount) for n, (kind, what, amount) in enumerate(rows, 1)]


class Sale:
    """The open ticket. Every change is priced again and kept in the drafts before it is answered."""

    def __init__(self, journal: Journal, drafts: Drafts, settings: Settings, mint: Callable[[int, int], str]) -> None:
        """mint: makes the join code of a new ticket for a clerk at an instant."""
        self._journal = journal
        self._drafts = drafts
        self._mint = mint
        self.settings = settings
        self.cart: Cart | None = drafts.load()
        self.priced: Priced | None = price(self.cart) if self.cart else None

    # --- goods ---

    def add(
        self,
        article: Article,
        code: str,
        qty: Quantity,
        clerk: int,
        label: Money | None = None,
        *,
        pack: Sequence[Part] = (),
        gift: str = "",
    ) -> Line:
        """Put an article on the ticket; pieces of one that is there already are added to its line. pack: its parts, if
        it is one. gift: the benefit for which it costs nothing.

        Raises PosError tender_begun, needs_whole, ticket_full, bad_quantity.
        """
        cart = self._goods() or self.new_cart(clerk)
        if not article.is_weighed and not qty.is_whole:
            raise PosError("needs_whole", name=article.name, unit=article.unit or "个")
        line = None if pack or gift else self._same_line(cart, article, label)
        if line is not None:
            self._check_quantity(Quantity(line.qty.milli + qty.milli))
            line.qty = Quantity(line.qty.milli + qty.milli)
        else:
            if len(cart.lines) >= MOST_LINES:
                raise PosError("ticket_full", most=MOST_LINES)
            self._check_quantity(qty)
            line = Line(
                cart.next_n,
                article.id,
                code,
                article.name,
                article.unit,
                qty,
                article.price,
                article.lowest,
                article.tax,
                article.book,
                article.is_weighed,
                article.is_discountable,
                article.may_bargain,
                label=label,
                member=article.member,
                earns=article.earns,
                gift=gift,
                pack=list(pack),
            )
            cart.lines.append(line)
            cart.next_n += max(1, len(pack))
        self._keep(cart)
        return line

    def new_cart(self, clerk: int) -> Cart:
        """An empty ticket that nobody keeps yet, with its code."""
        now = self._journal.now_ms()
        return Cart(ticket=self._journal.new_id(), opened=now, clerk=clerk, token=self._mint(clerk, now))

    @property
    def has_goods(self) -> bool:
        """Whether something is on the ticket; a member alone makes none."""
        return bool(self.cart and self.cart.lines)

    # --- the member ---

    def set_guest(self, guest: Guest | None, clerk: int, begun: Cart | None = None) -> None:
        """Whose ticket this is, before goods or with them; prices follow. None: a walk-in's, without the gifts.
        begun: a new ticket to go on with where none is open.

        Raises PosError tender_begun.
        """
        cart = self._goods() or begun or (self.new_cart(clerk) if guest else None)
        if cart is None:
            return
        if cart.guest and (guest is None or guest.ref != cart.guest.ref):
            self._tell_left(cart, clerk)
        cart.guest, cart.points = guest, 0
        kept = {promise.id for promise in guest.benefits} if guest else set()
        cart.lines = [line for line in cart.lines if not line.gift or line.gift in kept]
        self._keep(cart)

    def note_hint(self, row: HintRow) -> None:
        """The hint for the ticket's member stands before the cashier from now on."""
        cart = self.cart
        assert cart
        assert cart.guest
        cart.hint = Hinted(cart.guest.ref, row, self._journal.now_ms())
        self._keep(cart)

    def answer_hint(self, outcome: str, clerk: int) -> None:
        """The hint was accepted, and what waits for that counts from now on; or it was put away, or HQ took it back.
        Told at once. Raises PosError tender_begun where the amount would change after money was taken."""
        cart = self.cart
        assert cart
        assert cart.hint
        benefit = cart.hint.row.benefit if outcome == ACCEPTED else ""
        if benefit:
            self._goods()
        with self._journal.writing() as writing:
            tell_hint(writing, cart, outcome, clerk)
        _answered(cart, outcome)
        self._keep(cart)

    def note_addons(self, articles: list[str]) -> None:
        """Articles stand beside the ticket for its member; kept with its next change."""
        if self.cart and self.cart.guest:
            self.cart.addons = Suggested(self.cart.guest.ref, articles)

    def _tell_left(self, cart: Cart, clerk: int) -> None:
        """The ticket is another's from now on; what stood there for its member is told, and a hint stood there once."""
        if has_offers(cart):
            with self._journal.writing() as writing:
                tell_member_left(writing, cart, clerk)
        if cart.hint:
            cart.hint.outcome = cart.hint.outcome or IGNORED
        cart.addons, cart.listed = None, ""

    def set_points(self, points: int) -> None:
        """Points that pay a part of the ticket. Raises PosError tender_begun, empty_ticket."""
        cart = self._goods()
        if not cart or not cart.lines or not cart.guest:
            raise PosError("empty_ticket")
        cart.points = points
        self._keep(cart)

    def note_shown(self, hook: str) -> None:
        """The ticket's join code stands where the customer can scan it; told with the sale."""
        if self.cart and self.cart.shown is None:
            self.cart.shown = Shown(hook, self._journal.now_ms())

    def total_for(self, guest: Guest) -> Money:
        """What the open ticket would come to if it were this member's."""
        assert self.cart
        return price(msgspec.structs.replace(self.cart, guest=guest, day_off=self._day_off(self.cart.priced))).total

    @staticmethod
    def _same_line(cart: Cart, article: Article, label: Money | None) -> Line | None:
        if label is not None or article.is_weighed:
            return None
        return next(
            (
                line
                for line in reversed(cart.lines)
                if line.article == article.id and line.is_plain and line.price == article.price
            ),
            None,
        )

    def approve_discounts(self, by: int) -> None:
        """Note who approved the discounts on the ticket that nobody has approved yet."""
        assert self.cart
        for discount in (self.cart.discount, *(line.discount for line in self.cart.lines)):
            if discount and not discount.by:
                discount.by = by
        self._keep(self.cart)

    def set_quantity(self, n: int, qty: Quantity) -> Line:
        line = self._line(n)
        if line.pack or line.gift:
            raise PosError("once_only", name=line.name)
        if not line.is_weighed and not qty.is_whole:
            raise PosError("needs_whole", name=line.name, unit=line.unit or "个")
        self._check_quantity(qty)
        line.qty, line.label = qty, None
        self._keep(self.cart)
        return line

    @staticmethod
    def _check_quantity(qty: Quantity) -> None:
        if qty.milli > MOST_PIECES.milli:
            raise PosError("bad_quantity", quantity=str(qty))

    def set_price(self, n: int, unit_price: Money, by: int) -> Line:
        line = self._line(n)
        line.override, line.override_by, line.label = unit_price, by, None
        self._keep(self.cart)
        return line

    def set_discount(self, n: int | None, discount: Discount | None) -> None:
        """Reduce one line, or the whole ticket (n is None). A discount replaces the one before, None takes it away."""
        if n is None:
            cart = self._goods()
            if not cart or not cart.lines:
                raise PosError("empty_ticket")
            cart.discount = discount
        else:
            self._line(n).discount = discount
        self._keep(self.cart)

    def void(self, n: int, clerk: int, by: int = 0) -> None:
        """Take a line off the ticket; the journal keeps that it was there."""
        line = self._line(n)
        assert self.cart
        assert self.priced
        amount = self.priced.of(n).amount
        with self._journal.writing() as writing:
            writing.append(
                LineVoided(self.cart.ticket, n, line.article, line.code, line.qty.milli, amount.fen), clerk, by
            )
        self.cart.lines.remove(line)
        self._keep(self.cart)

    def cancel(self, clerk: int, by: int = 0) -> Cart:
        """Give the whole ticket up; money taken so far goes back to the customer."""
        cart = self.cart
        if not cart or not self.priced:
            raise PosError("empty_ticket")
        if not cart.lines:
            self._tell_left(cart, clerk)
            self._keep(None)
            return cart
        with self._journal.writing() as writing:
            tell_end(writing, cart, clerk)
            writing.append(
                CartCancelled(
                    cart.ticket, cart.opened, sale_lines(self.priced), self.priced.total.fen, _tenders(cart.paid)
                ),
                clerk,
                by,
            )
        self._keep(None)
        return cart

    # --- aside and back ---

    def park(self, name: str) -> None:
        if not self._goods() or not self.has_goods:
            raise PosError("empty_ticket")
        self._drafts.park(name, self._journal.now_ms())
        self.cart = self.priced = None

    def recall(self, name: str | None) -> Cart:
        """Raises PosError ticket_open, nothing_parked, not_found. A member who stands here alone buys it, if it is
        nobody's."""
        if self.has_goods:
            raise PosError("ticket_open")
        waiting = self.cart
        cart = self._drafts.recall(name)
        if waiting and cart.guest is None:
            cart.guest, cart.listed = waiting.guest, waiting.listed
            cart.hint, cart.addons = cart.hint or waiting.hint, waiting.addons
        elif waiting:
            self._tell_left(waiting, waiting.clerk)
        self._keep(cart)
        return cart

    # --- money ---

    @property
    def due(self) -> Money:
        return due(self.priced, self.cart) if self.cart and self.priced else ZERO

    def pay(
        self, kind: str, given: Money, ref: str, clerk: int, shift: str, hook: str = ""
    ) -> tuple[payment.Taken, Receipt | None]:
        """Take a tender. The one that leaves nothing due makes the sale: when this returns a receipt, it is on disk.
        hook: the words around the join code on the receipt.

        Raises PosError empty_ticket, too_many_tenders, and what payment.take raises.
        """
        if not self.cart or not self.cart.lines or not self.priced:
            raise PosError("empty_ticket")
        self._check_price(self.cart, self.priced.total)
        taken = payment.take(kind, given, ref, self.due, self.settings.cash_rounding, self.settings.cash_rounding_mode)
        if not taken.is_complete:
            if len(self.cart.paid) + 1 >= MOST_TENDERS:
                raise PosError("too_many_tenders", most=MOST_TENDERS, due=self.due)
            self.cart.paid.append(taken.paid)
            self._keep(self.cart)
            return taken, None
        receipt = self._record(self.cart, self.priced, taken, clerk, shift, hook)
        self._drafts.sold()
        self.cart = self.priced = None
        return taken, receipt

    def _check_price(self, cart: Cart, shown: Money) -> None:
        """Nobody pays another amount than stood there: where midnight or a benefit's end changed it, it is shown first.

        Raises PosError price_changed.
        """
        if cart.guest and not cart.paid:
            self._keep(cart)
            if self.priced and self.priced.total != shown:
                raise PosError("price_changed", total=self.priced.total)

    def _record(self, cart: Cart, priced: Priced, last: payment.Taken, clerk: int, shift: str, hook: str) -> Receipt:
        lines = sale_lines(priced)
        with self._journal.writing() as writing:
            body = SaleCompleted(
                ticket=cart.ticket,
                shift=shift,
                counter=writing.head.counter + 1,
                opened=cart.opened,
                paid=writing.now,
                lines=lines,
                total=priced.total.fen,
                rounding=last.rounding.fen,
                tenders=_tenders([*cart.paid, last.paid]),
                change=last.change.fen,
                taxes=tax_sums(lines),
                member=cart.guest.ref if cart.guest else "",
                join=cart.token,
                how=cart.guest.how if cart.guest else "",
                priced=cart.priced if cart.guest else 0,
                points=self._points(cart, priced, cart.guest, writing.now) if cart.guest else None,
                hook="" if cart.guest else hook,
            )
            tell_end(writing, cart, clerk, is_sold=True)
            written = writing.append(body, clerk, numbered=True)
            db.insert_rows(writing.conn, rows_of(written, body))
        return Receipt(written, priced.total, last.rounding, last.change, body.points)

    def _points(self, cart: Cart, priced: Priced, guest: Guest, paid_ms: int) -> Points:
        factor, why = points_factor(guest, self.settings, paid_ms)
        base, rate = points_base(priced), self.settings.points_rate
        earned = points_for(base, rate, factor)
        return Points(guest.points, base.fen, rate, factor, earned, cart.points, [why] if why else [])

    def points_to_earn(self) -> int:
        """What the open ticket would earn now; a walk-in would, too, by joining."""
        if not self.cart or not self.priced:
            return 0
        guest = self.cart.guest or Guest("", "", "", "", 0)
        factor, _ = points_factor(guest, self.settings, self._journal.now_ms())
        return points_for(points_base(self.priced), self.settings.points_rate, factor)

    # --- inside ---

    def _goods(self) -> Cart | None:
        if self.cart and self.cart.paid:
            raise PosError("tender_begun")
        return self.cart

    def _line(self, n: int) -> Line:
        cart = self._goods()
        line = cart.line(n) if cart else None
        if line is None:
            raise PosError("no_such_line", line=n)
        return line

    def _keep(self, cart: Cart | None) -> None:
        """Price a changed ticket and keep it. What cannot be priced or kept is undone: the stored one stands."""
        now = self._journal.now_ms()
        if cart and not cart.lines and not cart.guest:
            cart = None
        try:
            if cart and not cart.paid:
                cart.priced, cart.day_off = now, self._day_off(now)
                cart.points_off = worth(cart.points, self.settings) if cart.points else ZERO
            priced = price(cart) if cart else None
            self._drafts.save(cart, now)
        except BaseException:
            self.cart = self._drafts.load()
            self.priced = price(self.cart) if self.cart else None
            raise
        self.cart, self.priced = cart, priced

    def _day_off(self, now: int) -> int:
        off: int = self.settings.member_day_discount
        return off if off and is_member_day(self.settings, now) else 0


def _tenders(paid: list[Paid]) -> list[Tender]:
    return [Tender(held.kind, held.amount.fen, held.given.fen, held.ref) for held in paid]


def settle_draft(drafts: Drafts, folder: db.Folder, head: Head, now_ms: int) -> None:
    """Bring the open ticket's draft in line with the journal. A kill between the two leaves a draft of a ticket
    that is sold or cancelled already, or with a line that is voided already: the journal speaks."""
    cart = drafts.load()
    if cart is None:
        return
    with folder.till.reading() as conn:
        said = _last_said(conn, head, cart.ticket)
    if any(isinstance(body, SaleCompleted | CartCancelled) for body in said):
        drafts.save(None, now_ms)
        return
    voided = {body.line for body in said if isinstance(body, LineVoided)}
    answers = [body.outcome for body in said if isinstance(body, HintShown)]
    is_behind = cart.hint is not None and not cart.hint.outcome and bool(answers)
    if is_behind:
        _answered(cart, answers[-1])
    if any(line.n in voided for line in cart.lines):
        cart.lines = [line for line in cart.lines if line.n not in voided]
        drafts.save(cart if cart.lines else None, now_ms)
    elif is_behind:
        drafts.save(cart, now_ms)


def _answered(cart: Cart, outcome: str) -> None:
    """What became of the ticket's hint."""
    hint = cart.hint
    assert hint
    hint.outcome = outcome
    if outcome == ACCEPTED and hint.row.benefit and cart.guest:
        cart.guest = cart.guest.accepting(hint.row.benefit)


def _last_said(conn: Connection, head: Head, ticket: str) -> list[Message]:
    """What the journal's last entries say of a ticket: enough to settle what a kill left between two files."""
    said = []
    for entry in entries(conn, head.epoch, max(0, head.seq - CHECKED_AT_START)):
        header = read_header(entry.header)
        body = read_body(header.t, header.sv, entry.body)
        if getattr(body, "ticket", "") == ticket:
            said.append(body)
    return said

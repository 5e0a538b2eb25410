"""The ticket being sold: the verbs a cashier would say, and the one transaction that makes it a sale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table

from posapp import db
from posapp.catalog.articles import Article
from posapp.chain import read_header
from posapp.errors import PosError
from posapp.journal import CHECKED_AT_START, Head, Journal, Written, entries
from posapp.messages import CartCancelled, LineVoided, Message, ReceiptReprinted, SaleCompleted, Tender, read_body
from posapp.money import ZERO, Money
from posapp.quantity import Quantity
from posapp.rules.cart import MOST_LINES, Cart, Discount, Line, Paid
from posapp.rules.pricing import Priced, due, price, sale_lines, tax_sums
from posapp.selling import payment
from posapp.selling.drafts import Drafts
from posapp.settings import Settings
from posapp.tables import LINE_PLACES, reprint, sale, sale_line, tender

MOST_PIECES = Quantity(99_999_000)
MOST_TENDERS = 50


@dataclass(frozen=True, slots=True)
class Receipt:
    """A finished sale: the entry that is on disk, what it came to."""

    written: Written
    total: Money
    rounding: Money
    change: Money

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
        tender: [(before + n, held.kind, held.amount, held.given, held.ref) for n, held in enumerate(body.tenders, 1)],
    }


class Sale:
    """The open ticket. Every change is priced again and kept in the drafts before it is answered."""

    def __init__(self, journal: Journal, drafts: Drafts, settings: Settings) -> None:
        self._journal = journal
        self._drafts = drafts
        self.settings = settings
        self.cart: Cart | None = drafts.load()
        self.priced: Priced | None = price(self.cart) if self.cart else None

    # --- goods ---

    def add(self, article: Article, code: str, qty: Quantity, clerk: int, label: Money | None = None) -> Line:
        """Put an article on the ticket; pieces of one that is there already are added to its line.

        Raises PosError tender_begun, needs_whole, ticket_full, bad_quantity.
        """
        cart = self._goods() or Cart(ticket=self._journal.new_id(), opened=self._journal.now_ms(), clerk=clerk)
        if not article.is_weighed and not qty.is_whole:
            raise PosError("needs_whole", name=article.name, unit=article.unit or "个")
        line = self._same_line(cart, article, label)
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
            )
            cart.lines.append(line)
            cart.next_n += 1
        self._keep(cart)
        return line

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
            if not cart:
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
        self._keep(self.cart if self.cart.lines else None)

    def cancel(self, clerk: int, by: int = 0) -> Cart:
        """Give the whole ticket up; money taken so far goes back to the customer."""
        cart = self.cart
        if not cart or not self.priced:
            raise PosError("empty_ticket")
        with self._journal.writing() as writing:
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
        if not self._goods():
            raise PosError("empty_ticket")
        self._drafts.park(name, self._journal.now_ms())
        self.cart = self.priced = None

    def recall(self, name: str | None) -> Cart:
        if self.cart:
            raise PosError("ticket_open")
        self.cart = self._drafts.recall(name)
        self.priced = price(self.cart)
        return self.cart

    # --- money ---

    @property
    def due(self) -> Money:
        return due(self.priced, self.cart) if self.cart and self.priced else ZERO

    def pay(self, kind: str, given: Money, ref: str, clerk: int, shift: str) -> tuple[payment.Taken, Receipt | None]:
        """Take a tender. The one that leaves nothing due makes the sale: when this returns a receipt, it is on disk.

        Raises PosError empty_ticket, too_many_tenders, and what payment.take raises.
        """
        if not self.cart or not self.priced:
            raise PosError("empty_ticket")
        taken = payment.take(kind, given, ref, self.due, self.settings.cash_rounding, self.settings.cash_rounding_mode)
        if not taken.is_complete:
            if len(self.cart.paid) + 1 >= MOST_TENDERS:
                raise PosError("too_many_tenders", most=MOST_TENDERS, due=self.due)
            self.cart.paid.append(taken.paid)
            self._keep(self.cart)
            return taken, None
        receipt = self._record(self.cart, self.priced, taken, clerk, shift)
        self._drafts.sold()
        self.cart = self.priced = None
        return taken, receipt

    def _record(self, cart: Cart, priced: Priced, last: payment.Taken, clerk: int, shift: str) -> Receipt:
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
            )
            written = writing.append(body, clerk, numbered=True)
            db.insert_rows(writing.conn, rows_of(written, body))
        return Receipt(written, priced.total, last.rounding, last.change)

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
        try:
            priced = price(cart) if cart else None
            self._drafts.save(cart, self._journal.now_ms())
        except BaseException:
            self.cart = self._drafts.load()
            self.priced = price(self.cart) if self.cart else None
            raise
        self.cart, self.priced = cart, priced


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
    if any(line.n in voided for line in cart.lines):
        cart.lines = [line for line in cart.lines if line.n not in voided]
        drafts.save(cart if cart.lines else None, now_ms)


def _last_said(conn: Connection, head: Head, ticket: str) -> list[Message]:
    """What the journal's last entries say of a ticket: enough to settle what a kill left between two files."""
    said = []
    for entry in entries(conn, head.epoch, max(0, head.seq - CHECKED_AT_START)):
        header = read_header(entry.header)
        body = read_body(header.t, header.sv, entry.body)
        if getattr(body, "ticket", "") == ticket:
            said.append(body)
    return said

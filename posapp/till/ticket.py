"""The verbs that change the open ticket and its lines, park it and bring it back."""

from __future__ import annotations

from dataclasses import replace

from posapp.answers import (
    LineView,
    OpenTicket,
    StatusView,
    TicketView,
)
from posapp.errors import PosError
from posapp.money import ZERO, Money
from posapp.quantity import Quantity
from posapp.rules.cart import Line, read_discount
from posapp.rules.pricing import discount_on
from posapp.selling import discounts
from posapp.selling.ticket import line_view, open_ticket, parked_tickets, ticket_view
from posapp.till.desk import verb
from posapp.till.guests import GuestVerbs
from posapp.till.status import StatusVerbs


class TicketVerbs(StatusVerbs, GuestVerbs):
    """The open ticket, line by line, and the parked ones."""

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
        if self.sale.cart and self.sale.cart.points:
            self._release()
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
        cart = self.sale.recall(name)
        if cart.guest:  # meanwhile they may have used a benefit elsewhere, or be gone
            held = self._slice.by_ref(cart.guest.ref)
            self.sale.set_guest(self._as_guest(held, cart.guest.how, cart.guest.is_new) if held else None, 0)
        return ticket_view(self.sale)

    def parked(self) -> list[tuple[str, int, Money]]:
        """Name, number of lines and total of each parked ticket, the one parked first first."""
        return parked_tickets(self.books.drafts)

    def ticket(self) -> OpenTicket:
        """The open ticket, line by line."""
        ticket = open_ticket(self.sale)
        guest = self.guest()
        return replace(ticket, member=guest) if guest else ticket

    def _cart_line(self, n: int) -> Line:
        line = self.sale.cart.line(n) if self.sale.cart else None
        if line is None:
            raise PosError("no_such_line", line=n)
        return line

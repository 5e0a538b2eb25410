"""The open ticket as screens and scripts see it."""

from __future__ import annotations

from posapp.answers import LineView, OpenTicket, TicketView
from posapp.money import ZERO, Money
from posapp.rules.loyalty import Guest
from posapp.rules.pricing import PricedLine, price
from posapp.rules.rounding import round_cash
from posapp.selling.drafts import Drafts
from posapp.selling.sale import Sale


def open_ticket(sale: Sale) -> OpenTicket:
    """Line by line."""
    if sale.cart is None or sale.priced is None:
        return OpenTicket((), ZERO, ZERO, ZERO, ZERO, ())
    settings, due = sale.settings, sale.due
    return OpenTicket(
        tuple(_line(held, due, sale.cart.guest) for held in sale.priced.lines),
        sale.priced.total,
        due,
        round_cash(due, settings.cash_rounding, settings.cash_rounding_mode),
        Money(sum(line.gross.fen - line.amount.fen for line in sale.priced.lines if not line.line.gift)),
        tuple((paid.kind, paid.amount) for paid in sale.cart.paid),
    )


def parked_tickets(drafts: Drafts) -> list[tuple[str, int, Money]]:
    return [(held.name, len(held.cart.lines), price(held.cart).total) for held in drafts.parked()]


def ticket_view(sale: Sale) -> TicketView:
    """What it comes to."""
    return TicketView(len(sale.cart.lines) if sale.cart else 0, sale.priced.total if sale.priced else ZERO, sale.due)


def line_view(sale: Sale, n: int) -> LineView:
    assert sale.priced
    return _line(sale.priced.of(n), sale.due, sale.cart.guest if sale.cart else None)


def _line(held: PricedLine, due: Money, guest: Guest | None) -> LineView:
    line = held.line
    shown = line.override if line.override is not None else line.price
    return LineView(
        line.n, line.code, line.name, line.qty, line.unit, shown, held.amount, due, bool(line.pack) and guest is None
    )

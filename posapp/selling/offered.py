"""What stood beside a ticket and is told with its end: its join code, the hint and the articles for its member."""

from __future__ import annotations

from posapp.journal import Writing
from posapp.members.noted import HINT, VISIT, note
from posapp.messages import AddonShown, HintShown, JoinShown
from posapp.rules.cart import Cart

ACCEPTED, DECLINED, IGNORED = "accepted", "declined", "ignored"

ARRIVED, OUTCOME, BOUGHT = "arrived", "outcome", "bought"
"""What is noted of a likely visitor, each under its name and the list's date."""

SEEN_S = 3
"""A join code that stood for less was not offered to anybody."""


def tell_end(writing: Writing, cart: Cart, clerk: int, *, is_sold: bool = False) -> None:
    """The ticket is sold or given up, in the transaction that says so."""
    seconds = (writing.now - cart.shown.since) // 1000 if cart.shown else 0
    if cart.shown and seconds >= SEEN_S:  # domain.md J2
        writing.append(JoinShown(cart.token, "display", cart.ticket, cart.shown.hook, seconds), clerk)
    if is_sold and cart.listed and cart.guest:
        note(writing.conn, cart.guest.ref, VISIT, f"{cart.listed} {BOUGHT}", "1", writing.now)
    tell_member_left(writing, cart, clerk)


def has_offers(cart: Cart) -> bool:
    """Whether something waits to be told of what its member was offered."""
    return cart.addons is not None or (cart.hint is not None and not cart.hint.outcome)


def tell_member_left(writing: Writing, cart: Cart, clerk: int) -> None:
    """The ticket ends, or it is another's from now on."""
    if cart.hint and not cart.hint.outcome:
        tell_hint(writing, cart, IGNORED, clerk)
    if cart.addons:
        on_it = {line.article for line in cart.lines}
        added = [article for article in cart.addons.articles if article in on_it]
        writing.append(AddonShown(cart.ticket, cart.addons.articles, added, cart.addons.member), clerk)


def tell_hint(writing: Writing, cart: Cart, outcome: str, clerk: int) -> None:
    """What became of the hint. One that was answered is not shown again here, whatever HQ still says."""
    hint = cart.hint
    assert hint
    seconds = max(0, writing.now - hint.since) // 1000
    writing.append(HintShown(hint.row.id, hint.member, cart.ticket, outcome, seconds), clerk)
    if outcome != IGNORED:
        note(writing.conn, hint.member, HINT, hint.row.id, outcome, writing.now)

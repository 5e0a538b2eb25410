"""The verbs about who stands at the till: signing in and out, badges, approvals."""

from __future__ import annotations

from posapp.answers import (
    ClerkView,
    StatusView,
)
from posapp.errors import PosError
from posapp.shift.people import Clerk, check_badge, check_pin
from posapp.till.desk import verb
from posapp.till.status import StatusVerbs


class PeopleVerbs(StatusVerbs):
    """Who sells, and who lends a right."""

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

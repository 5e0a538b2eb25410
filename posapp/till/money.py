"""The verbs that take money and those about what was taken: receipts, copies, voids, tenders to be matched."""

from __future__ import annotations

from drivers.contracts import lines
from posapp.answers import (
    PaidView,
    RecordedView,
    RefundView,
)
from posapp.errors import PosError
from posapp.money import ZERO, Money
from posapp.rules.receipt import WIDTH, Customer, Recorded
from posapp.selling import day, discounts, numbers
from posapp.selling import receipt as receipts
from posapp.selling import refund as refunds
from posapp.selling.refund import RecordedRefund, refund_view
from posapp.till.desk import verb
from posapp.till.guests import GuestVerbs, Sold


class MoneyVerbs(GuestVerbs):
    """Paying, and the recorded sales and refunds."""

    @verb
    def pay(self, kind: str, amount: Money, ref: str = "") -> PaidView:
        clerk, shift = self._clerk(), self.books.the_shift()
        priced = self.sale.priced
        if self.sale.cart and priced and not self.sale.cart.paid:
            self._check_discounts()
            self._check_guest()
            self._check_packs()
        if kind == "static" and self.sale.cart:
            self._approvals.right_for_outage(
                clerk,
                "static_code",
                f"{amount}",
                now=self.journal.now_ms(),
                contact=self.client.last_contact,
                shift=shift.shift,
            )
        member, invitation, ticket = self.guest(), self.join_view("receipt"), self._ticket_id
        token = self.sale.cart.token if self.sale.cart else ""
        hook = invitation.hook if invitation else ""
        taken, receipt = self.sale.pay(kind, amount, ref, clerk.number, shift.shift, hook)
        if receipt is None:
            return PaidView(taken.due, ZERO, ZERO, priced.total if priced else ZERO)
        self.runner.wake()
        self.last_sold = Sold(ticket, token, receipt.sale, member.ref if member else "")
        if member:
            self._limits.sold(ticket)
        customer = Customer(
            member.name if member else "",
            *((invitation.title, invitation.url) if invitation else ("", "")),
            self._group_code(),
        )
        self.papers.hand_out(receipt, clerk.name, self.settings, customer)
        got = receipt.points
        return PaidView(
            ZERO,
            receipt.change,
            receipt.rounding,
            receipt.total,
            receipt.number,
            receipt.sale,
            member.name if member else "",
            got.earned if got else 0,
            got.before + got.earned - got.spent if got else 0,
            invitation,
        )

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

    def _check_discounts(self) -> None:
        """What the ticket's discounts have come to is judged before money is taken."""
        assert self.sale.priced
        if found := discounts.beyond(self.sale.priced, self.settings.discount_limit):
            line, detail = found
            if by := self._right("discount", detail, line):
                self.sale.approve_discounts(by)

"""The verbs about the hint for the member on the open ticket, the articles suggested beside it, the member card."""

from __future__ import annotations

from posapp.answers import AddonView, CardView, HintView, LeadView, MemberView, OrderView
from posapp.errors import PosError
from posapp.members.noted import LEAD, all_of
from posapp.money import Money
from posapp.rules.cart import Hinted
from posapp.rules.consents import PERSONAL
from posapp.rules.names import masked_name
from posapp.selling.offered import ACCEPTED, DECLINED
from posapp.shift.people import name_of
from posapp.streams import ChipRow, LeadRow
from posapp.sync.pull import kept_rows
from posapp.till.cards import MOST_ADDONS
from posapp.till.desk import verb
from posapp.till.wishes import WishVerbs


class HintVerbs(WishVerbs):
    """What the cashier is told of a member at the right moment."""

    def hint(self) -> HintView | None:
        """The open ticket's hint, while it stands."""
        view = self.guest()
        return view.hint if view else None

    @verb
    def accept_hint(self) -> MemberView:
        """The hint is used: what it brings counts on this ticket. Raises PosError no_hint, tender_begun."""
        clerk, hint = self._clerk().number, self._hint()
        self._bring(hint.row.benefit, clerk)
        self.sale.answer_hint(ACCEPTED, clerk)
        cart = self.sale.cart
        if hint.row.benefit and cart and cart.guest:
            self._lay_gifts(cart.guest, clerk)
        self.runner.wake()
        return self._on_ticket()

    @verb
    def decline_hint(self) -> MemberView:
        """The hint is put away; it is not shown again here. Raises PosError no_hint."""
        clerk = self._clerk().number
        self._hint()
        self.sale.answer_hint(DECLINED, clerk)
        self.runner.wake()
        return self._on_ticket()

    def _hint(self) -> Hinted:
        cart = self.sale.cart
        if self.hint() is None or cart is None or cart.hint is None:
            raise PosError("no_hint")
        return cart.hint

    def _bring(self, benefit: str, clerk: int) -> None:
        """A benefit that HQ gave after the member was recognised comes with their account as it is now."""
        cart = self.sale.cart
        guest = cart.guest if cart else None
        if cart is None or guest is None or not benefit or any(one.id == benefit for one in guest.benefits):
            return
        if held := self._whom(guest.ref):
            points = cart.points
            self.sale.set_guest(self._as_guest(held, guest.how, guest.is_new), clerk)
            if points and self.sale.has_goods:
                self.sale.set_points(points)

    # --- articles to suggest ---

    def addons(self) -> list[AddonView]:
        """At most three articles to suggest to the open ticket's member, without those that lie on it by now. Which
        they are is settled once for a ticket and its member."""
        cart = self.sale.cart
        if self.is_training or cart is None or cart.guest is None or cart.paid:
            return []
        chosen = dict(self._suggested(cart.guest.ref))
        lying = {line.article for line in cart.lines}
        if cart.addons is None:
            views = [view for pair in chosen.items() if pair[0] not in lying and (view := self._addon(*pair))]
            if views:
                self.sale.note_addons([view.article for view in views[:MOST_ADDONS]])
            return views[:MOST_ADDONS]
        # what may not be suggested any more, because consent was taken back a moment ago, goes
        left = [article for article in cart.addons.articles if article in chosen and article not in lying]
        return [view for article in left if (view := self._addon(article, chosen[article]))]

    # --- the card ---

    def card(self) -> CardView:
        """The open ticket's member as the card shows them. Raises PosError no_member."""
        member = self.guest()
        if member is None:
            raise PosError("no_member")
        row = self._card(member.ref).row
        is_personal = bool(member.consents.get(PERSONAL))
        orders = [OrderView(order.at, Money(order.fen), tuple(order.goods), order.store) for order in row.orders[:3]]
        return CardView(
            member,
            tuple(self._chip_words(member.chips)),
            tuple(row.likes) if is_personal else (),
            tuple(orders) if is_personal else (),
            tuple(lead for lead in self.leads() if lead.member == member.ref),
            row.visits,
            row.weekday,
            row.expected,
            is_personal,
        )

    def _chip_words(self, held: dict[str, str]) -> list[tuple[str, str]]:
        place = self._place
        with self.folder.feed.reading() as conn:
            rows = kept_rows(conn, "chips", ChipRow)
        words = []
        for name, row in sorted(rows.items(), key=lambda item: (item[1].place, item[0])):
            named = {choice[0]: choice[1 + place] for choice in row.choices}
            if value := held.get(name):
                words.append((row.title[place], named.get(value, value)))
        return words

    # --- what is to be done about members ---

    def leads(self) -> list[LeadView]:
        """What is to be done about members of this store, the most urgent first; what was handled here is gone."""
        with self.folder.feed.reading() as conn:
            rows = kept_rows(conn, "leads", LeadRow)
        done = all_of(self._real.folder.till, LEAD)
        now, place, mine = self.journal.now_ms(), self._place, self.clerk.number if self.clerk else 0
        views = []
        for id_, row in sorted(rows.items(), key=lambda item: (item[1].due, item[0])):
            if id_ in done:
                continue
            name, tail = self._masked(row.member)
            views.append(
                LeadView(
                    id_,
                    row.member,
                    name,
                    tail,
                    row.title[place],
                    row.script[place],
                    row.due,
                    row.due < now,
                    bool(mine) and row.clerk == mine,
                    name_of(self.folder, row.clerk) if row.clerk else "",
                )
            )
        return views

    def _masked(self, ref: str) -> tuple[str, str]:
        """Name and tail of a member of the store, as far as a till shows them."""
        held = self._slice.by_ref(ref)
        return (masked_name(held.row.initial), held.row.tail) if held else (masked_name(""), "")

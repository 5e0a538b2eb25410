"""The verbs about the customer: who they are, how they become a member, what their account gives on this ticket."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import msgspec

from posapp import db, log
from posapp.answers import BenefitView, JoinView, MemberChoice, MemberView, TicketView
from posapp.catalog.articles import Article
from posapp.clock import DAY, MINUTE, local
from posapp.errors import PosError
from posapp.joining.tokens import link, stem_of
from posapp.joining.words import Basket, words_for
from posapp.members.noted import CHIP, newer, said_of
from posapp.members.slice import Held
from posapp.members.used import Used, used_by
from posapp.messages import MemberRecognised
from posapp.money import ZERO, Money
from posapp.quantity import ONE, Quantity
from posapp.rules.cart import Cart, Part
from posapp.rules.codes import clean, kind_of
from posapp.rules.lookup import code_hash
from posapp.rules.loyalty import Guest, month_of, points_to_pay, worth
from posapp.rules.names import masked_name
from posapp.rules.phones import read_phone
from posapp.selling.ticket import ticket_view
from posapp.streams import Benefit, ClerkCodeRow, HookRow, JoinedRow, MemberRow, OfferRow, PackRow
from posapp.sync.pull import kept_row, kept_rows
from posapp.till.cards import CardVerbs
from posapp.till.desk import Campaigns, verb

AWAY = frozenset({"network_off", "hq_unreachable", "too_many", "not_found", "hq_refused", "hq_failed"})
"""HQ cannot say now who somebody is."""

OLD_MS = 15 * MINUTE
"""What HQ has not confirmed for so long is told to be old."""

_log = log.named("members")


@dataclass(frozen=True, slots=True)
class Sold:
    """The ticket paid last: its id, join code, sale and member ("" for nobody)."""

    ticket: str
    token: str
    sale: str
    member: str


class GuestVerbs(CardVerbs):
    """Recognising, joining, points."""

    last_sold: Sold | None = None

    # --- who is this ---

    @verb
    def member(self, text: str) -> MemberView | list[MemberChoice]:
        """A member by whole phone number, member code, or the last four digits of the phone: more than one of the
        store may fit those.

        Raises PosError member_unknown, member_unknown_offline, bad_phone, tail_off, tender_begun, needs_approval.
        """
        clerk = self._clerk()
        plain = (clean(text) or "").replace(" ", "")
        asked_ms = self.clock.monotonic_ms()
        is_code = kind_of(plain) == "member"
        is_tail = plain.isascii() and plain.isdigit() and len(plain) == 4
        phone = "" if is_code or is_tail else read_phone(plain)
        if is_tail and self.settings.look_up_by_tail == "off":
            raise PosError("tail_off")
        if not is_code and self._limits.is_beyond(clerk.number, self.journal.now_ms()):
            self._right("look_up", "")
        if is_tail:
            fitting = self._fresh(self._slice.by_tail(plain))
            if not fitting:
                self._missed(clerk.number)
            if len(fitting) > 1:
                self._limits.note(clerk.number, self.journal.now_ms(), self._ticket_id, missed=False)
                return [self._choice(held) for held in fitting]
            return self._recognised(fitting[0], "tail", "slice", asked_ms)
        found = self._fresh([held for held in [self._by_code_or_phone(plain if is_code else "", phone)] if held])
        if found:
            return self._recognised(found[0], "code" if is_code else "phone", "slice", asked_ms)
        online = self._ask_hq("code" if is_code else "phone", code_hash(plain.upper()) if is_code else phone)
        if online is None:
            self._missed(clerk.number)
        assert online
        return self._recognised(online, "code" if is_code else "phone", "hq", asked_ms)

    @verb
    def choose_member(self, ref: str) -> MemberView:
        """One of those whom a tail fitted. Raises PosError member_unknown."""
        held = self._slice.by_ref(ref)
        if held is None:
            raise PosError("member_unknown")
        return self._recognised(held, "tail", "slice", self.clock.monotonic_ms())

    @verb
    def drop_member(self) -> TicketView:
        """The ticket is a walk-in's after all."""
        clerk = self._clerk().number
        if self.sale.cart and self.sale.cart.points:
            self._release()
        self.sale.set_guest(None, clerk)
        return ticket_view(self.sale)

    def guest(self) -> MemberView | None:
        """The open ticket's member."""
        guest = self.sale.cart.guest if self.sale.cart else None
        return self._view(guest) if guest else None

    # --- joining ---

    @verb
    def join(self) -> JoinView:
        """The open ticket's join code. Raises PosError empty_ticket, no_join_code."""
        if not self.sale.cart:
            raise PosError("empty_ticket")
        if self.sale.cart.guest:
            raise PosError("member_on_ticket")
        view = self.join_view()
        if view is None:
            raise PosError("no_join_code")
        return view

    def join_view(self, surface: str = "display") -> JoinView | None:
        """What to show of the open ticket's code; None for a member's ticket, and where there is no ticket."""
        cart, tokens = self.sale.cart, self.books.tokens
        if not cart or not cart.token or tokens is None or cart.guest or not self.sale.priced:
            return None
        saving, gift = ZERO, ""
        hooks, offers, _ = self._campaigns()
        now, english = self.journal.now_ms(), self.settings.language == "en"
        promises = [promise for promise in map(_promised, offers.items()) if _is_on(offers[promise.id], now)]
        if surface == "display" and not cart.paid:  # on paper the ticket is paid
            as_member = self.sale.total_for(Guest("", "", "", "", now, benefits=promises, is_new=True))
            saving = Money(max(0, self.sale.priced.total.fen - as_member.fen))
        gift = next((promise.name[english] for promise in promises if promise.kind == "gift"), "")
        points = self.sale.points_to_earn()
        basket = Basket(cart.ticket, self.sale.priced.total, points, saving, gift)
        words = words_for(hooks, surface, basket, self.settings, now)
        has_pack = any(line.pack for line in cart.lines)
        token = tokens.on(cart.token, "pack" if has_pack and surface == "display" else surface)
        address = self.settings.join_address or self.keys.hq_url
        return JoinView(link(token, address), token, words.title, words.line, saving, gift, points, words.hook)

    def join_shown(self, view: JoinView) -> None:
        """The open ticket's code stands on the customer display."""
        self.sale.note_shown(view.hook)

    def newcomer(self) -> MemberView | None:
        """Who has come to the open ticket by its code since this was asked last."""
        with db.telling(self.folder.path):
            self._refresh()
        came, self._newcomer = self._newcomer, None
        return came

    def _take_join(self) -> MemberView | None:
        """The open ticket's code was used: its person is the ticket's member now. None where nothing came, or where
        money has been taken already: then the account gets it, the amount stays."""
        cart = self.sale.cart
        if not cart or not cart.token or cart.guest or cart.paid:
            return None
        with self.folder.feed.reading() as conn:
            came = kept_row(conn, "joins", stem_of(cart.token), JoinedRow)
        held = self._slice.by_ref(came.member) if came else None
        if came is None or held is None:
            return None
        return self._recognised(held, "join", "hq", self.clock.monotonic_ms(), is_new=bool(came.is_new))

    # --- points ---

    @verb
    def points(self, count: int) -> TicketView:
        """Let points pay a part of the ticket; more than it comes to are not taken. 0 takes them back.

        Raises PosError no_member, points_unworthy, points_short, points_offline.
        """
        self._clerk()
        cart = self.sale.cart
        if not cart or not cart.guest or not self.sale.priced:
            raise PosError("no_member")
        if not self.settings.points_worth:
            raise PosError("points_unworthy")
        if count < 0:
            raise PosError("bad_amount", amount=count)
        if cart.points:
            self.sale.set_points(0)
            self._release()
        wanted = min(count, points_to_pay(self.sale.priced.total, self.settings))
        if wanted and worth(wanted, self.settings):
            self._hold(cart.guest, cart.ticket, wanted)
            self.sale.set_points(wanted)
        return ticket_view(self.sale)

    def _release(self) -> None:
        """What HQ set aside for the open ticket is free again; where HQ does not hear of it, after a while."""
        cart = self.sale.cart
        if cart and cart.guest and self._real is self.books:
            with contextlib.suppress(PosError):
                self.client.hold_points(f"{cart.ticket} 0", cart.guest.ref, cart.ticket, 0)

    def _used(self, ref: str) -> Used:
        held = self._slice.by_ref(ref)
        return used_by(self.folder.till, [ref, *(held.row.aliases if held else ())])

    def _check_guest(self) -> None:
        """Whoever pays may have used a benefit a moment ago on another ticket, or be a member no more.

        Raises PosError price_changed where that costs them something."""
        cart = self.sale.cart
        if not cart or not cart.guest or not self.sale.priced:
            return
        shown = self.sale.priced.total
        if cart.guest.ref in self._gone and self._slice.by_ref(cart.guest.ref) is None:
            self.sale.set_guest(None, 0)
        else:
            gone = self._used(cart.guest.ref).benefits
            left = [promise for promise in cart.guest.benefits if promise.id not in gone]
            if len(left) < len(cart.guest.benefits):
                points = cart.points
                self.sale.set_guest(msgspec.structs.replace(cart.guest, benefits=left), 0)
                if points and self.sale.has_goods:
                    self.sale.set_points(points)
        if self.sale.priced.total != shown:
            raise PosError("price_changed", total=self.sale.priced.total)

    def _hold(self, guest: Guest, ticket: str, wanted: int) -> None:
        now = self.journal.now_ms()
        try:
            answer = self.client.hold_points(f"{ticket} {wanted}", guest.ref, ticket, wanted)
        except PosError as error:
            if error.code not in AWAY:
                raise
            quota = self._slice.quota(guest.ref)
            allowed = 0
            if quota and quota.until > now:  # HQ told it a day before it ends; what was spent since is gone
                allowed = quota.points - self._used(guest.ref).spent_since(quota.until - DAY)
            if wanted > allowed:
                raise PosError("points_offline", points=max(0, allowed)) from None
            return
        if answer.points < wanted:
            raise PosError("points_short", points=answer.points)

    # --- inside ---

    def _take_up(self) -> None:
        self._held_campaigns = None
        cart = self.sale.cart
        guest = cart.guest if cart and not cart.paid else None
        if guest and guest.ref in self._gone and self._slice.by_ref(guest.ref) is None:
            self.sale.set_guest(None, 0)  # erased at HQ: nothing of them stays on the ticket
        self._newcomer = self._take_join() or self._newcomer
        self._forget_card()
        guest = cart.guest if cart and not cart.paid else None
        if guest and (held := self._whom(guest.ref)):
            self._look_for_hint(held)

    def _campaigns(self) -> Campaigns:
        """Words around codes, what joining gives, join packs: as HQ has them now."""
        if self._held_campaigns is None:
            with self.folder.feed.reading() as conn:
                self._held_campaigns = (
                    kept_rows(conn, "hooks", HookRow),
                    kept_rows(conn, "offers", OfferRow),
                    kept_rows(conn, "packs", PackRow),
                )
        return self._held_campaigns

    def _pack_parts(self, article: Article) -> list[Part]:
        """What a join pack holds; nothing for any other article.

        Raises PosError pack_bought for a member who has had theirs, or a second one on the ticket."""
        row = self._campaigns()[2].get(article.id)
        if row is None:
            return []
        self._check_pack(article.id, article.name)
        if self.sale.cart and any(line.pack and line.article == article.id for line in self.sale.cart.lines):
            raise PosError("pack_bought", name=article.name, date=("本单", "on this ticket"))
        now = self.journal.now_ms()
        parts = []
        for name, milli in row.parts:
            part = self.articles.find(name, now)
            parts.append(
                Part(
                    part.id,
                    part.code,
                    part.name,
                    part.unit,
                    Quantity(milli),
                    part.price,
                    part.tax,
                    part.book,
                    part.earns,
                )
            )
        return parts

    def _check_packs(self) -> None:
        """Join packs are paid by members who had none. Raises PosError pack_needs_member, pack_bought."""
        cart = self.sale.cart
        for line in cart.lines if cart else ():
            if line.pack:
                if cart and cart.guest is None:
                    raise PosError("pack_needs_member", name=line.name)
                self._check_pack(line.article, line.name)

    def _check_pack(self, article: str, name: str) -> None:
        guest = self.sale.cart.guest if self.sale.cart else None
        if guest and (bought := guest.packs.get(article)):
            day = local(bought, self.settings.time_zone)
            raise PosError("pack_bought", name=name, date=(f"{day.month}月{day.day}日", f"{day:%d %b}"))

    def _group_code(self) -> str:
        """What the code of the city's group says, where the store's receipts carry it; "" where there is none."""
        if self.settings.receipt_group == "off":
            return ""
        with self.folder.feed.reading() as conn:
            held = kept_row(conn, "clerk_codes", "0.group", ClerkCodeRow)
        return held.content if held else ""

    def refused_text(self) -> bool:
        """Whether, since this was asked last, HQ said that somebody who asked for a message has refused them all."""
        has, self._has_refused = self._has_refused, False
        return has

    @property
    def _ticket_id(self) -> str:
        return self.sale.cart.ticket if self.sale.cart else ""

    def _by_code_or_phone(self, code: str, phone: str) -> Held | None:
        return self._slice.by_code(code.upper()) if code else self._slice.by_phone(phone)

    def _fresh(self, found: list[Held]) -> list[Held]:
        """Without those whom HQ has not confirmed for too long."""
        return found if self._slice.is_fresh(self.journal.now_ms()) else []

    def _ask_hq(self, kind: str, value: str) -> Held | None:
        assert self.clerk
        try:
            answer = self.client.find_member(self.journal.new_id(), kind, value, self.clerk.number)
        except PosError as error:
            if error.code not in AWAY:
                raise
            self._missed(self.clerk.number, "member_unknown_offline")
            raise AssertionError from None
        if not answer.member or not answer.row:
            return None
        self._visiting = Held(answer.member, answer.row)
        if answer.card:
            self._hold_card(answer.member, answer.card)
        return self._visiting

    def _missed(self, clerk: int, code: str = "member_unknown") -> None:
        self._limits.note(clerk, self.journal.now_ms(), self._ticket_id, missed=True)
        raise PosError(code)

    def _recognised(
        self, held: Held, how: str, source: str, asked_ms: int, *, is_new: bool = False, begun: Cart | None = None
    ) -> MemberView:
        """Put a member on the ticket; prices follow, gifts are laid on it."""
        clerk = self.clerk.number if self.clerk else 0
        guest = self._as_guest(held, how, is_new)
        self.sale.set_guest(guest, clerk, begun)
        self._lay_gifts(guest, clerk)
        cart = self.sale.cart
        assert cart
        if how in ("phone", "tail"):
            self._limits.note(clerk, self.journal.now_ms(), cart.ticket, missed=False)
        if not self.is_training:
            took = self.clock.monotonic_ms() - asked_ms
            with self.journal.writing() as writing:
                writing.append(MemberRecognised(held.ref, how, source, cart.ticket, took), clerk)
                self._meet(held, writing)
            self._look_for_hint(held)
        return self._view(guest)

    def _as_guest(self, held: Held, how: str, is_new: bool) -> Guest:
        row = held.row
        tier, mine = self._slice.tier(row.tier), self._used(held.ref)
        before = self.sale.cart.guest if self.sale.cart else None
        return Guest(
            held.ref,
            how,
            row.initial,
            row.tail,
            row.at,
            row.tier,
            tier.factor if tier else 100,
            row.points,
            row.birthday,
            [one for one in row.benefits if one.id not in mine.benefits],
            {**row.packs, **mine.packs},
            is_new,
            before.accepted if before and before.ref == held.ref else [],
        )

    def _lay_gifts(self, guest: Guest, clerk: int) -> None:
        now = self.journal.now_ms()
        lying = {line.gift for line in self.sale.cart.lines} if self.sale.cart else set()
        for promise in guest.benefits:
            if promise.kind != "gift" or promise.id in lying or not guest.may_use(promise, now):
                continue
            try:
                article = self.articles.find(promise.article, now)
            except PosError as error:
                _log.warning("a gift cannot be laid on the ticket: %s", error.code)
                continue
            self.sale.add(article, article.code, ONE, clerk, gift=promise.id)

    def _view(self, guest: Guest) -> MemberView:
        english = self.settings.language == "en"
        held = self._whom(guest.ref)
        row: MemberRow | None = held.row if held else None
        names = {guest.ref, *((held.ref, *held.row.aliases) if held else ())}
        chips = newer(said_of(self.folder.till, names, CHIP), row.chips_at if row else {})
        agreed, card = self._consents(held, guest.ref), self._card(guest.ref)
        as_of, now = max(guest.at, self._slice.confirmed()), self.journal.now_ms()
        tier = self._slice.tier(guest.tier)
        return MemberView(
            guest.ref,
            masked_name(guest.initial),
            guest.tail,
            guest.how,
            as_of,
            (tier.name[english], tier.colour) if tier else ("", ""),
            guest.points,
            self.sale.points_to_earn(),
            bool(guest.birthday) and guest.birthday == month_of(self.settings, now),
            guest.is_new,
            tuple(self._benefit(promise, now) for promise in guest.benefits if not self._waits(guest, promise)),
            {name: value for name, value in ({**row.chips, **chips} if row else chips).items() if value},
            agreed,
            now - as_of >= OLD_MS,
            self._segment(card.row.segment),
            card.owner,
            self._titles(card.row),
            self._away(card.row.last),
            self._hint_view(held, agreed),
            self.clerk is not None and card.row.owner == self.clerk.number,
        )

    @staticmethod
    def _waits(guest: Guest, promise: Benefit) -> bool:
        """Whether a benefit is the hint's to speak of: nobody has accepted it yet."""
        return bool(promise.waits) and promise.id not in guest.accepted

    def _benefit(self, promise: Benefit, now: int) -> BenefitView:
        lines = self.sale.priced.lines if self.sale.priced else ()
        is_used = any(reason.id == promise.id for line in lines for reason in line.reasons)
        later = {"benefit", "points"}
        goods = sum(line.amount.fen - sum(r.fen for r in line.reasons if r.kind in later) for line in lines)
        is_over = 0 < promise.ends <= now or promise.kind != "amount"
        missing = 0 if is_used or is_over else max(0, promise.least - goods)
        return BenefitView(promise.name[self.settings.language == "en"], is_used, Money(missing))

    def _choice(self, held: Held) -> MemberChoice:
        tier = self._slice.tier(held.row.tier)
        english = self.settings.language == "en"
        return MemberChoice(held.ref, masked_name(held.row.initial), held.row.tail, tier.name[english] if tier else "")


def _promised(offer: tuple[str, OfferRow]) -> Benefit:
    id_, row = offer
    return Benefit(id_, row.kind, row.name, row.fen, row.least, row.article, row.ends)


def _is_on(row: OfferRow, now: int) -> bool:
    return row.starts <= now and (not row.ends or now < row.ends)

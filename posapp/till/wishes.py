"""The verbs about what a customer wants at the counter beside buying: to join with a cashier's help, to be asked less,
to have their likes known, to be sent the receipt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from posapp.answers import AskedText, AssistView, ChipView, JoinView, MemberView, PageView, TextView
from posapp.errors import PosError
from posapp.joining.tokens import link
from posapp.joining.words import Basket, words_for
from posapp.members.noted import CHIP, CONSENT, TEXT, note, said_of
from posapp.members.slice import Held
from posapp.members.vault import Sealed, keep, sealed
from posapp.messages import (
    AttributeNoted,
    Consent,
    ConsentChanged,
    JoinShown,
    MemberJoined,
    Message,
    MessageRequested,
    PrivacyRequested,
)
from posapp.money import ZERO
from posapp.rules import page_slip
from posapp.rules.consents import AGE, PERSONAL, TEXTS, text_hash
from posapp.rules.phones import read_phone
from posapp.streams import ChipRow, ClerkCodeRow, ConsentTextRow, MemberRow
from posapp.sync.pull import kept_row, kept_rows
from posapp.till.desk import verb
from posapp.till.guests import AWAY, GuestVerbs, Sold

PRIVACY = ("access", "correct", "erase", "impersonal")
MESSAGES = ("claim", "receipt")
PRIVACY_PAGE = "/m"


@dataclass(frozen=True, slots=True)
class _Joining:
    """Who types at the customer display now. phone: in E.164, here and nowhere else, and gone with this."""

    member: str
    phone: str
    consents: list[Consent]


class WishVerbs(GuestVerbs):
    """Joining at the counter, likes, consents, requests, text messages, the clerk's own code."""

    _joining: _Joining | None = None

    # --- what a member likes, and what they agreed to ---

    def chips(self) -> list[ChipView]:
        """What can be noted of the open ticket's member, and what is."""
        english, guest = self.settings.language == "en", self.guest()
        held = guest.chips if guest else {}
        rows = sorted(self._kept("chips", ChipRow).items(), key=lambda item: (item[1].place, item[0]))
        return [
            ChipView(
                name,
                row.title[english],
                tuple((choice[0], choice[1 + english]) for choice in row.choices),
                held.get(name, ""),
            )
            for name, row in rows
        ]

    @verb
    def note_attribute(self, name: str, value: str) -> MemberView:
        """What the member likes; "" takes it back. Raises PosError no_member, no_such_chip, training_personal."""
        ref = self._member_ref()
        chip = next((chip for chip in self.chips() if chip.name == name), None)
        if chip is None or value not in ("", *(choice for choice, _ in chip.choices)):
            raise PosError("no_such_chip", name=f"{name} {value}"[:40].strip())
        self._say(AttributeNoted(ref, name, value), (CHIP, {name: value}))
        return self._on_ticket()

    def asked_texts(self) -> list[AskedText]:
        """What a customer is asked before they join, in its order."""
        english = self.settings.language == "en"
        return [
            AskedText(purpose, row.title[english], row.text[english], bool(row.needed))
            for purpose, row in self._texts().items()
        ]

    @verb
    def consent(self, given: Mapping[str, bool]) -> MemberView:
        """The member agreed to purposes, or took consent back: that counts at once. What they agreed to already is not
        said again. Raises PosError no_member, no_such_purpose, training_personal."""
        ref, held = self._member_ref(), self._on_ticket().consents
        texts = self._texts()
        for purpose in given:
            if purpose not in texts or texts[purpose].needed:
                raise PosError("no_such_purpose", name=purpose[:40])
        changed = {name: value for name, value in given.items() if bool(held.get(name)) != value}
        if changed:
            self._pairs = ("", [])
            acts = [_consent(texts[name], name, value) for name, value in changed.items()]
            self._say(ConsentChanged(ref, acts), (CONSENT, {name: str(int(value)) for name, value in changed.items()}))
        return self._on_ticket()

    @verb
    def privacy(self, kind: str) -> MemberView:
        """The member's request goes to HQ: access, correct, erase, or impersonal, which counts here at once.

        Raises PosError no_member, no_such_request, training_personal."""
        ref = self._member_ref()
        if kind not in PRIVACY:
            raise PosError("no_such_request", name=kind[:20], names=" ".join(PRIVACY))
        self._say(PrivacyRequested(ref, kind))
        if kind == "impersonal" and PERSONAL in self._texts():
            return self.consent({PERSONAL: False})
        return self._on_ticket()

    @verb
    def self_service(self) -> PageView:
        """HQ's page where customers see, change and delete what is kept of them; on paper, too."""
        self._clerk()
        english = self.settings.language == "en"
        title = ("我的会员信息 · 隐私与退订", "My data · privacy and opting out")[english]
        line = (
            "用自己的手机查阅、更正、撤回或注销",
            "See, correct, withdraw or delete on your own phone",
        )[english]
        url = (self.settings.join_address or self.keys.hq_url) + PRIVACY_PAGE
        self.papers.print(lambda: page_slip.document(title, url, line, self.settings), f"page {self.journal.new_id()}")
        return PageView(url, title, line, self.devices.receipt is not None)

    # --- joining with a cashier's help ---

    @verb
    def assist(self, phone: str, agreed: Mapping[str, bool]) -> AssistView:
        """A customer typed their phone and ticked: agreed by purpose that was asked about, and whether they are 14. Who
        is known stands on the ticket; anybody else joins, with a code that HQ sends to the phone, or without one while
        HQ is away.

        Raises PosError bad_phone, consent_needed, tender_begun, training_personal.
        """
        self._joining = None
        self._clerk()
        self._check_real()
        self._check_unpaid()
        number, texts = read_phone(phone), self._texts()
        if not agreed.get(AGE) or not all(agreed.get(name) for name, row in texts.items() if row.needed):
            raise PosError("consent_needed")
        asked_ms, is_away = self.clock.monotonic_ms(), False
        known = next(iter(self._fresh([held for held in [self._slice.by_phone(number)] if held])), None)
        source = "slice"
        if known is None:
            known, is_away = self._known_to_hq(number)
            source = "hq"
        if known:
            return AssistView("known", self._recognised(known, "assisted", source, asked_ms))
        acts = [_consent(row, name, agreed[name]) for name, row in texts.items() if name in agreed]
        joining = _Joining(self.journal.new_id(), number, acts)
        if not is_away and self._sends_code(joining):
            self._joining = joining
            return AssistView("code")
        return AssistView("joined", self._join_here(joining, is_verified=False))

    @verb
    def assist_code(self, code: str) -> MemberView:
        """The code came to the phone. Raises PosError nothing_to_confirm, wrong_code, code_expired, too_many_tries."""
        joining = self._waiting()
        try:
            self.client.confirm_code(joining.member, joining.phone, code)
        except PosError as error:
            if error.code not in AWAY:
                raise
            return self._join_here(joining, is_verified=False)
        return self._join_here(joining, is_verified=True)

    @verb
    def assist_on(self) -> MemberView:
        """No code came: the customer joins, and HQ asks their phone later. Raises PosError nothing_to_confirm."""
        return self._join_here(self._waiting(), is_verified=False)

    def assist_off(self) -> None:
        """The customer changed their mind; nothing of the number stays."""
        self._joining = None

    # --- text messages ---

    @verb
    def text_message(self, phone: str, template: str, ticket: str = "") -> TextView:
        """Ask for a text message about the open ticket, or the one paid last: claim (a link to its points) or receipt.
        ticket: the paid one that is meant, whatever is open by now. Once for a ticket, whatever the network does.

        Raises PosError bad_phone, no_such_message, no_ticket_to_text, text_not_paid, text_asked, training_personal.
        """
        self._clerk()
        self._check_real()
        if template not in MESSAGES:
            raise PosError("no_such_message", name=template[:20])
        number, cart, sold = read_phone(phone), self.sale.cart, self.last_sold
        if not ticket and self.sale.has_goods and cart:
            if template == "receipt":
                raise PosError("text_not_paid")
            sold = Sold(cart.ticket, cart.token, "", cart.guest.ref if cart.guest else "")
        if sold is None or ticket not in ("", sold.ticket):
            raise PosError("no_ticket_to_text")
        if template in said_of(self.folder.till, [sold.ticket], TEXT):
            raise PosError("text_asked")
        box = self._sealed(number)
        body = MessageRequested(sold.ticket, template, box.digest, box.salt, sold.member, sold.token, sold.sale)
        self._say(body, (TEXT, {template: "1"}), whose=sold.ticket, box=box)
        return TextView(template, not self.client.is_on or self.runner.trouble is not None)

    # --- a clerk's own code ---

    @verb
    def reception(self) -> JoinView:
        """A code of the clerk's own for a customer who buys nothing yet; it belongs to no ticket. Where HQ has given
        the clerk one in WeCom, that is what is shown. Raises PosError no_join_code."""
        clerk, tokens = self._clerk(), self.books.tokens
        if tokens is None:
            raise PosError("no_join_code")
        now = self.journal.now_ms()
        token = tokens.on(tokens.mint(clerk.number, now), "reception")
        words = words_for(self._campaigns()[0], "reception", Basket("", ZERO, 0), self.settings, now)
        title, line = words.title, words.line
        url = link(token, self.settings.join_address or self.keys.hq_url)
        with self.folder.feed.reading() as conn:
            friend = kept_row(conn, "clerk_codes", f"{clerk.number}.badge", ClerkCodeRow)
        if friend:
            pairs = (("扫码加门店企业微信", "Add the shop in WeCom"), (f"扫码加 {clerk.name}", f"Add {clerk.name}"))
            url, title, line = friend.content, pairs[not friend.is_store_code][self.settings.language == "en"], ""
        self._say(JoinShown(token, "reception", "", words.hook))
        return JoinView(url, token, title, line, ZERO, "", 0, words.hook)

    # --- inside ---

    def _kept(self, name: str, shape: type[ChipRow]) -> dict[str, ChipRow]:
        with self.folder.feed.reading() as conn:
            return kept_rows(conn, name, shape)

    def _texts(self) -> dict[str, ConsentTextRow]:
        """What is asked, by purpose, in its order; the program's own texts until HQ's have come."""
        with self.folder.feed.reading() as conn:
            rows = kept_rows(conn, "consent_texts", ConsentTextRow) or TEXTS
        return dict(sorted(rows.items(), key=lambda item: (item[1].place, item[0])))

    def _member_ref(self) -> str:
        self._clerk()
        self._check_real()
        guest = self.sale.cart.guest if self.sale.cart else None
        if guest is None:
            raise PosError("no_member")
        return guest.ref

    def _on_ticket(self) -> MemberView:
        view = self.guest()
        assert view
        return view

    def _check_real(self) -> None:
        if self.is_training:
            raise PosError("training_personal")

    def _check_unpaid(self) -> None:
        if self.sale.cart and self.sale.cart.paid:
            raise PosError("tender_begun")

    def _say(
        self,
        body: Message,
        said: tuple[str, Mapping[str, str]] | None = None,
        *,
        whose: str = "",
        box: Sealed | None = None,
    ) -> None:
        """One transaction: an entry, what it says so that it counts here at once, its sealed box."""
        with self.journal.writing() as writing:
            written = writing.append(body, self.clerk.number if self.clerk else 0)
            for name, value in said[1].items() if said else ():
                note(
                    writing.conn,
                    whose or getattr(body, "member", ""),
                    said[0] if said else "",
                    name,
                    value,
                    writing.head.effective,
                )
            if box:
                keep(writing.conn, written.event_id, box.box)
        self.runner.wake()

    def _sealed(self, phone: str) -> Sealed:
        return sealed(phone, self.keys, self._chance)

    def _known_to_hq(self, phone: str) -> tuple[Held | None, bool]:
        """Whom HQ knows by a phone, and whether HQ is away."""
        assert self.clerk
        try:
            answer = self.client.find_member(self.journal.new_id(), "phone", phone, self.clerk.number)
        except PosError as error:
            if error.code not in AWAY:
                raise
            return None, True
        return (Held(answer.member, answer.row) if answer.member and answer.row else None), False

    def _sends_code(self, joining: _Joining) -> bool:
        try:
            return self.client.send_code(joining.member, joining.phone) in ("queued", "capped")
        except PosError as error:
            if error.code not in AWAY:
                raise
            return False

    def _waiting(self) -> _Joining:
        self._check_unpaid()
        if self._joining is None:
            raise PosError("nothing_to_confirm")
        return self._joining

    def _join_here(self, joining: _Joining, *, is_verified: bool) -> MemberView:
        """Make the member: what HQ needs is on disk first, then they stand on the ticket."""
        asked_ms, clerk = self.clock.monotonic_ms(), self._clerk()
        cart = self.sale.cart or self.sale.new_cart(clerk.number)
        tokens = self.books.tokens
        token = tokens.on(cart.token, "assisted") if tokens and cart.token else ""
        box = self._sealed(joining.phone)
        self._say(
            MemberJoined(joining.member, token, cart.ticket, box.digest, box.salt, joining.consents, int(is_verified)),
            box=box,
        )
        self._joining = None
        now = self.journal.now_ms()
        row = MemberRow(
            "",
            joining.phone[-2:],
            now,
            now,
            consents={act.purpose: act.given for act in joining.consents},
            consents_at={act.purpose: now for act in joining.consents},
            first=1,
        )
        self._slice.add(joining.member, joining.phone, row)
        return self._recognised(Held(joining.member, row), "assisted", "slice", asked_ms, is_new=True, begun=cart)


def _consent(row: ConsentTextRow, purpose: str, given: bool) -> Consent:
    return Consent(purpose, int(given), row.version, text_hash(row))

"""What the till knows of the member on the open ticket beside their account: card, hint, articles to suggest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from posapp.answers import AddonView, HintView
from posapp.clock import business_date
from posapp.errors import PosError
from posapp.journal import Writing
from posapp.members.noted import CONSENT, HINT, VISIT, newer, note, said_of
from posapp.members.slice import Held
from posapp.money import Money
from posapp.rules.consents import PERSONAL
from posapp.rules.rfm import SEGMENTS
from posapp.selling.offered import ARRIVED, IGNORED
from posapp.shift.people import name_of
from posapp.streams import CardRow, HintRow, VisitorRow
from posapp.sync.pull import kept_row
from posapp.tables import sale_line
from posapp.till.desk import Desk

PERSONAL_SCENES = frozenset({"browsed", "chatted", "ordered"})
"""Hints that speak of what a member did: not without their consent, also when it was taken back a moment ago."""

MOST_ADDONS = 3
SELLERS_OF = 2_000
"""So many of the newest lines say what sells best here."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's card as it is held while they stand on the ticket. owner: by name."""

    ref: str
    row: CardRow
    owner: str


class CardVerbs(Desk):
    """Reads what HQ publishes of one member; nothing here faces the customer."""

    _visiting: Held | None = None
    _standing: Standing | None = None
    _sellers: tuple[str, list[str]] = ("", [])
    _pairs: tuple[str, list[tuple[str, str]]] = ("", [])

    def _whom(self, ref: str) -> Held | None:
        """A member of the store, or the one of elsewhere whom HQ told of last."""
        held = self._slice.by_ref(ref)
        return held or (self._visiting if self._visiting and self._visiting.ref == ref else None)

    def _card(self, ref: str) -> Standing:
        """A member's card, read once while they stand on the ticket and HQ says nothing new."""
        if self._standing is None or self._standing.ref != ref:
            with self.folder.feed.reading() as conn:
                row = kept_row(conn, "cards", ref, CardRow)
            self._hold_card(ref, row or CardRow())
        assert self._standing
        return self._standing

    def _hold_card(self, ref: str, row: CardRow) -> None:
        self._standing = Standing(ref, row, name_of(self.folder, row.owner) if row.owner else "")

    def _forget_card(self) -> None:
        """HQ has told something; a card that came with the answer to a question is in no stream."""
        self._pairs = ("", [])
        if self._standing is None:
            return
        with self.folder.feed.reading() as conn:
            row = kept_row(conn, "cards", self._standing.ref, CardRow)
        if row:
            self._hold_card(self._standing.ref, row)

    def _segment(self, name: str) -> tuple[str, str]:
        """Its name and its word."""
        return (name, SEGMENTS[name][self._place]) if name in SEGMENTS else ("", "")

    def _titles(self, row: CardRow) -> tuple[str, ...]:
        """Those that have not expired."""
        now = self.journal.now_ms()
        return tuple((zh, en)[self._place] for _, zh, en, ends in row.titles if not 0 < ends <= now)

    def _away(self, last: int) -> int | None:
        """Business days since they bought."""
        if not last:
            return None
        today, then = (
            dt.date.fromisoformat(business_date(ms, self.settings.time_zone, self.settings.cutover_hour))
            for ms in (self.journal.now_ms(), last)
        )
        return max(0, (today - then).days)

    @property
    def _place(self) -> int:
        """Of a text in two languages."""
        return int(self.settings.language == "en")

    def _consents(self, held: Held | None, ref: str) -> dict[str, int]:
        """What a member agreed to, what was just said here included."""
        names = {ref, *((held.ref, *held.row.aliases) if held else ())}
        said = newer(said_of(self.folder.till, names, CONSENT), held.row.consents_at if held else {})
        return {**(held.row.consents if held else {}), **{purpose: int(value) for purpose, value in said.items()}}

    # --- the hint ---

    def _meet(self, held: Held, writing: Writing) -> None:
        """Somebody has come: if they are on today's list of likely visitors, they have arrived."""
        date = self.journal.business_date()
        with self.folder.feed.reading() as conn:
            listed = kept_row(conn, "visitors", f"{date} {held.ref}", VisitorRow)
        if listed and self.sale.cart:
            self.sale.cart.listed = date
            note(writing.conn, held.ref, VISIT, f"{date} {ARRIVED}", "1", writing.now)

    def _look_for_hint(self, held: Held) -> None:
        """The hint for the member on the open ticket, if there is one now: once a ticket, once answered never again."""
        cart = self.sale.cart
        if self.is_training or not cart or not cart.guest:
            return
        with self.folder.feed.reading() as conn:
            row = kept_row(conn, "hints", held.ref, HintRow)
        if cart.hint is None and row and self._may_show(row, held, cart.guest.ref):
            self.sale.note_hint(row)
        elif cart.hint and not cart.hint.outcome and (row is None or row.id != cart.hint.row.id):
            self.sale.answer_hint(IGNORED, cart.clerk)  # HQ took it back: answered elsewhere, or not true any more

    def _may_show(self, row: HintRow, held: Held, ref: str) -> bool:
        if 0 < row.ends <= self.journal.now_ms():
            return False
        names = {ref, held.ref, *held.row.aliases}
        return self._is_allowed(row, self._consents(held, ref)) and row.id not in said_of(self.folder.till, names, HINT)

    @staticmethod
    def _is_allowed(row: HintRow, consents: Mapping[str, int]) -> bool:
        return row.scene not in PERSONAL_SCENES or bool(consents.get(PERSONAL))

    def _hint_view(self, held: Held | None, consents: Mapping[str, int]) -> HintView | None:
        """The hint that stands on the open ticket: not answered, not over, still allowed."""
        hint = self.sale.cart.hint if self.sale.cart else None
        if self.is_training or hint is None or hint.outcome or not self._is_allowed(hint.row, consents):
            return None
        row, place = hint.row, self._place
        if 0 < row.ends <= self.journal.now_ms():
            return None
        script = row.script[place] if self.settings.hint_scripts == "on" else ""
        promises = held.row.benefits if held and row.benefit else []
        applies = next((promise.name[place] for promise in promises if promise.id == row.benefit), "")
        return HintView(row.id, row.scene, row.prompt[place], script, row.version, applies)

    # --- articles to suggest ---

    def _suggested(self, ref: str) -> list[tuple[str, str]]:
        """Articles and why, worked out once while a member stands there and nothing new is said."""
        if self._pairs[0] != ref:
            self._pairs = (ref, self._pairs_for(ref))
        return self._pairs[1]

    def _pairs_for(self, ref: str) -> list[tuple[str, str]]:
        """As HQ worked them out; what sells best here where it has not, or had not heard yet that the member did not
        agree to more."""
        held, row = self._whom(ref), self._card(ref).row
        names = {ref, *((held.ref, *held.row.aliases) if held else ())}
        said = said_of(self.folder.till, names, CONSENT).get(PERSONAL, ("", 0))[1]
        told = held.row.consents_at.get(PERSONAL, 0) if held else 0
        if row.addons and (self._consents(held, ref).get(PERSONAL) or (held and max(said, told) <= row.at)):
            return [(addon.article, addon.why[self._place]) for addon in row.addons]
        why = ("卖得好", "Sells well")[self._place]
        return [(article, why) for article in self._best_sellers()]

    def _best_sellers(self) -> list[str]:
        """What this till sold most often lately, counted once a day."""
        today = self.journal.business_date()
        if self._sellers[0] != today or not self._sellers[1]:
            newest = select(sale_line.c.article).order_by(sale_line.c.id.desc()).limit(SELLERS_OF)
            with self._real.folder.till.reading() as conn:
                articles = conn.scalars(newest).all()
            counts = {article: articles.count(article) for article in dict.fromkeys(articles)}
            self._sellers = (today, sorted(counts, key=lambda one: (-counts[one], one))[: 2 * MOST_ADDONS])
        return self._sellers[1]

    def _addon(self, article: str, why: str) -> AddonView | None:
        """None where it cannot be sold now by one tap."""
        try:
            found = self.articles.find(article, self.journal.now_ms())
        except PosError:
            return None
        if found.is_weighed:
            return None
        is_member_price = Money(0) < found.member < found.price
        return AddonView(found.id, found.code, found.name, found.member if is_member_price else found.price, why)

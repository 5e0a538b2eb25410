"""A shop that knows its guests: HQ's app with a till that sells to members, and a mini-program that tells of them."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import select, update

from posapp.clock import rfc3339
from posapp.hq import feed
from posapp.hq.care import channels
from posapp.hq.database import CARED, CARED_MEMBERS, FOLLOWED, feed_counter, insert_many
from posapp.hq.members import consents
from posapp.hq.members.slice import rows_of
from posapp.hq.members.tables import person
from posapp.hq.people import add_clerk
from posapp.hq.tables import article, batch, counter
from posapp.hq.tables import feed as told_rows
from posapp.ids import seeded_chance
from posapp.messages import Consent, HintShown, SaleLine
from posapp.rules.consents import PERSONAL
from posapp.streams import STREAMS
from tests.hq.members.desk import PHONE, Desk
from tests.hq.shop import Journal, Shop, wait_until

GOODS = {
    "mask": ("补水面膜", "MASK", "面膜"),
    "serum": ("精华液", "CARE", "护肤"),
    "sun": ("防晒霜 SPF50", "SUN", "防晒"),
}
"""Article to name, category code and category."""


class Salon:
    """desk: HQ's members; shop: HQ's app; till 1 of store 1 writes the journal."""

    def __init__(self, desk: Desk, shop: Shop) -> None:
        self.desk = desk
        self.shop = shop
        self.till = shop.till()
        self.journal: Journal = self.till.journal()
        self._pushed = 0
        self._events = 0
        for number in (1001, 1002, 1003):
            add_clerk(shop.database, seeded_chance(number), number, f"店员{number}", "cashier", "739205", "1")
        with shop.database.transaction() as conn:
            rows = [
                ("chain", id_, name, "个", "0.13", "[]", 0, 1, 1, 1, code, category, *[""] * 4, 0, 0)
                for id_, (name, code, category) in GOODS.items()
            ]
            insert_many(conn, article, rows)
        now = desk.clock.now
        self.secret = channels.add(shop.database, seeded_chance(5), "mini", "events", now)

    # --- people ---

    def member(self, phone: str = PHONE, *, personal: bool = True, name: str = "张女士") -> str:
        ref = self.desk.member(phone, name)
        self.born(ref, "02-29")
        if personal:
            self.agree(ref)
        self.settle()
        return ref

    def agree(self, ref: str, given: int = 1, purpose: str = PERSONAL) -> None:
        """A member says on their page that suggestions may follow, or no more."""
        self.desk.clock.now += 1
        now = self.desk.clock.now
        with self.desk.writing() as conn:
            consents.note(conn, ref, [Consent(purpose, given, "2026-11")], now, f"page {now}", "page")
            feed.publish(conn, rows_of(conn, [ref], now))

    # --- at the till ---

    def sells(self, ref: str, article_id: str, price: int, **changes: Any) -> str:
        """A sale to a member; its event id."""
        name = GOODS[article_id][0]
        line = SaleLine(1, article_id, article_id, name, "个", 1000, price, price, "0.13", 0, 1)
        at = self.desk.clock.now
        self.journal.sale(price, member=ref, lines=[line], opened=at, paid=at, **changes)
        self.push()
        return self.journal.headers[-1].eid

    def answers(self, ref: str, hint: str, outcome: str, ticket: str = "t1") -> None:
        """A cashier was shown a hint."""
        self.journal.add(HintShown(hint, ref, ticket, outcome, 4), ef=self.desk.clock.now)
        self.push()

    def push(self) -> None:
        some = self.journal.entries[self._pushed :]
        assert self.till.push(self.journal.jid, some).status == "ok"
        self._pushed = len(self.journal.entries)
        self.settle()

    def settle(self) -> None:
        """Wait until HQ's workers have nothing left to do."""
        self.shop.settle()
        hq = self.shop.app.state.hq
        hq.follower.wake()
        wait_until(lambda: not (hq.evening.step() or hq.evening.keep_up()))
        hq.caring.wake()
        wait_until(self._is_quiet)

    def _is_quiet(self) -> bool:
        with self.shop.database.reading() as conn:
            held = dict(conn.execute(select(counter.c.name, counter.c.n)).all())
            last = conn.scalar(select(batch.c.n).order_by(batch.c.n.desc()).limit(1)) or 0
        follows = held[FOLLOWED] >= last and held[CARED] >= last
        return bool(follows and held[CARED_MEMBERS] >= held[feed_counter("members")])

    # --- online ---

    def event(self, kind: str, member: dict[str, str], **fields: str) -> dict[str, Any]:
        self._events += 1
        return {
            "id": f"e{self._events}",
            "kind": kind,
            "at": rfc3339(self.desk.clock.now),
            "member": member,
            **fields,
        }

    def post(self, *events: Any, secret: str = "", body: bytes = b"") -> Any:
        """What HQ answers to events."""
        return self.shop.client.post(
            "/v1/open/events",
            content=body or msgspec.json.encode(list(events)),
            headers={"Authorization": f"Bearer {secret or self.secret}", "Accept-Language": "zh"},
        )

    def sends(self, kind: str, member: dict[str, str], **fields: str) -> dict[str, Any]:
        """One event that is taken; what became of it."""
        told = self.post(self.event(kind, member, **fields))
        assert told.status_code == 200, told.text
        result: dict[str, Any] = told.json()["results"][0]
        return result

    # --- what the tills know ---

    def told(self, stream: str, key: str, store: int = 1) -> Any:
        """A row of a stream as the tills of a store have it, None when there is none."""
        with self.shop.database.reading() as conn:
            mine = (told_rows.c.stream == stream, told_rows.c.scope == f"store:{store}", told_rows.c.key == key)
            data = conn.scalar(select(told_rows.c.data).where(*mine))
        return msgspec.json.decode(bytes(data), type=STREAMS[stream]) if data else None

    def hint(self, root: str, store: int = 1) -> Any:
        return self.told("hints", root, store)

    def card(self, root: str, store: int = 1) -> Any:
        return self.told("cards", root, store)

    def born(self, ref: str, day: str) -> None:
        with self.desk.writing() as conn:
            conn.execute(update(person).where(person.c.ref == ref).values(birthday=day))

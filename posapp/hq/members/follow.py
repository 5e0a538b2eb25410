"""Follows the projected entries in the order HQ received them, each once; what waits is looked after in between."""

from __future__ import annotations

from sqlalchemy import select, update

from posapp.clock import Clock
from posapp.hq import feed
from posapp.hq.database import FOLLOWED, PROJECTED, Database
from posapp.hq.joining import referrals
from posapp.hq.members import privacy
from posapp.hq.members.following import Following, Send, ended_offers, no_messages, waiting_boxes, waiting_claims
from posapp.hq.members.identity import (
    Means,
)
from posapp.hq.members.recipients import recipients
from posapp.hq.members.upkeep import keep_up
from posapp.hq.project import step_after
from posapp.hq.tables import batch, counter
from posapp.hq.vault import Vault
from posapp.hq.woken import Stepping
from posapp.ids import Chance
from posapp.keys import HqKeys


class Follower(Stepping):
    """Works off what the projector has done, in a thread of its own, woken after it."""

    gathers_s = 0.0  # tills wait for what it tells them

    def __init__(
        self, database: Database, keys: HqKeys, vault: Vault, clock: Clock, chance: Chance, send: Send = no_messages
    ) -> None:
        super().__init__("follower")
        self._database = database
        self._keys = keys
        self._vault = vault
        self._clock = clock
        self._chance = chance
        self._send = send

    def rest(self) -> None:
        self.catch_up()
        if keep_up(self._database, self._clock.now_ms()):
            privacy.sweep(self._database, self._means(), recipients(self._vault))

    def step(self) -> bool:
        """Follow some batches; whether there were any."""
        with self._database.transaction() as conn:
            after = conn.scalar(select(counter.c.n).where(counter.c.name == FOLLOWED).with_for_update())
            projected = conn.scalar(select(counter.c.n).where(counter.c.name == PROJECTED)) or 0
            upto = min(step_after(conn, int(after or 0)), projected)
            if upto <= int(after or 0):
                return False
            following = Following(conn, self._keys, self._means(), self._send)
            batches = conn.execute(select(batch).where(batch.c.n > after, batch.c.n <= upto).order_by(batch.c.n)).all()
            for came in batches:
                following.batch(came)
            conn.execute(update(counter).where(counter.c.name == FOLLOWED).values(n=upto))
            feed.publish(conn, following.published())
        return True

    def catch_up(self) -> None:
        """What waited for something else: claims for their sale, entries for their box, referrals for their day."""
        means = self._means()
        with self._database.reading() as conn:
            late = waiting_claims(conn) or waiting_boxes(conn) or referrals.due(conn, means.now)
            idle = not late and not ended_offers(conn, means.now)
        if idle:
            return
        with self._database.transaction() as conn:
            following = Following(conn, self._keys, means, self._send)
            following.claims()
            following.boxes()
            following.referrals()
            feed.publish(conn, following.published())

    def _means(self) -> Means:
        return Means(self._vault, self._chance, self._clock.now_ms())

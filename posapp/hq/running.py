"""What the running server holds, and whom it lets in."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sqlalchemy import Connection, bindparam, select

from posapp.chain import key_id
from posapp.clock import MINUTE, Clock, SimulatedClock
from posapp.errors import PosError
from posapp.hq.care.cards import card_rows
from posapp.hq.care.caring import Caring
from posapp.hq.care.desk import befriended
from posapp.hq.database import Database, insert_new
from posapp.hq.enrol import take_up
from posapp.hq.figures.counting import Counting
from posapp.hq.flows.flowing import Flowing
from posapp.hq.limits import Bucket, Buckets
from posapp.hq.members import wishes
from posapp.hq.members.follow import Follower
from posapp.hq.news import News
from posapp.hq.project import Projector
from posapp.hq.rewards.rewarding import Rewarding
from posapp.hq.rewards.scores import scores_of
from posapp.hq.segments.evening import Evening
from posapp.hq.tables import nonce, till, till_key
from posapp.hq.tasks.tasking import Tasking
from posapp.hq.texts.courier import Courier
from posapp.hq.tile_pages import FirstPages
from posapp.hq.vault import Vault
from posapp.hq.wecom import account as wecom_account
from posapp.hq.wecom.account import Account
from posapp.hq.wecom.process import Known, Worker
from posapp.hq.woken import Stepping
from posapp.ids import Chance, unb64u
from posapp.keys import HqKeys, public_text
from posapp.wire import Signed

SKEW_MS = 5 * MINUTE
EACH_REQUEST_MS = 125
"""A till's allowance of requests is refilled with one so often: a round asks for each stream, every few seconds."""

NONCE_LIFE_MS = 15 * MINUTE

_STANDING = (
    select(till.c.serial, till.c.revoked, till_key.c.key_id)
    .join(till_key, (till_key.c.key_id == bindparam("key")) & (till_key.c.use == "request"), isouter=True)
    .where(till.c.store == bindparam("store"), till.c.till == bindparam("till"))
)


class Hq:
    """What the running server holds: its database, keys, folder, time, chance and allowances."""

    def __init__(
        self,
        database: Database,
        keys: HqKeys,
        clock: Clock,
        chance: Chance,
        folder: Path | None = None,
        wecom: Account | None = None,
        known: Known | None = None,
    ) -> None:
        self.database = database
        self.keys = keys
        self.clock = clock
        self.chance = chance
        self.folder = folder
        self.vault = Vault(keys, chance)
        self.hq_key = public_text(keys.certificate_key)
        self.projector = Projector(database, clock)
        self.first_pages = FirstPages(database, clock)
        self.texts = Courier(database, self.vault, clock, folder)
        wecom = wecom or (wecom_account.load(folder) if folder else None)
        known = known or partial(befriended, self.vault, chance)
        self.wecom = Worker(database, keys, clock, chance, wecom, known) if wecom else None
        self.requests = Buckets(burst=300, every_ms=EACH_REQUEST_MS)
        # A till that was offline for days must drain: what bounds it is the size of a push, not their number.
        self.pushes = Buckets(burst=2_000, every_ms=20)
        self.unknown_codes = Bucket(burst=20, every_ms=6_000)
        self.news = News(database, keys.generation)
        self.texts.may_send = partial(wishes.may_send, clock)
        self.follower = Follower(database, keys, self.vault, clock, chance, partial(wishes.send, keys))
        self.projector.on_work = self.follower.wake
        # What is worked out of it all, in this order.
        self.counting = Counting(database, clock, scores_of)
        self.evening = Evening(database, self.vault, clock, card_rows)
        self.caring = Caring(database, clock)
        self.rewards = Rewarding(database, clock)
        self.after: list[Stepping] = [
            self.counting,
            self.evening,
            Tasking(database, clock),
            Flowing(database, self.vault, clock, chance, self.texts.may_send),
            self.caring,
            self.rewards,
        ]
        if isinstance(clock, SimulatedClock):
            for worker in self.after:
                worker.gathers_s = 0  # a simulated day may be over in a second
        self.follower.on_work = self._wake_after
        self.pruned_ms = 0

    def _wake_after(self) -> None:
        for worker in self.after:
            worker.wake()

    def check_time(self, signed: Signed) -> int:
        """HQ's time. Raises PosError clock_skew; a simulated clock instead goes forward to the till's."""
        now = self.clock.now_ms()
        if isinstance(self.clock, SimulatedClock):
            if signed.created_ms > now:
                self.clock.set(signed.created_ms)
            return self.clock.now_ms()
        if abs(signed.created_ms - now) > SKEW_MS:
            # No part of the sentence: the till corrects itself by it.
            hint = {"server": now}
            raise PosError("clock_skew", **hint)
        return now

    def admit(self, conn: Connection, signed: Signed, now: int) -> None:
        """Let a request in once, for a till that is not shut out. Raises PosError revoked, replayed."""
        certificate = signed.certificate
        key = key_id(unb64u(certificate.request_key))
        values = {"store": certificate.store, "till": certificate.till, "key": key}
        standing = conn.execute(_STANDING, values).one_or_none()
        if standing is not None and standing.revoked >= certificate.serial:
            raise PosError("revoked")
        if standing is None or standing.key_id is None or standing.serial < certificate.serial:
            take_up(conn, certificate, now)
        if now - self.pruned_ms > MINUTE:
            self.pruned_ms = now
            conn.execute(nonce.delete().where(nonce.c.created < now - NONCE_LIFE_MS))
        row = {"key": certificate.request_key, "nonce": signed.nonce, "created": now}
        if not insert_new(conn, nonce, row):
            raise PosError("replayed")

"""Persons' figures kept up: whoever something happened to within a second, everybody once a business day.

Runs after the members' follower. What came by the journals is found by a counter of its own over the batches, what
happened at HQ (claims, merges, consents, orders of other channels, erased accounts) by its time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import count

from sqlalchemy import Connection, select, update

from posapp.clock import Clock
from posapp.hq import feed
from posapp.hq.database import FOLLOWED, SEGMENTED, Database, portions, upsert
from posapp.hq.joining.tables import claim
from posapp.hq.lookback import Lookback
from posapp.hq.members.identity import ids_of, roots
from posapp.hq.members.tables import consent, merge, privacy_request
from posapp.hq.project import step_after
from posapp.hq.segments import cohorts, grading, likes, neighbours, persons, purchases, regulars, views, visitors
from posapp.hq.segments.cards import Told, gone_rows, together
from posapp.hq.segments.purchases import AT_ONCE, today_of
from posapp.hq.tables import about, batch, counter, event, store
from posapp.hq.vault import Vault
from posapp.hq.woken import Stepping

_MISSING = 20_000
SEEN = "segments seen"
"""Up to when (table about) what happened at HQ is worked off."""

TURNS = 10
"""Whether a day's work is due is asked once in so many looks, of a second at most."""

_NIGHT = "segments night"
_TYPES = ("consent.changed", "member.joined", "privacy.requested")

Sign = tuple[str, str, int]
"""Something that happened: kind, id, instant."""


class Evening(Stepping):
    """The worker. told: what makes the member cards of the tills from figures and whatever else is on them."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, told: Told) -> None:
        super().__init__("evening")
        self._database = database
        self._vault = vault
        self._clock = clock
        self._told = told
        self._back = Lookback()
        self._turns = count()

    def rest(self) -> None:
        if next(self._turns) % TURNS == 0:
            self.keep_up()

    def step(self) -> bool:
        """Look at what happened since; whether there may be more."""
        now = self._clock.now_ms()
        with self._database.reading() as conn:
            after, upto = _counters(conn)
            # Before the first night nothing is looked for: it works everybody out.
            mark = int(conn.scalar(select(about.c.value).where(about.c.name == SEEN)) or now)
            since = self._back.since(mark, now)
            orders = {("order", one.id, one.at): one for one in neighbours.orders_since(conn, since)}
            signs = {*_signs(conn, since), *orders}
        new = sorted(signs - self._back.seen)
        some = set(new[:AT_ONCE])
        if upto <= after and not some:
            self._back.done(signs, now)
            return False
        with self._database.transaction() as conn:
            conn.execute(select(counter.c.n).where(counter.c.name == SEGMENTED).with_for_update())
            after, upto = _counters(conn)
            upto = step_after(conn, after, upto)
            touched = self._take(conn, some, after, upto)
            touched |= purchases.take_orders(conn, [orders[sign] for sign in sorted(some & orders.keys())])
            # Every id: one that is no root any more loses its figures.
            everyone = set(ids_of(conn, roots(conn, touched)))
            persons.refresh(conn, everyone, now)
            conn.execute(update(counter).where(counter.c.name == SEGMENTED).values(n=upto))
            if len(some) == len(new):
                upsert(conn, about, [{"name": SEEN, "value": str(now)}])
            feed.publish(conn, together(self._told(conn, everyone, now), gone_rows(conn, everyone, now)))
        if len(some) == len(new):
            self._back.done(signs, now)
        else:
            self._back.seen |= some
        return upto > after or len(new) > len(some)

    def _take(self, conn: Connection, new: Iterable[Sign], after: int, upto: int) -> set[str]:
        """Make the purchases that some batches and signs tell of; the ids that something happened to."""
        spans = conn.execute(select(batch).where(batch.c.n > after, batch.c.n <= upto).order_by(batch.c.n)).all()
        keys = purchases.in_batches(conn, spans)
        keys |= purchases.of_claims(conn, [id_ for kind, id_, _ in new if kind == "claim"])
        touched = purchases.take(conn, keys) | {id_ for kind, id_, _ in new if kind in ("merge", "person")}
        for span in spans:
            rows = conn.scalars(
                select(event.c.body).where(
                    event.c.jid == span.jid,
                    event.c.seq >= span.first_seq,
                    event.c.seq <= span.last_seq,
                    event.c.type.in_(_TYPES),
                )
            )
            touched |= {str(json.loads(body).get("member", "")) for body in rows}
        return touched

    def keep_up(self) -> bool:
        """Do a business day's work if it is not done, and make the lists that are due; whether there was any."""
        now = self._clock.now_ms()
        is_done = night(self._database, self._vault, now, self._told, self.step)
        return bool(visitors.keep_lists(self._database, now)) or is_done


def _counters(conn: Connection) -> tuple[int, int]:
    rows = {row.name: row.n for row in conn.execute(select(counter).where(counter.c.name.in_((SEGMENTED, FOLLOWED))))}
    return rows[SEGMENTED], rows[FOLLOWED]


def _signs(conn: Connection, since: int) -> Iterator[Sign]:
    """What happened at HQ from an instant on."""
    claims = select(claim.c.stem, claim.c.state, claim.c.at).where((claim.c.at >= since) | (claim.c.settled >= since))
    for stem, state, at in conn.execute(claims):
        yield "claim", stem, at if state == "waiting" else -at
    for edge in conn.execute(select(merge).where((merge.c.at >= since) | (merge.c.undone >= since))):
        for ref in (edge.kept, edge.gone):
            yield "merge", ref, max(edge.at, edge.undone)
    for ref, at in conn.execute(select(consent.c.ref, consent.c.at).where(consent.c.at >= since).distinct()):
        yield "person", ref, at
    erased = (privacy_request.c.state == "running") | (privacy_request.c.done >= since)
    for asked in conn.execute(select(privacy_request).where(privacy_request.c.kind == "erase", erased)):
        yield "person", asked.ref, asked.made


def is_due(conn: Connection, now: int) -> str:
    """The business day that was not worked off yet, with how many purchases there are; "" when it was.

    Due as well when there is half as much again to tell of: somebody's whole past came in.
    """
    today = today_of(conn, now)
    last = str(conn.scalar(select(about.c.value).where(about.c.name == _NIGHT)) or "0 0").split()
    # the newest batch, not the rows, is what can be asked for every second
    heads = int(conn.scalar(select(counter.c.n).where(counter.c.name == SEGMENTED)) or 0)
    if today <= int(last[0]) and heads <= int(last[1]) * 3 // 2 + 5:
        return ""
    return f"{max(today, int(last[0]))} {heads}"


def is_worked(conn: Connection, now: int) -> bool:
    """Whether everybody's figures are those of this business day."""
    last = str(conn.scalar(select(about.c.value).where(about.c.name == _NIGHT)) or "0 0").split()
    return today_of(conn, now) <= int(last[0])


def night(database: Database, vault: Vault, now: int, told: Told, between: Callable[[], object]) -> bool:
    """A day's work, in portions that keep nobody waiting; whether it was due. A stop in the middle begins again.

    between: what cannot wait for the end, called after each portion.
    """
    with database.reading() as conn:
        due = is_due(conn, now)
        if not due:
            return False
        today = today_of(conn, now)
    after: purchases.Key = ("", 0)
    while True:
        with database.reading() as conn:
            keys = purchases.missing(conn, after, _MISSING)
        if not keys:
            break
        after = keys[-1]
        for some in portions(keys):
            with database.transaction() as conn:
                purchases.take(conn, some)
            between()
    with database.reading() as conn:
        everybody = persons.everybody(conn)
    for some in portions(everybody):
        with database.transaction() as conn:
            persons.refresh(conn, some, now)
        between()
    with database.reading() as conn:
        measures = grading.measure_all(conn, today)
        pairs, best = likes.count_pairs(conn, today), likes.best_sellers(conn, today, now)
    with database.transaction() as conn:
        grading.keep_measures(conn, measures)
        likes.keep_pairs(conn, pairs)
        likes.keep_best(conn, best)
    for some in portions(everybody):
        with database.transaction() as conn:
            grading.grade_again(conn, some, today, now)
            feed.publish(conn, told(conn, some, now))
        between()
    with database.reading() as conn:
        values = cohorts.work_out(conn, vault, today)
        looked = views.work_out(conn, today, now)
        stores = conn.scalars(select(store.c.number).order_by(store.c.number)).all()
    with database.transaction() as conn:
        cohorts.keep_all(conn, values, today)
        views.keep(conn, looked, today)
    for number in stores:
        with database.reading() as conn:
            rows = regulars.regular_rows(conn, number, today)
        with database.transaction() as conn:
            feed.publish(conn, rows)
        between()
    with database.transaction() as conn:
        upsert(conn, about, [{"name": _NIGHT, "value": due}])
    return True

"""Keeps clerks' accounts up with what happened: after the members' follower, in a thread of its own."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Table, exists, func, or_, select, update

from posapp.clock import DAY, Clock
from posapp.hq import feed
from posapp.hq.database import FOLLOWED, PROJECTED, REWARDED, REWARDED_AT, REWARDED_BY, Database, lock_counter
from posapp.hq.entries import number
from posapp.hq.joining.tables import claim, joined
from posapp.hq.lookback import Lookback
from posapp.hq.members.identity import ids_of, roots
from posapp.hq.members.tables import merge, person
from posapp.hq.project import step_after
from posapp.hq.rewards.account import book, differences, known_row, month_now, rows_of
from posapp.hq.rewards.days import Days
from posapp.hq.rewards.facts import SLACK_MS, groups_of, refs_of_sales
from posapp.hq.rewards.rules import add_rule
from posapp.hq.rewards.seen import AT_ONCE, Staff, known_again, remember, told_since
from posapp.hq.rewards.tables import reward_rule, reward_seen
from posapp.hq.rewards.wanted import BATCH_MS, Rule
from posapp.hq.tables import batch, clerk, counter, event, event_identity, refund, sale, shift
from posapp.hq.tables import feed as told_rows
from posapp.hq.woken import Stepping

KNOWN = "known"
ARITHMETIC = 1
"""How accounts are worked out: 1 since the day's cap is for joins alone."""


Key = tuple[str, str, int]
"""What names something that was looked at."""


class Rewarding(Stepping):
    """Adds what is missing to the accounts; step() does some of it and says whether there was any."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__("rewards")
        self._database = database
        self._clock = clock
        self._since = 0
        self._month = ""
        self._back = Lookback()
        self._stepping = Lock()

    def step(self) -> bool:
        """Work off what is new; False when there was nothing. Looking alone writes nothing."""
        with self._stepping:  # whoever asks beside the thread waits for its step
            return self._step(self._clock.now_ms())

    def _step(self, now: int) -> bool:
        with self._database.reading() as conn:
            window = _window(conn, self._back.since(self._since or number(conn, REWARDED_AT) or now, now))
            new = [key for key in window if key not in self._back.seen]
            fresh = {key: window[key] for key in new[:AT_ONCE]}
            is_new_month = self._month != month_now(Days(conn), now)
            idle = (
                not fresh
                and not is_new_month
                and not _upto(conn)
                and number(conn, REWARDED_BY) >= ARITHMETIC
                and not _joins(conn)
                and not _found_out(conn, Staff(conn))
            )
        if not idle:
            with self._database.transaction() as conn:
                work(conn, fresh, now, everybody=is_new_month)
                self._month = month_now(Days(conn), now)
        if len(fresh) < len(new):
            self._back.seen.update(fresh)
        else:
            self._back.done(window, now)
            self._since = now
        return not idle


def work(conn: Connection, fresh: Mapping[Key, list[str]], now: int, *, everybody: bool = False) -> None:
    """Bring the accounts up to date with batches that were followed, joins nobody has seen, and what is fresh
    otherwise; the tills are told last. everybody: tell them of all clerks, because another month began."""
    lock_counter(conn, REWARDED)
    upto = _upto(conn)
    if upto and not conn.scalar(select(reward_seen.c.ref).limit(1)):
        # nothing was ever looked at: whoever joined by now is looked at with all that happened
        upto = number(conn, FOLLOWED)
        conn.execute(update(counter).where(counter.c.name == REWARDED).values(n=upto))
    refs = _joins(conn) | {ref for some in fresh.values() for ref in some} | _of_batches(conn, upto)
    days, staff = Days(conn), Staff(conn)
    mine = ids_of(conn, roots(conn, refs)).keys() | refs
    mine |= _found_out(conn, staff) | _worked_otherwise(conn, days)
    remember(conn, staff, mine)
    rows = differences(conn, days, groups_of(conn, days, mine))
    known = [key for key in fresh if key[0] == KNOWN]
    rows += (
        [known_row(ref, at, code) for ref, at, code in known_again(conn, min(int(key[2]) for key in known))]
        if known
        else []
    )
    clerks = book(conn, days, rows, now)
    if upto:
        conn.execute(update(counter).where(counter.c.name == REWARDED).values(n=upto))
    conn.execute(update(counter).where(counter.c.name == REWARDED_AT).values(n=now))
    conn.execute(update(counter).where(counter.c.name == REWARDED_BY).values(n=ARITHMETIC))
    feed.publish(conn, {"rewards": rows_of(conn, days, clerks | (_told(conn) if everybody else set()), now)})


def promise(conn: Connection, scope_text: str, starts: str, rule: Rule, now: int, who: str) -> None:
    """A rule from a date of joining on: joins since then are worked out anew, and the tills hear of it. Raises what
    add_rule raises."""
    lock_counter(conn, REWARDED)
    scope = add_rule(conn, scope_text, starts, rule, now, who)
    days = Days(conn)
    refs = _seen_since(conn, days, starts)
    clerks = book(conn, days, differences(conn, days, groups_of(conn, days, refs)), now)
    working = select(clerk.c.number).where(clerk.c.active == 1)
    clerks.update(conn.scalars(working if scope == feed.CHAIN else working.where(clerk.c.scope == scope)))
    feed.publish(conn, {"rewards": rows_of(conn, days, clerks | _told(conn), now)})


def _seen_since(conn: Connection, days: Days, date: str) -> set[str]:
    begins = days.span(0, date)[0] - DAY
    asked = select(joined.c.ref).where(joined.c.at >= begins, joined.c.ref.in_(select(reward_seen.c.ref)))
    return set(conn.scalars(asked))


def _worked_otherwise(conn: Connection, days: Days) -> set[str]:
    """Joins that an older program looked at, since the first rule of which it made another amount."""
    if number(conn, REWARDED_BY) >= ARITHMETIC:
        return set()
    capped = (reward_rule.c.cap > 0, reward_rule.c.first_order > 0)
    first = conn.scalar(select(func.min(reward_rule.c.starts)).where(*capped))
    return _seen_since(conn, days, first) if first else set()


def _upto(conn: Connection) -> int:
    """The last batch to look at now, 0 when there is none: what the members' follower has done."""
    after = number(conn, REWARDED)
    upto = step_after(conn, after, number(conn, FOLLOWED))
    return upto if upto > after else 0


def is_behind(conn: Connection) -> bool:
    """Whether something has come that the accounts do not hold yet."""
    numbers = dict(conn.execute(select(counter.c.name, counter.c.n)).all())
    looked = numbers[REWARDED_AT]
    later = (claim.c.at, merge.c.at, merge.c.undone)
    return (
        numbers[REWARDED] < numbers[PROJECTED]
        or numbers[REWARDED_BY] < ARITHMETIC
        or bool(_joins(conn))
        or any(conn.scalar(select(at).where(at > looked).limit(1)) is not None for at in later)
    )


def _joins(conn: Connection) -> set[str]:
    """Joins that nobody has looked at, the oldest first; each that was looked at is remembered."""
    counts = [conn.scalar(select(func.count()).select_from(table)) for table in (joined, reward_seen)]
    if counts[0] == counts[1]:
        return set()
    seen = exists().where(reward_seen.c.ref == joined.c.ref)
    asked = select(joined.c.ref).join(person, person.c.ref == joined.c.ref).where(~seen)
    return set(conn.scalars(asked.order_by(joined.c.at, joined.c.ref).limit(AT_ONCE)))


def _found_out(conn: Connection, staff: Staff) -> set[str]:
    """Joins of which more is known now: that they are a clerk's own, or whether the shop was open."""
    return staff.news(conn) | told_since(conn)


def _window(conn: Connection, since: int) -> dict[Key, list[str]]:
    """What is no batch and no join, since an instant, each with the ids it is about: claims, merges made and taken
    back, members who filled in the form once more."""
    found: dict[Key, list[str]] = {}
    for row in conn.execute(select(claim.c.stem, claim.c.ref).where(claim.c.at >= since)):
        found["claim", row.stem, 0] = [row.ref]
    for row in conn.execute(select(merge).where(or_(merge.c.at >= since, merge.c.undone >= since))):
        found["merge", str(row.number), row.undone] = [row.kept, row.gone]
    for ref, at, _ in known_again(conn, since):
        found[KNOWN, ref, at] = []
    return found


def _of_batches(conn: Connection, upto: int) -> set[str]:
    """Whom the entries up to a batch concern: by their sales, what went back of sales, and shifts of their stores."""
    if not upto:
        return set()
    after = number(conn, REWARDED)
    refs: set[str] = set()
    for came in conn.execute(select(batch).where(batch.c.n > after, batch.c.n <= upto).order_by(batch.c.n)).all():
        sales = conn.execute(select(sale.c.member, sale.c.join).where(*_within(sale, came))).all()
        sold = (
            (event_identity.c.jid == sale.c.jid) & (event_identity.c.seq == sale.c.seq),
            (event_identity.c.event == refund.c.sale)
            & (event_identity.c.store == refund.c.store)
            & (event_identity.c.till == refund.c.till),
        )
        given_back = conn.execute(
            select(sale.c.member, sale.c.join)
            .select_from(refund)
            .join(event_identity, sold[1])
            .join(sale, sold[0])
            .where(*_within(refund, came))
        ).all()
        refs |= refs_of_sales(conn, [*sales, *given_back])
        opened = conn.scalar(
            select(func.min(shift.c.opened))
            .join(event, (event.c.store == shift.c.store) & (event.c.till == shift.c.till))
            .where(
                *_within(event, came),
                event.c.type.in_(("shift.opened", "shift.closed")),
                or_(shift.c.opened == event.c.effective, shift.c.closed == event.c.effective),
            )
        )
        if opened is not None:
            refs.update(
                conn.scalars(
                    select(joined.c.ref).where(
                        joined.c.store == came.store, joined.c.at >= opened - SLACK_MS - BATCH_MS
                    )
                )
            )
    return refs


def _within(table: Table, came: Any) -> tuple[Any, ...]:
    columns = table.c
    return columns.jid == came.jid, columns.seq >= came.first_seq, columns.seq <= came.last_seq


def _told(conn: Connection) -> set[int]:
    """The clerks that tills hold a row of."""
    keys = conn.scalars(
        select(told_rows.c.key).where(told_rows.c.stream == "rewards", told_rows.c.data != feed.GONE).distinct()
    )
    return {int(key) for key in keys}

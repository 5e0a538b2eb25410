"""The worker that keeps cards and hints true: it follows what tills are told of members, and what they answered.

Whatever changes of a member (a sale, a join, a merge, a consent, a like, a store that comes to know them) changes their
row in the stream members; so that stream is followed here, and nobody has to remember to tell.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import Connection, select, update

from posapp.clock import Clock, local
from posapp.hq import feed
from posapp.hq.care import events, hints, owners, tags, titles
from posapp.hq.care.cards import card_rows
from posapp.hq.care.hints import hint_rows
from posapp.hq.care.scripts import BIRTHDAY, say
from posapp.hq.care.tables import hint, tag, title
from posapp.hq.care.tables import waiting_event as waits
from posapp.hq.database import CARED, CARED_MEMBERS, Database, feed_counter, portions, upsert
from posapp.hq.entries import entries_between, follow, number
from posapp.hq.members.identity import ACTIVE, ids_of, roots
from posapp.hq.members.slice import Published
from posapp.hq.members.tables import person
from posapp.hq.people import settings_of
from posapp.hq.tables import about, counter
from posapp.hq.tables import feed as told_rows
from posapp.hq.woken import Stepping
from posapp.messages import HintShown

MEMBERS = feed_counter("members")
_TITLES_SEEN = "titles ended until"


class Caring(Stepping):
    """A thread of the server, after the follower; step() does what there is by hand."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__("caring")
        self._database = database
        self._clock = clock

    def step(self) -> bool:
        """Do what there is; whether there was anything."""
        now = self._clock.now_ms()
        with self._database.reading() as conn:
            members, over = number(conn, CARED_MEMBERS) < number(conn, MEMBERS), _time_has_come(conn, now)
        answers = follow(self._database, CARED, self._answers)
        if over:
            self._ended(now)
        if members:
            self._members(now)
        return answers or members or over

    def _answers(self, conn: Connection, after: int, upto: int) -> Published:
        """What became of hints, as the tills told."""
        touched: set[str] = set()
        for row in entries_between(conn, after, upto, ("hint.shown",)):
            told = msgspec.json.decode(row.body, type=HintShown)
            if told.outcome in hints.OUTCOMES:
                root = hints.answered(conn, told.hint, told.outcome, row.effective)
                touched |= {root} if root else set()
        return hint_rows(conn, touched, self._clock.now_ms())

    def _ended(self, now: int) -> None:
        """Lives that are over, and people who have become known."""
        with self._database.transaction() as conn:
            conn.scalar(select(counter.c.n).where(counter.c.name == CARED).with_for_update())
            touched = hints.lapsed(conn, now) | events.tie_waiting(conn, now)
            events.drop_waiting(conn, now)
            tags.sweep(conn, now)
            badges = titles.ended(conn, _titles_seen(conn), now)
            upsert(conn, about, [{"name": _TITLES_SEEN, "value": str(now)}])
            feed.publish(conn, {**hint_rows(conn, touched, now), **card_rows(conn, touched | badges, now)})

    def _members(self, now: int) -> None:
        """Whose rows have changed since the last look."""
        with self._database.reading() as conn:
            after, head = number(conn, CARED_MEMBERS), number(conn, MEMBERS)
            # The newest state of a row has one number, so each is seen once, however often it changed.
            asked = select(told_rows.c.scope, told_rows.c.key, told_rows.c.data == feed.GONE).where(
                told_rows.c.stream == "members", told_rows.c.v > after, told_rows.c.v <= head
            )
            changed = [(scope, name, bool(gone)) for scope, name, gone in conn.execute(asked)]
        for some in portions({name for _, name, _ in changed}):
            with self._database.transaction() as conn:
                gone = [(scope, name) for scope, name, is_gone in changed if is_gone and name in some]
                feed.publish(conn, _rows(conn, some, gone, now))
            if self._stopping.is_set():
                return
        with self._database.transaction() as conn:
            mine = (counter.c.name == CARED_MEMBERS, counter.c.n < head)
            conn.execute(update(counter).where(*mine).values(n=head))


def _rows(conn: Connection, refs: list[str], gone: list[tuple[str, str]], now: int) -> Published:
    people = roots(conn, refs)
    hints.lock(conn, people)
    owners.by_joining(conn, people)
    wish_birthdays(conn, people, now)
    nothing = dict.fromkeys(gone)
    told = {**hint_rows(conn, people, now), **card_rows(conn, people, now)}
    return {stream: {**nothing, **rows} for stream, rows in told.items()}


def _titles_seen(conn: Connection) -> int:
    return int(conn.scalar(select(about.c.value).where(about.c.name == _TITLES_SEEN)) or 0)


def _time_has_come(conn: Connection, now: int) -> bool:
    seen = _titles_seen(conn)
    asked = (
        select(hint.c.id).where(hint.c.told == 1, hint.c.ends <= now),
        select(tag.c.ref).where(tag.c.ends > 0, tag.c.ends <= now),
        select(title.c.ref).where(title.c.ends > seen, title.c.ends <= now),
        select(waits.c.id).where(waits.c.received <= now - events.WAIT_DAYS * 86_400_000),
    )
    return any(conn.scalar(one.limit(1)) is not None for one in asked) or bool(events.waiting(conn))


def wish_birthdays(conn: Connection, people: Collection[str], now: int) -> None:
    """Whose month it is gets a hint for the rest of it, once a year, where the month brings more points."""
    settings = settings_of(conn, feed.CHAIN)
    if settings.birthday_points <= 100:
        return
    today = local(now, settings.time_zone)
    begins = today.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = begins.replace(year=today.year + today.month // 12, month=today.month % 12 + 1)
    times = f"{settings.birthday_points / 100:g}"
    ids = ids_of(conn, people)
    for some in portions(ids):
        asked = select(person).where(person.c.ref.in_(some), person.c.birthday.startswith(f"{today.month:02d}-"))
        for row in conn.execute(asked.where(person.c.status == ACTIVE)):
            id_ = f"birthday-{today.year}-{row.ref}"
            if conn.scalar(select(hint.c.id).where(hint.c.id == id_)) is not None:
                continue
            said = say(conn, BIRTHDAY, ids[row.ref], now, times=times)
            if said is not None:
                hints.give_hint(
                    conn,
                    row.ref,
                    id=id_,
                    scene=BIRTHDAY,
                    prompt=said.prompt,
                    script=said.line,
                    version=said.version,
                    made=now,
                    ends=int(following.timestamp() * 1000),
                    experiment=said.experiment,
                )

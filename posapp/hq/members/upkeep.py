"""What time changes of members without anybody doing anything: once a day the tills are told.

Birthdays that come near, allowances of points for offline hours, members who were not seen for half a year, and no
more of them on a store's tills than there may be (reliability.md 7.14).
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from posapp.clock import DAY, local
from posapp.hq import feed
from posapp.hq.database import Database, portions, upsert
from posapp.hq.members.identity import ACTIVE
from posapp.hq.members.slice import SEEN_DAYS, rows_of
from posapp.hq.members.tables import person, person_store
from posapp.hq.people import settings_of
from posapp.hq.tables import about

MOST_IN_STORE = 20_000
AT_ONCE = 500
"""Members of one transaction: tills that sell meanwhile wait for no more."""

_DONE = "members kept up"


def is_due(conn: Connection, now: int) -> str:
    """The calendar day of the chain that was not looked after yet, "" when it was."""
    today = f"{local(now, settings_of(conn, feed.CHAIN).time_zone):%Y-%m-%d}"
    return today if conn.scalar(select(about.c.value).where(about.c.name == _DONE)) != today else ""


def keep_up(database: Database, now: int) -> int:
    """Do a day's work if it is not done; how many members were looked at. A stop in the middle begins again."""
    with database.reading() as conn:
        today = is_due(conn, now)
        if not today:
            return 0
        month = local(now, settings_of(conn, feed.CHAIN).time_zone)
        months = {f"{month.month:02d}", f"{month.month % 12 + 1:02d}", f"{(month.month - 2) % 12 + 1:02d}"}
        birthdays = select(person.c.root).where(
            person.c.status == ACTIVE, func.substr(person.c.birthday, 1, 2).in_(months)
        )
        visitors = select(person.c.root).where(
            person.c.status == ACTIVE, person.c.visited > now - SEEN_DAYS * DAY, person.c.balance > 0
        )
        changed = sorted({*conn.scalars(birthdays), *conn.scalars(visitors)})
        gone = sorted(set(_beyond(conn, now)))
    for some in portions(changed, AT_ONCE):
        with database.transaction() as conn:
            feed.publish(conn, rows_of(conn, some, now))
    for start in range(0, len(gone), AT_ONCE):
        with database.transaction() as conn:
            rows: dict[tuple[str, str], None] = {}
            for ref, store in gone[start : start + AT_ONCE]:
                conn.execute(person_store.delete().where(person_store.c.ref == ref, person_store.c.store == store))
                rows[feed.store_scope(store), ref] = None
            feed.publish(conn, {"members": rows})
    with database.transaction() as conn:
        upsert(conn, about, [{"name": _DONE, "value": today}])
    return len(changed) + len(gone)


def _beyond(conn: Connection, now: int) -> Iterator[tuple[str, int]]:
    """Whom a store's tills need not know any more: strangers not seen for half a year, and who is beyond the most, the
    ones seen longest ago first."""
    strangers = (
        select(person_store.c.ref, person_store.c.store)
        .join(person, person.c.ref == person_store.c.ref)
        .where(person_store.c.seen <= now - SEEN_DAYS * DAY, person.c.home != person_store.c.store)
    )
    yield from ((row.ref, row.store) for row in conn.execute(strangers))
    full = select(person_store.c.store).group_by(person_store.c.store).having(func.count() > MOST_IN_STORE)
    for store in conn.scalars(full).all():
        rest = (
            select(person_store.c.ref)
            .where(person_store.c.store == store)
            .order_by(person_store.c.seen.desc(), person_store.c.ref)
            .offset(MOST_IN_STORE)
        )
        yield from ((ref, store) for ref in conn.scalars(rest))

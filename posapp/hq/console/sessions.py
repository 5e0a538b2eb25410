"""Who sits at the console now: a random cookie of which HQ keeps the hash, ended by leaving, by idling and by time."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, select, update

from posapp.clock import HOUR, MINUTE, Clock
from posapp.hq.console.tables import console_session, console_user
from posapp.hq.console.users import User, user_of
from posapp.hq.database import Database
from posapp.ids import Chance, b64u

COOKIE = "posapp_console"
LIFE_MS = 12 * HOUR
IDLE_MS = 30 * MINUTE
_TOUCH_MS = MINUTE


def begin(conn: Connection, clock: Clock, chance: Chance, user: User) -> str:
    """The cookie of a new session."""
    cookie, now = b64u(chance(32)), clock.now_ms()
    row = {"id": session_id(cookie), "user": user.name, "made": now, "seen": now, "until": now + LIFE_MS}
    conn.execute(console_session.delete().where(console_session.c.until < now - LIFE_MS))
    conn.execute(console_session.insert(), row)
    return cookie


def session_id(cookie: str) -> str:
    return b64u(hashlib.sha256(cookie.encode()).digest())


def who_sits(conn: Connection, id_: str, now: int, *, is_watching: bool = False) -> User | None:
    """Whose session it is, None when it has ended. is_watching: a picture on a wall, which nobody touches."""
    row = conn.execute(
        select(console_user, console_session.c.seen)
        .join(console_session, console_session.c.user == console_user.c.name)
        .where(
            console_session.c.id == id_,
            console_session.c.ended == 0,
            console_session.c.until > now,
            console_user.c.active == 1,
        )
    ).one_or_none()
    if row is None or (row.seen <= now - IDLE_MS and not is_watching):
        return None
    return user_of(row)


def touch(database: Database, id_: str, now: int) -> None:
    """The person did something; written once a minute."""
    stale = (console_session.c.id == id_) & (console_session.c.seen < now - _TOUCH_MS)
    with database.reading() as conn:
        if conn.scalar(select(console_session.c.id).where(stale)) is None:
            return
    with database.transaction(waits_for_disk=False) as conn:
        conn.execute(update(console_session).where(stale).values(seen=now))


def end(conn: Connection, id_: str, now: int) -> None:
    conn.execute(
        update(console_session).where(console_session.c.id == id_, console_session.c.ended == 0).values(ended=now)
    )

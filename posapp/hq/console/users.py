"""Who may sit at HQ's console: users, their roles and stores, passwords, and what wrong ones lead to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, select, update

from posapp.clock import HOUR, MINUTE, Clock
from posapp.errors import PosError
from posapp.hq.console.tables import console_audit, console_session, console_user
from posapp.hq.database import Database, upsert
from posapp.hq.enrol import LARGEST_STORE
from posapp.hq.people import scope_of, whole
from posapp.ids import Chance, uuid7

STORE, REGION, OPERATIONS, PRIVACY, ADMIN = "store", "region", "operations", "privacy", "admin"
ROLES = {
    STORE: ("门店", "Store"),
    REGION: ("区域", "Region"),
    OPERATIONS: ("运营", "Operations"),
    PRIVACY: ("隐私", "Privacy"),
    ADMIN: ("管理员", "Administrator"),
}
OF_STORES = frozenset({STORE, REGION})
"""Roles that look after stores; the others see the whole chain."""

LEAST_PASSWORD, LONGEST_PASSWORD, LONGEST_NAME = 12, 200, 40
_WAITS = {5: MINUTE // 2, 6: MINUTE, 7: 5 * MINUTE, 8: 15 * MINUTE, 9: 15 * MINUTE}
_MOST_WRONG = 10
_LONGEST_WAIT = HOUR
"""After so many each further try waits this long: whoever guesses for a stranger locks them out for no longer."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# What a name that nobody has is checked against, so that it takes as long as one that somebody has.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$LW/pH+RydcbIfMZrGurVbIB9d+rDLtXKwMbo4undsrI"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody at the console. stores: None for the whole chain."""

    name: str
    role: str
    stores: frozenset[int] | None
    language: str = "zh"
    look: str = "auto"

    def sees(self, store: int) -> bool:
        return self.stores is None or store in self.stores


def user_of(row: Any) -> User:
    held = json.loads(row.stores)
    return User(row.name, row.role, frozenset(held) if row.role in OF_STORES else None, row.language, row.look)


def note(conn: Connection, clock: Clock, chance: Chance, who: str, kind: str, what: str, reason: str = "") -> None:
    """Keep who did what at the console; nothing of a person stands in it."""
    now = clock.now_ms()
    row = {"id": uuid7(now, chance), "at": now, "who": who, "kind": kind, "what": what[:200], "reason": reason}
    conn.execute(console_audit.insert(), row)


def check_password(password: str, name: str) -> None:
    """Refuse what is easy to guess. Raises PosError bad_password."""
    steps = {ord(right) - ord(left) for left, right in pairwise(password)}
    repeats = any(password == (password[:size] * len(password))[: len(password)] for size in (1, 2, 3, 4))
    fits = LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD and password.isprintable()
    if not fits or len(steps) == 1 or repeats or name.lower() == password.lower():
        raise PosError("bad_password", least=LEAST_PASSWORD)


def user_name(text: str) -> str:
    """Raises PosError bad_name."""
    text = text.strip()
    if not 1 <= len(text) <= LONGEST_NAME or not text.isprintable():
        raise PosError("bad_name", most=LONGEST_NAME)
    return text


def add_user(
    database: Database,
    clock: Clock,
    chance: Chance,
    name: str,
    role: str,
    stores: Sequence[str],
    password: str,
    by: str,
) -> None:
    """Make a user, or change one: role, stores, password; locks are taken off and who sits there is signed out.

    Raises PosError bad_name, bad_choice, bad_password, needs_stores, no_such_store, bad_number.
    """
    name = user_name(name)
    if role not in ROLES:
        raise PosError("bad_choice", value=role[:20], values=", ".join(ROLES))
    check_password(password, name)
    numbers = sorted({whole(text, LARGEST_STORE) for text in stores})
    if bool(numbers) != (role in OF_STORES):
        raise PosError("needs_stores")
    now = clock.now_ms()
    row = {
        "name": name,
        "role": role,
        "stores": json.dumps(numbers),
        "password": _hasher.hash(password, salt=chance(16)),
        "active": 1,
        "made": now,
        "failed": 0,
        "locked": 0,
    }
    with database.transaction() as conn:
        for number in numbers:
            scope_of(conn, str(number))
        _sign_everybody_out(conn, name, now)
        held = conn.execute(select(console_user.c.language, console_user.c.look).where(console_user.c.name == name))
        kept = held.one_or_none()
        upsert(conn, console_user, [{**row, **(kept._mapping if kept else {"language": "zh", "look": "auto"})}])
        note(conn, clock, chance, by, "user", f"{name} {role} {numbers or 'chain'}")


def set_password(database: Database, clock: Clock, chance: Chance, name: str, password: str, by: str) -> None:
    """Another password; locks are taken off and who sits there is signed out. Raises PosError no_such_user, ..."""
    check_password(password, name)
    hashed = _hasher.hash(password, salt=chance(16))
    _change(database, clock, chance, name, by, "password", {"password": hashed, "failed": 0, "locked": 0})


def switch_off(database: Database, clock: Clock, chance: Chance, name: str, by: str) -> None:
    """A user who may no longer sign in; who sits there is signed out. Raises PosError no_such_user."""
    _change(database, clock, chance, name, by, "off", {"active": 0})


def _change(
    database: Database, clock: Clock, chance: Chance, name: str, by: str, what: str, values: dict[str, Any]
) -> None:
    with database.transaction() as conn:
        changed = update(console_user).where(console_user.c.name == name).values(values)
        if conn.execute(changed.returning(console_user.c.name)).first() is None:
            raise PosError("no_such_user", name=name[:LONGEST_NAME])
        _sign_everybody_out(conn, name, clock.now_ms())
        note(conn, clock, chance, by, "user", f"{name} {what}")


def _sign_everybody_out(conn: Connection, name: str, now: int) -> None:
    mine = (console_session.c.user == name) & (console_session.c.ended == 0)
    conn.execute(update(console_session).where(mine).values(ended=now))


def set_look(conn: Connection, name: str, *, language: str, look: str) -> None:
    """How somebody wants to read the console."""
    conn.execute(update(console_user).where(console_user.c.name == name).values(language=language, look=look))


def users(conn: Connection) -> list[dict[str, Any]]:
    """Everybody, without passwords. state: active, locked or off."""
    rows = conn.execute(select(console_user).order_by(console_user.c.name)).all()
    return [
        {
            "name": row.name,
            "role": row.role,
            "stores": json.loads(row.stores),
            "state": ("locked" if row.failed >= _MOST_WRONG else "active") if row.active else "off",
            "made": row.made,
        }
        for row in rows
    ]


def check_sign_in(database: Database, clock: Clock, chance: Chance, name: str, password: str) -> User:
    """Who it is, by name and password. Raises PosError wrong_password, sign_in_locked.

    After five wrong ones each next try waits longer, after ten until somebody sets a new password.
    """
    with database.reading() as conn:
        row = conn.execute(select(console_user).where(console_user.c.name == name[:LONGEST_NAME])).one_or_none()
    now = clock.now_ms()
    if row is not None and row.locked > now:
        with database.transaction() as conn:
            note(conn, clock, chance, row.name, "refused", "locked")
        raise PosError("sign_in_locked", minutes=min(-(-(row.locked - now) // MINUTE), 60 * 24))
    if not _fits(row.password if row is not None and row.active else _NOBODY, password) or row is None:
        with database.transaction() as conn:
            known = row.name if row is not None else "?"  # a wrong name may be a password typed in the wrong field
            if row is not None:
                _count_wrong(conn, row.name, now)
            note(conn, clock, chance, known, "refused", "password")
        raise PosError("wrong_password")
    with database.transaction() as conn:
        conn.execute(update(console_user).where(console_user.c.name == row.name).values(failed=0, locked=0))
    return user_of(row)


def _fits(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False


def _count_wrong(conn: Connection, name: str, now: int) -> None:
    mine = console_user.c.name == name
    counted = update(console_user).where(mine).values(failed=console_user.c.failed + 1)
    failed = conn.scalar(counted.returning(console_user.c.failed)) or 0
    wait = _LONGEST_WAIT if failed >= _MOST_WRONG else _WAITS.get(failed, 0)
    if wait:
        conn.execute(update(console_user).where(mine).values(locked=now + wait))

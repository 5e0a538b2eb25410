"""Stores, clerks and settings: what `posapp hq store|clerk|set` writes and the tills are told."""

from __future__ import annotations

import unicodedata
from hashlib import sha256
from itertools import pairwise

from argon2 import PasswordHasher
from sqlalchemy import Connection, select

from posapp.clock import Clock, business_date
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import Database, upsert
from posapp.hq.enrol import LARGEST_STORE
from posapp.hq.tables import badge, clerk, setting, store
from posapp.ids import Chance, random_base32
from posapp.messages import Message
from posapp.settings import Settings, read_setting
from posapp.streams import SettingRow, StaffRow

ROLES = ("cashier", "lead", "manager")
LARGEST_CLERK = 16_383

# OWASP's second choice; 24 ms on a small computer, which is what a till has (toolchain.md 8).
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

_GUESSED = frozenset({"147258", "258369", "147852", "159753", "159357", "112233", "520131", "5201314", "131420"})


def whole(text: str, most: int) -> int:
    """A number from 1 to `most`. Raises PosError bad_number."""
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= most:
        raise PosError("bad_number", number=text[:20], most=most)
    return int(text)


def plain_name(text: str, most: int) -> str:
    """A name as given, without blanks around it. Raises PosError bad_name."""
    text = text.strip()
    if not 1 <= len(text) <= most or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise PosError("bad_name", most=most)
    return text


def scope_of(conn: Connection, text: str) -> str:
    """ "chain", or the scope of a store that exists. Raises PosError bad_scope, no_such_store."""
    if text == feed.CHAIN:
        return text
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise PosError("bad_scope", scope=text[:20])
    number = int(text)
    if conn.scalar(select(store.c.number).where(store.c.number == number)) is None:
        raise PosError("no_such_store", store=number)
    return feed.store_scope(number)


def add_store(database: Database, clock: Clock, number: int, name: str) -> None:
    """Make a store, or give it another name; its name goes on its receipts. Raises PosError bad_name, bad_number."""
    name = plain_name(name, 60)
    if not 1 <= number <= LARGEST_STORE:
        raise PosError("bad_number", number=number, most=LARGEST_STORE)
    scope = feed.store_scope(number)
    with database.transaction() as conn:
        upsert(conn, store, [{"number": number, "name": name, "created": clock.now_ms()}])
        upsert(conn, setting, [{"scope": scope, "name": "store_name", "value": name}])
        feed.publish(conn, {"settings": {(scope, "store_name"): SettingRow(name)}})


def store_names(conn: Connection) -> dict[int, str]:
    """By number, in their order."""
    return {row.number: row.name for row in conn.execute(select(store.c.number, store.c.name).order_by(store.c.number))}


def clerk_names(conn: Connection) -> dict[int, str]:
    return {row.number: row.name for row in conn.execute(select(clerk.c.number, clerk.c.name))}


def set_value(database: Database, scope_text: str, name: str, value: str) -> None:
    """Set a setting of a store or the chain. Raises PosError unknown_setting, bad_setting, no_such_store, bad_scope."""
    read_setting(name, value)
    with database.transaction() as conn:
        scope = scope_of(conn, scope_text)
        upsert(conn, setting, [{"scope": scope, "name": name, "value": value}])
        feed.publish(conn, {"settings": {(scope, name): SettingRow(value)}})


def settings_of(conn: Connection, scope: str) -> Settings:
    """The settings in force in a scope: its own, else the chain's, else the default."""
    rows = conn.execute(select(setting).where(setting.c.scope.in_([feed.CHAIN, scope]))).all()
    # The store's own last, so that it stands.
    return Settings({row.name: row.value for row in sorted(rows, key=lambda row: row.scope != feed.CHAIN)})


def business_day(conn: Connection, at: int, store: int = 0) -> str:
    """Which day of a store, or of the chain, an instant belongs to."""
    settings = settings_of(conn, feed.store_scope(store))
    return business_date(at, settings.time_zone, settings.cutover_hour)


def check_pin(pin: str, role: str, number: int) -> None:
    """Refuse a PIN that is too short for a role or easy to guess. Raises PosError bad_pin, weak_pin."""
    least = 8 if role == "manager" else 6
    if not pin.isascii() or not pin.isdigit() or not least <= len(pin) <= 12:
        raise PosError("bad_pin", least=least)
    steps = {(int(right) - int(left)) % 10 for left, right in pairwise(pin)}
    repeats = any(pin == (pin[:size] * len(pin))[: len(pin)] for size in (1, 2, 3, 4) if size * 2 <= len(pin))
    pairs = len(pin) % 2 == 0 and pin[::2] == pin[1::2] and len(set(pin[::2])) < len(pin)
    if len(steps) == 1 or repeats or pairs or pin in _GUESSED or int(pin) == number:
        raise PosError("weak_pin")


def add_clerk(database: Database, chance: Chance, number: int, name: str, role: str, pin: str, scope_text: str) -> None:
    """Make a clerk, or change one (name, role, PIN, where they work).

    Raises PosError bad_number, bad_name, bad_role, bad_pin, weak_pin, no_such_store, bad_scope.
    """
    if not 1 <= number <= LARGEST_CLERK:
        raise PosError("bad_number", number=number, most=LARGEST_CLERK)
    if role not in ROLES:
        raise PosError("bad_role", role=role[:20])
    check_pin(pin, role, number)
    row = {
        "number": number,
        "name": plain_name(name, 40),
        "role": role,
        "pin": _hasher.hash(pin, salt=chance(16)),
        "active": 1,
    }
    with database.transaction() as conn:
        _write(conn, {**row, "scope": scope_of(conn, scope_text)})


def give_badge(database: Database, chance: Chance, number: int) -> str:
    """The code to print on a clerk's badge; the badge before it opens nothing any more. Raises PosError not_found."""
    code = "K1" + random_base32(26, chance)
    with database.transaction() as conn:
        found = conn.execute(select(clerk).where(clerk.c.number == number)).one_or_none()
        if found is None:
            raise PosError("not_found", what=number)
        upsert(conn, badge, [{"clerk": number, "hash": sha256(code.encode()).hexdigest()}])
        _write(conn, dict(found._mapping))
    return code


def switch_off(database: Database, number: int) -> None:
    """A clerk who may no longer sign in. Raises PosError not_found."""
    with database.transaction() as conn:
        found = conn.execute(select(clerk).where(clerk.c.number == number)).one_or_none()
        if found is None:
            raise PosError("not_found", what=number)
        _write(conn, {**found._mapping, "active": 0})


def _write(conn: Connection, row: dict[str, object]) -> None:
    before = conn.scalar(select(clerk.c.scope).where(clerk.c.number == row["number"]))
    upsert(conn, clerk, [row])
    rows: dict[tuple[str, str], Message | None] = {}
    if before is not None:
        rows[before, str(row["number"])] = None
    told = {name: value for name, value in row.items() if name != "scope"}
    carried = conn.scalar(select(badge.c.hash).where(badge.c.clerk == row["number"])) or ""
    rows[str(row["scope"]), str(row["number"])] = StaffRow(**told, badge=carried)  # type: ignore[arg-type]
    feed.publish(conn, {"staff": rows})

"""Clerks of the store and their PINs: who signs in, who approves, and what wrong PINs cost."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import argon2
from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from posapp import db
from posapp.errors import PosError
from posapp.journal import Journal
from posapp.messages import SignInRefused
from posapp.streams import FeedRow, StaffRow
from posapp.tables import badge, staff, wrong_pin

FREE_TRIES = 5
LOCKS_S = (30, 60, 300, 900)
"""Seconds a clerk is locked out after the fifth wrong PIN in a row and each one after (reliability.md 7.15)."""

_hasher = argon2.PasswordHasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)
# Of no clerk's: what an unknown number's PIN is checked against, so that it takes as long as a known one's.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$UKhtS/tQd9A/TfvTy2pLSQ$l4gjwcyakwhr4cItvZt112gC/h7YEPwq1qGDz/VveTE"


@dataclass(frozen=True, slots=True)
class Clerk:
    number: int
    name: str
    role: str


def check_pin(folder: db.Folder, journal: Journal, number: str, pin: str) -> Clerk:
    """The clerk whose number and PIN these are; wrong PINs are journaled.

    Raises PosError wrong_pin, pin_locked, no_staff_yet.
    """
    tried = int(number) if number.isascii() and number.isdigit() and len(number) <= 5 else 0
    with folder.till.reading() as conn:
        locked_until = conn.execute(select(wrong_pin.c.locked_until).where(wrong_pin.c.clerk == tried)).scalar() or 0
    now = journal.now_ms()
    if now < locked_until <= now + 1000 * LOCKS_S[-1]:
        raise PosError("pin_locked", seconds=(locked_until - now + 999) // 1000)
    with folder.feed.reading() as conn:
        row = conn.execute(
            select(staff.c.number, staff.c.name, staff.c.role, staff.c.pin).where(
                staff.c.number == tried, staff.c.active == 1
            )
        ).first()
        if row is None and conn.execute(select(staff.c.number).limit(1)).first() is None:
            raise PosError("no_staff_yet")
    try:
        _hasher.verify(row.pin if row else _NOBODY, pin)
        if row is None:
            raise argon2.exceptions.VerifyMismatchError
    except argon2.exceptions.VerificationError:
        _count_wrong(journal, tried, now)
        raise PosError("wrong_pin") from None
    if locked_until or _tries(folder, tried):
        with folder.till.transaction() as conn:
            conn.execute(delete(wrong_pin).where(wrong_pin.c.clerk == tried))
    return Clerk(row.number, row.name, row.role)


def check_badge(folder: db.Folder, code: str) -> Clerk:
    """The clerk whose badge this is. Raises PosError wrong_badge."""
    with folder.feed.reading() as conn:
        row = conn.execute(
            select(staff.c.number, staff.c.name, staff.c.role)
            .join(badge, badge.c.clerk == staff.c.number)
            .where(badge.c.hash == sha256(code.encode()).hexdigest(), staff.c.active == 1)
        ).first()
    if row is None:
        raise PosError("wrong_badge")
    return Clerk(row.number, row.name, row.role)


def name_of(folder: db.Folder, number: int) -> str:
    """A clerk's name, "" if HQ has told of none."""
    with folder.feed.reading() as conn:
        return conn.execute(select(staff.c.name).where(staff.c.number == number)).scalar() or ""


def _tries(folder: db.Folder, number: int) -> int:
    with folder.till.reading() as conn:
        return conn.execute(select(wrong_pin.c.tries).where(wrong_pin.c.clerk == number)).scalar() or 0


def _count_wrong(journal: Journal, number: int, now: int) -> None:
    with journal.writing() as writing:
        tries = (writing.conn.execute(select(wrong_pin.c.tries).where(wrong_pin.c.clerk == number)).scalar() or 0) + 1
        over = tries - FREE_TRIES
        until = now + 1000 * LOCKS_S[min(over, len(LOCKS_S) - 1)] if over >= 0 else 0
        writing.conn.execute(
            insert(wrong_pin)
            .values(clerk=number, tries=tries, locked_until=until)
            .on_conflict_do_update(index_elements=["clerk"], set_={"tries": tries, "locked_until": until})
        )
        writing.append(SignInRefused(number, tries))


def apply_staff(conn: Connection, rows: list[FeedRow]) -> None:
    """Take in a page of the staff stream. Key: clerk number."""
    for row in rows:
        conn.execute(delete(staff).where(staff.c.number == int(row.key)))
        conn.execute(delete(badge).where(badge.c.clerk == int(row.key)))
        if fields := row.read(StaffRow):
            if fields.badge:
                conn.execute(insert(badge).values(hash=fields.badge, clerk=fields.number).on_conflict_do_nothing())
            conn.execute(
                staff.insert().values(
                    number=fields.number, name=fields.name, role=fields.role, pin=fields.pin, active=fields.active
                )
            )

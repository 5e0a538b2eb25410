"""Members as HQ's tests make them: persons with keys, points and consents, without a till."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, select

from posapp.hq import feed
from posapp.hq.database import Database
from posapp.hq.members import points
from posapp.hq.members.identity import ACTIVE, VERIFIED, Means, new_person, set_name, set_phone
from posapp.hq.members.slice import rows_of, seen_at
from posapp.hq.members.tables import person, person_key
from posapp.hq.vault import Vault
from posapp.ids import seeded_chance
from posapp.keys import HqKeys
from tests.hq.shop import TestClock

PHONE = "+8613812345678"


class Desk:
    """HQ's database with the means to keep persons."""

    def __init__(self, database: Database, keys: HqKeys, clock: TestClock) -> None:
        self.database = database
        self.clock = clock
        self.chance = seeded_chance(11)
        self.vault = Vault(keys, self.chance)

    @property
    def means(self) -> Means:
        return Means(self.vault, self.chance, self.clock.now)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with self.database.transaction() as conn:
            yield conn

    def person(self, points_: int = 0, home: int = 0) -> str:
        """Someone new, younger than everyone before."""
        self.clock.now += 1
        with self.writing() as conn:
            ref = new_person(conn, self.means, home=home, source="test")
            if points_:
                points.book(conn, ref, "adjust", f"made {ref}", points_, self.clock.now)
        return ref

    def member(self, phone: str = PHONE, name: str = "王小明", points_: int = 100, store: int = 1) -> str:
        """An active member with a verified phone, known to a store's tills."""
        ref = self.person(points_, home=store)
        with self.writing() as conn:
            ref = set_phone(conn, self.means, ref, phone, VERIFIED, "test")
            set_name(conn, self.means, ref, name)
            conn.execute(
                person.update()
                .where(person.c.ref == ref)
                .values(status=ACTIVE, joined=self.clock.now, birthday="11-22")
            )
            seen_at(conn, ref, store, self.clock.now)
            feed.publish(conn, rows_of(conn, [ref], self.clock.now))
        return ref

    def roots(self) -> dict[str, str]:
        with self.database.reading() as conn:
            return {row.ref: row.root for row in conn.execute(select(person.c.ref, person.c.root))}

    def keys_of(self, ref: str) -> set[tuple[str, str, str]]:
        """(kind, hash, strength) of each key."""
        with self.database.reading() as conn:
            rows = conn.execute(select(person_key).where(person_key.c.ref == ref)).all()
        return {(row.kind, row.hash, row.strength) for row in rows}

    def balance(self, root: str) -> int:
        with self.database.reading() as conn:
            return points.balance(conn, root)

"""Finding a member by phone: among a million at HQ, and in a till's slice of twenty thousand, against one raw indexed
query each. The till's own look-up begins with the slow hash that protects the numbers; it is shown with and without.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
import sqlcipher3.dbapi2 as sqlcipher

from posapp.chain import canonical
from posapp.db import Folder
from posapp.hq.database import Database, insert_many, open_database
from posapp.hq.members.identity import known_by
from posapp.hq.members.tables import person, person_key
from posapp.hq.vault import Vault
from posapp.ids import b64u, seeded_chance
from posapp.keys import HqKeys, TillKeys
from posapp.members.slice import Slice, apply_members
from posapp.rules.lookup import phone_index
from posapp.streams import FeedRow, MemberRow
from tests import postgres
from tests.benchmarks.measure import race, ratio, show, timed

AT_HQ, IN_SLICE = 1_000_000, 20_000
GOAL = 6.0
GOAL_OVER_HASH = 1.5
ROUNDS = 300
NOW = 1_795_305_600_000
PAGE = 2_000


def phone(n: int) -> str:
    return f"+86138{n * 7_919 % 100_000_000:08}"


def fill_hq(database: Database, vault: Vault) -> None:
    """A million persons with a verified phone each."""
    blank = {column.name: "" if str(column.type) == "TEXT" else 0 for column in person.columns}
    for first in range(0, AT_HQ, 50_000):
        numbers = range(first, first + 50_000)
        people = [tuple({**blank, "ref": f"r{n:07}", "root": f"r{n:07}", "status": "active"}.values()) for n in numbers]
        keys = [("phone", vault.index("phone", phone(n)), f"r{n:07}", "verified", "page", NOW) for n in numbers]
        with database.transaction() as conn:
            insert_many(conn, person, people)
            insert_many(conn, person_key, keys)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_phone_among_a_million_at_hq(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if kind == "sqlite":
        run_hq(open_database(tmp_path / "hq.db"), kind)
        return
    if postgres.binaries() is None:
        pytest.skip("no PostgreSQL on this machine")
    with postgres.cluster() as cluster, postgres.fresh_database(cluster) as url:
        run_hq(open_database(url), kind)


def run_hq(database: Database, kind: str) -> None:
    vault = Vault(HqKeys.fresh(seeded_chance(1)), seeded_chance(2))
    fill_hq(database, vault)
    turn = iter(range(10_000_000))

    def ours() -> None:
        n = next(turn) * 48_271 % AT_HQ
        assert known_by(conn, "phone", vault.index("phone", phone(n))) == f"r{n:07}"

    def raw() -> None:
        n = next(turn) * 48_271 % AT_HQ
        hash_ = vault.index("phone", phone(n))
        cursor.execute(question, ("phone", hash_))
        assert (cursor.fetchone() or [""])[0] == f"r{n:07}"

    with database.reading() as conn:
        mark = "?" if database.is_sqlite else "%s"
        question = f"SELECT ref FROM person_key WHERE kind = {mark} AND hash = {mark}"
        cursor = conn.connection.cursor()
        taken = race(ROUNDS, {"look-up": timed(ours), "raw": timed(raw)}, warm_up=100)
    show(f"a phone among {AT_HQ:,} at HQ, {kind}", taken, against=["raw"])
    assert ratio(taken["look-up"], taken["raw"]) < GOAL
    database.close()


def test_a_phone_in_the_slice_of_a_till(tmp_path: Path) -> None:
    keys = TillKeys.fresh(seeded_chance(1))
    key = seeded_chance(3)(64)
    keys.lookup = {"1": b64u(key)}
    folder = Folder(tmp_path, bytes(range(32)))
    plain = sqlcipher.connect(str(tmp_path / "plain.db"), isolation_level=None)
    plain.execute("CREATE TABLE m (hash TEXT PRIMARY KEY, data BLOB) WITHOUT ROWID")
    known = {n: phone_index(phone(n), key, "1") for n in range(0, IN_SLICE, IN_SLICE // 50)}
    for first in range(0, IN_SLICE, PAGE):
        rows = []
        for n in range(first, first + PAGE):
            hash_ = known.get(n) or f"1:{b64u(sha256(str(n).encode()).digest()[:16])}"
            row = canonical(MemberRow("张", f"{n % 100:02}", NOW, NOW, [hash_], points=n, tier="gold"))
            rows.append(FeedRow("store:1", f"r{n:07}", msgspec.Raw(row)))
            plain.execute("INSERT INTO m VALUES (?, ?)", (hash_, row))
        with folder.feed.transaction() as conn:
            apply_members(conn, rows)
    members, numbers = Slice(folder.feed, keys), sorted(known)
    turn = iter(range(10_000_000))
    hashes = list(known.values())

    def ours() -> None:
        n = numbers[next(turn) % len(numbers)]
        held = members.by_phone(phone(n))
        assert held
        assert held.ref == f"r{n:07}"

    def by_hash() -> None:
        assert members._by("phone", [hashes[next(turn) % len(hashes)]])

    def slow_hash() -> None:
        phone_index(phone(next(turn)), key, "1")

    def raw() -> None:
        assert plain.execute("SELECT data FROM m WHERE hash = ?", (hashes[next(turn) % len(hashes)],)).fetchone()

    contestants = {
        "look-up": timed(ours),
        "its query": timed(by_hash),
        "its slow hash": timed(slow_hash),
        "raw": timed(raw),
    }
    taken = race(ROUNDS, contestants, warm_up=50)
    show(f"a phone in a slice of {IN_SLICE:,}", taken, against=["raw", "its slow hash"])
    assert ratio(taken["look-up"], taken["its slow hash"]) < GOAL_OVER_HASH
    folder.close()
    plain.close()

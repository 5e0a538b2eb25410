"""What goes down: complete, compacted, in order, resumable; nothing is skipped however many write at once."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posapp.hq import feed, people
from posapp.hq.database import Database, open_database
from posapp.hq.feed import publish, read_page
from posapp.ids import b64u, seeded_chance
from posapp.keys import HqKeys
from posapp.streams import PriceRow, SettingRow
from tests.hq.shop import Shop, TestClock, wait_until

CHAIN = [feed.CHAIN]


def write(database: Database, rows: dict[str, str | None], scope: str = feed.CHAIN) -> int:
    named = {(scope, key): None if value is None else SettingRow(value) for key, value in rows.items()}
    with database.transaction() as conn:
        return publish(conn, {"settings": named}).get("settings", 0)


class Reader:
    """A till's copy of a stream, page by page."""

    def __init__(self, database: Database, generation: str = "g", scopes: list[str] | None = None) -> None:
        self.database = database
        self.generation = generation
        self.scopes = scopes or CHAIN
        self.cursor = ""
        self.rows: dict[tuple[str, str], str] = {}
        self.seen = 0
        self.restarts = 0

    def read(self, limit: int = 2000) -> bool:
        with self.database.reading() as conn:
            page = read_page(conn, "settings", self.scopes, self.cursor, limit, self.generation)
        if page.restart:
            self.rows.clear()
            self.restarts += 1
        for row in page.rows:
            self.seen += 1
            if (setting := row.read(SettingRow)) is not None:
                self.rows[row.scope, row.key] = setting.value
            else:
                self.rows.pop((row.scope, row.key), None)
        self.cursor = page.cursor
        return page.complete

    def read_all(self, limit: int = 2000) -> None:
        while not self.read(limit):
            pass


def test_only_what_changed_is_published_and_only_once_in_the_stream(database: Database) -> None:
    assert write(database, {"a": "1", "b": "2"}) == 2
    assert write(database, {"a": "1", "b": "2"}) == 0
    assert write(database, {"a": "9", "b": "2"}) == 1
    reader = Reader(database)
    reader.read_all()
    assert (reader.seen, reader.rows) == (2, {("chain", "a"): "9", ("chain", "b"): "2"})
    reader.read_all()
    assert reader.seen == 2
    write(database, {"b": None, "never": None})
    reader.read_all()
    assert (reader.seen, reader.rows) == (3, {("chain", "a"): "9"})


def test_a_row_that_moves_while_pages_are_read_is_read_again(database: Database) -> None:
    write(database, {f"k{n:02d}": "old" for n in range(10)})
    reader = Reader(database)
    reader.read(limit=4)
    write(database, {"k00": "new", "k09": "new", "k01": None})
    reader.read_all(limit=3)
    assert reader.rows == {("chain", f"k{n:02d}"): "new" if n in (0, 9) else "old" for n in range(10) if n != 1}


def test_one_who_begins_is_not_told_of_what_was_gone_before(database: Database) -> None:
    write(database, {"a": "1", "b": "1"})
    write(database, {"a": None})
    reader = Reader(database)
    reader.read_all()
    assert (reader.seen, set(reader.rows)) == (1, {("chain", "b")})


def test_scopes(database: Database) -> None:
    write(database, {"a": "all"})
    write(database, {"a": "one"}, feed.store_scope(1))
    write(database, {"a": "two"}, feed.store_scope(2))
    write(database, {"a": "till"}, feed.till_scope(1, 1))
    reader = Reader(database, scopes=[feed.CHAIN, feed.store_scope(1), feed.till_scope(1, 1)])
    reader.read_all(limit=1)
    assert set(reader.rows.values()) == {"all", "one", "till"}


def test_another_generation_starts_again(database: Database) -> None:
    write(database, {"a": "1"})
    reader = Reader(database)
    reader.read_all()
    reader.generation = "after a restore"
    reader.read_all()
    assert (reader.restarts, reader.rows) == (1, {("chain", "a"): "1"})
    hostile = [["after a restore", v, scope, "", 0] for v, scope in ((1 << 70, ""), (-1, ""), (1, "\0"))]
    for rubbish in ("x", "!!!", "W10", reader.cursor[:-3], *(b64u(msgspec.json.encode(h)) for h in hostile)):
        reader.cursor = rubbish
        reader.read_all()
        assert reader.rows == {("chain", "a"): "1"}
    # A cursor from the future: the database went back without a new generation.
    write(database, {"b": "1"})
    reader.read_all()
    with database.transaction() as conn:
        conn.exec_driver_sql("UPDATE counter SET n = 1 WHERE name = 'feed settings'")
    before = reader.restarts
    reader.read_all()
    assert reader.restarts == before + 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.one_of(
            st.dictionaries(st.sampled_from("abcdefgh"), st.none() | st.sampled_from("12"), min_size=1),
            st.integers(1, 3),
        ),
        max_size=12,
    )
)
def test_whoever_reads_in_any_rhythm_ends_with_the_truth(database: Database, steps: list[object]) -> None:
    with database.transaction() as conn:
        conn.exec_driver_sql("DELETE FROM feed")
    truth: dict[tuple[str, str], str] = {}
    reader = Reader(database)
    for step in steps:
        if isinstance(step, int):
            reader.read(limit=step)
        elif isinstance(step, dict):
            write(database, step)
            for key, value in step.items():
                truth.pop(("chain", key), None)
                if value is not None:
                    truth["chain", key] = value
    reader.read_all(limit=2)
    assert reader.rows == truth


def test_eight_writers_at_once_and_no_row_is_skipped(pg_url: str) -> None:
    """The classical fault: a number is given before the commit, and a reader goes past it."""
    database = open_database(pg_url)
    writers, each = 8, 60
    left = threading.Semaphore(0)

    def work(number: int) -> None:
        chance = seeded_chance(number)
        for n in range(each):
            rows: dict[str, str | None] = {f"w{number}-{n}": str(n), f"shared-{chance(1)[0] % 5}": f"{number}-{n}"}
            write(database, rows, feed.CHAIN)
        left.release()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    reader = Reader(database)
    while any(thread.is_alive() for thread in threads):
        reader.read(limit=7)
    for thread in threads:
        thread.join()
    assert all(left.acquire(blocking=False) for _ in range(writers)), "a writer failed"
    reader.read_all(limit=7)
    late = Reader(database)
    late.read_all()
    assert reader.rows == late.rows
    own = {("chain", f"w{number}-{n}") for number in range(writers) for n in range(each)}
    assert own <= set(reader.rows)
    database.close()


def test_two_streams_at_once_do_not_wait_for_each_other(pg_url: str) -> None:
    database = open_database(pg_url)
    done: list[int] = []

    def work(number: int) -> None:
        for n in range(30):
            streams = {
                "settings": {(feed.CHAIN, "s"): SettingRow(f"{number}-{n}")},
                "prices": {(feed.CHAIN, "p@0"): PriceRow("p", number * 100 + n + 1, 0, 1)},
            }
            with database.transaction() as conn:
                publish(conn, dict(sorted(streams.items(), reverse=bool(number % 2))))  # type: ignore[arg-type]
        done.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == list(range(8))
    database.close()


def test_a_till_reads_its_streams_over_the_wire(shop: Shop) -> None:
    people.add_clerk(shop.database, seeded_chance(3), 1001, "张三", "cashier", "839204", "1")
    people.add_clerk(shop.database, seeded_chance(4), 1002, "李四", "manager", "83920417", "chain")
    people.set_value(shop.database, "chain", "cutover_hour", "5")
    till = shop.till()
    staff = till.stream("staff", limit=1)
    assert {(scope, row["number"], row["role"]) for (scope, _), row in staff.items()} == {
        ("store:1", 1001, "cashier"),
        ("chain", 1002, "manager"),
    }
    assert all(row["pin"].startswith("$argon2id$v=19$m=19456,t=2,p=1$") for row in staff.values())
    assert till.stream("settings") == {
        ("chain", "cutover_hour"): {"value": "5"},
        ("store:1", "store_name"): {"value": "示范店"},
    }
    assert {key for _, key in till.stream("keys")} == {"certificate", "box"}
    people.switch_off(shop.database, 1001)
    people.add_clerk(shop.database, seeded_chance(4), 1002, "李四", "manager", "83920417", "1")
    staff = till.stream("staff")
    assert staff["store:1", "1001"]["active"] == 0
    assert {key for (scope, key), row in staff.items() if row} == {"1001", "1002"}
    assert ("chain", "1002") not in staff or staff["chain", "1002"] is None


def test_prices_of_the_past_are_taken_away(database: Database) -> None:
    def put(now: int, *prices: PriceRow) -> None:
        with database.transaction() as conn:
            publish(conn, {"prices": feed.price_rows(conn, feed.CHAIN, list(prices), now)})

    def live() -> set[str]:
        with database.reading() as conn:
            page = read_page(conn, "prices", CHAIN, "", 2000, "g")
        return {row.key for row in page.rows if row.read(PriceRow) is not None}

    put(100, PriceRow("a", 500, 0, 1), PriceRow("a@b", 700, 0, 1))
    put(100, PriceRow("a", 550, 200, 2))
    assert live() == {"a@0", "a@200", "a@b@0"}
    put(150, PriceRow("a", 520, 150, 3))
    assert live() == {"a@150", "a@200", "a@b@0"}
    put(300, PriceRow("a", 0, 300, 4))
    assert live() == {"a@b@0"}


def test_the_server_and_a_new_generation(database_url: str, keys: HqKeys, clock: TestClock, tmp_path: Path) -> None:
    database = open_database(database_url)
    with Shop(database, keys, clock) as shop:
        till = shop.till()
        cursor = till.page("settings").cursor
    keys.generation = "another"
    with Shop(database, keys, clock) as shop:
        till.client = shop.client
        page = till.page("settings", cursor)
        assert page.restart
        assert len(page.rows) == 1
        assert not till.page("settings", page.cursor).restart
        wait_until(lambda: shop.waiting() == 0)
    database.close()

"""Who may sit at the console: passwords, roles with their stores, and what wrong passwords lead to."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from posapp.clock import MINUTE
from posapp.errors import PosError
from posapp.hq.commands import main
from posapp.hq.console import sessions, users
from posapp.hq.console.tables import console_audit, console_user
from posapp.hq.database import Database
from posapp.hq.people import add_store
from posapp.ids import seeded_chance
from tests.hq.shop import TestClock, on_sqlite

PASSWORD = "correct horse battery"
CHANCE = seeded_chance(3)


def add(database: Database, clock: TestClock, name: str = "anna", role: str = users.ADMIN, *stores: str) -> None:
    users.add_user(database, clock, CHANCE, name, role, stores, PASSWORD, "tests")


def enter(database: Database, clock: TestClock, name: str = "anna", password: str = PASSWORD) -> users.User:
    return users.check_sign_in(database, clock, CHANCE, name, password)


def refused(database: Database, clock: TestClock, password: str = "wrong", name: str = "anna") -> str:
    with pytest.raises(PosError) as error:
        enter(database, clock, name, password)
    return error.value.code


def test_a_user_signs_in_with_their_own_password_only_and_every_try_is_kept(
    database: Database, clock: TestClock
) -> None:
    add_store(database, clock, 7, "七店")
    add(database, clock, "anna", users.STORE, "7")
    assert enter(database, clock).stores == frozenset({7})
    assert refused(database, clock) == refused(database, clock, PASSWORD, "nobody") == "wrong_password"
    with database.reading() as conn:
        kept = conn.execute(select(console_audit).where(console_audit.c.kind == "refused")).all()
        hashed = conn.scalar(select(console_user.c.password)) or ""
    assert sorted(row.who for row in kept) == ["?", "anna"]
    assert hashed.startswith("$argon2id$")
    assert PASSWORD not in hashed


@on_sqlite
def test_after_five_wrong_passwords_each_try_waits_longer_and_after_ten_an_hour(
    database: Database, clock: TestClock
) -> None:
    add(database, clock)
    for _ in range(5):
        assert refused(database, clock) == "wrong_password"
    assert refused(database, clock, PASSWORD) == "sign_in_locked"
    clock.now += MINUTE // 2 + 1
    assert refused(database, clock) == "wrong_password"
    clock.now += MINUTE // 2
    assert refused(database, clock, PASSWORD) == "sign_in_locked"
    for wait in (1, 5, 15, 15):
        clock.now += wait * MINUTE + 1
        assert refused(database, clock) == "wrong_password"
    clock.now += 59 * MINUTE
    assert refused(database, clock, PASSWORD) == "sign_in_locked"
    clock.now += 2 * MINUTE
    assert refused(database, clock) == "wrong_password"
    clock.now += 2 * MINUTE
    assert refused(database, clock, PASSWORD) == "sign_in_locked"  # each further one waits as long
    users.set_password(database, clock, CHANCE, "anna", "another good one", "tests")
    assert enter(database, clock, password="another good one").name == "anna"


@on_sqlite
def test_a_right_password_forgets_the_wrong_ones(database: Database, clock: TestClock) -> None:
    add(database, clock)
    for _ in range(3):
        for _ in range(4):
            refused(database, clock)
        enter(database, clock)


@pytest.mark.parametrize(
    "password", ["short", "aaaaaaaaaaaaaaaa", "abcdefghijklmnop", "1212121212121212", "a\nlong password"]
)
@on_sqlite
def test_a_password_that_is_easy_to_guess_is_refused(database: Database, clock: TestClock, password: str) -> None:
    with pytest.raises(PosError, match="bad_password"):
        users.add_user(database, clock, CHANCE, "anna", users.ADMIN, [], password, "tests")
    with database.reading() as conn:
        assert users.users(conn) == []


@pytest.mark.parametrize(
    ("role", "stores", "code"),
    [
        (users.STORE, [], "needs_stores"),
        (users.ADMIN, ["1"], "needs_stores"),
        (users.STORE, ["9"], "no_such_store"),
        ("boss", [], "bad_choice"),
    ],
)
@on_sqlite
def test_a_role_comes_with_the_stores_it_needs(
    database: Database, clock: TestClock, role: str, stores: list[str], code: str
) -> None:
    with pytest.raises(PosError, match=code):
        users.add_user(database, clock, CHANCE, "anna", role, stores, PASSWORD, "tests")


@pytest.mark.parametrize("change", ["off", "password", "again"])
@on_sqlite
def test_who_is_switched_off_or_changed_sits_there_no_more(database: Database, clock: TestClock, change: str) -> None:
    add(database, clock)
    with database.transaction() as conn:
        cookie = sessions.begin(conn, clock, CHANCE, users.User("anna", "admin", None))
        assert sessions.who_sits(conn, sessions.session_id(cookie), clock.now)
    if change == "off":
        users.switch_off(database, clock, CHANCE, "anna", "tests")
    elif change == "password":
        users.set_password(database, clock, CHANCE, "anna", "another good one", "tests")
    else:
        add(database, clock)
    with database.reading() as conn:
        assert sessions.who_sits(conn, sessions.session_id(cookie), clock.now) is None
    assert (refused(database, clock, PASSWORD) == "wrong_password") if change == "off" else True


def test_a_session_ends_by_idling_and_by_time_but_a_wall_may_idle(database: Database, clock: TestClock) -> None:
    add(database, clock)
    with database.transaction() as conn:
        id_ = sessions.session_id(sessions.begin(conn, clock, CHANCE, users.User("anna", "admin", None)))

    def sits(**named: bool) -> bool:
        with database.reading() as conn:
            return sessions.who_sits(conn, id_, clock.now, **named) is not None

    clock.now += sessions.IDLE_MS - 1
    assert sits()
    sessions.touch(database, id_, clock.now)
    clock.now += sessions.IDLE_MS - 1
    assert sits()
    clock.now += 1
    assert not sits()
    assert sits(is_watching=True)
    clock.now += sessions.LIFE_MS
    assert not sits(is_watching=True)


def test_users_are_made_listed_and_switched_off_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def hq(*words: str, typed: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        status = main([*words, "--data", str(tmp_path)])
        told = capsys.readouterr()
        return status, told.out + told.err

    assert hq("store", "add", "7", "七店")[0] == 0
    assert hq("user", "add", "anna", "--role", "store", "--store", "7", typed=PASSWORD + "\n") == (0, "")
    assert hq("user", "add", "bob", "--role", "admin", typed="short\n")[0] == 2
    status, listed = hq("user", "list", "--json")
    assert status == 0
    assert PASSWORD not in listed
    assert [(one["name"], one["role"], one["stores"], one["state"]) for one in json.loads(listed)] == [
        ("anna", "store", [7], "active")
    ]
    assert hq("user", "password", "nobody", typed="another good one\n")[0] == 2
    assert hq("user", "off", "anna") == (0, "")
    assert json.loads(hq("user", "list", "--json")[1])[0]["state"] == "off"

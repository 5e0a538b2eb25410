"""One person, one id: what merges, what only looks alike, and merges that are taken back in any order."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from posapp.errors import PosError
from posapp.hq import verify
from posapp.hq.database import Database, open_database
from posapp.hq.members.identity import (
    CLAIMED,
    VERIFIED,
    add_key,
    known_by,
    merge_persons,
    set_phone,
    unmerge,
)
from posapp.hq.members.slice import rows_apart, rows_of
from posapp.hq.members.tables import merge, person, suspicion
from posapp.keys import HqKeys
from tests.hq.members.desk import PHONE, Desk
from tests.hq.shop import TestClock


def test_joining_by_phone_and_later_by_wecom_is_one_person(desk: Desk) -> None:
    by_phone, by_wecom = desk.person(30), desk.person(12)
    with desk.writing() as conn:
        set_phone(conn, desk.means, by_phone, PHONE, VERIFIED, "page")
        add_key(conn, desk.means, by_phone, "unionid", "o6_bmasdasdsad6_2sgVt7hMZOPfL", VERIFIED, "page")
        root = add_key(conn, desk.means, by_wecom, "unionid", "o6_bmasdasdsad6_2sgVt7hMZOPfL", VERIFIED, "wecom")
    assert root == by_phone
    assert desk.roots() == {by_phone: by_phone, by_wecom: by_phone}
    assert desk.balance(root) == 42
    with desk.database.reading() as conn:
        assert known_by(conn, "phone", desk.vault.index("phone", PHONE)) == by_phone


def test_an_unmerge_gives_each_side_its_points_and_keys_back(desk: Desk) -> None:
    one, other = desk.person(30), desk.person(12)
    with desk.writing() as conn:
        set_phone(conn, desk.means, one, PHONE, VERIFIED, "page")
        add_key(conn, desk.means, other, "unionid", "union", VERIFIED, "wecom")
    before = desk.keys_of(one), {key for key in desk.keys_of(other) if key[2] == VERIFIED}
    with desk.writing() as conn:
        root = set_phone(conn, desk.means, other, PHONE, VERIFIED, "page")
        number = conn.scalar(select(merge.c.number).where(merge.c.undone == 0))
    assert desk.balance(root) == 42
    with desk.writing() as conn:
        assert set(unmerge(conn, desk.means, int(number or 0), "1001")) == {one, other}
    assert (desk.balance(one), desk.balance(other)) == (30, 12)
    assert (desk.keys_of(one), {key for key in desk.keys_of(other) if key[2] == VERIFIED}) == before
    with desk.writing() as conn, pytest.raises(PosError, match="not_found"):
        unmerge(conn, desk.means, int(number or 0), "1001")


def test_who_was_tied_by_another_key_stays_so_without_the_first_merge(desk: Desk) -> None:
    first, middle, last = desk.person(), desk.person(), desk.person()
    with desk.writing() as conn:
        merge_persons(conn, desk.means, first, middle, "phone", "test")
        merge_persons(conn, desk.means, middle, last, "unionid", "test")
        number = conn.scalar(select(merge.c.number).where(merge.c.kind == "phone"))
        unmerge(conn, desk.means, int(number or 0), "1001")
    roots = desk.roots()
    assert roots[first] == first
    assert roots[middle] == roots[last] == middle


def test_an_active_member_speaks_for_who_only_has_an_elder_id(desk: Desk) -> None:
    elder, apart, member = desk.person(), desk.person(), desk.member()
    with desk.writing() as conn:
        merge_persons(conn, desk.means, elder, apart, "phone", "test")
        assert merge_persons(conn, desk.means, apart, member, "unionid", "test") == member
        number = conn.scalar(select(merge.c.number).where(merge.c.kind == "phone"))
        assert set(unmerge(conn, desk.means, int(number or 0), "1001")) == {elder, member}
    assert desk.roots() == {elder: elder, apart: member, member: member}


def test_a_claimed_phone_merges_nobody(desk: Desk) -> None:
    owner, claimer, other = desk.person(), desk.person(), desk.person()
    with desk.writing() as conn:
        set_phone(conn, desk.means, owner, PHONE, VERIFIED, "page")
        set_phone(conn, desk.means, claimer, PHONE, CLAIMED, "till")
        set_phone(conn, desk.means, other, PHONE, CLAIMED, "till")
    assert all(ref == root for ref, root in desk.roots().items())
    with desk.database.reading() as conn:
        assert known_by(conn, "phone", desk.vault.index("phone", PHONE)) == owner
        assert len(conn.execute(select(suspicion)).all()) == 3
        assert conn.execute(select(merge)).all() == []


def test_a_claim_that_is_verified_first_makes_the_owner_and_the_next_is_merged(desk: Desk) -> None:
    one, other = desk.person(), desk.person()
    with desk.writing() as conn:
        set_phone(conn, desk.means, one, PHONE, CLAIMED, "till")
        set_phone(conn, desk.means, other, PHONE, CLAIMED, "till")
        assert set_phone(conn, desk.means, other, PHONE, VERIFIED, "page") == other
        assert set_phone(conn, desk.means, one, PHONE, VERIFIED, "page") in (one, other)
    assert len(set(desk.roots().values())) == 1
    with desk.database.reading() as conn:
        assert set(conn.scalars(select(suspicion.c.state))) == {"merged"}


def test_a_card_of_two_is_looked_at_and_not_merged(desk: Desk) -> None:
    one, other = desk.person(), desk.person()
    with desk.writing() as conn:
        add_key(conn, desk.means, one, "card", "0001", VERIFIED, "import")
        add_key(conn, desk.means, other, "card", "0001", VERIFIED, "import")
    assert len(set(desk.roots().values())) == 2
    with desk.database.reading() as conn:
        assert len(conn.execute(select(suspicion)).all()) == 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_merges_taken_back_in_any_order_leave_what_the_others_make(desk: Desk, data: st.DataObject) -> None:
    worth = data.draw(st.lists(st.integers(-50, 500), min_size=2, max_size=6))
    refs = [desk.person(each) for each in worth]
    edges: dict[int, tuple[str, str]] = {}
    steps = data.draw(st.lists(st.tuples(st.booleans(), st.integers(0, 99), st.integers(0, 99)), max_size=14))
    for takes_back, a, b in steps:
        with desk.writing() as conn:
            if takes_back and edges:
                number = sorted(edges)[a % len(edges)]
                unmerge(conn, desk.means, number, "1001")
                del edges[number]
                continue
            one, other = refs[a % len(refs)], refs[b % len(refs)]
            merge_persons(conn, desk.means, one, other, "phone", "test")
            standing = conn.execute(select(merge).where(merge.c.undone == 0, merge.c.kept.in_(refs))).all()
            edges = {row.number: (row.kept, row.gone) for row in standing}
    held = {ref: root for ref, root in desk.roots().items() if ref in refs}
    for group in _components(refs, list(edges.values())):
        roots = {held[ref] for ref in group}
        assert len(roots) == 1
        assert roots <= group
        assert desk.balance(roots.pop()) == sum(worth[refs.index(ref)] for ref in group)
    assert len(set(held.values())) == len(refs) - len(edges)
    assert verify.verify(desk.database).error is None


def _components(refs: list[str], edges: list[tuple[str, str]]) -> list[set[str]]:
    left, found = set(refs), []
    while left:
        reached = {min(left)}
        while more := {b for pair in edges for a, b in (pair, pair[::-1]) if a in reached} - reached:
            reached |= more
        found.append(reached)
        left -= reached
    return found


@pytest.mark.parametrize("claimed_before", [False, True])
def test_two_who_verify_one_phone_in_the_same_second_are_one_person(
    pg_url: str, keys: HqKeys, clock: TestClock, claimed_before: bool
) -> None:
    database = open_database(pg_url)
    try:
        for attempt in range(5):
            _verify_at_once(Desk(database, keys, clock), f"+86138000000{attempt:02}", claimed_before)
        assert verify.verify(database).error is None
    finally:
        database.close()


def _verify_at_once(desk: Desk, phone: str, claimed_before: bool) -> None:
    refs = [desk.person(10), desk.person(5)]
    if claimed_before:
        with desk.writing() as conn:
            for ref in refs:
                set_phone(conn, desk.means, ref, phone, CLAIMED, "till")
    together = threading.Barrier(2)

    def join(ref: str) -> None:
        with desk.writing() as conn:
            together.wait()
            set_phone(conn, desk.means, ref, phone, VERIFIED, "page")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(join, refs))
    roots = {ref: root for ref, root in desk.roots().items() if ref in refs}
    assert len(set(roots.values())) == 1
    assert desk.balance(roots[refs[0]]) == 15
    hash_ = desk.vault.index("phone", phone)
    owners = [ref for ref in refs if ("phone", hash_, VERIFIED) in desk.keys_of(ref)]
    assert len(owners) == 1


def test_tills_know_two_persons_again_after_an_unmerge(desk: Desk) -> None:
    one, other = desk.member("+8613800000001", store=1), desk.member("+8613800000002", store=2)
    with desk.writing() as conn:
        root = merge_persons(conn, desk.means, one, other, "unionid", "test")
        together = rows_of(conn, [root], desk.clock.now)["members"]
        assert {key for key, row in together.items() if row} == {("store:1", root), ("store:2", root)}
        number = conn.scalar(select(merge.c.number).where(merge.c.undone == 0))
        before = rows_of(conn, [root], desk.clock.now)
        apart = rows_apart(conn, before, unmerge(conn, desk.means, int(number or 0), "1001"), desk.clock.now)
    told = apart["members"]
    assert {key for key, row in told.items() if row} == {("store:1", one), ("store:2", other)}
    assert told["store:2", one] is None


def test_verify_finds_a_balance_and_a_root_that_do_not_follow(desk: Desk) -> None:
    ref = desk.person(30)
    assert verify.verify(desk.database).error is None
    with desk.writing() as conn:
        conn.execute(update(person).where(person.c.ref == ref).values(balance=31))
    _fails(desk.database, "balance_differs")
    other = desk.person()
    with desk.writing() as conn:
        conn.execute(update(person).where(person.c.ref == ref).values(balance=30))
        conn.execute(update(person).where(person.c.ref == other).values(root=ref))
    _fails(desk.database, "merges_differ")


def _fails(database: Database, code: str) -> None:
    error = verify.verify(database).error
    assert error is not None
    assert error.code == code

"""Points and consents: histories that are added to, and what they come to."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.exc import DatabaseError

from posapp.hq.members import consents, points
from posapp.hq.members.tables import consent, person, points_entry
from posapp.messages import Consent
from posapp.rules.consents import MARKETING
from tests.hq.members.desk import Desk


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.sampled_from(["earn", "spend"]), st.integers(0, 4), st.integers(-99, 99)), max_size=12)
)
def test_a_balance_is_the_sum_of_rows_that_count_once(desk: Desk, rows: list[tuple[str, int, int]]) -> None:
    ref = desk.person()
    wanted: dict[tuple[str, int], int] = {}
    for kind, source, worth in rows:
        with desk.writing() as conn:
            is_new = points.book(conn, ref, kind, f"{ref} {source}", worth, desk.clock.now)
        assert is_new is ((kind, source) not in wanted)
        wanted.setdefault((kind, source), worth)
    with desk.database.reading() as conn:
        summed = conn.scalar(select(func.sum(points_entry.c.points)).where(points_entry.c.ref == ref))
        assert points.balance(conn, ref) == sum(wanted.values()) == int(summed or 0)


def test_the_histories_cannot_be_changed(desk: Desk) -> None:
    ref = desk.person(30)
    with desk.writing() as conn:
        consents.note(conn, ref, [_act(1)], 5, "s", "till", consents.PENDING)
    changes = (
        points_entry.update().values(points=31),
        points_entry.delete(),
        consent.update().values(given=0),
        consent.update().values(state=consents.FIRM, version="other"),
        consent.delete(),
    )
    for change in changes:
        with pytest.raises(DatabaseError, match="never changed"), desk.writing() as conn:
            conn.execute(change)
    with desk.writing() as conn:
        consents.confirm(conn, [ref])  # the one change there is
        assert consents.may_market(conn, ref)
    with pytest.raises(DatabaseError, match="never changed"), desk.writing() as conn:
        conn.execute(update(consent).values(state=consents.PENDING))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.tuples(st.integers(1, 3), st.booleans()), min_size=1, max_size=6))
def test_the_newest_act_counts_and_a_withdrawal_wins_a_tie(desk: Desk, acts: list[tuple[int, bool]]) -> None:
    ref = desk.person()
    with desk.writing() as conn:
        for n, (at, given_) in enumerate(acts):
            consents.note(conn, ref, [_act(int(given_))], at, f"s{n}", "page")
        newest = max(at for at, _ in acts)
        wanted = all(given_ for at, given_ in acts if at == newest)
        assert consents.standing(conn, ref)[MARKETING].given is wanted
        assert consents.may_market(conn, ref) is wanted


def test_what_was_agreed_to_offline_waits_for_the_phone(desk: Desk) -> None:
    ref = desk.person()
    with desk.writing() as conn:
        consents.note(conn, ref, [_act(1)], 5, "s", "till", consents.PENDING)
        assert not consents.may_market(conn, ref)
        consents.note(conn, ref, [_act(0)], 6, "t", "till", consents.PENDING)
        consents.confirm(conn, [ref])
        assert not consents.may_market(conn, ref)  # a withdrawal is immediate and stays


def test_points_set_aside_are_not_free(desk: Desk) -> None:
    ref = desk.person(100)
    now = desk.clock.now
    with desk.writing() as conn:
        assert points.hold(conn, "h1", ref, "t1", (1, 1), 60, now + 10) == 60
        assert points.hold(conn, "h1", ref, "t1", (1, 1), 99, now + 10) == 60
        assert (points.free(conn, ref, now), points.free(conn, ref, now + 10)) == (40, 100)
        points.release(conn, "t1")
        assert points.free(conn, ref, now) == 100
        assert conn.scalar(select(person.c.balance).where(person.c.ref == ref)) == 100


def _act(given_: int) -> Consent:
    return Consent(MARKETING, given_, "2026-11", "00")

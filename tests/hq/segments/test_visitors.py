"""Today's likely visitors: there by opening, beside twins who are not listed, counted from the journals."""

from __future__ import annotations

import json
from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from posapp.hq.segments.reports import visited
from posapp.hq.segments.tables import visitor
from posapp.hq.segments.visitors import MOST, Candidate, pairs
from tests.hq.segments.little import TODAY, Little, day, noon

BREAD = ("bread", 1_000, 650)


def regulars(little: Little, count: int, *, home: int = 1, personal: bool = False) -> list[str]:
    """Members who come every week, on the weekday of today: today they are due."""
    refs = [little.person(home=home, personal=personal) for _ in range(count)]
    for ref in refs:
        for week in (1, 2, 3, 4):
            little.sale(ref, 7 * week, BREAD, store=home)
    return refs


def listed(little: Little, on: date = TODAY) -> dict[str, dict[str, object]]:
    rows = little.told("visitors")
    return {key.partition(" ")[2]: row for key, row in rows.items() if row and row["date"] == on.isoformat()}


def kept(little: Little) -> list[tuple[str, int, int, int]]:
    with little.database.reading() as conn:
        rows = conn.execute(select(visitor).order_by(visitor.c.twin, visitor.c.place.desc())).all()
    return [(row.ref, row.place, row.twin, row.score) for row in rows]


def test_at_most_twenty_are_listed_each_with_a_twin_who_is_not(little: Little) -> None:
    refs = regulars(little, 50)
    little.person()  # has never bought: no reason to expect
    little.settle()
    told = listed(little)
    rows = kept(little)
    assert len(told) == MOST
    assert len(rows) == 2 * MOST
    assert {ref for ref, place, _, _ in rows if place} == set(told)
    assert {row["place"] for row in told.values()} == set(range(1, MOST + 1))
    twins = {ref for ref, place, _, _ in rows if not place}
    assert len(twins) == MOST
    assert twins.isdisjoint(told)
    assert twins | set(told) <= set(refs)
    one = next(iter(told.values()))
    assert one["why"] == ["约7.0天来一次,已7天·周日常来", "comes every 7.0 days, last 7 days ago, usually on Sundays"]
    assert len(one["script"]) == 2  # type: ignore[arg-type]
    # nothing about a person but what tills may know
    assert "138" not in json.dumps(told)


def test_the_list_is_there_on_the_evening_before_and_stays_as_it_is(little: Little) -> None:
    refs = regulars(little, 4)
    little.clock.now = noon(1, 19)
    little.settle()
    assert listed(little) == {}
    little.clock.now = noon(1, 20)
    little.settle()
    told = listed(little)  # whatever happens to the network from now on
    assert len(told) == 2
    little.sale(next(ref for ref in refs if ref not in told), 0, BREAD)
    little.clock.now = noon(0, 8)
    little.settle()
    assert listed(little) == told
    # and when the next day's comes, those of days gone by are withdrawn
    little.clock.now = noon(-7, 8)
    little.settle()
    assert listed(little) == {}
    assert len(listed(little, day(-7))) in (1, 2)


def test_arrived_talked_and_bought_beside_the_twins(little: Little) -> None:
    regulars(little, 8)
    little.settle()
    rows = kept(little)
    mine, others = ([ref for ref, place, _, _ in rows if bool(place) is shown] for shown in (True, False))
    assert (len(mine), len(others)) == (4, 4)
    little.sale(mine[0], 0, BREAD)
    little.says(0, "visit.noted", {"member": mine[0], "date": TODAY.isoformat(), "outcome": "bought"})
    little.says(0, "member.recognised", {"member": mine[1], "how": "phone", "source": "slice"})
    little.says(0, "visit.noted", {"member": mine[1], "date": TODAY.isoformat(), "outcome": "not_talked"})
    little.says(0, "visit.noted", {"member": mine[2], "date": TODAY.isoformat(), "outcome": "looked"})
    little.sale(others[0], 0, BREAD)
    little.sale(others[1], 0, BREAD, store=2)  # elsewhere
    little.says(0, "member.recognised", {"member": others[2], "how": "phone", "source": "slice"}, place=2)
    little.back(little.sale(others[3], 0, BREAD), 0)  # rung up by mistake
    little.settle()
    with little.database.reading() as conn:
        told = visited(conn, little.clock.now, 1, None)
    shares = {
        part: [(one["top"], one["bottom"]) for one in figures.values()][1:] for part, figures in told["parts"].items()
    }
    assert shares == {"listed": [(3, 4), (2, 4), (1, 4)], "not_listed": [(1, 4), (0, 4), (1, 4)]}
    assert told["definitions"]["arrived_share"]["name"] == ("到店", "Arrived")


def test_views_are_a_reason_only_with_consent(little: Little) -> None:
    yes, no = little.person(personal=True), little.person()
    third, fourth = little.person(personal=True), little.person(personal=True)
    for ref in (yes, no, third, fourth):
        little.sale(ref, 35, BREAD)
        for _ in range(3):
            little.outside("browse", ref, noon(1), article="cake")
    little.settle()
    rows = {ref for ref, _, _, _ in kept(little)}
    assert no not in rows
    assert len(rows) == 2
    row = next(iter(listed(little).values()))
    assert row["why"] == ["看过“的cake”3次", "looked at 的cake 3 times"]


def test_an_account_that_is_no_root_any_more_leaves_the_list(little: Little) -> None:
    regulars(little, 4)
    little.settle()
    gone = next(iter(listed(little)))
    elder = little.person(ago=500)
    little.clock.now += 1
    little.merge(elder, gone)
    little.step()
    assert gone not in listed(little)


@given(scores=st.lists(st.integers(20, 120), max_size=70), salt=st.text(max_size=4))
def test_twins_are_neighbours_and_the_coin_falls_the_same_again(scores: list[int], salt: str) -> None:
    found = [Candidate(f"m{n}", score, ("", "")) for n, score in enumerate(sorted(scores, reverse=True))]
    twins = pairs(found, salt)
    assert twins == pairs(found, salt)
    assert len(twins) == min(MOST, len(found) // 2)
    for n, (one, other) in enumerate(twins):
        assert {one.ref, other.ref} == {found[2 * n].ref, found[2 * n + 1].ref}

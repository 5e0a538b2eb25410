"""Recency, frequency, money: fifths, segments, cycles and weekdays at their edges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.rules import rfm

TODAY = 739_942  # a Sunday

BOUNDS = (10, 20, 30, 40)


def test_fifths_are_bounds_by_nearest_rank() -> None:
    assert rfm.quintiles(range(1, 11)) == (2, 4, 6, 8)
    assert rfm.quintiles([5]) == (5, 5, 5, 5)
    assert rfm.quintiles([]) == (0, 0, 0, 0)


@given(values=st.lists(st.integers(0, 1_000), min_size=1, max_size=60))
def test_whoever_has_more_never_scores_less_and_equals_score_the_same(values: list[int]) -> None:
    bounds = rfm.quintiles(values)
    scores = [rfm.score(value, bounds) for value in sorted(values)]
    assert scores == sorted(scores)
    assert set(scores) <= {1, 2, 3, 4, 5}
    best = [rfm.score(value, bounds, low_is_best=True) for value in sorted(values)]
    assert best == [6 - one for one in scores]


@pytest.mark.parametrize(("value", "wanted"), [(0, 1), (10, 1), (11, 2), (20, 2), (40, 4), (41, 5)])
def test_a_bound_belongs_to_the_fifth_below(value: int, wanted: int) -> None:
    assert rfm.score(value, BOUNDS) == wanted
    assert rfm.score(value, BOUNDS, low_is_best=True) == 6 - wanted


@pytest.mark.parametrize(
    ("away", "known", "grades", "wanted"),
    [
        (None, 0, (0, 0, 0), rfm.PROSPECT),
        (60, 200, (5, 5, 5), rfm.HIGH),
        (61, 200, (5, 5, 5), rfm.SLEEPING),
        (61, 10, (5, 5, 5), rfm.SLEEPING),
        (0, 30, (5, 5, 5), rfm.NEW),
        (0, 31, (4, 4, 4), rfm.HIGH),
        (0, 31, (5, 3, 5), rfm.ACTIVE),
    ],
)
def test_segments_at_their_edges(away: int | None, known: int, grades: tuple[int, int, int], wanted: str) -> None:
    assert rfm.segment_of(away, known, grades, rfm.sleep_after(None)) == wanted


@pytest.mark.parametrize(("median", "days"), [(None, 60), (5.3, 60), (20, 60), (20.2, 61), (45, 135)])
def test_who_sleeps_is_told_by_the_format(median: float | None, days: int) -> None:
    assert rfm.sleep_after(median) == days


@given(gaps=st.lists(st.integers(1, 40), max_size=12))
def test_a_cycle_is_the_mean_gap_of_half_a_year_in_tenths(gaps: list[int]) -> None:
    days = [TODAY]
    for gap in gaps:
        days.insert(0, days[0] - gap)
    within = [day for day in days if TODAY - day < rfm.CYCLE_DAYS]
    tenths = rfm.cycle_tenths(days, TODAY)
    if len(within) < 2:
        assert tenths == 0
    else:
        exact = (within[-1] - within[0]) / (len(within) - 1)
        assert exact * 10 - 0.5 <= tenths <= exact * 10 + 0.5


def test_a_purchase_of_180_days_ago_is_no_part_of_the_cycle() -> None:
    assert rfm.cycle_tenths([TODAY - 179, TODAY], TODAY) == 1_790
    assert rfm.cycle_tenths([TODAY - 180, TODAY], TODAY) == 0


def test_a_usual_weekday_wants_three_times_and_two_in_five() -> None:
    sundays = [TODAY - 7 * week for week in range(2, -1, -1)]
    assert rfm.usual_weekday(sundays, TODAY) == 7
    assert rfm.usual_weekday(sundays[1:], TODAY) == 0
    others = [TODAY - 22 - n for n in (0, 1, 2, 3, 4)]  # each another weekday
    assert rfm.usual_weekday(sorted([*sundays, *others]), TODAY) == 0
    assert rfm.usual_weekday(sorted([*sundays, *others[:4]]), TODAY) == 7
    assert rfm.usual_weekday([], TODAY) == 0


@pytest.mark.parametrize(
    ("away", "tenths", "percent"), [(7, 70, 100), (14, 70, 200), (0, 70, 0), (9, 0, 0), (1, 3, 333)]
)
def test_a_risk_is_the_time_away_in_percent_of_the_own_cycle(away: int, tenths: int, percent: int) -> None:
    assert rfm.risk(away, tenths) == percent
    assert all(rfm.risk_words(away, tenths))

"""The metric dictionary: every figure has its name, formula and two numbers, and is shown as a person reads it."""

from __future__ import annotations

import pytest

from posapp.rules.dictionary import METRICS, UNKNOWN, Value, progress, text_of, value_of
from posapp.rules.metrics import Figures, Usual


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("rate", Value(29, 115), "25.2%"),
        ("rate", Value(25, 115), "21.7%"),
        ("rate", Value(3, 2), "150.0%"),  # as it is: more joined than bought
        ("rate", Value(1, 2_000), "0.1%"),  # half up
        ("rate", Value(0, 0), UNKNOWN),
        ("count", Value(12_345, 1), "12,345"),
        ("money", Value(123_450, 1), "1,234.50"),
        ("money", Value(-5, 1), "-0.05"),
        ("average", Value(1_000, 3), "3.33"),
        ("pieces", Value(6_300, 3), "2.10"),
        ("days", Value(53, 10), "5.3"),
    ],
)
def test_a_figure_is_shown_rounded_half_up_and_a_dash_where_nothing_was_counted(
    kind: str, value: Value, text: str
) -> None:
    assert text_of(kind, value) == text


def test_every_metric_is_named_in_both_languages_and_says_its_formula() -> None:
    for name, metric in METRICS.items():
        assert all(metric.name), name
        assert all(metric.formula), name
        if metric.of is not None:
            assert not value_of(name, Figures()).top
        else:
            with pytest.raises(KeyError):
                value_of(name, Figures())


def test_the_worked_example_by_its_names() -> None:
    day = Figures(tickets=210, walk_ins=115, joins=29, converted=25)
    assert value_of("join_rate", day) == Value(29, 115)
    assert value_of("conversion", day) == Value(25, 115)


def test_returns_lessen_sales_and_not_tickets() -> None:
    day = Figures(tickets=4, net=10_000, refunded=1_000)
    assert (value_of("net_sales", day), value_of("average_ticket", day)) == (Value(9_000, 1), Value(9_000, 4))


def test_progress_is_joins_against_the_usual_share_of_the_target_by_this_hour() -> None:
    usual = Usual(weeks=4, walk_ins=400, joins=[0, 10, 30, 40])
    done = progress(10, 25, usual, 3)  # a day's target: 25 % of 100; half of the joins are made by now
    assert done
    assert text_of("rate", done) == "80.0%"
    assert progress(10, 0, usual, 3) is None
    assert progress(10, 25, Usual(), 3) is None
    assert progress(10, 25, usual, 1) is None

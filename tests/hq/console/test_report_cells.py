"""A cell of the reports page reads exactly as the report says it, and no column is too narrow for its figures."""

from __future__ import annotations

from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from posapp.hq.console.desk import Desk
from posapp.hq.console.grids import Column, _definition, shown
from posapp.hq.console.reports.shape import cells, metric
from posapp.hq.console.users import User
from posapp.rules.dictionary import METRICS, UNKNOWN, Value, text_of

DESK = Desk(cast(Any, None), User("olga", "operations", None, "en"), "", cast(Any, None), ())


@given(st.sampled_from(sorted(METRICS)), st.integers(-(10**10), 10**10), st.integers(0, 10**6))
def test_a_cell_reads_as_the_report_says_it(name: str, top: int, bottom: int) -> None:
    text = text_of(METRICS[name].kind, Value(top, bottom))
    row = cells({name: {"top": top, "bottom": bottom, "text": text}})
    assert shown(metric(name), row[name]) == text
    assert (row[name] is None) == (text == UNKNOWN)
    if f"of_{name}" in row:
        assert row[f"of_{name}"] == f"{top:,} ÷ {bottom:,}"


def test_every_metric_s_heading_says_what_it_means() -> None:
    for name, held in METRICS.items():
        column = metric(name)
        assert (column.name, column.meaning) == (held.name, held.formula)
        assert _definition(DESK, column, [])["headerTooltip"] == held.formula[1]


def test_a_column_is_as_wide_as_the_longest_word_of_its_heading_and_its_widest_figure() -> None:
    def least(name: str, rows: list[dict[str, Any]]) -> int:
        return int(_definition(DESK, Column("x", (name, name), "money", least=80), rows)["minWidth"])

    # Some tables bring text already.
    assert least("Kind", [{"x": "1,032.20"}, {"x": None}]) == least("Kind", [{"x": 103_220}])
    assert least("Kind", []) < least("Quantity", []) == least("Quantity of all", [])
    assert least("Kind", [{"x": 1}]) == least("Kind", []) < least("Kind", [{"x": 123_456_789_00}])

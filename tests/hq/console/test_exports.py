"""A table as it leaves the house: small groups of persons hidden, no cell that a spreadsheet would carry out."""

from __future__ import annotations

import csv
import io
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from posapp.hq.console.desk import Desk
from posapp.hq.console.grids import Column, csv_of
from posapp.hq.console.users import User

COLUMNS = (
    Column("name", ("名称", "Name")),
    Column("joins", ("入会", "Joins"), "persons"),
    Column("fen", ("金额", "Amount"), "money"),
)
DESK = Desk(cast(Any, None), User("olga", "operations", None), "", cast(Any, None), ())

rows = st.lists(
    st.fixed_dictionaries({"name": st.text(max_size=8), "joins": st.integers(0, 30), "fen": st.integers(-900, 900)}),
    max_size=8,
)


@given(rows)
def test_no_group_of_fewer_than_five_persons_is_named_or_can_be_worked_out(made: list[dict[str, Any]]) -> None:
    told = list(csv.reader(io.StringIO(csv_of(DESK, COLUMNS, made))))[1:]
    shown = [(row["joins"], cells[1]) for row, cells in zip(made, told, strict=True)]
    for joins, cell in shown:
        assert cell in ("<5", str(joins))
        assert not 0 < joins < 5 or cell == "<5"
    hidden = [joins for joins, cell in shown if cell == "<5"]
    assert len(hidden) != 1 or all(joins == 0 or cell == "<5" for joins, cell in shown)


@given(rows)
def test_no_cell_begins_like_a_formula(made: list[dict[str, Any]]) -> None:
    for cells in list(csv.reader(io.StringIO(csv_of(DESK, COLUMNS, made))))[1:]:
        assert not cells[0].startswith(("=", "+", "-", "@", "\t", "\r"))


@given(rows)
def test_money_that_went_back_is_a_number_to_a_spreadsheet(made: list[dict[str, Any]]) -> None:
    told = list(csv.reader(io.StringIO(csv_of(DESK, COLUMNS, made))))[1:]
    assert [round(float(cells[2]) * 100) for cells in told] == [row["fen"] for row in made]

"""What the board shows of a day and what may leave as a file, from figures alone."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.board.day import LOCAL, STORE, BoardView, Past, progress_of
from posapp.board.export import _PERSONS, COLUMNS, board_csv, check_reason
from posapp.board.mine import mine_view
from posapp.clock import HOUR
from posapp.errors import PosError
from posapp.rules.channel_words import CHANNEL_WORDS, channel_word
from posapp.rules.join_token import CHANNELS
from posapp.rules.metrics import AXES, DayFigures, Figures, Usual
from posapp.rules.reward_words import why_words
from posapp.rules.small_cells import SMALLEST_CELL
from posapp.streams import DayRow, RewardLine, RewardRow

TODAY = "2026-11-22"


def view(day: DayFigures, source: str = STORE, **more: object) -> BoardView:
    past = Past("2026-11-21", None), Past("2026-11-15", None)
    return BoardView(TODAY, TODAY, 0, source, source == STORE, day, *past, **more)  # type: ignore[arg-type]


def test_clerks_with_too_few_tickets_stand_in_no_ranking() -> None:
    day = DayFigures(
        clerk={
            "1": Figures(walk_ins=40, joins=4),
            "2": Figures(walk_ins=29, joins=29),
            "3": Figures(walk_ins=30, joins=4),
            "0": Figures(joins=2),
        }
    )
    assert [(row.clerk, row.is_ranked) for row in view(day).ranked()] == [(3, True), (1, True), (2, False)]


def test_an_empty_day_is_a_dash_in_every_figure_and_step() -> None:
    for source in (LOCAL, STORE):
        empty = view(DayFigures(), source)
        assert {empty.text(name) for name in ("join_rate", "tickets", "net_sales", "average_ticket")} == {"—"}
        assert {step.count for step in empty.steps()} == {None}
        assert empty.hours() == []


def test_the_funnel_s_steps_have_their_rates_and_a_till_says_what_it_cannot_know() -> None:
    whole = Figures(
        tickets=9, walk_ins=120, shown=100, opened=50, authorised=40, enrolled=20, joins=25, first=10, again=5
    )
    steps = view(DayFigures(whole)).steps()
    assert [(step.count, step.rate) for step in steps] == [
        (100, ""), (50, "50.0%"), (40, "80.0%"), (25, "50.0%"), (10, "40.0%"), (5, "20.0%"),
    ]  # fmt: skip
    here = view(DayFigures(whole), LOCAL).steps()
    assert [step.count for step in here] == [100, None, None, 25, 10, None]


def test_hours_run_from_the_cut_over_and_leave_no_gap() -> None:
    day = DayFigures(Figures(tickets=1), hour={"9": Figures(joins=1), "11": Figures(tickets=3), "1": Figures(joins=1)})
    assert view(day).hours() == [*range(9, 24), 0, 1]


def test_progress_is_of_the_joins_usual_by_this_hour() -> None:
    row = DayRow(
        TODAY, 0, "provisional", DayFigures(Figures(joins=10)), target=25, usual=Usual(4, 400, [0, 20, 60, 20])
    )
    begins = 1_000_000
    early, late = progress_of(row, begins, begins + HOUR), progress_of(row, begins, begins + 30 * HOUR)
    assert early
    assert late
    assert (early.top / early.bottom, late.top / late.bottom) == (2.0, 0.4)
    row.target = 0
    assert progress_of(row, begins, begins) is None


figures = st.builds(
    Figures,
    **{name: st.integers(0, 12) for name in ("tickets", "net", "walk_ins", "recognised", "member_net", *_PERSONS)},
)
parts = st.dictionaries(st.integers(1, 20).map(str), figures, max_size=5)


@given(st.builds(DayFigures, figures, parts, parts, parts, parts))
def test_a_file_never_names_a_group_of_fewer_than_five_persons(day: DayFigures) -> None:
    text, rows = board_csv(view(day), 1, "en")
    lines = list(csv.DictReader(text.splitlines()[1:], list(COLUMNS)))
    assert len(lines) == rows
    for axis in AXES:
        of_axis = [line for line in lines if line["axis"] == axis]
        for name in _PERSONS:
            told = [int(line[name]) for line in of_axis if line[name] != "*"]
            assert not [n for n in told if 0 < n < SMALLEST_CELL]
            hidden = len(of_axis) - len(told)
            assert hidden != 1 or not [n for n in told if n], (axis, name)  # one alone follows from the sum
        assert all(line["member_net"] == "*" for line in of_axis if line["recognised"] == "*")


def test_a_till_s_own_file_says_what_it_cannot_know() -> None:
    day = DayFigures(Figures(tickets=9, net=-1_205, pieces=8_500, joins=8))
    text, _ = board_csv(view(day, LOCAL), 1, "zh")
    (line,) = csv.DictReader(text.splitlines())
    assert (line["扫码"], line["复购"], line["新增入会"]) == ("—", "—", "8")
    assert (line["数据"], line["分组"], line["销售额"], line["件数"]) == ("本机", "合计", "-12.05", "8.5")


@pytest.mark.parametrize(
    ("reason", "code"), [("  ", "needs_reason"), ("电话１３８１２", "text_has_number"), ("字" * 101, "text_too_long")]
)
def test_a_reason_is_words(reason: str, code: str) -> None:
    with pytest.raises(PosError) as refused:
        check_reason(reason)
    assert refused.value.code == code
    assert check_reason(" 1月  复盘 ") == "1月 复盘"


def test_every_channel_has_its_words() -> None:
    assert tuple(CHANNEL_WORDS) == CHANNELS
    assert (channel_word("display", "zh"), channel_word("display", "en"), channel_word("new", "zh")) == (
        "客显",
        "Display",
        "new",
    )


def test_a_clerk_s_line_has_its_reason_in_words() -> None:
    lines = [RewardLine(1, "first_order_back", -200, "first_order_refunded", "R1"), RewardLine(1, "join", 300)]
    row = RewardRow("2026-11", 1, 0, 100, ("规则", "The rule"), lines)
    mine = mine_view(1001, "林小满", [], row, "en")
    assert [(line.kind, line.why, str(line.amount), line.is_lost) for line in mine.lines] == [
        ("first order taken back", "the first order was given back", "-2.00", True),
        ("join", "", "3.00", False),
    ]
    assert mine.rule == "The rule"
    assert why_words("nobody knows", "zh") == "nobody knows"

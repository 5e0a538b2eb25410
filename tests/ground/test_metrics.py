"""What a ticket and a join count as, and that figures add up whatever they are cut by."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.clock import DAY, HOUR
from posapp.rules.metrics import (
    AXES,
    Back,
    DayFigures,
    Figures,
    Join,
    Opened,
    Ticket,
    day_of,
    figures_at,
    pieces_of,
)

OPENED, PAID = 1_000_000, 1_060_000
PLAIN = Ticket("e", "r", 1, 1, 1001, "2026-11-22", 9, OPENED, PAID, 650, 1_000)


@pytest.mark.parametrize(
    ("change", "walk_in"),
    [
        ({}, True),
        ({"net": 0}, False),
        ({"member": "m", "since": OPENED - 1}, False),
        ({"member": "m", "since": OPENED}, True),  # joined while it was open
        ({"claimed": True}, False),
        ({"staff": True}, False),
        ({"voided": True}, False),
        ({"handover": True}, False),
    ],
)
def test_who_bought_without_being_a_member_is_a_walk_in(change: dict[str, object], walk_in: bool) -> None:
    assert replace(PLAIN, **change).is_walk_in is walk_in  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("joined", "converted"),
    [(0, False), (OPENED - 1, False), (OPENED, True), (PAID + DAY, True), (PAID + DAY + 1, False)],
)
def test_a_tickets_own_code_counts_from_its_opening_to_a_day_after_payment(joined: int, converted: bool) -> None:
    assert replace(PLAIN, joined=joined).is_converted is converted
    assert not replace(PLAIN, joined=joined, claimed=True).is_converted


def test_a_code_is_shown_from_three_seconds_on() -> None:
    assert not replace(PLAIN, shown=2_999).is_shown
    assert replace(PLAIN, shown=3_000).is_shown
    assert not replace(PLAIN, shown=3_000, staff=True).is_shown


def test_what_is_weighed_is_one_piece() -> None:
    assert [pieces_of(*one) for one in (("个", 3_000), ("kg", 2_000), ("kg", 1_380), ("袋", 500))] == [
        3_000,
        1_000,
        1_000,
        1_000,
    ]


def test_of_joins_those_by_codes_in_the_shop_count() -> None:
    def join(store: int, channel: str) -> Join:
        return Join("p", store, 1, 1001, channel, PAID, "2026-11-22", 9)

    day = day_of((), [join(1, "display"), join(1, "referral"), join(0, "display")])
    assert (day.all.joins, set(day.channel)) == (1, {"display"})


def test_money_that_went_back_lessens_sales_and_no_tickets() -> None:
    day = day_of([PLAIN], (), (), [Back(2, 1002, 10, 300)])
    assert (day.all.tickets, day.all.net, day.all.refunds, day.all.refunded) == (1, 650, 1, 300)
    assert (day.till["2"].refunded, day.clerk["1002"].refunds, day.hour["10"].refunded) == (300, 1, 300)


tickets = st.builds(
    Ticket,
    id=st.just("e"),
    receipt=st.just("r"),
    store=st.just(1),
    till=st.integers(1, 3),
    clerk=st.integers(1, 3),
    date=st.just("2026-11-22"),
    hour=st.integers(0, 23),
    opened=st.just(OPENED),
    paid=st.just(PAID),
    net=st.integers(-500, 5_000),
    pieces=st.integers(0, 9_000),
    member=st.sampled_from(("", "m")),
    since=st.integers(0, PAID),
    claimed=st.booleans(),
    joined=st.integers(0, PAID + 2 * DAY),
    shown=st.integers(0, 6_000),
    voided=st.booleans(),
    handover=st.booleans(),
    staff=st.booleans(),
)
joins = st.builds(
    Join,
    ref=st.just("p"),
    store=st.sampled_from((0, 1)),
    till=st.integers(1, 3),
    clerk=st.integers(1, 3),
    channel=st.sampled_from(("display", "stand", "referral")),
    at=st.integers(OPENED, OPENED + HOUR),
    date=st.just("2026-11-22"),
    hour=st.integers(0, 23),
    first=st.booleans(),
    again=st.booleans(),
    wecom=st.booleans(),
)
opened = st.builds(
    Opened,
    token=st.just("t"),
    store=st.just(1),
    till=st.integers(1, 3),
    clerk=st.integers(1, 3),
    channel=st.sampled_from(("display", "stand")),
    hour=st.integers(0, 23),
    authorised=st.booleans(),
    enrolled=st.booleans(),
)
backs = st.builds(
    Back, till=st.integers(1, 3), clerk=st.integers(1, 3), hour=st.integers(0, 23), net=st.integers(0, 999)
)


@given(st.lists(tickets), st.lists(joins), st.lists(opened), st.lists(backs))
def test_the_parts_of_every_axis_add_up_to_the_whole(
    some: list[Ticket], came: list[Join], codes: list[Opened], gone: list[Back]
) -> None:
    day = day_of(some, came, codes, gone)
    assert 0 <= day.all.converted <= day.all.walk_ins <= day.all.tickets
    for axis in AXES[1:]:
        whole = Figures()
        for part in getattr(day, axis).values():
            whole.add(part)
        for name in Figures.__struct_fields__:
            has_channel = name in ("opened", "authorised", "enrolled", "joins", "wecom", "first", "again")
            if axis != "channel" or has_channel:
                assert getattr(whole, name) == getattr(day.all, name), (axis, name)


@given(st.lists(tickets), st.lists(joins), st.integers(0, 5))
def test_two_halves_of_a_day_add_up_to_it(some: list[Ticket], came: list[Join], at: int) -> None:
    both = DayFigures()
    for half in (day_of(some[:at], came[:at]), day_of(some[at:], came[at:])):
        for axis in AXES:
            parts = {"": half.all} if axis == "all" else getattr(half, axis)
            for key, part in parts.items():
                figures_at(both, axis, key).add(part)
    assert msgspec.json.encode(both, order="sorted") == msgspec.json.encode(day_of(some, came), order="sorted")

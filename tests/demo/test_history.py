"""The demo's past: sold by its own tills, taken by HQ like any sale, and none the worse for being interrupted."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from posapp.clock import SystemClock, business_date
from posapp.demo import history
from posapp.demo.shop import CUTOVER_HOUR, ZONE, Demo, ask_hq, standing
from tests.shop import sales_of


def few() -> history.Habits:
    """A past of three days that is soon lived through."""
    return msgspec.structs.replace(
        history.read_habits(),
        days=3,
        tills=[msgspec.structs.replace(post, sales=5) for post in history.read_habits().tills],
    )


def days(habits: history.Habits) -> list[str]:
    today = dt.date.fromisoformat(business_date(SystemClock().now_ms(), ZONE, CUTOVER_HOUR))
    return [(today - dt.timedelta(days=ago)).isoformat() for ago in range(habits.days, 0, -1)]


def reported(demo: Demo, habits: history.Habits) -> list[Any]:
    """What HQ says of every day of every till: sales and their sum."""
    told = []
    for date in days(habits):
        for store in demo.shop.stores:
            report = ask_hq(demo.hq, "report", "day", "--store", str(store.number), "--date", date, "--json")
            told += [(date, store.number, till["number"], till["sales"], till["total"]) for till in report["tills"]]
    return told


def known(demo: Demo, card: str) -> Any:
    """What HQ says of a member."""
    return ask_hq(demo.hq, "member", "find", card, "--reason", "test", "--json")


def checked(demo: Demo) -> str:
    """HQ's verification, which raises where anything is wrong."""
    return str(ask_hq(demo.hq, "verify", "--json"))


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    with standing(tmp_path / "one") as made:
        yield made


def test_the_past_is_at_hq_without_a_flag_and_the_same_for_everybody(demo: Demo, tmp_path: Path) -> None:
    habits = few()
    steps: list[tuple[int, int]] = []
    sold = history.fill(demo, habits, lambda done, whole: steps.append((done, whole)))
    told = reported(demo, habits)
    assert sold > 30
    assert sold - sum(sales for *_, sales, _ in told) <= sold // 10  # some customers leave everything
    assert all(sales > 0 for *_, sales, _ in told)
    assert steps[-1][0] == steps[-1][1]
    report = ask_hq(demo.hq, "report", "day", "--store", "1", "--date", days(habits)[1], "--json")
    assert [till["unsent"] for till in report["tills"]] == [0, 0]
    assert (report["flags"], report["quarantined"]) == (0, 0)
    checked(demo)
    assert history.fill(demo, habits) == 0
    with standing(tmp_path / "two") as other:
        history.fill(other, habits)
        assert reported(other, habits) == told


def test_the_regulars_points_are_those_of_before_and_of_every_sale(demo: Demo) -> None:
    habits = msgspec.structs.replace(few(), tills=[msgspec.structs.replace(few().tills[0], members=60)])
    before = {card: known(demo, card) for card in habits.regulars}
    history.fill(demo, habits)
    with contextlib.closing(demo.open(demo.shop.tills[0], SystemClock())) as till:
        sold = sales_of(till)
    earned = [sale.points.earned for sale in sold if sale.points]
    assert len(earned) > 3
    assert len(earned) < len(sold)
    deadline = time.monotonic() + 30
    while sum(known(demo, card)["orders"] for card in habits.regulars) < len(earned):
        assert time.monotonic() < deadline
    gained = {card: known(demo, card)["points"] - told["points"] for card, told in before.items()}
    assert sum(gained.values()) == sum(earned)


def test_an_interrupted_past_goes_on_with_the_next_day(demo: Demo) -> None:
    habits = few()

    def stop(done: int, whole: int) -> None:
        if done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        history.fill(demo, habits, stop)
    assert not history.is_done(demo)
    history.fill(demo, habits)
    assert history.is_done(demo)
    told = reported(demo, habits)
    assert all(sales > 0 for *_, sales, _ in told)
    assert max(sales for *_, sales, _ in told) <= 8  # no day was lived twice
    checked(demo)
    with contextlib.closing(demo.open(demo.shop.tills[0], SystemClock())) as till:
        assert till.journal.head.epoch == 1
        assert till.shift is None

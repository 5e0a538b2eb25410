"""The demo's past: sold by its own tills, taken by HQ like any sale, and none the worse for being interrupted."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from posapp.clock import SystemClock, business_date
from posapp.demo import history
from posapp.demo.shop import CUTOVER_HOUR, ZONE, Demo, ask_hq, standing
from tests.shop import sales_of

REGULARS = history.read_habits().regulars[1]


def few() -> history.Habits:
    """A past of three days that is soon lived through."""
    return msgspec.structs.replace(
        history.read_habits(),
        days=3,
        quiet_days=0,
        tills=[msgspec.structs.replace(post, sales=5, joins=[25] * 2) for post in history.read_habits().tills],
    )


def days(habits: history.Habits) -> list[str]:
    today = dt.date.fromisoformat(business_date(SystemClock().now_ms(), ZONE, CUTOVER_HOUR))
    return [(today - dt.timedelta(days=ago)).isoformat() for ago in range(habits.days, 0, -1)]


def reported(demo: Demo, habits: history.Habits) -> list[Any]:
    """What HQ says of every day of every till before today: sales and their sum."""
    return sales_on(demo, days(habits))


def sales_on(demo: Demo, dates: list[str]) -> list[Any]:
    told = []
    for date in dates:
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


@contextlib.contextmanager
def lived(folder: Path, *pasts: Callable[[Demo], object]) -> Iterator[Demo]:
    """A demo that has lived through a past, or through one after another."""
    with standing(folder, past=lambda demo: [past(demo) for past in pasts]) as made:
        yield made


def filled(habits: history.Habits, tell: history.Progress | None = None) -> Callable[[Demo], object]:
    return lambda demo: history.fill(demo, habits, tell)


def joined(demo: Demo, habits: history.Habits) -> int:
    """How many have joined on all days."""
    told = [
        ask_hq(demo.hq, "report", "joins", "--store", str(store.number), "--date", date, "--json")
        for date in days(habits)
        for store in demo.shop.stores
    ]
    return sum(one["joins"] for one in told)


def test_the_past_is_at_hq_without_a_flag_and_the_same_for_everybody(tmp_path: Path) -> None:
    habits = few()
    steps: list[tuple[int, int]] = []
    sold: list[int] = []
    past = lambda demo: sold.append(history.fill(demo, habits, lambda *step: steps.append(step)))  # noqa: E731
    with lived(tmp_path / "one", past, past) as demo:
        told = reported(demo, habits)
        assert sold[0] > 30
        assert sold[1] == 0
        today = business_date(SystemClock().now_ms(), ZONE, CUTOVER_HOUR)
        at_hq = sum(sales for *_, sales, _ in [*told, *sales_on(demo, [today])])
        assert sold[0] - at_hq <= sold[0] // 10  # some customers leave everything
        assert all(sales > 0 for *_, sales, _ in told)
        assert steps[-1][0] == steps[-1][1]
        report = ask_hq(demo.hq, "report", "day", "--store", "1", "--date", days(habits)[1], "--json")
        assert [till["unsent"] for till in report["tills"]] == [0, 0]
        assert (report["flags"], report["quarantined"]) == (0, 0)
        joins = joined(demo, habits)
        assert joins > 2
        checked(demo)
    with lived(tmp_path / "two", filled(habits)) as other:
        assert (reported(other, habits), joined(other, habits)) == (told, joins)


def test_the_regulars_points_are_those_of_before_and_of_every_sale(tmp_path: Path) -> None:
    habits = msgspec.structs.replace(few(), tills=[msgspec.structs.replace(few().tills[0], members=60, joins=[])])
    before: dict[str, Any] = {}
    told = lambda demo: before.update({card: known(demo, card) for card in REGULARS})  # noqa: E731
    with lived(tmp_path, told, filled(habits)) as demo:
        with contextlib.closing(demo.open(demo.shop.tills[0], SystemClock())) as till:
            sold = sales_of(till)
        earned = [sale.points.earned for sale in sold if sale.points]
        assert len(earned) > 3
        assert len(earned) < len(sold)
        deadline = time.monotonic() + 30
        while sum(known(demo, card)["orders"] for card in REGULARS) < len(earned):
            assert time.monotonic() < deadline
        gained = {card: known(demo, card)["points"] - told["points"] for card, told in before.items()}
        assert sum(gained.values()) == sum(earned)


def test_an_interrupted_past_goes_on_with_the_next_day(tmp_path: Path) -> None:
    habits = few()

    def stop(done: int, whole: int) -> None:
        if done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), lived(tmp_path, filled(habits, stop)):
        pass
    assert not history.is_done(tmp_path)
    with lived(tmp_path, filled(habits)) as demo:
        assert history.is_done(tmp_path)
        told = reported(demo, habits)
        assert all(sales > 0 for *_, sales, _ in told)
        assert max(sales for *_, sales, _ in told) <= 8  # no day was lived twice
        checked(demo)
        with contextlib.closing(demo.open(demo.shop.tills[0], SystemClock())) as till:
            assert till.journal.head.epoch == 1
            assert till.shift is None

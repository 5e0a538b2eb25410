"""What stands out by cashier: counted exactly, held against store and own past, told as a lead and no accusation."""

from __future__ import annotations

import datetime as dt
from typing import Any

from posapp.hq.rewards.exceptions import HISTORY_DAYS, SIGNALS, exceptions, exceptions_text
from posapp.messages import (
    CartCancelled,
    DrawerOpened,
    LineVoided,
    MemberRecognised,
    Reason,
    SaleLine,
    ShiftClosed,
    ShiftOpened,
    Tender,
    TrainingEntered,
)
from tests.hq.shop import DATE, Journal, Shop

ODD, EVEN, THIRD = 1001, 1002, 1003
LINE = SaleLine(1, "a1", "690", "包", "个", 1000, 1000, 1000, "0.13", 115, 1)


def ago(days: int) -> str:
    return (dt.date.fromisoformat(DATE) - dt.timedelta(days=days)).isoformat()


class Desk:
    """One till whose cashiers are named for each act."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.till = shop.till()
        self.journal: Journal = self.till.journal()

    def sell(self, clerk: int, times: int, date: str = DATE, **changes: Any) -> None:
        for _ in range(times):
            changes.setdefault("shift", f"shift {clerk} {date}")
            self._with(clerk, date, lambda: self.journal.sale(1000, **changes))

    def _with(self, clerk: int, date: str, act: Any) -> None:
        """journal.sale and journal.void write their own headers: name clerk and day in them."""
        add_raw = self.journal.add_raw

        def named(name: str, version: int, body: bytes, **header: Any) -> Any:
            return add_raw(name, version, body, **{"clerk": clerk, "bd": date, **header})

        self.journal.add_raw = named  # type: ignore[method-assign]
        act()
        self.journal.add_raw = add_raw  # type: ignore[method-assign]

    def act(self, clerk: int, *messages: Any, date: str = DATE) -> None:
        for message in messages:
            self.journal.add(message, clerk=clerk, bd=date)

    def back(self, clerk: int, place: int, date: str = DATE, **changes: Any) -> None:
        self._with(clerk, date, lambda: self.journal.void(place, **changes))

    def report(self) -> dict[str, Any]:
        self.till.push(self.journal.jid, self.journal.entries)
        self.shop.settle()
        with self.shop.database.reading() as conn:
            return exceptions(conn, 1, DATE)


def signal(told: dict[str, Any], clerk: int, name: str) -> dict[str, Any]:
    (one,) = [row for row in told["clerks"] if row["clerk"] == clerk]
    (found,) = [row for row in one["signals"] if row["signal"] == name]
    return dict(found)


def test_a_cashier_who_voids_far_more_than_the_others_and_than_before_stands_out(shop: Shop) -> None:
    desk = Desk(shop)
    void = LineVoided("t", 1, "a1", "690", 1000, 1000)
    for clerk in (ODD, EVEN, THIRD):
        for days in (1, 7, HISTORY_DAYS):
            desk.sell(clerk, 19, ago(days))
            desk.act(clerk, void, date=ago(days))
        desk.sell(clerk, 20)
    desk.act(ODD, *[void] * 10)
    desk.act(EVEN, void)
    desk.act(ODD, *[void] * 50, date=ago(HISTORY_DAYS + 1))  # longer ago than is looked at
    told = desk.report()
    odd, even = signal(told, ODD, "line_voids"), signal(told, EVEN, "line_voids")
    assert (odd["count"], odd["of"], odd["own"], odd["stands_out"]) == (10, 30, "5.0%", True)
    assert (even["count"], even["of"], even["stands_out"]) == (1, 21, False)
    text, english = exceptions_text(told), exceptions_text(told, "en")
    assert "不是对任何人的指控" in text
    assert "no accusation" in english
    assert "撤销的商品行: 10 / 30" in text
    assert "1002 : 没有突出的" in text
    assert told["thresholds"]["least"].keys() == SIGNALS.keys()


def test_every_signal_is_counted_as_it_says(shop: Shop) -> None:
    desk = Desk(shop)
    desk.act(ODD, ShiftOpened("s", 20_000))
    desk.sell(ODD, 4, shift="s", member="m1")
    desk.sell(ODD, 1, shift="s", ticket="found")
    last = len(desk.journal.entries) - 1
    reasons = [Reason("discount", -200), Reason("ticket_discount", -50), Reason("member", -10)]
    cheap = SaleLine(1, "a1", "690", "包", "个", 1000, 1000, 740, "0.13", 85, 1, [*reasons, Reason("price", 0)])
    desk.sell(ODD, 1, shift="s", lines=[cheap], total=740, tenders=[Tender("cash", 740)], taxes=[])
    desk.back(ODD, last, shift="s")
    desk.act(
        ODD,
        CartCancelled("c1", 1, [LINE], 1000),
        CartCancelled("c2", 1, [LINE], 1000, [Tender("cash", 1000)]),
        CartCancelled("c3", 1, [], 0),
        DrawerOpened("s", "no sale"),
        MemberRecognised("m1", "phone", "slice", "found"),
        MemberRecognised("m2", "phone", "slice", "lost"),
        TrainingEntered(),
        ShiftClosed("s", 1, 20_000, 27_000, 26_500, 6, 5740, 0, 0, 0, []),
    )
    desk.act(EVEN, TrainingEntered())  # when nothing was open
    told = desk.report()
    found = {row["signal"]: (row["count"], row["of"]) for row in told["clerks"][0]["signals"]}
    assert found == {
        "line_voids": (0, 6),
        "voids_after_payment": (1, 6),
        "abandoned": (1, 7),
        "refunds": (1, 6),
        "refunds_soon": (1, 6),
        "refunds_without_member": (1, 6),
        "refunds_round": (1, 1),
        "no_sale": (1, 6),
        "discount_share": (250, 6000),
        "price_overrides": (1, 6),
        "cash_variance": (500, 1),
        "same_card": (1, 1),
        "look_ups": (1, 2),
        "training": (1, 1),
    }

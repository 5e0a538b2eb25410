"""A figure opened: its definition and the tickets and joins that it was made of, from this till's own day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from posapp.board.here import Here
from posapp.calls import FigureItem
from posapp.clock import rfc3339
from posapp.errors import PosError
from posapp.members.slice import Slice
from posapp.money import Money
from posapp.rules.dictionary import METRICS
from posapp.rules.metrics import AXES, Join, Ticket, places_of
from posapp.rules.names import masked_name

LISTED = 200
"""Tickets or joins that are listed of one figure; the rest is counted."""

BESIDE = {
    "join_rate": "walk_ins",
    "conversion": "walk_ins",
    "recognition_rate": "tickets",
    "member_sales_share": "tickets",
    "first_order_rate": "joins",
    "second_purchase_rate": "joins",
    "wecom_rate": "joins",
}
"""What a rate is taken of can be opened, too."""


@dataclass(frozen=True, slots=True)
class FigureView:
    """text: the value to be read. source: whose list it is; is_away: the store's was asked for and HQ did not answer.
    opens "": it is worked out by HQ and no list is kept of it. made: when, UTC ms. more: beyond those listed."""

    metric: str
    axis: str
    key: str
    date: str
    text: str
    opens: str
    source: str
    made: int
    version: int
    formula: tuple[str, str]
    items: tuple[FigureItem, ...] = ()
    more: int = 0
    is_away: bool = False

    @property
    def beside(self) -> str:
        return BESIDE.get(self.metric, "")


def check_figure(metric: str, axis: str) -> None:
    """Raises PosError no_figure."""
    if metric not in METRICS or METRICS[metric].of is None or axis not in AXES:
        raise PosError("no_figure", name=f"{metric} {axis}"[:60])


def items_here(here: Here, members: Slice, metric: str, axis: str, key: str) -> list[FigureItem]:
    """The tickets or joins of a figure, the newest first."""
    kind, which = METRICS[metric].opens
    if kind == "tickets":
        chosen = [one for one in here.tickets if _TICKETS[which](one) and (axis, key) in places_of(one)]
        return [_ticket(one, members) for one in reversed(chosen)]
    if kind == "joins":
        joined = [one for one in here.joins if one.is_in_store and _JOINS[which](one) and (axis, key) in places_of(one)]
        return [_join(one, members, here) for one in reversed(joined)]
    return []


_TICKETS: dict[str, Callable[[Ticket], bool]] = {
    "completed": lambda ticket: ticket.is_completed,
    "walk_in": lambda ticket: ticket.is_walk_in,
    "converted": lambda ticket: ticket.is_converted,
    "shown": lambda ticket: ticket.is_shown,
    "recognised": lambda ticket: ticket.is_recognised,
}

_JOINS: dict[str, Callable[[Join], bool]] = {
    "all": lambda join: True,
    "wecom": lambda join: join.wecom,
    "first": lambda join: join.first,
    "again": lambda join: join.again,
}


def _ticket(one: Ticket, members: Slice) -> FigureItem:
    return FigureItem("ticket", one.paid, one.till, one.clerk, one.receipt, one.net, "", _masked(one.member, members))


def _join(one: Join, members: Slice, here: Here) -> FigureItem:
    receipt = here.receipts.get(one.ref, "")
    return FigureItem("join", one.at, one.till, one.clerk, receipt, 0, one.channel, _masked(one.ref, members))


def _masked(ref: str, members: Slice) -> str:
    """All that a till shows of a person: the initial and the last two digits."""
    held = members.by_ref(ref) if ref else None
    return masked_name(held.row.initial, held.row.tail) if held else ""


def figure_told(view: FigureView) -> dict[str, Any]:
    """A figure as a script prints it."""
    return {
        "metric": view.metric,
        "date": view.date,
        "text": view.text,
        "source": view.source,
        "version": view.version,
        "made": rfc3339(view.made),
        "items": [item_told(item) for item in view.items],
        "more": view.more,
    }


def item_told(item: FigureItem) -> dict[str, Any]:
    """A ticket or join as a script prints it: what is empty stays away."""
    told: dict[str, Any] = {"kind": item.kind, "at": rfc3339(item.at), "till": item.till, "clerk": item.clerk}
    if item.kind == "ticket":
        told["net"] = str(Money(item.fen))
    named = {"receipt": item.receipt, "channel": item.channel, "member": item.member}
    return {**told, **{name: value for name, value in named.items() if value}}

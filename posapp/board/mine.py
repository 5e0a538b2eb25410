"""A clerk's own page: joins, first orders and what they come to, as HQ has worked it out, and today's joins here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from posapp.board.figure import item_told
from posapp.calls import FigureItem
from posapp.clock import rfc3339
from posapp.money import ZERO, Money
from posapp.rules.reward_words import KINDS, why_words
from posapp.streams import RewardRow


@dataclass(frozen=True, slots=True)
class MineLine:
    """A line of the account. kind, why: to be read; why "" where nothing is wrong. is_lost: reversed or left out."""

    at: int
    kind: str
    amount: Money
    why: str
    receipt: str
    channel: str
    is_lost: bool


@dataclass(frozen=True, slots=True)
class MineView:
    """has_account: HQ has told of this month; amount: an estimate until the month is settled. today: joins of today at
    this till by this clerk's codes."""

    clerk: int
    name: str
    today: int
    items: tuple[FigureItem, ...]
    has_account: bool = False
    month: str = ""
    joins: int = 0
    first_orders: int = 0
    amount: Money = ZERO
    rule: str = ""
    lines: tuple[MineLine, ...] = ()
    made: int = 0


def mine_view(clerk: int, name: str, items: Sequence[FigureItem], row: RewardRow | None, language: str) -> MineView:
    english = language == "en"
    if row is None:
        return MineView(clerk, name, len(items), tuple(items))
    lines = [
        MineLine(
            line.at,
            KINDS.get(line.kind, (line.kind, line.kind))[english],
            Money(line.fen),
            why_words(line.why, language) if line.why else "",
            line.receipt,
            line.channel,
            line.kind == "excluded" or line.kind.endswith("_back"),
        )
        for line in row.lines
    ]
    return MineView(
        clerk,
        name,
        len(items),
        tuple(items),
        True,
        row.month,
        row.joins,
        row.first_orders,
        Money(row.fen),
        row.rule[english],
        tuple(lines),
        row.made,
    )


def mine_told(view: MineView) -> dict[str, Any]:
    """A clerk's page as a script prints it."""
    told: dict[str, Any] = {
        "clerk": view.clerk,
        "name": view.name,
        "today": view.today,
        "items": [item_told(item) for item in view.items],
    }
    if view.has_account:
        told |= {
            "month": view.month,
            "joins": view.joins,
            "first_orders": view.first_orders,
            "amount": str(view.amount),
            "rule": view.rule,
            "made": rfc3339(view.made) if view.made else None,
            "lines": [
                {"at": rfc3339(line.at), "kind": line.kind, "amount": str(line.amount), "why": line.why}
                for line in view.lines
            ],
        }
    return told

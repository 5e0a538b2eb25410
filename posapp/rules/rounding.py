"""Cash without small coins: what is due is rounded when cash pays the rest of a ticket (抹零)."""

from __future__ import annotations

from posapp.money import Money, round_half_up


def round_cash(due: Money, step: int, mode: str) -> Money:
    """The due amount as a multiple of `step` fen; mode half_up or down. Never below zero, never negative due."""
    if step <= 1 or due.fen <= 0:
        return due
    steps = due.fen // step if mode == "down" else round_half_up(due.fen, step)
    return Money(steps * step)

"""The card of keys that a shop prints on its receipt printer and lays beside the till."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.contracts import Block, Cut, Document, Pair, Rule, Text


def key_card(title: str, keys: Sequence[tuple[str, str]]) -> Document:
    """keys: (key, what it does) in the order they are printed; one without a key is a heading."""
    blocks: list[Block] = [Text(title, "centre", is_bold=True, size=2), Rule()]
    for key, action in keys:
        blocks.append(Pair(action, key) if key else Text(f"【{action}】", is_bold=True))
    return (*blocks, Rule(), Cut())

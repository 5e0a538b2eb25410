"""What keys do at the counter: the actions that have one, the profiles that ship, and a shop's own changes to them.

Digits, letters, `.`, `*`, Enter, Escape, Backspace and the arrows are not for sale: they type, pay, go back and move
the choice on every till (peers.md D: stable across Chinese tills).
"""

from __future__ import annotations

import re

ACTIONS: dict[str, tuple[str, str]] = {
    "void": ("删行", "Void line"),
    "price": ("改价", "Price"),
    "discount": ("折扣", "Discount"),
    "ticket_discount": ("整单折扣", "Ticket discount"),
    "park": ("挂单取单", "Park"),
    "cancel": ("整单取消", "Cancel ticket"),
    "search": ("查找", "Search"),
    "member": ("会员", "Member"),
    "reception": ("接待", "Reception"),
    "hint": ("用提示", "Use the hint"),
    "hint_away": ("收起提示", "Put the hint away"),
    "member_card": ("会员卡片", "Member card"),
    "tasks": ("待办", "To do"),
    "feedback": ("反馈", "Feedback"),
    "serve": ("已接待", "Served"),
    "receipts": ("小票", "Receipts"),
    "reprint": ("重印上一张", "Print last again"),
    "drawer": ("开钱箱", "Open drawer"),
    "card": ("刷卡", "Card"),
    "static": ("收款码", "Shop's code"),
    "board": ("店长看板", "Board"),
    "mine": ("我的业绩", "My page"),
    "lock": ("锁屏换人", "Lock"),
    "more": ("更多", "More"),
    "close_shift": ("交班", "Close shift"),
}
"""Action: its name in Chinese and English."""

_SUPERMARKET = {
    "void": "Del",
    "member": "F1",
    "reception": "Shift+F1",
    "hint": "+",
    "hint_away": "-",
    "member_card": "Shift+F3",
    "tasks": "Shift+F2",
    "feedback": "Shift+F4",
    "serve": "Shift+F5",
    "park": "F4",
    "receipts": "F5",
    "price": "F6",
    "discount": "F7",
    "ticket_discount": "Shift+F7",
    "static": "F8",
    "card": "F9",
    "more": "F10",
    "cancel": "F11",
    "close_shift": "F12",
    "search": "/",
    "drawer": "Ins",
    "reprint": "Home",
    "board": "PgUp",
    "mine": "PgDown",
    "lock": "End",
}

PROFILES: dict[str, dict[str, str]] = {
    # a keyboard with a number pad in front of the cashier; every key says on the screen where it is
    "supermarket": _SUPERMARKET,
    # fingers: few keys are wanted, and they lie where 银豹 and others have them
    "touch": {**_SUPERMARKET, "member": "F9", "card": "F3", "static": "F2", "park": "F7", "discount": "F8"},
}

_KEY = re.compile(r"(?:(?:Ctrl|Alt|Shift)\+)*(?:F[1-9]|F1[0-2]|Del|Ins|Home|End|PgUp|PgDown|[/+-]|(?<=l\+|t\+)[A-Z])")


def read_shortcuts(text: str) -> dict[str, str]:
    """A shop's own keys, as in "void=F3 price=Ctrl+P"; an action without a key is "lock=none". Raises ValueError."""
    changes: dict[str, str] = {}
    for part in text.split():
        action, _, key = part.partition("=")
        if action not in ACTIONS or not (key == "none" or _KEY.fullmatch(key)):
            raise ValueError
        changes[action] = "" if key == "none" else key
    return changes


def keys_of(profile: str, changes: dict[str, str]) -> dict[str, str]:
    """Action to key. A key that a shop gives to one action is taken from the one that had it."""
    taken = set(changes.values()) - {""}
    kept = {action: key for action, key in PROFILES[profile].items() if key not in taken}
    return {action: key for action, key in {**kept, **changes}.items() if key}

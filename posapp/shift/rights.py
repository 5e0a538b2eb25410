"""Who may do what without asking: the rights of each role. A right that is missing can be lent by a colleague
who has it, once, for the action just refused."""

from __future__ import annotations

ROLES = ("cashier", "lead", "manager")

ACTIONS: dict[str, tuple[str, str]] = {
    # action: its name in a sentence, Chinese and English
    "price": ("改价", "Changing this price"),
    "discount": ("超过限额的折扣", "A discount above the limit"),
    "drawer": ("无销售开钱箱", "Opening the drawer without a sale"),
    "cash_out": ("取出现金", "Taking cash out"),
    "cancel_paid": ("取消已刷卡的单", "Cancelling a ticket with a card payment"),
    "void_sale": ("作废已收款的单", "Voiding a paid ticket"),
    "look_up": ("再查会员", "Looking up more members"),
    "regulars": ("看核心客户", "Seeing the core customers"),
    "static_code": ("用收款码收款", "Taking the shop's static payment code"),
    "board": ("看店长看板", "Looking at the store's board"),
    "export_board": ("导出看板", "Exporting the board"),
}

_RIGHTS: dict[str, frozenset[str]] = {
    "cashier": frozenset(),
    "lead": frozenset({"price", "drawer", "cash_out", "look_up", "board"}),
    "manager": frozenset(ACTIONS),
}


def may(role: str, action: str) -> bool:
    return action in _RIGHTS.get(role, frozenset())


def is_at_least(role: str, least: str) -> bool:
    """Whether a role is that of `least` or stands above it."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(least)

"""Taking money: what is due, what a tender counts for, when a ticket is paid. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from posapp.errors import PosError
from posapp.money import ZERO, Money
from posapp.rules.cart import Paid
from posapp.rules.rounding import round_cash
from posapp.rules.tenders import KINDS

MOST_CHANGE = Money(1_000_000)
"""More change than this is a slip of the finger, not a banknote."""

_SLIP = re.compile(r"[0-9A-Za-z]{4,20}")
_LUHN_LENGTHS = range(13, 20)


@dataclass(frozen=True, slots=True)
class Taken:
    """A tender as it counts. is_complete: nothing is due any more; rounding is what cash rounding added."""

    paid: Paid
    due: Money
    rounding: Money
    change: Money
    is_complete: bool


def take(kind: str, given: Money, ref: str, due: Money, step: int, mode: str) -> Taken:
    """Count a tender toward what is due.

    Raises PosError bad_tender, bad_amount, nothing_due, too_much (only cash gives change), too_much_cash,
    needs_reference.
    """
    if kind not in KINDS:
        raise PosError("bad_tender", kind=kind[:20])
    if given.fen < 0 or (given.fen == 0 and due):
        raise PosError("bad_amount", amount=str(given))
    if kind != "cash":
        return _exact(kind, given, ref, due)
    rounded = round_cash(due, step, mode)
    if given < rounded:
        return Taken(Paid("cash", given, given), due - given, ZERO, ZERO, False)
    if given - rounded > MOST_CHANGE:
        raise PosError("too_much_cash", amount=given, due=rounded)
    return Taken(Paid("cash", rounded, given), ZERO, rounded - due, given - rounded, True)


def _exact(kind: str, given: Money, ref: str, due: Money) -> Taken:
    """A card, which has a slip, or a static code, which needs nothing to refer to: neither gives change."""
    if not due:
        raise PosError("nothing_due")
    if given > due:
        raise PosError("too_much", kind=KINDS[kind], due=due)
    if not is_reference(ref) and (ref or kind == "card"):
        raise PosError("needs_reference")
    return Taken(Paid(kind, given, given, ref), due - given, ZERO, ZERO, given == due)


def is_reference(text: str) -> bool:
    """Whether a text may be the number of a slip. 13 to 19 digits would be a card number, which never enters a till."""
    return bool(_SLIP.fullmatch(text)) and not (len(text) in _LUHN_LENGTHS and text.isdigit())

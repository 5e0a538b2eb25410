"""What the joins of a clerk, store and day bring by their rule: a pure function of the facts, whenever they came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from posapp.clock import MINUTE
from posapp.rules.metrics import FIRST_MS

JOIN, FIRST, JOIN_BACK, FIRST_BACK, EXCLUDED = "join", "first_order", "join_back", "first_order_back", "excluded"
PARTS = {JOIN: JOIN_BACK, FIRST: FIRST_BACK}
"""What a join can bring, each with what takes it back."""

MOST_OF_A_DEVICE = 2
BATCH, BATCH_MS = 3, 10 * MINUTE


@dataclass(frozen=True, slots=True)
class Rule:
    """Fen for a join and for its first order of at least so much; cap: for the joins of a day, 0 for none."""

    join: int = 0
    first_order: int = 0
    least: int = 0
    cap: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """A sale of the person who joined. back: fen that have gone back, the last of it at back_at (0: nothing has)."""

    id: str
    receipt: str
    opened: int
    paid: int
    net: int
    back: int = 0
    back_at: int = 0

    @property
    def is_back(self) -> bool:
        return self.back_at > 0 and self.back >= self.net


@dataclass(frozen=True, slots=True)
class Case:
    """A join by a clerk's code. place: which of its browser's joins of the day it is. is_open: whether a shift of the
    store was, or may have been as far as its tills have told. ticket: the one it belongs to; orders: all there are of
    its person, in time."""

    ref: str
    channel: str
    at: int
    own_phone: bool = False
    self_scan: bool = False
    before: bool = False
    place: int = 1
    is_open: bool = True
    ticket: Order | None = None
    orders: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line that ought to stand in the account."""

    kind: str
    source: str
    counts: int
    fen: int
    at: int
    why: str = ""
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a join ought to have brought. excluded: why it counts for nothing, "" when it does."""

    lines: tuple[Line, ...]
    excluded: str = ""

    def of(self, part: str) -> tuple[int, int]:
        """Valid joins or first orders, and their fen, reversed ones taken off."""
        mine = [line for line in self.lines if line.kind in (part, PARTS[part])]
        return sum(line.counts for line in mine), sum(line.fen for line in mine)


def wanted_of(cases: Iterable[Case], rule: Rule) -> dict[str, Wanted]:
    """Of the joins of one clerk, store and day, by person."""
    ordered = sorted(cases, key=lambda case: (case.at, case.ref))
    batches = _batches([case for case in ordered if not case.is_open])
    found: dict[str, Wanted] = {}
    standing = []
    for case in ordered:
        if why := _excluded(case, batches):
            found[case.ref] = Wanted((), why)
        else:
            standing.append(case)
    paid = _capped(standing, rule)
    for case in standing:
        found[case.ref] = Wanted((*_join(case, paid[case.ref, JOIN]), *_first(case, rule, paid[case.ref, FIRST])))
    return found


def _excluded(case: Case, batches: set[str]) -> str:
    reasons = (
        ("joined_before", case.before),
        ("own_phone", case.own_phone),
        ("self_scan", case.self_scan),
        ("repeat_device", case.place > MOST_OF_A_DEVICE),
        ("after_closing", case.ref in batches),
    )
    return next((why for why, holds in reasons if holds), "")


def _batches(closed: Sequence[Case]) -> set[str]:
    """Of joins while no shift was open those that came so many in so short a time."""
    found: set[str] = set()
    for first, last in zip(closed, closed[BATCH - 1 :], strict=False):
        if last.at - first.at <= BATCH_MS:
            found.update(case.ref for case in closed if first.at <= case.at <= last.at)
    return found


def _capped(cases: Sequence[Case], rule: Rule) -> dict[tuple[str, str], int]:
    """What each join and first order brings, joins in the order they happened up to the day's cap. One that is taken
    back has used the cap up: a negative line is as large as what it takes back."""
    left = rule.cap
    paid = {}
    for case in sorted(cases, key=lambda case: (case.at, case.ref)):
        paid[case.ref, JOIN] = min(rule.join, left) if rule.cap else rule.join
        left -= paid[case.ref, JOIN]
        paid[case.ref, FIRST] = rule.first_order if _tried(case, rule) else 0
    return paid


def _join(case: Case, fen: int) -> list[Line]:
    ticket = case.ticket
    receipt = ticket.receipt if ticket else ""
    lines = [Line(JOIN, "", 1, fen, case.at, receipt=receipt)]
    if ticket and ticket.is_back:
        lines.append(Line(JOIN_BACK, "", -1, -fen, max(case.at, ticket.back_at), "joined_then_refunded", receipt))
    return lines


def _tried(case: Case, rule: Rule) -> list[Order]:
    """The orders in a week from the ticket of joining that were, or are, the first one: up to one that stands."""
    begins = case.ticket.opened if case.ticket else case.at
    ends = (case.ticket.paid if case.ticket else case.at) + FIRST_MS
    found = []
    for order in case.orders:
        if not (begins <= order.paid <= ends and order.net >= max(1, rule.least)):
            continue
        found.append(order)
        if not _fails(order, rule):
            break
    return found


def _fails(order: Order, rule: Rule) -> bool:
    return order.net - order.back < max(1, rule.least)


def _first(case: Case, rule: Rule, fen: int) -> list[Line]:
    lines = []
    for order in _tried(case, rule):
        lines.append(Line(FIRST, order.id, 1, fen, order.paid, receipt=order.receipt))
        if _fails(order, rule):
            back_at = max(order.paid, order.back_at)
            lines.append(Line(FIRST_BACK, order.id, -1, -fen, back_at, "first_order_refunded", order.receipt))
    return lines

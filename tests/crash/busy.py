"""A busy counter: a seeded mix of what cashiers do, and what the till must hold after each of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TypeVar

from posapp import db
from posapp.ids import Chance
from posapp.rules.cart import Cart
from posapp.selling.drafts import Drafts
from tests.shop import ARTICLES

WEIGHED, BARGAIN, DEAR = "00301", "6900000000059", "6900000000035"
PRICES = {row[0]: row[3] for row in ARTICLES}
PIECES = [row[0] for row in ARTICLES if not row[4]]
DISCOUNTABLE = {row[0] for row in ARTICLES if row[6]}
MOST_LINES, MOST_PARKED = 8, 3

T = TypeVar("T")


class Dice:
    """Choices from handed-in chance."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance

    def below(self, most: int) -> int:
        return int.from_bytes(self._chance(6), "big") % most

    def one_of(self, values: list[T]) -> T:
        return values[self.below(len(values))]


@dataclass(frozen=True)
class Goods:
    """A line: number, code, thousandths, price by hand in fen, discount in hundredths of a percent."""

    n: int
    code: str
    milli: int
    override: int | None = None
    percent: int = 0

    @property
    def is_plain(self) -> bool:
        return self.code != WEIGHED and self.override is None and not self.percent


@dataclass(frozen=True)
class Ticket:
    lines: tuple[Goods, ...] = ()
    percent: int = 0
    paid: tuple[tuple[str, int], ...] = ()
    next_n: int = 1


@dataclass(frozen=True)
class Counter:
    """The open ticket, or None, and the parked ones in the order of their names."""

    open: Ticket | None = None
    parked: tuple[tuple[str, Ticket], ...] = ()


@dataclass(frozen=True)
class Step:
    """A script line and what the counter holds once it is carried out; is_sale: it makes the ticket a sale."""

    line: str
    after: Counter
    is_sale: bool = False


def counter_of(folder: db.Folder) -> Counter:
    """What a till's folder holds."""
    drafts = Drafts(folder.draft)
    try:
        cart = drafts.load()
        parked = sorted(((held.name, _ticket(held.cart)) for held in drafts.parked()), key=itemgetter(0))
        return Counter(_ticket(cart) if cart else None, tuple(parked))
    finally:
        drafts.close()


def _ticket(cart: Cart) -> Ticket:
    return Ticket(
        tuple(
            Goods(
                line.n,
                line.code,
                line.qty.milli,
                line.override.fen if line.override is not None else None,
                line.discount.percent if line.discount else 0,
            )
            for line in cart.lines
        ),
        cart.discount.percent if cart.discount else 0,
        tuple((paid.kind, paid.amount.fen) for paid in cart.paid),
        cart.next_n,
    )


def steps(counter: Counter, dice: Dice, many: int) -> list[Step]:
    """A script that goes on from what the counter holds."""
    made: list[Step] = []
    while len(made) < many:
        step = _step(counter, dice)
        counter = step.after
        made.append(step)
    return made


def _step(counter: Counter, dice: Dice) -> Step:
    ticket = counter.open
    if ticket is None:
        if counter.parked and dice.below(4) == 0:
            name, held = dice.one_of(list(counter.parked))
            rest = tuple(pair for pair in counter.parked if pair[0] != name)
            return Step(f"recall {name}", Counter(held, rest))
        return _scan(counter, Ticket(), dice)
    if ticket.paid:
        return _go_on_paying(counter, ticket, dice)
    choice = dice.below(100)
    if choice < 50 and len(ticket.lines) < MOST_LINES:
        return _scan(counter, ticket, dice)
    if choice < 58:
        return _quantity(counter, ticket, dice)
    if choice < 68:
        return _reduce(counter, ticket, dice)
    if choice < 74:
        line = dice.one_of(list(ticket.lines))
        rest_of = tuple(held for held in ticket.lines if held is not line)
        return Step(f"void {line.n}", replace(counter, open=replace(ticket, lines=rest_of) if rest_of else None))
    if choice < 77:
        return Step("cancel", replace(counter, open=None))
    if choice < 84 and len(counter.parked) < MOST_PARKED:
        name = next(f"客{n}" for n in range(9) if f"客{n}" not in dict(counter.parked))
        return Step(f"park {name}", Counter(None, tuple(sorted((*counter.parked, (name, ticket)), key=itemgetter(0)))))
    if choice < 90 and any(line.code == DEAR for line in ticket.lines):
        return _go_on_paying(counter, ticket, dice)
    return _settle(counter, ticket)


def _scan(counter: Counter, ticket: Ticket, dice: Dice) -> Step:
    code = dice.one_of([*PIECES, WEIGHED])
    if code == WEIGHED:
        milli = 1 + dice.below(2000)
        goods = Goods(ticket.next_n, code, milli)
        return Step(f"scan {milli / 1000:.3f}*{code}", replace(counter, open=_with(ticket, goods)))
    count = 1 + dice.below(3)
    line = f"scan {count}*{code}" if count > 1 else f"scan {code}"
    same = next((held for held in reversed(ticket.lines) if held.code == code and held.is_plain), None)
    if same:
        return Step(line, replace(counter, open=_changed(ticket, replace(same, milli=same.milli + 1000 * count))))
    return Step(line, replace(counter, open=_with(ticket, Goods(ticket.next_n, code, 1000 * count))))


def _with(ticket: Ticket, goods: Goods) -> Ticket:
    return replace(ticket, lines=(*ticket.lines, goods), next_n=ticket.next_n + 1)


def _changed(ticket: Ticket, goods: Goods) -> Ticket:
    return replace(ticket, lines=tuple(goods if held.n == goods.n else held for held in ticket.lines))


def _quantity(counter: Counter, ticket: Ticket, dice: Dice) -> Step:
    line = dice.one_of(list(ticket.lines))
    milli = 1 + dice.below(3000) if line.code == WEIGHED else 1000 * (1 + dice.below(9))
    changed = _changed(ticket, replace(line, milli=milli))
    return Step(f"qty {line.n} {milli / 1000:.3f}", replace(counter, open=changed))


def _reduce(counter: Counter, ticket: Ticket, dice: Dice) -> Step:
    """A discount of a line or of the ticket within the cashier's own limit, or a price within the article's floor."""
    percent = 1 + dice.below(4)  # one of a line and one of the ticket together stay within 10 %
    able = [line for line in ticket.lines if line.code in DISCOUNTABLE and line.milli >= 500]
    if able and dice.below(3):
        line = dice.one_of(able)
        if line.code == BARGAIN and dice.below(2):
            fen = 4000 + dice.below(2000)
            changed = _changed(ticket, replace(line, override=fen))
            return Step(f"price {line.n} {fen / 100:.2f}", replace(counter, open=changed))
        changed = _changed(ticket, replace(line, percent=100 * percent))
        return Step(f"discount {line.n} {percent}%", replace(counter, open=changed))
    if able:
        return Step(f"discount all {percent}%", replace(counter, open=replace(ticket, percent=100 * percent)))
    return _quantity(counter, ticket, dice)


def _go_on_paying(counter: Counter, ticket: Ticket, dice: Dice) -> Step:
    """Split tenders: something by card or cash first, what is left in cash. Only tickets that are dear enough."""
    if len(ticket.paid) < 2 and dice.below(3):
        kind, fen = dice.one_of([("card", 1000 + dice.below(1000)), ("cash", 100 + dice.below(1000))])
        reference = " 308417" if kind == "card" else ""
        paid = replace(ticket, paid=(*ticket.paid, (kind, fen)))
        return Step(f"pay {kind} {fen / 100:.2f}{reference}", replace(counter, open=paid))
    return _settle(counter, ticket)


def _settle(counter: Counter, ticket: Ticket) -> Step:
    """Cash that is enough whatever was taken off."""
    enough = sum(-(-max(PRICES[line.code], line.override or 0) * line.milli // 1000) for line in ticket.lines)
    return Step(f"pay cash {enough / 100:.2f}", replace(counter, open=None), is_sale=True)

"""What a ticket costs, over generated tickets."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from posapp.money import ZERO, Money
from posapp.quantity import Quantity
from posapp.rules.cart import Cart, Discount, Line, from_bytes, to_bytes
from posapp.rules.loyalty import Guest
from posapp.rules.pricing import price, sale_lines, tax_sums
from posapp.streams import Benefit

money = st.integers(0, 10**7).map(Money)
discount = st.one_of(
    st.builds(Discount, percent=st.integers(1, 10_000), amount=st.just(ZERO)),
    st.builds(Discount, percent=st.just(0), amount=money),
)
line = st.builds(
    Line,
    n=st.just(0),
    article=st.sampled_from("ABC"),
    code=st.just("1"),
    name=st.just("面包"),
    unit=st.just("个"),
    qty=st.integers(1, 50_000).map(Quantity),
    price=money,
    lowest=st.just(ZERO),
    rate=st.sampled_from(["0.13", "0.09", "exempt"]),
    book=st.just(1),
    is_discountable=st.booleans(),
    override=st.none() | money,
    label=st.none() | money,
    discount=st.none() | discount,
)


@st.composite
def carts(draw: st.DrawFn) -> Cart:
    lines = draw(st.lists(line, min_size=1, max_size=12))
    for n, made in enumerate(lines, 1):
        made.n = n
    return Cart("t", 0, lines=lines, discount=draw(st.none() | discount), next_n=len(lines) + 1)


@given(carts())
def test_every_fen_has_a_reason_and_everything_adds_up(cart: Cart) -> None:
    priced = price(cart)
    assert priced.total.fen == sum(part.amount.fen for part in priced.lines)
    for part in priced.lines:
        assert part.amount.fen == part.gross.fen + sum(reason.fen for reason in part.reasons)
        assert part.amount.fen >= 0
    lines = sale_lines(priced)
    sums = tax_sums(lines)
    assert sum(held.amount for held in sums) == priced.total.fen
    assert sum(held.tax for held in sums) == sum(one.tax for one in lines)


@given(carts())
def test_a_ticket_discount_takes_just_what_it_says_from_lines_that_take_discounts(cart: Cart) -> None:
    priced = price(cart)
    without = price(Cart(cart.ticket, cart.opened, lines=cart.lines))
    open_to_it = sum(part.amount.fen for part in without.lines if part.line.is_discountable)
    off = without.total.fen - priced.total.fen
    if cart.discount is None:
        assert off == 0
    elif cart.discount.percent:
        assert abs(off - open_to_it * cart.discount.percent / 10_000) <= 1
    else:
        assert off == min(cart.discount.amount.fen, open_to_it)
    for before, after in zip(without.lines, priced.lines, strict=True):
        assert before.line.is_discountable or before.amount == after.amount


@given(carts())
def test_a_cart_kept_and_read_back_is_the_same_ticket(cart: Cart) -> None:
    again = from_bytes(to_bytes(cart))
    assert again == cart
    assert price(again) == price(cart)


@given(carts())
def test_the_order_of_scanning_does_not_change_the_total(cart: Cart) -> None:
    shuffled = Cart(cart.ticket, 0, lines=list(reversed(cart.lines)), discount=cart.discount)
    assert price(shuffled).total == price(cart).total


benefits = st.lists(
    st.builds(
        Benefit,
        id=st.sampled_from(["a", "b", "c", "d"]),
        kind=st.just("amount"),
        name=st.just(("礼", "gift")),
        fen=st.integers(1, 10**6),
        least=st.integers(0, 10**6),
        ends=st.sampled_from([0, 5, 20]),
        waits=st.integers(0, 1),
    ),
    max_size=4,
    unique_by=lambda made: made.id,
)


@given(carts(), benefits, st.sets(st.sampled_from(["a", "b", "c", "d"])))
def test_a_benefit_that_waits_counts_once_it_is_accepted_and_not_before(
    cart: Cart, promised: list[Benefit], accepted: set[str]
) -> None:
    cart.priced, cart.guest = 10, Guest("m", "", "", "", 0, benefits=promised, accepted=sorted(accepted))
    as_it_is = price(cart)
    used = {reason.id for one in as_it_is.lines for reason in one.reasons if reason.kind == "benefit"}
    assert used <= {promise.id for promise in promised if promise.id in accepted or not promise.waits}
    # the same as if those that wait were not there, and those that were accepted had never waited
    counting = [msgspec.structs.replace(one, waits=0) for one in promised if one.id in accepted or not one.waits]
    cart.guest = Guest("m", "", "", "", 0, benefits=counting)
    assert price(cart) == as_it_is


def test_accepting_says_which_benefit_and_no_other() -> None:
    promised = [Benefit(one, "amount", ("礼", "gift"), fen, waits=1) for one, fen in (("a", 1000), ("b", 5000))]
    guest = Guest("m", "", "", "", 0, benefits=promised)
    bread = Line(1, "A", "1", "面包", "个", Quantity(1_000), Money(9_000), ZERO, "0.13", 1)
    cart = Cart("t", 0, lines=[bread], guest=guest)
    assert price(cart).total == Money(9_000)
    cart.guest = guest.accepting("a").accepting("a")
    assert price(cart).total == Money(8_000)
    assert price(from_bytes(to_bytes(cart))).total == Money(8_000)
    cart.guest = cart.guest.accepting("b")
    assert price(cart).total == Money(4_000)

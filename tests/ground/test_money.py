"""Amounts and quantities: exact, conserved, and strict about what they read."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.errors import PosError
from posapp.money import Money, round_half_up, split
from posapp.quantity import Quantity
from posapp.rules.rounding import round_cash
from posapp.rules.tax import tax_in

fen = st.integers(-(10**11), 10**11)


@given(fen, st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_a_split_conserves_and_each_part_is_within_a_fen_of_exact(amount: int, weights: list[int]) -> None:
    parts = split(Money(amount), weights)
    assert sum(part.fen for part in parts) == amount
    if whole := sum(weights):
        assert all(abs(p.fen - Fraction(amount * w, whole)) < 1 for p, w in zip(parts, weights, strict=True))
        assert all(not p for p, w in zip(parts, weights, strict=True) if w == 0)


@given(fen)
def test_what_is_written_is_read_back(amount: int) -> None:
    assert Money.parse(str(Money(amount))) == Money(amount)


@given(st.integers(1, 999_999_999))
def test_quantities_are_read_back(milli: int) -> None:
    assert Quantity.parse(str(Quantity(milli))) == Quantity(milli)


@pytest.mark.parametrize("text", ["", "1.234", "1e2", ".5", "1.", "--1", "1,000", "NaN", "1 ", "²", "٣", "9" * 13])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(PosError, match="bad_amount"):
        Money.parse(text)


@pytest.mark.parametrize("text", ["0", "0.000", "1.2345", "-1", "1e2", "", "٣", "1234567"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(PosError, match="bad_quantity"):
        Quantity.parse(text)


def test_halves_go_away_from_zero() -> None:
    assert [round_half_up(n, 2) for n in (-3, -1, 1, 3)] == [-2, -1, 1, 2]


@given(st.integers(0, 10**9), st.sampled_from([1, 5, 10, 50, 100]), st.sampled_from(["half_up", "down"]))
def test_cash_rounding_gives_a_multiple_near_by(due: int, step: int, mode: str) -> None:
    rounded = round_cash(Money(due), step, mode).fen
    assert rounded % step == 0
    assert -step // 2 <= rounded - due <= step // 2 if mode == "half_up" else 0 <= due - rounded < step


def test_tax_contained_in_an_inclusive_price() -> None:
    # "12% included: 52.50" is net 46.88, tax 5.62 or 5.63 by where the half goes; ours rounds the tax half up
    assert tax_in(Money(5250), "0.12") == Money(563)
    assert tax_in(Money(11300), "0.13") == Money(1300)
    assert tax_in(Money(11300), "exempt") == tax_in(Money(11300), "none") == Money(0)
    with pytest.raises(ValueError, match="tax rate"):
        tax_in(Money(1), "13")


@given(fen, st.sampled_from(["0.13", "0.09", "0.06", "0.01", "0.175"]))
def test_tax_and_net_make_the_amount(amount: int, rate: str) -> None:
    tax = tax_in(Money(amount), rate).fen
    assert abs(tax - Fraction(amount) * Fraction(rate) / (1 + Fraction(rate))) <= Fraction(1, 2)

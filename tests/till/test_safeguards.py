"""What must not be got around, and what must not go wrong when something else does."""

from __future__ import annotations

import pytest
import sqlcipher3.dbapi2 as driver

from posapp.clock import DAY, SimulatedClock
from posapp.messages import ClockChanged
from posapp.rules.cart import Cart
from posapp.till import Till
from tests.shop import CASHIER, MANAGER, Chain, entries_of, last, play, refused, sales_of

BUN, MILK, LIPSTICK = "6900000000011", "6900000000028", "6900000000035"


@pytest.mark.parametrize(
    "lines",
    [
        [f"scan 20*{BUN}", "discount 1 13", "qty 1 2"],
        [f"scan {BUN}", f"scan 2*{LIPSTICK}", "discount all 18", "void 2"],
        [f"scan {LIPSTICK}", "discount 1 10%", "discount all 10%"],
    ],
)
def test_a_discount_that_has_grown_beyond_the_limit_is_stopped_at_the_till_drawer(till: Till, lines: list[str]) -> None:
    assert all(answer["ok"] for answer in play(till, *lines))
    assert refused(till, "pay cash 200") == "needs_approval"
    assert "receipt" in last(till, f"approve {' '.join(MANAGER)}")
    reasons = [reason for line in sales_of(till)[-1].lines for reason in line.why]
    assert {reason.by for reason in reasons} == {1003}


def test_small_discounts_within_the_limit_need_nobody(till: Till) -> None:
    assert "receipt" in last(till, f"scan {BUN}", f"scan {MILK}", "discount 1 10%", "discount 2 5%", "pay cash 50")


def test_change_beyond_all_measure_is_a_slip(till: Till) -> None:
    assert refused(till, f"scan {BUN}", "pay cash 99999999") == "too_much_cash"


def test_whoever_fails_to_sign_in_does_not_go_on_with_anothers_rights(till: Till) -> None:
    assert refused(till, f"sign-in {' '.join(MANAGER)}", "sign-in 1001 000000", f"scan {BUN}") == "not_signed_in"


def test_a_till_that_has_heard_nothing_from_hq_says_so(chain: Chain) -> None:
    assert refused(chain.open(*chain.enrol(1)), f"sign-in {' '.join(CASHIER)}") == "no_staff_yet"


def test_a_sale_stands_though_its_draft_cannot_be_cleared(
    chain: Chain, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full at the worst moment: the answer still comes, and a restart does not sell the ticket again."""
    play(till, f"scan {BUN}")

    def full(cart: Cart | None, now_ms: int) -> None:
        raise driver.OperationalError("database or disk is full")

    monkeypatch.setattr(till.books.drafts, "save", full)
    assert "receipt" in last(till, "pay cash 10")
    assert refused(till, f"scan {MILK}") == "disk_full"
    data, state = till.folder.path, chain.folder / "state1"
    chain.shut(till)
    till = chain.open(data, state)
    assert (last(till, "status")["ticket"], len(sales_of(till))) == (0, 1)


def test_a_clock_set_back_by_years_does_not_move_the_business_date(chain: Chain, till: Till) -> None:
    play(till, f"scan {BUN}", "pay cash 10", "network off")
    day = till.journal.business_date()
    data, state = till.folder.path, chain.folder / "state1"
    chain.shut(till)
    till = chain.open(data, state, clock=SimulatedClock(chain.clock.now_ms() - 6000 * DAY))
    play(till, f"sign-in {' '.join(CASHIER)}")
    assert "receipt" in last(till, f"scan {BUN}", "pay cash 10")
    entries = entries_of(till)
    assert any(isinstance(body, ClockChanged) for _, body in entries)
    assert {header.bd for header, _ in entries} == {day}
    assert entries[-1][0].cq == 1

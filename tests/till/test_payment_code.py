"""The shop's own payment code: approved once per outage, listed until somebody finds the money in the account."""

from __future__ import annotations

import pytest

from posapp.clock import MINUTE
from posapp.messages import ApprovalGiven, PaymentSettled
from posapp.till import Till
from posapp.verify import verify
from tests.shop import CASHIER, MANAGER, OTHER, Chain, entries_of, last, play, refused, sales_of

BUN, LIPSTICK = "6900000000011", "6900000000035"
APPROVE = f"approve {' '.join(MANAGER)}"


def approvals(till: Till) -> int:
    return sum(isinstance(body, ApprovalGiven) for _, body in entries_of(till))


def waiting(till: Till) -> list[dict[str, object]]:
    return list(last(till, "unmatched")["unmatched"])


def pass_time(chain: Chain) -> None:
    chain.clock.set(chain.clock.now_ms() + MINUTE)


@pytest.fixture
def offline(chain: Chain, till: Till) -> Till:
    """A till whose line went down a minute ago, with a first sale by code approved."""
    pass_time(chain)
    play(till, "network off")
    assert refused(till, f"scan {BUN}", "pay static 6.50") == "needs_approval"
    assert refused(till, f"approve {' '.join(OTHER)}") == "needs_approval"  # a lead may not
    assert "receipt" in last(till, APPROVE)
    return till


def test_one_approval_lasts_through_an_outage(chain: Chain, offline: Till) -> None:
    for _ in range(3):
        pass_time(chain)
        assert "receipt" in last(offline, f"scan {BUN}", "pay static 6.50")
    assert approvals(offline) == 1
    play(offline, f"sign-in {' '.join(OTHER)}")
    assert "receipt" in last(offline, f"scan {BUN}", "pay static 6.50")  # the outage is the till's, not a clerk's
    assert [row["clerk"] for row in waiting(offline)] == [1001] * 4 + [1002]


def test_it_ends_with_the_next_word_from_headquarters(chain: Chain, offline: Till) -> None:
    pass_time(chain)
    play(offline, "network on", "sync", "network off")
    assert refused(offline, f"scan {BUN}", "pay static 6.50") == "needs_approval"
    assert "receipt" in last(offline, APPROVE)
    assert approvals(offline) == 2


def test_it_ends_with_the_shift(offline: Till) -> None:
    play(offline, "close-shift 200", "open-shift 0")
    assert refused(offline, f"scan {BUN}", "pay static 6.50") == "needs_approval"


def test_a_manager_needs_nobody(till: Till) -> None:
    play(till, f"sign-in {' '.join(MANAGER)}")
    assert "receipt" in last(till, f"scan {BUN}", "pay static 6.50")
    play(till, f"sign-in {' '.join(CASHIER)}")
    assert refused(till, f"scan {BUN}", "pay static 6.50") == "needs_approval"


@pytest.mark.parametrize(
    ("pay", "code"),
    [
        ("pay static 6.51", "too_much"),
        ("pay static 0", "bad_amount"),
        ("pay static 1.00 6222021234567890", "needs_reference"),
    ],
)
def test_a_code_gives_no_change_and_takes_no_card_number(till: Till, pay: str, code: str) -> None:
    play(till, f"sign-in {' '.join(MANAGER)}")
    assert refused(till, f"scan {BUN}", pay) == code
    assert last(till, "status")["due"] == "6.50"


def test_it_splits_with_other_tenders(till: Till) -> None:
    play(till, f"sign-in {' '.join(MANAGER)}")
    assert last(till, f"scan {LIPSTICK}", "pay static 40")["due"] == "49.00"
    play(till, "pay static 9", "pay cash 40")
    assert [(row["n"], row["amount"]) for row in waiting(till)] == [(1, "40.00"), (2, "9.00")]
    assert [paid.kind for paid in sales_of(till)[-1].tenders] == ["static", "static", "cash"]


def test_a_tender_is_listed_until_it_is_matched_once(offline: Till) -> None:
    (row,) = waiting(offline)
    receipt = row["receipt"]
    assert refused(offline, f"match {receipt} 42") == "needs_statement"
    assert refused(offline, f"match {receipt} 6222021234567890") == "needs_statement"
    assert refused(offline, "match 9 4200000123") == "not_found"
    assert last(offline, "match 1 4200000123")["amount"] == "6.50"
    assert waiting(offline) == []
    assert refused(offline, f"match {receipt} 4200000123") == "nothing_to_match"
    (settled,) = [body for _, body in entries_of(offline) if isinstance(body, PaymentSettled)]
    sold = next(header for header, _ in entries_of(offline) if header.rn == receipt)
    assert (settled.sale, settled.receipt, settled.tender) == (sold.eid, receipt, 1)
    assert (settled.kind, settled.amount, settled.ref, settled.how) == ("static", 650, "4200000123", "by hand")
    assert verify(offline.folder, offline.keys.hq_key).sales == 1


def test_a_cash_sale_has_nothing_to_match(till: Till) -> None:
    play(till, f"scan {BUN}", "pay cash 6.50")
    assert refused(till, "match 1 4200000123") == "nothing_to_match"


def test_a_void_takes_it_off_the_list(offline: Till) -> None:
    (row,) = waiting(offline)
    play(offline, f"void-sale {row['receipt']} 没收到钱", APPROVE)
    assert waiting(offline) == []
    assert refused(offline, f"match {row['receipt']} 4200000123") == "nothing_to_match"


def test_the_list_is_read_without_reading_every_sale(till: Till) -> None:
    """Years of sales stand in the same table."""
    with till.folder.till.reading() as conn:
        plan = conn.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT tender.id FROM tender WHERE tender.kind = 'static' ORDER BY tender.id"
        ).all()
    assert "tender_static" in str(plan)

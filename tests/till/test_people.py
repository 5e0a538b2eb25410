"""Badges at the till: who they let in, what they approve, when they stop to."""

from __future__ import annotations

from hashlib import sha256

from posapp.messages import ApprovalGiven, TrainingLeft
from posapp.streams import StaffRow
from posapp.till import Till
from tests.shop import CASHIER, MANAGER, OTHER, Chain, entries_of, kinds, last, pin_hash, play, refused

LIPSTICK = "6900000000035"
BADGES = {CASHIER[0]: "K1" + "A" * 26, OTHER[0]: "K1" + "B" * 26, MANAGER[0]: "K1" + "C" * 26}
PEOPLE = {CASHIER: ("林小满", "cashier"), OTHER: ("周婷", "lead"), MANAGER: ("何志远", "manager")}


def give_badges(chain: Chain, till: Till) -> None:
    rows = {
        ("chain", number): StaffRow(
            int(number), name, role, pin_hash(pin), badge=sha256(BADGES[number].encode()).hexdigest()
        )
        for (number, pin), (name, role) in PEOPLE.items()
    }
    chain.publish("staff", rows)
    play(till, "sync")


def test_a_badge_signs_its_clerk_in_and_changes_the_clerk_of_an_open_ticket(chain: Chain, till: Till) -> None:
    give_badges(chain, till)
    play(till, f"scan {LIPSTICK}")
    assert last(till, f"scan {BADGES[OTHER[0]]}")["clerk"] == int(OTHER[0])
    assert last(till, "status")["ticket"] == 1
    play(till, "sign-out")
    assert last(till, f"scan {BADGES[CASHIER[0]]}")["name"] == "林小满"


def test_a_badge_lends_the_right_that_was_just_asked_for(chain: Chain, till: Till) -> None:
    give_badges(chain, till)
    play(till, f"scan {LIPSTICK}")
    assert refused(till, "price 1 60") == "needs_approval"
    assert last(till, f"scan {BADGES[MANAGER[0]]}")["price"] == "60.00"
    assert till.clerk
    assert till.clerk.number == int(CASHIER[0])
    (given,) = [(header.by, body) for header, body in entries_of(till) if isinstance(body, ApprovalGiven)]
    assert (given[0], given[1].action) == (int(MANAGER[0]), "price")


def test_nobody_approves_with_their_own_badge(chain: Chain, till: Till) -> None:
    give_badges(chain, till)
    play(till, f"scan {LIPSTICK}")
    assert refused(till, "price 1 60") == "needs_approval"
    play(till, f"scan {BADGES[CASHIER[0]]}")
    assert last(till, "status")["due"] == "89.00"


def test_a_lost_badge_opens_nothing_once_it_was_replaced(chain: Chain, till: Till) -> None:
    give_badges(chain, till)
    number, pin = CASHIER
    chain.publish("staff", {("chain", number): StaffRow(int(number), "林小满", "cashier", pin_hash(pin))})
    play(till, "sync", "sign-out")
    assert refused(till, f"scan {BADGES[number]}") == "wrong_badge"


def test_a_code_says_what_it_is_where_it_cannot_be_used_yet(till: Till) -> None:
    assert refused(till, "scan 134567890123456789") == "pay_code_unserved"
    assert refused(till, "scan １３４５６７８９０１２３４５６７８９") == "pay_code_unserved"
    assert refused(till, "scan C1ABCDEFGH23") == "code_unserved"
    assert refused(till, "scan 6999999999999") == "unknown_code"
    assert last(till, "status")["ticket"] == 0


def test_a_receipt_that_is_scanned_is_shown(till: Till) -> None:
    number = last(till, f"scan {LIPSTICK}", "pay cash 100")["receipt"]
    shown = last(till, f"scan {number}")
    assert (shown["receipt"], shown["total"]) == (number, "89.00")
    assert any("口红" in line for line in shown["text"])


def test_practice_stands_in_no_journal_and_leaves_the_shift_as_it_was(till: Till) -> None:
    play(till, f"scan {LIPSTICK}")
    assert refused(till, "training on") == "training_ticket"
    play(till, "cancel")
    before = last(till, "report x")
    assert last(till, "training on")["training"] is True
    play(till, "open-shift 100")
    practised = last(till, f"scan {LIPSTICK}", "pay cash 100")
    assert practised["change"] == "11.00"
    left = last(till, "training off")
    assert left["training"] is False
    assert last(till, "report x") == before
    assert kinds(till)[-2:] == ["training.entered", "training.left"]
    (told,) = [body for _, body in entries_of(till) if isinstance(body, TrainingLeft)]
    assert (told.sales, told.total) == (1, 8900)
    assert refused(till, f"reprint {practised['receipt']}") == "not_found"


def test_wrong_pins_count_in_practice_too(till: Till) -> None:
    play(till, f"scan {LIPSTICK}", "cancel")
    for _ in range(5):
        play(till, "training on", f"sign-in {MANAGER[0]} 00000000", f"sign-in {' '.join(CASHIER)}", "training off")
    assert refused(till, f"sign-in {' '.join(MANAGER)}") == "pin_locked"

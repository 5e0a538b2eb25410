"""A kill between two commits of one verb: what the journal says has happened, and the open ticket agrees with it."""

from __future__ import annotations

import pytest

from tests.museum.make import BUN, MILK
from tests.shop import CASHIER, Chain, last, play, refused


class Killed(BaseException):
    """The program ended here."""


def killed(*_: object) -> None:
    raise Killed


@pytest.mark.parametrize(("line", "left"), [("cancel", 0), ("void 1", 1), ("scan 2*6900000000035", 2)])
def test_a_ticket_follows_the_journal_after_a_kill(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, line: str, left: int
) -> None:
    data, state = chain.enrol(1)
    till = chain.open(data, state)
    till.sync()
    play(till, f"sign-in {' '.join(CASHIER)}", "open-shift 0.00", f"scan {BUN}", f"scan {MILK}")
    with monkeypatch.context() as patched:
        patched.setattr(till._drafts, "save", killed)
        with pytest.raises(Killed):
            play(till, line)
    chain.shut(till)
    till = chain.open(data, state)
    assert till.status().ticket == left


def test_a_cancelled_ticket_is_not_sold_after_a_kill(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """The customer got back what had been paid; it must not count as paid again."""
    data, state = chain.enrol(1)
    till = chain.open(data, state)
    till.sync()
    play(till, f"sign-in {' '.join(CASHIER)}", "open-shift 0.00", f"scan {BUN}", "pay cash 5.00")
    with monkeypatch.context() as patched:
        patched.setattr(till._drafts, "save", killed)
        with pytest.raises(Killed):
            play(till, "cancel")
    chain.shut(till)
    till = chain.open(data, state)
    play(till, f"sign-in {' '.join(CASHIER)}")
    assert refused(till, "pay cash 1.50") == "empty_ticket"
    assert last(till, "report x")["sales"] == 0

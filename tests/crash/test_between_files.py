"""A kill between two commits of one verb: what the journal says has happened, and the open ticket agrees with it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from posapp.till import Till
from tests.museum.make import BUN, MILK
from tests.shop import CASHIER, Chain, last, play, refused

SIGN_IN = f"sign-in {' '.join(CASHIER)}"


def killed_in(chain: Chain, line: str, *before: str) -> Till:
    """A till that was killed when a line's entry was in the journal and draft.db did not know of it yet."""
    data, state = chain.enrol(1)
    till = chain.open(data, state)
    till.sync()
    play(till, SIGN_IN, "open-shift 0.00", *before)
    kept = chain.folder / "kept"
    kept.mkdir()
    for path in drafts(data):
        shutil.copy(path, kept / path.name)
    assert last(till, line)["ok"]
    chain.shut(till)
    for path in drafts(data):
        path.unlink()
    for path in drafts(kept):
        shutil.copy(path, data / path.name)
    return chain.open(data, state)


def drafts(folder: Path) -> list[Path]:
    return [path for path in folder.glob("draft.db*") if not path.name.endswith("-shm")]


@pytest.mark.parametrize(("line", "left"), [("pay cash 99.00", 0), ("cancel", 0), ("void 1", 1), ("void 2", 1)])
def test_a_ticket_follows_the_journal_after_a_kill(chain: Chain, line: str, left: int) -> None:
    till = killed_in(chain, line, f"scan {BUN}", f"scan {MILK}")
    assert till.status().ticket == left


def test_a_line_voided_at_a_kill_is_the_one_that_is_gone(chain: Chain) -> None:
    till = killed_in(chain, "void 1", f"scan {BUN}", f"scan 2*{MILK}")
    play(till, SIGN_IN)
    assert refused(till, "void 1") == "no_such_line"
    assert last(till, "pay cash 25.80")["total"] == "25.80"


def test_a_cancelled_ticket_is_not_sold_after_a_kill(chain: Chain) -> None:
    """The customer got back what had been paid; it must not count as paid again."""
    till = killed_in(chain, "cancel", f"scan {BUN}", "pay cash 5.00")
    play(till, SIGN_IN)
    assert refused(till, "pay cash 1.50") == "empty_ticket"
    assert last(till, "report x")["sales"] == 0


def test_other_tickets_stay_as_they_were(chain: Chain) -> None:
    till = killed_in(chain, "cancel", f"scan {BUN}", "park 王阿姨", f"scan {MILK}")
    play(till, SIGN_IN)
    assert last(till, "recall 王阿姨")["due"] == "6.50"

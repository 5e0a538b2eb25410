"""A dormant member at a real till: HQ's hint and gift arrive, one key gives it, and what came of it is HQ's again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from posapp.clock import DAY, HOUR
from posapp.hq import feed
from posapp.hq.flows import plans
from posapp.hq.flows.flowing import pause, resume
from posapp.hq.flows.plans import Wanted
from posapp.hq.flows.report import report
from posapp.hq.flows.tables import flow_contact
from posapp.hq.members.tables import benefit
from posapp.messages import HintShown
from posapp.money import Money
from posapp.streams import HintRow
from posapp.sync.pull import kept_row
from posapp.till import Till
from tests.hq.flows.test_flows import GIFT
from tests.joining import follow, joins
from tests.shop import Chain, last, open_chain, play
from tests.till.test_members import BUN, PHONE

AWAY = 97


@pytest.fixture
def dormant_chain(tmp_path: Path, database_url: str) -> Iterator[Chain]:
    with open_chain(tmp_path, database_url) as opened:
        yield opened


def work(chain: Chain) -> None:
    chain.http.app.state.hq.evening.keep_up()  # type: ignore[attr-defined]  # before flows pick by it
    follow(chain)


def hint_at(till: Till, ref: str) -> HintRow | None:
    till.sync()
    with till.folder.feed.reading() as conn:
        return kept_row(conn, "hints", ref, HintRow)


def asleep(chain: Chain) -> tuple[Till, str]:
    """A member who bought once, and a till 97 days later."""
    till = chain.till()
    ref = joins(chain, PHONE).ref
    till.sync()
    play(till, f"member {PHONE}", f"scan {BUN}", "pay cash 10")
    till.sync()
    work(chain)
    chain.clock.set(chain.clock.now_ms() + AWAY * DAY + 2 * HOUR)
    wanted = Wanted(holdout=0, **GIFT)  # type: ignore[arg-type]
    plans.add(chain.database, chain.clock, "wake", "唤醒/Wake up", wanted)
    work(chain)
    return till, ref


def test_from_the_hint_to_the_wake_rate(dormant_chain: Chain) -> None:
    chain = dormant_chain
    till, ref = asleep(chain)
    told = hint_at(till, ref)
    assert told
    assert told.prompt[0] == "97天未到店 · 有唤醒礼10元"
    play(till, f"member {PHONE}", f"scan 3*{BUN}")
    assert till.sale.priced
    assert till.sale.priced.total == Money(1_950)  # nothing is given before it is accepted
    guest = till.sale.cart.guest if till.sale.cart else None
    assert guest
    till.sale.set_guest(guest.accepting(told.benefit), till.clerk.number if till.clerk else 0)
    assert till.sale.priced.total == Money(950)
    play(till, f"member {PHONE}")  # recognised once more: it stays accepted
    assert till.sale.priced.total == Money(950)
    with till.journal.writing() as writing:
        assert till.sale.cart
        writing.append(HintShown(told.id, ref, till.sale.cart.ticket, "accepted", 4), 1001)
    assert last(till, "pay cash 10")["change"] == "0.50"
    till.sync()
    work(chain)
    with chain.database.reading() as conn:
        (contact,) = conn.execute(select(flow_contact)).all()
        found = report(conn, "wake", chain.clock.now_ms())
        used = conn.execute(select(benefit.c.state).where(benefit.c.id == told.benefit)).scalar_one()
    assert (contact.ref, contact.away, contact.outcome, contact.state) == (ref, AWAY, "accepted", "bought")
    assert used == "used"
    assert (found["contacted"]["woken"], found["contacted"]["dormant"]) == (1, 1)
    assert found["steps"]["hints"] == {"accepted": 1}
    assert hint_at(till, ref) is None
    answer = last(till, f"member {PHONE}", f"scan 3*{BUN}")
    assert answer["due"] == "19.50"


def test_a_paused_flows_hint_is_gone_from_the_till_and_comes_back(dormant_chain: Chain) -> None:
    chain = dormant_chain
    till, ref = asleep(chain)
    assert hint_at(till, ref)
    with chain.database.transaction() as conn:
        feed.publish(conn, pause(conn, "wake", chain.clock.now_ms()))
    assert hint_at(till, ref) is None
    with chain.database.transaction() as conn:
        feed.publish(conn, resume(conn, "wake", chain.clock.now_ms()))
    told = hint_at(till, ref)
    assert told
    assert told.ends == chain.clock.now_ms() + 14 * DAY

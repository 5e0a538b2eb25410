"""First, last and linear give away exactly what was sold, and each sale to what came before it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from posapp.clock import DAY, HOUR
from posapp.hq.joining.codes import make_static, note_open, read_code
from posapp.hq.rewards.attribution import MODELS, NONE, WINDOW_MS, Touch, attribution, attribution_text, credited
from tests.hq.rewards.house import House
from tests.shop import CASHIER, play
from tests.till.test_members import BUN, MILK

TOUCHES = st.builds(Touch, st.integers(0, 3 * WINDOW_MS), st.sampled_from(("badge", "receipt", "hint")), st.text("ab"))


@given(st.lists(TOUCHES, max_size=7), st.integers(0, 3 * WINDOW_MS), st.integers(-100_000, 100_000))
def test_every_model_gives_away_what_was_sold(touches: list[Touch], paid: int, net: int) -> None:
    told = credited(touches, paid, net)
    assert {model: sum(parts.values()) for model, parts in told.items()} == dict.fromkeys(MODELS, net)
    before = [touch for touch in touches if paid - WINDOW_MS <= touch.at <= paid]
    assert {channel for parts in told.values() for channel in parts} <= {touch.channel for touch in before} | {NONE}


def test_three_touches_are_credited_side_by_side(house: House) -> None:
    chain = house.chain
    house.join(house.badge(CASHIER), "13900000001", "browser1")
    house.later(HOUR)
    with chain.database.transaction() as conn:  # the same browser opens the code of an event, and of a stand
        for kind in ("event", "stand"):
            text = make_static(conn, chain.keys, kind, chain.clock.now_ms(), store=1)
            note_open(conn, "browser1", read_code(conn, chain.keys, text, chain.clock.now_ms()), chain.clock.now_ms())
            chain.clock.set(chain.clock.now_ms() + HOUR)
    house.follow()
    play(house.till, "member 13900000001", f"scan {MILK}", "pay cash 20")  # 12.90 in three parts
    play(house.till, f"scan {BUN}")
    receipt = play(house.till, "pay cash 10")[-1]["receipt"]  # nobody's
    play(house.till, f"scan 2*{BUN}", "pay cash 20")  # nobody's, 13.00
    house.void(receipt)
    house.follow()
    with chain.database.reading() as conn:
        told = attribution(conn, "2026-11-22", "2026-11-22", 1)
    assert told["sales"] == "25.90"
    assert told["credited"] == dict.fromkeys(MODELS, "25.90")
    rows = {row["channel"]: (row["first"], row["last"], row["linear"]) for row in told["channels"]}
    assert rows == {
        "badge": ("12.90", "0.00", "4.30"),
        "event": ("0.00", "0.00", "4.30"),
        "stand": ("0.00", "12.90", "4.30"),
        NONE: ("13.00", "13.00", "13.00"),
    }
    assert attribution_text(told).splitlines()[-1].split() == ["合计", "25.90", "25.90", "25.90"]
    house.later(40 * DAY)
    play(house.till, "member 13900000001", f"scan {BUN}", "pay cash 10")  # too long after
    house.follow()
    with chain.database.reading() as conn:
        later = attribution(conn, "2027-01-01", "2027-01-02")
    assert [row["channel"] for row in later["channels"]] == [NONE]
    assert "none" in attribution_text(later, "en")

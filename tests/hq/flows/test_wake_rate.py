"""The wake rate: of a set frozen at contact, by purchases in 14 days whenever HQ hears of them, beside a holdout's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text, update

from posapp.clock import DAY, HOUR
from posapp.hq.care.tables import hint
from posapp.hq.flows.reaching import HOLDOUT, TREATED
from posapp.hq.flows.report import report_text
from posapp.hq.flows.tables import flow_contact
from posapp.hq.joining.tables import claim
from posapp.hq.members.identity import merge_persons
from posapp.hq.tables import refund, sale
from posapp.ids import seeded_chance
from posapp.rules.join_token import FIRST_DAY, Token, make
from posapp.rules.proportions import FEW, LEAST_COMPARED, difference, interval
from tests.hq.flows.dormant import TEN, Dormant, below, blank
from tests.hq.flows.test_flows import GIFT

WOKEN = """
SELECT c.arm, count(*) AS persons,
       sum(CASE WHEN EXISTS (
           SELECT 1 FROM sale s JOIN person p ON p.ref = s.member JOIN person q ON q.ref = c.ref
           WHERE p.root = q.root AND s.paid >= c.at AND s.paid <= c.at + 14 * 86400000 AND s.total > 0
             AND NOT EXISTS (SELECT 1 FROM refund r WHERE r.sale = s.event AND r.kind = 'void')
       ) THEN 1 ELSE 0 END) AS woken
FROM flow_contact c WHERE c.flow = 'wake' AND c.dormant = 1 GROUP BY c.arm
"""


def by_sql(dormant: Dormant) -> dict[str, tuple[int, int]]:
    with dormant.database.reading() as conn:
        return {row.arm: (int(row.woken), int(row.persons)) for row in conn.execute(text(WOKEN))}


def told(dormant: Dormant) -> dict[str, tuple[int, int]]:
    found = dormant.report()
    return {
        arm: (found[name]["woken"], found[name]["dormant"])
        for arm, name in (("treated", "contacted"), ("holdout", "holdout"))
        if found[name]["dormant"]
    }


def test_the_rates_of_both_arms_are_those_of_an_independent_query(dormant: Dormant) -> None:
    chance = seeded_chance(5)
    refs = [dormant.member(n, away=61 + n) for n in range(60)]
    dormant.flow(**GIFT, holdout=30, most=10)
    for _ in range(8):
        dormant.tomorrow()
    for ref in refs:
        for _ in range(below(chance, 3)):
            dormant.buys(ref, TEN + below(chance, 40 * DAY), total=(0, 500, 900)[below(chance, 3)])
    dormant.tomorrow(30)
    found = told(dormant)
    assert found == by_sql(dormant)
    assert 0 < found["treated"][0] < found["treated"][1]
    assert 0 < found["holdout"][0] < found["holdout"][1]
    whole = dormant.report()
    assert sum(day["contacted"]["woken"] for day in whole["days"]) == found["treated"][0]
    assert sum(day["holdout"]["dormant"] for day in whole["days"]) == found["holdout"][1]
    rate = found["treated"][0] / found["treated"][1] - found["holdout"][0] / found["holdout"][1]
    assert whole["uplift"] == f"{rate * 100:+.1f}"
    low, high = map(float, whole["uplift_interval"])
    assert low < rate * 100 < high


def test_the_window_opens_at_the_contact_and_ends_after_fourteen_days(dormant: Dormant) -> None:
    refs = [dormant.member(n, away=90) for n in range(5)]
    dormant.flow(**GIFT)
    dormant.work()
    for ref, paid in zip(refs, (TEN - 1, TEN, TEN + 14 * DAY, TEN + 14 * DAY + 1), strict=False):
        dormant.buys(ref, paid)
    assert told(dormant) == {"treated": (2, 5)}


def test_who_was_active_at_contact_does_not_count_and_the_set_stays_as_it_was(dormant: Dormant) -> None:
    active, dormant_one = dormant.member(1, away=3), dormant.member(2, away=90)
    dormant.flow("hello", **GIFT, segment="new")
    dormant.flow(**GIFT)
    dormant.work()
    assert dormant.report("hello")["contacted"] == {
        "persons": 1,
        "bought": 0,
        "dormant": 0,
        "woken": 0,
        "wake_rate": "—",
        "interval": None,
        "few": False,
    }
    dormant.buys(dormant_one, TEN + DAY)
    dormant.buys(active, TEN + DAY)
    dormant.tomorrow(5)  # active now, and still counted among the dormant ones
    assert told(dormant) == {"treated": (1, 1)}
    assert dormant.report("hello")["contacted"]["bought"] == 1


def test_late_sync_changes_the_rate_and_says_updated(dormant: Dormant) -> None:
    ref = dormant.member(1, away=90)
    dormant.member(2, away=90)
    dormant.flow(**GIFT)
    dormant.work()
    dormant.tomorrow(1)
    found = dormant.report()
    assert (found["contacted"]["wake_rate"], found["figures_state"]) == ("0.0%", "provisional")
    dormant.tomorrow(20)
    assert dormant.report()["figures_state"] == "final"
    dormant.buys(ref, TEN + 2 * DAY, heard=dormant.clock.now, till=2)  # a till that was offline
    dormant.work()
    found = dormant.report()
    assert (found["contacted"]["wake_rate"], found["figures_state"], found["late"]) == ("50.0%", "updated", 1)
    assert found["updated"].startswith("2026-12-14")
    head = report_text(found, "Asia/Shanghai").splitlines()[1]
    assert head == "唤醒率 50.0% (1/2) · 对照 — (0/0) · 已定 · 已更新 12-14 10:00"
    assert "final · updated 12-14 10:00" in report_text(found, "Asia/Shanghai", "en")


@pytest.mark.parametrize("held", [LEAST_COMPARED - 1, LEAST_COMPARED])
def test_a_holdout_of_a_handful_tells_no_rate_and_no_uplift(dormant: Dormant, held: int) -> None:
    refs = [dormant.member(n, away=90) for n in range(2 * LEAST_COMPARED)]
    dormant.flow(**GIFT, holdout=50)
    dormant.work()
    with dormant.database.transaction() as conn:
        for n, ref in enumerate(refs):
            arm = HOLDOUT if n < held else TREATED
            conn.execute(update(flow_contact).where(flow_contact.c.ref == ref).values(arm=arm))
    found = dormant.report()
    is_told = held == LEAST_COMPARED
    assert (found["holdout"]["dormant"], found["holdout"]["woken"]) == (held, 0)
    assert (found["holdout"]["wake_rate"], found["holdout"]["few"]) == ("0.0%" if is_told else "—", not is_told)
    assert (found["holdout"]["interval"] is None) != is_told
    assert found["uplift"] == ("+0.0" if is_told else None)
    assert (FEW[0] in report_text(found, "Asia/Shanghai")) != is_told
    assert (FEW[1] in report_text(found, "Asia/Shanghai", "en")) != is_told
    assert found["contacted"]["wake_rate"] == "0.0%"


def test_a_claimed_ticket_wakes_and_a_voided_one_does_not(dormant: Dormant) -> None:
    by_claim, voided = dormant.member(1, away=90), dormant.member(2, away=90)
    dormant.flow(**GIFT)
    dormant.work()
    walk_in = dormant.buys("", TEN + DAY)
    undone = dormant.buys(voided, TEN + DAY)
    token = make(Token(1, 1, 0, "receipt", 1, FIRST_DAY, 1), bytes(32))
    claimed = {"stem": "s", "token": token, "ref": by_claim, "state": "done", "sale": walk_in}
    with dormant.database.transaction() as conn:
        conn.execute(claim.insert(), {**blank(claim), **claimed})
        conn.execute(refund.insert(), {**blank(refund), "jid": "j1", "kind": "void", "sale": undone})
    assert told(dormant) == {"treated": (1, 2)}
    dormant.tomorrow()
    assert {ref: row.state for ref, row in dormant.contacts().items()} == {by_claim: "bought", voided: "bought"}
    assert dormant.told("hints") == {}


def test_two_who_turn_out_to_be_one_count_once(dormant: Dormant) -> None:
    one, other = dormant.member(1, away=90), dormant.member(2, away=90)
    dormant.flow(**GIFT)
    dormant.work()
    dormant.buys(one, TEN + DAY)
    with dormant.database.transaction() as conn:
        merge_persons(conn, dormant.desk.means, one, other, "person", "test")
    assert told(dormant) == {"treated": (1, 1)}


# --- outcomes ---


@pytest.mark.parametrize("outcome", ["accepted", "declined", "ignored"])
def test_an_outcome_is_kept_and_the_hint_comes_on_no_ticket_again(dormant: Dormant, outcome: str) -> None:
    ref = dormant.member(1, away=90)
    dormant.flow(**GIFT)
    dormant.work()
    dormant.shown("wake", ref, outcome, TEN + HOUR)
    dormant.work()
    (contact,) = dormant.contacts().values()
    assert (contact.outcome, contact.outcome_at) == (outcome, TEN + HOUR)
    assert dormant.told("hints") == {}
    assert dormant.report()["steps"]["hints"] == {outcome: 1}
    dormant.tomorrow()
    assert dormant.told("hints") == {}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_the_order_in_which_tills_come_does_not_change_an_outcome(dormant: Dormant, order: tuple[int, ...]) -> None:
    ref = dormant.member(1, away=90)
    dormant.flow(**GIFT)
    dormant.work()
    told_by = [("ignored", TEN + HOUR), ("accepted", TEN + 3 * HOUR), ("accepted", TEN + 2 * HOUR)]
    for place in order:
        dormant.shown("wake", ref, *told_by[place])
        dormant.work()
    (contact,) = dormant.contacts().values()
    assert (contact.outcome, contact.outcome_at) == ("accepted", TEN + 2 * HOUR)


def test_a_hint_that_is_no_flows_and_nonsense_change_nothing(dormant: Dormant) -> None:
    ref = dormant.member(1, away=90)
    dormant.flow(**GIFT)
    dormant.work()
    before = dormant.contacts()
    dormant.shown("other", ref, "accepted", TEN + HOUR)
    dormant.shown("wake", "nobody", "accepted", TEN + HOUR)
    dormant.shown("wake", ref, "sung", TEN + HOUR)
    dormant.work()
    assert dormant.contacts() == before


def test_who_buys_is_asked_no_more(dormant: Dormant) -> None:
    ref = dormant.member(1, away=90)
    dormant.flow(**GIFT)
    dormant.work()
    event = dormant.buys(ref, TEN + DAY)
    dormant.work()
    (contact,) = dormant.contacts().values()
    assert (contact.state, contact.sale) == ("bought", event)
    assert [row.ends for row in dormant.rows(hint)] == [dormant.clock.now]
    assert dormant.told("hints") == {}


# --- intervals ---


@given(st.integers(0, 300), st.integers(1, 300))
def test_an_interval_holds_its_rate_and_narrows_with_more_persons(top: int, bottom: int) -> None:
    top = min(top, bottom)
    low, high = interval(top, bottom)
    assert 0 <= low <= top / bottom + 1e-12
    assert top / bottom - 1e-12 <= high <= 1
    wide, more = high - low, interval(top * 4, bottom * 4)
    assert more[1] - more[0] < wide


def test_known_intervals() -> None:
    assert [round(one, 4) for one in interval(81, 263)] == [0.2553, 0.3662]  # Newcombe 1998, Wilson
    assert [round(one, 4) for one in difference((56, 70), (48, 80))] == [0.0524, 0.3339]  # the same, method 10
    assert [round(one, 4) for one in difference((9, 10), (3, 10))] == [0.1705, 0.8090]


def test_nothing_is_known_of_nobody(dormant: Dormant) -> None:
    dormant.flow(**GIFT)
    found: dict[str, Any] = dormant.report()
    assert (found["uplift"], found["contacted"]["wake_rate"], found["days"]) == (None, "—", [])
    assert dormant.rows(sale) == []

"""A flow reaches whom it is for, once, within its caps and hours; its holdout gets nothing and is counted."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from posapp.clock import DAY, HOUR
from posapp.errors import PosError
from posapp.hq.care import scripts
from posapp.hq.care.tables import hint
from posapp.hq.flows import flowing, reaching
from posapp.hq.flows.flowing import Flowing
from posapp.hq.flows.tables import flow, flow_contact
from posapp.hq.joining.offers import Period
from posapp.hq.members import wishes
from posapp.hq.members.identity import merge_persons
from posapp.hq.members.tables import benefit
from posapp.hq.tasks.tables import lead
from posapp.hq.texts import outbox
from posapp.hq.texts.tables import text_message
from posapp.ids import seeded_chance
from posapp.streams import HintRow, LeadRow, MemberRow
from tests.hq.flows.dormant import TEN, Dormant
from tests.hq.shop import on_sqlite

GIFT = {"off": "10", "gift_name": "唤醒礼10元/¥10 off", "hint": "dormant"}
TEXT = {"text": "好久不见,有礼等您/We kept something for you", "link": "https://s.example/w"}


def test_a_dormant_member_gets_a_gift_that_waits_and_one_hint_that_says_so(dormant: Dormant) -> None:
    ref = dormant.member(1, away=97)
    active = dormant.member(2, away=3)
    dormant.flow(**GIFT)
    dormant.work()
    (contact,) = dormant.contacts().values()
    assert (contact.ref, contact.arm, contact.at, contact.away, contact.dormant) == (ref, "treated", TEN, 97, 1)
    assert contact.action == "benefit hint"
    told = msgspec.json.decode(dormant.told("hints")["store:1", ref], type=HintRow)
    assert told.prompt == ("97天未到店 · 有唤醒礼10元", "97 days away · ¥10 off")
    assert (told.scene, told.flow, told.ends) == ("dormant", "wake", TEN + 14 * DAY)
    (promise,) = msgspec.json.decode(dormant.told("members")["store:1", ref], type=MemberRow).benefits
    assert (promise.id, promise.fen, promise.waits) == (told.benefit, 1_000, 1)
    assert ("store:1", active) not in dormant.told("hints")


def test_nobody_is_reached_before_the_hour_and_each_once_for_ever(dormant: Dormant) -> None:
    dormant.member(1, away=97)
    dormant.flow(**GIFT, hour=11)
    dormant.work()
    assert dormant.contacts() == {}
    dormant.clock.now += HOUR
    for _ in range(40):
        dormant.tomorrow()
    assert len(dormant.rows(benefit)) == len(dormant.rows(hint)) == len(dormant.contacts()) == 1


def test_the_prompt_counts_the_days_on(dormant: Dormant) -> None:
    ref = dormant.member(1, away=97)
    dormant.flow(**GIFT)
    dormant.work()
    dormant.tomorrow(3)
    told = msgspec.json.decode(dormant.told("hints")["store:1", ref], type=HintRow)
    assert told.prompt[0].startswith("100天未到店")
    assert told.ends == TEN + 14 * DAY


def test_a_holdout_gets_nothing_and_is_the_same_whenever_it_is_asked(dormant: Dormant) -> None:
    refs = [dormant.member(n, away=70 + n, agrees=True) for n in range(40)]
    dormant.flow(**GIFT, **TEXT, lead="致电问候/Call", holdout=50)
    dormant.work()
    held = {ref for ref, row in dormant.contacts().items() if row.arm == "holdout"}
    assert held == {ref for ref in refs if reaching.arm_of("wake", ref, 50) == "holdout"}
    assert 8 <= len(held) <= 32
    for table in (benefit, hint, lead, text_message):
        assert held.isdisjoint({row.ref for row in dormant.rows(table)}), table.name
        assert len(dormant.rows(table)) == len(refs) - len(held), table.name
    assert held.isdisjoint({key for _, key in dormant.told("hints")})
    dormant.tomorrow()
    assert {ref for ref, row in dormant.contacts().items() if row.arm == "holdout"} == held


@on_sqlite
def test_preview_counts_both_arms_and_does_nothing(dormant: Dormant) -> None:
    for n in range(30):
        dormant.member(n, away=61 + n)
    dormant.member(90, away=61)
    dormant.flow(**GIFT, holdout=30)
    dormant.figure()
    with dormant.database.reading() as conn:
        counts = flowing.preview(conn, dormant.desk.means, "wake", None).counts
    assert counts["treated"] + counts["holdout"] == 31
    assert dormant.contacts() == {}
    assert dormant.rows(benefit) == []
    dormant.work()
    arms = [row.arm for row in dormant.contacts().values()]
    assert {arm: arms.count(arm) for arm in set(arms)} == counts
    with dormant.database.reading() as conn:
        assert flowing.preview(conn, dormant.desk.means, "wake", None).counts == {"been": 31}


# --- texts ---


def test_a_text_goes_once_to_those_who_agreed_and_is_not_written_at_night(dormant: Dormant) -> None:
    agrees, silent = dormant.member(1, away=80, agrees=True), dormant.member(2, away=80)
    gone = dormant.member(3, away=80, agrees=True)
    with dormant.database.transaction() as conn:
        outbox.suppress(conn, dormant.desk.vault, "+8613900000003", "reply", dormant.clock.now)
    dormant.flow(**TEXT)
    dormant.clock.now = TEN + 11 * HOUR  # nine in the evening
    dormant.work()
    dormant.clock.now = TEN + 22 * HOUR  # eight in the morning, before its hour
    dormant.work()
    assert dormant.rows(text_message) == []
    dormant.clock.now = TEN + DAY
    dormant.work()
    for _ in range(3):
        dormant.tomorrow()
    (message,) = dormant.rows(text_message)
    assert (message.ref, message.template, message.kind, message.due) == (agrees, "offer", "promotion", TEN + DAY)
    assert set(dormant.contacts()) == {agrees}
    assert silent not in dormant.contacts()
    assert gone not in dormant.contacts()


def test_a_text_that_waits_at_night_leaves_in_the_morning(dormant: Dormant) -> None:
    dormant.member(1, away=80, agrees=True)
    dormant.flow(**TEXT)
    dormant.work()
    (message,) = dormant.rows(text_message)
    with dormant.database.reading() as conn:

        def may_send(*asked: Any) -> bool:
            return wishes.may_send(dormant.clock, *asked)

        assert outbox.held_back(conn, message, TEN, may_send) is None
        assert outbox.held_back(conn, message, TEN + 11 * HOUR, may_send) == ("queued", "quiet_hours", TEN + 23 * HOUR)


def test_who_cannot_have_the_text_still_has_the_hint_and_who_refused_use_of_what_is_known_has_neither(
    dormant: Dormant,
) -> None:
    silent, refuses = dormant.member(1, away=80), dormant.member(2, away=80, agrees=True)
    dormant.consents(refuses, "personal", 0)
    dormant.flow(**TEXT, **GIFT)
    dormant.work()
    assert {ref: row.action for ref, row in dormant.contacts().items()} == {silent: "benefit hint"}


# --- caps ---


def test_no_more_a_day_than_it_may_and_the_rest_on_the_next_days(dormant: Dormant) -> None:
    for n in range(7):
        dormant.member(n, away=70 + n)
    dormant.flow(**GIFT, most=3)
    dormant.work()
    assert len(dormant.contacts()) == 3
    dormant.pause()
    dormant.resume()
    dormant.work()
    assert len(dormant.contacts()) == 3
    dormant.tomorrow()
    dormant.tomorrow()
    assert len(dormant.contacts()) == 7


def test_two_servers_that_pick_at_once_reach_nobody_twice_and_keep_the_cap(dormant: Dormant) -> None:
    for n in range(6):
        dormant.member(n, away=70 + n)
    dormant.flow(**GIFT, most=4)
    dormant.figure()
    others = [Flowing(dormant.database, dormant.desk.vault, dormant.clock, seeded_chance(n)) for n in (1, 2, 3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda other: other.pick(), others))
    assert len(dormant.contacts()) == len(dormant.rows(benefit)) == 4


def test_no_other_flow_reaches_a_person_for_so_many_days(dormant: Dormant) -> None:
    dormant.member(1, away=80)
    dormant.flow("first", **GIFT, apart=10)
    dormant.work()
    dormant.flow("second", **GIFT, apart=3)
    for _ in range(9):
        dormant.tomorrow()
    assert [row.flow for row in dormant.rows(flow_contact)] == ["first"]
    dormant.tomorrow()
    assert [row.flow for row in dormant.rows(flow_contact)] == ["first", "second"]


def test_a_merged_member_is_not_reached_again_under_the_other_id(dormant: Dormant) -> None:
    one = dormant.member(1, away=80)
    dormant.flow(**GIFT)
    dormant.work()
    other = dormant.desk.person()
    with dormant.database.transaction() as conn:
        merge_persons(conn, dormant.desk.means, other, one, "person", "test")
    dormant.tomorrow()
    assert len(dormant.contacts()) == 1
    assert set(dormant.contacts()) == {one}


# --- stores, days, an end ---


@on_sqlite
def test_a_hint_lives_no_longer_than_its_gift(dormant: Dormant) -> None:
    dormant.member(1, away=80)
    dormant.flow(**GIFT, gift_days=3)
    dormant.work()
    assert [row.ends for row in dormant.rows(hint)] == [row.ends for row in dormant.rows(benefit)] == [TEN + 3 * DAY]


@on_sqlite
def test_stores_least_days_and_the_end_date_are_kept(dormant: Dormant) -> None:
    far, near = dormant.member(1, away=120, store=2), dormant.member(2, away=70, store=2)
    dormant.member(3, away=120, store=1)
    dormant.flow(**GIFT, stores=["2"], away=90)
    dormant.flow("short", **GIFT, stores=["1"], away=90, period=Period(None, "2026-11-25T12:00"))
    dormant.work()
    assert {row.ref for row in dormant.rows(flow_contact) if row.flow == "wake"} == {far}
    (short,) = [row for row in dormant.rows(hint) if row.flow == "short"]
    assert short.ends == TEN + 2 * DAY + 2 * HOUR
    dormant.member(4, away=120, store=1)
    dormant.tomorrow(5)
    assert len([row for row in dormant.rows(flow_contact) if row.flow == "short"]) == 1
    assert near not in {row.ref for row in dormant.rows(flow_contact)}


# --- what is typed wrong ---


@on_sqlite
@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({}, "bad_usage"),
        ({"text": "来吧"}, "bad_usage"),
        ({**TEXT, "link": "http://s.example"}, "bad_usage"),
        ({**TEXT, "text": "致电 138 1234 5678"}, "text_has_number"),
        ({**TEXT, "text": "沉睡会员专享"}, "inward_word"),
        ({**GIFT, "gift_name": "高价值礼"}, "inward_word"),
        ({"lead": "致电", "script": "您是dormant member"}, "inward_word"),
        ({**GIFT, "hint": "sleepy"}, "bad_choice"),
        ({"lead": "致电 13812345678"}, "text_has_number"),
        ({**GIFT, "off": "-1"}, "bad_amount"),
        ({"gift": "nothing", "gift_name": "礼"}, "no_such_article"),
        ({**GIFT, "segment": "asleep"}, "bad_choice"),
        ({**GIFT, "stores": ["9"]}, "no_such_store"),
        ({**GIFT, "period": Period(None, "2026-11-01")}, "bad_period"),
        ({**TEXT, "hour": 8}, "quiet_hour"),
        ({**TEXT, "hour": 21}, "quiet_hour"),
        ({**TEXT, "hour": 23}, "quiet_hour"),
    ],
)
def test_a_flow_that_cannot_be_is_refused_whole(dormant: Dormant, wanted: dict[str, Any], code: str) -> None:
    with pytest.raises(PosError) as error:
        dormant.flow(**wanted)
    assert error.value.code == code
    assert json.dumps(dormant.rows(flow)) == "[]"


def test_at_every_hour_that_is_taken_a_flow_runs_that_day(dormant: Dormant) -> None:
    dormant.member(1, away=97, agrees=True)
    dormant.flow("late", **TEXT, hour=20, holdout=0)
    dormant.flow("later", **GIFT, hour=23, holdout=0, apart=0)
    for hour in (20, 23):
        dormant.clock.now = TEN + (hour - 10) * HOUR
        dormant.work()
    assert {row.flow for row in dormant.rows(flow_contact)} == {"late", "later"}
    with pytest.raises(PosError) as error:
        dormant.flow("never", **TEXT, hour=22)
    assert "9 点到 20 点" in error.value.sentence("zh")
    assert "from 9 to 20" in error.value.sentence("en")


# --- pause ---


def test_pausing_takes_back_hints_leads_and_texts_at_once_and_resuming_shows_the_tasks_again(dormant: Dormant) -> None:
    ref = dormant.member(1, away=97, agrees=True)
    dormant.flow(**GIFT, **TEXT, lead="致电问候/Call")
    dormant.work()
    (key,) = dormant.told("leads")
    assert msgspec.json.decode(dormant.told("leads")[key], type=LeadRow).member == ref
    before = dormant.told("hints")
    dormant.pause()
    assert dormant.told("hints") == {}
    assert dormant.told("leads") == {}
    assert [(row.state, row.reason) for row in dormant.rows(text_message)] == [("refused", "paused")]
    dormant.member(2, away=97)
    dormant.tomorrow()
    assert len(dormant.contacts()) == 1
    dormant.clock.now -= DAY
    dormant.resume()
    assert dormant.told("hints") == before
    assert list(dormant.told("leads")) == [key]
    dormant.work()
    assert len(dormant.contacts()) == 2
    assert len(dormant.rows(text_message)) == 1


def test_what_was_answered_or_bought_does_not_come_back_with_a_resume(dormant: Dormant) -> None:
    answered, bought = dormant.member(1, away=97), dormant.member(2, away=97)
    dormant.flow(**GIFT)
    dormant.work()
    dormant.shown("wake", answered, "declined", TEN + HOUR)
    dormant.buys(bought, TEN + HOUR)
    dormant.work()
    assert dormant.told("hints") == {}
    dormant.pause()
    dormant.resume()
    dormant.tomorrow()
    assert dormant.told("hints") == {}


def test_the_hint_says_the_line_that_somebody_else_approved(dormant: Dormant) -> None:
    first, second = dormant.member(1, away=97), dormant.member(2, away=98)
    now = dormant.clock.now
    line = ("欢迎回来,给您留了{gift}", "Good to see you, we kept {gift} for you")
    version = scripts.draft(dormant.database, "dormant", "{days}天未到店/{days} days away", "/".join(line), "ann", now)
    dormant.flow(**GIFT, most=1)
    dormant.work()
    scripts.approve(dormant.database, "dormant", version, "bob", now)
    dormant.tomorrow()
    told = {key: msgspec.json.decode(data, type=HintRow) for (_, key), data in dormant.told("hints").items()}
    for ref, away in ((first, 98), (second, 99)):  # the one who has a hint already hears the new words, too
        assert told[ref].prompt == (f"{away}天未到店", f"{away} days away")
        assert told[ref].script == ("欢迎回来,给您留了唤醒礼10元", "Good to see you, we kept ¥10 off for you")
        assert told[ref].version == version

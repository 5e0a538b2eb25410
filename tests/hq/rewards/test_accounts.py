"""Clerks' accounts: to the fen by the rule, nothing for what is no join, and what is taken back is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Connection, text, update
from sqlalchemy.exc import DatabaseError

from posapp.clock import DAY, HOUR, MINUTE
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import REWARDED_BY, insert_new
from posapp.hq.members import privacy
from posapp.hq.members.identity import merge_persons, unmerge
from posapp.hq.members.staff import set_phone
from posapp.hq.rewards import wanted
from posapp.hq.rewards.recount import recount
from posapp.hq.rewards.tables import reward_line
from posapp.hq.rewards.wanted import FIRST, JOIN, Case, Rule
from posapp.hq.tables import clerk, counter
from posapp.rules.phones import read_phone
from posapp.streams import RewardRow
from posapp.sync.pull import kept_row
from tests.hq.rewards.house import House
from tests.joining import means
from tests.shop import CASHIER, OTHER, last, play
from tests.till.test_members import BUN, MILK

RULE = Rule(join=200, first_order=500)


def own_phone(conn: Connection, house: House, number: int, phone: str) -> None:
    """A clerk's private phone is noted."""
    row = {"number": number, "scope": "store:1", "name": "店员", "role": "cashier", "pin": "", "active": 1}
    insert_new(conn, clerk, row)
    set_phone(conn, means(house.chain).vault, number, read_phone(phone))


def test_two_clerks_are_rewarded_to_the_fen(house: House) -> None:
    house.promise(RULE)
    house.at(CASHIER)
    for _ in range(3):
        house.sell_and_join()
    house.at(OTHER)
    house.sell_and_join()
    house.join(house.badge(OTHER))  # a member, no order
    house.follow()
    assert house.fen(CASHIER) == 3 * 700
    assert house.fen(OTHER) == 700 + 200
    assert house.proven() == 5
    house.till.sync()
    with house.till.folder.feed.reading() as conn:
        row = kept_row(conn, "rewards", CASHIER[0], RewardRow)
    assert row
    assert (row.month, row.joins, row.first_orders, row.fen) == ("2026-11", 3, 3, 2100)
    assert "¥2.00" in row.rule[0]
    assert "¥5.00" in row.rule[1]
    assert len(row.lines) == 6
    assert {line.channel for line in row.lines} == {"display"}
    assert all(line.receipt for line in row.lines)


def test_a_first_order_that_goes_back_is_a_negative_line(house: House) -> None:
    house.promise(RULE)
    house.join(house.badge(CASHIER), "13900000001")
    house.follow()
    play(house.till, "member 13900000001", f"scan {BUN}")
    receipt = last(house.till, "pay cash 10")["receipt"]
    house.follow()
    assert house.fen(CASHIER) == 700
    house.later(MINUTE)
    house.void(receipt)
    house.follow()
    assert sorted(house.said(CASHIER)) == [
        ("first_order", 500, ""),
        ("first_order_back", -500, "first_order_refunded"),
        ("join", 200, ""),
    ]
    house.till.sync()
    with house.till.folder.feed.reading() as conn:
        row = kept_row(conn, "rewards", CASHIER[0], RewardRow)
    assert row
    assert (row.joins, row.first_orders, row.fen) == (1, 0, 200)
    assert (row.lines[0].kind, row.lines[0].fen) == ("first_order_back", -500)
    assert house.proven() == 1


def test_a_ticket_of_joining_that_goes_back_takes_the_join_back(house: House) -> None:
    house.promise(RULE)
    house.at(CASHIER)
    _, receipt = house.sell_and_join()
    house.later(MINUTE)
    house.void(receipt)
    house.follow()
    assert sorted(house.said(CASHIER)) == [
        ("first_order", 500, ""),
        ("first_order_back", -500, "first_order_refunded"),
        ("join", 200, ""),
        ("join_back", -200, "joined_then_refunded"),
    ]
    assert house.fen(CASHIER) == 0
    assert house.proven() == 1


def test_a_first_order_counts_for_a_week_and_from_its_least_amount(house: House) -> None:
    house.promise(Rule(join=200, first_order=500, least=1000))
    for n in (1, 2, 3):
        house.join(house.badge(CASHIER), f"1390000000{n}")
    house.follow()
    play(house.till, "member 13900000001", f"scan {BUN}", "pay cash 10")  # 6.50 is too little
    house.later(HOUR)
    play(house.till, "member 13900000001", f"scan {MILK}", "pay cash 20")
    play(house.till, "member 13900000002", f"scan {BUN}", "pay cash 10")
    house.later(8 * DAY)
    play(house.till, "member 13900000003", f"scan {MILK}", "pay cash 20")  # too late
    house.follow()
    assert house.fen(CASHIER) == 3 * 200 + 500
    assert house.proven() == 3


def test_clerks_phones_and_browsers_bring_nothing(house: House) -> None:
    house.promise(RULE)
    with house.chain.database.transaction() as conn:
        for number, phone in ((1001, "13900000001"), (1002, "13900000002")):
            own_phone(conn, house, number, phone)
    house.at(CASHIER)
    house.sell_and_join(phone="13900000001", session="own01")  # the cashier's own
    house.sell_and_join(phone="13900000002", session="own02")  # another clerk's
    house.sell_and_join(session="own01")  # a stranger's phone, the cashier's browser
    house.sell_and_join()
    assert sorted(house.said(CASHIER)) == [
        ("excluded", 0, "own_phone"),
        ("excluded", 0, "own_phone"),
        ("excluded", 0, "self_scan"),
        ("first_order", 500, ""),
        ("join", 200, ""),
    ]
    assert house.proven() == 4


def test_a_phone_that_turns_out_to_be_a_clerks_takes_the_reward_back(house: House) -> None:
    house.promise(RULE)
    house.at(CASHIER)
    house.sell_and_join(phone="13900000001")
    assert house.fen(CASHIER) == 700
    with house.chain.database.transaction() as conn:
        own_phone(conn, house, 1002, "13900000001")
    house.follow()
    assert {("first_order_back", -500, "own_phone"), ("join_back", -200, "own_phone")} < set(house.said(CASHIER))
    assert house.fen(CASHIER) == 0
    assert house.proven() == 1


def test_one_phone_joins_twice_a_day_and_no_more(house: House) -> None:
    house.promise(RULE)
    for _ in range(4):
        house.join(house.badge(CASHIER), session="tablet")
        house.later(MINUTE)
    house.follow()
    assert [why for _, _, why in house.said(CASHIER)] == ["", "", "repeat_device", "repeat_device"]
    house.later(DAY)
    house.join(house.badge(CASHIER), session="tablet")
    house.follow()
    assert house.fen(CASHIER) == 3 * 200
    assert house.proven() == 5


def test_who_was_a_member_before_is_listed_and_brings_nothing(house: House) -> None:
    house.promise(RULE)
    house.join(house.badge(OTHER), "13900000001")
    house.follow()
    house.later(HOUR)
    again = house.join(house.badge(CASHIER), "13900000001")
    assert not again.is_new
    house.follow()
    assert house.said(CASHIER) == [("excluded", 0, "joined_before")]
    assert house.fen(OTHER) == 200


def test_who_deletes_the_account_and_joins_again_brings_nothing(house: House) -> None:
    house.promise(RULE)
    done = house.join(house.badge(CASHIER), "13900000001")
    house.follow()
    with house.chain.database.transaction() as conn:
        now = means(house.chain)
        number, _ = privacy.request(conn, now, done.ref, "erase", "test")
        feed.publish(conn, privacy.erase(conn, now, number))
    house.later(HOUR)
    assert house.join(house.badge(OTHER), "13900000001").is_new
    house.follow()
    assert house.said(CASHIER) == [("join", 200, "")]
    assert house.said(OTHER) == [("excluded", 0, "joined_before")]
    assert house.proven() == 1


def test_two_joins_that_turn_out_to_be_one_person_are_one(house: House) -> None:
    house.promise(RULE)
    first = house.join(house.badge(CASHIER))
    house.later(HOUR)
    second = house.join(house.badge(OTHER))
    house.follow()
    assert (house.fen(CASHIER), house.fen(OTHER)) == (200, 200)
    house.later(HOUR)
    with house.chain.database.transaction() as conn:
        merge_persons(conn, means(house.chain), first.ref, second.ref, "unionid", "test")
    house.follow()
    assert (house.fen(CASHIER), house.fen(OTHER)) == (200, 0)
    assert house.said(OTHER)[-1] == ("join_back", -200, "joined_before")
    with house.chain.database.transaction() as conn:
        unmerge(conn, means(house.chain), 1, "test")
    house.follow()
    assert (house.fen(CASHIER), house.fen(OTHER)) == (200, 200)
    assert house.proven() == 2


@pytest.mark.parametrize("minutes", [12, 1_200])
def test_a_merge_that_is_seen_long_after_its_instant_is_found_within_the_hour(house: House, minutes: int) -> None:
    house.promise(RULE)
    first = house.join(house.badge(CASHIER))
    house.later(HOUR)
    second = house.join(house.badge(OTHER))
    house.later(DAY)
    house.follow()
    assert (house.fen(CASHIER), house.fen(OTHER)) == (200, 200)
    with house.chain.database.transaction() as conn:
        now = means(house.chain)
        merge_persons(conn, replace(now, now=now.now - minutes * MINUTE), first.ref, second.ref, "unionid", "test")
    house.later(HOUR)
    house.follow()
    assert (house.fen(CASHIER), house.fen(OTHER)) == (200, 0)
    assert house.proven() == 2


def test_of_one_minute_a_line_stands_before_what_takes_it_back(house: House) -> None:
    house.promise(RULE)
    house.at(CASHIER)
    house.sell_and_join()
    house.later(MINUTE)
    _, receipt = house.sell_and_join()
    house.later(1_000)
    house.void(receipt)
    house.follow()
    house.till.sync()
    with house.till.folder.feed.reading() as conn:
        row = kept_row(conn, "rewards", CASHIER[0], RewardRow)
    assert row
    kinds = ["first_order", "join"]
    assert [line.kind for line in row.lines] == [*kinds, *(f"{kind}_back" for kind in kinds), *kinds]


def test_a_batch_after_closing_brings_nothing_and_one_while_open_does(house: House) -> None:
    house.promise(RULE)
    for _ in range(3):
        house.join(house.badge(CASHIER))
    house.follow()
    assert house.fen(CASHIER) == 600
    assert last(house.till, "close-shift 200.00")["ok"]
    house.follow()
    house.later(2 * HOUR)
    for _ in range(2):
        house.join(house.badge(OTHER))
        house.later(4 * MINUTE)
    house.follow()
    assert house.fen(OTHER) == 400  # two may be an accident
    house.join(house.badge(OTHER))
    house.follow()
    assert house.fen(OTHER) == 600  # another shift may have been opened: no till has said anything since
    house.later(HOUR)
    play(house.till, f"sign-in {' '.join(CASHIER)}", "open-shift 200.00")
    house.follow()
    assert house.fen(OTHER) == 0
    assert {why for kind, _, why in house.said(OTHER) if kind != "join"} == {"after_closing"}
    assert house.fen(CASHIER) == 600
    assert house.proven() == 6


def test_the_days_cap_holds_and_a_store_may_promise_something_else(house: House) -> None:
    house.promise(Rule(join=200, first_order=500, cap=300))
    house.at(CASHIER)
    for _ in range(2):
        house.sell_and_join()
        house.later(MINUTE)
    joins = [fen for kind, fen, _ in house.said(CASHIER) if kind == "join"]
    assert (sorted(joins), house.fen(CASHIER)) == ([100, 200], 1300)  # first orders are beside it
    house.promise(Rule(join=333), "2026-11-23", "1")
    house.later(DAY)
    house.sell_and_join()
    assert house.fen(CASHIER) == 1633
    assert house.proven() == 3


def older_cap(cases: Sequence[Case], _: Rule) -> dict[tuple[str, str], int]:
    return {(case.ref, kind): 100 for case in cases for kind in (JOIN, FIRST)}


def test_accounts_of_an_older_program_are_made_up_for_what_its_cap_took(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.promise(Rule(join=200, first_order=500, cap=300))
    house.at(CASHIER)
    with monkeypatch.context() as older:
        older.setattr(wanted, "_capped", older_cap)
        house.sell_and_join()
        house.follow()
    assert house.fen(CASHIER) == 200
    with house.chain.database.transaction() as conn:
        conn.execute(update(counter).where(counter.c.name == REWARDED_BY).values(n=0))
        assert recount(conn) is None  # behind, not wrong
    house.follow()
    assert house.fen(CASHIER) == 700
    assert ("join", 100, "corrected") in house.said(CASHIER)
    assert house.proven() == 1


def test_lines_are_added_and_never_changed(house: House) -> None:
    house.promise(RULE)
    house.join(house.badge(CASHIER))
    house.follow()
    for statement in ("UPDATE reward_line SET fen = 1", "DELETE FROM reward_line", "UPDATE reward_rule SET cap = 1"):
        with pytest.raises(DatabaseError, match="never changed"), house.chain.database.transaction() as conn:
            conn.execute(text(statement))


def test_a_line_that_nobody_earned_is_found(house: House) -> None:
    house.promise(RULE)
    house.join(house.badge(CASHIER))
    house.follow()
    line = dict(house.lines(CASHIER)[0]._mapping)
    with house.chain.database.transaction() as conn:
        conn.execute(reward_line.insert(), {**line, "n": 1, "fen": 1})
    with pytest.raises(PosError, match="rewards_differ"):
        house.proven()

"""Joins are counted where they belong, whatever was offline when, and nothing is given twice."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from posapp import tables
from posapp.clock import DAY, HOUR
from posapp.db import all_rows
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.joining.codes import make_static
from posapp.hq.joining.tables import campaign, claim, joined
from posapp.hq.members import points
from posapp.hq.members.identity import merge_persons, root_of, unmerge
from posapp.hq.members.slice import rows_of, seen_at
from posapp.hq.members.staff import set_phone
from posapp.hq.members.tables import benefit, followed, points_entry
from posapp.hq.people import add_clerk, set_value
from posapp.rules.join_token import read
from posapp.rules.phones import read_phone
from posapp.streams import OfferRow, PackRow
from posapp.till import Till
from tests.joining import follow, joins, means
from tests.shop import CASHIER, OTHER, Chain, last, play, refused, sales_of
from tests.till.test_members import BUN, MILK, PHONE, balance, code_of


def phone(n: int) -> str:
    return f"139{n:08}"


def later(chain: Chain, ms: int) -> None:
    chain.clock.set(chain.clock.now_ms() + ms)


def test_five_and_five_of_two_clerks_each_with_its_channel_and_ticket(chain: Chain, till: Till) -> None:
    expected = set()
    for clerk in (CASHIER, OTHER):
        play(till, f"sign-in {' '.join(clerk)}")
        number = int(clerk[0])
        view = last(till, f"scan {BUN}", "join")
        joins(chain, phone(number * 10 + 1), code_of(view))
        till.sync()
        play(till, "pay cash 10")
        play(till, f"scan {BUN}")
        receipt = till.join_view("receipt")
        assert receipt
        play(till, "pay cash 10")
        till.sync()
        follow(chain)
        joins(chain, phone(number * 10 + 2), receipt.token)
        with chain.database.transaction() as conn:
            now = chain.clock.now_ms()
            stand = make_static(conn, chain.keys, "stand", now, store=1, till=1, clerk=number)
            badge = make_static(conn, chain.keys, "badge", now, store=1, clerk=number)
            event = make_static(conn, chain.keys, "event", now, store=1, clerk=number, label="workshop")
        for n, token in enumerate((stand, badge, event), 3):
            joins(chain, phone(number * 10 + n), token)
        expected |= {(number, channel) for channel in ("display", "receipt", "stand", "badge", "event")}
    with chain.database.reading() as conn:
        rows = conn.execute(select(joined)).all()
        tickets = dict(conn.execute(select(claim.c.stem, claim.c.sale)).all())
    follow(chain)
    assert len(rows) == 10
    assert {(row.clerk, row.channel) for row in rows} == expected
    with chain.database.reading() as conn:
        tickets = dict(conn.execute(select(claim.c.stem, claim.c.sale)).all())
    assert all(tickets[row.stem] for row in rows if row.channel in ("display", "receipt"))
    assert len({row.stem for row in rows if row.stem}) == 4


def test_codes_of_a_till_that_was_offline_for_two_days_find_their_tickets(chain: Chain, till: Till) -> None:
    play(till, "network off")
    codes = []
    for day in range(3):
        for _ in range(4):
            codes.append(code_of(last(till, f"scan {BUN}", "join")))
            play(till, "pay cash 10")
        later(chain, DAY if day < 2 else HOUR)
    guests = [joins(chain, phone(n), code) for n, code in enumerate(codes)]
    assert {done.ticket for done in guests} == {"open"}
    follow(chain)
    assert [balance(chain, done.ref) for done in guests] == [0] * 12
    play(till, "network on")
    till.sync()
    follow(chain)
    till.sync()
    follow(chain)
    sold = {sale.join: sale for sale in sales_of(till)}
    with chain.database.reading() as conn:
        held = {row.token: row for row in conn.execute(select(claim))}
        ledger = conn.execute(select(points_entry)).all()
    assert {row.state for row in held.values()} == {"done"}
    assert set(held) == set(sold) == set(codes)
    assert [balance(chain, done.ref) for done in guests] == [6] * 12
    assert len(ledger) == 12


def test_a_code_from_the_receipt_works_for_seven_days(chain: Chain, till: Till) -> None:
    code = code_of(last(till, f"scan {BUN}", "join"))
    play(till, "pay cash 10")
    later(chain, 7 * DAY)
    till.sync()
    follow(chain)
    assert joins(chain, PHONE, code).points == 6
    second = code_of(last(till, f"scan {BUN}", "join"))
    later(chain, 9 * DAY)
    with pytest.raises(PosError, match="join_code_expired"):
        joins(chain, phone(1), second)


def test_what_a_claimed_ticket_earned_goes_back_with_its_money(chain: Chain, till: Till) -> None:
    code = code_of(last(till, f"scan {BUN}", "join"))
    receipt = last(till, "pay cash 10")["receipt"]
    till.sync()
    follow(chain)
    done = joins(chain, PHONE, code)
    assert (done.ticket, done.points) == ("credited", 6)
    play(till, f"void-sale {receipt} 错", "approve 1003 60429173")
    till.sync()
    follow(chain)
    assert balance(chain, done.ref) == 0


def test_a_ticket_that_went_back_gives_nobody_points(chain: Chain, till: Till) -> None:
    code = code_of(last(till, f"scan {BUN}", "join"))
    receipt = last(till, "pay cash 10")["receipt"]
    play(till, f"void-sale {receipt} 错", "approve 1003 60429173")
    till.sync()
    follow(chain)
    done = joins(chain, PHONE, code)
    assert (done.ticket, done.points, done.is_new) == ("void", 0, True)
    assert joins(chain, PHONE, code).ticket == "void"


def start_campaign(chain: Chain, kind: str, left: int, *, fen: int = 0, article: str = "") -> None:
    name = ("立减5元", "¥5 off") if kind == "amount" else ("牛角包一个", "a croissant")
    with chain.database.transaction() as conn:
        row = {
            "id": kind,
            "kind": kind,
            "name": f'["{name[0]}","{name[1]}"]',
            "fen": fen,
            "least": 0,
            "article": article,
            "stores": "[]",
            "starts": 0,
            "ends": 0,
            "days": 0,
            "left": left,
        }
        conn.execute(campaign.insert(), row)
        feed.publish(conn, {"offers": {("chain", kind): OfferRow(kind, name, fen, 0, article)}})


def test_joining_takes_the_promised_saving_off_the_open_ticket(chain: Chain, till: Till) -> None:
    start_campaign(chain, "amount", -1, fen=500)
    till.sync()
    view = last(till, f"scan {MILK}", "join")
    assert (view["saving"], view["title"]) == ("5.00", "扫码入会 · 本单立减 ¥5.00")
    joins(chain, PHONE, code_of(view))
    till.sync()
    assert last(till, "pay cash 7.90")["total"] == "7.90"
    till.sync()
    follow(chain)
    with chain.database.reading() as conn:
        assert conn.scalars(select(benefit.c.state)).all() == ["used"]
    till.sync()
    play(till, f"member {PHONE}")
    assert last(till, f"scan {MILK}")["due"] == "12.90"


def test_what_came_too_late_for_the_ticket_waits_on_the_account(chain: Chain, till: Till) -> None:
    start_campaign(chain, "amount", -1, fen=500)
    till.sync()
    view = last(till, f"scan {MILK}", "join")
    play(till, "pay card 2.90 123456")
    joins(chain, PHONE, code_of(view))
    till.sync()
    assert last(till, "pay cash 10")["total"] == "12.90"
    till.sync()
    follow(chain)
    till.sync()
    play(till, f"member {PHONE}")
    assert last(till, f"scan {MILK}")["due"] == "7.90"


def test_a_gift_is_laid_on_the_ticket_once_a_person_while_there_are_some(chain: Chain, till: Till) -> None:
    start_campaign(chain, "gift", 1, article=BUN)
    till.sync()
    view = last(till, f"scan {MILK}", "join")
    assert view["gift"] == "牛角包一个"
    joins(chain, PHONE, code_of(view))
    till.sync()
    play(till, "status")
    assert [(line.name, line.amount.fen) for line in till.ticket().lines] == [("鲜奶 950ml", 1290), ("牛角包", 0)]
    assert till.ticket().saved.fen == 0  # a gift is no saving: nobody would have bought it
    paid = last(till, "pay cash 12.90")
    assert paid["total"] == "12.90"
    assert not any("共优惠" in line for line in till.recorded(paid["receipt"]).text)
    till.sync()
    follow(chain)
    view = last(till, f"scan {MILK}", "join")
    second = joins(chain, phone(2), code_of(view), session="other")
    assert second.is_new
    assert second.benefits == []
    again = joins(chain, PHONE, code_of(view), session="again")
    assert (again.is_new, again.benefits, again.ticket) == (False, [], "taken")


def test_a_join_pack_is_for_members_once_and_its_price_is_split(chain: Chain, till: Till) -> None:
    chain.publish("packs", {("chain", "6900000000035"): PackRow([(BUN, 1000), (MILK, 1000)], 20)})
    till.sync()
    assert last(till, "scan 6900000000035")["amount"] == "89.00"
    assert refused(till, "pay cash 100") == "pack_needs_member"
    assert [line.waits for line in till.ticket().lines] == [True]
    assert read(code_of(last(till, "join")))[0].channel == "pack"
    joined_now = joins(chain, PHONE, code_of(last(till, "join")))
    till.sync()
    assert last(till, "pay cash 100")["total"] == "89.00"
    assert [line.waits for line in till.ticket().lines] == []
    lines = sales_of(till)[-1].lines
    assert [(line.article, line.n) for line in lines] == [(BUN, 1), (MILK, 2)]
    assert sum(line.amount for line in lines) == 8900
    till.sync()
    follow(chain)
    till.sync()
    assert balance(chain, joined_now.ref) == 89
    play(till, f"member {PHONE}")
    assert refused(till, "scan 6900000000035") == "pack_bought"


def test_the_reward_for_a_friend_comes_after_the_return_window(chain: Chain, till: Till) -> None:
    set_value(chain.database, "chain", "referral_points", "50")
    inviter = joins(chain, phone(1))
    with chain.database.transaction() as conn:
        token = make_static(conn, chain.keys, "referral", chain.clock.now_ms(), ref=inviter.ref)
    friend = joins(chain, phone(2), token, session="friend")
    assert friend.is_new
    till.sync()
    play(till, f"member {phone(2)}", f"scan {BUN}", "pay cash 10")
    till.sync()
    follow(chain)
    assert balance(chain, inviter.ref) == 0
    later(chain, 7 * DAY + HOUR)
    follow(chain)
    assert balance(chain, inviter.ref) == 50
    follow(chain)
    assert balance(chain, inviter.ref) == 50


def test_nobody_invites_themselves(chain: Chain) -> None:
    inviter = joins(chain, phone(1))
    with chain.database.transaction() as conn:
        token = make_static(conn, chain.keys, "referral", chain.clock.now_ms(), ref=inviter.ref)
    assert not joins(chain, phone(1), token).is_new
    assert balance(chain, inviter.ref) == 0


def test_a_clerk_who_claims_tickets_again_and_again_is_noted(chain: Chain, till: Till) -> None:
    add_clerk(chain.database, chain.chance, 1001, "林小满", "cashier", "739205", "chain")
    with chain.database.transaction() as conn:
        set_phone(conn, means(chain).vault, 1001, read_phone(PHONE))
    joins(chain, PHONE)
    for n in range(4):
        with chain.database.reading() as conn:
            assert conn.scalars(select(followed.c.what)).all() == []
        code = code_of(last(till, f"scan {BUN}", "join"))
        play(till, "pay cash 10")
        till.sync()
        follow(chain)
        assert joins(chain, PHONE, code, session=f"s{n}").ticket == "credited"
    with chain.database.reading() as conn:
        assert conn.scalars(select(followed.c.what)).all() == ["staff_claims"]


def test_a_friend_whose_first_order_was_claimed_from_the_receipt_counts_and_one_given_back_does_not(
    chain: Chain, till: Till
) -> None:
    set_value(chain.database, "chain", "referral_points", "50")
    inviter = joins(chain, phone(1))
    with chain.database.transaction() as conn:
        token = make_static(conn, chain.keys, "referral", chain.clock.now_ms(), ref=inviter.ref)
    receipts = []
    for n in (2, 3):
        joins(chain, phone(n), token, session=f"friend{n}")
        code = code_of(last(till, f"scan {BUN}", "join"))
        receipts.append(last(till, "pay cash 10")["receipt"])
        till.sync()
        follow(chain)
        assert joins(chain, phone(n), code, session=f"friend{n}").ticket == "credited"
    play(till, f"void-sale {receipts[1]} 错", "approve 1003 60429173")
    till.sync()
    follow(chain)
    later(chain, 7 * DAY + HOUR)
    follow(chain)
    assert balance(chain, inviter.ref) == 50


def test_a_member_who_scans_the_open_tickets_code_is_recognised_and_joins_nothing(chain: Chain, till: Till) -> None:
    joins(chain, PHONE)
    done = joins(chain, PHONE, code_of(last(till, f"scan {BUN}", "join")))
    assert (done.is_new, done.ticket) == (False, "open")
    till.sync()
    play(till, "status")
    guest = till.guest()
    assert guest
    assert (guest.how, guest.is_new) == ("join", False)
    with chain.database.reading() as conn:
        assert len(conn.execute(select(joined)).all()) == 1


def test_a_pack_that_went_back_may_be_bought_again(chain: Chain, till: Till) -> None:
    chain.publish("packs", {("chain", "6900000000035"): PackRow([(BUN, 1000), (MILK, 1000)], 0)})
    joins(chain, PHONE, code_of(last(till, f"scan {BUN}", "join")))
    play(till, "cancel")
    till.sync()
    play(till, f"member {PHONE}", "scan 6900000000035")
    receipt = last(till, "pay cash 100")["receipt"]
    till.sync()
    follow(chain)
    till.sync()
    play(till, f"member {PHONE}")
    assert refused(till, "scan 6900000000035") == "pack_bought"
    play(till, "drop-member", f"void-sale {receipt} 退", "approve 1003 60429173")
    till.sync()
    follow(chain)
    till.sync()
    play(till, f"member {PHONE}", "scan 6900000000035")
    assert last(till, "pay cash 100")["total"] == "89.00"


def test_a_pack_bought_twice_offline_stands_and_is_noted(chain: Chain, till: Till) -> None:
    chain.publish("packs", {("chain", "6900000000035"): PackRow([(BUN, 1000), (MILK, 1000)], 0)})
    joins(chain, PHONE, code_of(last(till, f"scan {BUN}", "join")))
    play(till, "cancel")
    till.sync()
    other = chain.till(2)
    for one in (till, other):
        play(one, "network off", f"member {PHONE}", "scan 6900000000035")
        assert last(one, "pay cash 100")["total"] == "89.00"
        play(one, f"member {PHONE}")
        assert refused(one, "scan 6900000000035") == "pack_bought"  # it knows what it has sold itself
    for one in (till, other):
        play(one, "network on")
        one.sync()
    follow(chain)
    with chain.database.reading() as conn:
        assert conn.scalars(select(followed.c.what)).all() == ["pack_twice"]


def test_a_till_that_missed_many_versions_catches_up_to_the_same_rows(chain: Chain, till: Till) -> None:
    other = chain.till(2)
    play(other, "network off")
    for n in range(10):
        joins(chain, phone(n))
        set_value(chain.database, "chain", "join_days", str(n + 1))
        joins(chain, phone(n), code_of(last(till, f"scan {BUN}", "join")), session=f"again {n}")
        play(till, "cancel")
        till.sync()
    follow(chain)
    till.sync()
    play(other, "network on")
    other.sync()
    assert rows_held(other) == rows_held(till)
    assert len(rows_held(other)[tables.member.name]) == 10


def rows_held(till: Till) -> dict[str, list[tuple[object, ...]]]:
    """What HQ has told a till, but for what is told to this till alone."""
    with till.folder.feed.reading() as conn:
        return {
            table.name: [
                row for row in map(tuple, all_rows(conn, table)) if not {"joins", "quotas"} & set(map(str, row))
            ]
            for table in (tables.member, tables.member_key, tables.kept, tables.setting, tables.article, tables.price)
        }


def test_a_benefit_counts_once_however_many_tickets_are_open(chain: Chain, till: Till) -> None:
    start_campaign(chain, "amount", -1, fen=500)
    joins(chain, PHONE, code_of(last(till, f"scan {MILK}", "join")))
    play(till, "cancel")
    till.sync()
    play(till, "network off", f"member {PHONE}", f"scan {MILK}", "park a", f"member {PHONE}", f"scan {MILK}")
    assert last(till, "pay cash 7.90")["total"] == "7.90"
    play(till, "recall a")
    assert till.ticket().due.fen == 1290
    receipt = last(till, "pay cash 12.90")["receipt"]
    play(till, f"member {PHONE}")
    assert last(till, f"scan {MILK}")["due"] == "12.90"
    play(till, "cancel", f"void-sale {receipt} 退", "approve 1003 60429173")


def test_a_pack_stays_one(chain: Chain, till: Till) -> None:
    chain.publish("packs", {("chain", "6900000000035"): PackRow([(BUN, 1000), (MILK, 1000)], 0)})
    till.sync()
    play(till, "scan 6900000000035")
    assert refused(till, "qty 1 2") == "once_only"


def test_what_two_ids_spent_after_a_merge_stays_with_each_when_it_is_undone(chain: Chain, till: Till) -> None:
    one, two = joins(chain, phone(1)).ref, joins(chain, phone(2), session="two").ref
    with chain.database.transaction() as conn:
        for ref in (one, two):
            points.book(conn, ref, "adjust", ref, 600, chain.clock.now_ms())
            seen_at(conn, ref, 1, chain.clock.now_ms())
        feed.publish(conn, rows_of(conn, [one, two], chain.clock.now_ms()))
    other = chain.till(2)
    till.sync()
    for seat, number in ((till, 1), (other, 2)):
        play(seat, f"member {phone(number)}", f"scan {BUN}")
    with chain.database.transaction() as conn:
        merge_persons(conn, means(chain), one, two, "hand", "test")
    for seat in (till, other):
        assert last(seat, "points 500")["due"] == "1.50"
        play(seat, "pay cash 1.50")
        seat.sync()
    follow(chain)
    with chain.database.transaction() as conn:
        assert points.balance(conn, root_of(conn, one)) == 2 * (600 - 500 + 1)
        unmerge(conn, means(chain), 1, "test")
        assert (points.balance(conn, one), points.balance(conn, two)) == (101, 101)

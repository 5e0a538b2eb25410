"""Members at the till: recognised, joined by the ticket's code, their prices, points and gifts."""

from __future__ import annotations

from typing import Any

from posapp.clock import DAY, parse_instant
from posapp.hq import feed
from posapp.hq.members import points, privacy
from posapp.hq.members.upkeep import keep_up
from posapp.hq.people import set_value
from posapp.rules.join_token import read
from posapp.streams import PriceRow
from posapp.sync.client import Answer
from posapp.till import Till
from posapp.wire import Request
from tests.joining import follow, joins, means
from tests.shop import CASHIER, Chain, last, play, refused, sales_of

BUN, MILK = "6900000000011", "6900000000028"
PHONE = "13812345678"


def code_of(answer: dict[str, Any]) -> str:
    return str(answer["url"]).rsplit("/", 1)[1]


def balance(chain: Chain, ref: str) -> int:
    with chain.database.reading() as conn:
        return points.balance(conn, ref)


def test_the_code_of_the_open_ticket_brings_its_member_and_the_points(chain: Chain, till: Till) -> None:
    code = code_of(last(till, f"scan {BUN}", "join"))
    assert read(code)[0].channel == "display"
    joined = joins(chain, PHONE, code)
    assert (joined.is_new, joined.ticket) == (True, "open")
    till.sync()
    assert last(till, "status")["ticket"] == 1
    guest = till.guest()
    assert guest
    assert (guest.name, guest.tail, guest.how, guest.is_new) == ("张**", "78", "join", True)
    assert last(till, "pay cash 10")["earned"] == 6
    assert [(sale.member, sale.how) for sale in sales_of(till)] == [(joined.ref, "join")]
    till.sync()
    follow(chain)
    assert balance(chain, joined.ref) == 6


def test_who_joins_after_paying_gets_the_points_and_the_amount_stays(chain: Chain, till: Till) -> None:
    code = code_of(last(till, f"scan {BUN}", "join"))
    paid = last(till, "pay cash 10")
    joined = joins(chain, PHONE, code)
    assert joined.ticket == "open"  # HQ has not heard of the sale yet
    till.sync()
    follow(chain)
    assert paid["total"] == "6.50"
    assert sales_of(till)[-1].member == ""
    assert balance(chain, joined.ref) == 6
    till.sync()
    follow(chain)
    assert balance(chain, joined.ref) == 6


def test_of_two_who_scan_one_code_the_first_has_the_ticket(chain: Chain, till: Till) -> None:
    code = code_of(last(till, f"scan {BUN}", "join"))
    first, second = joins(chain, PHONE, code), joins(chain, "13900000001", code, session="other")
    assert (first.ticket, second.ticket) == ("open", "taken")
    assert second.is_new


def test_a_member_is_found_by_phone_code_and_tail_with_no_network(chain: Chain, till: Till) -> None:
    code = code_of(last(till, f"scan {BUN}", "join"))
    joined = joins(chain, PHONE, code)
    till.sync()
    play(till, "cancel", "network off")
    for said in (PHONE, "138 1234 5678", "5678"):
        assert last(till, f"member '{said}'")["ref"] == joined.ref
        play(till, "drop-member")
    assert refused(till, "member 13900000001") == "member_unknown_offline"
    assert refused(till, "member 0000") == "member_unknown"
    assert refused(till, "member 12") == "bad_phone"


def test_a_member_of_another_store_is_found_online(chain: Chain, till: Till) -> None:
    joined = joins(chain, PHONE)
    till.sync()
    assert last(till, f"member {PHONE}")["ref"] == joined.ref
    play(till, "network off", "drop-member")
    till.client.is_on = True
    till.sync()
    till.client.is_on = False
    assert last(till, f"member {PHONE}")["ref"] == joined.ref


def test_member_prices_follow_whoever_comes_before_or_during_scanning(chain: Chain, till: Till) -> None:
    chain.publish("prices", {("chain", f"{BUN}@0"): PriceRow(BUN, 650, 0, 2, 500, 0)})
    joins(chain, PHONE, code_of(last(till, f"scan {MILK}", "join")))
    play(till, "cancel")
    till.sync()
    play(till, f"member {PHONE}")
    assert last(till, f"scan 2*{BUN}")["due"] == "10.00"
    assert last(till, "drop-member")["due"] == "13.00"
    assert last(till, f"scan {BUN}")["due"] == "19.50"
    play(till, "member 5678")
    assert till.ticket().due.fen == 1500
    play(till, "pay cash 15")
    assert [reason.kind for line in sales_of(till)[-1].lines for reason in line.why] == ["member"]


def test_more_look_ups_than_a_clerk_needs_want_approval_but_sales_do_not_count(chain: Chain, till: Till) -> None:
    joins(chain, PHONE, code_of(last(till, f"scan {BUN}", "join")))
    play(till, "cancel")
    till.sync()
    for _ in range(40):
        play(till, f"member {PHONE}", f"scan {BUN}", "pay cash 10")
    assert len(sales_of(till)) == 40
    for _ in range(10):
        assert refused(till, "member 13900000001") == "member_unknown"
    assert refused(till, f"member {PHONE}") == "needs_approval"
    assert last(till, "approve 1003 60429173")["tail"] == "78"


def test_points_pay_online_by_what_is_free_and_offline_within_the_quota(chain: Chain, till: Till) -> None:
    joined = joins(chain, PHONE, code_of(last(till, f"scan {BUN}", "join")))
    with chain.database.transaction() as conn:
        points.book(conn, joined.ref, "adjust", "opening", 1_000, chain.clock.now_ms())
    play(till, "cancel")
    till.sync()
    play(till, f"member {PHONE}", f"scan {BUN}")
    assert last(till, "points 300")["due"] == "3.50"
    assert last(till, "pay cash 3.50")["earned"] == 3
    chain.clock.set(chain.clock.now_ms() + 60_000)
    till.sync()
    follow(chain)
    assert balance(chain, joined.ref) == 1_000 - 300 + 3
    till.sync()
    chain.clock.set(chain.clock.now_ms() + 60_000)
    play(till, "network off", f"member {PHONE}", f"scan {BUN}")
    assert refused(till, "points 600") == "points_offline"
    assert last(till, "points 140")["due"] == "5.10"
    play(till, "pay cash 5.10")
    play(till, f"member {PHONE}", f"scan {BUN}")
    assert refused(till, "points 10") == "points_offline"


def test_a_birthday_that_comes_near_is_told_and_counts_to_the_last_second(chain: Chain, till: Till) -> None:
    """By the store's own calendar: the last second of the month doubles, the first of the next does not."""
    joins(chain, PHONE, code_of(last(till, f"scan {BUN}", "join")), birthday="12-20")
    play(till, "cancel")
    till.sync()
    play(till, f"member {PHONE}")
    guest = till.guest()
    assert guest
    assert not guest.is_birthday
    play(till, "drop-member", "network off")
    for instant, earned in (
        ("2026-11-30T23:59:58+08:00", 6),
        ("2026-12-01T00:00:00+08:00", 13),
        ("2026-12-31T23:59:58+08:00", None),
    ):
        chain.clock.set(parse_instant(instant, "Asia/Shanghai"))
        if earned is not None:
            play(till, f"member {PHONE}", f"scan {BUN}")
            assert last(till, "pay cash 10")["earned"] == earned
    till.client.is_on = True
    keep_up(chain.database, chain.clock.now_ms())
    till.sync()
    play(till, f"member {PHONE}", f"scan {BUN}")
    assert last(till, "pay cash 10")["earned"] == 13
    chain.clock.set(parse_instant("2027-01-01T00:00:00+08:00", "Asia/Shanghai"))
    play(till, f"member {PHONE}", f"scan {BUN}")
    assert last(till, "pay cash 10")["earned"] == 6


def test_a_member_day_begins_and_ends_by_itself_at_midnight(chain: Chain, till: Till) -> None:
    joins(chain, PHONE, code_of(last(till, f"scan {BUN}", "join")))
    play(till, "cancel")
    set_value(chain.database, "chain", "member_days", "wed")
    set_value(chain.database, "chain", "member_day_discount", "20")
    till.sync()
    play(till, "network off")
    for instant, due in (
        ("2026-11-24T23:59:59+08:00", "6.50"),
        ("2026-11-25T00:00:00+08:00", "5.20"),
        ("2026-11-25T23:59:59+08:00", "5.20"),
        ("2026-11-26T00:00:00+08:00", "6.50"),
    ):
        chain.clock.set(parse_instant(instant, "Asia/Shanghai"))
        play(till, f"member {PHONE}")
        assert last(till, f"scan {BUN}")["due"] == due
        play(till, "cancel")


def test_nobody_pays_another_amount_than_stood_there_when_midnight_came(chain: Chain, till: Till) -> None:
    joins(chain, PHONE, code_of(last(till, f"scan {BUN}", "join")))
    play(till, "cancel")
    set_value(chain.database, "chain", "member_days", "wed")
    set_value(chain.database, "chain", "member_day_discount", "20")
    till.sync()
    chain.clock.set(parse_instant("2026-11-25T23:59:59+08:00", "Asia/Shanghai"))
    play(till, f"member {PHONE}")
    assert last(till, f"scan {BUN}")["due"] == "5.20"
    chain.clock.set(parse_instant("2026-11-26T00:00:01+08:00", "Asia/Shanghai"))
    assert refused(till, "pay cash 10") == "price_changed"
    assert last(till, "pay cash 10")["total"] == "6.50"


def test_who_was_not_seen_for_half_a_year_is_known_to_no_till_of_that_store(chain: Chain, till: Till) -> None:
    joined = joins(chain, PHONE)  # of no store: whoever serves them first knows them for half a year
    till.sync()
    play(till, f"member {PHONE}", "drop-member")
    till.sync()
    assert till._slice.by_ref(joined.ref)
    chain.clock.set(chain.clock.now_ms() + 181 * DAY)
    keep_up(chain.database, chain.clock.now_ms())
    till.sync()
    assert till._slice.by_ref(joined.ref) is None


def test_nobody_waits_for_an_hq_that_is_known_to_be_away(chain: Chain) -> None:
    asked: list[str] = []
    is_cut: list[bool] = []

    def line(request: Request) -> Answer:
        asked.append(request.url)
        if is_cut:
            raise ConnectionError
        return chain.carry(request)

    till = chain.till(carrier=line)
    is_cut.append(True)
    assert refused(till, f"member {PHONE}") == "member_unknown_offline"
    assert refused(till, "sync") == "hq_unreachable"
    asked.clear()
    assert refused(till, f"member {PHONE}") == "member_unknown_offline"
    assert asked == []
    is_cut.clear()
    till.sync()
    assert refused(till, f"member {PHONE}") == "member_unknown"


def member_with_points(chain: Chain, till: Till, count: int = 1_000) -> str:
    joined = joins(chain, PHONE, code_of(last(till, f"scan {BUN}", "join")))
    with chain.database.transaction() as conn:
        points.book(conn, joined.ref, "adjust", "opening", count, chain.clock.now_ms())
    play(till, "cancel")
    till.sync()
    return joined.ref


def test_points_asked_for_and_not_used_are_free_again(chain: Chain, till: Till) -> None:
    member_with_points(chain, till)
    for ending in ("points 0", "cancel", "drop-member"):
        play(till, f"member {PHONE}", f"scan 4*{MILK}")
        assert refused(till, "points 5000") == "points_short"
        assert last(till, "points 900")["due"] == "42.60"
        assert last(till, "points 1000")["due"] == "41.60"  # another amount takes the place of the first
        play(till, ending)
        play(till, "cancel")
    play(till, f"member {PHONE}", f"scan 4*{MILK}")
    assert last(till, "points 1000")["due"] == "41.60"


def test_the_allowance_for_offline_hours_outlives_a_restart(chain: Chain) -> None:
    data, state = chain.enrol(1)
    till = chain.open(data, state)
    till.sync()
    play(till, f"sign-in {' '.join(CASHIER)}", "open-shift 100")
    member_with_points(chain, till)
    play(till, f"member {PHONE}", "drop-member")
    till.sync()
    follow(chain)
    till.sync()
    play(till, "network off", f"member {PHONE}", f"scan {BUN}")
    assert last(till, "points 200")["due"] == "4.50"
    play(till, "pay cash 4.50")
    chain.shut(till)
    till = chain.open(data, state)
    play(till, f"sign-in {' '.join(CASHIER)}", "network off", f"member {PHONE}", f"scan {BUN}")
    assert refused(till, "points 10") == "points_offline"


def test_an_erased_member_is_on_no_open_and_no_parked_ticket(chain: Chain, till: Till) -> None:
    ref = member_with_points(chain, till)
    play(till, f"member {PHONE}", f"scan {BUN}", "park a", f"member {PHONE}", f"scan {BUN}")
    with chain.database.transaction() as conn:
        now = means(chain)
        number, rows = privacy.request(conn, now, ref, "erase", "test")
        rows |= privacy.erase(conn, now, number)
        feed.publish(conn, rows)
    till.sync()
    assert till.guest() is None
    play(till, "pay cash 10", "recall a")
    assert till.guest() is None
    play(till, "pay cash 10")
    assert [sale.member for sale in sales_of(till)] == ["", ""]

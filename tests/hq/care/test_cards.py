"""The member card: three blocks, told to each store that knows the member, new when anything of it is."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from posapp.calls import FindMemberAnswer, FindMemberRequest
from posapp.clock import DAY
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.care import desk as care
from posapp.hq.care.cards import card_of, card_rows
from posapp.hq.database import feed_counter
from posapp.hq.members.identity import merge_persons, unmerge
from posapp.hq.members.slice import rows_apart, rows_of
from posapp.hq.members.tables import person
from posapp.hq.people import add_store
from posapp.hq.tables import counter
from tests.hq.care.salon import Salon
from tests.hq.members.desk import PHONE
from tests.hq.shop import wait_until

OTHER = "+8613900001111"


def head(salon: Salon) -> int:
    with salon.shop.database.reading() as conn:
        return int(conn.scalar(select(counter.c.n).where(counter.c.name == feed_counter("cards"))) or 0)


def test_likes_and_last_orders_stand_on_the_card_of_who_agreed(salon: Salon) -> None:
    ref, shy = salon.member(), salon.member(OTHER, personal=False)
    for price, article in ((4990, "mask"), (9900, "sun"), (4990, "mask")):
        salon.desk.clock.now += DAY
        salon.sells(ref, article, price)
        salon.sells(shy, article, price)
    salon.desk.clock.now += 1_000
    salon.sends("order", {"phone": PHONE}, article="serum", amount="128.00")
    card = salon.card(ref)
    assert card.likes[0] == "补水面膜"
    assert [(one.fen, one.goods, one.store) for one in card.orders] == [
        (12_800, ["精华液"], 0),
        (4990, ["补水面膜"], 1),
        (9900, ["防晒霜 SPF50"], 1),
    ]
    wait_until(lambda: salon.card(ref).last == salon.desk.clock.now)
    quiet = salon.card(shy)
    assert (quiet.likes, quiet.orders, quiet.addons) == ([], [], [])
    assert quiet.visits > 0
    salon.agree(ref, 0)
    salon.settle()
    assert salon.card(ref).orders == []


def test_what_went_back_was_not_bought(salon: Salon) -> None:
    ref = salon.member()
    salon.sells(ref, "mask", 4990)
    assert len(salon.card(ref).orders) == 1
    salon.journal.void(len(salon.journal.entries) - 1, member=ref)
    salon.push()
    assert salon.card(ref).orders == []


def test_a_look_up_brings_the_card_and_the_store_knows_it_from_then_on(salon: Salon) -> None:
    ref = salon.member()
    salon.sends("browse", {"phone": PHONE}, article="serum")
    salon.sells(ref, "mask", 4990)
    add_store(salon.shop.database, salon.desk.clock, 2, "二店")
    far = salon.shop.till(store=2)
    assert salon.card(ref, 2) is None
    with salon.shop.database.reading() as conn:
        code = conn.scalar(select(person.c.code_hash).where(person.c.ref == ref))
    asked = FindMemberRequest("q1", "code", str(code), 1001)
    told: FindMemberAnswer = far.call("POST", "/v1/live/member", FindMemberAnswer, asked)
    assert told.member == ref
    assert told.card is not None
    assert told.card.orders[0].goods == ["补水面膜"]
    assert salon.card(ref, 2).orders == told.card.orders
    assert salon.hint(ref, 2) is not None


def test_a_card_that_is_as_it_was_wakes_no_till(salon: Salon) -> None:
    ref = salon.member()
    salon.sells(ref, "mask", 4990)
    wait_until(lambda: (salon.card(ref).visits, salon.card(ref).segment) == (1, "new"))
    salon.settle()
    before, made = head(salon), salon.card(ref).at
    salon.desk.clock.now += 60_000
    with salon.desk.writing() as conn:
        feed.publish(conn, rows_of(conn, [ref], salon.desk.clock.now))
    salon.settle()
    assert (head(salon), salon.card(ref).at) == (before, made)


def test_a_badge_is_there_at_once_and_gone_after_its_day_also_offline(salon: Salon) -> None:
    ref = salon.member()
    ends = salon.desk.clock.now + DAY
    with salon.desk.writing() as conn:
        care.grant(conn, ref, "taster", ("品牌体验官", "Brand taster"), ends, "lin", salon.desk.clock.now)
    # offline the till has only the row, and the row says until when
    assert salon.card(ref).titles == [("taster", "品牌体验官", "Brand taster", ends)]
    with salon.desk.writing() as conn, pytest.raises(PosError, match="inward_word"):
        care.grant(conn, ref, "x", ("高价值客户", "VIP"), 0, "lin", salon.desk.clock.now)
    with salon.desk.writing() as conn, pytest.raises(PosError, match="bad_period"):
        care.grant(conn, ref, "x", ("荐客", "Friend"), salon.desk.clock.now, "lin", salon.desk.clock.now)
    salon.desk.clock.now = ends
    salon.shop.app.state.hq.caring.wake()
    wait_until(lambda: salon.card(ref).titles == [])
    with salon.desk.writing() as conn:
        care.grant(conn, ref, "chief", ("首席推荐官", "Chief"), 0, "lin", ends + 1)
    assert salon.card(ref).titles[0][3] == 0
    salon.desk.clock.now += 2
    with salon.desk.writing() as conn:
        care.take_back(conn, ref, "chief", salon.desk.clock.now)
    assert salon.card(ref).titles == []


def test_merged_persons_have_one_card_and_parted_ones_two(salon: Salon) -> None:
    first, second = salon.member(), salon.member(OTHER)
    salon.sells(first, "mask", 4990)
    salon.sells(second, "sun", 9900)
    now = salon.desk.clock.now
    with salon.desk.writing() as conn:
        root = merge_persons(conn, salon.desk.means, first, second, "person", "test")
        feed.publish(conn, rows_of(conn, [root], now))
    salon.settle()
    assert {one.goods[0] for one in salon.card(first).orders} == {"补水面膜", "防晒霜 SPF50"}
    assert salon.card(second) is None
    with salon.desk.writing() as conn:
        before = rows_of(conn, [first], now)
        feed.publish(conn, rows_apart(conn, before, unmerge(conn, salon.desk.means, 1, "test"), now))
    salon.settle()
    assert [one.goods for one in salon.card(first).orders] == [["补水面膜"]]
    assert [one.goods for one in salon.card(second).orders] == [["防晒霜 SPF50"]]


def test_cards_of_many_are_the_cards_of_each(salon: Salon) -> None:
    refs = [salon.desk.member(f"+86139{n:08}") for n in range(7)]
    for n, ref in enumerate(refs):
        salon.sells(ref, ("mask", "sun", "serum")[n % 3], 1_000 + n)
    now = salon.desk.clock.now
    with salon.desk.writing() as conn:
        rows = card_rows(conn, refs, now)["cards"]
        each = {ref: card_of(conn, ref, now) for ref in refs}
    assert {key: row.orders for (_, key), row in rows.items()} == {ref: card.orders for ref, card in each.items()}

"""Row 54: who looks after whom changes at the next look-up, and sales that were made keep their credit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from posapp.clock import DAY
from posapp.errors import PosError
from posapp.hq.care import desk as care
from posapp.hq.care.owners import Share, _shares, by_friendship, credit_of, credited, history, set_credit
from posapp.hq.care.tables import owner
from posapp.hq.joining.tables import joined
from posapp.hq.members.identity import CLAIMED, VERIFIED, add_key
from posapp.hq.people import switch_off
from posapp.hq.tables import sale
from posapp.hq.wecom.tables import relation, wecom_clerk
from tests.hq.care.salon import Salon
from tests.hq.shop import on_sqlite

OTHER = "+8613900001111"


def give(salon: Salon, ref: str, number: int) -> None:
    salon.desk.clock.now += 1_000
    with salon.desk.writing() as conn:
        care.set_owner(conn, ref, number, "lin", salon.desk.clock.now)


def shares_of(salon: Salon) -> list[list[Share]]:
    """Whose each sale is, in the order they were made."""
    with salon.shop.database.reading() as conn:
        rows = conn.execute(select(sale).order_by(sale.c.paid)).all()
        held = credit_of(conn, rows)
    return [held[row.jid, row.seq] for row in rows]


def joins(salon: Salon, ref: str, number: int) -> None:
    """As the join page books it."""
    row = {"ref": ref, "at": salon.desk.clock.now, "store": 1, "till": 1, "clerk": number, "channel": "badge"}
    with salon.desk.writing() as conn:
        conn.execute(joined.insert(), {**row, "token": "", "stem": ""})


def test_a_transfer_changes_the_card_at_once_and_old_sales_keep_their_credit(salon: Salon) -> None:
    ref = salon.member()
    with salon.desk.writing() as conn:
        set_credit(conn, "owner", "lin", salon.desk.clock.now)
    give(salon, ref, 1002)
    assert salon.card(ref).owner == 1002
    salon.desk.clock.now += 1_000
    salon.sells(ref, "mask", 4991)
    give(salon, ref, 1003)
    assert salon.card(ref).owner == 1003
    salon.desk.clock.now += 1_000
    salon.sells(ref, "mask", 4991)
    assert shares_of(salon) == [[Share(1002, 4991)], [Share(1003, 4991)]]
    with salon.desk.writing() as conn:
        set_credit(conn, "split", "lin", salon.desk.clock.now + 1)
    salon.desk.clock.now += 1_000
    salon.sells(ref, "mask", 4991)
    assert shares_of(salon) == [
        [Share(1002, 4991)],
        [Share(1003, 4991)],
        [Share(1001, 2496), Share(1003, 2495)],
    ]
    salon.journal.void(len(salon.journal.entries) - 2, done=salon.desk.clock.now)
    salon.push()
    with salon.shop.database.reading() as conn:
        assert [row["clerk"] for row in history(conn, ref)] == [1003, 1002]
        (date,) = set(conn.scalars(select(sale.c.date)))
        told = {row["clerk"]: (row["sold"], row["credit"]) for row in credited(conn, date, date, 1)}
    assert told == {1001: ("99.82", "24.96"), 1002: ("0.00", "49.91"), 1003: ("0.00", "24.95")}
    with salon.desk.writing() as conn, pytest.raises(PosError, match="bad_choice"):
        set_credit(conn, "mine", "lin", 1)


@given(st.sampled_from(["owner", "seller", "split"]), st.integers(0, 3), st.integers(1, 3), st.integers(0, 10**9))
def test_no_fen_of_a_sale_is_lost_or_made(rule: str, whose: int, seller: int, total: int) -> None:
    assert sum(share.fen for share in _shares(rule, whose, seller, total)) == total


def test_everybody_of_who_leaves_goes_to_another(salon: Salon) -> None:
    refs = [salon.member(f"+86139{n:08}") for n in range(3)]
    for ref in refs[:2]:
        give(salon, ref, 1001)
    give(salon, refs[2], 1003)
    switch_off(salon.shop.database, 1001)
    now = salon.desk.clock.now + 1_000
    for giver, taker, code in ((1001, 1001, "same_clerk"), (1002, 1001, "clerk_off"), (1002, 9999, "not_found")):
        with pytest.raises(PosError, match=code):
            care.handover(salon.shop.database, giver, taker, "lin", now)
    assert care.handover(salon.shop.database, 1001, 1002, "lin", now) == 2
    assert care.handover(salon.shop.database, 1001, 1002, "lin", now) == 0
    assert [salon.card(ref).owner for ref in refs] == [1002, 1002, 1003]


def test_who_had_nobody_is_looked_after_by_the_clerk_they_joined_with(salon: Salon) -> None:
    ref = salon.desk.member()
    joins(salon, ref, 1002)
    salon.agree(ref)
    salon.settle()
    assert salon.card(ref).owner == 1002
    give(salon, ref, 1003)
    salon.agree(ref)
    salon.settle()
    assert salon.card(ref).owner == 1003
    assert [row["why"] for row in salon.shop.rows(owner)] == ["joined", "set"]


@on_sqlite
def test_a_friend_in_wecom_goes_with_the_transfer_there(salon: Salon) -> None:
    ref, claimant = salon.member(), salon.member(OTHER)
    friend = {"state": "added", "changed": 0, "deleted_by": "", "again": 0, "source": "", "clerk": 0, "store": 0}
    friend |= {"channel": "", "moved_from": "", "name": "", "remark": "", "looked": 1}
    now = salon.desk.clock.now
    with salon.desk.writing() as conn:
        for number in (1001, 1002):
            conn.execute(wecom_clerk.insert(), {"clerk": number, "userid": f"u{number}"})
        for who, at in (("wm1", 1), ("wm2", 1)):
            conn.execute(relation.insert(), {"external_userid": who, "userid": "u1001", "added": at, **friend})
        add_key(conn, salon.desk.means, ref, "external_userid", "wm1", VERIFIED, "wecom")
        add_key(conn, salon.desk.means, claimant, "external_userid", "wm2", CLAIMED, "greeting")
        assert by_friendship(conn, salon.desk.vault, "wm1", now) == ref
        assert by_friendship(conn, salon.desk.vault, "wm1", now) is None
        assert by_friendship(conn, salon.desk.vault, "wm2", now) == claimant
        assert by_friendship(conn, salon.desk.vault, "wm3", now) is None
        add_key(conn, salon.desk.means, ref, "external_userid", "wm2", CLAIMED, "greeting")
        conn.execute(relation.update().where(relation.c.external_userid == "wm1").values(state="moved"))
        moved = {"external_userid": "wm1", "userid": "u1002", "added": 2, **friend}
        conn.execute(relation.insert(), moved)
        assert by_friendship(conn, salon.desk.vault, "wm1", now + DAY) == ref
        # two claim it: nobody knows whose it is
        assert by_friendship(conn, salon.desk.vault, "wm2", now + DAY) is None
    assert [(row["ref"], row["clerk"]) for row in salon.shop.rows(owner) if not row["until"]] == sorted(
        [(ref, 1002), (claimant, 1001)]
    )


@on_sqlite
def test_who_becomes_a_friend_is_told_to_the_tills_in_the_same_breath(salon: Salon) -> None:
    ref = salon.member()
    row: dict[str, object] = dict.fromkeys("deleted_by source channel moved_from name remark".split(), "")
    row |= dict.fromkeys("again clerk store".split(), 0)
    with salon.desk.writing() as conn:
        conn.execute(wecom_clerk.insert(), {"clerk": 1002, "userid": "zhou"})
        add_key(conn, salon.desk.means, ref, "unionid", "union-1", VERIFIED, "mini")
        friend = {"external_userid": "wm1", "userid": "zhou", "state": "added", "added": 1, "changed": 1, "looked": 1}
        conn.execute(relation.insert(), {**row, **friend})
    hq = salon.shop.app.state.hq
    with salon.desk.writing() as conn:
        care.befriended(hq.vault, hq.chance, conn, "wm1", "union-1", salon.desk.clock.now)
    assert salon.card(ref).owner == 1002

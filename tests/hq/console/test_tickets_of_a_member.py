"""The tickets of one member, as somebody at the console may look for them."""

from __future__ import annotations

import pytest

from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.console.guests import who_has_tickets
from posapp.hq.console.sales import Wanted, find
from posapp.hq.database import Database
from posapp.hq.joining.tables import claim
from posapp.hq.members.identity import merge_persons
from posapp.hq.members.slice import rows_of
from posapp.hq.members.tables import looked
from posapp.keys import HqKeys
from posapp.rules.join_token import Token, make
from tests.hq.care.salon import Salon
from tests.hq.members.desk import PHONE, Desk
from tests.hq.shop import Shop, TestClock

OTHER = "+8613900001111"


@pytest.fixture
def salon(database: Database, keys: HqKeys, clock: TestClock, shop: Shop) -> Salon:
    return Salon(Desk(database, keys, clock), shop)


def receipts(salon: Salon, ref: str) -> list[tuple[str, int]]:
    with salon.shop.database.reading() as conn:
        return [(row["kind"], row["total"]) for row in reversed(find(conn, None, Wanted(member=ref)))]


def test_they_are_those_of_all_their_ids_and_those_they_claimed(salon: Salon) -> None:
    first, second = salon.member(), salon.member(OTHER)
    salon.sells(first, "mask", 4990)
    salon.sells(second, "serum", 9900)
    with salon.desk.writing() as conn:
        root = merge_persons(conn, salon.desk.means, first, second, "person", "test")
        feed.publish(conn, rows_of(conn, [root], salon.desk.clock.now))
    salon.settle()
    salon.desk.clock.now += 1_000
    event = salon.sells("", "sun", 7700)
    token = Token(1, 1, 1001, "receipt", 7, salon.desk.clock.now // 86_400_000, 1)
    held = {"token": make(token, salon.shop.keys.token_key(1, 1)), "ref": root, "sale": event, "state": "done"}
    with salon.desk.writing() as conn:
        empty = {column.name: 0 if column.type.python_type is int else "" for column in claim.columns}
        conn.execute(claim.insert(), {**empty, **held})
    assert receipts(salon, root) == [("sale", 4990), ("sale", 9900), ("sale", 7700)]

    salon.journal.void(len(salon.journal.entries) - 1, done=salon.desk.clock.now + 1)
    salon.push()
    assert receipts(salon, root)[-1] == ("refund", -7700)


def test_a_store_hears_of_no_member_whom_it_does_not_know(salon: Salon) -> None:
    ref = salon.member()
    given = (salon.shop.database, salon.desk.means, PHONE, "anna", "客诉")
    assert who_has_tickets(*given, frozenset({1})) == who_has_tickets(*given, None) == ref
    with pytest.raises(PosError, match="no_such_member"):
        who_has_tickets(*given, frozenset({2}))
    assert [row["what"] for row in salon.shop.rows(looked)] == ["tickets"] * 2

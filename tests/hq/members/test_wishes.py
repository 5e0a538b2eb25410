"""What a member wants to be written about, and how often, is obeyed."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from posapp.clock import DAY
from posapp.hq.members import consents, wishes
from posapp.hq.members.identity import Means, new_person
from posapp.hq.members.tables import attribute
from posapp.hq.texts.tables import text_message
from posapp.hq.vault import Vault
from posapp.ids import seeded_chance
from posapp.keys import HqKeys
from posapp.messages import Consent
from tests.hq.shop import Shop


def wants(conn: Connection, ref: str, name: str, value: str, at: int) -> None:
    conn.execute(
        attribute.insert(), {"ref": ref, "name": name, "at": at, "source": name, "value": value, "by": "member"}
    )


def got_an_offer(conn: Connection, ref: str, at: int) -> None:
    row = {column.name: "" if str(column.type) == "TEXT" else 0 for column in text_message.columns}
    conn.execute(
        text_message.insert(), {**row, "id": str(at), "ref": ref, "kind": "promotion", "state": "sent", "ended": at}
    )


@pytest.mark.parametrize(("often", "days"), [("weekly", 7), ("monthly", 30)])
def test_offers_come_as_often_as_was_chosen(shop: Shop, keys: HqKeys, often: str, days: int) -> None:
    now = shop.clock.now_ms()
    with shop.database.transaction() as conn:
        ref = new_person(conn, Means(Vault(keys, seeded_chance(1)), seeded_chance(2), now), source="page")
        assert not wishes.may_send(shop.clock, conn, ref, "promotion", "offer")
        consents.note(conn, ref, [Consent("marketing", 1, "1")], now, "page", "page")
        assert wishes.may_send(shop.clock, conn, ref, "promotion", "offer")
        wants(conn, ref, wishes.FREQUENCY, often, now)
        got_an_offer(conn, ref, now - days * DAY)
        assert wishes.may_send(shop.clock, conn, ref, "promotion", "offer")
        got_an_offer(conn, ref, now - days * DAY + 1)
        assert not wishes.may_send(shop.clock, conn, ref, "promotion", "offer")
        assert wishes.may_send(shop.clock, conn, ref, "service", "e_receipt")


def test_offers_come_of_the_chosen_types_alone(shop: Shop, keys: HqKeys) -> None:
    now = shop.clock.now_ms()
    with shop.database.transaction() as conn:
        ref = new_person(conn, Means(Vault(keys, seeded_chance(1)), seeded_chance(2), now), source="page")
        consents.note(conn, ref, [Consent("marketing", 1, "1")], now, "page", "page")
        wants(conn, ref, wishes.TYPES, "coupon_ends", now)
        assert not wishes.may_send(shop.clock, conn, ref, "promotion", "offer")
        assert wishes.may_send(shop.clock, conn, ref, "promotion", "coupon_ends")
        consents.note(conn, ref, [Consent("marketing", 0, "1")], now + 1, "page", "page")
        assert not wishes.may_send(shop.clock, conn, ref, "promotion", "coupon_ends")

"""Who joined with a phone at a till offline and by a clerk's greeting online is one person once the phone is shown."""

from __future__ import annotations

from sqlalchemy import select

from posapp.hq import feed
from posapp.hq.joining.codes import read_code
from posapp.hq.joining.join import Joining, join
from posapp.hq.joining.tables import joined
from posapp.hq.members import points
from posapp.hq.members.confirm import confirm_phone
from posapp.hq.members.identity import CLAIMED, Means, new_person, root_of, set_phone, unmerge
from posapp.hq.members.tables import merge, person_key
from posapp.hq.wecom.tables import contact_change
from posapp.messages import Consent
from tests.hq.wecom.conftest import Town

PHONE = "+8613812345678"
AT_TILL = "01a2008d-7400-7127-b601-c77b39629dc8"


def test_offline_at_a_till_and_by_wecom_online_is_one_id_and_comes_apart_again(town: Town) -> None:
    town.hire(1001, "lin")
    town.wecom.scan(town.code(1001, "badge"), "wm-guest")
    town.settle()
    (greeted,) = town.rows(contact_change)
    means = Means(town.hq.vault, town.hq.chance, town.clock.now_ms())
    with town.database.transaction() as conn:
        code = read_code(conn, town.hq.keys, greeted.link, means.now)
        asked = Joining(PHONE, [Consent("terms", 1, "1")], code=code, session="s" * 32)
        online, rows = join(conn, town.hq.keys, means, asked)
        points.book(conn, online.ref, "adjust", "online", 40, means.now)
        feed.publish(conn, rows)
    with town.database.transaction() as conn:
        new_person(conn, means, ref=AT_TILL, home=1, source="till")
        set_phone(conn, means, AT_TILL, PHONE, CLAIMED, "till")
        points.book(conn, AT_TILL, "earn", "sale", 6, means.now)
        assert root_of(conn, AT_TILL) == AT_TILL
    with town.database.transaction() as conn:
        root = confirm_phone(conn, means, AT_TILL, PHONE)
        assert root == online.ref == root_of(conn, AT_TILL)
        assert points.balance(conn, root) == 46
        number = conn.scalar(select(merge.c.number))
        assert number is not None
        unmerge(conn, means, number, "1003")
        assert (points.balance(conn, online.ref), points.balance(conn, AT_TILL)) == (40, 6)
    with town.database.reading() as conn:
        row = conn.execute(select(joined).where(joined.c.ref == online.ref)).one()
        assert (row.clerk, row.store, row.channel) == (1001, 1, "badge")
        friend = conn.execute(select(person_key).where(person_key.c.kind == "external_userid")).one()
        assert (friend.ref, friend.strength) == (online.ref, CLAIMED)

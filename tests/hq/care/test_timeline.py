"""Row 19: what a guest bought, looked at and asked about stands on one line, whoever told of it and however merged."""

from __future__ import annotations

from posapp.hq import feed
from posapp.hq.care import desk as care
from posapp.hq.care.timeline import timeline_of
from posapp.hq.members import desk
from posapp.hq.members.identity import VERIFIED, add_key, merge_persons
from posapp.hq.members.slice import rows_of
from posapp.hq.members.tables import merge
from tests.hq.care.salon import Salon
from tests.hq.members.desk import PHONE


def kinds(salon: Salon, root: str) -> list[tuple[str, str]]:
    """(kind, what) of what happened, the oldest first."""
    with salon.shop.database.reading() as conn:
        return [(one.kind, one.what) for one in reversed(timeline_of(conn, root))]


def test_a_bought_mask_a_browsed_serum_and_a_chat_about_sunscreen_are_on_one_line(salon: Salon) -> None:
    """张女士: the till knows her by her phone, the mini-program by her union id, WeCom by its own."""
    bought = salon.member()
    salon.sells(bought, "mask", 4990)
    browsed = salon.desk.person()
    chatted = salon.desk.person()
    with salon.desk.writing() as conn:
        add_key(conn, salon.desk.means, browsed, "unionid", "union-zhang", VERIFIED, "mini")
        add_key(conn, salon.desk.means, chatted, "external_userid", "wm-zhang", VERIFIED, "wecom")
    salon.desk.clock.now += 1_000
    salon.sends("browse", {"unionid": "union-zhang"}, article="serum")
    salon.desk.clock.now += 1_000
    salon.sends("chat", {"external_userid": "wm-zhang"}, topic="防晒")
    apart = [("sale", "补水面膜")]
    assert kinds(salon, bought) == apart
    assert kinds(salon, browsed) == [("browse", "精华液")]

    with salon.desk.writing() as conn:
        merge_persons(conn, salon.desk.means, bought, browsed, "person", "test")
        root = merge_persons(conn, salon.desk.means, bought, chatted, "person", "test")
        feed.publish(conn, rows_of(conn, [root], salon.desk.clock.now))
    assert root == bought
    together = [("sale", "补水面膜"), ("browse", "精华液"), ("chat", "防晒")]
    assert kinds(salon, root) == together
    assert kinds(salon, chatted) == together

    for row in salon.shop.rows(merge):
        desk.untie(salon.shop.database, salon.desk.means, row["number"], "test")
    assert kinds(salon, bought) == apart
    assert kinds(salon, browsed) == [("browse", "精华液")]
    assert kinds(salon, chatted) == [("chat", "防晒")]


def test_everything_else_is_there_too(salon: Salon) -> None:
    ref = salon.member()
    salon.sells(ref, "mask", 4990)
    salon.journal.void(len(salon.journal.entries) - 1, done=salon.desk.clock.now + 1, member=ref)
    salon.push()
    salon.desk.clock.now += 1_000
    salon.sends("order", {"phone": PHONE}, article="serum", amount="128.00")
    hint = salon.hint(ref)
    salon.desk.clock.now += 1_000
    salon.answers(ref, hint.id, "declined")
    with salon.desk.writing() as conn:
        care.grant(conn, ref, "taster", ("品牌体验官", "Taster"), 0, "lin", salon.desk.clock.now)
    with salon.desk.writing() as conn:
        care.set_tag(conn, ref, "skin", "油皮", days=0, by="lin", now=salon.desk.clock.now)
    assert kinds(salon, ref) == [
        ("sale", "补水面膜"),
        ("refund", salon.journal.headers[1].rn),
        ("order", "精华液"),
        ("hint", "网上买过精华液"),
        ("title", "品牌体验官"),
        ("tag", "油皮"),
        ("answer", "网上买过精华液"),
    ]

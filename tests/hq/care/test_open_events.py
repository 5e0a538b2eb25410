"""Events of the brand's own programs: let in by a key, read strictly, taken once, tied to their member."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from posapp.clock import DAY
from posapp.errors import PosError
from posapp.hq import commands, feed
from posapp.hq.care import channels
from posapp.hq.care.event_file import import_events
from posapp.hq.care.tables import OF_A_PERSON, open_channel, open_event, timeline, waiting_event
from posapp.hq.columns import metadata
from posapp.hq.members import privacy
from posapp.hq.members.identity import VERIFIED, set_phone
from posapp.ids import seeded_chance
from tests.hq.care.salon import Salon
from tests.hq.members.desk import PHONE
from tests.hq.shop import on_sqlite, wait_until

OTHER = "+8613900001111"


def test_only_a_channels_key_opens_the_door_and_a_refusal_is_one_sentence(salon: Salon) -> None:
    event = salon.event("browse", {"phone": PHONE}, article="serum")
    for secret in ("pos_WRONG", "x" * 300):
        told = salon.post(event, secret=secret)
        assert (told.status_code, told.json()["title"]) == (401, "bad_key")
        assert told.headers["content-type"] == "application/problem+json"
        assert told.json()["detail"] == "密钥不正确或已停用,请向总部索取新的"
    assert salon.shop.client.post("/v1/open/events", content=b"[]").status_code == 401
    channels.revoke(salon.shop.database, "mini", salon.desk.clock.now)
    assert salon.post(event).status_code == 401
    assert not salon.shop.rows(timeline)
    again = channels.add(salon.shop.database, seeded_chance(6), "mini2", "events", salon.desk.clock.now)
    assert salon.post(event, secret=again).status_code == 200
    with salon.shop.database.reading() as conn:
        assert again not in str(conn.execute(select(open_channel)).all())


def test_a_request_that_is_none_changes_nothing(salon: Salon) -> None:
    many = [salon.event("browse", {"phone": PHONE}, article="serum") for _ in range(101)]
    for body, code in ((b"{", "bad_request"), (b'{"id":"1"}', "bad_request"), (b"[" * 5_000, "bad_request")):
        told = salon.post(body=body)
        assert (told.status_code, told.json()["title"]) == (400, code)
    assert salon.post(*many).json()["title"] == "too_many_events"
    assert salon.post(body=b" " * 200_000).status_code == 413
    assert not salon.shop.rows(open_event)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "stare"}, "kind"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2030-01-01T00:00:00Z"}, "at"),
        ({"id": ""}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"member": {}}, "member"),
        ({"member": {"phone": PHONE, "code": "M1"}}, "member"),
        ({"member": {"phone": "12345"}}, "phone"),
        ({"article": ""}, "article"),
        ({"topic": "防晒"}, "topic"),
        ({"amount": "3.00"}, "amount"),
        ({"channel": "Mini Program"}, "channel"),
        ({"kind": "order", "amount": "-1"}, "amount"),
        ({"kind": "order", "amount": 1.5}, "amount"),
        ({"kind": "chat"}, "article"),
        ({"text": "hello"}, "text"),
        ({"at": 12}, "at"),
        ({"at": "2026-W47-3"}, "at"),
        ({"at": "20261120"}, "at"),
        ({"at": "2026-11-20"}, "at"),
        ({"at": "2026-11-20T10:15"}, "at"),
        ({"at": "２０２６-11-20T10:15:00Z"}, "at"),
        ({"kind": "order", "amount": "３.00"}, "amount"),
        ({"kind": "order", "amount": "¥3.00"}, "amount"),
        ({"id": "8613800000001-1"}, "id"),
        ({"id": "+8613800000001/3"}, "id"),
        ({"id": "138-0000-0001"}, "id"),
        ({"id": "or_138_0000_0001_2"}, "id"),
        ({"channel": "13800000001"}, "channel"),
        ({"channel": "138-0000-0001"}, "channel"),
    ],
)
@on_sqlite
def test_each_event_is_read_strictly_and_the_wrong_field_is_named(
    salon: Salon, change: dict[str, Any], field: str
) -> None:
    salon.desk.member()
    good = salon.event("browse", {"phone": PHONE}, article="serum")
    bad = {**salon.event("browse", {"phone": PHONE}, article="serum"), **change}
    told = salon.post(bad, good).json()
    assert (told["taken"], told["refused"]) == (1, 1)
    assert told["results"][0]["code"] == "bad_event"
    assert field in told["results"][0]["message"][0]


@pytest.mark.parametrize(
    ("topic", "code"),
    [
        ("防晒\u202e霜", "bad_name"),
        ("防\u200b晒", "bad_name"),
        ("{goods}", "bad_name"),
        ("a}b", "bad_name"),
        ("高价值客户", "inward_word"),
        ("Churn risk", "inward_word"),
    ],
)
@on_sqlite
def test_a_topic_is_a_word_a_customer_may_hear(salon: Salon, topic: str, code: str) -> None:
    ref = salon.member()
    assert salon.sends("chat", {"ref": ref}, topic=topic)["code"] == code
    assert not salon.shop.rows(open_event)


@on_sqlite
def test_ids_that_hold_no_phone_are_taken_in_every_usual_shape(salon: Salon) -> None:
    salon.desk.member()
    ids = (
        "20261122138000000015",
        "1764468900123",
        "br-20261122-0001",
        "0193a5f0-1380-7138-8000-00000001abcd",
        "2026-11-22T15:10:00.123+08:00",
    )
    for id_ in ids:
        told = salon.post({**salon.event("browse", {"phone": PHONE}, article="serum"), "id": id_}).json()
        assert told["results"][0]["state"] == "taken", id_


def test_no_phone_is_left_of_who_is_erased_whatever_was_sent(salon: Salon, tmp_path: Path) -> None:
    ref = salon.member()
    digits = PHONE.removeprefix("+86")
    for n, id_ in enumerate((digits, f"86{digits}-1", f"+86{digits}/3", f"{digits[:3]}-{digits[3:7]}-{digits[7:]}")):
        for channel in ("mini", digits):
            event = {**salon.event("browse", {"ref": ref}, article="serum"), "id": id_, "channel": channel}
            assert salon.post(event).json()["refused"] == 1, (n, channel)
    file = tmp_path / "events.csv"
    file.write_text(f"编号,类型,时间,手机号,货号\n{digits}-7,浏览,2026-11-20 10:00,{PHONE},serum\n", "utf-8")
    given = (salon.shop.database, salon.desk.vault, salon.desk.clock, file)
    with pytest.raises(PosError, match="text_has_number"):
        import_events(*given, channel=digits)
    assert digits not in import_events(*given, channel="crm").text()
    with pytest.raises(PosError, match="text_has_number"):
        channels.add(salon.shop.database, seeded_chance(7), digits, "events", salon.desk.clock.now)
    assert salon.sends("browse", {"ref": ref}, article="serum")["state"] == "taken"
    with salon.desk.writing() as conn:
        number, _ = privacy.request(conn, salon.desk.means, ref, "erase", "test")
        feed.publish(conn, privacy.erase(conn, salon.desk.means, number))
    with salon.shop.database.reading() as conn:
        everything = "".join(str(conn.execute(select(table)).all()) for table in metadata.sorted_tables)
    assert digits not in everything


def test_what_was_taken_is_taken_once_and_an_id_stays_what_it_was(salon: Salon) -> None:
    ref = salon.member()
    event = salon.event("browse", {"phone": PHONE}, article="serum")
    assert salon.post(event, event).json()["results"] == [
        {"id": "e1", "state": "taken"},
        {"id": "e1", "state": "known"},
    ]
    other = {**event, "article": "mask"}
    assert salon.post(other).json()["results"][0]["code"] == "id_taken"
    assert [(row["ref"], row["article"]) for row in salon.shop.rows(timeline)] == [(ref, "serum")]


def test_our_own_names_are_known_or_wrong_and_so_are_articles(salon: Salon) -> None:
    ref = salon.member()
    assert salon.sends("browse", {"ref": ref}, article="serum")["state"] == "taken"
    assert salon.sends("browse", {"ref": "nobody"}, article="serum")["code"] == "no_such_member"
    assert salon.sends("browse", {"code": "M1NOTHING"}, article="serum")["code"] == "no_such_member"
    assert salon.sends("browse", {"ref": ref}, article="9999")["code"] == "no_such_article"
    assert salon.sends("chat", {"ref": ref}, topic="打13812345678")["code"] == "text_has_number"


def test_events_of_a_stranger_wait_for_thirty_days_and_hold_no_number(salon: Salon) -> None:
    assert salon.sends("browse", {"phone": OTHER}, article="serum")["state"] == "waiting"
    assert salon.sends("chat", {"unionid": "union-1"}, topic="防晒")["state"] == "waiting"
    with salon.shop.database.reading() as conn:
        everything = "".join(str(conn.execute(select(table)).all()) for table in metadata.sorted_tables)
    assert OTHER[3:] not in everything
    assert "union-1" not in everything
    ref = salon.member(OTHER)
    salon.shop.app.state.hq.caring.wake()
    wait_until(lambda: len(salon.shop.rows(timeline)) == 1)
    assert salon.shop.rows(timeline)[0]["ref"] == ref
    wait_until(lambda: salon.hint(ref) is not None)
    salon.desk.clock.now += 30 * DAY
    wait_until(lambda: not salon.shop.rows(waiting_event))
    assert {row["state"] for row in salon.shop.rows(open_event)} == {"taken", "lapsed"}
    assert salon.post(salon.event("chat", {"unionid": "union-1"}, topic="防晒")).json()["waiting"] == 1


def test_a_file_brings_the_same_and_only_once(salon: Salon, tmp_path: Path) -> None:
    ref = salon.member()
    file = tmp_path / "events.csv"
    file.write_text(
        "编号,类型,时间,手机号,货号,话题,金额,渠道\n"
        f"1,浏览,2026-11-20 10:00,{PHONE},serum,,,wechat\n"
        f"2,聊天,2026-11-20 10:05,{PHONE},,防晒,,\n"
        f"3,下单,2026-11-20 10:06,{PHONE},mask,,39.90,douyin\n"
        f"4,下单,2026-11-20 10:06,{PHONE},mask,,,\n",
        "utf-8",
    )
    reports = [
        import_events(salon.shop.database, salon.desk.vault, salon.desk.clock, file, channel="crm") for _ in range(2)
    ]
    assert [(one.new, one.known, len(one.refused)) for one in reports] == [(3, 0, 1), (0, 3, 1)]
    assert "金额" in reports[0].text() or "amount" in reports[0].text()
    rows = sorted(salon.shop.rows(timeline), key=lambda row: row["id"])
    assert [(row["ref"], row["kind"], row["source"], row["fen"]) for row in rows] == [
        (ref, "browse", "wechat", 0),
        (ref, "chat", "crm", 0),
        (ref, "order", "douyin", 3990),
    ]


def test_who_is_erased_leaves_nothing_of_it(salon: Salon) -> None:
    ref = salon.member()
    salon.sends("browse", {"ref": ref}, article="serum")
    assert salon.hint(ref) is not None
    with salon.desk.writing() as conn:
        number, _ = privacy.request(conn, salon.desk.means, ref, "erase", "test")
        feed.publish(conn, privacy.erase(conn, salon.desk.means, number))
    salon.settle()
    assert salon.hint(ref) is None
    assert salon.card(ref) is None
    assert not [row for table in OF_A_PERSON for row in salon.shop.rows(table)]
    assert salon.sends("browse", {"ref": ref}, article="serum")["code"] == "no_such_member"


def test_an_event_stays_with_the_id_that_the_key_belongs_to(salon: Salon) -> None:
    salon.member()
    second = salon.desk.person()
    with salon.desk.writing() as conn:
        set_phone(conn, salon.desk.means, second, OTHER, VERIFIED, "test")
    salon.sends("browse", {"phone": OTHER}, article="serum")
    assert salon.shop.rows(timeline)[0]["ref"] == second


def test_the_commands_print_the_secret_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path)]
    assert commands.main(["channel", "add", "mini", *data]) == 0
    secret = capsys.readouterr().out.strip()
    assert secret.startswith("pos_")
    assert commands.main(["channel", "add", "mini", *data]) == 2
    assert commands.main(["channel", "list", *data]) == 0
    assert secret not in capsys.readouterr().out
    assert commands.main(["channel", "revoke", "mini", *data]) == 0
    assert commands.main(["channel", "revoke", "mini", *data]) == 2

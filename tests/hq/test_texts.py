"""The outbox: each message once, caps, quiet hours, refusals, forgetting."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from posapp.clock import DAY, HOUR
from posapp.errors import PosError
from posapp.hq.texts import outbox
from posapp.hq.texts.inbound import PATH, STOP_WORDS
from posapp.hq.texts.outbox import Outcome, after_quiet
from posapp.hq.texts.tables import text_message, text_suppression
from posapp.hq.texts.templates import KINDS, REFUSE, TEMPLATES, filed, filled, ordered
from tests.hq.shop import Shop, on_sqlite
from tests.hq.texting import MORNING, NIGHT, OFFER, OTHER, PHONE, RECEIPT, Texting


def test_a_message_arrives_once_however_often_it_is_asked_for(texting: Texting) -> None:
    first = texting.ask("e_receipt", "ticket 1")
    assert first.what == "queued"
    assert texting.ask("e_receipt", "ticket 1") == Outcome("duplicate", first.id)
    texting.courier.work()
    assert texting.ask("e_receipt", "ticket 1").what == "duplicate"
    texting.courier.work()
    assert texting.provider.inbox(PHONE) == ["【示范】您在示范店消费13.00元,电子小票: https://s.example/r/1"]
    assert texting.state(first) == "sent"
    # Another ticket, template or number is another message.
    assert texting.ask("e_receipt", "ticket 2").what == "queued"
    assert texting.ask("join_link", "ticket 1", values={"store": "店", "link": "https://x"}).what == "queued"
    assert texting.ask("e_receipt", "ticket 1", OTHER).what == "queued"


def test_a_message_that_is_rolled_back_is_not_sent(texting: Texting) -> None:
    def cancelled_sale() -> None:
        with texting.database.transaction() as conn:
            asked: dict[str, Any] = {"template": "e_receipt", "values": RECEIPT, "dedupe": "t", "now_ms": MORNING}
            assert outbox.request(conn, texting.vault, phone=PHONE, **asked).what == "queued"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cancelled_sale()
    texting.courier.work()
    assert texting.provider.arrived == []


@on_sqlite
def test_values_must_be_those_of_the_template(texting: Texting) -> None:
    for wrong in ({}, {**RECEIPT, "more": "x"}, {**RECEIPT, "store": ""}, {**RECEIPT, "store": "a\nb"}):
        with pytest.raises(ValueError):
            texting.ask("e_receipt", "t", values=wrong)


@pytest.mark.parametrize(("template", "most"), [("e_receipt", 20), ("offer", 2)])
def test_a_number_gets_only_so_many_of_a_class_in_a_day(texting: Texting, template: str, most: int) -> None:
    start = texting.clock.now
    for n in range(most):
        assert texting.ask(template, str(n)).what == "queued"
        texting.clock.now += 1000
    refused = texting.ask(template, "one more")
    assert refused == Outcome("capped", wait_ms=start + DAY - texting.clock.now)
    assert texting.ask(template, "one more", OTHER).what == "queued"
    texting.clock.now = start + DAY - 1
    assert texting.ask(template, "one more").what == "capped"
    texting.clock.now = start + DAY
    assert texting.ask(template, "one more").what == "queued"


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        (NIGHT - 1, NIGHT - 1),
        (NIGHT, MORNING),
        (NIGHT + 3 * HOUR, MORNING),  # midnight
        (MORNING - 1, MORNING),
        (MORNING, MORNING),
    ],
)
def test_quiet_hours_begin_at_nine_in_the_evening_and_end_at_nine(now: int, leaves: int) -> None:
    assert after_quiet(now) == leaves


def test_a_promotion_waits_for_the_morning_and_a_service_message_does_not(texting: Texting) -> None:
    texting.clock.now = NIGHT
    offer, receipt = texting.ask("offer", "campaign", ref="m1"), texting.ask("e_receipt", "t")
    texting.courier.work()
    assert (texting.state(offer), texting.state(receipt)) == ("queued", "sent")
    texting.clock.now = MORNING - 1
    texting.courier.work()
    assert texting.state(offer) == "queued"
    texting.clock.now = MORNING
    texting.courier.work()
    assert texting.state(offer) == "sent"
    assert texting.provider.inbox(PHONE)[-1] == "【示范】周三会员日 https://s.example/o 拒收请回复R"


def test_a_promotion_that_was_held_up_into_the_night_waits_too(texting: Texting) -> None:
    texting.clock.now = NIGHT - 1
    offer = texting.ask("offer", "campaign")
    texting.clock.now = NIGHT
    texting.courier.work()
    assert (texting.state(offer), texting.row(offer).due) == ("queued", MORNING)
    assert texting.provider.arrived == []


def test_a_withdrawal_stops_what_is_queued(texting: Texting) -> None:
    offer, receipt = texting.ask("offer", "campaign"), texting.ask("e_receipt", "t")
    texting.agreed = False
    texting.courier.work()
    assert (texting.state(offer), texting.row(offer).reason) == ("suppressed", "not_allowed")
    assert texting.state(receipt) == "sent"
    assert texting.ask("offer", "another").what == "not_allowed"
    assert len(texting.provider.arrived) == 1


@on_sqlite
def test_without_anybody_to_ask_no_promotion_is_taken(texting: Texting) -> None:
    with texting.database.transaction() as conn:
        asked: dict[str, Any] = {"template": "offer", "values": OFFER, "dedupe": "c", "now_ms": MORNING}
        assert outbox.request(conn, texting.vault, phone=PHONE, **asked).what == "not_allowed"


def test_a_number_that_refused_gets_only_codes_and_what_it_asks_for(texting: Texting) -> None:
    offer, receipt = texting.ask("offer", "c"), texting.ask("e_receipt", "t1")
    wanted = texting.ask("privacy_done", "p", values={"number": "7", "link": "https://x"}, asked=True)
    with texting.database.transaction() as conn:
        outbox.suppress(conn, texting.vault, PHONE, "staff", texting.clock.now)
        assert outbox.is_suppressed(conn, texting.vault, PHONE)
        assert not outbox.is_suppressed(conn, texting.vault, OTHER)
    code = texting.code()
    texting.courier.work()
    assert [texting.state(one) for one in (offer, receipt, wanted, code)] == ["suppressed"] * 2 + ["sent"] * 2
    assert len(texting.provider.inbox(PHONE)) == 2
    for template in ("e_receipt", "offer"):
        refused = texting.ask(template, "t2")
        assert refused.what == "suppressed"
        with pytest.raises(PosError) as error:
            refused.check()
        assert error.value.sentence() == "该号码已退订,未发送"
    # Agreeing anew lifts it; what was stopped stays so.
    with texting.database.transaction() as conn:
        assert outbox.lift(conn, texting.vault, PHONE)
        assert not outbox.lift(conn, texting.vault, PHONE)
    assert texting.ask("e_receipt", "t2").what == "queued"
    assert texting.state(receipt) == "suppressed"


def test_a_refusal_between_marking_and_sending_again_counts(texting: Texting) -> None:
    receipt = texting.ask("e_receipt", "t1")
    texting.provider.failing = "RequestLimitExceeded"
    texting.courier.work()
    assert texting.state(receipt) == "queued"
    with texting.database.transaction() as conn:
        conn.execute(text_suppression.insert(), [{"person": texting.row(receipt).person, "since": 1, "source": "x"}])
    texting.provider.failing = ""
    texting.clock.now += HOUR
    texting.courier.work()
    assert (texting.state(receipt), texting.provider.arrived) == ("suppressed", [])


def test_forgetting_a_person_leaves_no_number_and_sends_nothing(texting: Texting) -> None:
    sent, other = texting.ask("e_receipt", "t1", ref="m1"), texting.ask("e_receipt", "t1", OTHER, ref="m2")
    texting.courier.work()
    waiting = texting.ask("offer", "c", ref="m1")
    with texting.database.transaction() as conn:
        assert outbox.drop_for(conn, "m1", texting.clock.now) == 2
    row = texting.row(sent)
    assert (row.state, row.phone, row.person, row.ref, row.content) == ("sent", "", "", "", "")
    assert texting.row(other).phone != ""
    texting.courier.work()
    with texting.database.reading() as conn:
        assert conn.scalar(select(text_message.c.id).where(text_message.c.id == waiting.id)) is None
    assert len(texting.provider.arrived) == 2


def test_numbers_are_wiped_a_week_after_they_were_used_and_texts_at_once(texting: Texting) -> None:
    sent = texting.ask("e_receipt", "t1")
    assert texting.vault.open(texting.row(sent).phone) == PHONE
    texting.courier.work()
    ended = texting.clock.now
    assert (texting.row(sent).content, bool(texting.row(sent).phone)) == ("", True)
    texting.clock.now = ended + 7 * DAY - 1
    texting.courier.work()
    assert texting.row(sent).phone
    texting.clock.now += HOUR
    texting.courier.work()
    assert texting.row(sent).phone == ""
    assert texting.ask("e_receipt", "t1").what == "duplicate"


def test_without_a_provider_messages_wait_and_in_the_end_are_given_up(texting: Texting) -> None:
    receipt = texting.ask("e_receipt", "t1")
    (texting.folder / "hq-texts.json").unlink()
    assert texting.courier.work()
    assert texting.state(receipt) == "queued"
    texting.clock.now += 3 * DAY
    texting.courier.work()
    row = texting.row(receipt)
    assert (row.state, row.reason, row.phone, row.content) == ("refused", "expired", "", "")


# --- what the provider tells ---


@pytest.fixture
def phones(shop: Shop, texting: Texting) -> Texting:
    """The outbox with HQ's app, whose callback the provider knows."""
    shop.app.state.hq.folder = texting.folder
    return texting


def tell(shop: Shop, body: bytes, key: str = "callback-of-tests") -> tuple[int, dict[str, Any]]:
    answer = shop.client.post(PATH + key, content=body)
    return answer.status_code, answer.json()


DONE = (200, {"result": 0, "errmsg": "OK"})


def test_an_r_stops_all_but_what_was_asked_for(shop: Shop, phones: Texting) -> None:
    offer = phones.ask("offer", "c")
    body = '{"extend":"","mobile":"13812345678","nationcode":"86","sign":"示范","text":" r。","time":1457336869}'
    assert tell(shop, body.encode()) == DONE
    assert tell(shop, body.encode()) == DONE
    assert phones.state(offer) == "suppressed"
    assert phones.ask("e_receipt", "t").what == "suppressed"
    assert phones.ask("e_receipt", "t", OTHER).what == "queued"
    assert [row["source"] for row in shop.rows(text_suppression)] == ["reply"]


@on_sqlite
def test_another_reply_stops_nothing(shop: Shop, phones: Texting) -> None:
    for text in ("谢谢", "R吗", ""):
        body = f'{{"mobile":"13812345678","nationcode":"86","text":"{text}","time":1}}'
        assert tell(shop, body.encode()) == DONE
    assert tell(shop, b'{"mobile":"12","nationcode":"86","text":"R","time":1}') == DONE
    assert shop.rows(text_suppression) == []
    assert "退订" in STOP_WORDS


@on_sqlite
def test_only_who_knows_the_path_can_report(shop: Shop, phones: Texting) -> None:
    reply = b'{"mobile":"13812345678","nationcode":"86","text":"R","time":1}'
    assert tell(shop, reply, "guessed")[0] == 404
    assert tell(shop, b"{")[0] == 400
    assert tell(shop, b'{"mobile":1}')[0] == 400
    assert tell(shop, b" " * 300_000)[0] == 413
    assert shop.rows(text_suppression) == []
    (phones.folder / "hq-texts.json").unlink()
    assert tell(shop, reply)[0] == 404


def test_delivery_reports_are_kept(shop: Shop, phones: Texting) -> None:
    good, bad, other = (phones.ask("e_receipt", str(n)) for n in range(3))
    phones.courier.work()
    reports = ",".join(
        f'{{"user_receive_time":"2026-11-22 10:00:00","nationcode":"86","mobile":"13812345678",'
        f'"report_status":"{status}","errmsg":"{code}","description":"","sid":"{phones.row(one).provider_id}"}}'
        for one, status, code in ((good, "SUCCESS", "DELIVRD"), (bad, "FAIL", "MBBLACK"))
    )
    assert tell(shop, f"[{reports}]".encode()) == DONE
    assert [phones.state(one) for one in (good, bad, other)] == ["delivered", "refused", "sent"]
    assert phones.row(bad).reason == "MBBLACK"
    # A report of a message that is not ours changes nothing.
    other_sid = '[{"nationcode":"86","mobile":"13812345678","report_status":"FAIL","errmsg":"X","sid":"9"}]'
    assert tell(shop, other_sid.encode()) == DONE
    assert phones.state(other) == "sent"


# --- templates ---


def test_every_promotion_says_how_to_refuse_and_both_languages_have_the_same_values() -> None:
    for name, template in TEMPLATES.items():
        assert template.kind in KINDS
        refuses = [told in text for told, text in zip(REFUSE, (template.zh, template.en), strict=True)]
        assert refuses == [template.kind == "promotion"] * 2
        values = dict.fromkeys(template.names, "x")
        for language in ("zh", "en"):
            text = filed(name, language)
            told = filled(text, ordered(name, values), "示范")
            assert told.startswith("【示范】")
            assert "{" not in told
            assert text.count("{") == len(values)


def test_a_person_is_found_by_a_keyed_hash_only(texting: Texting) -> None:
    texting.ask("e_receipt", "t1")
    with texting.database.reading() as conn:
        told = repr(conn.execute(select(text_message)).all())
    assert PHONE[3:] not in told
    assert "示范店" not in told

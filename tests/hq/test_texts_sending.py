"""A message leaves once: lost answers, killed senders, several senders at once; and what refusals lead to."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from posapp.clock import DAY, HOUR, MINUTE
from posapp.hq.database import open_database
from posapp.hq.gateways.sms import Status, TencentSms, save_text_secrets
from posapp.hq.texts.courier import ASK_AGAIN_MS, LOST_MS, Courier, send_next
from posapp.hq.texts.tables import text_suppression
from tests.hq.shop import Shop, on_sqlite, wait_until
from tests.hq.texting import OTHER, PHONE, Texting


class Killed(BaseException):
    """The sender is gone, without a chance to write anything down."""


class Dying:
    """The provider's gateway in a sender that is killed before or after a message is handed in."""

    def __init__(self, gateway: TencentSms, hands_in: bool) -> None:
        self._gateway = gateway
        self._hands_in = hands_in

    def send(self, phone: str, template: str, values: Sequence[str], context: str) -> str:
        if self._hands_in:
            self._gateway.send(phone, template, values, context)
        raise Killed

    def statuses(self, phone: str, since_ms: int) -> list[Status]:
        raise Killed


def die(texting: Texting, hands_in: bool) -> None:
    with pytest.raises(Killed):
        send_next(texting.database, texting.vault, texting.clock, Dying(texting.gateway, hands_in), None)


def for_days(texting: Texting) -> None:
    """Everything a courier would do in a week."""
    for _ in range(7 * 24 * 4):
        texting.clock.now += 15 * MINUTE
        texting.courier.work()


def test_a_lost_answer_is_asked_about_and_the_message_not_sent_again(texting: Texting) -> None:
    receipt = texting.ask("e_receipt", "t1")
    texting.provider.lost = 1
    texting.courier.work()
    assert (texting.state(receipt), texting.row(receipt).reason) == ("sending", "no_answer")
    texting.courier.work()
    assert texting.state(receipt) == "uncertain"  # the carrier has not reported yet
    texting.provider.deliver()
    texting.clock.now += ASK_AGAIN_MS[0]
    texting.courier.work()
    row = texting.row(receipt)
    assert (row.state, row.provider_id) == ("delivered", texting.provider.arrived[0].serial)
    for_days(texting)
    assert len(texting.provider.inbox(PHONE)) == 1


def test_a_lost_answer_that_is_never_reported_stays_uncertain(texting: Texting) -> None:
    receipt = texting.ask("e_receipt", "t1")
    texting.provider.lost = 1
    for_days(texting)
    assert texting.state(receipt) == "uncertain"
    assert len(texting.provider.inbox(PHONE)) == 1
    assert texting.provider.asked == 1 + 1 + len(ASK_AGAIN_MS)


def test_a_lost_answer_whose_message_failed_later_is_known_to_have_failed(texting: Texting) -> None:
    receipt = texting.ask("e_receipt", "t1")
    texting.provider.lost = 1
    texting.courier.work()
    texting.provider.deliver("MBBLACK")
    texting.courier.work()
    row = texting.row(receipt)
    assert (row.state, row.reason) == ("refused", "MBBLACK")


def test_what_nobody_could_ask_about_for_a_week_is_given_up_and_its_number_wiped(texting: Texting) -> None:
    receipt = texting.ask("e_receipt", "t1")
    die(texting, hands_in=True)
    (texting.folder / "hq-texts.json").unlink()
    texting.clock.now += 7 * DAY
    texting.courier.work()
    row = texting.row(receipt)
    assert (row.state, row.phone, row.content) == ("uncertain", "", "")


@pytest.mark.parametrize("hands_in", [False, True])
def test_a_sender_killed_at_the_call_leads_to_no_second_message(texting: Texting, hands_in: bool) -> None:
    receipt = texting.ask("e_receipt", "t1")
    die(texting, hands_in)
    assert texting.state(receipt) == "sending"
    texting.courier.work()  # another sender; the first could still be at it
    assert texting.provider.asked == int(hands_in)
    texting.provider.deliver()
    texting.clock.now += LOST_MS
    texting.courier.work()
    assert texting.state(receipt) == ("delivered" if hands_in else "uncertain")
    for_days(texting)
    assert len(texting.provider.inbox(PHONE)) == int(hands_in)


def test_a_report_of_an_unknown_message_leads_to_what_is_uncertain(shop: Shop, texting: Texting) -> None:
    shop.app.state.hq.folder = texting.folder
    receipt = texting.ask("e_receipt", "t1")
    texting.provider.lost = 1
    texting.courier.work()
    texting.courier.work()
    assert texting.state(receipt) == "uncertain"
    texting.provider.deliver()
    sid = texting.provider.arrived[0].serial
    told = f'"nationcode":"86","mobile":"13812345678","report_status":"SUCCESS","errmsg":"DELIVRD","sid":"{sid}"'
    report = f"[{{{told}}}]"
    assert shop.client.post("/v1/texts/callback-of-tests", content=report).status_code == 200
    texting.courier.work()  # at once, not when its next question would be due
    assert texting.state(receipt) == "delivered"


def test_several_senders_send_each_message_once(texting: Texting, database_url: str) -> None:
    phones = [f"+86138{n:08d}" for n in range(40)]
    asked = [texting.ask("e_receipt", "t", phone) for phone in phones]
    together = threading.Barrier(4)

    def work(_: int) -> None:
        # A database of its own each, as HQ's processes have.
        database = open_database(database_url)
        try:
            courier = Courier(database, texting.vault, texting.clock, texting.folder)
            together.wait()
            courier.work()
        finally:
            database.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert sorted(message.phone for message in texting.provider.arrived) == phones
    assert {texting.state(one) for one in asked} == {"sent"}


def test_the_same_request_by_several_at_once_is_one_message(texting: Texting) -> None:
    together = threading.Barrier(4)

    def ask(_: int) -> str:
        together.wait()
        return texting.ask("e_receipt", "t1").what

    with ThreadPoolExecutor(4) as pool:
        told = sorted(pool.map(ask, range(4)))
    assert told == ["duplicate"] * 3 + ["queued"]
    texting.courier.work()
    assert len(texting.provider.inbox(PHONE)) == 1


def test_codes_asked_for_at_once_are_one(texting: Texting) -> None:
    together = threading.Barrier(4)

    def ask(n: int) -> str:
        together.wait()
        return texting.code(purpose=f"purpose {n}").what

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(ask, range(4))) == ["capped"] * 3 + ["queued"]


@on_sqlite
def test_what_was_certainly_not_taken_is_tried_again(texting: Texting) -> None:
    receipt = texting.ask("e_receipt", "t1")
    texting.provider.failing = "AuthFailure.SignatureFailure"
    assert texting.courier.work() is False
    row = texting.row(receipt)
    assert (row.state, row.reason, row.tries) == ("queued", "AuthFailure.SignatureFailure", 1)
    texting.provider.failing = ""
    texting.courier.work()
    assert texting.provider.arrived == []  # not before its time
    texting.clock.now += HOUR
    texting.courier.work()
    assert (texting.state(receipt), len(texting.provider.inbox(PHONE))) == ("sent", 1)


@on_sqlite
def test_a_provider_that_is_away_is_tried_again(texting: Texting) -> None:
    receipt = texting.ask("e_receipt", "t1")
    texting.provider.close()
    assert texting.courier.work() is False
    row = texting.row(receipt)
    assert (row.state, row.reason) == ("queued", "unreachable")


@on_sqlite
def test_an_error_of_the_providers_own_may_have_let_the_message_through(texting: Texting) -> None:
    receipt = texting.ask("e_receipt", "t1")
    texting.provider.failing = "InternalError.Timeout"
    texting.courier.work()
    texting.provider.failing = ""
    for_days(texting)
    assert (texting.state(receipt), texting.provider.arrived) == ("uncertain", [])


@on_sqlite
def test_the_providers_limits_are_waited_for(texting: Texting) -> None:
    # Another system of the chain has sent to that number through the same account.
    texting.gateway.send(PHONE, "verify_code", ["1", "5"], "elsewhere")
    code = texting.code()
    texting.courier.work()
    row = texting.row(code)
    assert (row.state, row.reason) == ("queued", "LimitExceeded.PhoneNumberThirtySecondLimit")
    texting.clock.now += MINUTE
    texting.courier.work()
    assert texting.state(code) == "sent"


@on_sqlite
def test_a_code_too_old_to_be_of_use_is_not_sent(texting: Texting) -> None:
    code = texting.code()
    texting.provider.failing = "RequestLimitExceeded"
    texting.courier.work()
    texting.provider.failing = ""
    texting.clock.now += 5 * MINUTE
    texting.courier.work()
    assert (texting.state(code), texting.row(code).reason) == ("refused", "expired")
    assert texting.provider.arrived == []


@on_sqlite
def test_a_number_on_the_providers_black_list_is_left_alone_from_then_on(texting: Texting) -> None:
    texting.provider.blacklist.add(PHONE)
    receipt = texting.ask("e_receipt", "t1")
    texting.courier.work()
    row = texting.row(receipt)
    assert (row.state, row.reason, row.phone) == ("refused", "FailedOperation.PhoneNumberInBlacklist", "")
    assert texting.ask("e_receipt", "t2").what == "suppressed"
    with texting.database.reading() as conn:
        assert conn.execute(text_suppression.select()).one().source == "provider"


@on_sqlite
def test_a_sign_or_template_that_is_not_filed_is_refused_for_good(texting: Texting) -> None:
    texting.account.sign = "未备案"
    save_text_secrets(texting.folder, texting.account)
    receipt = texting.ask("e_receipt", "t1")
    texting.courier.work()
    assert texting.row(receipt).reason == "FailedOperation.SignatureIncorrectOrUnapproved"
    texting.account.sign = "示范"
    texting.account.templates["e_receipt"] = "999"
    save_text_secrets(texting.folder, texting.account)
    other = texting.ask("e_receipt", "t2")
    texting.courier.work()
    assert texting.row(other).reason == "FailedOperation.TemplateIncorrectOrUnapproved"
    for_days(texting)
    assert {texting.state(receipt), texting.state(other)} == {"refused"}
    assert texting.provider.arrived == []


@on_sqlite
def test_codes_leave_before_receipts_and_receipts_before_promotions(texting: Texting) -> None:
    texting.ask("offer", "c")
    texting.clock.now += 1
    texting.ask("e_receipt", "t")
    texting.clock.now += 1
    texting.code(OTHER)
    texting.courier.work()
    assert [message.kind for message in texting.provider.arrived] == ["code", "service", "promotion"]


def test_the_threads_send_what_is_queued_and_stop(texting: Texting) -> None:
    texting.courier.start()
    try:
        asked = [texting.ask("e_receipt", "t", f"+86139{n:08d}") for n in range(10)]
        texting.courier.wake()
        wait_until(lambda: all(texting.state(one) == "sent" for one in asked))
    finally:
        texting.courier.stop()
    assert len(texting.provider.arrived) == 10
    later = texting.ask("e_receipt", "later")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("texts ")]
    assert texting.state(later) == "queued"


@on_sqlite
def test_a_folder_with_a_damaged_account_stops_nothing_else(texting: Texting, caplog: Any) -> None:
    (texting.folder / "hq-texts.json").write_text("{")
    receipt = texting.ask("e_receipt", "t1")
    texting.courier.start()
    try:
        wait_until(lambda: "damaged_file" in caplog.text)
    finally:
        texting.courier.stop()
    assert texting.state(receipt) == "queued"
    assert PHONE[3:] not in caplog.text

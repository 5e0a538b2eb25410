"""Codes by text message: one live code, five minutes, five tries, resent only so often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from posapp.clock import DAY, HOUR, MINUTE
from posapp.errors import PosError
from posapp.hq.texts.tables import text_code
from tests.hq.shop import on_sqlite
from tests.hq.texting import OTHER, PHONE, Texting


def refusal(texting: Texting, code: str, phone: str = PHONE, purpose: str = "join") -> PosError:
    with pytest.raises(PosError) as error:
        texting.check(code, phone, purpose)
    return error.value


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def sent_code(texting: Texting, phone: str = PHONE, purpose: str = "join") -> str:
    assert texting.code(phone, purpose).what == "queued"
    texting.courier.work()
    code = texting.code_on(phone)
    assert code.isdigit()
    assert len(code) == 6
    return code


def test_a_code_is_good_once_for_its_number_and_purpose(texting: Texting) -> None:
    code = sent_code(texting)
    assert refusal(texting, code, OTHER).code == "code_expired"
    assert refusal(texting, code, purpose="privacy").code == "code_expired"
    texting.check(code)
    assert refusal(texting, code).code == "code_expired"


def test_a_code_is_good_until_five_minutes_are_over(texting: Texting) -> None:
    code = sent_code(texting)
    texting.clock.now += 5 * MINUTE - 1
    assert refusal(texting, other_than(code)).code == "wrong_code"
    texting.clock.now += 1
    assert refusal(texting, code).code == "code_expired"
    texting.clock.now -= 1
    texting.check(code)


def test_five_wrong_tries_kill_a_code(texting: Texting) -> None:
    code = sent_code(texting)
    for left in (4, 3, 2, 1):
        error = refusal(texting, other_than(code))
        assert (error.code, error.values) == ("wrong_code", {"left": left})
    assert refusal(texting, other_than(code)).code == "too_many_tries"
    assert refusal(texting, code).code == "too_many_tries"
    # A new one has tries of its own.
    texting.clock.now += MINUTE
    texting.check(sent_code(texting))


def test_tries_at_once_are_counted_each(texting: Texting) -> None:
    code = sent_code(texting)
    with ThreadPoolExecutor(8) as pool:
        told = sorted(pool.map(lambda _: refusal(texting, other_than(code)).code, range(12)))
    assert told == ["too_many_tries"] * 8 + ["wrong_code"] * 4


@on_sqlite
@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６"])
def test_what_is_no_code_is_wrong(texting: Texting, code: str) -> None:
    sent_code(texting)
    assert refusal(texting, code).code == "wrong_code"


def test_a_new_code_takes_the_place_of_the_one_before(texting: Texting) -> None:
    first = sent_code(texting)
    texting.clock.now += MINUTE
    second = sent_code(texting)
    assert refusal(texting, first).code == "wrong_code"
    texting.check(second)


@on_sqlite
def test_a_code_that_still_waits_is_not_sent_after_a_newer_one(texting: Texting) -> None:
    first = texting.code()
    texting.clock.now += MINUTE
    second = texting.code()
    texting.courier.work()
    assert (texting.row(first).reason, texting.state(second)) == ("superseded", "sent")
    assert len(texting.provider.inbox(PHONE)) == 1


@on_sqlite
def test_a_number_gets_one_code_a_minute_five_an_hour_ten_a_day(texting: Texting) -> None:
    start = texting.clock.now
    sent_code(texting)
    capped = texting.code(purpose="privacy")
    assert (capped.what, capped.wait_ms) == ("capped", MINUTE)
    with pytest.raises(PosError) as error:
        capped.check()
    assert (error.value.code, error.value.values) == ("too_many", {"seconds": 60})
    for _ in range(4):
        texting.clock.now += MINUTE
        sent_code(texting)
    texting.clock.now += MINUTE
    assert texting.code().wait_ms == start + HOUR - texting.clock.now
    assert texting.code(OTHER).what == "queued"
    texting.clock.now = start + HOUR
    for _ in range(5):
        sent_code(texting)
        texting.clock.now += 15 * MINUTE
    assert texting.code().wait_ms == start + DAY - texting.clock.now
    texting.clock.now = start + DAY - 1
    assert texting.code().what == "capped"
    texting.clock.now += 1
    sent_code(texting)


@on_sqlite
def test_a_capped_request_leaves_the_code_before_good(texting: Texting) -> None:
    code = sent_code(texting)
    assert texting.code().what == "capped"
    texting.check(code)


@on_sqlite
def test_in_english_it_is_the_english_text(texting: Texting) -> None:
    assert texting.code(language="en").what == "queued"
    texting.courier.work()
    assert texting.provider.inbox(PHONE)[0].startswith("【示范】Your code is ")


@on_sqlite
def test_no_code_is_kept_in_plain(texting: Texting) -> None:
    code = sent_code(texting)
    with texting.database.reading() as conn:
        row = conn.execute(select(text_code)).one()
    assert code not in (row.digest, row.message)
    assert len(row.digest) == 43

"""Enrolment codes: found by a handle, good once and for a quarter of an hour, dead after five wrong tries."""

from __future__ import annotations

import msgspec
import pytest

from posapp.calls import EnrolAnswer, Page
from posapp.clock import MINUTE
from posapp.errors import PosError
from posapp.hq import enrol
from posapp.hq.people import add_store
from posapp.hq.tables import enrolment, till_key
from posapp.keys import check_certificate, public_text
from tests.hq.shop import Refused, Shop, Till, answer, on_sqlite


def new_till(shop: Shop, seed: int = 1005) -> Till:
    return Till(shop.client, shop.clock, seed)


def make_code(shop: Shop, number: int | None = None) -> str:
    return enrol.add_till(shop.database, shop.keys, shop.clock, shop.chance, 1, number)[1]


def refusal(till: Till, code: str) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        till.enrol(code)
    return refused.value.status, refused.value.code


def test_a_code_makes_a_till(shop: Shop) -> None:
    code = make_code(shop)
    assert len(code) == 11
    assert code[5] == "-"
    till = new_till(shop)
    told = till.enrol(code)
    certificate = told.certificate
    check_certificate(certificate, told.hq_key)
    assert (certificate.store, certificate.till, certificate.serial) == (1, 1, 1)
    assert (certificate.chain, certificate.issued) == (shop.keys.chain, shop.clock.now)
    assert till.token_key == shop.keys.token_key(1, 1)
    assert (told.store_name, told.hq_box) == ("示范店", public_text(shop.keys.box_key))
    till.call("GET", "/v1/feed/keys", Page)


@on_sqlite
def test_the_code_itself_is_not_kept(shop: Shop) -> None:
    code = make_code(shop)
    (row,) = shop.rows(enrolment)
    assert row["handle"] == code[:4]
    assert code[4:].replace("-", "") not in str(row)


@on_sqlite
@pytest.mark.parametrize(("printed", "typed"), [("-", " "), ("-", ""), ("0", "o"), ("1", "i"), ("1", "L")])
def test_a_code_may_be_typed_as_people_type(shop: Shop, printed: str, typed: str) -> None:
    code = make_code(shop)
    new_till(shop).enrol(f" {code.replace(printed, typed).lower()} ")


def test_the_same_request_again_gets_the_same_answer(shop: Shop) -> None:
    code = make_code(shop)
    till = new_till(shop)
    first = till.enrol(code)
    shop.clock.now += 60 * MINUTE
    assert till.enrol(code) == first
    assert len(shop.rows(till_key)) == 2
    assert refusal(new_till(shop, 1006), code) == (409, "already_used")
    # The same request key with another journal key is another computer.
    mixed = till.enrol_request(code)
    mixed.journal_key = new_till(shop, 1008).enrol_request(code).journal_key
    with pytest.raises(Refused, match="already_used"):
        answer(shop.client.post("/v1/enrol", content=msgspec.json.encode(mixed)), EnrolAnswer)


def test_five_wrong_tries_kill_a_code(shop: Shop) -> None:
    code = make_code(shop)
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    till = new_till(shop)
    for _ in range(enrol.TRIES):
        assert refusal(till, wrong) == (403, "bad_code")
    assert refusal(till, code) == (410, "expired")
    till.enrol(make_code(shop, 1))


@on_sqlite
def test_four_wrong_tries_do_not(shop: Shop) -> None:
    code = make_code(shop)
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    till = new_till(shop)
    for _ in range(enrol.TRIES - 1):
        refusal(till, wrong)
    till.enrol(code)


@on_sqlite
def test_a_code_lasts_a_quarter_of_an_hour(shop: Shop) -> None:
    early, late = make_code(shop), make_code(shop)
    shop.clock.now += enrol.LIFE_MS
    new_till(shop).enrol(early)
    shop.clock.now += 1
    assert refusal(new_till(shop, 1006), late) == (410, "expired")


@on_sqlite
def test_guessing_handles_is_slowed_down(shop: Shop) -> None:
    till = new_till(shop)
    seen = {refusal(till, f"ZZZZ{n:06d}") for n in range(25)}
    assert seen == {(403, "bad_code"), (429, "too_many")}
    till.enrol(make_code(shop))


@on_sqlite
@pytest.mark.parametrize("code", ["", "AAAA", "AAAAA-BBBBBB", "AAAAA-BBBBU", "ａａａａａ-bbbbb", "A" * 5000])
def test_what_is_no_code_is_a_bad_code(shop: Shop, code: str) -> None:
    assert refusal(new_till(shop), code) == (403, "bad_code")


@on_sqlite
def test_keys_that_are_none_are_refused_and_the_code_stays_good(shop: Shop) -> None:
    code = make_code(shop)
    till = new_till(shop)
    for name in ("journal_key", "request_key", "box_key"):
        request = till.enrol_request(code)
        setattr(request, name, "AAAA")
        with pytest.raises(Refused, match="bad_request"):
            answer(shop.client.post("/v1/enrol", content=msgspec.json.encode(request)), EnrolAnswer)
    till.enrol(code)


@on_sqlite
def test_places_for_tills(shop: Shop) -> None:
    add_store(shop.database, shop.clock, 2, "二店")
    made = [enrol.add_till(shop.database, shop.keys, shop.clock, shop.chance, 2, n)[0] for n in (None, 3, None, 1)]
    assert made == [1, 3, 2, 1]
    for store, number, code in ((9, None, "no_such_store"), (2, 64, "bad_number"), (2, 0, "bad_number")):
        with pytest.raises(PosError, match=code):
            enrol.add_till(shop.database, shop.keys, shop.clock, shop.chance, store, number)
    for number in range(4, 64):
        enrol.add_till(shop.database, shop.keys, shop.clock, shop.chance, 2, number)
    with pytest.raises(PosError, match="store_full"):
        enrol.add_till(shop.database, shop.keys, shop.clock, shop.chance, 2, None)


def test_revoking_needs_a_till_and_kills_its_open_codes(shop: Shop) -> None:
    code = make_code(shop)
    enrol.revoke(shop.database, 1, 1)
    assert refusal(new_till(shop), code) == (403, "bad_code")
    with pytest.raises(PosError, match="no_such_till"):
        enrol.revoke(shop.database, 1, 9)

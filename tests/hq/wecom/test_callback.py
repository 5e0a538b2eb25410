"""What WeCom calls, and every trap of domain.md 4.3 to 4.5: each has a test that names it."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from sqlalchemy import update

from posapp.clock import MINUTE
from posapp.hq.gateways.wecom_company import Refused
from posapp.hq.gateways.wecom_crypto import Envelope, xml_of
from posapp.hq.gateways.wecom_simulator import RUBBISH_STATE
from posapp.hq.vault import Vault
from posapp.hq.wecom import figures
from posapp.hq.wecom.process import source_of
from posapp.hq.wecom.tables import contact_change, contact_way, relation, wecom_event
from posapp.ids import seeded_chance
from posapp.keys import HqKeys
from posapp.rules import join_token
from tests.hq.shop import START, on_sqlite, wait_until
from tests.hq.wecom.conftest import AES_KEY, CORP, JOIN_URL, TOKEN, Town

DAY_MS = 24 * 60 * MINUTE


def adds(town: Town) -> dict[int, figures.Adds]:
    with town.database.reading() as conn:
        return figures.adds(conn, START - DAY_MS, town.clock.now + DAY_MS)


def link_of(town: Town, keys: HqKeys, text: str) -> join_token.Token:
    """The token in a greeting, checked with the key of HQ's own till."""
    found = text[text.index(JOIN_URL) + len(JOIN_URL) + len(join_token.PATH) :]
    token, body = join_token.read(found)
    join_token.check(found, body, keys.token_key(token.store, token.till))
    return token


def test_j4_two_clerks_five_scans_each_are_five_and_five_with_their_channel(town: Town, keys: HqKeys) -> None:
    """Journey J4 and row 3: own code, add without verification, greeting with a join link of the same clerk."""
    town.hire(1001, "lin")
    town.hire(1002, "zhou")
    for n in range(5):
        town.pass_by()
        town.wecom.scan(town.code(1001, "badge"), f"wm-a{n}")
        town.wecom.scan(town.code(1002, "display" if n < 3 else "receipt"), f"wm-b{n}")
    town.settle()
    counted = adds(town)
    assert {clerk: dict(one.new) for clerk, one in counted.items()} == {
        1001: {"badge": 5},
        1002: {"display": 3, "receipt": 2},
    }
    assert len(town.wecom.greetings) == 10
    for greeting in town.wecom.greetings:
        token = link_of(town, keys, greeting.text)
        assert token.clerk == (1001 if greeting.userid == "lin" else 1002)
        assert (token.store, token.day) == (1, town.clock.now // DAY_MS)
        assert token.channel == town.relation(greeting.customer, greeting.userid).channel
    assert {row.greeted for row in town.rows(contact_change)} == {"sent"}


@on_sqlite
def test_the_address_is_proved_and_a_wrong_signature_refused(town: Town) -> None:
    assert town.wecom.prove()
    query = {"msg_signature": "0" * 40, "timestamp": "1", "nonce": "n"}
    assert requests.get(town.wecom.hq, params={**query, "echostr": "YWJj"}, timeout=10).status_code == 401
    body = xml_of({"ToUserName": CORP, "Encrypt": "YWJj"})
    assert requests.post(town.wecom.hq, params=query, data=body, timeout=10).status_code == 401
    assert town.rows(wecom_event) == []


@on_sqlite
def test_a_body_that_is_huge_or_no_plain_xml_is_refused(town: Town) -> None:
    query = {"msg_signature": "0" * 40, "timestamp": "1", "nonce": "n"}
    for body, status in (("<xml>" + "a" * 70_000 + "</xml>", 413), ('<!DOCTYPE x [<!ENTITY a "a">]><xml/>', 400)):
        assert requests.post(town.wecom.hq, params=query, data=body, timeout=10).status_code == status
    assert requests.post(town.wecom.hq, data="<xml/>", timeout=10).status_code == 400


@on_sqlite
def test_what_is_none_of_our_business_is_answered_and_not_kept(town: Town) -> None:
    """The same callback may carry the company's address book, with names and phone numbers."""
    envelope = Envelope(TOKEN, AES_KEY, CORP, seeded_chance(3))
    encrypted = envelope.close(xml_of({"Event": "change_contact", "CreateTime": "1", "Mobile": "13800000000"}))
    query = {"msg_signature": envelope.sign("1", "n", encrypted), "timestamp": "1", "nonce": "n"}
    answer = requests.post(town.wecom.hq, params=query, data=xml_of({"Encrypt": encrypted}), timeout=10)
    assert (answer.status_code, answer.content) == (200, b"")
    assert town.rows(wecom_event) == []


def test_two_people_in_the_same_second_are_two(town: Town) -> None:
    """FromUserName is always "sys": de-duplicating on it and CreateTime would merge them."""
    town.hire(1001, "lin")
    for customer in ("wm-1", "wm-2"):
        town.wecom.scan(town.code(1001), customer)
    town.settle()
    assert len({row.created for row in town.rows(contact_change)}) == 1
    assert {row.external_userid for row in town.rows(relation)} == {"wm-1", "wm-2"}
    assert adds(town)[1001].new == {"badge": 2}


def test_duplicated_late_and_reversed_callbacks_count_once_and_undo_nothing(town: Town) -> None:
    town.hire(1001, "lin")
    town.wecom.hold()
    town.wecom.scan(town.code(1001), "wm-1")
    town.pass_by()
    town.wecom.customer_deletes("lin", "wm-1")
    town.wecom.release(backwards=True, times=3)
    town.settle()
    assert town.wecom.statuses == [200] * 6
    about = town.relation("wm-1", "lin")
    assert (about.state, about.deleted_by) == ("deleted", "customer")
    assert [(row.kind, row.by) for row in town.changes("wm-1")] == [("new", ""), ("deleted", "customer")]
    counted = adds(town)[1001]
    assert (counted.new, counted.deleted) == ({"badge": 1}, 1)


@on_sqlite
def test_a_callback_is_tried_three_times_until_hq_answers(town: Town) -> None:
    town.hire(1001, "lin")
    good = town.wecom.hq
    town.wecom.hq = "http://127.0.0.1:9/"
    town.wecom.scan(town.code(1001), "wm-1")
    wait_until(town.wecom.is_quiet)
    assert town.wecom.statuses == [0, 0, 0]
    town.wecom.hq = good
    town.wecom.scan(town.code(1001), "wm-2")
    town.settle()
    assert town.wecom.statuses == [0, 0, 0, 200]
    assert [row.external_userid for row in town.rows(relation)] == ["wm-2"]


def test_rubbish_state_on_re_add_is_no_source_and_no_new_add(town: Town) -> None:
    """重新添加: wb:1:4285486 comes back instead of our state."""
    town.hire(1001, "lin")
    town.wecom.scan(town.code(1001), "wm-1")
    town.pass_by(60)
    town.wecom.customer_deletes("lin", "wm-1")
    town.pass_by(60)
    town.wecom.scan(town.code(1001), "wm-1")
    town.settle()
    assert RUBBISH_STATE in "".join(row.xml for row in town.rows(wecom_event))
    assert [(row.kind, row.clerk, row.channel) for row in town.changes("wm-1")] == [
        ("new", 1001, "badge"),
        ("deleted", 0, ""),
        ("again", 0, ""),
    ]
    about = town.relation("wm-1", "lin")
    assert (about.state, about.again, about.clerk, about.channel) == ("added", 1, 1001, "badge")
    counted = adds(town)
    assert (counted[1001].new, counted[1001].again, counted[0].again) == ({"badge": 1}, 0, 1)
    with town.database.reading() as conn:
        assert figures.net_friends(conn, START - DAY_MS, town.clock.now + DAY_MS) == 1


@pytest.mark.parametrize("state", ["", RUBBISH_STATE, "0" * 26, "X" * 30])
def test_an_unknown_state_is_never_guessed(town: Town, keys: HqKeys, state: str) -> None:
    """来源未知: counted for no clerk, although it is known who was added."""
    town.hire(1001, "lin")
    town.wecom.scan(town.code(1001), "wm-1", state=state)
    town.settle()
    counted = adds(town)
    assert (list(counted), counted[0].new) == ([0], {figures.UNKNOWN: 1})
    assert town.relation("wm-1", "lin").source == ""
    # the greeting's link is of the talk with this clerk, not of a code that nobody knows was scanned
    token = link_of(town, keys, town.wecom.greetings[0].text)
    assert (token.clerk, token.channel) == (1001, "reception")


def test_a_half_add_is_greeted_at_once_and_the_add_that_follows_is_not(town: Town) -> None:
    town.hire(1001, "lin")
    town.wecom.scan(town.code(1001), "wm-1", half=True)
    town.settle()
    assert len(town.wecom.greetings) == 1
    assert sorted((row.kind, row.clerk, row.channel, row.greeted) for row in town.changes("wm-1")) == [
        ("half", 1001, "badge", "sent"),
        ("new", 1001, "badge", "none"),
    ]
    assert adds(town)[1001].new == {"badge": 1}


@on_sqlite
def test_41051_already_greeted_is_not_tried_again(town: Town) -> None:
    town.hire(1001, "lin")
    for _ in range(2):
        town.wecom.add("lin", "wm-1", state="")
        town.settle()
        town.pass_by()
    assert [row.greeted for row in town.changes("wm-1")] == ["sent", "already"]
    assert _welcomes(town) == 2


@on_sqlite
def test_41096_another_application_greets_is_tried_again(town: Town) -> None:
    town.hire(1001, "lin")
    town.wecom.other_app_greets = 2
    town.wecom.scan(town.code(1001), "wm-1")
    town.settle()
    assert [row.greeted for row in town.changes("wm-1")] == ["sent"]
    assert _welcomes(town) == 3


@on_sqlite
def test_a_welcome_code_lives_twenty_seconds(town: Town) -> None:
    """As long as another application greets nothing is final; after twenty seconds the add counts without."""
    town.hire(1001, "lin")
    town.wecom.other_app_greets = 10**6
    town.wecom.scan(town.code(1001), "wm-1")
    wait_until(lambda: _welcomes(town) >= 2)
    assert town.changes("wm-1") == []
    town.pass_by(20)
    town.settle()
    assert [(row.kind, row.greeted) for row in town.changes("wm-1")] == [("new", "late")]
    assert town.wecom.greetings == []


@on_sqlite
def test_a_welcome_code_that_came_too_late_is_tried_once(town: Town) -> None:
    town.hire(1001, "lin")
    town.wecom.hold()
    town.wecom.scan(town.code(1001), "wm-1")
    town.pass_by(30)
    town.wecom.release()
    town.settle()
    assert [row.greeted for row in town.changes("wm-1")] == ["refused 41050"]
    assert _welcomes(town) == 1


@on_sqlite
def test_a_greeting_set_in_the_console_brings_no_code(town: Town) -> None:
    town.hire(1001, "lin")
    town.wecom.add("lin", "wm-1", code=False)
    town.settle()
    assert [row.greeted for row in town.changes("wm-1")] == ["none"]
    assert _welcomes(town) == 0


def test_deletions_by_either_side_are_told_apart(town: Town) -> None:
    town.hire(1001, "lin")
    for customer in ("wm-1", "wm-2", "wm-3"):
        town.wecom.scan(town.code(1001), customer)
    town.pass_by()
    town.wecom.clerk_deletes("lin", "wm-1")
    town.wecom.customer_deletes("lin", "wm-2")
    town.settle()
    states = [(row.state, row.deleted_by) for row in town.rows(relation)]
    assert states == [("deleted", "clerk"), ("deleted", "customer"), ("added", "")]
    assert (adds(town)[1001].new, adds(town)[1001].deleted) == ({"badge": 3}, 2)


def test_unionid_comes_only_when_the_company_is_bound_and_names_are_sealed(town: Town, keys: HqKeys) -> None:
    town.hire(1001, "lin")
    town.wecom.born("wm-1", "王小明", "union-1")
    town.wecom.scan(town.code(1001), "wm-1")
    town.settle()
    assert town.known == [("wm-1", None)]
    town.wecom.is_bound = True
    town.pass_by()
    town.wecom.remark("lin", "wm-1", "王姐 爱喝拿铁")
    town.settle()
    wait_until(lambda: len(town.known) == 2)
    assert town.known[1] == ("wm-1", "union-1")
    about = town.relation("wm-1", "lin")
    vault = Vault(keys, seeded_chance(1))
    assert (vault.open(about.name), vault.open(about.remark)) == ("王小明", "王姐 爱喝拿铁")
    kept = repr([town.rows(table) for table in (relation, contact_change, wecom_event, contact_way)])
    assert "王" not in kept


@on_sqlite
def test_names_are_asked_for_later_when_wecom_is_away(town: Town) -> None:
    town.hire(1001, "lin")
    code = town.code(1001)
    town.wecom.is_away = True
    town.wecom.scan(code, "wm-1")
    wait_until(lambda: bool(town.rows(wecom_event)))
    town.pass_by(20)
    town.worker.wake()
    wait_until(lambda: [row.greeted for row in town.changes("wm-1")] == ["late"])
    assert town.known == []
    town.wecom.is_away = False
    town.settle()
    assert town.known == [("wm-1", None)]


@on_sqlite
def test_a_crowd_is_greeted_and_known_without_waiting_for_another_word(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More customers than are worked off in one go."""
    monkeypatch.setattr("posapp.hq.wecom.process._SOME", 3)
    town.hire(1001, "lin")
    for n in range(20):
        town.wecom.scan(town.code(1001), f"wm-{n}")
    wait_until(lambda: len(town.wecom.greetings) == 20)
    wait_until(lambda: len(town.known) == 20)


@on_sqlite
def test_a_tills_token_in_an_acquisition_link_names_clerk_channel_and_ticket(town: Town, keys: HqKeys) -> None:
    """customer_channel comes back as State; a token of a till that does not exist is nobody's."""
    town.hire(1001, "lin")
    _, url = town.worker.wecom.create_link("收银台", ["lin"])
    day = town.clock.now // DAY_MS
    ticket = join_token.Token(1, 4, 1002, "display", 77, day, 1)
    good = join_token.make(ticket, keys.token_key(1, 4))
    town.wecom.scan(f"{url}?customer_channel={good}", "wm-1")
    town.wecom.scan(f"{url}?customer_channel={join_token.make(ticket, b'another')}", "wm-2")
    town.settle()
    assert [(row.state, row.clerk, row.channel) for row in town.rows(contact_change)] == [
        (good, 1002, "display"),
        ("", 0, ""),
    ]


@on_sqlite
def test_an_event_that_cannot_be_worked_off_holds_nobody_up(
    town: Town, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    town.hire(1001, "lin")

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    real = source_of
    monkeypatch.setattr(
        "posapp.hq.wecom.process.source_of", lambda conn, keys, state: real(conn, keys, state) if state else broken()
    )
    town.wecom.add("lin", "wm-1", state="")
    town.wecom.scan(town.code(1001), "wm-2")
    town.settle()
    assert sorted(row.trouble for row in town.rows(wecom_event)) == ["", "ZeroDivisionError"]
    assert [row.external_userid for row in town.rows(relation)] == ["wm-2"]


@on_sqlite
def test_a_code_that_was_deleted_leads_nowhere(town: Town) -> None:
    town.hire(1001, "lin")
    code = town.code(1001)
    town.leave(1001)
    town.worker.ways.settle()
    with pytest.raises(Refused):
        town.wecom.scan(code, "wm-1")


@on_sqlite
def test_an_event_that_was_stored_before_hq_was_killed_is_worked_off_after(town: Town) -> None:
    town.hire(1001, "lin")
    town.wecom.scan(town.code(1001), "wm-1")
    town.settle()
    with town.database.transaction() as conn:
        conn.execute(update(wecom_event).values(done=0))
    town.settle()
    assert adds(town)[1001].new == {"badge": 1}
    assert len(town.wecom.greetings) == 1


def _welcomes(town: Town) -> int:
    return sum(path.endswith("send_welcome_msg") for path in town.wecom.calls)

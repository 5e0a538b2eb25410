"""What a customer wants at the counter: to join with help, to be known, to be left alone, to be sent the receipt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from posapp.clock import DAY
from posapp.hq import feed
from posapp.hq.gateways.sms_simulator import SmsSimulator
from posapp.hq.joining.tables import joined
from posapp.hq.members import consents, points
from posapp.hq.members.confirm import confirm_by_link
from posapp.hq.members.identity import known_by, root_of, unmerge
from posapp.hq.members.slice import rows_of, seen_at
from posapp.hq.members.tables import attribute, consent, merge, person, privacy_request
from posapp.hq.people import set_value
from posapp.hq.texts.outbox import suppress
from posapp.hq.texts.tables import text_message
from posapp.members import vault
from posapp.members.limits import MOST_AN_HOUR
from posapp.members.noted import CHIP, said_of
from posapp.messages import (
    AttributeNoted,
    Consent,
    ConsentChanged,
    JoinShown,
    MemberJoined,
    MessageRequested,
    PrivacyRequested,
)
from posapp.rules.consents import TEXTS, text_hash
from posapp.rules.join_token import read
from posapp.streams import ChipRow, ClerkCodeRow
from posapp.till import Till
from posapp.till.wishes import _Joining
from tests.joining import code_on, follow, joins, means, sends_texts
from tests.shop import Chain, entries_of, last, play, refused, sales_of

BUN, MILK = "6900000000011", "6900000000028"
PHONE, OTHER = "13812345678", "13900000001"
SIZE = ChipRow(("尺码", "Size"), [("s", "小码", "Small"), ("l", "大码", "Large")], place=1)
SKIN = ChipRow(("肤质", "Skin"), [("dry", "干性", "Dry")], place=2)


@pytest.fixture
def chips(chain: Chain, till: Till) -> None:
    chain.publish("chips", {("chain", "size"): SIZE, ("chain", "skin"): SKIN})
    till.sync()


@pytest.fixture
def known(chain: Chain, till: Till) -> str:
    """A member of the store, who stands on the open ticket."""
    ref = joins(chain, PHONE, str(last(till, f"scan {BUN}", "join")["url"]).rsplit("/", 1)[1]).ref
    till.sync()
    assert last(till, "privacy page")["ok"]
    assert till.guest()
    return ref


@pytest.fixture
def provider(chain: Chain) -> Iterator[SmsSimulator]:
    with sends_texts(chain) as provider:
        yield provider


def bodies(till: Till, kind: type[Any]) -> list[Any]:
    return [body for _, body in entries_of(till) if isinstance(body, kind)]


def taken_in(chain: Chain, till: Till) -> None:
    """HQ has everything of the till, and the till what HQ says to it."""
    till.sync()
    follow(chain)
    till.sync()


# --- likes ---


def test_what_is_noted_shows_at_once_offline_and_stays_until_hq_knows_it(
    chain: Chain, till: Till, known: str, chips: None
) -> None:
    play(till, "network off")
    assert [(chip.name, chip.title, chip.value) for chip in till.chips()] == [
        ("size", "尺码", ""),
        ("skin", "肤质", ""),
    ]
    assert last(till, "note size l")["chips"] == {"size": "l"}
    assert refused(till, "note size xxl") == "no_such_chip"
    assert refused(till, "note shoe l") == "no_such_chip"
    assert bodies(till, AttributeNoted) == [AttributeNoted(known, "size", "l")]
    with chain.database.transaction() as conn:  # a row that does not know of it comes first
        points.book(conn, known, "adjust", "x", 5, chain.clock.now_ms())
        feed.publish(conn, rows_of(conn, [known], chain.clock.now_ms()))
    till.client.is_on = True
    till.runner.once()
    assert till.guest().chips == {"size": "l"}  # type: ignore[union-attr]
    taken_in(chain, till)
    with chain.database.reading() as conn:
        assert conn.scalars(select(attribute.c.value)).all() == ["l"]
    assert till.guest().chips == {"size": "l"}  # type: ignore[union-attr]


def test_of_two_tills_that_note_offline_both_are_kept_and_the_later_counts(
    chain: Chain, till: Till, known: str, chips: None
) -> None:
    other = chain.till(2)
    play(other, f"member {PHONE}")
    for one in (till, other):
        play(one, "network off")
    play(till, "note size s")
    chain.clock.set(chain.clock.now_ms() + 60_000)
    play(other, "note size l")
    for one in (other, till, other, till):
        play(one, "network on")
        taken_in(chain, one)
    with chain.database.reading() as conn:
        assert sorted(conn.scalars(select(attribute.c.value))) == ["l", "s"]
    assert [one.guest().chips for one in (till, other)] == [{"size": "l"}] * 2  # type: ignore[union-attr]
    chain.clock.set(chain.clock.now_ms() + 60_000)
    play(till, "note size")
    taken_in(chain, till)
    other.sync()
    assert [one.guest().chips for one in (till, other)] == [{}, {}]  # type: ignore[union-attr]


def test_what_was_said_of_somebody_goes_with_them(chain: Chain, till: Till, known: str, chips: None) -> None:
    play(till, "note size l")
    taken_in(chain, till)
    chain.publish("members", {("store:1", known): None})
    play(till, "sync")
    assert said_of(till.folder.till, [known], CHIP)  # an online member of elsewhere may only not have come yet
    chain.clock.set(chain.clock.now_ms() + 2 * DAY)
    play(till, "sync")
    assert said_of(till.folder.till, [known], CHIP) == {}


# --- consents and requests ---


def test_marketing_taken_back_counts_here_before_hq_has_heard_of_it(chain: Chain, till: Till, known: str) -> None:
    texts = [Consent("marketing", 1, "2026-11", "")]
    with chain.database.transaction() as conn:
        consents.note(conn, known, texts, chain.clock.now_ms(), "page", "page")
        feed.publish(conn, rows_of(conn, [known], chain.clock.now_ms()))
    till.sync()
    assert till.guest().consents["marketing"] == 1  # type: ignore[union-attr]
    play(till, "network off")
    chain.clock.set(chain.clock.now_ms() + 1_000)
    assert last(till, "consent marketing off")["consents"]["marketing"] == 0
    assert last(till, "consent marketing off")["ok"]
    (said,) = bodies(till, ConsentChanged)
    act = Consent("marketing", 0, TEXTS["marketing"].version, text_hash(TEXTS["marketing"]))
    assert said == ConsentChanged(known, [act])
    play(till, "network on")
    taken_in(chain, till)
    with chain.database.reading() as conn:
        assert not consents.may_market(conn, root_of(conn, known))
    assert till.guest().consents["marketing"] == 0  # type: ignore[union-attr]


def test_membership_itself_is_not_taken_back_by_a_tick_and_no_purpose_is_made_up(till: Till, known: str) -> None:
    assert refused(till, "consent terms off") == "no_such_purpose"
    assert refused(till, "consent sharing on") == "no_such_purpose"
    assert bodies(till, ConsentChanged) == []


def test_requests_reach_hqs_privacy_desk_and_not_personal_counts_at_once(chain: Chain, till: Till, known: str) -> None:
    play(till, "network off", "privacy erase", "privacy access")
    assert last(till, "privacy impersonal")["consents"].get("personal", 0) == 0
    assert refused(till, "privacy everything") == "no_such_request"
    assert [(one.member, one.kind) for one in bodies(till, PrivacyRequested)] == [
        (known, "erase"),
        (known, "access"),
        (known, "impersonal"),
    ]
    play(till, "network on")
    taken_in(chain, till)
    with chain.database.reading() as conn:
        assert sorted(conn.scalars(select(privacy_request.c.kind))) == ["access", "erase", "impersonal"]


def test_the_page_for_oneself_needs_no_member(till: Till) -> None:
    assert last(till, "privacy page")["url"] == "http://127.0.0.1/m"
    assert refused(till, "privacy erase") == "no_member"
    assert refused(till, "note size l") == "no_member"


# --- joining with help ---


def test_who_joins_with_no_network_is_a_member_at_once_and_later_at_hq(chain: Chain, till: Till) -> None:
    play(till, "network off", f"scan {BUN}")
    told = last(till, f"assist {PHONE} --marketing")
    assert (told["state"], told["member"]["tail"], told["member"]["points"]) == ("joined", "78", 0)
    assert told["member"]["consents"] == {"terms": 1, "marketing": 1}
    (said,) = bodies(till, MemberJoined)
    assert (said.verified, said.ticket) == (0, till.sale.cart.ticket)  # type: ignore[union-attr]
    assert read(said.token)[0].channel == "assisted"
    assert vault.waiting(till.folder.till) == 1
    assert last(till, "pay cash 10")["earned"] == 6
    play(till, "network on")
    taken_in(chain, till)
    assert vault.waiting(till.folder.till) == 0
    with chain.database.reading() as conn:
        row = conn.execute(select(person)).one()
        assert (row.ref, row.status, row.balance, row.tail) == (said.member, "active", 6, "78")
        (act,) = conn.execute(select(consent).where(consent.c.purpose == "marketing")).all()
        assert (act.given, act.state, act.hash) == (1, "pending", text_hash(TEXTS["marketing"]))
        assert not consents.may_market(conn, said.member)
        counted = conn.execute(select(joined)).one()
        assert (counted.channel, counted.clerk) == ("assisted", 1001)
    assert last(till, f"member {PHONE}")["ref"] == said.member


def test_who_joined_offline_is_found_again_offline_and_joins_no_second_time(till: Till) -> None:
    till.sync()
    play(till, "network off", f"scan {BUN}")
    ref = last(till, f"assist {PHONE}")["member"]["ref"]
    play(till, "pay cash 10", f"scan {BUN}")
    assert last(till, f"member {PHONE}")["ref"] == ref
    play(till, "drop-member")
    again = last(till, f"assist {PHONE}")
    assert (again["state"], again["member"]["ref"]) == ("known", ref)
    assert len(bodies(till, MemberJoined)) == 1


def test_who_joined_here_makes_way_for_whom_hq_knows_by_that_phone(chain: Chain, till: Till) -> None:
    for phone in (PHONE, OTHER):
        play(till, "network off", f"scan {BUN}")
        here = last(till, f"assist {phone}")["member"]["ref"]
        play(till, "cancel")
        online = joins(chain, phone, session=phone).ref
        play(till, "network on")
        taken_in(chain, till)
        play(till, "drop-member")
        assert last(till, f"member {phone}")["ref"] in (here, online)
        with chain.database.transaction() as conn:
            seen_at(conn, online, 1, chain.clock.now_ms())
            feed.publish(conn, rows_of(conn, [online], chain.clock.now_ms()))
        till.sync()
        play(till, "drop-member")
        assert last(till, f"member {phone}")["ref"] == online


def test_who_joined_here_and_hq_never_spoke_of_is_forgotten(chain: Chain, till: Till) -> None:
    play(till, "network off", f"scan {BUN}", f"assist {PHONE}", "cancel")
    assert till._slice.by_phone(f"+86{PHONE}")
    till._slice.forget_unconfirmed(chain.clock.now_ms() + 29 * DAY)
    assert till._slice.by_phone(f"+86{PHONE}")
    till._slice.forget_unconfirmed(chain.clock.now_ms() + 30 * DAY)
    assert till._slice.by_phone(f"+86{PHONE}") is None


def test_a_member_before_the_first_article_keeps_the_tickets_code(chain: Chain, till: Till) -> None:
    play(till, "network off", f"assist {PHONE}", f"scan {BUN}", "pay cash 10")
    (said,), (sale,) = bodies(till, MemberJoined), sales_of(till)
    assert (said.ticket, said.member) == (sale.ticket, sale.member)
    assert read(said.token)[0].stem == read(sale.join)[0].stem


def test_nobody_joins_without_the_terms_or_under_14(till: Till) -> None:
    play(till, "network off", f"scan {BUN}")
    for agreed in ({"terms": True}, {"age": True}, {"age": True, "marketing": True, "terms": False}):
        with pytest.raises(Exception, match="consent_needed"):
            till.assist(PHONE, agreed)
    assert refused(till, "assist 123") == "bad_phone"
    assert bodies(till, MemberJoined) == []
    assert till.guest() is None
    assert vault.waiting(till.folder.till) == 0


def test_once_money_was_taken_nobody_joins_into_the_ticket(till: Till) -> None:
    play(till, "network off", f"scan {BUN}", "pay cash 1")
    assert refused(till, f"assist {PHONE}") == "tender_begun"
    assert bodies(till, MemberJoined) == []


def test_practice_notes_nobody(till: Till) -> None:
    play(till, "training on", "open-shift 0", f"scan {BUN}")
    for verb in (f"assist {PHONE}", f"text {PHONE} claim"):
        assert refused(till, verb) == "training_personal"
    assert refused(till, "reception") == "no_join_code"
    play(till, "cancel", "training off")
    assert bodies(till, MemberJoined) == []


def test_online_the_code_on_the_phone_makes_the_phone_theirs(chain: Chain, till: Till, provider: SmsSimulator) -> None:
    play(till, f"scan {BUN}")
    assert last(till, f"assist {PHONE} --marketing")["state"] == "code"
    assert till.guest() is None
    code = code_on(provider, PHONE)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert refused(till, f"assist-code {wrong}") == "wrong_code"
    assert last(till, f"assist-code {code}")["tail"] == "78"
    assert [said.verified for said in bodies(till, MemberJoined)] == [1]
    taken_in(chain, till)
    with chain.database.reading() as conn:
        ref = bodies(till, MemberJoined)[0].member
        index = means(chain).vault.index("phone", f"+86{PHONE}")
        assert known_by(conn, "phone", index) == ref
        assert consents.may_market(conn, ref)
    assert refused(till, f"assist-code {code}") == "nothing_to_confirm"


def test_no_text_comes_and_the_join_goes_on_unconfirmed(chain: Chain, till: Till, provider: SmsSimulator) -> None:
    play(till, f"scan {BUN}", f"assist {PHONE}")
    assert last(till, "assist-on")["tail"] == "78"
    taken_in(chain, till)
    with chain.database.reading() as conn:
        assert known_by(conn, "phone", means(chain).vault.index("phone", f"+86{PHONE}")) is None
        assert conn.scalar(select(person.c.status)) == "active"


def test_a_tills_word_alone_confirms_no_phone(chain: Chain, till: Till) -> None:
    """A till that says verified although HQ's code never came back opens nobody's account."""
    victim = joins(chain, PHONE).ref
    till.client.is_on = False
    play(till, f"scan {BUN}")
    thief = _Joining(till.journal.new_id(), f"+86{PHONE}", [Consent("terms", 1, "2026-11", "")])
    till._join_here(thief, is_verified=True)
    till.client.is_on = True
    taken_in(chain, till)
    with chain.database.reading() as conn:
        assert root_of(conn, thief.member) == thief.member != victim


def test_joined_at_a_till_offline_and_at_hq_online_is_one_person_after_the_link(chain: Chain, till: Till) -> None:
    set_value(chain.database, "chain", "join_address", "https://s.example")
    till.sync()
    play(till, "network off", f"scan {BUN}")
    ref = last(till, f"assist {PHONE} --marketing")["member"]["ref"]
    play(till, "pay cash 10")
    online = joins(chain, PHONE, name="张三").ref
    with chain.database.transaction() as conn:
        points.book(conn, online, "adjust", "page", 40, chain.clock.now_ms())
    play(till, "network on")
    taken_in(chain, till)
    now = means(chain)
    with chain.database.reading() as conn:
        assert root_of(conn, ref) == ref
        (sent,) = conn.execute(select(text_message).where(text_message.c.template == "confirm_phone")).all()
        link = now.vault.open(sent.content)
        assert points.balance(conn, ref) == 6
    token = link.rsplit("/c/", 1)[1][:26]
    with chain.database.transaction() as conn:
        root, rows = confirm_by_link(conn, now, token)
        feed.publish(conn, rows)
    till.sync()
    with chain.database.reading() as conn:
        assert root == root_of(conn, ref) == root_of(conn, online) == online
        assert points.balance(conn, root) == 46
        assert consents.may_market(conn, root)
    assert last(till, f"member {PHONE}")["ref"] == online
    assert till.guest().points == 46  # type: ignore[union-attr]
    with chain.database.transaction() as conn:
        confirm_by_link(conn, now, token)  # pressed twice
        number = conn.scalar(select(merge.c.number))
        assert number is not None
        unmerge(conn, now, number, "1003")
        assert (root_of(conn, ref), root_of(conn, online)) == (ref, online)
        assert (points.balance(conn, ref), points.balance(conn, online)) == (6, 40)


# --- text messages ---


def test_a_text_is_asked_for_once_a_ticket_and_the_paper_is_printed_all_the_same(chain: Chain, till: Till) -> None:
    assert refused(till, f"text {PHONE} claim") == "no_ticket_to_text"
    play(till, "network off", f"scan {BUN}")
    assert refused(till, f"text {PHONE} receipt") == "text_not_paid"
    assert last(till, f"text {PHONE} claim")["waits"] is True
    play(till, "pay cash 10")
    assert last(till, f"text {PHONE} receipt")["template"] == "receipt"
    for again in (PHONE, OTHER):
        assert refused(till, f"text {again} receipt") == "text_asked"
    assert [(said.template, bool(said.sale)) for said in bodies(till, MessageRequested)] == [
        ("claim", False),
        ("receipt", True),
    ]
    play(till, "network on")
    taken_in(chain, till)
    taken_in(chain, till)
    with chain.database.reading() as conn:
        assert sorted(conn.scalars(select(text_message.c.template))) == ["e_receipt", "join_link"]


def test_what_was_asked_for_is_not_asked_again_after_a_restart(chain: Chain, tmp_path: Path) -> None:
    data, state = chain.enrol(3)
    till = chain.open(data, state)
    till.sync()
    play(till, "sign-in 1001 739205", "open-shift 0", "network off", f"scan {BUN}", f"text {PHONE} claim")
    chain.shut(till)
    till = chain.open(data, state)
    play(till, "sign-in 1001 739205")
    assert refused(till, f"text {PHONE} claim") == "text_asked"
    assert vault.waiting(till.folder.till) == 1


# --- reception ---


def test_a_clerks_code_needs_no_ticket_and_takes_none(chain: Chain, till: Till) -> None:
    shown = last(till, "reception")
    token = read(str(shown["token"]))[0]
    assert (token.channel, token.clerk) == ("reception", 1001)
    assert till.sale.cart is None
    play(till, f"scan {BUN}")
    mine = till.join_view()
    assert mine
    assert read(mine.token)[0].stem != token.stem
    outcome = joins(chain, PHONE, str(shown["token"]))
    assert (outcome.is_new, outcome.ticket) == (True, "")
    till.sync()
    assert till.guest() is None
    assert [said.surface for said in bodies(till, JoinShown)] == ["reception"]
    with chain.database.reading() as conn:
        row = conn.execute(select(joined)).one()
        assert (row.channel, row.clerk, row.stem) == ("reception", 1001, "")


def test_a_clerk_shows_their_own_code_of_wecom_until_it_is_revoked(chain: Chain, till: Till) -> None:
    codes = {
        ("store:1", f"{clerk}.badge"): ClerkCodeRow(clerk, "badge", f"https://work.example/{clerk}", int(clerk == 1002))
        for clerk in (1001, 1002)
    }
    chain.publish("clerk_codes", codes)
    till.sync()
    shown = last(till, "reception")
    assert (shown["url"], shown["title"]) == ("https://work.example/1001", "扫码加 林小满")
    play(till, "sign-in 1002 418637")
    shown = last(till, "reception")
    assert (shown["url"], shown["title"]) == ("https://work.example/1002", "扫码加门店企业微信")
    chain.publish("clerk_codes", {("store:1", "1002.badge"): None})
    till.sync()
    assert "work.example" not in last(till, "reception")["url"]


def test_two_customers_may_scan_one_clerks_code(chain: Chain, till: Till) -> None:
    token = str(last(till, "reception")["token"])
    assert [joins(chain, phone, token, session=phone).ticket for phone in (PHONE, OTHER)] == ["", ""]


def test_helping_customers_to_join_uses_up_no_look_ups(till: Till) -> None:
    play(till, "network off")
    for n in range(MOST_AN_HOUR + 2):
        assert last(till, f"assist 139{n:08d}")["state"] == "joined"
        play(till, "drop-member")


def test_the_till_hears_that_a_number_has_refused_all_messages(chain: Chain, till: Till) -> None:
    with chain.database.transaction() as conn:
        suppress(conn, means(chain).vault, f"+86{PHONE}", "reply", chain.clock.now_ms())
    play(till, f"scan {BUN}", "pay cash 10")
    assert last(till, f"text {PHONE} claim")["ok"]
    taken_in(chain, till)
    assert till.refused_text()
    assert not till.refused_text()
    play(till, f"scan {BUN}", "pay cash 10")
    assert last(till, "text 13900000001 claim")["ok"]
    taken_in(chain, till)
    assert not till.refused_text()

"""The member's own page: who signs in, what they may change, and what they ask of HQ."""

from __future__ import annotations

import pytest

from posapp.clock import DAY, MINUTE
from posapp.hq.members import consents
from posapp.hq.members.tables import attribute, consent, person, privacy_request
from posapp.hq.texts import outbox
from posapp.rules.consents import TEXTS, text_hash
from tests.hq.browsing import PHONE, Browser, Site
from tests.hq.shop import TestClock, on_sqlite


@pytest.fixture
def member(site: Site) -> Browser:
    browser = site.joined(site.browser(), site.code())
    browser.open("/m")
    return browser


def test_signing_in_and_out(site: Site, member: Browser, clock: TestClock) -> None:
    clock.now += 2 * MINUTE
    browser = site.browser()
    browser.open("/m")
    browser.send("code", phone=PHONE)
    assert "验证码已发送" in browser.text
    code = site.sms(after=1)
    browser.send("enter", phone=PHONE, code="1" + code[1:] if code[0] != "1" else "2" + code[1:])
    assert "还可以试 4 次" in browser.error("code")
    browser.send("enter", phone=PHONE, code=code)
    assert "张**" in browser.text
    assert "<svg" in browser.page
    before = browser.session.cookies["m"]
    browser.send("leave")
    assert "登录" in browser.text
    browser.session.cookies.set("m", before)  # the old cookie is worth nothing
    browser.open("/m")
    assert "张**" not in browser.text
    member.open("/m")  # the other browser stays
    assert "张**" in member.text


@on_sqlite
def test_nobody_signs_in_who_is_no_member(site: Site) -> None:
    browser = site.browser()
    browser.open("/m")
    browser.send("code", phone=PHONE)
    browser.send("enter", phone=PHONE, code=site.sms())
    assert "还不是会员" in browser.error("phone")
    browser.open("/m")
    assert "登录" in browser.text


def test_consent_is_withdrawn_where_it_is_given(site: Site, member: Browser, clock: TestClock) -> None:
    root = site.rows(person)[0]["ref"]
    clock.now += 1_000
    member.send("preferences", marketing="1", **{"type-offer": "1"}, frequency="weekly")
    with site.shop.database.transaction() as conn:
        assert consents.may_market(conn, root)
        outbox.suppress(conn, site.texting.vault, f"+86{PHONE}", "reply", clock.now_ms())
    assert {row["name"]: row["value"] for row in site.rows(attribute)} == {"types": "offer", "frequency": "weekly"}
    clock.now += 1_000
    member.send("preferences", **{"type-offer": "1"}, frequency="weekly")
    with site.shop.database.reading() as conn:
        assert not consents.may_market(conn, root)
    clock.now += 1_000
    member.send("preferences", marketing="1", **{"type-offer": "1"}, frequency="weekly")
    with site.shop.database.reading() as conn:
        assert consents.may_market(conn, root)
        assert not outbox.is_suppressed(conn, site.texting.vault, f"+86{PHONE}")
    marketing = [row["given"] for row in site.rows(consent) if row["purpose"] == "marketing"]
    assert marketing == [0, 1, 0, 1]
    hashes = {row["hash"] for row in site.rows(consent) if row["purpose"] == "marketing"}
    assert hashes == {text_hash(TEXTS["marketing"])}
    assert len(site.rows(attribute)) == 2  # what did not change is not written again


@on_sqlite
def test_a_birthday_once_a_year(site: Site, member: Browser, clock: TestClock) -> None:
    member.send("birthday", month="06", day="01")
    assert "一年只能改一次" in member.error("birthday")
    assert site.rows(person)[0]["birthday"] == "05-20"
    clock.now += 366 * DAY
    browser = site.browser()
    browser.open("/m")
    browser.send("code", phone=PHONE)
    browser.send("enter", phone=PHONE, code=site.sms(after=1))
    browser.send("birthday", month="06", day="31")
    assert browser.error("birthday")
    browser.send("birthday", month="06", day="01")
    assert site.rows(person)[0]["birthday"] == "06-01"


def test_requests_about_what_is_kept(site: Site, member: Browser) -> None:
    for kind in ("access", "access", "correct", "withdraw", "impersonal"):
        member.send("privacy", kind=kind)
    member.send("privacy", kind="erase")
    assert "勾选" in member.error("sure")
    rows = site.rows(privacy_request)
    assert sorted(row["kind"] for row in rows) == ["access", "correct", "impersonal", "withdraw"]
    member.send("privacy", kind="erase", sure="1")
    row = next(row for row in site.rows(privacy_request) if row["kind"] == "erase")
    assert row["due"] - row["made"] == 15 * DAY
    stranger = site.browser()
    assert stranger.open(f"/q/{row['number']}").status_code == 200
    assert "已收到" in stranger.text
    assert "张" not in stranger.text
    for wrong in ("P000", "%00", "%ED%A0%80", "x" * 3_000):
        assert stranger.open(f"/q/{wrong}").status_code == 404
    member.send("privacy", kind="anything")
    assert len(site.rows(privacy_request)) == 5


@on_sqlite
def test_english(member: Browser) -> None:
    member.open("/m?l=en")
    assert "Member code" in member.text
    assert "Sign out" in member.text

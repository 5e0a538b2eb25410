"""Joining on the customer's page: once, counted where it belongs, the ticket to one, no person in plain."""

from __future__ import annotations

import gzip
import threading
from pathlib import Path

from posapp.clock import DAY, MINUTE
from posapp.hq.joining.tables import claim, given, joined, page_session, referral, route, static_code, token_open
from posapp.hq.members.tables import benefit, consent, person, points_entry
from posapp.hq.tables import feed
from posapp.hq.wecom.tables import contact_way
from posapp.rules.join_token import CHANNELS
from tests.hq.browsing import FORM, PHONE, Browser, Site
from tests.hq.shop import TestClock, on_sqlite
from tests.hq.texting import Texting


def test_a_stranger_joins(site: Site) -> None:
    site.campaign()
    browser, code = site.browser(), site.code()
    page = browser.open(f"/j/{code}")
    assert page.status_code == 200
    assert "示范店" in browser.text
    assert "立减 5 元" in browser.text
    assert " checked" not in page.text  # nobody ticked anything
    site.joined(browser, code, marketing="1")
    assert "入会成功,欢迎 张**" in browser.text
    assert "立减 5 元" in browser.text
    assert "<svg" in browser.page
    (row,) = site.rows(joined)
    assert (row["store"], row["till"], row["clerk"], row["channel"], row["token"]) == (1, 1, 7, "display", code)
    assert [(row["campaign"], row["ref"]) for row in site.rows(benefit)] == [("c1", row["ref"])]
    assert {row["purpose"]: row["given"] for row in site.rows(consent)} == {"terms": 1, "marketing": 1}
    (who,) = site.rows(person)
    assert (who["status"], who["birthday"], who["initial"], who["tail"]) == ("active", "05-20", "张", PHONE[-2:])
    assert any(row["stream"] == "joins" and row["scope"] == "till:1.1" for row in site.rows(feed))


def test_the_page_is_small_and_whole(site: Site) -> None:
    site.campaign()
    browser = site.browser()
    page = browser.open(f"/j/{site.code()}")
    assert len(gzip.compress(page.content, 4)) < 10_000
    for word in (" src=", "url(", "@import", "fetch("):
        assert word not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'nonce-")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    cookie = page.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "secure" not in cookie.lower()  # plain HTTP on the shop's own network
    assert (
        Browser(site.url)
        .session.get(f"{site.url}/j/{site.code()}", headers={"X-Forwarded-Proto": "https"}, timeout=30)
        .headers["Set-Cookie"]
        .lower()
        .count("; secure")
        == 1
    )


def test_every_channel_is_counted_as_its_own(site: Site) -> None:
    codes = {}
    for number, channel in enumerate(CHANNELS):
        codes[channel] = site.code(channel, clerk=number)
        site.joined(site.browser(), codes[channel], f"1390000{number:04d}")
    told = {row["channel"]: (row["store"], row["clerk"], row["token"]) for row in site.rows(joined)}
    assert told == {channel: (1, number, codes[channel]) for number, channel in enumerate(CHANNELS)}


def test_the_code_opened_last_counts_for_a_day(site: Site, clock: TestClock) -> None:
    ticket, badge = site.code("display"), site.code("badge", clerk=9)
    browser = site.browser()
    browser.open(f"/j/{ticket}")
    clock.now += 1_000
    browser.open(f"/j/{badge}")
    browser.path = f"/j/{ticket}"  # the first page is still open beside it
    browser.send("code", phone=PHONE)
    browser.send("join", phone=PHONE, code=site.sms(), **FORM)
    assert [(row["channel"], row["clerk"]) for row in site.rows(joined)] == [("badge", 9)]
    assert [row["token"] for row in site.rows(claim)] == [ticket]  # the ticket is the page's own
    other = site.browser()
    other.open(f"/j/{badge}")
    clock.now += DAY + 1
    other.path = f"/j/{site.code('stand')}"
    other.send("code", phone="13900000001")
    other.send("join", phone="13900000001", code=site.sms("13900000001"), **FORM)
    assert sorted(row["channel"] for row in site.rows(joined)) == ["badge", "stand"]


def test_points_of_a_receipt(site: Site) -> None:
    till = site.shop.till()
    journal, code = till.journal(), site.code("display")
    journal.sale(12_300, join=code)
    receipt = site.other(code, "receipt")
    early = site.joined(site.browser(), site.code("receipt"), "13900000001")
    assert "积分将在门店联网后到账" in early.text
    till.push(journal.jid, journal.entries)
    site.shop.settle()
    browser = site.browser()
    browser.open(f"/j/{receipt}")
    assert "¥123.00" in browser.text
    assert "可得 123 积分" in browser.text
    site.joined(browser, receipt)
    assert "本单 123 积分已到账" in browser.text
    late = site.joined(site.browser(), receipt, "13900000002")
    assert "本单已被关联" in late.text
    assert "入会成功" in late.text
    assert sum(row["points"] for row in site.rows(points_entry)) == 123


def test_a_tap_on_send_after_the_code_was_sent_by_itself_is_no_error(site: Site) -> None:
    browser = site.browser()
    browser.open(f"/j/{site.code()}")
    for _ in range(2):
        answer = browser.send("code", phone="138 1234 5678")
        assert answer.status_code == 200
        assert "验证码已发送" in browser.text


def test_a_member_who_leaves_a_box_empty_takes_nothing_back(site: Site) -> None:
    browser = site.joined(site.browser(), site.code(), marketing="1")
    site.shop.clock.now += 2 * MINUTE
    site.joined(site.browser(), site.code())
    given = {row["purpose"]: row["given"] for row in site.rows(consent) if row["purpose"] == "marketing"}
    assert given == {"marketing": 1}
    assert browser.text


def test_two_people_with_one_code_at_the_same_second(site: Site) -> None:
    code, phones = site.code(), ("13900000001", "13900000002")
    browsers = [site.browser() for _ in phones]
    for browser, phone in zip(browsers, phones, strict=True):
        browser.open(f"/j/{code}")
        browser.send("code", phone=phone)
    words = [site.sms(phone) for phone in phones]
    _at_once(
        lambda n: browsers[n].send("join", phone=phones[n], code=words[n], **FORM),
    )
    assert sorted("本单已被关联" in browser.text for browser in browsers) == [False, True]
    assert all("入会成功" in browser.text for browser in browsers)
    assert len(site.rows(joined)) == 2
    assert len(site.rows(claim)) == 1


def test_one_phone_in_two_browsers_gets_one_gift(site: Site, clock: TestClock) -> None:
    site.campaign()
    browsers = [site.browser(), site.browser()]
    browsers[0].open(f"/j/{site.code()}")
    browsers[0].send("code", phone=PHONE)
    first = site.sms()
    _at_once(lambda _: _from(browsers[0], first))  # pressed twice
    clock.now += 3_600_000
    site.joined(browsers[1], site.code())
    assert "您已经是会员" in browsers[1].text
    assert len(site.rows(joined)) == len(site.rows(benefit)) == len(site.rows(person)) == 1
    assert sorted(row["campaign"] for row in site.rows(given)) == ["c1", "join"]


def _from(browser: Browser, code: str) -> None:
    form = {"key": browser.key, "action": "join", "phone": PHONE, "code": code, **FORM}
    answer = browser.session.post(browser.url + browser.path, data=form, timeout=30)
    assert "入会成功" in answer.text
    assert answer.status_code == 200


def _at_once(work: object) -> None:
    failed: list[BaseException] = []
    ready = threading.Barrier(2)

    def run(number: int) -> None:
        try:
            ready.wait()
            work(number)  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001  (raised again below)
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed


@on_sqlite
def test_what_is_wrong_stands_beside_its_field(site: Site) -> None:
    browser, code = site.browser(), site.code()
    browser.open(f"/j/{code}")
    browser.send("join", phone="12345", name="<b>王</b>", month="02", day="30", marketing="1")
    assert browser.answer.status_code == 422
    assert browser.error("phone")
    assert "月" in browser.error("birthday")
    assert "验证码" in browser.error("code")
    assert "14 周岁" in browser.error("adult")
    assert "照常结账" in browser.error("adult")
    assert "同意" in browser.error("terms")
    assert 'value="12345"' in browser.page  # what was typed stays
    assert "&lt;b&gt;王" in browser.page
    assert 'name="marketing" value="1" checked' in browser.page
    browser.send("code", phone=PHONE)
    right = site.sms()
    browser.send("join", phone=PHONE, code="000000" if right != "000000" else "1", **FORM)
    assert "还可以试 4 次" in browser.error("code")
    browser.send("join", phone=PHONE, code=right, **{**FORM, "adult": ""})
    assert "14 周岁" in browser.error("adult")
    assert site.rows(person) == []
    assert PHONE not in browser.answer.url


@on_sqlite
def test_english_and_back(site: Site) -> None:
    browser, code = site.browser(), site.code()
    browser.open(f"/j/{code}?l=en")
    assert "Send code" in browser.text
    browser.open(f"/j/{code}")
    browser.send("join", phone="1")
    assert "Mobile number" in browser.text
    assert browser.error("terms").isascii()
    browser.open(f"/j/{code}?l=zh")
    assert "获取验证码" in browser.text


@on_sqlite
def test_codes_that_do_not_work(site: Site, clock: TestClock) -> None:
    code, stand = site.code(), site.code("stand")
    browser = site.browser()
    for wrong in ("NOCODEATALL", "%00", "%ED%A0%80", "x" * 3_000):
        assert browser.open(f"/j/{wrong}").status_code == 404
    assert browser.open(f"/j/{code[:-1]}{'0' if code[-1] != '0' else '1'}").status_code == 404
    with site.shop.database.transaction() as conn:
        conn.execute(static_code.update().values(revoked=clock.now_ms()))
    assert browser.open(f"/j/{stand}").status_code == 410
    clock.now += 30 * DAY
    assert browser.open(f"/j/{code}").status_code == 410
    assert "直接入会" in browser.text
    assert site.rows(token_open) == []
    site.joined(browser, "")  # 来源未知
    assert [(row["store"], row["channel"], row["token"]) for row in site.rows(joined)] == [(0, "", "")]


@on_sqlite
def test_routes_lead_elsewhere(site: Site, clock: TestClock) -> None:
    stand, badge, display = site.code("stand"), site.code("badge", clerk=1001), site.code("display")
    rows = [
        {"scope": "chain", "channel": "", "target": "https://example.org/all", "since": 1},
        {"scope": "chain", "channel": "stand", "target": "https://example.org/stand", "since": 1},
        {"scope": "store:1", "channel": "badge", "target": "clerk", "since": 1},
        {"scope": "store:1", "channel": "display", "target": "join", "since": 1},
    ]
    with site.shop.database.transaction() as conn:
        conn.execute(route.insert(), rows)
    browser = site.browser()
    assert browser.open(f"/j/{stand}", follow=False).headers["Location"] == "https://example.org/stand"
    assert browser.open(f"/j/{site.code('sms')}", follow=False).headers["Location"] == "https://example.org/all"
    assert browser.open(f"/j/{badge}", follow=False).status_code == 200  # until there are clerks' codes
    assert browser.open(f"/j/{display}", follow=False).status_code == 200
    ways = {"store": 1, "clerk": 1001, "users": "lin", "made": 1}
    with site.shop.database.transaction() as conn:
        friend = "https://work.weixin.example/ca/lin"
        conn.execute(contact_way.insert(), {**ways, "state": "s", "channel": "badge", "content": friend})
    browser.open(f"/j/{badge}")
    assert "添加专属店员" in browser.text
    assert friend in browser.page
    browser.open(f"/j/{badge}?form=1")
    assert 'name="phone"' in browser.page
    assert {row["target"] for row in site.rows(token_open) if row["channel"] == "stand"} == {
        "https://example.org/stand"
    }


def test_a_members_browser_needs_one_tap(site: Site, clock: TestClock) -> None:
    browser = site.joined(site.browser(), site.code())
    ticket = site.code("receipt")
    browser.open(f"/j/{ticket}")
    assert "关联本单" in browser.text
    assert 'name="phone"' not in browser.page
    browser.send("claim")
    assert "积分将在门店联网后到账" in browser.text
    assert len(site.rows(claim)) == 2
    assert len(site.rows(joined)) == 1
    held = {row["id"] for row in site.rows(page_session)}
    assert not held & set(browser.session.cookies.values())  # only hashes are kept
    clock.now += 91 * DAY
    browser.open(f"/j/{site.code()}")
    assert 'name="phone"' in browser.page


@on_sqlite
def test_a_form_of_another_browser_does_nothing(site: Site) -> None:
    browser, stranger, code = site.browser(), site.browser(), site.code()
    browser.open(f"/j/{code}")
    browser.send("code", phone=PHONE)
    stranger.open(f"/j/{code}")
    form = {"key": stranger.key, "action": "join", "phone": PHONE, "code": site.sms(), **FORM}
    answer = browser.session.post(f"{site.url}/j/{code}", data=form, timeout=30)
    assert "页面已过期" in answer.text
    assert site.rows(person) == []


@on_sqlite
def test_a_browser_cannot_send_codes_to_everybody(site: Site) -> None:
    browser = site.browser()
    browser.open(f"/j/{site.code()}")
    sent = [browser.send("code", phone=f"139000000{n:02d}").status_code for n in range(12)]
    assert sent.count(200) == 6
    assert "太频繁" in browser.error("code")


@on_sqlite
def test_no_provider_says_so(site: Site, texting: Texting, tmp_path: Path) -> None:
    for path in tmp_path.glob("*text*"):
        path.unlink()
    browser = site.browser()
    browser.open(f"/j/{site.code()}")
    browser.send("code", phone=PHONE)
    assert "请店员帮您入会" in browser.text


def test_nothing_of_a_person_is_in_plain(site: Site) -> None:
    site.joined(site.browser(), site.code(), marketing="1", name="欧阳小满")
    for table in (person, consent, joined, claim, token_open, page_session, given, feed):
        text = str(site.rows(table))
        assert PHONE not in text
        assert "欧阳小满" not in text


@on_sqlite
def test_a_friend_is_counted_for_who_invited(site: Site) -> None:
    host = site.joined(site.browser(), site.code())
    host.open("/m")
    host.send("invite")
    (code,) = [row["token"] for row in site.rows(static_code) if row["channel"] == "referral"]
    assert f"/j/{code}" in host.page
    site.joined(site.browser(), code, "13900000001")
    first = next(row["ref"] for row in site.rows(joined) if row["channel"] == "display")
    assert [(row["ref"], row["state"]) for row in site.rows(referral)] == [(first, "waiting")]

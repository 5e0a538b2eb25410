"""The card beside a chat in WeCom: only a clerk of the chain, only their own friends, and the same as on the till.

With POSAPP_PICTURES set to a folder the pages are kept there, to be looked at.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from sqlalchemy import select

from posapp.clock import DAY, HOUR
from posapp.hq import feed
from posapp.hq.care import desk as care
from posapp.hq.care.sidebar import COOKIE, SESSION_MS
from posapp.hq.care.tables import hint
from posapp.hq.database import Database
from posapp.hq.gateways.serving import running
from posapp.hq.gateways.wecom_sidebar_simulator import SDK
from posapp.hq.gateways.wecom_simulator import Simulator
from posapp.hq.members.identity import CLAIMED, VERIFIED, add_key
from posapp.hq.members.slice import rows_of
from posapp.hq.members.tables import attribute, looked
from posapp.hq.members.tiers import set_chip
from posapp.hq.people import add_clerk, switch_off
from posapp.hq.server import create_app
from posapp.hq.tasks.leads import add_lead, lead_rows
from posapp.hq.wecom.account import Account
from posapp.hq.wecom.tables import relation
from posapp.hq.wecom.ways import hire
from posapp.ids import seeded_chance
from posapp.keys import HqKeys
from tests.hq.browsing import Browser as Client
from tests.hq.care.salon import Salon
from tests.hq.console import house
from tests.hq.shop import TestClock, on_sqlite
from tests.hq.wecom.conftest import AES_KEY, CORP, SECRET, TOKEN

SIDEBAR: ViewportSize = {"width": 375, "height": 720}
_FLAGS = ["--no-sandbox", "--headless=new", "--disable-gpu", "--disable-dev-shm-usage"]


class Booth:
    """A salon whose HQ has an account in WeCom, behind a socket: url. lin is clerk 1001 there."""

    def __init__(self, salon: Salon, wecom: Simulator, url: str) -> None:
        self.salon, self.wecom, self.url = salon, wecom, url
        self.ref = salon.member()
        self.befriend("wm-zhang", self.ref)
        wecom.sidebar.on_phone = "lin"

    def befriend(self, external_userid: str, ref: str, strength: str = VERIFIED, userid: str = "lin") -> None:
        row = {"external_userid": external_userid, "userid": userid, "state": "added", "added": 1, "changed": 1}
        rest: dict[str, Any] = dict.fromkeys("deleted_by source channel moved_from name remark".split(), "")
        rest |= dict.fromkeys("again clerk store".split(), 0)
        with self.salon.desk.writing() as conn:
            conn.execute(relation.insert(), {**row, **rest, "looked": 1})
            add_key(conn, self.salon.desk.means, ref, "external_userid", external_userid, strength, "test")

    def client(self, userid: str = "lin") -> Client:
        """A browser that WeCom has signed in."""
        self.wecom.sidebar.on_phone = userid
        client = Client(self.url)
        client.open("/w/card")
        return client

    def shows(self, client: Client, customer: str = "wm-zhang", action: str = "show") -> str:
        if not client.key:
            client.open("/w/card")
        client.path = "/w/card"
        client.send(action, customer=customer)
        return client.text

    def history(self) -> None:
        """What a card is made of."""
        salon, now = self.salon, self.salon.desk.clock.now
        for n, (article, price) in enumerate((("mask", 4990), ("sun", 9900), ("mask", 4990), ("mask", 4990))):
            salon.desk.clock.now = now - (40 - 10 * n) * DAY
            salon.sells(self.ref, article, price)
        salon.desk.clock.now = now
        set_chip(salon.shop.database, "skin", "肤质/Skin", ["oily=油皮/Oily", "dry=干皮/Dry"])
        noted = {"ref": self.ref, "name": "skin", "at": now, "source": "e", "value": "oily", "by": "member"}
        with salon.desk.writing() as conn:
            conn.execute(attribute.insert(), noted)
            for id_, title, due, line in (
                ("l1", ("回访面膜试用", "Ask about the mask"), now + HOUR, ("", "")),
                ("l2", ("送生日卡", "Birthday card"), now - HOUR, ("祝您", "Joy")),
            ):
                means = salon.desk.means
                add_lead(
                    conn, means, ref=self.ref, store=1, title=title, due=due, script=line, source="test", own_id=id_
                )
            feed.publish(conn, {**rows_of(conn, [self.ref], now), **lead_rows(conn, ["l1", "l2"], now)})
        with salon.desk.writing() as conn:
            care.grant(conn, self.ref, "taster", ("品牌体验官", "Brand taster"), now + DAY, "he", now)
        with salon.desk.writing() as conn:
            care.set_owner(conn, self.ref, 1001, "he", now)
        salon.sends("browse", {"ref": self.ref}, article="serum")
        salon.settle()


@pytest.fixture
def booth(database: Database, keys: HqKeys, clock: TestClock, salon: Salon) -> Iterator[Booth]:
    wecom = Simulator(CORP, SECRET, TOKEN, AES_KEY, clock, seeded_chance(11))
    wecom.hire("lin", "zhou", "stranger")
    hire(database, 1001, "lin")
    hire(database, 1002, "zhou")
    with running(wecom.app()) as url:
        wecom.url = url
        account = Account(CORP, SECRET, TOKEN, AES_KEY, "", url, agent=wecom.sidebar.agent, login_url=url)
        app = create_app(database, keys, clock, seeded_chance(12), None, account)
        with running(app) as address:
            account.join_url = address
            yield Booth(salon, wecom, address)
        wecom.close()


def test_a_clerk_whom_wecom_signed_in_sees_the_card_and_that_is_kept(booth: Booth) -> None:
    booth.history()
    client = booth.client()
    assert client.answer.status_code == 200, client.text
    assert urlsplit(client.answer.url).query == ""
    assert [answer.status_code for answer in client.answer.history] == [302, 302, 303]
    text = booth.shows(client)
    for words in ("张** · 尾号78", "品牌体验官", "专属导购 店员1001", "刚看过精华液", "油皮", "补水面膜 ¥49.90"):
        assert words in text
    assert "138" not in client.page
    assert "13812345678" not in client.page
    assert [(row["who"], row["what"]) for row in booth.salon.shop.rows(looked)] == [("clerk 1001", "card")]


@on_sqlite
def test_nobody_else_sees_anything(booth: Booth) -> None:
    stranger = booth.client("stranger")
    assert (stranger.answer.status_code, COOKIE in stranger.session.cookies) == (403, False)
    outsider = booth.client("not in the company")
    assert outsider.answer.status_code == 403
    other = booth.client("zhou")
    assert "不是您的企业微信好友" in booth.shows(other)
    lin = booth.client()
    assert "不是您的企业微信好友" in booth.shows(lin, "wm-nobody")
    booth.befriend("wm-friend", booth.salon.desk.person())
    assert "还不是会员" in booth.shows(lin, "wm-friend")
    # a form of another site, a cookie that is made up, one that is old, a clerk who has left
    lin.session.post(f"{booth.url}/w/card", data={"action": "show", "customer": "wm-zhang", "key": "x"})
    assert "张**" in booth.shows(booth.client())
    forged = Client(booth.url)
    good = booth.client().session.cookies[COOKIE]
    until, user, mac = good.split(".")
    for made_up in (f"{int(until) + 1}.{user}.{mac}", f"{until}.emhvdQ.{mac}", "x", "..", f"{until}.{user}."):
        forged.session.cookies.set(COOKIE, made_up, path="/w")
        assert forged.open("/w/card", follow=False).status_code == 302
    late, left = booth.client(), booth.client()
    switch_off(booth.salon.shop.database, 1001)
    assert "登录已过期" in booth.shows(left)
    add_clerk(booth.salon.shop.database, seeded_chance(1), 1001, "林", "cashier", "739205", "1")
    booth.salon.desk.clock.now += SESSION_MS
    assert "登录已过期" in booth.shows(late)


@on_sqlite
def test_a_code_of_somebody_elses_browser_or_a_used_one_signs_nobody_in(booth: Booth) -> None:
    victim = Client(booth.url)
    asked = victim.open("/w/card", follow=False).headers["location"]
    told = {name: values[0] for name, values in parse_qs(urlsplit(asked).query).items()}
    assert (told["appid"], told["scope"], told["agentid"]) == (CORP, "snsapi_base", "1000002")
    assert asked.endswith("#wechat_redirect")
    attacker = booth.wecom.sidebar.code("lin")
    victim.open(f"/w/card?code={attacker}&state=theirs", follow=False)
    assert COOKIE not in victim.session.cookies
    used = booth.wecom.sidebar.code("lin")
    assert victim.open(f"/w/card?code={used}&state={told['state']}", follow=False).status_code == 303
    fresh = Client(booth.url)
    fresh.session.cookies.set("b", victim.session.cookies["b"])
    fresh.open(f"/w/card?code={used}&state={told['state']}", follow=False)
    assert COOKIE not in fresh.session.cookies
    assert "登录已过期" in fresh.text
    booth.wecom.is_away = True
    late = Client(booth.url)
    late.session.cookies.set("b", victim.session.cookies["b"])
    late.open(f"/w/card?code={booth.wecom.sidebar.code('lin')}&state={told['state']}", follow=False)
    assert COOKIE not in late.session.cookies


@on_sqlite
def test_a_claim_is_shown_with_a_doubt(booth: Booth) -> None:
    claimant = booth.salon.member("+8613900001111")
    booth.befriend("wm-li", claimant, CLAIMED)
    assert "本人未核实" in booth.shows(booth.client(), "wm-li")
    assert "本人未核实" not in booth.shows(booth.client())


@on_sqlite
def test_what_is_pressed_there_is_gone_at_the_till(booth: Booth) -> None:
    booth.history()
    client = booth.client()
    booth.shows(client)
    stands = booth.salon.hint(booth.ref)
    assert stands is not None
    text = booth.shows(client, action=f"declined {stands.id}")
    assert "已记录" in text
    assert "刚看过" not in text
    assert booth.salon.hint(booth.ref) is None
    assert [row["outcome"] for row in booth.salon.shop.rows(hint)] == ["declined"]
    booth.shows(client, action="done l1")
    assert booth.salon.told("leads", "l1") is None
    booth.shows(client, action="done l9")
    assert booth.salon.told("leads", "l2") is not None


# --- in a real browser ---


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Browser]:
    with house.chromium(tmp_path) as browser:
        yield browser


def inside_wecom(booth: Booth, chromium: Browser, language: str, chat: str) -> Page:
    """A page in the sidebar of a chat."""
    page = chromium.new_page(viewport=SIDEBAR, locale=language, device_scale_factor=2)
    page.expose_function("heard", booth.wecom.sidebar.hears)
    page.add_init_script(f"window.simulated={{chat:{json.dumps(chat)},check:(c,u)=>window.heard(c,u)}}")
    for host in ("https://res.wx.qq.com/**", "https://open.work.weixin.qq.com/**"):
        page.route(host, lambda route: route.fulfill(body=SDK, content_type="text/javascript"))
    return page


def keep(page: Page, name: str) -> None:
    if folder := os.environ.get("POSAPP_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@on_sqlite
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_three_blocks_are_those_of_the_tills_card(booth: Booth, chromium: Browser, language: str) -> None:
    booth.history()
    page = inside_wecom(booth, chromium, language, "wm-zhang")
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text))
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto(f"{booth.url}/w/card")
    expect(page.locator("h1")).to_contain_text("78")
    assert page.url.partition("#")[0] == f"{booth.url}/w/card"
    keep(page, f"sidebar-{language}")
    place = 1 if language == "en" else 0
    salon, ref = booth.salon, booth.ref
    card, member = salon.card(ref), salon.told("members", ref)
    blocks = {
        section.locator("h2").inner_text(): section.inner_text()
        for section in page.locator("section").all()
        if section.locator("h2").count()
    }
    likes, orders, todo = (
        blocks[title] for title in (("偏好", "最近订单", "待跟进"), ("Preferences", "Last orders", "To do"))[place]
    )
    assert member.chips == {"skin": "oily"}
    assert ("油皮", "Oily")[place] in likes
    assert "、".join(card.likes) in likes
    assert re.findall(r"¥([\d.]+)", orders) == [f"{one.fen / 100:.2f}" for one in card.orders]
    assert [name for one in card.orders for name in one.goods] == re.findall(r"(\S+(?: SPF50)?) ¥", orders)
    leads = [salon.told("leads", name) for name in ("l2", "l1")]
    positions = [todo.index(lead.title[place]) for lead in leads]
    assert positions == sorted(positions)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("button[value='done l2']").click()
    expect(page.locator("button[value='done l2']")).to_have_count(0)
    assert salon.told("leads", "l2") is None
    keep(page, f"sidebar-{language}-done")
    assert broken == []


@on_sqlite
def test_outside_a_chat_it_says_where_to_open_it(booth: Booth, chromium: Browser) -> None:
    page = inside_wecom(booth, chromium, "zh-CN", "")
    page.goto(f"{booth.url}/w/card")
    expect(page.locator("#away")).to_be_visible()
    keep(page, "sidebar-outside")
    booth.wecom.sidebar.agent = "1000003"
    other = inside_wecom(booth, chromium, "zh-CN", "wm-zhang")
    other.goto(f"{booth.url}/w/card")
    expect(other.locator("h1")).to_have_count(0)


@on_sqlite
def test_the_address_of_a_page_holds_no_customer(booth: Booth) -> None:
    booth.history()
    client = booth.client()
    booth.shows(client)
    assert "wm-zhang" not in client.answer.url
    assert "wm-zhang" in unescape(client.page)
    with booth.salon.shop.database.reading() as conn:
        assert "wm-zhang" not in str(conn.execute(select(looked)).all())

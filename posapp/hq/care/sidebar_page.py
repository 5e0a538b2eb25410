"""GET /w/card: the member card beside a chat in WeCom, the same three blocks as on the till, masked alike.

WeCom says who the clerk is (OAuth2) and whose chat is open (JS-SDK); the customer's id comes in a form, never in a URL.
Who looked is kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape

from fastapi import FastAPI
from sqlalchemy import Connection, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from posapp.clock import local
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.bodies import read_body
from posapp.hq.care import hints, sidebar
from posapp.hq.care.cards import card_of
from posapp.hq.care.owners import friend_of
from posapp.hq.care.scripts import pair_of
from posapp.hq.care.sidebar import COOKIE, PATH, Seller
from posapp.hq.gateways.wecom import WecomError
from posapp.hq.members.desk import note_look
from posapp.hq.members.identity import ACTIVE, Means, same_as
from posapp.hq.members.slice import row_of
from posapp.hq.members.tables import chip, person, tier
from posapp.hq.pages import sheet
from posapp.hq.pages.browser import Visit, check_form, give_cookies, visit_of
from posapp.hq.people import settings_of, store_names
from posapp.hq.running import Hq
from posapp.hq.tables import clerk
from posapp.hq.tasks.leads import end, lead_rows, leads_of
from posapp.hq.wecom.account import Account
from posapp.money import Money
from posapp.rules.consents import PERSONAL
from posapp.rules.names import masked_name
from posapp.rules.rfm import SEGMENTS
from posapp.streams import CardRow, MemberRow

SDK = (
    "https://res.wx.qq.com/open/js/jweixin-1.2.0.js",
    "https://open.work.weixin.qq.com/wwopen/js/jwxwork-1.0.0.js",
)
_LARGEST = 8 * 1024
_LEADS = ("done", "not_reached")
_SCRIPT = """
(()=>{const f=document.getElementById('find'),s=t=>document.getElementById(t).hidden=false;
if(!f)return;const no=()=>s('away');if(!window.wx||!wx.agentConfig)return no();
wx.agentConfig(Object.assign(JSON.parse(f.dataset.config),{fail:no,success:()=>wx.invoke('getCurExternalContact',{},
r=>{if(r.err_msg!=='getCurExternalContact:ok')return no();f.elements.customer.value=r.userId;f.submit()})}))})();
""".replace("\n", "")


def add_routes(app: FastAPI, hq: Hq) -> None:
    """Hook the page into HQ's app, where an account with an application is set."""
    if hq.wecom is None or not hq.wecom.account.agent:
        return
    account = hq.wecom.account

    async def run(request: Request, page: Callable[[Visit, str], Response], body: bytes = b"") -> Response:
        visit = visit_of(request, hq.chance, body)
        return await run_in_threadpool(page, visit, request.cookies.get(COOKIE, "")[:400])

    @app.get(PATH)
    async def show(request: Request, code: str = "", state: str = "") -> Response:
        if code:
            return await run(request, lambda visit, _held: came_back(hq, account, visit, code, state))
        query = request.url.query
        return await run(request, lambda visit, held: look_for(hq, account, visit, held, query))

    @app.post(PATH)
    async def act(request: Request) -> Response:
        body = await read_body(request, _LARGEST)
        return await run(request, lambda visit, held: acted(hq, account, visit, held), body)


# --- who is there ---


def came_back(hq: Hq, account: Account, visit: Visit, code: str, state: str) -> Response:
    """WeCom sent somebody back with a code."""
    assert hq.wecom is not None
    if state != sidebar.state_of(hq.vault, visit):
        return _said(hq, account, visit, PosError("page_stale"))
    try:
        userid = hq.wecom.wecom.user_of(code[:512])
    except WecomError as error:
        return _said(hq, account, visit, PosError("wecom_away" if error.may_pass else "sign_in_again"))
    with hq.database.reading() as conn:
        seller = sidebar.seller_of(conn, userid) if userid else None
    if seller is None:
        return _said(hq, account, visit, PosError("not_a_clerk"), 403)
    response = RedirectResponse(sidebar.address(account), 303)
    sidebar.remember(hq.vault, response, userid, hq.clock.now_ms(), secure=visit.site.startswith("https:"))
    give_cookies(visit, response)
    return response


def look_for(hq: Hq, account: Account, visit: Visit, held: str, query: str) -> Response:
    """The page that asks WeCom whose chat is open, and sends the answer."""
    assert hq.wecom is not None
    now = hq.clock.now_ms()
    with hq.database.reading() as conn:
        seller = sidebar.remembered(conn, hq.vault, held, now)
    if seller is None:
        response = RedirectResponse(sidebar.sign_in_url(account, hq.vault, visit), 302)
        give_cookies(visit, response)
        return response
    try:
        ticket = hq.wecom.wecom.agent_ticket()
    except WecomError as error:
        if error.may_pass:
            return _said(hq, account, visit, PosError("wecom_away"), 503)
        return _said(hq, account, visit, PosError("wecom_refused", errcode=error.errcode), 502)
    url = sidebar.address(account) + (f"?{query}" if query else "")
    told = json.dumps(sidebar.config(account, ticket, hq.chance, now, url))
    asks = sheet.form(hq.vault, visit, '<input type="hidden" name="customer">').replace(
        "<form ", f'<form id="find" data-config="{escape(told)}" ', 1
    )
    sentence = visit.say("请在企业微信与顾客的聊天侧边栏里打开", "Open this in WeCom, beside a chat with a customer.")
    away = f'<section id="away" hidden><p class="note bad">{escape(sentence)}</p></section>'
    return _page(hq, visit, asks + away, sources=SDK, script=_SCRIPT)


def _said(hq: Hq, account: Account, visit: Visit, error: PosError, status: int = 400) -> Response:
    again = sheet.link(sidebar.address(account), visit.say("重新进入", "Try again"), "button plain")
    return _page(hq, visit, sheet.note(visit.told(error), bad=True) + again, status=status)


def _page(
    hq: Hq, visit: Visit, body: str, *, status: int = 200, sources: tuple[str, ...] = (), script: str = ""
) -> Response:
    title = visit.say("会员卡", "Member card")
    return sheet.answer(visit, hq.chance, title, body, back=PATH, status=status, sources=sources, script=script)


# --- the card ---


def acted(hq: Hq, account: Account, visit: Visit, held: str) -> Response:
    """Show the card of whose chat is open, after what was pressed on it."""
    now, customer = hq.clock.now_ms(), visit.form.get("customer", "")[:128]
    try:
        check_form(hq.vault, visit)
        with hq.database.transaction() as conn:
            seller = sidebar.remembered(conn, hq.vault, held, now)
            if seller is None:
                raise PosError("sign_in_again")
            sidebar.may_see(conn, seller, customer)
            found = friend_of(conn, hq.vault, customer)
            status = conn.scalar(select(person.c.status).where(person.c.ref == found[0])) if found else None
            if found is None or status != ACTIVE:
                raise PosError("no_member_yet")
            note_look(conn, Means(hq.vault, hq.chance, now), f"clerk {seller.number}", found[0], "card", "wecom")
            done = _pressed(conn, visit, seller, found[0], now)
        with hq.database.reading() as conn:
            body = _Shown(conn, visit, seller, found[0], now, certain=found[1]).body(
                lambda inside: sheet.form(hq.vault, visit, _customer(customer) + inside)
            )
    except PosError as error:
        return _said(hq, account, visit, error)
    return _page(hq, visit, (sheet.note(done) if done else "") + body)


def _customer(external_userid: str) -> str:
    return f'<input type="hidden" name="customer" value="{escape(external_userid)}">'


def _two(first: str, second: str) -> str:
    return f'<div class="two">{first}{second}</div>'


def _pressed(conn: Connection, visit: Visit, seller: Seller, root: str, now: int) -> str:
    """Do what was pressed; what to say of it. Publishes as the last word."""
    action, _, id_ = visit.form.get("action", "").partition(" ")
    if action in _LEADS:
        if any(one.id == id_ for one in leads_of(conn, same_as(conn, root), now)):
            end(conn, id_, action, now, str(seller.number))
            feed.publish(conn, lead_rows(conn, [id_], now))
        return visit.say("已记录", "Noted.")
    if action in hints.ANSWERED:
        stands = hints.standing(conn, [root], now).get(root)
        if stands is not None and stands.id == id_:
            hints.answered(conn, id_, action, now)
            feed.publish(conn, hints.hint_rows(conn, [root], now))
        return visit.say("已记录", "Noted.")
    return ""


class _Shown:
    """A member's card as HTML."""

    def __init__(self, conn: Connection, visit: Visit, seller: Seller, root: str, now: int, *, certain: bool) -> None:
        self._visit, self._certain, self._now = visit, certain, now
        self._place = 1 if visit.language == "en" else 0
        self._refs = same_as(conn, root)
        home = conn.scalar(select(person.c.home).where(person.c.ref == root)) or 0
        self._member: MemberRow = row_of(conn, root, now)
        self._card: CardRow = card_of(conn, root, now, seller.store or home)
        self._todos = leads_of(conn, self._refs, now)
        self._hint = hints.standing(conn, [root], now).get(root)
        self._stores = store_names(conn)
        self._chips = {row.name: row for row in conn.execute(select(chip).order_by(chip.c.place, chip.c.name))}
        self._tier = conn.scalar(select(tier.c.name).where(tier.c.id == self._member.tier))
        self._owner = conn.scalar(select(clerk.c.name).where(clerk.c.number == self._card.owner))
        self._zone = settings_of(conn, feed.CHAIN).time_zone

    def body(self, form: Callable[[str], str]) -> str:
        return "".join((self._head(), self._told(form), self._likes(), self._orders(), self._to_do(form)))

    def _pair(self, text: str) -> str:
        return pair_of(text)[self._place]

    def _date(self, at: int) -> str:
        return f"{local(at, self._zone):%Y-%m-%d}"

    def _head(self) -> str:
        say, member, card = self._visit.say, self._member, self._card
        name = masked_name(member.initial) if member.initial else say("会员", "Member")
        lines = [sheet.words("h1", f"{name} · {say('尾号', 'ends ')}{member.tail}")]
        facts = [
            self._pair(self._tier) if self._tier else "",
            f"{member.points} {say('积分', 'points')}",
            SEGMENTS[card.segment][self._place] if card.segment in SEGMENTS else "",
            *(english if self._place else chinese for _, chinese, english, _ in card.titles),
        ]
        lines.append(sheet.words("p", " · ".join(fact for fact in facts if fact)))
        visits = [
            say(f"专属导购 {self._owner}", f"Looked after by {self._owner}") if self._owner else "",
            say(f"上次购买 {self._date(card.last)}", f"Last bought {self._date(card.last)}") if card.last else "",
            say(f"预计 {card.expected} 再来", f"Expected {card.expected}") if card.expected else "",
        ]
        if any(visits):
            lines.append(sheet.words("p", " · ".join(fact for fact in visits if fact), "quiet"))
        if not self._certain:
            doubt = say("本人未核实,请先确认", "Not confirmed to be this member; ask first.")
            lines.append(sheet.words("p", doubt, "note bad"))
        return sheet.section(*lines)

    def _told(self, form: Callable[[str], str]) -> str:
        if self._hint is None:
            return ""
        say = self._visit.say
        no = sheet.button(f"declined {self._hint.id}", say("先不提", "Not now"), "plain")
        line = self._pair(self._hint.script)
        return sheet.section(
            sheet.words("h2", self._pair(self._hint.prompt)),
            sheet.words("p", f"“{line}”") if line else "",
            form(_two(sheet.button(f"accepted {self._hint.id}", say("已提到", "Mentioned it")), no)),
        )

    def _likes(self) -> str:
        say, rows = self._visit.say, []
        for name, value in self._member.chips.items():
            known_ = self._chips.get(name)
            title, word = name, value
            if known_ is not None:
                title = self._pair(known_.title)
                word = next((each[1 + self._place] for each in json.loads(known_.choices) if each[0] == value), value)
            rows.append(self._row(title, word))
        if self._card.likes:
            rows.append(self._row(say("常买", "Often buys"), "、".join(self._card.likes)))
        return self._block(say("偏好", "Preferences"), rows, needs_consent=not self._card.likes)

    def _orders(self) -> str:
        rows = []
        for order in self._card.orders:
            place = self._stores.get(order.store, self._visit.say("线上", "online"))
            goods = "、".join(order.goods)
            rows.append(self._row(f"{self._date(order.at)} {place}", f"{goods} ¥{Money(order.fen)}"))
        return self._block(self._visit.say("最近订单", "Last orders"), rows, needs_consent=not rows)

    def _to_do(self, form: Callable[[str], str]) -> str:
        say, parts = self._visit.say, []
        for todo in self._todos:
            late = todo.due <= self._now
            due = f"{local(todo.due, self._zone):%m-%d %H:%M}"
            when = say(f"{due} 前", f"by {due}") + (say(" · 已超时", " · overdue") if late else "")
            name = sheet.words("span", todo.title[self._place])
            parts.append(f'<div class="row">{name}{sheet.words("span", when, "e" if late else "quiet")}</div>')
            if line := todo.script[self._place]:
                parts.append(sheet.words("p", f"“{line}”"))
            no = sheet.button(f"not_reached {todo.id}", say("没联系上", "Not reached"), "plain")
            parts.append(form(_two(sheet.button(f"done {todo.id}", say("完成", "Done")), no)))
        return self._block(say("待跟进", "To do"), parts)

    def _row(self, left: str, right: str) -> str:
        return f'<div class="row">{sheet.words("span", left, "quiet")}{sheet.words("span", right)}</div>'

    def _block(self, title: str, rows: list[str], *, needs_consent: bool = False) -> str:
        say = self._visit.say
        if not rows and needs_consent and not self._member.consents.get(PERSONAL):
            rows = [
                sheet.words("p", say("会员没有同意个性化推荐", "The member did not agree to suggestions."), "quiet")
            ]
        return sheet.section(sheet.words("h2", title), *(rows or [sheet.words("p", say("暂无", "None yet"), "quiet")]))

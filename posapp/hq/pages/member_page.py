"""A member's own page: points, benefits, the code to show, friends, how to be written to, and what HQ keeps of them."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from sqlalchemy import Connection, Row, select, update
from starlette.responses import RedirectResponse, Response

from posapp.clock import DAY, local
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import upsert
from posapp.hq.joining import codes
from posapp.hq.joining.tables import static_code
from posapp.hq.members import consents, privacy
from posapp.hq.members.identity import Means, code_of, known_by, same_as
from posapp.hq.members.slice import row_of, rows_of
from posapp.hq.members.tables import attribute, person, points_entry, privacy_request, tier
from posapp.hq.pages import browser, sheet
from posapp.hq.pages.browser import Visit
from posapp.hq.pages.join_page import Doors, ask_code, birthday_boxes, phone_fields, read_birthday
from posapp.hq.pages.sheet import Errors
from posapp.hq.people import settings_of
from posapp.hq.running import Hq
from posapp.hq.texts.codes import check_code
from posapp.hq.texts.outbox import lift
from posapp.messages import Consent
from posapp.rules.consents import MARKETING, PERSONAL, TEXTS, text_hash
from posapp.rules.join_token import PATH
from posapp.rules.names import masked_name
from posapp.rules.phones import read_phone
from posapp.streams import Benefit

PURPOSE = "member page"
REQUEST_PATH = "/q/"
BIRTHDAY_MS = 365 * DAY
_ROWS = 10
_OFFERS = (("offer", ("活动优惠", "Sales and events")), ("coupon_ends", ("权益到期提醒", "Benefits about to end")))
"""The kinds of promotion a member may take or leave (templates of hq/texts/templates.py), as `types` keeps them."""

_FREQUENCIES = (
    ("any", ("不限", "As they come")),
    ("weekly", ("每周最多一条", "One a week at most")),
    ("monthly", ("每月最多一条", "One a month at most")),
)
_WISHES = {
    "access": ("查阅、复制我的信息", "Give me a copy of my data"),
    "correct": ("更正我的信息", "Correct my data"),
    "withdraw": ("撤回同意", "Withdraw my consent"),
    "impersonal": ("不要个性化推荐", "No personal suggestions"),
    "erase": ("注销会员并删除信息", "Delete my membership and data"),
}
_STATES = {
    "open": ("已收到", "received"),
    "confirmed": ("已确认", "confirmed"),
    "running": ("处理中", "under way"),
    "done": ("已完成", "done"),
    "refused": ("未通过", "refused"),
}
_KINDS = {
    "earn": ("购物", "Purchase"),
    "claim": ("小票积分", "From a receipt"),
    "spend": ("抵扣", "Spent"),
    "claw_back": ("退货扣回", "Goods returned"),
    "give_back": ("退货返还", "Given back"),
    "pack": ("入会包", "Join pack"),
    "referral": ("推荐好友", "A friend joined"),
    "import": ("原有积分", "From before"),
    "adjust": ("调整", "Adjusted"),
}


def show(hq: Hq, visit: Visit) -> Response:
    """The member's page, or where to sign in."""
    now = hq.clock.now_ms()
    with hq.database.reading() as conn:
        root = browser.signed_in(conn, visit, now)
        if root is not None:
            return _page(conn, hq, visit, root, {})
    return _door(hq, visit, {})


def act(hq: Hq, doors: Doors, visit: Visit) -> Response:
    """What a button asks for; then the page again."""
    now = hq.clock.now_ms()
    with hq.database.reading() as conn:
        root = browser.signed_in(conn, visit, now)
    try:
        browser.check_form(hq.vault, visit)
        doors.forms.take(visit.session, hq.clock)
        if root is None:
            return _sign_in(hq, doors, visit)
    except PosError as error:
        if root is None:
            return _door(hq, visit, {_FIELD.get(error.code, ""): error})
        with hq.database.reading() as conn:
            return _page(conn, hq, visit, root, {"": error})
    try:
        with hq.database.transaction() as conn:
            said = _do(conn, hq, visit, root)
    except PosError as error:
        with hq.database.reading() as conn:
            return _page(conn, hq, visit, root, {_FIELD.get(error.code, ""): error})
    if not visit.member:
        return _door(hq, visit, {})
    with hq.database.reading() as conn:
        return _page(conn, hq, visit, root, {}, said)


# --- signing in ---

_FIELD = {
    "bad_phone": "phone",
    "not_a_member": "phone",
    "code_needed": "code",
    "too_many": "code",
    "wrong_code": "code",
    "code_expired": "code",
    "too_many_tries": "code",
    "bad_birthday": "birthday",
    "birthday_once": "birthday",
    "erase_unsure": "sure",
}


def _door(hq: Hq, visit: Visit, errors: Errors, sent: bool = False) -> Response:
    say = visit.say
    send = sheet.button("code", say("获取验证码", "Send code"), "plain", ' data-wait="60"' if sent else "")
    digits = 'inputmode="numeric" autocomplete="one-time-code" maxlength="6" required'
    told = say("验证码已发送,5 分钟内有效", "The code is on its way, good for 5 minutes")
    body = (
        (sheet.note(visit.told(errors[""]), bad=True) if "" in errors else "")
        + sheet.section(
            f"<h1>{escape(say('我的会员页', 'My membership'))}</h1>",
            sheet.form(
                hq.vault,
                visit,
                phone_fields(visit, errors, send, digits + (" autofocus" if sent else ""))
                + (sheet.words("p", told, "quiet") if sent else "")
                + sheet.button("enter", say("登录", "Sign in")),
                "next",
            ),
        )
        + sheet.link(PATH, say("还不是会员?入会", "Not a member yet? Join"))
    )
    title = say("会员中心", "Members")
    return sheet.answer(visit, hq.chance, title, body, back="/m", status=422 if errors else 200)


def _sign_in(hq: Hq, doors: Doors, visit: Visit) -> Response:
    action, code = visit.form.get("action", ""), visit.form.get("code", "").strip()
    if action == "code" or (action == "next" and not code):
        ask_code(hq, doors, visit, PURPOSE)
        return _door(hq, visit, {}, sent=True)
    if action not in ("enter", "next"):
        return _door(hq, visit, {})
    phone, now = read_phone(visit.form.get("phone", "")), hq.clock.now_ms()
    if not code:
        raise PosError("code_needed")
    check_code(hq.database, hq.vault, phone=phone, purpose=PURPOSE, code=code, now_ms=now)
    with hq.database.transaction() as conn:
        ref = known_by(conn, "phone", hq.vault.index("phone", phone))
        if ref is None:
            raise PosError("not_a_member")
        browser.sign_in(conn, visit, hq.chance, ref, now)
        if browser.signed_in(conn, visit, now) is None:  # known, but no member
            raise PosError("not_a_member")
    response = RedirectResponse("/m", 303)
    browser.give_cookies(visit, response)
    return response


# --- what a member asks for ---


def _do(conn: Connection, hq: Hq, visit: Visit, root: str) -> str:
    """Do it; the sentence to say then. Raises PosError bad_birthday, birthday_once, erase_unsure, bad_request."""
    said = visit.say("已保存", "Saved")
    means = Means(hq.vault, hq.chance, hq.clock.now_ms())
    source = f"page {visit.session[:16]}"
    match visit.form.get("action", ""):
        case "leave":
            browser.sign_out(conn, visit)
        case "birthday":
            _set_birthday(conn, root, read_birthday(visit.form), means.now)
            feed.publish(conn, rows_of(conn, [root], means.now))
        case "preferences":
            _prefer(conn, hq, means, visit, root, source)
            feed.publish(conn, rows_of(conn, [root], means.now))
        case "invite":
            codes.make_static(conn, hq.keys, "referral", means.now, ref=root)
        case "privacy":
            kind = visit.form.get("kind", "")
            if kind == "erase" and not visit.ticked("sure"):
                raise PosError("erase_unsure")
            number, rows = privacy.request(conn, means, root, kind, f"{source} {means.now}")
            said = visit.say(f"申请已提交,编号 {number}", f"Your request has the number {number}")
            feed.publish(conn, rows)
        case _:
            raise PosError("bad_request", why="action")
    return said


def _set_birthday(conn: Connection, root: str, birthday: str, now: int) -> None:
    if not birthday:
        raise PosError("bad_birthday")
    free = (person.c.birthday == "") | (person.c.birthday_set <= now - BIRTHDAY_MS)
    mine = (person.c.ref == root) & (free | (person.c.birthday == birthday))
    changed = conn.execute(
        update(person).where(mine).values(birthday=birthday, birthday_set=now).returning(person.c.ref)
    )
    if changed.first() is None:
        raise PosError("birthday_once")


def _prefer(conn: Connection, hq: Hq, means: Means, visit: Visit, root: str, source: str) -> None:
    """Note the boxes that differ from what stands; agreeing to offers also lifts a refusal by text message."""
    held = consents.standing(conn, root)
    acts = []
    for purpose in (MARKETING, PERSONAL):
        wanted, text = visit.ticked(purpose), TEXTS[purpose]
        if wanted != (purpose in held and held[purpose].given):
            acts.append(Consent(purpose, int(wanted), text.version, text_hash(text)))
            if purpose == MARKETING and wanted and (phone := _phone(conn, means, root)):
                lift(conn, hq.vault, phone)
    consents.note(conn, root, acts, means.now, source, "page")
    types = ",".join(name for name, _ in _OFFERS if visit.ticked(f"type-{name}"))
    frequency = visit.form.get("frequency", "any")
    if frequency not in dict(_FREQUENCIES):
        raise PosError("bad_request", why="frequency")
    chosen = _chosen(conn, root)
    for name, value in (("types", types), ("frequency", frequency)):
        if chosen.get(name) != value:
            row = {"ref": root, "name": name, "at": means.now, "source": source, "value": value, "by": "member"}
            upsert(conn, attribute, [row])


def _phone(conn: Connection, means: Means, root: str) -> str:
    sealed = conn.scalar(select(person.c.phone).where(person.c.root == root, person.c.phone != "").limit(1))
    return means.vault.open(sealed) if sealed else ""


def _chosen(conn: Connection, root: str) -> dict[str, str]:
    """How a member wants to be written to: types and frequency, once they chose."""
    rows = conn.execute(
        select(attribute.c.name, attribute.c.value)
        .join(person, person.c.ref == attribute.c.ref)
        .where(person.c.root == root, attribute.c.name.in_(("types", "frequency")))
        .order_by(attribute.c.at, attribute.c.source)
    )
    return {row.name: row.value for row in rows}


# --- the page ---


def _page(conn: Connection, hq: Hq, visit: Visit, root: str, errors: Errors, said: str = "") -> Response:
    say, now = visit.say, hq.clock.now_ms()
    head = conn.execute(select(person).where(person.c.ref == root)).one()
    settings = settings_of(conn, feed.store_scope(head.home))
    wide = sheet.note(visit.told(errors[""]), bad=True) if "" in errors else sheet.note(said) if said else ""
    means = Means(hq.vault, hq.chance, now)
    code = code_of(conn, means, root)
    hello = masked_name(head.initial) if head.initial else say("会员", "Member")
    level = conn.scalar(select(tier.c.name).where(tier.c.id == head.tier)) if head.tier else None
    told = row_of(conn, root, now)
    gifts = "".join(_benefit(visit, gift, settings.time_zone) for gift in told.benefits if not gift.waits)
    body = (
        wide
        + sheet.section(
            f"<h1>{escape(hello)}</h1>",
            f"<p>{escape(_level(visit, level))}</p>" if level else "",
            f'<p class="big">{told.points}</p><p>{escape(say("积分", "points"))}</p>',
            kind="gift",
        )
        + sheet.section(sheet.words("h2", say("会员码", "Member code")), sheet.qr(code, say("会员码", "Member code")))
        + (sheet.section(sheet.words("h2", say("我的权益", "Benefits")), gifts) if gifts else "")
        + _ledger(conn, visit, root, settings.time_zone)
        + _friends(conn, hq, visit, root, settings.join_address)
        + _birthday(hq, visit, head, errors)
        + _preferences(conn, hq, visit, root)
        + _privacy(conn, hq, visit, root, told.points, len(told.benefits), errors)
        + sheet.form(hq.vault, visit, sheet.button("leave", say("退出登录", "Sign out"), "link"))
    )
    return sheet.answer(
        visit,
        hq.chance,
        settings.store_name or say("会员中心", "Members"),
        body,
        back="/m",
        status=422 if errors else 200,
    )


def _benefit(visit: Visit, gift: Benefit, zone: str) -> str:
    ends = f"{local(gift.ends, zone):%Y-%m-%d}" if gift.ends else ""
    until = sheet.words("span", visit.say(f"{ends} 前", f"until {ends}"), "quiet") if ends else ""
    return f'<div class="row">{sheet.words("span", visit.say(*gift.name))}{until}</div>'


def _level(visit: Visit, name: str) -> str:
    """A tier's name is kept as a JSON pair, or as plain words."""
    try:
        chinese, english = json.loads(name)
    except ValueError:
        return name
    return visit.say(chinese, english)


def _ledger(conn: Connection, visit: Visit, root: str, zone: str) -> str:
    say = visit.say
    rows = conn.execute(
        select(points_entry)
        .where(points_entry.c.ref.in_(same_as(conn, root)))
        .order_by(points_entry.c.at.desc(), points_entry.c.source)
        .limit(_ROWS)
    ).all()
    lines = "".join(
        f'<div class="row"><span>{escape(say(*_KINDS.get(row.kind, (row.kind, row.kind))))}<br>'
        f'<small class="quiet">{local(row.at, zone):%Y-%m-%d %H:%M}</small></span><b>{row.points:+d}</b></div>'
        for row in rows
    )
    none = sheet.words("p", say("还没有积分记录", "No points yet"), "quiet")
    return sheet.section(sheet.words("h2", say("积分明细", "Points")), lines or none)


def _friends(conn: Connection, hq: Hq, visit: Visit, root: str, address: str) -> str:
    say = visit.say
    code = conn.scalar(
        select(static_code.c.token)
        .where(
            static_code.c.ref.in_(same_as(conn, root)), static_code.c.channel == "referral", static_code.c.revoked == 0
        )
        .limit(1)
    )
    title = sheet.words("h2", say("邀请好友", "Invite a friend"))
    if code is None:
        make = sheet.button("invite", say("生成邀请码", "Make my invitation"), "plain")
        return sheet.section(title, sheet.form(hq.vault, visit, make))
    link, label = f"{address or visit.site}{PATH}{code}", escape(say("邀请链接", "Invitation link"))
    picture = sheet.qr(link, say("邀请码", "Invitation"))
    return sheet.section(title, picture, f'<input readonly aria-label="{label}" value="{escape(link)}">')


def _birthday(hq: Hq, visit: Visit, head: Row[Any], errors: Errors) -> str:
    say = visit.say
    month, _, day = str(head.birthday).partition("-")
    boxes = birthday_boxes(visit, visit.form.get("month", month), visit.form.get("day", day))
    hint = say("一年只能改一次", "It can be changed once a year")
    below = sheet.wrong(visit, errors, "birthday") + sheet.words("p", hint, "quiet")
    save = sheet.button("birthday", say("保存生日", "Save birthday"), "plain")
    inside = f'<div class="field">{boxes}{below}</div>{save}'
    return sheet.section(sheet.words("h2", say("生日", "Birthday")), sheet.form(hq.vault, visit, inside))


def _preferences(conn: Connection, hq: Hq, visit: Visit, root: str) -> str:
    """The same screen gives and withdraws; nothing is ticked that was not agreed to."""
    say, chosen = visit.say, _chosen(conn, root)
    held = consents.standing(conn, root)
    ticks = {purpose: "1" for purpose, now in held.items() if now.given}
    types = chosen.get("types", ",".join(name for name, _ in _OFFERS)).split(",")
    ticks |= {f"type-{name}": "1" for name in types}
    shown = Visit(visit.cookie, visit.member, visit.language, visit.site, visit.address, ticks)
    parts = []
    for purpose in (MARKETING, PERSONAL):
        text = TEXTS[purpose]
        parts.append(sheet.tick(shown, {}, purpose, say(*text.title), say(*text.text)))
    parts.append(sheet.words("p", say("愿意收到哪些", "Which kinds"), "quiet"))
    parts += [sheet.tick(shown, {}, f"type-{name}", say(*title)) for name, title in _OFFERS]
    often = [(name, say(*title)) for name, title in _FREQUENCIES]
    label = say("多久一次", "How often")
    choice = sheet.choice("frequency", label, often, chosen.get("frequency", "any"))
    parts.append(f'<div class="field">{sheet.words("span", label, "quiet")}{choice}</div>')
    parts.append(sheet.button("preferences", say("保存", "Save"), "plain"))
    return sheet.section(sheet.words("h2", say("消息设置", "Messages")), sheet.form(hq.vault, visit, "".join(parts)))


def _privacy(conn: Connection, hq: Hq, visit: Visit, root: str, points: int, gifts: int, errors: Errors) -> str:
    say = visit.say
    made = "".join(
        f'<div class="row">{sheet.link(REQUEST_PATH + row.number, say(*_WISHES.get(row.kind, (row.kind, row.kind))))}'
        f"{sheet.words('span', say(*_STATES.get(row.state, (row.state, row.state))))}</div>"
        for row in privacy.requests_of(conn, root)
    )
    wishes = []
    for kind, title in _WISHES.items():
        sure = ""
        if kind == "erase":
            lost = say(
                f"我知道会失去 {points} 积分和 {gifts} 项权益",
                f"I know that {points} points and {gifts} benefits are lost",
            )
            sure = sheet.tick(Visit("", "", visit.language, "", ""), errors, "sure", lost)
        hidden = f'<input type="hidden" name="kind" value="{kind}">'
        wishes.append(sheet.form(hq.vault, visit, hidden + sure + sheet.button("privacy", say(*title), "link")))
    opened = " open" if "sure" in errors else ""
    heading = say("我的信息与隐私", "My data and privacy")
    return sheet.section(f"<details{opened}><summary>{escape(heading)}</summary>{''.join(wishes)}</details>", made)


def status(hq: Hq, visit: Visit, number: str) -> Response:
    """What became of a privacy request; its number says nothing of whose it is."""
    say = visit.say
    with hq.database.reading() as conn:
        named = number if number.isascii() and number.isalnum() else ""
        row = conn.execute(select(privacy_request).where(privacy_request.c.number == named)).one_or_none()
        zone = settings_of(conn, feed.CHAIN).time_zone
    title = say("申请进度", "Your request")
    if row is None:
        body = sheet.note(say("没有这个申请号,请核对后再试", "There is no request of that number; check it."), bad=True)
        return sheet.answer(visit, hq.chance, title, body, status=404)
    lines = (
        (say("申请号", "Number"), row.number),
        (say("申请", "Wish"), say(*_WISHES.get(row.kind, (row.kind, row.kind)))),
        (say("状态", "State"), say(*_STATES.get(row.state, (row.state, row.state)))),
        (say("提交", "Made"), f"{local(row.made, zone):%Y-%m-%d}"),
        (say("最迟答复", "Answered by"), f"{local(row.due, zone):%Y-%m-%d}"),
    )
    rows = "".join(f'<div class="row"><span>{escape(name)}</span><b>{escape(value)}</b></div>' for name, value in lines)
    return sheet.answer(visit, hq.chance, title, sheet.section(rows), back=REQUEST_PATH + row.number)

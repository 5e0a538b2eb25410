"""The page behind a join code: what joining brings, one form, two boxes that nobody ticked, and what came of it."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass
from html import escape
from typing import Any

from sqlalchemy import Connection, select
from starlette.responses import RedirectResponse, Response

from posapp.clock import MINUTE, local
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.joining import codes, join
from posapp.hq.joining.codes import Code
from posapp.hq.joining.join import CREDITED, OPEN, TAKEN, VOID, WAITING, Joining, Outcome
from posapp.hq.joining.tables import route
from posapp.hq.limits import Buckets
from posapp.hq.members import earning
from posapp.hq.members.identity import ACTIVE, Means, code_of, root_of
from posapp.hq.members.tables import benefit, person
from posapp.hq.pages import browser, friend_page, sheet
from posapp.hq.pages.browser import Visit
from posapp.hq.pages.sheet import Errors
from posapp.hq.people import settings_of
from posapp.hq.running import Hq
from posapp.hq.tables import store
from posapp.hq.texts.codes import check_code, is_live, send_code
from posapp.hq.texts.outbox import one_at_a_time
from posapp.messages import Consent
from posapp.money import Money
from posapp.rules.consents import MARKETING, TERMS, TEXTS, text_hash
from posapp.rules.join_token import PATH
from posapp.rules.loyalty import points_for
from posapp.rules.names import masked_name
from posapp.rules.phones import read_phone

JOIN = "join"
_FRIENDS = frozenset({friend_page.CLERK, friend_page.GROUP})
PURPOSE = "join"
WELCOME_MS = 10 * MINUTE
"""Who joined so recently is welcomed, not told that they are a member already: a form may be sent twice."""

_FIELD = {
    "bad_phone": "phone",
    "too_many": "code",
    "wrong_code": "code",
    "code_expired": "code",
    "too_many_tries": "code",
    "text_suppressed": "phone",
}
_STRIPES = 256
_MONTH_DAY = re.compile(r"02-(0[1-9]|[12]\d)|(0[469]|11)-(0[1-9]|[12]\d|30)|(0[13578]|1[02])-(0[1-9]|[12]\d|3[01])")


class Doors:
    """What bounds the pages: codes a browser and an address may ask for, forms it may send; one form of a browser at
    a time, so that a second press finds what the first one did."""

    def __init__(self) -> None:
        self.codes = Buckets(burst=6, every_ms=MINUTE)
        self.codes_of_address = Buckets(burst=100, every_ms=5_000)
        self.forms = Buckets(burst=40, every_ms=3_000, most=100_000)
        self._stripes = [threading.Lock() for _ in range(_STRIPES)]

    def stripe(self, session: str) -> threading.Lock:
        return self._stripes[int(session[:8], 16) % _STRIPES]


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the page says of a ticket that is at HQ: nothing of its goods. points: what it would earn a new member."""

    paid: int
    total: int
    points: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a code leads. shop: the name; gifts: what joining brings there, (Chinese, English)."""

    code: Code | None
    shop: str
    zone: str
    gifts: list[tuple[str, str]]
    ticket: Ticket | None
    member: str | None

    @property
    def path(self) -> str:
        return PATH + (self.code.text if self.code else "")


def show(hq: Hq, visit: Visit, text: str) -> Response:
    """The page of a code ("" for none), or wherever its route leads."""
    now = hq.clock.now_ms()
    try:
        with hq.database.transaction(waits_for_disk=False) as conn:
            code = codes.read_code(conn, hq.keys, text, now) if text else None
            target = target_of(conn, code) if code else JOIN
            content = friend_page.content_of(conn, target, code) if code and target in _FRIENDS else ""
            if code:
                codes.note_open(conn, visit.session, code, now, target)
            place = place_of(conn, hq, visit, code, now)
    except PosError as error:
        return dead_end(hq, visit, error)
    if target.startswith("https://"):
        response = RedirectResponse(target, 303, {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"})
        browser.give_cookies(visit, response)
        return response
    if content and not visit.wants_form:
        return friend_page.show(hq, visit, place.shop, target, content, place.path)
    return ask(hq, visit, place, {})


def target_of(conn: Connection, code: Code) -> str:
    """What to show for a code: the nearest route of its store and channel; the form where there is none, and for a
    clerk or a group that has no code in WeCom."""
    scopes = (feed.store_scope(code.token.store), feed.CHAIN)
    channels = (code.token.channel, "")
    rows = conn.execute(select(route).where(route.c.scope.in_(scopes), route.c.channel.in_(channels))).all()
    nearest = sorted(rows, key=lambda row: (scopes.index(row.scope), channels.index(row.channel)))
    return str(nearest[0].target) if nearest else JOIN


def place_of(conn: Connection, hq: Hq, visit: Visit, code: Code | None, now: int) -> Place:
    number = code.token.store if code else 0
    settings = settings_of(conn, feed.store_scope(number))
    shop = settings.store_name or conn.scalar(select(store.c.name).where(store.c.number == number)) or ""
    gifts = [(str(names[0]), str(names[1])) for names in _names(join.running(conn, number, now))]
    ticket = None
    if code and code.is_ticket:
        sold = earning.sale_of(conn, codes.on_display(code, hq.keys))
        if sold is not None:
            points = points_for(Money(earning.base_of(conn, sold)), settings.points_rate, 100)
            ticket = Ticket(sold.paid, sold.total, points)
    member = browser.signed_in(conn, visit, now)
    return Place(code, shop, settings.time_zone, gifts, ticket, member)


def _names(rows: Any) -> list[list[str]]:
    return [json.loads(row.name) for row in rows]


def act(hq: Hq, doors: Doors, visit: Visit, text: str) -> Response:
    """What a button of the page asks for; the page again, with what was typed, when something is wrong."""
    now = hq.clock.now_ms()
    try:
        with hq.database.reading() as conn:
            code = codes.read_code(conn, hq.keys, text, now) if text else None
            place = place_of(conn, hq, visit, code, now)
    except PosError as error:
        return dead_end(hq, visit, error)
    try:
        browser.check_form(hq.vault, visit)
        doors.forms.take(visit.session, hq.clock)
        action = visit.form.get("action", "")
        if action == "claim" and place.member:
            return _claim(hq, visit, place)
        if action == "code" or (action == "next" and not visit.form.get("code", "").strip()):
            ask_code(hq, doors, visit, PURPOSE)
            return ask(hq, visit, place, {}, sent=True)
        with doors.stripe(visit.session):
            return _join(hq, visit, place)
    except PosError as error:
        return ask(hq, visit, place, {_FIELD.get(error.code, ""): error})


# --- the form ---


def ask(hq: Hq, visit: Visit, place: Place, errors: Errors, sent: bool = False) -> Response:
    """The form; for a member's own browser one button."""
    say = visit.say
    parts = []
    if "" in errors:
        parts.append(sheet.note(visit.told(errors[""]), bad=True))
    shop = place.shop or say("会员中心", "Members")
    gifts = "".join(f"<li>{escape(say(*gift))}</li>" for gift in place.gifts)
    title = say("入会有礼", "Join and get") if gifts else say("成为会员", "Become a member")
    if place.member:
        parts.append(_known(hq, visit, place))
        return sheet.answer(visit, hq.chance, shop, "".join(parts), back=place.path)
    if not errors:
        lead = f"<ul>{gifts}</ul>" if gifts else sheet.words("p", say("每次购物都积分", "Points with every purchase"))
        parts.append(sheet.section(f"<h1>{escape(title)}</h1>{lead}", kind="gift"))
    if place.ticket:
        parts.append(_ticket(visit, place, place.ticket))
    parts.append(sheet.section(sheet.form(hq.vault, visit, _fields(visit, errors, sent), "next")))
    free = say("不入会也可以照常购物、开票和退换。", "You can buy, get an invoice and return goods without joining.")
    parts.append(sheet.words("p", free, "quiet"))
    parts.append(sheet.link("/m", say("我已是会员", "I am a member")))
    status = 200 if not errors else 422
    return sheet.answer(visit, hq.chance, shop, "".join(parts), back=place.path, status=status)


def _fields(visit: Visit, errors: Errors, sent: bool) -> str:
    say = visit.say
    send = sheet.button("code", say("获取验证码", "Send code"), "plain", ' data-wait="60"' if sent else "")
    digits = 'inputmode="numeric" autocomplete="one-time-code" maxlength="6" required'
    if sent:
        digits += " autofocus"
    terms, offers = TEXTS[TERMS], TEXTS[MARKETING]
    name, optional = say("称呼(选填)", "Name (optional)"), say("(选填)", " (optional)")
    on_its_way = say("验证码已发送,5 分钟内有效", "The code is on its way, good for 5 minutes")
    return "".join(
        (
            phone_fields(visit, errors, send, digits, "" if sent else " data-asks"),
            sheet.words("p", on_its_way, "quiet") if sent else "",
            sheet.field(visit, errors, "name", name, 'autocomplete="name" maxlength="40"'),
            _birthday(visit, errors),
            sheet.tick(visit, errors, "adult", say("我已满 14 周岁", "I am 14 or older")),
            sheet.tick(visit, errors, "terms", say(*terms.title), say(*terms.text)),
            sheet.tick(visit, errors, "marketing", say(*offers.title) + optional, say(*offers.text)),
            sheet.button("join", say("入会", "Join")),
        )
    )


def phone_fields(visit: Visit, errors: Errors, send: str, digits: str, more: str = "") -> str:
    say = visit.say
    tel = 'type="tel" inputmode="tel" autocomplete="tel" maxlength="20" required' + more
    return sheet.field(visit, errors, "phone", say("手机号", "Mobile number"), tel) + sheet.field(
        visit, errors, "code", say("验证码", "Code"), digits, send
    )


def _birthday(visit: Visit, errors: Errors) -> str:
    say = visit.say
    label = say("生日(选填,只要月日)", "Birthday (optional, month and day only)")
    boxes = birthday_boxes(visit, visit.form.get("month", ""), visit.form.get("day", ""))
    wrong = sheet.wrong(visit, errors, "birthday")
    return f'<div class="field">{sheet.words("span", label)}{boxes}{wrong}</div>'


def birthday_boxes(visit: Visit, month: str, day: str) -> str:
    say = visit.say
    months = [("", say("月", "Month")), *((f"{n:02d}", say(f"{n} 月", f"{n}")) for n in range(1, 13))]
    days = [("", say("日", "Day")), *((f"{n:02d}", say(f"{n} 日", f"{n}")) for n in range(1, 32))]
    first = sheet.choice("month", say("生日月", "Month of birth"), months, month)
    return f'<div class="pair">{first}{sheet.choice("day", say("生日日", "Day of birth"), days, day)}</div>'


def _ticket(visit: Visit, place: Place, ticket: Ticket) -> str:
    say = visit.say
    when = f"{local(ticket.paid, place.zone):%m-%d %H:%M}"
    points = say(f"可得 {ticket.points} 积分", f"{ticket.points} points")
    left = escape(say("本单", "This purchase")) + "<br>" + sheet.words("small", f"{place.shop} {when}", "quiet")
    right = f"¥{Money(ticket.total)}<br>" + sheet.words("small", points, "quiet")
    return sheet.section(f'<div class="ticket"><span>{left}</span><span>{right}</span></div>')


def _known(hq: Hq, visit: Visit, place: Place) -> str:
    """For the browser of a member: one button where there is a ticket to take."""
    say = visit.say
    with hq.database.reading() as conn:
        initial = conn.scalar(select(person.c.initial).where(person.c.ref == place.member)) or ""
    hello = f"{say('您好', 'Hello')} {masked_name(initial)}" if initial else say("您好,会员", "Hello, member")
    parts = [f"<h1>{escape(hello)}</h1>"]
    if place.code and place.code.is_ticket:
        parts.append(sheet.words("p", say("这一单可以记在您名下。", "This purchase can be yours.")))
        parts.append(sheet.form(hq.vault, visit, sheet.button("claim", say("关联本单", "It is mine"))))
    parts.append(sheet.link("/m", say("我的会员页", "My membership")))
    ticket = _ticket(visit, place, place.ticket) if place.ticket else ""
    return sheet.section(*parts) + ticket


# --- what its buttons do ---


def ask_code(hq: Hq, doors: Doors, visit: Visit, purpose: str) -> None:
    """Send a code to the phone in the form. Raises PosError bad_phone, too_many, codes_not_sent."""
    phone = read_phone(visit.form.get("phone", ""))
    doors.codes.take(visit.session, hq.clock)
    doors.codes_of_address.take(visit.address, hq.clock)
    if hq.texts.gateway() is None:
        raise PosError("codes_not_sent")
    with hq.database.transaction() as conn:
        outcome = send_code(
            conn,
            hq.vault,
            hq.chance,
            phone=phone,
            purpose=purpose,
            now_ms=hq.clock.now_ms(),
            language=visit.language,
        )
        if outcome.what != "capped" or not is_live(conn, hq.vault, phone, purpose, hq.clock.now_ms()):
            outcome.check()  # else the one of a moment ago is on its way, and good
    hq.texts.wake()
    visit.form.pop("code", None)


def read_birthday(form: dict[str, str]) -> str:
    """MM-DD, "" for none. Raises PosError bad_birthday."""
    month, day = form.get("month", ""), form.get("day", "")
    if not month and not day:
        return ""
    if not _MONTH_DAY.fullmatch(f"{month}-{day}"):
        raise PosError("bad_birthday")
    return f"{month}-{day}"


def _read(visit: Visit) -> tuple[str, str, Errors]:
    """Phone and birthday of the form, and all that is wrong with it."""
    errors: Errors = {}
    phone = birthday = ""
    try:
        phone = read_phone(visit.form.get("phone", ""))
    except PosError as error:
        errors["phone"] = error
    try:
        birthday = read_birthday(visit.form)
    except PosError as error:
        errors["birthday"] = error
    if not visit.form.get("code", "").strip():
        errors["code"] = PosError("code_needed")
    if not visit.ticked("adult"):
        errors["adult"] = PosError("under_age")
    if not visit.ticked("terms"):
        errors["terms"] = PosError("terms_needed")
    return phone, birthday, errors


def _join(hq: Hq, visit: Visit, place: Place) -> Response:
    phone, birthday, errors = _read(visit)
    if errors:
        return ask(hq, visit, place, errors)
    now = hq.clock.now_ms()
    key = hq.vault.index("phone", phone)
    with hq.database.reading() as conn:
        known = browser.confirmed(conn, visit, key, now)
    if not known:
        code = visit.form["code"].strip()
        check_code(hq.database, hq.vault, phone=phone, purpose=PURPOSE, code=code, now_ms=now)
    asked = Joining(
        phone,
        [_consent(purpose, visit.ticked(purpose)) for purpose in (TERMS, MARKETING)],
        visit.form.get("name", ""),
        birthday,
        visit.language,
        place.code,
        visit.session,
    )
    means = Means(hq.vault, hq.chance, now)
    with hq.database.transaction() as conn:
        one_at_a_time(conn, key)  # the same phone in two browsers: one after the other
        asked.counted = _counted(conn, hq, visit, now)
        done, published = join.join(conn, hq.keys, means, asked)
        if with_code := asked.counted or asked.code:
            codes.note_authorised(conn, visit.session, with_code, now)
        browser.confirm(conn, visit, key, done.ref, now)
        browser.sign_in(conn, visit, hq.chance, done.ref, now)
        result = result_of(conn, means, done, joins=True)
        feed.publish(conn, published)
    return told(hq, visit, place, result)


def _consent(purpose: str, given: bool) -> Consent:
    row = TEXTS[purpose]
    return Consent(purpose, int(given), row.version, text_hash(row))


def _counted(conn: Connection, hq: Hq, visit: Visit, now: int) -> Code | None:
    """The code that this browser opened last, if it still works."""
    text = codes.last_opened(conn, visit.session, now)
    try:
        return codes.read_code(conn, hq.keys, text, now) if text else None
    except PosError:
        return None


def _claim(hq: Hq, visit: Visit, place: Place) -> Response:
    assert place.code
    assert place.member
    means = Means(hq.vault, hq.chance, hq.clock.now_ms())
    with hq.database.transaction() as conn:
        done, published = join.recognise(conn, hq.keys, means, place.member, place.code)
        codes.note_authorised(conn, visit.session, place.code, means.now)
        result = result_of(conn, means, done, joins=False)
        feed.publish(conn, published)
    return told(hq, visit, place, result)


# --- what came of it ---


@dataclass(frozen=True, slots=True)
class Result:
    """What the last page says. is_new: whether they are welcomed; gifts: what they were given for it; code: theirs."""

    is_new: bool
    initial: str
    gifts: list[list[str]]
    code: str
    ticket: Outcome


def result_of(conn: Connection, means: Means, done: Outcome, *, joins: bool) -> Result:
    root = root_of(conn, done.ref)
    head = conn.execute(select(person).where(person.c.ref == root)).one()
    is_new = joins and head.status == ACTIVE and head.joined > means.now - WELCOME_MS
    gifts = []
    if is_new:
        mine = (benefit.c.ref == done.ref) & (benefit.c.made >= head.joined)
        gifts = _names(conn.execute(select(benefit).where(mine).order_by(benefit.c.id)))
    return Result(is_new, head.initial, gifts, code_of(conn, means, root), done)


def told(hq: Hq, visit: Visit, place: Place, result: Result) -> Response:
    """Who they are now, what they were given, what became of the ticket, and the code to show at the counter."""
    say = visit.say
    title = say("入会成功,欢迎", "Welcome") if result.is_new else say("您已经是会员", "You are a member already")
    title += f" {masked_name(result.initial)}" if result.initial else ""
    gifts = "".join(sheet.words("li", say(*names)) for names in result.gifts)
    parts = [sheet.section(sheet.words("h1", title), f"<ul>{gifts}</ul>" if gifts else "", kind="gift")]
    if line := _of_ticket(visit, result.ticket):
        parts.append(sheet.note(line, bad=result.ticket.ticket == TAKEN))
    parts.append(
        sheet.section(
            sheet.words("h2", say("会员码", "Member code")),
            sheet.qr(result.code, say("会员码", "Member code")),
            sheet.words("p", say("结账时出示", "Show it when you pay"), "quiet"),
        )
    )
    parts.append(sheet.link("/m", say("我的会员页", "My membership"), "button"))
    return sheet.answer(visit, hq.chance, place.shop or say("会员中心", "Members"), "".join(parts))


def _of_ticket(visit: Visit, done: Outcome) -> str:
    say = visit.say
    if done.ticket == OPEN:
        return say(
            "这一单记在您名下,收银台联网后就会显示;已付款的,积分随后到账。",
            "This purchase is yours; points follow if it is paid.",
        )
    if done.ticket == CREDITED:
        return say(f"本单 {done.points} 积分已到账。", f"{done.points} points of this purchase are on your account.")
    if done.ticket == WAITING:
        return say("积分将在门店联网后到账。", "The points will arrive once the shop is online.")
    if done.ticket == VOID:
        return say("这张小票已经退货或作废,不能再积分。", "This purchase went back; there are no points for it.")
    if done.ticket == TAKEN:
        return say(
            "本单已被关联,积分归先关联的会员;如有疑问请带小票到门店。",
            "This purchase was taken by another member first; if that is wrong, bring the receipt to the shop.",
        )
    return ""


def dead_end(hq: Hq, visit: Visit, error: PosError) -> Response:
    """For a code that does not work: what to do, and joining without one."""
    say = visit.say
    without = say("没有码也可以入会,只是不能关联这一单。", "You can join without a code, but not add this purchase.")
    body = sheet.note(visit.told(error), bad=True) + sheet.section(
        sheet.words("p", without),
        sheet.link(PATH, say("直接入会", "Join anyway"), "button"),
        sheet.link("/m", say("我已是会员", "I am a member"), "button plain"),
    )
    status = 410 if error.code == "join_code_expired" else 404
    return sheet.answer(visit, hq.chance, say("会员中心", "Members"), body, status=status)

"""The page behind the link that confirms a phone which was typed at a counter: one button, pressed by a person.

Opening it does nothing: providers and messengers look at links before people do.
"""

from __future__ import annotations

from starlette.responses import Response

from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.members.confirm import PATH as PATH
from posapp.hq.members.confirm import confirm_by_link, owner_of
from posapp.hq.members.identity import Means
from posapp.hq.pages import browser, sheet
from posapp.hq.pages.browser import Visit
from posapp.hq.running import Hq
from posapp.rules.phones import masked


def show(hq: Hq, visit: Visit, token: str) -> Response:
    """Whose number is to be confirmed, masked, and the button."""
    say = visit.say
    try:
        with hq.database.reading() as conn:
            _, phone = owner_of(conn, _means(hq), token)
    except PosError as error:
        return _dead_end(hq, visit, error)
    asked = say("请确认这是您的手机号", "Is this your number?")
    body = sheet.section(
        sheet.words("h1", asked),
        sheet.words("p", masked(phone), "big"),
        sheet.form(hq.vault, visit, sheet.button("confirm", say("是我的,确认", "Yes, it is mine"))),
        sheet.words("p", say("不是您填写的,请忽略。", "If you did not ask for this, do nothing."), "quiet"),
    )
    return sheet.answer(visit, hq.chance, say("确认手机号", "Confirm your number"), body, back=PATH + token)


def act(hq: Hq, visit: Visit, token: str) -> Response:
    """Confirm it; pressed twice it stays confirmed."""
    say = visit.say
    try:
        browser.check_form(hq.vault, visit)
        with hq.database.transaction() as conn:
            _, rows = confirm_by_link(conn, _means(hq), token)
            feed.publish(conn, rows)
    except PosError as error:
        return _dead_end(hq, visit, error)
    done = say("手机号已确认,积分和权益都在您的账户里。", "Confirmed: points and benefits are on your account.")
    body = sheet.note(done) + sheet.link("/m", say("我的会员页", "My membership"), "button")
    return sheet.answer(visit, hq.chance, say("确认手机号", "Confirm your number"), body)


def _means(hq: Hq) -> Means:
    return Means(hq.vault, hq.chance, hq.clock.now_ms())


def _dead_end(hq: Hq, visit: Visit, error: PosError) -> Response:
    body = sheet.note(visit.told(error), bad=True) + sheet.link("/m", visit.say("会员中心", "Members"), "button plain")
    status = 410 if error.code == "expired" else 400
    return sheet.answer(visit, hq.chance, visit.say("确认手机号", "Confirm your number"), body, status=status)

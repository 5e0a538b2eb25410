"""A browser before us: the random number it carries, its language, what it sent, and the member it belongs to.

Two cookies: one for every browser, which binds forms and codes that were opened, and one once a phone was confirmed.
Tables keep SHA-256 of either, so that a copy of the database signs nobody in.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import parse_qsl

from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import Response

from posapp.clock import DAY, MINUTE
from posapp.errors import PosError
from posapp.hq.database import upsert
from posapp.hq.joining.tables import page_session
from posapp.hq.members.identity import ACTIVE
from posapp.hq.members.tables import person
from posapp.hq.vault import Vault
from posapp.ids import Chance, b64u

BROWSER, MEMBER, LANGUAGE = "b", "m", "l"
SIGNED_IN_MS = 90 * DAY
CONFIRMED_MS = 10 * MINUTE
"""A form that is sent twice finds its code used up; the same browser need not confirm the same phone again so soon."""

_LONGEST_VALUE, _MOST_VALUES = 200, 40


@dataclass
class Visit:
    """One request. cookie: the browser's number; member: the one it got when it signed in; site: the address it knows
    us by; form: what it sent; cookies: what the answer gives it, a value of "" takes it away;
    wants_form: the form, whatever the route of the code says."""

    cookie: str
    member: str
    language: str
    site: str
    address: str
    form: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    wants_form: bool = False

    @property
    def session(self) -> str:
        """What the tables call this browser."""
        return digest(self.cookie)[:32]

    def say(self, chinese: str, english: str) -> str:
        return english if self.language == "en" else chinese

    def told(self, error: PosError) -> str:
        return error.sentence(self.language)

    def ticked(self, name: str) -> bool:
        return self.form.get(name) == "1"


def digest(cookie: str) -> str:
    return sha256(cookie.encode()).hexdigest()


def visit_of(request: Request, chance: Chance, body: bytes = b"") -> Visit:
    """What a request says. Raises PosError bad_request for a form that no page of ours sends."""
    held = request.cookies
    cookie = held.get(BROWSER, "")
    visit = Visit(
        cookie,
        held.get(MEMBER, "")[:64],
        _preferred(held.get(LANGUAGE) or request.headers.get("accept-language", "")),
        str(request.base_url).rstrip("/"),
        request.client.host if request.client else "",
    )
    if not 40 <= len(cookie) <= 64:
        visit.cookie = visit.cookies[BROWSER] = b64u(chance(32))
    visit.wants_form = request.query_params.get("form") == "1"
    wanted = request.query_params.get(LANGUAGE, "")
    if wanted in ("zh", "en"):
        visit.language = visit.cookies[LANGUAGE] = wanted
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_VALUES)
    except ValueError:
        raise PosError("bad_request", why="form") from None
    visit.form = {name: value.replace("\0", "")[:_LONGEST_VALUE] for name, value in pairs}
    return visit


def _preferred(accepted: str) -> str:
    return "en" if accepted.lower().startswith("en") else "zh"


def give_cookies(visit: Visit, response: Response) -> None:
    """Tell the browser what to carry. Over plain HTTP, as on a shop's own network, no cookie can be Secure."""
    lives = {BROWSER: DAY * 30, MEMBER: SIGNED_IN_MS, LANGUAGE: SIGNED_IN_MS}
    secure = visit.site.startswith("https:")
    for name, value in visit.cookies.items():
        life = lives[name] // 1000 if value else 0
        response.set_cookie(name, value, max_age=life, path="/", secure=secure, httponly=True, samesite="lax")


# --- forms ---


def form_key(vault: Vault, visit: Visit) -> str:
    """What a form must bring back: follows from the browser's number, so that no other site can send it."""
    return vault.index("form", visit.cookie)


def check_form(vault: Vault, visit: Visit) -> None:
    """Raises PosError page_stale for a form that was not given to this browser."""
    if not hmac.compare_digest(form_key(vault, visit).encode(), visit.form.get("key", "").encode()):
        raise PosError("page_stale")


# --- who it is ---


def signed_in(conn: Connection, visit: Visit, now: int) -> str | None:
    """The member (root) whose browser this is."""
    return _known(conn, digest(visit.member), now) if visit.member else None


def sign_in(conn: Connection, visit: Visit, chance: Chance, ref: str, now: int) -> None:
    """Let this browser be known as a member's, with a cookie that nobody had before."""
    conn.execute(page_session.delete().where(page_session.c.until <= now))
    visit.member = visit.cookies[MEMBER] = b64u(chance(32))
    _keep(conn, digest(visit.member), ref, now, SIGNED_IN_MS, visit.session)


def sign_out(conn: Connection, visit: Visit) -> None:
    if visit.member:
        conn.execute(page_session.delete().where(page_session.c.id == digest(visit.member)))
    visit.member = visit.cookies[MEMBER] = ""


def confirm(conn: Connection, visit: Visit, phone: str, ref: str, now: int) -> None:
    """Remember for a short while that this browser showed that this phone (its keyed hash) is its person's."""
    _keep(conn, digest(f"{visit.cookie} {phone}"), ref, now, CONFIRMED_MS, visit.session)


def confirmed(conn: Connection, visit: Visit, phone: str, now: int) -> bool:
    return _known(conn, digest(f"{visit.cookie} {phone}"), now) is not None


def _keep(conn: Connection, id_: str, ref: str, now: int, life: int, form: str) -> None:
    upsert(conn, page_session, [{"id": id_, "ref": ref, "made": now, "until": now + life, "form": form}])


def _known(conn: Connection, id_: str, now: int) -> str | None:
    ref = conn.scalar(
        select(person.c.root)
        .join(page_session, page_session.c.ref == person.c.ref)
        .where(page_session.c.id == id_, page_session.c.until > now)
    )
    status = conn.scalar(select(person.c.status).where(person.c.ref == ref)) if ref else None
    return str(ref) if status == ACTIVE else None

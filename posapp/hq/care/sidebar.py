"""Who opened the sidebar's page: a clerk whom WeCom signed in, known for two hours by a signed cookie."""

from __future__ import annotations

import hmac
from hashlib import sha1
from typing import Any, NamedTuple
from urllib.parse import urlencode

from sqlalchemy import Connection, select
from starlette.responses import Response

from posapp.clock import HOUR
from posapp.errors import PosError
from posapp.hq.pages.browser import Visit
from posapp.hq.tables import clerk
from posapp.hq.vault import Vault
from posapp.hq.wecom.account import Account
from posapp.hq.wecom.tables import relation, wecom_clerk
from posapp.ids import Chance, b64u

PATH = "/w/card"
COOKIE = "w"
SESSION_MS = 2 * HOUR
AUTHORIZE = "/connect/oauth2/authorize"


class Seller(NamedTuple):
    """A clerk in front of the page, and their store (0: the whole chain's)."""

    number: int
    userid: str
    store: int


def address(account: Account) -> str:
    """The page's address as WeCom knows it."""
    return account.join_url.rstrip("/") + PATH


def sign_in_url(account: Account, vault: Vault, visit: Visit) -> str:
    """Where WeCom says who it is, and comes back with a code."""
    asked = {
        "appid": account.corp_id,
        "redirect_uri": address(account),
        "response_type": "code",
        "scope": "snsapi_base",
        "state": state_of(vault, visit),
        "agentid": account.agent,
    }
    return f"{account.login_url.rstrip('/')}{AUTHORIZE}?{urlencode(asked)}#wechat_redirect"


def state_of(vault: Vault, visit: Visit) -> str:
    """What has to come back: this browser asked, and no other site made it."""
    return vault.index("wecom sign in", visit.cookie).replace("-", "a").replace("_", "b")


def seller_of(conn: Connection, userid: str) -> Seller | None:
    """The clerk who is this user of WeCom, if they work here."""
    row = conn.execute(
        select(clerk.c.number, clerk.c.scope)
        .join(wecom_clerk, wecom_clerk.c.clerk == clerk.c.number)
        .where(wecom_clerk.c.userid == userid, clerk.c.active == 1)
    ).one_or_none()
    return Seller(row.number, userid, int(row.scope.partition(":")[2] or 0)) if row else None


def remember(vault: Vault, response: Response, userid: str, now: int, *, secure: bool) -> None:
    """Let this browser be the clerk's for two hours."""
    until = now + SESSION_MS
    value = f"{until}.{b64u(userid.encode())}.{_mac(vault, userid, until)}"
    response.set_cookie(
        COOKIE, value, max_age=SESSION_MS // 1000, path="/w", secure=secure, httponly=True, samesite="lax"
    )


def remembered(conn: Connection, vault: Vault, cookie: str, now: int) -> Seller | None:
    """Whose browser it is, while the cookie lasts and the clerk works here."""
    parts = cookie.split(".")
    if len(parts) != 3 or not parts[0].isascii() or not parts[0].isdigit() or len(parts[0]) > 15:
        return None
    users = {b64u(userid.encode()): userid for userid in conn.scalars(select(wecom_clerk.c.userid))}
    userid, until = users.get(parts[1], ""), int(parts[0])
    if not userid or until <= now or not hmac.compare_digest(_mac(vault, userid, until).encode(), parts[2].encode()):
        return None
    return seller_of(conn, userid)


def _mac(vault: Vault, userid: str, until: int) -> str:
    return vault.index("card session", f"{userid} {until}")


def may_see(conn: Connection, seller: Seller, external_userid: str) -> None:
    """Raises PosError not_your_friend: a clerk sees the cards of their own friends."""
    held = select(relation.c.state).where(
        relation.c.external_userid == external_userid, relation.c.userid == seller.userid
    )
    if conn.scalar(held) not in ("added", "half"):
        raise PosError("not_your_friend")


def config(account: Account, ticket: str, chance: Chance, now: int, url: str) -> dict[str, Any]:
    """What the page says to WeCom's JS-SDK, signed for its very address."""
    nonce, timestamp = b64u(chance(12)).replace("-", "a").replace("_", "b"), now // 1000
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}"
    return {
        "corpid": account.corp_id,
        "agentid": account.agent,
        "timestamp": timestamp,
        "nonceStr": nonce,
        "signature": sha1(text.encode()).hexdigest(),  # noqa: S324  (WeCom's choice)
        "jsApiList": ["getCurExternalContact"],
    }

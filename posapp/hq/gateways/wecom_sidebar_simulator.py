"""What WeCom does for a page in its sidebar, simulated: signing an employee in, and saying whose chat is open.

A code works once and for five minutes; a page is heard only with a right signature over its very address.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from posapp.clock import MINUTE, Clock
from posapp.hq.gateways.wecom_company import Member, Refused
from posapp.ids import Chance, random_base32

BAD_OAUTH_CODE, BAD_REDIRECT, NO_TICKET = 40029, 50001, 42012
"""An invalid or used code; an address outside the application's trusted domain; a ticket that is none."""

CODE_MS = 5 * MINUTE
_TICKET_S = 7200

# The functions of the JS-SDK that the page uses. A test hands this out in the place of WeCom's own.
SDK = """
window.wx={agentConfig(c){window.simulated.asked=c;window.simulated.check(c,location.href.split('#')[0])
.then(ok=>ok?c.success({}):c.fail({errMsg:'agentConfig:fail'}))},
invoke(name,_,then){then(window.simulated.chat?{err_msg:name+':ok',userId:window.simulated.chat}:{err_msg:name+':fail'})}};
"""


class Sidebar:
    """on_phone: the employee whose WeCom opens the page. agent: the application; trusted: its domain, "" for any."""

    PATH = "/connect/oauth2/authorize"

    def __init__(self, corp_id: str, members: dict[str, Member], clock: Clock, chance: Chance) -> None:
        self.agent = "1000002"
        self.trusted = ""
        self.on_phone = ""
        self._corp_id, self._members, self._clock, self._chance = corp_id, members, clock, chance
        self._codes: dict[str, tuple[str, int]] = {}
        self._ticket = ""

    def code(self, userid: str) -> str:
        """The code with which a page learns who opened it; a userid that is no member's is an outsider's."""
        code = random_base32(32, self._chance)
        self._codes[code] = (userid, self._clock.now_ms() + CODE_MS)
        return code

    def user_info(self, query: dict[str, str]) -> dict[str, Any]:
        userid, until = self._codes.pop(query.get("code", ""), ("", 0))
        if self._clock.now_ms() >= until:
            raise Refused(BAD_OAUTH_CODE)
        return {"userid": userid} if userid in self._members else {"openid": f"o{userid}"}

    def ticket(self, query: dict[str, str]) -> dict[str, Any]:
        if query.get("type") != "agent_config":
            raise Refused(NO_TICKET)
        self._ticket = random_base32(64, self._chance)
        return {"ticket": self._ticket, "expires_in": _TICKET_S}

    async def authorize(self, request: Request) -> Response:
        """The page that sends whoever opens it on to ours, with a code."""
        asked = request.query_params
        wanted = {"appid": self._corp_id, "response_type": "code", "scope": "snsapi_base", "agentid": self.agent}
        back = asked.get("redirect_uri", "")
        if any(asked.get(name) != value for name, value in wanted.items()):
            return Response("bad request", 400)
        if self.trusted and urlsplit(back).netloc != self.trusted:
            return Response(str(BAD_REDIRECT), 400)
        told = urlencode({"code": self.code(self.on_phone), "state": asked.get("state", "")})
        return RedirectResponse(f"{back}?{told}", 302)

    def hears(self, config: dict[str, Any], url: str) -> bool:
        """Whether WeCom would take a page's agentConfig at this address."""
        text = f"jsapi_ticket={self._ticket}&noncestr={config['nonceStr']}&timestamp={config['timestamp']}&url={url}"
        right = hashlib.sha1(text.encode()).hexdigest()  # noqa: S324  (WeCom's choice)
        is_ours = (config["corpid"], str(config["agentid"])) == (self._corp_id, self.agent)
        return is_ours and bool(self._ticket) and hmac.compare_digest(right, str(config["signature"]))

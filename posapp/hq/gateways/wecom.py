"""WeCom's server interface (企业微信客户联系), as thin as it can be: one method for each call that HQ makes.

Neither the secret nor the access token, which WeCom wants in the URL, ever gets into an exception or a log.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import msgspec
import requests

from posapp.clock import Clock

URL = "https://qyapi.weixin.qq.com"
TIMEOUT_S = (3, 5)
"""To connect, to answer: a greeting has twenty seconds in all."""

LARGEST_PICTURE = 1 << 20
MOST_TRANSFERRED = 100
"""Customers in one transfer_customer."""

UNREACHABLE = -2
"""Our own number where WeCom gave none: no answer came, so it may or may not have happened."""

_TOKEN_GONE = frozenset({40014, 42001})
# Busy, too often, nobody there: the same again may work later.
_PASSING = frozenset({UNREACHABLE, -1, 45009, 45033})
_EARLY_MS = 60_000


class WecomError(Exception):
    """WeCom refused a call (its errcode), or could not be reached. It holds nothing of what was asked."""

    def __init__(self, errcode: int, path: str) -> None:
        super().__init__(f"{path}: {errcode}")
        self.errcode = errcode
        self.path = path

    @property
    def may_pass(self) -> bool:
        """Whether the same call may succeed later."""
        return self.errcode in _PASSING


class Wecom:
    """One company's access with the secret of its own application; safe to use from several threads."""

    def __init__(self, url: str, corp_id: str, secret: str, clock: Clock) -> None:
        self._url = url.rstrip("/")
        self._corp_id = corp_id
        self._secret = secret
        self._clock = clock
        self._token, self._until = "", 0
        self._ticket, self._ticket_until = "", 0
        self._lock = threading.Lock()

    # --- contact ways ---

    def add_contact_way(self, users: Sequence[str], state: str, remark: str, *, several: bool) -> tuple[str, str]:
        """Make a code; its config_id (the only handle on it) and the address of its picture."""
        told = self._post(
            "/cgi-bin/externalcontact/add_contact_way",
            type=2 if several else 1,
            scene=2,
            remark=remark,
            skip_verify=True,
            state=state,
            user=list(users),
        )
        return str(told["config_id"]), str(told.get("qr_code", ""))

    def contact_way(self, config_id: str) -> dict[str, Any]:
        """state, user, qr_code of a code."""
        way: dict[str, Any] = self._post("/cgi-bin/externalcontact/get_contact_way", config_id=config_id)["contact_way"]
        return way

    def contact_ways(self, start_s: int, end_s: int) -> list[str]:
        """The config_ids of the codes that were made between two instants in seconds."""
        found: list[str] = []
        cursor = ""
        while True:
            told = self._post(
                "/cgi-bin/externalcontact/list_contact_way", start_time=start_s, end_time=end_s, cursor=cursor
            )
            found += [str(way["config_id"]) for way in told.get("contact_way", ())]
            cursor = told.get("next_cursor", "")
            if not cursor:
                return found

    def update_contact_way(self, config_id: str, users: Sequence[str]) -> None:
        self._post("/cgi-bin/externalcontact/update_contact_way", config_id=config_id, user=list(users))

    def del_contact_way(self, config_id: str) -> None:
        self._post("/cgi-bin/externalcontact/del_contact_way", config_id=config_id)

    # --- groups ---

    def add_join_way(self, chats: Sequence[str], state: str, remark: str, name: str) -> str:
        """Make a code for up to five groups; WeCom opens another, called `name` and a number, when they are full."""
        told = self._post(
            "/cgi-bin/externalcontact/groupchat/add_join_way",
            scene=2,
            remark=remark,
            auto_create_room=1,
            room_base_name=name,
            room_base_id=1,
            chat_id_list=list(chats),
            state=state,
        )
        return str(told["config_id"])

    def join_way(self, config_id: str) -> dict[str, Any]:
        """state, chat_id_list, qr_code of a group's code."""
        way: dict[str, Any] = self._post("/cgi-bin/externalcontact/groupchat/get_join_way", config_id=config_id)[
            "join_way"
        ]
        return way

    def group_chat(self, chat_id: str) -> list[dict[str, Any]]:
        """Who is in a group: userid, type (2 is a customer), join_time, state."""
        told = self._post("/cgi-bin/externalcontact/groupchat/get", chat_id=chat_id, need_name=0)
        return list(told["group_chat"].get("member_list", ()))

    # --- customers ---

    def send_welcome_msg(self, code: str, text: str) -> None:
        self._post("/cgi-bin/externalcontact/send_welcome_msg", welcome_code=code, text={"content": text})

    def external_contact(self, external_userid: str) -> dict[str, Any]:
        """external_contact (name; unionid only where the company has bound a developer account), follow_user."""
        return self._call("GET", "/cgi-bin/externalcontact/get", {"external_userid": external_userid}, None)

    def transfer_customer(
        self, handover: str, takeover: str, customers: Sequence[str], *, resigned: bool
    ) -> dict[str, int]:
        """Ask that customers be taken over, at most MOST_TRANSFERRED; the errcode of each, 0 where it is under way.

        resigned: the clerk has left the company in WeCom too, which is another call there.
        """
        kind = "resigned/" if resigned else ""
        told = self._post(
            f"/cgi-bin/externalcontact/{kind}transfer_customer",
            handover_userid=handover,
            takeover_userid=takeover,
            external_userid=list(customers),
        )
        return {str(row["external_userid"]): int(row["errcode"]) for row in told.get("customer", ())}

    def transfer_result(self, handover: str, takeover: str, *, resigned: bool) -> dict[str, tuple[int, int]]:
        """How it went for each customer: (1 done, 2 waiting, 3 refused, 4 the clerk is full, 5 none), when in s."""
        kind = "resigned/" if resigned else ""
        found: dict[str, tuple[int, int]] = {}
        cursor = ""
        while True:
            told = self._post(
                f"/cgi-bin/externalcontact/{kind}transfer_result",
                handover_userid=handover,
                takeover_userid=takeover,
                cursor=cursor,
            )
            for row in told.get("customer", ()):
                found[str(row["external_userid"])] = int(row["status"]), int(row.get("takeover_time", 0))
            cursor = told.get("next_cursor", "")
            if not cursor:
                return found

    def behaviour(self, userid: str, start_s: int, end_s: int) -> list[dict[str, Any]]:
        """WeCom's own figures by day for one clerk; asked for several it would add them up."""
        told = self._post(
            "/cgi-bin/externalcontact/get_user_behavior_data", userid=[userid], start_time=start_s, end_time=end_s
        )
        return list(told["behavior_data"])

    # --- customer acquisition (获客助手) ---

    def create_link(self, name: str, users: Sequence[str]) -> tuple[str, str]:
        """A link to which `?customer_channel=` may be appended: its id and address."""
        told = self._post(
            "/cgi-bin/externalcontact/customer_acquisition/create_link",
            link_name=name,
            range={"user_list": list(users)},
            skip_verify=True,
        )
        return str(told["link"]["link_id"]), str(told["link"]["url"])

    def acquisition_quota(self) -> tuple[int, int]:
        """How many customers the links may still bring: (total, balance)."""
        told = self._call("GET", "/cgi-bin/externalcontact/customer_acquisition_quota", {}, None)
        return int(told["total"]), int(told["balance"])

    # --- pages inside WeCom ---

    def user_of(self, code: str) -> str:
        """The userid of the employee whom WeCom sent to a page of ours with this code, "" for who is none."""
        told = self._call("GET", "/cgi-bin/auth/getuserinfo", {"code": code}, None)
        return str(told.get("userid", ""))

    def agent_ticket(self) -> str:
        """What pages sign with that speak for the application (agentConfig); good for two hours, so it is kept."""
        with self._lock:
            if self._ticket and self._clock.monotonic_ms() < self._ticket_until:
                return self._ticket
        told = self._call("GET", "/cgi-bin/ticket/get", {"type": "agent_config"}, None)
        with self._lock:
            self._ticket = str(told["ticket"])
            self._ticket_until = self._clock.monotonic_ms() + int(told["expires_in"]) * 1000 - _EARLY_MS
            return self._ticket

    # --- the wire ---

    def picture(self, url: str) -> bytes:
        """The bytes of a code's picture, which lies on another of WeCom's servers."""
        try:
            with requests.get(url, timeout=TIMEOUT_S, stream=True) as answer:
                raw = b""
                for part in answer.iter_content(64 * 1024):
                    raw += part
                    if len(raw) > LARGEST_PICTURE:
                        break
                if answer.status_code == 200 and len(raw) <= LARGEST_PICTURE:
                    return raw
        except (requests.RequestException, ValueError):
            pass
        raise WecomError(UNREACHABLE, "picture")

    def _post(self, path: str, **body: Any) -> dict[str, Any]:
        return self._call("POST", path, {}, body)

    def _call(self, method: str, path: str, query: dict[str, str], body: Any) -> dict[str, Any]:
        token = self._access_token("")
        for last in (False, True):
            told = self._ask(method, path, {"access_token": token, **query}, body)
            errcode = int(told.get("errcode", 0))
            if errcode == 0:
                return told
            if last or errcode not in _TOKEN_GONE:
                raise WecomError(errcode, path)
            token = self._access_token(token)
        raise AssertionError

    def _access_token(self, refused: str) -> str:
        """The token in force; a new one when it is about to end or WeCom `refused` it."""
        with self._lock:
            if self._token and self._token != refused and self._clock.monotonic_ms() < self._until:
                return self._token
            told = self._ask("GET", "/cgi-bin/gettoken", {"corpid": self._corp_id, "corpsecret": self._secret}, None)
            if told.get("errcode", 0):
                raise WecomError(int(told["errcode"]), "/cgi-bin/gettoken")
            self._token = str(told["access_token"])
            self._until = self._clock.monotonic_ms() + int(told["expires_in"]) * 1000 - _EARLY_MS
            return self._token

    def _ask(self, method: str, path: str, query: dict[str, str], body: Any) -> dict[str, Any]:
        try:
            answer = requests.request(
                method,
                self._url + path,
                params=query,
                data=None if body is None else msgspec.json.encode(body),
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
            told = msgspec.json.decode(answer.content) if answer.status_code == 200 else None
        except (requests.RequestException, msgspec.DecodeError):
            told = None
        # raised out here: what requests raises names the whole URL, secrets and all
        if not isinstance(told, dict):
            raise WecomError(UNREACHABLE, path)
        return told

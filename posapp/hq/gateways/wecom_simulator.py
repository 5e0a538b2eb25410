"""WeCom as a program of our own: a real HTTP server with its limits and traps (domain.md 4.3 to 4.6), for tests and
the demo. What a customer or a clerk does on a phone is a verb of Simulator; HQ hears of it by encrypted callbacks.

Numbers of errors that no official page was read for are marked; HQ treats what it does not know as final.
"""

from __future__ import annotations

import io
import threading
from collections import deque
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import qrcode
import requests
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from posapp.clock import Clock
from posapp.hq.gateways.wecom_company import Customer, Greeting, JoinWay, Member, Move, Refused, Room, Way
from posapp.hq.gateways.wecom_crypto import Envelope, xml_of
from posapp.hq.gateways.wecom_sidebar_simulator import Sidebar
from posapp.ids import Chance, random_base32

RUBBISH_STATE = "wb:1:4285486"
BAD_SECRET, BAD_TOKEN, TOKEN_EXPIRED = 40001, 40014, 42001
BAD_CONFIG, NOT_VERIFIED, MOVING_ALREADY, NO_CUSTOMER = 40058, 40098, 40100, 84061
BAD_CODE, GREETED, GREETED_ELSEWHERE, NOT_ACTIVE, NO_SUCH_USER = 41050, 41051, 41096, 41054, 60111
CODES_USED_UP = 41045
"""Not read on a page: BAD_CONFIG, BAD_CODE, NOT_ACTIVE, CODES_USED_UP."""

WELCOME_MS = 20_000
ANSWER_S = 5.0
TRIES = 3
_TOKEN_S = 7200
_LONGEST_STATE = 30


class Simulator:
    """A company in WeCom. hq: the callback's address, "" while nobody listens."""

    def __init__(
        self, corp_id: str, secret: str, token: str, aes_key: str, clock: Clock, chance: Chance, hq: str = ""
    ) -> None:
        self.hq = hq
        self.url = ""
        self.codes_left = 500_000
        self.room_size = 200
        self.is_bound = False
        self.other_app_greets = 0
        """So many welcomes are refused with 41096 first."""
        self.acquisition = (1_000, 1_000)
        self.is_away = False
        """Whether every call is answered with HTTP 502."""
        self.calls: list[str] = []
        self.greetings: list[Greeting] = []
        self.statuses: list[int] = []
        """HTTP statuses of the callbacks' tries, 0 where none came within ANSWER_S."""
        self.members: dict[str, Member] = {}
        self.ways: dict[str, Way] = {}
        self.join_ways: dict[str, JoinWay] = {}
        self.rooms: dict[str, Room] = {}
        self.customers: dict[str, Customer] = {}
        self.friends: dict[tuple[str, str], int] = {}
        self.left: set[tuple[str, str]] = set()
        self.moves: list[Move] = []
        self.remarks: dict[tuple[str, str], str] = {}
        self.negative: dict[str, int] = {}
        self.added: dict[str, int] = {}
        self.sidebar = Sidebar(corp_id, self.members, clock, chance)
        self._corp_id, self._secret, self._clock, self._chance = corp_id, secret, clock, chance
        self._envelope = Envelope(token, aes_key, corp_id, chance)
        self._tokens: dict[str, int] = {}
        self._welcomes: dict[str, tuple[str, str, int]] = {}
        self._lock = threading.RLock()
        self._held: deque[str] | None = None
        self._outbox: deque[str] = deque()
        self._posted = threading.Condition()
        self._busy = 0
        self._is_closed = False
        threading.Thread(target=self._deliver, name="wecom callbacks", daemon=True).start()

    def close(self) -> None:
        """Call back no more."""
        with self._posted:
            self._is_closed = True
            self._posted.notify()

    # --- what people do ---

    def hire(self, *userids: str, is_active: bool = True, is_verified: bool = True) -> None:
        for userid in userids:
            self.members[userid] = Member(userid, is_active, is_verified)

    def born(self, external_userid: str, name: str = "", unionid: str = "") -> Customer:
        """Somebody with a phone."""
        return self.customers.setdefault(external_userid, Customer(external_userid, name, unionid))

    def scan(self, content: str, external_userid: str, *, half: bool = False, state: str | None = None) -> str:
        """A customer scans a code and adds whom it names; that member's userid.

        half: the no-verify add is told first, and carries the welcome code. state: comes back instead of the code's.
        """
        parts = urlsplit(content)
        config_id = parts.path.rpartition("/")[2]
        with self._lock:
            if config_id in self.join_ways:
                return self._enter(self.join_ways[config_id], external_userid)
            way = self.ways.get(config_id)
            if way is None:
                raise Refused(BAD_CONFIG)
            userid = way.users[way.turn % len(way.users)]
            way.turn += 1
            channel = parse_qs(parts.query).get("customer_channel", [way.state])[0]
            return self.add(userid, external_userid, channel[:64] if state is None else state, half=half)

    def add(self, userid: str, external_userid: str, state: str = "", *, half: bool = False, code: bool = True) -> str:
        """A customer adds a member, by a code (state) or without one. code: False where the console greets."""
        with self._lock:
            self.born(external_userid)
            pair = (userid, external_userid)
            if pair in self.left and state:
                state = RUBBISH_STATE
            welcome = random_base32(20, self._chance) if code else ""
            if code:
                self._welcomes[welcome] = (userid, external_userid, self._clock.now_ms() + WELCOME_MS)
            self.friends[pair] = self._now_s()
            self.added[userid] = self.added.get(userid, 0) + 1
            if half:
                self._tell("add_half_external_contact", userid, external_userid, State=state, WelcomeCode=welcome)
                state = welcome = ""
            self._tell("add_external_contact", userid, external_userid, State=state, WelcomeCode=welcome)
        return userid

    def customer_deletes(self, userid: str, external_userid: str) -> None:
        with self._lock:
            self.negative[userid] = self.negative.get(userid, 0) + 1
            self._part(userid, external_userid, "del_follow_user")

    def clerk_deletes(self, userid: str, external_userid: str) -> None:
        with self._lock:
            self._part(userid, external_userid, "del_external_contact", Source="")

    def remark(self, userid: str, external_userid: str, text: str) -> None:
        """A clerk writes a name of their own over a customer."""
        with self._lock:
            self.remarks[userid, external_userid] = text
            self._tell("edit_external_contact", userid, external_userid)

    def take_over(self, external_userid: str, *, told: bool = False) -> None:
        """A transfer goes through, by itself after a day; changes by the interface are usually not told back."""
        with self._lock:
            move = next(move for move in self.moves if move.customer == external_userid and move.status == 2)
            move.status, move.at = 1, self._now_s()
            self.friends.pop((move.giver, external_userid), None)
            self.friends[move.taker, external_userid] = move.at
            if told:
                self._tell("add_external_contact", move.taker, external_userid)

    def refuse_transfer(self, external_userid: str) -> None:
        with self._lock:
            move = next(move for move in self.moves if move.customer == external_userid and move.status == 2)
            move.status, move.at = 3, self._now_s()
            self._tell("transfer_fail", move.taker, external_userid, FailReason="customer_refused")

    def leave_room(self, chat_id: str, external_userid: str) -> None:
        with self._lock:
            del self.rooms[chat_id].members[external_userid]
            self._tell_room(chat_id, "update", "del_member")

    def open_room(self, name: str, owner: str) -> str:
        """A group made by hand, to which a code may lead; its chat id."""
        with self._lock:
            chat_id = f"wr{random_base32(20, self._chance)}"
            self.rooms[chat_id] = Room(chat_id, name, owner)
            self._tell_room(chat_id, "create", "")
            return chat_id

    def spend_acquisition(self, balance: int) -> None:
        """The paid quota of the acquisition links falls to so many customers."""
        total = self.acquisition[0]
        with self._lock:
            self.acquisition = (total, balance)
            if balance * 10 <= total:
                change = "balance_low" if balance else "balance_exhausted"
                self._post_event({"Event": "customer_acquisition", "ChangeType": change})

    def expire_tokens(self) -> None:
        """Every access token that was given is void, as when another server of the company fetched one."""
        self._tokens.clear()

    # --- callbacks ---

    def hold(self) -> None:
        """Callbacks are late from here on, until release()."""
        self._held = deque()

    def release(self, *, backwards: bool = False, times: int = 1) -> None:
        """Late callbacks are sent: in order or not, and perhaps more than once."""
        held, self._held = self._held or deque(), None
        for xml in reversed(held) if backwards else held:
            for _ in range(times):
                self._send(xml)

    def is_quiet(self) -> bool:
        """Whether every callback has been delivered or given up."""
        with self._posted:
            return not self._outbox and not self._busy

    def prove(self) -> bool:
        """Whether the callback's address answers as WeCom's console wants it when it is saved."""
        plain = random_base32(16, self._chance)
        encrypted = self._envelope.close(plain)
        answer = requests.get(self.hq, params={**self._signed(encrypted), "echostr": encrypted}, timeout=ANSWER_S)
        return answer.status_code == 200 and answer.text == plain

    def _tell(self, change: str, userid: str, external_userid: str, **more: str) -> None:
        known = {name: text for name, text in more.items() if text}
        names = {"Event": "change_external_contact", "ChangeType": change, "UserID": userid}
        self._post_event({**names, "ExternalUserID": external_userid, **known})

    def _tell_room(self, chat_id: str, change: str, detail: str) -> None:
        more = {"UpdateDetail": detail} if detail else {}
        self._post_event({"Event": "change_external_chat", "ChangeType": change, "ChatId": chat_id, **more})

    def _post_event(self, fields: dict[str, str]) -> None:
        head = {"ToUserName": self._corp_id, "FromUserName": "sys", "CreateTime": str(self._now_s())}
        xml = xml_of({**head, "MsgType": "event", **fields})
        if self._held is not None:
            self._held.append(xml)
        else:
            self._send(xml)

    def _send(self, xml: str) -> None:
        with self._posted:
            self._outbox.append(xml)
            self._posted.notify()

    def _deliver(self) -> None:
        while True:
            with self._posted:
                self._posted.wait_for(lambda: self._outbox or self._is_closed)
                if self._is_closed:
                    return
                xml = self._outbox.popleft()
                self._busy += 1
            for _ in range(TRIES if self.hq else 0):
                if self._post(xml) == 200:
                    break
            with self._posted:
                self._busy -= 1

    def _post(self, xml: str) -> int:
        encrypted = self._envelope.close(xml)
        body = xml_of({"ToUserName": self._corp_id, "AgentID": "", "Encrypt": encrypted})
        try:
            answer = requests.post(
                self.hq, params=self._signed(encrypted), data=body.encode(), timeout=ANSWER_S, allow_redirects=False
            )
            status = answer.status_code
        except requests.RequestException:
            status = 0
        self.statuses.append(status)
        return status

    def _signed(self, encrypted: str) -> dict[str, str]:
        timestamp, nonce = str(self._now_s()), random_base32(8, self._chance)
        signature = self._envelope.sign(timestamp, nonce, encrypted)
        return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}

    # --- the interface ---

    def token(self, corp_id: str, secret: str) -> dict[str, Any]:
        if (corp_id, secret) != (self._corp_id, self._secret):
            raise Refused(BAD_SECRET)
        token = random_base32(40, self._chance)
        self._tokens[token] = self._clock.now_ms() + _TOKEN_S * 1000
        return {"access_token": token, "expires_in": _TOKEN_S}

    def check(self, token: str) -> None:
        if token not in self._tokens:
            raise Refused(BAD_TOKEN)
        if self._clock.now_ms() >= self._tokens[token]:
            raise Refused(TOKEN_EXPIRED)

    def add_contact_way(self, ask: dict[str, Any]) -> dict[str, Any]:
        users = self._users(ask["user"])
        if (ask["type"] == 1 and len(users) != 1) or not 1 <= len(users) <= 100:
            raise Refused(BAD_CONFIG)
        self._use_code(ask)
        way = Way(random_base32(32, self._chance), users, ask["state"], ask["remark"], self._now_s())
        self.ways[way.config_id] = way
        return {"config_id": way.config_id, "qr_code": self._picture(way.config_id)}

    def get_contact_way(self, ask: dict[str, Any]) -> dict[str, Any]:
        way = self._way(ask)
        told = {"config_id": way.config_id, "state": way.state, "remark": way.remark, "user": way.users}
        return {"contact_way": {**told, "qr_code": self._picture(way.config_id)}}

    def list_contact_way(self, ask: dict[str, Any]) -> dict[str, Any]:
        made = [way for way in self.ways.values() if ask["start_time"] <= way.made <= ask["end_time"]]
        return {"contact_way": [{"config_id": way.config_id} for way in made]}

    def update_contact_way(self, ask: dict[str, Any]) -> dict[str, Any]:
        self._way(ask).users = self._users(ask["user"])
        return {}

    def del_contact_way(self, ask: dict[str, Any]) -> dict[str, Any]:
        del self.ways[self._way(ask).config_id]
        return {}

    def add_join_way(self, ask: dict[str, Any]) -> dict[str, Any]:
        chats = list(ask["chat_id_list"])
        if not 1 <= len(chats) <= 5 or any(chat not in self.rooms for chat in chats):
            raise Refused(BAD_CONFIG)
        if len(ask["room_base_name"]) > 40:
            raise Refused(BAD_CONFIG)
        self._use_code(ask)
        way = JoinWay(random_base32(32, self._chance), chats, ask["state"], ask["room_base_name"])
        self.join_ways[way.config_id] = way
        return {"config_id": way.config_id}

    def get_join_way(self, ask: dict[str, Any]) -> dict[str, Any]:
        way = self.join_ways.get(ask["config_id"])
        if way is None:
            raise Refused(BAD_CONFIG)
        picture = self._picture(way.config_id)
        return {"join_way": {"state": way.state, "chat_id_list": way.rooms, "qr_code": picture}}

    def get_group(self, ask: dict[str, Any]) -> dict[str, Any]:
        room = self.rooms.get(ask["chat_id"])
        if room is None:
            raise Refused(NO_CUSTOMER)
        members: list[dict[str, Any]] = [{"userid": room.owner, "type": 1, "join_time": 0}]
        for userid, (at, state) in room.members.items():
            members.append({"userid": userid, "type": 2, "join_time": at, "join_scene": 3, "state": state})
        return {"group_chat": {"chat_id": room.chat_id, "name": room.name, "member_list": members}}

    def send_welcome_msg(self, ask: dict[str, Any]) -> dict[str, Any]:
        code = ask["welcome_code"]
        if code not in self._welcomes:
            raise Refused(BAD_CODE)
        userid, customer, until = self._welcomes[code]
        if self._clock.now_ms() >= until:
            raise Refused(BAD_CODE)
        if self.other_app_greets:
            self.other_app_greets -= 1
            raise Refused(GREETED_ELSEWHERE)
        if any((one.userid, one.customer) == (userid, customer) for one in self.greetings):
            raise Refused(GREETED)
        del self._welcomes[code]
        self.greetings.append(Greeting(userid, customer, ask["text"]["content"]))
        return {}

    def external_contact(self, external_userid: str) -> dict[str, Any]:
        followers = [pair[0] for pair in self.friends if pair[1] == external_userid]
        if not followers:
            raise Refused(NO_CUSTOMER)
        customer = self.customers[external_userid]
        contact: dict[str, Any] = {"external_userid": external_userid, "name": customer.name, "type": 1}
        if self.is_bound and customer.unionid:
            contact["unionid"] = customer.unionid
        follow = [{"userid": one, "remark": self.remarks.get((one, external_userid), "")} for one in followers]
        return {"external_contact": contact, "follow_user": follow}

    def transfer_customer(self, ask: dict[str, Any]) -> dict[str, Any]:
        giver, taker = ask["handover_userid"], ask["takeover_userid"]
        if taker not in self.members or self.members[taker].is_resigned or len(ask["external_userid"]) > 100:
            raise Refused(NO_SUCH_USER)
        told = []
        for customer in ask["external_userid"]:
            errcode = 0 if (giver, customer) in self.friends else NO_CUSTOMER
            if any(move.customer == customer and move.status == 2 for move in self.moves):
                errcode = MOVING_ALREADY
            if not errcode:
                self.moves.append(Move(giver, taker, customer))
            told.append({"external_userid": customer, "errcode": errcode})
        return {"customer": told}

    def transfer_result(self, ask: dict[str, Any]) -> dict[str, Any]:
        pair = (ask["handover_userid"], ask["takeover_userid"])
        moves = [move for move in self.moves if (move.giver, move.taker) == pair]
        rows = [{"external_userid": m.customer, "status": m.status, "takeover_time": m.at} for m in moves]
        return {"customer": rows}

    def behaviour(self, ask: dict[str, Any]) -> dict[str, Any]:
        # several users are added up, as WeCom does
        counts = {
            "new_contact_cnt": sum(self.added.get(user, 0) for user in ask["userid"]),
            "negative_feedback_cnt": sum(self.negative.get(user, 0) for user in ask["userid"]),
        }
        return {"behavior_data": [{"stat_time": ask["start_time"], **counts}]}

    def create_link(self, ask: dict[str, Any]) -> dict[str, Any]:
        users = self._users(ask["range"]["user_list"])
        way = Way(random_base32(32, self._chance), users, "", ask["link_name"], self._now_s())
        self.ways[way.config_id] = way
        return {"link": {"link_id": way.config_id, "url": self._content(way.config_id)}}

    def picture(self, config_id: str) -> bytes:
        """A PNG of a code."""
        drawn = io.BytesIO()
        qrcode.make(self._content(config_id), border=4, box_size=6).save(drawn, "PNG")
        return drawn.getvalue()

    def _content(self, config_id: str) -> str:
        return f"https://work.weixin.example/ca/{config_id}"

    def _picture(self, config_id: str) -> str:
        return f"{self.url}/picture/{config_id}"

    def _users(self, userids: list[str]) -> list[str]:
        for userid in userids:
            member = self.members.get(userid)
            if member is None or member.is_resigned:
                raise Refused(NO_SUCH_USER)
            if not member.is_active:
                raise Refused(NOT_ACTIVE)
            if not member.is_verified:
                raise Refused(NOT_VERIFIED)
        return list(userids)

    def _use_code(self, ask: dict[str, Any]) -> None:
        """One of all the codes a company may ever make, contact ways and groups together."""
        if len(ask["state"]) > _LONGEST_STATE or len(ask["remark"]) > _LONGEST_STATE:
            raise Refused(BAD_CONFIG)
        if not self.codes_left:
            raise Refused(CODES_USED_UP)
        self.codes_left -= 1

    def _way(self, ask: dict[str, Any]) -> Way:
        way = self.ways.get(ask["config_id"])
        if way is None:
            raise Refused(BAD_CONFIG)
        return way

    def _enter(self, way: JoinWay, external_userid: str) -> str:
        self.born(external_userid)
        chat_id = next((room for room in way.rooms if len(self.rooms[room].members) < self.room_size), "")
        if not chat_id:
            chat_id = self.open_room(f"{way.name}{way.opened}", self.rooms[way.rooms[0]].owner)
            way.opened += 1
            way.rooms.append(chat_id)
        self.rooms[chat_id].members[external_userid] = (self._now_s(), way.state)
        self._tell_room(chat_id, "update", "add_member")
        return chat_id

    def _part(self, userid: str, external_userid: str, change: str, **more: str) -> None:
        if self.friends.pop((userid, external_userid), None) is None:
            raise Refused(NO_CUSTOMER)
        self.left.add((userid, external_userid))
        # who comes back may be greeted again
        self.greetings = [one for one in self.greetings if (one.userid, one.customer) != (userid, external_userid)]
        self._tell(change, userid, external_userid, **more)

    def _now_s(self) -> int:
        return self._clock.now_ms() // 1000

    # --- HTTP ---

    def app(self) -> Starlette:
        """Every call of the interface that HQ makes, and the pictures of the codes."""
        contact, groups = "/cgi-bin/externalcontact", "/cgi-bin/externalcontact/groupchat"
        posts: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            f"{contact}/add_contact_way": self.add_contact_way,
            f"{contact}/get_contact_way": self.get_contact_way,
            f"{contact}/list_contact_way": self.list_contact_way,
            f"{contact}/update_contact_way": self.update_contact_way,
            f"{contact}/del_contact_way": self.del_contact_way,
            f"{contact}/send_welcome_msg": self.send_welcome_msg,
            f"{contact}/transfer_customer": self.transfer_customer,
            f"{contact}/resigned/transfer_customer": self.transfer_customer,
            f"{contact}/transfer_result": self.transfer_result,
            f"{contact}/resigned/transfer_result": self.transfer_result,
            f"{contact}/get_user_behavior_data": self.behaviour,
            f"{contact}/customer_acquisition/create_link": self.create_link,
            f"{groups}/add_join_way": self.add_join_way,
            f"{groups}/get_join_way": self.get_join_way,
            f"{groups}/get": self.get_group,
        }
        gets: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
            f"{contact}/get": lambda query: self.external_contact(query["external_userid"]),
            "/cgi-bin/auth/getuserinfo": self.sidebar.user_info,
            "/cgi-bin/ticket/get": self.sidebar.ticket,
            f"{contact}/customer_acquisition_quota": lambda _query: dict(
                zip(("total", "balance"), self.acquisition, strict=True)
            ),
        }

        async def call(request: Request) -> Response:
            body = await request.body()
            return await run_in_threadpool(answer, request.url.path, dict(request.query_params), body)

        def answer(path: str, query: dict[str, str], body: bytes) -> Response:
            with self._lock:
                self.calls.append(path)
                if self.is_away:
                    return Response(status_code=502)
                try:
                    if path == "/cgi-bin/gettoken":
                        told = self.token(query.get("corpid", ""), query.get("corpsecret", ""))
                    else:
                        self.check(query.get("access_token", ""))
                        told = posts[path](msgspec.json.decode(body)) if path in posts else gets[path](query)
                except Refused as refused:
                    told = {"errcode": refused.errcode, "errmsg": "refused by the simulator"}
            told = {"errcode": 0, "errmsg": "ok", **told}
            return Response(msgspec.json.encode(told), media_type="application/json")

        async def picture(request: Request) -> Response:
            return Response(self.picture(request.path_params["config_id"]), media_type="image/png")

        routes = [Route(path, call, methods=["POST"]) for path in posts]
        routes += [Route(path, call) for path in ("/cgi-bin/gettoken", *gets)]
        routes.append(Route(self.sidebar.PATH, self.sidebar.authorize))
        return Starlette(routes=[*routes, Route("/picture/{config_id}", picture)])

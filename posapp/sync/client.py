"""The one place that speaks HTTP to HQ: signed requests, time limits, and errors a cashier can be told.

How a request travels is handed in (`Carrier`), so that tests lose, double and reorder them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

from posapp.calls import (
    BoxAnswer,
    BoxRequest,
    CodeAnswer,
    CodeRequest,
    ConfirmAnswer,
    ConfirmRequest,
    EnrolAnswer,
    EnrolRequest,
    FindMemberAnswer,
    FindMemberRequest,
    HashAnswer,
    HelloAnswer,
    HelloRequest,
    HoldPointsAnswer,
    HoldPointsRequest,
    LookupKeysAnswer,
    NewsAnswer,
    NewsRequest,
    OpenFigureAnswer,
    OpenFigureRequest,
    Page,
    PushAnswer,
    Refusal,
    UnsealAnswer,
    UnsealRequest,
)
from posapp.chain import Entry
from posapp.clock import Clock
from posapp.errors import SENTENCES, PosError
from posapp.ids import Chance
from posapp.keys import TillKeys, seal, unseal
from posapp.wire import Request, pack_entries, sign_request

if TYPE_CHECKING:
    import requests

CONNECT_S = 3.05
WAITED_FOR_S = 1.5
"""A customer stands there: what HQ does not answer by then is done without it."""

JOIN = "join"
"""What a code is for that a customer types at the counter."""

LARGEST_ANSWER = 32 * 1024 * 1024

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


Carrier = Callable[[Request], Answer]
"""Takes a request to HQ and brings the answer back. Raises ConnectionError when either is lost."""


def _session() -> requests.Session:
    import requests

    session = requests.Session()
    session.trust_env = False
    return session


def over_http() -> Carrier:
    """Requests over one kept connection; no redirects, no proxies from the environment, bounded answers."""
    kept = cache(_session)

    def carry(request: Request) -> Answer:
        import requests  # 45 ms that a window's first picture does not wait for

        session = kept()
        try:
            with session.request(
                request.method,
                request.url,
                headers=request.headers,
                data=request.body,
                timeout=(min(CONNECT_S, request.patience), request.patience),
                allow_redirects=False,
                stream=True,
            ) as answer:
                body = b""
                for piece in answer.iter_content(1 << 16):
                    body += piece
                    if len(body) > LARGEST_ANSWER:
                        raise ConnectionError("answer too large")
                return Answer(answer.status_code, body)
        except requests.RequestException as error:
            raise ConnectionError(type(error).__name__) from None

    return carry


def check_url(url: str) -> str:
    """HQ's address without a trailing slash. Plain HTTP goes to this computer only. Raises PosError."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        raise PosError("bad_url", url=url[:80]) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        raise PosError("bad_url", url=url[:80])
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise PosError("plain_http", url=url[:80])
    return url.strip().rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Client:
    """What the till asks HQ. Every call raises PosError: network_off, hq_unreachable, or what HQ refused it with.

    is_away: whether HQ could not be reached a moment ago.
    """

    def __init__(self, keys: TillKeys, carrier: Carrier, clock: Clock, chance: Chance) -> None:
        self._keys = keys
        self._carrier = carrier
        self._clock = clock
        self._chance = chance
        self.is_on = True
        self.is_away: Callable[[], bool] = lambda: False
        self.offset_ms = 0
        self.last_contact = 0

    def hello(self, hello: HelloRequest) -> HelloAnswer:
        return self._ask("POST", "/v1/hello", HelloAnswer, msgspec.json.encode(hello))

    def push(self, jid: str, entries: list[Entry]) -> PushAnswer:
        return self._ask("POST", f"/v1/journals/{jid}/entries", PushAnswer, pack_entries(entries))

    def hash_at(self, jid: str, seq: int) -> str:
        """HQ's hash of one entry of a journal, "" when it has none."""
        return self._ask("GET", f"/v1/journals/{jid}/hashes/{seq}", HashAnswer).hash

    def page(self, stream: str, cursor: str) -> Page:
        query = "?" + urlencode({"cursor": cursor}) if cursor else ""
        return self._ask("GET", f"/v1/feed/{stream}{query}", Page)

    def picture(self, name: str) -> bytes:
        """A picture by its hash; whether the bytes fit it is the caller's to check."""
        return self._send("GET", f"/v1/pictures/{name}", read_bytes)

    def news(self, cursors: dict[str, str], *, is_held: bool = False) -> list[str]:
        """The streams with rows beyond these cursors; held: answered when there are some, or after some seconds with
        none."""
        request = NewsRequest(cursors, int(is_held))
        return self._ask("POST", "/v1/news", NewsAnswer, msgspec.json.encode(request)).streams

    def lookup_keys(self) -> dict[str, str]:
        """The keys members are found by, period to 64 bytes in base64url."""
        answer = self._ask("POST", "/v1/live/lookup-keys", LookupKeysAnswer, b"{}")
        return {period: unseal(box, self._keys.box_key, "lookup").decode() for period, box in answer.keys.items()}

    def _now(self, path: str, kind: type[T], body: bytes) -> T:
        """A call that a customer waits for. Where the sync thread has just found HQ away nobody waits once more."""
        if self.is_away():
            raise PosError("hq_unreachable", url=self._keys.hq_url)
        return self._ask("POST", path, kind, body, WAITED_FOR_S)

    def find_member(self, id_: str, kind: str, value: str, clerk: int) -> FindMemberAnswer:
        """Who has this phone (kind "phone", E.164) or member code (kind "code", its hash)."""
        sealed = self._sealed(value) if kind == "phone" else value
        request = msgspec.json.encode(FindMemberRequest(id_, kind, sealed, clerk))
        return self._now("/v1/live/member", FindMemberAnswer, request)

    def hold_points(self, id_: str, member: str, ticket: str, points: int) -> HoldPointsAnswer:
        """Set points aside for a ticket; asked again under the same id, the answer is the same."""
        request = msgspec.json.encode(HoldPointsRequest(id_, member, ticket, points))
        return self._now("/v1/live/points", HoldPointsAnswer, request)

    def open_figure(self, date: str, metric: str, axis: str, key: str) -> OpenFigureAnswer:
        """What a figure of this store was made of, as HQ has it. Raises PosError not_found for no such figure."""
        request = msgspec.json.encode(OpenFigureRequest(date, metric, axis, key))
        return self._now("/v1/live/figure", OpenFigureAnswer, request)

    def send_code(self, id_: str, phone: str) -> str:
        """Have HQ send a code to a phone (E.164) whose owner joins under this id: queued, capped (the code before it is
        still good) or off (HQ sends no text messages)."""
        request = msgspec.json.encode(CodeRequest(id_, self._sealed(phone), JOIN))
        return self._now("/v1/live/code", CodeAnswer, request).status

    def confirm_code(self, id_: str, phone: str, code: str) -> None:
        """The code came back. Raises PosError wrong_code, code_expired, too_many_tries."""
        request = msgspec.json.encode(ConfirmRequest(id_, self._sealed(phone), JOIN, code))
        self._now("/v1/live/confirm", ConfirmAnswer, request)

    def _sealed(self, phone: str) -> str:
        return seal(phone.encode(), self._keys.hq_box, "member")

    def send_box(self, event: str, box: str) -> BoxAnswer:
        """Hand over a sealed box of one of this till's entries."""
        return self._ask("POST", "/v1/boxes", BoxAnswer, msgspec.json.encode(BoxRequest(event, box)))

    def unseal(self, box: str) -> str:
        """A backup's key, sealed to HQ, comes back sealed to this till."""
        request = msgspec.json.encode(UnsealRequest(box))
        return self._ask("POST", "/v1/live/unseal", UnsealAnswer, request).box

    def _ask(self, method: str, path: str, kind: type[T], body: bytes = b"", patience: float = 20.0) -> T:
        return self._send(method, path, lambda answer: read_answer(answer, kind), body, patience=patience)

    def _send(
        self,
        method: str,
        path: str,
        read: Callable[[Answer], T],
        body: bytes = b"",
        *,
        again: bool = True,
        patience: float = 20.0,
    ) -> T:
        if not self.is_on:
            raise PosError("network_off")
        if self._keys.certificate is None:
            raise PosError("not_enrolled")
        headers = {"Content-Type": "application/octet-stream"} if body else {}
        request = Request(method, self._keys.hq_url + path, headers, body, patience)
        now = self._clock.now_ms() + self.offset_ms
        sign_request(request, self._keys.certificate, self._keys.request_key, now, self._chance(12))
        answer = self._carry(request)
        try:
            told = read(answer)
        except PosError as error:
            if error.code == "clock_skew" and again and str(error.values.get("server", "")).isdigit():
                # HQ's clock is the one that counts; this computer's own is left alone
                self.offset_ms = int(str(error.values["server"])) - self._clock.now_ms()
                return self._send(method, path, read, body, again=False, patience=patience)
            raise
        self.last_contact = self._clock.now_ms() + self.offset_ms
        return told

    def _carry(self, request: Request) -> Answer:
        return carry(self._carrier, request)


def carry(carrier: Carrier, request: Request) -> Answer:
    try:
        return carrier(request)
    except ConnectionError:
        host = urlsplit(request.url)
        raise PosError("hq_unreachable", url=f"{host.scheme}://{host.netloc}") from None


def read_answer(answer: Answer, kind: type[T]) -> T:
    """The answer's message. Raises PosError with HQ's own refusal, or hq_refused."""
    body = read_bytes(answer)
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError:
        raise PosError("hq_refused", why=f"HTTP {answer.status}") from None


def read_bytes(answer: Answer) -> bytes:
    """The answer's bytes. Raises PosError with HQ's own refusal, or hq_refused."""
    if answer.status == 200:
        return answer.body
    try:
        refusal = msgspec.json.decode(answer.body, type=Refusal)
    except msgspec.DecodeError:
        raise PosError("hq_refused", why=f"HTTP {answer.status}") from None
    if refusal.code not in SENTENCES:
        raise PosError("hq_refused", why=refusal.code[:40])
    error = PosError(refusal.code, **refusal.values)
    try:
        error.sentence()
    except KeyError:
        raise PosError("hq_refused", why=refusal.code) from None
    raise error


def enrol(carrier: Carrier, url: str, request: EnrolRequest) -> EnrolAnswer:
    """Swap an enrolment code for a certificate; the one request that is not signed."""
    body = msgspec.json.encode(request)
    headers: dict[str, Any] = {"Content-Type": "application/json"}
    return read_answer(carry(carrier, Request("POST", url + "/v1/enrol", headers, body)), EnrolAnswer)

"""A provider of text messages on this computer, for tests and the demo: it behaves as the real one's documents say.

It checks signatures, sign, template and flow control, takes the same message twice if it is handed in twice, reports
and replies to HQ's callback, and keeps an inbox that says what arrived on which phone.
"""

from __future__ import annotations

import hmac
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from posapp.clock import DAY, HOUR, MINUTE, Clock, local
from posapp.hq.gateways.sms import TextSecrets, authorization
from posapp.hq.texts.templates import TEMPLATES, filed, filled
from posapp.rules.phones import read_phone

_SKEW_S = 300
_HOUR_LIMIT, _DAY_LIMIT = "LimitExceeded.PhoneNumberOneHourLimit", "LimitExceeded.PhoneNumberDailyLimit"
_FLOW: dict[str, tuple[tuple[int, int, str], ...]] = {
    "code": (
        (MINUTE, 1, "LimitExceeded.PhoneNumberThirtySecondLimit"),
        (HOUR, 5, _HOUR_LIMIT),
        (DAY, 10, _DAY_LIMIT),
    ),
    "service": ((DAY, 50, _DAY_LIMIT),),
    "promotion": ((DAY, 50, _DAY_LIMIT),),
}


@dataclass
class Arrived:
    """A message that was taken. outcome: empty until it was reported, then DELIVRD or a carrier's code."""

    serial: str
    phone: str
    text: str
    kind: str
    template: str
    context: str
    at_ms: int
    outcome: str = ""


class SmsSimulator:
    """The provider; start() gives its address, close() ends it.

    account: who may send, and what sign and templates are filed. What a test turns: `lost` answers that never come
    though the message was taken, `failing` (a code all requests are answered with), `blacklist` (numbers that get
    nothing), `reports` (whether messages are reported delivered as soon as they are taken).
    """

    def __init__(self, account: TextSecrets, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._lock = threading.Lock()
        self._sign = account.sign
        self._filed = _filed(account)
        self.arrived: list[Arrived] = []
        self.asked = 0
        self.lost = 0
        self.failing = ""
        self.blacklist: set[str] = set()
        self.unsubscribed: set[str] = set()
        self.reports = False
        self.callback = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> str:
        self._thread.start()
        return self.url

    def close(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def inbox(self, phone: str) -> list[str]:
        """The texts that arrived on a phone (E.164), the oldest first."""
        with self._lock:
            return [message.text for message in self.arrived if message.phone == phone]

    def deliver(self, outcome: str = "DELIVRD") -> int:
        """What was not reported yet is now, as delivered or as failed; also to HQ's callback. How many it was."""
        with self._lock:
            waiting = [message for message in self.arrived if not message.outcome]
            for message in waiting:
                message.outcome = outcome
        if self.callback and waiting:
            self._tell([self._report(message) for message in waiting])
        return len(waiting)

    def reply(self, phone: str, text: str) -> None:
        """A person answers; R takes their number off this sender's promotions here too."""
        if text.strip().upper() == "R":
            self.unsubscribed.add(phone)
        told = {"extend": "", "nationcode": "86", "mobile": phone.removeprefix("+86"), "sign": self._sign}
        self._tell({**told, "text": text, "time": self._clock.now_ms() // 1000})

    def _tell(self, body: Any) -> None:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(self.callback, json=body, timeout=10)
        answer.raise_for_status()
        if answer.json()["result"] != 0:
            raise ValueError("the callback did not take it")

    def _report(self, message: Arrived) -> dict[str, str]:
        return {
            "user_receive_time": f"{local(message.at_ms, 'Asia/Shanghai'):%Y-%m-%d %H:%M:%S}",
            "nationcode": "86",
            "mobile": message.phone.removeprefix("+86"),
            "report_status": "SUCCESS" if message.outcome == "DELIVRD" else "FAIL",
            "errmsg": message.outcome,
            "description": "",
            "sid": message.serial,
        }

    # --- its answers ---

    def answer(self, headers: Any, body: bytes) -> dict[str, Any] | None:
        """The Response to a request; None: the connection breaks instead."""
        with self._lock:
            self.asked += 1
            if refused := self.failing or self._unsigned(headers, body):
                return {"Error": {"Code": refused, "Message": "refused"}, "RequestId": "r"}
            values = json.loads(body)
            action = headers["X-TC-Action"]
            if values.get("SmsSdkAppId") != self._account.app_id:
                code = "UnauthorizedOperation.SmsSdkAppIdVerifyFail"
                return {"Error": {"Code": code, "Message": "refused"}, "RequestId": "r"}
            if action == "PullSmsSendStatusByPhoneNumber":
                return {"PullSmsSendStatusSet": self._statuses(values), "RequestId": "r"}
            if action != "SendSms":
                return {"Error": {"Code": "InvalidAction", "Message": "refused"}, "RequestId": "r"}
            told = [self._take(phone, values) for phone in values["PhoneNumberSet"]]
            if self.lost and any(one["Code"] == "Ok" for one in told):
                self.lost -= 1
                return None
            return {"SendStatusSet": told, "RequestId": "r"}

    def _unsigned(self, headers: Any, body: bytes) -> str:
        """The code of what is wrong with a request's signature, or nothing."""
        account, stamp = self._account, headers.get("X-TC-Timestamp", "")
        if not stamp.isdigit() or abs(int(stamp) - self._clock.now_ms() // 1000) > _SKEW_S:
            return "AuthFailure.SignatureExpire"
        given = headers.get("Authorization", "")
        if f"Credential={account.secret_id}/" not in given:
            return "AuthFailure.SecretIdNotFound"
        wanted = authorization(account.secret_id, account.secret_key, "sms", headers.get("Host", ""), body, int(stamp))
        return "" if hmac.compare_digest(given, wanted) else "AuthFailure.SignatureFailure"

    def _take(self, phone: str, values: dict[str, Any]) -> dict[str, Any]:
        now, template = self._clock.now_ms(), str(values["TemplateId"])
        parameters = list(values.get("TemplateParamSet", []))
        code = self._wrong(phone, str(values.get("SignName", "")), template, parameters, now)
        serial = ""
        if not code:
            kind, text = self._filed[template]
            serial = f"5000:{now}{len(self.arrived):06d}"
            message = Arrived(
                serial,
                read_phone(phone),
                filled(text, parameters, self._sign),
                kind,
                template,
                str(values.get("SessionContext", "")),
                now,
                "DELIVRD" if self.reports else "",
            )
            self.arrived.append(message)
        return {"SerialNo": serial, "PhoneNumber": phone, "Fee": int(not code), "Code": code or "Ok", "Message": ""}

    def _wrong(self, phone: str, sign: str, template: str, parameters: list[str], now: int) -> str:
        """The code with which a message is not taken, or nothing."""
        if sign != self._sign:
            return "FailedOperation.SignatureIncorrectOrUnapproved"
        if template not in self._filed:
            return "FailedOperation.TemplateIncorrectOrUnapproved"
        kind, text = self._filed[template]
        if text.count("{") != len(parameters):
            return "InvalidParameterValue.TemplateParameterFormatError"
        if phone in self.blacklist or (kind == "promotion" and phone in self.unsubscribed):
            return "FailedOperation.PhoneNumberInBlacklist"
        same = [
            message.at_ms
            for message in self.arrived
            if message.phone == phone and (message.template == template if kind != "code" else message.kind == "code")
        ]
        for span, most, limit in _FLOW[kind]:
            if sum(at > now - span for at in same) >= most:
                return limit
        return ""

    def _statuses(self, values: dict[str, Any]) -> list[dict[str, Any]]:
        since, until = values["BeginTime"] * 1000, values["EndTime"] * 1000
        found = [one for one in self.arrived if one.phone == values["PhoneNumber"] and since <= one.at_ms <= until]
        return [
            {
                "UserReceiveTime": one.at_ms // 1000,
                "CountryCode": "86",
                "SubscriberNumber": one.phone.removeprefix("+86"),
                "PhoneNumber": one.phone,
                "SerialNo": one.serial,
                "ReportStatus": "SUCCESS" if one.outcome == "DELIVRD" else "FAIL",
                "Description": one.outcome,
                "SessionContext": one.context,
            }
            for one in found
            if one.outcome
        ][: values["Limit"]]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        simulator = self

        class Asked(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                answer = simulator.answer(self.headers, body)
                if answer is None:
                    self.close_connection = True
                    return
                raw = json.dumps({"Response": answer}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                """Says nothing: a request holds a number."""

        return Asked


def _filed(account: TextSecrets) -> dict[str, tuple[str, str]]:
    """(class, text) of each template id of the account."""
    found = {}
    for name, number in account.templates.items():
        plain, _, language = name.partition(".")
        found[number] = (TEMPLATES[plain].kind, filed(plain, language or "zh"))
    return found

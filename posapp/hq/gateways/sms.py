"""Text messages through a provider: Tencent Cloud SMS (API 3.0, version 2021-01-11), asked over HTTPS.

Sending is not idempotent there: an answer that was lost says nothing about the message. What is raised therefore says
whether the message can have left: Refused and TryAgain and Limit mean that it has not, Lost that nobody knows.
Numbers and texts stand in request bodies only; nothing here is logged.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
import requests
from urllib3.exceptions import NewConnectionError

from posapp.clock import DAY, HOUR, MINUTE, Clock
from posapp.errors import PosError
from posapp.ids import Chance, b64u
from posapp.keys import load_secrets, save_secrets

SECRETS_FILE = "hq-texts.json"
TIMEOUT_S = (3, 10)
"""To connect, and between two parts of the answer."""

_SERVICE, _VERSION = "sms", "2021-01-11"
_CONTENT_TYPE = "application/json; charset=utf-8"
_CODE = re.compile(r"[A-Za-z0-9_.]{1,80}")
_MOST_STATUSES = 100
_BACK_MS = 7 * DAY - HOUR
"""How far back the provider knows what became of a message; a little less than its seven days."""

# How long to wait before another message to that number is let through.
_LIMITS = {
    "LimitExceeded.PhoneNumberThirtySecondLimit": MINUTE,
    "LimitExceeded.PhoneNumberOneHourLimit": HOUR,
    "LimitExceeded.PhoneNumberDailyLimit": DAY,
    "LimitExceeded.PhoneNumberSameContentDailyLimit": DAY,
}
# Something is wrong with our account, not with the message: it waits until somebody has put that right.
_ACCOUNT = ("AuthFailure", "UnauthorizedOperation", "RequestLimitExceeded", "IpNotInWhitelist", "IpInBlacklist")
_BLACKLISTED = "FailedOperation.PhoneNumberInBlacklist"
_NO_MONEY = "FailedOperation.InsufficientBalanceInSmsPackage"


class TextError(Exception):
    """What became of an attempt; code: the provider's word for it, or ours."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Refused(TextError):
    """This message will never be taken. blacklisted: nothing of this sender's reaches that number."""

    @property
    def blacklisted(self) -> bool:
        return self.code == _BLACKLISTED


class TryAgain(TextError):
    """The message was not taken now; it may be sent again later."""


class Limit(TextError):
    """Too many messages to that number; the next may go after wait_ms."""

    def __init__(self, code: str, wait_ms: int) -> None:
        super().__init__(code)
        self.wait_ms = wait_ms


class Lost(TextError):
    """No answer that says whether the message was taken."""


@dataclass(frozen=True, slots=True)
class Status:
    """What the provider says became of one message. context: what we sent with it."""

    context: str
    provider_id: str
    delivered: bool
    code: str


class Gateway(Protocol):
    """What the outbox sends through."""

    def send(self, phone: str, template: str, values: Sequence[str], context: str) -> str:
        """Hand in one message for a number in E.164: the provider's id. context comes back with its status.

        template: "name", or "name.en", which is "name" where no English is filed.
        Raises Refused, TryAgain, Limit or Lost.
        """
        ...

    def statuses(self, phone: str, since_ms: int) -> list[Status]:
        """What became of the messages to a number since an instant, as far as known. Raises TryAgain."""
        ...


class TextSecrets(msgspec.Struct, forbid_unknown_fields=True):
    """HQ's account with the provider. templates: our name of a template -> the provider's id of it, and
    "name.en" -> that of its English text. callback: the last part of the path at which the provider reports to us."""

    secret_id: str
    secret_key: str
    app_id: str
    sign: str
    templates: dict[str, str]
    callback: str
    region: str = "ap-guangzhou"
    base_url: str = "https://sms.tencentcloudapi.com"

    @classmethod
    def fresh(cls, chance: Chance) -> TextSecrets:
        return cls("", "", "", "", {}, b64u(chance(18)))

    @property
    def complete(self) -> bool:
        return all((self.secret_id, self.secret_key, self.app_id, self.sign))


def load_text_secrets(folder: Path | None) -> TextSecrets | None:
    """The account kept in HQ's folder, or None. Raises PosError damaged_file."""
    found: TextSecrets | None = load_secrets(folder / SECRETS_FILE, TextSecrets) if folder else None
    return found


def save_text_secrets(folder: Path, secrets: TextSecrets) -> None:
    """Keep the account. Raises PosError bad_text_url, plain_http, cannot_write."""
    url = urlsplit(secrets.base_url)
    if url.scheme not in ("http", "https") or not url.hostname or url.path.strip("/") or url.query:
        raise PosError("bad_text_url", url=secrets.base_url[:80])
    if url.scheme == "http" and url.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise PosError("plain_http", url=secrets.base_url[:80])
    save_secrets(folder / SECRETS_FILE, secrets)


def authorization(secret_id: str, secret_key: str, service: str, host: str, body: bytes, now_s: int) -> str:
    """The Authorization of a POST with a JSON body (TC3-HMAC-SHA256), signed over its content type and host."""
    date = dt.datetime.fromtimestamp(now_s, dt.UTC).strftime("%Y-%m-%d")
    scope = f"{date}/{service}/tc3_request"
    names = "content-type;host"
    asked = f"POST\n/\n\ncontent-type:{_CONTENT_TYPE}\nhost:{host}\n\n{names}\n{hashlib.sha256(body).hexdigest()}"
    told = f"TC3-HMAC-SHA256\n{now_s}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
    key = f"TC3{secret_key}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, told.encode(), hashlib.sha256).hexdigest()
    return f"TC3-HMAC-SHA256 Credential={secret_id}/{scope}, SignedHeaders={names}, Signature={signature}"


class TencentSms:
    """Tencent Cloud SMS, by an account. One object may be used by several threads."""

    def __init__(self, secrets: TextSecrets, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock

    def send(self, phone: str, template: str, values: Sequence[str], context: str) -> str:
        secrets = self._secrets
        filed = secrets.templates.get(template) or secrets.templates.get(template.partition(".")[0])
        if not filed:
            raise TryAgain("no_template_id")
        answer = self._ask(
            "SendSms",
            {
                "PhoneNumberSet": [phone],
                "SmsSdkAppId": secrets.app_id,
                "SignName": secrets.sign,
                "TemplateId": filed,
                "TemplateParamSet": list(values),
                "SessionContext": context,
            },
        )
        try:
            status = answer["SendStatusSet"][0]
            code, serial = str(status["Code"]), str(status.get("SerialNo", ""))
        except (KeyError, IndexError, TypeError, AttributeError):
            raise Lost("unreadable") from None
        if code != "Ok":
            raise _error_of(code)
        return serial

    def statuses(self, phone: str, since_ms: int) -> list[Status]:
        now = self._clock.now_ms()
        try:
            answer = self._ask(
                "PullSmsSendStatusByPhoneNumber",
                {
                    "BeginTime": max(since_ms, now - _BACK_MS) // 1000,
                    "EndTime": now // 1000 + 1,
                    "Offset": 0,
                    "Limit": _MOST_STATUSES,
                    "PhoneNumber": phone,
                    "SmsSdkAppId": self._secrets.app_id,
                },
            )
            return [
                Status(
                    str(row.get("SessionContext", "")),
                    str(row["SerialNo"]),
                    row["ReportStatus"] == "SUCCESS",
                    plain_code(str(row.get("Description", ""))),
                )
                for row in answer["PullSmsSendStatusSet"]
            ]
        except TextError as error:
            raise TryAgain(error.code) from None
        except (KeyError, TypeError, AttributeError):
            raise TryAgain("unreadable") from None

    def _ask(self, action: str, values: dict[str, Any]) -> Any:
        """The answer's Response. Raises Refused, TryAgain, Limit, Lost."""
        secrets, body = self._secrets, msgspec.json.encode(values)
        host, now_s = urlsplit(secrets.base_url).netloc, self._clock.now_ms() // 1000
        headers = {
            "Authorization": authorization(secrets.secret_id, secrets.secret_key, _SERVICE, host, body, now_s),
            "Content-Type": _CONTENT_TYPE,
            "Host": host,
            "X-TC-Action": action,
            "X-TC-Timestamp": str(now_s),
            "X-TC-Version": _VERSION,
            "X-TC-Region": secrets.region,
        }
        with requests.Session() as session:
            session.trust_env = False  # a .netrc would take the place of our Authorization
            try:
                told = session.post(
                    secrets.base_url + "/", data=body, headers=headers, timeout=TIMEOUT_S, allow_redirects=False
                )
            except requests.RequestException as error:
                raise (TryAgain("unreachable") if _never_left(error) else Lost("no_answer")) from None
        if told.status_code != 200:
            code = f"HTTP.{told.status_code}"
            raise Lost(code) if told.status_code >= 500 else TryAgain(code)
        try:
            answer = told.json()["Response"]
            failed = answer.get("Error")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Lost("unreadable") from None
        if failed is not None:
            raise _error_of(str(failed.get("Code", "")) if isinstance(failed, dict) else "")
        return answer


def _never_left(error: BaseException) -> bool:
    """Whether no connection came about, so that nothing was sent."""
    reason: Any = error
    while reason is not None:
        if isinstance(reason, requests.ConnectTimeout | NewConnectionError | ssl.SSLCertVerificationError):
            return True
        inner = getattr(reason, "reason", None) or next(iter(getattr(reason, "args", ())), None)
        reason = inner if isinstance(inner, BaseException) else None
    return False


def _error_of(code: str) -> TextError:
    code = plain_code(code)
    if code.startswith("LimitExceeded"):
        return Limit(code, _LIMITS.get(code, HOUR))
    if code.startswith(_ACCOUNT) or code == _NO_MONEY:
        return TryAgain(code)
    if code.startswith("InternalError") or code == "unknown":
        return Lost(code)  # among them is a time-out behind the provider's own door
    return Refused(code)


def plain_code(code: str) -> str:
    """A code of the provider's as it may be kept and shown: its sentences can hold a number, a code cannot."""
    return code if _CODE.fullmatch(code) and not re.search(r"\d{7}", code) else "unknown"

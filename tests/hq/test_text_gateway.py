"""The gateway to the provider: its signature, what its answers mean, and what a broken connection means."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from posapp.errors import PosError
from posapp.hq.gateways.sms import (
    Limit,
    Lost,
    Refused,
    TencentSms,
    TextError,
    TryAgain,
    authorization,
    load_text_secrets,
    plain_code,
    save_text_secrets,
)
from posapp.hq.gateways.sms_simulator import SmsSimulator
from tests.hq.shop import TestClock
from tests.hq.texting import PHONE, account


def test_a_request_is_signed_as_the_provider_publishes_it() -> None:
    # The worked example of "Signature v3" in the provider's documents, with its key.
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    key = ("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE")
    assert authorization(*key, "cvm", "cvm.tencentcloudapi.com", body, 1551113065) == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host, "
        "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


class Line:
    """A provider that answers each request with these bytes and hangs up."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(self._answer)
        self._listener.close()


def gateway_at(url: str) -> TencentSms:
    secrets = account()
    secrets.base_url = url
    return TencentSms(secrets, TestClock())


def outcome_of(gateway: TencentSms) -> TextError:
    with pytest.raises(TextError) as error:
        gateway.send(PHONE, "verify_code", ["123456", "5"], "message")
    assert PHONE[3:] not in repr(error.value)
    return error.value


def http(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (status.encode(), len(body), body)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", Lost),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", Lost),
        (http("200 OK", b"<html>"), Lost),
        (http("200 OK", b"{}"), Lost),
        (http("200 OK", b"[1]"), Lost),
        (http("200 OK", b'{"Response":{"SendStatusSet":[]}}'), Lost),
        (http("200 OK", b'{"Response":{"Error":{"Code":"","Message":"13812345678"}}}'), Lost),
        (http("200 OK", b'{"Response":{"Error":1}}'), Lost),
        (http("502 Bad Gateway", b""), Lost),
        (http("302 Found", b""), TryAgain),
        (http("403 Forbidden", b""), TryAgain),
        (http("200 OK", b'{"Response":{"Error":{"Code":"InvalidParameter"}}}'), Refused),
        (http("200 OK", b'{"Response":{"Error":{"Code":"AuthFailure.SignatureExpire"}}}'), TryAgain),
        (http("200 OK", b'{"Response":{"Error":{"Code":"RequestLimitExceeded.IPLimitExceeded"}}}'), TryAgain),
        (http("200 OK", b'{"Response":{"SendStatusSet":[{"Code":"LimitExceeded.PhoneNumberDailyLimit"}]}}'), Limit),
    ],
)
def test_what_an_answer_means(answer: bytes, kind: type[TextError]) -> None:
    assert type(outcome_of(gateway_at(Line(answer).url))) is kind


def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    assert type(outcome_of(gateway_at(url))) is TryAgain
    assert type(outcome_of(gateway_at("http://nobody.invalid"))) is TryAgain


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("secret_key", "another", "AuthFailure.SignatureFailure"),
        ("secret_id", "another", "AuthFailure.SecretIdNotFound"),
        ("app_id", "another", "UnauthorizedOperation.SmsSdkAppIdVerifyFail"),
        ("sign", "another", "FailedOperation.SignatureIncorrectOrUnapproved"),
    ],
)
def test_the_simulated_provider_checks_who_sends(field: str, value: str, code: str) -> None:
    provider = SmsSimulator(account(), TestClock())
    url = provider.start()
    try:
        secrets = account()
        secrets.base_url = url
        setattr(secrets, field, value)
        assert outcome_of(TencentSms(secrets, TestClock())).code == code
        late = TestClock()
        late.now += 301_000
        secrets = account()
        secrets.base_url = url
        assert outcome_of(TencentSms(secrets, late)).code == "AuthFailure.SignatureExpire"
        gateway = TencentSms(secrets, TestClock())
        with pytest.raises(Refused, match="TemplateParameterFormatError"):
            gateway.send(PHONE, "verify_code", ["1"], "message")
        assert provider.arrived == []
        # It takes the same message twice, as the real one does.
        for context in ("message", "message"):
            gateway.send(PHONE, "e_receipt", ["a", "b", "c"], context)
        assert len(provider.inbox(PHONE)) == 2
    finally:
        provider.close()


def test_a_code_of_the_providers_holds_no_number() -> None:
    assert plain_code("FailedOperation.X_1") == "FailedOperation.X_1"
    assert plain_code("DELIVRD") == "DELIVRD"
    for told in ("", "13812345678", "failed: 13812345678", "x" * 81, "用户拒收", "a b"):
        assert plain_code(told) == "unknown"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://sms.example", "plain_http"),
        ("ftp://sms.example", "bad_text_url"),
        ("sms.example", "bad_text_url"),
        ("https://sms.example/path", "bad_text_url"),
    ],
)
def test_the_account_goes_to_an_encrypted_address_only(tmp_path: Path, url: str, code: str) -> None:
    secrets = account()
    secrets.base_url = url
    with pytest.raises(PosError) as error:
        save_text_secrets(tmp_path, secrets)
    assert error.value.code == code
    assert load_text_secrets(tmp_path) is None
    assert load_text_secrets(None) is None

"""What the provider tells HQ: delivery reports, and what people reply. `R` stops all but codes and what they ask for.

The provider signs nothing; it knows the last part of the path, which is a secret of HQ's (`posapp hq texts status`).
"""

from __future__ import annotations

import hmac
import unicodedata

import msgspec
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from posapp import log
from posapp.errors import PosError
from posapp.hq.bodies import read_body
from posapp.hq.gateways.sms import load_text_secrets, plain_code
from posapp.hq.running import Hq
from posapp.hq.texts.courier import take_report
from posapp.hq.texts.outbox import person_of, suppress
from posapp.rules.phones import read_phone

PATH = "/v1/texts/"
STOP_WORDS = frozenset({"R", "T", "TD", "N", "退订", "拒收", "STOP"})

_LARGEST = 256 * 1024
_DONE = b'{"result":0,"errmsg":"OK"}'
_log = log.named("hq.texts")


class Report(msgspec.Struct):
    """One delivery report as the provider writes it."""

    mobile: str
    report_status: str
    sid: str
    nationcode: str = "86"
    errmsg: str = ""


class Reply(msgspec.Struct):
    """A reply as the provider writes it."""

    mobile: str
    text: str
    nationcode: str = "86"


_read = msgspec.json.Decoder(list[Report] | Reply).decode


def add_routes(app: FastAPI, hq: Hq) -> None:
    """Where the provider calls back, for reports and replies alike."""

    @app.post(PATH + "{key}")
    async def called_back(request: Request, key: str) -> Response:
        body = await read_body(request, _LARGEST)
        await run_in_threadpool(_take, hq, key, body)
        return Response(_DONE, media_type="application/json")


def _take(hq: Hq, key: str, body: bytes) -> None:
    secrets = load_text_secrets(hq.folder)
    if secrets is None or not hmac.compare_digest(secrets.callback.encode(), key.encode()):
        raise PosError("not_found", what="URL")
    try:
        told = _read(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise PosError("bad_request", why="JSON") from None
    if isinstance(told, Reply):
        _take_reply(hq, told)
        return
    for report in told:
        _take_report(hq, report)
    hq.texts.wake()


def _take_reply(hq: Hq, reply: Reply) -> None:
    word = unicodedata.normalize("NFKC", reply.text).strip().strip(".。!").upper()
    phone = _phone(reply.nationcode, reply.mobile)
    if word not in STOP_WORDS or phone is None:
        return
    with hq.database.transaction() as conn:
        suppress(conn, hq.vault, phone, "reply", hq.clock.now_ms())
    _log.info("a number refused messages by its reply")


def _take_report(hq: Hq, report: Report) -> None:
    phone = _phone(report.nationcode, report.mobile)
    person = person_of(hq.vault, phone) if phone else ""
    delivered = report.report_status == "SUCCESS"
    take_report(hq.database, person, report.sid, delivered, plain_code(report.errmsg), hq.clock.now_ms())


def _phone(nation: str, mobile: str) -> str | None:
    try:
        return read_phone(mobile if mobile.startswith("+") else f"+{nation}{mobile}")
    except PosError:
        return None

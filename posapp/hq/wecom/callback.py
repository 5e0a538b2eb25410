"""What WeCom calls: the proof of the address (GET), and an event (POST), which is stored raw and answered at once.

WeCom waits five seconds and calls three times; whatever an event makes necessary is done later (process.py).
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from posapp import log
from posapp.errors import PosError
from posapp.hq.database import Database, insert_new
from posapp.hq.gateways.wecom_crypto import LARGEST, read_xml
from posapp.hq.running import Hq
from posapp.hq.wecom.tables import wecom_event

PATH = "/wecom/callback"
EVENTS = frozenset({"change_external_contact", "change_external_chat", "customer_acquisition"})
"""What is kept. A callback may also carry what employees write or their address book, which is none of our business."""

_LONGEST = 128
_LATEST_S = 1 << 40
_log = log.named("hq.wecom")


def add_routes(app: FastAPI, hq: Hq) -> None:
    """The callback's two routes, where an account is set."""
    if hq.wecom is None:
        return
    worker = hq.wecom
    envelope = worker.account.envelope(hq.chance)

    @app.get(PATH)
    async def prove(msg_signature: str, timestamp: str, nonce: str, echostr: str) -> Response:
        return Response(envelope.open(msg_signature, timestamp, nonce, echostr), media_type="text/plain")

    @app.post(PATH)
    async def told(request: Request, msg_signature: str, timestamp: str, nonce: str) -> Response:
        body = await _read(request)
        encrypted = read_xml(body).get("Encrypt", "")
        event = envelope.open(msg_signature, timestamp, nonce, encrypted)
        if await run_in_threadpool(store_event, hq.database, event, hq.clock.now_ms()):
            worker.wake()
        return Response(status_code=200)


async def _read(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise PosError("too_large", most=LARGEST)
    return body


def store_event(database: Database, xml: str, now_ms: int) -> bool:
    """Keep an event unless it is known or none of ours; whether it is new. Raises PosError bad_request."""
    fields = read_xml(xml.encode())
    if fields.get("Event") not in EVENTS:
        _log.info("an event that is not kept")
        return False
    created = fields.get("CreateTime", "")
    about = next((fields[name] for name in ("ExternalUserID", "ChatId", "LinkId") if fields.get(name)), "")
    names = {"change": fields.get("ChangeType", ""), "userid": fields.get("UserID", ""), "external_userid": about}
    if any(len(text) > _LONGEST for text in names.values()):
        raise PosError("bad_request", why="length")
    if not created.isascii() or not created.isdigit() or int(created[:20]) > _LATEST_S:
        raise PosError("bad_request", why="CreateTime")
    row = {**names, "created": int(created), "event": fields["Event"], "xml": xml, "received": now_ms}
    with database.transaction() as conn:
        return insert_new(conn, wecom_event, {**row, "done": 0, "trouble": ""})

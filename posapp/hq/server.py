"""HQ over HTTP: every request but enrolment and health is signed by a till's key and answered for that till only.

A refusal is any answer that is not 2xx: messages.Refusal as JSON. Nothing of a person and no secret is logged.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response

from posapp import log
from posapp.calls import (
    BoxRequest,
    CodeRequest,
    ConfirmRequest,
    EnrolRequest,
    FindMemberRequest,
    HashAnswer,
    HelloAnswer,
    HelloRequest,
    HoldPointsRequest,
    NewsAnswer,
    NewsRequest,
    OpenFigureRequest,
    Refusal,
    UnsealAnswer,
    UnsealRequest,
)
from posapp.chain import key_id, public_of_text
from posapp.clock import Clock
from posapp.errors import PosError
from posapp.hq import feed, live, pictures
from posapp.hq.accept import Sender, accept, hash_at, head_of
from posapp.hq.bodies import read_body
from posapp.hq.care import open_events, sidebar_page
from posapp.hq.database import Database, upsert
from posapp.hq.enrol import enrol
from posapp.hq.figures.live import open_for_till
from posapp.hq.members import consents, privacy
from posapp.hq.pages import routes as pages
from posapp.hq.running import Hq
from posapp.hq.tables import till_status
from posapp.hq.texts import inbound
from posapp.hq.wecom import callback as wecom_callback
from posapp.hq.wecom.account import Account
from posapp.hq.wecom.process import Known
from posapp.ids import Chance, unb64u
from posapp.keys import Certificate, HqKeys, public_text, seal, unseal
from posapp.messages import LARGEST_REQUEST, PAGE_ROWS, Message
from posapp.streams import STREAMS, KeyRow
from posapp.wire import Request as WireRequest
from posapp.wire import Signed, unpack_entries, verify_request

_STATUS = {
    "bad_request": 400,
    "bad_box": 400,
    "bad_certificate": 401,
    "bad_signature": 401,
    "clock_skew": 401,
    "replayed": 401,
    "revoked": 403,
    "wrong_store": 403,
    "bad_code": 403,
    "not_found": 404,
    "already_used": 409,
    "expired": 410,
    "too_large": 413,
    "too_many": 429,
}
_SMALL, _HELLO = 16 * 1024, 256 * 1024
_MOST_HEADS = 1_000
_log = log.named("hq")
_Shape = TypeVar("_Shape", bound=Message)


def create_app(
    database: Database,
    keys: HqKeys,
    clock: Clock,
    chance: Chance,
    folder: Path | None = None,
    wecom: Account | None = None,
    known: Known | None = None,
) -> FastAPI:
    """The server. Its lifespan starts and stops the projector; the database stays the caller's to close.

    folder: HQ's own, where its accounts with others are kept; without it there are none but those handed in.
    """
    hq = Hq(database, keys, clock, chance, folder, wecom, known)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(publish_keys, database, keys)
        hq.projector.start()
        hq.first_pages.start()
        hq.follower.start()
        for worker in hq.after:
            worker.start()
        hq.texts.start()
        if hq.wecom:
            hq.wecom.start()
        await hq.news.start()
        try:
            yield
        finally:
            await hq.news.stop()
            if hq.wecom:
                await run_in_threadpool(hq.wecom.stop)
            await run_in_threadpool(hq.texts.stop)
            for worker in reversed(hq.after):
                await run_in_threadpool(worker.stop)
            await run_in_threadpool(hq.follower.stop)
            await run_in_threadpool(hq.first_pages.stop)
            await run_in_threadpool(hq.projector.stop)

    app = FastAPI(title="posapp HQ", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.hq = hq
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=4)
    _refusals(app)
    _routes(app, hq)
    inbound.add_routes(app, hq)
    wecom_callback.add_routes(app, hq)
    pages.add_routes(app, hq)
    open_events.add_routes(app, hq)
    sidebar_page.add_routes(app, hq)
    return app


def publish_keys(database: Database, keys: HqKeys) -> None:
    """Tell the tills HQ's public keys, and what customers are asked."""
    rows = {
        (feed.CHAIN, use): KeyRow(use, public_text(key))
        for use, key in (("certificate", keys.certificate_key), ("box", keys.box_key))
    }
    with database.transaction() as conn:
        feed.publish(conn, {"keys": rows, "consent_texts": consents.text_rows()})


# --- requests ---


def _authentic(hq: Hq, request: Request, body: bytes) -> Signed:
    scope = request.scope
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    host = request.headers.get("host", "")
    url = f"{scope['scheme']}://{host}{path.partition('?')[0]}{'?' + query if query else ''}"
    signed = verify_request(WireRequest(request.method, url, dict(request.headers), body), hq.hq_key)
    if not 0 < len(signed.nonce) <= 64:
        raise PosError("bad_signature")
    return signed


def _decode(body: bytes, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise PosError("bad_request", why=shape.__name__) from None


def _answer(message: Any) -> Response:
    if isinstance(message, Response):
        return message
    return Response(msgspec.json.encode(message), media_type="application/json")


def _routes(app: FastAPI, hq: Hq) -> None:
    async def signed(request: Request, most: int, work: Callable[[Signed, bytes], Any]) -> Response:
        """Run `work` in a thread for an authentic, fresh request of a till within its allowance."""
        body = await read_body(request, most)

        def run() -> Any:
            who = _authentic(hq, request, body)
            hq.requests.take(who.certificate.request_key, hq.clock)
            now = hq.check_time(who)
            # What is asked here has the same answer or the same effect when it is asked again.
            with hq.database.transaction(waits_for_disk=False) as conn:
                hq.admit(conn, who, now)
            return work(who, body)

        return _answer(await run_in_threadpool(run))

    @app.get("/v1/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/v1/enrol")
    async def enrol_till(request: Request) -> Response:
        body = await read_body(request, _SMALL)

        def run() -> Message:
            return enrol(hq.database, hq.keys, hq.clock, hq.unknown_codes, _decode(body, EnrolRequest))

        return _answer(await run_in_threadpool(run))

    @app.post("/v1/hello")
    async def hello(request: Request) -> Response:
        return await signed(request, _HELLO, lambda who, body: _hello(hq, who.certificate, body))

    @app.post("/v1/journals/{jid}/entries")
    async def push(request: Request, jid: str) -> Response:
        body = await read_body(request, LARGEST_REQUEST)
        return _answer(await run_in_threadpool(_push, hq, request, jid, body))

    @app.get("/v1/journals/{jid}/head")
    async def head(request: Request, jid: str) -> Response:
        def work(who: Signed, _body: bytes) -> Message:
            with hq.database.reading() as conn:
                return head_of(conn, who.certificate.store, who.certificate.till, jid)

        return await signed(request, _SMALL, work)

    @app.get("/v1/journals/{jid}/hashes/{seq}")
    async def hash_of(request: Request, jid: str, seq: int) -> Response:
        def work(who: Signed, _body: bytes) -> Message:
            with hq.database.reading() as conn:
                return HashAnswer(hash_at(conn, who.certificate.store, who.certificate.till, jid, seq))

        return await signed(request, _SMALL, work)

    @app.get("/v1/feed/{stream}")
    async def read_feed(request: Request, stream: str, cursor: str = "", limit: int = PAGE_ROWS) -> Response:
        def work(who: Signed, _body: bytes) -> Message:
            if stream not in STREAMS:
                raise PosError("not_found", what=stream[:40])
            if stream == "members":
                _note_read(hq, who.certificate, cursor)
            with hq.database.reading() as conn:
                return feed.read_page(conn, stream, _scopes(who.certificate), cursor, limit, hq.keys.generation)

        return await signed(request, _SMALL, work)

    @app.get("/v1/pictures/{name}")
    async def read_picture(request: Request, name: str) -> Response:
        return await signed(request, _SMALL, lambda _who, _body: _picture(hq, name))

    _live_routes(app, hq, signed)

    @app.post("/v1/live/unseal")
    async def unseal_backup(request: Request) -> Response:
        return await signed(request, 4 * _SMALL, lambda who, body: _unseal(hq, who.certificate, body))


def _scopes(certificate: Certificate) -> list[str]:
    store, till = certificate.store, certificate.till
    return [feed.CHAIN, feed.store_scope(store), feed.till_scope(store, till)]


def _note_read(hq: Hq, certificate: Certificate, cursor: str) -> None:
    place = (certificate.store, certificate.till)
    privacy.note_read(hq.database, place, _scopes(certificate), cursor, hq.keys.generation, hq.clock.now_ms())


def _live_routes(app: FastAPI, hq: Hq, signed: Callable[..., Awaitable[Response]]) -> None:
    """What is asked between the rounds: news, and calls about members."""
    database, keys, vault = hq.database, hq.keys, hq.vault

    @app.post("/v1/news")
    async def news(request: Request) -> Response:
        asked: list[NewsRequest] = []
        scopes: list[str] = []

        def work(who: Signed, body: bytes) -> Message:
            asked.append(_decode(body, NewsRequest))
            scopes.extend(_scopes(who.certificate))
            _note_read(hq, who.certificate, asked[0].cursors.get("members", ""))
            return NewsAnswer([])

        refused = await signed(request, _SMALL, work)
        if not asked:
            return refused
        return _answer(NewsAnswer(await hq.news.wait(scopes, asked[0].cursors, is_held=bool(asked[0].hold))))

    @app.post("/v1/live/lookup-keys")
    async def lookup_keys(request: Request) -> Response:
        return await signed(request, _SMALL, lambda who, _body: live.lookup_keys(keys, vault, who.certificate))

    @app.post("/v1/live/member")
    async def find_member(request: Request) -> Response:
        def work(who: Signed, body: bytes) -> Message:
            asked = _decode(body, FindMemberRequest)
            return live.find_member(database, keys, vault, hq.clock.now_ms(), who.certificate, asked)

        return await signed(request, _SMALL, work)

    @app.post("/v1/live/points")
    async def hold_points(request: Request) -> Response:
        def work(who: Signed, body: bytes) -> Message:
            return live.hold_points(database, hq.clock.now_ms(), who.certificate, _decode(body, HoldPointsRequest))

        return await signed(request, _SMALL, work)

    @app.post("/v1/live/code")
    async def send_code(request: Request) -> Response:
        def work(who: Signed, body: bytes) -> Message:
            asked, now = _decode(body, CodeRequest), hq.clock.now_ms()
            can_send = hq.texts.gateway() is not None
            done = live.send_code(database, keys, vault, hq.chance, now, who.certificate, asked, can_send=can_send)
            hq.texts.wake()
            return done

        return await signed(request, _SMALL, work)

    @app.post("/v1/live/confirm")
    async def confirm_code(request: Request) -> Response:
        def work(_who: Signed, body: bytes) -> Message:
            return live.confirm_code(database, keys, vault, hq.clock.now_ms(), _decode(body, ConfirmRequest))

        return await signed(request, _SMALL, work)

    @app.post("/v1/live/figure")
    async def open_figure(request: Request) -> Response:
        def work(who: Signed, body: bytes) -> Message:
            return open_for_till(database, who.certificate, _decode(body, OpenFigureRequest))

        return await signed(request, _SMALL, work)

    @app.post("/v1/boxes")
    async def take_box(request: Request) -> Response:
        def work(who: Signed, body: bytes) -> Message:
            asked = _decode(body, BoxRequest)
            return live.take_box(database, keys, vault, hq.clock.now_ms(), who.certificate, asked, hq.follower.wake)

        return await signed(request, _SMALL, work)


def _picture(hq: Hq, name: str) -> Response:
    with hq.database.reading() as conn:
        kind, data = pictures.read(conn, name)
    return Response(data, media_type=kind, headers={"Cache-Control": "private, immutable"})


def _unseal(hq: Hq, certificate: Certificate, body: bytes) -> UnsealAnswer:
    purpose = f"backup S{certificate.store} T{certificate.till}"
    secret = unseal(_decode(body, UnsealRequest).box, hq.keys.box_key, purpose)
    return UnsealAnswer(seal(secret, certificate.box_key, "restore"))


def _hello(hq: Hq, certificate: Certificate, body: bytes) -> HelloAnswer:
    request = _decode(body, HelloRequest)
    if len(request.heads) > _MOST_HEADS:
        raise PosError("bad_request", why="heads")
    if any("\0" in text or len(text) > 200 for text in (request.program, request.boot)):
        raise PosError("bad_request", why="program")
    whole = (request.wall, request.unsent, request.oldest_unsent)
    if any(abs(number) >= 1 << 53 for number in whole):
        raise PosError("bad_request", why="numbers")
    now = hq.clock.now_ms()
    with hq.database.transaction() as conn:
        heads = [head_of(conn, certificate.store, certificate.till, head.jid) for head in request.heads]
        status = {
            "store": certificate.store,
            "till": certificate.till,
            "contact": now,
            "unsent": request.unsent,
            "oldest_unsent": request.oldest_unsent,
            "program": request.program,
            "boot": request.boot,
            "wall_ahead": request.wall - now,
        }
        upsert(conn, till_status, [status])
    return HelloAnswer(hq.keys.generation, now, heads)


def _push(hq: Hq, request: Request, jid: str, body: bytes) -> Message:
    who = _authentic(hq, request, body)
    certificate = who.certificate
    hq.pushes.take(certificate.request_key, hq.clock)
    now = hq.check_time(who)
    entries = unpack_entries(body)
    key = certificate.journal_key
    sender = Sender(certificate.store, certificate.till, key_id(unb64u(key)), public_of_text(key))
    answer = accept(hq.database, sender, jid, entries, now, lambda conn: hq.admit(conn, who, now))
    hq.projector.wake()
    if answer.status != "ok":
        _log.warning("push of %s: %s at %d", jid, answer.status, answer.seq)
    answer.generation = hq.keys.generation
    return answer


# --- refusals ---


def refusal(error: PosError, status: int | None = None) -> Response:
    values = {name: v if isinstance(v, tuple) else str(v) for name, v in error.values.items()}
    headers = {}
    if error.code == "too_many":
        headers["Retry-After"] = str(values["seconds"])
    if error.code == "hq_failed":
        headers["Retry-After"] = "5"
    return Response(
        msgspec.json.encode(Refusal(error.code, values)),
        status or _STATUS.get(error.code, 400),
        headers,
        "application/json",
    )


def _refusals(app: FastAPI) -> None:
    def told(_request: Request, error: Exception) -> Response:
        assert isinstance(error, PosError)
        return refusal(error)

    def not_http(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 400
        if status == 404:
            return refusal(PosError("not_found", what="URL"))
        return refusal(PosError("bad_request", why="HTTP"), status)

    def away(_request: Request, error: Exception) -> Response:
        _log.error("database: %s", type(error).__name__)
        return refusal(PosError("hq_failed"), 503)

    def bug(_request: Request, error: Exception) -> Response:
        _log.error("an answer failed", exc_info=error)
        return refusal(PosError("hq_failed"), 500)

    handlers: dict[Any, Callable[[Request, Exception], Response | Awaitable[Response]]] = {
        PosError: told,
        HTTPException: not_http,
        RequestValidationError: not_http,
        OperationalError: away,
        InterfaceError: away,
        Exception: bug,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)

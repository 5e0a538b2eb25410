"""The console's door: nobody passes without a session, from another site, or with an answer that shows too much.

What is behind it (NiceGUI and the pages) is loaded when the first person comes in: an HQ that nobody looks at starts
as fast and is as small as without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from posapp.errors import PosError
from posapp.hq.bodies import read_body
from posapp.hq.console import sessions, sign_in
from posapp.hq.console.users import User, check_sign_in, note, set_look
from posapp.hq.limits import Buckets
from posapp.hq.running import Hq
from posapp.ids import b64u

MOUNT = "/console"
SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
LANGUAGES = ("zh", "en")
_LARGEST_FORM = 4_096

# NiceGUI makes its pages in the browser (unsafe-eval) and writes styles into them; nothing comes from elsewhere.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}

Inside = Callable[[Hq], tuple[ASGIApp, AbstractAsyncContextManager[object]]]
"""Makes what is behind the door, and what has to run beside it."""


def mount(app: FastAPI, inside: Inside) -> None:
    """Put the console on a server's address."""
    gate = Gate(app.state.hq, inside)
    app.mount(MOUNT, gate)
    before = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(server: FastAPI) -> AsyncIterator[None]:
        async with before(server):
            try:
                yield
            finally:
                await gate.close()

    app.router.lifespan_context = lifespan


class Gate:
    """The door as an ASGI application."""

    def __init__(self, hq: Hq, inside: Inside) -> None:
        self._hq = hq
        self._make = inside
        self._inside: ASGIApp | None = None
        self._life: AbstractAsyncContextManager[object] | None = None
        self._making = asyncio.Lock()
        self._tries = Buckets(burst=10, every_ms=6_000)

    async def close(self) -> None:
        if self._life is not None:
            await self._life.__aexit__(None, None, None)
            self._life = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        sender = _guarded(scope, send)
        if not _is_own(scope):
            await _refuse(scope, receive, sender, 403)
        elif path == SIGN_IN and scope["type"] == "http":
            await self._sign_in(scope, receive, sender)
        elif path == SIGN_OUT and scope["type"] == "http":
            await self._sign_out(scope, receive, sender)
        else:
            await self._enter(scope, receive, sender, path)

    async def _enter(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        id_ = _session_of(scope)
        user = await run_in_threadpool(self._user, id_) if id_ else None
        if user is None:
            if scope["type"] == "http" and scope["method"] == "GET" and not path.startswith("/_nicegui"):
                back = f"?back={path}" if path != "/" and path.replace("/", "").replace("-", "").isalnum() else ""
                await RedirectResponse(f"{MOUNT}{SIGN_IN}{back}", 303)(scope, receive, send)
            else:
                await _refuse(scope, receive, send, 401)
            return
        scope.setdefault("state", {})
        scope["state"]["console_user"], scope["state"]["console_session"] = user, id_
        inside = await self._loaded()
        await inside(scope, receive, send)

    def _user(self, id_: str) -> User | None:
        with self._hq.database.reading() as conn:
            return sessions.who_sits(conn, id_, self._hq.clock.now_ms(), is_watching=True)

    async def _loaded(self) -> ASGIApp:
        async with self._making:
            if self._inside is None:
                # In a thread: loading takes most of a second, and tills go on being answered.
                inside, life = await run_in_threadpool(self._make, self._hq)
                await life.__aenter__()
                self._inside, self._life = inside, life
        return self._inside

    # --- coming and going ---

    async def _sign_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        language = _language(request)
        if request.method != "POST":
            back = _back(request.query_params.get("back", ""))
            await self._page(language, back=back)(scope, receive, send)
            return
        name = back = ""
        try:
            form = parse_qs((await read_body(request, _LARGEST_FORM)).decode(), max_num_fields=5)
            name, password = form.get("name", [""])[0].strip(), form.get("password", [""])[0]
            back = _back(form.get("back", [""])[0])
            for who in (f"address {request.client.host if request.client else ''}", f"name {name[:40]}"):
                self._tries.take(who, self._hq.clock)
            cookie = await run_in_threadpool(self._let_in, name, password, request.query_params.get("l", ""))
        except PosError as error:
            await self._page(language, name, error, back)(scope, receive, send)
            return
        except ValueError:
            await _refuse(scope, receive, send, 400)
            return
        answer = RedirectResponse(f"{MOUNT}{back or '/'}", 303)
        _set_cookie(scope, answer, cookie)
        await answer(scope, receive, send)

    def _let_in(self, name: str, password: str, chosen: str) -> str:
        """chosen: the language that was pressed on this page, "" when none was."""
        hq = self._hq
        user = check_sign_in(hq.database, hq.clock, hq.chance, name, password)
        with hq.database.transaction() as conn:
            if chosen in LANGUAGES:
                set_look(conn, user.name, language=chosen, look=user.look)
            note(conn, hq.clock, hq.chance, user.name, "sign_in", user.role)
            return sessions.begin(conn, hq.clock, hq.chance, user)

    def _page(self, language: str, name: str = "", error: PosError | None = None, back: str = "") -> Response:
        nonce = b64u(self._hq.chance(12))
        answer = Response(sign_in.page(language, nonce, name, error, back), 403 if error else 200)
        answer.headers["Content-Type"] = "text/html; charset=utf-8"
        answer.headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'nonce-{nonce}'; img-src data:; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        )
        _keep_language(answer, language)
        return answer

    async def _sign_out(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method != "POST":
            await _refuse(scope, receive, send, 405)
            return
        id_ = _session_of(scope)
        user = await run_in_threadpool(self._let_out, id_) if id_ else None
        answer = RedirectResponse(f"{MOUNT}{SIGN_IN}", 303)
        if user is not None:
            _keep_language(answer, user.language)
        answer.delete_cookie(sessions.COOKIE, path=MOUNT)
        answer.headers["Clear-Site-Data"] = '"cache"'
        await answer(scope, receive, send)

    def _let_out(self, id_: str) -> User | None:
        """Who sat there."""
        hq = self._hq
        with hq.database.transaction() as conn:
            user = sessions.who_sits(conn, id_, hq.clock.now_ms(), is_watching=True)
            sessions.end(conn, id_, hq.clock.now_ms())
            if user is not None:
                note(conn, hq.clock, hq.chance, user.name, "sign_out", user.role)
        return user


def _guarded(scope: Scope, send: Send) -> Send:
    """The same with our headers on every answer."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message.setdefault("headers", [])
            held = {name.lower() for name, _ in headers}
            for name, value in _HEADERS.items():
                if name.lower().encode() not in held:
                    headers.append((name.lower().encode(), value.encode()))
            if scope["scheme"] == "https":
                headers.append((b"strict-transport-security", b"max-age=31536000"))
            if b"cache-control" not in held:
                headers.append((b"cache-control", b"no-store"))
        await send(message)

    return guarded


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _is_own(scope: Scope) -> bool:
    """Whether a request that does something comes from one of our own pages."""
    if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
        return True
    origin = _header(scope, b"origin")
    return bool(origin) and urlsplit(origin).netloc == _header(scope, b"host")


def _session_of(scope: Scope) -> str:
    try:
        held = SimpleCookie(_header(scope, b"cookie")).get(sessions.COOKIE)
    except CookieError:
        return ""
    return sessions.session_id(held.value) if held and len(held.value) < 100 else ""


def _set_cookie(scope: Scope, answer: Response, cookie: str) -> None:
    answer.set_cookie(
        sessions.COOKIE, cookie, path=MOUNT, httponly=True, samesite="lax", secure=scope["scheme"] == "https"
    )


def _keep_language(answer: Response, language: str) -> None:
    """Of the page on which this browser signs in."""
    answer.set_cookie("posapp_language", language, max_age=365 * 86_400, path=MOUNT, httponly=True, samesite="lax")


def _language(request: Request) -> str:
    asked = request.query_params.get("l") or request.cookies.get("posapp_language")
    if asked in LANGUAGES:
        return asked
    return "en" if request.headers.get("accept-language", "zh").lower().startswith("en") else "zh"


def _back(path: str) -> str:
    """A path of the console to go back to, or nothing."""
    fits = path.startswith("/") and not path.startswith("//") and path.replace("/", "").replace("-", "").isalnum()
    return path if fits and len(path) < 100 else ""


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await PlainTextResponse("", status)(scope, receive, send)

"""The addresses of the customer's pages."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from posapp.hq.bodies import read_body
from posapp.hq.pages import confirm_page, join_page, member_page
from posapp.hq.pages.browser import Visit, visit_of
from posapp.hq.pages.join_page import Doors
from posapp.hq.running import Hq
from posapp.rules.join_token import PATH

_LARGEST = 8 * 1024


def add_routes(app: FastAPI, hq: Hq) -> None:
    """Hook the pages into HQ's app."""
    doors = Doors()

    async def shown(request: Request, page: Callable[[Visit], Response]) -> Response:
        return await run_in_threadpool(page, visit_of(request, hq.chance))

    async def acted(request: Request, page: Callable[[Visit], Response]) -> Response:
        body = await read_body(request, _LARGEST)
        return await run_in_threadpool(page, visit_of(request, hq.chance, body))

    @app.get(PATH)
    async def join_without(request: Request) -> Response:
        return await shown(request, lambda visit: join_page.show(hq, visit, ""))

    @app.get(PATH + "{token}")
    async def join(request: Request, token: str) -> Response:
        return await shown(request, lambda visit: join_page.show(hq, visit, token))

    @app.post(PATH)
    async def sent_without(request: Request) -> Response:
        return await acted(request, lambda visit: join_page.act(hq, doors, visit, ""))

    @app.post(PATH + "{token}")
    async def sent(request: Request, token: str) -> Response:
        return await acted(request, lambda visit: join_page.act(hq, doors, visit, token))

    @app.get(confirm_page.PATH + "{token}")
    async def confirm(request: Request, token: str) -> Response:
        return await shown(request, lambda visit: confirm_page.show(hq, visit, token))

    @app.post(confirm_page.PATH + "{token}")
    async def confirmed(request: Request, token: str) -> Response:
        return await acted(request, lambda visit: confirm_page.act(hq, visit, token))

    @app.get("/m")
    async def member(request: Request) -> Response:
        return await shown(request, lambda visit: member_page.show(hq, visit))

    @app.post("/m")
    async def member_sent(request: Request) -> Response:
        return await acted(request, lambda visit: member_page.act(hq, doors, visit))

    @app.get(member_page.REQUEST_PATH + "{number}")
    async def request_status(request: Request, number: str) -> Response:
        return await shown(request, lambda visit: member_page.status(hq, visit, number))

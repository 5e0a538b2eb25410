"""The console's door: sessions, other sites, headers; what is behind it is a stand-in here."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from posapp.hq.console import gate, sessions, users
from posapp.hq.console.tables import console_user
from posapp.ids import seeded_chance
from tests.hq.shop import Shop, on_sqlite

pytestmark = on_sqlite
PASSWORD = "correct horse battery"
OWN = {"Origin": "http://testserver"}
FORM = {"name": "anna", "password": PASSWORD}


@pytest.fixture
def door(shop: Shop) -> TestClient:
    """A server with a console that says who is inside; anna may come in."""

    async def inside(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.state.console_user.name)

    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(socket.state.console_user.name)
        await socket.close()

    def make(_hq: Any) -> Any:
        routes = [WebSocketRoute("/_nicegui_ws", talk), Route("/{path:path}", inside)]

        @asynccontextmanager
        async def life() -> Any:
            yield

        return Starlette(routes=routes), life()

    users.add_user(shop.database, shop.clock, seeded_chance(4), "anna", users.ADMIN, [], PASSWORD, "tests")
    gate.mount(shop.app, make)
    return TestClient(shop.app, follow_redirects=False)


def enter(door: TestClient) -> None:
    assert door.post("/console/sign-in", data=FORM, headers=OWN).status_code == 303


def test_nobody_passes_without_signing_in(door: TestClient) -> None:
    asked = door.get("/console/members")
    assert (asked.status_code, asked.headers["location"]) == (303, "/console/sign-in?back=/members")
    assert door.get("/console/_nicegui/1/static/x.js").status_code == 401
    assert door.post("/console/anything", headers=OWN).status_code == 401
    door.cookies.set(sessions.COOKIE, "made-up", path="/console")
    assert door.get("/console/members").status_code == 303
    with pytest.raises(WebSocketDisconnect), door.websocket_connect("/console/_nicegui_ws", headers=OWN):
        pass


def test_signing_in_opens_the_door_and_signing_out_closes_it_for_the_same_cookie(door: TestClient) -> None:
    enter(door)
    assert door.get("/console/members").text == "anna"
    with door.websocket_connect("/console/_nicegui_ws", headers=OWN) as socket:
        assert socket.receive_text() == "anna"
    stolen = door.cookies[sessions.COOKIE]
    assert door.post("/console/sign-out", headers=OWN).status_code == 303
    door.cookies.set(sessions.COOKIE, stolen, path="/console")
    assert door.get("/console/members").status_code == 303


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}])
def test_another_site_can_neither_sign_in_nor_out_nor_talk(door: TestClient, headers: dict[str, str]) -> None:
    assert door.post("/console/sign-in", data=FORM, headers=headers).status_code == 403
    enter(door)
    assert door.post("/console/sign-out", headers=headers).status_code == 403
    with pytest.raises(WebSocketDisconnect), door.websocket_connect("/console/_nicegui_ws", headers=headers):
        pass
    assert door.get("/console/members").text == "anna"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_cookie_is_for_our_pages_alone(shop: Shop, door: TestClient, scheme: str) -> None:
    client = TestClient(shop.app, base_url=f"{scheme}://testserver", follow_redirects=False)
    answer = client.post("/console/sign-in", data=FORM, headers={"Origin": f"{scheme}://testserver"})
    said = answer.headers["set-cookie"].lower()
    assert all(word in said for word in ("httponly", "samesite=lax", "path=/console"))
    assert ("secure" in said) == (scheme == "https")
    assert ("strict-transport-security" in answer.headers) == (scheme == "https")
    with shop.database.reading() as conn:
        stored = conn.exec_driver_sql("SELECT id FROM console_session").scalars().all()
    assert answer.cookies[sessions.COOKIE] not in stored


def test_every_answer_is_guarded(door: TestClient) -> None:
    enter(door)
    for path in ("/console/sign-in", "/console/", "/console/members"):
        headers = door.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "back", ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere", "/x?y=1", "javascript:1"]
)
def test_signing_in_leads_nowhere_else(door: TestClient, back: str) -> None:
    answer = door.post("/console/sign-in", data={**FORM, "back": back}, headers=OWN)
    assert answer.headers["location"] == "/console/"


def test_who_guesses_fast_has_to_wait_whatever_the_name(door: TestClient) -> None:
    said = [door.post("/console/sign-in", data={"name": f"n{n}", "password": "x"}, headers=OWN).text for n in range(11)]
    assert "密码不对" in said[0]
    assert "请求太频繁" in said[-1]
    assert "请求太频繁" in door.post("/console/sign-in", data=FORM, headers=OWN).text


def test_a_wrong_password_tells_no_more_than_that(door: TestClient) -> None:
    answer = door.post("/console/sign-in?l=en", data={**FORM, "password": "wrong <b>"}, headers=OWN)
    assert answer.status_code == 403
    assert "The name or the password is wrong." in answer.text
    assert "wrong &lt;b&gt;" not in answer.text
    assert "<b>" not in answer.text
    assert door.post("/console/sign-in", content=b"\xff=\xff" * 9, headers=OWN).status_code in (400, 403)
    assert door.post("/console/sign-in", content=b"x" * 5_000, headers=OWN).status_code == 403


def test_a_language_that_was_pressed_at_the_door_is_taken_in(door: TestClient, shop: Shop) -> None:
    def language() -> str:
        with shop.database.reading() as conn:
            return str(conn.scalar(select(console_user.c.language)))

    assert "<h1>Headquarters</h1>" in door.get("/console/sign-in", headers={"Accept-Language": "en-GB"}).text
    enter(door)
    assert language() == "zh"  # the browser's own language is nobody's choice
    shown = door.get("/console/sign-in?l=en&back=/joins").text
    assert 'href="?l=zh&amp;back=/joins"' in shown
    wrong = door.post("/console/sign-in?l=en", data={**FORM, "password": "no"}, headers=OWN)
    assert (wrong.status_code, language()) == (403, "zh")
    assert door.post("/console/sign-in?l=en", data=FORM, headers=OWN).status_code == 303
    assert language() == "en"
    assert door.post("/console/sign-in?l=fr", data=FORM, headers=OWN).status_code == 303
    assert language() == "en"
    with shop.database.transaction() as conn:
        users.set_look(conn, "anna", language="zh", look="auto")
    door.post("/console/sign-out", headers=OWN)
    assert "<h1>总部</h1>" in door.get("/console/sign-in", headers={"Accept-Language": "en-GB"}).text

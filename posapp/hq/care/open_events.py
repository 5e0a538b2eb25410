"""POST /v1/open/events: what the brand's mini-program and chats tell of members, and what became of each event.

A hint that follows is published in the request's own transaction: a till that waits for news has it at once. What is
wrong with a request is said in one sentence, as application/problem+json (RFC 9457).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.bodies import read_body
from posapp.hq.care import channels, events
from posapp.hq.care.cards import card_rows
from posapp.hq.care.events import Event, Happened, Key, Result
from posapp.hq.care.hints import hint_rows, lock
from posapp.hq.database import Database
from posapp.hq.limits import Buckets
from posapp.hq.members.identity import roots
from posapp.hq.running import Hq
from posapp.hq.vault import Vault

PATH = "/v1/open/events"
MOST_EVENTS = 100
LARGEST_BODY = 128 * 1024
_STATUS = {"bad_key": 401, "out_of_scope": 403, "too_large": 413, "too_many": 429}
_UNREAD = "bad_event"


class Answer(msgspec.Struct):
    """results: of each event, in the order they came."""

    taken: int
    known: int
    waiting: int
    refused: int
    results: list[Result]


def add_routes(app: FastAPI, hq: Hq) -> None:
    """Hook the door into HQ's app."""
    allowances = Buckets(burst=100, every_ms=100)
    strangers = Buckets(burst=20, every_ms=6_000)

    @app.post(PATH)
    async def take(request: Request) -> Response:
        language = "en" if request.headers.get("accept-language", "").lower().startswith("en") else "zh"
        try:
            body = await read_body(request, LARGEST_BODY)
            answer = await run_in_threadpool(work, request, body)
        except PosError as error:
            return problem(error, language)
        return Response(msgspec.json.encode(answer), media_type="application/json")

    def work(request: Request, body: bytes) -> Answer:
        header = request.headers.get("authorization", "")
        address = request.client.host if request.client else ""
        try:
            with hq.database.reading() as conn:
                channel = channels.known(conn, header, channels.EVENTS)
        except PosError:
            strangers.take(address, hq.clock)
            raise
        allowances.take(channel, hq.clock)
        return take_all(hq.database, hq.vault, channel, read_list(body), hq.clock.now_ms())


def read_list(body: bytes) -> list[msgspec.Raw]:
    """The events of a request, each still unread. Raises PosError bad_request, too_many_events."""
    try:
        items = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise PosError("bad_request", why="JSON") from None
    if len(items) > MOST_EVENTS:
        raise PosError("too_many_events", most=MOST_EVENTS)
    return items


def take_all(database: Database, vault: Vault, channel: str, items: Sequence[msgspec.Raw | Event], now: int) -> Answer:
    """Take events in, each or the word why not, in one transaction that tells the tills what follows."""
    read = [_read(vault, channel, item, now) for item in items]
    results: list[Result] = []
    touched: set[str] = set()
    with database.transaction() as conn:
        # All at once and in one order, so that two requests about the same people cannot wait for each other.
        refs = {ref for one in read if not isinstance(one, Result) if (ref := events.owner_of(conn, one[1]))}
        lock(conn, roots(conn, refs))
        for one in read:
            if isinstance(one, Result):
                results.append(one)
                continue
            try:
                result, root = events.take(conn, channel, *one, now)
            except PosError as error:
                result, root = events.refusal(one[0].id, error), None
            results.append(result)
            touched |= {root} if root else set()
        if touched:
            feed.publish(conn, {**hint_rows(conn, touched, now), **card_rows(conn, touched, now)})
    counts = {state: sum(one.state == state for one in results) for state in ("taken", "known", "waiting", "refused")}
    return Answer(**counts, results=results)


def _read(vault: Vault, channel: str, item: msgspec.Raw | Event, now: int) -> tuple[Happened, Key] | Result:
    id_ = ""
    try:
        event = item if isinstance(item, Event) else _event(item)
        id_ = event.id[:64]
        return events.read(vault, channel, event, now)
    except PosError as error:
        return events.refusal(id_, error)


def _event(raw: msgspec.Raw) -> Event:
    try:
        return msgspec.json.decode(raw, type=Event)
    except msgspec.ValidationError as error:
        # "... - at `$.member.phone`", "unknown field `x`": the name alone, never what was sent
        name = str(error).rpartition("`")[0].rpartition("`")[2].removeprefix("$.")
        raise PosError(_UNREAD, field=name[:40] or "event") from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise PosError(_UNREAD, field="event") from None


def problem(error: PosError, language: str) -> Response:
    """A refusal of the whole request."""
    status = _STATUS.get(error.code, 400)
    told = {
        "type": "about:blank",
        "title": error.code,
        "status": status,
        "detail": error.sentence(language),
    }
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if error.code == "too_many":
        headers["Retry-After"] = str(error.values["seconds"])
    return Response(msgspec.json.encode(told), status, headers, "application/problem+json")

"""What HQ decides, going down: one compacted stream per subject, the newest state of each row by scope and key.

A transaction publishes as its last statements and numbers its rows from the stream's counter, whose row stays
locked until the commit: whoever reads up to a number has seen everything numbered below it (reliability.md 1.3).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, or_, select, tuple_

from posapp.calls import Page
from posapp.chain import canonical
from posapp.hq.database import feed_counter, insert_many, lock_counter, take_number, upsert
from posapp.hq.tables import counter, feed
from posapp.ids import b64u, unb64u
from posapp.messages import PAGE_ROWS, Message
from posapp.money import LARGEST
from posapp.streams import FeedRow, PriceRow

CHAIN = "chain"
GONE = b""
_END = "~"
"""Sorts behind every scope."""

# How many keys one statement asks for: SQLite's and PostgreSQL's limits on parameters lie far above.
_ASK = 500

Rows = Mapping[tuple[str, str], Message | None]
"""Rows to publish by (scope, key); None takes the row away."""


def store_scope(store: int) -> str:
    return f"store:{store}"


def till_scope(store: int, till: int) -> str:
    return f"till:{store}.{till}"


def publish(conn: Connection, streams: Mapping[str, Rows]) -> dict[str, int]:
    """Write the rows that really changed; how many of each stream. Nothing may follow in the transaction.

    Streams are locked in alphabetical order, so that two writers cannot wait for each other.
    """
    changed = {}
    for stream in sorted(streams):
        if rows := streams[stream]:
            changed[stream] = _publish(conn, stream, rows)
    return changed


def _publish(conn: Connection, stream: str, rows: Rows) -> int:
    lock_counter(conn, feed_counter(stream))
    wanted = {name: GONE if row is None else canonical(row) for name, row in rows.items()}
    held = _held(conn, stream, wanted)
    # A row that was never there needs no word that it is gone.
    changed = {name: data for name, data in wanted.items() if held.get(name, GONE) != data}
    if not changed:
        return 0
    v = take_number(conn, feed_counter(stream))
    insert_many(conn, feed, [(stream, *name, v, data) for name, data in changed.items() if name not in held])
    upsert(
        conn,
        feed,
        (
            {"stream": stream, "scope": scope, "key": key, "v": v, "data": data}
            for (scope, key), data in changed.items()
            if (scope, key) in held
        ),
    )
    return len(changed)


def _held(conn: Connection, stream: str, wanted: Mapping[tuple[str, str], bytes]) -> dict[tuple[str, str], bytes]:
    by_scope: dict[str, list[str]] = {}
    for scope, key in wanted:
        by_scope.setdefault(scope, []).append(key)
    held = {}
    for scope, keys in by_scope.items():
        for start in range(0, len(keys), _ASK):
            for key, data in conn.execute(
                select(feed.c.key, feed.c.data).where(
                    feed.c.stream == stream, feed.c.scope == scope, feed.c.key.in_(keys[start : start + _ASK])
                )
            ):
                held[scope, key] = bytes(data)
    return held


def price_key(article: str, starts: int) -> str:
    return f"{article}@{starts}"


def price_rows(
    conn: Connection, scope: str, prices: list[PriceRow], now_ms: int
) -> dict[tuple[str, str], Message | None]:
    """The rows of the prices stream for new prices of one scope: a price in force ends every earlier one.

    A price of 0 only ends the earlier ones: the article has no price from then on.
    """
    rows: dict[tuple[str, str], Message | None] = {}
    current = {row.article: row for row in prices if row.starts <= now_ms}
    for article, starts in _live_prices(conn, scope, list(current)):
        if starts < current[article].starts or current[article].price == 0:
            rows[scope, price_key(article, starts)] = None
    for row in prices:
        if row.price:
            rows[scope, price_key(row.article, row.starts)] = row
    return rows


def _live_prices(conn: Connection, scope: str, articles: list[str]) -> list[tuple[str, int]]:
    found = []
    wanted = set(articles)
    keys = (
        conn.scalars(select(feed.c.key).where(feed.c.stream == "prices", feed.c.scope == scope, feed.c.data != GONE))
        if wanted
        else ()
    )
    for key in keys:
        article, _, starts = key.rpartition("@")
        if article in wanted:
            found.append((article, int(starts)))
    return found


class _Cursor(msgspec.Struct, array_like=True):
    """Everything up to (v, scope, key) was read. Rows gone since before `floor` were never told to this reader."""

    generation: str
    v: int
    scope: str
    key: str
    floor: int


def read_page(conn: Connection, stream: str, scopes: list[str], cursor: str, limit: int, generation: str) -> Page:
    """The next rows of a stream for a till, in the order (v, scope, key); cursor "" begins.

    A cursor that another generation of HQ gave (or that cannot be read) starts again: restart is true and the
    rows are the first ones.
    """
    limit = max(1, min(limit, PAGE_ROWS))
    head = conn.scalar(select(counter.c.n).where(counter.c.name == feed_counter(stream))) or 0
    at = _read_cursor(cursor)
    restart = bool(cursor) and (at is None or at.generation != generation or at.v > head)
    if at is None or restart:
        at = _Cursor(generation, 0, "", "", head)
    order = (feed.c.v, feed.c.scope, feed.c.key)
    found = conn.execute(
        select(feed.c.scope, feed.c.key, feed.c.v, feed.c.data)
        .where(
            feed.c.stream == stream,
            tuple_(*order) > tuple_(at.v, at.scope, at.key),
            feed.c.scope.in_(scopes),
            or_(feed.c.data != GONE, feed.c.v > at.floor),
        )
        .order_by(*order)
        .limit(limit + 1)
    ).all()
    complete = len(found) <= limit
    found = found[:limit]
    rows = [FeedRow(scope, key, msgspec.Raw(bytes(data)) if data else msgspec.UNSET) for scope, key, _, data in found]
    if found:
        at = _Cursor(generation, found[-1].v, found[-1].scope, found[-1].key, at.floor)
    if complete and at.v < head:
        at = _Cursor(generation, head, _END, "", at.floor)  # rows that are gone are read, too
    return Page(rows, b64u(msgspec.json.encode(at)), complete, restart)


def _read_cursor(cursor: str) -> _Cursor | None:
    try:
        at = msgspec.json.decode(unb64u(cursor), type=_Cursor) if 0 < len(cursor) <= 2000 else None
    except (msgspec.DecodeError, ValueError):
        return None
    # It went through a till's hands: nothing in it may be more than the database can compare with.
    if at is None or not (0 <= at.v <= LARGEST and 0 <= at.floor <= LARGEST) or "\0" in at.scope + at.key:
        return None
    return at


def read_through(conn: Connection, stream: str, scopes: list[str], cursor: str, generation: str) -> int:
    """The number up to which a cursor has read everything there is for these scopes."""
    head = conn.scalar(select(counter.c.n).where(counter.c.name == feed_counter(stream))) or 0
    at = _read_cursor(cursor)
    if at is None or at.generation != generation or at.v > head:
        return 0
    unread = (
        select(feed.c.v)
        .where(
            feed.c.stream == stream,
            tuple_(feed.c.v, feed.c.scope, feed.c.key) > tuple_(at.v, at.scope, at.key),
            feed.c.scope.in_(scopes),
            or_(feed.c.data != GONE, feed.c.v > at.floor),
        )
        .order_by(feed.c.v)
    )
    first = conn.scalar(unread.limit(1))
    return int(head) if first is None else int(first) - 1


def version_of(cursor: str, generation: str) -> int:
    """How far a cursor has read; 0 for one that begins, and for one that this generation of HQ did not give."""
    at = _read_cursor(cursor)
    return at.v if at is not None and at.generation == generation else 0

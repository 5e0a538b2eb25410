"""Taking in what HQ publishes: each stream page by page, a page and its cursor in one transaction of feed.db."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from posapp import db, log, tables
from posapp.clock import Clock
from posapp.errors import PosError
from posapp.streams import FeedRow, KeyRow, Row, SettingRow, nearness
from posapp.sync.client import Client

_log = log.named("sync")

Apply = Callable[[Connection, list[FeedRow]], None]
"""Takes in a page of one stream, in the caller's transaction; a row without data is gone."""


def pull(folder: db.Folder, client: Client, clock: Clock, apply: Mapping[str, Apply]) -> int:
    """Bring every stream up to date; how many rows came. Raises PosError where that cannot be done now.

    A stream that cannot be read stays as it was; the ones after it are still brought up to date.
    """
    rows, trouble = 0, None
    unread = _unread(folder, client, tuple(apply))
    for name, take in apply.items():
        if name not in unread:
            continue
        try:
            rows += _pull_stream(folder, client, clock, name, take)
        except (msgspec.DecodeError, ValueError) as error:
            _log.error("stream %s cannot be read: %s", name, error)
            trouble = PosError("hq_refused", why=name)
        except PosError as error:
            if error.code != "not_found":
                raise
            _log.info("HQ has no stream %s yet", name)
    if trouble:
        raise trouble
    return rows


def cursors(folder: db.Folder, names: tuple[str, ...]) -> dict[str, str]:
    """How far each stream was read; "" for one that was not."""
    with folder.feed.reading() as conn:
        held = dict(conn.execute(select(tables.stream.c.name, tables.stream.c.cursor)).all())
    return {name: held.get(name, "") for name in names}


def _unread(folder: db.Folder, client: Client, names: tuple[str, ...]) -> set[str]:
    """The streams to ask for: those that HQ has something new in, and those never read."""
    read = cursors(folder, names)
    try:
        return {*client.news(read), *(name for name, cursor in read.items() if not cursor)}
    except PosError as error:
        if error.code != "not_found":
            raise
        return set(names)  # an older HQ


def _pull_stream(folder: db.Folder, client: Client, clock: Clock, name: str, take: Apply) -> int:
    with folder.feed.reading() as conn:
        held = conn.execute(select(tables.stream).where(tables.stream.c.name == name)).first()
    cursor, reading = (held.cursor, held.round) if held else ("", 1)
    rows = 0
    while True:
        page = client.page(name, cursor)
        if page.restart:
            # HQ lost what it was (a restored database): read everything again, then drop what did not come back
            cursor, reading = "", reading + 1
            page = client.page(name, cursor)
        with folder.feed.transaction() as conn:
            take(conn, page.rows)
            _note(conn, name, page.rows, reading)
            if page.complete:
                _sweep(conn, name, reading, take)
            conn.execute(
                insert(tables.stream)
                .values(
                    name=name, cursor=page.cursor, complete=int(page.complete), pulled=clock.now_ms(), round=reading
                )
                .on_conflict_do_update(
                    index_elements=["name"],
                    set_={
                        "cursor": page.cursor,
                        "complete": int(page.complete),
                        "pulled": clock.now_ms(),
                        "round": reading,
                    },
                )
            )
        rows += len(page.rows)
        cursor = page.cursor
        if page.complete:
            return rows


def _note(conn: Connection, name: str, rows: list[FeedRow], reading: int) -> None:
    cursor = db.raw(conn).cursor()
    present = [(name, row.scope, row.key, reading) for row in rows if row.data is not msgspec.UNSET]
    gone = [(name, row.scope, row.key) for row in rows if row.data is msgspec.UNSET]
    cursor.executemany("INSERT OR REPLACE INTO received VALUES (?, ?, ?, ?)", present)
    cursor.executemany("DELETE FROM received WHERE stream = ? AND scope = ? AND key = ?", gone)


def _sweep(conn: Connection, name: str, reading: int, take: Apply) -> None:
    """Drop rows that an earlier reading from the start brought and the newest did not."""
    columns = tables.received.c
    stale = conn.execute(
        select(columns.scope, columns.key).where(columns.stream == name, columns.round < reading)
    ).all()
    if stale:
        take(conn, [FeedRow(scope, key) for scope, key in stale])
        conn.execute(delete(tables.received).where(columns.stream == name, columns.round < reading))


def apply_settings(conn: Connection, rows: list[FeedRow]) -> None:
    for row in rows:
        near = nearness(row.scope)
        columns = tables.setting.c
        conn.execute(delete(tables.setting).where(columns.key == row.key, columns.nearness == near))
        if fields := row.read(SettingRow):
            conn.execute(tables.setting.insert().values(key=row.key, nearness=near, value=fields.value))


def apply_keys(conn: Connection, rows: list[FeedRow]) -> None:
    for row in rows:
        conn.execute(delete(tables.hq_key).where(tables.hq_key.c.use == row.key))
        if fields := row.read(KeyRow):
            conn.execute(tables.hq_key.insert().values(use=row.key, public=fields.public))


def keep(stream: str) -> Apply:
    """Takes in a short stream as it is; kept_rows() and kept_row() read it."""

    def apply(conn: Connection, rows: list[FeedRow]) -> None:
        cursor = db.raw(conn).cursor()
        gone = [(stream, row.key, nearness(row.scope)) for row in rows if row.data is msgspec.UNSET]
        held = [
            (stream, row.key, nearness(row.scope), bytes(row.data)) for row in rows if row.data is not msgspec.UNSET
        ]
        cursor.executemany("DELETE FROM kept WHERE stream = ? AND key = ? AND nearness = ?", gone)
        cursor.executemany("INSERT OR REPLACE INTO kept (stream, key, nearness, data) VALUES (?, ?, ?, ?)", held)

    return apply


def kept_rows(conn: Connection, name: str, shape: type[Row]) -> dict[str, Row]:
    """Every row of a kept stream by its key; the nearest scope speaks."""
    columns = tables.kept.c
    rows = conn.execute(
        select(columns.key, columns.data).where(columns.stream == name).order_by(columns.nearness.desc())
    )
    return {row.key: msgspec.json.decode(row.data, type=shape) for row in rows}


def kept_row(conn: Connection, name: str, key: str, shape: type[Row]) -> Row | None:
    """One row of a kept stream; None where there is none."""
    columns = tables.kept.c
    data = conn.scalar(
        select(columns.data).where(columns.stream == name, columns.key == key).order_by(columns.nearness).limit(1)
    )
    return msgspec.json.decode(data, type=shape) if data else None


def pulled_at(folder: db.Folder) -> dict[str, int]:
    """When each stream was last compared with HQ's, UTC ms by this computer's clock."""
    with folder.feed.reading() as conn:
        return {row.name: row.pulled for row in conn.execute(select(tables.stream.c.name, tables.stream.c.pulled))}


def settings_values(conn: Connection) -> dict[str, str]:
    """The settings in force: the nearest scope speaks."""
    rows = conn.execute(select(tables.setting.c.key, tables.setting.c.value).order_by(tables.setting.c.nearness.desc()))
    return {row.key: row.value for row in rows}

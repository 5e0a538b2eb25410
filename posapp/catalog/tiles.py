"""The quick keys and what the idle customer display shows, as HQ published them, ready to be drawn."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, select

from posapp import db
from posapp.answers import NoticeView, TilePage, TileView
from posapp.money import Money
from posapp.rules.tiles import colour
from posapp.streams import FeedRow, NoticeRow, TileRow, nearness
from posapp.tables import notice, tile

# Of each page the nearest scope that has it; a tile whose article is gone is left out.
_PAGES = """
SELECT t.page, t.title, t.place, t.label, t.colour, t.picture, a.name, a.unit,
       (SELECT code FROM code WHERE article = a.id AND nearness = a.nearness ORDER BY rank, code <> a.id LIMIT 1),
       (SELECT price FROM price WHERE article = a.id AND starts <= ?1 ORDER BY nearness, starts DESC LIMIT 1)
  FROM tile t
  JOIN article a ON a.id = t.article AND a.nearness = (SELECT min(nearness) FROM article WHERE id = t.article)
 WHERE t.nearness = (SELECT min(nearness) FROM tile WHERE page = t.page)
 ORDER BY t.page, t.place
"""


class Tiles:
    """Reads both from feed.db. picture(hash) gives the file of a picture that has come, else None."""

    def __init__(self, file: db.File, picture: Callable[[str], Path | None]) -> None:
        self._file = file
        self._picture = picture

    def pages(self, now_ms: int) -> list[TilePage]:
        with self._file.reading() as conn:
            rows = db.raw(conn).execute(_PAGES, (now_ms,)).fetchall()
        pages = []
        for number, group in groupby(rows, key=lambda row: row[0]):
            page = list(group)
            title = next((row[1] for row in page if row[1]), str(number))
            pages.append(TilePage(number, title, tuple(self._tile(row) for row in page if row[8] is not None)))
        return pages

    def _tile(self, row: tuple[Any, ...]) -> TileView:
        _, _, place, label, tone, picture, name, unit, code, price = row
        shown = Money(price) if price else None
        return TileView(place, code, label or name, unit, shown, _colour(tone), self._picture(picture))

    def notices(self, now_ms: int) -> list[NoticeView]:
        """What is shown at an instant, in order; one whose picture has not come yet is left out."""
        columns = notice.c
        asked = (
            select(columns.picture, columns.caption)
            .where(columns.starts <= now_ms, (columns.ends == 0) | (columns.ends > now_ms))
            .order_by(columns.place, columns.scope, columns.key)
        )
        with self._file.reading() as conn:
            rows = conn.execute(asked).all()
        files = [(self._picture(row.picture), row.caption) for row in rows]
        return [NoticeView(file, caption) for file, caption in files if file is not None]


def _colour(text: str) -> str:
    try:
        return colour(text)
    except ValueError:  # a newer HQ's
        return ""


def apply_tiles(conn: Connection, rows: list[FeedRow]) -> None:
    """Take in a page of the tiles stream. Key: page.place."""
    for row in rows:
        page, _, place = row.key.partition(".")
        near = nearness(row.scope)
        columns = tile.c
        conn.execute(
            delete(tile).where(columns.page == int(page), columns.place == int(place), columns.nearness == near)
        )
        if held := row.read(TileRow):
            conn.execute(
                tile.insert().values(
                    page=int(page),
                    place=int(place),
                    nearness=near,
                    title=held.title,
                    article=held.article,
                    label=held.label,
                    colour=held.colour,
                    picture=held.picture,
                )
            )


def apply_notices(conn: Connection, rows: list[FeedRow]) -> None:
    """Take in a page of the notices stream. Key: the notice's number."""
    for row in rows:
        conn.execute(delete(notice).where(notice.c.scope == row.scope, notice.c.key == row.key))
        if held := row.read(NoticeRow):
            conn.execute(
                notice.insert().values(
                    scope=row.scope,
                    key=row.key,
                    picture=held.picture,
                    caption=held.caption,
                    starts=held.starts,
                    ends=held.ends,
                    place=held.place,
                )
            )


def named_pictures(conn: Connection) -> set[str]:
    """The pictures that tiles and notices name."""
    asked = select(tile.c.picture).union(select(notice.c.picture))
    return {name for (name,) in conn.execute(asked) if name}

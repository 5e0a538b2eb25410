"""What the idle customer displays show: pictures with a caption, for a time, in an order, in a store or the chain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from posapp.clock import Clock, parse_instant, rfc3339
from posapp.errors import PosError
from posapp.hq import feed, pictures
from posapp.hq.aligned import aligned
from posapp.hq.database import Database
from posapp.hq.people import scope_of, settings_of
from posapp.hq.tables import notice
from posapp.rules.codes import clean
from posapp.streams import NoticeRow

LONGEST_CAPTION = 60
LARGEST_PLACE = 9_999


def add(
    database: Database,
    clock: Clock,
    source: str,
    *,
    store: str = feed.CHAIN,
    starts: str | None = None,
    ends: str | None = None,
    caption: str = "",
    place: int = 100,
) -> int:
    """Show a picture (a file, or the hash of one that is kept); the notice's number.

    starts, ends: RFC 3339, the store's time without an offset; now and never if left out. Raises PosError of
    pictures.prepare, bad_scope, no_such_store, bad_instant, bad_period, bad_name.
    """
    caption = caption.strip()
    if len(caption) > LONGEST_CAPTION or (caption and clean(caption) is None):
        raise PosError("bad_name", most=LONGEST_CAPTION)
    with database.reading() as conn:
        scope = scope_of(conn, store)
        zone = settings_of(conn, scope).time_zone
        is_kept = pictures.is_kept(conn, source) if len(source) == 64 else False
    now = clock.now_ms()
    begins = now if starts is None else parse_instant(starts, zone)
    stops = 0 if ends is None else parse_instant(ends, zone)
    if stops and stops <= begins:
        raise PosError("bad_period")
    prepared = None if is_kept else pictures.prepare(Path(source))
    with database.transaction() as conn:
        name = source if prepared is None else pictures.keep(conn, *prepared, now)
        number = (conn.scalar(select(func.max(notice.c.number))) or 0) + 1
        row = {"picture": name, "caption": caption, "starts": begins, "ends": stops, "place": place}
        conn.execute(notice.insert().values(number=number, scope=scope, **row))
        feed.publish(conn, {"notices": {(scope, str(number)): NoticeRow(name, caption, begins, stops, place)}})
    return number


def remove(database: Database, number: int) -> None:
    """Show a notice no more. Raises PosError not_found."""
    with database.transaction() as conn:
        scope = conn.scalar(select(notice.c.scope).where(notice.c.number == number))
        if scope is None:
            raise PosError("not_found", what=number)
        conn.execute(notice.delete().where(notice.c.number == number))
        feed.publish(conn, {"notices": {(scope, str(number)): None}})


def listed(database: Database, clock: Clock) -> list[dict[str, Any]]:
    """Every notice in the order it is shown; shown: whether it is now."""
    now = clock.now_ms()
    with database.reading() as conn:
        rows = conn.execute(select(notice).order_by(notice.c.scope, notice.c.place, notice.c.number)).all()
    return [
        {
            "number": row.number,
            "scope": row.scope,
            "order": row.place,
            "caption": row.caption,
            "from": rfc3339(row.starts),
            "until": rfc3339(row.ends) if row.ends else None,
            "shown": row.starts <= now and (row.ends == 0 or row.ends > now),
            "picture": row.picture,
        }
        for row in rows
    ]


def list_text(rows: list[dict[str, Any]], language: str = "zh") -> str:
    """One line for each notice."""
    shown, not_shown, always = ("shown", "not now", "...") if language == "en" else ("展示中", "未展示", "长期")
    cells = [
        [
            str(row["number"]),
            row["scope"],
            str(row["order"]),
            shown if row["shown"] else not_shown,
            f"{row['from'][:16]} - {row['until'][:16] if row['until'] else always}",
            row["picture"][:12],
            row["caption"],
        ]
        for row in rows
    ]
    return "\n".join(aligned(cells))

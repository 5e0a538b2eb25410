"""A store's core customers (核心客户): at most a thousand members whose home it is, ranked by what they are worth."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import Database
from posapp.hq.members.desk import note_look, reason_of
from posapp.hq.members.identity import ACTIVE, Means
from posapp.hq.members.slice import Published
from posapp.hq.members.tables import person
from posapp.hq.segments import likes
from posapp.hq.segments.persons import risk_step
from posapp.hq.segments.purchases import date_of, today_of
from posapp.hq.segments.tables import person_figure
from posapp.hq.tables import feed as told_rows
from posapp.hq.tables import store
from posapp.rules import rfm
from posapp.rules.names import masked_name
from posapp.streams import RegularRow

MOST = 1_000


class Regular(NamedTuple):
    """One of them: rank, root, what a till may show of them, figures."""

    rank: int
    ref: str
    shown: str
    figure: Row[Any]
    likes: list[str]


def regulars(conn: Connection, number: int, today: int) -> list[Regular]:
    """The core customers of a store: by the sum of their grades, then by what they paid in a year."""
    columns = person_figure.c
    rows = conn.execute(
        select(person_figure, person.c.initial, person.c.tail)
        .join(person, person.c.ref == columns.ref)
        .where(columns.home == number, columns.days_365 > 0, person.c.status == ACTIVE)
        .order_by(
            (columns.r + columns.f + columns.m).desc(), columns.net_365.desc(), columns.last_day.desc(), columns.ref
        )
        .limit(MOST)
    ).all()
    liked = likes.likes(conn, [row.ref for row in rows], today)
    names = likes.names_of(conn, {like.article for held in liked.values() for like in held[: likes.MOST_LIKES]})
    return [
        Regular(
            rank,
            row.ref,
            masked_name(row.initial, row.tail),
            row,
            [names.get(like.article, like.article) for like in liked.get(row.ref, [])[: likes.MOST_LIKES]],
        )
        for rank, row in enumerate(rows, 1)
    ]


def regular_rows(conn: Connection, number: int, today: int) -> Published:
    """What a store's tills are told of them, and that others are no longer among them."""
    scope = feed.store_scope(number)
    before = conn.scalars(
        select(told_rows.c.key).where(
            told_rows.c.stream == "regulars", told_rows.c.scope == scope, told_rows.c.data != feed.GONE
        )
    )
    rows: dict[tuple[str, str], RegularRow | None] = {(scope, key): None for key in before}
    for one in regulars(conn, number, today):
        figure = one.figure
        rows[scope, one.ref] = RegularRow(
            one.rank, figure.segment, figure.last_at, date_of(figure.expected), figure.weekday, one.likes
        )
    return {"regulars": rows}


_COLUMNS: tuple[tuple[str, str], ...] = (
    ("名次", "rank"),
    ("会员", "member"),
    ("分群", "segment"),
    ("最近购买", "last purchase"),
    ("365天购买日", "purchase days of 365"),
    ("常来", "usual weekday"),
    ("预计下次", "next expected"),
    ("流失风险%", "risk %"),
    ("喜欢", "likes"),
)


_WEEKDAYS = (" 一二三四五六日", ("", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))


def export(
    database: Database, means: Means, number: int, path: Path, who: str, reason: str, language: str = "zh"
) -> int:
    """Write them to a CSV file, masked; who took it and why is kept. How many.

    Raises PosError needs_reason, text_too_long, no_such_store, file_exists, cannot_write.
    """
    reason = reason_of(reason)
    if path.exists():
        raise PosError("file_exists", file=str(path))
    english = language == "en"
    with database.transaction() as conn:
        if conn.scalar(select(store.c.number).where(store.c.number == number)) is None:
            raise PosError("no_such_store", store=number)
        rows = regulars(conn, number, today_of(conn, means.now))
        for one in rows:
            note_look(conn, means, who, one.ref, f"regulars {number}", reason)
        try:
            path.write_text(_csv(rows, english), encoding="utf-8-sig")
        except OSError:
            raise PosError("cannot_write", file=str(path)) from None
    return len(rows)


def _csv(rows: Sequence[Regular], english: bool) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([words[english] for words in _COLUMNS])
    for one in rows:
        figure = one.figure
        segment = rfm.SEGMENTS[figure.segment][english]
        weekday = _WEEKDAYS[english][figure.weekday].strip()
        writer.writerow(
            [
                one.rank,
                one.shown,
                segment,
                date_of(figure.last_day),
                figure.days_365,
                weekday,
                date_of(figure.expected),
                risk_step(figure.risk) or "",
                " ".join(one.likes),
            ]
        )
    return out.getvalue()

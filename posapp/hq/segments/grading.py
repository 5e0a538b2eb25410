"""What persons are measured by: fifths of recency, frequency and money and the median cycle of a format, each night."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from posapp.hq.database import insert_many
from posapp.hq.segments.persons import graded, measures, write
from posapp.hq.segments.tables import measure, person_figure
from posapp.rules import rfm

MeasureRow = tuple[str, int, int, str, str, str, int, int, int]


def measure_all(conn: Connection, today: int) -> list[MeasureRow]:
    """Rows of `measure` for every format, from the persons' figures as they are."""
    away, days, net, cycles = (defaultdict[str, list[int]](list) for _ in range(4))
    columns = person_figure.c
    rows = conn.execute(
        select(columns.format, columns.last_day, columns.days_365, columns.net_365, columns.cycle_tenths)
    )
    formats = set()
    for format_, last, times, paid, tenths in rows:
        formats.add(format_)
        if times:
            away[format_].append(max(0, today - last))
            days[format_].append(times)
            net[format_].append(paid)
        if tenths:
            cycles[format_].append(tenths)
    return [
        (
            format_,
            today,
            rfm.VERSION,
            json.dumps(rfm.quintiles(away[format_])),
            json.dumps(rfm.quintiles(days[format_])),
            json.dumps(rfm.quintiles(net[format_])),
            middle(cycles[format_]),
            rfm.sleep_after(middle(cycles[format_]) / 20),
            len(away[format_]),
        )
        for format_ in sorted(formats)
    ]


def keep_measures(conn: Connection, rows: Sequence[MeasureRow]) -> None:
    conn.execute(delete(measure))
    insert_many(conn, measure, rows)


def middle(tenths: list[int]) -> int:
    """The median of cycles, in twentieths of a day so that the middle of two is exact; 0 of none."""
    ordered, half = sorted(tenths), len(tenths) // 2
    if not ordered:
        return 0
    return ordered[half] + ordered[half if len(ordered) % 2 else half - 1]


def grade_again(conn: Connection, refs: list[str], today: int, now: int) -> set[str]:
    """Give some persons their grades and segment by the measures as they are; who has others now."""
    by_format = measures(conn)
    held: dict[str, Row[Any]] = {
        row.ref: row for row in conn.execute(select(person_figure).where(person_figure.c.ref.in_(refs)))
    }
    rows = []
    for ref, row in held.items():
        told = {name: value for name, value in row._mapping.items() if name != "made"}
        rows.append({**told, "ref": ref, **graded(told, by_format.get(row.format), today)})
    return write(conn, rows, held, now)

"""The three-minute standard (3分钟接待): from arrival to the first serve, by store and day, and who does best."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from posapp.dates import read_span
from posapp.hq.people import store_names
from posapp.hq.rewards.days import days_before
from posapp.hq.tables import event
from posapp.messages import GuestServed, read_body
from posapp.rules.dictionary import LEAST_RANKED, METRICS, UNKNOWN, Value, text_of

STANDARD_MS = 180_000
METRIC = "served_in_time"


@dataclass(frozen=True, slots=True)
class Served:
    """Arrivals with both times: how many, how many within the standard, and how long nine in ten waited at most, ms
    (0 where there were none)."""

    arrivals: int
    in_time: int
    p90: int

    @property
    def value(self) -> Value:
        return Value(self.in_time, self.arrivals)


def served(conn: Connection, since: str, until: str, number: int | None = None) -> dict[str, Any]:
    """Every store over some days, the best first (of few arrivals none is ranked), each with its days.

    Raises PosError bad_date, bad_period.
    """
    read_span(since, until)
    waits = _waits(conn, since, until, number)
    names = store_names(conn)
    by_store: dict[int, dict[str, list[int]]] = defaultdict(dict)
    for (where, date), some in waits.items():
        by_store[where][date] = some
    rows = []
    for where, by_date in by_store.items():
        whole = _sum([wait for some in by_date.values() for wait in some])
        told = [{"date": date, **_told(_sum(some))} for date, some in sorted(by_date.items())]
        rows.append({"store": where, "name": names.get(where, ""), **_told(whole), "days": told, "rank": None})
    ranked = [row for row in rows if row["arrivals"] >= LEAST_RANKED]
    ranked.sort(key=lambda row: (-row["in_time"] / row["arrivals"], row["p90_seconds"], row["store"]))
    for place, row in enumerate(ranked, 1):
        row["rank"] = place
    rest = sorted((row for row in rows if row["rank"] is None), key=lambda row: row["store"])
    return {
        "report": "served",
        "since": since,
        "until": until,
        "formula": METRICS[METRIC].formula,
        "stores": ranked + rest,
    }


def _waits(conn: Connection, since: str, until: str, number: int | None) -> dict[tuple[int, str], list[int]]:
    asked = select(event.c.store, event.c.date, event.c.version, event.c.body).where(
        event.c.type == "guest.served", event.c.date >= since, event.c.date <= until
    )
    if number is not None:
        asked = asked.where(event.c.store == number)
    found: dict[tuple[int, str], list[int]] = defaultdict(list)
    for row in conn.execute(asked):
        body = read_body("guest.served", row.version, row.body.encode())
        assert isinstance(body, GuestServed)
        if 0 < body.arrived <= body.served:  # both times, and no clock that went back
            found[row.store, row.date].append(body.served - body.arrived)
    return found


def _sum(waits: Sequence[int]) -> Served:
    ordered = sorted(waits)
    p90 = ordered[-(-len(ordered) * 9 // 10) - 1] if ordered else 0
    return Served(len(ordered), sum(wait <= STANDARD_MS for wait in ordered), p90)


def _told(day: Served) -> dict[str, Any]:
    return {
        "arrivals": day.arrivals,
        "in_time": day.in_time,
        "share": text_of("rate", day.value),
        "p90_seconds": -(-day.p90 // 1000) if day.arrivals else None,
    }


def served_text(told: dict[str, Any], language: str = "zh") -> str:
    """The same to be read."""
    english = language == "en"
    lines = [f"{told['since']} - {told['until']}", told["formula"][int(english)]]
    each = (
        "{rank:>3}  store {store} {name}: {share} ({in_time}/{arrivals}), P90 {p90_seconds} s"
        if english
        else "{rank:>3}  门店 {store} {name}: {share} ({in_time}/{arrivals}),P90 {p90_seconds} 秒"
    )
    lines += [each.format(**{**row, "rank": row["rank"] or UNKNOWN}) for row in told["stores"]]
    return "\n".join(lines)


def usual_span(today: str) -> tuple[str, str]:
    """The last seven days and today."""
    return days_before(today, 7), today

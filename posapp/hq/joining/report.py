"""Who joined in a store on a day: by clerk and channel, with each one's ticket; and tables that may leave the house."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import select

from posapp.clock import DAY, Clock, business_date, local, rfc3339
from posapp.dates import read_date
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import Database
from posapp.hq.joining.tables import claim, joined
from posapp.hq.people import settings_of
from posapp.hq.tables import sale, store
from posapp.money import Money
from posapp.rules.small_cells import HIDDEN, without_small_cells


def joins(database: Database, clock: Clock, number: int, date: str | None) -> dict[str, Any]:
    """Joins of a store's business day (today's if none is given). Raises PosError no_such_store, bad_date."""
    with database.reading() as conn:
        if conn.scalar(select(store.c.name).where(store.c.number == number)) is None:
            raise PosError("no_such_store", store=number)
        settings = settings_of(conn, feed.store_scope(number))
        date = date or business_date(clock.now_ms(), settings.time_zone, settings.cutover_hour)
        rows = conn.execute(
            select(joined, claim.c.state, claim.c.points, sale.c.receipt, sale.c.total)
            .join(
                claim,  # a code that two used: each has joined by it, the ticket is the first one's
                (claim.c.stem == joined.c.stem) & (claim.c.ref == joined.c.ref) & (claim.c.state == "done"),
                isouter=True,
            )
            .join(sale, (sale.c.event == claim.c.sale) & (claim.c.sale != ""), isouter=True)
            .where(joined.c.store == number, *_around(date))
            .order_by(joined.c.at)
        ).all()
    mine = [row for row in rows if business_date(row.at, settings.time_zone, settings.cutover_hour) == date]
    counts = Counter((row.clerk, row.channel) for row in mine)
    return {
        "report": "joins",
        "store": number,
        "date": date,
        "joins": len(mine),
        "groups": [{"clerk": clerk, "channel": channel, "joins": n} for (clerk, channel), n in sorted(counts.items())],
        "each": [
            {
                "member": row.ref,
                "at": rfc3339(row.at),
                "till": row.till,
                "clerk": row.clerk,
                "channel": row.channel,
                "ticket": row.receipt,
                "total": None if row.total is None else str(Money(row.total)),
                "points": row.points,
            }
            for row in mine
        ],
    }


def _around(date: str) -> tuple[Any, ...]:
    """A day's instants with a day on both sides, whatever its time zone and cut-over."""
    noon = int(datetime.combine(read_date(date), time(12), UTC).timestamp() * 1000)
    return joined.c.at > noon - 2 * DAY, joined.c.at < noon + 2 * DAY


def joins_text(told: dict[str, Any], zone: str, language: str = "zh") -> str:
    """The same to be read."""
    english = language == "en"
    head = "{date} store {store}: {joins} joined" if english else "{date} 门店 {store}: 新增会员 {joins}"
    group = "clerk {clerk}  {channel}: {joins}" if english else "收银员 {clerk}  {channel}: {joins}"
    lines = [head.format(**told), *(group.format(**one) for one in told["groups"])]
    for one in told["each"]:
        ticket = f"{one['ticket']} {one['total']}" if one["ticket"] else "-"
        lines.append(f"  {_clock_of(one['at'], zone)}  {one['clerk']}  {one['channel']}  {ticket}")
    return "\n".join(lines)


def _clock_of(instant: str, zone: str) -> str:
    return f"{local(int(datetime.fromisoformat(instant).timestamp() * 1000), zone):%H:%M}"


def joins_export(told: dict[str, Any]) -> str:
    """The groups as CSV, without small cells and without persons."""
    counts = {(one["clerk"], one["channel"]): one["joins"] for one in told["groups"]}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["store", "date", "clerk", "channel", "joins"])
    for (clerk, channel), n in without_small_cells(counts).items():
        writer.writerow([told["store"], told["date"], clerk, channel, HIDDEN if n is None else n])
    return out.getvalue()

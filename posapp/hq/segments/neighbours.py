"""What is asked of rooms beside this one: events from elsewhere, owners, scripts, leads, rewards.

Their tables are found by name, so that this room stands without them; a column they lack is a mistake that shows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Table, func, select

from posapp.hq.columns import metadata
from posapp.hq.members.tables import person


class Order(NamedTuple):
    """A paid order of another channel: its id, whose, when, where from, what it came to."""

    id: str
    ref: str
    at: int
    channel: str
    net: int


def _table(name: str) -> Table | None:
    return metadata.tables.get(name)


def orders_since(conn: Connection, since: int) -> list[Order]:
    """Order events that HQ received from an instant on."""
    timeline = _table("timeline")
    if timeline is None:
        return []
    columns = timeline.c
    rows = conn.execute(
        select(columns.id, columns.ref, columns.at, columns.source, columns.fen).where(
            columns.kind == "order", columns.received >= since
        )
    )
    return [Order(*row) for row in rows]


class View(NamedTuple):
    """Somebody looked at an article somewhere; ref: the root."""

    ref: str
    article: str
    at: int


def views_since(conn: Connection, since: int, roots: Sequence[str] | None = None) -> list[View]:
    """Views of articles from an instant on, of some persons or of all."""
    timeline = _table("timeline")
    if timeline is None:
        return []
    asked = (
        select(person.c.root, timeline.c.article, timeline.c.at)
        .join(person, person.c.ref == timeline.c.ref)
        .where(timeline.c.kind == "browse", timeline.c.article != "", timeline.c.at >= since)
    )
    if roots is not None:
        asked = asked.where(person.c.root.in_(roots))
    return [View(*row) for row in conn.execute(asked)]


def owners(conn: Connection, roots: Sequence[str]) -> dict[str, int]:
    """The clerk who looks after each of some persons now."""
    owner = _table("owner")
    if owner is None:
        return {}
    rows = conn.execute(
        select(person.c.root, owner.c.clerk)
        .join(person, person.c.ref == owner.c.ref)
        .where(person.c.root.in_(roots), owner.c.until == 0)
        .order_by(owner.c.since)
    )
    return {row.root: row.clerk for row in rows}


def script(conn: Connection, scene: str) -> tuple[str, str] | None:
    """The approved line of a scene, its newest version."""
    scripts = _table("script")
    if scripts is None:
        return None
    line = conn.scalar(
        select(scripts.c.line)
        .where(scripts.c.scene == scene, scripts.c.state == "approved")
        .order_by(scripts.c.version.desc())
        .limit(1)
    )
    if line is None or "{" in line:  # what would have to be filled in is not known here
        return None
    chinese, english = json.loads(line)
    return chinese, english


def leads(conn: Connection, store: int) -> dict[str, tuple[str, str]]:
    """Open things to do about members in a store, the one due first of each: root and title."""
    lead = _table("lead")
    if lead is None:
        return {}
    rows = conn.execute(
        select(person.c.root, lead.c.title)
        .join(person, person.c.ref == lead.c.ref)
        .where(lead.c.store == store, lead.c.state == "open")
        .order_by(lead.c.due)
    )
    held: dict[str, tuple[str, str]] = {}
    for row in rows:
        chinese, english = json.loads(row.title)
        held.setdefault(row.root, (chinese, english))
    return held


def rewards(conn: Connection, since: int, until: int) -> dict[str, int]:
    """What clerks were given for joins in a span of instants, what was taken back counted off, by channel."""
    line = _table("reward_line")
    if line is None:
        return {}
    rows = conn.execute(
        select(line.c.channel, func.sum(line.c.fen))
        .where(line.c.at >= since, line.c.at < until)
        .group_by(line.c.channel)
    )
    return {channel: int(fen) for channel, fen in rows}

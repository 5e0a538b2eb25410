"""What the WeCom room can say in numbers: adds by clerk and channel, friends won and lost, who has no code, and
whether WeCom counted the same."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from posapp.clock import DAY, HOUR, Clock
from posapp.dates import read_date
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import Database
from posapp.hq.gateways.wecom import Wecom
from posapp.hq.people import settings_of
from posapp.hq.tables import clerk
from posapp.hq.wecom.tables import contact_change, contact_way, relation, wecom_clerk, wecom_event

UNKNOWN = "unknown"
_READY_MS = 6 * HOUR


@dataclass
class Adds:
    """Of the codes of one clerk (0: of no known code, or of a whole store's): first adds by channel, added once more,
    and first adds that were deleted again since, by whichever side."""

    new: Counter[str] = field(default_factory=Counter)
    again: int = 0
    deleted: int = 0


def adds(conn: Connection, since_ms: int, until_ms: int) -> dict[int, Adds]:
    """By clerk, what came in since <= CreateTime < until."""
    found: dict[int, Adds] = {}
    within = (contact_change.c.created >= since_ms // 1000, contact_change.c.created < until_ms // 1000)
    asked = select(contact_change, relation.c.state.label("now")).join(
        relation,
        (relation.c.external_userid == contact_change.c.external_userid)
        & (relation.c.userid == contact_change.c.userid),
    )
    for row in conn.execute(asked.where(*within, contact_change.c.kind.in_(("new", "again")))):
        one = found.setdefault(row.clerk, Adds())
        if row.kind == "again":
            one.again += 1
            continue
        one.new[row.channel or UNKNOWN] += 1
        one.deleted += row.now == "deleted"
    return found


def net_friends(conn: Connection, since_ms: int, until_ms: int) -> int:
    """净增好友: adds, also those once more, less deletions by clerks and by customers."""
    within = (contact_change.c.created >= since_ms // 1000, contact_change.c.created < until_ms // 1000)
    asked = select(contact_change.c.kind, func.count()).where(*within).group_by(contact_change.c.kind)
    counted = Counter({kind: int(count) for kind, count in conn.execute(asked)})
    return counted["new"] + counted["again"] - counted["deleted"]


def not_opened(conn: Connection) -> list[dict[str, Any]]:
    """Clerks who work here and have no code of their own (未开通), each with WeCom's errcode: the manager's list."""
    asked = (
        select(wecom_clerk.c.clerk, clerk.c.name, clerk.c.scope, wecom_clerk.c.trouble)
        .join(clerk, clerk.c.number == wecom_clerk.c.clerk)
        .where(clerk.c.active == 1, wecom_clerk.c.trouble != 0)
        .order_by(wecom_clerk.c.clerk)
    )
    return [dict(row._mapping) for row in conn.execute(asked)]


def standing(database: Database) -> dict[str, Any]:
    """How the room stands: codes in use, who has none, what waits and what failed."""
    with database.reading() as conn:
        codes = conn.scalar(select(func.count()).where(contact_way.c.revoked == 0, contact_way.c.content != ""))
        waiting = conn.scalar(select(func.count()).where(wecom_event.c.done == 0))
        failed = conn.scalar(select(func.count()).where(wecom_event.c.trouble != ""))
        states = conn.execute(select(relation.c.state, func.count()).group_by(relation.c.state))
        return {
            "codes": codes,
            "not_opened": not_opened(conn),
            "relations": {row[0]: int(row[1]) for row in states},
            "events_waiting": waiting,
            "events_failed": failed,
        }


def reconcile(database: Database, clock: Clock, wecom: Wecom, date: str) -> list[dict[str, Any]]:
    """A day's adds and deletions by clerk, ours and WeCom's; clerk by clerk, because WeCom adds several up.

    Raises PosError bad_date, too_early (WeCom says 0 at night); WecomError.
    """
    with database.reading() as conn:
        zone = ZoneInfo(settings_of(conn, feed.CHAIN).time_zone)
        users = list(conn.execute(select(wecom_clerk.c.clerk, wecom_clerk.c.userid).order_by(wecom_clerk.c.clerk)))
    start = int(dt.datetime.combine(read_date(date), dt.time(), zone).timestamp()) * 1000
    if clock.now_ms() < start + DAY + _READY_MS:
        raise PosError("too_early", date=date)
    rows = []
    for number, userid in users:
        told = wecom.behaviour(userid, start // 1000, start // 1000)
        with database.reading() as conn:
            ours = _of_user(conn, userid, start)
        rows.append(
            {
                "clerk": number,
                "new": ours["new"] + ours["again"],
                "new_wecom": sum(int(one.get("new_contact_cnt", 0)) for one in told),
                "deleted": ours["deleted"],
                "deleted_wecom": sum(int(one.get("negative_feedback_cnt", 0)) for one in told),
            }
        )
    return rows


def _of_user(conn: Connection, userid: str, start: int) -> Counter[str]:
    within = (contact_change.c.created >= start // 1000, contact_change.c.created < (start + DAY) // 1000)
    asked = select(contact_change.c.kind, contact_change.c.by, func.count()).where(
        contact_change.c.userid == userid, *within
    )
    found: Counter[str] = Counter()
    for kind, by, count in conn.execute(asked.group_by(contact_change.c.kind, contact_change.c.by)):
        # WeCom's negative feedback is what customers do
        found["clerk deleted" if by == "clerk" else kind] += count
    return found

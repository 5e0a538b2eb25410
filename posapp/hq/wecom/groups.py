"""Groups of customers, counted by the code they came by, and how much of the paid acquisition links is left."""

from __future__ import annotations

from sqlalchemy import func, select, update

from posapp.clock import Clock
from posapp.hq.database import Database, upsert
from posapp.hq.gateways.wecom import Wecom, WecomError
from posapp.hq.tables import about
from posapp.hq.wecom.tables import group_member, group_way

_CUSTOMER = 2
_QUOTA = "wecom_acquisition"
_TOLD = {"balance_low": "low", "balance_exhausted": "exhausted"}


def take_members(database: Database, clock: Clock, wecom: Wecom, chat: str) -> None:
    """Write down who is in a group now and by which code they came. Raises WecomError."""
    members = [one for one in wecom.group_chat(chat) if one.get("type") == _CUSTOMER]
    rows = [
        {
            "chat": chat,
            "external_userid": str(one["userid"]),
            "state": str(one.get("state", "")),
            "joined": int(one.get("join_time", 0)) * 1000,
            "left": 0,
        }
        for one in members
    ]
    with database.transaction() as conn:
        here = [row["external_userid"] for row in rows]
        left = (group_member.c.chat == chat, group_member.c.left == 0, group_member.c.external_userid.not_in(here))
        conn.execute(update(group_member).where(*left).values(left=clock.now_ms()))
        upsert(conn, group_member, rows)


def counts(database: Database) -> dict[str, int]:
    """How many different customers each city's code has brought, those who left again among them."""
    with database.reading() as conn:
        asked = (
            select(group_way.c.city, func.count(group_member.c.external_userid.distinct()))
            .join(group_member, group_member.c.state == group_way.c.state, isouter=True)
            .group_by(group_way.c.city)
        )
        return {row[0]: int(row[1]) for row in conn.execute(asked)}


def note_quota(database: Database, change: str) -> None:
    """An event of the acquisition links: only what it says of the balance is kept."""
    if change in _TOLD:
        _write(database, _TOLD[change])


def look_at_quota(database: Database, wecom: Wecom) -> None:
    """After a warning, ask whether the balance was filled up again. Raises WecomError."""
    if quota(database) == "ok":
        return
    try:
        total, balance = wecom.acquisition_quota()
    except WecomError as error:
        if error.may_pass:
            raise
        return  # the company has no such links any more
    if balance * 10 > total:
        _write(database, "ok")


def quota(database: Database) -> str:
    """ok, low or exhausted: unless it is ok, tills show the chain's own join link and no acquisition link."""
    with database.reading() as conn:
        return conn.scalar(select(about.c.value).where(about.c.name == _QUOTA)) or "ok"


def _write(database: Database, value: str) -> None:
    with database.transaction() as conn:
        upsert(conn, about, [{"name": _QUOTA, "value": value}])

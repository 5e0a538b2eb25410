"""Members bring friends, one level: the reward is paid once the friend's first order can no longer be returned."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select, update

from posapp.clock import DAY
from posapp.hq import feed
from posapp.hq.joining.tables import referral
from posapp.hq.members import points
from posapp.hq.members.identity import root_of
from posapp.hq.members.tables import person
from posapp.hq.people import settings_of

MOST_AT_ONCE = 1_000


def first_order(conn: Connection, root: str, sold: Row[Any]) -> None:
    """A sale became a member's: if a friend brought them and it is their first, the window begins."""
    held = conn.execute(
        select(referral)
        .join(person, person.c.ref == referral.c.friend)
        .where(person.c.root == root, referral.c.state == "waiting")
    ).first()
    if held is None or sold.total <= 0:
        return
    settings = settings_of(conn, feed.store_scope(sold.store))
    conn.execute(
        update(referral)
        .where(referral.c.friend == held.friend)
        .values(
            state="due",
            sale=sold.event,
            due=sold.paid + settings.return_days * DAY,
            points=settings.referral_points,
        )
    )


def given_back(conn: Connection, sale: str) -> None:
    """A sale (its event id) went back whole: nothing is paid for it."""
    conn.execute(
        update(referral)
        .where(referral.c.sale == sale, referral.c.state.in_(("due", "waiting")))
        .values(state="cancelled", why="refund")
    )


def due(conn: Connection, now: int) -> list[Row[Any]]:
    """Rewards whose window is over."""
    query = select(referral).where(referral.c.state == "due", referral.c.due <= now).limit(MOST_AT_ONCE)
    return list(conn.execute(query))


def pay(conn: Connection, now: int) -> set[str]:
    """Pay what is due; whose points changed. Whoever turned out to be their own friend gets nothing."""
    rewarded = set()
    for row in due(conn, now):
        if root_of(conn, row.ref) == root_of(conn, row.friend):
            state, why = "cancelled", "self"
        else:
            state, why = "paid", ""
            points.book(conn, row.ref, "referral", row.friend, row.points, now)
            rewarded.add(str(row.ref))
        conn.execute(update(referral).where(referral.c.friend == row.friend).values(state=state, why=why))
    return rewarded

"""Customers handed over to another clerk: asked for, followed up, the credit of the first add kept.

What HQ asks for by the interface is not told back by the callback, so the result is asked for too; where the event
comes all the same, whichever is first counts.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import select, update

from posapp.clock import Clock
from posapp.errors import PosError
from posapp.hq.database import Database, insert_new, upsert
from posapp.hq.gateways.wecom import MOST_TRANSFERRED, Wecom
from posapp.hq.tables import clerk
from posapp.hq.wecom.relations import Source
from posapp.hq.wecom.tables import contact_change, relation, wecom_clerk

_DONE, _REFUSED, _FULL = 1, 3, 4


class Asked(NamedTuple):
    """How many customers WeCom is handing over, and how many it would not, by errcode."""

    moving: int
    refused: dict[int, int]


def transfer(database: Database, clock: Clock, wecom: Wecom, giver: int, taker: int) -> Asked:
    """Ask WeCom to hand a clerk's customers over; a clerk who left (clerk off) as one who resigned.

    Raises PosError not_found, same_clerk; WecomError.
    """
    with database.reading() as conn:
        users = {row.clerk: row.userid for row in conn.execute(select(wecom_clerk))}
        for number in (giver, taker):
            if number not in users:
                raise PosError("not_found", what=number)
        if giver == taker:
            raise PosError("same_clerk", clerk=giver)
        resigned = not conn.scalar(select(clerk.c.active).where(clerk.c.number == giver))
        held = {row.external_userid for row in conn.execute(_of(users[taker], "added"))}
        rows = [row for row in conn.execute(_of(users[giver], "added")) if row.external_userid not in held]
    moving, refused = 0, dict[int, int]()
    for start in range(0, len(rows), MOST_TRANSFERRED):
        some = {row.external_userid: row for row in rows[start : start + MOST_TRANSFERRED]}
        told = wecom.transfer_customer(users[giver], users[taker], list(some), resigned=resigned)
        with database.transaction() as conn:
            for external_userid, errcode in told.items():
                if errcode or external_userid not in some:
                    refused[errcode] = refused.get(errcode, 0) + 1
                    continue
                row = some[external_userid]
                new = {"userid": users[taker], "state": "moving", "moved_from": users[giver]}
                fresh = {"added": 0, "changed": 0, "deleted_by": "", "again": 0, "looked": 0}
                upsert(conn, relation, [{**row._mapping, **new, **fresh}])
                moving += 1
    return Asked(moving, refused)


def follow_up(database: Database, clock: Clock, wecom: Wecom) -> None:
    """Ask how the transfers under way went. Raises WecomError."""
    with database.reading() as conn:
        asked = select(relation).where(relation.c.state == "moving")
        pairs = list(conn.execute(asked.order_by(relation.c.moved_from, relation.c.userid)))
        gone = set(
            conn.scalars(
                select(wecom_clerk.c.userid)
                .join(clerk, clerk.c.number == wecom_clerk.c.clerk)
                .where(clerk.c.active == 0)
            )
        )
    for (giver, taker), rows in groupby(pairs, key=lambda row: (row.moved_from, row.userid)):
        told = wecom.transfer_result(giver, taker, resigned=giver in gone)
        for row in rows:
            status, at = told.get(row.external_userid, (0, 0))
            if status in (_DONE, _REFUSED, _FULL):
                _finish(database, row, status, at or clock.now_ms() // 1000)


def _finish(database: Database, row: Any, status: int, at: int) -> None:
    source = Source.of(row) or Source("", 0, 0, "")
    is_done = status == _DONE
    change = {
        "change": "transfer_result",
        "userid": row.userid,
        "external_userid": row.external_userid,
        "created": at,
        "kind": "transferred" if is_done else "transfer_failed",
        "by": "",
        "clerk": source.clerk,
        "store": source.store,
        "channel": source.channel,
        "state": source.state,
        "greeted": "",
        "link": "",
        "reason": "" if is_done else {_REFUSED: "customer_refused", _FULL: "customer_limit_exceed"}[status],
    }
    customer = relation.c.external_userid == row.external_userid
    with database.transaction() as conn:
        still = conn.execute(
            update(relation)
            .where(customer, relation.c.userid == row.userid, relation.c.state == "moving")
            .values(state="added" if is_done else "refused", added=at * 1000 if is_done else 0, changed=at * 1000)
            .returning(relation.c.userid)
        ).first()
        if still is None:
            return  # the event was faster
        insert_new(conn, contact_change, change)
        if is_done:
            conn.execute(
                update(relation)
                .where(customer, relation.c.userid == row.moved_from)
                .values(state="moved", changed=at * 1000)
            )


def _of(userid: str, state: str) -> Any:
    return select(relation).where(relation.c.userid == userid, relation.c.state == state)

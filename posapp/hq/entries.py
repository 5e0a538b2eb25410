"""The projected entries of some kinds, in the order in which HQ received them: for whoever follows the journals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, select

from posapp.hq.database import FOLLOWED
from posapp.hq.tables import batch, counter, event, sale


def within(table: Table, after: int, upto: int) -> Select[Any]:
    """The rows of a table by entry that batches numbered after < n <= upto brought."""
    came = (batch.c.jid == table.c.jid) & (batch.c.first_seq <= table.c.seq) & (batch.c.last_seq >= table.c.seq)
    asked = select(table).join(batch, came).where(batch.c.n > after, batch.c.n <= upto)
    return asked.order_by(batch.c.n, table.c.seq)


def entries_between(conn: Connection, after: int, upto: int, types: Sequence[str]) -> Sequence[Row[Any]]:
    return conn.execute(within(event, after, upto).where(event.c.type.in_(types))).all()


def sales_between(conn: Connection, after: int, upto: int) -> Sequence[Row[Any]]:
    """Sales with a member on the ticket."""
    return conn.execute(within(sale, after, upto).where(sale.c.member != "")).all()


def followed(conn: Connection) -> int:
    """The last batch that the members' follower has done."""
    return conn.scalar(select(counter.c.n).where(counter.c.name == FOLLOWED)) or 0

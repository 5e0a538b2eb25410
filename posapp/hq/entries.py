"""The projected entries of some kinds, in the order in which HQ received them: for whoever follows the journals
after the members' follower."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, select, update

from posapp.hq import feed
from posapp.hq.database import FOLLOWED, Database, lock_counter
from posapp.hq.members.slice import Published
from posapp.hq.project import step_after
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


def follow(database: Database, name: str, take: Callable[[Connection, int, int], Published]) -> bool:
    """Work some batches off that a counter of that name stands before, each once, and tell the tills; whether there
    were any. Looking alone writes nothing."""
    with database.reading() as conn:
        if number(conn, name) >= number(conn, FOLLOWED):
            return False
    with database.transaction() as conn:
        after = lock_counter(conn, name)
        upto = step_after(conn, after, number(conn, FOLLOWED))
        if upto <= after:
            return False
        told = take(conn, after, upto)
        conn.execute(update(counter).where(counter.c.name == name).values(n=upto))
        feed.publish(conn, told)
    return True


def number(conn: Connection, name: str) -> int:
    return int(conn.scalar(select(counter.c.n).where(counter.c.name == name)) or 0)

"""How often a clerk may look people up (reliability.md 7.18). What ends in a sale does not count."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from posapp import db
from posapp.clock import DAY, HOUR
from posapp.tables import look_up

MOST_AN_HOUR, MOST_MISSES, MOST_A_DAY = 30, 10, 300


class Limits:
    """Counts look-ups in the till's own file, so that a restart forgets none."""

    def __init__(self, file: db.File) -> None:
        self._file = file
        self._sold: list[str] = []

    def is_beyond(self, clerk: int, now: int) -> bool:
        """Whether one more wants somebody's approval: 30 an hour or 10 misses of this clerk, 300 a day of the till."""
        columns = look_up.c
        counts = columns.ticket.not_in(self._sold)
        with self._file.reading() as conn:
            mine = conn.execute(
                select(func.count(), func.coalesce(func.sum(columns.missed), 0)).where(
                    columns.clerk == clerk, columns.at > now - HOUR, counts
                )
            ).one()
            everyone = conn.scalar(select(func.count()).where(columns.at > now - DAY, counts)) or 0
        return mine[0] >= MOST_AN_HOUR or mine[1] >= MOST_MISSES or everyone >= MOST_A_DAY

    def note(self, clerk: int, now: int, ticket: str, *, missed: bool) -> None:
        """Count a look-up. ticket: the one it was made for, "" where there is none."""
        with self._file.transaction() as conn:
            conn.execute(delete(look_up).where((look_up.c.at <= now - DAY) | look_up.c.ticket.in_(self._sold)))
            conn.execute(look_up.insert().values(clerk=clerk, at=now, missed=int(missed), ticket=ticket))
        self._sold.clear()

    def sold(self, ticket: str) -> None:
        """A ticket became a sale: its look-ups count no more. Written with the next one; a customer waits now."""
        self._sold.append(ticket)

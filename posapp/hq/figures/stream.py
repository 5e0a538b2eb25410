"""What a store's tills are told of its figures: the stream board, today and the days before it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from posapp.clock import MINUTE
from posapp.hq import feed
from posapp.hq.database import insert_many
from posapp.hq.figures.tables import score, tally, tally_day
from posapp.hq.figures.tally import FIELDS
from posapp.hq.tables import feed as told_rows
from posapp.hq.tables import till, till_status
from posapp.rules.metrics import (
    PROVISIONAL,
    USUAL_WEEKS,
    DayFigures,
    Figures,
    Usual,
    figures_at,
)
from posapp.streams import DayRow

PAST_DAYS = 8
"""Yesterday, and as far back as the same weekday of last week."""

CONTACT_MS = 5 * MINUTE
"""A till's last contact is told in steps: each word wakes every till of the store."""


ScoresOf = Callable[[Connection, int, str], list[tuple[str, int, int]]]
"""A store's three numbers of a date: each its name in METRICS, numerator and denominator."""


class Contact(NamedTuple):
    """A till that may still sell: when it was heard of last, and what it has not sent. since: it is there. Until it
    has called in the first time it knows no clerk, so that it holds nothing that HQ lacks."""

    till: int
    since: int
    contact: int
    unsent: int
    oldest: int

    @property
    def told(self) -> tuple[int, int, int]:
        return self.till, self.contact - self.contact % CONTACT_MS, self.unsent

    @property
    def is_unheard(self) -> bool:
        """Whether it has not called in yet."""
        return not self.contact

    @property
    def upto(self) -> int:
        """Up to when it has told everything."""
        return self.oldest if self.unsent and self.oldest else self.contact

    def has_told(self, until: int) -> bool:
        """Whether everything before an instant is here."""
        return (
            self.is_unheard
            or self.since >= until
            or (self.contact >= until and not (self.unsent and self.oldest < until))
        )


def contacts(conn: Connection, store: int | None = None) -> dict[int, list[Contact]]:
    """The tills of each store that are not shut out."""
    status = till_status
    asked = (
        select(till.c.store, till.c.till, till.c.created, status.c.contact, status.c.unsent, status.c.oldest_unsent)
        .join(status, (status.c.store == till.c.store) & (status.c.till == till.c.till), isouter=True)
        .where(till.c.serial > till.c.revoked)
        .order_by(till.c.store, till.c.till)
    )
    found: dict[int, list[Contact]] = defaultdict(list)
    for row in conn.execute(asked if store is None else asked.where(till.c.store == store)):
        number = Contact(row.till, row.created, row.contact or 0, row.unsent or 0, row.oldest_unsent or 0)
        found[row.store].append(number)
    return found


def dates_before(today: str, days: Iterable[int]) -> list[str]:
    first = dt.date.fromisoformat(today)
    return [(first - dt.timedelta(days=n)).isoformat() for n in days]


def day_figures(conn: Connection, store: int, dates: Sequence[str]) -> dict[str, DayFigures]:
    """A store's figures by date, as they are kept."""
    found: dict[str, DayFigures] = defaultdict(DayFigures)
    asked = select(tally).where(tally.c.store == store, tally.c.date.in_(dates))
    for row in conn.execute(asked.order_by(tally.c.axis, tally.c.key)):
        part = figures_at(found[row.date], row.axis, row.key)
        part.add(Figures(*(row._mapping[name] for name in FIELDS)))
    return found


def usual_of(days: Iterable[DayFigures], turns: int) -> Usual:
    """The same weekday of the last weeks, those that had sales."""
    usual = Usual(joins=[0] * 24)
    for day in days:
        if not day.all.tickets:
            continue
        usual.weeks += 1
        usual.walk_ins += day.all.walk_ins
        for hour, part in day.hour.items():
            usual.joins[(int(hour) - turns) % 24] += part.joins
    return usual if usual.weeks else Usual()


def board_rows(
    conn: Connection,
    store: int,
    today: str,
    turns: int,
    target: int,
    tills: Sequence[Contact],
    scores_of: ScoresOf,
) -> feed.Rows:
    """A store's rows of the stream, and the ones that are too old now. Tills stand with a day that they may still add
    to."""
    scope = feed.store_scope(store)
    dates = dates_before(today, range(PAST_DAYS + 1))
    weeks = dates_before(today, range(7, 7 * USUAL_WEEKS + 1, 7))
    figures = day_figures(conn, store, [*dates, *weeks])
    days = {
        row.date: row
        for row in conn.execute(select(tally_day).where(tally_day.c.store == store, tally_day.c.date.in_(dates)))
    }
    rows: dict[tuple[str, str], DayRow | None] = {}
    held = select(told_rows.c.key).where(
        told_rows.c.stream == "board", told_rows.c.scope == scope, told_rows.c.data != feed.GONE
    )
    rows.update({(scope, key): None for key in conn.scalars(held)})
    for date in dates:
        day = days.get(date)
        if day is None:
            continue
        is_open = day.state == PROVISIONAL
        row = DayRow(date, day.made, day.state, figures[date], day.updated, day.late, target)
        row.tills = [one.told for one in tills] if is_open else []
        if date == today:
            row.usual = usual_of((figures[week] for week in weeks), turns)
            row.scores = _scores(conn, store, today, scores_of)
        rows[scope, date] = row
    return rows


# --- the store's numbers by which it is judged ---


def _scores(conn: Connection, store: int, today: str, scores_of: ScoresOf) -> list[tuple[str, int, int]]:
    """Worked out once, at the beginning of a day, as of the day before it."""
    held = conn.execute(select(score).where(score.c.store == store, score.c.day == today).order_by("metric")).all()
    if not held:
        made = scores_of(conn, store, dates_before(today, [1])[0])
        conn.execute(delete(score).where(score.c.store == store))
        insert_many(conn, score, [(store, today, *one) for one in made])
        held = conn.execute(select(score).where(score.c.store == store).order_by("metric")).all()
    return [(row.metric, row.top, row.bottom) for row in held if row.bottom]

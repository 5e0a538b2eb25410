"""Keeps the figures: a thread of the server that works out anew what changed, and tells the tills.

Each look is idempotent: what was found is worked out from what HQ holds, and only then the marks move on. So a stop in
the middle, or a second server, does work again and changes nothing by it.
"""

from __future__ import annotations

import json
import threading
from typing import Any

from sqlalchemy import Connection, select

from posapp.clock import MINUTE, Clock
from posapp.hq import feed
from posapp.hq.database import Database, insert_new, portions, upsert
from posapp.hq.figures import tally
from posapp.hq.figures.changes import BATCH, INSTANT, REMADE, STAFF, Changes, Place, Places, changes, marks
from posapp.hq.figures.classify import Day, day_of
from posapp.hq.figures.stream import PAST_DAYS, Contact, ScoresOf, board_rows, contacts, dates_before
from posapp.hq.figures.tables import counted, tally_day
from posapp.hq.figures.tally import MATURES_MS, Standing
from posapp.hq.joining.codes import date_openings
from posapp.hq.joining.tables import joined
from posapp.hq.lookback import Lookback
from posapp.hq.tables import batch, store
from posapp.hq.woken import Stepping
from posapp.rules.metrics import FINAL

REST_MS = MINUTE
"""A look that finds nothing moves no mark for so long: nothing is written while nothing happens."""

DAYS_AT_ONCE = 10
"""Store-days of one transaction: tills that sell meanwhile wait for no more."""


class Counting(Stepping):
    """Works off what the follower has done, in a thread of its own, woken after it."""

    def __init__(self, database: Database, clock: Clock, scores_of: ScoresOf) -> None:
        super().__init__("counting")
        self._scores_of = scores_of
        self._database = database
        self._clock = clock
        self._looking = threading.Lock()
        self._back = Lookback()
        self._told: dict[int, Any] = {}
        """What each store's board was told of besides figures."""

    def step(self) -> bool:
        """One look, and the work it finds; whether more waits."""
        with self._looking:
            try:
                return self._look()
            except BaseException:
                self._told.clear()  # what was to be told may not have been
                raise

    def _look(self) -> bool:
        now = self._clock.now_ms()
        with self._database.reading() as conn:
            held = marks(conn)
        looked = int(held.get(INSTANT, "0"))
        if not held:
            with self._database.transaction() as conn:
                date_openings(conn)
                insert_new(conn, counted, {"name": BATCH, "value": "0"})
        with self._database.reading(snapshot=True) as conn:
            places = Places(conn)
            found = changes(conn, places, held, self._back.since(looked, now), self._back.seen if looked else set())
            if not looked:
                found.days |= {(row.store, places.date(row.store, row.at)) for row in conn.execute(select(joined))}
            round_ = _Round(conn, places, found, now)
        if not (found or round_.due or self._untold(round_)) and now - looked < REST_MS:
            self._back.done(found.seen, now)
            return False
        touched = self._work_off(round_, found, now)
        with self._database.transaction(waits_for_disk=False) as conn:
            _lock(conn)
            told = self._board(conn, round_, {number for number, _ in touched})
            rows = {BATCH: str(found.upto), INSTANT: str(now), STAFF: json.dumps(sorted(found.staff))}
            rows[REMADE] = found.remade
            upsert(conn, counted, ({"name": name, "value": value} for name, value in rows.items()))
            feed.publish(conn, {"board": told})
        self._back.done(found.seen, now)
        return found.has_more

    def _work_off(self, round_: _Round, found: Changes, now: int) -> set[Place]:
        """The store-days whose figures or standing are others."""
        touched: set[Place] = set()
        days = [day for place in sorted(found.days | round_.due) if (day := round_.day(*place))]
        for start in range(0, len(days), DAYS_AT_ONCE):
            with self._database.transaction(waits_for_disk=False) as conn:
                _lock(conn)
                touched |= _count(conn, days[start : start + DAYS_AT_ONCE], found.staff, round_, now)
        for some in portions(found.refs):
            with self._database.transaction(waits_for_disk=False) as conn:
                _lock(conn)
                touched |= tally.mature(conn, some, 0, now)
        return touched

    def _board(self, conn: Connection, round_: _Round, touched: set[int]) -> dict[tuple[str, str], Any]:
        """The rows of stores of which something is to be told."""
        rows: dict[tuple[str, str], Any] = {}
        untold = self._untold(round_)
        for number in sorted(untold | (touched & round_.today.keys())):
            settings, tills = round_.settings[number], round_.tills.get(number, [])
            turns, target = int(settings.cutover_hour), int(settings.join_target)
            rows.update(board_rows(conn, number, round_.today[number], turns, target, tills, self._scores_of))
            self._told[number] = round_.word(number)
        return rows

    def _untold(self, round_: _Round) -> set[int]:
        return {number for number in round_.today if self._told.get(number) != round_.word(number)}


class _Round:
    """What a look needs to know of stores and days. due: days that are no more what they are said to be."""

    def __init__(self, conn: Connection, places: Places, found: Changes, now: int) -> None:
        self._now = now
        self.tills: dict[int, list[Contact]] = contacts(conn)
        self._waiting = set(conn.scalars(select(batch.c.store).where(batch.c.n > found.upto).distinct()))
        numbers = set(conn.scalars(select(store.c.number)))
        self.settings = {
            number: places.settings(number) for number in numbers | {number for number, _ in found.days} | {0}
        }
        self.today = {number: places.date(number, now) for number in sorted(numbers) if number in self.tills}
        self.due = self._due(conn)

    def word(self, number: int) -> tuple[Any, ...]:
        """What a store's board says besides figures."""
        tills = tuple(one.told for one in self.tills.get(number, []))
        return self.today[number], self.settings[number].join_target, tills

    def _due(self, conn: Connection) -> set[Place]:
        due: set[Place] = set()
        missing = {
            (number, date) for number, today in self.today.items() for date in dates_before(today, range(PAST_DAYS + 1))
        }
        oldest = min((date for _, date in missing), default="")
        kept = select(tally_day).where((tally_day.c.state != FINAL) | (tally_day.c.date >= oldest))
        for row in conn.execute(kept):
            missing.discard((row.store, row.date))
            day = self.day(row.store, row.date)
            if row.state == FINAL or day is None:
                continue
            standing = self.standing(day)
            turned = (row.zone, row.turns) != (day.zone, day.turns)
            if turned or standing.is_past or (standing.has_told and not row.complete):
                due.add((row.store, row.date))
        return due | missing

    def day(self, number: int, date: str) -> Day | None:
        """None for what a till wrote that is no date."""
        settings = self.settings.get(number)
        try:
            return day_of(number, date, settings) if settings is not None else None
        except (ValueError, OverflowError):
            return None

    def standing(self, day: Day) -> Standing:
        is_over = self._now >= day.ends and day.store not in self._waiting
        tills = self.tills.get(day.store, [])
        return Standing(
            self._now,
            is_over and all(one.has_told(day.ends) for one in tills),
            is_over and self._now >= day.freezes,
        )


def _lock(conn: Connection) -> None:
    """Two servers that count do so one after the other."""
    conn.execute(select(counted.c.value).where(counted.c.name == BATCH).with_for_update())


def _count(conn: Connection, days: list[Day], staff: frozenset[str], round_: _Round, now: int) -> set[Place]:
    touched: set[Place] = set()
    buyers: set[str] = set()
    for day in days:
        outcome = tally.recount(conn, day, staff, round_.standing(day))
        buyers |= outcome.buyers
        if outcome.is_changed:
            touched.add((day.store, day.date))
    return touched | tally.mature(conn, buyers, min(day.starts for day in days) - MATURES_MS, now)

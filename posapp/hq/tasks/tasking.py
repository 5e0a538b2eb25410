"""Follows what tills say of leads and feedback, each entry once, after the members' follower."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from posapp.clock import Clock
from posapp.hq import feed
from posapp.hq.database import TASKS, Database
from posapp.hq.entries import entries_between, follow
from posapp.hq.members.slice import Published
from posapp.hq.tasks import feedback, leads
from posapp.hq.woken import Stepping
from posapp.messages import FeedbackPosted, LeadDone, read_body

_TYPES = ("lead.done", "feedback.posted")


class Tasking(Stepping):
    """Works off what the follower has done, in a thread of its own; what is over is put away in between."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__("tasks")
        self._database = database
        self._clock = clock

    def step(self) -> bool:
        """Follow some batches; whether there were any."""
        return follow(self._database, TASKS, self._take)

    def _take(self, conn: Connection, after: int, upto: int) -> Published:
        ended: list[str] = []
        posted: list[str] = []
        for row in entries_between(conn, after, upto, _TYPES):
            try:
                body = read_body(row.type, row.version, row.body.encode())
            except (KeyError, msgspec.DecodeError):
                continue
            if isinstance(body, LeadDone) and leads.take_done(conn, row, body):
                ended.append(body.lead)
            elif isinstance(body, FeedbackPosted) and feedback.take_posted(conn, row, body):
                posted.append(body.feedback[:60])
        told = leads.lead_rows(conn, ended, self._clock.now_ms()) if ended else {}
        return {**told, **(feedback.feedback_rows(conn, posted) if posted else {})}

    def rest(self) -> None:
        """Answers that were shown long enough, and leads about persons who are members no more."""
        now = self._clock.now_ms()
        with self._database.reading() as conn:
            if not (feedback.is_old(conn, now) or leads.of_nobody(conn)):
                return
        with self._database.transaction() as conn:
            gone = leads.of_nobody(conn)
            for id_ in gone:
                leads.end(conn, id_, leads.CLOSED, now, "")
            old = feedback.keep_old(conn, now)
            feed.publish(conn, {**leads.lead_rows(conn, gone, now), **feedback.feedback_rows(conn, old)})

"""The verbs about the till itself: its status, HQ, practice, what works at the moment."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select

from posapp import db
from posapp.answers import (
    StatusView,
    SyncView,
)
from posapp.books import practice
from posapp.errors import PosError
from posapp.messages import TrainingEntered, TrainingLeft
from posapp.setup.capabilities import Capability, capabilities
from posapp.standing import printer_status, standing
from posapp.sync import push
from posapp.tables import sale as sale_table
from posapp.tables import staff as staff_table
from posapp.till.desk import Desk, verb

_PRACTICE = ("培训", "TRAINING")


class StatusVerbs(Desk):
    """How the till stands, and how it stands with HQ."""

    @verb
    def training(self, is_on: bool) -> StatusView:
        """Begin or end to practise: the same goods and people, in books of their own that are thrown away."""
        clerk = self._clerk()
        if self.sale.has_goods:
            raise PosError("training_ticket")
        if is_on and not self.is_training:
            with self._real.journal.writing() as writing:
                writing.append(TrainingEntered(), clerk.number)
            self.books = practice(self._real, self.clock, self._chance, self.settings)
            self.papers.mark = _PRACTICE[self.settings.language == "en"]
        elif not is_on and self.is_training:
            with self.folder.till.reading() as conn:
                count, total = conn.execute(select(func.count(), func.sum(sale_table.c.total))).one()
            self.books.close()
            self.books = self._real
            self.papers.mark = ""
            with self.journal.writing() as writing:
                writing.append(TrainingLeft(count, total or 0), clerk.number)
        return self.status()

    def has_staff(self) -> bool:
        """Whether HQ's streams have ever come; nobody can sign in before."""
        with self.folder.feed.reading() as conn:
            return conn.execute(select(staff_table.c.number).limit(1)).first() is not None

    def has_news(self) -> bool:
        """Whether something came from HQ since this was asked last: quick keys and pictures may be others."""
        news, self._has_news = self._has_news, False
        return news

    def network(self, is_on: bool) -> StatusView:
        self.client.is_on = is_on
        return self.status()

    def sync(self, progress: Callable[[int, int], None] | None = None) -> SyncView:
        """Hand everything to HQ and take in what it published; raises PosError saying why not."""
        with db.telling(self.folder.path):
            sent, pulled = self.runner.once(progress)
            self._refresh()
            if push.backlog(self._real.folder).unsent:  # what taking in settings has written
                sent += self.runner.once()[0]
        return SyncView(sent, pulled, push.backlog(self._real.folder).unsent)

    def status(self) -> StatusView:
        with db.telling(self.folder.path):
            self._refresh()
            return self._status()

    def _status(self) -> StatusView:
        waiting = push.backlog(self._real.folder)
        trouble = self.runner.trouble
        return StatusView(
            self.name,
            self.clerk.number if self.clerk else None,
            "open" if self.shift else "closed",
            len(self.sale.cart.lines) if self.sale.cart else 0,
            self.sale.due,
            len(self.books.drafts.parked()),
            waiting.unsent,
            waiting.oldest or None,
            "on" if self.client.is_on else "off",
            self.client.last_contact or None,
            trouble.sentence(self.settings.language) if trouble else None,
            self.journal.now_ms(),
            *printer_status(self.devices),
            self.is_training,
            trouble is not None and trouble.code != "too_many",
        )

    def capabilities(self) -> tuple[Capability, ...]:
        """What works at the moment, what does not and why."""
        with db.telling(self.folder.path):
            return capabilities(standing(self._real, self.client, self.runner, self.devices))

    @property
    def texts(self) -> dict[str, str]:
        """The settings in force that are not at their defaults, as HQ wrote them."""
        return dict(self._values)

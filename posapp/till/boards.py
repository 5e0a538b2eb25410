"""The verbs about figures: the store's board, what a figure was made of, to-dos, export, and the clerk's own page."""

from __future__ import annotations

from sqlalchemy import select

from posapp.board import export
from posapp.board.day import LOCAL, STORE, BoardView, Past, past_of, progress_of
from posapp.board.figure import LISTED, FigureView, check_figure, items_here
from posapp.board.here import Here, day_here, starts
from posapp.board.mine import MineView, mine_view
from posapp.board.todo import Todo, clerks_todo, feedback_todo, leads_todo, till_todo
from posapp.clock import local
from posapp.dates import read_date
from posapp.errors import PosError
from posapp.messages import BoardExported
from posapp.rules.dictionary import METRICS, VERSION, Value
from posapp.rules.metrics import DayFigures, Figures
from posapp.streams import ClerkCodeRow, DayRow, FeedbackRow, LeadRow, RewardRow
from posapp.sync import push
from posapp.sync.pull import kept_row, kept_rows
from posapp.tables import staff
from posapp.till.desk import verb
from posapp.till.guests import AWAY
from posapp.till.status import StatusVerbs

EXPORTS = "exports"
"""Folder of the till's data where exported boards are put."""


class BoardVerbs(StatusVerbs):
    """Figures are of the real books, whether somebody practises or not."""

    _looker = 0

    @property
    def number(self) -> int:
        """This till's, in its store."""
        return self._real.journal.certificate.till

    @verb
    def board(self, date: str = "", source: str = "") -> BoardView:
        """A day of the store (today's if none is given): HQ's figures where they have come, else this till's own.
        source: local or store, where one is wanted. Raises PosError bad_date, day_to_come, needs_approval."""
        self._look()
        return self._board(date, source)

    def leave_board(self) -> None:
        """Whoever looked at the board has turned away: a right that was lent for it ends."""
        self._looker = 0

    @verb
    def todos(self) -> list[Todo]:
        """待办: what waits for somebody here. Raises PosError needs_approval."""
        self._look()
        now, zone = self._real.journal.now_ms(), self.settings.time_zone
        names, waiting = self._clerk_names(), push.backlog(self._real.folder)
        with self.folder.feed.reading() as conn:
            leads = kept_rows(conn, "leads", LeadRow)
            feedback = kept_rows(conn, "feedback", FeedbackRow)
            codes = kept_rows(conn, "clerk_codes", ClerkCodeRow)
        printer = self.devices.receipt.view() if self.devices.receipt else None
        late_first = sorted(leads_todo(leads, names, now, zone), key=lambda one: one.tone != "warning")
        return [
            *late_first,
            *till_todo(
                len(self._real.unmatched()),
                printer.waiting if printer else 0,
                len(printer.doubtful) if printer else 0,
                waiting.unsent,
                waiting.oldest,
                now,
            ),
            *clerks_todo(names, codes),
            *feedback_todo(feedback, zone),
        ]

    @verb
    def open_figure(
        self, metric: str, axis: str = "all", key: str = "", date: str = "", source: str = ""
    ) -> FigureView:
        """What a figure was made of: the store's by HQ, this till's own where HQ is away or the till's are looked at.
        Raises PosError no_figure, bad_date, day_to_come, needs_approval."""
        self._look()
        check_figure(metric, axis)
        view = self._board(date, source)
        opens = METRICS[metric].opens[0]
        items, more, shown, is_away = [], 0, view.source, False
        if opens and view.source == STORE:
            try:
                answer = self.client.open_figure(view.date, metric, axis, key)
                items, more = answer.items, answer.more
            except PosError as error:
                if error.code not in AWAY:
                    raise
                is_away, shown, view = True, LOCAL, self._board(view.date, LOCAL)
        if opens and shown == LOCAL:
            every = items_here(self._here(view.date), self._slice, metric, axis, key)
            items, more = every[:LISTED], max(0, len(every) - LISTED)
        return FigureView(
            metric,
            axis,
            key,
            view.date,
            view.text(metric, axis, key),
            opens,
            shown,
            view.made or view.as_of,
            VERSION,
            METRICS[metric].formula,
            tuple(items),
            more,
            is_away,
        )

    @verb
    def mine(self) -> MineView:
        """The clerk's own page: what HQ has worked out of this month, and today's joins by their codes at this till."""
        clerk = self._clerk()
        with self.folder.feed.reading() as conn:
            row = kept_row(conn, "rewards", str(clerk.number), RewardRow)
        here = self._here(self._real.journal.business_date())
        items = items_here(here, self._slice, "joins", "clerk", str(clerk.number))
        return mine_view(clerk.number, clerk.name, items, row, self.settings.language)

    @verb
    def export_board(self, reason: str, date: str = "", source: str = "") -> export.BoardFile:
        """Write a day's board into the data folder, without persons. Who took it and why stands in the journal.

        Raises PosError needs_reason, text_too_long, text_has_number, bad_date, day_to_come, needs_approval,
        cannot_write."""
        self._look()
        plain = export.check_reason(reason)
        view, book = self._board(date, source), self._real.journal
        by = self._right("export_board", f"{view.date} {plain}")
        text, rows = export.board_csv(view, book.certificate.store, self.settings.language)
        at = local(view.now, self.settings.time_zone)
        path = self._real.folder.path / EXPORTS / f"board-{view.date}-{at:%H%M%S}-{view.source}.csv"
        beside = export.write_file(path, text)
        with book.writing() as writing:
            writing.append(BoardExported(f"board {view.source}", view.date, plain, rows), self._clerk().number, by)
        beside.replace(path)
        self.runner.wake()
        return export.BoardFile(str(path), rows)

    # --- inside ---

    def _look(self) -> None:
        """Whoever may look, or to whom it was lent, until they turn away."""
        clerk = self._clerk()
        if self._looker != clerk.number:
            self._right("board", "")
            self._looker = clerk.number

    def _board(self, date: str, source: str) -> BoardView:
        if source not in ("", LOCAL, STORE):
            raise PosError("no_figure", name=source[:20])
        book, settings = self._real.journal, self.settings
        today, now = book.business_date(), book.now_ms()
        date = str(read_date(date)) if date else today
        begins = starts(date, settings)
        if date > today:
            raise PosError("day_to_come", date=date)
        days = [date, past_of(date, 1), past_of(date, 7)]
        with self.folder.feed.reading() as conn:
            rows = {day: kept_row(conn, "board", day, DayRow) for day in days}
        row, waiting = rows[date], push.backlog(self._real.folder)
        kept = row if row and source != LOCAL else None
        shared = {
            "date": date,
            "today": today,
            "now": now,
            "has_store": row is not None,
            "clerks": self._clerk_names(),
            "cutover": settings.cutover_hour,
        }
        if kept is None:
            past = [Past(day, self._known(day)) for day in days[1:]]
            figures = self._here(date).figures()
            return BoardView(
                source=LOCAL,
                day=figures,
                yesterday=past[0],
                week=past[1],
                as_of=now,
                unsent=waiting.unsent,
                target=settings.join_target,
                **shared,
            )
        others = tuple(till for till in kept.tills if till[0] != book.certificate.till)
        before = [Past(day, held.day if (held := rows[day]) else None) for day in days[1:]]
        return BoardView(
            source=STORE,
            day=kept.day,
            yesterday=before[0],
            week=before[1],
            state=kept.state,
            updated=kept.updated,
            late=kept.late,
            made=kept.made,
            as_of=max(kept.made, self.client.last_contact),
            unsent=waiting.unsent + sum(till[2] for till in others),
            target=kept.target,
            progress=progress_of(kept, begins, now),
            tills=others,
            scores=tuple((name, Value(top, bottom)) for name, top, bottom in kept.scores if name in METRICS),
            **shared,
        )

    def _here(self, date: str) -> Here:
        return day_here(self._real.folder, self._slice, date, self.settings)

    def _known(self, date: str) -> DayFigures | None:
        day = self._here(date).figures()
        return day if day.all != Figures() else None

    def _clerk_names(self) -> dict[int, str]:
        with self.folder.feed.reading() as conn:
            rows = conn.execute(select(staff.c.number, staff.c.name).where(staff.c.active == 1))
            return dict(rows.all())

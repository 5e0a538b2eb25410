"""The verbs about what is to be done in the shop beside selling: likely visitors, core customers, leads, feedback."""

from __future__ import annotations

import csv

from posapp.answers import ExportView, FeedbackView, LeadView, RegularView, VisitorsView, VisitorView
from posapp.clock import DAY, local
from posapp.errors import PosError
from posapp.members.noted import FEEDBACK, LEAD, TOLD, VISIT, Said, all_of, note
from posapp.messages import BoardExported, FeedbackPosted, LeadDone, VisitNoted
from posapp.rules.free_text import read_reason, read_text
from posapp.selling.offered import ARRIVED, BOUGHT, OUTCOME
from posapp.shift.people import name_of
from posapp.shift.rights import may
from posapp.streams import FeedbackRow, RegularRow, VisitorRow
from posapp.sync.pull import kept_rows
from posapp.till.desk import verb
from posapp.till.hints import HintVerbs

MOST_VISITORS, MOST_REGULARS = 20, 1_000
VISITS = ("bought", "looked", "not_talked")
LEAD_OUTCOMES = ("done", "not_reached", "declined")
FEEDBACK_KINDS = ("goods", "price", "service", "shop", "other")
LONGEST_NOTE = 60
UNSENT_MS = 7 * DAY
"""Feedback that HQ does not tell of so long after is told of no more."""


class TaskVerbs(HintVerbs):
    """Lists that HQ keeps for the store, and what becomes of their rows here."""

    _arrived: set[str] | None = None

    # --- today's likely visitors ---

    def visitors(self) -> VisitorsView:
        """Today's list, at most twenty; who has come is marked, and what was noted of them."""
        today = self.journal.business_date()
        with self.folder.feed.reading() as conn:
            rows = [row for row in kept_rows(conn, "visitors", VisitorRow).values() if row.date == today]
        said = all_of(self._real.folder.till, VISIT)
        rows = sorted(rows, key=lambda row: (row.place, row.member))[:MOST_VISITORS]
        views = tuple(self._visitor(row, said.get(row.member, {})) for row in rows)
        talked = sum(view.outcome in ("bought", "looked") for view in views)
        arrived, bought = (
            sum(view.arrived for view in views),
            sum(view.bought or view.outcome == "bought" for view in views),
        )
        return VisitorsView(today, views, len(views), arrived, talked, bought)

    def _visitor(self, row: VisitorRow, said: Said) -> VisitorView:
        def noted(what: str) -> str:
            return said.get(f"{row.date} {what}", ("", 0))[0]

        outcome = noted(OUTCOME) or row.outcome
        bought = bool(noted(BOUGHT) or row.bought)
        return VisitorView(
            row.member,
            *self._masked(row.member),
            row.why[self._place],
            row.script[self._place],
            name_of(self.folder, row.owner) if row.owner else "",
            self.clerk is not None and row.owner == self.clerk.number,
            bool(noted(ARRIVED) or row.arrived or outcome or bought),
            outcome,
            bought,
        )

    @verb
    def visit(self, member: str, outcome: str) -> VisitorView:
        """What became of one of today's likely visitors. Raises PosError not_listed, bad_choice, training_personal."""
        self._clerk()
        self._check_real()
        listed = self._listed(member)
        if outcome not in VISITS:
            raise PosError("bad_choice", value=outcome[:20], values=" ".join(VISITS))
        if listed.outcome != outcome:
            date = self.journal.business_date()
            self._say(VisitNoted(member, date, outcome), (VISIT, {f"{date} {OUTCOME}": outcome}))
        return self._listed(member)

    def _listed(self, member: str) -> VisitorView:
        found = next((view for view in self.visitors().visitors if view.member == member), None)
        if found is None:
            raise PosError("not_listed")
        return found

    def arrivals(self) -> list[VisitorView]:
        """The signed-in clerk's own customers who have come since this was asked last."""
        if self.is_training:
            return []
        here = [view for view in self.visitors().visitors if view.arrived]
        before, self._arrived = self._arrived, {view.member for view in here}
        if before is None:  # the till has just been started: who was here before that is no news
            return []
        return [view for view in here if view.is_mine and view.member not in before]

    # --- core customers ---

    def may_see_regulars(self) -> bool:
        return self.clerk is not None and may(self.clerk.role, "regulars")

    @verb
    def regulars(self) -> list[RegularView]:
        """The store's core customers by rank. Raises PosError needs_approval."""
        self._clerk()
        self._right("regulars", "")
        return self._regulars()

    @verb
    def export_regulars(self, reason: str) -> ExportView:
        """The same as a file, masked; who took it and why stands in the journal. Raises PosError needs_reason,
        training_personal, cannot_write, needs_approval."""
        clerk = self._clerk()
        self._check_real()
        why = read_reason(reason, LONGEST_NOTE)
        by = self._right("regulars", why)
        rows, today = self._regulars(), self.journal.business_date()
        file = self._real.folder.path / "exports" / f"regulars-{today}.csv"
        beside = file.with_suffix(".part")
        try:
            file.parent.mkdir(exist_ok=True, mode=0o700)
            with beside.open("w", encoding="utf-8-sig", newline="") as out:  # spreadsheets know Chinese by the mark
                csv.writer(out).writerows(map(self._cells, rows))
        except OSError:
            raise PosError("cannot_write", file=str(file)) from None
        with self.journal.writing() as writing:
            writing.append(BoardExported("regulars", today, why, len(rows)), clerk.number, by)
        beside.replace(file)
        self.runner.wake()
        return ExportView(str(file), len(rows))

    def _cells(self, row: RegularView) -> list[str]:
        last = f"{local(row.last, self.settings.time_zone):%Y-%m-%d}" if row.last else ""
        return [str(row.rank), f"{row.name}{row.tail}", row.segment[1], last, row.expected, " ".join(row.likes)]

    def _regulars(self) -> list[RegularView]:
        with self.folder.feed.reading() as conn:
            rows = kept_rows(conn, "regulars", RegularRow)
        ranked = sorted(rows.items(), key=lambda item: (item[1].rank, item[0]))[:MOST_REGULARS]
        return [
            RegularView(
                row.rank,
                ref,
                *self._masked(ref),
                self._segment(row.segment),
                row.last,
                row.weekday,
                row.expected,
                tuple(row.likes),
            )
            for ref, row in ranked
        ]

    # --- leads ---

    @verb
    def lead_done(self, lead: str, outcome: str, text: str = "") -> list[LeadView]:
        """What became of something to do; it is gone from the list at once. Raises PosError no_such_lead, bad_choice,
        text_too_long, text_has_number, training_personal."""
        self._clerk()
        self._check_real()
        if all(view.id != lead for view in self.leads()):
            raise PosError("no_such_lead")
        if outcome not in LEAD_OUTCOMES:
            raise PosError("bad_choice", value=outcome[:20], values=" ".join(LEAD_OUTCOMES))
        self._say(LeadDone(lead, outcome, read_text(text, LONGEST_NOTE)), (LEAD, {OUTCOME: outcome}), whose=lead)
        return self.leads()

    # --- feedback ---

    @verb
    def post_feedback(self, category: str, text: str) -> FeedbackView:
        """What a customer said, in the clerk's words. Raises PosError bad_choice, text_empty, text_too_long,
        text_has_number, training_personal."""
        clerk = self._clerk()
        self._check_real()
        if category not in FEEDBACK_KINDS:
            raise PosError("bad_choice", value=category[:20], values=" ".join(FEEDBACK_KINDS))
        plain = read_text(text, LONGEST_NOTE)
        if not plain:
            raise PosError("text_empty")
        id_ = self.journal.new_id()
        said = (FEEDBACK, {f"{category} {clerk.number}": plain})
        self._say(FeedbackPosted(id_, category, plain, self._ticket_id), said, whose=id_)
        return next(view for view in self.feedback() if view.id == id_)

    def feedback(self) -> list[FeedbackView]:
        """What this store asked, the newest first: what HQ has not taken in yet, and what it says of the rest."""
        with self.folder.feed.reading() as conn:
            rows = kept_rows(conn, "feedback", FeedbackRow)
        mine, now = self.clerk.number if self.clerk else 0, self.journal.now_ms()
        views = [
            FeedbackView(
                id_,
                row.category,
                row.text,
                row.at,
                row.state,
                row.owner,
                row.answer,
                row.answered,
                bool(mine) and row.clerk == mine,
            )
            for id_, row in rows.items()
        ]
        for id_, said in all_of(self._real.folder.till, FEEDBACK).items():
            for name, (text, at) in said.items():
                category, _, clerk = name.partition(" ")
                if id_ not in rows and now - at < UNSENT_MS:
                    views.append(FeedbackView(id_, category, text, at, "unsent", is_mine=clerk == str(mine)))
        return sorted(views, key=lambda view: (-view.at, view.id))

    def answered(self) -> list[FeedbackView]:
        """Answers to what the signed-in clerk asked that nobody has told them of yet; told once, a restart or not."""
        if self.clerk is None or self.is_training:
            return []
        told = all_of(self._real.folder.till, TOLD)
        new = [view for view in self.feedback() if view.is_mine and view.state == "answered" and view.id not in told]
        if new:
            with self._real.folder.till.transaction() as conn:
                for view in new:
                    note(conn, view.id, TOLD, FEEDBACK, "1", self.journal.now_ms())
        return new

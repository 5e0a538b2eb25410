"""The flows at work: each picks its persons once a day at its hour, and what tills tell ends what waited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from posapp.clock import DAY, Clock, local
from posapp.hq import feed
from posapp.hq.care import hints
from posapp.hq.care.flow_hints import say_again, take_back
from posapp.hq.database import FLOWS, Database, lock_counter
from posapp.hq.entries import entries_between, follow, sales_between
from posapp.hq.flows.chosen import NEVER, Person, chosen
from posapp.hq.flows.plans import PAUSED, RUNNING, Plan, plan_of, plans, set_state
from posapp.hq.flows.purchases import purchases_of
from posapp.hq.flows.reaching import TREATED, Reach, Reached, hint_ends, midnight, open_contacts, said_to
from posapp.hq.flows.tables import flow, flow_contact
from posapp.hq.members.identity import Means, roots, roots_of
from posapp.hq.members.slice import Published
from posapp.hq.people import settings_of
from posapp.hq.segments.evening import is_worked
from posapp.hq.tasks import leads
from posapp.hq.texts import outbox
from posapp.hq.texts.outbox import MaySend
from posapp.hq.vault import Vault
from posapp.hq.woken import Stepping
from posapp.ids import Chance
from posapp.messages import HintShown, MemberRecognised, read_body

WINDOW_MS = 14 * DAY
"""A purchase counts as an answer to a contact until this long after it."""

AT_ONCE = 100
"""How many persons one transaction reaches."""

STRENGTH = ("", "ignored", "declined", "accepted")


class Flowing(Stepping):
    """A thread of the server, woken after the members' follower."""

    def __init__(
        self, database: Database, vault: Vault, clock: Clock, chance: Chance, may_send: MaySend | None = None
    ) -> None:
        super().__init__("flows")
        self._database = database
        self._vault = vault
        self._clock = clock
        self._chance = chance
        self._may_send = may_send

    def step(self) -> bool:
        """Take some batches of entries in, or let one flow pick; whether there was anything to do."""
        return self.listen() or self.pick()

    # --- what tills tell ---

    def listen(self) -> bool:
        """Outcomes of hints, and purchases, which take hints back; whether any entries waited."""
        return follow(self._database, FLOWS, self._take)

    def _take(self, conn: Connection, after: int, upto: int) -> Published:
        touched, now = set[str](), self._clock.now_ms()
        seen = set[str]()
        for row in entries_between(conn, after, upto, ("hint.shown", "member.recognised")):
            try:
                body = read_body(row.type, row.version, row.body.encode())
            except (KeyError, msgspec.DecodeError):
                continue
            if isinstance(body, HintShown):
                touched |= _outcome(conn, body, row.effective, now)
            elif isinstance(body, MemberRecognised):
                seen.add(body.member)
        # A store that has not seen them before has their hint from now on.
        touched |= {contact.root for contact in open_contacts(conn, roots(conn, sorted(seen))) if contact.hint}
        touched |= _purchases(conn, after, upto, now)
        return hints.hint_rows(conn, touched, now) if touched else {}

    # --- picking ---

    def pick(self) -> bool:
        """Let the first flow whose hour has come today reach its persons, once their figures are today's; whether there
        was one."""
        now = self._clock.now_ms()
        with self._database.reading() as conn:
            here = local(now, settings_of(conn, feed.CHAIN).time_zone)
            date = here.date().isoformat()
            due = [plan for plan in plans(conn) if _is_due(plan, now, here.hour, date)]
            if not due or not is_worked(conn, now):
                return False
            plan = due[0]
            some = chosen(conn, now, plan.segment, plan.away, plan.stores)
        self._reword(plan)
        for start in range(0, len(some), AT_ONCE):
            if self._stopping.is_set() or self._reach(plan.id, some[start : start + AT_ONCE]):
                break
        with self._database.transaction() as conn:
            conn.execute(update(flow).where(flow.c.id == plan.id).values(picked=date))
        return True

    def _reach(self, id_: str, some: Sequence[Person]) -> bool:
        """Reach some persons, all or none; whether that is enough for today."""
        now = self._clock.now_ms()
        with self._database.transaction() as conn:
            lock_counter(conn, FLOWS)  # of two that pick, the second sees whom the first has reached
            plan = plan_of(conn, id_)
            if not plan.is_on(now):
                return True
            reach = Reach(conn, Means(self._vault, self._chance, now), plan, self._may_send)
            reach.persons(some)
            feed.publish(conn, reach.done.published(conn, now))
            return reach.is_full

    def _reword(self, plan: Plan) -> None:
        """Hints that count days count one more."""
        if plan.steps.task is None:
            return
        now = self._clock.now_ms()
        with self._database.transaction() as conn:
            lock_counter(conn, FLOWS)
            rows = _waiting(conn, plan.id, "open")
            _claims(conn, rows, now)
            _say_again(conn, plan, _waiting(conn, plan.id, "open"), now)
            feed.publish(conn, hints.hint_rows(conn, roots(conn, [row.ref for row in rows]), now))


def _is_due(plan: Plan, now: int, hour: int, date: str) -> bool:
    """A flow that writes texts picks in the hours in which they may leave, so that a contact is what it says."""
    by_day = plan.steps.text is None or outbox.after_quiet(now) == now
    return plan.is_on(now) and hour >= plan.hour and plan.picked != date and by_day


def preview(conn: Connection, means: Means, id_: str, may_send: MaySend | None) -> Reached:
    """What a flow would do if it picked now, in numbers; nothing is done. Raises PosError not_found."""
    plan = plan_of(conn, id_)
    reach = Reach(conn, means, plan, may_send, is_trial=True)
    some = chosen(conn, means.now, plan.segment, plan.away, plan.stores)
    for start in range(0, len(some), AT_ONCE):
        reach.persons(some[start : start + AT_ONCE])
    return reach.done


# --- what became of contacts ---


def _outcome(conn: Connection, body: HintShown, at: int, now: int) -> set[str]:
    """A till says what became of a flow's hint; roots of whom that changes. It is shown no more. Told twice the
    strongest counts, of equals the first, so that the order in which tills come does not matter."""
    flow_id, _, ref = body.hint.partition(".")
    mine = (flow_contact.c.flow == flow_id, flow_contact.c.ref == ref)
    row = conn.execute(select(flow_contact).where(*mine, flow_contact.c.hint == body.hint)).one_or_none()
    if row is None or body.outcome not in STRENGTH[1:]:
        return set()
    new, held = STRENGTH.index(body.outcome), STRENGTH.index(row.outcome)
    if new > held or (new == held and at < row.outcome_at):
        conn.execute(update(flow_contact).where(*mine).values(outcome=body.outcome, outcome_at=at))
    take_back(conn, [row.hint], now)
    return roots(conn, [row.ref])


def _purchases(conn: Connection, after: int, upto: int, now: int) -> set[str]:
    """Who bought by some batches is asked no more; their roots."""
    sales = sales_between(conn, after, upto)
    root_of = roots_of(conn, (sold.member for sold in sales))
    bought: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for sold in sales:
        if sold.total + sold.rounding > 0 and sold.member in root_of:
            bought[root_of[sold.member]].append((sold.paid, sold.event))
    return _answered(conn, bought, now)


def _claims(conn: Connection, rows: Sequence[Any], now: int) -> set[str]:
    """Who of some contacts has bought by a ticket that became theirs later; their roots."""
    bought: dict[str, list[tuple[int, str]]] = defaultdict(list)
    since = min((row.at for row in rows), default=now)
    for one in purchases_of(conn, roots(conn, [row.ref for row in rows]), since):
        bought[one.root].append((one.paid, one.event))
    return _answered(conn, bought, now)


def _answered(conn: Connection, bought: Mapping[str, Sequence[tuple[int, str]]], now: int) -> set[str]:
    """Purchases of persons (by root) end the contacts whose window they fall in, and their hints; roots of whom."""
    touched = set()
    for contact in open_contacts(conn, bought):
        answers = [(paid, sold) for paid, sold in bought[contact.root] if 0 <= paid - contact.at <= WINDOW_MS]
        if answers:
            mine = (flow_contact.c.flow == contact.flow, flow_contact.c.ref == contact.ref)
            conn.execute(update(flow_contact).where(*mine).values(state="bought", sale=min(answers)[1]))
            take_back(conn, [contact.hint], now)
            touched.add(contact.root)
    return touched


def _waiting(conn: Connection, id_: str, state: str) -> Sequence[Any]:
    """Contacts of a flow whose hint nobody answered."""
    mine = (flow_contact.c.flow == id_, flow_contact.c.arm == TREATED, flow_contact.c.state == state)
    return conn.execute(select(flow_contact).where(*mine, flow_contact.c.outcome == "")).all()


# --- holding up ---


def pause(conn: Connection, id_: str, now: int) -> Published:
    """A flow reaches nobody more, its till tasks are shown no more, its texts that wait do not leave; rows to publish.

    Raises PosError not_found."""
    lock_counter(conn, FLOWS)
    plan_of(conn, id_, locked=True)
    set_state(conn, id_, PAUSED)
    rows = _waiting(conn, id_, "open")
    _move(conn, id_, "open", "paused")
    take_back(conn, [row.hint for row in rows if row.hint], now)
    outbox.cancel(conn, [row.text for row in rows if row.text], "paused", now)
    return _tasks(conn, rows, now, away=True)


def resume(conn: Connection, id_: str, now: int) -> Published:
    """It goes on, and so do its till tasks whose time is not over; texts do not come again.

    Raises PosError not_found."""
    lock_counter(conn, FLOWS)
    plan = plan_of(conn, id_, locked=True)
    set_state(conn, id_, RUNNING)
    conn.execute(update(flow).where(flow.c.id == id_).values(picked=""))
    rows = _waiting(conn, id_, "paused")
    _move(conn, id_, "paused", "open")
    _say_again(conn, plan, rows, now)
    return _tasks(conn, rows, now, away=False)


def _say_again(conn: Connection, plan: Plan, rows: Sequence[Any], now: int) -> None:
    """The hints of some contacts, in the words of today, until the end they had."""
    today = midnight(conn, now)
    for row in rows:
        if row.hint and plan.steps.task and (ends := hint_ends(plan, row.at)) > now:
            since = (today - midnight(conn, row.at) + DAY // 2) // DAY
            away = NEVER if row.away == NEVER else row.away + since
            if said := said_to(conn, plan, row.ref, away, now):
                say_again(conn, row.hint, said, ends)


def _move(conn: Connection, id_: str, before: str, after: str) -> None:
    mine = (flow_contact.c.flow == id_, flow_contact.c.state == before)
    conn.execute(update(flow_contact).where(*mine).values(state=after))


def _tasks(conn: Connection, rows: Sequence[Any], now: int, *, away: bool) -> Published:
    some = [row.lead for row in rows if row.lead]
    leads.set_aside(conn, some, away=away)
    told = leads.lead_rows(conn, some, now) if some else {}
    return {**told, **hints.hint_rows(conn, roots(conn, [row.ref for row in rows]), now)}

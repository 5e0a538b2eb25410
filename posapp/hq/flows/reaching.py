"""Whom a flow reaches and what they get: the arm by a stable hash, caps, the steps, and the contact that is kept."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, func, select

from posapp.clock import DAY, local
from posapp.hq import feed
from posapp.hq.care import hints
from posapp.hq.care.scripts import Said, say
from posapp.hq.flows.chosen import NEVER, Person
from posapp.hq.flows.plans import Gift, Lead, Plan, Text
from posapp.hq.flows.tables import flow_contact
from posapp.hq.members import consents
from posapp.hq.members.identity import ACTIVE, VERIFIED, Means
from posapp.hq.members.slice import Published, rows_of
from posapp.hq.members.tables import benefit, person, person_key
from posapp.hq.people import settings_of
from posapp.hq.tasks import leads
from posapp.hq.texts import outbox
from posapp.hq.texts.outbox import MaySend
from posapp.ids import uuid7
from posapp.rules.consents import PERSONAL
from posapp.rules.rfm import SLEEPING

TREATED, HOLDOUT = "treated", "holdout"
BEEN, LATELY, REFUSED, UNREACHABLE, FULL = "been", "lately", "refused", "unreachable", "full"
"""Why somebody is not reached: by this flow before; by any a short while ago; they want nothing by what is known of
them; no step of it can reach them; enough for today."""


def arm_of(flow_id: str, root: str, holdout: int) -> str:
    """Which side a person is on: the same for a flow and person wherever and whenever it is asked."""
    place = int.from_bytes(sha256(f"{flow_id}\n{root}".encode()).digest()[:8]) % 10_000
    return HOLDOUT if place < holdout * 100 else TREATED


@dataclass
class Reached:
    """What a look at some persons gave, by arm or reason, and what the tills are to hear of it."""

    counts: dict[str, int] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    hinted: set[str] = field(default_factory=set)
    leads: list[str] = field(default_factory=list)

    def add(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def published(self, conn: Connection, now: int) -> Published:
        told = leads.lead_rows(conn, self.leads, now) if self.leads else {}
        if self.members:
            told["members"] = {**told.get("members", {}), **(rows := rows_of(conn, self.members, now))["members"]}
            told["quotas"] = {**told.get("quotas", {}), **rows["quotas"]}
        return {**told, **(hints.hint_rows(conn, self.hinted, now) if self.hinted else {})}


class Reach:
    """One transaction's work of a flow. is_trial: only counted, nothing is done."""

    def __init__(
        self, conn: Connection, means: Means, plan: Plan, may_send: MaySend | None, *, is_trial: bool = False
    ) -> None:
        self._conn = conn
        self._means = means
        self._plan = plan
        self._may_send = may_send
        self._is_trial = is_trial
        self._today = treated_today(conn, plan.id, means.now)
        self.done = Reached()

    def persons(self, some: Sequence[Person]) -> None:
        """Reach those of some persons who may be reached, in their order, until it is enough for today."""
        asked = [one.root for one in some]
        same = (person.c.ref.in_(asked), person.c.root == person.c.ref, person.c.status == ACTIVE)
        roots = set(self._conn.scalars(select(person.c.ref).where(*same)))  # since they were chosen some may be others
        been, lately = self._held(asked)
        agreed = consents.standings(self._conn, asked)
        for one in some:
            if one.root not in roots:
                continue
            personal = agreed.get(one.root, {}).get(PERSONAL)
            if one.root in been:
                self.done.add(BEEN)
            elif one.root in lately:
                self.done.add(LATELY)
            elif personal is not None and not personal.given:
                self.done.add(REFUSED)
            elif self.is_full:
                self.done.add(FULL)
            else:
                self._reach(one)

    @property
    def is_full(self) -> bool:
        """Whether the flow has reached as many today as it may."""
        return bool(self._plan.most) and self._today >= self._plan.most

    def _held(self, roots: Sequence[str]) -> tuple[set[str], set[str]]:
        """Roots of persons who had this flow, and who had any a short while ago, under whatever id."""
        now, since = self._means.now, self._means.now - self._plan.apart * DAY
        asked = (
            select(person.c.root, flow_contact.c.flow, flow_contact.c.at, flow_contact.c.until)
            .join(person, person.c.ref == flow_contact.c.ref)
            .where(person.c.root.in_(roots))
        )
        rows = self._conn.execute(asked).all()
        been = {row.root for row in rows if row.flow == self._plan.id}
        return been, {row.root for row in rows if row.at > since or row.until > now}

    def _reach(self, one: Person) -> None:
        steps, arm = self._plan.steps, arm_of(self._plan.id, one.root, self._plan.holdout)
        phone, language = self._phone(one.root) if steps.text else ("", "zh")
        by_text = bool(phone) and self._takes_text(one.root, phone)
        if not (by_text or steps.gift or steps.task or (steps.lead and one.store)):
            self.done.add(UNREACHABLE)
            return
        self.done.add(arm)
        if self._is_trial:
            self._today += arm == TREATED
            return
        given: dict[str, Any] = {"action": ""}
        if arm == TREATED:
            self._today += 1
            given = self._steps(one, phone if by_text else "", language)
        now = self._means.now
        row = {
            "flow": self._plan.id,
            "ref": one.root,
            "at": now,
            "until": now + self._plan.apart * DAY,
            "arm": arm,
            "segment": one.segment,
            "away": one.away,
            "dormant": int(one.segment == SLEEPING),
            "store": one.store,
        }
        self._conn.execute(flow_contact.insert(), {**row, **given})

    # --- what they get ---

    def _steps(self, one: Person, phone: str, language: str) -> dict[str, Any]:
        steps, did = self._plan.steps, dict[str, str]()
        if steps.text and phone:
            did["text"] = self._text(steps.text, one, phone, language)
        said = self._said(one) if steps.task else None
        if steps.gift and (said or not steps.task):  # a gift that waits for a hint needs one
            did["benefit"] = self._gift(steps.gift, one)
        if said:
            did["hint"] = self._hint(said, one, did.get("benefit", ""))
        if steps.lead and one.store:
            did["lead"] = self._lead(steps.lead, one)
        return {**did, "action": " ".join(name for name in did if did[name])}

    def _text(self, text: Text, one: Person, phone: str, language: str) -> str:
        outcome = outbox.request(
            self._conn,
            self._means.vault,
            phone=phone,
            template="offer",
            values={"text": text.words[language == "en"], "link": text.link},
            dedupe=f"flow {self._plan.id}",
            now_ms=self._means.now,
            ref=one.root,
            language=language,
            may_send=self._may_send,
        )
        return outcome.id

    def _gift(self, gift: Gift, one: Person) -> str:
        """A benefit that the cashier applies with the hint's key, where there is a hint; else it counts by itself."""
        now, waits = self._means.now, self._plan.steps.task is not None
        ends = now + gift.days * DAY if gift.days else 0
        row = {
            "id": uuid7(now, self._means.chance),
            "ref": one.root,
            "campaign": f"flow {self._plan.id}",
            "kind": gift.kind,
            "name": json.dumps(gift.name, ensure_ascii=False),
            "fen": gift.fen,
            "least": gift.least,
            "article": gift.article,
            "ends": ends,
            "made": now,
            "waits": int(waits),
        }
        self._conn.execute(benefit.insert(), row)
        self.done.members.add(one.root)
        return str(row["id"])

    def _said(self, one: Person) -> Said | None:
        return said_to(self._conn, self._plan, one.root, one.away, self._means.now)

    def _hint(self, said: Said, one: Person, benefit_id: str) -> str:
        task, id_ = self._plan.steps.task, f"{self._plan.id}.{one.root}"
        assert task
        hints.give_hint(
            self._conn,
            one.root,
            id=id_,
            scene=task.scene,
            prompt=said.prompt,
            script=said.line,
            version=said.version,
            benefit=benefit_id,
            made=self._means.now,
            ends=hint_ends(self._plan, self._means.now),
            flow=self._plan.id,
        )
        self.done.hinted.add(one.root)
        return id_

    def _lead(self, step: Lead, one: Person) -> str:
        id_ = leads.add_lead(
            self._conn,
            self._means,
            ref=one.root,
            store=one.store,
            title=step.title,
            due=self._means.now + step.days * DAY,
            script=step.script,
            source=f"flow {self._plan.id}",
            own_id=f"{self._plan.id}.{one.root}",
        )
        self.done.leads.append(id_)
        return id_

    # --- by text ---

    def _phone(self, root: str) -> tuple[str, str]:
        """The number that a person verified, and their language; "" without one."""
        vault = self._means.vault
        verified = (person_key.c.kind == "phone") & (person_key.c.strength == VERIFIED)
        asked = (
            select(person.c.phone, person.c.language, person_key.c.hash)
            .join(person_key, (person_key.c.ref == person.c.ref) & verified)
            .where(person.c.root == root, person.c.phone != "")
            .order_by(person.c.ref)
        )
        for row in self._conn.execute(asked):
            phone = vault.open(row.phone)
            if vault.index("phone", phone) == row.hash:
                return phone, row.language
        return "", "zh"

    def _takes_text(self, root: str, phone: str) -> bool:
        return outbox.would_take(
            self._conn,
            self._means.vault,
            phone=phone,
            template="offer",
            ref=root,
            now_ms=self._means.now,
            may_send=self._may_send,
        )


def treated_today(conn: Connection, flow_id: str, now: int) -> int:
    """How many a flow has reached since the chain's midnight."""
    mine = (flow_contact.c.flow == flow_id, flow_contact.c.arm == TREATED, flow_contact.c.at >= midnight(conn, now))
    return conn.scalar(select(func.count()).select_from(flow_contact).where(*mine)) or 0


def midnight(conn: Connection, now: int) -> int:
    here = local(now, settings_of(conn, feed.CHAIN).time_zone)
    return int(dt.datetime.combine(here.date(), dt.time(), here.tzinfo).timestamp() * 1000)


def said_to(conn: Connection, plan: Plan, root: str, away: int, now: int) -> Said | None:
    """The words of a flow's hint for a person who has been away for so many days (NEVER: who bought nothing yet)."""
    gift, task = plan.steps.gift, plan.steps.task
    assert task
    values: dict[str, str | tuple[str, str]] = {"gift": gift.name} if gift else {}
    if away != NEVER:
        values["days"] = str(away)
    return say(conn, task.scene, root, now, **values)


def hint_ends(plan: Plan, since: int) -> int:
    """Until when the hint of a contact is shown."""
    task = plan.steps.task
    assert task
    gift = plan.steps.gift
    days = min(task.days, gift.days) if gift and gift.days else task.days
    ends = since + days * DAY
    return min(ends, plan.ends) if plan.ends else ends


def open_contacts(conn: Connection, roots: Iterable[str]) -> Sequence[Any]:
    """Contacts of persons (by root) that still wait for something, each with the root."""
    return conn.execute(
        select(flow_contact, person.c.root)
        .join(person, person.c.ref == flow_contact.c.ref)
        .where(person.c.root.in_(sorted(set(roots))), flow_contact.c.arm == TREATED, flow_contact.c.state != "bought")
    ).all()

"""What a flow is: whom it reaches, what it does for them, how often; made, listed, held up and let go on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select, update

from posapp.clock import Clock, rfc3339
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.care.scripts import SCENES
from posapp.hq.care.words import facing
from posapp.hq.database import Database
from posapp.hq.flows.tables import flow, flow_contact
from posapp.hq.joining.offers import Period, Promise
from posapp.hq.members.tiers import pair, plain_id
from posapp.hq.people import scope_of
from posapp.hq.tasks.leads import words_of
from posapp.hq.texts.outbox import QUIET_FROM, QUIET_TO
from posapp.rules.rfm import SEGMENTS, SLEEPING

RUNNING, PAUSED = "running", "paused"
LONGEST_NAME, LONGEST_LINE, LONGEST_TEXT = 30, 60, 60
MOST_DAYS, MOST_HOLDOUT, MOST_A_DAY, LATEST_HOUR = 3_650, 50, 1_000_000, 23


class Text(msgspec.Struct, omit_defaults=True):
    """A text message (an offer), by the member's language."""

    words: tuple[str, str]
    link: str


class Gift(msgspec.Struct, omit_defaults=True):
    """A benefit for their account; days: how long it holds."""

    kind: str
    name: tuple[str, str]
    fen: int
    least: int
    article: str
    days: int


class Task(msgspec.Struct, omit_defaults=True):
    """A hint for the cashier in the words of a scene (care/scripts.py), shown for so many days."""

    scene: str
    days: int


class Lead(msgspec.Struct, omit_defaults=True):
    """Something to do for their store within so many days."""

    title: tuple[str, str]
    script: tuple[str, str]
    days: int


class Steps(msgspec.Struct, omit_defaults=True):
    """What a flow does, each at most once a member."""

    text: Text | None = None
    gift: Gift | None = None
    task: Task | None = None
    lead: Lead | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A flow as it stands."""

    id: str
    name: tuple[str, str]
    segment: str
    away: int
    stores: tuple[int, ...]
    steps: Steps
    holdout: int
    most: int
    apart: int
    hour: int
    starts: int
    ends: int
    state: str
    picked: str

    def is_on(self, now: int) -> bool:
        """Whether it reaches anybody now."""
        return self.state == RUNNING and self.starts <= now and not 0 < self.ends <= now


@dataclass
class Wanted:
    """A flow as typed. Words are "中文/English"; what is empty is not done."""

    segment: str = SLEEPING
    away: int = 0
    stores: Sequence[str] = ()
    text: str = ""
    link: str = ""
    gift: str = ""
    off: str = ""
    gift_name: str = ""
    least: str = "0"
    gift_days: int = 30
    hint: str = ""
    days: int = 14
    lead: str = ""
    script: str = ""
    lead_days: int = 3
    holdout: int = 10
    most: int = 0
    apart: int = 30
    hour: int = 10
    period: Period = field(default_factory=Period)

    def steps(self, conn: Connection) -> Steps:
        """Raises PosError bad_usage, bad_name, bad_amount, no_such_article, text_has_number, inward_word,
        quiet_hour."""
        steps = Steps()
        if self.text:
            check_hour(self.hour)
            if not self.link.startswith("https://") or len(self.link) > 100 or not self.link.isprintable():
                raise PosError("bad_usage", usage="posapp hq flow add ID NAME --text 中文/English --link https://...")
            steps.text = Text(for_customers(self.text, LONGEST_TEXT), self.link)
        if self.gift or self.off or self.gift_name:
            for_customers(self.gift_name, LONGEST_NAME)
            row = Promise(self.gift_name, self.gift, self.off, self.least).row(conn)
            name = (str(json.loads(row["name"])[0]), str(json.loads(row["name"])[1]))
            steps.gift = Gift(row["kind"], name, row["fen"], row["least"], row["article"], self.gift_days)
        if self.hint:
            if self.hint not in SCENES:
                raise PosError("bad_choice", value=self.hint[:20], values=", ".join(SCENES))
            steps.task = Task(self.hint, self.days)
        if self.lead:
            script = for_customers(self.script, LONGEST_LINE) if self.script else ("", "")
            steps.lead = Lead(words_of(self.lead), script, self.lead_days)
        if steps == Steps():
            raise PosError(
                "bad_usage", usage="posapp hq flow add ID NAME --text | --off | --gift | --hint | --lead ..."
            )
        return steps


def check_hour(hour: int) -> None:
    """Of a flow that sends texts. Raises PosError quiet_hour."""
    if not QUIET_TO <= hour < QUIET_FROM:
        raise PosError("quiet_hour", first=QUIET_TO, last=QUIET_FROM - 1)


def for_customers(text: str, most: int) -> tuple[str, str]:
    """Words that a customer reads or hears. Raises PosError bad_name, text_has_number, inward_word."""
    chinese, english = words_of(text, most)
    return facing(chinese, most), facing(english, most)


def add(database: Database, clock: Clock, id_: str, name: str, wanted: Wanted) -> None:
    """Begin a flow under a new id.

    Raises PosError bad_id, id_taken, bad_name, bad_choice, no_such_store, bad_scope, and of Wanted and Period.
    """
    plain_id(id_)
    if wanted.segment not in SEGMENTS:
        raise PosError("bad_choice", value=wanted.segment[:20], values=", ".join(SEGMENTS))
    now = clock.now_ms()
    with database.transaction() as conn:
        if conn.scalar(select(flow.c.id).where(flow.c.id == id_)) is not None:
            raise PosError("id_taken", id=id_)
        stores = sorted({int(scope_of(conn, one).partition(":")[2]) for one in wanted.stores if one != feed.CHAIN})
        starts, ends = wanted.period.read(conn, now)
        row = {
            "id": id_,
            "name": json.dumps(pair(name, LONGEST_NAME), ensure_ascii=False),
            "segment": wanted.segment,
            "away": wanted.away,
            "stores": json.dumps(stores),
            "steps": msgspec.json.encode(wanted.steps(conn)).decode(),
            "holdout": wanted.holdout,
            "most": wanted.most,
            "apart": wanted.apart,
            "hour": wanted.hour,
            "starts": starts,
            "ends": ends,
            "made": now,
        }
        conn.execute(flow.insert(), row)


def plan_of(conn: Connection, id_: str, *, locked: bool = False) -> Plan:
    """Raises PosError not_found."""
    asked = select(flow).where(flow.c.id == id_)
    row = conn.execute(asked.with_for_update() if locked else asked).one_or_none()
    if row is None:
        raise PosError("not_found", what=id_[:20])
    return _plan(row)


def plans(conn: Connection) -> list[Plan]:
    return [_plan(row) for row in conn.execute(select(flow).order_by(flow.c.id))]


def _plan(row: Row[Any]) -> Plan:
    chinese, english = json.loads(row.name)
    return Plan(
        row.id,
        (chinese, english),
        row.segment,
        row.away,
        tuple(json.loads(row.stores)),
        msgspec.json.decode(row.steps, type=Steps),
        row.holdout,
        row.most,
        row.apart,
        row.hour,
        row.starts,
        row.ends,
        row.state,
        row.picked,
    )


def state_of(plan: Plan, now: int) -> str:
    """running, paused, coming or over."""
    if 0 < plan.ends <= now:
        return "over"
    return "coming" if plan.state == RUNNING and plan.starts > now else plan.state


def listed(database: Database, clock: Clock) -> list[dict[str, Any]]:
    """Every flow with what it does and how many it reached."""
    now = clock.now_ms()
    with database.reading() as conn:
        counts = {
            (row.flow, row.arm): row.n
            for row in conn.execute(
                select(flow_contact.c.flow, flow_contact.c.arm, func.count().label("n")).group_by(
                    flow_contact.c.flow, flow_contact.c.arm
                )
            )
        }
        return [
            {
                "id": plan.id,
                "name": plan.name,
                "state": state_of(plan, now),
                "segment": plan.segment,
                "away": plan.away,
                "stores": list(plan.stores),
                "steps": msgspec.to_builtins(plan.steps),
                "holdout": plan.holdout,
                "a_day": plan.most,
                "apart": plan.apart,
                "hour": plan.hour,
                "from": rfc3339(plan.starts),
                "until": rfc3339(plan.ends) if plan.ends else None,
                "contacted": counts.get((plan.id, "treated"), 0),
                "held_out": counts.get((plan.id, "holdout"), 0),
            }
            for plan in plans(conn)
        ]


def set_state(conn: Connection, id_: str, state: str) -> None:
    conn.execute(update(flow).where(flow.c.id == id_).values(state=state))

"""Today's likely visitors of a store (domain.md J18): listed with the reason and one line to say, and beside each of
them somebody just as likely who is listed nowhere, so that the list proves itself.

A day's list is made once, on the evening before or when the day begins, and is then on the tills whatever the network.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, delete, select

from posapp.clock import DAY, business_date, local
from posapp.hq import feed
from posapp.hq.database import Database, insert_many, portions, upsert
from posapp.hq.members.identity import ACTIVE, roots_of
from posapp.hq.members.slice import Published
from posapp.hq.members.tables import person, person_store
from posapp.hq.people import business_day, settings_of
from posapp.hq.segments import neighbours
from posapp.hq.segments.cards import visitor_key
from posapp.hq.segments.likes import agreed, names_of
from posapp.hq.segments.purchases import date_of, ordinal
from posapp.hq.segments.tables import person_figure, purchase, visitor
from posapp.hq.tables import about, event, store
from posapp.hq.tables import feed as told_rows
from posapp.rules import rfm
from posapp.streams import VisitorRow

Words = tuple[str, str]

MOST = 20
EVENING = 20
"""From this hour on, local time, there is a list for the day to come."""

KEPT_DAYS = 180
VIEW_DAYS = 7
SCENE = "likely"
SCRIPT = (
    "欢迎再来!今天有新到的商品,需要我介绍一下吗?",
    "Welcome back! Something new came in today; may I show you?",
)
"""What to say until HQ has an approved line for the scene."""

DUE, WEEKDAY, LEAD, VIEW = 50, 25, 20, 20
LEAST = 20
"""What reasons are worth, and what somebody must come to."""

_WEEKDAYS = (
    ("周一常来", "usually on Mondays"),
    ("周二常来", "usually on Tuesdays"),
    ("周三常来", "usually on Wednesdays"),
    ("周四常来", "usually on Thursdays"),
    ("周五常来", "usually on Fridays"),
    ("周六常来", "usually on Saturdays"),
    ("周日常来", "usually on Sundays"),
)


class Candidate(NamedTuple):
    """Somebody who may come: the score and its two strongest reasons."""

    ref: str
    score: int
    why: Words


def keep_lists(database: Database, now: int) -> int:
    """Make the lists that are due and not made, one store a transaction; how many."""
    made = 0
    with database.reading() as conn:
        stores = conn.scalars(select(store.c.number)).all()
        due = [(number, day) for number in stores for day in _due(conn, number, now)]
    for number, day in sorted(due):
        with database.reading() as conn:
            found = candidates(conn, number, day, now)
        with database.transaction() as conn:
            if day > _made(conn, number):
                feed.publish(conn, _make(conn, number, day, found, now))
                made += 1
    return made


def _due(conn: Connection, number: int, now: int) -> list[int]:
    """Today, and from the evening on tomorrow; without the lists that are made."""
    settings = settings_of(conn, feed.store_scope(number))
    today = ordinal(business_date(now, settings.time_zone, settings.cutover_hour))
    hour = local(now, settings.time_zone).hour
    is_evening = hour >= EVENING or hour < int(settings.cutover_hour)
    return [day for day in ([today, today + 1] if is_evening else [today]) if day > _made(conn, number)]


def _name(number: int) -> str:
    return f"visitors {number}"


def _made(conn: Connection, number: int) -> int:
    """The day of a store's last list."""
    return int(conn.scalar(select(about.c.value).where(about.c.name == _name(number))) or 0)


def _make(conn: Connection, number: int, day: int, found: Sequence[Candidate], now: int) -> Published:
    """Keep a day's list and its twins; the rows of the list, and word that older ones are gone."""
    scope, rows = feed.store_scope(number), []
    today = business_day(conn, now, number)
    told: dict[tuple[str, str], VisitorRow | None] = {(scope, key): None for key in _old(conn, scope, today)}
    line = neighbours.script(conn, SCENE) or SCRIPT
    twins = pairs(found, f"{number} {day}")
    owners = neighbours.owners(conn, [listed.ref for listed, _ in twins])
    for place, (listed, other) in enumerate(twins, 1):
        for who, shown in ((listed, place), (other, 0)):
            why, said = (json.dumps(words, ensure_ascii=False) for words in (who.why, line))
            rows.append((day, number, who.ref, shown, place, who.score, why, said, now))
        row = VisitorRow(date_of(day), listed.ref, place, listed.why, line, owners.get(listed.ref, 0))
        told[scope, visitor_key(day, listed.ref)] = row
    conn.execute(delete(visitor).where(visitor.c.store == number, visitor.c.day < day - KEPT_DAYS))
    insert_many(conn, visitor, rows)
    upsert(conn, about, [{"name": _name(number), "value": str(day)}])
    return {"visitors": told}


def _old(conn: Connection, scope: str, today: str) -> list[str]:
    mine = (told_rows.c.stream == "visitors", told_rows.c.scope == scope, told_rows.c.key < today)
    return list(conn.scalars(select(told_rows.c.key).where(*mine, told_rows.c.data != feed.GONE)))


def pairs(found: Sequence[Candidate], salt: str) -> list[tuple[Candidate, Candidate]]:
    """(listed, not listed): neighbours in the order of their scores, by a coin that falls the same again."""
    twins = []
    for one, other in zip(found[0 : 2 * MOST : 2], found[1 : 2 * MOST : 2], strict=False):
        coin = sha256(f"{salt} {one.ref} {other.ref}".encode()).digest()[0] & 1
        twins.append((other, one) if coin else (one, other))
    return twins


def candidates(conn: Connection, number: int, day: int, now: int) -> list[Candidate]:
    """Members whom a store's tills know and who may come on a day, the likeliest first."""
    refs = select(person.c.root).join(person_store, person_store.c.ref == person.c.ref)
    known = conn.execute(
        select(person_figure)
        .join(person, person.c.ref == person_figure.c.ref)
        .where(person.c.status == ACTIVE, person_figure.c.ref.in_(refs.where(person_store.c.store == number)))
    ).all()
    leads = neighbours.leads(conn, number)
    views = _views(conn, [row.ref for row in known], now)
    found = [_scored(row, day, leads.get(row.ref), views.get(row.ref)) for row in known]
    return sorted((one for one in found if one.score >= LEAST), key=lambda one: (-one.score, one.ref))[: 2 * MOST]


def _scored(row: Row[Any], day: int, lead: Words | None, view: Words | None) -> Candidate:
    reasons: list[tuple[int, Words]] = []
    away = day - row.last_day
    if row.segment not in (rfm.SLEEPING, rfm.PROSPECT):
        overdue = abs(rfm.risk(away, row.cycle_tenths) - 100)
        if row.cycle_tenths and (worth := DUE - overdue // 2) > 0:
            cycle = f"{row.cycle_tenths // 10}.{row.cycle_tenths % 10}"
            words = (f"约{cycle}天来一次,已{away}天", f"comes every {cycle} days, last {away} days ago")
            reasons.append((worth, words))
        if row.weekday == (day - 1) % 7 + 1:
            reasons.append((WEEKDAY, _WEEKDAYS[row.weekday - 1]))
    if lead:
        reasons.append((LEAD, lead))
    if view:
        reasons.append((VIEW, view))
    best = [words for _, words in sorted(reasons, key=lambda reason: -reason[0])[:2]]
    why = ("·".join(words[0] for words in best), ", ".join(words[1] for words in best))
    return Candidate(row.ref, sum(worth for worth, _ in reasons), why)


def _views(conn: Connection, roots: Sequence[str], now: int) -> dict[str, Words]:
    """What those of some members who agreed to it looked at most in a week."""
    times: dict[str, Counter[str]] = defaultdict(Counter)
    for some in portions(roots):
        for view in neighbours.views_since(conn, now - VIEW_DAYS * DAY, agreed(conn, some)):
            times[view.ref][view.article] += 1
    names = names_of(conn, {article for counts in times.values() for article in counts})
    told = {}
    for ref, counts in times.items():
        article, n = min(counts.items(), key=lambda item: (-item[1], item[0]))
        name = names.get(article, article)
        told[ref] = (f"看过“{name}”{n}次", f"looked at {name} {n} times")
    return told


# --- what became of it ---


class Outcome(NamedTuple):
    """How many of a group came, were talked to, bought."""

    persons: int
    arrived: int
    talked: int
    bought: int


def outcomes(conn: Connection, number: int, day: int) -> tuple[Outcome, Outcome]:
    """Of a day's list, and of their twins, as the journals tell so far."""
    rows = conn.execute(select(visitor).where(visitor.c.store == number, visitor.c.day == day)).all()
    bought = set(
        conn.scalars(
            select(person.c.root)
            .join(purchase, purchase.c.ref == person.c.ref)
            .where(purchase.c.day == day, purchase.c.store == number, purchase.c.counts == 1)
        )
    )
    seen, talked = _noted(conn, number, day)
    root_of = roots_of(conn, {*(row.ref for row in rows), *seen, *talked})
    came = bought | {root_of.get(ref, ref) for ref in seen | talked}
    spoke = {root_of.get(ref, ref) for ref in talked}
    groups = [
        {root_of.get(row.ref, row.ref) for row in rows if bool(row.place) is is_listed} for is_listed in (True, False)
    ]
    listed, others = (
        Outcome(len(group), len(group & came), len(group & spoke), len(group & bought)) for group in groups
    )
    return listed, others


def _noted(conn: Connection, number: int, day: int) -> tuple[set[str], set[str]]:
    """Who was recognised in a store on a day, and who was talked to as the clerks say."""
    seen: set[str] = set()
    talked: set[str] = set()
    for row in conn.execute(
        select(event.c.type, event.c.body).where(
            event.c.store == number,
            event.c.date == date_of(day),
            event.c.type.in_(("member.recognised", "visit.noted")),
        )
    ):
        body: Mapping[str, Any] = json.loads(row.body)
        if row.type == "member.recognised":
            seen.add(str(body.get("member", "")))
        elif body.get("outcome") in ("bought", "looked"):
            talked.add(str(body.get("member", "")))
    return seen, talked

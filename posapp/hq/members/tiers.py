"""Ranks of members, and what may be noted of them in two taps: set at HQ, told to every till."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, func, select, update

from posapp.clock import DAY
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import Database, upsert
from posapp.hq.members.tables import chip, person, points_entry, tier
from posapp.hq.people import plain_name
from posapp.rules.phones import holds_phone
from posapp.streams import ChipRow, TierRow

COUNTED_DAYS = 365
LONGEST_ID, LONGEST_NAME, MOST_CHOICES = 20, 20, 12
MOST_POINTS, MOST_FACTOR = 100_000_000, 1_000
_EARNED = ("earn", "claim", "claw_back")
_ID = re.compile(r"[a-z0-9_-]{1,20}")


def pair(text: str, most: int) -> tuple[str, str]:
    """ "中文/English" as its two words; one word serves for both. Raises PosError bad_name."""
    chinese, slash, english = text.partition("/")
    first = plain_name(chinese, most)
    return first, plain_name(english, most) if slash else first


def plain_id(text: str) -> str:
    """A short name for the wire: small letters, digits, - and _; no phone. Raises PosError bad_id, text_has_number."""
    if not _ID.fullmatch(text):
        raise PosError("bad_id", id=text[:20])
    if holds_phone(text):
        raise PosError("text_has_number")
    return text


def set_tier(database: Database, id_: str, name: str, *, least: int, factor: int, colour: str = "") -> None:
    """Make a rank, or change it. least: points earned in a year that reach it; factor: percent of points earned.

    Raises PosError bad_id, bad_name, bad_colour.
    """
    row = {"id": plain_id(id_), "name": json.dumps(pair(name, LONGEST_NAME), ensure_ascii=False)}
    if colour and not re.fullmatch(r"#[0-9a-f]{6}", colour.lower()):
        raise PosError("bad_colour", colour=colour[:20])
    with database.transaction() as conn:
        upsert(conn, tier, [{**row, "least": least, "factor": factor, "colour": colour.lower(), "place": 0}])
        told: dict[tuple[str, str], TierRow] = {}
        for place, held in enumerate(conn.execute(select(tier).order_by(tier.c.least, tier.c.id)).all(), 1):
            conn.execute(update(tier).where(tier.c.id == held.id).values(place=place))
            chinese, english = json.loads(held.name)
            told[feed.CHAIN, held.id] = TierRow((chinese, english), held.factor, held.colour, place)
        feed.publish(conn, {"tiers": told})


def rise(conn: Connection, refs: Iterable[str], now: int) -> None:
    """Give persons the rank that the points they earned in a year reach. Nobody falls by it."""
    ranks = conn.execute(select(tier).order_by(tier.c.least)).all()
    if not ranks:
        return
    least_of = {row.id: row.least for row in ranks}
    roots = conn.scalars(select(person.c.root).where(person.c.ref.in_(sorted(set(refs)))).distinct()).all()
    for head in conn.execute(select(person).where(person.c.ref.in_(roots))).all():
        earned = conn.scalar(
            select(func.sum(points_entry.c.points))
            .join(person, person.c.ref == points_entry.c.ref)
            .where(
                person.c.root == head.ref,
                points_entry.c.kind.in_(_EARNED),
                points_entry.c.at > now - COUNTED_DAYS * DAY,
            )
        )
        reached = [row for row in ranks if row.least <= int(earned or 0)]
        if reached and reached[-1].least > least_of.get(head.tier, -1):
            conn.execute(update(person).where(person.c.ref == head.ref).values(tier=reached[-1].id))


def set_chip(database: Database, name: str, title: str, choices: Sequence[str]) -> None:
    """Make something that may be noted, or change it. choices: "value=中文/English". Raises PosError bad_id,
    bad_name, bad_usage."""
    told: list[tuple[str, str, str]] = []
    for choice in choices:
        value, equals, words = choice.partition("=")
        if not equals:
            raise PosError("bad_usage", usage="posapp hq chips set NAME TITLE VALUE=中文/English ...")
        told.append((plain_id(value), *pair(words, LONGEST_NAME)))
    if not 1 <= len(told) <= MOST_CHOICES or len({value for value, _, _ in told}) < len(told):
        raise PosError("bad_usage", usage="posapp hq chips set NAME TITLE VALUE=中文/English ...")
    with database.transaction() as conn:
        held = conn.scalar(select(chip.c.place).where(chip.c.name == plain_id(name)))
        place = held or int(conn.scalar(select(func.max(chip.c.place))) or 0) + 1
        called = pair(title, LONGEST_NAME)
        row = {"name": name, "title": json.dumps(called, ensure_ascii=False), "place": place}
        upsert(conn, chip, [{**row, "choices": json.dumps(told, ensure_ascii=False)}])
        feed.publish(conn, {"chips": {(feed.CHAIN, name): ChipRow(called, told, place)}})

"""Hints for the cashier: given, taken back, and told to the stores that know the member, one a person."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy import Connection, select

from posapp.hq import feed
from posapp.hq.care.scripts import SCENES, Pair
from posapp.hq.care.tables import hint
from posapp.hq.database import insert_new
from posapp.hq.members.identity import ACTIVE
from posapp.hq.members.slice import Published
from posapp.hq.members.tables import person, person_store
from posapp.streams import HintRow

_ANSWERED = ("accepted", "declined")


def give_hint(
    conn: Connection,
    ref: str,
    *,
    id: str,  # noqa: A002  (the row's own word)
    scene: str,
    prompt: Pair,
    script: Pair,
    version: int,
    benefit: str = "",
    made: int,
    ends: int,
    flow: str = "",
) -> None:
    """Give a person a hint, once under its id; hint_rows() tells the tills."""
    row = {
        "id": id,
        "ref": ref,
        "scene": scene,
        "prompt": json.dumps(prompt, ensure_ascii=False),
        "script": json.dumps(script, ensure_ascii=False),
        "version": version,
        "benefit": benefit,
        "made": made,
        "ends": ends,
        "flow": flow,
    }
    insert_new(conn, hint, row)


def hint_rows(conn: Connection, roots: Iterable[str], now: int) -> Published:
    """The rows of persons: for each store that knows them the open hint of the first scene, the newest of it."""
    named = sorted(set(roots))
    people = conn.execute(select(person.c.ref, person.c.root, person.c.status).where(person.c.root.in_(named))).all()
    root_of = {row.ref: row.root for row in people}
    members = {row.root for row in people if row.ref == row.root and row.status == ACTIVE}
    chosen: dict[str, HintRow] = {}
    still_open = (hint.c.ref.in_(list(root_of)), hint.c.outcome.not_in(_ANSWERED), hint.c.ends > now)
    rows = conn.execute(select(hint).where(*still_open)).all()
    for row in sorted(rows, key=lambda row: (_rank(row.scene), -row.made, row.id)):
        if root_of[row.ref] in members:
            told = (row.scene, tuple(json.loads(row.prompt)), tuple(json.loads(row.script)))
            made = HintRow(row.id, *told, row.version, row.benefit, row.made, row.ends, row.flow)
            chosen.setdefault(root_of[row.ref], made)
    places = conn.execute(select(person_store).where(person_store.c.ref.in_(list(root_of))))
    return {
        "hints": {
            (feed.store_scope(place.store), root_of[place.ref]): chosen.get(root_of[place.ref]) for place in places
        }
    }


def _rank(scene: str) -> int:
    return SCENES.index(scene) if scene in SCENES else len(SCENES)

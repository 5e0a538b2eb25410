"""Hints for the cashier: given, taken back, and told to the stores that know the member, one a person."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy import Connection, select, update

from posapp.hq import feed
from posapp.hq.care.tables import hint
from posapp.hq.database import upsert
from posapp.hq.members.identity import ACTIVE
from posapp.hq.members.slice import Published
from posapp.hq.members.tables import person, person_store
from posapp.streams import HintRow

WITHDRAWN = "withdrawn"
RANKS = ("lead", "chatted", "ordered", "browsed", "dormant", "birthday")
"""Scenes, the one that is told first at the front."""


def give_hint(
    conn: Connection,
    ref: str,
    *,
    id: str,  # noqa: A002  (the row's own word)
    scene: str,
    prompt: tuple[str, str],
    script: tuple[str, str] = ("", ""),
    version: int = 0,
    benefit: str = "",
    made: int,
    ends: int,
    flow: str = "",
) -> None:
    """Give a person a hint, open until `ends`; given again under its id it has the new words and is open anew."""
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
        "outcome": "",
        "outcome_at": 0,
        "shown": 0,
    }
    upsert(conn, hint, [row])


def take_back(conn: Connection, ids: Iterable[str], now: int) -> None:
    """Hints that are open are shown no more."""
    for id_ in ids:
        close(conn, id_, WITHDRAWN, now)


def close(conn: Connection, id_: str, outcome: str, at: int) -> None:
    """What became of a hint that was open."""
    still_open = (hint.c.id == id_, hint.c.outcome == "")
    conn.execute(update(hint).where(*still_open).values(outcome=outcome, outcome_at=at))


def hint_rows(conn: Connection, roots: Iterable[str], now: int) -> Published:
    """The rows of persons: for each store that knows them the open hint of the first scene, the newest of it."""
    named = sorted(set(roots))
    people = conn.execute(select(person.c.ref, person.c.root, person.c.status).where(person.c.root.in_(named))).all()
    root_of = {row.ref: row.root for row in people}
    members = {row.root for row in people if row.ref == row.root and row.status == ACTIVE}
    chosen: dict[str, HintRow] = {}
    still_open = (hint.c.ref.in_(list(root_of)), hint.c.outcome == "", hint.c.ends > now)
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
    return RANKS.index(scene) if scene in RANKS else len(RANKS)

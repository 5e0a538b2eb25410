"""The one hint that a clerk gets when a member is recognised: given, told to the tills, answered, over."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, select, update

from posapp.clock import DAY
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.care.scripts import APPROVED, BROWSED, CHATTED, ORDERED, SCENES, Pair, check, pair_of, say
from posapp.hq.care.tables import hint, script
from posapp.hq.database import insert_new, portions
from posapp.hq.members import consents
from posapp.hq.members.identity import ACTIVE, ids_of, root_of, roots, same_as
from posapp.hq.members.slice import Published
from posapp.hq.members.tables import benefit, person, person_store
from posapp.rules.consents import PERSONAL
from posapp.streams import HintRow

ACCEPTED, DECLINED, IGNORED = "accepted", "declined", "ignored"
OUTCOMES = (ACCEPTED, DECLINED, IGNORED)
ANSWERED = (ACCEPTED, DECLINED)
QUIET_DAYS = 7
"""Who answered is not asked about the same again for so long."""

_WATCHED = frozenset({CHATTED, BROWSED, ORDERED})
"""Scenes that come of what somebody did online: told only to who agreed to suggestions."""


def give_hint(
    conn: Connection,
    ref: str,
    *,
    id: str,  # noqa: A002
    scene: str,
    prompt: Pair,
    script: Pair,
    version: int,
    benefit: str = "",
    made: int,
    ends: int,
    flow: str = "",
    subject: str = "",
    experiment: str = "",
) -> None:
    """Give a person a hint, once under its id; hint_rows() tells the tills.

    prompt, script: as scripts.say() made them of an approved version. Raises PosError script_unapproved, text_too_long.
    """
    check(conn, scene, version, prompt, script)
    row = {
        "id": id,
        "ref": ref,
        "scene": scene,
        "subject": subject,
        "prompt": json.dumps(prompt, ensure_ascii=False),
        "script": json.dumps(script, ensure_ascii=False),
        "version": version,
        "benefit": benefit,
        "made": made,
        "ends": ends,
        "flow": flow,
        "experiment": experiment,
    }
    insert_new(conn, hint, row)


def hint_about(
    conn: Connection, ref: str, *, id_: str, scene: str, subject: str, made: int, ends: int, **values: str | Pair
) -> bool:
    """Give a person a hint about something, in the words of its scene; whether the tills are to be told.

    Asked again about the same while it is open, it lives longer; answered not long ago, it is not asked again.
    """
    root = root_of(conn, ref)
    refs = same_as(conn, root)
    about = (hint.c.ref.in_(refs), hint.c.scene == scene, hint.c.subject == subject)
    held = conn.execute(select(hint).where(*about).order_by(hint.c.made.desc())).all()
    if any(row.outcome in ANSWERED and row.outcome_at > made - QUIET_DAYS * DAY for row in held):
        return False
    still = next((row for row in held if row.outcome not in ANSWERED and row.ends > made), None)
    if still is not None:
        later = max(still.ends, ends)
        conn.execute(update(hint).where(hint.c.id == still.id).values(made=max(still.made, made), ends=later, told=1))
        return True
    said = say(conn, scene, root, made, **values)
    if said is None:
        return False
    give_hint(
        conn,
        ref,
        id=id_,
        scene=scene,
        prompt=said.prompt,
        script=said.line,
        version=said.version,
        made=made,
        ends=ends,
        subject=subject,
        experiment=said.experiment,
    )
    return True


def lock(conn: Connection, people: Collection[str]) -> None:
    """Keep others from telling of these persons until the commit: whoever tells later tells something newer."""
    for some in portions(people):
        asked = select(person.c.ref).where(person.c.root.in_(some)).order_by(person.c.ref)
        conn.execute(asked.with_for_update()).all()


def hint_rows(conn: Connection, people: Collection[str], now: int) -> Published:
    """The rows of the stream hints for persons (by root): of each the one hint to show, or that there is none."""
    lock(conn, people)
    ids = ids_of(conn, people)
    shown = {root: _row(held) for root, held in standing(conn, people, now).items()}
    places: dict[str, set[int]] = defaultdict(set)
    for some in portions(ids):
        for place in conn.execute(select(person_store).where(person_store.c.ref.in_(some))):
            places[ids[place.ref]].add(place.store)
    rows: dict[tuple[str, str], HintRow | None] = {}
    for ref, root in ids.items():
        for store in places[root]:
            rows[feed.store_scope(store), ref] = shown.get(root) if ref == root else None
    return {"hints": rows}


def standing(conn: Connection, people: Collection[str], now: int) -> dict[str, Row[Any]]:
    """The hint that stands for each of some persons (by root) who have one."""
    ids = ids_of(conn, people)
    open_: dict[str, list[Row[Any]]] = defaultdict(list)
    for some in portions(ids):
        asked = select(hint).where(hint.c.ref.in_(some), hint.c.outcome.not_in(ANSWERED), hint.c.ends > now)
        for row in conn.execute(asked):
            open_[ids[row.ref]].append(row)
    if not open_:
        return {}
    approved = {
        (row.scene, row.version)
        for row in conn.execute(select(script.c.scene, script.c.version).where(script.c.state == APPROVED))
    }
    promised = {row.benefit for rows in open_.values() for row in rows if row.benefit}
    good = set(conn.scalars(select(benefit.c.id).where(benefit.c.id.in_(promised), benefit.c.state == "open")))
    agreed = consents.standings(conn, sorted(open_))
    members = set(conn.scalars(select(person.c.ref).where(person.c.ref.in_(open_), person.c.status == ACTIVE)))
    found = {}
    for root, rows in open_.items():
        personal = agreed.get(root, {}).get(PERSONAL)
        fit = [
            row
            for row in rows
            if (not row.version or (row.scene, row.version) in approved)
            and (not row.benefit or row.benefit in good)
            and (row.scene not in _WATCHED or (personal is not None and personal.given))
        ]
        if fit and root in members:
            found[root] = min(fit, key=_order)
    return found


def _order(row: Row[Any]) -> tuple[int, int, str]:
    place = SCENES.index(row.scene) if row.scene in SCENES else len(SCENES)
    return place, -row.made, row.id


def _row(held: Row[Any]) -> HintRow:
    return HintRow(
        held.id,
        held.scene,
        pair_of(held.prompt),
        pair_of(held.script),
        held.version,
        held.benefit,
        held.made,
        held.ends,
        held.flow,
    )


def answered(conn: Connection, id_: str, outcome: str, at: int, *, shown: bool = True) -> str | None:
    """What became of a hint, as a till or a clerk's page says; whose it is (root), None for a hint nobody gave.

    The first answer stands. Raises PosError bad_choice.
    """
    if outcome not in OUTCOMES:
        raise PosError("bad_choice", value=outcome[:20], values=", ".join(OUTCOMES))
    held = conn.execute(select(hint).where(hint.c.id == id_).with_for_update()).one_or_none()
    if held is None:
        return None
    values: dict[str, Any] = {"shown": held.shown + 1} if shown else {}
    if held.outcome not in ANSWERED:
        values |= {"outcome": outcome, "outcome_at": at}
    if values:
        conn.execute(update(hint).where(hint.c.id == id_).values(**values))
    return root_of(conn, held.ref)


def lapsed(conn: Connection, now: int) -> set[str]:
    """The persons whose hints have ended and whom the tills have still to forget; asked again it is nobody."""
    over = update(hint).where(hint.c.told == 1, hint.c.ends <= now).values(told=0)
    return roots(conn, set(conn.scalars(over.returning(hint.c.ref))))

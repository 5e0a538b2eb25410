"""Scripts against each other: who hears which follows from a hash of the member, and some hear nothing (holdout).

A person is in an arm from the first moment there was something to tell, and stays there; shown is what tills said they
showed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, update

from posapp.clock import DAY, rfc3339
from posapp.errors import PosError
from posapp.hq.care.purchases import purchases_of
from posapp.hq.care.tables import arm, experiment, hint, script
from posapp.hq.database import Database, insert_new
from posapp.hq.members.identity import ids_of, same_as
from posapp.hq.members.tables import person
from posapp.hq.members.tiers import plain_id
from posapp.rules import proportions

WINDOW_DAYS = 14
MOST_HOLDOUT = 90


class Arm(NamedTuple):
    """version 0: nothing is said."""

    experiment: str
    version: int


def start(database: Database, id_: str, scene: str, versions: Iterable[int], holdout: int, now: int) -> None:
    """Begin. Raises PosError bad_id, id_taken, experiment_runs, not_found (a version that is not approved)."""
    wanted = sorted(set(versions))
    with database.transaction() as conn:
        running = conn.scalar(select(experiment.c.id).where(experiment.c.scene == scene, experiment.c.ends == 0))
        if running is not None:
            raise PosError("experiment_runs", id=running, scene=scene)
        approved = set(
            conn.scalars(select(script.c.version).where(script.c.scene == scene, script.c.state == "approved"))
        )
        for version in wanted:
            if version not in approved:
                raise PosError("not_found", what=f"{scene[:20]} {version}")
        row = {"id": plain_id(id_), "scene": scene, "versions": json.dumps(wanted), "holdout": holdout, "starts": now}
        if not insert_new(conn, experiment, row):
            raise PosError("id_taken", id=id_)


def stop(database: Database, id_: str, now: int) -> None:
    """End one; who is in which arm is kept for the report. Raises PosError not_found."""
    with database.transaction() as conn:
        ended = update(experiment).where(experiment.c.id == id_, experiment.c.ends == 0).values(ends=now)
        if conn.execute(ended.returning(experiment.c.id)).first() is None:
            raise PosError("not_found", what=id_[:20])


def arm_of(conn: Connection, scene: str, root: str, now: int) -> Arm | None:
    """A person's arm in the experiment that runs in a scene; they are in it from now on."""
    running = conn.execute(
        select(experiment).where(experiment.c.scene == scene, experiment.c.ends == 0, experiment.c.starts <= now)
    ).first()
    if running is None:
        return None
    refs = same_as(conn, root)
    mine = (arm.c.experiment == running.id, arm.c.ref.in_(refs))
    held = conn.execute(select(arm).where(*mine).order_by(arm.c.at, arm.c.ref)).first()
    if held is not None:
        return Arm(running.id, held.version)
    version = chosen(running.id, root, json.loads(running.versions), running.holdout)
    insert_new(conn, arm, {"experiment": running.id, "ref": root, "version": version, "at": now})
    return Arm(running.id, version)


def chosen(id_: str, root: str, versions: list[int], holdout: int) -> int:
    """The version that a member's hash falls on, 0 for the holdout."""
    number = int.from_bytes(sha256(f"{id_}\n{root}".encode()).digest()[:8], "big")
    if number % 100 < holdout or not versions:
        return 0
    return versions[number // 100 % len(versions)]


def report(conn: Connection, id_: str) -> dict[str, Any]:
    """Each arm's counts, and how many bought within WINDOW_DAYS of being in it, beside the holdout. few: an arm of too
    few persons, which nothing is compared with.

    Raises PosError not_found.
    """
    held = conn.execute(select(experiment).where(experiment.c.id == id_)).one_or_none()
    if held is None:
        raise PosError("not_found", what=id_[:20])
    entered: dict[str, tuple[int, int]] = {}
    rows = conn.execute(
        select(arm.c.version, arm.c.at, person.c.root)
        .join(person, person.c.ref == arm.c.ref)
        .where(arm.c.experiment == id_)
        .order_by(arm.c.at, arm.c.ref)
    )
    for row in rows:
        entered.setdefault(row.root, (row.version, row.at))
    told = _told(conn, id_, entered)
    bought = {
        root
        for root, all_ in purchases_of(conn, entered).items()
        if any(0 < one.at - entered[root][1] <= WINDOW_DAYS * DAY for one in all_)
    }
    arms = [_arm(version, entered, told, bought) for version in (*json.loads(held.versions), 0)]
    nothing = arms[-1]
    if nothing["few"]:
        nothing["purchase_rate"] = None
    for one in arms[:-1]:
        is_told = not (one["few"] or nothing["few"])
        pairs = (one["bought"], one["assigned"]), (nothing["bought"], nothing["assigned"])
        one["uplift"] = difference(*pairs) if is_told else None
    return {
        "id": id_,
        "scene": held.scene,
        "holdout": held.holdout,
        "starts": rfc3339(held.starts),
        "ends": rfc3339(held.ends) if held.ends else None,
        "window_days": WINDOW_DAYS,
        "arms": arms,
    }


def _told(conn: Connection, id_: str, entered: dict[str, tuple[int, int]]) -> dict[str, set[str]]:
    """Who was shown something, and who accepted, declined or ignored it."""
    whose = ids_of(conn, entered)
    told: dict[str, set[str]] = defaultdict(set)
    for row in conn.execute(select(hint).where(hint.c.experiment == id_, hint.c.shown > 0)):
        if root := whose.get(row.ref):
            told["shown"].add(root)
            told[row.outcome].add(root)
    return told


def _arm(
    version: int, entered: dict[str, tuple[int, int]], told: dict[str, set[str]], bought: set[str]
) -> dict[str, Any]:
    mine = {root for root, (held, _) in entered.items() if held == version}
    counts = {name: len(told[name] & mine) for name in ("shown", "accepted", "declined", "ignored")}
    return {
        "version": version,
        "assigned": len(mine),
        **counts,
        "acceptance": interval(counts["accepted"], counts["shown"]),
        "bought": len(bought & mine),
        "purchase_rate": interval(len(bought & mine), len(mine)),
        "few": proportions.is_few(len(mine)),
    }


def interval(many: int, of: int) -> dict[str, float] | None:
    """A share with its bounds, in percent; None of nothing."""
    if not of:
        return None
    low, high = proportions.interval(many, of)
    return {"percent": _percent(many / of), "low": _percent(low), "high": _percent(high)}


def difference(one: tuple[int, int], other: tuple[int, int]) -> dict[str, float] | None:
    """How much larger the first share is, in points of percent."""
    if not one[1] or not other[1]:
        return None
    low, high = proportions.difference(one, other)
    return {"points": _percent(one[0] / one[1] - other[0] / other[1]), "low": _percent(low), "high": _percent(high)}


def _percent(share: float) -> float:
    return round(100 * share, 1)

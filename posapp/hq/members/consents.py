"""What people agreed to, act by act: the newest act of a purpose counts, and of two at one instant the withdrawal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from posapp.hq import feed
from posapp.hq.database import insert_new
from posapp.hq.members.tables import consent, person
from posapp.messages import Consent
from posapp.rules.consents import MARKETING, TEXTS
from posapp.streams import ConsentTextRow

FIRM, PENDING = "firm", "pending"


@dataclass(frozen=True, slots=True)
class Standing:
    """What counts of a purpose now."""

    given: bool
    at: int
    state: str
    version: str


def text_rows() -> dict[tuple[str, str], ConsentTextRow]:
    """What the tills are told to ask."""
    return {(feed.CHAIN, purpose): row for purpose, row in TEXTS.items()}


def note(
    conn: Connection, ref: str, acts: Iterable[Consent], at: int, source: str, channel: str, state: str = FIRM
) -> None:
    """Add acts, each once for its source."""
    for act in acts:
        row = {
            "ref": ref,
            "purpose": act.purpose[:40],
            "at": at,
            "source": source,
            "given": 1 if act.given else 0,
            "version": act.version[:40],
            "hash": act.hash[:64],
            "channel": channel,
            "state": state if act.given and act.purpose == MARKETING else FIRM,
        }
        insert_new(conn, consent, row)


def standing(conn: Connection, root: str) -> dict[str, Standing]:
    """What counts now of a person, by purpose."""
    return standings(conn, [root]).get(root, {})


def standings(conn: Connection, roots: Sequence[str]) -> dict[str, dict[str, Standing]]:
    """What counts now of some persons (by root)."""
    rows = conn.execute(
        select(person.c.root, consent.c.purpose, consent.c.given, consent.c.at, consent.c.state, consent.c.version)
        .join(person, person.c.ref == consent.c.ref)
        .where(person.c.root.in_(roots))
        .order_by(consent.c.at, consent.c.given.desc())
    )
    held: dict[str, dict[str, Standing]] = {}
    for row in rows:  # the last one stays: the newest, and of equals the withdrawal
        held.setdefault(row.root, {})[row.purpose] = Standing(bool(row.given), row.at, row.state, row.version)
    return held


def confirm(conn: Connection, refs: Sequence[str]) -> None:
    """The phone behind consents that were given offline is confirmed: they are firm."""
    conn.execute(consent.update().where(consent.c.ref.in_(refs), consent.c.state == PENDING).values(state=FIRM))


def may_market(conn: Connection, root: str) -> bool:
    """Whether offers may be sent: consent given, and firm."""
    held = standing(conn, root).get(MARKETING)
    return held is not None and held.given and held.state == FIRM

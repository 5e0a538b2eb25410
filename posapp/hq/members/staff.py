"""Clerks are customers, too: which accounts are theirs, so that tickets they claim too often are looked at (J3)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, func, select

from posapp.clock import local
from posapp.errors import PosError
from posapp.hq.database import insert_new, upsert
from posapp.hq.joining.tables import claim
from posapp.hq.members.identity import Means
from posapp.hq.members.tables import followed, person, person_key, staff_phone
from posapp.hq.tables import clerk
from posapp.hq.vault import Vault

MOST_A_MONTH = 3

_OWN = (
    select(person.c.root)
    .join(person_key, person_key.c.ref == person.c.ref)
    .join(staff_phone, (staff_phone.c.hash == person_key.c.hash) & (person_key.c.kind == "phone"))
)


def set_phone(conn: Connection, vault: Vault, number: int, phone: str) -> None:
    """Note a clerk's own phone (E.164), as a keyed hash only. Raises PosError not_found."""
    if conn.scalar(select(clerk.c.number).where(clerk.c.number == number)) is None:
        raise PosError("not_found", what=number)
    upsert(conn, staff_phone, [{"clerk": number, "hash": vault.index("phone", phone)}])


def clerk_of(conn: Connection, root: str) -> int | None:
    """Whose private account this is; None for a customer's."""
    return conn.scalar(_OWN.with_only_columns(staff_phone.c.clerk).where(person.c.root == root).limit(1))


def accounts(conn: Connection) -> frozenset[str]:
    """The accounts (roots) that are clerks' own."""
    return frozenset(conn.scalars(_OWN.distinct()))


def watch_claims(conn: Connection, means: Means, root: str, zone: str) -> None:
    """A clerk's own account claimed a ticket: beyond a few in a calendar month somebody should look."""
    number = clerk_of(conn, root)
    if number is None:
        return
    month = local(means.now, zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    since = int(month.astimezone(dt.UTC).timestamp() * 1000)
    claims = conn.scalar(
        select(func.count())
        .select_from(claim)
        .join(person, person.c.ref == claim.c.ref)
        .where(person.c.root == root, claim.c.at >= since, claim.c.is_new == 0)
    )
    if (claims or 0) > MOST_A_MONTH:
        note = {"event": f"{number} {month:%Y-%m}", "what": "staff_claims", "at": means.now, "detail": str(claims)}
        insert_new(conn, followed, note)

"""Who may send events: a name, and a secret that is told once and of which HQ keeps the hash."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, select, update

from posapp.clock import rfc3339
from posapp.errors import PosError
from posapp.hq.care.tables import open_channel
from posapp.hq.database import Database, insert_new
from posapp.hq.members.tiers import plain_id
from posapp.ids import Chance, random_base32

EVENTS = "events"
SCOPES = (EVENTS,)
_PREFIX = "pos_"
_LENGTH = 40


def add(database: Database, chance: Chance, name: str, scopes: str, now: int) -> str:
    """Let somebody in; the secret, which is told this once. Raises PosError bad_id, bad_choice, id_taken."""
    wanted = sorted(set(scopes.split()))
    if not wanted or not set(wanted) <= set(SCOPES):
        raise PosError("bad_choice", value=scopes[:20], values=", ".join(SCOPES))
    secret = _PREFIX + random_base32(_LENGTH, chance)
    row = {"name": plain_id(name), "digest": _digest(secret), "scopes": " ".join(wanted), "made": now, "revoked": 0}
    with database.transaction() as conn:
        if not insert_new(conn, open_channel, row):
            raise PosError("id_taken", id=name)
    return secret


def revoke(database: Database, name: str, now: int) -> None:
    """The secret opens nothing any more. Raises PosError not_found."""
    with database.transaction() as conn:
        mine = (open_channel.c.name == name, open_channel.c.revoked == 0)
        ended = update(open_channel).where(*mine).values(revoked=now).returning(open_channel.c.name)
        if conn.execute(ended).first() is None:
            raise PosError("not_found", what=name[:20])


def known(conn: Connection, header: str, scope: str) -> str:
    """The channel whose secret an Authorization header brings. Raises PosError bad_key, out_of_scope."""
    kind, _, secret = header.partition(" ")
    held = None
    if kind.lower() == "bearer" and 0 < len(secret) <= 200:
        asked = select(open_channel).where(open_channel.c.digest == _digest(secret.strip()))
        held = conn.execute(asked.where(open_channel.c.revoked == 0)).one_or_none()
    if held is None:
        raise PosError("bad_key")
    if scope not in held.scopes.split():
        raise PosError("out_of_scope", scope=scope)
    return str(held.name)


def listed(conn: Connection) -> list[dict[str, Any]]:
    return [
        {
            "name": row.name,
            "scopes": row.scopes.split(),
            "made": rfc3339(row.made),
            "revoked": rfc3339(row.revoked) if row.revoked else None,
        }
        for row in conn.execute(select(open_channel).order_by(open_channel.c.name))
    ]


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()

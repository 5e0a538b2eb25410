"""A customer became a clerk's friend in WeCom: whose account is that? Only a union id says so for certain."""

from __future__ import annotations

from sqlalchemy import Connection, select

from posapp.hq.members.identity import CLAIMED, VERIFIED, Means, add_key, known_by
from posapp.hq.vault import Vault
from posapp.hq.wecom.tables import contact_change
from posapp.ids import Chance


def tie(conn: Connection, means: Means, ref: str, code: str) -> None:
    """Somebody joined by the link of a greeting: they say that they are this friend. A link can be handed on, so it is
    a claim."""
    friend = conn.scalar(select(contact_change.c.external_userid).where(contact_change.c.link == code).limit(1))
    if friend:
        add_key(conn, means, ref, "external_userid", str(friend), CLAIMED, "greeting")


def note(vault: Vault, chance: Chance, conn: Connection, external_userid: str, unionid: str | None, now: int) -> None:
    """Keep the friend's id with the member whose union id it comes with, if there is one."""
    root = known_by(conn, "unionid", vault.index("unionid", unionid)) if unionid else None
    if root is not None:
        add_key(conn, Means(vault, chance, now), root, "external_userid", external_userid, VERIFIED, "wecom")

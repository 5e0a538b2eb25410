"""A customer became a clerk's friend in WeCom: whose account is that? Only a union id says so for certain."""

from __future__ import annotations

from sqlalchemy import Connection

from posapp.hq.members.identity import VERIFIED, Means, add_key, known_by
from posapp.hq.vault import Vault
from posapp.ids import Chance


def note(vault: Vault, chance: Chance, conn: Connection, external_userid: str, unionid: str | None, now: int) -> None:
    """Keep the friend's id with the member whose union id it comes with, if there is one."""
    root = known_by(conn, "unionid", vault.index("unionid", unionid)) if unionid else None
    if root is not None:
        add_key(conn, Means(vault, chance, now), root, "external_userid", external_userid, VERIFIED, "wecom")

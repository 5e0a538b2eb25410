"""Whom personal data went to besides HQ: what they hold of a person, and what makes them forget (PIPL art. 23, 47)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from posapp.clock import rfc3339
from posapp.hq.members.identity import Means
from posapp.hq.members.privacy import Recipient
from posapp.hq.members.tables import person_key
from posapp.hq.texts import outbox
from posapp.hq.texts.tables import text_message
from posapp.hq.vault import Vault
from posapp.hq.wecom.tables import relation


def recipients(vault: Vault) -> tuple[Recipient, ...]:
    """The provider of text messages, and WeCom."""

    def friends(conn: Connection, refs: Sequence[str]) -> list[Any]:
        mine = select(person_key.c.hash).where(person_key.c.kind == "external_userid", person_key.c.ref.in_(refs))
        hashes = set(conn.scalars(mine))
        if not hashes:
            return []
        every = conn.execute(select(relation)).all()
        return [row for row in every if vault.index("external_userid", row.external_userid) in hashes]

    def in_wecom(conn: Connection, refs: Sequence[str]) -> list[dict[str, Any]]:
        return [
            {"clerk": row.clerk, "channel": row.channel, "since": rfc3339(row.added)} for row in friends(conn, refs)
        ]

    def out_of_wecom(conn: Connection, means: Means, refs: Sequence[str], phones: Sequence[str]) -> None:
        for row in friends(conn, refs):
            same = (relation.c.external_userid == row.external_userid, relation.c.userid == row.userid)
            conn.execute(update(relation).where(*same).values(name="", remark=""))

    return (Recipient("SMS", _sent, _unsend), Recipient("WeCom", in_wecom, out_of_wecom))


def _sent(conn: Connection, refs: Sequence[str]) -> list[dict[str, Any]]:
    rows = conn.execute(select(text_message).where(text_message.c.ref.in_(refs)).order_by(text_message.c.created))
    return [{"message": row.template, "at": rfc3339(row.created), "state": row.state} for row in rows]


def _unsend(conn: Connection, means: Means, refs: Sequence[str], phones: Sequence[str]) -> None:
    for ref in refs:
        outbox.drop_for(conn, ref, means.now)
    for phone in phones:
        outbox.drop_number(conn, outbox.person_of(means.vault, phone), means.now)

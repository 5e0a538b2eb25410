"""A phone that a customer typed at a counter becomes theirs once they show it: by the code at the counter, or by the
link that HQ sends afterwards."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from posapp.clock import DAY
from posapp.errors import PosError
from posapp.hq.joining.join import activate, give
from posapp.hq.members import consents
from posapp.hq.members.identity import ACTIVE, VERIFIED, Means, root_of, set_phone
from posapp.hq.members.slice import Published, rows_of
from posapp.hq.members.tables import person, phone_confirm
from posapp.ids import random_base32
from posapp.rules.lookup import code_hash

PATH = "/c/"
LENGTH = 26
LIFE_MS = 7 * DAY


def confirmed(id_: str) -> str:
    """Under which `followed` keeps that a phone was confirmed at the counter: a till's word alone is not believed."""
    return f"confirmed {id_}"


def make_link(conn: Connection, means: Means, ref: str) -> str:
    """The end of the address by which the owner of a person's phone confirms it: "/c/" and 26 characters."""
    token = random_base32(LENGTH, means.chance)
    conn.execute(phone_confirm.insert(), {"hash": code_hash(token), "ref": ref, "made": means.now, "used": 0})
    return PATH + token


def owner_of(conn: Connection, means: Means, token: str) -> tuple[str, str]:
    """Whose link this is: the id it was made for, and their phone in E.164. Raises PosError expired."""
    row = conn.execute(select(phone_confirm).where(phone_confirm.c.hash == code_hash(token.upper()))).one_or_none()
    if row is None or row.made + LIFE_MS <= means.now:
        raise PosError("expired", what=("链接", "the link"))
    sealed = conn.scalar(select(person.c.phone).where(person.c.ref == row.ref))
    if not sealed:
        raise PosError("expired", what=("链接", "the link"))
    return row.ref, means.vault.open(sealed)


def confirm_by_link(conn: Connection, means: Means, token: str) -> tuple[str, Published]:
    """The link was opened and confirmed; the person's root, and the rows to publish as the transaction's last
    statement. A second time changes nothing. Raises PosError expired."""
    ref, phone = owner_of(conn, means, token)
    conn.execute(update(phone_confirm).where(phone_confirm.c.hash == code_hash(token.upper())).values(used=means.now))
    root = confirm_phone(conn, means, ref, phone)
    return root, rows_of(conn, [ref, root], means.now)


def confirm_phone(conn: Connection, means: Means, ref: str, phone: str) -> str:
    """A person's phone (E.164) is theirs; their root after it. Whoever verified it before is the same person; consents
    that were given offline are firm; who was held back is a member now, and has what joining gives."""
    root = set_phone(conn, means, ref, phone, VERIFIED, "confirmed")
    consents.confirm(conn, [ref])
    hash_ = means.vault.index("phone", phone)
    if conn.scalar(select(person.c.status).where(person.c.ref == root)) != ACTIVE:
        activate(conn, means, root, hash_, None)
        give(conn, means, root, hash_, None)
    return root_of(conn, ref)

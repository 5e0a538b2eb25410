"""One person, one id: the keys a person is found by, and merges that can be taken back.

Nothing moves when two persons turn out to be one: an edge says so, and whoever asks for a person asks for the root.
So keys and points stay with the id they came to, and taking the edge away restores both sides (domain.md 4.5).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Column, Connection, bindparam, or_, select, update

from posapp.errors import PosError
from posapp.hq.database import MERGES, insert_new, lock_counter, portions, take_number
from posapp.hq.members.tables import merge, person, person_key, suspicion
from posapp.hq.vault import Vault
from posapp.ids import Chance, random_base32, uuid7
from posapp.rules.lookup import code_hash, phone_index, tail_index

PERIOD = "1"
"""The lookup keys in force; the next ones are another word."""

STRONG = frozenset({"phone", "unionid"})
"""Kinds of keys that show, once verified, that two persons are one (domain.md 4.5)."""

VERIFIED, CLAIMED = "verified", "claimed"
PENDING, ACTIVE, ERASED = "pending", "active", "erased"
MEMBER_CODE = "M1"


@dataclass(frozen=True, slots=True)
class Means:
    """What identity needs besides a connection: HQ's vault, chance, and the instant."""

    vault: Vault
    chance: Chance
    now: int


def new_person(
    conn: Connection, means: Means, *, ref: str = "", home: int = 0, source: str, language: str = "zh"
) -> str:
    """A person nobody knows yet; their id. With a till's own id the same person is made once."""
    ref = ref or uuid7(means.now, means.chance)
    code = MEMBER_CODE + random_base32(26, means.chance)
    row = {
        "ref": ref,
        "root": ref,
        "status": PENDING,
        "created": means.now,
        "home": home,
        "source": source,
        "language": language,
        "code": means.vault.close(code),
        "code_hash": code_hash(code),
    }
    insert_new(conn, person, row)
    return ref


def root_of(conn: Connection, ref: str) -> str:
    """Who a person is. Raises PosError not_found."""
    root = conn.scalar(select(person.c.root).where(person.c.ref == ref))
    if root is None:
        raise PosError("not_found", what=ref[:40])
    return str(root)


def same_as(conn: Connection, root: str) -> list[str]:
    """Every id of a person, the root first."""
    refs = conn.scalars(select(person.c.ref).where(person.c.root == root).order_by(person.c.ref)).all()
    return sorted(refs, key=lambda ref: ref != root)


def known_by(conn: Connection, kind: str, hash_: str) -> str | None:
    """The root of who verified this key, None for nobody."""
    return conn.scalar(_KNOWN, {"kind": kind, "hash": hash_})


_KNOWN = (
    select(person.c.root)
    .join(person_key, person_key.c.ref == person.c.ref)
    .where(
        person_key.c.kind == bindparam("kind"),
        person_key.c.hash == bindparam("hash"),
        person_key.c.strength == VERIFIED,
    )
)


def add_key(conn: Connection, means: Means, ref: str, kind: str, value: str, strength: str, source: str) -> str:
    """Give a person a key; their root after it.

    A verified key that is strong and belongs to somebody else merges the two; here it stays claimed, so that each side
    keeps its own when the merge is taken back. A claimed one merges nobody: that two claim, or one claims what another
    has verified, is noted for a person to look at.
    """
    hash_ = means.vault.index(kind, value)
    root = root_of(conn, ref)
    row = {"kind": kind, "hash": hash_, "ref": ref, "strength": strength, "source": source, "added": means.now}
    if strength == VERIFIED:
        mine = (person_key.c.kind == kind, person_key.c.hash == hash_, person_key.c.ref == ref)
        conn.execute(person_key.delete().where(*mine, person_key.c.strength == CLAIMED))
    if not insert_new(conn, person_key, row) and strength == VERIFIED:
        owner = _owner(conn, kind, hash_)
        if owner is not None and owner != ref:
            insert_new(conn, person_key, {**row, "strength": CLAIMED})
            if kind in STRONG:
                return merge_persons(conn, means, owner, ref, kind, source)
    for other in _claimants(conn, kind, hash_, root):
        _suspect(conn, means, root, other, kind)
    return root


def _owner(conn: Connection, kind: str, hash_: str) -> str | None:
    """The id, not the root, that verified a key."""
    return conn.scalar(
        select(person_key.c.ref).where(
            person_key.c.kind == kind, person_key.c.hash == hash_, person_key.c.strength == VERIFIED
        )
    )


def _claimants(conn: Connection, kind: str, hash_: str, root: str) -> list[str]:
    rows = conn.scalars(
        select(person.c.root)
        .join(person_key, person_key.c.ref == person.c.ref)
        .where(person_key.c.kind == kind, person_key.c.hash == hash_, person.c.root != root)
        .distinct()
    )
    return list(rows)


def _suspect(conn: Connection, means: Means, one: str, other: str, kind: str) -> None:
    first, second = sorted((one, other))
    insert_new(conn, suspicion, {"one": first, "other": second, "kind": kind, "at": means.now, "state": "open"})


def phone_columns(vault: Vault, phone: str) -> dict[str, str]:
    """What a person's row keeps of a phone (E.164): sealed, and findable by tills. Slow on purpose."""
    key = vault.lookup_key(PERIOD)
    return {
        "phone": vault.close(phone),
        "tail": phone[-2:],
        "lookup": phone_index(phone, key, PERIOD),
        "tails": tail_index(phone[-4:], key, PERIOD),
    }


def set_phone(
    conn: Connection,
    means: Means,
    ref: str,
    phone: str,
    strength: str,
    source: str,
    columns: dict[str, str] | None = None,
) -> str:
    """Keep a person's phone (E.164), sealed and findable; their root after it. columns: made before, for many."""
    kept = columns or phone_columns(means.vault, phone)
    conn.execute(update(person).where(person.c.ref == ref).values(**kept))
    return add_key(conn, means, ref, "phone", phone, strength, source)


def set_name(conn: Connection, means: Means, ref: str, name: str) -> None:
    """Keep what a person wants to be called; tills are told the first letter alone."""
    name = name.strip()[:40]
    if name:
        sealed = means.vault.close(name)
        conn.execute(update(person).where(person.c.ref == ref).values(name=sealed, initial=name[0]))


def code_of(conn: Connection, means: Means, root: str) -> str:
    """The member code that stands on the customer's phone."""
    return means.vault.open(str(conn.scalar(select(person.c.code).where(person.c.ref == root))))


def merge_persons(conn: Connection, means: Means, one: str, other: str, kind: str, source: str) -> str:
    """Two ids are one person; the root of both. The one who was a member first speaks for all.

    The edge is between the very ids, so that whoever belongs together by other edges stays so without it.
    """
    # Merges go one after the other: two at once would each miss what the other made of the roots.
    number = take_number(conn, MERGES)
    roots_now = {root_of(conn, one), root_of(conn, other)}
    if len(roots_now) == 1:
        return roots_now.pop()
    root = _first_of(conn, roots_now)
    kept, gone = (one, other) if root_of(conn, one) == root else (other, one)
    edge = {"number": number, "kept": kept, "gone": gone, "kind": kind, "source": source, "at": means.now}
    conn.execute(merge.insert(), edge)
    conn.execute(
        update(suspicion).where(suspicion.c.one.in_(roots_now), suspicion.c.other.in_(roots_now)).values(state="merged")
    )
    conn.execute(update(person).where(person.c.root.in_(roots_now)).values(root=root))
    return root


def _first_of(conn: Connection, refs: Iterable[str]) -> str:
    """Of one person's ids the one that speaks for all: an active member's before others, then the eldest."""
    never = 1 << 60
    rows = conn.execute(select(person).where(person.c.ref.in_(sorted(refs)))).all()
    first = min(rows, key=lambda row: (row.status != ACTIVE, row.joined or never, row.created, row.ref))
    return str(first.ref)


def unmerge(conn: Connection, means: Means, number: int, by: str) -> tuple[str, str]:
    """Take a merge back; the two roots that stand apart again. Raises PosError not_found."""
    lock_counter(conn, MERGES)
    edge = conn.execute(select(merge).where(merge.c.number == number, merge.c.undone == 0)).one_or_none()
    if edge is None:
        raise PosError("not_found", what=number)
    conn.execute(update(merge).where(merge.c.number == number).values(undone=means.now, undone_by=by))
    members = set(same_as(conn, root_of(conn, edge.kept)))
    edges = conn.execute(
        select(merge.c.kept, merge.c.gone).where(
            merge.c.undone == 0, or_(merge.c.kept.in_(members), merge.c.gone.in_(members))
        )
    ).all()
    for group in groups(members, [(str(row.kept), str(row.gone)) for row in edges]):
        conn.execute(update(person).where(person.c.ref.in_(sorted(group))).values(root=_first_of(conn, group)))
    return root_of(conn, edge.kept), root_of(conn, edge.gone)


def groups(refs: Iterable[str], edges: Iterable[tuple[str, str]]) -> list[set[str]]:
    """What hangs together by edges."""
    group_of = {ref: {ref} for ref in refs}
    for one, other in edges:
        joined = group_of[one] | group_of[other]
        group_of.update(dict.fromkeys(joined, joined))
    return [set(group) for group in {frozenset(group) for group in group_of.values()}]


def roots_of(conn: Connection, refs: Iterable[str]) -> dict[str, str]:
    """The root of each of some ids; ids that nobody has are left out."""
    return _roots(conn, person.c.ref, refs)


def roots(conn: Connection, refs: Iterable[str]) -> set[str]:
    return set(roots_of(conn, refs).values())


def ids_of(conn: Connection, roots: Iterable[str]) -> dict[str, str]:
    """Every id of some persons, and its root."""
    return _roots(conn, person.c.root, roots)


def _roots(conn: Connection, column: Column[str], names: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in portions(names):
        found.update(
            (ref, root) for ref, root in conn.execute(select(person.c.ref, person.c.root).where(column.in_(some)))
        )
    return found

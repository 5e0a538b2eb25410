"""The members a store's tills know: finding one by phone, code or tail without holding a number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from posapp import db
from posapp.clock import DAY
from posapp.ids import unb64u
from posapp.keys import TillKeys
from posapp.rules.lookup import code_hash, phone_index, tail_index
from posapp.streams import FeedRow, MemberRow, QuotaRow, TierRow
from posapp.tables import kept, member, member_key, stream

STALE_MS = 30 * DAY
"""Rows that HQ has not confirmed for so long are not used (reliability.md 7.14)."""

HERE = "here"
"""The kind of key by which those are marked who joined at this till, until HQ's own row of them comes."""

_row = msgspec.json.Decoder(MemberRow)


@dataclass(frozen=True, slots=True)
class Held:
    """A member as the store knows them."""

    ref: str
    row: MemberRow


def apply_members(conn: Connection, rows: list[FeedRow]) -> None:
    """Take in a page of the members stream, in the caller's transaction."""
    cursor = db.raw(conn).cursor()
    _forget(cursor, [row.key for row in rows])
    members, keys = [], []
    for row in rows:
        held = row.read(MemberRow)
        if held is None or row.data is msgspec.UNSET:
            continue
        members.append((row.key, bytes(row.data)))
        keys += [("phone", hash_, row.key) for hash_ in held.lookup]
        keys += [("alias", alias, row.key) for alias in held.aliases]
        keys += [(kind, hash_, row.key) for kind, hash_ in (("tail", held.tails), ("code", held.code)) if hash_]
    cursor.executemany("INSERT OR REPLACE INTO member VALUES (?, ?)", members)
    cursor.executemany("INSERT OR IGNORE INTO member_key VALUES (?, ?, ?)", keys)
    _make_way(cursor, keys)


def _make_way(cursor: Any, keys: list[tuple[str, str, str]]) -> None:
    """Who joined here and turned out to be somebody whom HQ knows by this phone goes: HQ's row is theirs."""
    here = {ref for (ref,) in cursor.execute("SELECT ref FROM member_key WHERE kind = ?", (HERE,))}
    told = {ref for _, _, ref in keys} - here
    same = [(hash_,) for kind, hash_, ref in keys if here and kind == "phone" and ref in told]
    gone = {hash_ for kind, hash_, ref in keys if kind == "alias"} & here
    for hash_ in same:
        found = cursor.execute("SELECT ref FROM member_key WHERE kind = 'phone' AND hash = ?", hash_).fetchall()
        gone |= {ref for (ref,) in found} & here
    _forget(cursor, gone)


def _forget(cursor: Any, refs: Iterable[str]) -> None:
    gone = [(ref,) for ref in refs]
    cursor.executemany("DELETE FROM member WHERE ref = ?", gone)
    cursor.executemany("DELETE FROM member_key WHERE ref = ?", gone)


class Slice:
    """Look-ups; each by an index. Nothing here lists members or searches a part of anything but the last four."""

    def __init__(self, file: db.File, keys: TillKeys) -> None:
        self._file = file
        self._keys = keys

    def by_phone(self, phone: str) -> Held | None:
        """phone: E.164. None while the till has no key to look up with, too."""
        hashes = [phone_index(phone, unb64u(key), period) for period, key in self._keys.lookup.items()]
        return next(iter(self._by("phone", hashes)), None)

    def by_code(self, code: str) -> Held | None:
        return next(iter(self._by("code", [code_hash(code)])), None)

    def by_tail(self, tail: str) -> list[Held]:
        """Everybody of the store whose phone ends in these four digits."""
        return self._by("tail", [tail_index(tail, unb64u(key), period) for period, key in self._keys.lookup.items()])

    def by_ref(self, ref: str) -> Held | None:
        """A member by their id, or by one that turned out to be theirs."""
        with self._file.reading() as conn:
            data = conn.scalar(select(member.c.data).where(member.c.ref == ref))
            if data is not None:
                return Held(ref, _row.decode(data))
        return next(iter(self._by("alias", [ref])), None)

    def _by(self, kind: str, hashes: list[str]) -> list[Held]:
        with self._file.reading() as conn:
            found = conn.execute(
                select(member.c.ref, member.c.data)
                .join(member_key, member_key.c.ref == member.c.ref)
                .where(member_key.c.kind == kind, member_key.c.hash.in_(hashes))
                .order_by(member.c.ref)
            )
            return [Held(row.ref, _row.decode(row.data)) for row in found]

    def is_fresh(self, now: int) -> bool:
        """Whether HQ was compared with lately enough for these rows to be used."""
        return now - self.confirmed() < STALE_MS

    def confirmed(self) -> int:
        """When these rows were last compared with HQ's, UTC ms; 0: never."""
        with self._file.reading() as conn:
            return conn.scalar(select(stream.c.pulled).where(stream.c.name == "members")) or 0

    def add(self, ref: str, phone: str, row: MemberRow) -> None:
        """Know somebody who has just joined here, by their phone (E.164), until HQ's own row comes."""
        for period, key in self._keys.lookup.items():
            row.lookup.append(phone_index(phone, unb64u(key), period))
            row.tails = tail_index(phone[-4:], unb64u(key), period)
        with self._file.transaction() as conn:
            apply_members(conn, [FeedRow("till", ref, msgspec.Raw(msgspec.json.encode(row)))])
            conn.execute(member_key.insert().values(kind=HERE, hash=ref, ref=ref))

    def forget_unconfirmed(self, now: int) -> None:
        """Who joined here and of whom HQ has said nothing for too long is not kept."""
        with self._file.reading() as conn:
            here = conn.scalars(select(member_key.c.ref).where(member_key.c.kind == HERE)).all()
        old = [ref for ref in here if (held := self.by_ref(ref)) and now - held.row.at >= STALE_MS]
        if old:
            with self._file.transaction() as conn:
                _forget(db.raw(conn).cursor(), old)

    def tier(self, name: str) -> TierRow | None:
        """A rank; None for none, and for one that HQ has not told of."""
        with self._file.reading() as conn:
            data = conn.scalar(select(kept.c.data).where(kept.c.stream == "tiers", kept.c.key == name))
        return msgspec.json.decode(data, type=TierRow) if data else None

    def quota(self, ref: str) -> QuotaRow | None:
        """What this till may let a member spend with no network."""
        with self._file.reading() as conn:
            data = conn.scalar(select(kept.c.data).where(kept.c.stream == "quotas", kept.c.key == ref))
        return msgspec.json.decode(data, type=QuotaRow) if data else None

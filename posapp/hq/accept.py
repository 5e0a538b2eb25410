"""Receiving journals: an authentic entry is stored as it came and acknowledged, whatever it says.

Only cryptography and order can stop a push: a gap, a fork, an entry that does not verify. What HQ thinks of an
entry's content is the projection's affair (project.py), after the commit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from nacl.signing import VerifyKey
from sqlalchemy import Connection, bindparam, select, update

from posapp.calls import Head, PushAnswer
from posapp.chain import Broken, Entry, Header, check_entry, check_link, genesis_hash, public_of_text, read_header
from posapp.errors import PosError
from posapp.hq.database import ACCEPTED, Database, insert_many, take_number, upsert
from posapp.hq.tables import batch, entry, event_identity, journal_head, till, till_key, till_status
from posapp.ids import b64u, unb64u

FIRST_SEEN, SAME_EVENT, OTHER_EVENT = 0, 1, 2

_MANY = 500

# Made once: building a statement costs as much as running it.
_HEAD = select(journal_head).where(journal_head.c.jid == bindparam("jid"))
_KEYS = select(till_key.c.key_id, till_key.c.public).where(
    till_key.c.store == bindparam("store"), till_key.c.till == bindparam("till"), till_key.c.use == "journal"
)
_LOCK = (
    select(till.c.serial).where(till.c.store == bindparam("store"), till.c.till == bindparam("till")).with_for_update()
)
_STATUS = (
    select(till_status)
    .where(till_status.c.store == bindparam("store"), till_status.c.till == bindparam("till"))
    .with_for_update()
)
_HASHES = select(entry.c.seq, entry.c.hash).where(
    entry.c.jid == bindparam("jid"), entry.c.seq >= bindparam("first"), entry.c.seq <= bindparam("last")
)
_OURS = select(event_identity.c.event, event_identity.c.digest).where(
    event_identity.c.store == bindparam("store"), event_identity.c.till == bindparam("till")
)
# Ids begin with their time, so those of one push lie side by side and others hardly between them.
_BETWEEN = _OURS.where(event_identity.c.event >= bindparam("least"), event_identity.c.event <= bindparam("most")).limit(
    _MANY
)

_JID = re.compile(r"[A-Za-z0-9_-]{22}")
_PLAIN = re.compile(r"[0-9A-Za-z-]{1,64}")


Keys = dict[str, VerifyKey]
"""Public keys by key id."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The till a push comes from and its present journal key (id and key), as its certificate names them."""

    store: int
    till: int
    key_id: str
    key: VerifyKey


class _Checked(NamedTuple):
    header: Header
    entry: Entry
    hash: bytes


@dataclass(slots=True)
class _Standing:
    """What HQ holds of a journal; seq 0 and no hash before its first entry."""

    seq: int
    hash: bytes
    boot: str = ""


def journal_keys(conn: Connection, store: int, till_number: int) -> Keys:
    """Every key the till's entries were ever signed with, by key id."""
    rows = conn.execute(_KEYS, {"store": store, "till": till_number})
    return {key_id: public_of_text(public) for key_id, public in rows}


def head_of(conn: Connection, store: int, till_number: int, jid: str) -> Head:
    """HQ's head of one of the till's own journals, (0, "") if it has none. Raises PosError wrong_store."""
    standing = _standing(conn, store, till_number, jid)
    return Head(jid, standing.seq, b64u(standing.hash))


def hash_at(conn: Connection, store: int, till_number: int, jid: str, seq: int) -> str:
    """The hash of one entry of the till's own journal in base64url, "" if HQ has none. Raises PosError wrong_store."""
    if not 1 <= seq <= _standing(conn, store, till_number, jid).seq:
        return ""
    found = conn.scalar(select(entry.c.hash).where(entry.c.jid == jid, entry.c.seq == seq))
    return b64u(found) if found else ""


def _standing(conn: Connection, store: int, till_number: int, jid: str) -> _Standing:
    if not _JID.fullmatch(jid):
        raise PosError("bad_request", why="journal")
    row = conn.execute(_HEAD, {"jid": jid}).one_or_none()
    if row is None:
        return _Standing(0, b"")
    if (row.store, row.till) != (store, till_number):
        raise PosError("wrong_store")
    return _Standing(row.seq, bytes(row.hash), row.boot)


def accept(
    database: Database,
    sender: Sender,
    jid: str,
    entries: Sequence[Entry],
    now_ms: int,
    admit: Callable[[Connection], None] | None = None,
) -> PushAnswer:
    """Take a run of entries of one journal; the answer carries HQ's head after it (generation and time left out).

    admit(conn), if given, is called first in the writing transaction: the replay check. What verifies is kept
    even when something after it in the run does not. Raises PosError wrong_store, bad_request, whatever admit does.
    """
    with database.connected() as connection:
        with database.reading(on=connection) as conn:
            before = _standing(conn, sender.store, sender.till, jid)
            keys = journal_keys(conn, sender.store, sender.till)
        keys.setdefault(sender.key_id, sender.key)
        # Signatures cost most of the time, so they are checked before anything is locked. HQ's head only grows:
        # what is beyond it inside the transaction was beyond it here.
        checked, broken = _verify(sender, keys, jid, entries, before.seq)
        with database.transaction(on=connection) as conn:
            if admit is not None:
                admit(conn)
            _lock_till(conn, sender)
            standing = _standing(conn, sender.store, sender.till, jid)
            first_new = standing.seq + 1
            fresh, status, why = _sort_out(conn, keys, jid, checked, standing)
            if status == "ok" and broken:
                status, why = "broken", broken
            if fresh:
                last = fresh[-1]
                standing = _Standing(last.header.seq, last.hash, last.header.boot)
                _store(conn, sender, jid, fresh)
                _move_head(conn, sender, jid, standing)
                _note_sent(conn, sender, fresh)
                number = take_number(conn, ACCEPTED)
                row = (number, jid, sender.store, sender.till, first_new, standing.seq, now_ms)
                conn.execute(batch.insert(), dict(zip(batch.c.keys(), row, strict=True)))
    return PushAnswer(status, standing.seq, b64u(standing.hash), generation="", server=now_ms, why=why)


def _verify(sender: Sender, keys: Keys, jid: str, entries: Sequence[Entry], held: int) -> tuple[list[_Checked], str]:
    """The entries up to the first that does not verify, and why that one does not."""
    checked: list[_Checked] = []
    for item in entries:
        try:
            # Once one is new the rest are: no header is read twice.
            if (checked and checked[-1].header.seq > held) or (header := _read_header(item.header)).seq > held:
                header = _check_entry(item, keys.get)
            if header.jid != jid:
                raise Broken("entry of another journal", header.seq, zh="属于另一本流水")
            if (header.store, header.till) != (sender.store, sender.till):
                raise Broken("entry of another till", header.seq, zh="属于另一台收银台")
        except Broken as broken:
            return checked, f"entry {broken.seq or '?'}: {broken.reason}"
        checked.append(_Checked(header, item, item.hash))
    return checked, ""


def _read_header(raw: bytes) -> Header:
    try:
        return read_header(raw)
    except UnicodeDecodeError:
        raise Broken("header is not UTF-8", zh="记录头不是 UTF-8") from None


def _check_entry(item: Entry, keys: Callable[[str], VerifyKey | None]) -> Header:
    try:
        return check_entry(item, keys)
    except UnicodeDecodeError:
        raise Broken("header is not UTF-8", zh="记录头不是 UTF-8") from None


def _lock_till(conn: Connection, sender: Sender) -> None:
    """One push of a till at a time: it owns its journals and its events' identities."""
    if conn.dialect.name != "sqlite":
        conn.execute(_LOCK, {"store": sender.store, "till": sender.till})


def _sort_out(
    conn: Connection, keys: Keys, jid: str, checked: list[_Checked], standing: _Standing
) -> tuple[list[_Checked], str, str]:
    """The entries that extend the journal, and the status of the whole run."""
    held = _held_hashes(conn, jid, [item.header.seq for item in checked if item.header.seq <= standing.seq])
    fresh: list[_Checked] = []
    seq, previous = standing.seq, standing.hash
    for item in checked:
        header = item.header
        if header.seq <= seq:
            known = held.get(header.seq) or next((f.hash for f in fresh if f.header.seq == header.seq), b"")
            if known == item.hash:
                continue
            try:
                check_entry(item.entry, keys.get)
            except Broken as broken:
                return fresh, "broken", f"entry {header.seq}: {broken.reason}"
            return fresh, "fork", f"entry {header.seq} differs from the one HQ holds"
        if header.seq > seq + 1:
            return fresh, "gap", f"entry {seq + 1} is missing"
        try:
            check_link(header, jid, seq + 1, previous if seq else genesis_of(header, item.entry))
        except Broken as broken:
            status = "fork" if seq else "broken"
            return fresh, status, f"entry {header.seq}: {broken.reason}"
        fresh.append(item)
        seq, previous = header.seq, item.hash
    return fresh, "ok", ""


class _Parent(msgspec.Struct):
    """The one field of journal.opened that the chain needs, in every version of it."""

    parent_hash: str = ""


def genesis_of(header: Header, item: Entry) -> bytes:
    """The hash that the first entry of a journal has to name as the one before it. Raises Broken."""
    try:
        if header.t != "journal.opened":
            raise ValueError
        parent = unb64u(msgspec.json.decode(item.body, type=_Parent).parent_hash)
    except (msgspec.DecodeError, ValueError):
        raise Broken("a journal begins with journal.opened", header.seq, zh="流水须以 journal.opened 开头") from None
    return genesis_hash(header.store, header.till, header.jid, parent)


def _move_head(conn: Connection, sender: Sender, jid: str, standing: _Standing) -> None:
    row = {
        "jid": jid,
        "store": sender.store,
        "till": sender.till,
        "seq": standing.seq,
        "hash": standing.hash,
        "boot": standing.boot.replace("\0", ""),
    }
    upsert(conn, journal_head, [row])


def _held_hashes(conn: Connection, jid: str, seqs: list[int]) -> dict[int, bytes]:
    if not seqs:
        return {}
    rows = conn.execute(_HASHES, {"jid": jid, "first": min(seqs), "last": max(seqs)})
    return {seq: bytes(hash_) for seq, hash_ in rows}


def _digests(conn: Connection, sender: Sender, events: list[str]) -> dict[str, str]:
    """The body digests of the events that are known, by event."""
    ours = {"store": sender.store, "till": sender.till}
    rows = conn.execute(_BETWEEN, {**ours, "least": min(events), "most": max(events)}).all()
    if len(rows) == _MANY:
        rows = []
        for start in range(0, len(events), _MANY):
            some = events[start : start + _MANY]
            rows += conn.execute(_OURS.where(event_identity.c.event.in_(some)), ours).all()
    return {row.event: row.digest for row in rows}


def _note_sent(conn: Connection, sender: Sender, fresh: list[_Checked]) -> None:
    """What a till had not sent when it said hello is here: it may close before it says so itself."""
    row = conn.execute(_STATUS, {"store": sender.store, "till": sender.till}).one_or_none()
    if row is None or not row.unsent:
        return
    said = row.contact + row.wall_ahead  # by the till's own clock
    left = max(0, row.unsent - sum(item.header.w <= said for item in fresh))
    mine = (till_status.c.store == sender.store, till_status.c.till == sender.till)
    conn.execute(update(till_status).where(*mine).values(unsent=left, oldest_unsent=row.oldest_unsent if left else 0))


def event_key(eid: str) -> str:
    """An event's id as HQ files it: itself, or a digest of one that is no plain short word."""
    if _PLAIN.fullmatch(eid):
        return eid
    return "#" + b64u(sha256(eid.encode()).digest())


def _store(conn: Connection, sender: Sender, jid: str, fresh: list[_Checked]) -> None:
    """Raw rows and identities. An event that came before under another number is stored, linked and not counted."""
    events = [event_key(item.header.eid) for item in fresh]
    known = _digests(conn, sender, events)
    rows: list[tuple[Any, ...]] = []
    identities: list[tuple[Any, ...]] = []
    for event, item in zip(events, fresh, strict=True):
        header, raw = item.header, item.entry
        digest = known.get(event)
        if digest is None:
            role = FIRST_SEEN
            known[event] = header.bh
            identities.append((sender.store, sender.till, event, jid, header.seq, header.bh))
        else:
            role = SAME_EVENT if digest == header.bh else OTHER_EVENT
        rows.append((jid, header.seq, event, role, raw.header, raw.signature, raw.body, item.hash))
    insert_many(conn, entry, rows)
    insert_many(conn, event_identity, identities)

"""The till's journal: one append-only chain per epoch, written in the caller's transaction.

An epoch is one journal id. A restored or copied folder never goes on with the journal it finds: it opens a new
epoch that names the old one as its parent (reliability.md 7.9), so that no number ever has two contents.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Cast, Connection, LargeBinary, Table, cast, func, select

from posapp import db, log, tables
from posapp.chain import (
    Broken,
    Entry,
    Header,
    Reentered,
    canonical,
    canonical_struct,
    check_chain,
    genesis_hash,
    read_header,
    seal_entry,
)
from posapp.clock import Clock, business_date
from posapp.ids import Chance, b64u, epoch_letter, random_base32, receipt_number, unb64u, uuid7
from posapp.keys import Certificate, TillKeys, public_text, short_id
from posapp.messages import TYPE_OF, ClockChanged, JournalOpened, Message
from posapp.version import VERSION

MARK_FILE = "mark"

_log = log.named("boot")

CHECKED_AT_START = 100
"""How many of the last entries are verified before the first new one is chained on them."""

JUMP_MS = 120_000
"""A wall clock that moves this far against the monotonic one was changed by somebody."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where the journal stands: open epoch, last entry, its effective time, last receipt counter."""

    epoch: int
    jid: str
    label: str
    seq: int
    hash: bytes
    effective: int
    counter: int


@dataclass(frozen=True, slots=True)
class Written:
    """An entry that the running transaction holds: its place, its identity, its receipt number if it has one."""

    place: int
    header: Header
    entry: Entry

    @property
    def event_id(self) -> str:
        return self.header.eid

    @property
    def receipt(self) -> str:
        return self.header.rn


@dataclass(frozen=True, slots=True)
class Marked:
    """What the mark says: journal id, number and hash of the last entry (base64url), and the epoch's ordinal."""

    jid: str
    seq: int
    hash: str
    epoch: int


class Mark:
    """The last entry's place and hash, kept outside the till's folder. It only has to be about right:
    a mark that is older than the journal says nothing, one that is newer tells a restored or copied folder."""

    _WIDTH = 128

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._file = path.open("r+b", buffering=0)

    def read(self) -> Marked | None:
        """None when there is no mark or it was torn by a power cut."""
        self._file.seek(0)
        parts = self._file.read(self._WIDTH).decode("ascii", "replace").split()
        if len(parts) != 5 or not (parts[1] + parts[3]).isdigit() or parts[4] != "end":
            return None
        return Marked(parts[0], int(parts[1]), parts[2], int(parts[3]))

    def write(self, head: Head) -> None:
        """Best effort: the entry is durable already, and an older mark does no harm."""
        line = f"{head.jid} {head.seq} {b64u(head.hash)} {head.epoch} end"
        try:
            os.pwrite(self._file.fileno(), line.ljust(self._WIDTH).encode(), 0)
        except OSError as error:
            _log.warning("the mark cannot be written: %s", error)

    def close(self) -> None:
        self._file.close()


class Journal:
    """Appends entries; knows time, keys and the till it writes for."""

    def __init__(
        self,
        folder: db.Folder,
        keys: TillKeys,
        certificate: Certificate,
        mark: Mark,
        clock: Clock,
        chance: Chance,
        *,
        is_restored: bool = False,
    ) -> None:
        self._folder = folder
        self._keys = keys
        self.certificate = certificate
        self._mark = mark
        self._clock = clock
        self._chance = chance
        self._signing = keys.journal_key
        self._key_id = short_id(self._signing)
        self._lock = threading.RLock()
        self.boot = b64u(chance(9))
        self.zone = "Asia/Shanghai"
        self.cutover_hour = 4
        self.offset_ms = 0
        self.has_contact = False
        self._anchor = (clock.now_ms(), clock.monotonic_ms())
        self._jumped = False
        self.head = self._open(is_restored)
        back = self.head.effective - clock.now_ms()
        if back > JUMP_MS:
            # the wall clock was set back since the last entry (a dead battery): go on from what is known
            self._anchor = (self.head.effective, clock.monotonic_ms())
            self._jumped = True
            with self.writing() as writing:
                writing.append(ClockChanged(-back))

    # --- time ---

    def now_ms(self) -> int:
        """The time the till goes by: the wall clock corrected by HQ's offset, or the last trusted instant plus
        the monotonic time since, once the wall clock was seen to jump (reliability.md 7.13)."""
        wall, monotonic = self._clock.now_ms(), self._clock.monotonic_ms()
        expected = self._anchor[0] + monotonic - self._anchor[1]
        if not self._jumped and abs(wall - expected) > JUMP_MS:
            self._jumped = True
            with self.writing() as writing:
                writing.append(ClockChanged(wall - expected))
        if self._jumped:
            return expected + self.offset_ms
        self._anchor = (wall, monotonic)
        return wall + self.offset_ms

    def set_offset(self, offset_ms: int) -> None:
        """HQ's clock minus this one, as measured now: trusted from here on."""
        self._anchor = (self._clock.now_ms(), self._clock.monotonic_ms())
        self._jumped = False
        self.offset_ms = offset_ms
        self.has_contact = True

    def business_date(self) -> str:
        return business_date(self.now_ms(), self.zone, self.cutover_hour)

    def new_id(self) -> str:
        return uuid7(self.now_ms(), self._chance)

    @property
    def clock_quality(self) -> int:
        return 1 if self._jumped else 0 if self.has_contact else 2

    # --- writing ---

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """A transaction on till.db that appends entries; durable, and adopted as the new head, when it ends."""
        now = self.now_ms()
        with self._lock:
            with self._folder.till.transaction() as conn:
                writing = Writing(self, conn, self.head, now)
                yield writing
            self.head = writing.head
            self._mark.write(self.head)

    def seal(self, head: Head, now: int, body: bytes, fill: Callable[[Header], None]) -> tuple[Head, Written]:
        """The entry that follows head; fill completes the header with what the entry is and who made it."""
        effective = max(head.effective + 1, now)
        header = Header(
            v=0,
            jid=head.jid,
            seq=head.seq + 1,
            ph=b64u(head.hash),
            t="",
            sv=0,
            eid=uuid7(now, self._chance),
            store=self.certificate.store,
            till=self.certificate.till,
            bd=business_date(now, self.zone, self.cutover_hour),
            bh="",
            boot=self.boot,
            key=self._key_id,
            w=self._clock.now_ms(),
            off=self.offset_ms,
            ef=effective,
            cq=self.clock_quality,
        )
        fill(header)
        entry = seal_entry(header, body, self._signing)
        new = replace(head, seq=header.seq, hash=entry.hash, effective=effective)
        return new, Written(head.epoch * tables.EPOCH_PLACES + header.seq, header, entry)

    def receipt_number(self, head: Head, counter: int, body_hash: bytes) -> str:
        return receipt_number(self.certificate.store, self.certificate.till, head.label, counter, body_hash)

    # --- epochs ---

    def _open(self, is_restored: bool) -> Head:
        """Go on with the folder's journal if it is the one this till left; otherwise open a new epoch."""
        with self._folder.till.reading() as conn:
            found = _last_head(conn)
            if found:
                reason = "restore" if is_restored else self._why_not(conn, found)
            else:
                reason = "lost" if self._mark.read() else "enrol"
        if found and not reason:
            return found
        return self.open_epoch(reason, found)

    def _why_not(self, conn: Connection, found: Head) -> str:
        """Why the folder's journal is not gone on with: restore, copied, damaged; "" if it is."""
        newest = conn.execute(
            select(tables.epoch.c.certificate).where(tables.epoch.c.ordinal == found.epoch)
        ).scalar_one()
        if newest != certificate_text(self.certificate):
            return "restore"
        marked = self._mark.read()
        if marked:
            ordinal = conn.execute(select(tables.epoch.c.ordinal).where(tables.epoch.c.jid == marked.jid)).scalar()
            there = ordinal is not None and entry_at(conn, ordinal, marked.seq)
            if not there or b64u(there.hash) != marked.hash:
                return "copied"
        return "damaged" if self._is_damaged(conn, found) else ""

    def _is_damaged(self, conn: Connection, head: Head) -> bool:
        """Whether the last entries do not hang together; nothing is chained on them then."""
        after = max(0, head.seq - CHECKED_AT_START)
        tail = entries(conn, head.epoch, after)
        try:
            before = entry_at(conn, head.epoch, after)
            previous = before.hash if before else unb64u(read_header(tail[0].header).ph)
            check_chain(tail, head.jid, after + 1, previous, {self._key_id: self._signing.verify_key}.get)
        except Broken as broken:
            _log.error("journal %s, entry %s: %s", head.jid, broken.seq, broken.reason)
            return True
        return False

    def open_epoch(self, reason: str, parent: Head | None, again: list[Entry] | None = None) -> Head:
        """Start a new journal. again: entries of the parent that HQ does not share; they are written again,
        with their own identity and body, so that HQ receives each exactly once."""
        marked = self._mark.read()
        ordinal = max(parent.epoch if parent else 0, marked.epoch if marked else 0) + 1
        letter = epoch_letter(max(ordinal, self.certificate.serial))
        label = letter if letter == "A" else letter + random_base32(2, self._chance)
        jid = b64u(self._chance(16))
        parent_hash = parent.hash if parent else b""
        head = Head(
            ordinal,
            jid,
            label,
            0,
            genesis_hash(self.certificate.store, self.certificate.till, jid, parent_hash),
            parent.effective if parent else 0,
            0,
        )
        opened = JournalOpened(
            reason=reason,
            ordinal=ordinal,
            label=label,
            key=public_text(self._signing),
            program=VERSION,
            parent_jid=parent.jid if parent else "",
            parent_seq=parent.seq if parent else 0,
            parent_hash=b64u(parent_hash),
        )
        now = self._clock.now_ms() + self.offset_ms
        with self._lock:
            with self._folder.till.transaction() as conn:
                certificate = certificate_text(self.certificate)
                db.insert_rows(conn, {tables.epoch: [(ordinal, jid, label, certificate)]})
                writing = Writing(self, conn, head, now)
                writing.append(opened)
                for entry in again or ():
                    writing.append_again(entry)
            self.head = writing.head
            self._mark.write(self.head)
        return self.head


class Writing:
    """One transaction's view of the journal."""

    def __init__(self, journal: Journal, conn: Connection, head: Head, now: int) -> None:
        self._journal = journal
        self.conn = conn
        self.head = head
        self.now = now

    def append(self, message: Message, clerk: int = 0, by: int = 0, *, numbered: bool = False) -> Written:
        """Write an entry. numbered: it takes the receipt number of its body's `counter`."""
        body = canonical_struct(message)

        def fill(header: Header) -> None:
            header.t, header.sv = TYPE_OF[type(message)]
            header.clerk, header.by = clerk, by
            if numbered:
                counter = message.counter  # type: ignore[attr-defined]
                header.rn = self._journal.receipt_number(self.head, counter, sha256(body).digest())

        return self._keep(self._journal.seal(self.head, self.now, body, fill), numbered)

    def append_again(self, old: Entry) -> Written:
        """Write an old journal's entry into this one: same identity, same body, same receipt number."""
        was = read_header(old.header)

        def fill(header: Header) -> None:
            header.t, header.sv, header.eid, header.bd = was.t, was.sv, was.eid, was.bd
            header.clerk, header.by, header.rn, header.w = was.clerk, was.by, was.rn, was.w
            header.re = Reentered(was.jid, was.seq, b64u(old.hash))

        return self._keep(self._journal.seal(self.head, self.now, old.body, fill), False)

    def _keep(self, sealed: tuple[Head, Written], numbered: bool) -> Written:
        head, written = sealed
        self.head = replace(head, counter=head.counter + 1) if numbered else head
        entry = written.entry
        db.insert_rows(self.conn, {tables.journal: [(written.place, entry.header, entry.signature, entry.body)]})
        return written


def certificate_text(certificate: Certificate) -> str:
    return canonical(certificate).decode()


def _parts() -> list[Cast[bytes]]:
    """The three byte strings, as bytes whatever somebody has stored in their place."""
    columns = tables.journal.c
    return [cast(part, LargeBinary) for part in (columns.header, columns.signature, columns.body)]


def entry_at(conn: Connection, ordinal: int, seq: int) -> Entry | None:
    columns = tables.journal.c
    row = conn.execute(select(*_parts()).where(columns.place == ordinal * tables.EPOCH_PLACES + seq)).first()
    return Entry(row[0], row[1], row[2]) if row else None


def entries(conn: Connection, ordinal: int, after: int, most: int = 1 << 40) -> list[Entry]:
    """Entries of an epoch in order, behind seq `after`."""
    columns, start = tables.journal.c, ordinal * tables.EPOCH_PLACES
    rows = conn.execute(
        select(*_parts())
        .where(columns.place > start + after, columns.place < start + tables.EPOCH_PLACES)
        .order_by(columns.place)
        .limit(most)
    )
    return [Entry(row[0], row[1], row[2]) for row in rows]


def epochs(conn: Connection) -> list[Head]:
    """The head of every epoch held here, oldest first."""
    found = []
    for ordinal, jid, label in conn.execute(
        select(tables.epoch.c.ordinal, tables.epoch.c.jid, tables.epoch.c.label).order_by(tables.epoch.c.ordinal)
    ):
        places = tables.journal.c.place
        start = ordinal * tables.EPOCH_PLACES
        last = conn.execute(
            select(func.max(places)).where(places > start, places < start + tables.EPOCH_PLACES)
        ).scalar()
        entry = entry_at(conn, ordinal, last - start) if last else None
        if entry:
            found.append(Head(ordinal, jid, label, last - start, entry.hash, _effective(entry), 0))
        else:
            found.append(Head(ordinal, jid, label, 0, b"", 0, 0))
    return found


def _effective(entry: Entry) -> int:
    try:
        return read_header(entry.header).ef
    except Broken:
        return 0  # a damaged entry; verify says which, and a new epoch goes by the clock


def _last_head(conn: Connection) -> Head | None:
    held = epochs(conn)
    if not held:
        return None
    head = held[-1]
    return replace(head, counter=max(_last_counter(conn, head, numbered) for numbered in (tables.sale, tables.refund)))


def _last_counter(conn: Connection, head: Head, numbered: Table) -> int:
    """The last number that the epoch gave to a row of a table; 0 if none."""
    start = head.epoch * tables.EPOCH_PLACES
    receipt = conn.execute(
        select(numbered.c.receipt)
        .where(numbered.c.place > start, numbered.c.place < start + tables.EPOCH_PLACES)
        .where(numbered.c.receipt.contains(f"-{head.label}-"))
        .order_by(numbered.c.place.desc())
        .limit(1)
    ).scalar()
    return int(receipt.split("-")[2]) if receipt else 0

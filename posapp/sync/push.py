"""Handing the journal to HQ: every epoch held here, oldest first, from HQ's own watermark on.

HQ's answer is the truth about what it has; what this till remembers of it is only a hint for the status line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from posapp import db, journal, log, tables
from posapp.calls import Head, HelloRequest, PushAnswer
from posapp.chain import Entry, read_header
from posapp.clock import Clock
from posapp.errors import PosError
from posapp.ids import b64u
from posapp.messages import BATCH_BYTES, BATCH_ENTRIES, PROTOCOL
from posapp.sync.client import Client
from posapp.version import VERSION

OFFSET_NOISE_MS = 2_000
"""Clocks that differ by less agree: requests tell their time in whole seconds, and they travel."""

MOST_PARTINGS = 4
"""How often in one go a journal may part from HQ's before the next round has to go on."""

_log = log.named("sync")


class UnverifiedError(PosError):
    """HQ cannot verify an entry; the journal it is in cannot be drained further."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many entries HQ has not confirmed, and when the oldest of them was written (UTC ms, 0 for none)."""

    unsent: int
    oldest: int


def backlog(folder: db.Folder) -> Backlog:
    with folder.till.reading() as conn:
        heads = journal.epochs(conn)
        with folder.feed.reading() as feed:
            known = dict(feed.execute(select(tables.watermark.c.jid, tables.watermark.c.seq)).all())
        unsent = sum(max(0, head.seq - known.get(head.jid, 0)) for head in heads)
        oldest = next((head for head in heads if head.seq > known.get(head.jid, 0)), None)
        entry = journal.entry_at(conn, oldest.epoch, known.get(oldest.jid, 0) + 1) if oldest else None
    return Backlog(unsent, read_header(entry.header).ef if entry else 0)


def say_hello(folder: db.Folder, book: journal.Journal, client: Client, clock: Clock) -> list[Head]:
    """Exchange versions, heads and clocks; HQ's head of every epoch held here."""
    with folder.till.reading() as conn:
        heads = journal.epochs(conn)
    waiting = backlog(folder)
    asked = clock.monotonic_ms()
    sent = clock.now_ms()
    answer = client.hello(
        HelloRequest(
            protocol=PROTOCOL,
            program=VERSION,
            boot=book.boot,
            heads=[Head(head.jid, head.seq, b64u(head.hash)) for head in heads],
            wall=sent,
            unsent=waiting.unsent,
            oldest_unsent=waiting.oldest,
        )
    )
    travel = clock.monotonic_ms() - asked
    offset = answer.server - (sent + travel // 2)
    client.offset_ms = offset if abs(offset) > OFFSET_NOISE_MS else 0
    book.set_offset(client.offset_ms)
    if [head.jid for head in answer.heads] != [head.jid for head in heads]:
        raise PosError("hq_refused", why="heads")
    return answer.heads


def drain(
    folder: db.Folder,
    book: journal.Journal,
    client: Client,
    clock: Clock,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Send everything HQ does not have; how many entries it took. Raises PosError where that cannot be done now.

    progress is told (sent, all) after every batch. Where journals part another is opened, and sent as well.
    """
    sent, drained = 0, set[str]()
    trouble: PosError | None = None
    for _ in range(MOST_PARTINGS):
        if book.head.jid in drained:
            break
        for head in say_hello(folder, book, client, clock):
            with folder.till.reading() as conn:
                held = next(own for own in journal.epochs(conn) if own.jid == head.jid)
            drained.add(head.jid)
            try:
                sent += _drain_epoch(folder, book, client, held, head, progress)
            except UnverifiedError as error:
                # a damaged journal waits for a person; the ones after it go on
                trouble = trouble or error
    if trouble:
        raise trouble
    return sent


def _drain_epoch(
    folder: db.Folder,
    book: journal.Journal,
    client: Client,
    held: journal.Head,
    there: Head,
    progress: Callable[[int, int], None] | None,
) -> int:
    """Send one epoch from HQ's head on. Where HQ's head is not ours, the journals have parted: a new epoch."""
    sent, most = 0, BATCH_ENTRIES
    seq, hash_there = there.seq, there.hash
    shared = _shared(folder, held)
    while True:
        if shared is not None and seq >= shared:
            return sent
        if not _is_ours(folder, held, seq, hash_there):
            _part(folder, book, client, held, seq)
            return sent
        if shared is None:
            _remember(folder, held.jid, seq)
        left = most if shared is None else min(most, shared - seq)
        with folder.till.reading() as conn:
            batch = _bounded(journal.entries(conn, held.epoch, seq, left))
        if not batch:
            return sent
        try:
            answer = client.push(held.jid, batch)
        except PosError as error:
            if error.code != "too_large" or len(batch) == 1:
                raise
            most = max(1, len(batch) // 2)
            continue
        if answer.status == "broken":
            _log.error("HQ cannot verify entry %d of journal %s: %s", answer.seq + 1, held.jid, answer.why)
            raise UnverifiedError("hq_refused", why=answer.why[:80])
        sent += max(0, answer.seq - seq)
        _check_moves(answer, seq)
        seq, hash_there = answer.seq, answer.hash
        if progress:
            progress(seq, held.seq)


def _check_moves(answer: PushAnswer, seq: int) -> None:
    """An answer that neither takes entries nor moves back would be asked for ever."""
    if answer.status == "ok" and answer.seq <= seq:
        raise PosError("hq_refused", why="no progress")


def _is_ours(folder: db.Folder, held: journal.Head, seq: int, hash_there: str) -> bool:
    if seq == 0:
        return True
    with folder.till.reading() as conn:
        entry = journal.entry_at(conn, held.epoch, seq)
    return entry is not None and b64u(entry.hash) == hash_there


def _bounded(entries: list[Entry]) -> list[Entry]:
    """The first entries that fit a batch, at least one."""
    size = 0
    for count, entry in enumerate(entries):
        size += len(entry.header) + len(entry.body) + 80
        if size > BATCH_BYTES and count:
            return entries[:count]
    return entries


def _part(folder: db.Folder, book: journal.Journal, client: Client, held: journal.Head, seq: int) -> None:
    """HQ holds another continuation of this journal (a restored or copied till wrote it). Go on in a new epoch;
    what HQ does not share is written again there with its own identity (reliability.md 7.9)."""
    low, high = 0, min(seq, held.seq)
    while low < high:
        middle = (low + high + 1) // 2
        if _is_ours(folder, held, middle, client.hash_at(held.jid, middle)):
            low = middle
        else:
            high = middle - 1
    with folder.till.reading() as conn:
        already = {
            header.re.seq
            for later in journal.epochs(conn)
            if later.epoch > held.epoch
            for header in (read_header(entry.header) for entry in journal.entries(conn, later.epoch, 0))
            if header.re and header.re.jid == held.jid
        }
        missing = [
            entry
            for seq_of, entry in enumerate(journal.entries(conn, held.epoch, low), low + 1)
            if seq_of not in already and read_header(entry.header).t != "journal.opened"
        ]
    _remember(folder, held.jid, held.seq, low)
    is_open = held.jid == book.head.jid
    if is_open or missing:
        _log.warning("journal %s parts from HQ's after entry %d: new epoch, %d again", held.jid, low, len(missing))
        book.open_epoch("fork", book.head, missing)


def _shared(folder: db.Folder, held: journal.Head) -> int | None:
    """The last entry that HQ shares of a journal that has parted from HQ's; None if it has not."""
    with folder.feed.reading() as conn:
        return conn.execute(select(tables.watermark.c.shared).where(tables.watermark.c.jid == held.jid)).scalar()


def _remember(folder: db.Folder, jid: str, seq: int, shared: int | None = None) -> None:
    with folder.feed.transaction() as conn:
        conn.execute(
            insert(tables.watermark)
            .values(jid=jid, seq=seq, shared=shared)
            .on_conflict_do_update(index_elements=["jid"], set_={"seq": seq, "shared": shared})
        )

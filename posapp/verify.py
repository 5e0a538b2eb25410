"""Re-verifies a till's folder: every journal's chain and signatures, and that the tables follow from the entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, func, select

from posapp import db, journal, tables
from posapp.chain import Broken, Entry, check_chain, genesis_hash, key_id, load_public, read_header
from posapp.errors import PosError
from posapp.ids import unb64u
from posapp.journal import Written
from posapp.keys import Certificate, check_certificate
from posapp.messages import JournalOpened, Message, read_body
from posapp.selling import refund, sale
from posapp.shift import shift

CHUNK = 500

FOLLOWING = (
    tables.sale,
    tables.sale_line,
    tables.tender,
    tables.used,
    tables.reprint,
    tables.refund,
    tables.refund_line,
    tables.refund_tender,
    tables.settlement,
    tables.shift,
    tables.shift_close,
    tables.shift_reason,
    tables.cash_move,
)


@dataclass(frozen=True, slots=True)
class Verified:
    journals: int
    entries: int
    sales: int


def rows_of(written: Written, body: Message) -> dict[Table, list[tuple[Any, ...]]]:
    """Every row of the till's tables that follows from an entry; one that was written again brings none."""
    if written.header.re:
        return {}
    return sale.rows_of(written, body) | refund.rows_of(written, body) | shift.rows_of(written, body)


def verify(
    folder: db.Folder,
    hq_key: str,
    progress: Callable[[int, int], None] | None = None,
    marked: journal.Marked | None = None,
) -> Verified:
    """Verify a folder as it is at this moment; it may be selling meanwhile. marked: the till's mark, read before,
    which tells a journal that was cut short.

    Raises PosError entry_broken or rows_differ naming the first entry that is not as it was written, damaged_file.
    """
    folder.till.check()
    with db.telling(folder.till.path), folder.till.reading() as conn:
        conn.exec_driver_sql("BEGIN")
        try:
            verified = _verify(conn, hq_key, progress)
            _check_mark(conn, marked)
            return verified
        finally:
            conn.exec_driver_sql("ROLLBACK")


def _check_mark(conn: Connection, marked: journal.Marked | None) -> None:
    if marked is None:
        return
    held = next((head for head in journal.epochs(conn) if head.jid == marked.jid), None)
    if held is None or held.seq < marked.seq:
        missing = held.seq + 1 if held else 1
        why = ("末尾被截掉", "the journal was cut short")
        raise PosError("entry_broken", journal=held.label if held else "?", entry=missing, why=why)


def _verify(conn: Connection, hq_key: str, progress: Callable[[int, int], None] | None) -> Verified:
    everything = conn.execute(select(func.count()).select_from(tables.journal)).scalar_one()
    held = conn.execute(select(tables.epoch).order_by(tables.epoch.c.ordinal)).all()
    done = 0
    counts = dict.fromkeys(FOLLOWING, 0)
    for row in held:
        for count in _verify_epoch(conn, row, hq_key, counts):
            done += count
            if progress:
                progress(done, everything)
    if done != everything:
        raise PosError("entry_broken", journal="?", entry=0, why=("不属于任何流水", "it belongs to no journal"))
    for table, count in counts.items():
        if conn.execute(select(func.count()).select_from(table)).scalar_one() != count:
            raise PosError("rows_differ", journal="?", entry=0, table=table.name)
    return Verified(len(held), done, counts[tables.sale])


def _verify_epoch(conn: Connection, row: Any, hq_key: str, counts: dict[Table, int]) -> Iterator[int]:
    """Verify one journal chunk by chunk, yielding how many entries each held."""
    try:
        certificate = msgspec.json.decode(row.certificate, type=Certificate)
        check_certificate(certificate, hq_key)
    except (msgspec.DecodeError, UnicodeError, PosError):
        raise PosError("rows_differ", journal=row.label, entry=1, table=tables.epoch.name) from None
    public = unb64u(certificate.journal_key)
    keys = {key_id(public): load_public(public)}
    seq, previous = 0, b""
    while True:
        entries = journal.entries(conn, row.ordinal, seq, CHUNK)
        if not entries:
            break
        if seq == 0:
            previous = _genesis(row, certificate, entries[0])
        try:
            last, previous = check_chain(entries, row.jid, seq + 1, previous, keys.get)
        except Broken as broken:
            raise PosError("entry_broken", journal=row.label, entry=broken.seq or seq + 1, why=broken.why) from None
        _check_rows(conn, row, seq, last, entries, counts)
        seq = last
        yield len(entries)


def _genesis(row: Any, certificate: Certificate, first: Entry) -> bytes:
    """What the first entry must continue. Its body names the parent; whether body and signature are true is
    checked with the rest of the chain."""
    try:
        opened = read_body("journal.opened", 1, first.body)
        assert isinstance(opened, JournalOpened)
        parent = unb64u(opened.parent_hash)
        if (opened.ordinal, opened.label) != (row.ordinal, row.label):
            raise PosError("rows_differ", journal=row.label, entry=1, table=tables.epoch.name)
    except (msgspec.DecodeError, ValueError):
        why = ("内容被改动", "the body was changed")
        raise PosError("entry_broken", journal=row.label, entry=1, why=why) from None
    return genesis_hash(certificate.store, certificate.till, row.jid, parent)


def _check_rows(
    conn: Connection, epoch: Any, after: int, last: int, entries: list[Entry], counts: dict[Table, int]
) -> None:
    start = epoch.ordinal * tables.EPOCH_PLACES
    expected: dict[Table, list[tuple[Any, ...]]] = {table: [] for table in FOLLOWING}
    for seq, entry in enumerate(entries, after + 1):
        header = read_header(entry.header)
        body = read_body(header.t, header.sv, entry.body)
        for table, rows in rows_of(Written(start + seq, header, entry), body).items():
            expected[table] += rows
    for table in FOLLOWING:
        counts[table] += len(expected[table])
        key, each = tables.key_of(table)
        here = (key >= (start + after + 1) * each, key < (start + last + 1) * each)
        found = [tuple(held) for held in conn.execute(select(table).where(*here).order_by(key))]
        if found != expected[table]:
            odd = next(
                pair for pair in zip([*found, (0,)], [*expected[table], (0,)], strict=False) if pair[0] != pair[1]
            )
            place = min(row[0] for row in odd if row[0]) // each
            raise PosError("rows_differ", journal=epoch.label, entry=place - start, table=table.name)

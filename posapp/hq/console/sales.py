"""Sales and refunds looked for from HQ, and one entry of a journal with everything that shows it is genuine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, literal, select, tuple_, union_all

from posapp.chain import Broken, Entry, check_entry, check_link, entry_hash
from posapp.errors import PosError
from posapp.hq.accept import genesis_of, journal_keys
from posapp.hq.care.purchases import claimed
from posapp.hq.members.identity import root_of, same_as
from posapp.hq.members.tables import person
from posapp.hq.tables import (
    clerk,
    entry,
    flag,
    journal_head,
    quarantine,
    refund,
    refund_line,
    refund_tender,
    sale,
    sale_line,
    tender,
)
from posapp.ids import b64u, till_name
from posapp.money import Money
from posapp.rules.names import masked_name

MOST_FOUND = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; "" and 0 are every one. amount in fen; article: part of its name, or its id or code."""

    begins: str = ""
    ends: str = ""
    store: int = 0
    till: int = 0
    receipt: str = ""
    amount: int | None = None
    article: str = ""
    clerk: int = 0
    member: str = ""


def find(conn: Connection, stores: frozenset[int] | None, wanted: Wanted) -> list[dict[str, Any]]:
    """Tickets, the newest first, at most MOST_FOUND; members as a surname's initial. A member's are those of all their
    ids and those that they claimed."""
    parts = [_matching(table, kind, stores, wanted) for table, kind in ((sale, "sale"), (refund, "refund"))]
    if wanted.member:
        refs = same_as(conn, root_of(conn, wanted.member))
        sales = [row for row, _ in claimed(conn, refs)]
        places = tuple_(sale.c.jid, sale.c.seq).in_([(row.jid, row.seq) for row in sales])
        parts[0] = parts[0].where(sale.c.member.in_(refs) | places)
        parts[1] = parts[1].where(refund.c.member.in_(refs) | refund.c.sale.in_([row.event for row in sales]))
    every = union_all(*parts).subquery()
    rows = conn.execute(
        select(every, person.c.initial)
        .join(person, person.c.ref == every.c.member, isouter=True)
        .order_by(every.c.effective.desc(), every.c.jid, every.c.seq)
        .limit(MOST_FOUND)
    )
    return [
        {
            "jid": row.jid,
            "seq": row.seq,
            "at": row.effective,
            "store": row.store,
            "till": till_name(row.store, row.till),
            "receipt": row.receipt,
            "clerk": row.clerk,
            "total": row.total if row.kind == "sale" else -row.total,
            "member": masked_name(row.initial or "") if row.member else "",
            "kind": row.kind,
        }
        for row in rows
    ]


def _matching(table: Any, kind: str, stores: frozenset[int] | None, wanted: Wanted) -> Select[Any]:
    columns = table.c
    names = "jid seq store till receipt clerk total member effective".split()
    query = select(*(columns[name] for name in names), literal(kind).label("kind"))
    if stores is not None:
        query = query.where(columns.store.in_(stores))
    for name in ("store", "till", "clerk"):
        if value := getattr(wanted, name):
            query = query.where(columns[name] == value)
    if wanted.begins:
        query = query.where(columns.date >= wanted.begins)
    if wanted.ends:
        query = query.where(columns.date <= wanted.ends)
    if wanted.receipt:
        query = query.where(columns.receipt.startswith(wanted.receipt, autoescape=True))
    if wanted.amount is not None:
        query = query.where(columns.total == abs(wanted.amount))
    if wanted.article:
        query = query.where(_holds(table, wanted.article))
    return query


def _holds(table: Any, article: str) -> Any:
    lines = sale_line if table is sale else refund_line
    mine = select(lines.c.jid).where(lines.c.jid == table.c.jid, lines.c.seq == table.c.seq)
    if table is sale:
        named = lines.c.name.contains(article, autoescape=True)
        return mine.where(named | (lines.c.code == article) | (lines.c.article == article)).exists()
    sold = select(sale_line.c.article).where(sale_line.c.name.contains(article, autoescape=True))
    return mine.where((lines.c.article == article) | lines.c.article.in_(sold)).exists()


# --- one entry ---


@dataclass(slots=True)
class Whole:
    """An entry as it came, and what was made of it. why: "" when it is genuine, else what is wrong, in two languages.
    entry: header and body as canonical JSON. before, after: whether there is one."""

    jid: str
    seq: int
    store: int
    till: int
    type: str
    header: str
    body: str
    hash: str
    signature: str
    key: str
    why: tuple[str, str]
    before: bool
    after: bool
    sale: dict[str, Any] | None = None
    flags: list[tuple[str, str]] | None = None
    quarantined: str = ""


def whole_entry(conn: Connection, stores: frozenset[int] | None, jid: str, seq: int) -> Whole:
    """One entry, verified now. Raises PosError not_found, also for a store that is not looked after."""
    head = conn.execute(select(journal_head).where(journal_head.c.jid == jid)).one_or_none()
    row = conn.execute(select(entry).where(entry.c.jid == jid, entry.c.seq == seq)).one_or_none()
    if head is None or row is None or (stores is not None and head.store not in stores):
        raise PosError("not_found", what=seq)
    raw = Entry(bytes(row.header), bytes(row.signature), bytes(row.body))
    plain = msgspec.json.decode(raw.header)
    flags = conn.execute(select(flag.c.kind, flag.c.detail).where(flag.c.jid == jid, flag.c.seq == seq)).all()
    stuck = select(quarantine).where(quarantine.c.jid == jid, quarantine.c.seq == seq, quarantine.c.resolved == 0)
    caught = conn.execute(stuck).one_or_none()
    return Whole(
        jid,
        seq,
        head.store,
        head.till,
        str(plain.get("t", "")),
        raw.header.decode("utf-8", "replace"),
        raw.body.decode("utf-8", "replace"),
        b64u(raw.hash),
        b64u(raw.signature),
        str(plain.get("key", "")),
        broken(conn, head, row, raw),
        seq > 1,
        seq < head.seq,
        _ticket(conn, jid, seq),
        [(one.kind, one.detail) for one in flags],
        f"{caught.code}: {caught.detail}" if caught else "",
    )


def broken(conn: Connection, head: Any, row: Any, raw: Entry) -> tuple[str, str]:
    """What is wrong with an entry where it stands: header, digest, signature, link, hash; ("", "") for nothing."""
    keys = journal_keys(conn, head.store, head.till)
    previous = conn.scalar(select(entry.c.header).where(entry.c.jid == head.jid, entry.c.seq == row.seq - 1))
    try:
        header = check_entry(raw, keys.get)
        if row.seq == 1:
            before = genesis_of(header, raw)
        elif previous is None:
            return f"缺第 {row.seq - 1} 条", f"entry {row.seq - 1} is missing"
        else:
            before = entry_hash(bytes(previous))
        check_link(header, head.jid, row.seq, before)
    except Broken as found:
        return found.why
    except ValueError:
        return "无法读取", "unreadable"
    if bytes(row.hash) != raw.hash:
        return "与登记的摘要不符", "filed under another hash"
    return "", ""


def _ticket(conn: Connection, jid: str, seq: int) -> dict[str, Any] | None:
    for kind, table, lines, tenders in (
        ("sale", sale, sale_line, tender),
        ("refund", refund, refund_line, refund_tender),
    ):
        row = conn.execute(select(table).where(table.c.jid == jid, table.c.seq == seq)).one_or_none()
        if row is None:
            continue
        seller = conn.scalar(select(clerk.c.name).where(clerk.c.number == row.clerk))
        initial = conn.scalar(select(person.c.initial).where(person.c.ref == row.member)) if row.member else None
        return {
            "kind": kind,
            "receipt": row.receipt,
            "date": row.date,
            "store": row.store,
            "till": till_name(row.store, row.till),
            "clerk": f"{row.clerk} {seller or ''}".strip(),
            "at": row.effective,
            "total": row.total,
            "rounding": row.rounding,
            "member": masked_name(initial or "") if row.member else "",
            "ref": row.member,
            "lines": [_line(one, kind) for one in _parts(conn, lines, jid, seq)],
            "tenders": [(one.kind, one.amount) for one in _parts(conn, tenders, jid, seq)],
            "other": _other_side(conn, kind, row),
            "reason": row.reason if kind == "refund" else "",
        }
    return None


def _parts(conn: Connection, table: Any, jid: str, seq: int) -> list[Any]:
    return list(conn.execute(select(table).where(table.c.jid == jid, table.c.seq == seq).order_by(table.c.pos)))


def _line(row: Any, kind: str) -> dict[str, Any]:
    why = json.loads(row.why) if kind == "sale" and row.why else []
    return {
        "n": row.n,
        "name": row.name if kind == "sale" else row.article,
        "qty": f"{row.qty / 1000:g} {row.unit if kind == 'sale' else ''}".strip(),
        "price": str(Money(row.price)) if kind == "sale" else "",
        "amount": str(Money(row.amount)),
        "tax": f"{row.rate} {Money(row.tax)}",
        "why": [(str(one.get("kind", "")), int(one.get("fen", 0)), str(one.get("why", ""))) for one in why],
    }


def _other_side(conn: Connection, kind: str, row: Any) -> list[tuple[str, str, int]]:
    """The refunds of a sale, or the sale of a refund: receipt, journal and number."""
    if kind == "sale":
        rows = conn.execute(select(refund).where(refund.c.store == row.store, refund.c.sale == row.event))
    else:
        rows = conn.execute(select(sale).where(sale.c.store == row.store, sale.c.event == row.sale))
    return [(one.receipt, one.jid, one.seq) for one in rows]

"""A shift at a till: opened with a float, closed by a blind count, with cash moved in and out between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, func, select

from posapp import db
from posapp.chain import read_header
from posapp.errors import PosError
from posapp.journal import Journal, Writing, Written, entry_at
from posapp.messages import (
    CashMoved,
    DrawerOpened,
    Message,
    Pieces,
    ShiftClosed,
    ShiftExplained,
    ShiftOpened,
    TenderSum,
    read_body,
)
from posapp.money import Money, total
from posapp.rules.free_text import read_reason
from posapp.settings import Settings
from posapp.tables import (
    EPOCH_PLACES,
    LINE_PLACES,
    cash_move,
    refund,
    refund_tender,
    sale,
    shift,
    shift_close,
    shift_reason,
    tender,
)

LONGEST_REASON = 100
MOST_PIECES = 99_999

_USUAL_REASONS = (
    ("备用金", "找零换零", "缴款银行", "采购", "其他"),
    ("Float", "Change from the bank", "To the bank", "Purchase", "Other"),
)


@dataclass(frozen=True, slots=True)
class OpenShift:
    shift: str
    opened: int
    float: Money


@dataclass(frozen=True, slots=True)
class ClosedShift:
    """A closed shift as the journal holds it; reason: why it was over or short, "" if nobody said."""

    figures: ShiftClosed
    clerk: int
    closed: int
    reason: str


def rows_of(written: Written, body: Message) -> dict[Table, list[tuple[Any, ...]]]:
    """The rows that follow from an entry of this room."""
    header = written.header
    match body:
        case ShiftOpened():
            return {shift: [(written.place, body.shift, header.clerk, header.ef, body.float)]}
        case ShiftClosed():
            return {shift_close: [(written.place, body.shift, header.clerk, body.counted, body.expected)]}
        case ShiftExplained():
            return {shift_reason: [(written.place, body.shift, header.clerk, body.reason)]}
        case CashMoved():
            return {cash_move: [(written.place, body.shift, body.amount, body.reason)]}
    return {}


def _write(writing: Writing, body: Message, clerk: int, by: int = 0) -> Written:
    written = writing.append(body, clerk, by)
    db.insert_rows(writing.conn, rows_of(written, body))
    return written


def current(conn: Connection) -> OpenShift | None:
    """The shift that is open at this till."""
    row = conn.execute(
        select(shift.c.shift, shift.c.opened, shift.c.float)
        .where(~select(shift_close.c.place).where(shift_close.c.shift == shift.c.shift).exists())
        .order_by(shift.c.place.desc())
        .limit(1)
    ).first()
    return OpenShift(row.shift, row.opened, Money(row.float)) if row else None


def open_shift(journal: Journal, clerk: int, drawer: Money) -> OpenShift:
    """Raises PosError shift_open, bad_amount."""
    _not_negative(drawer)
    with journal.writing() as writing:
        if current(writing.conn):
            raise PosError("shift_open")
        opened = OpenShift(journal.new_id(), writing.now, drawer)
        _write(writing, ShiftOpened(opened.shift, drawer.fen), clerk)
    return opened


def move_cash(journal: Journal, clerk: int, by: int, shift_id: str, amount: Money, reason: str) -> None:
    """Put cash into the drawer (positive) or take it out (negative). Raises PosError needs_reason, text_too_long,
    text_has_number."""
    reason = read_reason(reason, LONGEST_REASON)
    with journal.writing() as writing:
        _write(writing, CashMoved(shift_id, amount.fen, reason), clerk, by)


def cash_reasons(settings: Settings) -> tuple[str, ...]:
    """What to offer where cash is moved: the store's own list, or the usual ones. Any other text is good, too."""
    return settings.cash_reasons or _USUAL_REASONS[settings.language == "en"]


def open_drawer(journal: Journal, clerk: int, by: int, shift_id: str) -> None:
    with journal.writing() as writing:
        writing.append(DrawerOpened(shift_id, "no sale"), clerk, by)


def report(conn: Connection, open_: OpenShift, unmatched: list[Money]) -> ShiftClosed:
    """The figures of a shift so far, as if nothing had been counted. unmatched: what static codes took and nobody
    has found in the account yet."""
    # what a shift sold stands behind its opening: places only grow
    since = select(shift.c.place).where(shift.c.shift == open_.shift).scalar_subquery()
    in_shift = (sale.c.place > since, sale.c.shift == open_.shift)
    sales, amount, rounding, first, last = conn.execute(
        select(
            func.count(),
            func.coalesce(func.sum(sale.c.total), 0),
            func.coalesce(func.sum(sale.c.rounding), 0),
            func.min(sale.c.place),
            func.max(sale.c.place),
        ).where(*in_shift)
    ).one()
    receipts = {
        place: conn.execute(select(sale.c.receipt).where(sale.c.place == place)).scalar() or ""
        for place in {first, last} - {None}
    }
    refunded = (refund.c.place > since, refund.c.shift == open_.shift)
    refunds, back_total = conn.execute(
        select(func.count(), func.coalesce(func.sum(refund.c.total), 0)).where(*refunded)
    ).one()
    tenders = _by_kind(conn, tender, sale, in_shift)
    back = _by_kind(conn, refund_tender, refund, refunded)
    moves = [
        conn.execute(
            select(func.coalesce(func.sum(cash_move.c.amount), 0)).where(cash_move.c.shift == open_.shift, sign)
        ).scalar_one()
        for sign in (cash_move.c.amount > 0, cash_move.c.amount < 0)
    ]
    return ShiftClosed(
        shift=open_.shift,
        opened=open_.opened,
        float=open_.float.fen,
        counted=0,
        expected=open_.float.fen + _cash(tenders) - _cash(back) + sum(moves),
        sales=sales,
        total=amount,
        rounding=rounding,
        cash_in=moves[0],
        cash_out=-moves[1],
        tenders=tenders,
        first_receipt=receipts.get(first, ""),
        last_receipt=receipts.get(last, ""),
        refunds=refunds,
        refunded=back_total,
        back=back,
        number=conn.execute(select(func.count()).select_from(shift_close)).scalar_one() + 1,
        unmatched=len(unmatched),
        unmatched_amount=total(unmatched).fen,
    )


def _by_kind(conn: Connection, paid: Table, of: Table, where: tuple[Any, ...]) -> list[TenderSum]:
    """Tenders added up by kind: rows of `paid` that belong to some rows of `of`."""
    rows = conn.execute(
        select(paid.c.kind, func.count(), func.sum(paid.c.amount))
        .join(of, paid.c.id.between(of.c.place * LINE_PLACES, (of.c.place + 1) * LINE_PLACES))
        .where(*where)
        .group_by(paid.c.kind)
        .order_by(paid.c.kind)
    )
    return [TenderSum(kind, count, money) for kind, count, money in rows]


def _cash(sums: list[TenderSum]) -> int:
    return sum(held.amount for held in sums if held.kind == "cash")


def check_pieces(counted: Money, pieces: Mapping[Money, int], settings: Settings) -> None:
    """Whether pieces by their value come to what was counted. Raises PosError bad_pieces, pieces_differ."""
    for value, count in pieces.items():
        if value not in settings.denominations or not 0 <= count <= MOST_PIECES:
            raise PosError("bad_pieces", count=count, value=value)
    if pieces and (found := total([Money(value.fen * count) for value, count in pieces.items()])) != counted:
        raise PosError("pieces_differ", pieces=found, counted=counted)


def close_shift(
    journal: Journal, clerk: int, open_: OpenShift, counted: Money, pieces: Mapping[Money, int], unmatched: list[Money]
) -> ClosedShift:
    """Close the shift with the drawer's blind count. Raises PosError bad_amount."""
    _not_negative(counted)
    with journal.writing() as writing:
        closed = msgspec.structs.replace(
            report(writing.conn, open_, unmatched),
            counted=counted.fen,
            pieces=[Pieces(value.fen, count) for value, count in sorted(pieces.items(), reverse=True) if count],
        )
        written = _write(writing, closed, clerk)
    return ClosedShift(closed, clerk, written.header.ef, "")


def last_closed(conn: Connection) -> ClosedShift:
    """The shift closed last at this till. Raises PosError no_closed_shift."""
    place = conn.execute(select(func.max(shift_close.c.place))).scalar()
    entry = entry_at(conn, *divmod(place, EPOCH_PLACES)) if place else None
    if entry is None:
        raise PosError("no_closed_shift")
    header = read_header(entry.header)
    figures = read_body(header.t, header.sv, entry.body)
    assert isinstance(figures, ShiftClosed)
    said = select(shift_reason.c.reason).where(shift_reason.c.shift == figures.shift).order_by(shift_reason.c.place)
    return ClosedShift(figures, header.clerk, header.ef, " / ".join(conn.execute(said).scalars()))


def explain(journal: Journal, clerk: int, reason: str) -> ClosedShift:
    """Note why the shift closed last was over or short.

    Raises PosError needs_reason, text_too_long, text_has_number, no_closed_shift.
    """
    reason = read_reason(reason, LONGEST_REASON)
    with journal.writing() as writing:
        figures = last_closed(writing.conn).figures
        _write(writing, ShiftExplained(figures.shift, figures.counted - figures.expected, reason), clerk)
        return last_closed(writing.conn)


def _not_negative(amount: Money) -> None:
    if amount.fen < 0:
        raise PosError("bad_amount", amount=str(amount))

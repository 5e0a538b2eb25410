"""A shift at a till: opened with a float, closed by a blind count, with cash moved in and out between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, select

from posapp import db
from posapp.errors import PosError
from posapp.journal import Journal, Writing, Written
from posapp.messages import CashMoved, DrawerOpened, Message, ShiftClosed, ShiftOpened, TenderSum
from posapp.money import ZERO, Money
from posapp.tables import LINE_PLACES, cash_move, sale, shift, shift_close, tender

LONGEST_REASON = 100


@dataclass(frozen=True, slots=True)
class OpenShift:
    shift: str
    opened: int
    float: Money


def rows_of(written: Written, body: Message) -> dict[Table, list[tuple[Any, ...]]]:
    """The rows that follow from an entry of this room."""
    header = written.header
    match body:
        case ShiftOpened():
            return {shift: [(written.place, body.shift, header.clerk, header.ef, body.float)]}
        case ShiftClosed():
            return {shift_close: [(written.place, body.shift, header.clerk, body.counted, body.expected)]}
        case CashMoved():
            return {cash_move: [(written.place, body.shift, body.amount, body.reason)]}
    return {}


def _write(writing: Writing, body: Message, clerk: int, by: int = 0) -> None:
    db.insert_rows(writing.conn, rows_of(writing.append(body, clerk, by), body))


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
    """Put cash into the drawer (positive) or take it out (negative). Raises PosError needs_reason, text_too_long."""
    if not reason.strip():
        raise PosError("needs_reason")
    if len(reason) > LONGEST_REASON:
        raise PosError("text_too_long", most=LONGEST_REASON)
    with journal.writing() as writing:
        _write(writing, CashMoved(shift_id, amount.fen, reason), clerk, by)


def open_drawer(journal: Journal, clerk: int, by: int, shift_id: str) -> None:
    with journal.writing() as writing:
        writing.append(DrawerOpened(shift_id, "no sale"), clerk, by)


def report(conn: Connection, open_: OpenShift, counted: Money = ZERO) -> ShiftClosed:
    """The figures of a shift so far; `counted` is only known at its close."""
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
    tenders = [
        TenderSum(kind, count, money)
        for kind, count, money in conn.execute(
            select(tender.c.kind, func.count(), func.sum(tender.c.amount))
            .join(sale, tender.c.id.between(sale.c.place * LINE_PLACES, (sale.c.place + 1) * LINE_PLACES))
            .where(*in_shift)
            .group_by(tender.c.kind)
            .order_by(tender.c.kind)
        )
    ]
    moves = [
        conn.execute(
            select(func.coalesce(func.sum(cash_move.c.amount), 0)).where(cash_move.c.shift == open_.shift, sign)
        ).scalar_one()
        for sign in (cash_move.c.amount > 0, cash_move.c.amount < 0)
    ]
    cash = sum(held.amount for held in tenders if held.kind == "cash")
    return ShiftClosed(
        shift=open_.shift,
        opened=open_.opened,
        float=open_.float.fen,
        counted=counted.fen,
        expected=open_.float.fen + cash + sum(moves),
        sales=sales,
        total=amount,
        rounding=rounding,
        cash_in=moves[0],
        cash_out=-moves[1],
        tenders=tenders,
        first_receipt=receipts.get(first, ""),
        last_receipt=receipts.get(last, ""),
    )


def close_shift(journal: Journal, clerk: int, open_: OpenShift, counted: Money) -> ShiftClosed:
    """Close the shift with the drawer's blind count. Raises PosError bad_amount."""
    _not_negative(counted)
    with journal.writing() as writing:
        closed = report(writing.conn, open_, counted)
        _write(writing, closed, clerk)
    return closed


def _not_negative(amount: Money) -> None:
    if amount.fen < 0:
        raise PosError("bad_amount", amount=str(amount))

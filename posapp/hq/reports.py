"""Figures without a browser. Money is a string with two decimals, instants are RFC 3339, null is "not known"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, func, select

from posapp.clock import DAY, Clock, business_date, day_begins, rfc3339
from posapp.dates import read_date
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.aligned import aligned
from posapp.hq.database import Database
from posapp.hq.figures.boards import FRESH_MS
from posapp.hq.people import settings_of
from posapp.hq.tables import (
    batch,
    cash_move,
    counter,
    flag,
    quarantine,
    refund,
    refund_tax,
    refund_tender,
    sale,
    sale_tax,
    settlement,
    store,
    tender,
    till,
    till_status,
)
from posapp.ids import till_name
from posapp.money import Money
from posapp.rules.dictionary import UNKNOWN
from posapp.rules.tenders import tender_name
from posapp.settings import Settings


def day(database: Database, clock: Clock, store_number: int, date: str | None) -> dict[str, Any]:
    """A store's business day, by till and together; the business date now when none is given.

    `provisional` is true while something may still come: the day is not over, or a till has unsent entries or was
    not heard of since the day ended. A till that has not called in yet knows no clerk and holds nothing back. Figures
    are null for a day of which nothing has come, unless all that would tell of it has. Raises PosError no_such_store,
    bad_date.
    """
    with database.reading(snapshot=True) as conn:
        name = conn.scalar(select(store.c.name).where(store.c.number == store_number))
        if name is None:
            raise PosError("no_such_store", store=store_number)
        settings = settings_of(conn, feed.store_scope(store_number))
        now = clock.now_ms()
        if date is None:
            date = business_date(now, settings.time_zone, settings.cutover_hour)
        ends = _end_of(date, settings)
        tills = _tills(conn, store_number, date, ends, now)
        together = _figures(conn, store_number, None, date)
        waits = _waiting(conn, store_number)
        has_all = any(one["has_all"] for one in tills) and all(one["has_all"] for one in tills if one["is_due"])
        for one in tills:
            _blank(one, is_known=one.pop("has_all") and not waits)
            del one["is_due"]
        return {
            "report": "day",
            "store": store_number,
            "name": name,
            "date": date,
            "made": rfc3339(now),
            "provisional": now < ends or waits or any(one["provisional"] for one in tills),
            **_blank(together, is_known=has_all and not waits),
            "tills": tills,
            "flags": _count(conn, flag, flag.c.store == store_number, flag.c.date == date),
            "quarantined": _count(conn, quarantine, quarantine.c.store == store_number, quarantine.c.resolved == 0),
        }


def _end_of(date: str, settings: Settings) -> int:
    return day_begins(read_date(date) + dt.timedelta(days=1), settings.time_zone, int(settings.cutover_hour))


def _count(conn: Connection, table: Table, *where: Any) -> int:
    return conn.scalar(select(func.count()).select_from(table).where(*where)) or 0


def _waiting(conn: Connection, store_number: int) -> bool:
    """Whether something of the store is received but not yet counted."""
    done = select(counter.c.n).where(counter.c.name == "projected").scalar_subquery()
    return _count(conn, batch, batch.c.store == store_number, batch.c.n > done) > 0


def _tills(conn: Connection, store_number: int, date: str, ends: int, now: int) -> list[dict[str, Any]]:
    rows = conn.execute(
        select(till.c.till, till.c.serial, till.c.revoked, till.c.created, till_status)
        .join(till_status, (till_status.c.store == till.c.store) & (till_status.c.till == till.c.till), isouter=True)
        .where(till.c.store == store_number, till.c.serial > 0)
        .order_by(till.c.till)
    )
    return [_till(conn, store_number, row, date, ends, now) for row in rows]


def _till(conn: Connection, store_number: int, row: Row[Any], date: str, ends: int, now: int) -> dict[str, Any]:
    """has_all: whether what it knows of the day so far is here, as it was there then and is heard of. is_due: whether
    that is waited for."""
    number = row[0]
    shut_out, is_heard = row.revoked >= row.serial, bool(row.contact)
    open_ = is_heard and (row.unsent > 0 or row.contact < ends)
    is_there = is_heard and row.created < ends
    upto = row.oldest_unsent if row.unsent and row.oldest_unsent else row.contact
    return {
        "till": till_name(store_number, number),
        "number": number,
        **_figures(conn, store_number, number, date),
        "provisional": open_ and not shut_out,
        "has_all": is_there and ends - DAY <= now and upto >= min(ends, now - FRESH_MS),
        "is_due": is_there and not shut_out,
        "revoked": shut_out,
        "last_contact": rfc3339(row.contact) if row.contact else None,
        "unsent": row.unsent,
        "oldest_unsent": rfc3339(row.oldest_unsent) if row.oldest_unsent else None,
    }


def _blank(figures: dict[str, Any], *, is_known: bool) -> dict[str, Any]:
    """Nothing in place of zeros of which nobody knows."""
    is_empty = not any(figures[name] for name in ("sales", "refunds", "cash_moves"))
    del figures["cash_moves"]
    if is_empty and not is_known:
        figures.update(dict.fromkeys(SUMS))
    return figures


def _figures(conn: Connection, store_number: int, number: int | None, date: str) -> dict[str, Any]:
    """sales and total: everything that was rung up. tickets: without what was voided on its day (the metric
    dictionary's completed sale tickets). net_sales: what was paid, rounding and all, without what
    went back. Each tender's and rate's amount is what was taken, `refunded` what went back, net the difference."""

    def of(table: Table) -> list[Any]:
        where = [table.c.store == store_number, table.c.date == date]
        return where if number is None else [*where, table.c.till == number]

    sums = conn.execute(
        select(
            func.count(),
            func.coalesce(func.sum(sale.c.total), 0),
            func.coalesce(func.sum(sale.c.rounding), 0),
        ).where(*of(sale))
    ).one()
    refunds, back = conn.execute(
        select(func.count(), func.coalesce(func.sum(refund.c.total), 0)).where(*of(refund))
    ).one()
    back_rounding = conn.scalar(select(func.coalesce(func.sum(refund.c.rounding), 0)).where(*of(refund))) or 0
    voided = _count(conn, refund, *of(refund), refund.c.kind == "void")
    waiting, waiting_amount = conn.execute(_unmatched(*of(tender))).one()
    moved = func.sum(cash_move.c.amount)
    cash_in = conn.scalar(select(moved).where(*of(cash_move), cash_move.c.amount > 0)) or 0
    cash_out = conn.scalar(select(moved).where(*of(cash_move), cash_move.c.amount < 0)) or 0
    receipts = select(sale.c.receipt).where(*of(sale), sale.c.receipt != "")
    return {
        "sales": sums[0],
        "total": _yuan(sums[1]),
        "tickets": sums[0] - voided,
        "refunds": refunds,
        "refunded": _yuan(back),
        "net_sales": _yuan(sums[1] + sums[2] - back - back_rounding),
        "rounding": _yuan(sums[2]),
        "tenders": _tenders(conn, of),
        "taxes": _taxes(conn, of),
        "unmatched": waiting,
        "unmatched_amount": _yuan(waiting_amount),
        "cash_moves": _count(conn, cash_move, *of(cash_move)),
        "cash_in": _yuan(cash_in),
        "cash_out": _yuan(cash_out),
        "first_receipt": conn.scalar(receipts.order_by(sale.c.effective, sale.c.receipt).limit(1)),
        "last_receipt": conn.scalar(receipts.order_by(sale.c.effective.desc(), sale.c.receipt.desc()).limit(1)),
    }


_LINES = ("sales", "total", "tickets", "refunds", "refunded", "net_sales", "rounding", "cash_in", "cash_out")
SUMS = (*_LINES, "unmatched", "unmatched_amount")
"""What a day may know nothing of."""

Of = Callable[[Table], list[Any]]


def _tenders(conn: Connection, of: Of) -> list[dict[str, Any]]:
    def by_kind(table: Table) -> dict[str, tuple[int, int]]:
        rows = conn.execute(
            select(table.c.kind, func.count(), func.sum(table.c.amount)).where(*of(table)).group_by("kind")
        )
        return {kind: (count, int(amount)) for kind, count, amount in rows}

    taken, back = by_kind(tender), by_kind(refund_tender)
    nothing = (0, 0)
    return [
        {
            "kind": kind,
            "count": taken.get(kind, nothing)[0],
            "amount": _yuan(taken.get(kind, nothing)[1]),
            "refunded": _yuan(back.get(kind, nothing)[1]),
            "net": _yuan(taken.get(kind, nothing)[1] - back.get(kind, nothing)[1]),
        }
        for kind in sorted({*taken, *back})
    ]


def _taxes(conn: Connection, of: Of) -> list[dict[str, Any]]:
    def by_rate(table: Table) -> dict[str, tuple[int, int]]:
        sums = select(table.c.rate, func.sum(table.c.amount), func.sum(table.c.tax)).where(*of(table)).group_by("rate")
        return {rate: (int(amount), int(tax)) for rate, amount, tax in conn.execute(sums)}

    taken, back = by_rate(sale_tax), by_rate(refund_tax)
    nothing = (0, 0)
    return [
        {
            "rate": rate,
            "amount": _yuan(taken.get(rate, nothing)[0]),
            "tax": _yuan(taken.get(rate, nothing)[1]),
            "refunded": _yuan(back.get(rate, nothing)[0]),
            "net_tax": _yuan(taken.get(rate, nothing)[1] - back.get(rate, nothing)[1]),
        }
        for rate in sorted({*taken, *back})
    ]


def _unmatched(*where: Any) -> Select[Any]:
    """How many tenders by static code are neither matched nor voided, and what they come to."""
    settled = select(settlement.c.jid).where(
        settlement.c.store == sale.c.store,
        settlement.c.till == sale.c.till,
        settlement.c.sale == sale.c.event,
        settlement.c.tender == tender.c.pos,
    )
    voided = select(refund.c.jid).where(
        refund.c.store == sale.c.store, refund.c.sale == sale.c.event, refund.c.kind == "void"
    )
    return (
        select(func.count(), func.coalesce(func.sum(tender.c.amount), 0))
        .join(sale, (sale.c.jid == tender.c.jid) & (sale.c.seq == tender.c.seq))
        .where(*where, tender.c.kind == "static", ~settled.exists(), ~voided.exists())
    )


def _yuan(fen: Any) -> str:
    # PostgreSQL adds bigints up as numeric.
    return str(Money(int(fen)))


def day_text(report: dict[str, Any], language: str = "zh") -> str:
    """The day for people, in aligned columns."""
    english = language == "en"
    words = _WORDS["en" if english else "zh"]
    head = f"{report['name']} ({report['store']})  {report['date']}"
    if report["provisional"]:
        head += "  " + words["provisional"]
    columns = [report, *report["tills"]]
    rows = [[words["till"], words["all"], *(one["till"] for one in report["tills"])]]
    plain = (*_LINES, "first_receipt", "last_receipt")
    rows += [[words[name], *(_shown(one[name]) for one in columns)] for name in plain]
    for item in report["tenders"]:
        for what in ("amount", "refunded") if item["refunded"] != "0.00" else ("amount",):
            amounts = [
                {held["kind"]: held[what] for held in one["tenders"]}.get(item["kind"], _zero(one)) for one in columns
            ]
            rows.append([f"{words[what]} {tender_name(item['kind'], language)}", *amounts])
    if report["unmatched"]:
        rows.append([words["unmatched"], *(_codes(one) for one in columns)])
    for rate in [item["rate"] for item in report["taxes"]]:
        taxes = [{item["rate"]: item["tax"] for item in one["taxes"]}.get(rate, _zero(one)) for one in columns]
        rows.append([f"{words['tax']} {words.get(rate) or _percent(rate)}", *taxes])
    for name in ("last_contact", "unsent"):
        rows.append([words[name], "", *(_shown(one[name]) for one in report["tills"])])
    last = f"{words['flags']} {report['flags']}, {words['quarantined']} {report['quarantined']}"
    return "\n".join([head, *aligned(rows), last])


def _zero(column: dict[str, Any]) -> str:
    return UNKNOWN if column["sales"] is None else "0.00"


def _codes(column: dict[str, Any]) -> str:
    return UNKNOWN if column["sales"] is None else f"{column['unmatched_amount']} ({column['unmatched']})"


def _percent(rate: str) -> str:
    try:
        return f"{(Decimal(rate) * 100).normalize():f}%"
    except InvalidOperation:
        return rate


def _shown(value: Any) -> str:
    return UNKNOWN if value is None else str(value)


_WORDS = {
    "zh": {
        "provisional": "(数据尚未齐全)",
        "till": "收银台",
        "all": "合计",
        "sales": "笔数",
        "total": "销售额",
        "rounding": "抹零/舍入",
        "cash_in": "现金存入",
        "cash_out": "现金取出",
        "first_receipt": "首单号",
        "last_receipt": "末单号",
        "tickets": "成交单数",
        "refunds": "退款笔数",
        "net_sales": "净销售额",
        "amount": "收款",
        "refunded": "退款",
        "unmatched": "收款码待核对",
        "exempt": "免税",
        "none": "不征税",
        "tax": "税额",
        "last_contact": "最近联系",
        "unsent": "未上传",
        "flags": "待核对",
        "quarantined": "无法入账",
    },
    "en": {
        "provisional": "(provisional)",
        "till": "till",
        "all": "together",
        "sales": "sales",
        "total": "total",
        "rounding": "rounding",
        "cash_in": "cash in",
        "cash_out": "cash out",
        "first_receipt": "first receipt",
        "last_receipt": "last receipt",
        "tickets": "tickets",
        "refunds": "refunds",
        "net_sales": "net sales",
        "amount": "paid",
        "refunded": "given back",
        "unmatched": "codes to match",
        "tax": "VAT",
        "last_contact": "last contact",
        "unsent": "unsent",
        "flags": "flags",
        "quarantined": "in quarantine",
    },
}

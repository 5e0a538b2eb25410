"""What follows from the journals: rows, flags, quarantine; and that it follows again, entry by entry."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import update

from posapp import messages
from posapp.chain import canonical
from posapp.hq import verify as hq_verify
from posapp.hq.database import ACCEPTED, Database, insert_many, lock_counter, open_database, take_number
from posapp.hq.database import PROJECTED as PROJECTED_COUNTER
from posapp.hq.project import project, reproject, retry_after_upgrade
from posapp.hq.tables import (
    BY_ENTRY,
    PROJECTED,
    article,
    cash_move,
    entry,
    event,
    event_identity,
    flag,
    journal_head,
    journal_state,
    quarantine,
    refund,
    refund_line,
    refund_tax,
    refund_tender,
    refunded,
    sale,
    sale_line,
    sale_tax,
    shift,
    tender,
)
from posapp.messages import (
    CashMoved,
    DrawerOpened,
    Reason,
    RefundCompleted,
    SaleLine,
    ShiftClosed,
    ShiftOpened,
    TaxSum,
    Tender,
    TenderSum,
)
from posapp.version import VERSION
from tests.hq.shop import Journal, Shop, on_sqlite


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    """A shop whose articles a1 to a9 are known."""
    with shop.database.transaction() as conn:
        rows = [("chain", f"a{n}", "名", "个", "0.13", "[]", 0, 1, 1, 1, *[""] * 6, 0, 0) for n in range(1, 10)]
        insert_many(conn, article, rows)
        since = take_number(conn, ACCEPTED)
        conn.execute(update(article).values(since=since))
    return shop


def send(till: Any, journal: Journal, shop: Shop) -> None:
    assert till.push(journal.jid, journal.entries).status == "ok"
    shop.settle()


def flags(shop: Shop) -> set[tuple[int, str]]:
    return {(row["seq"], row["kind"]) for row in shop.rows(flag)}


def snapshot(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    return {table.name: [dict(row) for row in shop.rows(table)] for table in PROJECTED}


def a_day(journal: Journal) -> None:
    """A shift with sales of several kinds, closed right."""
    journal.add(ShiftOpened("shift-1", 20_000))
    journal.sale(650, 980)
    journal.sale(1234, kind="card")
    line = SaleLine(1, "a1", "a1", "牛角包", "个", 2000, 650, 1170, "0.13", 135, 1, [Reason("discount", -130, 7)])
    given = [Tender("cash", 1000, 1000), Tender("card", 170, 0, "ref")]
    journal.sale(1170, lines=[line], tenders=given, taxes=[TaxSum("0.13", 1170, 135)])
    journal.sale(103, rounding=-3, tenders=[Tender("cash", 100, 500)], change=400)
    journal.add(CashMoved("shift-1", 5_000, "找零"), by=1002)
    journal.add(CashMoved("shift-1", -2_000, "买菜"))
    journal.add(DrawerOpened("shift-1", "换零钱"), clerk=1003, by=1002)
    tenders = [TenderSum("card", 2, 1234 + 170), TenderSum("cash", 3, 1630 + 1000 + 100)]
    total = 1630 + 1234 + 1170 + 103
    journal.add(
        ShiftClosed("shift-1", 0, 20_000, 25_000, 25_730, 4, total, -3, 5_000, -2_000, tenders, "first", "last")
    )


def test_a_day_becomes_rows_and_nothing_is_flagged(stocked: Shop) -> None:
    till = stocked.till()
    journal = till.journal()
    a_day(journal)
    send(till, journal, stocked)
    assert flags(stocked) == set()
    sales = stocked.rows(sale)
    assert [(row["total"], row["rounding"], row["change"]) for row in sales] == [
        (1630, 0, 0),
        (1234, 0, 0),
        (1170, 0, 0),
        (103, -3, 400),
    ]
    first = sales[0]
    assert (first["store"], first["till"], first["date"], first["clerk"]) == (1, 1, "2026-11-22", 1001)
    assert (first["receipt"], first["event"]) == (journal.headers[2].rn, journal.headers[2].eid)
    lines = stocked.rows(sale_line)
    assert [(row["n"], row["article"], row["amount"], row["off"]) for row in lines][3:4] == [(1, "a1", 1170, -130)]
    assert [(row["kind"], row["amount"], row["given"], row["ref"]) for row in stocked.rows(tender)][2:4] == [
        ("cash", 1000, 1000, ""),
        ("card", 170, 0, "ref"),
    ]
    assert sum(row["tax"] for row in stocked.rows(sale_tax)) == sum(row["tax"] for row in lines)
    assert [(row["amount"], row["by"]) for row in stocked.rows(cash_move)] == [(5_000, 1002), (-2_000, 0)]
    assert [row["type"] for row in stocked.rows(event)] == [
        "journal.opened",
        "shift.opened",
        "drawer.opened",
        "shift.closed",
    ]
    (closed,) = stocked.rows(shift)
    assert (closed["float"], closed["counted"], closed["held_sales"]) == (20_000, 25_000, 4)
    assert (closed["held_cash_in"], closed["held_cash_out"]) == (5_000, 2_000)
    (state,) = stocked.rows(journal_state)
    assert (state["seq"], state["counter"], state["label"]) == (10, 4, "A")
    assert hq_verify.verify(stocked.database).error is None


@on_sqlite
@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("total_mismatch", {"total": 101, "tenders": [Tender("cash", 101)]}),
        ("tender_mismatch", {"tenders": [Tender("cash", 99)]}),
        ("tender_mismatch", {"rounding": 1}),
        ("tender_mismatch", {"tenders": []}),
        ("change_mismatch", {"change": 1}),
        ("change_mismatch", {"tenders": [Tender("cash", 100, 120)]}),
        ("tax_sum_mismatch", {"taxes": []}),
        ("tax_sum_mismatch", {"taxes": [TaxSum("0.13", 100, 11)]}),
        ("receipt_gap", {"counter": 3}),
        ("receipt_gap", {"counter": 1}),
    ],
    ids=str,
)
def test_what_does_not_agree_is_kept_and_flagged(stocked: Shop, kind: str, changes: dict[str, Any]) -> None:
    till = stocked.till()
    journal = till.journal()
    journal.sale(50)
    journal.sale(100, **changes)
    send(till, journal, stocked)
    assert flags(stocked) == {(3, kind)}
    assert len(stocked.rows(sale)) == 2
    assert hq_verify.verify(stocked.database).error is None


@on_sqlite
@pytest.mark.parametrize(("rate", "tax"), [("0.13", 11), ("0.09", 12), ("rubbish", 12)])
def test_a_tax_that_cannot_be_reproduced_is_flagged(stocked: Shop, rate: str, tax: int) -> None:
    till = stocked.till()
    journal = till.journal()
    line = SaleLine(7, "a1", "a1", "x", "个", 1000, 100, 100, rate, tax, 1)
    journal.sale(100, lines=[line], taxes=[TaxSum(rate, 100, tax)])
    send(till, journal, stocked)
    assert flags(stocked) == {(2, "tax_mismatch")}


def test_an_article_is_unknown_if_it_was_when_the_sale_came(stocked: Shop) -> None:
    till = stocked.till()
    journal = till.journal()
    line = SaleLine(1, "late", "c", "x", "个", 1000, 100, 100, "0.13", 12, 1)
    for _ in range(2):
        journal.sale(100, lines=[line], taxes=[TaxSum("0.13", 100, 12)])
    assert till.push(journal.jid, journal.entries[:2]).status == "ok"
    with stocked.database.transaction() as conn:
        row = ("store:1", "late", "名", "个", "0.13", "[]", 0, 1, 1, 1, *[""] * 6, 0, 0)
        insert_many(conn, article, [row])
        conn.execute(update(article).where(article.c.since == 0).values(since=take_number(conn, ACCEPTED)))
    send(till, journal, stocked)
    assert flags(stocked) == {(2, "unknown_product")}
    reproject(stocked.database, stocked.clock)
    assert flags(stocked) == {(2, "unknown_product")}


def test_a_void_becomes_rows_and_its_shift_adds_up(stocked: Shop) -> None:
    till = stocked.till()
    journal = till.journal()
    journal.add(ShiftOpened("shift-1", 0))
    line = SaleLine(3, "a1", "a1", "牛角包", "个", 2000, 650, 1170, "0.13", 135, 1, [Reason("discount", -130, 7)])
    given = [Tender("cash", 1000, 1000), Tender("card", 167, 0, "ref")]
    journal.sale(1170, rounding=-3, lines=[line], tenders=given, taxes=[TaxSum("0.13", 1170, 135)])
    journal.sale(500)
    journal.void(2, shift="shift-2")
    journal.void(3)
    taken, back = [TenderSum("card", 1, 167), TenderSum("cash", 2, 1500)], [TenderSum("cash", 1, 500)]
    journal.add(ShiftClosed("shift-1", 0, 0, 0, 0, 2, 1670, -3, 0, 0, taken, "", "", 1, 500, back))
    send(till, journal, stocked)
    assert flags(stocked) == set()
    first, second = stocked.rows(refund)
    sold = journal.headers[2]
    assert (first["sale"], first["sale_receipt"], first["receipt"]) == (sold.eid, sold.rn, journal.headers[4].rn)
    assert (first["total"], first["rounding"], first["kind"], first["shift"]) == (1170, -3, "void", "shift-2")
    assert (second["counter"], second["reason"]) == (4, "顾客不要了")
    (returned, _) = stocked.rows(refund_line)
    assert (returned["n"], returned["qty"], returned["amount"], returned["off"]) == (3, 2000, 1170, -130)
    assert [(row["kind"], row["amount"], row["ref"]) for row in stocked.rows(refund_tender)][:2] == [
        ("cash", 1000, ""),
        ("card", 167, "ref"),
    ]
    assert sum(row["tax"] for row in stocked.rows(refund_tax)) == sum(row["tax"] for row in stocked.rows(sale_tax))
    assert {(row["times"], row["sold"] - row["total"]) for row in stocked.rows(refunded)} == {(1, 0)}
    assert hq_verify.verify(stocked.database).error is None


@on_sqlite
def test_a_sale_voided_twice_is_kept_and_flagged(stocked: Shop) -> None:
    """Two computers that were copies of each other did it; each in a journal of its own."""
    till = stocked.till()
    one, other = till.journal(), till.journal()
    one.sale(500)
    one.void(1)
    send(till, one, stocked)
    other.add(
        RefundCompleted("void", one.headers[1].eid, one.headers[1].rn, 500, "s", 1, 0, "x", [], 0, 0, [], []),
        rn="S001T01-B-000001-00",
    )
    send(till, other, stocked)
    assert flags(stocked) == {(2, "refunded_twice")}
    assert len(stocked.rows(refund)) == 2
    assert hq_verify.verify(stocked.database).error is None


@on_sqlite
@pytest.mark.parametrize(
    ("kinds", "changes"),
    [
        ({"total_mismatch"}, {"total": 99, "tenders": [Tender("cash", 99)]}),
        ({"tender_mismatch"}, {"tenders": []}),
        ({"total_mismatch", "tender_mismatch", "refunded_twice"}, {"total": 501}),
        ({"receipt_gap"}, {"counter": 7}),
    ],
)
def test_a_refund_that_does_not_agree_is_flagged(stocked: Shop, kinds: set[str], changes: dict[str, Any]) -> None:
    till = stocked.till()
    journal = till.journal()
    journal.sale(500)
    journal.void(1, **changes)
    send(till, journal, stocked)
    assert {kind for _, kind in flags(stocked)} == kinds


@on_sqlite
def test_a_shift_whose_refunds_are_not_told_is_flagged(stocked: Shop) -> None:
    till = stocked.till()
    journal = till.journal()
    journal.sale(500)
    journal.void(1)
    journal.add(ShiftClosed("shift-1", 0, 0, 0, 0, 1, 500, 0, 0, 0, [TenderSum("cash", 1, 500)]))
    send(till, journal, stocked)
    (row,) = stocked.rows(flag)
    assert '"cash back amount":[0,500]' in row["detail"]
    assert '"refunds":[0,1]' in row["detail"]


@on_sqlite
def test_a_shift_that_does_not_add_up_is_flagged(stocked: Shop) -> None:
    till = stocked.till()
    journal = till.journal()
    journal.add(ShiftOpened("shift-1", 0))
    journal.sale(500)
    wrong = [TenderSum("cash", 1, 400), TenderSum("card", 1, 100)]
    journal.add(ShiftClosed("shift-1", 0, 0, 0, 0, 2, 500, 0, 0, 0, wrong))
    send(till, journal, stocked)
    assert flags(stocked) == {(4, "shift_mismatch")}
    (row,) = stocked.rows(flag)
    assert '"sales":[2,1]' in row["detail"]
    assert '"cash amount":[400,500]' in row["detail"]


@on_sqlite
def test_a_time_that_does_not_increase_is_flagged(stocked: Shop) -> None:
    till = stocked.till()
    journal = till.journal()
    journal.sale(100)
    journal.add(DrawerOpened("s", "x"), ef=5)
    send(till, journal, stocked)
    assert flags(stocked) == {(3, "impossible_time")}


def test_unknown_types_are_kept_and_everything_else_goes_on(stocked: Shop) -> None:
    till = stocked.till()
    journal = till.journal()
    journal.sale(100)
    journal.add_raw("dance.danced", 1, b'{"steps":3}')
    journal.add_raw("sale.completed", 2, b"{}")
    journal.sale(200)
    send(till, journal, stocked)
    assert [row["total"] for row in stocked.rows(sale)] == [100, 200]
    held = [(row["seq"], row["code"], row["detail"]) for row in stocked.rows(quarantine)]
    assert held == [(3, "too_new", "dance.danced version 1"), (4, "too_new", "sale.completed version 2")]
    assert len(stocked.rows(entry)) == 5
    assert hq_verify.verify(stocked.database).error is None


POISON = [
    b"",
    b"\xff\xff",
    b"[]",
    b"{}",
    b"null",
    b'{"lines":' + b"[" * 50_000,
    canonical({"shift": "s", "amount": 1, "reason": "x\u0000y"}),
    b'{"shift":"s","amount":' + b"9" * 400 + b',"reason":"x"}',
    b'{"shift":"s","amount":1000000000000000,"reason":"x"}',
    b'{"shift":"s","amount":1.5,"reason":"x"}',
    b'{"shift":"\\ud800","amount":1,"reason":"x"}',
]


def test_poison_goes_to_quarantine_and_blocks_nothing(stocked: Shop) -> None:
    till, other = stocked.till(), stocked.till()
    journal, healthy = till.journal(), other.journal()
    for body in POISON:
        journal.add_raw("cash.moved", 1, body)
        journal.sale(100)
        healthy.sale(1)
    # Header fields are the till's too.
    journal.add(CashMoved("s", 5, "x"), bd="2026\u0000")
    journal.add(CashMoved("s", 5, "x"), clerk=1 << 50)
    assert till.push(journal.jid, journal.entries).status == "ok"
    send(other, healthy, stocked)
    assert len(stocked.rows(sale)) == 2 * len(POISON)
    assert [row["seq"] for row in stocked.rows(quarantine)] == [
        *range(2, 2 + 2 * len(POISON), 2),
        2 + 2 * len(POISON),
        3 + 2 * len(POISON),
    ]
    assert {row["code"] for row in stocked.rows(quarantine)} == {"bad_schema"}
    assert stocked.rows(cash_move) == []
    assert hq_verify.verify(stocked.database).error is None


def test_what_a_database_refuses_goes_alone(stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from posapp.hq import project as module

    def refusing(conn: Any, table: Any, rows: Any) -> None:
        if table is sale and any(row[table.c.keys().index("total")] == 666 for row in rows):
            raise ValueError("no")
        insert_many(conn, table, rows)

    monkeypatch.setattr(module, "insert_many", refusing)
    till = stocked.till()
    journal = till.journal()
    for price in (1, 666, 3):
        journal.sale(price)
    send(till, journal, stocked)
    assert [row["total"] for row in stocked.rows(sale)] == [1, 3]
    assert len(stocked.rows(sale_line)) == 2
    assert [(row["seq"], row["code"]) for row in stocked.rows(quarantine)] == [(3, "projector_bug")]
    assert hq_verify.verify(stocked.database).error is None
    # Once the bug is gone the entry gets its rows, and the case is closed.
    monkeypatch.undo()
    stocked.clock.now += 5
    reproject(stocked.database, stocked.clock, (1, 1))
    assert [row["total"] for row in stocked.rows(sale)] == [1, 666, 3]
    assert [row["resolved"] for row in stocked.rows(quarantine)] == [stocked.clock.now]
    assert hq_verify.verify(stocked.database).error is None


def test_a_bug_in_our_own_code_stops_one_entry_only(stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from posapp.hq import rows

    monkeypatch.setitem(rows._HANDLERS, CashMoved, lambda *_: 1 / 0)  # type: ignore[misc]
    till = stocked.till()
    journal = till.journal()
    journal.sale(1)
    journal.add(CashMoved("s", 5, "x"))
    journal.sale(2)
    send(till, journal, stocked)
    assert [row["total"] for row in stocked.rows(sale)] == [1, 2]
    assert [(row["code"], row["tries"]) for row in stocked.rows(quarantine)] == [("projector_bug", 1)]
    reproject(stocked.database, stocked.clock)
    assert [(row["code"], row["tries"]) for row in stocked.rows(quarantine)] == [("projector_bug", 2)]


def test_another_version_of_the_program_tries_what_lies_in_quarantine_again(
    stocked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = stocked.till()
    journal = till.journal()
    journal.add_raw("dance.danced", 1, canonical(CashMoved("s", 5, "x")))
    journal.sale(1)
    send(till, journal, stocked)
    assert retry_after_upgrade(stocked.database, stocked.clock, VERSION) == 0
    decoder = messages._decoders["cash.moved", 1]
    monkeypatch.setitem(messages._decoders, ("dance.danced", 1), decoder)
    assert retry_after_upgrade(stocked.database, stocked.clock, VERSION) == 0
    assert retry_after_upgrade(stocked.database, stocked.clock, "9.9") == 3
    assert [row["amount"] for row in stocked.rows(cash_move)] == [5]
    assert [row["resolved"] for row in stocked.rows(quarantine)] == [stocked.clock.now]
    assert retry_after_upgrade(stocked.database, stocked.clock, "9.9") == 0


def busy_shop(stocked: Shop) -> None:
    """Two tills, two journals of one, entries of every kind, in small pieces."""
    one, two = stocked.till(), stocked.till()
    journals = [(one, one.journal()), (two, two.journal()), (one, one.journal())]
    for _, journal in journals:
        a_day(journal)
        journal.add_raw("dance.danced", 1, b"{}")
        journal.sale(5, total=6)
        journal.sale(7, counter=9)
        journal.sale(9, kind="static")
        journal.matched(-1)
        journal.void(2)
    again = journals[2][1]
    again.add_raw("sale.completed", 1, journals[0][1].entries[3].body, eid=journals[0][1].headers[3].eid)
    again.add_raw("sale.completed", 1, b"{}", eid=journals[0][1].headers[4].eid)
    longest = max(len(journal.entries) for _, journal in journals)
    for start in range(0, longest, 3):
        for till, journal in journals:
            till.push(journal.jid, journal.entries[start : start + 3])
    stocked.settle()


def test_made_again_the_tables_are_the_same(stocked: Shop) -> None:
    busy_shop(stocked)
    before = snapshot(stocked)
    assert all(before[table.name] for table in PROJECTED)
    assert reproject(stocked.database, stocked.clock) == len(stocked.rows(entry))
    assert snapshot(stocked) == before
    with stocked.database.transaction() as conn:
        conn.execute(sale.delete())
        conn.execute(shift.update().values(held_total=1))
    reproject(stocked.database, stocked.clock, (1, 1))
    reproject(stocked.database, stocked.clock, (1, 2))
    assert snapshot(stocked) == before
    report = hq_verify.verify(stocked.database)
    assert report.error is None
    assert (report.journals, report.entries, report.projected) == (3, len(stocked.rows(entry)), report.entries)
    assert {item["code"] for item in report.quarantine} == {"too_new"}


@on_sqlite
@pytest.mark.parametrize("column", ["header", "signature", "body", "hash", "event", "known"])
def test_verify_finds_one_changed_byte(stocked: Shop, column: str) -> None:
    busy_shop(stocked)
    row = stocked.rows(entry)[7]
    old = row[column]
    new: Any = 1 if column == "known" else old[:-3] + ("x" if isinstance(old, str) else b"\x00") + old[-2:]
    with stocked.database.transaction() as conn:
        conn.execute(entry.update().where(entry.c.jid == row["jid"], entry.c.seq == row["seq"]).values({column: new}))
    error = hq_verify.verify(stocked.database).error
    assert error is not None
    assert (error.code, error.values["jid"], error.values["seq"]) == ("journal_broken", row["jid"], row["seq"])


@on_sqlite
@pytest.mark.parametrize(
    "spoil",
    [
        "DELETE FROM entry WHERE seq = 5",
        "UPDATE journal_head SET seq = seq - 1",
        "UPDATE batch SET last_seq = last_seq + 1",
        "DELETE FROM batch WHERE first_seq = 4",
        "DELETE FROM event_identity WHERE seq = 4",
        "DELETE FROM journal_head",
        "UPDATE till_key SET till = 60",
    ],
)
def test_verify_finds_what_is_missing(stocked: Shop, spoil: str) -> None:
    busy_shop(stocked)
    with stocked.database.transaction() as conn:
        conn.exec_driver_sql(spoil)
    error = hq_verify.verify(stocked.database).error
    assert error is not None
    assert error.code == "journal_broken"


@on_sqlite
@pytest.mark.parametrize("table", PROJECTED, ids=lambda table: table.name)
def test_verify_finds_a_table_that_does_not_follow(stocked: Shop, table: Any) -> None:
    busy_shop(stocked)
    number = (
        next(
            column
            for column in table.columns
            if column.name in ("amount", "total", "effective", "held_total", "pos", "wall", "counter")
            and not column.primary_key
        )
        if table is not flag
        else None
    )
    key = table.primary_key.columns
    row = stocked.rows(table)[-1]
    where = [column == row[column.name] for column in key]
    with stocked.database.transaction() as conn:
        if number is None:
            conn.execute(table.update().where(*where).values(kind="harmless"))
        else:
            conn.execute(table.update().where(*where).values({number.name: number + 1}))
    error = hq_verify.verify(stocked.database).error
    assert error is not None
    assert (error.code, error.values["table"]) == ("tables_differ", table.name)
    reproject(stocked.database, stocked.clock)
    assert hq_verify.verify(stocked.database).error is None
    with stocked.database.transaction() as conn:
        conn.execute(table.delete().where(*where))
    error = hq_verify.verify(stocked.database).error
    assert error is not None
    assert error.values["table"] == table.name


def test_a_second_projector_leaves_the_first_alone(pg_url: str, keys: Any, clock: Any) -> None:
    database: Database = open_database(pg_url)
    with database.transaction() as conn:
        lock_counter(conn, PROJECTED_COUNTER)
        assert project(database, clock) is None
    assert project(database, clock) == 0
    database.close()


def test_two_programs_that_start_at_once_make_the_schema_once(pg_url: str, tmp_path: Any) -> None:
    for where in (pg_url, str(tmp_path / "hq.db")):
        opened: list[Database] = []
        threads = [threading.Thread(target=lambda: opened.append(open_database(where))) for _ in range(6)]  # noqa: B023
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(opened) == 6
        for database in opened:
            database.close()


@on_sqlite
def test_no_table_was_forgotten(stocked: Shop) -> None:
    busy_shop(stocked)
    for table in (*BY_ENTRY, journal_head, event_identity):
        assert stocked.rows(table), table.name

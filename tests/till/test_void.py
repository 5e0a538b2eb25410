"""Voiding a paid ticket: once, on its day, with approval, and every tender goes back the way it came."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import select

from drivers.contracts import Cut, Pair, Text
from drivers.printers.virtual import kicks, printed
from posapp.clock import HOUR, MINUTE
from posapp.devices import RECEIPT, Configured
from posapp.errors import PosError
from posapp.hq import tables as hq_tables
from posapp.hq.project import project
from posapp.messages import RefundCompleted
from posapp.selling import refund_slip
from posapp.selling.numbers import find
from posapp.selling.refund import RecordedRefund
from posapp.streams import SettingRow
from posapp.till import Till
from posapp.verify import verify
from tests.drivers.tcp_printer import wait
from tests.shop import CASHIER, MANAGER, OTHER, Chain, entries_of, kinds, last, play, refused

BUN, MILK, LIPSTICK, EGG = "6900000000011", "6900000000028", "6900000000035", "6900000000066"
APPROVE = f"approve {' '.join(MANAGER)}"
BOSS = f"sign-in {' '.join(MANAGER)}"


def sell(till: Till, *pay: str) -> str:
    """A sale of 95.50; its receipt number."""
    return str(last(till, f"scan {LIPSTICK}", f"scan {BUN}", *(pay or ("pay cash 100",)))["receipt"])


def refunds_of(till: Till) -> list[RefundCompleted]:
    return [body for _, body in entries_of(till) if isinstance(body, RefundCompleted)]


def test_a_void_gives_each_tender_back_and_takes_the_next_number(till: Till) -> None:
    receipt = sell(till, "pay card 50.00 308417", "pay static 20", APPROVE, "pay cash 30")
    assert refused(till, f"void-sale {receipt} 顾客不要了") == "needs_approval"
    assert refused(till, f"approve {' '.join(OTHER)}") == "needs_approval"  # a lead may not
    voided = last(till, APPROVE)
    assert voided["receipt"].startswith("S001T01-A-000002-")
    assert voided | {"sale": receipt, "total": "95.50", "rounding": "0.00"} == voided
    assert voided["back"] == {"card": "50.00", "static": "20.00", "cash": "25.50"}
    (body,) = refunds_of(till)
    assert [(paid.kind, paid.amount, paid.ref) for paid in body.tenders] == [
        ("card", 5000, "308417"),
        ("static", 2000, ""),
        ("cash", 2550, ""),
    ]
    assert [(line.n, line.qty, line.amount) for line in body.lines] == [(1, 1000, 8900), (2, 1000, 650)]
    assert (body.kind, body.receipt, body.reason, body.sold) == ("void", receipt, "顾客不要了", 9550)
    header = next(header for header, _ in entries_of(till) if header.t == "refund.completed")
    assert (header.clerk, header.by) == (1001, 1003)
    assert sell(till).startswith("S001T01-A-000003-")
    assert verify(till.folder, till.keys.hq_key).sales == 2


def test_it_is_voided_once_whoever_tries(till: Till) -> None:
    receipt = sell(till)
    play(till, BOSS)
    assert last(till, f"void-sale {receipt} 重打")["ok"]
    slip = refunds_of(till)[0]
    assert refused(till, f"void-sale {receipt} 重打") == "already_voided"
    assert refused(till, f"void-sale {last(till, 'receipts')['receipts'][0]['voided_by']} 重打") == "no_sale"
    assert refunds_of(till) == [slip]


def test_two_who_void_at_the_same_moment_void_once(till: Till) -> None:
    receipt = sell(till)
    play(till, BOSS)
    start, outcomes = threading.Barrier(2), []

    def void() -> None:
        start.wait()
        try:
            outcomes.append(till.void_sale(receipt, "手快").sale)
        except PosError as error:
            outcomes.append(error.code)

    both = [threading.Thread(target=void) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(outcomes) == [receipt, "already_voided"]
    assert len(refunds_of(till)) == 1
    assert verify(till.folder, till.keys.hq_key).sales >= 1


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("void-sale {receipt} ''", "needs_reason"),
        ("void-sale {receipt} " + "长" * 101, "text_too_long"),
        ("void-sale {receipt} 打给13800138000", "text_has_number"),
        ("void-sale {receipt} '打给 138/0013/8000'", "text_has_number"),
        ("void-sale 7 错了", "not_found"),
        ("void-sale S001T01-A-000001-!! 错了", "not_found"),
        ("void-sale 张三 错了", "not_found"),
        ("void-sale S001T02-A-000001-7K 错了", "other_till"),
        ("void-sale S002T01-A-000001-7K 错了", "other_till"),
    ],
)
def test_what_cannot_be_voided_is_told_and_changes_nothing(till: Till, line: str, code: str) -> None:
    receipt = sell(till)
    play(till, BOSS)
    head = till.journal.head
    assert refused(till, line.format(receipt=receipt)) == code
    assert till.journal.head == head


def test_only_on_its_business_day_and_with_a_shift(chain: Chain, till: Till) -> None:
    receipt = sell(till)
    play(till, BOSS, "close-shift 295.50")
    assert refused(till, f"void-sale {receipt} 错了") == "no_shift"
    play(till, "open-shift 0")
    chain.clock.set(chain.clock.now_ms() + 20 * HOUR)  # 04:00 is the cut-over, the shop opened at 08:00
    assert refused(till, f"void-sale {receipt} 错了") == "other_day"
    assert refused(till, "void-sale 1 错了") == "not_found"  # a short number is today's
    chain.clock.set(chain.clock.now_ms() - MINUTE)


def test_a_receipt_made_while_practising_is_not_found_in_the_real_books(till: Till) -> None:
    play(till, BOSS, "training on", "open-shift 0")
    receipt = sell(till)
    assert last(till, f"void-sale {receipt} 练习")["ok"]
    play(till, "training off")
    assert refused(till, f"void-sale {receipt} 练习") == "not_found"
    assert refunds_of(till) == []


def test_the_shift_expects_what_is_left_in_the_drawer(chain: Chain, till: Till) -> None:
    chain.publish("settings", {("store:1", "cash_rounding"): SettingRow("10")})
    first = sell(till, "pay card 50.00 308417", "pay cash 50")
    eggs = last(till, "sync", f"scan {EGG}", "pay cash 2")["receipt"]
    play(till, BOSS, f"void-sale {first} 错了", f"void-sale {eggs} 错了")
    x = last(till, "report x")
    assert (x["sales"], x["refunds"], x["refunded"], x["expected"]) == (2, 2, "96.83", "200.00")
    assert x["back"] == {"card": "50.00", "cash": "46.80"}
    sell(till)
    assert last(till, "close-shift 295.50")["over"] == "0.00"


def test_the_next_shift_pays_for_a_sale_of_the_one_before(till: Till) -> None:
    receipt = sell(till)
    play(till, BOSS, "close-shift 295.50", "open-shift 100", f"void-sale {receipt} 错了")
    assert last(till, "report x")["expected"] == "4.50"


def test_after_a_kill_it_is_voided_or_not_and_numbers_go_on(chain: Chain) -> None:
    data, state = chain.enrol(1)
    till = chain.open(data, state)
    till.sync()
    play(till, BOSS, "open-shift 0")
    receipt = sell(till)

    class Killed(BaseException):
        """What a kill looks like from inside."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("posapp.selling.refund.db.insert_rows", die)
        with pytest.raises(Killed):
            till.void_sale(receipt, "错了")
    chain.shut(till)
    till = chain.open(data, state)
    play(till, BOSS)
    assert refunds_of(till) == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("posapp.papers.Papers.hand_back", die)
        with pytest.raises(Killed):
            till.void_sale(receipt, "错了")
    chain.shut(till)
    till = chain.open(data, state)
    play(till, BOSS)
    assert refused(till, f"void-sale {receipt} 错了") == "already_voided"
    assert sell(till).startswith("S001T01-A-000003-")  # the void took the second number and keeps it
    assert len(refunds_of(till)) == 1
    assert verify(till.folder, till.keys.hq_key).sales >= 1


def test_hq_gets_it_once_and_its_shift_agrees(chain: Chain, till: Till) -> None:
    receipt = sell(till)
    play(till, BOSS, f"void-sale {receipt} 错了", "close-shift 200", "sync")
    till.runner.once()
    while project(chain.database, chain.clock) != 0:
        pass
    with chain.database.reading() as conn:
        assert conn.scalars(select(hq_tables.refund.c.sale_receipt)).all() == [receipt]
        assert set(conn.scalars(select(hq_tables.flag.c.kind))) == {"unknown_product"}  # this HQ has no articles
        assert conn.execute(select(hq_tables.quarantine)).all() == []


# --- paper ---


def slip_of(till: Till, number: str) -> RecordedRefund:
    found = find(till.folder, number, till.name, till.journal.business_date())
    assert isinstance(found, RecordedRefund)
    return found


def test_the_slip_says_what_went_back_and_what_is_left_to_do(till: Till) -> None:
    receipt = sell(till, "pay card 50.00 308417", "pay static 20", APPROVE, "pay cash 30")
    play(till, f"void-sale {receipt} 顾客不要了")
    number = last(till, APPROVE)["receipt"]
    document = refund_slip.document(slip_of(till, number), till.settings)
    assert Text("作废", "centre", is_bold=True, size=2) in document
    assert document[-1] == Cut()
    texts = [block.text.strip() for block in document if isinstance(block, Text)]
    assert {f"原小票 {receipt}", "原因 顾客不要了", "授权 1003"} <= set(texts)
    assert "请在刷卡机上撤销,授权号 308417" in texts
    assert "请在店铺的收款账户里退款" in texts
    pairs = {block.left.strip(): block.right for block in document if isinstance(block, Pair)}
    assert pairs["退款合计"] == "-95.50"
    assert (pairs["刷卡"], pairs["收款码"], pairs["现金"]) == ("-50.00", "-20.00", "-25.50")


def test_slip_and_voided_receipt_are_copied_like_receipts(till: Till) -> None:
    receipt = sell(till)
    play(till, BOSS)
    number = last(till, f"void-sale {receipt} 错了")["receipt"]
    first, second = (last(till, f"reprint {number}")["text"] for _ in range(2))
    assert any("重印 第1次" in line for line in first)
    assert any("重印 第2次" in line for line in second)
    assert any("作废" in line for line in first)
    assert any("已作废" in line for line in last(till, f"reprint {receipt}")["text"])
    assert kinds(till)[-3:] == ["receipt.reprinted"] * 3


def test_paper_and_drawer_follow_the_commit(chain: Chain, till: Till, tmp_path: Path) -> None:
    paper = tmp_path / "paper"
    till.devices.reconfigure({RECEIPT: Configured("virtual", {"folder": str(paper)})})
    play(till, BOSS)
    cash, card = sell(till), sell(till, "pay card 95.50 308417")
    wait(lambda: kicks(paper) == 1)
    play(till, f"void-sale {cash} 错了")
    wait(lambda: kicks(paper) == 2)
    play(till, f"void-sale {card} 错了")
    wait(lambda: len(printed(paper)) == 4)
    assert kicks(paper) == 2  # nothing in cash went back
    assert "作废" in printed(paper)[-1].with_suffix(".txt").read_text("utf-8")


def test_whoever_may_not_void_asks_each_time(till: Till) -> None:
    one, other = sell(till), sell(till)
    play(till, f"void-sale {one} 错了", APPROVE)
    assert refused(till, f"void-sale {other} 错了") == "needs_approval"
    assert refused(till, f"approve {' '.join(CASHIER)}") == "no_self_approval"

"""Cashing up: counted blind, by pieces, never blocked; what is told depends on who asks; X, Z and cash slips."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.printers.virtual import printed
from posapp.devices import RECEIPT, Configured, SpooledPrinter
from posapp.errors import PosError
from posapp.messages import ShiftClosed, ShiftExplained
from posapp.money import Money
from posapp.settings import read_setting
from posapp.streams import SettingRow
from posapp.till import Till
from posapp.verify import verify
from tests.drivers.tcp_printer import wait
from tests.shop import CASHIER, MANAGER, OTHER, Chain, entries_of, last, play, refused

BUN, LIPSTICK = "6900000000011", "6900000000035"
APPROVE = f"approve {' '.join(MANAGER)}"
BOSS, LEAD, CLERK = (f"sign-in {' '.join(who)}" for who in (MANAGER, OTHER, CASHIER))


def closed(till: Till) -> list[ShiftClosed]:
    return [body for _, body in entries_of(till) if isinstance(body, ShiftClosed)]


def setting(chain: Chain, till: Till, **values: str) -> None:
    chain.publish("settings", {("store:1", name): SettingRow(value) for name, value in values.items()})
    play(till, "sync")


# --- counting ---


def test_pieces_are_recorded_and_must_come_to_the_count(till: Till) -> None:
    assert refused(till, "close-shift 200 1*100 1*50") == "pieces_differ"
    assert refused(till, "close-shift 200 1*30") == "bad_pieces"
    assert refused(till, "close-shift 200 100*2 3") == "bad_usage"
    with pytest.raises(PosError, match="bad_pieces"):
        till.close_shift(Money(-100), {Money(100): -1})
    assert till.shift
    assert last(till, "close-shift 200.60 1*0.5 1*0.1 1*100 2*50 0*20")["counted"] == "200.60"
    (body,) = closed(till)
    assert [(held.fen, held.count) for held in body.pieces] == [(10_000, 1), (5000, 2), (50, 1), (10, 1)]


def test_what_is_counted_by_is_the_stores(chain: Chain, till: Till) -> None:
    setting(chain, till, denominations="500 100")
    assert refused(till, "close-shift 50 1*50") == "bad_pieces"
    assert last(till, "close-shift 500 1*500")["ok"]
    for wrong in ("", "100 x", "100 100", "0", "-5"):
        with pytest.raises(PosError, match="bad_setting"):
            read_setting("denominations", wrong)


def test_a_cashier_counts_blind_and_a_lead_sees(chain: Chain, till: Till) -> None:
    play(till, f"scan {BUN}", "pay cash 10")
    assert not {"expected", "over"} & set(last(till, "report x"))
    assert last(till, LEAD, "report x")["expected"] == "206.50"
    done = last(till, CLERK, "close-shift 206")
    assert done["counted"] == "206.00"
    assert not {"expected", "over"} & set(done)
    assert not {"expected", "over"} & set(last(till, "report z"))
    assert last(till, BOSS, "report z")["over"] == "-0.50"
    setting(chain, till, over_short_seen_by="cashier")
    assert last(till, CLERK, "report z")["over"] == "-0.50"
    setting(chain, till, over_short_seen_by="manager")
    assert "over" not in last(till, LEAD, "report z")


def test_a_large_difference_is_asked_about_and_prevents_nothing(chain: Chain, till: Till) -> None:
    assert refused(till, "explain-shift 找错钱") == "no_closed_shift"
    done = last(till, "close-shift 194.99")
    assert done["wants_reason"] is True
    assert refused(till, "explain-shift ''") == "needs_reason"
    assert last(till, "open-shift 100", f"scan {BUN}", "pay cash 6.50")["receipt"]  # nobody waits for the reason
    told = last(till, "explain-shift 找错钱")
    assert (told["wants_reason"], told["reason"]) == (False, "找错钱")
    (reason,) = [body for _, body in entries_of(till) if isinstance(body, ShiftExplained)]
    assert (reason.shift, reason.over, reason.reason) == (done["shift"], -501, "找错钱")
    assert last(till, "close-shift 101.50")["wants_reason"] is False  # five are within the limit
    setting(chain, till, over_short_limit="0")
    assert last(till, "report z")["wants_reason"] is True
    assert verify(till.folder, till.keys.hq_key).sales == 1


def test_shifts_are_numbered_and_tell_what_is_left_to_match(till: Till) -> None:
    assert refused(till, "report z") == "no_closed_shift"
    play(till, f"scan {BUN}", "pay static 6.50", APPROVE)
    assert last(till, "report x") | {"number": 1, "unmatched": 1} == last(till, "report x")
    play(till, "close-shift 200", "open-shift 0", "close-shift 0")
    assert [(body.number, body.unmatched, body.unmatched_amount) for body in closed(till)] == [(1, 1, 650), (2, 1, 650)]
    assert last(till, "report z")["number"] == 2


def test_cash_reasons_are_the_stores_or_the_usual_ones(chain: Chain, till: Till) -> None:
    assert till.cash_reasons()[:2] == ("备用金", "找零换零")
    setting(chain, till, language="en")
    assert till.cash_reasons()[-1] == "Other"
    setting(chain, till, cash_reasons="送货费; 清洁")
    assert till.cash_reasons() == ("送货费", "清洁")
    assert last(till, "cash-in 5 任何别的")["cash_in"] == "5.00"


def test_no_reason_holds_a_number_and_nobody_is_asked_about_one(till: Till) -> None:
    before = len(entries_of(till))
    assert refused(till, "cash-in 1 给13800138001张三") == "text_has_number"
    assert refused(till, "cash-out 1 给13800138001张三") == "text_has_number"  # before a manager is asked
    play(till, "close-shift 190")
    assert refused(till, "explain-shift '少找 138 0013 8001'") == "text_has_number"
    assert refused(till, "explain-shift 见收据S001T01-A-000003-7K") == "text_has_number"
    assert "138" not in str([body for _, body in entries_of(till)[before:]])
    assert last(till, "explain-shift 少找了12.50元")["reason"] == "少找了12.50元"


# --- paper ---


class Roll:
    """A printer at the till, and what came out of it."""

    def __init__(self, till: Till, folder: Path) -> None:
        self.folder = folder / "paper"
        till.devices.reconfigure({RECEIPT: Configured("virtual", {"folder": str(self.folder)})})

    def after(self, papers: int) -> list[str]:
        """The lines of the last paper, once there are so many, with single blanks."""
        wait(lambda: len(printed(self.folder)) == papers)
        text = printed(self.folder)[-1].with_suffix(".txt").read_text("utf-8")
        return [" ".join(line.split()) for line in text.splitlines()]


@pytest.fixture
def roll(till: Till, tmp_path: Path) -> Roll:
    return Roll(till, tmp_path)


def test_a_z_slip_says_what_the_shift_was(till: Till, roll: Roll) -> None:
    play(till, BOSS, f"scan {BUN}", "pay cash 10", f"scan {LIPSTICK}", "pay card 50 1234", "pay static 39")
    wrong = last(till, f"scan {BUN}", "pay cash 6.50")["receipt"]
    play(till, f"void-sale {wrong} 打错", "cash-in 20 备用金", "cash-out 5 采购", "network off")
    unsent = last(till, "status")["unsent"]
    play(till, "close-shift 220 2*100 1*20")
    text = roll.after(7)
    for line in (
        "交班报表 Z",
        "收银台 S001T01",
        "班次 1",
        "销售 3 笔 102.00",
        "作废 1 笔 -6.50",
        "净销售 95.50",
        "现金 2 笔 13.00",
        "刷卡 1 笔 50.00",
        "收款码 1 笔 39.00",
        "退 现金 1 笔 -6.50",
        "备用金 200.00",
        "现金存入 20.00",
        "现金取出 -5.00",
        "应有现金 221.50",
        "100.00 x 2 200.00",
        "实点现金 220.00",
        "短款 -1.50",
        f"末单 {wrong}",
        "收款码待核对 1 笔 39.00",
        f"未上传 {unsent + 1} 条",
    ):
        assert line in text, line


def test_a_cashiers_slips_do_not_tell_what_was_expected(till: Till, roll: Roll) -> None:
    play(till, "report x print")
    assert not any("应有" in line for line in roll.after(1))
    play(till, "close-shift 150")
    text = roll.after(2)
    assert "实点现金 150.00" in text
    assert not any("应有" in line or "短款" in line for line in text)
    play(till, BOSS, "explain-shift 少找了", "report z print")
    text = roll.after(3)
    assert {"*** 重印 ***", "短款 -50.00", "原因 少找了", "班次 1"} <= set(text)
    assert not any("未上传" in line for line in text)


def test_every_x_and_every_move_of_cash_has_its_own_paper(till: Till, roll: Roll) -> None:
    play(till, "report x print", "report x print", "report x", "cash-in 20 备用金")
    assert {"现金存入", "备用金 20.00"} <= set(roll.after(3))
    play(till, "cash-out 5 采购", APPROVE)
    assert {"现金取出", "采购 -5.00", "授权 1003"} <= set(roll.after(4))


def test_closing_waits_for_no_printer_and_no_network(
    till: Till, roll: Roll, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(SpooledPrinter, "print", refuse)
    play(till, "network off")
    assert last(till, "close-shift 200")["ok"]
    assert till.shift is None
    assert "is not printed" in caplog.text

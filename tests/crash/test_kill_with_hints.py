"""Killed while a hint stands before the cashier: it stands there again, is answered once, and is told once."""

from __future__ import annotations

from pathlib import Path

from posapp.chain import read_header
from posapp.clock import SystemClock
from posapp.hq.tables import entry
from posapp.streams import Benefit, HintRow, MemberRow
from tests.crash.processes import open_office, wait_until
from tests.shop import CASHIER

BUN = "6900000000011"
TICKETS = 4


def test_a_kill_leaves_the_hint_as_it_stood_and_no_answer_is_told_twice(tmp_path: Path) -> None:
    now = SystemClock().now_ms()
    refs = [f"m-{n}" for n in range(TICKETS)]
    gifts = [Benefit(f"b-{n}", "amount", ("唤醒礼", "Gift"), 200, waits=1) for n in range(TICKETS)]
    hints = {
        ("store:1", ref): HintRow(
            f"h-{n}", "dormant", ("好久不见", "Long time"), benefit=f"b-{n}", ends=now + 3_600_000
        )
        for n, ref in enumerate(refs)
    }
    with open_office(tmp_path) as office:
        rows = {("store:1", ref): MemberRow("张", "78", now, now, benefits=[gifts[n]]) for n, ref in enumerate(refs)}
        office.publish("members", rows)
        office.publish("hints", hints)
        seat = office.enrol(1, tmp_path)
        player = seat.start()
        player.ask("sync")
        player.ask(f"sign-in {' '.join(CASHIER)}")
        player.ask("open-shift 100.00")
        for n, ref in enumerate(refs):
            player.ask(f"scan {BUN}")
            assert player.ask(f"choose-member {ref}")["hint"]["id"] == f"h-{n}"
            if n % 2:
                player.ask("hint accept")
            player.kill()
            player = seat.start()
            player.ask(f"sign-in {' '.join(CASHIER)}")
            if n % 2:
                assert "hint" not in player.ask("hint")
            else:
                assert player.ask("hint")["hint"]["id"] == f"h-{n}"
                player.ask("hint decline")
            assert player.ask("pay cash 10.00")["total"] == ("4.50" if n % 2 else "6.50")
        player.sync()
        assert player.end() == 0
        assert seat.verify().journals == 1
        wait_until(office.settled)
        shown = [row for row in office.rows(entry) if read_header(row["header"]).t == "hint.shown"]
        assert len(shown) == TICKETS

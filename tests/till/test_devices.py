"""The spool: a job outlives the program, is printed once, and a person decides where nobody can know."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.contracts import Cut, Document, Pair, Reason, Text
from drivers.printers.virtual import JAMS, jam, kicks, printed
from posapp.devices import KEPT, Configured, SpooledPrinter
from tests.drivers.tcp_printer import wait


def slip(text: str) -> Document:
    return (Text(text), Pair("合计", "12.50", size=2), Cut())


def texts(paper: Path) -> list[str]:
    return [png.with_suffix(".txt").read_text("utf-8").splitlines()[0] for png in printed(paper)]


class Shop:
    def __init__(self, folder: Path) -> None:
        self.paper, self.spool = folder / "paper", folder / "spool" / "receipt"

    def open(self) -> SpooledPrinter:
        return SpooledPrinter(self.spool, Configured("virtual", {"folder": str(self.paper)}), pauses_s=(0.01,))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.mark.parametrize("reason", JAMS)
def test_a_job_waits_out_a_jam_and_a_restart(shop: Shop, reason: Reason) -> None:
    jam(shop.paper, reason)
    first = shop.open()
    first.print(slip("一"), "1")
    first.print(slip("二"), "2")
    wait(lambda: first.view().status.trouble is reason)
    first.close()
    second = shop.open()
    second.print(slip("三"), "3")
    assert second.view().waiting == 3
    jam(shop.paper, None)
    second.wake()
    wait(lambda: second.view().waiting == 0)
    assert texts(shop.paper) == ["一", "二", "三"]
    second.close()


def test_a_key_is_printed_once_and_again_when_asked(shop: Shop) -> None:
    spooled = shop.open()
    for _ in range(3):
        spooled.print(slip("一"), "1")
    wait(lambda: texts(shop.paper) == ["一"])
    wait(lambda: spooled.view().waiting == 0)
    spooled.close()
    spooled = shop.open()
    spooled.print(slip("一"), "1")
    assert spooled.view().waiting == 0
    assert spooled.again("1")
    assert not spooled.again("2")
    wait(lambda: texts(shop.paper) == ["一", "一"])
    spooled.close()


def test_a_program_killed_while_it_printed_leaves_the_job_to_a_person(shop: Shop) -> None:
    jam(shop.paper, Reason.OFFLINE)
    killed = shop.open()
    killed.print(slip("一"), "1")
    wait(lambda: killed.view().status.trouble is Reason.OFFLINE)
    killed.close()
    (job,) = shop.spool.glob("*.waiting")
    job.rename(job.with_suffix(".printing"))
    (shop.spool / "00000009.new").write_bytes(b"half a j")
    jam(shop.paper, None)
    spooled = shop.open()
    spooled.print(slip("二"), "2")
    wait(lambda: texts(shop.paper) == ["二"])
    assert spooled.view().doubtful == ["1"]
    assert spooled.again("1")
    wait(lambda: texts(shop.paper) == ["二", "一"])
    spooled.close()


def test_a_damaged_job_stops_no_other(shop: Shop) -> None:
    shop.spool.mkdir(parents=True)
    (shop.spool / "00000001.waiting").write_bytes(b"\x00\xff")
    spooled = shop.open()
    spooled.print(slip("二"), "2")
    wait(lambda: texts(shop.paper) == ["二"])
    spooled.close()


def test_a_drawer_that_did_not_open_does_not_open_later(shop: Shop) -> None:
    jam(shop.paper, Reason.OFFLINE)
    spooled = shop.open()
    wait(lambda: spooled.view().status.trouble is Reason.OFFLINE)
    spooled.kick_drawer()
    jam(shop.paper, Reason.NO_PAPER)
    wait(lambda: spooled.view().status.trouble is Reason.NO_PAPER)
    jam(shop.paper, None)
    spooled.wake()
    wait(lambda: spooled.view().status.trouble is None)
    assert kicks(shop.paper) == 0
    spooled.kick_drawer()
    wait(lambda: kicks(shop.paper) == 1)
    spooled.close()


def test_a_missing_driver_is_told_and_loses_nothing(shop: Shop) -> None:
    spooled = SpooledPrinter(shop.spool, Configured("telepathy", {}), pauses_s=(0.01,))
    spooled.print(slip("一"), "1")
    wait(lambda: spooled.view().status.trouble is Reason.NOT_INSTALLED)
    spooled.close()
    assert shop.open().view().waiting == 1
    wait(lambda: texts(shop.paper) == ["一"])


def test_old_jobs_are_forgotten(shop: Shop) -> None:
    spooled = shop.open()
    for number in range(KEPT + 5):
        spooled.print(slip(str(number)), str(number))
    wait(lambda: spooled.view().waiting == 0)
    wait(lambda: len(list(shop.spool.iterdir())) == KEPT)
    assert not spooled.again("0")
    spooled.close()

"""`kill -9` at random moments of a busy till: nothing acknowledged is lost or doubled, the open ticket is whole."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from posapp.ids import seeded_chance
from tests.crash.busy import Counter, Dice, Step, counter_of, steps
from tests.crash.processes import ENVIRONMENT, POSAPP, ROOT, Office, Seat, command, open_office, wait_until
from tests.shop import CASHIER

LINES = 120


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("hq")) as opened:
        yield opened


class Drill:
    """One till's folder, killed again and again; knows what must be there."""

    def __init__(self, seat: Seat, dice: Dice) -> None:
        self.seat = seat
        self.dice = dice
        self.counter = Counter()
        self.receipts: dict[str, str] = {}
        self.carried_out = 0
        self.player = seat.start()
        self.player.ask("sync")
        self._sign_in()
        self.player.ask("open-shift 200.00")

    def round(self) -> None:
        """Go on from what is there, kill at a random moment, start again and look."""
        script = steps(self.counter, self.dice, LINES)
        self.player.tell(*(step.line for step in script))
        answers = [self.player.hear() for _ in range(self.dice.below(LINES))]
        _dawdle(self.dice.below(5000))
        answers += self.player.kill()
        for step, answer in zip(script, answers, strict=False):
            assert answer["ok"], (step, answer)
            if step.is_sale:
                assert answer["receipt"] not in self.receipts
                self.receipts[answer["receipt"]] = answer["total"]
        self.player = self.seat.start()
        self._look(script, len(answers))
        self._sign_in()

    def _sign_in(self) -> None:
        self.player.ask(f"sign-in {' '.join(CASHIER)}")

    def _look(self, script: list[Step], answered: int) -> None:
        """The till comes back with all that was answered, and with or without the one line it was at."""
        before = script[answered - 1].after if answered else self.counter
        at = script[answered] if answered < len(script) else Step("", before)
        status = self.player.ask("status")
        with self.seat.opened() as folder:
            self.counter = counter_of(folder)
        assert self.counter in (before, at.after), at.line
        shown = self.counter.open
        assert status["ticket"] == (len(shown.lines) if shown else 0)
        assert status["parked"] == len(self.counter.parked)
        assert status["shift"] == "open"
        assert self.seat.verify().journals == 1
        sales = self.seat.sales()
        receipts = {receipt: f"{total / 100:.2f}" for receipt, total, _ in sales}
        assert len(receipts) == len(sales)
        assert receipts.items() >= self.receipts.items()
        is_carried_out = len(receipts) > len(self.receipts) if at.is_sale else self.counter != before
        assert len(receipts) - len(self.receipts) == int(at.is_sale and is_carried_out)
        if at.is_sale:  # sold and no longer open, or neither
            assert self.counter == (at.after if is_carried_out else before)
        assert sorted(int(receipt.split("-")[2]) for receipt in receipts) == list(range(1, len(receipts) + 1))
        self.carried_out += is_carried_out
        self.receipts = receipts


def _dawdle(rounds: int) -> None:
    """Let up to some milliseconds of work go by, so that the kill falls anywhere in the till's next lines."""
    digest = b""
    for _ in range(rounds):
        digest = sha256(digest).digest()


def drill(office: Office, folder: Path, tills: int, kills: int, seed: int, first: int = 1) -> int:
    """Kill every one of some new tills so many times, two tills at a time; in the end HQ has exactly their sales.

    Returns how many kills came after a line was carried out and before it was answered.
    """
    seats = [office.enrol(number, folder) for number in range(first, first + tills)]

    def one(number: int) -> int:
        drilled = Drill(seats[number], Dice(seeded_chance(seed + number)))
        try:
            for _ in range(kills):
                drilled.round()
            assert len(drilled.receipts) > kills
            drilled.player.sync()
            assert drilled.player.end() == 0
            assert drilled.player.complaints() == ""
        finally:
            drilled.player.kill()
        return drilled.carried_out

    with ThreadPoolExecutor(2) as pool:
        unanswered = sum(pool.map(one, range(tills)))
    wait_until(office.settled)
    names = tuple(f"S001T{number:02d}-" for number in range(first, first + tills))
    there = [sale for sale in office.sales() if sale[0].startswith(names)]
    assert there == sorted(sale for seat in seats for sale in seat.sales())
    return unanswered


@pytest.mark.parametrize(("number", "made"), [(11, "till.lock"), (12, "till.db"), (13, "feed.db"), (14, "draft.db")])
def test_a_kill_at_the_first_start_leaves_nothing_half_made(
    office: Office, tmp_path: Path, number: int, made: str
) -> None:
    seat = office.enrol(number, tmp_path)
    dice = Dice(seeded_chance(31))
    for _ in range(2):
        player = seat.start()
        wait_until((seat.data / made).exists)
        _dawdle(dice.below(3000))
        player.kill()
    with seat.selling() as player:
        player.ask("scan 6900000000011")
        assert player.ask("pay cash 10.00")["receipt"].startswith(f"S001T{number}-A-000001-")
        player.sync()
    assert len(seat.epoch_labels()) == 1
    assert seat.verify().sales == 1


SIGNS = ("before-restore-*/till.db", "before-restore-*", "restoring/till.db", "restoring")
"""What a restore makes on its way, the last first."""


def restore_and_kill(office: Office, folder: Path, number: int, kills: int, seed: int) -> None:
    """Kill restores of a till that has nothing newer than its backup: whatever stands then is all it ever sold."""
    seat = office.enrol(number, folder)
    dice = Dice(seeded_chance(seed))
    receipts: list[str] = []
    for count in range(kills):
        with seat.selling() as player:
            for _ in range(2):
                player.ask("scan 6900000000011")
                receipts.append(player.ask("pay cash 10.00")["receipt"])
            if count % 2:
                player.kill()  # then its newest sales lie in the log when the restore begins
        backup = folder / f"{number}-{count}.backup"
        assert command("backup", backup, *seat.folders)[0] == 0
        _restore_until(seat, backup, SIGNS[count % len(SIGNS)], dice.below(2000))
    with seat.selling() as player:
        player.ask("scan 6900000000011")
        receipts.append(player.ask("pay cash 10.00")["receipt"])
        player.sync()
    assert sorted(receipts) == [receipt for receipt, _, _ in seat.sales()]
    assert len({tuple(receipt.split("-")[1:3]) for receipt in receipts}) == len(receipts)
    assert seat.verify().sales == len(receipts)
    wait_until(office.settled)
    assert [sale for sale in office.sales() if f"T{number:02d}-" in sale[0]] == seat.sales()


def _restore_until(seat: Seat, backup: Path, sign: str, rounds: int) -> None:
    """Begin a restore and kill it some moments after one more path of a pattern has come into being."""
    before = len(list(seat.data.glob(sign)))
    words = [*POSAPP, "restore", str(backup), *seat.folders]
    with subprocess.Popen(
        words, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        wait_until(lambda: len(list(seat.data.glob(sign))) > before or process.poll() is not None, every=0.0005)
        _dawdle(rounds)
        process.kill()


def test_a_killed_restore_loses_nothing(office: Office, tmp_path: Path) -> None:
    restore_and_kill(office, tmp_path, number=9, kills=2, seed=52)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(10))
def test_a_killed_restore_never_loses_anything(office: Office, tmp_path: Path, seed: int) -> None:
    restore_and_kill(office, tmp_path, number=40 + seed, kills=10, seed=900 + seed)


def test_nothing_is_lost_or_doubled_by_25_kills(office: Office, tmp_path: Path) -> None:
    drill(office, tmp_path, tills=5, kills=5, seed=2026)


@pytest.mark.proof
def test_nothing_is_lost_or_doubled_by_500_kills(office: Office, tmp_path: Path) -> None:
    unanswered = drill(office, tmp_path, tills=25, kills=20, seed=7000, first=15)
    assert unanswered > 10  # the kills do fall between a line's commit and its answer, not only between lines

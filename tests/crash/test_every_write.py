"""A kill at every single write of a few tickets, one after the other: strace ends the program at its n-th write."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from posapp.clock import SimulatedClock
from posapp.ids import seeded_chance
from posapp.sync.client import Answer
from posapp.till import Till
from posapp.wire import Request
from tests.crash.busy import Counter, Dice, Goods, Step, Ticket, counter_of, steps
from tests.crash.processes import ENVIRONMENT, POSAPP, ROOT, Seat
from tests.shop import CASHIER, START, open_chain

pytestmark = [
    pytest.mark.proof,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed: apt-get install strace"),
]

SIGN_IN = f"sign-in {' '.join(CASHIER)}"
BUN, MILK, LIPSTICK = Goods(1, "6900000000011", 2000), Goods(2, "6900000000028", 1000), Goods(1, "6900000000035", 1000)
TICKETS = [
    Step("scan 2*6900000000011", Counter(Ticket((BUN,), next_n=2))),
    Step("scan 6900000000028", Counter(Ticket((BUN, MILK), next_n=3))),
    Step("void 1", Counter(Ticket((MILK,), next_n=3))),
    Step("pay cash 5.00", Counter(Ticket((MILK,), paid=(("cash", 500),), next_n=3))),
    Step("pay cash 10.00", Counter(), is_sale=True),
    Step("scan 6900000000035", Counter(Ticket((LIPSTICK,), next_n=2))),
    Step("park 客", Counter(None, (("客", Ticket((LIPSTICK,), next_n=2)),))),
    Step("recall", Counter(Ticket((LIPSTICK,), next_n=2))),
    Step("cancel", Counter()),
]


def unreachable(_: Request) -> Answer:
    raise ConnectionError


def play(seat: Seat, script: Path, *options: str) -> list[dict[str, object]]:
    """Play a script under strace; the answers that came."""
    log = script.with_suffix(".log")
    words = ["strace", "-qq", "-o", str(log), *options, *POSAPP, "script", str(script), *seat.folders]
    done = subprocess.run(
        [*words, "--clock", "simulated"], cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=False, timeout=120
    )
    assert done.stderr == b""
    return [msgspec.json.decode(line) for line in done.stdout.split(b"\n")[:-1]]


def look(seat: Seat, script: list[Step], answers: list[dict[str, object]]) -> None:
    """What was answered is there; the line it was at is carried out or not, and nothing between."""
    Till(seat.data, seat.state, SimulatedClock(START), seeded_chance(3), unreachable).close()
    done = max(0, len(answers) - 1)
    before = script[done - 1].after if done else Counter()
    after = script[done].after if done < len(script) else before
    with seat.opened() as folder:
        found = counter_of(folder)
    assert found in (before, after)
    sales = [step.is_sale for step in script[:done]].count(True)
    held = len(seat.sales())
    assert seat.verify().journals == 1
    if done < len(script) and script[done].is_sale:
        assert held == sales + (found == after)
    else:
        assert held == sales


@pytest.mark.parametrize("call", ["pwrite64", "write"])
@pytest.mark.parametrize("which", ["tickets", "busy"])
def test_a_kill_at_every_write_leaves_all_or_nothing(tmp_path: Path, which: str, call: str) -> None:
    with open_chain(tmp_path) as chain:
        till = chain.till()
        ready = Seat(till.folder.path, tmp_path / "state1")
        chain.shut(till)
    lines = TICKETS if which == "tickets" else steps(Counter(), Dice(seeded_chance(12)), 8)
    script = tmp_path / "day.script"
    script.write_text("\n".join([SIGN_IN, *(step.line for step in lines)]) + "\n", "utf-8")

    def fresh(name: str) -> Seat:
        shutil.copytree(ready.data, tmp_path / name)
        shutil.copytree(ready.state, tmp_path / f"{name}-state")
        return Seat(tmp_path / name, tmp_path / f"{name}-state")

    assert all(answer["ok"] for answer in play(fresh("whole"), script, "-e", f"trace={call},write", "-s", "40"))
    traced = script.with_suffix(".log").read_text("utf-8", "replace").splitlines()
    answers = [place for place, line in enumerate(traced) if line.startswith('write(1, "{')]
    assert len(answers) == len(lines) + 1
    first, last = (sum(line.startswith(f"{call}(") for line in traced[: answers[at] + 1]) for at in (0, -1))
    assert last - first >= len(lines)
    for number in range(first + 1, last + 1):
        seat = fresh(f"kill{number}")
        heard = play(seat, script, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}")
        assert all(answer["ok"] for answer in heard)
        assert len(heard) <= len(lines), "it was not killed"
        look(seat, lines, heard)
        shutil.rmtree(seat.data)

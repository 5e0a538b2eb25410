"""What a sale costs the disk: exactly one sync, on the till's own file, before the sale is answered."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.crash.processes import ENVIRONMENT, POSAPP, ROOT
from tests.shop import ARTICLES, CASHIER, open_chain

SALES, WARM_UP = 200, 5
LINES = [f"scan {row[0]}" for row in ARTICLES if not row[4]] + [f"scan 0.{n}25*00301" for n in range(1, 5)]

_SYNC = re.compile(r"\b(fsync|fdatasync|sync_file_range|syncfs|msync|sync)\((?:\d+<([^>]*)>)?")
_ANSWER = re.compile(r'\bwrite\(1<[^>]*>, "\{\\"verb\\":\\"([\w-]+)\\",\\"ok\\":(true|false)')


@dataclass
class Step:
    """An answer, and the files that the selling thread synced since the one before it."""

    verb: str
    is_ok: bool
    synced: list[str] = field(default_factory=list)


def played(log: Path) -> list[Step]:
    steps: list[Step] = []
    waiting: dict[str, list[str]] = defaultdict(list)
    for line in log.read_text("utf-8", "replace").splitlines():
        thread = line.split(maxsplit=1)[0]
        if "resumed>" in line:
            continue
        if sync := _SYNC.search(line):
            waiting[thread].append(Path(sync[2] or "?").name)
        elif answer := _ANSWER.search(line):
            steps.append(Step(answer[1], answer[2] == "true", waiting.pop(thread, [])))
    return steps


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed: apt-get install strace")
def test_a_sale_of_ten_lines_is_exactly_one_sync(tmp_path: Path) -> None:
    with open_chain(tmp_path) as chain:
        till = chain.till()
        data, state = till.folder.path, tmp_path / "state1"
        chain.shut(till)
    assert len(LINES) == 10
    script = tmp_path / "day.script"
    begin = ["network off", f"sign-in {' '.join(CASHIER)}"]
    script.write_text("\n".join(begin + [*LINES, "pay cash 1000.00"] * SALES) + "\n", "utf-8")
    log = tmp_path / "strace.log"
    strace = ["strace", "-f", "-qq", "-y", "-s", "60", "-o", str(log)]
    strace += ["-e", "trace=fsync,fdatasync,sync_file_range,syncfs,msync,sync,write", "-e", "signal=none"]
    done = subprocess.run(
        [*strace, *POSAPP, "script", str(script), "--data", str(data), "--state", str(state)],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
        timeout=240,
    )
    assert done.stderr == b""
    steps = played(log)
    verbs = [line.split()[0] for line in begin] + [*["scan"] * 10, "pay"] * SALES
    assert [step.verb for step in steps] == verbs
    sales = [step for step in steps if step.verb == "pay"]
    assert all(step.is_ok for step in sales)
    assert [step.synced for step in sales[WARM_UP:]] == [["till.db-wal"]] * (SALES - WARM_UP)
    scans = [step for step in steps[len(begin) + 11 * WARM_UP :] if step.verb == "scan"]
    assert {name for step in scans for name in step.synced} == set()

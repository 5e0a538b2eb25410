"""How the benchmarks measure: contestants in turn, sample by sample, in one run; the ratio of their medians counts."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

Sample = Callable[[], float]
"""Does a contestant's work once; the seconds that count."""

CANARY = "canary fsync"

_PARTS = 8
_QUIET = 0.1


class Samples(list[float]):
    """Seconds, in the order they were taken."""

    @property
    def median(self) -> float:
        return median(self)

    def share(self, part: float) -> float:
        """The value that this part of the samples does not exceed."""
        return sorted(self)[min(len(self) - 1, int(part * len(self)))]


def timed(work: Callable[[], object]) -> Sample:
    """A contestant whose whole work counts."""

    def sample() -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return sample


def canary(folder: Path) -> Sample:
    """4 KiB appended and flushed: shows what the machine was worth while the others ran."""
    descriptor = os.open(folder / "canary", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    block = bytes(4096)

    def sample() -> float:
        start = time.perf_counter()
        os.write(descriptor, block)
        os.fdatasync(descriptor)
        return time.perf_counter() - start

    return sample


def race(rounds: int, contestants: dict[str, Sample], warm_up: int = 3) -> dict[str, Samples]:
    """Every contestant once a round; the order turns round each time, so that none always follows the same one."""
    taken = {name: Samples() for name in contestants}
    for number in range(rounds + warm_up):
        order = list(contestants.items())
        for name, sample in order if number % 2 else reversed(order):
            seconds = sample()
            if number >= warm_up:
                taken[name].append(seconds)
    return taken


def ratio(candidate: Sequence[float], reference: Sequence[float]) -> float:
    return median(candidate) / median(reference)


def quiet_ratio(candidate: Samples, reference: Samples) -> float:
    """The ratio in the machine's best moments: waiting for a busy disk makes two programs look alike."""
    return candidate.share(_QUIET) / reference.share(_QUIET)


def show(title: str, taken: dict[str, Samples], *, against: Sequence[str] = (), per: int = 1) -> None:
    """Print median, p99 and the ratios to the references, with the span of the ratio over parts of the run.

    per: how many pieces of work one sample held; times are for one piece.
    """
    print(f"\n{title} ({min(map(len, taken.values()))} rounds)")
    for name, samples in taken.items():
        line = f"  {name:<34} median {_time(samples.median / per):>9}   p99 {_time(samples.share(0.99) / per):>9}"
        for reference in against:
            if name not in (*against, CANARY) and reference in taken:
                line += f"   {ratio(samples, taken[reference]):5.2f} x {reference} {_span(samples, taken[reference])}"
        print(line)


def note(text: str) -> None:
    print(f"  {text}")


def _span(candidate: Samples, reference: Samples) -> str:
    """Over parts of the run, and in its best tenth."""
    size = len(candidate) // _PARTS
    if size < 3:
        return ""
    parts = [
        ratio(candidate[start : start + size], reference[start : start + size])
        for start in range(0, size * _PARTS, size)
    ]
    return f"({min(parts):.2f}-{max(parts):.2f}, quiet {quiet_ratio(candidate, reference):.2f})"


def _time(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:.1f} us"
    return f"{seconds * 1e3:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"

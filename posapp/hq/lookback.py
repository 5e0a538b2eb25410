"""How far back to look for what has an instant and no number: members, claims, merges, consents, opened codes.

An instant is taken before its transaction commits, by the clock of whichever process writes it. So each look reaches
back a little before the one before it, and one in every hour a whole day: what a long transaction commits, or a
machine whose clock is slow, is found then.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from posapp.clock import DAY, HOUR, MINUTE

NEAR_MS, FAR_MS = 5 * MINUTE, DAY


class Lookback:
    """What one worker remembers. seen: what it has found and worked off, since the last look that went far back."""

    def __init__(self) -> None:
        self.seen: set[Any] = set()
        self._hour = -1

    def since(self, mark: int, now: int) -> int:
        """The instant from which a look finds what the one at `mark` did not, also when the clock was put back."""
        back = NEAR_MS if self._hour == now // HOUR else FAR_MS
        return max(1, min(mark, now) - back)

    def done(self, found: Collection[Any], now: int) -> None:
        """All that a look from since(..., now) on has found is worked off."""
        if self._hour == now // HOUR:
            self.seen.update(found)
        else:
            self.seen, self._hour = set(found), now // HOUR

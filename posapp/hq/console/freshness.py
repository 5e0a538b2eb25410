"""How old data may be before it looks old, and before it is grey."""

from __future__ import annotations

from posapp.clock import HOUR, MINUTE

FRESH, AGEING, STALE = "fresh", "ageing", "stale"
FRESH_MS, STALE_MS = 10 * MINUTE, HOUR


def state_of(since: int, now: int) -> str:
    """Of what is here whole up to an instant (0: nothing ever came)."""
    age = now - since
    return FRESH if age < FRESH_MS else AGEING if age < STALE_MS else STALE

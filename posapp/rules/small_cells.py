"""What a table that leaves the house may say of groups of persons: nothing of a small one."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

SMALLEST_CELL = 5
"""An exported table names no group of fewer persons (domain.md 3.1 row 26)."""

HIDDEN = "*"
"""What stands in place of a count that is not told."""

_Key = TypeVar("_Key", bound=Hashable)


def without_small_cells(counts: Mapping[_Key, int]) -> dict[_Key, int | None]:
    """Counts of persons as they may leave the house: None for 1 to 4. One alone could be worked out from the sum, so
    then the next smallest is hidden with it."""
    hidden = {key for key, n in counts.items() if 0 < n < SMALLEST_CELL}
    others = sorted((n, str(key), key) for key, n in counts.items() if key not in hidden and n)
    if len(hidden) == 1 and others:
        hidden.add(others[0][2])
    return {key: None if key in hidden else n for key, n in counts.items()}

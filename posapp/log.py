"""Named logs: boot, sale, sync, device, hq. A log line carries ids, codes and counts, never a person's data."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path


def named(name: str) -> logging.Logger:
    return logging.getLogger(f"posapp.{name}")


def to_file(path: Path) -> None:
    """Write every posapp log to a file of at most 2 MB with three older ones beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    logging.raiseExceptions = False  # a full disk must not print into a cashier's answers
    writer = logging.handlers.RotatingFileHandler(path, maxBytes=2_000_000, backupCount=3, encoding="utf-8")
    writer.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger("posapp")
    root.addHandler(writer)
    root.setLevel(logging.INFO)
    root.propagate = False

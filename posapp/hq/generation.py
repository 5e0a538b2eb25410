"""Noticing that HQ's database was put back to an earlier state, however that was done.

Every start of the server leaves a new mark in the database and beside HQ's keys. When the two differ, the database is
not the one that ran here last: HQ takes a new generation, and every till reads its streams again from the start.
"""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock
from sqlalchemy import select

from posapp import log
from posapp.hq.database import Database, upsert
from posapp.hq.tables import about
from posapp.ids import Chance, b64u
from posapp.keys import HqKeys, save_secrets

MARK_FILE = "hq-started"
_MARK = "started"
_log = log.named("hq")


def begin_run(folder: Path, database: Database, keys: HqKeys, chance: Chance) -> HqKeys:
    """Leave a new mark in both places; the keys, with a new generation if the old marks differed."""
    path = folder / MARK_FILE
    with FileLock(folder / "hq-keys.lock"):
        outside = path.read_text("ascii") if path.exists() else None
        mark = b64u(chance(9))
        with database.transaction() as conn:
            inside = conn.scalar(select(about.c.value).where(about.c.name == _MARK))
            upsert(conn, about, [{"name": _MARK, "value": mark}])
        if inside != outside:
            keys.generation = b64u(chance(9))
            save_secrets(folder / "hq-keys.json", keys)
            _log.warning("the database is not the one that ran here last: new generation")
        path.write_text(mark, "ascii")
    return keys

"""HQ opened for one command: its database and its keys, which belong to each other."""

from __future__ import annotations

import argparse
from pathlib import Path

from filelock import FileLock
from sqlalchemy import Connection, func, select

from posapp.clock import Clock, SimulatedClock, SystemClock
from posapp.errors import PosError
from posapp.hq.database import Database, open_database
from posapp.hq.generation import MARK_FILE
from posapp.hq.tables import about, batch, till_status
from posapp.ids import Chance, system_chance
from posapp.keys import HqKeys, load_secrets, public_text, save_secrets


class Office:
    """Database, keys, clock and chance."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.clock: Clock = SystemClock()
        self.chance: Chance = system_chance
        folder = Path(args.data)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            raise PosError("cannot_write", file=str(folder)) from None
        self.database: Database = open_database(args.database or folder / "hq.db")
        try:
            self.keys = _keys(folder, self.database, self.chance)
            if args.clock == "simulated":
                self.clock = SimulatedClock(_last_instant(self.database))
        except BaseException:
            self.database.close()
            raise

    def __enter__(self) -> Office:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()


def _keys(folder: Path, database: Database, chance: Chance) -> HqKeys:
    """HQ's keys, made at first use. Raises PosError hq_keys_missing when the database belongs to other keys."""
    path = folder / "hq-keys.json"
    with FileLock(folder / "hq-keys.lock"), database.transaction() as conn:
        keys: HqKeys | None = load_secrets(path, HqKeys)
        owner = _owner(conn)
        if keys is not None and owner is None and (folder / MARK_FILE).exists():
            # the keys have served another database: this empty one was not meant, or has to be meant
            raise PosError("database_new", name=database.name, file=str(folder / MARK_FILE))
        if keys is None and owner is None:
            keys = HqKeys.fresh(chance)
            save_secrets(path, keys)
        if keys is None or owner not in (None, public_text(keys.certificate_key)):
            raise PosError("hq_keys_missing", file=str(path))
        if owner is None:
            conn.execute(about.insert(), {"name": "hq_key", "value": public_text(keys.certificate_key)})
        return keys


def _owner(conn: Connection) -> str | None:
    return conn.scalar(select(about.c.value).where(about.c.name == "hq_key"))


def _last_instant(database: Database) -> int:
    """Where simulated time stands: the last instant that a till was heard of."""
    with database.reading() as conn:
        contact = conn.scalar(select(func.max(till_status.c.contact))) or 0
        received = conn.scalar(select(func.max(batch.c.received))) or 0
    return int(max(contact, received))

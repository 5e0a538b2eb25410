"""HQ's database, SQLite or PostgreSQL, behind the same few functions.

A writer's transaction is serial on SQLite (one lock in the process, BEGIN IMMEDIATE between processes) and locks the
rows it names on PostgreSQL. A number that others read in order is taken as the last thing in its transaction:
the counter's row stays locked until the commit, so numbers become visible in the order they were given.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlite
from sqlalchemy import Connection, Engine, Table, bindparam, create_engine, event, inspect, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.pool import QueuePool

from posapp.errors import PosError
from posapp.hq.care import tables as _care  # noqa: F401
from posapp.hq.columns import Whole, metadata
from posapp.hq.console import tables as _console  # noqa: F401
from posapp.hq.figures import tables as _figures  # noqa: F401  (part of the metadata)
from posapp.hq.flows import tables as _flows  # noqa: F401
from posapp.hq.joining import tables as _joining  # noqa: F401
from posapp.hq.members import tables as _members  # noqa: F401
from posapp.hq.rewards import tables as _rewards  # noqa: F401
from posapp.hq.segments import tables as _segments  # noqa: F401
from posapp.hq.tables import ADDED, SCHEMA, about, counter
from posapp.hq.tasks import tables as _tasks  # noqa: F401
from posapp.hq.texts import tables as _texts  # noqa: F401
from posapp.hq.wecom import tables as _wecom  # noqa: F401  (create_all makes what is declared)
from posapp.streams import STREAMS

ACCEPTED = "accepted"
PROJECTED = "projected"
FOLLOWED = "followed"
SEGMENTED = "segmented"
CARED, CARED_MEMBERS = "cared", "cared members"
REWARDED = "rewarded"
REWARDED_AT = "rewarded at"
REWARDED_BY = "rewarded by"
"""The instant up to which what is no batch (joins, claims, merges) was looked at for rewards."""

FLOWS, TASKS = "flows", "tasks"
BOOK = "book"
MERGES = "merges"
_WORKERS = (SEGMENTED, TASKS, FLOWS, CARED, CARED_MEMBERS, REWARDED, REWARDED_AT, REWARDED_BY)
COUNTERS = (ACCEPTED, PROJECTED, FOLLOWED, *_WORKERS, BOOK, MERGES)
"""Of what HQ keeps a number: how far each worker has read, how many of a thing there are."""

_BUSY_SECONDS = 30
_INSERTS: dict[str, Any] = {"sqlite": sqlite_insert, "postgresql": pg_insert}
# Any number that is nobody else's: two HQ processes that start together make the schema once.
_SCHEMA_LOCK = 0x706F73617070


def feed_counter(stream: str) -> str:
    return f"feed {stream}"


class Database:
    """An open database. Made by open_database, given to everything that reads or writes; close() when done."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writing = threading.Lock()

    @contextmanager
    def reading(self, snapshot: bool = False, on: Connection | None = None) -> Iterator[Connection]:
        """A connection to read with. SQLite shows one consistent state; PostgreSQL does when asked for a snapshot."""
        level = "REPEATABLE READ" if snapshot and not self.is_sqlite else None
        with nullcontext(on) if on else self.engine.connect() as conn:
            if level:
                conn.execution_options(isolation_level=level)
            with conn.begin():
                yield conn

    @contextmanager
    def transaction(self, on: Connection | None = None, *, waits_for_disk: bool = True) -> Iterator[Connection]:
        """A writing transaction: committed when the block ends, rolled back when it raises.

        waits_for_disk: False for what can be done again; a power cut may undo it, never what came before it.
        """
        # Waiting for our own lock is fair and wakes at once; SQLite's own waiting polls.
        with (
            self._writing if self.is_sqlite else nullcontext(),
            nullcontext(on) if on else self.engine.connect() as conn,
        ):
            conn.execution_options(posapp_writes=True, posapp_waits=waits_for_disk)
            with conn.begin():
                if not (waits_for_disk or self.is_sqlite):
                    conn.execute(text("SET LOCAL synchronous_commit = off"))
                yield conn

    def connected(self) -> AbstractContextManager[Connection]:
        """One connection for several transactions after each other (`on`)."""
        return self.engine.connect()

    def close(self) -> None:
        self.engine.dispose()


def open_database(where: str | Path) -> Database:
    """Open (or make) HQ's database: a path of an SQLite file, or a postgresql:// URL.

    Raises PosError newer_file (written by a newer program), damaged_file, database_unreachable, bad_database.
    """
    text_ = str(where)
    if "://" in text_:
        database = _postgresql(text_)
    else:
        database = _sqlite(Path(where))
    try:
        _prepare(database)
    except PosError:
        database.close()
        raise
    except OperationalError as error:
        database.close()
        if database.is_sqlite:
            raise PosError("cannot_write", file=database.name) from error
        raise PosError("database_unreachable", name=database.name) from error
    except DatabaseError as error:
        database.close()
        raise PosError("damaged_file", file=database.name) from error
    return database


def _postgresql(url_text: str) -> Database:
    try:
        url = make_url(url_text)
        if url.get_backend_name() not in ("postgresql", "postgres"):
            raise ValueError
    except (ArgumentError, ValueError):
        raise PosError("bad_database") from None
    url = url.set(drivername="postgresql+psycopg")
    engine = create_engine(url, pool_size=20, max_overflow=40, pool_pre_ping=True)
    return Database(engine, f"{url.host or 'postgresql'}/{url.database or ''}")


def _sqlite(path: Path) -> Database:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError:
        raise PosError("cannot_write", file=str(path)) from None
    engine = create_engine(
        "sqlite://",
        module=sqlite,
        poolclass=QueuePool,
        pool_size=20,
        max_overflow=40,
        creator=lambda: sqlite.connect(str(path), isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS),
    )

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",  # what is erased is overwritten
            f"busy_timeout={_BUSY_SECONDS * 1000}",
            "cache_size=-65536",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        options = conn.get_execution_options()
        if not options.get("posapp_writes"):
            conn.exec_driver_sql("BEGIN")
            return
        conn.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if options['posapp_waits'] else 'NORMAL'}")
        conn.exec_driver_sql("BEGIN IMMEDIATE")

    return Database(engine, str(path))


def _prepare(database: Database) -> None:
    with database.transaction() as conn:
        if not database.is_sqlite:
            conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})
        if not inspect(conn).has_table(about.name):
            metadata.create_all(conn)
            conn.execute(about.insert(), {"name": "schema", "value": str(SCHEMA)})
        found = int(conn.scalar(select(about.c.value).where(about.c.name == "schema")) or 0)
        if found > SCHEMA:
            raise PosError("newer_file", file=database.name)
        if found < SCHEMA:
            metadata.create_all(conn)  # an older database gets the tables that it lacks
            _add_columns(conn)
            conn.execute(update(about).where(about.c.name == "schema").values(value=str(SCHEMA)))
        names = [*COUNTERS, *map(feed_counter, STREAMS)]
        known = set(conn.scalars(select(counter.c.name)))
        if missing := [{"name": name, "n": 0} for name in names if name not in known]:
            conn.execute(counter.insert(), missing)


def _add_columns(conn: Connection) -> None:
    """What the tables of an older database lack, columns and indexes."""
    for table, columns in ADDED.items():
        held = {column["name"] for column in inspect(conn).get_columns(table.name)}
        for name, default in columns.items():
            if name not in held:
                kind = table.c[name].type.compile(conn.dialect)
                conn.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {name} {kind} NOT NULL DEFAULT {default}")
    for table in metadata.sorted_tables:
        for index in table.indexes:
            index.create(conn, checkfirst=True)


_TAKE = update(counter).where(counter.c.name == bindparam("counter")).values(n=counter.c.n + 1).returning(counter.c.n)


def take_number(conn: Connection, name: str) -> int:
    """The counter's next number. Only at the end of a transaction: its row stays locked until the commit."""
    number = conn.scalar(_TAKE, {"counter": name})
    if number is None:
        raise KeyError(name)
    return int(number)


def portions(values: Iterable[Any], most: int = 500) -> Iterator[list[Any]]:
    """In order and without doubles, so many at a time: a statement has only so much room."""
    ordered = sorted(set(values))
    return (ordered[start : start + most] for start in range(0, len(ordered), most))


def lock_counter(conn: Connection, name: str) -> int:
    """The counter's present number; nobody else can take one until this transaction ends."""
    number = conn.scalar(select(counter.c.n).where(counter.c.name == name).with_for_update())
    if number is None:
        raise KeyError(name)
    return int(number)


def insert_many(conn: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows given as tuples in the order of the table's columns, as fast as the driver can."""
    if not rows:
        return
    names = [column.name for column in table.columns]
    cursor = conn.connection.cursor()
    try:
        if conn.dialect.name == "sqlite":
            marks = ",".join("?" * len(names))
            columns = ",".join(f'"{name}"' for name in names)
            cursor.executemany(f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})', rows)  # noqa: S608
        else:
            columns = ",".join(f'"{name}"' for name in names)
            with cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN (FORMAT BINARY)') as copy:
                copy.set_types([_copy_type(column.type) for column in table.columns])
                for row in rows:
                    copy.write_row(row)
    finally:
        cursor.close()


def _copy_type(kind: Any) -> str:
    if kind is Whole:
        return "int8"
    return "bytea" if kind.__class__.__name__ == "LargeBinary" else "text"


def upsert(conn: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows, or replace the ones that have the same primary key."""
    values = [dict(row) for row in rows]
    if not values:
        return
    conn.execute(_upsert(conn.dialect.name, table, tuple(values[0])), values)


@cache
def _upsert(dialect: str, table: Table, names: tuple[str, ...]) -> Any:
    statement: Any = _INSERTS[dialect](table)
    keys = [column.name for column in table.primary_key.columns]
    rest = {name: statement.excluded[name] for name in names if name not in keys}
    if rest:
        return statement.on_conflict_do_update(index_elements=keys, set_=rest)
    return statement.on_conflict_do_nothing(index_elements=keys)


def insert_new(conn: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert one row unless its primary key is taken; whether it was inserted."""
    return conn.execute(_insert_new(conn.dialect.name, table), dict(row)).first() is not None


@cache
def _insert_new(dialect: str, table: Table) -> Any:
    # Asked for the key, because rowcount is -1 where SQLAlchemy asks for it by itself.
    key = next(iter(table.primary_key.columns))
    return _INSERTS[dialect](table).on_conflict_do_nothing().returning(key)

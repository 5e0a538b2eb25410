"""The till's folder: its three encrypted files, how they are opened, and the lock that keeps others out.

till.db is durable at every commit (WAL, synchronous=FULL); feed.db and draft.db may lose their last moments.
The key lies in the state folder, outside this one, so that a copied folder cannot be read.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import filelock
import sqlalchemy.exc
import sqlcipher3.dbapi2 as driver
from sqlalchemy import Connection, MetaData, Table, create_engine, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import QueuePool

from posapp import tables
from posapp.errors import PosError

Error = (sqlalchemy.exc.DBAPIError, driver.Error)
"""What a statement raises, through SQLAlchemy or through the driver's own cursor."""

SCHEMA = 4
"""Version of the three files' tables; a file of a newer program is refused, an older one is migrated."""

_TOUCH = f"PRAGMA user_version = {SCHEMA}"
"""The smallest transaction there is: one page, and nothing is different after it."""

_PAGE = 4096
_LOOKS = 3
"""How often a file is looked at before it is called damaged: a selling till moves pages meanwhile."""

DISK_RESERVE = 200 * 1024 * 1024
CHECKPOINT_PAGES = 8_000
LOG_PAGES = 1_000
"""Room a tended write-ahead log keeps; it is started over when half of it is used."""


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn what the disk or the file is to blame for into a sentence; anything else is a bug and passes.

    Raises PosError disk_full, cannot_write, damaged_file.
    """
    try:
        yield
    except Error as error:
        told = str(getattr(error, "orig", None) or error)
        for words, code in _TROUBLES.items():
            if any(word in told for word in words):
                raise PosError(code, file=str(path)) from error
        raise


_TROUBLES = {
    ("is full",): "disk_full",
    ("readonly", "unable to open", "disk I/O error"): "cannot_write",
    ("malformed", "not a database", "out of memory", "locking protocol"): "damaged_file",
}


class File:
    """One encrypted SQLite file: a pool of connections for statements of SQLAlchemy Core."""

    def __init__(self, path: Path, key: str, metadata: MetaData, *, durable: bool) -> None:
        self.path = path
        self._key = key
        self._durable = durable
        self._one_writer = threading.RLock()
        self._writer: Connection | None = None
        self._engine = create_engine(
            "sqlite://",
            creator=self.connect,
            poolclass=QueuePool,
            pool_size=4,
            max_overflow=4,
            pool_reset_on_return=None,
        )
        with telling(path), self.transaction() as conn:
            version = conn.exec_driver_sql("PRAGMA user_version").scalar_one()
            if version > SCHEMA:
                raise PosError("newer_file", file=str(path))
            if version < SCHEMA:
                metadata.create_all(conn)  # an older file gets the tables that it lacks
                if metadata is tables.till:
                    for statement in tables.SCHEMA_EXTRAS:
                        conn.exec_driver_sql(statement)
                conn.exec_driver_sql(_TOUCH)

    def connect(self) -> Any:
        """A connection of the driver in autocommit mode, key and pragmas set."""
        connection = driver.connect(str(self.path), isolation_level=None, check_same_thread=False, timeout=10)
        try:
            self.unlock(connection)
            for pragma in (
                "journal_mode = WAL",
                f"synchronous = {'FULL' if self._durable else 'NORMAL'}",
                "foreign_keys = ON",
                "trusted_schema = OFF",
                "cell_size_check = ON",
                "temp_store = MEMORY",
                "cache_size = -64000",
                f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
                "fullfsync = 1",
            ):
                connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            connection.close()
            raise
        return connection

    def unlock(self, connection: Any) -> None:
        """Give a connection of the driver this file's key; the first statement on it."""
        _unlock(connection, self._key)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A writing transaction on the file's one writing connection. It is begun and ended through the driver:
        on the path of a sale the pool and the engine's own bookkeeping cost as much as the rows."""
        with self._one_writer:
            conn = self._writer = self._writer or self._engine.connect()
            driven = raw(conn)
            driven.execute("BEGIN IMMEDIATE")
            try:
                yield conn
                driven.execute("COMMIT")
            except BaseException:
                if driven.in_transaction:
                    driven.execute("ROLLBACK")
                raise
            finally:
                if conn.in_transaction():
                    conn.rollback()  # SQLAlchemy's own idea of a transaction; the file's has ended

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for statements that only read, each by itself."""
        with self._engine.connect() as conn:
            yield conn

    def check(self) -> None:
        """Every page's seal, also where nothing is held now, and the file's structure; it may be written meanwhile.

        Raises PosError damaged_file.
        """
        with telling(self.path), self.reading() as conn:
            for check in ("cipher_integrity_check", "quick_check"):
                for _ in range(_LOOKS):
                    # pages that a kill or a selling till left half moved are whole in the log: move them first
                    conn.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").all()
                    if not [row[0] for row in conn.exec_driver_sql(f"PRAGMA {check}") if row[0] != "ok"]:
                        break
                else:
                    raise PosError("damaged_file", file=str(self.path))

    def tend(self) -> None:
        """Keep room in the write-ahead log: a commit that overwrites is one flush, one that lengthens the log makes
        the file system flush its own records too. For a thread beside the selling one, which never waits for more
        than a few pages of this."""
        with closing(self.connect()) as driven:
            used = driven.execute("PRAGMA wal_checkpoint(NOOP)").fetchone()[1]
            if self._log_bytes() < LOG_PAGES * _PAGE:
                driven.execute("PRAGMA synchronous = OFF")
                for _ in range(LOG_PAGES - used):
                    with self._one_writer:
                        driven.execute(_TOUCH)
                driven.execute("PRAGMA synchronous = FULL")
            elif used < LOG_PAGES // 2:
                return
            driven.execute("PRAGMA wal_checkpoint(PASSIVE)")
            with self._one_writer:
                driven.execute("PRAGMA wal_checkpoint(PASSIVE)")  # what was committed meanwhile
                driven.execute(_TOUCH)  # starts the log over: the flush of its head falls here and not on a sale

    def _log_bytes(self) -> int:
        return self.path.with_name(f"{self.path.name}-wal").stat().st_size

    def close(self) -> None:
        if self._writer:
            self._writer.close()
        self._engine.dispose()


class Folder:
    """A till's folder with its files open and its lock held until close(). feed: another folder's, instead of one
    of its own."""

    def __init__(self, path: Path, key: bytes, *, lock: bool = True, feed: File | None = None) -> None:
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            raise PosError("cannot_write", file=str(path)) from None
        self.path = path
        self._lock = folder_lock(path)
        if lock:
            take(self._lock, path)
        text = key.hex()
        with ExitStack() as opening:
            opening.callback(self._lock.release)
            self.till = File(path / "till.db", text, tables.till, durable=True)
            opening.callback(self.till.close)
            self.feed = feed or File(path / "feed.db", text, tables.feed, durable=False)
            if feed is None:
                opening.callback(self.feed.close)
            self.draft = File(path / "draft.db", text, tables.draft, durable=False)
            opening.callback(self.draft.close)
            self._closing = opening.pop_all()

    def has_room(self) -> bool:
        """Whether the disk still holds the reserve without which no new ticket is begun."""
        return self.free > DISK_RESERVE

    @property
    def free(self) -> int:
        """Bytes that the disk has left."""
        return shutil.disk_usage(self.path).free

    def close(self) -> None:
        self._closing.close()


def folder_lock(folder: Path) -> filelock.BaseFileLock:
    """The lock that one till program holds on a folder."""
    return filelock.FileLock(folder / "till.lock", timeout=0)


def _key_pragma(verb: str, key: str) -> str:
    if len(key) != 64 or set(key) - set("0123456789abcdef"):
        raise ValueError("a file's key is 32 bytes in hexadecimal")
    return f"PRAGMA {verb} = \"x'{key}'\""


def _unlock(connection: Any, key: str) -> None:
    connection.execute("PRAGMA cipher_log_level = NONE")  # what is wrong is told in a sentence, not on stderr
    connection.execute(_key_pragma("key", key))
    connection.execute("PRAGMA cipher_hmac_algorithm = HMAC_SHA256")  # processors have it built in, unlike SHA-512


def fits(path: Path, key: str) -> bool:
    """Whether a key opens a file."""
    connection = driver.connect(str(path))
    try:
        _unlock(connection, key)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return True
    except driver.DatabaseError:
        return False
    finally:
        connection.close()


def change_key(path: Path, old: str, new: str, named: Path) -> None:
    """Encrypt a file anew. Raises PosError bad_backup (naming the file it came from) when the old key is wrong."""
    if not fits(path, old):
        raise PosError("bad_backup", file=str(named))
    connection = driver.connect(str(path))
    try:
        _unlock(connection, old)
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute(_key_pragma("rekey", new))
    finally:
        connection.close()


def take(lock: filelock.BaseFileLock, folder: Path) -> None:
    """Take a folder's lock now. Raises PosError in_use, cannot_write."""
    try:
        lock.acquire()
    except filelock.Timeout:
        raise PosError("in_use", folder=str(folder)) from None
    except OSError:
        raise PosError("cannot_write", file=str(folder)) from None


@cache
def insert_text(table: Table) -> str:
    """The driver's INSERT for a whole row of a table, columns in the table's order."""
    return str(insert(table).compile(dialect=sqlite.dialect(paramstyle="qmark")))


def insert_rows(conn: Connection, rows: dict[Table, list[tuple[Any, ...]]]) -> None:
    """Insert whole rows through the driver's own cursor: the path of a sale."""
    cursor = raw(conn).cursor()
    for table, values in rows.items():
        if values:
            cursor.executemany(insert_text(table), values)


def raw(conn: Connection) -> Any:
    return conn.connection.driver_connection


def all_rows(conn: Connection, table: Table) -> Sequence[tuple[Any, ...]]:
    """Every row of a table in the order of its primary key."""
    return [tuple(row) for row in conn.execute(table.select().order_by(*table.primary_key.columns))]

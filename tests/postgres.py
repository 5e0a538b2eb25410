"""A real PostgreSQL for tests: one cluster for the whole run on a Unix socket of its own, a fresh database per test."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

_SETTINGS = """
listen_addresses = ''
fsync = off
synchronous_commit = on
full_page_writes = off
max_connections = 200
"""
_numbers = count(1)


def binaries() -> Path | None:
    """The folder of the newest PostgreSQL on this machine, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def cluster() -> Iterator[str]:
    """A running cluster; the value is the folder of its socket. PostgreSQL refuses root, so root steps down."""
    bin_folder = binaries()
    assert bin_folder is not None
    as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    # Not pytest's folder: a socket's path is at most 107 bytes long and user postgres has to get there.
    folder = Path(tempfile.mkdtemp(prefix="posapp-pg-"))
    data = folder / "data"
    try:
        if as_owner:
            shutil.chown(folder, "postgres")
        folder.chmod(0o755)
        initdb: list[str | Path] = [
            bin_folder / "initdb",
            "-D",
            data,
            "-U",
            "posapp",
            "-A",
            "trust",
            "--no-locale",
            "-E",
            "UTF8",
            "-N",
        ]
        _run([*as_owner, *initdb], folder)
        with (data / "postgresql.conf").open("a") as file:
            file.write(_SETTINGS + f"unix_socket_directories = '{folder}'\n")
        _run([*as_owner, bin_folder / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "start"], folder)
        try:
            yield str(folder)
        finally:
            _run([*as_owner, bin_folder / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str | Path], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


_free: dict[str, list[str]] = {}


@contextmanager
def fresh_database(socket_folder: str) -> Iterator[str]:
    """An empty database of the cluster; the value is its URL. Making one is slow, so one is emptied and used again."""
    free = _free.setdefault(socket_folder, [])
    if free:
        name = free.pop()
    else:
        name = f"test{os.getpid()}_{next(_numbers)}"
        _tell(socket_folder, "postgres", f"CREATE DATABASE {name}")
    try:
        yield f"postgresql://posapp@/{name}?host={socket_folder}"
    finally:
        _tell(
            socket_folder,
            name,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "DROP SCHEMA public CASCADE",
            "CREATE SCHEMA public",
        )
        free.append(name)


def _tell(socket_folder: str, name: str, *statements: str) -> None:
    with psycopg.connect(host=socket_folder, user="posapp", dbname=name, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())

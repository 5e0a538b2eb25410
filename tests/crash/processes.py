"""Real processes for tests: HQ as a server, tills as scripts behind pipes, each killed or ended as the test says."""

from __future__ import annotations

import atexit
import contextlib
import functools
import io
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import msgspec
from sqlalchemy import Table, select

from posapp import db, tables
from posapp.__main__ import main
from posapp.chain import read_header
from posapp.hq import feed
from posapp.hq import tables as hq_tables
from posapp.hq.database import open_database
from posapp.ids import system_chance, unb64u
from posapp.journal import epochs
from posapp.keys import TillKeys
from posapp.sync.client import over_http
from posapp.sync.enrol import enrol_till, open_keys
from posapp.verify import Verified, verify
from tests.shop import CASHIER, first_rows

ROOT = Path(__file__).parents[2]
POSAPP = [sys.executable, "-m", "posapp"]


def _environment() -> dict[str, str]:
    """This process's environment. Where Python may not keep compiled files, every program started here would
    compile all it imports again: they share a folder for them instead, for as long as the tests run."""
    if not sys.dont_write_bytecode:
        return dict(os.environ)
    folder = tempfile.mkdtemp(prefix="posapp-compiled-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": folder}


ENVIRONMENT = _environment()


def command(*words: str | Path) -> tuple[int, str, str]:
    """Run a command of the program in this process: status, what it said, what it complained of."""
    said, complained = io.StringIO(), io.StringIO()
    root = logging.getLogger("posapp")
    writers, propagates = root.handlers[:], root.propagate
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
        try:
            status = main([str(word) for word in words])
        except SystemExit as end:
            status = int(end.code or 0)
    for writer in root.handlers[len(writers) :]:
        writer.close()
    root.handlers, root.propagate = writers, propagates
    return status, said.getvalue(), complained.getvalue()


def program(*words: str | Path, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command of the program as a process of its own until it ends."""
    return subprocess.run(
        [*POSAPP, *map(str, words)],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=120,
        env={**ENVIRONMENT, **environment},
    )


def wait_until(condition: Callable[[], bool], seconds: float = 60, every: float = 0.01) -> None:
    """Come back as soon as a condition holds; the limit is only there for a broken program."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition never came true"
        time.sleep(every)


class Office:
    """A running HQ process with store 1, its clerks and articles; its database is open to the test as well."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.database = open_database(folder / "hq.db")

    def rows(self, table: Table) -> list[Any]:
        with self.database.reading() as conn:
            return list(conn.execute(select(table).order_by(*table.primary_key.columns)).mappings())

    def publish(self, stream: str, rows: dict[tuple[str, str], Any]) -> None:
        with self.database.transaction() as conn:
            feed.publish(conn, {stream: rows})

    def enrol(self, number: int, folder: Path, *, place: str = "") -> Seat:
        """Enrol a computer as a till of the store; its folders are made in `folder`."""
        status, said, told = command("hq", "till", "add", "1", str(number), "--json", "--data", self.folder)
        assert status == 0, told
        name = place or f"till{number}"
        data, state = folder / name, folder / f"{name}-state"
        enrol_till(state, self.url, msgspec.json.decode(said)["code"], over_http(), system_chance)
        return Seat(data, state)

    def sales(self) -> list[tuple[str, int, str]]:
        """Receipt, total and event of every sale HQ counts, sorted."""
        return sorted((row["receipt"], row["total"], row["event"]) for row in self.rows(hq_tables.sale))

    def settled(self) -> bool:
        """Whether everything received is projected."""
        with self.database.reading() as conn:
            numbers = dict(conn.execute(select(hq_tables.counter.c.name, hq_tables.counter.c.n)).all())
        return bool(numbers.get("projected", 0) >= numbers.get("accepted", 0))


@contextlib.contextmanager
def open_office(folder: Path, *options: str) -> Iterator[Office]:
    """Make HQ's data in a folder, and serve it from a process until the block ends."""
    status, _, told = command("hq", "store", "add", "1", "柳塘店", "--data", folder)
    assert status == 0, told
    database = open_database(folder / "hq.db")
    with database.transaction() as conn:
        feed.publish(conn, first_rows())
    database.close()
    with serving(folder, *options) as url:
        office = Office(folder, url)
        try:
            yield office
        finally:
            office.database.close()


@contextlib.contextmanager
def serving(folder: Path, *options: str) -> Iterator[str]:
    """HQ's server on a free port of this computer; its URL."""
    words = [*POSAPP, "hq", "serve", "--port", "0", "--data", str(folder), *options]
    with (
        (folder / "serve.log").open("ab") as log,
        subprocess.Popen(words, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=log) as server,
    ):
        try:
            assert server.stdout
            line = server.stdout.readline().decode()
            assert "http://" in line, (folder / "serve.log").read_text("utf-8")
            yield "http://" + line.split("http://")[1].strip()
        finally:
            server.terminate()
            server.wait(30)


class Seat:
    """The folders of one till, whether it runs or not; opening them here goes beside a running till."""

    def __init__(self, data: Path, state: Path) -> None:
        self.data = data
        self.state = state

    @functools.cached_property
    def folders(self) -> list[str]:
        return ["--data", str(self.data), "--state", str(self.state)]

    @property
    def keys(self) -> TillKeys:
        return open_keys(self.data, self.state)

    @contextlib.contextmanager
    def opened(self) -> Iterator[db.Folder]:
        folder = db.Folder(self.data, unb64u(self.keys.database), lock=False)
        try:
            yield folder
        finally:
            folder.close()

    def start(self, *options: str) -> Player:
        return Player(self, *options)

    @contextlib.contextmanager
    def selling(self, *options: str) -> Iterator[Player]:
        """A till with the cashier signed in and a shift open, ended properly when the block ends."""
        player = self.start(*options)
        try:
            player.ask("sync")
            player.ask(f"sign-in {' '.join(CASHIER)}")
            if player.ask("status")["shift"] == "closed":
                player.ask("open-shift 200.00")
            yield player
            if player.process.returncode is None:
                player.end()
        finally:
            player.kill()

    def sales(self) -> list[tuple[str, int, str]]:
        """Receipt, total and event of every sale in till.db, sorted."""
        found = []
        with self.opened() as folder, folder.till.reading() as conn:
            for receipt, total, header in conn.execute(
                select(tables.sale.c.receipt, tables.sale.c.total, tables.journal.c.header).join(
                    tables.journal, tables.journal.c.place == tables.sale.c.place
                )
            ):
                found.append((receipt, total, read_header(header).eid))
        return sorted(found)

    def verify(self) -> Verified:
        with self.opened() as folder:
            return verify(folder, self.keys.hq_key)

    def epoch_labels(self) -> list[str]:
        with self.opened() as folder, folder.till.reading() as conn:
            return [head.label for head in epochs(conn)]


class Player:
    """A `posapp script` process: lines go in, answers come out, and it can be killed between any two instructions."""

    def __init__(self, seat: Seat, *options: str) -> None:
        self.seat = seat
        self._complaints: IO[bytes] = (seat.state / "stderr.log").open("ab")
        self.process = subprocess.Popen(
            [*POSAPP, "script", *seat.folders, *options],
            cwd=ROOT,
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
        )
        assert self.process.stdin
        assert self.process.stdout
        self._in, self._out = self.process.stdin, self.process.stdout

    def tell(self, *lines: str) -> None:
        """Write lines without waiting for their answers."""
        self._in.write("".join(line + "\n" for line in lines).encode())
        self._in.flush()

    def hear(self) -> dict[str, Any]:
        """The next answer."""
        line = self._out.readline()
        assert line.endswith(b"\n"), f"the till ended: {self.complaints()}"
        answer: dict[str, Any] = msgspec.json.decode(line)
        return answer

    def answer(self, line: str) -> dict[str, Any]:
        """The answer to a line, which may be a refusal."""
        self.tell(line)
        return self.hear()

    def ask(self, line: str) -> dict[str, Any]:
        """The answer to a line that must be carried out."""
        answer = self.answer(line)
        assert answer["ok"], (line, answer)
        return answer

    def sync(self) -> None:
        """Sync until nothing is left to send; HQ's allowance may make it wait, settings that came are journaled."""
        for _ in range(1000):
            answer = self.answer("sync")
            if answer["ok"] and answer["unsent"] == 0:
                return
            assert answer["ok"] or answer["error"]["code"] == "too_many", answer
            time.sleep(0 if answer["ok"] else 0.2)
        raise AssertionError("the journal was never drained")

    def kill(self) -> list[dict[str, Any]]:
        """SIGKILL; the answers that were written before it and nobody had read yet."""
        if self.process.returncode is not None:
            return []
        self.process.kill()
        rest = self._out.read()
        self._close()
        return [msgspec.json.decode(line) for line in rest.split(b"\n")[:-1]]

    def end(self) -> int:
        """Close its input and wait until it has ended by itself; its exit code."""
        self._in.close()
        self._out.read()
        self._close()
        return self.process.returncode

    def complaints(self) -> str:
        return (self.seat.state / "stderr.log").read_text("utf-8")

    def _close(self) -> None:
        self.process.wait(60)
        with contextlib.suppress(BrokenPipeError):
            self._in.close()
        self._out.close()
        self._complaints.close()

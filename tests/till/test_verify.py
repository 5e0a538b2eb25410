"""Tampering: whatever is changed in a till's folder, verifying or the next start says so, and says which entry."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select, update

from posapp import db, journal, tables
from posapp.clock import DAY, SimulatedClock
from posapp.errors import PosError
from posapp.ids import seeded_chance, unb64u
from posapp.messages import JournalOpened, read_body
from posapp.sync.client import Answer
from posapp.sync.enrol import open_keys
from posapp.till import Till
from posapp.verify import FOLLOWING, Verified, verify
from posapp.wire import Request
from tests.crash.busy import Dice
from tests.crash.processes import command
from tests.museum.make import BUN, MILK, every_kind
from tests.shop import START, open_chain, play

PAGE = 4096
MANY = settings(max_examples=60, deadline=None, derandomize=True, database=None)
each_table = pytest.mark.parametrize("table", FOLLOWING, ids=lambda table: str(table.name))


def at(place: int) -> ColumnElement[bool]:
    return tables.journal.c.place == place


class Evidence:
    """A till's folder after a full day, closed; open to whoever has its key."""

    def __init__(self, data: Path, state: Path) -> None:
        self.data = data
        self.state = state
        self.keys = open_keys(data, state)
        self.key = unb64u(self.keys.database)
        with self.tampering() as conn:
            self.places = list(conn.scalars(select(tables.journal.c.place).order_by(tables.journal.c.place)))
            self.labels = {row.ordinal: row.label for row in conn.execute(select(tables.epoch))}

    @contextmanager
    def tampering(self) -> Iterator[Connection]:
        """A connection without the triggers that keep the journal as it is; every statement stands at once."""
        file = db.File(self.data / "till.db", self.key.hex(), tables.till, durable=True)
        try:
            with file.reading() as conn:
                for statement in (
                    "PRAGMA foreign_keys = OFF",
                    "DROP TRIGGER IF EXISTS journal_keeps",
                    "DROP TRIGGER IF EXISTS journal_stays",
                ):
                    conn.exec_driver_sql(statement)
                yield conn
        finally:
            file.close()

    def verify(self) -> Verified:
        folder = db.Folder(self.data, self.key, lock=False)
        try:
            return verify(folder, self.keys.hq_key)
        finally:
            folder.close()

    def complaint(self) -> tuple[str, Any, Any]:
        """What verifying says: code, journal, entry."""
        with pytest.raises(PosError) as raised:
            self.verify()
        assert len(raised.value.sentence()) > 10
        return raised.value.code, raised.value.values.get("journal"), raised.value.values.get("entry")

    def name(self, place: int) -> tuple[str, int]:
        ordinal, seq = divmod(place, tables.EPOCH_PLACES)
        return self.labels[ordinal], seq

    @contextmanager
    def without(self, conn: Connection, table: Table, column: str, value: int) -> Iterator[None]:
        """While the block lasts, the rows with a value are gone."""
        where = table.c[column] == value
        rows = [tuple(row) for row in conn.execute(select(table).where(where))]
        assert rows
        conn.execute(delete(table).where(where))
        try:
            yield
        finally:
            conn.execute(insert(table), [dict(zip(table.columns.keys(), row, strict=True)) for row in rows])

    @property
    def tails(self) -> set[int]:
        """The last place of each journal."""
        return {max(place for place in self.places if place // tables.EPOCH_PLACES == epoch) for epoch in self.labels}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Shared; whoever changes it changes it back."""
    with open_chain(tmp_path_factory.mktemp("day")) as chain:
        return Evidence(*every_kind(chain))


@pytest.fixture
def copy(day: Evidence, tmp_path: Path) -> Evidence:
    """Folders of the test's own."""
    shutil.copytree(day.data, tmp_path / "data")
    shutil.copytree(day.state, tmp_path / "state")
    return Evidence(tmp_path / "data", tmp_path / "state")


def test_an_honest_folder_verifies(day: Evidence) -> None:
    found = day.verify()
    assert (found.journals, found.entries) == (2, len(day.places))
    assert found.entries >= 40


# --- the journal's rows ---


@MANY
@given(data=st.data())
def test_one_changed_byte_of_an_entry_is_told_with_its_number(day: Evidence, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(day.places), label="place")
    column = tables.journal.c[data.draw(st.sampled_from(["header", "signature", "body"]), label="column")]
    with day.tampering() as conn:
        honest = conn.scalars(select(column).where(at(place))).one()
        changed = bytearray(honest)
        changed[data.draw(st.integers(0, len(honest) - 1), label="byte")] ^= data.draw(st.integers(1, 255))
        change = update(tables.journal).where(at(place))
        conn.execute(change.values({column: bytes(changed)}))
        try:
            assert day.complaint() == ("entry_broken", *day.name(place))
        finally:
            conn.execute(change.values({column: honest}))


@MANY
@given(data=st.data())
def test_one_changed_byte_of_an_entrys_place_is_told(day: Evidence, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(day.places), label="place")
    moved = place ^ data.draw(st.integers(1, 255), label="bits") << 8 * data.draw(st.integers(0, 6), label="byte")
    assume(moved not in day.places)
    label, seq = day.name(place)
    with day.tampering() as conn:
        conn.execute(update(tables.journal).where(at(place)).values(place=moved))
        try:
            # A last entry leaves no gap: then it is told where it stands now, or what followed from it is.
            code, journal_told, entry = day.complaint()
            if place in day.tails:
                assert code in ("entry_broken", "rows_differ")
            else:
                assert (code, journal_told, entry) == ("entry_broken", label, seq)
        finally:
            conn.execute(update(tables.journal).where(at(moved)).values(place=place))


def test_every_missing_entry_is_told(day: Evidence) -> None:
    with day.tampering() as conn:
        for place in sorted({*day.places} - day.tails):
            with day.without(conn, tables.journal, "place", place):
                assert day.complaint() == ("entry_broken", *day.name(place))


def test_two_entries_that_changed_places_are_told(day: Evidence) -> None:
    def swap(conn: Connection, one: int, other: int) -> None:
        for old, new in ((one, -1), (other, one), (-1, other)):
            conn.execute(update(tables.journal).where(at(old)).values(place=new))

    with day.tampering() as conn:
        for one, other in zip(day.places[::2], day.places[1::3], strict=False):
            if one != other:
                swap(conn, one, other)
                assert day.complaint() == ("entry_broken", *day.name(min(one, other)))
                swap(conn, one, other)
    day.verify()


def test_an_entry_that_nobody_wrote_is_told(day: Evidence) -> None:
    last = day.places[-1]
    with day.tampering() as conn:
        row = conn.execute(select(tables.journal).where(at(last))).one()._mapping
        for place in (last + 1, last + 1000, 3 * tables.EPOCH_PLACES + 1, -1):
            conn.execute(insert(tables.journal).values(**{**row, "place": place}))
            try:
                assert day.complaint()[0] == "entry_broken"
            finally:
                conn.execute(delete(tables.journal).where(at(place)))


@pytest.mark.parametrize("column", ["jid", "label", "certificate"])
def test_a_changed_epoch_is_told(day: Evidence, column: str) -> None:
    with day.tampering() as conn:
        for ordinal in day.labels:
            change = update(tables.epoch).where(tables.epoch.c.ordinal == ordinal)
            honest = conn.scalars(select(tables.epoch.c[column]).where(tables.epoch.c.ordinal == ordinal)).one()
            for at in range(0, len(honest), 1 + len(honest) // 12):
                changed = honest[:at] + chr(ord(honest[at]) ^ 1) + honest[at + 1 :]
                conn.execute(change.values({column: changed}))
                try:
                    day.complaint()
                finally:
                    conn.execute(change.values({column: honest}))


def test_a_missing_epoch_is_told(day: Evidence) -> None:
    with day.tampering() as conn:
        for ordinal in day.labels:
            with day.without(conn, tables.epoch, "ordinal", ordinal):
                assert day.complaint()[0] == "entry_broken"


# --- tables that follow from the journal ---


@each_table
def test_a_changed_row_of_a_table_is_told_with_its_entry(day: Evidence, table: Table) -> None:
    with day.tampering() as conn:
        key, each = tables.key_of(table)
        row = conn.execute(select(table).order_by(key).limit(1)).one()._mapping
        for column in table.columns:
            if column.name in ("place", "id"):
                continue
            honest = row[column.name]
            changed = honest + 1000 if isinstance(honest, int) else honest + "x"
            here = update(table).where(key == row[key.name])
            conn.execute(here.values({column: changed}))
            try:
                assert day.complaint() == ("rows_differ", *day.name(row[key.name] // each)), column.name
            finally:
                conn.execute(here.values({column: honest}))


@each_table
def test_a_row_too_few_is_told_with_its_entry(day: Evidence, table: Table) -> None:
    with day.tampering() as conn:
        key, each = tables.key_of(table)
        for found in list(conn.scalars(select(key))):
            with day.without(conn, table, key.name, found):
                assert day.complaint() == ("rows_differ", *day.name(found // each))


@pytest.mark.parametrize("where", ["at another entry", "behind the last entry", "in no journal"])
@each_table
def test_a_row_that_follows_from_no_entry_is_told(day: Evidence, table: Table, where: str) -> None:
    last = day.places[-1]
    place = {
        "at another entry": day.places[0],
        "behind the last entry": last + 1,
        "in no journal": 5 * tables.EPOCH_PLACES,
    }[where]
    with day.tampering() as conn:
        row = conn.execute(select(table).limit(1)).one()._mapping
        unique = {name: row[name] + "x" for name in ("receipt", "ticket", "shift") if name in row}
        key, each = tables.key_of(table)
        conn.execute(insert(table).values(**{**row, **unique, key.name: place * each}))
        try:
            code, label, entry = day.complaint()
            assert code == "rows_differ"
            if where == "at another entry":
                assert (label, entry) == day.name(place)
        finally:
            conn.execute(delete(table).where(key == place * each))


# --- what the journal alone cannot tell ---


@pytest.mark.parametrize("many", [1, 2, 7, 30])
def test_a_journal_cut_short_is_told_by_the_mark_at_the_next_start(copy: Evidence, many: int) -> None:
    first = copy.places[-many]
    with copy.tampering() as conn:
        for table in (*FOLLOWING, tables.journal):
            key, each = tables.key_of(table)
            conn.execute(delete(table).where(key >= first * each))
        conn.execute(delete(tables.epoch).where(tables.epoch.c.ordinal > (first - 1) // tables.EPOCH_PLACES))
    till = Till(copy.data, copy.state, SimulatedClock(START + DAY), seeded_chance(5), unreachable)
    try:
        with till.folder.till.reading() as conn:
            entry = journal.entries(conn, till.journal.head.epoch, 0)[0]
    finally:
        till.close()
    opened = read_body("journal.opened", 1, entry.body)
    assert isinstance(opened, JournalOpened)
    assert opened.reason == "copied"
    assert opened.label not in copy.labels.values()


def unreachable(_: Request) -> Answer:
    raise ConnectionError


# --- the encrypted file itself ---


def test_a_changed_byte_of_the_file_is_told(copy: Evidence) -> None:
    path = copy.data / "till.db"
    honest = path.read_bytes()
    dice = Dice(seeded_chance(77))
    unnoticed = []
    for page in range(len(honest) // PAGE):
        changed = bytearray(honest)
        changed[page * PAGE + dice.below(PAGE)] ^= 1 + dice.below(255)
        path.write_bytes(changed)
        status, _, told = command("verify", "--data", copy.data, "--state", copy.state)
        if status == 0:
            unnoticed.append(page)
        else:
            assert len(told.splitlines()) == 1, (page, told)
    assert unnoticed == []


def test_a_checkpoint_cut_off_by_a_kill_is_no_damage(tmp_path: Path) -> None:
    """Pages whose newest content lies in the write-ahead log may be half written in the file: the log stands."""
    with open_chain(tmp_path) as chain:
        till = chain.till()
        till.folder.till.tend()
        play(till, *[line for _ in range(20) for line in (f"scan {BUN}", f"scan {MILK}", "pay cash 20.00")])
        shutil.copytree(till.folder.path, tmp_path / "data")
        shutil.copytree(tmp_path / "state1", tmp_path / "state")
    log = (tmp_path / "data" / "till.db-wal").read_bytes()
    frames = [log[at : at + 16] for at in range(32, len(log), 24 + PAGE)]
    pages = {int.from_bytes(frame[:4], "big") for frame in frames if frame[8:] == log[16:24]} - {1}
    path = tmp_path / "data" / "till.db"
    raw = bytearray(path.read_bytes())
    assert len([page for page in pages if page * PAGE <= len(raw)]) > 3
    for page in pages:
        if page * PAGE <= len(raw):
            raw[(page - 1) * PAGE : page * PAGE] = bytes(PAGE)
    path.write_bytes(raw)
    status, said, told = command("verify", "--data", tmp_path / "data", "--state", tmp_path / "state")
    assert (status, told) == (0, "")
    assert '"sales":20' in said


def test_a_file_cut_short_or_overwritten_is_told(copy: Evidence) -> None:
    path = copy.data / "till.db"
    honest = path.read_bytes()
    for damaged in (honest[: len(honest) // 2], honest[:PAGE], honest[:100], bytes(len(honest)), b"SQLite format 3\0"):
        path.write_bytes(damaged)
        status, _, told = command("verify", "--data", copy.data, "--state", copy.state)
        assert (status, len(told.splitlines())) == (2, 1), told


def test_a_till_does_not_crash_on_a_damaged_file(copy: Evidence, tmp_path: Path) -> None:
    """It says that the file is damaged, or does not need the page and goes on."""
    script = tmp_path / "day.script"
    script.write_text("status\n", "utf-8")
    path = copy.data / "till.db"
    honest = path.read_bytes()
    for page in range(len(honest) // PAGE):
        changed = bytearray(honest)
        changed[page * PAGE + 100] ^= 4
        path.write_bytes(changed)
        status, said, told = command(
            "script", script, "--clock", "simulated", "--data", copy.data, "--state", copy.state
        )
        assert (status == 0 and '"ok":true' in said) or len(told.splitlines()) == 1, (page, told)

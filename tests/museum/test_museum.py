"""Every release's museum piece read by today's program: what was on disk and on the wire stays readable for ever."""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Iterator
from hashlib import sha256
from itertools import groupby
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from posapp.chain import Entry, canonical, entry_hash, read_header
from posapp.clock import SimulatedClock
from posapp.hq import tables as hq_tables
from posapp.hq.database import Database, open_database
from posapp.hq.project import project
from posapp.ids import receipt_number
from posapp.journal import MARK_FILE
from posapp.keys import HqKeys, load_secrets
from posapp.messages import ENTRIES, read_body
from posapp.sync.enrol import KEYS_FILE
from posapp.till import Till
from posapp.verify import verify
from posapp.version import VERSION
from posapp.wire import pack_entries, unpack_entries
from tests.museum.make import HERE, SEED, Told, settle
from tests.shop import CASHIER, START, Chain, open_chain, play

PIECES = sorted(path for path in HERE.iterdir() if (path / "told.json").exists())
DAY_MS = 24 * 60 * 60_000
SPELLING = re.compile(r"S001T01-[A-Z]+(?:[0-9A-HJKMNP-TV-Z]{2})?-\d{6}-[0-9A-HJKMNP-TV-Z]{2}")


@pytest.fixture(params=PIECES, ids=lambda path: path.name)
def piece(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture
def told(piece: Path) -> Told:
    return msgspec.json.decode((piece / "told.json").read_bytes(), type=Told)


@pytest.fixture
def entries(piece: Path) -> list[Entry]:
    return unpack_entries((piece / "entries.msgpack").read_bytes())


@pytest.fixture
def chain(piece: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    """A fresh HQ that holds the keys of the piece's HQ and has never heard of its till."""
    keys = load_secrets(piece / "hq-keys.json", HqKeys)
    monkeypatch.setattr(HqKeys, "fresh", lambda *_: keys)
    with open_chain(tmp_path, seed=SEED + 1) as opened:
        opened.clock.set(START + DAY_MS)
        yield opened


@pytest.fixture
def till(piece: Path, chain: Chain, tmp_path: Path) -> Till:
    """Today's till on a copy of the piece's folders."""
    data, state = tmp_path / "data", tmp_path / "state"
    data.mkdir()
    state.mkdir()
    for name in ("till.db", "feed.db", "draft.db"):
        shutil.copy(piece / name, data / name)
    for name in (MARK_FILE, KEYS_FILE):
        shutil.copy(piece / name, state / name)
    return chain.open(data, state, clock=SimulatedClock(START + DAY_MS))


def test_todays_version_has_its_piece_and_all_are_small() -> None:
    assert VERSION in [path.name for path in PIECES]
    for piece in PIECES:
        assert sum(path.stat().st_size for path in piece.iterdir()) < 500_000  # an empty table takes a page


def test_its_bytes_hash_and_encode_as_they_did(told: Told, entries: list[Entry]) -> None:
    assert [entry_hash(entry.header).hex() for entry in entries] == told.entries
    for entry in entries:
        header = read_header(entry.header)
        assert canonical(header) == entry.header
        assert canonical(read_body(header.t, header.sv, entry.body)) == entry.body
    assert unpack_entries(pack_entries(entries)) == entries


def test_it_holds_every_kind_of_entry_its_version_knew(piece: Path, told: Told) -> None:
    assert set(told.kinds) <= set(ENTRIES)
    if piece.name == VERSION:
        assert set(told.kinds) == set(ENTRIES)


def test_receipt_numbers_are_spelt_as_ever(told: Told) -> None:
    assert len(told.receipts) > 5
    assert [number for number in told.receipts if not SPELLING.fullmatch(number)] == []
    # Till, journal, counter, and two characters of the SHA-256 of the entry's body.
    digest = sha256(b"a body").digest()
    assert receipt_number(1, 1, "A", 42, digest) == "S001T01-A-000042-RR"
    assert receipt_number(131_071, 63, "BX7", 1_000_000, digest) == "S131071T63-BX7-1000000-RR"


def test_todays_till_goes_on_with_it(told: Told, till: Till) -> None:
    head = till.journal.head
    found = verify(till.folder, till.keys.hq_key)
    assert (found.entries, found.sales) == (len(told.entries), told.sales)
    status = till.status()
    assert (min(1, status.ticket), status.parked, status.shift) == (told.open_ticket, told.parked, "open")
    answers = play(till, f"sign-in {' '.join(CASHIER)}", "pay cash 999.00", "recall", "pay cash 999.00")
    assert [answer["ok"] for answer in answers] == [True] * 4, answers
    assert till.journal.head.jid == head.jid
    assert SPELLING.fullmatch(answers[1]["receipt"])
    newest = max(int(number.split("-")[2]) for number in told.receipts if f"-{head.label}-" in number)
    assert answers[1]["receipt"].split("-")[1:3] == [head.label, f"{newest + 1:06d}"]


def test_its_receipts_are_printed_again(told: Told, till: Till) -> None:
    play(till, f"sign-in {' '.join(CASHIER)}")
    totals = 0
    for number in told.receipts:
        (copy,) = play(till, f"reprint {number}")
        assert any(number in line for line in copy["text"])
        total = next(line for line in copy["text"] if line.startswith("合计"))
        totals += round(100 * float(total.split()[-1]))
    assert totals == told.total


def test_todays_hq_takes_its_entries_in(told: Told, entries: list[Entry], till: Till, chain: Chain) -> None:
    assert till.client.is_on
    for jid, run in groupby(entries, key=lambda entry: read_header(entry.header).jid):
        held = list(run)
        answer = till.client.push(jid, held)
        assert (answer.status, answer.seq) == ("ok", len(held))
    settle(chain)
    assert sold(chain.database) == (told.sales, told.total)
    with chain.database.reading() as conn:
        assert conn.execute(select(hq_tables.quarantine)).all() == []


def test_todays_hq_opens_its_database(piece: Path, told: Told, tmp_path: Path) -> None:
    path = tmp_path / "old-hq.db"
    path.write_bytes(gzip.decompress((piece / "hq.db.gz").read_bytes()))
    database = open_database(path)
    try:
        assert sold(database) == (told.hq_sales, told.hq_total)
        assert project(database, SimulatedClock(START + DAY_MS)) == 0
    finally:
        database.close()


def sold(database: Database) -> tuple[int, int]:
    with database.reading() as conn:
        totals = conn.scalars(select(hq_tables.sale.c.total)).all()
    return len(totals), sum(totals)

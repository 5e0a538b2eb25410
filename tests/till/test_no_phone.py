"""After a day with customers no phone number and no name stands anywhere on a till in plain letters (I18).

Two hundred phones and names are planted: looked up, joined, sent messages to, known to HQ. Then every row of the till's
files, every journal body, every log record, every request and every paper is searched for them.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from drivers.printers.virtual import printed
from posapp.devices import DEVICES_FILE
from posapp.sync.client import Answer
from posapp.till import Till
from posapp.wire import Request
from tests.joining import follow, joins
from tests.shop import Chain, last, play
from tests.till.place import Place
from tests.ui.keys import wait_until

BUN = "6900000000011"
PHONES = [f"1{3 + n % 7}{(n * 48_271 + 7) % 1_000_000_000:09d}" for n in range(200)]
SURNAMES = "欧阳上官司马诸葛东方"
NAMES = [f"{SURNAMES[n % 5 * 2]}{SURNAMES[n % 5 * 2 + 1]}{chr(0x7384 + n)}" for n in range(200)]
OFFLINE, MESSAGES, ONLINE = PHONES[:60], PHONES[60:120], PHONES[120:]


def needles() -> list[bytes]:
    """What must not be found: the numbers as they are typed and compared, without their ends, in halves that would
    give them away; names whole, in UTF-8 and as JSON may write them."""
    found = []
    for phone in PHONES:
        found += [phone.encode(), f"+86{phone}".encode(), phone[:7].encode() + b" ", phone[-8:].encode()]
    for name in NAMES:
        found += [name.encode(), name.encode("unicode_escape"), name.encode("gb18030")]
    return found


def told(data: bytes, searched: list[bytes]) -> list[bytes]:
    return [needle for needle in searched if needle in data]


def rows_of(place: Place) -> Iterator[tuple[str, bytes]]:
    """Every row of the till's three files, decrypted."""
    with place.folder() as folder:
        for name, file in (("till", folder.till), ("feed", folder.feed), ("draft", folder.draft)):
            with file.reading() as conn:
                tables = conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
                for table in tables:
                    for row in conn.execute(text(f'SELECT * FROM "{table}"')):
                        cells = (cell if isinstance(cell, bytes) else str(cell).encode() for cell in row)
                        yield f"{name}.{table}", b"\x00".join(cells)


class Wire:
    """Carries requests and keeps what an onlooker sees of them: address, headers and body."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.seen: list[bytes] = []

    def carry(self, request: Request) -> Answer:
        headers = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
        self.seen.append(f"{request.method} {request.url}\n{headers}\n".encode() + (request.body or b""))
        return self.chain.carry(request)


class Day(Place):
    """A computer whose requests are looked at."""

    def __init__(self, chain: Chain, data: Path, state: Path) -> None:
        super().__init__(chain, data, state)
        self.wire = Wire(chain)

    def carry(self, request: Request) -> Answer:
        return self.wire.carry(request)


def serve_customers(chain: Chain, day: Day) -> None:
    """Joins, look-ups and messages, online and offline, a refused number and one that is none."""
    till = day.open()
    for phone, name in zip(ONLINE, NAMES[120:], strict=True):
        joins(chain, phone, str(last(till, f"scan {BUN}", "join")["token"]), name=name, session=phone)
        play(till, "cancel")
    till.sync()
    till.client.is_on = True
    for phone in ONLINE[:25]:
        assert last(till, f"member {phone}")["ok"]
        play(till, f"scan {BUN}", "pay cash 10")
    play(till, "network off")
    for phone in OFFLINE:
        assert last(till, f"scan {BUN}", f"assist {phone} --marketing")["state"] == "joined"
        play(till, "pay cash 10")
    for phone in MESSAGES:
        assert last(till, f"scan {BUN}", f"text {phone} claim")["ok"]
        play(till, "pay cash 10", f"text {phone} receipt")
    for phone in (*OFFLINE[:4], "99999999999", ONLINE[0][-4:]):
        play(till, f"member {phone}", f"scan {BUN}", "pay cash 10")
    play(till, f"scan {BUN}", f"assist {OFFLINE[0]}", f"text {OFFLINE[0]} claim", "park")


def test_no_phone_and_no_name_is_left_anywhere(chain: Chain, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    data, state = chain.enrol(1)
    paper = tmp_path / "paper"
    (state / DEVICES_FILE).write_bytes(
        msgspec.json.encode({"receipt": {"driver": "virtual", "options": {"folder": str(paper)}}})
    )
    day = Day(chain, data, state)
    serve_customers(chain, day)
    searched = needles()
    wait_until(lambda: len(printed(paper)) > 100, 60)
    before = {place: told(row, searched) for place, row in rows_of(day)}
    day = after_power_cut(day)
    day.open()
    backup = day.back_up()
    play(day.open(), "network on")
    day.sync()
    follow(chain)
    day.sync()
    found = {place: hit for place, row in rows_of(day) if (hit := told(row, searched))}
    assert {place: hit for place, hit in before.items() if hit} == {}
    assert found == {}
    assert [told(seen, searched) for seen in day.wire.seen if told(seen, searched)] == []
    for record in caplog.records:
        assert told(f"{record.getMessage()} {record.__dict__}".encode(), searched) == [], record.name
    for folder in (data, state, day.data, day.state, paper, backup.parent):
        for file in (path for path in sorted(folder.rglob("*")) if path.is_file() and "hq" not in path.name):
            assert told(file.read_bytes(), searched) == [], file


def _if_there(source: str, target: str) -> None:
    """A paper that is printed while its file is copied is no file any more."""
    with contextlib.suppress(FileNotFoundError):
        shutil.copy2(source, target)


def after_power_cut(day: Day) -> Day:
    """The same computer after its power went: the files as they lie while the till runs, nothing closed in order."""
    data, state = day.chain.folder / "cut", day.chain.folder / "cut-state"
    shutil.copytree(day.data, data, copy_function=_if_there)
    shutil.copytree(day.state, state)
    day.shut()
    again = Day(day.chain, data, state)
    again.wire = day.wire
    return again


def test_the_search_finds_what_is_there(chain: Chain, till: Till) -> None:
    """A number that a careless entry would carry is found where it lies."""
    searched = needles()
    with till.folder.till.transaction() as conn:
        conn.execute(text("INSERT INTO vault VALUES ('e', :box)"), {"box": f'{{"phone":"{PHONES[3]}"}}'})
    place = Place(chain, till.folder.path, till.state_folder)
    assert [name for name, row in rows_of(place) if told(row, searched)] == ["till.vault"]
    assert told(NAMES[5].encode(), searched)

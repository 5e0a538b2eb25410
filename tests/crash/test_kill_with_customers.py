"""Killed in the middle of joins: every member whose join was answered reaches HQ once, and no number lies anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from posapp.hq.members.tables import person, person_key, sealed_box
from tests.crash.processes import Office, Seat, open_office, wait_until
from tests.shop import CASHIER

BUN = "6900000000011"
KILLS, EACH = 5, 8
PHONES = [f"15{4 + n % 3}{(n * 48_271 + 7) % 100_000_000:08d}" for n in range(KILLS * EACH)]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("hq")) as opened:
        yield opened


def every_byte(seat: Seat, folder: Path) -> Iterator[tuple[str, bytes]]:
    """The till's rows in plain, and every file that till and HQ have left behind as it lies there."""
    with seat.opened() as opened:
        for file in (opened.till, opened.feed, opened.draft):
            with file.reading() as conn:
                names = conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
                for name in names:
                    for row in conn.execute(text(f'SELECT * FROM "{name}"')):
                        cells = (cell if isinstance(cell, bytes) else str(cell).encode() for cell in row)
                        yield name, b"\x00".join(cells)
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes()


def test_kills_in_the_middle_of_joins_lose_nobody_and_leave_no_number(office: Office, tmp_path: Path) -> None:
    seat = office.enrol(1, tmp_path)
    player = seat.start()
    player.ask("sync")
    player.ask(f"sign-in {' '.join(CASHIER)}")
    player.ask("open-shift 100.00")
    answered: list[str] = []
    for kill in range(KILLS):
        player.ask("network off")
        lines = []
        for phone in PHONES[kill * EACH : (kill + 1) * EACH]:
            lines += [f"scan {BUN}", f"assist {phone}", "pay cash 10.00", f"text {phone} claim"]
        player.tell(*lines)
        heard = [player.hear() for _ in range(kill * 7 + 2)]
        heard += player.kill()
        answered += [held["member"]["ref"] for held in heard if held["verb"] == "assist" and held["ok"]]
        player = seat.start()
        player.ask(f"sign-in {' '.join(CASHIER)}")
        if player.ask("status")["ticket"]:
            player.answer("cancel")
    player.ask("network on")
    player.sync()
    assert seat.verify().journals == 1
    wait_until(office.settled)
    wait_until(lambda: all(not row.box for row in office.rows(sealed_box)))
    wait_until(lambda: {row.ref for row in office.rows(person)} >= set(answered))
    assert player.end() == 0
    assert len(answered) > KILLS
    there = [row.ref for row in office.rows(person)]
    assert len(there) == len(set(there))
    phones = [row.hash for row in office.rows(person_key) if row.kind == "phone"]
    assert len(phones) == len(set(phones)) == len(there)
    needles = [phone.encode() for phone in PHONES]
    for name, data in every_byte(seat, tmp_path):
        assert not [needle for needle in needles if needle in data], name
    for path in office.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [needle for needle in needles if needle in data], path.name

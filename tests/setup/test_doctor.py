"""The doctor finds what is broken, says so in both languages, and leaves a selling till alone."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from drivers.contracts import Reason
from drivers.printers.virtual import jam
from posapp import tables
from posapp.clock import DAY, HOUR, SimulatedClock
from posapp.devices import DEVICES_FILE
from posapp.setup import doctor
from posapp.setup.doctor import Finding, examine
from posapp.sync.client import Answer, Carrier
from posapp.till import Till
from posapp.wire import Request
from tests.shop import Chain, play

BUN = "6900000000011"


class Patient:
    """A selling till, and what the doctor says of it."""

    def __init__(self, chain: Chain, till: Till) -> None:
        self.chain, self.till = chain, till
        self.data, self.state = till.folder.path, chain.folder / "state1"
        self.carrier: Carrier = chain.carry
        self.ahead_ms = 0

    def findings(self) -> dict[str, Finding]:
        clock = SimulatedClock(self.chain.clock.now_ms() + self.ahead_ms)
        found = list(examine(self.data, self.state, clock, self.chain.chance, self.carrier))
        for one in found:
            for said in (one.title, one.found, *([one.todo] if one.todo[0] else [])):
                assert all(said), one
            if one.state != "ok":
                assert re.search("[\u4e00-\u9fff]", one.found[0]), one
                assert not re.search("[\u4e00-\u9fff]", one.found[1] + one.todo[1]), one
        return {one.name: one for one in found}

    def broken(self) -> set[str]:
        return {name for name, one in self.findings().items() if one.state == "broken"}

    def stop(self) -> None:
        self.chain.shut(self.till)

    def devices(self, **configured: object) -> None:
        (self.state / DEVICES_FILE).write_bytes(msgspec.json.encode(configured))


@pytest.fixture
def patient(chain: Chain, till: Till) -> Patient:
    play(till, f"scan {BUN}", "pay cash 10", "sync")
    return Patient(chain, till)


def test_a_sound_till_is_told_sound_while_it_sells(patient: Patient) -> None:
    found = patient.findings()
    assert {name for name, one in found.items() if one.state != "ok"} == {"devices"}
    assert set(found) == set("version fonts disk state devices keys files chain hq clock upload prices".split())
    play(patient.till, f"scan {BUN}", "pay cash 10")
    assert patient.findings()["upload"].state == "look"
    assert patient.broken() == set()


def test_a_changed_entry_is_named(patient: Patient) -> None:
    with patient.till.folder.till.transaction() as conn:
        conn.exec_driver_sql("DROP TRIGGER journal_keeps")
        last = patient.till.journal.head.seq
        place = tables.journal.c.place
        conn.execute(update(tables.journal).where(place == tables.EPOCH_PLACES + last - 1).values(body=b"{}"))
    found = patient.findings()
    assert patient.broken() == {"chain"}
    assert f"entry {last - 1}: the body was changed" in found["chain"].found[1]


def test_a_journal_that_was_cut_short_is_told(patient: Patient) -> None:
    with patient.till.folder.till.transaction() as conn:
        conn.exec_driver_sql("DROP TRIGGER journal_stays")
        conn.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        last = patient.till.journal.head.seq
        for table in (tables.sale, tables.journal):
            conn.execute(table.delete().where(table.c.place == tables.EPOCH_PLACES + last))
    assert patient.broken() == {"chain"}
    assert str(last) in patient.findings()["chain"].found[1]


@pytest.mark.parametrize("name", ["till.db", "feed.db", "draft.db"])
def test_a_damaged_file_is_named(patient: Patient, name: str) -> None:
    patient.stop()
    path = patient.data / name
    raw = bytearray(path.read_bytes())
    raw[-2000:-1000] = bytes(1000)
    path.write_bytes(raw)
    for beside in patient.data.glob(f"{name}-*"):
        beside.unlink()
    assert "files" in patient.broken()
    assert name in patient.findings()["files"].found[1]


def test_hq_that_cannot_be_reached_is_told(patient: Patient) -> None:
    def nowhere(request: Request) -> Answer:
        raise ConnectionError

    patient.carrier = nowhere
    assert patient.broken() == {"hq"}
    assert patient.findings()["clock"].state == "look"


@pytest.mark.parametrize("ahead_ms", [-3 * HOUR, -3 * DAY])
def test_a_clock_that_is_wrong_is_told(patient: Patient, ahead_ms: int) -> None:
    patient.ahead_ms = ahead_ms
    found = patient.findings()
    assert found["clock"].state == "look"
    assert found["clock"].found[1].startswith("3 ")


@pytest.mark.parametrize("reason", [Reason.NO_PAPER, Reason.OFFLINE])
def test_a_device_in_trouble_is_told_with_what_to_do(patient: Patient, tmp_path: Path, reason: Reason) -> None:
    paper = tmp_path / "paper"
    patient.devices(receipt={"driver": "virtual", "options": {"folder": str(paper)}})
    assert patient.findings()["device:receipt"].state == "ok"
    jam(paper, reason)
    assert patient.broken() == {"device:receipt"}
    assert patient.findings()["device:receipt"].todo[1]


def test_devices_that_cannot_be_read_or_have_no_driver_are_told(patient: Patient) -> None:
    patient.devices(receipt={"driver": "telepathy", "options": {}})
    assert patient.broken() == {"device:receipt"}
    (patient.state / DEVICES_FILE).write_text("{", "utf-8")
    assert patient.broken() == {"devices"}


def test_a_state_folder_open_to_others_is_told(patient: Patient) -> None:
    patient.state.chmod(0o755)
    found = patient.findings()["state"]
    assert (found.state, str(patient.state) in found.todo[1]) == ("look", True)


def test_a_till_that_lost_its_keys_or_never_ran_is_told(patient: Patient) -> None:
    patient.stop()
    aside = patient.data.with_name("aside")
    shutil.move(patient.data, aside)
    assert patient.findings()["files"].state == "look"
    assert not patient.data.exists()
    shutil.move(aside, patient.data)
    shutil.rmtree(patient.state)
    assert {"state", "keys"} <= patient.broken()


def test_letters_that_cannot_be_drawn_are_told(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_SAMPLE", "牛\U0003134a")
    assert patient.broken() == {"fonts"}
    assert "牛" not in patient.findings()["fonts"].found[1]


def test_old_prices_are_told(patient: Patient) -> None:
    for days, state in ((8, "look"), (31, "broken")):
        with patient.till.folder.feed.transaction() as conn:
            conn.execute(tables.stream.update().values(pulled=patient.chain.clock.now_ms() - days * DAY))
        assert patient.findings()["prices"].state == state

"""Backups, restores and copied folders: no number ever has two contents, and HQ counts every sale exactly once."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from posapp import backup, db, tables
from posapp.errors import PosError
from posapp.hq.enrol import add_till
from posapp.ids import seeded_chance, unb64u
from posapp.keys import TillKeys
from posapp.sync.enrol import enrol_till, open_keys
from posapp.verify import verify
from tests.crash.busy import Dice
from tests.crash.processes import command, open_office, wait_until
from tests.museum.make import BUN
from tests.shop import URL, Chain, last, play
from tests.till.place import Place, everything, hq_events


@pytest.fixture
def place(chain: Chain) -> Place:
    return Place(chain, *chain.enrol(1))


# --- taking one ---


def test_a_backup_taken_while_a_till_sells_is_whole(tmp_path: Path) -> None:
    """The till is a process that sells as fast as it can; copies are taken beside it, each of one moment."""
    with open_office(tmp_path / "hq") as office:
        seat = office.enrol(1, tmp_path)
        with seat.selling() as player:
            player.tell(*[line for n in range(120) for line in (f"scan {1 + n % 9}*{BUN}", "pay cash 1000.00")])
            heard: list[str] = []
            for number in range(3):
                while len(heard) < 20 * (number + 1):
                    heard += [answer["receipt"] for answer in [player.hear()] if answer["verb"] == "pay"]
                target = tmp_path / f"copy{number}"
                status, _, told = command("backup", target, *seat.folders)
                assert (status, told) == (0, "")
                held = receipts_in(target, seat.keys, tmp_path / f"look{number}")
                assert held[: len(heard)] == heard
                assert [int(receipt.split("-")[2]) for receipt in held] == list(range(1, len(held) + 1))
            while len(heard) < 120:
                heard += [answer["receipt"] for answer in [player.hear()] if answer["verb"] == "pay"]
            player.sync()
        status, said, _ = command("restore", tmp_path / "copy2", *seat.folders)
        assert (status, msgspec.json.decode(said)["journals"]) == (0, 1)
        with seat.selling() as player:
            player.ask(f"scan {BUN}")
            fresh: str = player.ask("pay cash 10.00")["receipt"]
            assert fresh.split("-")[1] != "A"
            player.sync()
        wait_until(office.settled)
        assert [receipt for receipt, _, _ in office.sales()] == sorted([*heard, fresh])


def receipts_in(file: Path, keys: TillKeys, folder: Path) -> list[str]:
    """The receipts in a backup, oldest first; the copy must verify."""
    folder.mkdir()
    with zipfile.ZipFile(file) as archive:
        archive.extract("till.db", folder)
    opened = db.Folder(folder, unb64u(keys.database), lock=False)
    try:
        verify(opened, keys.hq_key)
        with opened.till.reading() as conn:
            return list(conn.scalars(select(tables.sale.c.receipt).order_by(tables.sale.c.place)))
    finally:
        opened.close()


def test_a_backup_goes_onto_a_stick_that_knows_no_hard_links(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAT and exFAT refuse links; that is what most USB sticks come with."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    place.sell(1)
    monkeypatch.setattr(os, "link", refuse)
    assert place.restore(place.back_up()).sales == 1


# --- bringing one back ---


def test_a_restored_till_opens_a_new_journal_and_hq_gets_every_sale_once(chain: Chain, place: Place) -> None:
    before = place.sell(2)
    place.sync()
    before += place.sell(2)  # not sent yet
    file = place.back_up()
    assert place.restore(file).sales == 4
    after = place.sell(3)
    assert [number.split("-")[2] for number in after] == ["000001", "000002", "000003"]
    assert {number.split("-")[1] for number in after}.isdisjoint({number.split("-")[1] for number in before})
    assert [opened.reason for opened in place.opened()] == ["enrol", "restore"]
    place.sync()
    assert hq_events(chain) == sorted(place.events())
    assert len(place.events()) == 7
    with place.folder() as folder:
        assert verify(folder, open_keys(place.data, place.state).hq_key).sales == 7


def test_what_was_there_is_kept_beside_a_restore_and_open_tickets_go(place: Place) -> None:
    place.sell(1)
    file = place.back_up()
    place.sell(2)
    place.sync()
    play(place.open(), f"scan {BUN}")
    place.restore(file)
    kept = list(place.data.glob("before-restore-*"))
    assert [path.name for path in kept[0].iterdir() if path.suffix == ".db"] in (
        ["till.db", "draft.db"],
        ["draft.db", "till.db"],
    )
    assert last(place.open(), "status")["ticket"] == 0


def test_a_restore_that_would_lose_sales_is_refused_until_they_are_sent(chain: Chain, place: Place) -> None:
    place.sell(1)
    file = place.back_up()
    place.sell(2)
    events = place.events()
    with pytest.raises(PosError) as raised:
        place.restore(file)
    assert raised.value.code == "unsent_left"
    assert place.events() == events
    place.sync()
    place.restore(file)
    place.sync()
    assert hq_events(chain) == sorted(events)


def test_an_old_backup_after_newer_sales_were_sent_doubles_nothing(chain: Chain, place: Place) -> None:
    place.sell(2)
    file = place.back_up()
    place.sell(3)
    place.sync()
    sent = set(place.events())
    place.restore(file)
    place.sell(2)
    place.sync()
    place.sell(1)
    place.sync()
    assert hq_events(chain) == sorted(sent | place.events())
    assert len(sent | place.events()) == 8


def test_after_a_restore_syncing_settles_down(place: Place) -> None:
    """What HQ has beyond an old backup is found out once, not at every round for ever."""
    place.sell(2)
    file = place.back_up()
    place.sell(20)
    place.sync()
    place.restore(file)
    place.sync()
    place.requests.clear()
    place.sync()
    assert [url for url in place.requests if "/hashes/" in url] == []


def test_the_right_backup_after_the_wrong_one_still_hands_everything_in(chain: Chain, place: Place) -> None:
    place.sell(1)
    old = place.back_up("old")
    place.sell(2)
    place.sync()
    place.sell(2)  # only the newer backup has these two
    new = place.back_up("new")
    events = place.events()
    place.shut()
    (place.data / "till.db").unlink()  # the disk is gone, or nobody would want the older one
    place.restore(old)
    place.sync()
    place.restore(new)
    place.sync()
    assert hq_events(chain) == sorted(events)


def test_a_backup_moves_to_a_new_computer_that_hq_enrolled_for_the_same_till(chain: Chain, place: Place) -> None:
    place.sell(2)
    place.sync()
    place.sell(1)
    file = place.back_up()
    place.shut()
    _, code = add_till(chain.database, chain.keys, chain.clock, chain.chance, 1, 1)
    new = Place(chain, chain.folder / "new", chain.folder / "new-state")
    enrol_till(new.state, URL, code, chain.carry, chain.chance)
    assert new.restore(file).sales == 3
    assert "/v1/live/unseal" in new.requests
    numbers = new.sell(2)
    assert all(number.startswith("S001T01-B") for number in numbers)
    new.sync()
    assert hq_events(chain) == sorted(new.events())
    assert len(new.events()) == 5
    assert [opened.reason for opened in new.opened()] == ["enrol", "restore"]


def test_a_new_computer_without_a_backup_begins_its_own_journal(chain: Chain, place: Place) -> None:
    numbers = place.sell(2)
    place.sync()
    place.shut()
    _, code = add_till(chain.database, chain.keys, chain.clock, chain.chance, 1, 1)
    new = Place(chain, chain.folder / "new", chain.folder / "new-state")
    enrol_till(new.state, URL, code, chain.carry, chain.chance)
    fresh = new.sell(2)
    assert {number.split("-")[1] for number in fresh}.isdisjoint({number.split("-")[1] for number in numbers})
    new.sync()
    assert hq_events(chain) == sorted(place.events() | new.events())


def test_a_till_whose_data_is_gone_does_not_count_from_one_again_under_the_same_letter(place: Place) -> None:
    numbers = place.sell(2)
    place.shut()
    shutil.rmtree(place.data)
    fresh = place.sell(1)
    assert {number.split("-")[1] for number in fresh}.isdisjoint({number.split("-")[1] for number in numbers})


def test_one_sync_hands_everything_in_even_when_the_journals_have_parted(chain: Chain, place: Place) -> None:
    place.sell(1)
    copy = place.copy("copy")
    place.sell(2)
    place.sync()
    copy.sell(2)
    assert last(copy.open(), "sync")["unsent"] == 0
    assert hq_events(chain) == sorted(place.events() | copy.events())


# --- what is no backup of this till ---


@pytest.fixture
def ready(place: Place) -> tuple[Place, Path]:
    """A till with some sales, and a good backup of it."""
    place.sell(3)
    file = place.back_up()
    place.sell(1)
    place.shut()
    return place, file


def spoiled(file: Path, change: Callable[[dict[str, bytes]], None], compression: int = zipfile.ZIP_STORED) -> Path:
    """A backup packed again after something was done to its parts."""
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    target = file.with_name("spoiled")
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, raw in parts.items():
            archive.writestr(name, raw)
    return target


def refuses(place: Place, file: Path) -> str:
    """The code with which a restore is refused in one sentence; nothing may have changed."""
    before = {path: everything(path) for path in (place.data, place.state)}
    with pytest.raises(PosError) as raised:
        place.restore(file)
    assert "\n" not in raised.value.sentence()
    assert len(raised.value.sentence("en")) > 10
    for path, files in before.items():
        now = everything(path)
        assert {name for name in {*files, *now} if files.get(name) != now.get(name)} <= {"till.lock"}
    return raised.value.code


def test_a_backup_of_another_till_is_refused(chain: Chain, ready: tuple[Place, Path]) -> None:
    other = Place(chain, *chain.enrol(2))
    other.sell(1)
    assert refuses(ready[0], other.back_up("other")) == "bad_backup"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("a part missing", lambda parts: parts.pop("till.db")),
        ("no manifest", lambda parts: parts.pop("manifest.json")),
        ("a part too many", lambda parts: parts.update({"../../evil": b""})),
        ("an altered file", lambda parts: parts.update({"till.db": parts["till.db"][:-1] + b"x"})),
        ("a file cut short", lambda parts: parts.update({"till.db": parts["till.db"][:5000]})),
        ("an empty file", lambda parts: parts.update({"till.db": b""})),
        ("no JSON", lambda parts: parts.update({"manifest.json": b"{"})),
        ("other JSON", lambda parts: parts.update({"manifest.json": b"[]"})),
        ("a huge manifest", lambda parts: parts.update({"manifest.json": b" " * 20_000})),
        ("a newer one", lambda parts: parts.update(manifest(parts, version=2))),
        ("another store", lambda parts: parts.update(manifest(parts, store=2))),
        ("another sum", lambda parts: parts.update(manifest(parts, sha256="0" * 64))),
    ],
)
def test_an_altered_backup_is_refused(
    ready: tuple[Place, Path], name: str, change: Callable[[dict[str, bytes]], None]
) -> None:
    assert refuses(ready[0], spoiled(ready[1], change)) == "bad_backup", name


def manifest(parts: dict[str, bytes], **values: object) -> dict[str, bytes]:
    told = msgspec.json.decode(parts["manifest.json"], type=dict[str, object])
    return {"manifest.json": msgspec.json.encode(told | values)}


def test_a_backup_cut_short_anywhere_is_refused(ready: tuple[Place, Path]) -> None:
    place, file = ready
    raw = file.read_bytes()
    for size in (0, 1, 21, 22, 100, len(raw) // 2, len(raw) - 30, len(raw) - 1):
        file.write_bytes(raw[:size])
        assert refuses(place, file) == "bad_backup", size


def test_a_changed_byte_anywhere_in_a_backup_is_refused_or_harmless(ready: tuple[Place, Path]) -> None:
    """Every byte that is not the database's own: names, sizes, flags, methods, offsets of the ZIP, the manifest."""
    place, file = ready
    raw = file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        entry = archive.getinfo("till.db")
        start = entry.header_offset + 30 + len("till.db")
        frame = [*range(start), *range(start + entry.file_size, len(raw))]
    crashed = {}
    target = place.chain.folder / "trial.db"
    for at in frame:
        for bits in (0x01, 0x08, 0x80):
            changed = bytearray(raw)
            changed[at] ^= bits
            file.write_bytes(changed)
            try:
                backup._unpack(file, target)
            except Exception as error:  # noqa: BLE001  (that is what is looked for)
                if not isinstance(error, PosError) or error.code != "bad_backup":
                    crashed[at, bits] = repr(error)
    assert crashed == {}


def test_other_files_are_no_backups(ready: tuple[Place, Path], tmp_path: Path) -> None:
    place, file = ready
    text = tmp_path / "letter.txt"
    text.write_text("这不是备份\n" * 100, "utf-8")
    assert refuses(place, text) == "bad_backup"
    assert refuses(place, tmp_path) == "bad_backup"
    assert refuses(place, tmp_path / "nowhere") == "no_such_file"
    assert refuses(place, place.data / "till.db") == "bad_backup"
    with zipfile.ZipFile(file) as archive:
        manifest_only = tmp_path / "manifest.json"
        manifest_only.write_bytes(archive.read("manifest.json"))
    assert refuses(place, manifest_only) == "bad_backup"


def test_a_backup_that_unpacks_to_very_much_is_refused_before_it_fills_the_disk(
    ready: tuple[Place, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, file = ready
    bomb = file.with_name("bomb")
    size = 64 << 20
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", parts["manifest.json"])
        archive.writestr("till.db", bytes(size))
    assert bomb.stat().st_size < 100_000
    written = []
    honest = shutil.copyfileobj

    def counting(source: io.BufferedIOBase, target: io.BufferedWriter, length: int = 0) -> None:
        honest(source, target, length)
        written.append(target.tell())

    monkeypatch.setattr(shutil, "copyfileobj", counting)
    assert refuses(place, bomb) == "bad_backup"
    assert sum(written) < size // 2


def test_a_backup_is_not_restored_under_a_running_till(ready: tuple[Place, Path]) -> None:
    place, file = ready
    till = place.open()
    before = till.journal.head
    keys = open_keys(place.data, place.state)
    with pytest.raises(PosError) as raised:
        backup.restore(place.data, place.state, keys, file, place.chain.clock, place.chain.chance, str)
    assert raised.value.code == "in_use"
    assert "receipt" in last(till, f"scan {BUN}", "pay cash 10.00")
    assert till.journal.head.jid == before.jid


def test_a_backup_does_not_overwrite_anything(ready: tuple[Place, Path]) -> None:
    place, file = ready
    raw = file.read_bytes()
    with pytest.raises(PosError) as raised:
        place.back_up()
    assert raised.value.code == "file_exists"
    assert file.read_bytes() == raw
    beside = file.with_name("next.db")
    beside.write_bytes(b"somebody's own")
    place.back_up("next")
    assert beside.read_bytes() == b"somebody's own"


@pytest.mark.parametrize("name", ["till", "feed", "draft", "copy.zip"])
def test_a_backup_into_the_tills_own_folder_harms_nothing(ready: tuple[Place, Path], name: str) -> None:
    place, _ = ready
    events = place.events()
    keys = open_keys(place.data, place.state)
    with contextlib.suppress(PosError):  # it may refuse
        backup.back_up(place.data, keys, place.data / name, place.chain.clock)
    assert place.events() == events
    assert place.sell(1)[0].startswith("S001T01-A-")


def test_a_till_that_never_ran_has_nothing_to_back_up(place: Place) -> None:
    with pytest.raises(PosError):
        place.back_up()
    assert not place.data.exists() or everything(place.data) == {}


@pytest.mark.parametrize("where", ["no/such/folder/file", "backup/under-a-file"])
def test_a_backup_that_cannot_be_written_says_so(ready: tuple[Place, Path], where: str) -> None:
    with pytest.raises(PosError) as raised:
        ready[0].back_up(where)
    assert raised.value.code == "cannot_write"


# --- folders copied by hand ---


def test_an_older_folder_copied_back_is_told_by_the_mark(chain: Chain, place: Place) -> None:
    place.sell(2)
    place.shut()
    shutil.copytree(place.data, chain.folder / "kept")
    place.sell(3)
    place.sync()
    sent = place.events()
    place.shut()
    shutil.rmtree(place.data)
    shutil.copytree(chain.folder / "kept", place.data)
    numbers = place.sell(2)
    assert [opened.reason for opened in place.opened()] == ["enrol", "copied"]
    assert not any("-A-" in number for number in numbers)
    place.sync()
    assert hq_events(chain) == sorted(sent | place.events())


def test_a_copied_folder_cannot_be_opened_without_its_keys(chain: Chain, place: Place) -> None:
    place.sell(1)
    place.shut()
    shutil.copytree(place.data, chain.folder / "copy")
    with pytest.raises(PosError) as raised:
        chain.open(chain.folder / "copy", chain.folder / "no-state")
    assert raised.value.code == "keys_missing"
    assert b"sale.completed" not in (chain.folder / "copy" / "till.db").read_bytes()


@pytest.mark.parametrize("first", ["original", "copy"])
def test_two_copies_that_both_sell_both_reach_hq_once(chain: Chain, place: Place, first: str) -> None:
    place.sell(3)
    place.sync()
    place.sell(1)
    copy = place.copy("copy")
    computers = [place, copy] if first == "original" else [copy, place]
    for round_number in range(3):
        for computer in computers:
            computer.sell(1 + round_number)
        for computer in computers:
            computer.sync()
    assert hq_events(chain) == sorted(place.events() | copy.events())
    assert len(place.events() | copy.events()) == 4 + 2 * (1 + 2 + 3)
    assert [opened.reason for opened in computers[1].opened()] == ["enrol", "fork"]
    assert place.till
    assert copy.till
    assert place.till.journal.head.jid != copy.till.journal.head.jid


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.proof) for seed in range(3, 60))])
def test_whatever_is_copied_and_restored_hq_counts_every_sale_once(chain: Chain, place: Place, seed: int) -> None:
    """Random histories of up to three copies that sell, sync, restart, back up and restore."""
    dice = Dice(seeded_chance(4000 + seed))
    place.sell(1)
    computers, files = [place], []
    sold = place.events()
    for step in range(25):
        computer = dice.one_of(computers)
        choice = dice.below(20)
        if choice < 9:
            computer.sell(1 + dice.below(3))
            sold |= computer.events()
        elif choice < 13:
            computer.sync()
        elif choice < 15:
            computer.shut()
        elif choice < 17:
            files.append((computer, computer.back_up(f"file{step}")))
        elif choice < 19 and files:
            owner, file = dice.one_of(files)
            owner.shut()
            with suppress(PosError):  # what neither the backup nor HQ has is not given up
                owner.restore(file)
        elif len(computers) < 3:
            computer.open()
            computers.append(computer.copy(f"copy{step}"))
    for computer in computers * 2:
        computer.sync()
    lost_with_a_restore = sold - set().union(*(computer.events() for computer in computers))
    found = hq_events(chain)
    assert len(found) == len(set(found))
    assert set(found) >= sold - lost_with_a_restore
    assert set(found) <= sold
    for computer in computers:
        with computer.folder() as folder:
            verify(folder, open_keys(computer.data, computer.state).hq_key)
        assert len({opened.label for opened in computer.opened()}) == len(computer.opened())

"""The till's devices: the spool loses and doubles nothing, whatever is set up or tried meanwhile; nobody waits."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from drivers import catalogue
from drivers.contracts import Cut, Document, Pair, Reason, Shown, Text, Weight
from drivers.displays.virtual import seen
from drivers.printers.virtual import JAMS, jam, kicks, printed
from drivers.scales.virtual import put_on
from drivers.scanners.virtual import scan
from drivers.trial import TEST_PAGE, Tried
from posapp.devices import KEPT, REASONS, Configured, Devices, SpooledPrinter, read, save
from posapp.errors import PosError
from tests.drivers.serial_cable import Cable
from tests.drivers.tcp_printer import Mishap, TcpPrinter, wait


def slip(text: str) -> Document:
    return (Text(text), Pair("合计", "12.50", size=2), Cut())


def texts(paper: Path) -> list[str]:
    return [png.with_suffix(".txt").read_text("utf-8").splitlines()[0] for png in printed(paper)]


class Shop:
    def __init__(self, folder: Path) -> None:
        self.paper, self.spool = folder / "paper", folder / "spool" / "receipt"

    def open(self) -> SpooledPrinter:
        return SpooledPrinter(self.spool, Configured("virtual", {"folder": str(self.paper)}), pauses_s=(0.01,))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.mark.parametrize("reason", JAMS)
def test_a_job_waits_out_a_jam_and_a_restart(shop: Shop, reason: Reason) -> None:
    jam(shop.paper, reason)
    first = shop.open()
    first.print(slip("一"), "1")
    first.print(slip("二"), "2")
    wait(lambda: first.view().status.trouble is reason)
    first.close()
    second = shop.open()
    second.print(slip("三"), "3")
    assert second.view().waiting == 3
    jam(shop.paper, None)
    second.wake()
    wait(lambda: second.view().waiting == 0)
    assert texts(shop.paper) == ["一", "二", "三"]
    second.close()


def test_a_key_is_printed_once_and_again_when_asked(shop: Shop) -> None:
    spooled = shop.open()
    for _ in range(3):
        spooled.print(slip("一"), "1")
    wait(lambda: texts(shop.paper) == ["一"])
    wait(lambda: spooled.view().waiting == 0)
    spooled.close()
    spooled = shop.open()
    spooled.print(slip("一"), "1")
    assert spooled.view().waiting == 0
    assert spooled.again("1")
    assert not spooled.again("2")
    wait(lambda: texts(shop.paper) == ["一", "一"])
    spooled.close()


def test_a_program_killed_while_it_printed_leaves_the_job_to_a_person(shop: Shop) -> None:
    jam(shop.paper, Reason.OFFLINE)
    killed = shop.open()
    killed.print(slip("一"), "1")
    wait(lambda: killed.view().status.trouble is Reason.OFFLINE)
    killed.close()
    (job,) = shop.spool.glob("*.waiting")
    job.rename(job.with_suffix(".printing"))
    (shop.spool / "00000009.new").write_bytes(b"half a j")
    jam(shop.paper, None)
    spooled = shop.open()
    spooled.print(slip("二"), "2")
    wait(lambda: texts(shop.paper) == ["二"])
    assert spooled.view().doubtful == ["1"]
    assert spooled.again("1")
    wait(lambda: texts(shop.paper) == ["二", "一"])
    spooled.close()


def test_a_damaged_job_stops_no_other(shop: Shop) -> None:
    shop.spool.mkdir(parents=True)
    (shop.spool / "00000001.waiting").write_bytes(b"\x00\xff")
    spooled = shop.open()
    spooled.print(slip("二"), "2")
    wait(lambda: texts(shop.paper) == ["二"])
    spooled.close()


def test_a_drawer_that_did_not_open_does_not_open_later(shop: Shop) -> None:
    jam(shop.paper, Reason.OFFLINE)
    spooled = shop.open()
    wait(lambda: spooled.view().status.trouble is Reason.OFFLINE)
    spooled.kick_drawer()
    jam(shop.paper, Reason.NO_PAPER)
    wait(lambda: spooled.view().status.trouble is Reason.NO_PAPER)
    jam(shop.paper, None)
    spooled.wake()
    wait(lambda: spooled.view().status.trouble is None)
    assert kicks(shop.paper) == 0
    spooled.kick_drawer()
    wait(lambda: kicks(shop.paper) == 1)
    spooled.close()


def test_a_missing_driver_is_told_and_loses_nothing(shop: Shop) -> None:
    spooled = SpooledPrinter(shop.spool, Configured("telepathy", {}), pauses_s=(0.01,))
    spooled.print(slip("一"), "1")
    wait(lambda: spooled.view().status.trouble is Reason.NOT_INSTALLED)
    spooled.close()
    shop.open()
    wait(lambda: texts(shop.paper) == ["一"])


def test_old_jobs_are_forgotten(shop: Shop) -> None:
    spooled = shop.open()
    for number in range(KEPT + 5):
        spooled.print(slip(str(number)), str(number))
    wait(lambda: spooled.view().waiting == 0)
    wait(lambda: len(list(shop.spool.iterdir())) == KEPT)
    assert not spooled.again("0")
    spooled.close()


def test_a_receipt_that_came_out_after_all_is_settled(shop: Shop) -> None:
    shop.spool.mkdir(parents=True)
    jam(shop.paper, Reason.OFFLINE)
    first = shop.open()
    for key in "12":
        first.print(slip(key), key)
    wait(lambda: first.view().status.trouble is Reason.OFFLINE)
    first.close()
    for job in shop.spool.glob("*.waiting"):
        job.rename(job.with_suffix(".printing"))
    jam(shop.paper, None)
    spooled = shop.open()
    assert spooled.view().doubtful == ["1", "2"]
    assert spooled.settle("1")
    assert spooled.view().doubtful == ["2"]
    assert not spooled.settle("1")
    assert not spooled.settle("3")
    spooled.close()
    spooled = shop.open()
    assert spooled.view().doubtful == ["2"]
    assert spooled.again("2")
    wait(lambda: texts(shop.paper) == ["2"])
    assert spooled.again("1"), "a settled one can still be printed again"
    wait(lambda: texts(shop.paper) == ["2", "1"])
    spooled.close()


# --- all devices of a till ---


class Counter:
    """A counter with a virtual device of every kind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.codes: list[str] = []
        self.devices = Devices(folder / "devices", self.configured(), pauses_s=(0.01,))
        self.devices.on_scan = self.codes.append
        wait(lambda: all(view.status.trouble is None for view in self.devices.views()))

    def configured(self) -> dict[str, Configured]:
        kinds = {"receipt": "printer", "display": "display", "scale": "scale", "hand": "scanner"}
        return {
            name: Configured("virtual", {"folder": str(self.folder / name)}, kind)  # type: ignore[arg-type]
            for name, kind in kinds.items()
        }


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    made = Counter(tmp_path)
    yield made
    made.devices.close()


def test_every_kind_of_device_does_its_work(counter: Counter) -> None:
    devices = counter.devices
    assert [(view.name, view.kind) for view in devices.views()] == [
        ("receipt", "printer"),
        ("display", "display"),
        ("scale", "scale"),
        ("hand", "scanner"),
    ]
    assert devices.receipt
    assert devices.display
    devices.receipt.print(slip("一"), "1")
    devices.display.show(Shown("total", 650))
    put_on(counter.folder / "scale", Weight(536, is_stable=True))
    scan(counter.folder / "hand", "6900000000011")
    wait(lambda: texts(counter.folder / "receipt") == ["一"])
    wait(lambda: seen(counter.folder / "display").shown == Shown("total", 650))
    wait(lambda: counter.codes == ["6900000000011"])
    assert devices.scale
    wait(lambda: devices.scale is not None and devices.scale.reading() == Weight(536, is_stable=True))
    assert devices.weight().grams == 536


def test_the_set_up_is_kept_whole_and_the_old_one_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "state" / "devices.json"
    assert read(path) == {}
    configured = {"receipt": Configured("network", {"host": "a"}), "秤-1": Configured("polled", {"port": "b"}, "scale")}
    save(path, configured)
    assert read(path) == configured
    assert [entry.name for entry in path.parent.iterdir()] == ["devices.json"]
    path.write_text('{"receipt": {"driver": "network", "options": {"host": "a"}}}', "utf-8")
    assert read(path) == {"receipt": Configured("network", {"host": "a"}, "printer")}


@pytest.mark.parametrize("name", ["", "../up", "a/b", "a b", "x" * 41])
def test_a_device_that_cannot_name_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "devices.json"
    save(path, {"receipt": Configured("virtual", {})})
    before = path.read_bytes()
    with pytest.raises(PosError) as told:
        save(path, {name: Configured("virtual", {})})
    assert told.value.code == "bad_device_name"
    assert path.read_bytes() == before
    path.write_bytes(msgspec.json.encode({name: Configured("virtual", {})}))
    with pytest.raises(PosError) as told:
        read(path)
    assert told.value.code == "bad_devices"


@pytest.mark.parametrize("text", ["", "[]", '{"a": {"driver": "x", "options": {}, "kind": "teapot"}}'])
def test_a_set_up_that_cannot_be_read_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "devices.json").write_text(text, "utf-8")
    with pytest.raises(PosError) as told:
        read(tmp_path / "devices.json")
    assert told.value.code == "bad_devices"


def test_a_changed_set_up_is_taken_while_the_till_runs(counter: Counter) -> None:
    devices, folder = counter.devices, counter.folder
    wanted = counter.configured()
    del wanted["hand"]
    wanted["receipt"] = Configured("virtual", {"folder": str(folder / "other")})
    wanted["kitchen"] = Configured("virtual", {"folder": str(folder / "kitchen")})
    jam(folder / "receipt", Reason.NO_PAPER)
    devices.printers["receipt"].print(slip("一"), "1")
    display = devices.display
    devices.reconfigure(wanted)
    assert devices.configured() == wanted
    assert devices.display is display
    assert devices.scanners == []
    wait(lambda: texts(folder / "other") == ["一"])
    devices.printers["kitchen"].print(slip("二"), "2")
    wait(lambda: texts(folder / "kitchen") == ["二"])
    devices.reconfigure({})
    assert devices.views() == []
    with pytest.raises(PosError) as told:
        devices.weight()
    assert told.value.code == "scale_missing"
    devices.reconfigure(counter.configured())
    wait(lambda: devices.printers["receipt"].view().status.trouble is Reason.NO_PAPER)
    jam(folder / "receipt", None)
    devices.printers["receipt"].wake()
    devices.printers["receipt"].print(slip("一"), "1")  # printed long ago, on the other paper
    devices.printers["receipt"].print(slip("三"), "3")
    wait(lambda: texts(folder / "receipt") == ["三"])


def test_a_printer_taken_away_in_the_middle_of_a_job_and_given_back_prints_it_once(tmp_path: Path) -> None:
    printer = TcpPrinter()
    options = {"host": "127.0.0.1", "port": printer.port, "answer_s": 30.0, "mode": "text"}
    wanted = {"receipt": Configured("network", options)}
    devices = Devices(tmp_path, wanted, pauses_s=(0.01,))
    wait(lambda: devices.views()[0].status.trouble is None)
    printer.mishaps.append(Mishap(is_stalled=True))
    devices.printers["receipt"].print(slip("一"), "1")
    wait(lambda: list((tmp_path / "receipt").glob("*.printing")) != [])
    devices.reconfigure({})
    assert devices.views() == []
    devices.reconfigure(wanted)
    assert (devices.printers["receipt"].view().waiting, devices.printers["receipt"].view().doubtful) == (1, [])
    printer.release.set()
    wait(lambda: devices.printers["receipt"].view().waiting == 0)
    assert devices.printers["receipt"].view().doubtful == []
    assert sum(job.count(b"\x1dVB\x00") for job in printer.jobs) == 1
    devices.close()
    printer.unplug()


class Waiting:
    """Takes the result of a test."""

    def __init__(self) -> None:
        self.tried: list[Tried] = []

    def result(self) -> Tried:
        wait(lambda: self.tried != [])
        return self.tried[0]


def test_every_device_can_be_tested_while_it_is_in_use(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    listens = threading.Event()
    open_device = catalogue.open_device

    def opened(kind: str, name: str, options: Mapping[str, Any]) -> catalogue.Device:
        device = open_device(kind, name, options)
        if (kind, threading.current_thread().name) == ("scanner", "device test"):
            listens.set()
        return device

    monkeypatch.setattr(catalogue, "open_device", opened)
    results = {name: Waiting() for name in counter.configured()}
    put_on(counter.folder / "scale", Weight(1240, is_stable=True))
    for name, result in results.items():
        counter.devices.test(name, result.tried.append)
    assert listens.wait(30)
    scan(counter.folder / "hand", "6900000000011")
    wait(lambda: seen(counter.folder / "display").shown == Shown("total", 8888, "测试 TEST"))
    assert results["receipt"].result() == Tried(None)
    assert texts(counter.folder / "receipt")[0].strip() == "打印测试"
    assert results["display"].result() == Tried(None)
    assert results["scale"].result() == Tried(None, said="1.240 kg")
    assert results["hand"].result() == Tried(None, said="6900000000011")
    assert counter.codes == [], "what is scanned for a test goes on no ticket"
    scan(counter.folder / "hand", "6900000000028")
    wait(lambda: counter.codes == ["6900000000028"])


def test_a_test_tells_what_is_wrong(counter: Counter) -> None:
    for configured, reason in (
        (Configured("virtual", {}, "scale"), Reason.UNKNOWN),
        (Configured("telepathy", {}, "scanner"), Reason.NOT_INSTALLED),
        (Configured("serial", {"port": str(counter.folder / "none")}, "printer"), Reason.NOT_FOUND),
        (Configured("vfd", {"port": str(counter.folder / "none")}, "display"), Reason.NOT_FOUND),
    ):
        result = Waiting()
        counter.devices.try_out(configured, result.tried.append)
        assert result.result().trouble is reason
        assert result.result().detail
    assert all(view.status.trouble is None for view in counter.devices.views())


def test_a_test_has_the_port_for_itself_and_the_device_has_it_back_afterwards(tmp_path: Path) -> None:
    cable = Cable(tmp_path)
    configured = {"display": Configured("vfd", {"port": str(cable.port)}, "display")}
    devices = Devices(tmp_path / "devices", configured, pauses_s=(0.01,))
    assert devices.display
    devices.display.show(Shown("total", 650))
    wait(lambda: b"6.50" in cable.heard)
    busy = Waiting()
    devices.try_out(configured["display"], busy.tried.append)
    assert busy.result().trouble is Reason.BUSY
    result = Waiting()
    devices.try_out(configured["display"], result.tried.append, "display")
    assert result.result() == Tried(None)
    wait(lambda: cable.heard.rfind(b"6.50") > cable.heard.find(b"88.88") > 0)
    devices.close()
    cable.unplug()


def test_the_test_page_has_everything_a_receipt_has() -> None:
    assert {type(block).__name__ for block in TEST_PAGE} == {"Text", "Pair", "Rule", "Qr", "Barcode", "Cut"}


def test_every_reason_has_its_words() -> None:
    assert set(REASONS) == set(Reason)
    assert all(chinese and english.isascii() for chinese, english in REASONS.values())

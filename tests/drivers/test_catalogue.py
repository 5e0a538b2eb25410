"""What a set-up screen is drawn from: every driver described in full, a wrong choice told before anything is opened."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import msgspec
import pytest
from serial.tools import list_ports, list_ports_common

from drivers.catalogue import DRIVERS, KINDS, Described, available, describe, open_device, ports
from drivers.contracts import DeviceError, Reason

EVERY = [(kind, name) for kind in KINDS for name in DRIVERS[kind]]
REQUIRED = {"host": "127.0.0.1", "port": "/dev/no-such-port", "folder": "/no/such/folder", "file": "/dev/no-such"}


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_a_driver_is_described_in_full_in_both_languages(kind: str, name: str) -> None:
    described = describe(kind, name)
    assert all(len(text) > 1 for text in described.title)
    assert described.options
    for option in described.options:
        chinese, english = option.help
        assert len(chinese) > 1
        assert len(english) > 3
        assert english.isascii() or "顶尖" in english
        if option.type == "choice":
            assert option.default in option.choices
        assert option.is_required == (option.default is None)
    needs = [option.is_required for option in described.options]
    assert needs == sorted(needs, reverse=True), "what must be filled in comes first"
    assert msgspec.json.decode(msgspec.json.encode(described), type=Described) == described


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_what_is_described_can_be_opened_with_its_defaults(kind: str, name: str) -> None:
    """Opened or refused for a reason of the device's, never for an option."""
    given: dict[str, Any] = {}
    for option in describe(kind, name).options:
        given[option.name] = REQUIRED[option.name] if option.is_required else option.default
    refused: DeviceError | None = None
    try:
        open_device(kind, name, given).close()
    except DeviceError as error:
        refused = error
    assert refused is None or refused.reason is not Reason.UNKNOWN


@pytest.mark.parametrize(
    ("kind", "name", "options"),
    [
        ("printer", "network", {}),
        ("printer", "network", {"host": "a", "port": 0}),
        ("printer", "serial", {"port": "a", "answer_s": 0}),
        ("printer", "serial", {"port": "a", "baud": 1}),
        ("display", "vfd", {"port": "a", "columns": 3}),
        ("scale", "polled", {"port": 7}),
        ("scanner", "serial", {"port": "a", "colour": "red"}),
    ],
)
def test_a_wrong_option_is_told(kind: str, name: str, options: dict[str, Any]) -> None:
    with pytest.raises(DeviceError) as told:
        open_device(kind, name, options)
    assert told.value.reason is Reason.UNKNOWN


@pytest.mark.parametrize(("kind", "name"), [("scale", "telepathy"), ("teapot", "virtual")])
def test_there_is_no_such_driver(kind: str, name: str) -> None:
    with pytest.raises(DeviceError) as told:
        describe(kind, name)
    assert told.value.reason is Reason.NOT_INSTALLED


def test_a_driver_whose_library_is_missing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert available("printer", "network")
    assert available("printer", "serial")
    monkeypatch.setattr("usb.backend.libusb1.get_backend", lambda: None)
    monkeypatch.setattr("usb.backend.libusb0.get_backend", lambda: None)
    assert not available("printer", "usb")
    monkeypatch.setattr("usb.backend.libusb1.get_backend", lambda: object())
    assert available("printer", "usb")


def test_the_serial_ports_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    one = list_ports_common.ListPortInfo("/dev/ttyUSB0")
    one.description = "USB Serial"
    monkeypatch.setattr(list_ports, "comports", lambda: [one])
    assert [(port.name, port.title) for port in ports()] == [("/dev/ttyUSB0", "USB Serial")]


def test_only_what_is_chosen_is_imported() -> None:
    """python-escpos costs a quarter of a second to import: only a USB or Windows printer pays it."""
    command = "import sys, drivers.catalogue as c; c.describe('printer', 'network'); print('escpos' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", command], capture_output=True, check=True).stdout
    assert said.strip() == b"False"

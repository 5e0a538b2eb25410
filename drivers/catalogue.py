"""Every driver by kind and name. A driver's module is imported when it is chosen; it has NAME, Options and
connect(options), and available() where it leans on something that may be missing."""

from __future__ import annotations

import dataclasses
import importlib.util
import typing
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, Literal, cast

import msgspec

from drivers.contracts import DeviceError, Display, Printer, Reason, Scale, Scanner

Kind = Literal["printer", "display", "scanner", "scale"]
Device = Printer | Display | Scanner | Scale

DRIVERS: dict[str, dict[str, str]] = {
    "printer": {
        name: f"drivers.printers.{name}" for name in ("network", "usb", "serial", "windows", "device_file", "virtual")
    },
    "display": {name: f"drivers.displays.{name}" for name in ("vfd", "led", "virtual")},
    "scanner": {name: f"drivers.scanners.{name}" for name in ("serial", "virtual")},
    "scale": {name: f"drivers.scales.{name}" for name in ("continuous", "polled", "virtual")},
}
KINDS = tuple(DRIVERS)


class Option(msgspec.Struct, frozen=True):
    """An option of a driver as a set-up screen draws it. help: Chinese and English. A required one has no default."""

    name: str
    type: Literal["text", "port", "whole", "decimal", "yes_no", "choice"]
    help: tuple[str, str]
    is_required: bool
    default: str | int | float | bool | None
    choices: tuple[str | int, ...]


class Described(msgspec.Struct, frozen=True):
    """A driver for a set-up screen. title: Chinese and English; is_available: nothing it needs is missing here."""

    kind: str
    name: str
    title: tuple[str, str]
    is_available: bool
    options: tuple[Option, ...]


class Port(msgspec.Struct, frozen=True):
    """A serial port of this computer and what the system says of it."""

    name: str
    title: str


def module_of(kind: str, name: str) -> ModuleType:
    """A driver's module. Raises DeviceError not_installed."""
    try:
        return import_module(DRIVERS[kind][name])
    except (KeyError, ImportError) as error:
        raise DeviceError(Reason.NOT_INSTALLED, f"{kind} {name}: {error}") from error


def available(kind: str, name: str) -> bool:
    """Whether what a driver leans on is there. Raises DeviceError not_installed where there is no such driver."""
    is_there = getattr(module_of(kind, name), "available", None)
    return is_there is None or bool(is_there())


def describe(kind: str, name: str) -> Described:
    """What a driver is and can be told, its own options before those it shares. Raises DeviceError not_installed."""
    module = module_of(kind, name)
    fields = dataclasses.fields(module.Options)
    hints = typing.get_type_hints(module.Options)
    own = module.Options.__annotations__
    ordered = sorted(fields, key=lambda field: (field.default is not dataclasses.MISSING, field.name not in own))
    options = tuple(_option(field, hints[field.name]) for field in ordered)
    return Described(kind, name, module.NAME, available(kind, name), options)


def _option(field: dataclasses.Field[Any], hint: Any) -> Option:
    is_required = field.default is dataclasses.MISSING
    choices = typing.get_args(hint) if typing.get_origin(hint) is Literal else ()
    plain: dict[Any, Literal["text", "whole", "decimal", "yes_no"]]
    plain = {bool: "yes_no", int: "whole", float: "decimal", str: "text"}
    return Option(
        field.name,
        "choice" if choices else "port" if field.name == "port" and hint is str else plain[hint],
        field.metadata["help"],
        is_required,
        cast(str | int | float | bool | None, None if is_required else field.default),
        choices,
    )


def open_device(kind: str, name: str, options: Mapping[str, Any]) -> Device:
    """A device by its driver's name and options as JSON has them.

    Raises DeviceError: not_installed, unknown for a wrong option, and what opening it met.
    """
    module = module_of(kind, name)
    strange = options.keys() - {field.name for field in dataclasses.fields(module.Options)}
    try:
        if strange:
            raise msgspec.ValidationError(f"no such option: {', '.join(sorted(strange))}")
        chosen = msgspec.convert(options, module.Options)
    except msgspec.ValidationError as error:
        raise DeviceError(Reason.UNKNOWN, f"{name}: {error}") from error
    return cast(Device, module.connect(chosen))


def open_printer(name: str, options: Mapping[str, Any]) -> Printer:
    """As open_device."""
    return cast(Printer, open_device("printer", name, options))


def ports() -> list[Port]:
    """The serial ports of this computer; none where the library is missing."""
    if importlib.util.find_spec("serial") is None:
        return []
    from serial.tools import list_ports

    return [Port(port.device, port.description or "") for port in sorted(list_ports.comports())]

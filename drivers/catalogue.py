"""Every driver by name. A driver's module is imported when it is chosen; it has NAME, Options and connect(options)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, cast

import msgspec

from drivers.contracts import DeviceError, Printer, Reason

PRINTERS = {"network": "drivers.printers.network", "virtual": "drivers.printers.virtual"}


def module_of(name: str) -> ModuleType:
    """A printer driver's module. Raises DeviceError not_installed."""
    try:
        return import_module(PRINTERS[name])
    except (KeyError, ImportError) as error:
        raise DeviceError(Reason.NOT_INSTALLED, f"{name}: {error}") from error


def helps(name: str) -> dict[str, tuple[str, str]]:
    """The options of a printer driver with a line of help each, in Chinese and English. Raises DeviceError."""
    return {option.name: option.metadata["help"] for option in dataclasses.fields(module_of(name).Options)}


def open_printer(name: str, options: Mapping[str, Any]) -> Printer:
    """A printer by its driver's name and options as JSON has them. Raises DeviceError not_installed, unknown."""
    module = module_of(name)
    strange = options.keys() - helps(name).keys()
    try:
        if strange:
            raise msgspec.ValidationError(f"no such option: {', '.join(sorted(strange))}")
        return cast(Printer, module.connect(msgspec.convert(options, module.Options)))
    except msgspec.ValidationError as error:
        raise DeviceError(Reason.UNKNOWN, f"{name}: {error}") from error

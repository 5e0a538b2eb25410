"""The bench where a till's devices are set up: what there is to choose from, what is set up, and changes to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.contracts import DeviceError
from posapp import devices
from posapp.errors import PosError
from posapp.setup.words import Pair, trouble_words

KINDS: dict[str, tuple[str, Pair]] = {
    "printer": (devices.RECEIPT, ("打印机", "Printer")),
    "display": ("display", ("顾客显示屏", "Customer display")),
    "scale": ("scale", ("电子秤", "Scale")),
    "scanner": ("scanner", ("串口扫码枪", "Serial scanner")),
}
"""Each kind with the name that its first device gets, and its title."""

_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "port": (str,),
    "whole": (int,),
    "decimal": (int, float),
    "yes_no": (bool,),
}


@dataclass(frozen=True, slots=True)
class Held:
    """A device that is set up. trouble: what ails it and what to do, None where it works."""

    name: str
    kind: str
    title: Pair
    trouble: tuple[Pair, Pair] | None
    is_unsure: bool
    options: dict[str, Any]


class Bench:
    """Changes are written to the till's devices file first and in use at once after that."""

    def __init__(self, used: devices.Devices, path: Path) -> None:
        self._used = used
        self._path = path

    def held(self) -> list[Held]:
        """What is set up, in the order of the file."""
        configured = self._used.configured()
        found = []
        for view in self._used.views():
            reason = view.status.trouble
            trouble = trouble_words(reason) if reason else None
            one = configured[view.name]
            title = self._title(view.kind, view.driver)
            found.append(Held(view.name, view.kind, title, trouble, str(reason) == "unknown", one.options))
        return found

    def driver_of(self, name: str) -> str:
        return self._used.configured()[name].driver

    @staticmethod
    def _title(kind: str, driver: str) -> Pair:
        try:
            return devices.describe(kind, driver).title
        except DeviceError:
            return (driver, driver)

    @staticmethod
    def offers(kind: str) -> list[tuple[str, Pair, bool]]:
        """The drivers of a kind: name, title, and whether what it needs is on this computer."""
        described = [devices.describe(kind, name) for name in devices.DRIVERS[kind]]
        return [(one.name, one.title, one.is_available) for one in described]

    def free_name(self, kind: str) -> str:
        """A name for one more device of a kind: receipt, then printer2, printer3."""
        first = KINDS[kind][0]
        taken = self._used.configured()
        numbered = (f"{kind}{n}" for n in range(2, len(taken) + 3))
        return first if first not in taken else next(name for name in numbered if name not in taken)

    def put(self, name: str, kind: str, driver: str, options: dict[str, Any], before: str = "") -> str:
        """Set a device up, in the place of the one called `before` if there is one; its name.

        Raises PosError bad_device_name, device_name_taken, bad_option, cannot_write; nothing has changed then.
        """
        held = self._used.configured()
        if name != before and name in held:
            raise PosError("device_name_taken", name=name[:40])
        _check(kind, driver, options)
        one = devices.Configured(driver, options, kind)  # type: ignore[arg-type]
        if before in held:
            changed = {name if key == before else key: one if key == before else other for key, other in held.items()}
        else:
            changed = {**held, name: one}
        self._apply(changed)
        return name

    def remove(self, name: str) -> str:
        """Take a device away; its name. Raises PosError cannot_write."""
        self._apply({key: one for key, one in self._used.configured().items() if key != name})
        return name

    def test(self, name: str, done: Callable[[devices.Tried], None]) -> None:
        """Try a device that is set up; done is called on another thread."""
        self._used.test(name, done)

    def try_out(
        self, kind: str, driver: str, options: dict[str, Any], done: Callable[[devices.Tried], None], before: str
    ) -> None:
        """Try a device that is not saved yet; done is called on another thread. Raises PosError bad_option."""
        _check(kind, driver, options)
        self._used.try_out(devices.Configured(driver, options, kind), done, before)  # type: ignore[arg-type]

    def _apply(self, changed: dict[str, devices.Configured]) -> None:
        try:
            devices.save(self._path, changed)
        except OSError:
            raise PosError("cannot_write", file=str(self._path)) from None
        self._used.reconfigure(changed)


def _check(kind: str, driver: str, options: dict[str, Any]) -> None:
    """Raises PosError bad_option where a driver would not take its options."""
    described = {option.name: option for option in devices.describe(kind, driver).options}
    for name in [*options, *(name for name, option in described.items() if option.is_required)]:
        value, option = options.get(name), described.get(name)
        if option is None:
            raise PosError("bad_option", option=name)
        fits = value in option.choices if option.choices else type(value) in _TYPES[option.type]
        if not fits:
            raise PosError("bad_option", option=name)

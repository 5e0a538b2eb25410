"""A display that needs no hardware: what it shows stands in a file that another process reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from drivers import virtual_folder
from drivers.contracts import DeviceError, Reason, Shown, Status
from drivers.displays.rows import rows

NAME = ("虚拟客显", "virtual display")

_SHOWN_FILE = "shown.json"


class Seen(msgspec.Struct, frozen=True):
    """What a customer sees: the meaning, and the two rows of 20 columns. Nothing shown: no meaning, no rows."""

    shown: Shown | None
    rows: tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Options:
    folder: str = field(metadata={"help": virtual_folder.FOLDER_HELP})


class VirtualDisplay:
    def __init__(self, options: Options) -> None:
        self._folder = Path(options.folder)
        virtual_folder.must_run(self._folder)

    def show(self, shown: Shown) -> None:
        self._put(Seen(shown, rows(shown, 20, "gb18030")))

    def clear(self) -> None:
        self._put(Seen(None, ("", "")))

    def status(self) -> Status:
        virtual_folder.must_run(self._folder)
        return Status()

    def close(self) -> None:
        """Nothing is held."""

    def _put(self, seen: Seen) -> None:
        virtual_folder.must_run(self._folder)
        try:
            virtual_folder.put(self._folder / _SHOWN_FILE, msgspec.json.encode(seen))
        except OSError as error:
            raise DeviceError(Reason.OFFLINE, str(error)) from error


def seen(folder: Path) -> Seen:
    """What the display of a folder shows now."""
    try:
        return msgspec.json.decode((folder / _SHOWN_FILE).read_bytes(), type=Seen)
    except FileNotFoundError:
        return Seen(None, ("", ""))


def connect(options: Options) -> VirtualDisplay:
    return VirtualDisplay(options)

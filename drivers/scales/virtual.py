"""A scale that needs no hardware: what lies on it stands in a file that another process writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from drivers import virtual_folder
from drivers.contracts import Weight

NAME = ("虚拟电子秤", "virtual scale")

_WEIGHT_FILE = "weight.json"


@dataclass(frozen=True, kw_only=True)
class Options:
    folder: str = field(metadata={"help": virtual_folder.FOLDER_HELP})


class VirtualScale:
    def __init__(self, options: Options) -> None:
        self._folder = Path(options.folder)
        virtual_folder.must_run(self._folder)

    def read(self) -> Weight:
        virtual_folder.must_run(self._folder)
        try:
            return msgspec.json.decode((self._folder / _WEIGHT_FILE).read_bytes(), type=Weight)
        except FileNotFoundError:
            return Weight(0, is_stable=True)

    def close(self) -> None:
        """Nothing is held."""


def put_on(folder: Path, weight: Weight) -> None:
    """Let something lie on the scale of a folder."""
    virtual_folder.put(folder / _WEIGHT_FILE, msgspec.json.encode(weight))


def connect(options: Options) -> VirtualScale:
    return VirtualScale(options)

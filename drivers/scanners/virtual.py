"""A scanner that needs no hardware: another process lays codes into its folder, and each is read once."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from drivers import virtual_folder

NAME = ("虚拟扫码枪", "virtual scanner")

_LOOK_S = 0.02


@dataclass(frozen=True, kw_only=True)
class Options:
    folder: str = field(metadata={"help": virtual_folder.FOLDER_HELP})


class VirtualScanner:
    def __init__(self, options: Options) -> None:
        self._folder = Path(options.folder)
        virtual_folder.must_run(self._folder)
        for path in self._folder.glob("*.code"):  # held before it while nobody listened
            path.unlink()

    def read(self, within_s: float) -> list[str]:
        latest = time.monotonic() + within_s
        while True:
            virtual_folder.must_run(self._folder)
            codes = []
            for path in sorted(self._folder.glob("*.code"), key=lambda path: int(path.stem)):
                codes.append(path.read_text("utf-8"))
                path.unlink()
            if codes or time.monotonic() >= latest:
                return codes
            time.sleep(_LOOK_S)

    def close(self) -> None:
        """Nothing is held."""


def scan(folder: Path, code: str) -> None:
    """Hold a code before the scanner of a folder. One process at a time scans."""
    after = max((int(path.stem) + 1 for path in folder.glob("*.code")), default=0)
    virtual_folder.put(folder / f"{max(time.monotonic_ns(), after)}.code", code.encode())


def connect(options: Options) -> VirtualScanner:
    return VirtualScanner(options)

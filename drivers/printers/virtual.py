"""A printer that needs no hardware: every job becomes a PNG file and its text in a folder, the paper of demo and tests.

The folder is all there is to it, so that another process can read the paper, or jam it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from drivers.contracts import DeviceError, Document, Reason, Status, lines, papers
from drivers.printers.paper import COLUMN, DOTS, png

NAME = ("虚拟打印机", "virtual printer")

JAMS = (Reason.NO_PAPER, Reason.COVER_OPEN, Reason.OFFLINE)
"""What it can be told to suffer from."""

_JAM_FILE, _KICKS_FILE = "jam", "drawer"


@dataclass(frozen=True, kw_only=True)
class Options:
    folder: str = field(metadata={"help": ("存放打印结果的文件夹", "folder that keeps what was printed")})
    paper: Literal[58, 80] = field(default=80, metadata={"help": ("纸宽,毫米", "width of the paper, mm")})


class VirtualPrinter:
    def __init__(self, options: Options) -> None:
        self._folder = Path(options.folder)
        self._dots = DOTS[options.paper]

    def print(self, document: Document) -> None:
        self._must_be_ready()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            newest = max((int(path.stem) for path in printed(self._folder)), default=0)
            for number, paper in enumerate(papers(document), newest + 1):
                text = "".join(line + "\n" for line in lines(tuple(paper), self._dots // COLUMN))
                (self._folder / f"{number:06d}.txt").write_text(text, "utf-8")
                whole = self._folder / f"{number:06d}.new"
                whole.write_bytes(png(paper, self._dots))
                whole.replace(whole.with_suffix(".png"))
        except OSError as error:
            raise DeviceError(Reason.OFFLINE, str(error)) from error

    def status(self) -> Status:
        try:
            return Status(Reason((self._folder / _JAM_FILE).read_text("utf-8")))
        except (FileNotFoundError, ValueError):
            return Status()

    def kick_drawer(self) -> None:
        self._must_be_ready()
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / _KICKS_FILE).open("a", encoding="utf-8") as kicks:
            kicks.write("kick\n")

    def close(self) -> None:
        """Nothing is held between jobs."""

    def _must_be_ready(self) -> None:
        if trouble := self.status().trouble:
            raise DeviceError(trouble, "jammed")


def printed(folder: Path) -> list[Path]:
    """The PNG of every piece of paper, oldest first; its text stands beside it as .txt."""
    return sorted(folder.glob("*.png"))


def kicks(folder: Path) -> int:
    """How often the drawer was opened."""
    path = folder / _KICKS_FILE
    return len(path.read_text("utf-8").splitlines()) if path.exists() else 0


def jam(folder: Path, reason: Reason | None) -> None:
    """Make the printer of a folder suffer from one of JAMS, or None: run again."""
    path = folder / _JAM_FILE
    if reason is None:
        path.unlink(missing_ok=True)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(reason, "utf-8")
        new.replace(path)


def connect(options: Options) -> VirtualPrinter:
    return VirtualPrinter(options)

"""A printer that needs no hardware: every job becomes a picture and its text in a folder, the paper of demo and tests.

The folder is all there is to it, so that another process can read the paper, or jam it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from drivers import virtual_folder
from drivers.contracts import DeviceError, Document, Reason, Status, lines, papers
from drivers.printers.paper import COLUMN, DOTS, pdf, png
from drivers.virtual_folder import jam as jam  # so that whoever has the printer can jam it

NAME = ("虚拟打印机", "virtual printer")

JAMS = (Reason.NO_PAPER, Reason.COVER_OPEN, Reason.OFFLINE)
"""What it can be told to suffer from."""

_KICKS_FILE = "drawer"


@dataclass(frozen=True, kw_only=True)
class Options:
    folder: str = field(metadata={"help": ("存放打印结果的文件夹", "folder that keeps what was printed")})
    paper: Literal[58, 80] = field(default=80, metadata={"help": ("纸宽,毫米", "width of the paper, mm")})
    keep: Literal["png", "pdf", "both"] = field(
        default="png", metadata={"help": ("保存为图片、PDF 或两者", "kept as a picture, a PDF or both")}
    )


class VirtualPrinter:
    def __init__(self, options: Options) -> None:
        self._folder = Path(options.folder)
        self._dots = DOTS[options.paper]
        self._keep = options.keep

    def print(self, document: Document) -> None:
        virtual_folder.must_run(self._folder)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            newest = max((int(path.stem) for path in printed(self._folder)), default=0)
            for number, paper in enumerate(papers(document), newest + 1):
                text = "".join(line + "\n" for line in lines(tuple(paper), self._dots // COLUMN))
                (self._folder / f"{number:06d}.txt").write_text(text, "utf-8")
                if self._keep != "png":
                    virtual_folder.put(self._folder / f"{number:06d}.pdf", pdf(paper, self._dots))
                if self._keep != "pdf":
                    virtual_folder.put(self._folder / f"{number:06d}.png", png(paper, self._dots))
        except OSError as error:
            raise DeviceError(Reason.OFFLINE, str(error)) from error

    def status(self) -> Status:
        return virtual_folder.status(self._folder)

    def kick_drawer(self) -> None:
        virtual_folder.must_run(self._folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / _KICKS_FILE).open("a", encoding="utf-8") as kicks:
            kicks.write("kick\n")

    def close(self) -> None:
        """Nothing is held between jobs."""


def printed(folder: Path) -> list[Path]:
    """The PNG (or PDF) of every piece of paper, oldest first; its text stands beside it as .txt."""
    found = {path.stem: path for kind in ("pdf", "png") for path in folder.glob(f"*.{kind}")}
    return [found[stem] for stem in sorted(found)]


def kicks(folder: Path) -> int:
    """How often the drawer was opened."""
    path = folder / _KICKS_FILE
    return len(path.read_text("utf-8").splitlines()) if path.exists() else 0


def connect(options: Options) -> VirtualPrinter:
    return VirtualPrinter(options)

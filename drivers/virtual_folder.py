"""The folder of a virtual device: all there is to it, so that another process can see what it did, and disturb it."""

from __future__ import annotations

from pathlib import Path

from drivers.contracts import DeviceError, Reason, Status

FOLDER_HELP = ("虚拟设备的文件夹", "folder of the virtual device")

_JAM_FILE = "jam"


def jam(folder: Path, reason: Reason | None) -> None:
    """Make the virtual device of a folder suffer from something, or None: run again."""
    if reason is None:
        (folder / _JAM_FILE).unlink(missing_ok=True)
    else:
        put(folder / _JAM_FILE, reason.encode())


def status(folder: Path) -> Status:
    try:
        return Status(Reason((folder / _JAM_FILE).read_text("utf-8")))
    except (FileNotFoundError, ValueError):
        return Status()


def must_run(folder: Path) -> None:
    """Raises DeviceError with what it was told to suffer from."""
    if trouble := status(folder).trouble:
        raise DeviceError(trouble, "jammed")


def put(path: Path, raw: bytes) -> None:
    """Write a file so that a reader sees it whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(raw)
    new.replace(path)

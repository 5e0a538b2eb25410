"""The till's printers: one worker thread each, with a spool on disk. Nothing here keeps the caller waiting.

A job is a file `NUMBER.STATE` in the printer's folder; its state changes by renaming it. The name says `printing`
before the first byte leaves and `printed` after the printer's answer, so that a job is printed once, as far as
anybody can know; where nobody can (no answer after the last byte, the program killed in between) it is `doubtful`
and a person who sees the paper decides.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from drivers import catalogue
from drivers.contracts import Cut, DeviceError, Document, Printer, Reason, Status
from posapp import log
from posapp.errors import PosError

DEVICES_FILE = "devices.json"
RECEIPT = "receipt"
"""The name of the printer beside the cashier, which also opens the drawer."""

PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Between one attempt and the next; the last one repeats."""

POLL_S = 30.0
"""An idle printer is asked for its status this often."""

KEPT = 50
"""Printed jobs that are remembered, so that they can be printed again and are not printed twice by mistake."""

_log = log.named("device")


class Configured(msgspec.Struct, frozen=True):
    """A device of this till: its driver in the catalogue and the driver's options."""

    driver: str
    options: dict[str, Any]


def read(path: Path) -> dict[str, Configured]:
    """What is connected to this till, by its name in the shop; nothing where there is no file.

    Raises PosError bad_devices.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Configured])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError):
        raise PosError("bad_devices", file=str(path)) from None


def ask(configured: Configured) -> Status:
    """What a device says of itself now, asked beside whoever uses it; it may take seconds."""
    try:
        printer = catalogue.open_printer(configured.driver, configured.options)
        try:
            return printer.status()
        finally:
            printer.close()
    except DeviceError as error:
        return Status(error.reason, detail=error.detail)


def preview(document: Document, paper_mm: Literal[58, 80]) -> bytes:
    """A PNG of a document as it looks on paper of that width, 8 dots to the millimetre."""
    from drivers.printers import paper  # drawing is dear to load, and a till starts without it

    return paper.png([block for block in document if not isinstance(block, Cut)], paper.DOTS[paper_mm])


class Job(msgspec.Struct, frozen=True):
    key: str
    document: Document


class PrinterView(msgspec.Struct, frozen=True):
    """A printer as the status line shows it; doubtful: keys of jobs whose paper somebody must look for."""

    status: Status
    waiting: int
    doubtful: list[str]


class SpooledPrinter:
    """A printer with its spool and its thread. changed is called by that thread when the view is another."""

    def __init__(
        self,
        folder: Path,
        configured: Configured,
        changed: Callable[[], None] = lambda: None,
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self._folder = folder
        self._configured = configured
        self._changed = changed
        self._pauses_s = pauses_s
        self._spool = threading.Lock()
        self._wake = threading.Event()
        self._is_stopping = False
        self._kicks = 0
        self._failures = 0
        self._printer: Printer | None = None
        self._status = Status(Reason.UNKNOWN)
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.new"):
            path.unlink()
        for path in self._in("printing"):
            path.rename(path.with_suffix(".doubtful"))
        held = sorted(path for path in folder.iterdir() if path.stem.isdigit())
        self._next = 1 + int(held[-1].stem) if held else 1
        self._states = {job.key: path for path in held if (job := self._job(path))}
        self._thread = threading.Thread(target=self._run, name=f"printer {folder.name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop. What is not printed waits on disk; a printer that does not answer is not waited for."""
        self._is_stopping = True
        self._wake.set()
        self._thread.join(1)

    def print(self, document: Document, key: str) -> None:
        """Have a document printed, once for each key: a key that is known already does nothing.

        When this returns, the job outlives the program. Raises OSError where the disk takes no more.
        """
        with self._spool:
            if key in self._states:
                return
            path = self._folder / f"{self._next:08d}.waiting"
            self._next += 1
            new = path.with_suffix(".new")
            new.write_bytes(msgspec.json.encode(Job(key, document)))
            new.rename(path)
            self._states[key] = path
        self._wake.set()

    def again(self, key: str) -> bool:
        """Print a job once more that was printed, or may have been; False if it is no longer kept."""
        with self._spool:
            path = self._states.get(key)
            if path is None:
                return False
            if path.suffix in (".doubtful", ".printed", ".failed"):
                self._states[key] = path.rename(path.with_suffix(".waiting"))
        self._wake.set()
        return True

    def kick_drawer(self) -> None:
        """Open the drawer now; a kick that fails is not repeated, for a drawer must not open by itself later."""
        self._kicks += 1
        self._wake.set()

    def wake(self) -> None:
        """Try now rather than after the pause: somebody has put paper in."""
        self._wake.set()

    def view(self) -> PrinterView:
        with self._spool:
            states = [(path.suffix, key) for key, path in self._states.items()]
        doubtful = [key for suffix, key in states if suffix in (".doubtful", ".failed")]
        return PrinterView(self._status, sum(suffix in (".waiting", ".printing") for suffix, _ in states), doubtful)

    def _in(self, state: str) -> list[Path]:
        return sorted(self._folder.glob(f"*.{state}"))

    def _job(self, path: Path) -> Job | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=Job)
        except (OSError, msgspec.DecodeError) as error:
            _log.error("%s: job %s cannot be read: %s", self._folder.name, path.stem, type(error).__name__)
            return None

    def _run(self) -> None:
        while not self._is_stopping:
            before = self.view()
            try:
                self._work()
                self._failures = 0
            except DeviceError as error:
                self._failures += 1
                self._kicks = 0
                self._status = Status(error.reason, detail=error.detail)
                _log.info("%s: %s (%d in a row)", self._folder.name, error, self._failures)
            except Exception:  # noqa: BLE001  (a bug is logged whole and must not end the thread)
                self._failures += 1
                _log.exception("%s failed", self._folder.name)
            if self.view() != before:
                self._changed()
            self._wake.wait(self._pauses_s[min(self._failures, len(self._pauses_s)) - 1] if self._failures else POLL_S)
            self._wake.clear()
        if self._printer:
            self._printer.close()

    def _work(self) -> None:
        """Everything there is to do now. Raises DeviceError with the first job that could not be printed."""
        kicks, self._kicks = self._kicks, 0
        if self._printer is None:
            self._printer = catalogue.open_printer(self._configured.driver, self._configured.options)
        if kicks:
            self._printer.kick_drawer()
        for path in self._in("waiting"):
            if self._is_stopping:
                return
            self._print(self._printer, path)
        self._status = self._printer.status()
        if self._status.trouble not in (None, Reason.UNKNOWN):
            raise DeviceError(self._status.trouble, self._status.detail)
        self._forget()

    def _print(self, printer: Printer, path: Path) -> None:
        job = self._job(path)
        if job is None:
            path.rename(path.with_suffix(".failed"))
            return
        path = self._move(job.key, path, "printing")
        try:
            printer.print(job.document)
        except DeviceError as error:
            self._move(job.key, path, "doubtful" if error.is_doubtful else "waiting")
            raise
        except Exception:
            self._move(job.key, path, "failed")
            raise
        self._move(job.key, path, "printed")
        self._changed()

    def _move(self, key: str, path: Path, state: str) -> Path:
        with self._spool:
            self._states[key] = moved = path.rename(path.with_suffix(f".{state}"))
        return moved

    def _forget(self) -> None:
        """Remove the oldest printed jobs."""
        with self._spool:
            printed = {path: key for key, path in self._states.items() if path.suffix == ".printed"}
            for path in sorted(printed)[:-KEPT]:
                path.unlink()
                del self._states[printed[path]]


class Devices:
    """The printers of a till by their name in the shop ("receipt"), each with its folder below the given one."""

    def __init__(self, folder: Path, configured: Mapping[str, Configured]) -> None:
        self.printers = {name: SpooledPrinter(folder / name, one) for name, one in configured.items()}

    @property
    def receipt(self) -> SpooledPrinter | None:
        return self.printers.get(RECEIPT)

    def close(self) -> None:
        for printer in self.printers.values():
            printer.close()

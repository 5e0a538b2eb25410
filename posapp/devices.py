"""The till's devices: one worker thread each, so that nobody at the till ever waits for one.

A worker opens its device and, after a failure, lets go of it and tries again with growing pauses; unplugged, switched
off, the wrong port: the status says why, and it comes back by itself. Only the printer is owed anything, so its jobs
lie in a spool on disk.

A job is a file `NUMBER.STATE` in the printer's folder; its state changes by renaming it. The name says `printing`
before the first byte leaves and `printed` after the printer's answer, so that a job is printed once, as far as
anybody can know; where nobody can (no answer after the last byte, the program killed in between) it is `doubtful`
and a person who sees the paper decides.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import msgspec

from drivers import catalogue, trial
from drivers.catalogue import Kind
from drivers.contracts import (
    DeviceError,
    Display,
    Document,
    Printer,
    Reason,
    Scale,
    Scanner,
    Shown,
    Status,
    Weight,
)
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

REASONS: dict[Reason, tuple[str, str]] = {
    Reason.NOT_FOUND: ("找不到", "cannot be found"),
    Reason.BUSY: ("被其他程序占用", "is used by another program"),
    Reason.TIMEOUT: ("没有应答", "does not answer"),
    Reason.NO_PAPER: ("缺纸", "is out of paper"),
    Reason.COVER_OPEN: ("盖子没有合上", "has its cover open"),
    Reason.OFFLINE: ("未连接", "is not connected"),
    Reason.REFUSED: ("拒绝连接", "refuses the connection"),
    Reason.NOT_INSTALLED: ("缺少驱动程序", "lacks its driver"),
    Reason.UNKNOWN: ("状态未知", "does not say how it is"),
}
"""What a device's name and a verb make a sentence of, in Chinese and English."""

# What a set-up screen and a doctor ask of the drivers.
DRIVERS, describe, ports = catalogue.DRIVERS, catalogue.describe, catalogue.ports
preview, state_of = trial.preview, trial.state_of
Option = catalogue.Option
Tried = trial.Tried

_CHECK_S = 2.0  # an idle display is looked at this often
_READ_S = 0.1  # between two readings of a scale
_STALE_S = 1.5  # a reading is no longer what lies on the scale
_SCAN_S = 0.3  # a scanner's thread looks up this often
_LEND_S = 10.0  # longest wait until a worker lets go of its device for a test
_NAME = re.compile(r"[\w-]{1,40}")

_log = log.named("device")

D = TypeVar("D", Printer, Display, Scanner, Scale)


class Configured(msgspec.Struct, frozen=True):
    """A device of this till: its driver in the catalogue, the driver's options, and of which kind it is."""

    driver: str
    options: dict[str, Any]
    kind: Kind = "printer"


def read(path: Path) -> dict[str, Configured]:
    """What is connected to this till, by its name in the shop; nothing where there is no file.

    Raises PosError bad_devices.
    """
    try:
        configured = msgspec.json.decode(path.read_bytes(), type=dict[str, Configured])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError):
        raise PosError("bad_devices", file=str(path)) from None
    if not all(_NAME.fullmatch(name) for name in configured):
        raise PosError("bad_devices", file=str(path))
    return configured


def save(path: Path, configured: Mapping[str, Configured]) -> None:
    """Write what read() reads, whole or not at all. Raises PosError bad_device_name, OSError."""
    for name in configured:
        if not _NAME.fullmatch(name):
            raise PosError("bad_device_name", name=name[:40])
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(configured), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


class Job(msgspec.Struct, frozen=True):
    key: str
    document: Document


class DeviceView(msgspec.Struct, frozen=True):
    """A device as the status line shows it. status.trouble: None works; UNKNOWN does not say, or was not tried yet."""

    name: str
    kind: str
    driver: str
    status: Status


class PrinterView(DeviceView, frozen=True):
    """waiting: jobs to print; doubtful: keys of jobs whose paper somebody must look for."""

    waiting: int
    doubtful: list[str]


class Worker(Generic[D]):
    """The thread of one device. A subclass says in _work what there is to do, and begins the thread."""

    kind: Kind

    def __init__(self, name: str, configured: Configured, pauses_s: Sequence[float] = PAUSES_S) -> None:
        self.name = name
        self.configured = configured
        self._pauses_s = pauses_s
        self._turn = threading.Lock()
        self._lending = threading.Lock()
        self._wake = threading.Event()
        self._is_let_go = threading.Event()
        self._is_stopping = self._has_ended = self._is_lent = False
        self._failures = 0
        self._device: D | None = None
        self._status = Status(Reason.UNKNOWN)
        self._thread = threading.Thread(target=self._run, name=f"{self.kind} {name}", daemon=True)

    def view(self) -> DeviceView:
        return DeviceView(self.name, self.kind, self.configured.driver, self._status)

    def wake(self) -> None:
        """Try now rather than after the pause: somebody has put paper in."""
        self._wake.set()

    def stop(self) -> None:
        """Stop when the device lets us; returns at once."""
        self._is_stopping = True
        self._wake.set()

    def close(self) -> None:
        """Stop. A device that does not answer is not waited for; what is not printed waits on disk."""
        self.stop()
        self._thread.join(1)

    def reconfigure(self, configured: Configured) -> bool:
        """Go on with another driver or other options, also after stop(). False: the thread has ended already."""
        with self._turn:
            if self._has_ended:
                return False
            self._is_stopping = False
            self.configured = configured
        self._wake.set()
        return True

    @contextmanager
    def lent(self) -> Iterator[None]:
        """The device is let go meanwhile, so that a test can have it."""
        with self._lending:
            self._is_let_go.clear()
            self._is_lent = True
            self._wake.set()
            self._is_let_go.wait(_LEND_S)
            try:
                yield
            finally:
                self._is_lent = False
                self._wake.set()

    def _work(self, device: D) -> float:
        """Do everything there is to do now; how many seconds later to look again. Raises DeviceError."""
        raise NotImplementedError

    def _run(self) -> None:
        opened = self.configured
        while not self._is_over():
            if opened != self.configured:
                opened, self._failures, self._status = self.configured, 0, Status(Reason.UNKNOWN)
                self._let_go()
            if self._is_lent:
                self._let_go()
                self._is_let_go.set()
                pause = POLL_S
            else:
                pause = self._step(opened)
            self._wake.wait(pause)
            self._wake.clear()
        self._let_go()

    def _is_over(self) -> bool:
        with self._turn:
            self._has_ended = self._is_stopping
            return self._has_ended

    def _step(self, configured: Configured) -> float:
        try:
            if self._device is None:
                opened = catalogue.open_device(self.kind, configured.driver, configured.options)
                self._device = cast(D, opened)
            pause = self._work(self._device)
            self._failures = 0
            return pause
        except DeviceError as error:
            self._status = Status(error.reason, detail=error.detail)
            self._failures += 1
            _log.info("%s: %s (%d in a row)", self.name, error, self._failures)
        except Exception as error:  # noqa: BLE001  (a bug is logged whole and must not end the thread)
            self._status = Status(Reason.UNKNOWN, detail=type(error).__name__)
            self._failures += 1
            _log.exception("%s failed", self.name)
        self._let_go()
        return self._pauses_s[min(self._failures, len(self._pauses_s)) - 1]

    def _let_go(self) -> None:
        """The device has failed, is lent or exchanged."""
        device, self._device = self._device, None
        if device:
            with suppress(DeviceError, OSError):
                device.close()


class SpooledPrinter(Worker[Printer]):
    """A printer with its spool, which lies in a folder of the printer's name."""

    kind = "printer"

    def __init__(self, folder: Path, configured: Configured, pauses_s: Sequence[float] = PAUSES_S) -> None:
        super().__init__(folder.name, configured, pauses_s)
        self._folder = folder
        self._spool = threading.Lock()
        self._kicks = 0
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.new"):
            path.unlink()
        for path in self._in("printing"):
            path.rename(path.with_suffix(".doubtful"))
        held = sorted(path for path in folder.iterdir() if path.stem.isdigit())
        self._next = 1 + int(held[-1].stem) if held else 1
        self._states = {job.key: path for path in held if (job := self._job(path))}
        self._thread.start()

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

    def settle(self, key: str) -> bool:
        """A doubtful job came out, says who saw the paper; False if there is no such job."""
        with self._spool:
            path = self._states.get(key)
            if path is None or path.suffix not in (".doubtful", ".failed"):
                return False
            self._states[key] = path.rename(path.with_suffix(".printed"))
        return True

    def kick_drawer(self) -> None:
        """Open the drawer now; a kick that fails is not repeated, for a drawer must not open by itself later."""
        self._kicks += 1
        self._wake.set()

    def view(self) -> PrinterView:
        with self._spool:
            states = [(path.suffix, key) for key, path in self._states.items()]
        doubtful = [key for suffix, key in states if suffix in (".doubtful", ".failed")]
        waiting = sum(suffix in (".waiting", ".printing") for suffix, _ in states)
        return PrinterView(self.name, self.kind, self.configured.driver, self._status, waiting, doubtful)

    def _in(self, state: str) -> list[Path]:
        return sorted(self._folder.glob(f"*.{state}"))

    def _job(self, path: Path) -> Job | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=Job)
        except (OSError, msgspec.DecodeError) as error:
            _log.error("%s: job %s cannot be read: %s", self._folder.name, path.stem, type(error).__name__)
            return None

    def _work(self, device: Printer) -> float:
        """Raises DeviceError with the first job that could not be printed."""
        kicks, self._kicks = self._kicks, 0
        if kicks:
            device.kick_drawer()
        for path in self._in("waiting"):
            if self._is_stopping or self._is_lent:
                return 0
            self._print(device, path)
        self._status = device.status()
        if self._status.trouble not in (None, Reason.UNKNOWN):
            raise DeviceError(self._status.trouble, self._status.detail)
        self._forget()
        return POLL_S

    def _let_go(self) -> None:
        self._kicks = 0
        super()._let_go()

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


class CustomerDisplay(Worker[Display]):
    """A display that shows the newest of what it was given; after a failure, that once more."""

    kind = "display"

    def __init__(self, name: str, configured: Configured, pauses_s: Sequence[float] = PAUSES_S) -> None:
        super().__init__(name, configured, pauses_s)
        self._newest: Shown | None = None
        self._seen: tuple[Display, Shown | None] | None = None
        self._thread.start()

    def show(self, shown: Shown | None) -> None:
        """Let the customer see this, or None: nothing."""
        self._newest = shown
        self._wake.set()

    def _work(self, device: Display) -> float:
        newest = self._newest
        if self._seen == (device, newest):
            self._status = device.status()
        else:
            if newest is None:
                device.clear()
            else:
                device.show(newest)
            self._seen = (device, newest)
            self._status = Status()
        return _CHECK_S


class CounterScale(Worker[Scale]):
    """A scale that is read all the time, so that its weight is there when somebody asks."""

    kind = "scale"

    def __init__(self, name: str, configured: Configured, pauses_s: Sequence[float] = PAUSES_S) -> None:
        super().__init__(name, configured, pauses_s)
        self._reading: tuple[Weight, float] | None = None
        self._thread.start()

    def reading(self) -> Weight | None:
        """What lies on it now, stable or not, to be shown; None where it does not say."""
        reading = self._reading
        return reading[0] if reading and time.monotonic() - reading[1] < _STALE_S else None

    def weight(self) -> Weight:
        """What lies on it, ready to be sold. Returns at once.

        Raises PosError scale_away, scale_overload, scale_below_zero, scale_unstable, scale_empty.
        """
        weight = self.reading()
        if weight is None:
            raise PosError("scale_away", why=REASONS[self._status.trouble or Reason.TIMEOUT])
        if weight.is_overload:
            raise PosError("scale_overload")
        if not weight.is_stable:
            raise PosError("scale_unstable")
        if weight.grams < 0:
            raise PosError("scale_below_zero")
        if weight.grams == 0:
            raise PosError("scale_empty")
        return weight

    def _work(self, device: Scale) -> float:
        self._reading = device.read(), time.monotonic()
        self._status = Status()
        return _READ_S

    def _let_go(self) -> None:
        self._reading = None
        super()._let_go()


class CodeScanner(Worker[Scanner]):
    """A scanner that hands every code on; on_scan is called on its thread."""

    kind = "scanner"

    def __init__(
        self,
        name: str,
        configured: Configured,
        on_scan: Callable[[str], None],
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        super().__init__(name, configured, pauses_s)
        self._on_scan = on_scan
        self._thread.start()

    def _work(self, device: Scanner) -> float:
        self._status = Status()
        for code in device.read(_SCAN_S):
            try:
                self._on_scan(code)
            except Exception:  # noqa: BLE001  (a bug of whoever takes codes is not the scanner's trouble)
                _log.exception("%s: a scan was not taken", self.name)
        return 0


class Devices:
    """The devices of a till by their name in the shop ("receipt"); printers spool below the given folder.

    on_scan: who takes the codes of all scanners, on a scanner's thread; set it when there is somebody to take them.
    """

    def __init__(
        self, folder: Path, configured: Mapping[str, Configured], pauses_s: Sequence[float] = PAUSES_S
    ) -> None:
        self.on_scan: Callable[[str], None] = lambda code: None
        self._folder = folder
        self._pauses_s = pauses_s
        self._workers: dict[str, AnyWorker] = {}
        self._leaving: dict[tuple[str, str], AnyWorker] = {}
        self.reconfigure(configured)

    def reconfigure(self, configured: Mapping[str, Configured]) -> None:
        """Have these devices from now on. Returns at once; a device that stays as it was notices nothing."""
        for name, worker in list(self._workers.items()):
            if name not in configured or configured[name].kind != worker.kind:
                worker.stop()
                self._leaving[worker.kind, name] = self._workers.pop(name)
        for name, one in configured.items():
            kept = self._workers.get(name)
            if kept:
                if kept.configured != one:
                    kept.reconfigure(one)
                continue
            # A printer that has just been taken away may still be at a job: it alone knows how that ends.
            left = self._leaving.pop((one.kind, name), None)
            self._workers[name] = left if left and left.reconfigure(one) else self._begin(name, one)

    def _begin(self, name: str, one: Configured) -> AnyWorker:
        match one.kind:
            case "printer":
                return SpooledPrinter(self._folder / name, one, self._pauses_s)
            case "display":
                return CustomerDisplay(name, one, self._pauses_s)
            case "scale":
                return CounterScale(name, one, self._pauses_s)
            case "scanner":
                return CodeScanner(name, one, lambda code: self.on_scan(code), self._pauses_s)

    @property
    def printers(self) -> dict[str, SpooledPrinter]:
        return {name: worker for name, worker in self._workers.items() if isinstance(worker, SpooledPrinter)}

    @property
    def receipt(self) -> SpooledPrinter | None:
        return self.printers.get(RECEIPT)

    @property
    def display(self) -> CustomerDisplay | None:
        return next((worker for worker in self._workers.values() if isinstance(worker, CustomerDisplay)), None)

    @property
    def scale(self) -> CounterScale | None:
        return next((worker for worker in self._workers.values() if isinstance(worker, CounterScale)), None)

    @property
    def scanners(self) -> list[CodeScanner]:
        return [worker for worker in self._workers.values() if isinstance(worker, CodeScanner)]

    def configured(self) -> dict[str, Configured]:
        return {name: worker.configured for name, worker in self._workers.items()}

    def views(self) -> list[DeviceView]:
        return [worker.view() for worker in self._workers.values()]

    def weight(self) -> Weight:
        """What lies on the scale, ready to be sold. Raises PosError scale_missing, and as CounterScale.weight."""
        if self.scale is None:
            raise PosError("scale_missing")
        return self.scale.weight()

    def test(self, name: str, done: Callable[[trial.Tried], None]) -> None:
        """Try a device that is in use: as try_out with what it is set to."""
        self.try_out(self._workers[name].configured, done, name)

    def try_out(self, configured: Configured, done: Callable[[trial.Tried], None], name: str = "") -> None:
        """Carry out the test of a device: print a test page, show a number, wait for a weight or a scan.

        Returns at once; done is called on another thread. name: the device in use whose place this one would take,
        which is let go meanwhile.
        """
        threading.Thread(target=self._try_out, args=(configured, done, name), name="device test", daemon=True).start()

    def _try_out(self, configured: Configured, done: Callable[[trial.Tried], None], name: str) -> None:
        worker = self._workers.get(name)
        with worker.lent() if worker else nullcontext():
            try:
                tried = trial.carry_out(configured.kind, configured.driver, configured.options)
            except Exception as error:  # noqa: BLE001  (a bug is logged whole; whoever waits for the test hears of it)
                _log.exception("test of %s failed", configured.driver)
                tried = trial.Tried(Reason.UNKNOWN, type(error).__name__)
        done(tried)

    def close(self) -> None:
        for worker in self._workers.values():
            worker.stop()
        for worker in self._workers.values():
            worker.close()


AnyWorker = SpooledPrinter | CustomerDisplay | CounterScale | CodeScanner

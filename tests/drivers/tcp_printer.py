"""A receipt printer on a TCP port of this computer with every bad habit of a real one, told what to suffer from."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import zxingcpp

from tests.drivers.paper_roll import NotEscPos, read_roll

REAL_TIME = re.compile(rb"\x10\x04([\x01\x02\x04])")
READY = {b"\x01": b"\x12", b"\x02": b"\x12", b"\x04": b"\x12"}
NO_PAPER = {b"\x01": b"\x1a", b"\x02": b"\x32", b"\x04": b"\x72"}
COVER_OPEN = {b"\x01": b"\x1a", b"\x02": b"\x16", b"\x04": b"\x12"}


@dataclass(frozen=True)
class Mishap:
    """What happens on one connection: it takes so many bytes of the job and then cuts the line, or goes silent."""

    takes: int = 1 << 30
    is_stalled: bool = False
    answers: dict[bytes, bytes] | None = None


FINE = Mishap()


def wait(is_so: Callable[[], bool]) -> None:
    """Return when something is so; half a minute is an error."""
    latest = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < latest
        time.sleep(0.002)


class TcpPrinter:
    """mishaps: one for each connection to come; afterwards all is well. jobs: the bytes each connection printed.

    is_stalling: it holds a connection and neither reads nor answers, until release is set.
    """

    def __init__(self) -> None:
        self.mishaps: deque[Mishap] = deque()
        self.jobs: list[bytes] = []
        self.release = threading.Event()
        self.is_stalling = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, args=(self._listener,), daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """From now on connections are refused."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def plug_in(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._thread = threading.Thread(target=self._serve, args=(self._listener,), daemon=True)
        self._thread.start()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line:
                mishap = self.mishaps.popleft() if self.mishaps else FINE
                if mishap.is_stalled:
                    self.is_stalling = True
                    self.release.wait(60)
                    self.is_stalling = False
                else:
                    self._talk(line, mishap)

    def _talk(self, line: socket.socket, mishap: Mishap) -> None:
        answers = READY if mishap.answers is None else mishap.answers
        job = raw = b""
        place = len(self.jobs)
        self.jobs.append(b"")
        try:
            while more := line.recv(4096):
                raw += more
                for query in REAL_TIME.findall(raw):
                    if len(job) + len(REAL_TIME.sub(b"", raw)) < mishap.takes and answers:
                        line.sendall(answers[query])
                job += REAL_TIME.sub(b"", raw)
                raw = b""
                self.jobs[place] = job[: mishap.takes]
                if len(job) >= mishap.takes:
                    if mishap.takes:  # a reset; else it hangs up in good order, having said nothing
                        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
        except OSError:
            return


def whole(printer: TcpPrinter) -> list[str]:
    """The return codes of the receipts that came out whole, with their cut, read as a scanner would."""
    out = []
    for job in printer.jobs:
        try:
            roll = read_roll(job, 576)
        except NotEscPos:
            continue
        if roll.cuts:
            out += [text for kind, text in roll.codes if kind == "Code128"]
            found = zxingcpp.read_barcodes(roll.picture) if roll.pictures else []
            out += [code.text for code in found if code.format == zxingcpp.BarcodeFormat.Code128]
    return out

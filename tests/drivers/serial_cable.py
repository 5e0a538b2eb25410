"""A serial cable that can be pulled: a pseudo terminal behind a name that stays the same, as udev gives one."""

from __future__ import annotations

import os
import pty
import re
import select
import threading
import tty
from collections.abc import Callable
from pathlib import Path

from tests.drivers.tcp_printer import NO_PAPER, READY, REAL_TIME

__all__ = ["NO_PAPER", "READY", "Cable", "SerialPrinter", "SerialScale"]


class Cable:
    """The device's end of the cable; `port` is the name of the computer's end. heard: all that the computer sent.

    answer is called with what has just been heard and sends, if it likes.
    """

    def __init__(self, folder: Path, answer: Callable[[bytes], None] | None = None) -> None:
        self.port = folder / "ttyUSB0"
        self.heard = b""
        self._answer = answer or (lambda raw: None)
        self.plug_in()

    def plug_in(self) -> None:
        self._end, far = pty.openpty()
        tty.setraw(far)
        name = os.ttyname(far)
        # The far end stays open here: a pseudo terminal that nobody has open reads as hung up.
        self._far = far
        self._is_pulled = threading.Event()
        self.port.symlink_to(name)
        self._thread = threading.Thread(target=self._listen, args=(self._end, self._is_pulled), daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        self._is_pulled.set()
        self._thread.join(10)
        self.port.unlink()
        os.close(self._end)
        os.close(self._far)

    def send(self, raw: bytes) -> None:
        os.write(self._end, raw)

    def _listen(self, end: int, is_pulled: threading.Event) -> None:
        while not is_pulled.is_set():
            readable, _, _ = select.select([end], [], [], 0.01)
            if readable:
                raw = os.read(end, 4096)
                self.heard += raw
                self._answer(raw)


class SerialPrinter(Cable):
    """A receipt printer on the cable. answers: what DLE EOT gets; takes: it hangs up after so many bytes of a job."""

    def __init__(self, folder: Path) -> None:
        self.answers: dict[bytes, bytes] = READY
        self._asked = 0
        super().__init__(folder, self._reply)

    @property
    def job(self) -> bytes:
        """What it printed, all jobs in one."""
        return REAL_TIME.sub(b"", self.heard)

    def _reply(self, raw: bytes) -> None:
        queries = REAL_TIME.findall(self.heard)
        for query in queries[self._asked :]:
            if self.answers:
                self.send(self.answers[query])
        self._asked = len(queries)


class SerialScale(Cable):
    """A scale that answers ENQ with ACK and DC1 with `frame`; either may be left out."""

    def __init__(self, folder: Path, frame: bytes, ack: bytes = b"\x06") -> None:
        self.frame, self.ack = frame, ack
        super().__init__(folder, self._reply)

    def _reply(self, raw: bytes) -> None:
        for byte in re.findall(rb"[\x05\x11]", raw):
            self.send(self.ack if byte == b"\x05" else self.frame)

"""How a job goes to an ESC/POS printer, whatever line leads there.

The last of a receipt (its return code and the cut) is held back until the printer has answered that it holds the
rest. A line that breaks before then has left no whole receipt behind, and printing again makes no second one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from drivers.contracts import DeviceError, Document, Reason, Seconds, Status
from drivers.printers import escpos


class Transport(Protocol):
    """An open line to a printer. Every call has an end and raises DeviceError."""

    def write(self, raw: bytes) -> None: ...

    def read(self, within_s: float) -> bytes:
        """What it answered; nothing where it hung up. Raises DeviceError timeout where it is silent."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Options(escpos.Options):
    """What a printer on a line that leads both ways can be told of itself."""

    answers: bool = field(
        default=True,
        metadata={"help": ("打印机会报告状态 (DLE EOT)", "the printer tells its status (DLE EOT)")},
    )
    answer_s: Seconds = field(
        default=8.0, metadata={"help": ("写入和应答最多等几秒", "longest wait for a write or an answer, s")}
    )


class LinePrinter:
    """A printer at the end of a line. connected: gives the line for one job; close: lets go what it held."""

    def __init__(
        self,
        options: Options,
        connected: Callable[[], AbstractContextManager[Transport]],
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._options = options
        self._connected = connected
        self.close = close

    def print(self, document: Document) -> None:
        pieces = escpos.pieces(document, self._options)
        with self._connected() as line:
            self._must_be_ready(line)
            for piece in pieces[:-2]:
                line.write(piece)
            self._must_be_ready(line)
            try:
                line.write(b"".join(pieces[-2:]))
                self._must_be_ready(line)
            except DeviceError as error:
                raise DeviceError(error.reason, error.detail, is_doubtful=True) from error

    def status(self) -> Status:
        try:
            with self._connected() as line:
                return self._ask(line) if self._options.answers else Status(Reason.UNKNOWN)
        except DeviceError as error:
            return Status(error.reason, detail=error.detail)

    def kick_drawer(self) -> None:
        with self._connected() as line:
            line.write(escpos.kick(self._options.drawer_pin))

    def _ask(self, line: Transport) -> Status:
        """Its status by DLE EOT; UNKNOWN where it hangs up or answers nonsense."""
        line.write(escpos.ASK)
        answer = b""
        while len(answer) < 3 and (more := line.read(self._options.answer_s)):
            answer += more
        return escpos.read_status(answer)

    def _must_be_ready(self, line: Transport) -> None:
        if self._options.answers and (status := self._ask(line)).trouble:
            raise DeviceError(status.trouble, status.detail)


class Held:
    """A line that stays open between jobs, and is let go and opened anew after anything went wrong on it."""

    def __init__(self, open_line: Callable[[], Transport]) -> None:
        self._open = open_line
        self._line: Transport | None = None

    @contextmanager
    def connected(self) -> Iterator[Transport]:
        if self._line is None:
            self._line = self._open()
        try:
            yield self._line
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        line, self._line = self._line, None
        if line:
            line.close()

"""A receipt printer on the network: ESC/POS over TCP, one connection a job.

The last of a receipt (its return code and the cut) is held back until the printer has answered that it holds the
rest. A line that breaks before then has left no whole receipt behind, and printing again makes no second one.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from drivers.contracts import DeviceError, Document, Reason, Status
from drivers.printers import escpos

NAME = ("网络打印机", "network printer")


@dataclass(frozen=True, kw_only=True)
class Options(escpos.Options):
    host: str = field(metadata={"help": ("打印机的地址,如 192.168.1.50", "the printer's address, e.g. 192.168.1.50")})
    port: int = field(default=9100, metadata={"help": ("端口", "port")})
    connect_s: float = field(default=3.0, metadata={"help": ("连接最多等几秒", "longest wait for a connection, s")})
    answer_s: float = field(
        default=8.0, metadata={"help": ("写入和应答最多等几秒", "longest wait for a write or an answer, s")}
    )
    answers: bool = field(
        default=True,
        metadata={"help": ("打印机会报告状态 (DLE EOT)", "the printer tells its status (DLE EOT)")},
    )


class NetworkPrinter:
    def __init__(self, options: Options) -> None:
        self._options = options

    def print(self, document: Document) -> None:
        pieces = escpos.pieces(document, self._options)
        with self._connected() as line:
            self._must_be_ready(line)
            for piece in pieces[:-2]:
                line.sendall(piece)
            self._must_be_ready(line)
            try:
                line.sendall(b"".join(pieces[-2:]))
                self._must_be_ready(line)
            except TimeoutError as error:
                raise DeviceError(Reason.TIMEOUT, str(error), is_doubtful=True) from error
            except OSError as error:
                raise DeviceError(Reason.OFFLINE, str(error), is_doubtful=True) from error
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
            line.sendall(escpos.kick(self._options.drawer_pin))

    def close(self) -> None:
        """Nothing is held between jobs."""

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        address = (self._options.host, self._options.port)
        try:
            with socket.create_connection(address, self._options.connect_s) as line:
                line.settimeout(self._options.answer_s)
                yield line
                with contextlib.suppress(OSError):  # the printer may have hung up after its answer
                    line.shutdown(socket.SHUT_WR)
        except socket.gaierror as error:
            raise DeviceError(Reason.NOT_FOUND, str(error)) from error
        except ConnectionRefusedError as error:
            raise DeviceError(Reason.REFUSED, str(error)) from error
        except TimeoutError as error:
            raise DeviceError(Reason.TIMEOUT, str(error)) from error
        except OSError as error:
            raise DeviceError(Reason.OFFLINE, str(error)) from error

    def _ask(self, line: socket.socket) -> Status:
        """Its status by DLE EOT; UNKNOWN where it hangs up or answers nonsense. Raises TimeoutError."""
        line.sendall(escpos.ASK)
        answer = b""
        while len(answer) < 3 and (more := line.recv(3 - len(answer))):
            answer += more
        return escpos.read_status(answer)

    def _must_be_ready(self, line: socket.socket) -> None:
        if self._options.answers and (status := self._ask(line)).trouble:
            raise DeviceError(status.trouble, status.detail)


def connect(options: Options) -> NetworkPrinter:
    return NetworkPrinter(options)

"""A receipt printer on the network: ESC/POS over TCP, one connection a job."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from drivers.contracts import DeviceError, Reason, Seconds
from drivers.printers import transport

NAME = ("网络打印机", "network printer")


@dataclass(frozen=True, kw_only=True)
class Options(transport.Options):
    host: str = field(metadata={"help": ("打印机的地址,如 192.168.1.50", "the printer's address, e.g. 192.168.1.50")})
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = field(default=9100, metadata={"help": ("端口", "port")})
    connect_s: Seconds = field(default=3.0, metadata={"help": ("连接最多等几秒", "longest wait for a connection, s")})


class _Socket:
    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def write(self, raw: bytes) -> None:
        with _told():
            self._line.sendall(raw)

    def read(self, within_s: float) -> bytes:
        with _told():
            self._line.settimeout(within_s)
            return self._line.recv(16)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # the printer may have hung up after its answer
            self._line.shutdown(socket.SHUT_WR)
        self._line.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except socket.gaierror as error:
        raise DeviceError(Reason.NOT_FOUND, str(error)) from error
    except ConnectionRefusedError as error:
        raise DeviceError(Reason.REFUSED, str(error)) from error
    except TimeoutError as error:
        raise DeviceError(Reason.TIMEOUT, str(error)) from error
    except OSError as error:
        raise DeviceError(Reason.OFFLINE, str(error)) from error


def connect(options: Options) -> transport.LinePrinter:
    @contextmanager
    def connected() -> Iterator[transport.Transport]:
        with _told():
            line = socket.create_connection((options.host, options.port), options.connect_s)
        line.settimeout(options.answer_s)
        with contextlib.closing(_Socket(line)) as opened:
            yield opened

    return transport.LinePrinter(options, connected)

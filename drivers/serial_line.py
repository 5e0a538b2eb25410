"""A serial port as every driver uses it: opened for itself alone, no call without an end, every failure a DeviceError.

python-escpos has a serial printer too, but one that may wait for ever in a write; so printers come this way as well.
"""

from __future__ import annotations

import errno
import importlib.util
from dataclasses import dataclass, field
from typing import Literal

from drivers.contracts import DeviceError, Reason

Parity = Literal["none", "even", "odd"]
Baud = Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200]

BAUD_HELP = ("波特率,与设备上的设置一致", "baud rate, as it is set on the device")


@dataclass(frozen=True, kw_only=True)
class Options:
    port: str = field(metadata={"help": ("串口,如 COM3 或 /dev/ttyUSB0", "port, e.g. COM3 or /dev/ttyUSB0")})
    baud: Baud = field(default=9600, metadata={"help": BAUD_HELP})
    data_bits: Literal[7, 8] = field(default=8, metadata={"help": ("数据位", "data bits")})
    parity: Parity = field(default="none", metadata={"help": ("校验位", "parity")})


def available() -> bool:
    return importlib.util.find_spec("serial") is not None


class SerialLine:
    """An open port. flow: how the device may ask for a pause; write_s: the longest wait for one."""

    def __init__(self, options: Options, flow: Literal["none", "xonxoff", "rtscts", "dsrdtr"] = "none") -> None:
        try:
            import serial
        except ImportError as error:
            raise DeviceError(Reason.NOT_INSTALLED, str(error)) from error
        self._name = options.port
        try:
            self._port = serial.Serial(
                options.port,
                options.baud,
                options.data_bits,
                options.parity[0].upper(),
                write_timeout=8.0,
                xonxoff=flow == "xonxoff",
                rtscts=flow == "rtscts",
                dsrdtr=flow == "dsrdtr",
                exclusive=True,
            )
        except (OSError, ValueError) as error:  # ValueError: a speed that this port cannot do
            raise _trouble(error, options.port) from error

    def write(self, raw: bytes) -> None:
        import serial

        try:
            self._port.write(raw)
            self._port.flush()
        except serial.SerialTimeoutException as error:
            raise DeviceError(Reason.TIMEOUT, f"{self._name}: {error}") from error
        except (OSError, TypeError) as error:  # TypeError: pyserial, closed under its feet
            raise DeviceError(Reason.OFFLINE, f"{self._name}: {error}") from error

    def read(self, within_s: float) -> bytes:
        """What has arrived; nothing where nothing came in so many seconds."""
        try:
            self._port.timeout = within_s
            first = self._port.read(1)
            return bytes(first + self._port.read(self._port.in_waiting)) if first else b""
        except (OSError, TypeError) as error:
            raise DeviceError(Reason.OFFLINE, f"{self._name}: {error}") from error

    def forget(self) -> None:
        """Drop what has arrived and was not read. Also tells whether the port is still there."""
        try:
            if self._port.in_waiting:
                self._port.reset_input_buffer()
        except (OSError, TypeError) as error:
            raise DeviceError(Reason.OFFLINE, f"{self._name}: {error}") from error

    def close(self) -> None:
        self._port.close()


def _trouble(error: OSError | ValueError, name: str) -> DeviceError:
    """Why a port cannot be opened. Windows tells it in the text only."""
    number, said = getattr(error, "errno", None), str(error)
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV) or "FileNotFoundError" in said:
        return DeviceError(Reason.NOT_FOUND, f"{name}: {said}")
    if number in (errno.EBUSY, errno.EAGAIN) or "PermissionError" in said:
        return DeviceError(Reason.BUSY, f"{name} is used by another program: {said}")
    if number in (errno.EACCES, errno.EPERM):
        return DeviceError(Reason.REFUSED, f"no permission for {name}; add this user to the group dialout: {said}")
    return DeviceError(Reason.OFFLINE, f"{name}: {said}")

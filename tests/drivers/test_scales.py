"""Every scale: a whole and right frame is a weight, anything else is none; unplugged it says so and comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.catalogue import open_device
from drivers.contracts import DeviceError, Reason, Scale, Weight
from drivers.scales import frames
from drivers.scales.virtual import put_on
from drivers.virtual_folder import jam
from posapp.devices import Configured, CounterScale
from posapp.errors import PosError
from tests.drivers.serial_cable import Cable, SerialScale
from tests.drivers.tcp_printer import wait


def toledo(grams: int, state: str = "", tare: int = 0, checked: bool = True) -> bytes:
    """A frame of Toledo's continuous output in kilograms with three decimals. state: letters of what is so."""
    b = 0x30 | ("net" in state) | (grams < 0) << 1 | ("over" in state) << 2 | ("moving" in state) << 3
    raw = b"\x02" + bytes([0x2D, b, 0x20]) + f"{abs(grams):6d}{tare:06d}\r".encode()
    return raw + bytes([-sum(raw) & 0x7F]) if checked else raw


def cas(text: str, state: str = "S", sign: str = " ", unit: str = "kg") -> bytes:
    body = f"{state}{sign}{text}{unit}".encode()
    return b"\x01\x02" + body + bytes([reduce(xor, body)]) + b"\x03\x04"


def ascii_frame(text: str, state: str = "ST", kind: str = "GS", sign: str = "+") -> bytes:
    return f"{state},{kind},{sign}{text}kg\r\n".encode()


STEADY = Weight(536, is_stable=True)

WEIGHTS: list[tuple[frames.Form, bytes, Weight]] = [
    (frames.TOLEDO, toledo(536), STEADY),
    (frames.TOLEDO, toledo(536, "moving"), Weight(536, is_stable=False)),
    (frames.TOLEDO, toledo(-120), Weight(-120, is_stable=True)),
    (frames.TOLEDO, toledo(400, "net", 136), Weight(400, is_stable=True, is_net=True, tare_grams=136)),
    (frames.TOLEDO, toledo(15000, "over"), Weight(0, is_stable=False, is_overload=True)),
    # by hand: 1 5 . 0 0 0 kg with two decimals told by the status word
    (frames.TOLEDO_UNCHECKED, b"\x02\x2c\x30\x20  1500000000\r", Weight(15000, is_stable=True)),
    (frames.CAS, cas("00.536"), STEADY),
    (frames.CAS, cas(" 0.536"), STEADY),
    (frames.CAS, cas("00.536", "U"), Weight(536, is_stable=False)),
    (frames.CAS, cas("00.120", sign="-"), Weight(-120, is_stable=True)),
    (frames.CAS, cas("00.000", "F"), Weight(0, is_stable=False, is_overload=True)),
    (frames.CAS, cas("00.000", sign="F"), Weight(0, is_stable=False, is_overload=True)),
    (frames.CAS, cas("  1240", unit=" g"), Weight(1240, is_stable=True)),
    # the example of CAS: 1.234 kg, its XOR worked out by hand
    (frames.CAS, b"\x01\x02S 01.234kg\x65\x03\x04", Weight(1234, is_stable=True)),
    (frames.ASCII, ascii_frame("   0.536"), STEADY),
    (frames.ASCII, ascii_frame("   0.536", "US"), Weight(536, is_stable=False)),
    (frames.ASCII, ascii_frame("   0.120", sign="-"), Weight(-120, is_stable=True)),
    (frames.ASCII, ascii_frame("   0.400", kind="NT"), Weight(400, is_stable=True, is_net=True)),
    (frames.ASCII, b"OL,GS,+            \r\n", Weight(0, is_stable=False, is_overload=True)),
    (frames.ASCII, b"ST,GS,1@,00001.50 kg\r\n", Weight(1500, is_stable=True)),
]


@pytest.mark.parametrize(("form", "raw", "weight"), WEIGHTS)
def test_a_frame_says_its_weight(form: frames.Form, raw: bytes, weight: Weight) -> None:
    assert form.newest(raw) == (weight, b"")
    assert form.newest(b"\xff\x02\r\n" + raw * 3)[0] == weight
    assert len(raw) <= form.longest + 1  # the start of heading does not count


@pytest.mark.parametrize(("form", "raw", "weight"), [row for row in WEIGHTS if row[0].is_checked])
def test_one_wrong_byte_in_a_checked_frame_makes_it_no_weight(form: frames.Form, raw: bytes, weight: Weight) -> None:
    for place in range(raw.index(2), raw.index(3) if form is frames.CAS else len(raw)):
        for wrong in range(128):
            damaged = raw[:place] + bytes([wrong]) + raw[place + 1 :]
            assert wrong == raw[place] or form.newest(damaged)[0] is None


@pytest.mark.parametrize(("form", "raw", "weight"), WEIGHTS)
def test_half_a_frame_is_no_weight_and_its_other_half_completes_it(
    form: frames.Form, raw: bytes, weight: Weight
) -> None:
    ends = range(
        raw.find(2) + 1 or 1, len(raw) - (2 if form is frames.CAS else 0)
    )  # the end of transmission may be missing
    for end in ends:
        first, rest = form.newest(raw[:end])
        assert first is None
        assert form.newest(rest + raw[end:])[0] == weight
        assert form.newest(raw[end:])[0] is None


@pytest.mark.parametrize(
    ("form", "raw"),
    [
        (frames.TOLEDO_UNCHECKED, b"\x02\x2d\x20\x20   536000000\r"),  # pounds
        (frames.TOLEDO_UNCHECKED, b"\x02\x2d\x30\x21   536000000\r"),  # another unit
        (frames.TOLEDO_UNCHECKED, b"\x02\x2d\x70\x20   536000000\r"),  # just switched on
        (frames.TOLEDO_UNCHECKED, b"\x02\x2d\x30\x20      000000\r"),
        (frames.TOLEDO_UNCHECKED, b"\x02\x2d\x30\x20------000000\r"),
        (frames.CAS, cas("00.536", unit="lb")),
        (frames.CAS, cas("0.5.36")),
        (frames.CAS, cas("      ")),
        (frames.ASCII, b"ST,GS,+   0.536lb\r\n"),
        (frames.ASCII, b"ST,GS,+   0.5.6kg\r\n"),
        (frames.ASCII, b"XST,GS,+   0.536kg\r\n"),
        (frames.ASCII, b"ST,TR,+   0.536kg\r\n"),
    ],
)
def test_what_is_not_kilograms_is_no_weight(form: frames.Form, raw: bytes) -> None:
    assert form.newest(raw)[0] is None


@given(st.binary(max_size=200))
def test_noise_is_no_weight(noise: bytes) -> None:
    for form in (frames.TOLEDO, frames.CAS):
        assert form.newest(noise)[0] is None


# --- on the cable ---


class Counter:
    """A scale of each driver with something lying on it, and how to change that."""

    def __init__(self, driver: str, folder: Path) -> None:
        self.driver = driver
        self.cable: Cable | None = None
        self.folder = folder
        if driver == "virtual":
            self.options: dict[str, Any] = {"folder": str(folder)}
            put_on(folder, STEADY)
        elif driver == "polled":
            self.cable = SerialScale(folder, cas("00.536"))
            self.options = {"port": str(self.cable.port), "answer_s": 0.5}
        else:
            self.cable = Cable(folder)
            self.options = {"port": str(self.cable.port), "form": driver, "silence_s": 1.0}
            self.driver = "continuous"

    def lie(self, grams: int, is_moving: bool = False) -> None:
        if self.driver == "virtual":
            put_on(self.folder, Weight(grams, not is_moving))
        elif isinstance(self.cable, SerialScale):
            self.cable.frame = cas(f"{grams / 1000:06.3f}", "U" if is_moving else "S")
        elif self.cable:
            made: dict[str, Callable[[], bytes]] = {
                "toledo": lambda: toledo(grams, "moving" if is_moving else ""),
                "cas": lambda: cas(f"{grams / 1000:06.3f}", "U" if is_moving else "S"),
                "ascii": lambda: ascii_frame(f"{grams / 1000:8.3f}", "US" if is_moving else "ST"),
            }
            self.cable.send(made[self.options["form"]]())

    def pull(self) -> None:
        if self.cable:
            self.cable.unplug()
        else:
            jam(self.folder, Reason.OFFLINE)

    def plug_in(self) -> None:
        if self.cable:
            self.cable.plug_in()
        else:
            jam(self.folder, None)


DRIVERS = ("toledo", "cas", "ascii", "polled", "virtual")


@pytest.fixture(params=DRIVERS)
def counter(request: pytest.FixtureRequest, tmp_path: Path) -> Counter:
    return Counter(request.param, tmp_path)


@pytest.fixture
def worker(counter: Counter) -> Iterator[CounterScale]:
    made = CounterScale("scale", Configured(counter.driver, counter.options, "scale"), pauses_s=(0.01,))
    yield made
    made.close()


def says(counter: Counter, worker: CounterScale, grams: int, is_moving: bool = False) -> str:
    """Something lies on the scale until its worker has it; what the till would say, or the grams."""

    def has_it() -> bool:
        counter.lie(grams, is_moving)
        reading = worker.reading()
        return reading is not None and (reading.grams, reading.is_stable) == (grams, not is_moving)

    wait(has_it)
    try:
        return str(worker.weight().grams)
    except PosError as error:
        return error.code


def test_a_weight_is_sold_only_when_it_stands_still(counter: Counter, worker: CounterScale) -> None:
    assert says(counter, worker, 536) == "536"
    assert says(counter, worker, 540, is_moving=True) == "scale_unstable"
    assert says(counter, worker, 1240) == "1240"
    assert says(counter, worker, 0) == "scale_empty"


def test_a_pulled_scale_is_told_and_comes_back(counter: Counter, worker: CounterScale) -> None:
    assert says(counter, worker, 536) == "536"
    counter.pull()
    wait(lambda: worker.view().status.trouble in (Reason.OFFLINE, Reason.NOT_FOUND))
    with pytest.raises(PosError) as told:
        worker.weight()
    assert told.value.code == "scale_away"
    assert "电子秤" in told.value.sentence("zh")
    counter.plug_in()
    assert says(counter, worker, 720) == "720"
    assert worker.view().status.trouble is None


def opened(counter: Counter) -> Scale:
    device = open_device("scale", counter.driver, counter.options)
    assert hasattr(device, "read")
    return device  # type: ignore[return-value]


def test_garbage_and_halves_before_a_frame_do_no_harm(tmp_path: Path) -> None:
    counter = Counter("toledo", tmp_path)
    scale = opened(counter)
    assert counter.cable
    counter.cable.send(b"\x00\xffgarbage\r\n" + toledo(999)[:9] + toledo(536)[:5])
    counter.cable.send(toledo(536)[5:])
    assert scale.read() == STEADY
    scale.close()


def test_only_the_newest_of_many_weights_counts(tmp_path: Path) -> None:
    counter = Counter("cas", tmp_path)
    scale = opened(counter)
    assert counter.cable
    counter.cable.send(cas("00.100") + cas("00.200") + cas("00.536"))
    assert scale.read() == STEADY
    scale.close()


def test_a_weight_without_a_checksum_counts_when_it_comes_twice(tmp_path: Path) -> None:
    counter = Counter("ascii", tmp_path)
    scale = opened(counter)
    stable = []
    for grams in (536, 536, 5, 536, 536):  # one frame lost its middle
        counter.lie(grams)
        stable.append(scale.read().is_stable)
    assert stable == [False, True, False, False, True]
    scale.close()


@pytest.mark.parametrize(
    ("driver", "noise", "reason"),
    [
        ("toledo", b"", Reason.TIMEOUT),
        ("toledo", b"\x00\x82\xfe" * 9, Reason.UNKNOWN),
        ("cas", toledo(536), Reason.UNKNOWN),
        ("polled", b"", Reason.TIMEOUT),
        ("polled", b"\x15", Reason.UNKNOWN),
        ("polled", b"\x00\x82", Reason.UNKNOWN),
    ],
)
def test_silence_and_the_wrong_speed_are_told_apart(driver: str, noise: bytes, reason: Reason, tmp_path: Path) -> None:
    counter = Counter(driver, tmp_path)
    counter.options = {**counter.options, **({"answer_s": 0.05} if driver == "polled" else {"silence_s": 0.2})}
    scale = opened(counter)
    if isinstance(counter.cable, SerialScale):
        counter.cable.ack = noise
    elif counter.cable and noise:
        counter.cable.send(noise)
    with pytest.raises(DeviceError) as told:
        scale.read()
    assert told.value.reason is reason
    scale.close()


def test_a_polled_scale_with_a_wrong_frame_is_no_weight(tmp_path: Path) -> None:
    counter = Counter("polled", tmp_path)
    counter.options["answer_s"] = 0.05
    scale = opened(counter)
    assert isinstance(counter.cable, SerialScale)
    counter.cable.frame = cas("00.536").replace(b"5", b"6")
    with pytest.raises(DeviceError) as told:
        scale.read()
    assert told.value.reason is Reason.UNKNOWN
    counter.cable.frame = cas("00.536")
    assert scale.read() == STEADY
    scale.close()


def test_an_overloaded_scale_and_one_below_zero_are_told(tmp_path: Path) -> None:
    counter = Counter("virtual", tmp_path)
    worker = CounterScale("scale", Configured("virtual", counter.options, "scale"))
    for weight, code in (
        (Weight(0, False, is_overload=True), "scale_overload"),
        (Weight(-20, True), "scale_below_zero"),
    ):
        put_on(tmp_path, weight)
        wait(lambda weight=weight: worker.reading() == weight)  # type: ignore[misc]
        with pytest.raises(PosError) as told:
            worker.weight()
        assert told.value.code == code
    worker.close()

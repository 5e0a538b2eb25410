"""Every scanner that is no keyboard: whole codes only, each once, and it comes back when its cable does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contracts import Reason
from drivers.scanners.serial import LONGEST, Codes
from drivers.scanners.virtual import scan
from drivers.virtual_folder import jam
from posapp.devices import CodeScanner, Configured
from tests.drivers.serial_cable import Cable
from tests.drivers.tcp_printer import wait

BUN, MILK = "6900000000011", "6900000000028"
GS1 = "]d201069012345678921524123\x1d10ABC"
JOIN = "https://hq.example.com/j/ABCDEFGHJKMNPQRSTVWXYZ0123"


@given(
    st.lists(st.text("0123456789ABCxyz-]\x1d 中", min_size=1, max_size=30), max_size=6),
    st.sampled_from((b"\r", b"\n", b"\t", b"\r\n")),
    st.data(),
)
def test_codes_come_out_however_the_bytes_are_cut(codes: list[str], end: bytes, data: st.DataObject) -> None:
    raw = b"".join(code.encode() + end for code in codes)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    reader = Codes(end[:1], "")
    pieces = [raw[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    assert [code for piece in pieces for code in reader.feed(piece)] == codes


@pytest.mark.parametrize(
    "noise",
    [b"\xff\xfe\x80", b"\x00\x01\x02", b"9" * (LONGEST + 1), b"9" * 5000, b"690\x1b[A", b"\xe4\xb8", b"", b"\n"],
    ids=lambda noise: f"{len(noise)} {noise[:8]!r}",
)
def test_noise_is_dropped_up_to_its_end_and_no_further(noise: bytes) -> None:
    for size in (1, 7, 10_000):
        reader = Codes(b"\r", "")
        raw = BUN.encode() + b"\r" + noise + b"\r" + MILK.encode() + b"\r"
        found = [code for start in range(0, len(raw), size) for code in reader.feed(raw[start : start + size])]
        assert found == [BUN, MILK]


def test_a_prefix_is_taken_off_where_it_stands() -> None:
    reader = Codes(b"\r", "F")
    assert reader.feed(b"F6900000000011\r6900000000028\rFF\rF\r") == [BUN, MILK, "F"]


def test_a_code_without_an_end_is_told_by_a_pause() -> None:
    reader = Codes(b"", "")
    assert reader.feed(b"690000") + reader.feed(b"0000011") == []
    assert reader.pause() == [BUN]
    assert reader.pause() == []
    assert reader.feed(b"9" * 5000) + reader.pause() == []
    assert reader.feed(MILK.encode()) + reader.pause() == [MILK]
    ended = Codes(b"\r", "")
    assert ended.feed(b"690000") + ended.pause() + ended.feed(b"0000011\r") == [BUN]


class Hand:
    """Somebody with a scanner of each driver."""

    def __init__(self, driver: str, folder: Path) -> None:
        self.folder = folder
        self.cable = Cable(folder) if driver == "serial" else None
        where: dict[str, Any] = {"port": str(self.cable.port)} if self.cable else {"folder": str(folder)}
        self.configured = Configured(driver, where, "scanner")

    def scan(self, *codes: str) -> None:
        if self.cable:
            self.cable.send(b"".join(code.encode() + b"\r\n" for code in codes))
        else:
            for code in codes:
                scan(self.folder, code)

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


@pytest.fixture(params=("serial", "virtual"))
def hand(request: pytest.FixtureRequest, tmp_path: Path) -> Hand:
    return Hand(request.param, tmp_path)


@pytest.fixture
def heard(hand: Hand) -> Iterator[tuple[CodeScanner, list[str]]]:
    codes: list[str] = []
    made = CodeScanner("scanner", hand.configured, codes.append, pauses_s=(0.01,))
    wait(lambda: made.view().status.trouble is None)
    yield made, codes
    made.close()


def test_codes_arrive_once_and_in_order(hand: Hand, heard: tuple[CodeScanner, list[str]]) -> None:
    _, codes = heard
    hand.scan(BUN)
    wait(lambda: codes == [BUN])
    hand.scan(MILK, BUN, GS1, JOIN)
    wait(lambda: codes == [BUN, MILK, BUN, GS1, JOIN])


def test_a_code_in_pieces_is_one_code(tmp_path: Path) -> None:
    hand, codes = Hand("serial", tmp_path), list[str]()
    scanner = CodeScanner("scanner", hand.configured, codes.append)
    wait(lambda: scanner.view().status.trouble is None)
    assert hand.cable
    for piece in (b"690000", b"0000011", b"\r", b"\n69000", b"00000028\r\n"):
        hand.cable.send(piece)
    wait(lambda: codes == [BUN, MILK])
    scanner.close()


def test_a_pulled_scanner_is_told_and_comes_back(hand: Hand, heard: tuple[CodeScanner, list[str]]) -> None:
    scanner, codes = heard
    hand.scan(BUN)
    wait(lambda: codes == [BUN])
    hand.pull()
    wait(lambda: scanner.view().status.trouble in (Reason.OFFLINE, Reason.NOT_FOUND))
    hand.plug_in()
    wait(lambda: scanner.view().status.trouble is None)
    hand.scan(MILK)
    wait(lambda: codes == [BUN, MILK])


def test_an_owner_who_fails_loses_no_later_code(hand: Hand) -> None:
    codes: list[str] = []

    def on_scan(code: str) -> None:
        codes.append(code)
        if code == BUN:
            raise ValueError(code)

    scanner = CodeScanner("scanner", hand.configured, on_scan, pauses_s=(0.01,))
    wait(lambda: scanner.view().status.trouble is None)
    hand.scan(BUN, MILK)
    wait(lambda: codes == [BUN, MILK])
    assert scanner.view().status.trouble is None
    scanner.close()

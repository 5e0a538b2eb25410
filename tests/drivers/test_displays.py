"""Every customer display shows the meaning as far as it can, nothing in a name commands it, and it comes back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contracts import Reason, Shown, printable, width
from drivers.displays.rows import rows
from drivers.displays.virtual import seen
from drivers.virtual_folder import jam
from posapp.devices import Configured, CustomerDisplay
from tests.drivers.serial_cable import Cable
from tests.drivers.tcp_printer import wait

HOSTILE = "\x1b@\x0c\x1f$\x01\x01牛角包\r\x1bQA9\u202e😀"
KINDS = st.sampled_from(("welcome", "price", "total", "given", "change"))
LETTERS = st.sampled_from(("gb18030", "pinyin", "ascii"))


@pytest.mark.parametrize(
    ("shown", "letters", "expected"),
    [
        (Shown("price", 1290, "鲜奶 950ml"), "gb18030", ("鲜奶 950ml", "单价           12.90")),
        (Shown("total", 2580, "2 件"), "gb18030", ("2 件", "合计           25.80")),
        (Shown("change", 2420, "收款 50.00"), "gb18030", ("收款 50.00", "找零           24.20")),
        (Shown("welcome", text="欢迎光临\n柳塘店"), "gb18030", ("欢迎光临", "柳塘店")),
        (Shown("price", 1290, "鲜奶 950ml"), "pinyin", ("XIAN NAI 950ML", "PRICE          12.90")),
        (Shown("price", 1290, "鲜奶 950ml"), "ascii", ("950ml", "Price          12.90")),
        (Shown("price", -1290, "澳洲进口有机全脂纯牛奶"), "gb18030", ("澳洲进口有机全脂纯牛", "单价          -12.90")),
        (Shown("total", 10**21), "gb18030", ("", "--------------------")),
    ],
)
def test_two_rows_say_it(shown: Shown, letters: Any, expected: tuple[str, str]) -> None:
    assert rows(shown, 20, letters) == expected


@given(st.text(max_size=60), KINDS, st.none() | st.integers(-(10**9), 10**9), LETTERS, st.integers(8, 40))
def test_rows_fit_and_command_nothing(text: str, kind: Any, amount: int | None, letters: Any, columns: int) -> None:
    for row in rows(Shown(kind, amount, text), columns, letters):
        assert width(row) <= columns
        assert row == printable(row)
        assert letters == "gb18030" or row.isascii()


class Window:
    """What a person sees on a display of two lines: the bytes it was sent, obeyed strictly."""

    def __init__(self, commands: str) -> None:
        self.commands = commands

    def read(self, raw: bytes) -> tuple[str, str]:
        shown = ["", ""]
        if self.commands == "cd5220":
            pieces = re.split(rb"(\x1bQ[AB][^\r\x1b]*\r|\x1b@|\x0c)", raw)
        else:
            pieces = re.split(rb"(\x1f\$\x01[\x01\x02][^\x1b\x1f\x0c]*|\x1b@|\x0c)", raw)
        for piece in pieces:
            if piece in (b"\x1b@", b"\x0c"):
                shown = ["", ""]
            elif piece.startswith((b"\x1bQ", b"\x1f$")):
                row, text = (piece[2] - 0x41, piece[3:-1]) if self.commands == "cd5220" else (piece[3] - 1, piece[4:])
                letters = text.decode("gb18030")
                assert width(letters) == 20
                assert letters.isprintable()
                shown[row] = letters.rstrip()
            else:
                assert piece == b"", f"{piece!r} is no command"
        return shown[0], shown[1]


class Stand:
    """A display of each driver, and what a customer reads on it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.cable = None if name == "virtual" else Cable(folder)
        options = {
            "virtual": {"folder": str(folder)},
            "epson": {"commands": "epson"},
            "cd5220": {"commands": "cd5220"},
            "led": {},
            "led8n": {"lights": "stx_l"},
        }[name]
        port = {"port": str(self.cable.port)} if self.cable else {}
        driver = {"virtual": "virtual", "led": "led", "led8n": "led"}.get(name, "vfd")
        self.configured = Configured(driver, {**options, **port}, "display")

    def reads(self) -> str:
        if self.cable is None:
            return "|".join(seen(self.folder).rows)
        if self.name in ("epson", "cd5220"):
            return "|".join(Window(self.name).read(self.cable.heard))
        return _led(self.cable.heard)

    def pull(self) -> None:
        if self.cable:
            self.cable.unplug()
            self.cable.heard = b""
        else:
            jam(self.folder, Reason.OFFLINE)

    def plug_in(self) -> None:
        if self.cable:
            self.cable.plug_in()
        else:
            jam(self.folder, None)


def _led(raw: bytes) -> str:
    """The light and the number of an LED display, its bytes obeyed strictly."""
    light, number = "", ""
    for piece in re.split(rb"(\x1bs[0-4]|\x02L[01]{4}|\x1bQA[0-9.-]{1,9}\r|\x1b@|\x0c)", raw):
        if piece.startswith((b"\x1bs", b"\x02L")):
            lit = int(piece[2:3]) if piece.startswith(b"\x1bs") else 1 + piece[2:].find(b"1")
            assert piece[2:].count(b"1") <= 1
            light = ("", "单价", "合计", "收款", "找零")[lit]
        elif piece.startswith(b"\x1bQA"):
            number = piece[3:-1].decode()
            assert len(number.replace(".", "")) <= 8
        elif piece in (b"\x1b@", b"\x0c"):
            number = ""
        else:
            assert piece == b"", f"{piece!r} is no command"
    return f"{light}|{number}"


STANDS = ("epson", "cd5220", "led", "led8n", "virtual")


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Stand:
    return Stand(request.param, tmp_path)


@pytest.fixture
def display(stand: Stand) -> Iterator[CustomerDisplay]:
    made = CustomerDisplay("display", stand.configured, pauses_s=(0.01,))
    yield made
    made.close()


def said(stand: Stand, words: str, digits: str) -> str:
    return digits if stand.name.startswith("led") else words


def test_the_customer_reads_what_is_meant(stand: Stand, display: CustomerDisplay) -> None:
    for shown, words, digits in (
        (Shown("price", 1290, "鲜奶 950ml"), "鲜奶 950ml|单价           12.90", "单价|12.90"),
        (Shown("total", 2580), "|合计           25.80", "合计|25.80"),
        (Shown("given", 5000), "|收款           50.00", "收款|50.00"),
        (Shown("change", 2420, "谢谢"), "谢谢|找零           24.20", "找零|24.20"),
        (Shown("total", -650), "|合计           -6.50", "合计|-6.50"),
        (Shown("total", 123456789012), "|合计   1234567890.12", "合计|--------"),
        (Shown("total", 1234567890), "|合计     12345678.90", "合计|12345678"),
        (Shown("welcome", text="欢迎光临"), "欢迎光临|", "|"),
        (None, "|", "|"),
    ):
        display.show(shown)
        wait(lambda words=words, digits=digits: stand.reads() == said(stand, words, digits))  # type: ignore[misc]


def test_nothing_in_a_name_commands_a_display(stand: Stand, display: CustomerDisplay) -> None:
    display.show(Shown("price", 1290, HOSTILE))
    amount = said(stand, "12.90", "单价|12.90")
    wait(lambda: stand.reads().endswith(amount))
    display.show(Shown("welcome", text=HOSTILE + "\n" + HOSTILE))
    wait(lambda: "12.90" not in stand.reads())


def test_a_pulled_display_is_told_and_shows_the_newest_when_it_is_back(stand: Stand, display: CustomerDisplay) -> None:
    display.show(Shown("total", 100))
    wait(lambda: "1.00" in stand.reads())
    stand.pull()
    display.show(Shown("total", 200))
    wait(lambda: display.view().status.trouble in (Reason.OFFLINE, Reason.NOT_FOUND))
    display.show(Shown("total", 300))
    stand.plug_in()
    wait(lambda: "3.00" in stand.reads())
    wait(lambda: display.view().status.trouble is None)


def test_a_display_pulled_while_idle_shows_the_same_when_it_is_back(stand: Stand, display: CustomerDisplay) -> None:
    display.show(Shown("total", 100))
    wait(lambda: "1.00" in stand.reads())
    stand.pull()
    display.wake()
    wait(lambda: display.view().status.trouble in (Reason.OFFLINE, Reason.NOT_FOUND))
    stand.plug_in()
    wait(lambda: display.view().status.trouble is None)
    wait(lambda: "1.00" in stand.reads())

"""A join code on receipt paper: read back from the virtual printer's paper, and large enough for a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
import zxingcpp
from PIL import Image

from drivers.catalogue import open_printer
from drivers.contracts import Cut, Qr, Text
from drivers.printers.paper import DOTS_A_MM
from drivers.printers.virtual import printed

URL = "https://member.example.com.cn/j/01J9ZK4T6M8Q2R5V7X9YB3D6F8"


@pytest.mark.parametrize("length", [50, 62, 75, 90])
@pytest.mark.parametrize("paper", [58, 80])
def test_a_phone_reads_the_join_code_on_a_receipt(tmp_path: Path, paper: Literal[58, 80], length: int) -> None:
    code = URL.ljust(length, "7")[:length]
    printer = open_printer("virtual", {"folder": str(tmp_path), "paper": paper})
    printer.print((Text("扫码入会 领本单 86 积分", "centre"), Qr(code), Text("7日内有效", "centre"), Cut()))
    (file,) = printed(tmp_path)
    with Image.open(file) as roll:
        (found,) = zxingcpp.read_barcodes(roll.convert("L"))
        wide = roll.width
    assert found.text == code
    at = found.position
    assert (at.top_right.x - at.top_left.x + 1) / DOTS_A_MM >= 22
    quiet = 4 * (at.top_right.x - at.top_left.x + 1) / 49
    assert at.top_left.x >= quiet
    assert at.top_right.x <= wide - quiet

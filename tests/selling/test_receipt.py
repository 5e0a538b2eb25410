"""The receipt of a recorded sale: what stands on it, on both papers and in both modes."""

from __future__ import annotations

import pytest

from drivers.contracts import Barcode, Cut, Pair, Text
from drivers.printers.escpos import Options, pieces
from posapp.messages import SettingRow
from posapp.selling import receipt
from posapp.till import Till
from tests.drivers.paper_roll import read_roll
from tests.shop import Chain, last, play

LIPSTICK, COOKIE = "6900000000035", "00301"


@pytest.fixture
def number(chain: Chain, till: Till) -> str:
    chain.publish("settings", {("store:1", "receipt_footer"): SettingRow("谢谢惠顾\n\n欢迎再来")})
    play(till, "sync", f"scan {LIPSTICK}", f"scan 0.536*{COOKIE}", "discount 1 10%")
    return str(last(till, "pay cash 150")["receipt"])


def test_a_receipt_says_everything_once_and_ends_in_its_return_code(till: Till, number: str) -> None:
    document = receipt.document(receipt.find(till.folder, number), till.settings)
    assert document[0] == Text("柳塘店", "centre", is_bold=True, size=2)
    assert document[-4:] == (Text("谢谢惠顾", "centre"), Text("欢迎再来", "centre"), Barcode(number), Cut())
    pairs = {block.left.strip(): block.right for block in document if isinstance(block, Pair)}
    assert pairs == {
        "1支 x 89.00": "80.10",
        "优惠": "-8.90",
        "0.536kg x 59.60": "31.95",
        "合计": "112.05",
        "现金": "150.00",
        "找零": "37.95",
        "共优惠": "8.90",
        "其中增值税": "12.90",
    }


def test_a_copy_differs_only_by_saying_so(till: Till, number: str) -> None:
    recorded = receipt.find(till.folder, number)
    first, copy = (receipt.document(recorded, till.settings, made) for made in (0, 2))
    assert [block for block in copy if block not in first] == [Text("*** 重印 第2次 ***", "centre", is_bold=True)]


def test_what_the_script_shows_is_what_text_mode_prints(till: Till, number: str) -> None:
    recorded = receipt.find(till.folder, number)
    options = Options(paper=58, mode="text", codes="native")
    roll = read_roll(b"".join(pieces(receipt.document(recorded, till.settings), options)), options.dots)
    words = [text.split() for text in roll.texts if text.strip()]
    assert words[:-1] == [line.split() for line in receipt.text(recorded, till.settings)]
    assert words[-1] == [number]
    assert roll.codes == [("QRCode", number)]

"""The receipt of a recorded sale: what stands on it, on both papers and in both modes."""

from __future__ import annotations

import io
from hashlib import sha256
from typing import Literal

import pytest
import zxingcpp
from PIL import Image

from drivers.contracts import Barcode, Cut, Pair, Picture, Qr, Rule, Text
from drivers.printers.escpos import Options, pieces
from drivers.printers.paper import png
from posapp.devices import preview
from posapp.errors import PosError
from posapp.hq.pictures import keep
from posapp.rules.receipt import document as document_of
from posapp.rules.receipt import marked as marked_with
from posapp.rules.receipt import text as text_of
from posapp.rules.sample_receipt import sample
from posapp.selling import receipt
from posapp.settings import Settings, read_setting
from posapp.streams import SettingRow
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
    document = document_of(receipt.find(till.folder, number), till.settings)
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
    first, copy = (document_of(recorded, till.settings, made) for made in (0, 2))
    assert [block for block in copy if block not in first] == [Text("*** 重印 第2次 ***", "centre", is_bold=True)]


def test_what_the_script_shows_is_what_text_mode_prints(till: Till, number: str) -> None:
    recorded = receipt.find(till.folder, number)
    options = Options(paper=58, mode="text", codes="native")
    roll = read_roll(b"".join(pieces(document_of(recorded, till.settings), options)), options.dots)
    words = [text.split() for text in roll.texts if text.strip()]
    assert words[:-1] == [line.split() for line in text_of(recorded, till.settings)]
    assert words[-1] == [number]
    assert roll.codes == [("QRCode", number)]


def test_a_mark_stands_big_at_the_top_in_the_middle_and_at_the_bottom(till: Till, number: str) -> None:
    recorded = receipt.find(till.folder, number)
    plain = document_of(recorded, till.settings)
    marked = marked_with(plain, "训练")
    mark = Text("训练", "centre", is_bold=True, size=2)
    places = [place for place, block in enumerate(marked) if block == mark]
    assert (places[0], places[-1], len(places)) == (0, len(marked) - 2, 3)
    rules = [place for place, block in enumerate(marked) if block == Rule()]
    assert rules[0] < places[1] < rules[1] + 1
    assert tuple(block for block in marked if block != mark) == plain


def test_a_stores_template_stands_on_its_receipts(chain: Chain, till: Till, number: str) -> None:
    picture = png((Text("榆荫里"),), 384)
    name = sha256(picture).hexdigest()
    rows = {
        "receipt_logo": name,
        "receipt_header": "榆荫里面包美妆",
        "receipt_qr": "加入会员|https://hq.example.com/j/1\n\n开票 | https://hq.example.com/f?a=1|2",
    }
    chain.publish("settings", {("store:1", key): SettingRow(value) for key, value in rows.items()})
    play(till, "sync")
    assert till.pictures.file(name) is None  # HQ has not got it yet
    with chain.database.transaction() as conn:
        assert keep(conn, "image/png", picture, chain.clock.now_ms()) == name
    play(till, "sync")
    file = till.pictures.file(name)
    assert file
    logo = file.read_bytes()
    document = document_of(receipt.find(till.folder, number), till.settings, logo=logo)
    assert document[0] == Picture(picture)
    assert document[2] == Text("榆荫里面包美妆", "centre")
    assert document[-6:-2] == (
        Text("加入会员", "centre"),
        Qr("https://hq.example.com/j/1"),
        Text("开票", "centre"),
        Qr("https://hq.example.com/f?a=1|2"),
    )


@pytest.mark.parametrize(
    "value",
    [
        "加入会员",
        "加入会员|http://hq.example.com",
        "加入会员|https://",
        "加入会员|https://hq.example.com/a b",
        f"{'长' * 41}|https://hq.example.com",
        "|https://a.cn\n" * 4,
    ],
)
def test_a_qr_block_that_no_phone_could_open_is_refused(value: str) -> None:
    with pytest.raises(PosError, match="bad_setting"):
        read_setting("receipt_qr", value)


@pytest.mark.parametrize("paper_mm", [58, 80])
def test_a_sample_looks_like_its_paper(till: Till, paper_mm: Literal[58, 80]) -> None:
    values = {"receipt_qr": "加入会员|https://hq.example.com/j/1", "language": "en"}
    document = document_of(sample(), Settings(values))
    body = sample().body
    assert body.total + body.rounding == sum(tender.amount for tender in body.tenders)
    with Image.open(io.BytesIO(preview(document, paper_mm))) as image:
        assert image.width == {58: 384, 80: 576}[paper_mm]
        codes = {found.text for found in zxingcpp.read_barcodes(image.convert("L"))}
    assert codes == {"https://hq.example.com/j/1", sample().receipt}

"""ESC/POS read back by an independent reader: text, pictures and codes, on both papers, with hostile names."""

from __future__ import annotations

import io
from typing import Literal

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from drivers.contracts import Barcode, Cut, Document, Pair, Picture, Qr, Reason, Rule, Text, lines
from drivers.printers.escpos import Options, kick, pieces, read_status
from drivers.printers.paper import draw, png
from tests.drivers.paper_roll import Roll, read_roll

HOSTILE = "\x1b@\x1dV0\x1bp\x00\x19\xfa\x10\x14\x01\x00\x01\n\r牛角包\u202e\u200f\x7f\x9b😀𠮷①¥é\u2029"
NUMBER = "S001T01-A-000042-7K"
JOIN = "https://hq.example.com/j/ABCDEFGHJKMNPQRSTVWXYZ0123"

RECEIPT: Document = (
    Text("柳塘店", "centre", is_bold=True, size=2),
    Text(f"小票 {NUMBER}"),
    Rule(),
    Text("澳洲进口有机全脂纯牛奶（家庭分享装）950ml*12盒/箱"),
    Pair("  12箱 x 128.00", "1536.00"),
    Text(HOSTILE),
    Pair(HOSTILE, "-0.50"),
    Pair("合计", "1535.50", is_bold=True, size=2),
    Qr(JOIN),
    Barcode(NUMBER),
    Cut(),
)
Paper = Literal[58, 80]


def printed(document: Document, options: Options) -> Roll:
    return read_roll(b"".join(pieces(document, options)), options.dots)


def codes(image: Image.Image) -> set[tuple[str, str]]:
    found = zxingcpp.read_barcodes(image.convert("L"))
    return {(code.format.name, code.text) for code in found}


@pytest.mark.parametrize("paper", [58, 80])
def test_text_mode_prints_the_layout_and_nothing_in_a_name_commands(paper: Paper) -> None:
    roll = printed(RECEIPT, Options(paper=paper, mode="text", codes="native"))
    assert (roll.cuts, roll.kicks) == (1, 0)
    doubled = [text.split() for text, size, is_bold in roll.lines if size == 2 and is_bold]
    assert doubled == [["柳塘店"], ["合计", "1535.50"]]
    single = [block for block in RECEIPT if isinstance(block, Text | Pair | Rule) and getattr(block, "size", 1) == 1]
    expected = [line.replace("😀", "〓").replace("𠮷", "〓") for line in lines(tuple(single), roll.dots // 12)]
    single_lines = [text for text, size, _ in roll.lines if size == 1]
    assert single_lines[: len(expected)] == expected
    assert single_lines[-1].strip() == ("" if paper == 80 else NUMBER)
    assert roll.codes == [("QRCode", JOIN), ("Code128" if paper == 80 else "QRCode", NUMBER)]


@pytest.mark.parametrize("paper", [58, 80])
def test_raster_mode_is_the_picture_and_its_codes_can_be_read(paper: Paper) -> None:
    roll = printed(RECEIPT, Options(paper=paper))
    assert (roll.texts, roll.cuts, roll.kicks) == ([], 1, 0)
    assert codes(roll.picture) == {("QRCode", JOIN), ("Code128" if paper == 80 else "QRCode", NUMBER)}
    drawn = draw(RECEIPT, roll.dots)
    assert sum(ImageChops.difference(roll.picture.convert("L"), drawn.convert("L")).histogram()[1:]) < 20
    with Image.open(io.BytesIO(png(RECEIPT, roll.dots))) as image:
        assert not ImageChops.difference(image.convert("L"), drawn.convert("L")).getbbox()


def test_pictures_of_codes_stand_in_for_a_printer_that_draws_none() -> None:
    roll = printed(RECEIPT, Options(mode="text", codes="picture"))
    assert roll.codes == []
    assert codes(roll.picture) == {("QRCode", JOIN), ("Code128", NUMBER)}


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(("raster", "text")), st.sampled_from((58, 80)))
def test_no_text_commands_a_printer(name: str, code: str, mode: Literal["raster", "text"], paper: Paper) -> None:
    document: Document = (Text(name, "right"), Pair(name, "12.50", size=2), Qr(code), Barcode(code), Cut())
    roll = printed(document, Options(paper=paper, mode=mode, codes="native"))
    assert (roll.cuts, roll.kicks) == (1, 0)
    if mode == "text":
        assert any(text.endswith("12.50") for text in roll.texts)


def test_letters_a_printer_lacks_keep_their_columns() -> None:
    text = "Häagen-Dazs 龘𠮷😀 €￥¥ “①”… ø"
    roll = printed((Text(text), Cut()), Options(mode="text"))
    assert roll.texts == ["Haagen-Dazs 龘〓〓 €￥￥ “①”… 〓"]


def test_a_picture_cannot_command_a_printer() -> None:
    stripes = Image.frombytes("1", (576, 64), bytes(255 - byte for byte in b"\x10\x14\x01\x10\x04\x01" * 768))
    out = io.BytesIO()
    stripes.save(out, "PNG")
    roll = printed((Picture(out.getvalue()), Cut()), Options())
    assert len(roll.pictures) == 1


@pytest.mark.parametrize("broken", [b"", b"\x89PNG\r\n\x1a\nnothing", b"GIF89a"])
def test_a_broken_logo_is_left_out(broken: bytes) -> None:
    assert draw((Picture(broken), Text("牛角包")), 384).height == draw((Text("牛角包"),), 384).height


def test_chinese_is_drawn_in_its_simplified_form_inside_its_cells() -> None:
    """Ink of every letter stays within its own cell: nothing is clipped, nothing runs into its neighbour."""
    for letter in "直骨返令龘鑫gQ@W":
        alone = draw((Text(f"  {letter}"),), 384).crop((0, 0, 384, 31))
        box = ImageChops.invert(alone.convert("L")).getbbox()
        assert box
        assert box[0] >= 23
        assert box[2] <= 24 + (12 if letter.isascii() else 24) + 1
        assert 0 < box[1] < box[3] < 31


def test_a_kick_opens_the_drawer_on_its_pin() -> None:
    assert read_roll(kick(2) + kick(5), 576).kicks == 2
    assert [kick(pin)[2] for pin in (2, 5)] == [0, 1]


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (b"\x12\x12\x12", None),
        (b"\x1a\x12\x72", Reason.NO_PAPER),
        (b"\x1a\x32\x12", Reason.NO_PAPER),
        (b"\x1a\x16\x12", Reason.COVER_OPEN),
        (b"\x1a\x12\x12", Reason.OFFLINE),
        (b"\x12\x52\x12", Reason.OFFLINE),
        (b"", Reason.UNKNOWN),
        (b"\x12\x12", Reason.UNKNOWN),
        (b"\x00\x00\x00", Reason.UNKNOWN),
        (b"\xff\xff\xff", Reason.UNKNOWN),
    ],
)
def test_only_whole_status_bytes_say_something(answer: bytes, trouble: Reason | None) -> None:
    assert read_status(answer).trouble == trouble
    assert read_status(b"\x12\x12\x1e").is_paper_low

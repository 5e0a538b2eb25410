"""A receipt as a PDF: one page as wide as the roll and as long as its paper, with the same ink on it."""

from __future__ import annotations

import io
import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageChops

from drivers.catalogue import open_printer
from drivers.contracts import Barcode, Cut, Document, Pair, Qr, Text
from drivers.printers.paper import DOTS, draw, pdf
from drivers.printers.virtual import printed

RECEIPT: Document = (
    Text("柳塘店", "centre", size=2),
    Pair("牛角包", "6.50"),
    Barcode("S001T01-A-000042-7K"),
    Qr("https://hq.example.com/j/ABC"),
)


def page_mm(raw: bytes) -> tuple[float, float]:
    """Width and height of the only page, from its MediaBox in points."""
    assert raw.startswith(b"%PDF-")
    assert raw.rstrip().endswith(b"%%EOF")
    (box,) = re.findall(rb"/MediaBox \[ *([0-9. ]+?) *\]", raw)
    left, bottom, right, top = map(float, box.split())
    return (right - left) / 72 * 25.4, (top - bottom) / 72 * 25.4


@pytest.mark.parametrize(("roll", "dots"), DOTS.items())
def test_a_page_has_the_size_of_its_paper(roll: int, dots: int) -> None:
    width, height = page_mm(pdf(RECEIPT, dots))
    assert width == pytest.approx(roll, abs=0.1)
    assert height == pytest.approx((draw(RECEIPT, dots).height + 80) / 8, abs=0.1)
    assert page_mm(pdf(RECEIPT * 3, dots))[1] > 2.5 * height


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="no poppler on this machine")
def test_another_program_sees_the_same_codes(tmp_path: Path) -> None:
    (tmp_path / "receipt.pdf").write_bytes(pdf(RECEIPT, DOTS[80]))
    subprocess.run(["pdftoppm", "-r", "203", "-png", "-singlefile", "receipt.pdf", "page"], cwd=tmp_path, check=True)
    with Image.open(tmp_path / "page.png") as page:
        found = {code.text for code in zxingcpp.read_barcodes(page.convert("L"))}
    assert found == {"S001T01-A-000042-7K", "https://hq.example.com/j/ABC"}


@pytest.mark.parametrize(("keep", "kinds"), [("png", {"png"}), ("pdf", {"pdf"}), ("both", {"png", "pdf"})])
def test_the_virtual_printer_keeps_what_it_is_told(keep: str, kinds: set[str], tmp_path: Path) -> None:
    printer = open_printer("virtual", {"folder": str(tmp_path), "keep": keep})
    printer.print((*RECEIPT, Cut(), Text("二"), Cut()))
    printer.print((Text("三"), Cut()))
    assert {path.suffix[1:] for path in tmp_path.iterdir()} == {"txt", *kinds}
    assert [path.with_suffix(".txt").read_text("utf-8").split() for path in printed(tmp_path)[1:]] == [["二"], ["三"]]
    assert len(list(tmp_path.glob("*.txt"))) == 3


def test_the_ink_in_the_page_is_that_of_the_paper() -> None:
    """The fax stream of the page, put into a TIFF file of our own, decodes to what was drawn."""
    raw = pdf(RECEIPT, DOTS[58])
    assert b"/BlackIs1 true" in raw
    assert b"/CCITTFaxDecode" in raw
    width, height = (int(re.findall(rb"/%s ([0-9]+)" % name, raw)[0]) for name in (b"Width", b"Height"))
    start = raw.index(b"stream\n") + len(b"stream\n")
    fax = raw[start : raw.index(b"\nendstream", start)]
    entries = [(256, width), (257, height), (258, 1), (259, 4), (262, 1), (273, 122), (278, height), (279, len(fax))]
    tags = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    tiff = b"II*\x00" + struct.pack("<IH", 8, len(entries)) + tags + bytes(4)
    with Image.open(io.BytesIO(tiff.ljust(122, b"\0") + fax)) as page:
        drawn = draw(RECEIPT, DOTS[58])
        printed_part = page.convert("L").crop((40, 40, 40 + drawn.width, 40 + drawn.height))
        assert not ImageChops.difference(printed_part, drawn.convert("L")).getbbox()
        assert ImageChops.invert(page.convert("L")).getbbox() == ImageChops.invert(_on_page(drawn, page.size)).getbbox()


def _on_page(drawn: Image.Image, size: tuple[int, int]) -> Image.Image:
    page = Image.new("L", size, 255)
    page.paste(drawn.convert("L"), (40, 40))
    return page

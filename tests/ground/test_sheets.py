"""Stand cards and badges: their code is read from the picture and from the PDF, in its real size; no text is cut."""

from __future__ import annotations

import io
import itertools
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFont

from posapp.errors import PosError
from posapp.rules import sheets
from posapp.rules.sheets import MM, Badge, Stand

CODE = "https://member.example.com.cn/j/01J9ZK4T6M8Q2R5V7X9YB3D6F8".ljust(75, "9")
SHOP = "榆荫里面包美妆（柳塘店）"
LONG = "北海道风味低温慢煮海盐芝士半熟蛋糕六枚家庭分享装旗舰体验店（人民路中段与解放路交叉口地铁站三号出口旁）二层东侧"[
    :60
]
GIFT = Image.new("RGB", (400, 100), "#c02020")
TALL = Image.new("RGBA", (30, 900), "#2020c0")


def codes(picture: Image.Image) -> list[zxingcpp.Barcode]:
    return list(zxingcpp.read_barcodes(picture.convert("L")))


def across_mm(found: zxingcpp.Barcode, dots_a_mm: float = MM) -> float:
    return (found.position.top_right.x - found.position.top_left.x + 1) / dots_a_mm


STANDS = [
    Stand(SHOP, CODE, "扫码入会 · 立减5元", "新会员送海盐卷一个"),
    Stand(SHOP, CODE, gift="新会员送海盐卷一个", picture=GIFT),
    Stand(LONG, CODE, "扫码入会 · 立减5元", "新会员送海盐卷一个", TALL),
    Stand("店", CODE[:40]),
]
BADGES = [Badge(SHOP, "陈小满", 1001, CODE), Badge(LONG, "阿卜杜热合曼·买买提艾力" * 3, 16383, CODE, "扫码" * 9, GIFT)]


@pytest.mark.parametrize(("text", "size", "language"), list(itertools.product(STANDS, sheets.STANDS, ("zh", "en"))))
def test_the_code_of_a_stand_card_measures_four_centimetres(text: Stand, size: str, language: str) -> None:
    card = sheets.stand(text, size, language)
    wide, high = sheets.STANDS[size]
    assert card.size == (round(wide * MM), round(high * MM))
    (found,) = codes(card)
    assert found.text == text.code
    assert across_mm(found) >= sheets.LEAST_CODE - 0.1


@pytest.mark.parametrize(("text", "language"), list(itertools.product(BADGES, ("zh", "en"))))
def test_a_badge_is_a_bank_card_and_its_code_is_read(text: Badge, language: str) -> None:
    card = sheets.badge(text, language)
    assert card.size == (1011, 638)
    (found,) = codes(card)
    assert found.text == text.code
    assert across_mm(found) >= sheets.LEAST_BADGE_CODE - 0.1


class Written:
    """What was written on a card: each text with its box in dots."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.texts: list[tuple[str, tuple[float, float, float, float]]] = []
        write = ImageDraw.ImageDraw.text

        def note(
            pen: ImageDraw.ImageDraw,
            at: tuple[float, float],
            text: str,
            fill: str,
            font: ImageFont.FreeTypeFont,
            anchor: str,
            stroke_width: float,
        ) -> None:
            box = pen.textbbox(at, text, font, anchor, stroke_width=stroke_width)
            self.texts.append((text, box))
            write(pen, at, text, fill, font, anchor, stroke_width=stroke_width)

        monkeypatch.setattr(ImageDraw.ImageDraw, "text", note)

    def overlaps(self) -> Iterator[tuple[str, str]]:
        for (one, a), (other, b) in itertools.combinations(self.texts, 2):
            if min(a[2], b[2]) - max(a[0], b[0]) > 1 and min(a[3], b[3]) - max(a[1], b[1]) > 1:
                yield one, other


@pytest.mark.parametrize("size", sheets.STANDS)
def test_every_letter_of_a_stand_card_is_on_it(monkeypatch: pytest.MonkeyPatch, size: str) -> None:
    for text, language in itertools.product(STANDS, ("zh", "en")):
        written = Written(monkeypatch)
        card = sheets.stand(text, size, language)
        whole = "".join(line for line, _ in written.texts)
        for wanted in (text.shop, text.title, text.gift):
            assert wanted.replace(" ", "") in whole.replace(" ", "")
        assert ("14周岁" if language == "zh" else "under 14") in whole
        margin = 4 * MM
        for line, (left, top, right, bottom) in written.texts:
            assert left >= margin, line
            assert right <= card.width - margin, line
            assert top >= 0, line
            assert bottom <= card.height - margin, line
        assert list(written.overlaps()) == []
        monkeypatch.undo()


def test_every_letter_of_a_badge_is_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, language in itertools.product(BADGES, ("zh", "en")):
        written = Written(monkeypatch)
        card = sheets.badge(text, language)
        whole = "".join(line for line, _ in written.texts)
        for wanted in (text.shop, text.name, str(text.number), text.line):
            assert wanted.replace(" ", "") in whole.replace(" ", "")
        for line, (left, top, right, bottom) in written.texts:
            assert 0 <= left < right <= card.width, line
            assert 0 <= top < bottom <= card.height, line
        assert list(written.overlaps()) == []
        monkeypatch.undo()


@pytest.mark.parametrize(("picture", "colour"), [(GIFT, (192, 32, 32)), (TALL, (32, 32, 192))])
@pytest.mark.parametrize("size", sheets.STANDS)
def test_a_picture_keeps_its_shape(picture: Image.Image, colour: tuple[int, int, int], size: str) -> None:
    card = sheets.stand(Stand(SHOP, CODE, picture=picture), size)
    mask = Image.frombytes("L", card.size, bytes(255 if dot == colour else 0 for dot in card.get_flattened_data()))
    box = mask.getbbox()
    assert box
    wide, high = box[2] - box[0], box[3] - box[1]
    assert wide / high == pytest.approx(picture.width / picture.height, rel=0.06)
    assert high >= 8 * MM or wide >= 80 * MM
    assert abs((box[0] + box[2]) / 2 - card.width / 2) < 2


def test_what_does_not_fit_is_told_and_nothing_is_cut() -> None:
    with pytest.raises(PosError, match="sheet_too_full"):
        sheets.stand(Stand(SHOP * 20, CODE))
    with pytest.raises(PosError, match="sheet_too_full"):
        sheets.badge(Badge(SHOP, "陈小满" * 40, 1, CODE))


@pytest.mark.parametrize("code", ["", "https://例子.cn/j/A", "a\nb", "x" * 201])
def test_a_code_that_no_scanner_would_like_is_refused(code: str) -> None:
    with pytest.raises(PosError, match="bad_sheet_code"):
        sheets.stand(Stand(SHOP, code))


def test_a4_pages_hold_every_card_in_its_real_size() -> None:
    badges = [sheets.badge(Badge(SHOP, "陈小满", n, f"{CODE}{n}")) for n in range(12)]
    assert sheets.per_a4(badges[0]) == 10
    pages = sheets.on_a4(badges)
    assert [page.size for page in pages] == [(2480, 3508)] * 2
    read = [sorted(found.text for found in codes(page)) for page in pages]
    assert read == [sorted(f"{CODE}{n}" for n in range(10)), [f"{CODE}{n}" for n in (10, 11)]]
    for size, count in (("A6", 4), ("A5", 2)):
        card = sheets.stand(STANDS[0], size)
        assert sheets.per_a4(card) == count
        (page,) = sheets.on_a4([card] * count)
        found = codes(page)
        assert len(found) == count
        assert all(max(across_mm(one), _down_mm(one)) >= 39.9 for one in found)


def _down_mm(found: zxingcpp.Barcode) -> float:
    return (abs(found.position.top_right.y - found.position.top_left.y) + 1) / MM


def test_a_picture_file_says_how_large_it_is() -> None:
    with Image.open(io.BytesIO(sheets.png(sheets.badge(BADGES[0])))) as shown:
        assert shown.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert codes(shown)[0].text == CODE


def test_a_pdf_has_the_cards_size_and_holds_what_was_drawn() -> None:
    raw = sheets.pdf([sheets.badge(BADGES[0]), sheets.badge(BADGES[1])])
    boxes = [list(map(float, box.split())) for box in re.findall(rb"/MediaBox \[ *([0-9. ]+?) *\]", raw)]
    assert len(boxes) == 2
    for left, bottom, right, top in boxes:
        assert (right - left) / 72 * 25.4 == pytest.approx(85.6, abs=0.1)
        assert (top - bottom) / 72 * 25.4 == pytest.approx(54, abs=0.1)
    pictures = re.findall(rb"stream\r?\n(\xff\xd8.*?\xff\xd9)\r?\nendstream", raw, re.DOTALL)
    assert len(pictures) == 2
    for jpeg in pictures:
        with Image.open(io.BytesIO(jpeg)) as page:
            assert [found.text for found in codes(page)] == [CODE]


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="no poppler on this machine")
def test_another_program_reads_the_pdf(tmp_path: Path) -> None:
    (tmp_path / "stand.pdf").write_bytes(sheets.pdf([sheets.stand(STANDS[0])]))
    subprocess.run(["pdftoppm", "-r", "200", "-png", "-singlefile", "stand.pdf", "page"], cwd=tmp_path, check=True)
    with Image.open(tmp_path / "page.png") as page:
        (found,) = codes(page)
    assert found.text == CODE
    assert across_mm(found, 200 / 25.4) >= 39.8

"""Draws a document as it looks on thermal paper: 384 dots across for 58 mm, 576 for 80 mm, 203 dots to the inch.

Letters stand in the cells of contracts.lay: 12 dots a column, 24 for a full-width character, so that what the
layout aligned is aligned on paper.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache

import qrcode
from noto_cjk_sans_otc import FONT_PATH
from PIL import Image, ImageDraw, ImageFont

from drivers.contracts import (
    MISSING,
    Barcode,
    Block,
    Cut,
    Pair,
    Picture,
    Qr,
    Rule,
    Text,
    lay,
    printable,
    size_on,
    width,
)

COLUMN = 12
"""Dots of a column."""
DOTS = {58: 384, 80: 576}
"""Dots across paper of so many millimetres; 32 and 48 columns."""
DOTS_A_MM = 8
"""203.2 dots to the inch; 5 or 4 mm at each edge of the roll stay white."""

_LETTER, _LINE = 24, 31  # dots: the em square, and from one line to the next
_INK = 150  # what is darker than this is printed
_MARGIN = 40  # above and below a PDF page
_GAP = 14  # above and below codes and pictures
_LARGEST_PICTURE = 4_000_000  # dots
_MONO_SC = 7  # the face of the collection with half-width Latin and Simplified forms; 0 would be Japanese

# ISO/IEC 15417: bars and spaces of Code 128's values 0 to 105, and of the stop
_CODE_128 = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"
).split()
_START_B, _STOP, _QUIET = 104, 106, 10
BAR_HEIGHT = 72
MODULE = 2
"""Dots of a barcode's narrowest bar: 0.25 mm, what a hand scanner reads on thermal paper."""


def fits_bars(data: str, dots: int) -> bool:
    """Whether a text can be a Code 128 on the paper: printable ASCII, and its width with both quiet zones."""
    modules = 11 * (len(data) + 3) + 2 + 2 * _QUIET
    return data.isascii() and data.isprintable() and data != "" and modules * MODULE <= dots


def png(blocks: Sequence[Block], dots: int) -> bytes:
    out = io.BytesIO()
    draw(blocks, dots).save(out, "PNG", optimize=True)
    return out.getvalue()


def pdf(blocks: Sequence[Block], dots: int) -> bytes:
    """The paper as one PDF page in its real size: as wide as the roll, as long as what is on it."""
    image = draw(blocks, dots)
    roll = next(millimetres for millimetres, across in DOTS.items() if across == dots) * DOTS_A_MM
    page = Image.new("1", (roll, image.height + 2 * _MARGIN), 1)
    page.paste(image, ((roll - dots) // 2, _MARGIN))
    out = io.BytesIO()
    page.save(out, "PDF", resolution=25.4 * DOTS_A_MM)
    return out.getvalue()


def draw(blocks: Sequence[Block], dots: int) -> Image.Image:
    """The blocks one below the other on paper of so many dots across: mode "1", black is ink."""
    strips = [strip for block in blocks if (strip := _strip(block, dots))]
    paper = Image.new("1", (dots, max(1, sum(strip.height for strip in strips))), 1)
    top = 0
    for strip in strips:
        paper.paste(strip, ((dots - strip.width) // 2, top))
        top += strip.height
    return paper


def _strip(block: Block, dots: int) -> Image.Image | None:
    match block:
        case Text() | Pair():
            size = size_on(block, dots // COLUMN)
            return _words(lay(block, dots // COLUMN // size), size, block.is_bold, dots)
        case Rule():
            return _dashes(dots)
        case Barcode(data) if fits_bars(data, dots):
            return _bars(data)
        case Barcode(data):
            return _squares(printable(data), dots, is_told=True)
        case Qr(data):
            return _squares(printable(data), dots)
        case Picture(data):
            return _picture(data, dots)
        case Cut():
            return None


def _words(lines: list[str], size: int, is_bold: bool, dots: int) -> Image.Image:
    font, height = _font(_LETTER * size), _LINE * size
    image = Image.new("L", (dots, height * len(lines)), 255)
    pen = ImageDraw.Draw(image)
    for row, line in enumerate(lines):
        left, baseline = 0, row * height + 24 * size
        for letter in line:
            cell = width(letter) * COLUMN * size
            shown = letter if _has(letter) else MISSING if width(letter) == 2 else "?"
            inset = (cell - font.getlength(shown)) // 2
            pen.text((left + inset, baseline), shown, 0, font, anchor="ls", stroke_width=0.5 * size if is_bold else 0)
            left += cell
    return image.point(lambda grey: 255 if grey > _INK else 0).convert("1", dither=Image.Dither.NONE)


@lru_cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    # The basic layout puts down one letter as it is: no joining, no turning of direction.
    return ImageFont.truetype(str(FONT_PATH), size, _MONO_SC, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=8192)
def _has(letter: str) -> bool:
    font = _font(_LETTER)
    return bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))


def _dashes(dots: int) -> Image.Image:
    image = Image.new("1", (dots, 17), 1)
    pen = ImageDraw.Draw(image)
    for left in range(0, dots, COLUMN):
        pen.rectangle((left + 2, 8, left + 9, 9), 0)
    return image


def _bars(data: str) -> Image.Image:
    values = [_START_B, *(ord(letter) - 32 for letter in data)]
    check = (values[0] + sum(place * value for place, value in enumerate(values))) % 103
    widths = [int(digit) for value in (*values, check, _STOP) for digit in _CODE_128[value]]
    modules = sum(widths) + 2 * _QUIET
    text = _words([data], 1, False, width(data) * COLUMN)
    image = Image.new("1", (max(modules * MODULE, text.width), BAR_HEIGHT + 2 * _GAP + text.height), 1)
    pen = ImageDraw.Draw(image)
    left = (image.width - sum(widths) * MODULE) // 2
    for place, modules in enumerate(widths):
        if place % 2 == 0:
            pen.rectangle((left, _GAP, left + modules * MODULE - 1, _GAP + BAR_HEIGHT - 1), 0)
        left += modules * MODULE
    image.paste(text, ((image.width - text.width) // 2, _GAP + BAR_HEIGHT + 4))
    return image


def _squares(data: str, dots: int, is_told: bool = False) -> Image.Image | None:
    """A QR code at most 288 dots wide, its text below if told; none where there is too much text for one."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=4)
    code.add_data(data.encode())
    try:
        matrix = code.get_matrix()
    except ValueError:
        return None
    module = min(6, max(2, min(dots, 288) // len(matrix)))
    if not data or module * len(matrix) > dots:
        return None
    small = Image.new("1", (len(matrix), len(matrix)), 1)
    small.putdata([0 if is_dark else 1 for row in matrix for is_dark in row])
    squares = small.resize((module * len(matrix),) * 2, Image.Resampling.NEAREST)
    if not is_told:
        return squares
    text = _words(lay(Text(data, "centre"), dots // COLUMN), 1, False, dots)
    image = Image.new("1", (dots, squares.height + text.height), 1)
    image.paste(squares, ((dots - squares.width) // 2, 0))
    image.paste(text, (0, squares.height - module))
    return image


def _picture(data: bytes, dots: int) -> Image.Image | None:
    """A logo in black and white; one that cannot be read is left out, for a receipt does not wait for a logo."""
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if image.width * image.height > _LARGEST_PICTURE:
                return None
            colours = image.convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    white = Image.new("RGBA", colours.size, "white")
    white.alpha_composite(colours)
    white.thumbnail((dots, 4 * dots))
    framed = Image.new("L", (white.width, white.height + 2 * _GAP), 255)
    framed.paste(white.convert("L"), (0, _GAP))
    return framed.convert("1")

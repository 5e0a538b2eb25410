"""Sheets to print and put up: stand cards with a join code, clerks' badges, several of them on an A4 page.

Drawn at 300 dots to the inch in their real size. Till and HQ make them alike; whoever loads this loads Pillow.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import qrcode
from noto_cjk_sans_otc import FONT_PATH
from PIL import Image, ImageDraw, ImageFont

from posapp.errors import PosError

DPI = 300
MM = DPI / 25.4
"""Dots in a millimetre."""

STANDS = {"A6": (105.0, 148.0), "A5": (148.0, 210.0)}
CARD = (85.6, 54.0)
"""A badge is as large as a bank card (CR80)."""
A4 = (210.0, 297.0)
LEAST_CODE, LEAST_BADGE_CODE = 40.0, 30.0
"""Millimetres of a code on a stand card and on a badge, without its white edge."""
LONGEST_CODE = 200

_INK, _GREEN, _PALE, _GREY, _WHITE = "#15191f", "#0f6b4f", "#dcefe7", "#5b6675", "#ffffff"
_SANS_SC = 2  # the face of the collection with Simplified forms
_QUIET = 4
_LINE = 1.36  # from one line to the next, in letters
_PIECES = re.compile(r" +|[!-~]+|[（《「『【“‘]*[^ -~][，。、；：！？）》」』】”’％]*")

_WORDS = {
    "title": ("扫码入会", "Scan to join"),
    "steps": (("扫一扫", "填手机号", "成为会员"), ("Scan", "Your phone", "You are in")),
    "small": (
        "只收集手机号,用于识别会员、积分与优惠。营销短信须另行同意,可随时退订、查询、更正和删除。未满14周岁请勿注册。",
        "We ask for your phone number only, to know you as a member, for points and offers. Advertising needs a consent"
        " of its own. See, correct, delete or leave at any time. Not for children under 14.",
    ),
    "badge": ("扫码加我 · 入会有礼", "Scan me to join"),
    "number": ("工号 {number}", "No. {number}"),
}


@dataclass(frozen=True, slots=True)
class Stand:
    """What a stand card says; title and the rest as the language has them where they are "".

    picture: a logo or the gift, any size; it is never stretched.
    """

    shop: str
    code: str
    title: str = ""
    gift: str = ""
    picture: Image.Image | None = None


@dataclass(frozen=True, slots=True)
class Badge:
    """What a clerk's badge says. picture: a logo."""

    shop: str
    name: str
    number: int
    code: str
    line: str = ""
    picture: Image.Image | None = None


def stand(text: Stand, size: str = "A6", language: str = "zh") -> Image.Image:
    """A card for the counter. size: of STANDS. Raises PosError sheet_too_full, bad_sheet_code."""
    wide, high = STANDS[size]
    draw = _Drawing(wide, high, wide / STANDS["A6"][0])
    word = {key: pair[language == "en"] for key, pair in _WORDS.items()}
    draw.box((0, 0, 105, 27), _GREEN, 0)
    draw.words((8, 3, 89, 21), text.shop, 8.5, _WHITE, most=3, smallest=2.8, is_bold=True)
    top = 31.0
    top += draw.words((8, top, 89, 0), text.title or str(word["title"]), 9, _INK, most=2, smallest=4, is_bold=True) + 2
    if text.gift:
        top += draw.words((8, top, 89, 0), text.gift, 5.5, _GREEN, 2, smallest=3, is_bold=True, ground=_PALE) + 2
    small = draw.measure(str(word["small"]), 2.5, 89, 4, 2.1)
    draw.words((8, draw.high - 5 - small, 89, small), str(word["small"]), 2.5, _GREY, most=4, smallest=2.1)
    foot = draw.high - 5 - small - 3 - 13
    for place, step in enumerate(word["steps"]):
        left = 8 + place * 89 / 3
        draw.disc(left + 89 / 6, foot + 3.2, 3.2, _GREEN)
        draw.words((left, foot + 0.6, 89 / 3, 5.2), f"{place + 1}", 4, _WHITE, is_bold=True)
        draw.words((left + 1, foot + 7.4, 89 / 3 - 2, 5.6), step, 3.9, _INK, smallest=2.5)
    room = foot - 2 - top
    matrix = _matrix(text.code)
    if text.picture:
        shown = min(room * 0.42, room - draw.least_side(matrix, LEAST_CODE))
        if shown < 8:
            raise PosError("sheet_too_full", text=text.gift or text.title or text.shop)
        draw.picture((8, top, 89, shown), text.picture)
        top, room = top + shown, room - shown
    side = min(room, 74.0)
    draw.code((52.5 - side / 2, top + (room - side) / 2, side), matrix, LEAST_CODE, text.gift or text.title)
    return draw.image


def badge(text: Badge, language: str = "zh") -> Image.Image:
    """A clerk's card. Raises PosError sheet_too_full, bad_sheet_code."""
    draw = _Drawing(*CARD, 1.0)
    word = {key: str(pair[language == "en"]) for key, pair in _WORDS.items()}
    draw.box((0, 0, 37, 54), _GREEN, 0)
    top = 5.0
    if text.picture:
        draw.box((4, 4, 29, 12), _WHITE, 1.5)
        draw.picture((5, 5, 27, 10), text.picture)
        top = 17.5
    top += draw.words((4, top, 29, 0), text.shop, 3.6, _WHITE, most=5, smallest=2.1)
    foot = 54 - 4.5 - 5
    number = word["number"].format(number=text.number)
    draw.words((4, foot, 29, 5), number, 3.8, _PALE, smallest=2.5)
    draw.words((4, top + 1, 29, foot - top - 2), text.name, 9, _WHITE, most=4, smallest=2.1, is_bold=True)
    caption = text.line or word["badge"]
    told = draw.measure(caption, 3.4, 44, 2, 2.3)
    draw.words((39.5, 54 - 3.5 - told, 44, told), caption, 3.4, _INK, most=2, smallest=2.3, is_bold=True)
    side = min(46.0, 54 - 3.5 - told - 1)
    draw.code((61.5 - side / 2, 1, side), _matrix(text.code), LEAST_BADGE_CODE, caption)
    return draw.image


def on_a4(cards: Sequence[Image.Image]) -> list[Image.Image]:
    """Pages with as many cards as there is room for, all of one size, thin lines to cut along between them."""
    page = round(A4[0] * MM), round(A4[1] * MM)
    wide, high = cards[0].size
    upright = (page[0] // wide) * (page[1] // high)
    turned = (page[0] // high) * (page[1] // wide)
    shown = [card.rotate(90, expand=True) for card in cards] if turned > upright else list(cards)
    wide, high = shown[0].size
    columns, rows = page[0] // wide, page[1] // high
    left, top = (page[0] - columns * wide) // 2, (page[1] - rows * high) // 2
    pages = []
    for first in range(0, len(shown), columns * rows):
        sheet = Image.new("RGB", page, _WHITE)
        pen = ImageDraw.Draw(sheet)
        for place, card in enumerate(shown[first : first + columns * rows]):
            x, y = left + place % columns * wide, top + place // columns * high
            sheet.paste(card, (x, y))
            pen.rectangle((x, y, x + wide - 1, y + high - 1), outline="#c4c9d0", width=1)
        pages.append(sheet)
    return pages


def per_a4(card: Image.Image) -> int:
    """How many cards of that size an A4 page holds."""
    across, down = round(A4[0] * MM), round(A4[1] * MM)
    wide, high = card.size
    return max((across // wide) * (down // high), (across // high) * (down // wide))


def png(page: Image.Image) -> bytes:
    out = io.BytesIO()
    page.save(out, "PNG", dpi=(DPI, DPI), optimize=True)
    return out.getvalue()


def pdf(pages: Sequence[Image.Image]) -> bytes:
    """The pages in their real size."""
    out = io.BytesIO()
    pages[0].save(out, "PDF", resolution=DPI, quality=95, save_all=True, append_images=list(pages[1:]))
    return out.getvalue()


def _matrix(code: str) -> list[list[bool]]:
    if not (1 <= len(code) <= LONGEST_CODE and code.isascii() and code.isprintable()):
        raise PosError("bad_sheet_code", most=LONGEST_CODE)
    made = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=0)
    made.add_data(code)
    matrix: list[list[bool]] = made.get_matrix()
    return matrix


@lru_cache
def _font(dots: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT_PATH), dots, _SANS_SC)


Place = tuple[float, float, float, float]
"""Left, top, width and height; a height of 0 takes what the text needs."""


class _Drawing:
    """A white sheet of so many millimetres, drawn in millimetres of a design that `scale` makes larger."""

    def __init__(self, wide: float, high: float, scale: float) -> None:
        self.image = Image.new("RGB", (round(wide * MM), round(high * MM)), _WHITE)
        self.scale = scale
        self.high = high / scale
        self._unit = scale * MM
        self._pen = ImageDraw.Draw(self.image)

    def box(self, place: Place, colour: str, radius: float) -> None:
        left, top, wide, high = (value * self._unit for value in place)
        self._pen.rounded_rectangle((left, top, left + wide, top + high), radius * self._unit, colour)

    def disc(self, x: float, y: float, radius: float, colour: str) -> None:
        x, y, radius = x * self._unit, y * self._unit, radius * self._unit
        self._pen.ellipse((x - radius, y - radius, x + radius, y + radius), colour)

    def _fit(self, text: str, size: float, wide: float, most: int, smallest: float) -> tuple[float, list[str]]:
        """The size and the lines of a text that has to stand there whole: a little smaller before another line.

        Raises PosError sheet_too_full.
        """
        for count in range(1, most + 1):
            least = smallest if count == most else max(smallest, size * 0.72)
            letters = size
            while len(lines := self._lines(text, letters, wide)) > count and letters > least:
                letters = max(least, letters - 0.2)
            if len(lines) <= count:
                return letters, lines
        raise PosError("sheet_too_full", text=text)

    def _lines(self, text: str, size: float, wide: float) -> list[str]:
        font, room = _font(round(size * self._unit)), wide * self._unit - 0.06 * size * self._unit
        lines, line = [], ""
        for piece in _PIECES.findall(text):
            if line and font.getlength(line + piece.rstrip()) > room:
                lines.append(line.rstrip())
                line = ""
            for letter in piece if font.getlength(piece) > room else [piece]:
                if line and font.getlength(line + letter) > room:
                    lines.append(line.rstrip())
                    line = ""
                line += letter if line or not letter.isspace() else ""
        return [*lines, line.rstrip()]

    def measure(self, text: str, size: float, wide: float, most: int, smallest: float) -> float:
        """The height that a text takes there."""
        size, lines = self._fit(text, size, wide, most, smallest)
        return len(lines) * size * _LINE

    def words(
        self,
        place: Place,
        text: str,
        size: float,
        colour: str,
        most: int = 1,
        *,
        smallest: float = 2.0,
        is_bold: bool = False,
        ground: str = "",
    ) -> float:
        """Write in the middle of a place, smaller where the room is short, never cut; the height it took."""
        left, top, wide, high = place
        inset = 3.0 if ground else 0.0
        size, lines = self._fit(text, size, wide - 2 * inset, most, smallest)
        while high and len(lines) * size * _LINE > high and size > smallest:
            size, lines = self._fit(text, max(smallest, size - 0.2), wide, most, smallest)
        taken = len(lines) * size * _LINE + inset * 0.6
        if high and taken > high + 0.1:
            raise PosError("sheet_too_full", text=text)
        font = _font(round(size * self._unit))
        if ground:
            across = max(font.getlength(line) for line in lines) / self._unit + 2 * inset
            self.box((left + (wide - across) / 2, top, across, taken), ground, 2.5)
        row = top + max(0.0, high - taken) / 2 + inset * 0.3 + size * _LINE / 2
        stroke = round(size * self._unit * 0.018) if is_bold else 0
        for line in lines:
            at = (left + wide / 2) * self._unit, row * self._unit
            self._pen.text(at, line, colour, font, anchor="mm", stroke_width=stroke)
            row += size * _LINE
        return taken

    def picture(self, place: Place, picture: Image.Image) -> None:
        """As large as the place lets it be, in its own shape, what is transparent on white."""
        left, top, wide, high = (value * self._unit for value in place)
        colours = picture.convert("RGBA")
        scale = min(wide / colours.width, high / colours.height)
        size = max(1, round(colours.width * scale)), max(1, round(colours.height * scale))
        shown = colours.resize(size, Image.Resampling.LANCZOS)
        self.image.paste(shown, (round(left + (wide - size[0]) / 2), round(top + (high - size[1]) / 2)), shown)

    def least_side(self, matrix: list[list[bool]], least: float) -> float:
        """What a code takes with its white edge to be so many millimetres on paper, in modules of whole dots."""
        return ceil(least * MM / len(matrix)) * (len(matrix) + 2 * _QUIET) / self._unit

    def code(self, place: tuple[float, float, float], matrix: list[list[bool]], least: float, told: str) -> None:
        """A QR code with its white edge in a square: left, top, side. Raises PosError sheet_too_full where the texts
        left it less room than `least` millimetres of the paper."""
        left, top, side = (value * self._unit for value in place)
        across = len(matrix) + 2 * _QUIET
        module = int(side / across + 0.01)
        if module * len(matrix) < least * MM:
            raise PosError("sheet_too_full", text=told)
        small = Image.new("1", (len(matrix), len(matrix)), 1)
        small.putdata([0 if is_dark else 1 for row in matrix for is_dark in row])
        large = small.resize((module * len(matrix),) * 2, Image.Resampling.NEAREST)
        inset = (side - large.width) / 2
        self.image.paste(large.convert("RGB"), (round(left + inset), round(top + inset)))

"""The place beside a ticket where a customer joins: a QR code and what it brings, and the welcome once it is done.

Texts come from who sells; only their sizes and places are decided here.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF

from posapp.ui.ink import CENTRE, LEADING, QUIET, Ink, squares
from posapp.ui.theme import LIGHT, Colours

LEAST_MM = 40
"""What a QR code on a screen measures at least, as far as the screen has room for it and tells how large it is."""

_WIDTH, _SHARE, _HALF = 360.0, 0.35, 0.5
_EDGE, _GAP = 18.0, 8.0


@dataclass(frozen=True, slots=True)
class JoinText:
    """What the QR code says; a title above it; below it what joining brings, a gift, and what is collected.

    Every text but the code may be "".
    """

    code: str
    title: str
    line: str = ""
    gift: str = ""
    collects: str = ""


@dataclass(frozen=True, slots=True)
class WelcomeText:
    """Who has just joined or was recognised: "欢迎 张**", the tier, the points, what this ticket saves by it."""

    title: str
    tier: str = ""
    points: str = ""
    saving: str = ""


Panel = JoinText | WelcomeText


def has_code(join: JoinText) -> bool:
    """Whether there is anything to scan: too long a text makes no code, and no code makes no panel."""
    return squares(join.code) is not None


def wide(panel: Panel, whole: float, mm: float) -> float:
    """How wide a panel stands on a screen so wide. mm: units in a millimetre, 0 where it is not known."""
    usual = max(_WIDTH, whole * _SHARE)
    image = squares(panel.code) if isinstance(panel, JoinText) else None
    if image is None:
        return usual
    return min(max(usual, LEAST_MM * mm * (1 + 2 * QUIET / image.width())), whole * _HALF)


def paint(ink: Ink, place: QRectF, panel: Panel, colours: Colours, mm: float) -> None:
    if isinstance(panel, JoinText):
        _join(ink, place, panel, LEAST_MM * mm)
    else:
        _welcome(ink, place, panel, colours)


@dataclass(frozen=True, slots=True)
class _Told:
    """A text in lines, with the height it takes. ground: of a pill around it."""

    size: float
    lines: list[str]
    colour: str
    is_bold: bool
    ground: str = ""

    @property
    def high(self) -> float:
        return len(self.lines) * self.size * LEADING + (12 if self.ground else 0) + _GAP


def _join(ink: Ink, place: QRectF, join: JoinText, least: float) -> None:
    """Black on white, whatever the theme: a phone has to read it. Letters give way to a code that would be small."""
    ink.round(place, "#ffffff", 16)
    image = squares(join.code)
    if image is None:
        return
    inner = place.adjusted(_EDGE, _EDGE - _GAP, -_EDGE, -_EDGE + _GAP)
    above: list[_Told] = []
    below: list[_Told] = []
    room = 0.0
    for scale in (1.0, 0.85, 0.7, 0.55):
        above = [_told(ink, join.title, 34 * scale, inner.width(), LIGHT.text, is_bold=True)] if join.title else []
        below = [
            _told(ink, text, size * scale, inner.width() - (24 if ground else 0), colour, is_bold, ground)
            for text, size, colour, is_bold, ground in (
                (join.line, 28, LIGHT.good, True, ""),
                (join.gift, 25, LIGHT.good, True, LIGHT.chosen),
                (join.collects, 20, LIGHT.quiet, False, ""),
            )
            if text
        ]
        # The white edges of the panel are part of the code's quiet zone.
        room = min(place.width(), inner.height() - sum(told.high for told in above + below))
        if room * image.width() / (image.width() + 2 * QUIET) >= least:
            break
    high = sum(told.high for told in above + below) + room
    top = inner.top() + max(0.0, inner.height() - high) / 2
    top = _write(ink, QRectF(inner.left(), top, inner.width(), 0), above)
    ink.code(QRectF(place.center().x() - room / 2, top, room, room), image, least)
    _write(ink, QRectF(inner.left(), top + room, inner.width(), 0), below)


def _told(ink: Ink, text: str, size: float, room: float, colour: str, is_bold: bool = False, ground: str = "") -> _Told:
    least = size * 0.8
    size, lines = ink.fitted(text, size, room, 1, is_bold=is_bold, smallest=least)
    parts = text.split(" · ", 1)
    if ink.width(text, size, is_bold) > room >= max(ink.width(part, least * 1.1, is_bold) for part in parts):
        size, lines = least * 1.1, parts
    elif ink.width(text, size, is_bold) > room:
        size, lines = ink.fitted(text, least * 1.1, room, 2, is_bold=is_bold, smallest=least * 0.8)
    return _Told(size, lines, colour, is_bold, ground)


def _write(ink: Ink, place: QRectF, texts: list[_Told], gap: float = 0.0) -> float:
    """One below the other; where the last one ends."""
    top = place.top()
    for told in texts:
        row = QRectF(place.left(), top + _GAP / 2, place.width(), told.high - _GAP)
        if told.ground:
            across = min(row.width(), max(ink.width(line, told.size, told.is_bold) for line in told.lines) + 40)
            pill = QRectF(row.center().x() - across / 2, row.top(), across, row.height())
            ink.round(pill, told.ground, min(row.height() / 2, 20))
            row = row.adjusted(12, 6, -12, -6)
        ink.paragraph(row, told.lines, told.size, told.colour, CENTRE, is_bold=told.is_bold)
        top += told.high + gap
    return top


def _welcome(ink: Ink, place: QRectF, welcome: WelcomeText, colours: Colours) -> None:
    ink.round(place, colours.surface, 16)
    inner = place.adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
    side, gap = 96.0, 10.0
    rows = [
        _told(ink, text, size, inner.width() - (24 if ground else 0), colour, is_bold, ground)
        for text, size, colour, is_bold, ground in (
            (welcome.title, 46, colours.text, True, ""),
            (welcome.tier, 28, colours.text, True, colours.chosen),
            (welcome.points, 30, colours.quiet, False, ""),
            (welcome.saving, 38, colours.good, True, ""),
        )
        if text
    ]
    high = side + 24 + sum(told.high + gap for told in rows)
    top = inner.top() + max(0.0, inner.height() - high) / 2
    ink.tick(QRectF(inner.center().x() - side / 2, top, side, side), colours.accent, colours.on_accent)
    _write(ink, QRectF(inner.left(), top + side + 24, inner.width(), 0), rows, gap)

"""What may be written where clerks read it and customers may hear it: short, one line, no numbers of persons."""

from __future__ import annotations

import re
import unicodedata

from posapp.errors import PosError
from posapp.hq.people import plain_name
from posapp.rules.free_text import read_text

LONGEST_PROMPT = 24
LONGEST_LINE = 60
BLANKS = ("goods", "topic", "days", "gift", "times")
"""What a text may leave open: {goods} and so on."""

# How the shop sorts its customers is nobody's to hear (domain.md J10).
_INWARD = ("沉睡", "高价值", "流失", "dormant", "high value", "high-value", "churn")
_BLANK = re.compile(r"\{(\w+)\}")
_LARGEST_BLANK = 40


def plain(text: str, most: int) -> str:
    """A text as given, on one line. Raises PosError bad_name, text_has_number (people type phones)."""
    return read_text(plain_name(text, most), most)


def facing(text: str, most: int) -> str:
    """A text that a customer may see or hear. Raises PosError bad_name, text_has_number, inward_word."""
    text = plain(text, most)
    for word in _INWARD:
        if word in text.lower():
            raise PosError("inward_word", word=word)
    return text


def topic_word(text: str, most: int) -> str:
    """What a chat was about, which fills a line's blank: letters as they are seen, no blanks of its own. Raises
    PosError bad_name and those of facing()."""
    text = facing(text, most)
    if any(letter in "{}" or unicodedata.category(letter)[0] == "C" for letter in text):
        raise PosError("bad_name", most=most)
    return text


def template(text: str, most: int) -> str:
    """A text that leaves blanks open. Raises PosError bad_blank and those of facing()."""
    rest = _BLANK.sub("", text)
    names = _BLANK.findall(text)
    if "{" in rest or "}" in rest or any(name not in BLANKS for name in names):
        raise PosError("bad_blank", blanks=" ".join(f"{{{name}}}" for name in BLANKS))
    return facing(text, most)


def filled(text: str, values: dict[str, str], most: int) -> str:
    """A template with its blanks filled in, cut where it would be too long."""
    names = _BLANK.findall(text)
    room = most - len(_BLANK.sub("", text))
    sizes = {name: len(values.get(name, "")) for name in names}
    # The longest gives way first: how many days are few letters, what goods are called is not.
    while sum(sizes.values()) > room and any(sizes.values()):
        sizes[max(sizes, key=lambda name: sizes[name])] -= 1
    return _BLANK.sub(lambda blank: _cut(values.get(blank[1], ""), sizes[blank[1]]), text)[:most]


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else f"{text[: size - 1]}…" if size > 1 else ""


def says(text: str, told: str) -> bool:
    """Whether a text is this template filled in."""
    parts = [re.escape(part) for part in re.split(r"\{\w+\}", text)]
    return re.fullmatch(f".{{0,{_LARGEST_BLANK}}}".join(parts), told) is not None

"""The index behind the search: which articles hold which fragments of name, pinyin, initials and code.

Every article has a number (`found`); `posting` holds for a chunk of numbers and a term the ones that have it, as
bits or as a list, whichever is shorter. A changed article gets a new number, and what names the old one is passed
over by the search, which reads each article it shows; when most numbers are old, all are given anew.
"""

from __future__ import annotations

import json
import re
import struct
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection

from posapp import db

CHUNK = 2_048
"""Numbers that one row of `posting` speaks for; a page of the feed fills a chunk."""

_BITS = CHUNK // 8
_SPARE = 4 * CHUNK
TAIL = 4
"""So many last characters of a code are registered."""

LENGTHS = (*range(2, 13), 14, 16, 20, 24, 10_000)
"""Names up to so many characters stand together, for the order of what is found."""

_RUNS = re.compile("[^\\W\u0000-\u2e7f]+|[^\\W_\u2e80-\U0010ffff]+")


class Shape(NamedTuple):
    """What of an article can be found."""

    name: str
    pinyin: str
    initials: str
    codes: tuple[str, ...]


def fold(text: str) -> str:
    """Half width, lower case."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def is_chinese(letter: str) -> bool:
    return letter >= "\u2e80"


def runs(text: str) -> list[str]:
    """The words of a folded text, Chinese and others apart: "牛奶950ml" is 牛奶 and 950ml."""
    return _RUNS.findall(text)


def spoken(shape: Shape) -> tuple[str, list[str], str]:
    """Folded name, syllables and initials; an article without pinyin has those of its words that need none."""
    name = fold(shape.name)
    syllables, initials = fold(shape.pinyin).split(), fold(shape.initials)
    if not initials.isalnum():
        initials = "".join(runs(initials))
    if not (syllables and initials):
        plain = [run for run in runs(name) if not is_chinese(run[0])]
        syllables, initials = syllables or plain, initials or "".join(plain)
    return name, syllables, initials


def endings(syllables: list[str]) -> Iterator[str]:
    """The pinyin from each syllable on: "niu jiao bao" as niujiaobao, jiaobao, bao."""
    text = ""
    for syllable in reversed(syllables):
        text = syllable + text
        yield text


def terms(shape: Shape) -> set[str]:
    """Everything an article is registered under: all fragments of a certain length, and shorter ones at an end, so
    that a shorter fragment is the beginning of a term. The first character tells the kind: ' pinyin, > the end of a
    code backwards, ^ how it begins, # the length of its name. Two characters of a name stand for themselves, and
    so do three initials, and each one alone."""
    name, syllables, initials = spoken(shape)
    found = {f"#{_bucket(len(name)):02}", "^" + name[:2], "^." + initials[:1], "^=" + initials[:3], *initials}
    for run in runs(name):
        if run[0] >= "\u2e80":
            found.update([run[n : n + 2] for n in range(len(run))])
    found.update([initials[n : n + 3] for n in range(len(initials))])
    text = ""
    for syllable in reversed(syllables):
        text = (syllable + text)[:4]
        found.add("'" + text)
    found.add("^'" + text)
    for code in shape.codes:
        found.add(">" + fold(code)[: -TAIL - 1 : -1])
    return found


@cache
def _bucket(length: int) -> int:
    return next(n for n, most in enumerate(LENGTHS) if length <= most)


# --- keeping it up to date ---


def shapes(cursor: Any, articles: Collection[str]) -> dict[str, Shape]:
    """Articles as they are now: of several rows the nearest speaks. What is not there is left out."""
    some = json.dumps(list(articles))
    codes: dict[tuple[str, int], list[str]] = defaultdict(list)
    for article, near, code in cursor.execute(
        "SELECT article, nearness, code FROM code WHERE article IN (SELECT value FROM json_each(?))"
        " ORDER BY article, nearness, rank, code",
        (some,),
    ):
        codes[article, near].append(code)
    return {
        article: Shape(name, pinyin, initials, tuple(codes[article, near]))
        for article, near, name, pinyin, initials in cursor.execute(
            "SELECT id, nearness, name, pinyin, initials FROM article"
            " WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id, nearness DESC",
            (some,),
        ).fetchall()
    }


def numbered(cursor: Any, articles: Collection[str]) -> list[str]:
    """The ones of some articles that the index knows."""
    some = json.dumps(list(articles))
    asked = "SELECT article FROM found WHERE article IN (SELECT value FROM json_each(?))"
    return [article for (article,) in cursor.execute(asked, (some,))]


def take(cursor: Any, before: dict[str, Shape], after: dict[str, Shape]) -> None:
    """Note what became of some articles: as the index knew them, as they are now."""
    gone = [(article,) for article, shape in before.items() if after.get(article) != shape]
    fresh = {article: shape for article, shape in after.items() if before.get(article) != shape}
    if not gone and not fresh:
        return
    cursor.executemany("DELETE FROM found WHERE article = ?", gone)
    _add(cursor, fresh)
    if gone:
        last, live = cursor.execute("SELECT max(n), count(*) FROM found").fetchone()
        if (last or 0) > 2 * live + _SPARE:
            _rebuild(cursor)


def fill(conn: Connection) -> None:
    """Make the index of a feed.db that was filled by a version without one; nothing where it is there."""
    cursor = db.raw(conn).cursor()
    asked = "SELECT EXISTS (SELECT 1 FROM article) AND NOT EXISTS (SELECT 1 FROM found)"
    if cursor.execute(asked).fetchone()[0]:
        _rebuild(cursor)


def _rebuild(cursor: Any) -> None:
    cursor.execute("DELETE FROM found")
    cursor.execute("DELETE FROM posting WHERE chunk >= 0")
    articles = [article for (article,) in cursor.execute("SELECT DISTINCT id FROM article")]
    for start in range(0, len(articles), CHUNK):
        _add(cursor, shapes(cursor, articles[start : start + CHUNK]))


def _add(cursor: Any, fresh: dict[str, Shape]) -> None:
    first = cursor.execute("SELECT coalesce(max(n) + 1, 0) FROM found").fetchone()[0]
    if len(fresh) > CHUNK // 4 and first % CHUNK:
        first += CHUNK - first % CHUNK  # a chunk of its own is written without looking what stands in it
    cursor.executemany("INSERT INTO found VALUES (?, ?)", list(enumerate(fresh, first)))
    chunks: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for n, shape in enumerate(fresh.values(), first):
        holders = chunks[n // CHUNK]
        for term in terms(shape):
            holders[term].append(n % CHUNK)
    for chunk, holders in chunks.items():
        _merge(cursor, chunk, holders)
    cursor.execute("INSERT INTO posting VALUES (-1, '', ?1) ON CONFLICT DO UPDATE SET places = places + 1", (first,))


def _merge(cursor: Any, chunk: int, holders: dict[str, list[int]]) -> None:
    if cursor.execute("SELECT 1 FROM posting WHERE chunk = ? LIMIT 1", (chunk,)).fetchone():
        held = "SELECT term, places FROM posting WHERE chunk = ? AND term IN (SELECT value FROM json_each(?))"
        for term, places in cursor.execute(held, (chunk, json.dumps(list(holders)))):
            holders[term] = sorted({*holders[term], *_numbers(places)})
    cursor.executemany(
        "INSERT OR REPLACE INTO posting VALUES (?, ?, ?)",
        [(chunk, term, _packed(holders[term])) for term in sorted(holders)],
    )


def _packed(places: list[int]) -> bytes:
    if len(places) < _BITS // 2:
        return struct.pack(f"<{len(places)}H", *places)
    digits = bytearray(b"0" * CHUNK)
    for place in places:
        digits[~place] = 49
    return int(digits, 2).to_bytes(_BITS, "little")


def _numbers(places: bytes) -> list[int]:
    if len(places) < _BITS:
        return list(struct.unpack(f"<{len(places) // 2}H", places))
    whole = int.from_bytes(places, "little")
    return [place for place in range(CHUNK) if whole >> place & 1]


def bits(rows: Iterable[tuple[int, bytes]]) -> int:
    """The numbers of all chunks (chunk, places) as the bits of one integer."""
    whole = bytearray()
    for chunk, places in rows:
        start = chunk * _BITS
        if len(whole) < start + _BITS:
            whole.extend(bytes(start + _BITS - len(whole)))
        if len(places) == _BITS:
            held = int.from_bytes(whole[start : start + _BITS], "little") | int.from_bytes(places, "little")
            whole[start : start + _BITS] = held.to_bytes(_BITS, "little")
        else:
            for place in _numbers(places):
                whole[start + (place >> 3)] |= 1 << (place & 7)
    return int.from_bytes(whole, "little")

"""Search as you type: articles by what a cashier remembers of them, the likeliest first.

Every word must be found: as a fragment of the name, of its initials (牛角包 is njb), as pinyin from any syllable on,
as the beginning or the last digits of a code. Width and case do not matter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from posapp import db
from posapp.answers import Found
from posapp.catalog.finding import CHUNK, LENGTHS, TAIL, Shape, bits, endings, fill, fold, is_chinese, runs, spoken
from posapp.clock import HOUR
from posapp.money import Money
from posapp.rules.codes import spellings

MOST = 20
LONGEST = 64
_MOST_WORDS = 6
_TURN = 24
"""How many articles one statement reads; a search that finds enough in the first reads no more."""

_MOST_READ = 2_400
_LATEST_LINES, _BEST_SOLD = 20_000, 500
_MOST_TERMS = 4_000
_FEWEST_DIGITS = 3
"""Fewer last digits of a code are not looked for."""

_LOAD = """
SELECT chunk, places FROM json_each(?3) JOIN posting ON chunk = value AND term >= ?1 AND term < ?2
"""

_READ = """
SELECT f.n, a.id, a.name, a.unit, a.weighed, a.pinyin, a.initials,
       (SELECT code FROM code WHERE article = a.id AND nearness = a.nearness ORDER BY rank, code <> a.id LIMIT 1),
       (SELECT price FROM price WHERE article = a.id AND starts <= ?2 ORDER BY nearness, starts DESC LIMIT 1)
  FROM found f
  JOIN article a ON a.id = f.article AND a.nearness = (SELECT min(nearness) FROM article WHERE id = f.article)
 WHERE f.n IN (SELECT value FROM json_each(?1))
"""

_SOLD = f"""
SELECT article, count(*) AS times FROM (SELECT article, qty FROM sale_line ORDER BY id DESC LIMIT {_LATEST_LINES})
 WHERE qty > 0 GROUP BY article ORDER BY times DESC LIMIT {_BEST_SOLD}
"""  # noqa: S608  (numbers of our own)


class Search:
    """Looks articles up on a connection of its own; what it has read of the index it keeps until that changes."""

    def __init__(self, folder: db.Folder) -> None:
        with folder.feed.transaction() as conn:
            fill(conn)
        connection = folder.feed.connect()
        connection.execute("PRAGMA cache_size = -64000")
        self._cursor = connection.cursor()
        self._folder = folder
        self._version = -1
        self._chunks = "[]"
        self._terms: dict[str, int] = {}
        self._hour = -1
        self._times: dict[str, int] = {}
        self._sold: dict[int, int] = {}

    def search(self, text: str, now_ms: int, limit: int = MOST) -> list[Found]:
        """The articles that hold every word of a text, at most `limit`; none of an empty text."""
        typed = text.strip()[:LONGEST]
        words = [word for part in fold(typed).split()[:_MOST_WORDS] for word in runs(part)]
        if not words:
            return []
        self._refresh(now_ms)
        exact, begun = self._by_code(typed)
        wanted = -1
        for word in words:
            wanted &= self._holders(word)
        chosen: dict[int, Found] = {}
        self._read(iter(exact), lambda *_: True, now_ms, limit, chosen)
        self._read(self._in_order(wanted, words, begun), _Check(words, fold(typed), self._codes), now_ms, limit, chosen)
        return list(chosen.values())[:limit]

    def close(self) -> None:
        self._cursor.connection.close()

    # --- which ---

    def _refresh(self, now_ms: int) -> None:
        row = self._cursor.execute("SELECT places FROM posting WHERE chunk = -1 AND term = ''").fetchone()
        version = row[0] if row else -1
        if self._hour != now_ms // HOUR:
            self._hour = now_ms // HOUR
            with self._folder.till.reading() as conn:
                self._times = dict(db.raw(conn).execute(_SOLD).fetchall())
        elif version == self._version:
            return
        if version != self._version or len(self._terms) > _MOST_TERMS:
            self._terms.clear()
            self._version = version
            last = self._cursor.execute("SELECT coalesce(max(n), -1) FROM found").fetchone()[0]
            self._chunks = json.dumps(list(range(last // CHUNK + 1)))
        self._sold = {n: self._times[article] for article, n in self._numbers(list(self._times))}

    def _numbers(self, articles: list[str]) -> list[tuple[str, int]]:
        asked = "SELECT article, n FROM found WHERE article IN (SELECT value FROM json_each(?))"
        rows: list[tuple[str, int]] = self._cursor.execute(asked, (json.dumps(articles),)).fetchall()
        return rows

    def _by_code(self, typed: str) -> tuple[list[int], list[int]]:
        """The articles with exactly this code, and the first ones whose code begins so."""
        exact = [typed, *spellings(typed)]
        asked = "SELECT article FROM code WHERE code IN (SELECT value FROM json_each(?)) LIMIT 8"
        same = [article for (article,) in self._cursor.execute(asked, (json.dumps(exact),))]
        begun = []
        for form in dict.fromkeys((typed, typed.upper(), exact[-1])):
            asked = f"SELECT article FROM code WHERE code > ? AND code < ? LIMIT {MOST + 4}"  # noqa: S608
            begun += [article for (article,) in self._cursor.execute(asked, (form, form + "\U0010ffff"))]
        numbers = dict(self._numbers(list({*same, *begun})))
        return [[numbers[article] for article in dict.fromkeys(some) if article in numbers] for some in (same, begun)]  # type: ignore[return-value]

    def _holders(self, word: str) -> int:
        """The articles that may hold a word, and surely every one that does but by the beginning of its code."""
        if is_chinese(word[0]):
            return self._all([word[n : n + 2] for n in range(max(1, len(word) - 1))])
        if len(word) == 1:
            return self._term(word, word + "\0")
        found = self._all([word[n : n + 3] for n in range(max(1, len(word) - 2))])
        found |= self._term("'" + word[:4])
        if len(word) >= _FEWEST_DIGITS:
            found |= self._term(">" + word[: -TAIL - 1 : -1])
        return found

    def _all(self, terms: list[str]) -> int:
        found = -1
        for term in terms:
            found &= self._term(term)
        return found

    def _term(self, term: str, end: str = "") -> int:
        """The articles that have a term, or one that begins so and comes before `end`."""
        held = self._terms.get(term)
        if held is None:
            held = self._terms[term] = bits(
                self._cursor.execute(_LOAD, (term, end or term + "\U0010ffff", self._chunks))
            )
        return held

    # --- in which order ---

    def _in_order(self, wanted: int, words: list[str], begun: list[int]) -> Iterator[int]:
        """What begins so before what holds it; of these what this till sold most, then short names before long."""
        word = words[0]
        first = self._term("^" + word[:2]) if is_chinese(word[0]) else self._first(word)
        first &= wanted
        best = sorted(self._sold, key=self._sold.__getitem__, reverse=True)
        for some in (first, wanted & ~first):
            held = some.to_bytes(some.bit_length() // 8 + 1, "little")
            yield from (n for n in best if n >> 3 < len(held) and held[n >> 3] >> (n & 7) & 1)
            if some is first:
                yield from begun
            for length in range(len(LENGTHS)):
                yield from _bits_of(some & self._term(f"#{length:02}"))

    def _first(self, word: str) -> int:
        if len(word) == 1:
            return self._term("^." + word)
        return self._term("^=" + word[:3]) | self._term("^'" + word[:4])

    def _read(
        self,
        numbers: Iterator[int],
        fits: Callable[[str, Shape], bool],
        now_ms: int,
        limit: int,
        chosen: dict[int, Found],
    ) -> None:
        seen = set(chosen)
        turn: list[int] = []
        for n in numbers:
            if n not in seen:
                seen.add(n)
                turn.append(n)
            if len(turn) == _TURN:
                self._take(turn, fits, now_ms, chosen)
                turn = []
                if len(chosen) >= limit or len(seen) >= _MOST_READ:
                    return
        self._take(turn, fits, now_ms, chosen)

    def _take(self, turn: list[int], fits: Callable[[str, Shape], bool], now_ms: int, chosen: dict[int, Found]) -> None:
        rows = {row[0]: row for row in self._cursor.execute(_READ, (json.dumps(turn), now_ms)).fetchall()}
        for n in turn:
            if (row := rows.get(n)) is None:
                continue
            _, article, name, unit, weighed, pinyin, initials, code, price = row
            if code is not None and fits(article, Shape(name, pinyin, initials, ())):
                shown = Money(price) if price else None
                chosen[n] = Found(article, code, name, unit, shown, weighed == 1)

    def _codes(self, article: str) -> list[str]:
        return [fold(code) for (code,) in self._cursor.execute("SELECT code FROM code WHERE article = ?", (article,))]


class _Check:
    """Whether an article really holds every word: the index promises no more than that it may."""

    def __init__(self, words: list[str], whole: str, codes: Callable[[str], list[str]]) -> None:
        self._words = words
        self._whole = whole
        self._codes = codes

    def __call__(self, article: str, shape: Shape) -> bool:
        name, syllables, initials = spoken(shape)
        missing = [word for word in self._words if word not in name and not _is_said(word, syllables, initials)]
        if not missing:
            return True
        codes = self._codes(article)
        if any(code.startswith(self._whole) for code in codes):
            return True
        return all(len(word) >= _FEWEST_DIGITS and any(code.endswith(word) for code in codes) for word in missing)


def _is_said(word: str, syllables: list[str], initials: str) -> bool:
    if is_chinese(word[0]):
        return False
    return word in initials or any(text.startswith(word) for text in endings(syllables))


def _bits_of(whole: int) -> Iterator[int]:
    while whole:
        lowest = whole & -whole
        yield lowest.bit_length() - 1
        whole ^= lowest

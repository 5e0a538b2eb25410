"""Finding an article and its price by any of its codes, and taking in what HQ publishes about articles."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection

from posapp import db
from posapp.catalog import finding
from posapp.errors import PosError
from posapp.money import Money
from posapp.rules.codes import spellings
from posapp.streams import ArticleRow, FeedRow, PriceRow, nearness
from posapp.tables import article, code, price


class Article(msgspec.Struct, frozen=True):
    """An article as it can be sold now: the code it was found by, its unit and its price at this moment."""

    id: str
    code: str
    name: str
    unit: str
    tax: str
    is_weighed: bool
    is_discountable: bool
    may_bargain: bool
    price: Money
    member: Money
    lowest: Money
    book: int
    earns: bool = True


# One statement for every kind of code: the nearest scope speaks for an article, an own code before an alias,
# and of the prices that have started the newest of the nearest scope.
_FIND = """
SELECT c.rank, a.id, a.name, a.unit, a.tax, a.weighed, a.discountable, a.bargain,
       p.price, p.member, p.lowest, p.book, a.points
  FROM code c
  JOIN article a ON a.id = c.article AND a.nearness = c.nearness
  LEFT JOIN price p ON p.rowid = (SELECT rowid FROM price WHERE article = c.article AND starts <= ?2
                                   ORDER BY nearness, starts DESC LIMIT 1)
 WHERE c.code = ?1
 ORDER BY c.rank, c.nearness
 LIMIT 8
"""


class Articles:
    """Look-ups on a connection of their own, so that a scan never waits for a feed page being written."""

    def __init__(self, file: db.File) -> None:
        connection = file.connect()
        connection.execute("PRAGMA cache_size = -256000")  # a page that is not in the cache has to be decrypted
        self._cursor = connection.cursor()

    def find(self, printed: str, now_ms: int) -> Article:
        """The article of a code, exactly as printed first. Raises PosError unknown_code, ambiguous_code, no_price."""
        code = printed
        rows = self._cursor.execute(_FIND, (code, now_ms)).fetchall()
        if not rows:
            for code in spellings(printed):
                rows = self._cursor.execute(_FIND, (code, now_ms)).fetchall()
                if rows:
                    break
            else:
                raise PosError("unknown_code", code=printed[:40])
        first = rows[0]
        if len(rows) > 1:
            rivals = {row[1]: row[2] for row in rows if row[0] == first[0]}
            if len(rivals) > 1:
                raise PosError("ambiguous_code", code=printed, articles="、".join(rivals.values()))
        if first[8] is None:
            raise PosError("no_price", name=first[2])
        return Article(
            first[1],
            code,
            first[2],
            first[3],
            first[4],
            first[5] == 1,
            first[6] == 1,
            first[7] == 1,
            Money(first[8]),
            Money(first[9]),
            Money(first[10]),
            first[11],
            first[12] == 1,
        )

    def close(self) -> None:
        self._cursor.connection.close()


def apply_catalogue(conn: Connection, rows: list[FeedRow]) -> None:
    """Take in a page of the catalogue stream, in the caller's transaction. Key: article id."""
    gone = [(row.key, nearness(row.scope)) for row in rows]
    cursor = db.raw(conn).cursor()
    known = finding.numbered(cursor, {row.key for row in rows})
    before = finding.shapes(cursor, known) if known else {}
    cursor.executemany("DELETE FROM code WHERE article = ? AND nearness = ?", gone)
    cursor.executemany("DELETE FROM article WHERE id = ? AND nearness = ?", gone)
    articles: list[tuple[Any, ...]] = []
    codes: list[tuple[Any, ...]] = []
    new: dict[str, tuple[int, finding.Shape]] = {}
    for row in rows:
        fields = row.read(ArticleRow)
        if fields is None:
            continue
        near = nearness(row.scope)
        articles.append(
            (
                row.key,
                near,
                fields.name,
                fields.unit,
                fields.tax,
                fields.weighed,
                fields.discountable,
                fields.bargain,
                fields.points,
                fields.category,
                fields.spec,
                fields.pinyin,
                fields.initials,
            )
        )
        ranks = dict(reversed(fields.codes))
        codes += [(text, rank, near, row.key) for text, rank in ranks.items()]
        if row.key not in before and near <= new.get(row.key, (near,))[0]:
            new[row.key] = near, finding.Shape(fields.name, fields.pinyin, fields.initials, tuple(ranks))
    db.insert_rows(conn, {article: articles, code: codes})
    after = finding.shapes(cursor, known) if known else {}
    finding.take(cursor, before, after | {key: shape for key, (_, shape) in new.items()})


def apply_prices(conn: Connection, rows: list[FeedRow]) -> None:
    """Take in a page of the prices stream. Key: article id @ instant from which the price holds."""
    gone = []
    fresh = []
    for row in rows:
        name, _, starts = row.key.rpartition("@")
        near = nearness(row.scope)
        gone.append((name, near, int(starts)))
        if fields := row.read(PriceRow):
            fresh.append((name, near, fields.starts, fields.price, fields.member, fields.lowest, fields.book))
    db.raw(conn).cursor().executemany("DELETE FROM price WHERE article = ? AND nearness = ? AND starts = ?", gone)
    db.insert_rows(conn, {price: fresh})

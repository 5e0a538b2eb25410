"""The first page of a store's tiles, worked out by HQ: what sells best there and has no barcode to scan."""

from __future__ import annotations

import datetime as dt
import json
from zlib import crc32

from sqlalchemy import Connection, func, select

from posapp.hq import feed
from posapp.hq.tables import article, price, sale_line
from posapp.rules.tiles import PALETTE, is_barcode
from posapp.streams import TileRow

COUNT = 24
DAYS = 28
TITLE = "热销"

_ASK = 500


def first_page(conn: Connection, number: int, date: str, now_ms: int) -> list[TileRow]:
    """The best sellers without a barcode of the days before a business date, filled up with unsold ones."""
    scopes = [feed.CHAIN, feed.store_scope(number)]
    sold = most_sold(conn, number, date)
    chosen: dict[str, str] = {}
    for start in range(0, len(sold), _ASK):
        some = _sellable(conn, scopes, sold[start : start + _ASK], now_ms)
        chosen |= {name: some[name] for name in sold[start : start + _ASK] if name in some}
        if len(chosen) >= COUNT:
            break
    if len(chosen) < COUNT:
        unsold = _sellable(conn, scopes, None, now_ms)
        chosen |= {name: category for name, category in unsold.items() if name not in chosen}
    tones = [tone for tone in PALETTE if tone != "red"]  # red is for what went wrong
    return [
        TileRow(1, place, name, TITLE, colour=tones[crc32(name.encode()) % len(tones)])
        for place, name in enumerate(list(chosen)[:COUNT], 1)
    ]


def most_sold(conn: Connection, number: int, date: str) -> list[str]:
    """Articles that a store sold in the days before a business date, the one on most tickets first."""
    since = (dt.date.fromisoformat(date) - dt.timedelta(days=DAYS)).isoformat()
    times = func.count()
    rows = conn.scalars(
        select(sale_line.c.article)
        .where(sale_line.c.store == number, sale_line.c.date >= since, sale_line.c.qty > 0)
        .group_by(sale_line.c.article)
        .order_by(times.desc(), func.sum(sale_line.c.amount).desc(), sale_line.c.article)
    )
    return list(rows)


def _sellable(conn: Connection, scopes: list[str], names: object, now_ms: int) -> dict[str, str]:
    """Articles that have a price and no barcode, with their category; of those named, or the first ones by number."""
    columns = (article.c.scope, article.c.id, article.c.codes, article.c.category)
    asked = select(*columns).where(article.c.scope.in_(scopes))
    priced = select(price.c.article).where(price.c.scope.in_(scopes), price.c.starts <= now_ms, price.c.price > 0)
    asked = asked.where(article.c.id.in_(priced)).order_by(article.c.id, article.c.scope)
    if names is not None:
        asked = asked.where(article.c.id.in_(names))  # type: ignore[arg-type]
    found: dict[str, str] = {}
    # "chain" sorts before "store:1": the nearer row is the later one and stands.
    for _, name, codes, category in conn.execute(asked):
        if any(is_barcode(code) for code, _ in json.loads(codes)):
            found.pop(name, None)
        else:
            found[name] = category
        if names is None and len(found) > 2 * COUNT:
            break
    return found

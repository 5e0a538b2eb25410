"""The catalogue and the price book: what an import writes, in one transaction, and what the tills are told of it.

A price is in force from an instant on, in a scope (the chain or a store). A new version of the book is made only
when some price changes; an article's first price has always been in force, since nothing came before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select, update

from posapp.chain import canonical
from posapp.clock import Clock, parse_instant
from posapp.hq import feed
from posapp.hq.database import ACCEPTED, BOOK, Database, insert_many, lock_counter, take_number, upsert
from posapp.hq.imports import progress, read_rows
from posapp.hq.people import scope_of, settings_of
from posapp.hq.products import NAMES, REQUIRED, Product, own_codes_win, read_products, spell
from posapp.hq.remarks import Report
from posapp.hq.tables import article, book, price
from posapp.messages import Message
from posapp.streams import ArticleRow, PriceRow


@dataclass
class ProductReport(Report):
    """added, changed and prices count articles; book: the version of the price book."""

    added: int = 0
    changed: int = 0
    prices: int = 0
    book: int = 0

    def more(self, english: bool) -> str:
        said = "{} new, {} changed, {} prices changed" if english else "新增 {},改动 {},改价 {}"
        return said.format(self.added, self.changed, self.prices)


def import_products(
    database: Database,
    clock: Clock,
    path: Path,
    *,
    store: str = feed.CHAIN,
    mapping: Path | None = None,
    starts: str | None = None,
    dry_run: bool = False,
) -> ProductReport:
    """Take over articles and prices for a store (its number) or the chain; the same file again changes nothing.

    starts: from when changed prices are in force (RFC 3339, the store's time without an offset); now if left out.
    Raises PosError of read_rows, no_such_store, bad_scope, bad_instant; then nothing was written.
    """
    now = clock.now_ms()
    with database.reading() as conn:
        scope = scope_of(conn, store)
        starts_ms = now if starts is None else parse_instant(starts, settings_of(conn, scope).time_zone)
    report = ProductReport(path.name, scope, dry_run)
    products, report.refused, report.notes = read_products(
        progress(read_rows(path, NAMES, REQUIRED, mapping), path.name)
    )
    report.rows = len(products) + len(report.refused)
    report.taken = len(products)
    # Taken out of the transaction: this is what takes long.
    spelt = {product.name: spell(product.name) for product in products}
    when = _When(starts_ms, starts is not None, spelt)
    if dry_run:
        with database.reading() as conn:
            _plan(conn, scope, products, when, report)
    elif products:
        with database.transaction() as conn:
            # One import at a time: what it compares with must stay what it is.
            lock_counter(conn, BOOK)
            _write(conn, scope, _plan(conn, scope, products, when, report), now, path.name, report)
    return report


@dataclass(frozen=True, slots=True)
class _When:
    """From when new prices are in force, whether that was asked for, and each name's pinyin and initials."""

    starts: int
    told: bool
    spelt: dict[str, tuple[str, str]]


@dataclass(slots=True)
class _Plan:
    """Rows to write, and the article rows the tills ought to have."""

    new: list[tuple[Any, ...]]
    changed: list[dict[str, Any]]
    prices: list[PriceRow]
    catalogue: dict[tuple[str, str], Message | None]


def _plan(conn: Connection, scope: str, products: list[Product], when: _When, report: ProductReport) -> _Plan:
    """Compare a file's products with what HQ holds."""
    held: dict[str, Row[Any]] = {row.id: row for row in conn.execute(select(article).where(article.c.scope == scope))}
    elsewhere = set(held)
    if scope != feed.CHAIN:
        elsewhere.update(conn.scalars(select(article.c.id).where(article.c.scope == feed.CHAIN)))
    products, notes = own_codes_win(products, elsewhere)
    report.notes = sorted(report.notes + notes, key=lambda remark: remark.row)
    plan = _Plan([], [], [], {})
    in_force = _in_force(conn, scope, when.starts)
    for product in products:
        row = _article(scope, product, *when.spelt[product.name])
        before = held.get(product.id)
        if before is None:
            plan.new.append((*row.values(), 0))
        elif any(before._mapping[name] != value for name, value in row.items()):
            plan.changed.append({**row, "since": before.since})
        plan.catalogue[scope, product.id] = _article_row(row)
        amounts = (product.price, product.member, product.lowest) if product.price else (0, 0, 0)
        current = in_force.get(product.id)
        if amounts != (current or (0, 0, 0)):
            starts = 0 if current is None and not when.told else when.starts
            plan.prices.append(PriceRow(product.id, amounts[0], starts, 0, amounts[1], amounts[2]))
    report.added, report.changed, report.prices = len(plan.new), len(plan.changed), len(plan.prices)
    return plan


def _in_force(conn: Connection, scope: str, at: int) -> dict[str, tuple[int, int, int]]:
    """(price, member, lowest) of each article at an instant."""
    rows = conn.execute(
        select(price.c.article, price.c.price, price.c.member, price.c.lowest)
        .where(price.c.scope == scope, price.c.starts <= at)
        .order_by(price.c.starts)
    )
    return {row.article: (row.price, row.member, row.lowest) for row in rows}


def _article(scope: str, product: Product, pinyin: str, initials: str) -> dict[str, Any]:
    """The article's row but for `since`, in the order of the table's columns."""
    codes = [(code, 0) for code in product.own] + [(code, 1) for code in product.aliases]
    return {
        "scope": scope,
        "id": product.id,
        "name": product.name,
        "unit": product.unit,
        "tax": product.tax,
        "codes": canonical(codes).decode(),
        "weighed": product.weighed,
        "discountable": product.discountable,
        "bargain": product.bargain,
        "points": product.points,
        "category_code": product.category_code,
        "category": product.category,
        "spec": product.spec,
        "origin": product.origin,
        "pinyin": pinyin,
        "initials": product.initials or initials,
        "cost": product.cost,
    }


def _article_row(row: dict[str, Any]) -> ArticleRow:
    told = {name: row[name] for name in ArticleRow.__struct_fields__ if name != "codes"}
    return ArticleRow(**told, codes=msgspec.json.decode(row["codes"], type=list[tuple[str, int]]))


def _write(conn: Connection, scope: str, plan: _Plan, now: int, source: str, report: ProductReport) -> None:
    insert_many(conn, article, plan.new)
    upsert(conn, article, plan.changed)
    streams: dict[str, feed.Rows] = {"catalogue": plan.catalogue}
    if plan.prices:
        report.book = take_number(conn, BOOK)
        conn.execute(book.insert(), {"version": report.book, "scope": scope, "created": now, "source": source[:200]})
        for row in plan.prices:
            row.book = report.book
        upsert(conn, price, ({"scope": scope, **msgspec.structs.asdict(row)} for row in plan.prices))
        streams["prices"] = feed.price_rows(conn, scope, plan.prices, now)
    feed.publish(conn, streams)
    if plan.new:
        # Sales received from here on find these articles known, those before do not, now and whenever the
        # projection is made again.
        since = take_number(conn, ACCEPTED)
        conn.execute(update(article).where(article.c.scope == scope, article.c.since == 0).values(since=since))

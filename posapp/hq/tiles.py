"""Tiles out of the rows of a file: every row is taken or named. What is imported for a scope is the whole of its own
pages: an import replaces the one before it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, select

from posapp.clock import Clock
from posapp.errors import PosError
from posapp.hq import feed, pictures, tile_pages
from posapp.hq.database import Database, insert_many
from posapp.hq.imports import Row, progress, read_rows
from posapp.hq.people import scope_of
from posapp.hq.remarks import Refused, Report, Words
from posapp.hq.tables import article, tile
from posapp.rules.codes import clean, spellings
from posapp.rules.tiles import LONGEST_LABEL, LONGEST_TITLE, MOST_PAGES, MOST_PLACES, PALETTE, colour
from posapp.streams import TileRow

NAMES = {
    "page": "页 页码 页号 page".split(),
    "title": "页名 标题 页标题 分页名称 title pagetitle".split(),
    "place": "位置 格 序号 排序 place position".split(),
    "code": "货号 条码 商品编码 编码 商品条码 code itemcode barcode sku".split(),
    "label": "显示名 短名 按键名 简称 label text".split(),
    "colour": "颜色 底色 colour color".split(),
    "picture": "图片 图片文件 照片 picture image photo".split(),
}
REQUIRED = ("page", "place", "code")

REMARKS: dict[str, Words] = {
    "bad_page": ("页码 {value} 不正确,应为 1 到 {most}", "{value} is no page; it must be 1 to {most}"),
    "bad_place": ("位置 {value} 不正确,应为 1 到 {most}", "{value} is no place; it must be 1 to {most}"),
    "place_taken": ("与第 {row} 行同页同位置", "stands where row {row} stands"),
    "unknown_article": ("没有商品 {value},请先导入商品", "no article has the code {value}; import the article first"),
    "ambiguous_article": (
        "{value} 属于多个商品,请写货号",
        "{value} belongs to several articles; give the article number",
    ),
    "bad_text": ("{field} 最多 {most} 个字,不能有控制字符", "{field} has at most {most} characters, none of control"),
    "bad_colour": ("颜色 {value} 不认识,请写 #rrggbb 或 {names}", "{value} is no colour; write #rrggbb or {names}"),
    "bad_picture": ("{sentence}", "{sentence_en}"),
}
"""Why a row is refused, in Chinese and English."""


@dataclass
class TileReport(Report):
    """changed counts what tills are told anew."""

    pages: int = 0
    changed: int = 0

    def more(self, english: bool) -> str:
        return ("{} pages, {} tiles changed" if english else "{} 页,改动 {} 格").format(self.pages, self.changed)

    def text(self, language: str = "zh") -> str:
        nothing = "Nothing was changed." if language == "en" else "未作任何改动"
        return super().text(language) + ("" if self.taken else "\n" + nothing)


def import_tiles(
    database: Database, clock: Clock, path: Path, *, store_text: str = feed.CHAIN, mapping: Path | None = None
) -> TileReport:
    """Take the pages of a file over as all of a scope's own; a file without a row that can be taken changes nothing.

    Pictures are named by files beside it or by hashes. Raises PosError of read_rows, no_such_store, bad_scope.
    """
    with database.reading() as conn:
        scope = scope_of(conn, store_text)
    rows = list(progress(read_rows(path, NAMES, REQUIRED, mapping), path.name))
    report = TileReport(path.name, scope, rows=len(rows))
    prepared, wrong = _pictures(rows, path.parent)
    with database.transaction() as conn:
        known = Codes(conn, scope)
        taken: dict[tuple[int, int], tuple[int, TileRow]] = {}
        for row in rows:
            try:
                made = _tile(conn, row, known, wrong)
                held = taken.setdefault((made.page, made.place), (row.number, made))
                if held[1] is not made:
                    raise Refused("place_taken", row=held[0])
            except Refused as error:
                code = row.cells.get("code", "").strip()[:40]
                report.refuse(row.number, code, error, REMARKS)
        report.taken = len(taken)
        report.pages = len({page for page, _ in taken})
        if taken:
            now = clock.now_ms()
            kept = {name: pictures.keep(conn, *picture, now) for name, picture in prepared.items()}
            made_rows = [_finished(made, kept) for _, made in taken.values()]
            report.changed = _write(conn, clock, scope, made_rows)
    return report


def _finished(made: TileRow, kept: Mapping[str, str]) -> TileRow:
    made.picture = kept.get(made.picture, made.picture)
    return made


def _pictures(rows: Iterable[Row], folder: Path) -> tuple[dict[str, tuple[str, bytes]], dict[str, PosError]]:
    """The pictures that the rows name as files, each prepared once, and what is wrong with the others."""
    prepared: dict[str, tuple[str, bytes]] = {}
    wrong: dict[str, PosError] = {}
    for name in {row.cells.get("picture", "").strip() for row in rows}:
        if not name or _is_hash(name):
            continue
        try:
            prepared[name] = pictures.prepare(folder / name)
        except PosError as error:
            wrong[name] = error
        except ValueError:  # a NUL in a file's name
            wrong[name] = PosError("no_such_file", file="?")
    return prepared, wrong


def _is_hash(text: str) -> bool:
    return len(text) == 64 and not set(text) - set("0123456789abcdef")


def _tile(conn: Connection, row: Row, known: Codes, wrong: Mapping[str, PosError]) -> TileRow:
    cell = {name: row.cells.get(name, "").strip() for name in NAMES}
    try:
        tone = colour(cell["colour"])
    except ValueError:
        raise Refused("bad_colour", value=cell["colour"][:20], names=" ".join(PALETTE)) from None
    name = cell["picture"]
    if name in wrong or (_is_hash(name) and not pictures.is_kept(conn, name)):
        error = wrong.get(name) or PosError("not_found", what=name[:12])
        raise Refused("bad_picture", sentence=error.sentence("zh"), sentence_en=error.sentence("en"))
    return TileRow(
        _number(cell["page"], MOST_PAGES, "bad_page"),
        _number(cell["place"], MOST_PLACES, "bad_place"),
        known.article(cell["code"]),
        _text(cell["title"], "title", LONGEST_TITLE),
        _text(cell["label"], "label", LONGEST_LABEL),
        cell["colour"].casefold() if cell["colour"].casefold() in PALETTE else tone,
        name,
    )


def _number(text: str, most: int, reason: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= most:
        raise Refused(reason, value=text[:20], most=most)
    return int(text)


def _text(text: str, name: str, most: int) -> str:
    if len(text) > most or (text and clean(text) is None):
        raise Refused("bad_text", field=NAMES[name][0], most=most)
    return text


class Codes:
    """The articles of a scope and of the chain by any of their codes."""

    def __init__(self, conn: Connection, scope: str) -> None:
        scopes = [feed.CHAIN, scope]
        self._own: dict[str, str] = {}
        self._more: dict[str, set[str]] = defaultdict(set)
        asked = select(article.c.id, article.c.codes).where(article.c.scope.in_(scopes))
        for name, codes in conn.execute(asked):
            self._own[name] = name
            for code, _ in json.loads(codes):
                self._more[code].add(name)

    def article(self, code: str) -> str:
        """The id of a code's article. Raises Refused unknown_article, ambiguous_article."""
        for form in (code, *spellings(code)):
            if form in self._own:
                return form
            if names := self._more.get(form):
                if len(names) > 1:
                    raise Refused("ambiguous_article", value=form[:40])
                return next(iter(names))
        raise Refused("unknown_article", value=code[:40])


def _write(conn: Connection, clock: Clock, scope: str, made: list[TileRow]) -> int:
    conn.execute(delete(tile).where(tile.c.scope == scope))
    insert_many(
        conn,
        tile,
        [(scope, row.page, row.place, row.title, row.article, row.label, row.colour, row.picture) for row in made],
    )
    return tile_pages.tell(conn, clock, scope)

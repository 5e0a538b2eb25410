"""A board as a file: CSV without persons, and without groups of persons small enough to be guessed."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from posapp.board.day import LOCAL, BoardView
from posapp.errors import PosError
from posapp.money import Money
from posapp.quantity import Quantity
from posapp.rules.channel_words import channel_word
from posapp.rules.dictionary import UNKNOWN
from posapp.rules.free_text import read_reason
from posapp.rules.metrics import AXES, Figures
from posapp.rules.small_cells import HIDDEN, without_small_cells

LONGEST_REASON = 100

_PERSONS = ("recognised", "converted", "opened", "authorised", "enrolled", "joins", "wecom", "first", "again")
"""Counts of persons, or so near to it that they could be read as such."""

COLUMNS: dict[str, tuple[str, str]] = {
    "store": ("门店", "Store"),
    "date": ("日期", "Date"),
    "source": ("数据", "Figures"),
    "axis": ("分组", "Group"),
    "key": ("项目", "Item"),
    "tickets": ("成交单数", "Tickets"),
    "net": ("销售额", "Sales"),
    "pieces": ("件数", "Items"),
    "walk_ins": ("非会员交易", "Walk-in tickets"),
    "shown": ("展示", "Shown"),
    "refunds": ("退款笔数", "Refunds"),
    "refunded": ("退款净额", "Refunded"),
    "member_net": ("会员销售额", "Members' sales"),
    "recognised": ("会员单数", "Members' tickets"),
    "converted": ("开单转化数", "Tickets converted"),
    "opened": ("扫码", "Scanned"),
    "authorised": ("授权", "Authorised"),
    "enrolled": ("扫码入会", "Joined by scanning"),
    "joins": ("新增入会", "Joins"),
    "wecom": ("加企微", "WeCom"),
    "first": ("首单", "First orders"),
    "again": ("复购", "Second purchases"),
}
"""Of the file, and what they are called in Chinese and English."""

_WORDS: dict[str, tuple[str, str]] = {
    "local": ("本机", "this till"),
    "store": ("全店", "the store"),
    "all": ("合计", "all"),
    "clerk": ("店员", "clerk"),
    "hour": ("时段", "hour"),
    "till": ("收银台", "till"),
    "channel": ("渠道", "channel"),
}

_ONLY_HQ = frozenset({"opened", "authorised", "enrolled", "wecom", "again"})


@dataclass(frozen=True, slots=True)
class BoardFile:
    """A board has left as a file. rows: its lines."""

    file: str
    rows: int


def check_reason(reason: str) -> str:
    """Why figures leave the till. Raises PosError needs_reason, text_too_long, text_has_number."""
    return read_reason(reason, LONGEST_REASON)


def board_csv(view: BoardView, store: int, language: str) -> tuple[str, int]:
    """The board's blocks, one line for the whole day and each clerk, hour, till and channel; and how many lines."""
    english = language == "en"
    lines: list[list[object]] = []
    for axis in AXES:
        parts = {"": view.day.all} if axis == "all" else dict(sorted(getattr(view.day, axis).items()))
        told = {
            name: without_small_cells({key: getattr(part, name) for key, part in parts.items()}) for name in _PERSONS
        }
        both = without_small_cells({key: _least(part.joins, part.enrolled) for key, part in parts.items()})
        for name in ("joins", "enrolled"):  # each nearly tells the other
            told[name] = {key: None if both[key] is None else getattr(part, name) for key, part in parts.items()}
        for key, part in parts.items():
            persons = [
                _cell(told[name][key], is_known=view.source != LOCAL or name not in _ONLY_HQ) for name in _PERSONS
            ]
            net = HIDDEN if told["recognised"][key] is None else Money(part.member_net)
            item = channel_word(key, language) if axis == "channel" else key
            words = (_WORDS[view.source][english], _WORDS[axis][english])
            lines.append([store, view.date, *words, item, *_counts(part), net, *persons])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([words[english] for words in COLUMNS.values()])
    writer.writerows(lines)
    return out.getvalue(), len(lines)


def _least(*counts: int) -> int:
    return min((n for n in counts if n), default=0)


def _cell(count: int | None, *, is_known: bool) -> int | str:
    if not is_known:
        return UNKNOWN
    return HIDDEN if count is None else count


def _counts(part: Figures) -> list[object]:
    sold = (part.tickets, Money(part.net), Quantity(part.pieces))
    return [*sold, part.walk_ins, part.shown, part.refunds, Money(part.refunded)]


def write_file(path: Path, text: str) -> Path:
    """Write beside the file and return where; the caller puts it in its place once it is journaled.

    Raises PosError cannot_write."""
    beside = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside.write_text(text, "utf-8-sig")  # spreadsheets take it for something else without the mark
    except OSError as error:
        raise PosError("cannot_write", file=str(path)) from error
    return beside

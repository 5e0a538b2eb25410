"""A board as a file: CSV without persons, and without groups of persons small enough to be guessed."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from posapp.board.day import LOCAL, BoardView
from posapp.errors import PosError
from posapp.rules.dictionary import UNKNOWN
from posapp.rules.free_text import read_text
from posapp.rules.metrics import AXES, Figures
from posapp.rules.small_cells import HIDDEN, without_small_cells

LONGEST_REASON = 100

_TICKETS = ("tickets", "net", "pieces", "walk_ins", "shown", "refunds", "refunded")
_PERSONS = ("recognised", "converted", "opened", "authorised", "enrolled", "joins", "wecom", "first", "again")
"""Counts of persons, or so near to it that they could be read as such."""

_ONLY_HQ = frozenset({"opened", "authorised", "enrolled", "wecom", "again"})


@dataclass(frozen=True, slots=True)
class BoardFile:
    """A board has left as a file. rows: its lines."""

    file: str
    rows: int


def check_reason(reason: str) -> str:
    """Why figures leave the till. Raises PosError needs_reason, text_too_long, text_has_number."""
    plain = read_text(reason, LONGEST_REASON)
    if not plain:
        raise PosError("needs_reason")
    return plain


def board_csv(view: BoardView, store: int) -> tuple[str, int]:
    """The board's blocks, one line for the whole day and each clerk, hour, till and channel; and how many lines."""
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
            net = HIDDEN if told["recognised"][key] is None else part.member_net
            lines.append([store, view.date, view.source, axis, key, *_counts(part), net, *persons])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["store", "date", "source", "axis", "key", *_TICKETS, "member_net", *_PERSONS])
    writer.writerows(lines)
    return out.getvalue(), len(lines)


def _least(*counts: int) -> int:
    return min((n for n in counts if n), default=0)


def _cell(count: int | None, *, is_known: bool) -> int | str:
    if not is_known:
        return UNKNOWN
    return HIDDEN if count is None else count


def _counts(part: Figures) -> list[int]:
    return [getattr(part, name) for name in _TICKETS]


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

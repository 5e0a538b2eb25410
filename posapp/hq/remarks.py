"""What an import says: its counts, and which rows of the file were refused or noted and why; as lines and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

Words = tuple[str, str]
"""A sentence in Chinese and English, with places for values."""

_SHOWN = 20


class Refused(Exception):
    """A row cannot be taken: a key of the import's words and the values in that."""

    def __init__(self, reason: str, **values: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.values = values


class Remark(NamedTuple):
    """Something to say of a row: its number in the file, its code (a member's card or masked phone), why.

    A value that is itself Words is told in the reader's language.
    """

    row: int
    code: str
    reason: str
    values: dict[str, Any]
    words: Words

    def sentence(self, language: str = "zh") -> str:
        place = 1 if language == "en" else 0
        told = {name: value[place] if isinstance(value, tuple) else value for name, value in self.values.items()}
        return self.words[place].format(**told)


@dataclass
class Report:
    """What an import did, or would do: rows = taken + refused."""

    file: str
    scope: str
    dry_run: bool = False
    rows: int = 0
    taken: int = 0
    refused: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)

    def counts(self, english: bool) -> str:
        """The line of figures."""
        said = "{} rows: {} taken, {} refused" if english else "共 {} 行: 采用 {},拒绝 {}"
        more = self.more(english)
        counts = said.format(self.rows, self.taken, len(self.refused))
        return f"{counts}{'; ' if english else ';'}{more}" if more else counts

    def more(self, english: bool) -> str:
        """What else is counted."""
        return ""

    def refuse(self, row: int, code: str, refused: Refused, remarks: Mapping[str, Words]) -> None:
        """A row is not taken; remarks: the import's words."""
        self.refused.append(Remark(row, code, refused.reason, refused.values, remarks[refused.reason]))

    def json(self, language: str = "zh") -> str:
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        for name in ("refused", "notes"):
            values[name] = [
                {"row": r.row, "code": r.code, "reason": r.reason, "message": r.sentence(language)}
                for r in values[name]
            ]
        return json.dumps(values, ensure_ascii=False)

    def text(self, language: str = "zh") -> str:
        """Counts, every refused row, and of each kind of note the first few."""
        english = language == "en"
        lines = [self.counts(english)]
        if self.dry_run:
            lines.append("Nothing was written (--dry-run)." if english else "仅检查,未写入 (--dry-run)")
        row_of = "row {}: {} {}" if english else "第 {} 行: {} {}"
        lines += [row_of.format(r.row, r.code, r.sentence(language)) for r in self.refused]
        if self.notes:
            lines.append(f"{len(self.notes)} notes:" if english else f"提示 {len(self.notes)} 条:")
        by_reason: dict[str, list[Remark]] = {}
        for remark in self.notes:
            by_reason.setdefault(remark.reason, []).append(remark)
        for remarks in by_reason.values():
            lines += [row_of.format(r.row, r.code, r.sentence(language)) for r in remarks[:_SHOWN]]
            if (more := len(remarks) - _SHOWN) > 0:
                lines.append(f"  ... {more} more (--json)" if english else f"  ... 还有 {more} 条 (--json 列出全部)")
        return "\n".join(lines)

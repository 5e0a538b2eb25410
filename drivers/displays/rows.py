"""What is shown, as two rows of a display with letters."""

from __future__ import annotations

import unicodedata
from typing import Literal

from drivers.contracts import Shown, pair, printable, width, wrap

Letters = Literal["gb18030", "pinyin", "ascii"]

_WORDS = {
    "price": ("单价", "Price"),
    "total": ("合计", "Total"),
    "given": ("收款", "Paid"),
    "change": ("找零", "Change"),
    "welcome": ("", ""),
}


def yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def rows(shown: Shown, columns: int, letters: Letters) -> tuple[str, str]:
    """Two rows of at most so many columns: words above, and below what the amount is with the amount at the right."""
    above, _, below = shown.text.partition("\n")
    if shown.amount is None:
        return _fit(above, columns, letters), _fit(below, columns, letters)
    chinese, english = _WORDS[shown.kind]
    label = below or (chinese if letters == "gb18030" else english)
    amount = yuan(shown.amount)
    if len(amount) > columns:  # half a number would be a wrong one
        amount = "-" * columns
    label = _fit(label, max(0, columns - 1 - len(amount)), letters)
    return _fit(above, columns, letters), pair(label, amount, columns)[-1]


def _fit(text: str, columns: int, letters: Letters) -> str:
    """As much of a text as a row holds, in letters the display has."""
    text = printable(text)
    if letters == "pinyin":
        from pypinyin import lazy_pinyin  # 50 MB that only this choice needs

        text = " ".join(" ".join(lazy_pinyin(text)).split()).upper()
    if letters != "gb18030":
        text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if letter.isascii()).strip()
    if columns < 2:
        return text[:columns] if width(text[:columns]) <= columns else ""
    return wrap(text, columns)[0]

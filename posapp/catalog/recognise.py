"""What a code at the counter stands for: an article by the code as printed, else a scale's label of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from posapp.catalog.articles import Article, Articles
from posapp.errors import PosError
from posapp.money import Money, round_half_up
from posapp.quantity import ONE, Quantity
from posapp.rules.codes import NAMES, clean, counted
from posapp.rules.labels import Label, LabelPattern, read_label

_MILLI_PER_GRAM = {"kg": 1, "KG": 1, "千克": 1, "公斤": 1, "斤": 2, "两": 20, "g": 1000, "克": 1000}
"""Thousandths of a unit in a gram: a 斤 is 500 g and a 两 50 g."""


@dataclass(frozen=True, slots=True)
class Goods:
    """What goes on the ticket. code: as it is printed on the line. amount: what a scale's label says it costs."""

    article: Article
    code: str
    qty: Quantity
    amount: Money | None = None


def read_code(text: str) -> tuple[Quantity | None, str]:
    """How many and the code of "CODE" or "N*CODE". Raises PosError unknown_code, bad_quantity."""
    count, printed = counted(text.strip())
    code = clean(printed)
    if code is None:
        raise PosError("unknown_code", code=printed.encode("ascii", "replace").decode()[:40])
    return (Quantity.parse(count) if count is not None else None), code


def goods_of(
    articles: Articles,
    code: str,
    qty: Quantity | None,
    labels: tuple[LabelPattern, ...],
    now_ms: int,
    weigh: Callable[[], int] | None = None,
) -> Goods:
    """The article of a code, and how much of it. qty: as typed before the code. weigh: reads the scale in grams, for
    an article that is sold by weight.

    Raises PosError unknown_code, ambiguous_code, no_price, needs_weight, bad_quantity.
    """
    try:
        article = articles.find(code, now_ms)
    except PosError as error:
        label = read_label(code, labels) if error.code == "unknown_code" else None
        if label is None:
            raise
        if qty is not None:
            raise PosError("bad_quantity", quantity=str(qty)) from None
        article = articles.find(label.article, now_ms)
        weight, amount = _labelled(article, label)
        return Goods(article, code, weight, amount)
    if article.is_weighed and qty is None:
        per_gram = _MILLI_PER_GRAM.get(article.unit)
        if weigh is None or per_gram is None:
            raise PosError("needs_weight", name=article.name, code=code)
        qty = Quantity(weigh() * per_gram)
    return Goods(article, article.code, qty or ONE)


def _labelled(article: Article, label: Label) -> tuple[Quantity, Money | None]:
    """Quantity and fixed amount of a scale label. An amount label's weight follows from the price."""
    if label.value == 0:
        raise PosError("bad_quantity", quantity="0")
    if label.kind == "weight":
        return Quantity(label.value), None
    if not article.is_weighed:
        return ONE, Money(label.value)
    if not article.price:
        raise PosError("no_price", name=article.name)
    return Quantity(max(1, round_half_up(label.value * 1000, article.price.fen))), Money(label.value)


def unserved(kind: str) -> PosError:
    """What to say of a code of a kind (rules.codes.kind_of) that this till cannot use yet."""
    return PosError("pay_code_unserved") if kind == "pay" else PosError("code_unserved", what=NAMES[kind])

"""What a report in the browser is: what it asks for, the tables it answers with, columns by the metric dictionary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode

from sqlalchemy import Connection

from posapp.hq.console.desk import Both, Desk
from posapp.hq.console.grids import Column
from posapp.rules.dictionary import METRICS, UNKNOWN

SPAN, DAY, CUT, TRIAL = "span", "day", "cut", "trial"
"""What may be asked for besides the store."""

NO_STORE, ANY_STORE, SUM_STORE, ONE_STORE = "", "any", "sum", "one"
"""How a report takes a store: not at all; its rows are stores; it sums up, so that whoever does not see all of them
has to name one; of one alone."""

_KINDS = {"rate": "percent", "money": "hundredths", "average": "hundredths", "pieces": "hundredths", "days": "tenths"}
_PERSONS = frozenset({"persons", "joins", "viewers"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address says. store: 0 for all that are seen."""

    now: int
    since: str
    until: str
    date: str
    store: int
    cut: str
    trial: str

    def address(self, **more: Any) -> str:
        held = {"since": self.since, "until": self.until, "date": self.date, "store": self.store}
        return urlencode({**held, "by": self.cut, "trial": self.trial, **more})


class Table(NamedTuple):
    """opens: the page behind a row; without one a press shows the whole row. name: of the file it may leave in."""

    title: Both
    columns: Sequence[Column]
    rows: Sequence[dict[str, Any]]
    opens: Callable[[dict[str, Any]], str] | None = None
    more: str = ""
    name: str = ""


class Sheet(NamedTuple):
    """as_of: of which day the data is, "" for now. version: of the formulas, 0 for none. notes: said before all."""

    tables: Sequence[Table]
    as_of: str = ""
    version: int = 0
    notes: Sequence[str] = ()


class Report(NamedTuple):
    """name: as `posapp hq report` calls it. page: where the console shows it already, "" for here. is_of_chain: only
    for who sees every store."""

    name: str
    title: Both
    about: Both
    make: Callable[[Connection, Desk, Asked], Sheet] | None = None
    takes: frozenset[str] = frozenset()
    store: str = NO_STORE
    is_of_chain: bool = False
    page: str = ""


def metric(name: str, **more: Any) -> Column:
    """The column of a metric, with its definition."""
    held = METRICS[name]
    kind = _KINDS.get(held.kind) or ("persons" if name in _PERSONS else "number")
    return Column(name, held.name, kind, meaning=held.formula, **more)


def number_of(text: str) -> float | None:
    """A figure as a report writes it, as a number that sorts: "1,234.50" and "25.2%"; None for "—"."""
    plain = text.replace(",", "").rstrip("%")
    if plain == UNKNOWN:
        return None
    return float(plain) if "." in plain else int(plain)


def cells(held: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of a row, by metric, with the two numbers of every rate."""
    row: dict[str, Any] = {}
    for name, one in held.items():
        row[name] = number_of(str(one["text"] if "text" in one else one["value"]))
        if METRICS[name].kind == "rate" and one["bottom"] and name != "member_sales_share":
            row[f"of_{name}"] = of(one["top"], one["bottom"])
    return row


def of(top: int, bottom: int) -> str:
    """The two numbers of a rate."""
    return f"{top:,} ÷ {bottom:,}"


def store_column() -> Column:
    return Column("place", ("门店", "Store"), wide=2, least=130)

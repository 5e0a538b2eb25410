"""What the board shows of a day: one source's figures, told plainly, with what they are compared with. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import msgspec

from posapp.clock import HOUR, rfc3339
from posapp.rules.dictionary import LEAST_RANKED, METRICS, VERSION, Value, progress, text_of, value_of
from posapp.rules.metrics import PROVISIONAL, DayFigures, Figures
from posapp.streams import DayRow

LOCAL, STORE = "local", "store"
"""Whose figures: this till's own journal, or the whole store's as HQ has them."""

DAYS_BACK = 8
"""So many days before today can be looked at."""

FUNNEL = (
    ("shown", ""),
    ("opened", "scan_rate"),
    ("authorised", "authorised_rate"),
    ("joins", "completion_rate"),
    ("first", "first_order_rate"),
    ("again", "second_purchase_rate"),
)
"""Steps from a code that stood there to a second purchase: a field of Figures and the metric that leads to it."""

SALES = (
    "tickets",
    "net_sales",
    "average_ticket",
    "pieces_per_ticket",
    "recognition_rate",
    "member_sales_share",
    "refund_rate",
)

ONLY_HQ = frozenset({"scan_rate", "authorised_rate", "completion_rate", "wecom_rate", "second_purchase_rate"})
"""Metrics of which a till knows nothing by itself."""

_ONLY_HQ = frozenset({"opened", "authorised", "again"})


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier day beside this one; figures None where nothing is known of it."""

    date: str
    figures: DayFigures | None


@dataclass(frozen=True, slots=True)
class BoardView:
    """source: whose figures. has_store: HQ has told of the day. as_of: they hold everything up to then, UTC ms;
    unsent: entries that HQ lacks and therefore its figures. state, updated, late, made: as in DayRow. target: percent,
    0 for none. clerks: names by number. tills: number, last contact, unsent, of the other tills of the store."""

    date: str
    today: str
    now: int
    source: str
    has_store: bool
    day: DayFigures
    yesterday: Past
    week: Past
    state: str = PROVISIONAL
    updated: int = 0
    late: int = 0
    made: int = 0
    as_of: int = 0
    unsent: int = 0
    target: int = 0
    progress: Value | None = None
    clerks: dict[int, str] = field(default_factory=dict)
    tills: tuple[tuple[int, int, int], ...] = ()
    scores: tuple[tuple[str, Value], ...] = ()
    cutover: int = 4

    @property
    def weekday(self) -> int:
        """0 for Monday."""
        return dt.date.fromisoformat(self.date).weekday()

    @property
    def is_today(self) -> bool:
        return self.date == self.today

    def value(self, metric: str, axis: str = "all", key: str = "") -> Value:
        return value_of(metric, self.part(axis, key))

    def text(self, metric: str, axis: str = "all", key: str = "") -> str:
        """A figure to be read, "—" where nothing is."""
        is_unknown = self.is_empty or (self.source == LOCAL and metric in ONLY_HQ)
        return text_of(METRICS[metric].kind, Value(0, 0) if is_unknown else self.value(metric, axis, key))

    def part(self, axis: str, key: str) -> Figures:
        """A clerk's, an hour's ... figures; nothing for one that is not there."""
        if axis == "all":
            return self.day.all
        parts: Mapping[str, Figures] = getattr(self.day, axis)
        return parts.get(key) or Figures()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was sold and nobody joined."""
        return self.day.all == Figures()

    def steps(self) -> list[Step]:
        """The funnel; a step that this source cannot know has no count."""
        return [
            Step(
                name,
                metric or name,
                None if self.is_empty or (self.source == LOCAL and name in _ONLY_HQ) else getattr(self.day.all, name),
                self.text(metric) if metric else "",
            )
            for name, metric in FUNNEL
        ]

    def ranked(self) -> list[Ranked]:
        """Clerks by their join rate; those with too few tickets stand below, in no order of merit."""
        rows = [
            Ranked(int(key), figures, is_ranked=figures.walk_ins >= LEAST_RANKED)
            for key, figures in self.day.clerk.items()
            if key != "0"
        ]
        return sorted(
            rows,
            key=lambda row: (
                not row.is_ranked,
                -Fraction(row.figures.joins, row.figures.walk_ins) if row.is_ranked else 0,
                row.clerk,
            ),
        )

    def hours(self) -> list[int]:
        """Hours with something in them, and those between, in the order of the business day."""
        with_something = {int(key) for key, figures in self.day.hour.items() if figures != Figures()}
        if self.week.figures:
            with_something |= {int(key) for key, figures in self.week.figures.hour.items() if figures.joins}
        if not with_something:
            return []
        order = [(self.cutover + hour) % 24 for hour in range(24)]
        places = sorted(order.index(hour) for hour in with_something)
        return order[places[0] : places[-1] + 1]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the funnel. metric: what opens it; count None: not known; rate: from the step before, to be read."""

    name: str
    metric: str
    count: int | None
    rate: str


@dataclass(frozen=True, slots=True)
class Ranked:
    clerk: int
    figures: Figures
    is_ranked: bool


def past_of(date: str, days: int) -> str:
    """The date so many days before."""
    return (dt.date.fromisoformat(date) - dt.timedelta(days=days)).isoformat()


def progress_of(row: DayRow, begins: int, now: int) -> Value | None:
    """How far the day is towards its target."""
    hours = max(0, min(24, (now - begins) // HOUR + 1))
    return progress(row.day.all.joins, row.target, row.usual, hours)


def board_told(views: Iterable[BoardView]) -> dict[str, Any]:
    """Views of one day as a script prints them: by source its metrics, whole and by each axis."""
    told: dict[str, Any] = {}
    for view in views:
        told.setdefault("date", view.date)
        told["version"] = VERSION
        told[view.source] = {
            "state": view.state,
            "made": rfc3339(view.made) if view.made else None,
            "as_of": rfc3339(view.as_of) if view.as_of else None,
            "unsent": view.unsent,
            "target": view.target,
            "progress": text_of("rate", view.progress) if view.progress else None,
            "metrics": {name: _told(view, name) for name, metric in METRICS.items() if metric.of},
            "funnel": {step.name: step.count for step in view.steps()},
            "figures": _plain(view.day.all),
            **{
                axis: {key: _plain(figures) for key, figures in sorted(getattr(view.day, axis).items())}
                for axis in ("clerk", "hour", "till", "channel")
            },
        }
    return told


def _told(view: BoardView, metric: str) -> dict[str, Any]:
    top, bottom = view.value(metric)
    return {"text": view.text(metric), "top": top, "bottom": bottom}


def _plain(figures: Figures) -> dict[str, int]:
    return {name: n for name, n in msgspec.structs.asdict(figures).items() if n}

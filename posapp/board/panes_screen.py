"""The board's blocks, each a pane of its own: by hour, by clerk, by channel, the funnel, sales, to-dos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from posapp.board.day import LOCAL, SALES, BoardView
from posapp.board.todo import Todo
from posapp.rules.channel_words import channel_word
from posapp.rules.dictionary import LEAST_RANKED, METRICS, UNKNOWN, Value, text_of
from posapp.rules.metrics import Figures
from posapp.ui.chart import Bar, Bars, Strip, Strips, letter_size
from posapp.ui.keypad import button
from posapp.ui.label import LEFT, RIGHT, label, tell
from posapp.ui.rows import Row, Rows

Opens = tuple[str, str, str]
"""A figure that can be opened: metric, axis, key."""

Open = Callable[[Opens], object]

LARGE_LETTERS = 22
"""From letters of so many pixels on, figures make room for them."""

COMPARED = ("join_rate", "joins", "walk_ins", "conversion", "tickets", "net_sales")


class Pane(Protocol):
    """One block. chosen: the figure that Enter opens, None for none."""

    @property
    def widget(self) -> QWidget: ...
    @property
    def chosen(self) -> Opens | None: ...
    def step(self, by: int) -> None: ...
    def put(self, view: BoardView) -> None: ...


def metric_name(metric: str, language: str) -> str:
    return METRICS[metric].name[language == "en"]


def in_card(chart: QWidget) -> QFrame:
    """A chart on a card of its own."""
    card = QFrame()
    card.setProperty("card", True)
    layout = QVBoxLayout(card)
    layout.setContentsMargins(10, 10, 10, 10)
    layout.addWidget(chart)
    return card


class FactButton(QPushButton):
    """A figure with its name; a finger opens it."""

    def __init__(self, name: str, act: Callable[[], object], size: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setProperty("kind", "fact")
        self.clicked.connect(lambda: act())
        is_roomy = letter_size() < LARGE_LETTERS
        self.caption = label(f"{name}_caption", "" if is_roomy else "small", is_quiet=True)
        self.value = label(f"{name}_value", size or ("huge" if is_roomy else "large"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.setSpacing(0)
        layout.addStretch(1)
        for made in (self.caption, self.value):
            made.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            layout.addWidget(made)
        layout.addStretch(1)

    def put(self, caption: str, value: str) -> None:
        self.caption.setText(caption)
        self.value.setText(value)
        for made in (self, self.value):
            made.setAccessibleName(f"{caption} {value}")

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        layout = self.layout()
        return layout.totalMinimumSize() if layout else QSize(0, 0)

    minimumSizeHint = sizeHint  # noqa: N815

    def mark(self, is_chosen: bool) -> None:
        tell(self, "chosen", is_chosen)


class _ChartPane(QWidget):
    """A chart whose bars open."""

    def __init__(self, act: Open) -> None:
        super().__init__()
        self._act = act
        self.opens: list[Opens] = []

    @property
    def widget(self) -> QWidget:
        return self

    @property
    def chart(self) -> Bars | Strips:
        raise NotImplementedError

    @property
    def chosen(self) -> Opens | None:
        return self.opens[self.chart.chosen] if 0 <= self.chart.chosen < len(self.opens) else None

    def step(self, by: int) -> None:
        self.chart.step(by)

    def _tapped(self, n: int) -> None:
        self.chart.choose(n)
        self._act(self.opens[n])


class HourPane(_ChartPane):
    """Joins hour by hour with the tickets over them, and yesterday and the same weekday beside the day."""

    def __init__(self, act: Open, language: Callable[[], str]) -> None:
        super().__init__(act)
        self._language = language
        legend = (self.tr("入会"), self.tr("上周同日入会"), self.tr("非会员交易"))
        self.bars = Bars("board_hours", self.tr("各时段入会和非会员交易"), legend, self._tapped)
        self.grid = QGridLayout()
        self.grid.setHorizontalSpacing(14)
        self.grid.setVerticalSpacing(4)
        beside = QFrame()
        beside.setProperty("card", True)
        column = QVBoxLayout(beside)
        column.setContentsMargins(14, 10, 14, 10)
        column.addLayout(self.grid, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(in_card(self.bars), 5)
        layout.addWidget(beside, 4)
        self._cells = [[self._cell(y, x) for x in range(4)] for y in range(len(COMPARED) + 1)]
        self._row = 0

    @property
    def chart(self) -> Bars:
        return self.bars

    @property
    def chosen(self) -> Opens | None:
        return (COMPARED[self._row - 1], "all", "") if self._row else super().chosen

    def step(self, by: int) -> None:
        """Along the bars, and on to the figures beside them."""
        is_last = self.bars.chosen == len(self.opens) - 1
        if by > 0 and (self._row or is_last):
            self._choose(min(len(COMPARED), self._row + 1))
        elif self._row:
            self._choose(self._row - 1)
        else:
            super().step(by)

    def _choose(self, row: int) -> None:
        if row and not self._row:
            self.bars.choose(-1)
        elif self._row and not row:
            self.bars.choose(len(self.opens) - 1)
        self._row = row
        for y, line in enumerate(self._cells):
            tell(line[1], "chosen", 0 < y == row)

    def _tapped(self, n: int) -> None:
        self._choose(0)
        super()._tapped(n)

    def _cell_tapped(self, row: int) -> None:
        self._choose(row)
        self._act((COMPARED[row - 1], "all", ""))

    def put(self, view: BoardView) -> None:
        hours = view.hours()
        past = view.week.figures
        before = {int(key): figures for key, figures in past.hour.items()} if past else {}
        bars = []
        for hour in hours:
            figures = view.part("hour", str(hour))
            earlier = before.get(hour, Figures()).joins
            said = self.tr("{hour} 点 入会 {joins},非会员交易 {tickets}").format(
                hour=hour, joins=figures.joins, tickets=figures.walk_ins
            )
            bars.append(Bar(f"{hour:02d}", figures.joins, earlier, figures.walk_ins, said))
        self.opens = [("joins", "hour", str(hour)) for hour in hours]
        self.bars.put(bars, has_past=past is not None)
        self._compare(view)

    def _compare(self, view: BoardView) -> None:
        today = self.tr("今天") if view.is_today else view.date[5:]
        head = [
            "",
            today,
            (self.tr("昨天") if view.is_today else self.tr("前一天")) + f"\n{view.yesterday.date[5:]}",
            self.tr("上周同日") + f"\n{view.week.date[5:]}",
        ]
        rows = [head]
        for metric in COMPARED:
            past = [
                text_of(METRICS[metric].kind, _of(metric, one.figures.all)) if one.figures else UNKNOWN
                for one in (view.yesterday, view.week)
            ]
            rows.append([metric_name(metric, self._language()), view.text(metric), *past])
        for cells, row in zip(self._cells, rows, strict=True):
            for made, text, column in zip(cells, row, head, strict=True):
                made.setText(text)
                made.setAccessibleName(f"{row[0]} {column} {text}")

    def _cell(self, y: int, x: int) -> QLabel | QPushButton:
        name = f"board_cell_{y}_{x}"
        made: QLabel | QPushButton = label(name, "" if y else "small", is_quiet=True, align=RIGHT if x else LEFT)
        if x == 1 and y:
            made = button(name, "", partial(self._cell_tapped, y), "cell")
            made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.grid.addWidget(made, y, x)
        self.grid.setColumnStretch(x, 1 if x else 2)
        self.grid.setRowStretch(y, 1)
        return made


def _of(metric: str, figures: Figures) -> Value:
    of = METRICS[metric].of
    assert of
    return of(figures)


class StripPane(_ChartPane):
    """Lying bars under a line that says how to read them."""

    def __init__(self, name: str, act: Open) -> None:
        super().__init__(act)
        self.strips = Strips(name, "", self._tapped)
        self.note = label(f"{name}_note", "small", is_quiet=True)
        self.note.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(in_card(self.strips), 1)
        layout.addWidget(self.note)

    @property
    def chart(self) -> Strips:
        return self.strips

    def put(self, view: BoardView) -> None:
        raise NotImplementedError


class ClerkPane(StripPane):
    """Clerks by join rate, those with too few tickets below and out of the ranking."""

    def __init__(self, act: Open) -> None:
        super().__init__("board_clerks", act)
        self.strips.title = self.tr("店员入会率")

    def put(self, view: BoardView) -> None:
        strips, self.opens = [], []
        for place, row in enumerate(view.ranked(), 1):
            figures = row.figures
            name = view.clerks.get(row.clerk, str(row.clerk))
            side = self.tr("入会 {joins} / {tickets} 单 · 首单 {first}").format(
                joins=figures.joins, tickets=figures.walk_ins, first=figures.first
            )
            if not row.is_ranked:
                side += self.tr(" · 不排名")
            rate = text_of("rate", Value(figures.joins, figures.walk_ins))
            value = figures.joins * 1000 // figures.walk_ins if row.is_ranked else None
            strips.append(Strip(f"{place} {name}" if row.is_ranked else name, value, rate, side))
            self.opens.append(("join_rate", "clerk", str(row.clerk)))
        self.strips.put(strips)
        self.note.setText(self.tr("非会员交易不足 {least} 单的不参与排名").format(least=LEAST_RANKED))


class ChannelPane(StripPane):
    """Where the joins came from."""

    def __init__(self, act: Open, language: Callable[[], str]) -> None:
        super().__init__("board_channels", act)
        self.strips.title = self.tr("入会渠道")
        self._language = language

    def put(self, view: BoardView) -> None:
        joined = [(key, figures.joins) for key, figures in view.day.channel.items() if figures.joins]
        joined.sort(key=lambda one: (-one[1], one[0]))
        whole = sum(joins for _, joins in joined)
        self.opens = [("joins", "channel", key) for key, _ in joined]
        self.strips.put(
            [
                Strip(channel_word(key, self._language()), joins, str(joins), text_of("rate", Value(joins, whole)))
                for key, joins in joined
            ]
        )
        only_here = self.tr("立牌和店员码的入会要等总部数据") if view.source == LOCAL else ""
        self.note.setText(only_here or self.tr("各渠道占店内入会的比例"))


class FunnelPane(StripPane):
    """From a code that stood there to a second purchase."""

    def __init__(self, act: Open, language: Callable[[], str]) -> None:
        super().__init__("board_funnel", act)
        self.strips.title = self.tr("漏斗")
        self._language = language

    def put(self, view: BoardView) -> None:
        names = {
            "shown": self.tr("展示"),
            "opened": self.tr("扫码"),
            "authorised": self.tr("授权"),
            "joins": self.tr("入会"),
            "first": self.tr("首单"),
            "again": self.tr("复购"),
        }
        strips, self.opens = [], []
        for step in view.steps():
            rate = f"{metric_name(step.metric, self._language())} {step.rate}" if step.rate else ""
            count = UNKNOWN if step.count is None else f"{step.count:,}"
            strips.append(Strip(names[step.name], step.count, count, rate))
            self.opens.append(("joins" if step.name == "joins" else step.metric, "all", ""))
        self.strips.put(strips)
        self.note.setText(self.tr("扫码、授权和复购要等总部数据") if view.source == LOCAL else "")


class SalesPane(QWidget):
    """What was sold, and the store's three scores."""

    def __init__(self, act: Open, language: Callable[[], str]) -> None:
        super().__init__()
        self._act, self._language = act, language
        self._chosen = -1
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(8)
        self.facts: dict[str, FactButton] = {}

    @property
    def widget(self) -> QWidget:
        return self

    @property
    def chosen(self) -> Opens | None:
        names = list(self.facts)
        return (
            (names[self._chosen], "all", "") if 0 <= self._chosen < len(names) and self._chosen < len(SALES) else None
        )

    def step(self, by: int) -> None:
        self._chosen = max(0, min(len(SALES) - 1, self._chosen + by))
        self._mark()

    def _mark(self) -> None:
        for n, made in enumerate(self.facts.values()):
            made.mark(n == self._chosen)

    def put(self, view: BoardView) -> None:
        told = [(name, metric_name(name, self._language()), view.text(name)) for name in SALES]
        for name, value in view.scores:
            caption = self.tr("考核 · {name}").format(name=metric_name(name, self._language()))
            told.append((f"score_{name}", caption, text_of(METRICS[name].kind, value)))
        if [name for name, _, _ in told] != list(self.facts):
            self._make([name for name, _, _ in told])
        for name, caption, text in told:
            self.facts[name].put(caption, text)

    def _make(self, names: Sequence[str]) -> None:
        for old in self.facts.values():
            self._grid.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.facts = {}
        for n, name in enumerate(names):
            act: Callable[[], object] = partial(self._act, (name, "all", "")) if name in SALES else _nothing
            self.facts[name] = made = FactButton(f"fact_{name}", act)
            self._grid.addWidget(made, n // 3, n % 3)
        self._mark()


def _nothing() -> None:
    """A score is worked out over weeks; nothing of this day opens it."""


class TodoPane(QWidget):
    """What waits for somebody."""

    def __init__(self, language: Callable[[], str]) -> None:
        super().__init__()
        self._language = language
        self.rows = Rows("board_todos", self.tr("待办"), lambda n: self.rows.choose(n))
        self.note = label("board_todos_note", "large", is_quiet=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.note)
        layout.addWidget(self.rows, 1)

    @property
    def widget(self) -> QWidget:
        return self

    @property
    def chosen(self) -> Opens | None:
        return None

    def step(self, by: int) -> None:
        self.rows.step(by)

    def put(self, view: BoardView) -> None:
        """To-dos are of now, whatever day is looked at."""

    def put_todos(self, todos: Sequence[Todo]) -> None:
        english = self._language() == "en"
        rows = [Row(one.title[english], one.text[english], one.tone, one.word[english]) for one in todos]
        self.rows.put(rows, self.rows.chosen)
        self.note.setText("" if rows else self.tr("没有待办"))
        self.note.setVisible(not rows)

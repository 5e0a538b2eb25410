"""The store manager's board: the join rate on top, one block below it at a time; every figure opens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from posapp.board.day import DAYS_BACK, LOCAL, STORE, BoardView, past_of
from posapp.board.figure import FigureView
from posapp.board.figure_screen import FigurePane
from posapp.board.panes_screen import (
    ChannelPane,
    ClerkPane,
    FactButton,
    FunnelPane,
    HourPane,
    Opens,
    Pane,
    SalesPane,
    TodoPane,
)
from posapp.board.todo import Todo
from posapp.clock import MINUTE, local
from posapp.rules.channel_words import channel_word
from posapp.rules.dictionary import METRICS, text_of
from posapp.rules.metrics import COMPLETE, FINAL, PROVISIONAL, UPDATED
from posapp.settings import Settings
from posapp.ui.chart import Progress
from posapp.ui.choice import Choice, Option
from posapp.ui.keypad import button
from posapp.ui.label import RIGHT, announce, label, tell
from posapp.ui.window import Window

OLD_MS = 15 * MINUTE
"""Figures that HQ has not confirmed for so long say so in another colour."""

HEADLINE: Opens = ("join_rate", "all", "")


class Verbs(Protocol):
    """What is asked of the till."""

    @property
    def settings(self) -> Settings: ...
    @property
    def number(self) -> int: ...
    def board(self, date: str = "", source: str = "") -> BoardView: ...
    def todos(self) -> Sequence[Todo]: ...
    def open_figure(
        self, metric: str, axis: str = "all", key: str = "", date: str = "", source: str = ""
    ) -> FigureView: ...
    def export_board(self, reason: str, date: str = "", source: str = "") -> Any: ...


class BoardScreen(QWidget):
    """Asks the till anew each time it is shown and when HQ has news. lead: shows a receipt; leave: back to selling.

    date: the day that is looked at, "" for today; source: whose figures are wanted, "" for HQ's where they are.
    """

    def __init__(self, window: Window, till: Verbs, lead: Callable[[str], object], leave: Callable[[], object]) -> None:
        super().__init__()
        self._window, self._till, self._leave = window, till, leave
        self.date = self.source = ""
        self.shown: BoardView | None = None
        self._opened: Opens = HEADLINE
        self.figure = FigurePane(
            lambda: till.settings, self._open_whole, lambda n: lead(f"receipt {n}"), self._to_blocks
        )
        words = {"back": self.tr("返回"), "more": self.tr("下一页")}
        self.reasons = Choice("board_reasons", words, self._to_blocks)
        language: Callable[[], str] = lambda: till.settings.language  # noqa: E731
        self.todo = TodoPane(language)
        self.panes: dict[str, Pane] = {
            "hours": HourPane(self._open, language),
            "clerks": ClerkPane(self._open),
            "channels": ChannelPane(self._open, language),
            "funnel": FunnelPane(self._open, language),
            "sales": SalesPane(self._open, language),
            "todos": self.todo,
        }
        titles = (
            self.tr("时段"), self.tr("店员"), self.tr("渠道"), self.tr("漏斗"), self.tr("销售"), self.tr("待办"),
        )  # fmt: skip
        self.tabs: list[QPushButton] = []
        tabs = QHBoxLayout()
        tabs.setSpacing(4)
        self._blocks = QStackedWidget()
        for n, (pane, title) in enumerate(zip(self.panes.values(), titles, strict=True)):
            tab = button(f"board_tab_{n + 1}", f"{n + 1} {title}", partial(self._turn, n), "tab")
            tab.setCheckable(True)
            tab.setAccessibleDescription(str(n + 1))
            self.tabs.append(tab)
            tabs.addWidget(tab)
            self._blocks.addWidget(pane.widget)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(self._head())
        column.addWidget(self._headline())
        column.addLayout(tabs)
        column.addWidget(self._blocks, 1)
        self._stack = QStackedWidget()
        for widget in (page, self.figure, self.reasons):
            self._stack.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self._turn(0)

    # --- layout ---

    def _head(self) -> QHBoxLayout:
        self.title = label("board_date", "large")
        self.state = label("board_state", align=RIGHT)
        earlier = button("board_earlier", "◀", lambda: self._page_day(1), key="←")
        earlier.setAccessibleName(self.tr("前一天"))
        self.later = button("board_later", "▶", lambda: self._page_day(-1), key="→")
        self.later.setAccessibleName(self.tr("后一天"))
        self.here = button("board_local", self.tr("本机"), partial(self._from, LOCAL), key="F2")
        self.store = button("board_store", self.tr("全店"), partial(self._from, STORE), key="F2")
        head = QHBoxLayout()
        head.setSpacing(8)
        for made, share in ((earlier, 0), (self.title, 0), (self.later, 0), (self.state, 1)):
            head.addWidget(made, share)
        for made in (self.here, self.store):
            head.addWidget(made)
        head.addWidget(button("board_export", self.tr("导出"), self._ask_reason, key="F3"))
        head.addWidget(button("board_back", self.tr("返回"), lambda: self._leave(), key="Esc"))
        return head

    def _headline(self) -> QFrame:
        card = QFrame()
        card.setProperty("card", True)
        self.rate = FactButton("board_rate", partial(self._open, HEADLINE), "giant")
        self.numbers = label("board_numbers", "large")
        self.progress = Progress("board_progress", self.tr("目标进度"))
        self.age = label("board_age", "small", is_quiet=True)
        self.age.setWordWrap(True)
        words = QVBoxLayout()
        words.setSpacing(4)
        for made in (self.numbers, self.progress, self.age):
            words.addWidget(made)
        layout = QHBoxLayout(card)
        layout.setContentsMargins(8, 6, 16, 6)
        layout.setSpacing(16)
        layout.addWidget(self.rate)
        layout.addLayout(words, 1)
        return card

    # --- drawing ---

    def open_today(self) -> None:
        """Begin anew: today, the source that is there."""
        self.date = self.source = ""
        self._stack.setCurrentIndex(0)

    def refresh(self) -> None:
        view = self._window.run(lambda: self._till.board(self.date, self.source), is_asked=False)
        if view is None:
            return
        self.shown = view
        for pane in self.panes.values():
            pane.put(view)
        todos = self._window.run(self._till.todos, is_asked=False) or []
        self.todo.put_todos(todos)
        count = sum(one.tone in ("warning", "caution") for one in todos)
        self.tabs[-1].setText(f"{len(self.tabs)} {self.tr('待办')}{f' {count}' if count else ''}")
        self._show_head(view)

    def _show_head(self, view: BoardView) -> None:
        zone = self._till.settings.time_zone
        days = (
            self.tr("周一"), self.tr("周二"), self.tr("周三"), self.tr("周四"), self.tr("周五"), self.tr("周六"),
            self.tr("周日"),
        )  # fmt: skip
        self.title.setText(f"{view.date[5:]} {days[view.weekday]}")
        self.later.setEnabled(not view.is_today)
        for made, source in ((self.here, LOCAL), (self.store, STORE)):
            tell(made, "chosen", view.source == source)
        self.store.setEnabled(view.has_store)
        self.state.setText(self._state_words(view))
        tell(self.state, "tone", {UPDATED: "caution", FINAL: "good", COMPLETE: "good"}.get(view.state, ""))
        rate, walk_ins = view.value("join_rate")
        name = (
            self.tr("今日入会率") if view.is_today else METRICS["join_rate"].name[self._till.settings.language == "en"]
        )
        self.rate.put(name, view.text("join_rate"))
        words = [f"({rate}/{walk_ins})" if walk_ins or rate else ""]
        if view.target:
            words.append(self.tr("目标 {target}%").format(target=view.target))
        if view.progress:
            words.append(self.tr("进度 {share}").format(share=text_of("rate", view.progress)))
        self.numbers.setText(" · ".join(word for word in words if word))
        share = view.progress.top / view.progress.bottom if view.progress else None
        self.progress.put(share, text_of("rate", view.progress) if view.progress else "")
        self.progress.setVisible(share is not None)
        self.age.setText(self._age(view, zone))
        tell(self.age, "tone", "caution" if view.is_today and view.now - view.as_of >= OLD_MS else "")
        said = " · ".join(part for part in (self.rate.accessibleName(), self.numbers.text(), self.age.text()) if part)
        if said != self.accessibleName():
            self.setAccessibleName(said)
            announce(self, said)

    def _state_words(self, view: BoardView) -> str:
        zone = self._till.settings.time_zone
        if view.state == PROVISIONAL:
            return self.tr("暂计")
        if view.state == COMPLETE:
            return self.tr("已收齐")
        if view.state == FINAL:
            late = self.tr(" · {count} 单迟到未计").format(count=view.late) if view.late else ""
            return self.tr("已定") + late
        return self.tr("已更新 {time}").format(time=f"{local(view.updated or view.made, zone):%m-%d %H:%M}")

    def _age(self, view: BoardView, zone: str) -> str:
        at, today = local(view.as_of, zone), local(view.now, zone)
        time = f"{at:%H:%M}" if at.date() == today.date() else f"{at:%m-%d %H:%M}"
        words = [self.tr("数据截至 {time}").format(time=time), self.tr("未同步 {count} 笔").format(count=view.unsent)]
        if not view.has_store:
            words.append(self.tr("总部数据还没有到"))
        for number, contact, unsent in view.tills:
            if unsent or view.now - contact >= OLD_MS:
                if contact:
                    since = local(contact, zone)
                    time = f"{since:%H:%M}" if since.date() == today.date() else f"{since:%m-%d %H:%M}"
                    words.append(self.tr("{till} 号台 {time} 后没有联系").format(till=f"{number:02d}", time=time))
                else:
                    words.append(self.tr("{till} 号台还没有联系过").format(till=f"{number:02d}"))
        return " · ".join(words)

    # --- what is done here ---

    def _turn(self, n: int) -> None:
        self._blocks.setCurrentIndex(n)
        for place, tab in enumerate(self.tabs):
            tab.setChecked(place == n)

    @property
    def pane(self) -> Pane:
        return list(self.panes.values())[self._blocks.currentIndex()]

    def _page_day(self, by: int) -> None:
        view = self.shown
        if view is None:
            return
        date = past_of(view.date, by)
        if past_of(view.today, DAYS_BACK) <= date <= view.today:
            self.date = "" if date == view.today else date
            self.refresh()

    def _from(self, source: str) -> None:
        self.source = source
        self.refresh()

    def _toggle(self) -> None:
        if self.shown and self.shown.has_store:
            self._from(STORE if self.shown.source == LOCAL else LOCAL)

    def _open_whole(self, metric: str) -> None:
        """What the rate just looked at is taken of."""
        _, axis, key = self._opened
        self._open((metric, axis, key))

    def _open(self, opens: Opens) -> None:
        metric, axis, key = self._opened = opens
        view = self.shown
        if view is None:
            return
        figure = self._window.run(lambda: self._till.open_figure(metric, axis, key, view.date, view.source))
        if figure is not None:
            self.figure.put(figure, self._part(view, axis, key), self._till.number, view.clerks)
            self._stack.setCurrentWidget(self.figure)

    def _part(self, view: BoardView, axis: str, key: str) -> str:
        match axis:
            case "clerk":
                return view.clerks.get(int(key), key)
            case "hour":
                return self.tr("{hour} 点").format(hour=key)
            case "channel":
                return channel_word(key, self._till.settings.language)
            case "till":
                return self.tr("{till} 号台").format(till=key)
        return ""

    def _to_blocks(self) -> None:
        self._stack.setCurrentIndex(0)
        self.refresh()

    # --- export ---

    def _ask_reason(self) -> None:
        reasons = (self.tr("店内复盘"), self.tr("总部要求"), self.tr("培训"), self.tr("核对数据"))
        options = [
            Option(f"export_reason_{n}", reason, partial(self._export, reason)) for n, reason in enumerate(reasons)
        ]
        self.reasons.offer(self.tr("为什么导出(不含顾客,5 人以下的格子不显示)"), options)
        self._stack.setCurrentWidget(self.reasons)

    def _export(self, reason: str) -> None:
        self._stack.setCurrentIndex(0)
        view = self.shown
        if view is None:
            return
        done = self._window.run(lambda: self._till.export_board(reason, view.date, view.source))
        if done is not None:
            self.exported(done.file)

    def exported(self, file: str) -> None:
        """Say where it is."""
        self.refresh()
        self._window.say(self.tr("已导出到 {file}").format(file=file))

    # --- keys ---

    def key(self, event: QKeyEvent) -> bool:
        """Whether the screen took the key."""
        current = self._stack.currentWidget()
        if current is self.figure:
            return self.figure.key(event)
        if current is self.reasons:
            return self.reasons.key(event)
        text = event.text()
        match event.key():
            case Qt.Key.Key_Escape:
                self._leave()
            case Qt.Key.Key_Left:
                self._page_day(1)
            case Qt.Key.Key_Right:
                self._page_day(-1)
            case Qt.Key.Key_Up:
                self.pane.step(-1)
            case Qt.Key.Key_Down:
                self.pane.step(1)
            case Qt.Key.Key_F2:
                self._toggle()
            case Qt.Key.Key_F3:
                self._ask_reason()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._open(self.pane.chosen or HEADLINE)
            case _ if text.isascii() and text.isdigit() and 1 <= int(text) <= len(self.tabs):
                self._turn(int(text) - 1)
            case _:
                return False
        return True

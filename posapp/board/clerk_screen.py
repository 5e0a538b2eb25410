"""The clerk's own page: what their joins of the month come to, each line with its reason, today's at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from posapp.board.mine import MineLine, MineView
from posapp.board.panes_screen import FactButton
from posapp.clock import local
from posapp.rules.channel_words import channel_word
from posapp.rules.dictionary import UNKNOWN
from posapp.settings import Settings
from posapp.ui.columns import fill, side_by_side
from posapp.ui.keypad import button
from posapp.ui.label import label
from posapp.ui.rows import Row, Rows
from posapp.ui.window import Window


class Verbs(Protocol):
    """What is asked of the till."""

    @property
    def settings(self) -> Settings: ...
    def mine(self) -> MineView: ...


class ClerkScreen(QWidget):
    """Asks the till anew each time it is shown and when HQ has news."""

    def __init__(self, window: Window, till: Verbs, leave: Callable[[], object]) -> None:
        super().__init__()
        self._window, self._till, self._leave = window, till, leave
        self.title = label("mine_title", "large")
        self.about = label("mine_about", "small", is_quiet=True)
        self.rule = label("mine_rule")
        self.rule.setWordWrap(True)
        self.about.setWordWrap(True)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(button("mine_back", self.tr("返回"), lambda: self._leave(), key="Esc"))
        self.facts = [FactButton(f"mine_{name}", self._nothing) for name in ("today", "joins", "first", "amount")]
        row = QHBoxLayout()
        row.setSpacing(8)
        for made in self.facts:
            row.addWidget(made)
        self.today = Rows("mine_today", self.tr("今天本机的入会"))
        self.lines = Rows("mine_lines", self.tr("本月明细"))
        columns = side_by_side((3, ((self.today, 1),)), (5, ((self.lines, 1),)))
        fill(self, head, row, self.rule, self.about, columns).setSpacing(8)

    @staticmethod
    def _nothing() -> None:
        """The lines below are what a figure here was made of."""

    def refresh(self) -> None:
        view = self._window.run(self._till.mine, is_asked=False)
        if view is None:
            return
        settings = self._till.settings
        zone, language = settings.time_zone, settings.language
        self.title.setText(self.tr("我的业绩 · {name}").format(name=view.name))
        told = (
            (self.tr("今天本机入会"), str(view.today)),
            (self.tr("本月有效入会"), str(view.joins) if view.has_account else UNKNOWN),
            (self.tr("本月首单"), str(view.first_orders) if view.has_account else UNKNOWN),
            (self.tr("预估奖励"), f"¥{view.amount}" if view.has_account else UNKNOWN),
        )
        for made, (caption, value) in zip(self.facts, told, strict=True):
            made.put(caption, value)
        self.rule.setText(view.rule)
        self.rule.setVisible(bool(view.rule))
        if view.has_account:
            made_at = f"{local(view.made, zone):%m-%d %H:%M}" if view.made else UNKNOWN
            text = self.tr("{month} · 总部算于 {time} · 预估,以月底结算为准").format(month=view.month, time=made_at)
        else:
            text = self.tr("总部还没有算出本月的奖励;今天的入会先记在这里")
        self.about.setText(text)
        self.today.put(
            [
                Row(
                    f"{local(item.at, zone):%H:%M}   {channel_word(item.channel, language)}",
                    " · ".join(word for word in (item.member, item.receipt) if word),
                )
                for item in view.items
            ]
        )
        self.lines.put([self._row(line, zone, language) for line in view.lines])

    def _row(self, line: MineLine, zone: str, language: str) -> Row:
        title = f"{local(line.at, zone):%m-%d %H:%M}   {line.kind}"
        channel = channel_word(line.channel, language) if line.channel else ""
        text = " · ".join(word for word in (line.why, channel, line.receipt) if word)
        return Row(title, text, "warning" if line.is_lost else "good", f"¥{line.amount}")

    def key(self, event: QKeyEvent) -> bool:
        """Whether the screen took the key."""
        if event.key() != Qt.Key.Key_Escape:
            return self.lines.scroll_by(event)
        self._leave()
        return True

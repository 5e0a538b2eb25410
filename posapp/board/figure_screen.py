"""An opened figure: its definition and its time above, below it the tickets and joins that it was made of."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from posapp.board.day import LOCAL
from posapp.board.figure import FigureView
from posapp.calls import FigureItem
from posapp.clock import local
from posapp.money import Money
from posapp.rules.channel_words import channel_word
from posapp.rules.dictionary import METRICS
from posapp.settings import Settings
from posapp.ui.keypad import button
from posapp.ui.label import label
from posapp.ui.rows import Row, Rows


class FigurePane(QWidget):
    """opened(metric) opens what a rate is taken of, receipt(number) shows a ticket of this till, back() goes back."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        opened: Callable[[str], object],
        receipt: Callable[[str], object],
        back: Callable[[], object],
    ) -> None:
        super().__init__()
        self._settings, self._opened, self._receipt, self._back = settings, opened, receipt, back
        self._shown: FigureView | None = None
        self._till = 0
        self.title = label("figure_title", "huge")
        self.formula = label("figure_formula")
        self.about = label("figure_about", "small", is_quiet=True)
        self.note = label("figure_note")
        for made in (self.formula, self.about, self.note):
            made.setWordWrap(True)
        self.rows = Rows("figure_rows", self.tr("明细"), self._tapped)
        self.beside = button("figure_beside", "", self._open_beside, key="F2")
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.beside)
        head.addWidget(button("figure_back", self.tr("返回"), lambda: self._back(), key="Esc"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        for made in (self.formula, self.about, self.note):
            layout.addWidget(made)
        layout.addWidget(self.rows, 1)

    def put(self, view: FigureView, part: str, till: int, clerks: dict[int, str]) -> None:
        """part: of what it is told, "" for the whole day; till: this till's number."""
        language = self._settings().language
        english, zone = language == "en", self._settings().time_zone
        self._shown, self._till = view, till
        name = METRICS[view.metric].name[english]
        self.title.setText(" · ".join(word for word in (f"{name} {view.text}", part) if word))
        self.formula.setText(f"{name} = {view.formula[english]}")
        made = f"{local(view.made, zone):%m-%d %H:%M}" if view.made else ""
        whose = self.tr("本机") if view.source == LOCAL else self.tr("全店")
        self.about.setText(
            self.tr("{date} · {whose} · 口径第 {version} 版 · 数据时间 {made}").format(
                date=view.date, whose=whose, version=view.version, made=made
            )
        )
        self.note.setText(self._said(view))
        self.note.setVisible(bool(self.note.text()))
        self.beside.setVisible(bool(view.beside))
        if view.beside:
            self.beside.setText(self.tr("看{name}").format(name=METRICS[view.beside].name[english]))
        rows = [self._row(item, clerks, zone, language) for item in view.items]
        if view.more:
            rows.append(Row(self.tr("还有 {count} 条没有列出").format(count=view.more)))
        self.rows.put(rows, 0 if view.items else -1)

    def _said(self, view: FigureView) -> str:
        if not view.opens:
            return self.tr("这一项由总部按码统计,没有逐条清单")
        if view.is_away:
            return self.tr("总部暂时连不上,下面只有本机的明细")
        if not view.items:
            return self.tr("没有明细")
        return ""

    def _row(self, item: FigureItem, clerks: dict[int, str], zone: str, language: str) -> Row:
        clerk = clerks.get(item.clerk, str(item.clerk)) if item.clerk else self.tr("无店员")
        place = self.tr("{till} 号台").format(till=f"{item.till:02d}") if item.till else ""
        time = f"{local(item.at, zone):%H:%M}"
        if item.kind == "ticket":
            title = f"{time}   ¥{Money(item.fen)}"
            about = (item.receipt, place, clerk, item.member or self.tr("散客"))
            return Row(title, " · ".join(word for word in about if word))
        title = f"{time}   {channel_word(item.channel, language)}"
        about = (item.member or self.tr("新会员"), place, clerk, item.receipt)
        return Row(title, " · ".join(word for word in about if word))

    def _tapped(self, n: int) -> None:
        self.rows.choose(n)
        self._show_receipt()

    def _show_receipt(self) -> None:
        view, n = self._shown, self.rows.chosen
        if view and 0 <= n < len(view.items) and view.items[n].receipt and view.items[n].till == self._till:
            self._receipt(view.items[n].receipt)

    def _open_beside(self) -> None:
        if self._shown and self._shown.beside:
            self._opened(self._shown.beside)

    def key(self, event: QKeyEvent) -> bool:
        """Whether the pane took the key."""
        match event.key():
            case Qt.Key.Key_Escape:
                self._back()
            case Qt.Key.Key_F2:
                self._open_beside()
            case Qt.Key.Key_Down:
                self.rows.step(1)
            case Qt.Key.Key_Up:
                self.rows.step(-1)
            case Qt.Key.Key_PageDown:
                self.rows.step(8)
            case Qt.Key.Key_PageUp:
                self.rows.step(-8)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._show_receipt()
            case _:
                return False
        return True

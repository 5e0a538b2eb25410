"""The capability panel: on the left what does not work now, why and what to do; on the right what does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from posapp.setup.capabilities import NOT_OPENED, Capability
from posapp.ui.columns import fill, side_by_side
from posapp.ui.keypad import button
from posapp.ui.label import label
from posapp.ui.rows import Row, Rows, Tone


class CapabilitiesScreen(QWidget):
    """Asks anew each time it is shown; a row says how it stands by colour and by word."""

    def __init__(
        self, ask: Callable[[], Sequence[Capability]], language: Callable[[], str], leave: Callable[[], None]
    ) -> None:
        super().__init__()
        self._ask, self._language, self._leave = ask, language, leave
        self.lacking = Rows("lacking", self.tr("受限或不能用"))
        self.working = Rows("working", self.tr("正常"))
        self.closed = Rows("closed", self.tr("还没有开通"))
        self.summary = label("capabilities_summary", is_quiet=True)
        head = QHBoxLayout()
        head.addWidget(label("capabilities_title", "large", text=self.tr("现在能做什么")))
        head.addWidget(self.summary, 1)
        head.addWidget(button("capabilities_again", self.tr("再看一次"), self.refresh, key="F5"))
        head.addWidget(button("capabilities_back", self.tr("返回"), lambda: self._leave(), key="Esc"))
        fill(self, head, side_by_side((5, ((self.lacking, 1),)), (3, ((self.working, 3), (self.closed, 2)))))

    def refresh(self) -> None:
        found = self._ask()
        closed = [one for one in found if one.why == NOT_OPENED]
        lacking = [one for one in found if one.state != "ok" and one not in closed]
        # what cannot be done at all stands first
        lacking.sort(key=lambda one: one.state != "off")
        self.lacking.put([self._row(one) for one in lacking])
        self.working.put([self._row(one) for one in found if one.state == "ok"])
        self.closed.put([self._row(one) for one in closed])
        off = sum(one.state == "off" for one in lacking)
        self.summary.setText(
            self.tr("{off} 项不能用,{limited} 项受限").format(off=off, limited=len(lacking) - off)
            if lacking
            else self.tr("都正常")
        )

    def _row(self, one: Capability) -> Row:
        place = 1 if self._language() == "en" else 0
        tones: dict[str, Tone] = {"ok": "good", "limited": "caution", "off": "warning"}
        words = {"ok": self.tr("正常"), "limited": self.tr("受限"), "off": self.tr("不能用")}
        if one.why == NOT_OPENED:
            return Row(one.title[place], one.todo[place])
        text = "\n".join(said for said in (one.why[place], one.todo[place]) if said)
        return Row(one.title[place], text, tones[one.state], words[one.state])

    def key(self, event: QKeyEvent) -> bool:
        """Whether the screen took the key."""
        match event.key():
            case Qt.Key.Key_Escape:
                self._leave()
            case Qt.Key.Key_F5:
                self.refresh()
            case _:
                return self.lacking.scroll_by(event)
        return True

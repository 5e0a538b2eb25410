"""What a cashier types or touches while selling: the entry, quick keys, what was found, the number pad, the letters."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from posapp.selling.verbs import Verbs
from posapp.ui.finder import Finder
from posapp.ui.keypad import Keypad, button
from posapp.ui.label import LEFT, RIGHT, label, show_value
from posapp.ui.letters import Letters
from posapp.ui.tiles import TilePages
from posapp.ui.window import Window

if TYPE_CHECKING:
    from posapp.selling.screen import SaleScreen

LONGEST = 40
SEARCHED_DIGITS = 4
"""So many figures of a code are worth a search; fewer are an amount or a quantity."""

SHARES = {"supermarket": 6, "touch": 8}
"""By profile, what the quick keys have of the height above the number pad's 5: where fingers rule, they are larger."""

_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class EntryPane(QWidget):
    """Beside the ticket of a sale screen. text: what is typed; show_typed() draws it."""

    def __init__(self, window: Window, till: Verbs, sale: SaleScreen) -> None:
        super().__init__()
        self.setObjectName("selling")
        self._window, self._till, self._sale = window, till, sale
        self.text = ""
        self.entry = label("entry", align=RIGHT)
        self.hint = label("hint", "small", is_quiet=True, align=LEFT)
        within = QHBoxLayout(self.entry)
        within.setContentsMargins(4, 0, 4, 0)
        within.addWidget(self.hint)
        name, key = sale.named("search")
        _, more = sale.named("more")
        self.hint.setText(
            self.tr("扫码或输入条码 · 拼音 {search} · 数量 * · 更多 {more}").format(search=key, more=more)
        )
        self.tiles = TilePages("tiles", self._taken, self.tr("总部还没有设置快捷商品;扫码、输入条码或拼音都可以卖"))
        self.finder = Finder("finder", self._taken, self.tr("没有找到;可输入名称的拼音、首字母或条码的几位"))
        self._browse = QStackedWidget()
        self._browse.addWidget(self.tiles)
        self._browse.addWidget(self.finder)
        self.letters = Letters(self.write, self.erase)
        self.letters.offer("text")
        self._pads = QStackedWidget()
        self._pads.addWidget(self._keypad())
        self._pads.addWidget(self.letters)
        search = button("search", name, self.turn_letters, key=key)
        search.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.entry, 1)
        head.addWidget(search)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self._browse, SHARES[till.settings.key_profile])
        layout.addWidget(self._pads, 5)

    def _keypad(self) -> Keypad:
        self.pay_button = button("to_pay", self.tr("收款"), self._sale.to_paying, "pay", "Enter")
        made = [
            button(action, name, partial(self._sale.act, action), "action", key)
            for action in ("void", "price", "discount", "park", "receipts", "more")
            for name, key in [self._sale.named(action)]
        ]
        beside = [
            button("erase", "⌫", self.erase, "key"),
            button("times", "×", lambda: self.write("*"), "key"),
            button("enter_code", self.tr("录入"), self.enter),
        ]
        return Keypad(self.write, [beside, made[:3], made[3:]], self.pay_button)

    def write(self, text: str) -> None:
        self._type((self.text + text)[:LONGEST])

    def erase(self) -> None:
        self._type(self.text[:-1])

    def _type(self, text: str) -> None:
        self.text = text
        self.show_typed()

    def show_typed(self) -> None:
        """What is typed; letters, or the figures of a code, find articles meanwhile."""
        show_value(self.entry, self.tr("输入"), self.text)
        self.hint.setVisible(not self.text)
        wanted = self.text.rpartition("*")[2]
        if self._is_search or (len(wanted) >= SEARCHED_DIGITS and wanted.isdigit()):
            found = self._window.run(lambda: self._till.search(wanted)) or ()
            self.finder.put(found)
            self._browse.setCurrentWidget(self.finder if found or self._is_search else self.tiles)
        else:
            self._browse.setCurrentWidget(self.tiles)

    @property
    def _is_search(self) -> bool:
        """Whether what is typed is no code or amount but a name."""
        return any(letter.isalpha() for letter in self.text)

    def turn_letters(self) -> None:
        """From the number pad to the letters and back."""
        self._pads.setCurrentIndex(1 - self._pads.currentIndex())
        self._type("")

    def _taken(self, code: str) -> None:
        """An article was taken from the tiles or from what was found."""
        count = self.text.rpartition("*")[0]
        self._pads.setCurrentIndex(0)
        self._sale.add(f"{count}*{code}" if count else code)

    def enter(self) -> None:
        """Hand over what is typed: an article found by its name, else a code or a quantity."""
        if self._is_search and self.finder.code:
            self._taken(self.finder.code)
            return
        text, self.text = self.text, ""
        self._sale.entered(text)

    def key(self, event: QKeyEvent) -> bool:
        """Whether the pane took the key."""
        key, typed = event.key(), event.text()
        if key == Qt.Key.Key_Backspace:
            self.erase()
        elif key == Qt.Key.Key_Escape:
            self._pads.setCurrentIndex(0)
            self._type("")
        elif self._browse.currentWidget() is self.finder and key in _MOVES and self.finder.key(event):
            return True
        elif typed.isprintable() and typed.strip():
            self.write(typed)
        else:
            return False
        return True

"""The devices of this till: what is set up and how it is, adding, changing, removing and trying out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from posapp import devices
from posapp.setup.bench import KINDS, Bench, Held
from posapp.setup.words import trouble_words
from posapp.ui.form import Field, Form, Value
from posapp.ui.keypad import button
from posapp.ui.label import announce, label, tell
from posapp.ui.rows import Row, Rows
from posapp.ui.window import Window

NAME = "name_in_shop"
LOOK_MS = 1_000
_ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class DevicesScreen(QWidget):
    """Goes from the list to the kinds, the drivers of a kind and the form of a driver, and back by Esc."""

    tried = Signal(int, object)

    def __init__(self, window: Window, bench: Bench, language: Callable[[], str], leave: Callable[[], None]) -> None:
        super().__init__()
        self._window, self._bench, self._language, self._leave = window, bench, language, leave
        self._held: list[Held] = []
        self._kind = self._driver = self._before = self._doomed = ""
        self._tests = 0
        self._panes = QStackedWidget()
        self._list, self._choice, self._asking = self._list_pane(), self._choice_pane(), self._form_pane()
        for pane in (self._list, self._choice, self._asking):
            self._panes.addWidget(pane)
        self.outcome = label("outcome")
        self.outcome.setWordWrap(True)
        self.outcome.setMinimumHeight(48)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._panes, 1)
        layout.addWidget(self.outcome)
        self.tried.connect(self._on_tried)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._show_held)

    @property
    def _place(self) -> int:
        return 1 if self._language() == "en" else 0

    # --- layout ---

    @staticmethod
    def _beside(rows: Rows, title: QWidget, hint: QWidget, buttons: list[QPushButton]) -> QWidget:
        """A list with its title above it and its buttons beside it."""
        pane = QWidget()
        left, right = QVBoxLayout(), QVBoxLayout()
        for made in (title, hint):
            left.addWidget(made)
        left.addWidget(rows, 1)
        right.setSpacing(6)
        for made in buttons:
            made.setMinimumWidth(170)
            right.addWidget(made)
        right.addStretch(1)
        layout = QHBoxLayout(pane)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(left, 1)
        layout.addLayout(right)
        return pane

    def _list_pane(self) -> QWidget:
        self.rows = Rows("devices", self.tr("设备"), self._choose)
        self.hint = label("devices_hint", is_quiet=True)
        buttons = [
            button("device_add", self.tr("添加"), self._to_kinds, "pay", key="F3"),
            button("device_change", self.tr("修改"), self._change, key="Enter"),
            button("device_test", self.tr("测试"), self._test, key="F8"),
            button("device_remove", self.tr("删除"), self._remove, key="Del"),
            button("devices_back", self.tr("返回"), lambda: self._leave(), key="Esc"),
        ]
        self._of_one = buttons[1:4]
        return self._beside(self.rows, label("devices_title", "large", text=self.tr("设备")), self.hint, buttons)

    def _choice_pane(self) -> QWidget:
        self.choices = Rows("choices", self.tr("可选的"), self._take_choice)
        self.choice_title = label("choice_title", "large")
        self.choice_hint = label("choice_hint", is_quiet=True)
        buttons = [
            button("choice_take", self.tr("选定"), lambda: self._take_choice(self.choices.chosen), "pay", key="Enter"),
            button("choice_back", self.tr("返回"), self._back, key="Esc"),
        ]
        return self._beside(self.choices, self.choice_title, self.choice_hint, buttons)

    def _form_pane(self) -> QWidget:
        self.form = Form(
            [
                button("form_test", self.tr("测试"), self._try_form, key="F8"),
                button("form_save", self.tr("保存"), self._save, "pay", key="F10"),
                button("form_back", self.tr("返回"), self._back, key="Esc"),
            ],
            self._quiet,
        )
        self.form_title = label("form_title", "large")
        pane = QWidget()
        layout = QVBoxLayout(pane)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form_title)
        layout.addWidget(self.form, 1)
        return pane

    # --- drawing ---

    def refresh(self) -> None:
        """The list, as the devices are now."""
        self._quiet()
        self._panes.setCurrentWidget(self._list)
        self._show_held()

    def _show_held(self) -> None:
        self._held = self._bench.held()
        rows = [self._row(held) for held in self._held]
        chosen = max(0, min(self.rows.chosen, len(rows) - 1))
        self.rows.put(rows, chosen)
        self.hint.setText(
            self.tr("接在这台收银机上的设备;改动保存后立即生效")
            if rows
            else self.tr("还没有设备。没有打印机也能卖货,小票可以以后重打")
        )
        for made in self._of_one:
            made.setEnabled(bool(rows))

    def _row(self, held: Held) -> Row:
        place = self._place
        title = f"{held.name} · {KINDS[held.kind][1][place]}"
        if held.trouble is None:
            return Row(title, held.title[place], "good", self.tr("正常"))
        why, todo = (words[place] for words in held.trouble)
        text = f"{held.title[place]} · {why}; {todo}" if place else f"{held.title[place]} · {why},{todo}"
        if held.is_unsure:
            return Row(title, text, "caution", self.tr("未知"))
        return Row(title, text, "warning", self.tr("有问题"))

    def _say(self, sentence: str, tone: str = "") -> None:
        self.outcome.setText(sentence)
        announce(self.outcome, sentence)
        tell(self.outcome, "tone", tone)

    def _quiet(self) -> None:
        """What was said is over; a test that is still going on has nobody to tell it to."""
        self._doomed = ""
        self._tests += 1
        self._say("")

    # --- the list ---

    def _choose(self, n: int) -> None:
        if n != self.rows.chosen:
            self._quiet()
        self.rows.choose(n)

    @property
    def _chosen(self) -> Held | None:
        return self._held[self.rows.chosen] if 0 <= self.rows.chosen < len(self._held) else None

    def _change(self) -> None:
        if held := self._chosen:
            self._kind, self._before = held.kind, held.name
            self._to_form(self._bench.driver_of(held.name), {NAME: held.name, **held.options})

    def _test(self) -> None:
        if held := self._chosen:
            self._begin_test(held.kind)
            self._bench.test(held.name, partial(self._done, self._tests))

    def _remove(self) -> None:
        held = self._chosen
        if held is None:
            return
        if self._doomed != held.name:
            self._quiet()
            self._doomed = held.name
            self._say(self.tr("再按一次「删除」,{name} 就会移除").format(name=held.name), "caution")
        elif self._window.run(lambda: self._bench.remove(held.name)):
            self._quiet()
            self._show_held()
            self._say(self.tr("{name} 已移除").format(name=held.name), "good")

    # --- adding ---

    def _to_kinds(self) -> None:
        self._kind = self._before = ""
        self._offer(self.tr("添加哪种设备?"), [Row(title[self._place]) for _, title in KINDS.values()])

    def _to_drivers(self, kind: str) -> None:
        self._kind = kind
        rows = [
            Row(title[self._place])
            if is_available
            else Row(title[self._place], self.tr("这台电脑上缺少它要的程序"), "caution", self.tr("缺驱动"))
            for _, title, is_available in self._bench.offers(kind)
        ]
        self._offer(self.tr("{kind}怎样连接?").format(kind=KINDS[kind][1][self._place]), rows)

    def _offer(self, title: str, rows: list[Row]) -> None:
        self._quiet()
        self.choice_title.setText(title)
        self.choice_hint.setText(self.tr("点一下,或用 ↑ ↓ 和 Enter"))
        self.choices.put(rows, 0)
        self._panes.setCurrentWidget(self._choice)

    def _take_choice(self, n: int) -> None:
        if not self._kind:
            self._to_drivers(list(KINDS)[n])
        else:
            self._to_form(self._bench.offers(self._kind)[n][0], {NAME: self._bench.free_name(self._kind)})

    # --- the form ---

    def _to_form(self, driver: str, values: dict[str, Value]) -> None:
        self._quiet()
        self._driver = driver
        described = devices.describe(self._kind, driver)
        self.form_title.setText(f"{KINDS[self._kind][1][self._place]} · {described.title[self._place]}")
        own = self.tr("在店里的名称;receipt 是收银员身边打小票、开钱箱的打印机")
        other = self.tr("在店里的名称")
        name = Field(NAME, "text", own if self._kind == "printer" else other, is_required=True)
        self.form.ask([name, *(self._field(option) for option in described.options)], values)
        self._panes.setCurrentWidget(self._asking)

    def _field(self, option: devices.Option) -> Field:
        kind = option.type
        return Field(
            option.name,
            "text" if kind == "port" else kind,
            option.help[self._place],
            option.is_required,
            option.default,
            option.choices,
            offers=tuple(port.name for port in devices.ports()) if kind == "port" else (),
        )

    def _options(self) -> tuple[str, dict[str, Value]] | None:
        values = self.form.values()
        if values is None:
            self._say(self.tr("请先改正标出的地方"), "warning")
            return None
        return str(values.pop(NAME)), values

    def _try_form(self) -> None:
        if asked := self._options():
            self._begin_test(self._kind)
            done = partial(self._done, self._tests)

            def begin() -> bool:
                self._bench.try_out(self._kind, self._driver, asked[1], done, self._before)
                return True

            if not self._window.run(begin):
                self._quiet()

    def _save(self) -> None:
        if asked := self._options():
            name, options = asked
            if self._window.run(lambda: self._bench.put(name, self._kind, self._driver, options, self._before)):
                self.refresh()
                self._choose(next(n for n, held in enumerate(self._held) if held.name == name))
                self._say(self.tr("{name} 已保存,已经在用").format(name=name), "good")

    def _back(self) -> None:
        """One step back: from the form of a new device to its drivers, from there to the kinds, then to the list."""
        if self._panes.currentWidget() is self._asking and not self._before:
            self._to_drivers(self._kind)
        elif self._panes.currentWidget() is self._choice and self._kind:
            self._to_kinds()
        else:
            self.refresh()

    # --- trying out ---

    def _begin_test(self, kind: str) -> None:
        self._quiet()
        self._say(
            {
                "scale": self.tr("正在测试,请在秤上放一件商品……"),
                "scanner": self.tr("正在测试,请在 20 秒内扫一个码……"),
            }.get(kind, self.tr("正在测试……"))
        )

    def _done(self, test: int, tried: devices.Tried) -> None:
        """Called on another thread; the screen may be gone by then."""
        with suppress(RuntimeError):
            self.tried.emit(test, tried)

    def _on_tried(self, test: int, tried: devices.Tried) -> None:
        if test != self._tests:
            return
        if tried.trouble is not None:
            why, todo = (words[self._place] for words in trouble_words(tried.trouble))
            self._say(self.tr("测试没有成功: {why}。{todo}").format(why=why, todo=todo), "warning")
            return
        kind = self._kind if self._panes.currentWidget() is self._asking else self._chosen.kind if self._chosen else ""
        told = {
            "printer": self.tr("测试页已打印;请看看汉字、两条标尺和二维码是否清楚完整"),
            "display": self.tr("显示屏上应当出现过 88.88"),
            "scale": self.tr("秤的读数是 {said}").format(said=tried.said),
            "scanner": self.tr("扫到了 {said}").format(said=tried.said),
        }
        self._say(told.get(kind, self.tr("测试成功")), "good")

    # --- keys ---

    def key(self, event: QKeyEvent) -> bool:
        """Whether the screen took the key."""
        pane, key = self._panes.currentWidget(), event.key()
        if pane is self._list:
            return self._list_key(key)
        if key == Qt.Key.Key_Escape:
            self._back()
        elif pane is self._choice:
            return self._choice_key(event)
        elif key == Qt.Key.Key_F8:
            self._try_form()
        elif key == Qt.Key.Key_F10:
            self._save()
        else:
            return self.form.key(event)
        return True

    def _list_key(self, key: int) -> bool:
        acts: dict[int, Callable[[], object]] = {
            Qt.Key.Key_Up: lambda: self._choose(max(0, self.rows.chosen - 1)),
            Qt.Key.Key_Down: lambda: self._choose(min(len(self._held) - 1, self.rows.chosen + 1)),
            Qt.Key.Key_F3: self._to_kinds,
            Qt.Key.Key_F8: self._test,
            Qt.Key.Key_Delete: self._remove,
            Qt.Key.Key_Escape: self._leave,
            **dict.fromkeys(_ENTERS, self._change),
        }
        if act := acts.get(key):
            act()
        return act is not None

    def _choice_key(self, event: QKeyEvent) -> bool:
        text, key = event.text(), event.key()
        if key in _ENTERS:
            self._take_choice(self.choices.chosen)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.choices.step(1 if key == Qt.Key.Key_Down else -1)
        elif text.isascii() and text.isdigit() and 1 <= int(text) <= len(self.choices.texts):
            self._take_choice(int(text) - 1)
        else:
            return False
        return True

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  (Qt's name)
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  (Qt's name)
        super().hideEvent(event)
        self._timer.stop()

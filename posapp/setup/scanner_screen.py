"""A test page for keyboard scanners: what came, how fast, how it ended; and the settings that follow from it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from posapp.settings import SETTINGS, Settings
from posapp.setup.scanner import Scanner, gap_for, in_force, keep, kind_of, pace, spelt
from posapp.ui.form import Field, Form
from posapp.ui.keypad import button
from posapp.ui.label import label
from posapp.ui.rows import Row, Rows
from posapp.ui.wedge import FEWEST, Heard, struck_ms
from posapp.ui.window import Window

MOST = 20
PAUSE_MS = 500
"""After so long a person, or a scanner that nobody recognised, has ended."""

_ENDS = {Qt.Key.Key_Return: "enter", Qt.Key.Key_Enter: "enter", Qt.Key.Key_Tab: "tab"}


class ScannerScreen(QWidget):
    """Listens to the window's scans while it is shown. A scan that looked like typing is told too, and why."""

    def __init__(
        self,
        window: Window,
        state: Path,
        settings: Callable[[], Settings],
        language: Callable[[], str],
        leave: Callable[[], None],
    ) -> None:
        super().__init__()
        self._window, self._state, self._settings = window, state, settings
        self._language, self._leave = language, leave
        self._rows: list[Row] = []
        self._typed: list[tuple[str, float]] = []
        self._longest_ms = 0.0
        self._panes = QStackedWidget()
        self._testing, self._asking = self._test_pane(), self._form_pane()
        for pane in (self._testing, self._asking):
            self._panes.addWidget(pane)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._panes)
        self._late = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._late.timeout.connect(lambda: self._end_typing("none"))

    @property
    def _place(self) -> int:
        return 1 if self._language() == "en" else 0

    # --- layout ---

    def _test_pane(self) -> QWidget:
        self.scans = Rows("scans", self.tr("扫到的码"))
        self.now = label("scanner_now", is_quiet=True)
        self.advice = label("scanner_advice")
        for made in (self.now, self.advice):
            made.setWordWrap(True)
        self.take_gap = button("scanner_take_gap", self.tr("照此设定"), self._take_gap, key="F9")
        left, right = QVBoxLayout(), QVBoxLayout()
        left.addWidget(label("scanner_title", "large", text=self.tr("扫码枪测试: 请扫任意条码")))
        for made in (self.now, self.advice):
            left.addWidget(made)
        left.addWidget(self.scans, 1)
        right.setSpacing(6)
        for key in (
            button("scanner_settings", self.tr("设置"), self._to_form, "pay", key="F3"),
            self.take_gap,
            button("scanner_clear", self.tr("清空"), self._clear, key="Del"),
            button("scanner_back", self.tr("返回"), lambda: self._leave(), key="Esc"),
        ):
            key.setMinimumWidth(170)
            right.addWidget(key)
        right.addStretch(1)
        pane = QWidget()
        layout = QHBoxLayout(pane)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(left, 1)
        layout.addLayout(right)
        return pane

    def _form_pane(self) -> QWidget:
        self.form = Form(
            [
                button("scanner_stores", self.tr("用门店的"), self._take_stores, key="F7"),
                button("scanner_save", self.tr("保存"), self._save, "pay", key="F10"),
                button("scanner_form_back", self.tr("返回"), self.refresh, key="Esc"),
            ],
        )
        pane = QWidget()
        layout = QVBoxLayout(pane)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label("scanner_form_title", "large", text=self.tr("这台收银机的扫码枪")))
        layout.addWidget(self.form, 1)
        return pane

    # --- drawing ---

    def refresh(self) -> None:
        """The test page, with the settings in force."""
        self._panes.setCurrentWidget(self._testing)
        self._show()

    def _show(self) -> None:
        scanner = in_force(self._state, self._settings())
        self._window.listen(scanner.prefix, scanner.suffix, scanner.gap_ms)
        self.now.setText(
            self.tr("前缀 {prefix} · 结尾 {suffix} · 间隔最多 {gap} 毫秒").format(
                prefix=spelt(scanner.prefix) or self.tr("无"), suffix=self._ends()[scanner.suffix], gap=scanner.gap_ms
            )
        )
        self.scans.put(self._rows)
        wanted = self._wanted_gap(scanner)
        self.take_gap.setEnabled(wanted is not None)
        if wanted is None:
            self.advice.setText("")
        else:
            sentence = self.tr("刚才的码被当作打字了;把间隔放宽到 {gap} 毫秒就能认出来").format(gap=wanted)
            self.advice.setText(sentence)

    def _ends(self) -> dict[str, str]:
        return {
            "either": self.tr("回车或 Tab"),
            "enter": self.tr("回车"),
            "tab": "Tab",
            "none": self.tr("停顿"),
        }

    def _wanted_gap(self, scanner: Scanner) -> int | None:
        """The gap with which what looked like typing would be a scan; None where that is not what it lacks."""
        wanted = gap_for(self._longest_ms)
        return wanted if scanner.gap_ms < self._longest_ms <= wanted else None

    def _add(self, row: Row) -> None:
        self._rows = [row, *self._rows][:MOST]
        self._show()

    def _told(self, code: str, gaps_ms: tuple[float, ...], end: str) -> str:
        parts = [kind_of(code, self._settings().scale_labels)[self._place]]
        if found := pace(gaps_ms):
            parts.append(self.tr("每键 {median} 毫秒,最长 {longest} 毫秒").format(median=found[0], longest=found[1]))
        parts.append(self.tr("以{end}结束").format(end=self._ends()[end]))
        return " · ".join(parts)

    # --- what comes ---

    def heard(self, heard: Heard) -> None:
        """A scan of a keyboard scanner, as the window heard it."""
        self._typed.clear()
        self._longest_ms = 0.0
        text = self._told(heard.code, heard.gaps_ms, heard.end)
        if heard.typed != heard.code:
            prefix = heard.typed.removesuffix(heard.code)
            text = self.tr("去掉前缀 {prefix} · {text}").format(prefix=spelt(prefix), text=text)
        self._add(Row(spelt(heard.code), text, "good", self.tr("扫码")))

    def came(self, code: str, name: str) -> None:
        """A code of a scanner that is no keyboard."""
        kind = kind_of(code, self._settings().scale_labels)[self._place]
        self._add(Row(spelt(code), f"{kind} · {name}", "good", self.tr("扫码")))

    def _end_typing(self, end: str) -> None:
        """Whatever was typed has ended: if it was long enough for a code, say why it was not taken for one."""
        self._late.stop()
        typed, self._typed = self._typed, []
        if len(typed) < FEWEST:
            return
        code = "".join(text for text, _ in typed)
        gaps = tuple(later - earlier for (_, earlier), (_, later) in pairwise(typed))
        self._longest_ms = max(gaps)
        text = self._told(code, gaps, end)
        if self._longest_ms <= in_force(self._state, self._settings()).gap_ms and end == "none":
            text = self.tr("没有结束键,请在设置里把结尾改成停顿 · {text}").format(text=text)
        self._add(Row(spelt(code), text, "caution", self.tr("打字")))

    # --- settings ---

    def _to_form(self) -> None:
        scanner = in_force(self._state, self._settings())
        helps = {name: SETTINGS[f"scanner_{name}"].help[self._place] for name in ("prefix", "suffix", "gap_ms")}
        ends = self._ends()
        fields = [
            Field("prefix", "text", helps["prefix"]),
            Field("suffix", "choice", helps["suffix"], choices=tuple(ends), titles=tuple(ends.values())),
            Field("gap_ms", "whole", helps["gap_ms"], is_required=True),
        ]
        self.form.ask(fields, {"prefix": scanner.prefix, "suffix": scanner.suffix, "gap_ms": scanner.gap_ms})
        self._panes.setCurrentWidget(self._asking)

    def _save(self) -> None:
        values = self.form.values()
        if values is not None:
            suffix, gap = str(values["suffix"]), int(values["gap_ms"])
            self._keep(Scanner(str(values.get("prefix", "")), suffix, gap))

    def _take_stores(self) -> None:
        self._keep(None)

    def _take_gap(self) -> None:
        scanner = in_force(self._state, self._settings())
        if wanted := self._wanted_gap(scanner):
            self._keep(Scanner(scanner.prefix, scanner.suffix, wanted))

    def _keep(self, scanner: Scanner | None) -> None:
        def work() -> bool:
            keep(self._state, scanner)
            return True

        if self._window.run(work):
            self._longest_ms = 0.0
            self.refresh()

    def _clear(self) -> None:
        self._rows = []
        self._longest_ms = 0.0
        self._show()

    # --- keys ---

    def key(self, event: QKeyEvent) -> bool:
        """Whether the screen took the key; on the test page everything that types is looked at."""
        if self._panes.currentWidget() is self._asking:
            acts = {
                Qt.Key.Key_Escape: self.refresh,
                Qt.Key.Key_F7: self._take_stores,
                Qt.Key.Key_F10: self._save,
            }
        else:
            acts = {
                Qt.Key.Key_Escape: self._leave,
                Qt.Key.Key_F3: self._to_form,
                Qt.Key.Key_F9: self._take_gap,
                Qt.Key.Key_Delete: self._clear,
            }
        if act := acts.get(Qt.Key(event.key())):
            act()
            return True
        if self._panes.currentWidget() is self._asking:
            return self.form.key(event)
        if event.key() in _ENDS:
            self._end_typing(_ENDS[Qt.Key(event.key())])
        elif event.text():
            self._typed.append((event.text(), struck_ms(event)))
            self._late.start()
        return True

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  (Qt's name)
        super().showEvent(event)
        self._window.listener = self.heard

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  (Qt's name)
        super().hideEvent(event)
        self._window.listener = None

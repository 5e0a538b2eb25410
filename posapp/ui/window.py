"""The window's frame: a status line, one page at a time, a notice, and the one place where verbs are carried out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from posapp import log
from posapp.errors import PosError
from posapp.ui.label import CENTRE, RIGHT, announce, label
from posapp.ui.wedge import Heard, Wedge

_REPEATED = (Qt.Key.Key_Backspace, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_log = log.named("ui")
T = TypeVar("T")


class Page(Protocol):
    """A screen: takes keys, draws itself anew."""

    def key(self, event: QKeyEvent) -> bool: ...
    def refresh(self) -> None: ...


class Window(QWidget):
    """Holds pages by name; show_page() puts one in front. clock: a button in the status line, hidden while no time is
    counted."""

    def __init__(self, title: str, sentence: Callable[[PosError], str], broken: str) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(title)
        self._sentence = sentence
        self._broken = broken
        self._pages: dict[str, tuple[Page, QWidget]] = {}
        self.wants_approval: Callable[[str], None] | None = None
        self.scanned: Callable[[str], None] = lambda code: None
        self.listener: Callable[[Heard], None] | None = None
        self.page_name = ""
        self.place = label("place", "small", is_quiet=True)
        self.state = label("state", "small", is_quiet=True, align=RIGHT)
        self.clock = QPushButton()
        self.clock.setObjectName("clock")
        self.clock.setAccessibleName(self.tr("接待计时"))
        self.clock.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.clock.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clock.hide()
        self.ribbon = label("ribbon", align=CENTRE)
        self.ribbon.hide()
        self.notice = label("notice")
        self.notice.setParent(self)
        self.notice.setWordWrap(True)
        self.notice.hide()
        self._stack = QStackedWidget()
        line = QHBoxLayout()
        line.addWidget(self.place)
        line.addStretch(1)
        line.addWidget(self.clock)
        line.addWidget(self.state)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self.ribbon)
        layout.addLayout(line)
        layout.addWidget(self._stack, 1)
        self._wedge: Wedge | None = None
        self._habits: tuple[str, str, int] | None = None

    def add(self, name: str, page: Page, widget: QWidget) -> None:
        self._pages[name] = (page, widget)
        self._stack.addWidget(widget)

    def show_page(self, name: str) -> None:
        page, widget = self._pages[name]
        self.page_name = name
        self.notice.hide()
        self._stack.setCurrentWidget(widget)
        page.refresh()

    def has_page(self, name: str) -> bool:
        return name in self._pages

    def page_called(self, name: str) -> Page:
        return self._pages[name][0]

    @property
    def page(self) -> Page:
        return self._pages[self.page_name][0]

    # --- verbs ---

    def run(self, act: Callable[[], T], *, is_asked: bool = True) -> T | None:
        """Carry a verb out; what it refuses is told in one sentence, in the notice. None: it was refused. is_asked:
        somebody wanted it, and has read what the notice said before."""
        try:
            result = act()
        except PosError as refused:
            if refused.code == "needs_approval" and self.wants_approval:
                self.wants_approval(self._sentence(refused))
            else:
                self.tell(self._sentence(refused))
            return None
        except Exception:  # noqa: BLE001  (the open ticket is stored, so the cashier can go on)
            self._confess()
            return None
        if is_asked:
            self.notice.hide()
        return result

    def _confess(self) -> None:
        """A bug: logged whole, told calmly."""
        _log.exception("the program failed")
        self.tell(self._broken)

    def tell(self, sentence: str) -> None:
        """What went wrong, until something goes well."""
        self._show_notice(sentence, is_good=False)

    def say(self, sentence: str) -> None:
        """What went well, where nothing on the page shows it."""
        self._show_notice(sentence, is_good=True)

    def _show_notice(self, sentence: str, *, is_good: bool) -> None:
        self.notice.setProperty("good", is_good)
        self.notice.style().polish(self.notice)
        self.notice.setText(sentence)
        announce(self.notice, sentence, is_urgent=not is_good)
        self._place_notice()
        self.notice.show()

    def _place_notice(self) -> None:
        # Over the page and not in its layout: nothing a finger aims at may move.
        width = self.width() - 24
        self.notice.setGeometry(12, 6, width, self.notice.heightForWidth(width))
        self.notice.raise_()

    @property
    def is_holding(self) -> bool:
        """Whether keys are held back that may become a scan."""
        return self._wedge is not None and self._wedge.is_holding

    def idle_s(self) -> float:
        """Seconds since somebody last touched or typed."""
        return self._wedge.idle_s() if self._wedge else 0.0

    # --- what Qt calls ---

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.isAutoRepeat() and event.key() not in _REPEATED and not event.text().isdigit():
            return  # a key that is held down acts once
        self.notice.hide()
        try:
            is_taken = self.page.key(event)
        except Exception:  # noqa: BLE001  (an exception that leaves for Qt can end the program)
            self._confess()
            return
        if not is_taken:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._place_notice()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        handle = self.windowHandle()
        if self._wedge is None and handle is not None:
            self._wedge = Wedge(handle)
            self._wedge.heard.connect(self._on_heard)
            if self._habits:
                self._wedge.listen(*self._habits)

    def listen(self, prefix: str, suffix: str, gap_ms: int) -> None:
        """How this till's scanners type, as Wedge.listen wants it."""
        self._habits = (prefix, suffix, gap_ms)
        if self._wedge:
            self._wedge.listen(prefix, suffix, gap_ms)

    def _on_heard(self, heard: Heard) -> None:
        """A scan goes to `scanned`, or to the one who listens instead: the scanner's test page."""
        try:
            if self.listener:
                self.listener(heard)
            else:
                self.scanned(heard.code)
        except Exception:  # noqa: BLE001
            self._confess()

"""For those who do not see the screen, or use no mouse: everything has a name and a role, and keys alone will do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QFrame,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QWidget,
)

from posapp.app import App
from posapp.board.board_screen import BoardScreen
from posapp.rules.join_token import CHANNELS
from posapp.rules.metrics import DayFigures, Figures, Usual
from posapp.streams import DayRow, SettingRow
from posapp.ui import label, theme
from posapp.ui.language import speak
from tests.shop import CASHIER, MANAGER, Chain, play

BUN = "6900000000011"
ROLES = {
    QPushButton: {QAccessible.Role.Button, QAccessible.Role.CheckBox, QAccessible.Role.RadioButton},
    QTableView: {QAccessible.Role.Table},
}


def a_day(now: int) -> DayRow:
    """What HQ says of a busy day, in long numbers."""
    whole = Figures(1_210, 98_123_450, 2_430_000, 1_115, 250, 950, 40_220_000, 1_010, 520, 380, 270, 290, 150, 140, 20)
    parts = {str(n): Figures(walk_ins=60 + n, joins=20 - n, first=n) for n in range(8, 20)}
    channels = {name: Figures(joins=9) for name in CHANNELS}
    scores = [("join_rate", 870, 3400), ("first_order_rate", 300, 870), ("recognition_rate", 4000, 8000)]
    tills = [(2, now - 3_600_000, 12), (3, 0, 0)]
    return DayRow(
        "2026-11-22",
        now,
        "provisional",
        DayFigures(whole, {"1001": parts["9"], "1002": Figures(walk_ins=5, joins=1)}, parts, {}, channels),
        target=25,
        usual=Usual(4, 4_800, [0] * 4 + [80] * 10),
        tills=tills,
        scores=scores,
    )


@pytest.fixture(params=[1.0])
def app(qapp: QApplication, chain: Chain, request: pytest.FixtureRequest) -> Iterator[App]:
    """In English, whose words are the longer ones; with letters of a size."""
    theme.dress(qapp, theme.LIGHT, request.param)
    chain.publish("settings", {("chain", "language"): SettingRow("en")})
    chain.publish("board", {("store:1", "2026-11-22"): a_day(chain.clock.now_ms())})
    till = chain.till()
    speak(qapp, till.settings.language)
    made = App(till)
    made.window.resize(1366, 768)
    made.window.show()
    yield made
    made.close()
    speak(qapp, "zh")


def in_sight(window: QWidget) -> list[QWidget]:
    """What a finger or a reader can come to; not the parts that Qt puts its own widgets together of."""
    parts = [made for made in window.findChildren(QWidget) if made.isVisible()]
    kinds = (QAbstractButton, QAbstractScrollArea, QLabel)
    return [
        made
        for made in parts
        if (isinstance(made, kinds) or made.property("row")) and not isinstance(made, QHeaderView)
    ]


def nameless(window: QWidget) -> Iterator[str]:
    """Each widget that says nothing, or only a sign; an empty label is nothing to be read."""
    for made in in_sight(window):
        spoken = QAccessible.queryAccessibleInterface(made)
        name = made.accessibleName() or spoken.text(QAccessible.Text.Name)
        is_empty = isinstance(made, QLabel) and not made.text() and made.pixmap().isNull()
        if not (is_empty or any(letter.isalnum() or letter in ".:/\\-_@|•" for letter in name)):
            yield f"{made.objectName()}: {name!r}"
        for kind, roles in ROLES.items():
            if isinstance(made, kind) and spoken.role() not in roles:
                yield f"{made.objectName()}: {spoken.role()}"


def everywhere(app: App) -> Iterator[str]:
    """Goes through every page and pane of the window."""
    window, sale = app.window, app.sale
    for page in ("sign_in", "locked", "open_shift", "close_shift"):
        window.show_page(page)
        yield page
    for page in ("devices", "scanner", "capabilities", "receipt"):
        app.show_setup(page)
        yield page
    window.show_page("sale")
    yield "sale"
    sale.selling.write("niu")
    yield "search"
    sale.to_selling()
    sale.scanned(BUN)
    yield "ticket"
    sale.to_paying()
    yield "pay"
    sale.to_selling()
    sale.act("more")
    yield "more"
    sale.act("price")
    yield "question"
    sale.to_selling()
    sale.act("member")
    yield "who is it"
    app.till.client.is_on = False
    play(app.till, "assist 13812345678 --marketing")
    sale.to_selling()
    yield "member"
    sale.act("member")
    yield "member's choices"
    app.members.privacy()
    yield "privacy"
    sale.to_selling()
    play(app.till, "pay cash 100")
    app._report_x()
    yield "X report"
    yield from board(app)
    window.tell("trouble")
    yield "notice"


def board(app: App) -> Iterator[str]:
    """The manager's board with HQ's figures, block by block, and the clerk's own page."""
    app.show_setup("mine")
    yield "mine"
    play(app.till, f"sign-in {' '.join(MANAGER)}")
    app.show_setup("board")
    screen = app.window.page
    assert isinstance(screen, BoardScreen)
    for source in (screen.store, screen.here):
        source.click()
        for n, name in enumerate(screen.panes):
            screen.tabs[n].click()
            yield f"board {name}"
        screen.rate.click()
        yield "figure"
        screen.open_today()
    screen._ask_reason()
    yield "why"
    play(app.till, f"sign-in {' '.join(CASHIER)}")
    app.window.show_page("sale")


def test_whatever_is_in_sight_has_a_name(app: App) -> None:
    wrong = [f"{place}: {told}" for place in everywhere(app) for told in nameless(app.window)]
    assert wrong == []


def test_no_widget_takes_the_focus_so_that_no_key_is_ever_pressed_into_a_button(app: App) -> None:
    for place in everywhere(app):
        takers = [made for made in app.window.findChildren(QWidget) if made.isVisible() and may_take(made)]
        assert takers == [], place


def may_take(made: QWidget) -> bool:
    return bool(made.focusPolicy() & Qt.FocusPolicy.TabFocus) and not isinstance(made.parent(), QAbstractScrollArea)


def test_a_widget_without_a_name_is_told(app: App) -> None:
    app.window.show_page("sale")
    assert list(nameless(app.window)) == []
    nobody = QPushButton("▲", app.window)
    nobody.setObjectName("nobody")
    nobody.show()
    row = QFrame(app.window)
    row.setProperty("row", True)
    row.show()
    assert len(list(nameless(app.window))) == 2


@pytest.mark.parametrize(("app", "screen"), [(1.0, (1024, 768)), (1.5, (1366, 768))], indirect=["app"])
def test_every_page_stands_in_a_small_screen_and_no_word_is_cut(app: App, screen: tuple[int, int]) -> None:
    for place in everywhere(app):
        app.window.resize(*screen)
        QApplication.processEvents()
        assert app.window.size().toTuple() == screen, place
        for made in app.window.findChildren(QPushButton):
            widest = max(map(made.fontMetrics().horizontalAdvance, made.text().split("\n")))
            assert not made.isVisible() or widest <= made.width() - 4, f"{place}: {made.objectName()}"


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """What a screen reader is given to say, and whether it is to interrupt itself for it."""
    said: list[tuple[str, bool]] = []

    class Listening(QAccessible):
        @staticmethod
        def isActive() -> bool:  # noqa: N802  (Qt's name)
            return True

        @staticmethod
        def updateAccessibility(event: QAccessibleEvent) -> None:  # noqa: N802
            assert isinstance(event, QAccessibleAnnouncementEvent)
            said.append((event.message(), event.politeness() == QAccessible.AnnouncementPoliteness.Assertive))

    monkeypatch.setattr(label, "QAccessible", Listening)
    return said


def test_a_reader_hears_the_line_the_total_and_the_change(app: App, heard: list[tuple[str, bool]]) -> None:
    app.sale.scanned(BUN)
    assert ("牛角包 1 个 6.50 6.50", False) in heard
    assert ("Due ¥6.50", False) in heard
    app.sale.to_paying()
    app.sale.pay.write("1")
    app.sale.pay.write("0")
    assert heard[-1] == ("Given 10", False)
    heard.clear()
    app.sale.pay.cash()
    assert ("Change ¥3.50", False) in heard
    assert app.sale.total.accessibleName() == "Change ¥3.50"


def test_a_notice_interrupts_and_a_pin_is_never_said(app: App, heard: list[tuple[str, bool]]) -> None:
    app.sale.scanned("6900000099999")
    assert [urgent for sentence, urgent in heard if "6900000099999" in sentence] == [True]
    app.window.show_page("locked")
    heard.clear()
    for digit in "739205":
        app.locked.question.write(digit)
    assert heard
    assert not any(letter.isdigit() for sentence, _ in heard for letter in sentence)

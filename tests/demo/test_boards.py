"""The boards of the demo: what its past leaves on them, and a join that moves the rate while somebody watches."""

from __future__ import annotations

import contextlib
import datetime as dt
import html
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from PySide6.QtCore import QRect, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from posapp.board.board_screen import BoardScreen
from posapp.board.day import LOCAL, STORE
from posapp.clock import SystemClock, business_date
from posapp.demo import history
from posapp.demo.hands_screen import Hands, connect_printer
from posapp.demo.phone import hq_texting
from posapp.demo.phone_screen import code_on
from posapp.demo.shop import CUTOVER_HOUR, ZONE, Demo, User, ask_hq, lan_address, standing
from posapp.demo.tray_screen import CardButton
from posapp.hq.console.menu import PAGES
from posapp.money import Money
from posapp.rules.dictionary import UNKNOWN
from posapp.ui import theme
from posapp.ui.chart import Bars, Strips
from tests.shop import play
from tests.ui.keys import wait_until

NEVER = {
    r"dwell": "nobody notes when a customer leaves",
    r"mean_minutes": "only WeCom itself tells how long answers took",
    r"(200|300) above\.not_returned": "nobody was overdue by so much thirty days ago",
    r"^flow\.holdout\.wake_rate": "a holdout of a handful tells no rate",
    r"^flow\.days\.": "of a day on which it reached nobody",
}
"""Figures that nobody counts in the demo, and why."""

EARLY = {
    r"not_returned": "looks back to who was overdue thirty days ago",
    r"^repurchase\..*repurchase_rate|^scores\..*repurchase": "first purchases are a whole cohort after thirty days",
    r"^visitors\.": "few come so often in a few days that they are likely to come",
    r"^weather\.parts\.same(_weather)?\.": "there may be no day to compare with",
}
"""Figures that need more than a past of a few days, and why."""

BY_DAY = ("weather", "visitors", "scores", "exceptions", "day", "joins")
BY_SPAN = ("join-rate", "funnel", "sales")
OF_STORE = ("rewards", "served", "wecom-stats", "attribution")
OF_CHAIN = ("stores", "repurchase", "cohorts", "ltv", "channels", "churn", "baskets", "views", "segments", "cac")


def few() -> history.Habits:
    """A past of eight days that is soon lived through."""
    habits = history.read_habits()
    errands = msgspec.structs.replace(habits.errands, arrivals=40, remarks=200)
    tills = [msgspec.structs.replace(post, sales=4, members=25, joins=[40] * 2) for post in habits.tills]
    return msgspec.structs.replace(habits, days=8, quiet_days=0, returns=0, tills=tills, errands=errands)


def date(ago: int) -> str:
    today = dt.date.fromisoformat(business_date(SystemClock().now_ms(), ZONE, CUTOVER_HOUR))
    return (today - dt.timedelta(days=ago)).isoformat()


OLD = {rf"^(cohorts|ltv)\.parts\.(?!{date(0)[:7]}|{date(31)[:7]})": "joined before: a file tells no purchases"}
"""Of months before the past begins."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("boards")
    with standing(folder, lan_address(), lambda made: history.fill(made, few())) as made:
        yield made


def unknown(told: Any, path: str) -> Iterator[str]:
    """Where in a report nothing stands, but for rows: a row is a part of a day, an hour without joins for one."""
    if isinstance(told, dict):
        for name, held in told.items():
            if name not in ("rows", "items"):
                yield from unknown(held, f"{path}.{name}")
    elif isinstance(told, list):
        for held in told:
            yield from unknown(held, path)
    elif told == UNKNOWN:
        yield path


def reported(demo: Demo, ago: int) -> Iterator[str]:
    """Every figure without a value in HQ's reports of a day, of both stores and of the chain."""

    def ask(name: str, *words: str) -> Iterator[str]:
        return unknown(ask_hq(demo.hq, "report", name, *words, "--json"), name)

    for store in demo.shop.stores:
        where = ("--store", str(store.number))
        for name in BY_SPAN:
            yield from ask(name, *where, "--from", date(ago))
        for name in BY_DAY:
            yield from ask(name, *where, "--date", date(ago))
        for name in OF_STORE:
            yield from ask(name, *where)
    for name in OF_CHAIN:
        yield from ask(name)
    yield from ask("flow", "wake")


CONSOLE = {
    r"^/(joins|wall)? .*首单率": "the seven days of who joins today are not over",
    r"^/flows 每日上限": "a flow without a limit",
    r"^/segments (200|300)%以上 · 未回购率": "nobody was overdue by so much thirty days ago",
    rf"^/segments (?!{date(0)[:7]}|{date(31)[:7]})\d{{4}}-\d\d ·": "joined before: a file tells no purchases",
    r"^/conflicts 冲突与提示": "nothing has gone wrong",
    r"^/quarantine 无法入账的记录": "every entry could be read",
    r"^/rewards 已结算的月份": "no month was settled yet",
    r"^/audit 查看会员": "nobody has looked at a member yet",
    r"^/joins 渠道": "nobody came by another way than the code beside the ticket",
}
"""What stands empty on the console's pages, and why."""

CONSOLE_EARLY = {
    r"^/segments .*(未回购率|复购率)": "looks back thirty days",
    r"^/segments .*复购周期": "needs somebody who came three times",
}
"""What needs more than a past of a few days."""

CONSOLE_TODAY = {r"^/(joins|wall)? ": "nobody has joined yet today"}
TODAY = {r"^stores\.": "nobody has bought yet today"}
NEW_MONTH = {
    r"^cac\.": "costs of a month that has begun today",
    r"^/rewards (店员|明细)": "nobody has joined yet in a month that has begun today",
}
"""What is empty early on some days, whatever was before."""


def of_the_hour(demo: Demo) -> list[str]:
    """What stands empty because of when this is asked."""
    none_today = () if has_joined_today(demo) else (*CONSOLE_TODAY, *TODAY)
    return [*none_today, *(NEW_MONTH if date(0).endswith("-01") else ())]


def elements(page: str) -> dict[str, Any]:
    """What a page of the console is made of, by number."""
    found = re.search(r"parseElements\(String\.raw`(.*?)`\)", page, re.DOTALL)
    assert found
    told: dict[str, Any] = msgspec.json.decode(html.unescape(found[1]))
    return told


def inside(one: Mapping[str, Any]) -> list[str]:
    slots = [number for slot in (one.get("slots") or {}).values() for number in slot.get("ids", [])]
    return [str(number) for number in [*one.get("children", []), *slots]]


def empty(page: str) -> Iterator[str]:
    """Where on a page nothing stands: what a figure is called, a column and its row, the head of a block."""
    parts = elements(page)
    above = {number: name for name, one in parts.items() for number in inside(one)}
    for name, one in parts.items():
        if UNKNOWN in str(one.get("text") or ""):
            yield next(words(parts, inside(parts[above[name]])[0]))
        elif "none" in (one.get("class") or ()):
            yield next(word for word in words(parts, above[name]) if word)
        options = (one.get("props") or {}).get("options")
        if isinstance(options, dict) and "rowData" in options:
            for column in options["columnDefs"]:
                if any(row.get(column["field"], "") is None for row in options["rowData"]):
                    yield str(column["headerName"])


def words(parts: Mapping[str, Any], name: str) -> Iterator[str]:
    yield str(parts[name].get("text") or "")
    for number in inside(parts[name]):
        yield from words(parts, number)


def console(demo: Demo, user: User) -> Iterator[str]:
    """What stands empty on every page of somebody's menu."""
    session = requests.Session()
    session.trust_env = False
    form = {"name": user.name, "password": user.password}
    session.post(f"{demo.console}/sign-in", data=form, headers={"Origin": demo.url}, timeout=120)
    for page in PAGES:
        if page.group and user.role in page.roles:
            answer = session.get(demo.console + page.path, timeout=120)
            assert answer.ok, page.path
            assert page.name[0] in answer.text
            yield from (f"{page.path} {found}" for found in empty(answer.text))


def check_console(demo: Demo, reasons: Collection[str]) -> None:
    """The pages of everybody who may sign in; among them each page of the menu."""
    roles = {user.role for user in demo.shop.console}
    assert [page.path for page in PAGES if page.group and not page.roles & roles] == []
    allowed = [*CONSOLE, *reasons, *of_the_hour(demo)]
    for user in demo.shop.console:
        assert without_reason(console(demo, user), allowed) == [], user.name


def without_reason(found: Iterator[str], reasons: Collection[str]) -> list[str]:
    return sorted({path for path in found if not any(re.search(named, path) for named in reasons)})


def has_joined_today(demo: Demo) -> bool:
    """Early on a day nobody has yet, and a rate of nobody is none."""
    told = [
        ask_hq(demo.hq, "report", "joins", "--store", str(store.number), "--date", date(0), "--json")
        for store in demo.shop.stores
    ]
    return all(one["joins"] for one in told)


def check_hq(demo: Demo, reasons: Collection[str]) -> None:
    reasons = [*reasons, *of_the_hour(demo)]
    assert without_reason(reported(demo, 1), reasons) == []
    if has_joined_today(demo):
        assert without_reason(reported(demo, 0), reasons) == []
    for what, states in (("feedback", {"answered", "open"}), ("lead", {"done", "open"})):
        assert {item["state"] for item in ask_hq(demo.hq, what, "list", "--json")} >= states


def board_texts(screen: BoardScreen) -> list[str]:
    """All that stands on the board, block by block; charts say it aloud."""
    said = []
    for n in range(len(screen.tabs)):
        QTest.mouseClick(screen.tabs[n], Qt.MouseButton.LeftButton)
        said += [f"{made.objectName()} {made.text()}" for made in screen.findChildren(QLabel) if made.isVisible()]
        said += [f"{made.objectName()} {made.text()}" for made in screen.findChildren(QPushButton) if made.isVisible()]
        charts = [*screen.findChildren(Bars), *screen.findChildren(Strips)]
        said += [f"{made.objectName()} {made.said or UNKNOWN}" for made in charts if made.isVisible()]
    return said


class Watcher:
    """Somebody at the demo's windows."""

    def __init__(self, hands: Hands) -> None:
        self.hands = hands

    def tap(self, name: str) -> None:
        (card,) = [card for card in self.hands.tray.findChildren(CardButton) if card.text() == name]
        QTest.mouseClick(card, Qt.MouseButton.LeftButton)

    def board(self) -> BoardScreen:
        """The manager's board, opened."""
        self.hands.app.sale.act("board")
        wait_until(lambda: self.hands.app.window.page_name == "board")
        page = self.hands.app.window.page_called("board")
        assert isinstance(page, BoardScreen)
        wait_until(lambda: page.shown is not None)
        return page


@contextlib.contextmanager
def watching(qapp: QApplication, demo: Demo, open_page: Callable[[QUrl], bool]) -> Iterator[Watcher]:
    """The demo's windows with the manager signed in."""
    theme.dress(qapp, theme.LIGHT)
    papers = demo.folder / "paper"
    connect_printer(demo, papers)
    manager = next(clerk for clerk in demo.shop.clerks if clerk.role == "manager")
    with (
        hq_texting(demo.hq) as provider,
        contextlib.closing(demo.open(demo.shop.tills[0], SystemClock())) as till,
    ):
        till.sync()
        till.runner.start()
        hands = Hands(till, demo, papers, provider, open_page)
        hands.arrange(QRect(0, 0, 1920, 1080))
        hands.show()
        wait_until(lambda: hands.app.window.isVisible() and hands.tray.isVisible())
        play(till, f"sign-in {manager.number} {manager.pin}", "open-shift 200")
        hands.app._go_on()
        yield Watcher(hands)
        till.cancel() if till.ticket().lines or till.guest() else None
        till.close_shift(Money(till.books.figures().expected))
        hands.close()


@pytest.fixture
def opened() -> list[str]:
    return []


@pytest.fixture
def watcher(qapp: QApplication, demo: Demo, opened: list[str]) -> Iterator[Watcher]:
    def open_page(url: QUrl) -> bool:
        opened.append(url.toString())
        return False

    with watching(qapp, demo, open_page) as made:
        yield made


def test_hqs_reports_have_a_figure_everywhere_or_a_reason(demo: Demo) -> None:
    check_hq(demo, [*NEVER, *OLD, *EARLY])


def test_hqs_console_has_a_figure_everywhere_or_a_reason(demo: Demo) -> None:
    check_console(demo, CONSOLE_EARLY)


def test_the_managers_board_has_a_figure_everywhere(watcher: Watcher, demo: Demo) -> None:
    screen = watcher.board()
    wait_until(lambda: screen.shown is not None and screen.shown.source == STORE, 30)
    if has_joined_today(demo):
        assert [text for text in board_texts(screen) if UNKNOWN in text] == []
    screen._page_day(1)
    assert screen.shown
    assert screen.shown.date == date(1)
    assert [text for text in board_texts(screen) if UNKNOWN in text] == []
    screen._from(LOCAL)
    assert [text for text in board_texts(screen) if UNKNOWN in text]  # a till alone does not know who looked


def test_a_join_by_the_guests_phone_moves_the_rate_on_the_open_board_and_at_hq(watcher: Watcher, demo: Demo) -> None:
    watcher.tap("拿铁咖啡")
    wait_until(lambda: code_on(watcher.hands.customer).startswith(demo.address), 30)
    screen = watcher.board()
    wait_until(lambda: screen.shown is not None and screen.shown.source == STORE, 30)
    before, words = screen.shown.value("join_rate") if screen.shown else (0, 0), screen.numbers.text()
    at_hq = _joins_at_hq(demo)
    watcher.tap("陶乐")

    def has_moved() -> bool:
        return screen.shown is not None and screen.shown.value("join_rate").top == before[0] + 1

    wait_until(has_moved, 60)
    assert watcher.hands.app.window.page_name == "board"
    assert screen.numbers.text() != words
    assert _joins_at_hq(demo) == at_hq + 1
    watcher.hands.till.pay("cash", Money(10_000))


def _joins_at_hq(demo: Demo) -> int:
    told = ask_hq(demo.hq, "report", "join-rate", "--store", "1", "--from", date(0), "--json")
    return int(told["all"]["join_rate"]["top"])


def test_who_was_long_away_brings_a_hint_with_a_gift(watcher: Watcher) -> None:
    watcher.tap("顾远山")
    wait_until(lambda: watcher.hands.till.guest() is not None, 30)
    hint = watcher.hands.till.hint()
    assert hint
    assert (hint.scene, "10元" in hint.prompt) == ("dormant", True)
    assert hint.applies


def test_who_looked_at_something_online_brings_a_hint_to_it(watcher: Watcher) -> None:
    watcher.tap("沈知夏")
    wait_until(lambda: watcher.hands.till.guest() is not None, 30)
    hint = watcher.hands.till.hint()
    assert hint
    assert hint.scene == "browsed"


def test_something_to_do_today_waits_for_the_clerk(watcher: Watcher) -> None:
    wait_until(lambda: len(watcher.hands.till.leads()) == 2, 30)


def test_the_card_of_hqs_boards_leads_there_and_says_who_can_sign_in(
    watcher: Watcher, demo: Demo, opened: list[str]
) -> None:
    watcher.tap("总部看板")
    assert opened == [demo.console]
    user = demo.shop.console[0]
    said = watcher.hands.app.window.notice.text()
    assert all(word in said for word in (demo.console, user.name, user.password))
    assert user.password in watcher.hands.app.sign_in.hint.text()
    users = ask_hq(demo.hq, "user", "list", "--json")
    assert [one["name"] for one in users] == sorted(one.name for one in demo.shop.console)


@pytest.mark.proof
def test_the_whole_past_leaves_no_board_without_figures(qapp: QApplication, tmp_path: Path) -> None:
    habits = history.read_habits()
    with standing(tmp_path, lan_address(), lambda made: history.fill(made, habits)) as demo:
        check_hq(demo, [*NEVER, *OLD])
        check_console(demo, ())
        with watching(qapp, demo, lambda _url: False) as watcher:
            assert watcher.hands.till.visitors().visitors
            screen = watcher.board()
            wait_until(lambda: screen.shown is not None and screen.shown.source == STORE, 30)
            for ago in range(2):
                if ago or has_joined_today(demo):
                    assert [text for text in board_texts(screen) if UNKNOWN in text] == []
                screen._page_day(1)

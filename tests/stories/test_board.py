"""The manager's board through the window (domain.md J13): local figures at once, HQ's when they come, offline too."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from posapp.board.board_screen import BoardScreen
from posapp.board.clerk_screen import ClerkScreen
from posapp.calls import FigureItem, OpenFigureAnswer
from posapp.clock import DAY, HOUR
from posapp.messages import BoardExported
from posapp.rules.metrics import DayFigures, Figures, Usual
from posapp.streams import DayRow, LeadRow, RewardLine, RewardRow
from posapp.till import Till
from tests.joining import follow, joins
from tests.shop import MANAGER, OTHER, Chain, entries_of, play, sales_of
from tests.stories.counter import ENTER, ESCAPE, Counter
from tests.ui.keys import wait_until

BUN = "6900000000011"
BOARD, MINE = Qt.Key.Key_PageUp, Qt.Key.Key_PageDown
LEFT, RIGHT, DOWN, F2, F3 = Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_F2, Qt.Key.Key_F3
TODAY, YESTERDAY = "2026-11-22", "2026-11-21"


class Onlooker(Counter):
    """Looks at the board."""

    @property
    def board(self) -> BoardScreen:
        page = self.window.page
        assert isinstance(page, BoardScreen)
        return page

    @property
    def rate(self) -> str:
        return self.board.rate.value.text()

    def reads(self, name: str) -> str:
        (found,) = [made for made in self.window.findChildren(QLabel, name) if made.isVisible()]
        return found.text()


@pytest.fixture
def manager(stand: Callable[[Till], Counter], till: Till) -> Onlooker:
    play(till, f"sign-in {' '.join(MANAGER)}")
    counter = stand(till)
    counter.__class__ = Onlooker
    assert isinstance(counter, Onlooker)
    return counter


def row(date: str, now: int, joined: int, **more: Any) -> DayRow:
    whole = Figures(tickets=210, net=900_000, walk_ins=200, joins=joined, shown=150, opened=90, authorised=70, first=20)
    clerks = {"1001": Figures(walk_ins=150, joins=joined), "1002": Figures(walk_ins=20, joins=7)}
    hours = {"9": Figures(walk_ins=120, joins=30), "10": Figures(walk_ins=80, joins=17)}
    channels = {"display": Figures(joins=joined - 9), "receipt": Figures(joins=9)}
    state = more.pop("state", "provisional")
    return DayRow(date, now, state, DayFigures(whole, clerks, hours, {}, channels), target=25, **more)


def told(chain: Chain, till: Till, **days: DayRow) -> None:
    """HQ has published days and the till has them."""
    chain.publish("board", {("store:1", one.date): one for one in days.values()})
    till.sync()


def sell(till: Till, count: int) -> None:
    for _ in range(count):
        play(till, f"scan {BUN}", "pay cash 10")


def test_local_figures_stand_at_once_and_hq_s_replace_them_when_they_come(
    chain: Chain, till: Till, manager: Onlooker
) -> None:
    sell(till, 3)
    began = time.perf_counter()
    manager.press(BOARD)
    assert manager.rate == "0.0%"
    assert time.perf_counter() - began < 1.0
    assert manager.reads("board_numbers") == "(0/3)"
    assert "总部数据还没有到" in manager.reads("board_age")
    now = chain.clock.now_ms()
    told(chain, till, today=row(TODAY, now, 47, usual=Usual(4, 800, [50, 150]), tills=[(1, now, 0), (2, now, 3)]))
    wait_until(lambda: manager.rate == "23.5%")
    assert manager.reads("board_numbers") == "(47/200) · 目标 25% · 进度 94.0%"
    assert manager.reads("board_age").startswith("数据截至 08:00 · 未同步 ")
    assert "02 号台" not in manager.reads("board_age").replace("02 号台 08:00 后没有联系", "")
    manager.press(F2)
    assert (manager.rate, manager.board.here.property("chosen")) == ("0.0%", True)
    manager.tap("board_store")
    assert manager.rate == "23.5%"


def test_a_join_moves_the_rate_as_one_watches(chain: Chain, till: Till, manager: Onlooker) -> None:
    sell(till, 2)
    till.sync()
    follow(chain)
    manager.press(BOARD)
    assert manager.rate == "0.0%"
    assert till.books.tokens
    joins(chain, "13812345678", till.books.tokens.on(sales_of(till)[0].join, "receipt"))
    follow(chain)
    till.sync()
    wait_until(lambda: manager.rate == "50.0%")


def test_offline_the_last_figures_stay_and_say_their_age(chain: Chain, till: Till, manager: Onlooker) -> None:
    told(chain, till, today=row(TODAY, chain.clock.now_ms(), 47))
    play(till, "network off")
    chain.clock.set(chain.clock.now_ms() + 2 * HOUR)
    manager.press(BOARD)
    assert manager.rate == "23.5%"
    assert "数据截至 08:00" in manager.reads("board_age")
    assert manager.board.age.property("tone") == "caution"


def test_an_empty_day_is_a_dash_everywhere(till: Till, manager: Onlooker) -> None:
    manager.press(BOARD)
    assert (manager.rate, manager.reads("board_numbers")) == ("—", "")
    for digit, pane in ((1, "hours"), (3, "channels"), (2, "clerks")):
        manager.digit(str(digit))
        chart = manager.board.panes[pane].chart  # type: ignore[attr-defined]
        chart.grab()
        assert chart.drawn == ["—"]
    manager.digit("4")
    assert {strip.text for strip in manager.board.panes["funnel"].strips.strips} == {"—"}  # type: ignore[attr-defined]
    manager.digit("5")
    assert {fact.value.text() for fact in manager.board.panes["sales"].facts.values()} == {"—"}  # type: ignore[attr-defined]


def test_every_block_tells_its_figures(chain: Chain, till: Till, manager: Onlooker) -> None:
    now = chain.clock.now_ms()
    scores = [("join_rate", 800, 4000), ("first_order_rate", 1, 4), ("recognition_rate", 1, 2)]
    week = row("2026-11-15", now, 20)
    told(chain, till, today=row(TODAY, now, 47, scores=scores), yesterday=row(YESTERDAY, now, 40), week=week)
    manager.press(BOARD)
    cells = [[cell.text() for cell in line] for line in manager.board.panes["hours"]._cells]  # type: ignore[attr-defined]
    assert cells[1] == ["入会率", "23.5%", "20.0%", "10.0%"]
    bars = manager.board.panes["hours"].bars.bars  # type: ignore[attr-defined]
    assert [(bar.label, bar.value, bar.past, bar.line) for bar in bars] == [("09", 30, 30, 120), ("10", 17, 17, 80)]
    manager.tap("board_tab_2")
    clerks = manager.board.panes["clerks"].strips.strips  # type: ignore[attr-defined]
    assert [(one.label, one.text) for one in clerks] == [("1 林小满", "31.3%"), ("周婷", "35.0%")]
    assert "不排名" in clerks[1].side
    channels = manager.board.panes["channels"].strips.strips  # type: ignore[attr-defined]
    assert [(one.label, one.text, one.side) for one in channels] == [("客显", "38", "80.9%"), ("小票", "9", "19.1%")]
    funnel = manager.board.panes["funnel"].strips.strips  # type: ignore[attr-defined]
    assert [one.label for one in funnel] == ["展示", "扫码", "授权", "入会", "首单", "复购"]
    assert (funnel[1].text, funnel[1].side) == ("90", "扫码率 60.0%")
    facts = manager.board.panes["sales"].facts  # type: ignore[attr-defined]
    assert (facts["net_sales"].value.text(), facts["score_join_rate"].value.text()) == ("9,000.00", "20.0%")


def test_a_figure_opens_to_what_it_was_made_of_and_on_to_a_receipt(
    chain: Chain, till: Till, manager: Onlooker, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(till, 2)
    manager.press(BOARD, ENTER)
    assert manager.reads("figure_title") == "入会率 0.0%"
    assert manager.reads("figure_formula") == "入会率 = 店内渠道新增入会 ÷ 非会员交易"
    assert "口径第 1 版" in manager.reads("figure_about")
    manager.press(F2)  # what it is taken of
    assert manager.reads("figure_title") == "非会员交易 2"
    assert [one.title for one in manager.board.figure.rows.texts] == ["08:00   ¥6.50"] * 2
    manager.press(ESCAPE)
    told(chain, till, today=row(TODAY, chain.clock.now_ms(), 47))
    item = FigureItem("join", chain.clock.now_ms(), 2, 1002, channel="display", member="王**")
    monkeypatch.setattr(till.client, "open_figure", lambda *asked: OpenFigureAnswer([item], 46))
    wait_until(lambda: manager.rate == "23.5%")
    manager.digit("2")
    manager.press(DOWN, ENTER)
    assert manager.reads("figure_title") == "入会率 31.3% · 林小满"
    assert [one.title for one in manager.board.figure.rows.texts] == ["08:00   客显", "还有 46 条没有列出"]
    manager.press(ESCAPE, F2)
    manager.digit("5")
    manager.press(DOWN, ENTER, ENTER)
    wait_until(lambda: manager.window.page_name == "sale")
    assert manager.app.sale.choice.title.text() == till.receipts_of_day(1)[0].receipt


def test_figures_beside_the_hours_are_come_to_by_arrows_and_fingers(till: Till, manager: Onlooker) -> None:
    sell(till, 2)
    manager.press(BOARD, DOWN, DOWN, DOWN, ENTER)  # past the one hour, to the second figure
    assert manager.reads("figure_title") == "新增入会 0"
    manager.press(ESCAPE, Qt.Key.Key_Up, Qt.Key.Key_Up, ENTER)
    assert manager.reads("figure_title") == "新增入会 0 · 8 点"
    manager.press(ESCAPE)
    manager.tap("board_cell_4_1")
    assert manager.reads("figure_title") == "开单转化 0.0%"
    manager.press(ESCAPE)
    bars = manager.board.panes["hours"].bars  # type: ignore[attr-defined]
    bars.grab()
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, pos=bars.places[0].center().toPoint())
    assert manager.reads("figure_title") == "新增入会 0 · 8 点"


def test_a_step_that_only_hq_counts_says_so(chain: Chain, till: Till, manager: Onlooker) -> None:
    told(chain, till, today=row(TODAY, chain.clock.now_ms(), 47))
    manager.press(BOARD)
    manager.digit("4")
    manager.press(DOWN, DOWN, ENTER)
    assert manager.reads("figure_title") == "扫码率 60.0%"
    assert "没有逐条清单" in manager.reads("figure_note")


def test_where_hq_is_away_the_till_lists_what_it_has_and_says_so(chain: Chain, till: Till, manager: Onlooker) -> None:
    sell(till, 1)
    told(chain, till, today=row(TODAY, chain.clock.now_ms(), 47))
    play(till, "network off")
    manager.press(BOARD, ENTER, F2)
    assert "总部暂时连不上" in manager.reads("figure_note")
    assert len(manager.board.figure.rows.texts) == 1


def test_yesterday_says_that_late_data_changed_it_and_older_days_that_they_stay(
    chain: Chain, till: Till, manager: Onlooker
) -> None:
    now = chain.clock.now_ms()
    late = row(YESTERDAY, now - DAY, 40, state="updated", updated=now - HOUR)
    old = row("2026-11-14", now - 8 * DAY, 30, state="final", late=2)
    whole = row("2026-11-20", now, 33, state="complete")
    told(chain, till, today=row(TODAY, now, 47), late=late, old=old, whole=whole)
    manager.press(BOARD)
    assert manager.reads("board_state") == "暂计"
    manager.press(LEFT)
    assert (manager.rate, manager.reads("board_state")) == ("20.0%", "已更新 11-22 07:00")
    manager.tap("board_earlier")
    assert manager.reads("board_state") == "已收齐"
    manager.press(*[LEFT] * 9)
    assert (manager.rate, manager.reads("board_state")) == ("15.0%", "已定 · 2 单迟到未计")
    manager.press(*[RIGHT] * 9)
    assert manager.rate == "23.5%"


def test_what_waits_is_listed_and_an_overdue_lead_is_red(chain: Chain, till: Till, manager: Onlooker) -> None:
    now = chain.clock.now_ms()
    chain.publish("leads", {("store:1", "a"): LeadRow("m", ("回访王**", "Call W**"), now - HOUR, 1001)})
    till.sync()
    manager.press(BOARD)
    assert manager.board.tabs[-1].text() == "6 待办 1"
    manager.digit("6")
    (lead,) = [one for one in manager.board.todo.rows.texts if one.word]
    assert (lead.title, lead.tone, lead.word) == ("回访王**", "warning", "已逾期")


def test_an_export_asks_why_and_a_lead_needs_the_manager(chain: Chain, till: Till, manager: Onlooker) -> None:
    sell(till, 1)
    manager.press(BOARD, F3)
    manager.digit("1")
    wait_until(lambda: "已导出到" in manager.notice)
    play(till, f"sign-in {' '.join(OTHER)}")
    manager.press(ESCAPE, BOARD, F3)
    manager.digit("4")
    assert manager.window.page_name == "sale"
    manager.answer(*MANAGER)
    wait_until(lambda: manager.window.page_name == "board")
    assert "已导出到" in manager.notice
    reasons = [(body.reason, header.by) for header, body in entries_of(till) if isinstance(body, BoardExported)]
    assert reasons == [("店内复盘", 0), ("核对数据", int(MANAGER[0]))]


def test_a_cashier_is_shown_the_board_by_a_colleague_and_their_own_page_by_nobody(
    chain: Chain, till: Till, counter: Counter
) -> None:
    counter.press(BOARD)
    assert counter.window.page_name == "sale"
    counter.answer(*OTHER)
    wait_until(lambda: counter.window.page_name == "board")
    counter.press(ESCAPE, BOARD)
    assert counter.window.page_name == "sale"  # it was lent for one look
    counter.press(ESCAPE, MINE)
    assert isinstance(counter.window.page, ClerkScreen)


def test_the_clerk_s_page_follows_hq_s_news(chain: Chain, till: Till, counter: Counter) -> None:
    counter.press(MINE)
    page = counter.window.page
    assert isinstance(page, ClerkScreen)
    assert [fact.value.text() for fact in page.facts] == ["0", "—", "—", "—"]
    now = chain.clock.now_ms()
    lines = [RewardLine(now, "first_order_back", -200, "first_order_refunded"), RewardLine(now, "join", 300)]
    rule = ("每个有效入会 3 元", "3 yuan a join")
    chain.publish("rewards", {("store:1", "1001"): RewardRow("2026-11", 3, 1, 900, rule, lines, now)})
    till.sync()
    wait_until(lambda: page.facts[3].value.text() == "¥9.00")
    (back, joined) = page.lines.texts
    assert (back.tone, back.word, back.text) == ("warning", "¥-2.00", "首单已全部退回")
    assert (joined.tone, joined.word) == ("good", "¥3.00")
    assert page.rule.text() == "每个有效入会 3 元"
    counter.press(ESCAPE)
    assert counter.window.page_name == "sale"


def test_the_board_is_one_of_the_things_behind_more(till: Till, manager: Onlooker) -> None:
    manager.tap("more")
    manager.tap("more_board")
    assert manager.window.page_name == "board"
    manager.tap("board_back")
    manager.tap("more")
    manager.choose("more_mine")
    assert isinstance(manager.window.page, ClerkScreen)


def test_a_scan_leads_back_to_the_ticket(till: Till, manager: Onlooker) -> None:
    manager.press(BOARD)
    manager.scan(BUN)
    wait_until(lambda: manager.window.page_name == "sale" and bool(manager.shown))

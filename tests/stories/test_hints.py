"""J10 and J18 through the window, by keys and by fingers: the hint, the member card, the visitors, what is to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from posapp.clock import DAY, HOUR
from posapp.messages import (
    AddonShown,
    BoardExported,
    FeedbackPosted,
    GuestServed,
    HintShown,
    LeadDone,
    MemberRecognised,
    VisitNoted,
)
from posapp.rules.consents import PERSONAL
from posapp.rules.rfm import ACTIVE, SLEEPING
from posapp.streams import Addon, CardOrder, CardRow, FeedbackRow, LeadRow, RegularRow
from posapp.till import Till
from posapp.ui import theme
from posapp.ui.list_page import ListPage
from tests.shop import MANAGER, START, Chain, entries_of, play, sales_of
from tests.stories.counter import ENTER, ESCAPE, Counter
from tests.stories.test_customers import Customer
from tests.till.test_hints import ASLEEP, BROWSED, BUN, EGG, GIFT, LATER, LIPSTICK, MILK, OTHER, REF, member, tell
from tests.till.test_tasks import TODAY, listed
from tests.ui.keys import wait_until

F1, F2, F3, F4, F5 = Qt.Key.Key_F1, Qt.Key.Key_F2, Qt.Key.Key_F3, Qt.Key.Key_F4, Qt.Key.Key_F5
SHIFT = Qt.KeyboardModifier.ShiftModifier


@dataclass
class Cashier:
    """Does the same things with keys or with fingers."""

    counter: Counter
    by: str

    @property
    def has_keys(self) -> bool:
        return self.by == "keys"

    def accept(self) -> None:
        self.counter.digit("+") if self.has_keys else self.counter.tap("hint_accept")

    def put_away(self) -> None:
        self.counter.digit("-") if self.has_keys else self.counter.tap("hint_away")

    def to_do(self, option: str) -> None:
        """Something of the menu of tasks."""
        if self.has_keys:
            self.shift(F2)
            self.counter.choose(option)
        else:
            self.touch("more")
            if not self.sees("more_tasks"):
                self.touch("choice_more")
            self.touch("more_tasks")
            self.touch(option)

    def touch(self, name: str) -> None:
        """A finger on a button that has just been made, too."""
        QApplication.processEvents()
        self.counter.tap(name)

    def shift(self, key: Qt.Key) -> None:
        self.counter.keys.type_key(key, "", 150, SHIFT)

    def row(self, name: str, n: int, act: str, digit: str) -> None:
        """What a row's button says: a finger on it, or arrows to the row and the digit."""
        if not self.has_keys:
            self.touch(f"{name}_{n}_{act}")
            return
        page = self.counter.window.page
        rows = page.rows if isinstance(page, ListPage) else page.todo  # type: ignore[attr-defined]
        while rows.chosen != n:
            self.counter.press(Qt.Key.Key_Down if rows.chosen < n else Qt.Key.Key_Up)
        self.counter.digit(digit)

    def back(self) -> None:
        self.counter.press(ESCAPE)

    def sees(self, name: str) -> bool:
        return any(made.isVisible() for made in self.counter.window.findChildren(QPushButton, name))


@pytest.fixture(params=["keys", "touch"])
def cashier(request: pytest.FixtureRequest, counter: Counter) -> Cashier:
    return Cashier(counter, request.param)


@pytest.fixture
def customer(counter: Counter) -> Iterator[Customer]:
    made = Customer(counter)
    yield made
    counter.app.close()
    shiboken6.delete(made.display)


def told(till: Till, kind: type[Any]) -> list[Any]:
    return [body for _, body in entries_of(till) if isinstance(body, kind)]


def outcomes(till: Till) -> list[str]:
    return [body.outcome for body in told(till, HintShown)]


def asleep(counter: Counter, chain: Chain, card: CardRow | None = None) -> None:
    """A dormant member whom the cashier looks up."""
    held = card or CardRow(1002, SLEEPING, [], START - 97 * DAY)
    tell(chain, counter.till, members={REF: member("78", GIFT)}, hints={REF: ASLEEP}, cards={REF: held})
    counter.scan(BUN)
    meet(counter, REF)


def meet(counter: Counter, ref: str) -> None:
    assert counter.window.run(lambda: counter.till.choose_member(ref))
    counter.app.sale.refresh()


def pay(counter: Counter) -> None:
    """Enter, and Enter for the exact amount; two at once would be one finger."""
    counter.press(ENTER)
    counter.keys.wait(500)
    counter.press(ENTER)


def strip(counter: Counter) -> str:
    """What the hint's strip says, "" while there is none."""
    made = counter.app.sale._member.hint
    return made.accessibleName() if made.isVisible() else ""


# --- J10 ---


def test_one_key_applies_the_hint_and_the_next_look_up_says_active(
    counter: Counter, cashier: Cashier, chain: Chain
) -> None:
    asleep(counter, chain)
    assert strip(counter) == "97天未到店 · 有唤醒礼10元 好久不见"
    assert "沉睡 · 97天未到店" in counter.app.sale._member.widget.accessibleName()
    assert counter.total == "¥6.50"
    cashier.accept()
    assert (strip(counter), counter.total, counter.notice) == ("", "¥0.00", "已使用 唤醒礼10元")
    counter.scan(LIPSTICK)
    pay(counter)
    assert outcomes(counter.till) == ["accepted"]
    assert sales_of(counter.till)[-1].total == 650 + 8900 - 1000
    tell(chain, counter.till, hints={REF: None}, cards={REF: CardRow(1002, ACTIVE, [], START)})
    meet(counter, REF)
    assert "活跃" in counter.app.sale._member.widget.accessibleName()
    assert strip(counter) == ""


def test_put_away_it_stays_away(counter: Counter, cashier: Cashier, chain: Chain) -> None:
    asleep(counter, chain)
    cashier.put_away()
    assert (strip(counter), counter.total, outcomes(counter.till)) == ("", "¥6.50", ["declined"])
    pay(counter)
    meet(counter, REF)
    assert strip(counter) == ""


def test_who_just_goes_on_selling_ignores_it_and_enter_only_pays(counter: Counter, chain: Chain) -> None:
    asleep(counter, chain)
    counter.scan(MILK, EGG)
    assert strip(counter)
    assert len(counter.shown) == 3
    counter.type("6")
    counter.press(ESCAPE)
    assert strip(counter)  # Escape clears what was typed and nothing else
    counter.press(ENTER)
    assert counter.app.sale.pay.isVisible()
    assert counter.total == "¥20.73"
    counter.keys.wait(500)
    counter.press(ENTER)
    assert outcomes(counter.till) == ["ignored"]
    assert [sale.total for sale in sales_of(counter.till)] == [2073]


def test_the_strip_takes_no_focus_makes_no_notice_and_hides_nothing(counter: Counter, chain: Chain) -> None:
    counter.scan(BUN)
    focus, entry = QApplication.focusWidget(), counter.app.sale.selling.entry.geometry()
    asleep(counter, chain)
    assert QApplication.focusWidget() is focus
    assert counter.notice == ""
    assert counter.app.sale.selling.entry.geometry() == entry
    assert counter.app.sale.selling.isVisible()
    assert all(
        made.focusPolicy() == Qt.FocusPolicy.NoFocus for made in counter.app.sale._member.hint.findChildren(QPushButton)
    )


def test_nothing_of_it_faces_the_customer(counter: Counter, customer: Customer, chain: Chain) -> None:
    card = CardRow(1002, SLEEPING, [("t", "茶友", "Tea", 0)], START - 97 * DAY, addons=[Addon(MILK, ("常买", "often"))])
    asleep(counter, chain, card)
    customer.reads("牛角包")
    words = " ".join(customer.texts)
    for inner in ("97天", "唤醒", "好久不见", "沉睡", "周婷", "茶友", "常买", "未到店"):
        assert inner not in words
    assert "97天未到店" in strip(counter)


def test_a_hint_beyond_its_life_is_not_shown_offline(counter: Counter, chain: Chain) -> None:
    asleep(counter, chain)
    counter.till.client.is_on = False
    chain.clock.set(LATER)
    counter.app._tick()
    assert strip(counter) == ""
    counter.digit("+")
    assert outcomes(counter.till) == []
    assert counter.typed == "+"  # a sign like any other while no hint stands there
    counter.press(ESCAPE)
    pay(counter)
    meet(counter, REF)
    assert strip(counter) == ""


def test_a_holdout_member_sees_nothing(counter: Counter, chain: Chain) -> None:
    """HQ publishes no hint for them; they are counted there."""
    tell(chain, counter.till, members={REF: member("78")}, cards={REF: CardRow(0, SLEEPING)})
    counter.scan(BUN)
    meet(counter, REF)
    assert strip(counter) == ""
    pay(counter)
    assert outcomes(counter.till) == []


def test_a_tag_written_at_hq_reaches_the_member_who_stands_there_already(counter: Counter, chain: Chain) -> None:
    tell(chain, counter.till, members={REF: member()})
    counter.scan(BUN)
    meet(counter, REF)
    assert strip(counter) == ""
    tell(chain, counter.till, hints={REF: BROWSED})  # the sync thread's news, and nobody presses a key
    wait_until(lambda: strip(counter) == "看过山茶花面霜3次")
    counter.tap("hint_accept")
    assert outcomes(counter.till) == ["accepted"]
    assert counter.notice == ""  # it brought nothing


def test_with_consent_taken_back_it_goes_at_once(counter: Counter, chain: Chain) -> None:
    tell(chain, counter.till, members={REF: member()}, hints={REF: BROWSED})
    counter.scan(BUN)
    meet(counter, REF)
    assert strip(counter)
    chain.clock.set(chain.clock.now_ms() + 1_000)
    counter.till.consent({PERSONAL: False})
    counter.app.sale.refresh()
    assert strip(counter) == ""


@pytest.mark.parametrize("size", [(1024, 768), (1366, 768)])
def test_the_longest_hint_fits_beside_the_ticket(counter: Counter, chain: Chain, size: tuple[int, int]) -> None:
    counter.window.resize(*size)
    addons = [Addon(article, ("常和牛角包一起买", "often bought with it")) for article in (MILK, LIPSTICK, EGG)]
    asleep(counter, chain, CardRow(1002, SLEEPING, [], START - 397 * DAY, addons=addons))
    counter.till.sale.cart.hint.row.prompt = ("一二三四五六七八九十一二三四五六七八九十一二三四",) * 2  # type: ignore[union-attr]
    counter.app.sale.refresh()
    QApplication.processEvents()
    place = counter.app.sale._member
    (prompt,) = place.hint.findChildren(QLabel, "hint_prompt")
    assert prompt.height() >= prompt.heightForWidth(prompt.width())
    assert place.hint.height() <= 80
    assert place.addons.height() <= 60
    assert counter.app.sale.lines.height() > size[1] * 2 // 5


# --- articles to suggest, the card ---


def test_one_tap_puts_a_suggested_article_on_the_ticket(counter: Counter, cashier: Cashier, chain: Chain) -> None:
    addons = [Addon(article, ("常买", "often")) for article in (MILK, LIPSTICK, EGG)]
    asleep(counter, chain, CardRow(addons=addons))
    if cashier.has_keys:
        counter.press(F1)
        counter.choose("member_addons")
        counter.choose("offer_1")
    else:
        counter.tap("addon_1")
    assert [row[0] for row in counter.shown] == ["牛角包", "口红"]
    assert [cashier.sees(f"addon_{n}") for n in range(3)] == [True, True, False]
    pay(counter)
    assert told(counter.till, AddonShown) == [
        AddonShown(sales_of(counter.till)[-1].ticket, [MILK, LIPSTICK, EGG], [LIPSTICK], REF)
    ]
    assert not counter.app.sale._member.addons.isVisible()


def test_the_members_card_is_one_key_away_and_its_leads_are_handled_there(
    counter: Counter, cashier: Cashier, chain: Chain
) -> None:
    leads = {"l-1": LeadRow(REF, ("回电", "Call"), START - HOUR), "l-2": LeadRow(OTHER, ("送样品", "Sample"), START)}
    card = CardRow(1001, ACTIVE, likes=["牛角包"], orders=[CardOrder(START - DAY, 4210, ["口红"])])
    tell(chain, counter.till, leads=leads)
    asleep(counter, chain, card)
    if cashier.has_keys:
        cashier.shift(F3)
    else:
        cashier.touch("member")
        cashier.touch("more_member_card")
    assert counter.window.page_name == "member_card"
    page: Any = counter.window.page
    assert [row.title for row in page.likes.texts] == ["喜欢 牛角包"]
    assert [(row.title, row.text[-6:]) for row in page.orders.texts] == [("口红", "¥42.10")]
    assert [(row.title, row.word) for row in page.todo.texts] == [("回电 · 张** 78", "已过期")]
    cashier.row("card_leads", 0, "not_reached", "2")
    assert told(counter.till, LeadDone) == [LeadDone("l-1", "not_reached")]
    assert [row.title for row in page.todo.texts] == ["没有要跟进的"]
    cashier.back()
    assert counter.window.page_name == "sale"
    counter.scan(MILK)
    assert len(counter.shown) == 2


def test_a_scan_on_any_of_these_pages_goes_to_the_ticket(counter: Counter, chain: Chain) -> None:
    asleep(counter, chain)
    for page in ("member_card", "visitors", "leads", "feedbacks"):
        counter.app._lead(page)
        assert counter.window.page_name == page
        before = len(counter.till.ticket().lines)
        counter.scan(LIPSTICK if before % 2 else EGG)
        assert counter.window.page_name == "sale"


# --- J18 ---


def test_the_list_at_opening_the_arrival_the_outcome_and_the_evening(
    counter: Counter, cashier: Cashier, chain: Chain
) -> None:
    people = {REF: member(), OTHER: member("79"), "m-3": member("80")}
    tell(chain, counter.till, members=people, visitors=listed(*people, owner=1002))
    counter.till.client.is_on = False
    cashier.to_do("task_visitors")
    page: Any = counter.window.page
    assert page.summary.text() == "名单 3 · 到店 0 · 聊过 0 · 买了 0"
    assert page.rows.texts[0].title == "张** 78 · 看过山茶花面霜3次 · 周三常来"
    assert [row.tone for row in page.rows.texts] == ["", "", ""]
    cashier.back()
    counter.scan(BUN)
    meet(counter, OTHER)
    counter.app._lead("visitors")
    assert [(row.tone, row.word) for row in page.rows.texts] == [("", ""), ("good", "已到店"), ("", "")]
    cashier.row("visitors_rows", 1, "looked", "2")
    assert told(counter.till, VisitNoted) == [VisitNoted(OTHER, TODAY, "looked")]
    cashier.row("visitors_rows", 2, "not_talked", "3")
    assert [row.word for row in page.rows.texts] == ["", "看了", "没聊"]
    cashier.back()
    pay(counter)
    counter.app._lead("visitors")
    assert page.summary.text() == "名单 3 · 到店 2 · 聊过 1 · 买了 1"
    assert [row.word for row in page.rows.texts] == ["", "买了", "没聊"]


def test_the_owner_gets_one_toast_when_their_customer_is_seen_elsewhere(counter: Counter, chain: Chain) -> None:
    rows = listed(REF, owner=1001)
    tell(chain, counter.till, members={REF: member()}, visitors=rows)
    counter.app._news()
    assert counter.notice == ""
    next(iter(rows.values())).arrived = START
    tell(chain, counter.till, visitors=rows)
    wait_until(lambda: counter.notice == "您的顾客 张** 到店了 · 看过山茶花面霜3次 · 周三常来")
    counter.press(ESCAPE)
    tell(chain, counter.till, visitors={**rows, **listed(OTHER, owner=1002)})
    QApplication.processEvents()
    assert counter.notice == ""


def test_the_owner_who_serves_them_sees_it_in_their_place(counter: Counter, chain: Chain) -> None:
    asleep(counter, chain, CardRow(1001, ACTIVE))
    assert "您的顾客" in counter.app.sale._member.widget.accessibleName()
    assert counter.notice == ""


def test_without_a_list_the_page_says_so(counter: Counter, cashier: Cashier) -> None:
    cashier.to_do("task_visitors")
    page: Any = counter.window.page
    assert page.empty.isVisible()
    assert "还没有来" in page.empty.text()


# --- leads, feedback, core customers, the clock ---


def test_leads_overdue_are_red_and_go_when_handled(counter: Counter, cashier: Cashier, chain: Chain) -> None:
    leads = {
        "l-1": LeadRow(REF, ("回电", "Call"), START - 1),
        "l-2": LeadRow(OTHER, ("送样品", "Sample"), START + HOUR, 1002, ("样品在柜台", "It is here")),
    }
    tell(chain, counter.till, members={REF: member(), OTHER: member("79")}, leads=leads)
    cashier.to_do("task_leads")
    page: Any = counter.window.page
    assert [(row.title, row.tone) for row in page.rows.texts] == [
        ("回电 · 张** 78", "warning"),
        ("送样品 · 张** 79", ""),
    ]
    assert "说:样品在柜台" in page.rows.texts[1].text
    cashier.row("leads_rows", 1, "done", "1")
    cashier.row("leads_rows", 0, "declined", "3")
    assert told(counter.till, LeadDone) == [LeadDone("l-2", "done"), LeadDone("l-1", "declined")]
    assert page.rows.texts == []


def test_feedback_is_two_taps(counter: Counter, cashier: Cashier) -> None:
    if cashier.has_keys:
        cashier.shift(F4)
        counter.choose("feedback_price")
        counter.press(F2)
    else:
        cashier.to_do("task_feedback")
        cashier.touch("feedback_price")
        cashier.touch("usual_2")
    assert counter.window.page_name == "sale"
    assert [(body.category, body.text) for body in told(counter.till, FeedbackPosted)] == [
        ("price", "价签和收款不一致")
    ]


def test_feedback_in_ones_own_words_and_its_answer(counter: Counter, chain: Chain) -> None:
    cashier = Cashier(counter, "keys")
    cashier.shift(F4)
    counter.choose("feedback_goods")
    page: Any = counter.window.page
    assert page.box.hasFocus()
    for text in ("no sugar 13812345678", "no sugar"):
        page.box.clear()
        counter.keys.type(text, gap_ms=150)
        wait_until(lambda text=text: page.box.text() == text)  # type: ignore[misc]
        counter.press(ENTER)
    assert counter.window.page_name == "sale"
    (body,) = told(counter.till, FeedbackPosted)
    assert body.text == "no sugar"
    row = FeedbackRow("goods", "no sugar", 1001, START, "answered", "商品部", "下周上架", START)
    tell(chain, counter.till, feedback={body.feedback: row})
    wait_until(lambda: "下周上架" in counter.notice)
    cashier.to_do("task_feedbacks")
    rows = counter.window.page.rows.texts  # type: ignore[attr-defined]
    assert [(one.title, one.word) for one in rows] == [("no sugar", "已答复")]
    assert "答复:下周上架" in rows[0].text


def test_a_scan_while_words_are_written_goes_to_the_ticket(counter: Counter) -> None:
    Cashier(counter, "keys").shift(F4)
    counter.choose("feedback_goods")
    page: Any = counter.window.page
    counter.keys.type("abc", gap_ms=150)
    wait_until(lambda: page.box.text() == "abc")
    counter.scan(BUN)
    assert counter.window.page_name == "sale"
    assert [row[0] for row in counter.shown] == ["牛角包"]


def test_core_customers_are_shown_to_managers_and_taken_along_with_a_reason(
    counter: Counter, cashier: Cashier, chain: Chain
) -> None:
    rows = {f"m-{n}": RegularRow(n, ACTIVE, START, "2026-11-25", 3, ["牛角包"]) for n in range(1, 61)}
    tell(chain, counter.till, members={REF: member()}, regulars=rows)
    cashier.shift(F2)
    assert "task_regulars" not in [option.name for option in counter.app.sale.choice.options]
    cashier.back()
    play(counter.till, f"sign-in {' '.join(MANAGER)}")
    cashier.to_do("task_regulars")
    page: Any = counter.window.page
    assert page.rows.texts[0].title == "1   张** 78   活跃"
    assert page.rows.texts[0].text == "喜欢 牛角包  ·  常在周三来  ·  上次 11-22"
    assert page.rows.texts[0].word == "预计 11-25"
    if cashier.has_keys:
        counter.press(Qt.Key.Key_PageDown)
    else:
        counter.tap("regulars_after")
    assert page.rows.texts[0].title.startswith("26 ")
    if cashier.has_keys:
        counter.digit("1")
        counter.choose("export_0")
    else:
        cashier.touch("regulars_export")
        cashier.touch("export_0")
    assert told(counter.till, BoardExported) == [BoardExported("regulars", TODAY, "周会", 60)]
    assert "已导出 60 位" in counter.notice


def test_the_clock_counts_in_the_status_line_and_a_tap_stops_it(
    counter: Counter, cashier: Cashier, chain: Chain
) -> None:
    clock = counter.window.clock
    assert not clock.isVisible()
    cashier.to_do("task_arrive")
    seen = []
    for seconds in (0, 65, 120, 180):
        chain.clock.set(START + seconds * 1000)
        counter.app.show_status()
        seen.append((clock.text(), clock.property("tone") or ""))
    assert seen == [("接待 0:00", ""), ("接待 1:05", ""), ("接待 2:00", "amber"), ("接待 3:00", "red")]
    if cashier.has_keys:
        cashier.shift(F5)
    else:
        counter.tap("clock")
    assert not clock.isVisible()
    assert told(counter.till, GuestServed) == [GuestServed("reception", START, START + 180_000)]


def test_the_reception_key_starts_it_where_the_store_says_so(
    stand: Callable[[Till], Counter], chain: Chain, till: Till
) -> None:
    from posapp.hq.people import set_value

    set_value(chain.database, "1", "reception_clock", "on")
    till.sync()
    counter = stand(till)
    Cashier(counter, "keys").shift(F1)
    assert counter.window.clock.isVisible()
    assert [waits.kind for waits in till.waiting()] == ["reception"]


def test_practice_shows_no_hint_and_tells_nothing(counter: Counter, chain: Chain) -> None:
    tell(chain, counter.till, members={REF: member("78", GIFT)}, hints={REF: ASLEEP}, visitors=listed(REF, owner=1001))
    play(counter.till, "training on", "open-shift 0")
    counter.app._go_on()
    counter.scan(BUN)
    meet(counter, REF)
    assert strip(counter) == ""
    assert not counter.app.sale._member.addons.isVisible()
    assert counter.notice == ""
    assert told(counter.till, MemberRecognised) == []


@pytest.mark.parametrize("letters", [1.0, 1.5])
def test_large_letters_leave_room_for_the_lines(
    counter: Counter, chain: Chain, qapp: QApplication, letters: float
) -> None:
    theme.dress(qapp, theme.LIGHT, letters)
    asleep(counter, chain, CardRow(addons=[Addon(MILK, ("常买", "often"))]))
    QApplication.processEvents()
    assert counter.window.minimumSizeHint().height() <= 768
    assert counter.app.sale.lines.height() > 150
    theme.dress(qapp, theme.LIGHT)

"""What customers say in a shop comes to somebody who answers it in time, and the shop sees the answer."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from posapp.clock import DAY, HOUR
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import Database
from posapp.hq.tasks import feedback
from posapp.hq.tasks.tasking import Tasking
from posapp.keys import HqKeys
from posapp.messages import FeedbackPosted
from posapp.streams import FeedbackRow
from tests.hq.flows.dormant import TEN, Dormant


class Desk(Dormant):
    """HQ with feedback; its worker by hand."""

    def __init__(self, database: Database, keys: HqKeys) -> None:
        super().__init__(database, keys)
        self.tasking = Tasking(database, self.clock)

    def posts(self, id_: str, category: str = "goods", text: str = "牛角包太甜", at: int = TEN) -> None:
        self.says(FeedbackPosted(id_, category, text), at)
        while self.tasking.step():
            pass

    def owner(self, category: str, owner: str, hours: int) -> None:
        with self.database.transaction() as conn:
            feedback.set_owner(conn, category, owner, hours)

    def answer(self, id_: str, text: str) -> None:
        with self.database.transaction() as conn:
            feedback.answer(conn, id_, "ops", text, self.clock.now)
            feed.publish(conn, feedback.feedback_rows(conn, [id_]))

    def items(self, **asked: Any) -> list[dict[str, Any]]:
        with self.database.reading() as conn:
            return feedback.listed(conn, self.clock.now, **asked)

    def seen(self, id_: str) -> FeedbackRow:
        return msgspec.json.decode(self.told("feedback")["store:1", id_], type=FeedbackRow)


@pytest.fixture
def hq(database: Database, keys: HqKeys) -> Desk:
    return Desk(database, keys)


def test_every_item_has_an_owner_and_a_time_set_or_not(hq: Desk) -> None:
    hq.posts("one")
    hq.owner("", "客服", 24)
    hq.owner("goods", "商品部", 8)
    hq.posts("two")
    hq.posts("three", "service")
    hq.posts("four", "sung")
    found = {item["id"]: (item["category"], item["owner"], item["due"][:13]) for item in hq.items()}
    assert found == {
        "one": ("goods", "operations", "2026-11-25T02"),
        "two": ("goods", "商品部", "2026-11-23T10"),
        "three": ("service", "客服", "2026-11-24T02"),
        "four": ("other", "客服", "2026-11-24T02"),
    }
    assert hq.seen("two").owner == "商品部"


def test_an_answer_reaches_the_clerk_and_is_seen_for_thirty_days(hq: Desk) -> None:
    hq.posts("one")
    hq.posts("two", text="排队太久")
    assert (hq.seen("one").state, hq.seen("one").text) == ("open", "牛角包太甜")
    hq.clock.now += HOUR
    hq.answer("one", "已请厨房减糖")
    seen = hq.seen("one")
    assert (seen.state, seen.answer, seen.answered) == ("answered", "已请厨房减糖", TEN + HOUR)
    assert [item["id"] for item in hq.items(waiting=True)] == ["two"]
    hq.clock.now += 30 * DAY - 1
    hq.tasking.rest()
    assert ("store:1", "one") in hq.told("feedback")
    hq.clock.now += 1
    hq.tasking.rest()
    assert set(hq.told("feedback")) == {("store:1", "two")}
    assert {item["id"]: item["state"] for item in hq.items()} == {"one": "kept", "two": "overdue"}


def test_one_that_waits_too_long_is_overdue_and_stands_first(hq: Desk) -> None:
    hq.posts("old", at=TEN - 40 * HOUR)
    hq.posts("new")
    hq.clock.now += 8 * HOUR
    assert [(item["id"], item["state"]) for item in hq.items()] == [("old", "overdue"), ("new", "open")]


@pytest.mark.parametrize("said", ["13812345678", "138-1234-5678", "138 1234 5678", "１３８１２３４５６７８"])
def test_a_number_that_was_typed_is_not_shown(hq: Desk, said: str) -> None:
    hq.posts("one", text=f"电话 {said} 请回")
    assert hq.items()[0]["text"] == hq.seen("one").text == "电话 ***** 请回"


def test_told_twice_it_is_one_item_and_an_answer_stays(hq: Desk) -> None:
    hq.posts("one")
    hq.answer("one", "谢谢")
    hq.posts("one", text="别的")
    assert len(hq.items()) == 1
    assert hq.seen("one").answer == "谢谢"


@pytest.mark.parametrize(
    ("id_", "text", "code"),
    [("other", "好", "not_found"), ("one", "", "bad_name"), ("one", "找 13812345678", "text_has_number")],
)
def test_a_wrong_answer_changes_nothing(hq: Desk, id_: str, text: str, code: str) -> None:
    hq.posts("one")
    with pytest.raises(PosError) as error:
        hq.answer(id_, text)
    assert error.value.code == code
    assert hq.seen("one").state == "open"


def test_it_can_be_given_to_somebody_else(hq: Desk) -> None:
    hq.posts("one")
    with hq.database.transaction() as conn:
        feedback.assign(conn, "one", "林店长")
        feed.publish(conn, feedback.feedback_rows(conn, ["one"]))
    assert hq.seen("one").owner == "林店长"
    with pytest.raises(PosError) as error:
        hq.owner("music", "谁", 1)
    assert error.value.code == "bad_choice"

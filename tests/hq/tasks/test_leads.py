"""A lead reaches its store, is red when it is overdue, and ends by what a till says of it or by HQ."""

from __future__ import annotations

import msgspec
import pytest

from posapp.clock import DAY, HOUR
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import Database
from posapp.hq.members.identity import ERASED
from posapp.hq.members.tables import person
from posapp.hq.tasks import leads
from posapp.hq.tasks.tables import lead
from posapp.hq.tasks.tasking import Tasking
from posapp.keys import HqKeys
from posapp.messages import LeadDone
from posapp.streams import LeadRow, MemberRow
from tests.hq.flows.dormant import TEN, Dormant


class Desk(Dormant):
    """HQ with leads; its worker by hand."""

    def __init__(self, database: Database, keys: HqKeys) -> None:
        super().__init__(database, keys)
        self.tasking = Tasking(database, self.clock)

    def lead(self, ref: str, store: int = 1, hours: int = 24, title: str = "想要山茶花面霜/Asked for the cream") -> str:
        with self.database.transaction() as conn:
            id_ = leads.add_lead(
                conn,
                self.desk.means,
                ref=ref,
                store=store,
                title=leads.words_of(title),
                due=self.clock.now + hours * HOUR,
                source="test",
            )
            feed.publish(conn, leads.lead_rows(conn, [id_], self.clock.now))
        return id_

    def follow(self) -> None:
        while self.tasking.step():
            pass
        self.tasking.rest()

    def waiting(self, store: int = 1) -> dict[str, str]:
        with self.database.reading() as conn:
            rows = leads.listed(conn, store, self.clock.now)
        return {row["id"]: row["state"] for row in rows if row["state"] in (leads.OPEN, leads.OVERDUE)}


@pytest.fixture
def hq(database: Database, keys: HqKeys) -> Desk:
    return Desk(database, keys)


def test_a_lead_comes_to_its_store_whose_tills_know_the_member_from_then_on(hq: Desk) -> None:
    ref = hq.member(1, store=1)
    id_ = hq.lead(ref, store=2)
    told = msgspec.json.decode(hq.told("leads")["store:2", id_], type=LeadRow)
    assert (told.member, told.title[0], told.due) == (ref, "想要山茶花面霜", TEN + DAY)
    assert msgspec.json.decode(hq.told("members")["store:2", ref], type=MemberRow).tail == "01"
    assert hq.waiting(1) == {}
    assert hq.waiting(2) == {id_: "open"}
    assert hq.waiting(0) == {id_: "open"}


def test_one_that_is_not_handled_by_its_time_is_overdue(hq: Desk) -> None:
    first, second = hq.lead(hq.member(1), hours=2), hq.lead(hq.member(2), hours=5)
    hq.clock.now += 2 * HOUR - 1
    assert hq.waiting() == {first: "open", second: "open"}
    hq.clock.now += 1
    assert hq.waiting() == {first: "overdue", second: "open"}
    with hq.database.reading() as conn:
        assert leads.counts(conn, hq.clock.now) == {1: {"leads": 2, "overdue": 1, "open": 1}}


@pytest.mark.parametrize(
    ("said", "state"),
    [("done", "done"), ("not_reached", "not_reached"), ("declined", "declined"), ("x", "not_reached")],
)
def test_what_a_till_says_ends_it_everywhere(hq: Desk, said: str, state: str) -> None:
    id_ = hq.lead(hq.member(1))
    hq.says(LeadDone(id_, said, "明天再来 13812345678"), TEN + HOUR)
    hq.follow()
    (row,) = hq.rows(lead)
    assert (row.state, row.ended, row.note) == (state, TEN + HOUR, "明天再来 *****")
    assert hq.told("leads") == {}
    assert hq.waiting() == {}
    hq.says(LeadDone(id_, "declined"), TEN + 2 * HOUR, till=2)  # another till, offline until now
    hq.follow()
    assert hq.rows(lead) == [row]


def test_a_lead_nobody_gave_changes_nothing(hq: Desk) -> None:
    id_ = hq.lead(hq.member(1))
    hq.says(LeadDone("other", "done"), TEN)
    hq.follow()
    assert hq.waiting() == {id_: "open"}


def test_a_closed_lead_is_gone_and_cannot_be_closed_twice(hq: Desk) -> None:
    id_ = hq.lead(hq.member(1))
    with hq.database.transaction() as conn:
        leads.close(conn, id_, "ops", TEN)
        feed.publish(conn, leads.lead_rows(conn, [id_], TEN))
    assert hq.told("leads") == {}
    with pytest.raises(PosError) as error, hq.database.transaction() as conn:
        leads.close(conn, id_, "ops", TEN)
    assert error.value.code == "not_found"


def test_a_lead_about_somebody_who_was_erased_goes_with_them(hq: Desk) -> None:
    ref = hq.member(1)
    hq.lead(ref)
    with hq.database.transaction() as conn:
        conn.execute(person.update().where(person.c.ref == ref).values(status=ERASED))
    hq.follow()
    assert hq.told("leads") == {}
    assert [row.state for row in hq.rows(lead)] == ["closed"]


@pytest.mark.parametrize(
    ("store", "title", "code"),
    [(9, "回访", "no_such_store"), (1, "打 13812345678", "text_has_number")],
)
def test_a_wrong_lead_is_refused(hq: Desk, store: int, title: str, code: str) -> None:
    ref = hq.member(1)
    with pytest.raises(PosError) as error:
        hq.lead(ref, store=store, title=title)
    assert error.value.code == code
    assert hq.rows(lead) == []

"""Leads and feedback between HQ and a real till: down by the feed, up by the journal, the answer down again."""

from __future__ import annotations

from sqlalchemy import select

from posapp.clock import HOUR
from posapp.hq import feed
from posapp.hq.tasks import feedback, leads
from posapp.hq.tasks.tables import lead
from posapp.ids import uuid7
from posapp.messages import FeedbackPosted, LeadDone
from posapp.streams import FeedbackRow, LeadRow
from posapp.sync.pull import kept_rows
from tests.hq.flows.test_flow_at_the_till import dormant_chain, work  # noqa: F401  (a fixture)
from tests.joining import joins, means
from tests.shop import Chain
from tests.till.test_members import PHONE


def test_a_lead_is_done_and_feedback_is_answered(dormant_chain: Chain) -> None:  # noqa: F811
    chain = dormant_chain
    till = chain.till()
    ref = joins(chain, PHONE).ref
    now = chain.clock.now_ms()
    with chain.database.transaction() as conn:
        id_ = leads.add_lead(
            conn,
            means(chain),
            ref=ref,
            store=1,
            title=("想试新口红", "Wants to try the lipstick"),
            due=now + HOUR,
            clerk=1001,
            source="test",
        )
        feed.publish(conn, leads.lead_rows(conn, [id_], now))
    till.sync()
    with till.folder.feed.reading() as conn:
        assert kept_rows(conn, "leads", LeadRow)[id_].member == ref
    said = uuid7(now, chain.chance)
    with till.journal.writing() as writing:
        writing.append(LeadDone(id_, "done", "已试用"), 1001)
        writing.append(FeedbackPosted(said, "goods", "牛角包太甜"), 1001)
    till.sync()
    work(chain)
    with chain.database.transaction() as conn:
        row = conn.execute(select(lead)).one()
        feedback.answer(conn, said, "ops", "已请厨房减糖", now)
        feed.publish(conn, feedback.feedback_rows(conn, [said]))
    assert (row.state, row.by, row.note) == ("done", "1001", "已试用")
    till.sync()
    with till.folder.feed.reading() as conn:
        assert kept_rows(conn, "leads", LeadRow) == {}
        (seen,) = kept_rows(conn, "feedback", FeedbackRow).values()
    assert (seen.clerk, seen.state, seen.answer, seen.owner) == (1001, "answered", "已请厨房减糖", "operations")

"""What is to be done beside selling: likely visitors, core customers, leads, feedback, the three-minute clock."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from posapp.clock import DAY, HOUR
from posapp.messages import BoardExported, FeedbackPosted, GuestServed, LeadDone, VisitNoted
from posapp.rules.rfm import HIGH
from posapp.streams import FeedbackRow, LeadRow, MemberRow, RegularRow, VisitorRow
from posapp.till import Till
from tests.shop import CASHIER, MANAGER, START, Chain, entries_of, last, play, refused
from tests.till.test_hints import BUN, OTHER, REF, member, tell

TODAY, YESTERDAY = "2026-11-22", "2026-11-21"
WHY, SAY = ("看过山茶花面霜3次 · 周三常来", "Looked at the cream"), ("新品到了", "It is here")


def written(till: Till, kind: type[Any]) -> list[Any]:
    return [body for _, body in entries_of(till) if isinstance(body, kind)]


def listed(*refs: str, date: str = TODAY, owner: int = 0) -> dict[str, VisitorRow]:
    return {f"{date} {ref}": VisitorRow(date, ref, n, WHY, SAY, owner) for n, ref in enumerate(refs, 1)}


def counts(till: Till) -> tuple[int, int, int, int]:
    view = till.visitors()
    return view.listed, view.arrived, view.talked, view.bought


# --- today's likely visitors ---


def test_the_list_is_there_at_opening_with_no_network(chain: Chain, till: Till) -> None:
    rows = listed(*(f"m-{n}" for n in range(1, 26)), date="2026-11-23")
    tell(chain, till, members={REF: member()}, visitors={**rows, **listed(OTHER)})
    play(till, "network off")
    assert [view.member for view in till.visitors().visitors] == [OTHER]
    chain.clock.set(START + DAY)
    told = last(till, "visitors")
    assert (told["date"], len(told["visitors"]), told["listed"]) == ("2026-11-23", 20, 20)
    assert told["visitors"][0] == {
        "member": REF,
        "name": "张**",
        "tail": "78",
        "why": "看过山茶花面霜3次 · 周三常来",
        "script": "新品到了",
        "owner": "",
        "is_mine": False,
        "arrived": False,
        "outcome": "",
        "bought": False,
    }


def test_who_is_recognised_has_arrived_within_the_ticket_and_who_pays_has_bought(chain: Chain, till: Till) -> None:
    tell(chain, till, members={REF: member(), OTHER: member("79")}, visitors=listed(REF, OTHER))
    play(till, "network off", f"scan {BUN}", f"choose-member {REF}")
    assert counts(till) == (2, 1, 0, 0)
    assert [view.arrived for view in till.visitors().visitors] == [True, False]
    play(till, "cancel")
    assert counts(till) == (2, 1, 0, 0)
    play(till, f"scan {BUN}", f"choose-member {REF}", "pay cash 10")
    assert counts(till) == (2, 1, 0, 1)
    play(till, f"scan {BUN}", f"choose-member {OTHER}", "drop-member", "pay cash 10")
    assert counts(till) == (2, 2, 0, 1)


def test_an_outcome_is_noted_at_once_and_told_once(chain: Chain, till: Till) -> None:
    tell(chain, till, members={REF: member(), OTHER: member("79")}, visitors=listed(REF, OTHER))
    assert last(till, f"visit {REF} looked")["outcome"] == "looked"
    assert last(till, f"visit {REF} looked")["arrived"]
    assert last(till, f"visit {OTHER} not_talked")["ok"]
    assert counts(till) == (2, 2, 1, 0)
    assert written(till, VisitNoted) == [VisitNoted(REF, TODAY, "looked"), VisitNoted(OTHER, TODAY, "not_talked")]
    assert refused(till, "visit m-9 looked") == "not_listed"
    assert refused(till, f"visit {REF} danced") == "bad_choice"
    chain.clock.set(START + DAY)
    assert refused(till, f"visit {REF} bought") == "not_listed"


def test_the_owner_hears_of_their_own_customer_wherever_they_are_seen(chain: Chain, till: Till) -> None:
    mine, other = listed(REF, owner=1001), listed(OTHER, owner=1002)
    tell(chain, till, members={REF: member(), OTHER: member("79")}, visitors={**mine, **other})
    assert till.arrivals() == []
    for rows in (mine, other):
        for row in rows.values():
            row.arrived = START
    tell(chain, till, visitors={**mine, **other})  # recognised at another till
    assert [view.member for view in till.arrivals()] == [REF]
    assert till.arrivals() == []


def test_the_owner_hears_of_who_is_recognised_here(chain: Chain, till: Till) -> None:
    tell(chain, till, members={REF: member()}, visitors=listed(REF, owner=1001))
    assert till.arrivals() == []
    play(till, f"choose-member {REF}")
    assert [view.name for view in till.arrivals()] == ["张**"]


# --- core customers ---


@pytest.fixture
def core(chain: Chain, till: Till) -> None:
    rows = {
        OTHER: RegularRow(2, "active"),
        REF: RegularRow(1, HIGH, START - 4 * DAY, "2026-11-25", 3, ["牛角包", "鲜奶"]),
    }
    tell(chain, till, members={REF: member()}, regulars=rows)


def test_core_customers_are_a_managers_list(till: Till, core: None) -> None:
    assert not till.may_see_regulars()
    assert refused(till, "regulars") == "needs_approval"
    play(till, f"sign-in {' '.join(MANAGER)}")
    assert till.may_see_regulars()
    first, second = last(till, "regulars")["regulars"]
    assert first == {
        "rank": 1,
        "member": REF,
        "name": "张**",
        "tail": "78",
        "segment": ["high", "高价值"],
        "last": START - 4 * DAY,
        "weekday": 3,
        "expected": "2026-11-25",
        "likes": ["牛角包", "鲜奶"],
    }
    assert (second["name"], second["tail"]) == ("***", "")  # whom the store does not know by a letter


def test_taking_the_list_along_wants_a_reason_and_is_told(till: Till, core: None) -> None:
    play(till, f"sign-in {' '.join(MANAGER)}")
    assert refused(till, "export-regulars ' '") == "needs_reason"
    assert refused(till, "export-regulars 'for 13812345678'") == "text_has_number"
    told = last(till, "export-regulars 周会")
    with Path(told["file"]).open(encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["1", "张**78", "高价值", "2026-11-18", "2026-11-25", "牛角包 鲜奶"],
        ["2", "***", "活跃", "", "", ""],
    ]
    assert written(till, BoardExported) == [BoardExported("regulars", TODAY, "周会", 2)]


def test_what_cannot_be_written_has_not_left(till: Till, core: None) -> None:
    play(till, f"sign-in {' '.join(MANAGER)}")
    (till.folder.path / "exports").write_text("a file, not a folder", "utf-8")
    assert refused(till, "export-regulars 周会") == "cannot_write"
    assert written(till, BoardExported) == []


# --- leads ---


def test_leads_stand_by_their_time_and_go_when_they_are_handled(chain: Chain, till: Till) -> None:
    rows = {
        "l-2": LeadRow(OTHER, ("送样品", "Send a sample"), START + HOUR),
        "l-1": LeadRow(REF, ("回电", "Call back"), START - 1, 1001, ("面霜到货了", "The cream is here")),
    }
    tell(chain, till, members={REF: member()}, leads=rows)
    play(till, "network off")
    first, second = last(till, "leads")["leads"]
    assert first == {
        "id": "l-1",
        "member": REF,
        "name": "张**",
        "tail": "78",
        "title": "回电",
        "script": "面霜到货了",
        "due": "2026-11-21T23:59:59.999Z",
        "is_overdue": True,
        "is_mine": True,
        "clerk": "林小满",
    }
    assert (second["id"], second["is_overdue"], second["clerk"]) == ("l-2", False, "")
    assert [lead["id"] for lead in last(till, f"choose-member {REF}", "card")["leads"]] == ["l-1"]
    assert refused(till, "lead l-1 sang") == "bad_choice"
    assert refused(till, "lead l-1 done '改打 138 0013 8000'") == "text_has_number"
    assert [lead["id"] for lead in last(till, "lead l-1 not_reached 没人接")["leads"]] == ["l-2"]
    assert refused(till, "lead l-1 done") == "no_such_lead"
    assert written(till, LeadDone) == [LeadDone("l-1", "not_reached", "没人接")]
    assert till.card().leads == ()


def test_a_lead_becomes_overdue_as_time_goes_by(chain: Chain, till: Till) -> None:
    tell(chain, till, leads={"l": LeadRow(REF, ("回电", "Call"), START + HOUR)})
    chain.clock.set(START + HOUR)
    assert [lead.is_overdue for lead in till.leads()] == [False]
    chain.clock.set(START + HOUR + 1)
    assert [lead.is_overdue for lead in till.leads()] == [True]


# --- feedback ---


def test_feedback_is_posted_offline_and_its_answer_reaches_who_asked(chain: Chain, till: Till) -> None:
    play(till, "network off", f"scan {BUN}")
    told = last(till, "feedback goods '  想要   无糖的 '")
    assert (told["category"], told["text"], told["state"], told["is_mine"]) == ("goods", "想要 无糖的", "unsent", True)
    (body,) = written(till, FeedbackPosted)
    assert body.ticket == till.sale.cart.ticket  # type: ignore[union-attr]
    play(till, "network on", "sync")
    row = FeedbackRow("goods", "想要 无糖的", 1001, START, "open", "商品部")
    tell(chain, till, feedback={body.feedback: row})
    assert [(one.state, one.owner) for one in till.feedback()] == [("open", "商品部")]
    assert till.answered() == []
    row.state, row.answer, row.answered = "answered", "下周上架", START + HOUR
    tell(chain, till, feedback={body.feedback: row})
    play(till, "sign-in 1002 418637")
    assert till.answered() == []  # somebody else's
    play(till, f"sign-in {' '.join(CASHIER)}")
    assert [one.answer for one in till.answered()] == ["下周上架"]
    assert till.answered() == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("music loud", "bad_choice"),
        ("goods ' '", "text_empty"),
        (f"goods {'长' * 61}", "text_too_long"),
        ("goods '打 13812345678'", "text_has_number"),
        ("goods '138 1234 5678'", "text_has_number"),
        ("goods '138-1234-5678'", "text_has_number"),
        ("goods １３８１２３４５６７８", "text_has_number"),
    ],
)
def test_bad_feedback_is_one_sentence_and_changes_nothing(till: Till, words: str, code: str) -> None:
    assert refused(till, f"feedback {words}") == code
    assert (till.feedback(), written(till, FeedbackPosted)) == ([], [])


def test_a_few_figures_are_no_number(till: Till) -> None:
    assert last(till, f"feedback goods {'长' * 55}1234")["ok"]


# --- the three-minute clock ---


def test_the_clock_runs_from_arrival_and_turns_amber_and_red(chain: Chain, till: Till) -> None:
    assert refused(till, "serve") == "nobody_waits"
    play(till, "arrive reception")
    states = []
    for seconds in (0, 119, 120, 179, 180):
        chain.clock.set(START + seconds * 1000)
        (waits,) = till.waiting()
        states.append((waits.seconds, waits.state))
    assert states == [(0, ""), (119, ""), (120, "amber"), (179, "amber"), (180, "red")]
    assert last(till, "serve")["waiting"] == []
    assert written(till, GuestServed) == [GuestServed("reception", START, START + 180_000)]


def test_who_came_first_is_served_first_or_whose_booking_it_is(chain: Chain, till: Till) -> None:
    play(till, "arrive reception")
    chain.clock.set(START + 1_000)
    play(till, "arrive booking B7")
    chain.clock.set(START + 2_000)
    play(till, "arrive pickup P1", "serve B7", "serve")
    assert [(one.kind, one.ref) for one in written(till, GuestServed)] == [("booking", "B7"), ("reception", "")]
    assert refused(till, "serve B7") == "nobody_waits"
    assert refused(till, "arrive party") == "bad_choice"
    assert last(till, "leave")["waiting"] == []
    assert len(written(till, GuestServed)) == 2


def test_who_waits_is_not_forgotten_by_a_restart_but_by_half_a_day(chain: Chain) -> None:
    data, state = chain.enrol(3)
    till = chain.open(data, state)
    till.sync()
    play(till, f"sign-in {' '.join(CASHIER)}", "arrive reception")
    chain.shut(till)
    chain.clock.set(START + 60_000)
    till = chain.open(data, state)
    play(till, f"sign-in {' '.join(CASHIER)}")
    assert [one.seconds for one in till.waiting()] == [60]
    play(till, "serve")
    chain.shut(till)
    till = chain.open(data, state)
    assert till.waiting() == []
    play(till, f"sign-in {' '.join(CASHIER)}", "arrive reception")
    chain.clock.set(START + 12 * HOUR)
    assert till.waiting() == []


def test_practice_writes_none_of_it(chain: Chain, till: Till) -> None:
    rows = {"l": LeadRow(REF, ("回电", "Call"), START)}
    tell(chain, till, members={REF: MemberRow("张", "78", START, START)}, visitors=listed(REF), leads=rows)
    play(till, "training on", "open-shift 0", f"scan {BUN}", f"choose-member {REF}", "pay cash 10")
    for verb in (f"visit {REF} looked", "lead l done", "feedback goods 好", "arrive reception", "serve", "leave"):
        assert refused(till, verb) == "training_personal", verb
    assert counts(till) == (1, 0, 0, 0)
    play(till, "training off")
    assert counts(till) == (1, 0, 0, 0)
    kinds = {header.t for header, _ in entries_of(till)}
    assert not kinds & {"visit.noted", "lead.done", "feedback.posted", "guest.served", "hint.shown", "addon.shown"}

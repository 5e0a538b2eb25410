"""Whatever happens in whatever order, a flow keeps its caps, reaches each member once, and its holdout gets nothing."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posapp.clock import DAY, HOUR, local
from posapp.hq.care.tables import hint
from posapp.hq.database import Database, open_database
from posapp.hq.flows.tables import flow_contact
from posapp.hq.members.tables import benefit
from posapp.hq.tasks.tables import lead
from posapp.hq.texts.tables import text_message
from posapp.ids import seeded_chance
from posapp.keys import HqKeys
from tests.hq.flows.dormant import Dormant, below
from tests.hq.flows.test_flows import GIFT, TEXT

KEYS = HqKeys.fresh(seeded_chance(1))
FLOWS = {"a": {"most": 2, "apart": 6, "holdout": 20}, "b": {"most": 3, "apart": 2, "holdout": 30}}
PERSONS = 8
Act = tuple[str, int]
acts = st.lists(
    st.tuples(
        st.sampled_from(["days", "days", "hours", "comes", "answers", "buys", "pause", "resume"]), st.integers(0, 40)
    ),
    min_size=5,
    max_size=30,
)


class Play:
    """Some members, two flows, and what happens to them."""

    def __init__(self, database: Database) -> None:
        self.dormant = Dormant(database, KEYS)
        self.paused: set[str] = set()
        for n in range(9):  # regular guests, so that one late purchase does not make the chain's cycle a long one
            ref = self.dormant.member(100 + n, away=7)
            self.dormant.buys(ref, self.dormant.clock.now)
        self.refs = [self.dormant.member(n, away=50 + 7 * n, agrees=n % 2 == 0) for n in range(PERSONS)]
        self.dormant.flow("a", **GIFT, **TEXT, **FLOWS["a"])
        self.dormant.flow("b", **GIFT, lead="致电/Call", **FLOWS["b"])

    def act(self, what: str, n: int) -> None:
        dormant, now, ref = self.dormant, self.dormant.clock.now, self.refs[n % len(self.refs)]
        id_ = "ab"[n % 2]
        match what:
            case "hours":
                dormant.clock.now += n * HOUR
            case "days":
                dormant.clock.now += n % 5 * DAY
            case "pause":
                dormant.pause(id_)
                self.paused.add(id_)
            case "resume":
                dormant.resume(id_)
                self.paused.discard(id_)
            case "buys":
                dormant.buys(ref, now - n % 3 * DAY, heard=now)
            case "answers":
                dormant.shown(id_, ref, ("accepted", "declined", "ignored")[n % 3], now)
            case "comes":
                self.refs.append(dormant.member(len(self.refs), away=61 + n))
        if n % 4:  # the worker may be late
            dormant.work()

    def check(self) -> None:
        dormant = self.dormant
        told = {data for data in dormant.told("hints").values() if any(_of(id_) in data for id_ in self.paused)}
        assert told == set()
        contacts = dormant.rows(flow_contact)
        by_day = Counter((row.flow, _date(row.at)) for row in contacts if row.arm == "treated")
        assert all(n <= FLOWS[name]["most"] for (name, _), n in by_day.items())
        by_person = defaultdict(list)
        for row in sorted(contacts, key=lambda row: row.at):
            by_person[row.ref].append(row)
        for rows in by_person.values():
            assert len({row.flow for row in rows}) == len(rows)
            for one, other in pairwise(rows):
                assert other.at - one.at >= max(FLOWS[row.flow]["apart"] for row in (one, other)) * DAY
        treated = {(row.flow, row.ref) for row in contacts if row.arm == "treated"}
        gifts = Counter((row.campaign.removeprefix("flow "), row.ref) for row in dormant.rows(benefit))
        assert gifts == dict.fromkeys(treated, 1)
        assert {(row.flow, row.ref) for row in dormant.rows(hint)} == treated
        assert {("b", row.ref) for row in dormant.rows(lead)} == {pair for pair in treated if pair[0] == "b"}
        texts = dormant.rows(text_message)
        assert {("a", row.ref) for row in texts} <= treated
        assert all(9 <= local(row.due, "Asia/Shanghai").hour < 21 for row in texts)


def _of(flow: str) -> bytes:
    return f'"flow":"{flow}"'.encode()


def _date(at: int) -> str:
    return f"{local(at, 'Asia/Shanghai'):%Y-%m-%d}"


@settings(max_examples=12, deadline=None)
@given(acts)
def test_any_schedule_keeps_caps_and_once_ness(schedule: list[Act]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder) / "hq.db")
        try:
            play = Play(database)
            for what, n in schedule:
                play.act(what, n)
                play.check()
        finally:
            database.close()


@pytest.mark.parametrize("seed", range(3))
def test_a_long_schedule_on_both_databases(database: Database, seed: int) -> None:
    chance, play = seeded_chance(seed), Play(database)
    kinds = [*["days"] * 5, *["comes"] * 3, *["resume"] * 3, "hours", "pause", "buys", "answers"]
    for _ in range(40):
        play.act(kinds[below(chance, len(kinds))], below(chance, 41))
        play.check()
    assert len(play.dormant.rows(flow_contact)) > 6

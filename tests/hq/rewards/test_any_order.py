"""Whatever the order in which the same facts reach HQ, each clerk gets the same, also with a month paid in between."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select, update

from posapp.clock import DAY, HOUR, MINUTE, SimulatedClock
from posapp.hq.database import FOLLOWED, PROJECTED, Database, open_database, upsert
from posapp.hq.joining.tables import joined
from posapp.hq.members.tables import consent, person, person_key, staff_phone
from posapp.hq.rewards.recount import recount
from posapp.hq.rewards.rewarding import Rewarding, promise
from posapp.hq.rewards.settle import settle
from posapp.hq.rewards.tables import reward_line
from posapp.hq.rewards.wanted import Rule
from posapp.hq.tables import batch, counter, event, event_identity, journal_state, refund, sale, shift, store
from tests.shop import START

NOON = START + 4 * HOUR + 8 * DAY  # the last day of November
CLERKS, GUESTS = (1, 2), ("a", "b", "c", "d", "e", "f")

Fact = tuple[str, Any]


def row_of(table: Any, **values: Any) -> dict[str, Any]:
    """A whole row: what is not named is 0 or ""."""
    empty = {column.name: 0 if column.type.python_type is int else "" for column in table.columns}
    return {**empty, **values}


def came(conn: Connection, jid: str, at: int) -> None:
    """HQ has received, projected and followed one more entry."""
    n = int(conn.scalar(select(func.count()).select_from(batch)) or 0) + 1
    conn.execute(batch.insert(), row_of(batch, n=n, jid=jid, store=1, till=1, first_seq=1, last_seq=1))
    known = conn.scalar(select(func.max(journal_state.c.effective))) or 0
    upsert(conn, journal_state, [row_of(journal_state, jid="j", store=1, till=1, effective=max(known, at))])
    conn.execute(update(counter).where(counter.c.name.in_((PROJECTED, FOLLOWED))).values(n=n))


def tell(conn: Connection, fact: Fact) -> None:
    """One fact reaches HQ."""
    kind, told = fact
    _TOLD[kind](conn, told)


def _joined(conn: Connection, told: tuple[str, int, int, str]) -> None:
    guest, number, minute, session = told
    at = NOON + minute * MINUTE
    conn.execute(person.insert(), row_of(person, ref=guest, root=guest, status="active", joined=at))
    key = row_of(person_key, kind="phone", hash=f"phone {guest}", ref=guest, strength="verified")
    conn.execute(person_key.insert(), key)
    agreed = row_of(consent, ref=guest, purpose="terms", at=at, source=f"page {session}", given=1, channel="page")
    conn.execute(consent.insert(), agreed)
    conn.execute(joined.insert(), row_of(joined, ref=guest, at=at, store=1, clerk=number, channel="badge", token="x"))


def _sold(conn: Connection, told: tuple[int, str, int, int]) -> None:
    number, guest, hours, total = told
    jid, paid = f"sale {number}", NOON + HOUR + hours * HOUR
    conn.execute(event_identity.insert(), row_of(event_identity, store=1, till=1, event=jid, jid=jid, seq=1))
    values = {"jid": jid, "seq": 1, "store": 1, "till": 1, "event": jid, "opened": paid, "paid": paid}
    conn.execute(sale.insert(), row_of(sale, **values, member=guest, total=total, receipt=f"R{number}"))
    came(conn, jid, paid)


def _back(conn: Connection, told: tuple[int, int]) -> None:
    number, total = told
    jid, done = f"refund {number}", NOON + 300 * HOUR
    values = {"jid": jid, "seq": 1, "store": 1, "till": 1, "event": jid, "sale": f"sale {number}", "done": done}
    conn.execute(refund.insert(), row_of(refund, **values, total=total))
    came(conn, jid, done)


def _opened(conn: Connection, told: int) -> None:
    at = NOON + told * MINUTE
    values = {"store": 1, "till": 1}
    conn.execute(shift.insert(), row_of(shift, **values, shift="s", opened=at, closed=at + MINUTE))
    conn.execute(event.insert(), row_of(event, **values, jid="shift", seq=1, type="shift.opened", effective=at))
    came(conn, "shift", at)


def _own(conn: Connection, told: str) -> None:
    conn.execute(staff_phone.insert(), row_of(staff_phone, clerk=1, hash=f"phone {told}"))


_TOLD: dict[str, Callable[[Connection, Any], None]] = {
    "joined": _joined,
    "sold": _sold,
    "back": _back,
    "opened": _opened,
    "own": _own,
}


@st.composite
def days(draw: st.DrawFn) -> list[Fact]:
    """Joins of a day, what those guests buy, what of it goes back, a shift that may explain them, a clerk's phone."""
    guests = draw(st.lists(st.sampled_from(GUESTS), unique=True, min_size=1, max_size=6))
    facts: list[Fact] = [
        ("joined", (guest, draw(st.sampled_from(CLERKS)), draw(st.integers(0, 29)), draw(st.sampled_from("pqr"))))
        for guest in guests
    ]
    for number in range(draw(st.integers(0, 6))):
        total = draw(st.sampled_from((0, 500, 1000, 2500)))
        facts.append(("sold", (number, draw(st.sampled_from(guests)), draw(st.integers(0, 200)), total)))
        if draw(st.booleans()):
            facts.append(("back", (number, total)))
    if draw(st.booleans()):
        facts.append(("opened", draw(st.integers(-60, 60))))
    if draw(st.booleans()):
        facts.append(("own", draw(st.sampled_from(guests))))
    return facts


def played(groups: Sequence[Sequence[Fact]], rule: Rule, *, paid_after: int = -1) -> tuple[Counter[int], int, int]:
    """Facts come group by group, accounts are worked out after each: fen by clerk, what was paid, what is open."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hq.db"
        file.write_bytes(_empty())
        database = open_database(file)
        try:
            return _played(database, groups, rule, paid_after)
        finally:
            database.close()


@cache
def _empty() -> bytes:
    """A database in which nothing has happened; making its tables takes the longest."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hq.db"
        open_database(file).close()
        return file.read_bytes()


def _played(
    database: Database, groups: Sequence[Sequence[Fact]], rule: Rule, paid_after: int
) -> tuple[Counter[int], int, int]:
    clock = SimulatedClock(NOON + 30 * MINUTE)
    rewarding = Rewarding(database, clock)
    with database.transaction() as conn:
        conn.execute(store.insert().values(number=1, name="店", created=1))
        promise(conn, "chain", "2026-11-01", rule, clock.now_ms(), "test")
    for number, facts in enumerate(groups):
        with database.transaction() as conn:
            for fact in facts:
                tell(conn, fact)
        while rewarding.step():
            pass
        if number == paid_after:
            settle(database, SimulatedClock(NOON + 2 * DAY), "2026-11", "test", "paid")
    with database.reading() as conn:
        assert recount(conn) is not None
        lines = conn.execute(select(reward_line)).all()
    sums: Counter[int] = Counter()
    for line in lines:
        sums[line.clerk] += line.fen
    november = sum(line.fen for line in lines if line.month == "2026-11")
    return sums, november, sum(line.fen for line in lines) - november


RULES = st.builds(
    Rule, st.sampled_from((0, 200)), st.sampled_from((0, 500)), st.sampled_from((0, 1000)), st.sampled_from((0, 901))
)


@settings(max_examples=15, deadline=None)
@given(days(), RULES, st.data())
def test_any_order_of_the_same_facts_gives_the_same(facts: list[Fact], rule: Rule, data: st.DataObject) -> None:
    at_once, _, _ = played([facts], rule)
    order = data.draw(st.permutations(facts))
    cut = data.draw(st.integers(0, len(order)))
    groups = [order[:cut], *([fact] for fact in order[cut:])]
    # somebody joins when HQ says so: never in a month that was paid
    last_join = max(n for n, group in enumerate(groups) if any(kind == "joined" for kind, _ in group))
    paid_after = data.draw(st.sampled_from([-1, *range(last_join, len(groups))]))
    one_by_one, paid, still_open = played(groups, rule, paid_after=paid_after)
    assert +one_by_one == +at_once
    assert paid + still_open == sum(at_once.values())

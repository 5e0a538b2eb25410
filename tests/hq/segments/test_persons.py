"""Figures of persons equal what somebody else counts: at once after each event, and each night for all."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from posapp.clock import HOUR, MINUTE
from posapp.hq.joining.tables import claim
from posapp.hq.members import consents
from posapp.hq.members.tables import person, privacy_request
from posapp.hq.segments.persons import card_figures, measures, segment_of
from posapp.hq.segments.tables import measure, purchase
from posapp.messages import Consent
from posapp.rules.consents import PERSONAL
from posapp.rules.join_token import Token, make
from tests.hq.segments.little import COSTS, TODAY, Little, Sold, day, noon

GOODS = sorted(COSTS)
BREAD = ("bread", 1_000, 650)


def recount(little: Little, today: dt.date = TODAY) -> dict[str, dict[str, Any]]:
    """Every person's figures from what was put in, in plain words."""
    orders: dict[str, list[tuple[dt.date, int, int]]] = defaultdict(list)
    bought: dict[str, list[dt.date]] = defaultdict(list)
    for sold in little.sold:
        if not sold.ref:
            continue
        root = little.root_of(sold.ref)
        orders[root].append((day(sold.ago), sold.net, sold.net - cost(sold.lines)))
        if not any(ago == sold.ago and kind == "void" for ago, kind, _ in sold.backs):
            bought[root].append(day(sold.ago))
        for ago, _, lines in sold.backs:
            net = sum(amount for _, _, amount in lines)
            orders[root].append((day(ago), -net, -net + cost(lines)))
    told = {}
    for root, rows in orders.items():
        days = sorted(set(bought[root]))
        year = [row for row in rows if (today - row[0]).days < 365]
        recent = [one for one in days if (today - one).days < 180]
        gap = (recent[-1] - recent[0]).days / (len(recent) - 1) if len(recent) > 1 else None
        weekdays = Counter(one.isoweekday() for one in recent).most_common()
        told[root] = {
            "first_day": days[0].toordinal() if days else 0,
            "last_day": days[-1].toordinal() if days else 0,
            "days_365": len([one for one in days if (today - one).days < 365]),
            "net_365": sum(row[1] for row in year),
            "orders": len(bought[root]),
            "cycle": gap,
            "ltv": sum(row[2] for row in rows),
            "weekdays": weekdays,
        }
    return told


def cost(lines: list[tuple[str, int, int]]) -> int:
    return sum((COSTS[what] * qty + 500) // 1_000 for what, qty, _ in lines)


def check(little: Little) -> None:
    told = recount(little)
    for root, wanted in told.items():
        row = little.figure(root)._mapping
        cycle, weekdays = wanted.pop("cycle"), wanted.pop("weekdays")
        assert {name: row[name] for name in wanted} == wanted
        assert abs(row["cycle_tenths"] / 10 - (cycle or 0)) <= 0.05
        if row["weekday"]:
            assert dict(weekdays)[row["weekday"]] == weekdays[0][1] >= 3
        if cycle:
            away = TODAY.toordinal() - wanted["last_day"]
            assert row["risk"] == away * 1_000 // row["cycle_tenths"]
            assert row["expected"] == wanted["last_day"] + round(row["cycle_tenths"] / 10 + 0.001)
        else:
            assert (row["risk"], row["expected"]) == (0, 0)


line = st.tuples(st.sampled_from(GOODS), st.integers(1, 3_000), st.integers(0, 9_000))
steps = st.lists(
    st.tuples(
        st.sampled_from(["sale", "sale", "sale", "void", "return", "merge", "part"]),
        st.integers(0, 4),
        st.integers(0, 420),
        st.lists(line, min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_figures_equal_a_recount_after_every_event_and_every_night(little: Little, steps: list[Any]) -> None:
    refs = [little.person(home=1 + n % 2) for n in range(5)]
    mine: list[Sold] = []
    for n, (what, who, ago, lines) in enumerate(steps):
        little.clock.now += 1
        if what == "sale":
            mine.append(little.sale(refs[who], ago, *lines, store=1 + who % 2))
        elif what in ("void", "return") and mine and not mine[-1].backs:
            sold = mine[-1]
            later = sold.ago if what == "void" else max(0, sold.ago - 3)
            little.back(sold, later, *(sold.lines if what == "void" else sold.lines[:1]), kind=what)
        elif what == "merge":
            little.merge(refs[who], refs[(who + 1) % 5])
        elif what == "part" and any(little.root_of(ref) != ref for ref in refs):
            little.part()
        if n % 7 == 0:
            little.step()
            check(little)
    little.settle()
    check(little)
    for ref in refs:  # an id that is no root has no figures of its own
        assert little.figure(ref) is None or little.root_of(ref) == ref


def test_fifths_are_told_by_format_and_graded_by_the_dictionary(little: Little) -> None:
    refs = [little.person() for _ in range(10)]
    for n, ref in enumerate(refs):
        for times in range(n + 1):
            little.sale(ref, 40 - 2 * n + 7 * times, ("bread", 1_000, 1_000 * (n + 1)))
    other = little.person(home=2)
    little.sale(other, 5, BREAD)
    little.settle()
    with little.database.reading() as conn:
        held = measures(conn)
        (row,) = conn.execute(select(measure)).all()
    assert (row.format, row.persons, row.version) == ("", 11, 1)
    for ref in (*refs, other):
        figure = little.figure(ref)
        away = TODAY.toordinal() - figure.last_day
        r = 5 - sum(away > bound for bound in held[""].r)
        f = 1 + sum(figure.days_365 > bound for bound in held[""].f)
        m = 1 + sum(figure.net_365 > bound for bound in held[""].m)
        assert (figure.r, figure.f, figure.m) == (r, f, m)
        wanted = "new" if TODAY.toordinal() - figure.first_day <= 30 else "high" if min(r, f, m) >= 4 else "active"
        assert figure.segment == wanted
    assert little.figure(refs[9]).segment == "high"
    # a store of another format is measured by itself
    with little.database.transaction() as conn:
        from posapp.hq.tables import setting

        conn.execute(setting.insert(), {"scope": "store:2", "name": "store_format", "value": "cafe"})
    little.clock.now = noon(-1)
    little.settle()
    assert little.figure(other).format == "cafe"
    with little.database.reading() as conn:
        assert {row.format: row.persons for row in conn.execute(select(measure))} == {"": 10, "cafe": 1}


def test_a_sleeper_who_buys_is_active_at_once_on_the_tills_row(little: Little) -> None:
    for other in [little.person() for _ in range(4)]:
        for ago in (1, 9, 50, 60):
            little.sale(other, ago, ("cake", 1_000, 9_000))
    ref = little.person()
    little.sale(ref, 120, BREAD)
    little.sale(ref, 130, BREAD)
    little.settle()
    card = little.told("cards")[ref]
    assert card is not None
    assert (card["segment"], card["last"]) == ("sleeping", noon(120))
    little.sale(ref, 0, BREAD)
    little.step()
    card = little.told("cards")[ref]
    assert card is not None
    assert (card["segment"], card["last"], card["visits"]) == ("active", noon(0), 3)
    with little.database.reading() as conn:
        assert segment_of(conn, ref) == "active"
        assert segment_of(conn, "nobody") == "prospect"
        assert card_figures(conn, [ref])[ref].visits == 3


def test_dormant_is_after_sixty_days_or_three_times_the_median_cycle(little: Little) -> None:
    slow = [little.person() for _ in range(3)]
    for ref in slow:
        for ago in (80, 110, 140):
            little.sale(ref, ago, BREAD)
    little.settle()
    # the median cycle is 30 days: 90 days are not yet too long
    assert {little.figure(ref).segment for ref in slow} == {"active"}
    little.clock.now = noon(-10)
    little.settle()
    assert {little.figure(ref).segment for ref in slow} == {"active"}
    little.clock.now = noon(-11)
    little.settle()
    assert {little.figure(ref).segment for ref in slow} == {"sleeping"}


def test_a_claimed_ticket_counts_for_who_claimed_it_in_either_order(little: Little) -> None:
    ref, early = little.person(), little.person()
    tokens = [Token(1, 1, 1001, "display", n, day(3).toordinal() - dt.date(1970, 1, 1).toordinal(), 1) for n in (1, 2)]
    codes, stems = [make(token, b"k" * 32) for token in tokens], [token.stem for token in tokens]
    sold = little.sale("", 3, BREAD, join=codes[0])
    little.settle()
    assert little.figure(ref).orders == 0
    little.clock.now += 1
    little.claims(sold, ref, stems[0], codes[0])
    little.step()
    assert (little.figure(ref).orders, little.figure(ref).net_365) == (1, 650)
    # claimed before its sale is here
    late = Sold(("", 0), "", "", 3, 1, 0, [])
    little.claims(late, early, stems[1], codes[1], state="waiting")
    little.step()
    little.sale("", 3, BREAD, join=codes[1])
    little.step()
    assert little.figure(early).orders == 1


@pytest.mark.parametrize("minutes", [12, 1_200])
def test_a_claim_that_is_seen_long_after_its_instant_is_found_within_the_hour(little: Little, minutes: int) -> None:
    ref = little.person()
    token = Token(1, 1, 1001, "display", 1, day(3).toordinal() - dt.date(1970, 1, 1).toordinal(), 1)
    sold = little.sale("", 3, BREAD, join=(code := make(token, b"k" * 32)))
    little.settle()
    now = little.clock.now
    little.clock.now -= minutes * MINUTE
    little.claims(sold, ref, token.stem, code)
    little.clock.now = now + HOUR
    little.step()
    assert little.figure(ref).orders == 1


def test_a_claim_that_comes_to_nothing_later_counts_no_more(little: Little) -> None:
    ref = little.person()
    token = Token(1, 1, 1001, "display", 1, day(3).toordinal() - dt.date(1970, 1, 1).toordinal(), 1)
    code = make(token, b"k" * 32)
    little.claims(Sold(("", 0), "", "", 3, 1, 0, []), ref, token.stem, code, state="waiting")
    little.settle()
    sold = little.sale("", 3, BREAD, join=code)
    little.step()
    assert little.figure(ref).orders == 1
    little.clock.now += HOUR
    with little.database.transaction() as conn:
        gone = {"state": "void", "sale": sold.event, "settled": little.clock.now}
        conn.execute(update(claim).where(claim.c.stem == token.stem).values(**gone))
    little.step()
    assert little.figure(ref).orders == 0


def test_an_erased_account_leaves_no_figures_and_no_rows(little: Little) -> None:
    ref = little.person(personal=True)
    for ago in (3, 10, 17, 24):
        little.sale(ref, ago, BREAD)
    little.settle()
    assert little.told("regulars")[ref]
    assert little.told("cards")[ref]
    with little.database.transaction() as conn:
        conn.execute(update(person).where(person.c.ref == ref).values(status="erased", home=0))
        asked = {"number": "P1", "ref": ref, "kind": "erase", "state": "running", "made": 1, "due": 2, "source": "t"}
        conn.execute(privacy_request.insert(), {**asked, "done": 0, "detail": ""})
    little.step()
    assert little.figure(ref) is None
    assert little.told("regulars")[ref] is None
    assert little.told("cards")[ref] is None


def test_an_order_of_another_channel_counts_once(little: Little) -> None:
    ref = little.person()
    little.sale(ref, 9, BREAD)
    little.outside("order", ref, noon(2), fen=4_000)
    little.step()
    little.step()
    little.settle()
    figure = little.figure(ref)
    assert (figure.orders, figure.net_365, figure.last_at) == (2, 4_650, noon(2))
    with little.database.reading() as conn:
        assert sorted(conn.scalars(select(purchase.c.channel))) == ["mini", "store"]


def test_what_benefits_took_off_and_gifts_cost_is_kept_with_the_order(little: Little) -> None:
    ref = little.person()
    whys = {"cake": [{"kind": "benefit", "fen": -500, "id": "b1"}], "tea": [{"kind": "gift", "fen": -300, "id": "g"}]}
    little.sale(ref, 1, ("cake", 1_000, 4_500), ("tea", 1_000, 0), whys=whys)
    little.step()
    with little.database.reading() as conn:
        row = conn.execute(select(purchase)).one()
    assert (row.net, row.given, row.gifts, row.margin) == (4_500, 500, 150, 4_500 - 3_000 - 150)


def test_many_at_once_are_worked_off_in_portions(little: Little) -> None:
    little.settle()
    refs = [little.person(personal=False) for _ in range(3)]
    for ref in refs:
        little.sale(ref, 3, BREAD)
    little.step()
    with little.database.transaction() as conn:
        acts = [(ref, n) for ref in refs for n in range(250)]
        for ref, n in acts:
            consents.note(conn, ref, [Consent(PERSONAL, n % 2, "v")], little.clock.now + n, f"{ref} {n}", "page")
    little.clock.now += 1_000
    assert little.evening.step()
    assert not little.evening.step()
    assert not little.evening.step()
    card = little.told("cards")[refs[2]]
    assert card is not None
    assert card["likes"] == ["的bread"]

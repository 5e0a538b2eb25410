"""What is kept of everybody equals what an independent query makes of it: cohorts, LTV, channels, baskets, risk."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from statistics import mean, median
from typing import Any, TypeVar

import pytest
from sqlalchemy import text

from posapp.errors import PosError
from posapp.hq.members import consents
from posapp.hq.segments import recount, reports
from posapp.hq.segments.tables import person_figure, purchase
from posapp.ids import Chance, seeded_chance
from posapp.messages import Consent
from posapp.rules.consents import MARKETING
from tests.hq.segments.little import COSTS, TODAY, Little, day, noon
from tests.hq.segments.test_persons import recount as of_persons

BREAD = ("bread", 1_000, 650)
GOODS = sorted(COSTS)
T = TypeVar("T")


def report(little: Little, name: str) -> dict[str, Any]:
    with little.database.reading() as conn:
        return reports.kept_report(conn, name, little.clock.now)


def value(told: dict[str, Any], part: str, name: str) -> tuple[int, int]:
    one = told["parts"][part][name]
    return one["top"], one["bottom"]


class Dice:
    """Throws from the chance that is handed in."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance

    def randrange(self, low: int, high: int) -> int:
        return low + int.from_bytes(self._chance(4)) % (high - low)

    def choice(self, values: Sequence[T]) -> T:
        return values[self.randrange(0, len(values))]


@pytest.fixture
def grown(little: Little) -> tuple[Little, list[str]]:
    """Sixty members of a year and what they bought, by a fixed seed; some given back, some merged."""
    chance = Dice(seeded_chance(7))
    refs = [
        little.person(
            home=chance.choice((1, 2)), ago=chance.randrange(0, 400), channel=chance.choice(("stand", "receipt"))
        )
        for _ in range(60)
    ]
    for ref in refs:
        for _ in range(chance.randrange(0, 9)):
            lines = [(chance.choice(GOODS), 1_000 * chance.randrange(1, 4), chance.randrange(1, 9_000)) for _ in "ab"]
            sold = little.sale(ref, chance.randrange(0, 400), *lines, store=chance.choice((1, 2)))
            if chance.randrange(0, 10) == 0:
                little.back(sold, sold.ago)
            elif chance.randrange(0, 10) == 0:
                little.back(sold, max(0, sold.ago - 2), sold.lines[0], kind="return")
    for n in range(40):
        little.sale("", n, BREAD, store=1 + n % 2)
    for n in (0, 10, 20):
        little.merge(refs[n], refs[n + 1])
    for n in range(30, 36):
        little.outside("order", refs[n], noon(n), fen=1_000, source="live" if n % 2 else "mini")
    little.settle()
    return little, refs


def test_cycles_spend_and_frequency(grown: tuple[Little, list[str]]) -> None:
    little, _ = grown
    told = report(little, "repurchase")
    with little.database.reading() as conn:
        rows = conn.execute(person_figure.select()).all()
    cycles = [row.cycle_tenths / 10 for row in rows if row.cycle_tenths]
    top, bottom = value(told, "median", "cycle")
    assert top / bottom == pytest.approx(median(cycles))
    top, bottom = value(told, "mean", "cycle")
    assert top / bottom == pytest.approx(mean(cycles))
    active = [row for row in rows if row.days_365]
    assert value(told, "", "annual_spend") == (sum(row.net_365 for row in active), len(active))
    assert value(told, "", "annual_frequency") == (sum(row.days_365 for row in active), len(active))
    assert told["as_of"] == TODAY.isoformat()
    assert told["definitions"]["cycle"]["name"] == ("复购周期", "Repurchase cycle")


RAW_DAYS = text(
    """
    SELECT person.root, sale.date FROM sale JOIN person ON person.ref = sale.member
    WHERE NOT EXISTS (SELECT 1 FROM refund WHERE refund.sale = sale.event AND refund.kind = 'void')
    """
)


def test_repurchase_by_month_of_the_first_purchase(grown: tuple[Little, list[str]]) -> None:
    little, refs = grown
    days: dict[str, set[dt.date]] = defaultdict(set)
    with little.database.reading() as conn:
        for root, date in conn.execute(RAW_DAYS):
            days[root].add(dt.date.fromisoformat(date))
    for n in range(30, 36):
        days[little.root_of(refs[n])].add(day(n))
    wanted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for held in days.values():
        first, *rest = sorted(held)
        wanted[first.isoformat()[:7]][0] += bool(rest) and (rest[0] - first).days <= 30
        wanted[first.isoformat()[:7]][1] += 1
    told = report(little, "repurchase")
    found = {part: value(told, part, "repurchase_rate") for part in told["parts"] if part[:2] == "20"}
    assert found == {month: tuple(counts) for month, counts in wanted.items()}
    assert sum(bottom for _, bottom in found.values()) == len(days)


def test_ltv_by_cohort_is_the_sum_of_the_margins_of_its_orders(grown: tuple[Little, list[str]]) -> None:
    little, _ = grown
    costs = " ".join(f"WHEN '{name}' THEN {cost}" for name, cost in COSTS.items())
    sql = f"""
        WITH joins AS (
            SELECT person.root AS root, MIN(joined.at) AS at FROM joined JOIN person ON person.ref = joined.ref
            GROUP BY person.root
        ), margins AS (
            SELECT person.root AS root, sale_line.amount - CASE article {costs} END * qty / 1000 AS fen
            FROM sale_line JOIN sale ON sale.jid = sale_line.jid AND sale.seq = sale_line.seq
            JOIN person ON person.ref = sale.member
            UNION ALL
            SELECT person.root, CASE article {costs} END * qty / 1000 - refund_line.amount
            FROM refund_line JOIN refund ON refund.jid = refund_line.jid AND refund.seq = refund_line.seq
            JOIN sale ON sale.event = refund.sale JOIN person ON person.ref = sale.member
        )
        SELECT joins.at, joined.channel, margins.fen FROM joins
        JOIN margins ON margins.root = joins.root
        JOIN joined ON joined.at = joins.at JOIN person ON person.ref = joined.ref AND person.root = joins.root
    """
    sums: dict[str, int] = defaultdict(int)
    with little.database.reading() as conn:
        for at, channel, fen in conn.execute(text(sql)):
            month = dt.datetime.fromtimestamp(at / 1_000, dt.UTC).isoformat()[:7]
            sums[month] += int(fen)
            sums[f"{month} {channel}"] += int(fen)
        orders = conn.execute(
            text(
                "SELECT joined.at, joined.channel, 1000 FROM purchase JOIN person ON person.ref = purchase.ref "
                "JOIN joined ON joined.ref = person.root WHERE purchase.channel <> 'store'"
            )
        ).all()
    for at, channel, fen in orders:
        month = dt.datetime.fromtimestamp(at / 1_000, dt.UTC).isoformat()[:7]
        sums[month] += fen
        sums[f"{month} {channel}"] += fen
    told = report(little, "ltv")
    found = {part: value(told, part, "ltv")[0] for part in told["parts"]}
    assert {part: fen for part, fen in found.items() if fen} == {part: fen for part, fen in sums.items() if fen}
    members = sum(value(told, part, "ltv")[1] for part in told["parts"] if " " not in part)
    assert members == 57  # three pairs of sixty are one person each
    cohorts = report(little, "cohorts")
    for month in cohorts["parts"]:
        assert value(cohorts, month, "ltv") == value(told, month, "ltv")
    assert sum(value(cohorts, month, "persons")[0] for month in cohorts["parts"]) == 57


def test_who_buys_at_a_till_and_elsewhere_is_across_channels_once(little: Little) -> None:
    both, shop, late = little.person(), little.person(), little.person()
    little.sale(both, 5, BREAD)
    little.outside("order", both, noon(3), fen=900)
    little.outside("order", both, noon(2), fen=900)
    little.sale(shop, 5, BREAD)
    little.sale(shop, 4, BREAD)
    little.outside("order", late, noon(91), fen=900)
    little.sale(late, 5, BREAD)
    little.settle()
    told = report(little, "channels")
    assert value(told, "", "cross_channel_share") == (1, 3)
    assert value(told, "", "cross_channel_repurchase") == (2, 3)
    assert value(told, "store", "persons") == (3, 1)
    assert value(told, "mini", "persons") == (1, 1)
    # merged with somebody who is there already: still one
    little.clock.now = noon(-1)
    little.merge(both, shop)
    little.settle()
    assert value(report(little, "channels"), "", "cross_channel_share") == (1, 2)


def test_reachable_is_who_agreed_firmly_and_did_not_take_it_back(little: Little) -> None:
    refs = [little.person() for _ in range(4)]
    for ref in refs:
        little.sale(ref, 5, BREAD)
    acts = [(0, 1, consents.FIRM), (1, 1, consents.PENDING), (2, 1, consents.FIRM), (2, 0, consents.FIRM)]
    with little.database.transaction() as conn:
        for n, (who, yes, state) in enumerate(acts):
            consents.note(conn, refs[who], [Consent(MARKETING, yes, "v")], n + 1, f"s{n}", "page", state)
    little.settle()
    assert value(report(little, "channels"), "", "reachable_share") == (1, 4)


def test_the_risk_is_tested_on_the_past(little: Little) -> None:
    # as of thirty days ago: away for one, two and four of their weekly cycles
    for ago, back in ((37, 20), (37, 12), (44, 25), (44, 0), (58, 0), (58, 0)):
        ref = little.person()
        for week in range(4):
            little.sale(ref, ago + 7 * week, BREAD)
        if back:
            little.sale(ref, back, BREAD)
    little.settle()
    told = report(little, "churn")
    assert value(told, "200 above", "not_returned") == (3, 4)
    assert value(told, "200 below", "not_returned") == (0, 2)
    assert value(told, "300 above", "not_returned") == (2, 2)
    assert told["overdue"][0]["persons"] == 6
    worst = [one for one in told["members"] if one["risk"] >= 600]
    assert worst[0]["why"][1] == "usually buys every 7.0 days, away for 44"
    assert told["definitions"]["not_returned"]["formula"][1].startswith("back-test")


def test_baskets_with_and_without_a_member_and_no_dwell_time(little: Little) -> None:
    ref = little.person()
    little.sale(ref, 3, ("bread", 2_000, 1_300), ("milk", 1_000, 900))
    little.sale(ref, 2, ("tea", 500, 300), store=2)
    little.sale("", 1, BREAD)
    little.back(little.sale("", 1, BREAD), 1)
    little.sale("", 28, BREAD)
    little.settle()
    told = report(little, "baskets")
    assert value(told, "0 member", "average_ticket") == (2_500, 2)
    assert value(told, "1 member", "pieces_per_ticket") == (3_000, 1)
    assert value(told, "2 member", "pieces_per_ticket") == (1_000, 1)  # half a kilo is one piece
    assert value(told, "0 guest", "average_ticket") == (650, 1)
    assert told["dwell"]["text"] == "—"


def test_views_join_what_was_looked_at_with_what_tills_sold(little: Little) -> None:
    yes, no, early = little.person(), little.person(), little.person()
    for ref in (yes, yes, no, early):
        little.outside("browse", ref, noon(10), article="cake")
    little.sale(yes, 3, ("cake", 1_000, 9_000))
    little.sale(early, 12, ("cake", 1_000, 9_000))
    little.sale("", 2, ("cake", 2_000, 18_000))
    little.settle()
    told = report(little, "views")
    names = {name: value(told, "cake", name) for name in told["parts"]["cake"]}
    assert names == {"views": (4, 1), "viewers": (3, 1), "bought_after_view": (1, 3), "sold": (4_000, 1)}


def test_nothing_is_a_dash_not_a_zero(little: Little) -> None:
    little.settle()
    told = report(little, "repurchase")
    assert {one["text"] for one in told["parts"][""].values()} == {"—"}
    assert report(little, "channels")["parts"][""]["reachable_share"]["text"] == "—"
    assert report(little, "views")["parts"] == {}
    for name in reports.KEPT:
        for language in ("zh", "en"):
            assert reports.text(report(little, name), language)


def test_a_past_that_comes_in_later_is_told_the_same_day(little: Little) -> None:
    little.settle()
    ref = little.person()
    for ago in range(20):
        little.sale(ref, ago, BREAD)
    little.settle()
    assert value(report(little, "repurchase"), "", "annual_frequency") == (20, 1)


def test_verify_finds_a_row_that_is_not_what_it_is_made_of(grown: tuple[Little, list[str]]) -> None:
    little, refs = grown
    assert of_persons(little)

    def wrong() -> str:
        with little.database.reading() as conn:
            try:
                recount.check(conn)
            except PosError as error:
                return str(error.values["table"])
        return ""

    assert wrong() == ""
    for change, table in (
        (purchase.update().where(purchase.c.channel == "store").values(net=purchase.c.net + 1), "purchase"),
        (purchase.delete().where(purchase.c.channel == "store"), "purchase"),
        (person_figure.update().values(ltv=person_figure.c.ltv + 1), "person_figure"),
        (person_figure.delete(), "person_figure"),
    ):
        conn = little.database.engine.connect()
        with conn, conn.begin() as held:
            conn.execute(change)
            with pytest.raises(PosError) as caught:
                recount.check(conn)
            assert caught.value.values["table"] == table
            held.rollback()
    assert refs

"""A store's day at HQ as it changes: late data, claims, merges, voids, joins made offline, and what tills are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from posapp.calls import OpenFigureRequest
from posapp.clock import DAY, HOUR, MINUTE
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.figures import boards
from posapp.hq.figures.live import open_for_till
from posapp.hq.figures.recount import verify_figures
from posapp.hq.figures.tables import join_fact
from posapp.hq.joining import codes
from posapp.hq.joining.codes import Code, make_static
from posapp.hq.joining.join import Joining, join
from posapp.hq.joining.tables import joined
from posapp.hq.members.identity import Means, merge_persons, unmerge
from posapp.hq.members.staff import set_phone
from posapp.hq.members.tables import person, person_key
from posapp.hq.people import add_clerk, set_value
from posapp.hq.tables import feed as told_rows
from posapp.hq.tables import till_status
from posapp.hq.verify import verify
from posapp.rules.dictionary import Value
from posapp.rules.metrics import COMPLETE, FINAL, PROVISIONAL, UPDATED, Figures
from posapp.rules.phones import read_phone
from posapp.streams import DayRow
from posapp.sync.client import Answer
from posapp.till import Till
from posapp.wire import Request
from tests.joining import TERMS, follow, joins, means
from tests.shop import CASHIER, MANAGER, START, URL, Chain, last, play
from tests.till.test_members import BUN, MILK, code_of

DATE, NEXT = "2026-11-22", "2026-11-23"
OLD = "13800000001"


def figures(chain: Chain, date: str = DATE) -> Figures:
    with chain.database.reading() as conn:
        return boards.sums(conn, date, date, store=1)


def state(chain: Chain, date: str = DATE) -> str:
    with chain.database.reading() as conn:
        return boards.standings(conn, date, date, store=1)[0].state


def row(chain: Chain, date: str = DATE) -> DayRow | None:
    with chain.database.reading() as conn:
        data = conn.scalar(
            select(told_rows.c.data).where(
                told_rows.c.stream == "board", told_rows.c.scope == "store:1", told_rows.c.key == date
            )
        )
    return msgspec.json.decode(bytes(data), type=DayRow) if data else None


def at(chain: Chain, ms: int) -> None:
    chain.clock.set(START + ms)


def sells(till: Till, *lines: str, goods: str = BUN) -> str:
    """A ticket; the code on its receipt."""
    play(till, f"scan {goods}", *lines)
    view = till.join_view("receipt")
    token = view.token if view else ""
    assert last(till, "pay cash 20")["ok"]
    return token


def settled(chain: Chain, *tills: Till) -> None:
    for till in tills:
        till.sync()
    follow(chain)


def proved(chain: Chain) -> None:
    with chain.database.reading() as conn:
        assert verify_figures(conn) >= 9


def test_a_day_is_provisional_complete_updated_and_final(shop: Chain) -> None:
    one, other = shop.till(1), shop.till(2)
    joins(shop, OLD)
    at(shop, MINUTE)
    token = sells(one)
    sells(other)
    settled(shop, one)
    assert (figures(shop).tickets, state(shop)) == (1, PROVISIONAL)
    told = row(shop)
    assert told
    assert [number for number, _, _ in told.tills] == [1, 2]
    at(shop, DAY)
    settled(shop, one)
    assert state(shop) == PROVISIONAL  # the second till has not told it
    settled(shop, other, other)  # it says that nothing is left to send
    assert (figures(shop).tickets, figures(shop).walk_ins, state(shop)) == (2, 2, COMPLETE)
    told = row(shop)
    assert told
    assert (told.state, told.updated, told.tills) == (COMPLETE, 0, [])
    joins(shop, OLD, token)  # claimed by somebody who was a member before
    follow(shop)
    assert (figures(shop).walk_ins, state(shop)) == (1, UPDATED)
    told = row(shop)
    assert told
    assert (told.state, told.updated, told.day.all.walk_ins) == (UPDATED, shop.clock.now_ms(), 1)
    at(shop, 8 * DAY)
    follow(shop)
    assert state(shop) == FINAL
    proved(shop)


def test_what_comes_after_a_day_was_final_is_told_apart_and_changes_nothing(shop: Chain) -> None:
    one, other = shop.till(1), shop.till(2)
    sells(one)
    token = sells(other, goods=MILK)
    settled(shop, one)
    at(shop, 8 * DAY)
    settled(shop, one)
    before = figures(shop)
    assert (state(shop), before.tickets) == (FINAL, 1)
    settled(shop, other)
    assert figures(shop) == before
    with shop.database.reading() as conn:
        (standing,) = boards.standings(conn, DATE, DATE, store=1)
    assert (standing.state, standing.late, standing.late_net) == (FINAL, 1, 1290)
    told = row(shop)
    assert told
    assert (told.late, told.day.all.tickets) == (1, 1)
    joins(shop, OLD, token)
    follow(shop)
    assert figures(shop) == before
    proved(shop)
    assert verify(shop.database).error is None


def test_a_merge_changes_who_was_a_member_and_its_end_changes_it_back(
    shop: Chain,
) -> None:
    till = shop.till()
    old = joins(shop, OLD)
    at(shop, HOUR)
    code = code_of(last(till, f"scan {BUN}", "join"))
    new = joins(shop, "13900000001", code)
    till.sync()
    assert last(till, "pay cash 10")["ok"]
    settled(shop, till)
    assert (figures(shop).walk_ins, figures(shop).recognised, figures(shop).joins) == (1, 1, 1)
    with shop.database.transaction() as conn:
        merge_persons(conn, means(shop), old.ref, new.ref, "phone", "test")
    follow(shop)
    assert (figures(shop).walk_ins, figures(shop).recognised) == (0, 1)
    assert figures(shop).joins == 0  # one person joined once, when the first of the two accounts did
    proved(shop)
    with shop.database.transaction() as conn:
        unmerge(conn, means(shop), 1, "test")
    follow(shop)
    assert (figures(shop).walk_ins, figures(shop).converted, figures(shop).joins) == (1, 1, 1)
    proved(shop)


def test_two_who_joined_and_are_one_count_once_but_on_a_final_day(shop: Chain) -> None:
    till = shop.till()
    refs = []
    for phone in (OLD, "13900000001", "13900000002"):
        at(shop, HOUR)
        code = code_of(last(till, f"scan {BUN}", "join"))
        refs.append(joins(shop, phone, code).ref)
        till.sync()
        assert last(till, "pay cash 10")["ok"]
    settled(shop, till)
    assert figures(shop).joins == 3
    with shop.database.transaction() as conn:
        merge_persons(conn, means(shop), refs[1], refs[0], "phone", "test")
    follow(shop)
    assert figures(shop).joins == 2
    proved(shop)
    at(shop, 9 * DAY)
    settled(shop, till)
    assert (state(shop), figures(shop).joins) == (FINAL, 2)
    with shop.database.transaction() as conn:
        merge_persons(conn, means(shop), refs[2], refs[1], "phone", "test")
    follow(shop)
    assert figures(shop).joins == 2
    proved(shop)


def test_a_void_takes_its_ticket_out_and_a_clerks_own_purchase_is_none_of_a_walk_in(shop: Chain) -> None:
    till = shop.till()
    ref = joins(shop, OLD).ref
    sells(till)
    token = sells(till)
    receipt = last(till, f"scan {MILK}", "pay cash 20")["receipt"]
    settled(shop, till)
    assert (figures(shop).tickets, figures(shop).net, figures(shop).walk_ins) == (3, 650 + 650 + 1290, 3)
    play(till, f"void-sale {receipt} 重打", f"approve {' '.join(MANAGER)}")
    settled(shop, till)
    assert (figures(shop).tickets, figures(shop).net, figures(shop).refunds) == (2, 1300, 0)
    new = joins(shop, "13900000002", token)
    assert new.is_new
    follow(shop)
    assert (figures(shop).walk_ins, figures(shop).converted) == (2, 1)
    add_clerk(shop.database, shop.chance, 1002, "周婷", "lead", "418637", "chain")
    with shop.database.transaction() as conn:
        set_phone(conn, means(shop).vault, 1002, read_phone("13900000002"))
    follow(shop)
    assert (figures(shop).walk_ins, figures(shop).converted) == (1, 0)
    assert ref
    proved(shop)


def test_a_join_made_offline_counts_when_it_was_made(shop: Chain) -> None:
    till = shop.till()
    at(shop, 2 * HOUR)
    play(till, "network off", f"scan {BUN}", "assist 13912345678", "pay cash 10")
    at(shop, DAY)
    till.client.is_on = True
    till.sync()
    till.runner.once()
    settled(shop, till)
    with shop.database.reading() as conn:
        (said,) = conn.execute(select(joined)).all()
        when = conn.scalar(select(person.c.joined).where(person.c.ref == said.ref))
    assert when == said.at
    assert START + 2 * HOUR <= said.at < START + 3 * HOUR
    told = figures(shop)
    assert (told.joins, told.walk_ins, told.converted, told.recognised) == (1, 1, 1, 1)
    assert figures(shop, NEXT).joins == 0
    proved(shop)


def test_what_becomes_of_joins_ripens_after_their_day_is_final(shop: Chain) -> None:
    till = shop.till()
    token = sells(till)
    settled(shop, till)
    at(shop, MINUTE)
    ref = joins(shop, OLD, token).ref
    settled(shop, till)
    told = figures(shop)
    assert (told.joins, told.first, told.again, told.wecom) == (1, 1, 0, 0)
    with shop.database.transaction() as conn:
        now = shop.clock.now_ms() + 3 * HOUR
        key = {"kind": "external_userid", "hash": "x", "strength": "claimed", "source": "test", "added": now}
        conn.execute(person_key.insert().values(ref=ref, **key))
    at(shop, DAY)
    settled(shop, till)
    assert figures(shop).wecom == 1
    assert state(shop) == COMPLETE  # that is no change of the day
    at(shop, 20 * DAY)
    settled(shop, till)
    assert state(shop) == FINAL
    sells(till, f"member {OLD}")
    settled(shop, till)
    assert (figures(shop).first, figures(shop).again, state(shop)) == (1, 1, FINAL)
    at(shop, 45 * DAY)
    settled(shop, till)
    proved(shop)


def test_the_tills_are_told_nine_days_and_only_of_what_changed(shop: Chain) -> None:
    set_value(shop.database, "1", "join_target", "25")
    till = shop.till()
    sells(till)
    settled(shop, till)

    def versions() -> dict[str, int]:
        with shop.database.reading() as conn:
            held = select(told_rows.c.key, told_rows.c.v).where(
                told_rows.c.stream == "board", told_rows.c.data != feed.GONE
            )
            return {row.key: row.v for row in conn.execute(held)}

    before = versions()
    assert len(before) == 9
    assert max(before) == DATE
    told = row(shop)
    assert told
    assert (told.target, told.day.all.tickets, told.day.hour["8"].tickets) == (25, 1, 1)
    assert told.day.clerk["1001"].net == 650
    with shop.database.transaction() as conn:
        conn.execute(update(till_status).values(contact=till_status.c.contact + 1))
    follow(shop)
    assert versions() == before
    sells(till)
    settled(shop, till)
    after = versions()
    assert {date for date, v in after.items() if v != before[date]} == {DATE}
    at(shop, 6 * DAY)
    joins(shop, OLD)
    settled(shop, till)
    sells(till, f"member {OLD}")
    settled(shop, till)
    at(shop, 7 * DAY)
    settled(shop, till)
    told = row(shop, "2026-11-29")
    assert told
    assert (told.usual.weeks, told.usual.walk_ins, sum(told.usual.joins)) == (1, 2, 0)
    assert told.scores == [("visit_conversion", 1, 1)]  # of the day before
    assert DATE in versions()
    at(shop, 10 * DAY)
    settled(shop, till)
    assert DATE not in versions()
    assert len(versions()) == 9


def test_a_figure_opens_to_its_tickets_and_joins_with_masked_members(shop: Chain) -> None:
    till = shop.till()
    token = sells(till)
    settled(shop, till)
    joins(shop, OLD, token)
    sells(till, f"member {OLD}")
    settled(shop, till)
    answer = till.client.open_figure(DATE, "join_rate", "channel", "receipt")
    (item,) = answer.items
    assert (item.kind, item.channel, item.member, item.fen, answer.more) == ("join", "receipt", "张** 01", 650, 0)
    (ticket,) = till.client.open_figure(DATE, "conversion", "clerk", "1001").items
    assert (ticket.kind, ticket.receipt, ticket.member) == ("ticket", item.receipt, "")
    tickets = till.client.open_figure(DATE, "tickets", "all", "").items
    assert [one.member for one in tickets] == ["张** 01", ""]
    assert till.client.open_figure(DATE, "tickets", "clerk", "1002").items == []
    certificate: Any = till.keys.certificate
    for asked in (
        OpenFigureRequest(DATE, "scan_rate"),
        OpenFigureRequest(DATE, "nothing"),
        OpenFigureRequest(DATE, "tickets", "channel", "display"),
        OpenFigureRequest(DATE, "tickets", "clerk", "x"),
        OpenFigureRequest("2026-11-2x", "tickets"),
    ):
        with pytest.raises(PosError, match="bad_"):
            open_for_till(shop.database, certificate, asked)


def test_codes_count_once_on_the_day_they_were_opened(shop: Chain) -> None:
    till = shop.till()
    token = sells(till)
    settled(shop, till)
    with shop.database.transaction() as conn:
        stand = make_static(conn, shop.keys, "stand", shop.clock.now_ms(), store=1, till=1, clerk=1001)
    from posapp.hq.joining import codes

    def opens(text: str, session: str) -> None:
        with shop.database.transaction() as conn:
            now = shop.clock.now_ms()
            codes.note_open(conn, session, codes.read_code(conn, shop.keys, text, now), now)

    opens(token, "a")
    opens(token, "b")
    opens(stand, "a")
    opens(stand, "b")
    follow(shop)
    assert (figures(shop).opened, figures(shop).authorised, figures(shop).enrolled) == (2, 0, 0)
    at(shop, DAY)
    opens(token, "a")
    opens(token, "c")
    opens(stand, "a")
    opens(stand, "c")
    joins(shop, OLD, token, session="a")
    settled(shop, till)
    assert (figures(shop).opened, figures(shop).authorised, figures(shop).enrolled) == (2, 1, 1)
    assert (figures(shop, NEXT).opened, figures(shop, NEXT).enrolled) == (1, 0)
    with shop.database.reading() as conn:
        assert {row.date for row in conn.execute(select(join_fact))} == {NEXT}
    proved(shop)


def test_a_silent_store_has_its_age_and_no_zero(shop: Chain) -> None:
    till = shop.till()
    sells(till)
    settled(shop, till, till)
    now = shop.clock.now_ms()
    with shop.database.reading() as conn:
        (fresh,) = boards.stores(conn, now)
        (stale,) = boards.stores(conn, now + HOUR)
    assert (fresh.is_fresh, fresh.day.tickets, fresh.unsent) == (True, 1, 0)
    assert (stale.is_fresh, stale.day.tickets, stale.since, stale.heard) == (False, 1, fresh.since, now)


def test_a_till_that_has_not_called_in_yet_makes_nothing_old_or_provisional(shop: Chain) -> None:
    till = shop.till()
    sells(till)
    settled(shop, till, till)
    shop.enrol(2)
    now = shop.clock.now_ms()
    with shop.database.reading() as conn:
        (one,) = boards.stores(conn, now)
    assert (one.is_fresh, one.is_known, one.since, one.heard) == (True, True, now, now)
    assert (one.tills, one.unheard, one.fresh) == (2, 1, Value(1, 1))
    at(shop, DAY)
    settled(shop, till, till)
    assert state(shop) == COMPLETE


def test_a_till_has_called_in_before_it_knows_a_clerk(shop: Chain) -> None:
    asked: list[str] = []

    def carry(request: Request) -> Answer:
        asked.append(request.url.removeprefix(URL))
        if "/v1/hello" not in asked[-1]:
            return shop.carry(request)
        raise PosError("hq_unreachable", url=URL)

    till = shop.open(*shop.enrol(1), carry)
    asked.clear()
    with pytest.raises(PosError, match="hq_unreachable"):
        till.sync()
    assert asked == ["/v1/hello"]
    assert last(till, f"sign-in {' '.join(CASHIER)}")["ok"] is False


def test_counting_again_from_nothing_says_the_same(shop: Chain) -> None:
    till = shop.till()
    token = sells(till)
    settled(shop, till)
    joins(shop, OLD, token)
    sells(till, f"member {OLD}")
    settled(shop, till)
    before = figures(shop)
    from posapp.hq.figures import tables

    with shop.database.transaction() as conn:
        for table in (tables.fact, tables.join_fact, tables.code_fact, tables.tally, tables.tally_day, tables.counted):
            conn.execute(table.delete())
    follow(shop)
    assert figures(shop) == before
    proved(shop)
    assert isinstance(means(shop), Means)


# --- what has an instant and is seen later ---


@contextmanager
def written_before(chain: Chain, ms: int) -> Iterator[None]:
    """What is written here has taken its instant so long ago: a long transaction, or a machine whose clock is slow."""
    now = chain.clock.now_ms()
    chain.clock.set(now - ms)
    yield
    chain.clock.set(now)


def test_a_join_in_the_millisecond_of_the_last_look_is_counted_and_told(shop: Chain) -> None:
    till = shop.till()
    token = sells(till)
    settled(shop, till)
    joins(shop, OLD, token)
    follow(shop)
    told = row(shop)
    assert told
    assert (figures(shop).joins, told.day.all.joins) == (1, 1)


@pytest.mark.parametrize("hours", [0.2, 20])
def test_what_is_seen_long_after_its_instant_is_found_within_the_hour(shop: Chain, hours: float) -> None:
    till = shop.till()
    token = sells(till)
    settled(shop, till)
    at(shop, DAY)
    settled(shop, till)
    with written_before(shop, int(hours * HOUR)):
        joins(shop, OLD, token)
    follow(shop)
    at(shop, DAY + HOUR)
    follow(shop)
    assert figures(shop).converted == 1
    assert figures(shop).joins + figures(shop, NEXT).joins == 1
    proved(shop)


def test_a_join_after_hqs_clock_was_put_back_is_counted_at_once(shop: Chain) -> None:
    till = shop.till()
    token = sells(till)
    at(shop, 3 * HOUR)
    settled(shop, till)
    at(shop, 3 * HOUR - MINUTE)
    follow(shop)
    at(shop, 2 * HOUR)
    joins(shop, OLD, token)
    follow(shop)
    assert (figures(shop).joins, figures(shop).converted) == (1, 1)
    proved(shop)


def test_a_join_whose_transaction_is_open_while_others_are_counted_is_not_lost(shop: Chain) -> None:
    if shop.database.is_sqlite:
        pytest.skip("one writes after the other: nothing is counted meanwhile")
    till = shop.till()
    token, other = sells(till), sells(till)
    settled(shop, till)
    code = read_code(shop, token)
    with shop.database.transaction() as conn:
        join(conn, shop.keys, means(shop), Joining(read_phone(OLD), TERMS, code=code, session="slow"))
        at(shop, 10 * MINUTE)
        joins(shop, "13900000001", other)
        counting = shop.http.app.state.hq.counting  # type: ignore[attr-defined]
        assert not counting.step()
        assert figures(shop).joins == 1
        at(shop, 20 * MINUTE)
        assert not counting.step()
    at(shop, HOUR)
    follow(shop)
    assert figures(shop).joins == 2
    proved(shop)


def read_code(chain: Chain, token: str) -> Code:
    with chain.database.reading() as conn:
        return codes.read_code(conn, chain.keys, token, chain.clock.now_ms())

"""The till's own board: the metric dictionary's worked example from its journal, HQ's figures in its place, rights."""

from __future__ import annotations

import csv
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from posapp.board.day import LOCAL, STORE
from posapp.board.here import day_here
from posapp.calls import FigureItem, OpenFigureAnswer
from posapp.clock import DAY, HOUR, MINUTE, business_date
from posapp.errors import PosError
from posapp.hq.members.tables import person
from posapp.journal import entries
from posapp.messages import BoardExported
from posapp.rules.join_token import read
from posapp.rules.metrics import DayFigures, Figures, Usual
from posapp.streams import (
    ClerkCodeRow,
    DayRow,
    FeedbackRow,
    HookRow,
    LeadRow,
    MemberRow,
    RewardLine,
    RewardRow,
    SettingRow,
)
from posapp.tables import journal, kept
from posapp.till import Till
from tests.joining import follow, joins
from tests.shop import CASHIER, MANAGER, OTHER, START, Chain, entries_of, last, play, refused, sales_of

BUN, MILK = "6900000000011", "6900000000028"
TODAY = "2026-11-22"
D, D_STARTS = "2026-11-23", START + DAY
SIGN_IN = {
    role: f"sign-in {' '.join(who)}" for role, who in (("cashier", CASHIER), ("lead", OTHER), ("manager", MANAGER))
}


def pass_time(chain: Chain, ms: int) -> None:
    chain.clock.set(chain.clock.now_ms() + ms)


def sell(till: Till, *before: str) -> str:
    """A walk-in's ticket; its token."""
    answers = play(till, f"scan {BUN}", *before, "pay cash 10")
    assert all(answer["ok"] for answer in answers), answers
    return sales_of(till)[-1].join


def on_receipt(till: Till, token: str) -> str:
    assert till.books.tokens
    return till.books.tokens.on(token, "receipt")


def a_day(chain: Chain, till: Till) -> None:
    """Day D of domain.md 6: 210 completed tickets, 115 of walk-ins; 29 joins; 25 tickets whose own code led to one."""
    phones = iter(f"139{n:08d}" for n in range(10_000))
    members = [next(phones) for _ in range(12)]
    for phone in members:
        joins(chain, phone, session=phone)
    the_day_before = [sell(till) for _ in range(2)]
    till.sync()
    chain.clock.set(D_STARTS)
    for n in range(20):  # by the display, on the open ticket
        code = str(last(till, f"scan {BUN}", "join")["url"]).rsplit("/", 1)[1]
        joins(chain, next(phones), code, session=f"d{n}")
        till.sync()
        assert last(till, "pay cash 10")["member"]
        pass_time(chain, 10 * MINUTE)
    plain = [sell(till) for _ in range(100)]
    for n in range(90):
        sell(till, f"member {members[n % 5]}")
    play(till, "training on")
    play(till, "open-shift 0", *[line for _ in range(4) for line in (f"scan {BUN}", "pay cash 10")], "training off")
    sell(till)
    play(till, SIGN_IN["manager"], f"void-sale {till.receipts_of_day(1)[0].receipt} 顾客不要了", SIGN_IN["cashier"])
    till.sync()
    follow(chain)
    for token in (*plain[:4], *the_day_before):
        joins(chain, next(phones), on_receipt(till, token), session=token)
    for token, phone in zip(plain[10:15], members[5:10], strict=True):  # members claim what they bought
        joins(chain, phone, on_receipt(till, token), session=token)
    for n in range(3):  # at the counter, buying nothing
        joins(chain, next(phones), str(last(till, "reception")["token"]), session=f"c{n}")
    chain.clock.set(D_STARTS + 20 * HOUR)  # next morning
    joins(chain, next(phones), on_receipt(till, plain[20]), session="next morning")
    till.sync()


def test_the_worked_example_comes_out_from_the_till_s_own_journal(chain: Chain, till: Till) -> None:
    a_day(chain, till)
    play(till, SIGN_IN["manager"])
    told = last(till, f"board {D}")["local"]
    metrics = {name: metric["text"] for name, metric in told["metrics"].items()}
    assert (metrics["tickets"], metrics["walk_ins"], metrics["joins"]) == ("210", "115", "29")
    assert (metrics["join_rate"], metrics["conversion"]) == ("25.2%", "21.7%")
    assert {key: figures["joins"] for key, figures in told["channel"].items()} == {
        "display": 20,
        "receipt": 6,
        "reception": 3,
    }
    assert (told["figures"]["converted"], told["figures"]["first"]) == (25, 26)
    assert told["figures"]["recognised"] == 110  # 90 members' and the 20 who joined on their tickets
    assert told["clerk"][CASHIER[0]]["joins"] == 29
    counted = recount(chain, till, D)
    assert {name: told["figures"].get(name, 0) for name in counted} == counted
    for metric, count in (("walk_ins", 115), ("joins", 29), ("conversion", 25), ("tickets", 210)):
        figure = till.open_figure(metric, date=D, source=LOCAL)
        assert len(figure.items) + figure.more == count, metric
    follow(chain)
    till.sync()
    by_hq = last(till, f"board {D}")["store"]["metrics"]
    for metric, text in (
        ("tickets", "210"),
        ("walk_ins", "115"),
        ("joins", "29"),
        ("join_rate", "25.2%"),
        ("conversion", "21.7%"),
    ):
        assert by_hq[metric]["text"] == text
        figure = till.open_figure(metric, date=D)
        assert figure.source == STORE
        assert len(figure.items) + figure.more == {"join_rate": 29, "conversion": 25}.get(
            metric, int(text.rstrip("%").partition(".")[0])
        )


def recount(chain: Chain, till: Till, date: str) -> dict[str, int]:
    """The same sums by other means: SQL over the journal's JSON, members by HQ's own table."""
    with till.folder.till.reading() as conn:
        rows = conn.exec_driver_sql(
            "SELECT json_extract(CAST(header AS TEXT), '$.t'), json_extract(CAST(header AS TEXT), '$.eid'),"
            " CAST(body AS TEXT) FROM journal WHERE json_extract(CAST(header AS TEXT), '$.bd') = ?",
            (date,),
        ).all()
    bodies = [(kind, event, json.loads(body)) for kind, event, body in rows]
    voided = {body["sale"] for kind, _, body in bodies if kind == "refund.completed" and body["kind"] == "void"}
    sales = [body for kind, event, body in bodies if kind == "sale.completed" and event not in voided]
    with chain.database.reading() as conn:
        since = dict(conn.execute(select(person.c.ref, person.c.joined)).all())
    with till.folder.feed.reading() as conn:
        used = dict(conn.execute(select(kept.c.key, kept.c.data).where(kept.c.stream == "joins")).all())
    code_used = {stem: json.loads(data) for stem, data in used.items()}
    counts: Counter[str] = Counter()
    for sale in sales:
        row = code_used.get(read(sale["join"])[0].stem, {})
        is_new = row.get("is_new") == 1
        was_member = bool(sale.get("member")) and since[sale["member"]] < sale["opened"]
        is_claimed = not sale.get("member") and bool(row) and since[row["member"]] < sale["opened"]
        is_walk_in = not was_member and not is_claimed
        counts["tickets"] += 1
        counts["net"] += sum(tender["amount"] for tender in sale["tenders"])
        counts["walk_ins"] += is_walk_in
        counts["recognised"] += bool(sale.get("member"))
        counts["converted"] += is_walk_in and is_new and sale["opened"] <= row["at"] <= sale["paid"] + DAY
    settings = till.settings
    counts["joins"] = sum(
        row["is_new"] == 1 and business_date(row["at"], settings.time_zone, settings.cutover_hour) == date
        for row in code_used.values()
    )
    return dict(counts)


def test_the_board_of_a_full_day_stands_within_a_second(chain: Chain, till: Till) -> None:
    for _ in range(700):
        till.scan(BUN)
        till.pay("cash", till.sale.due)
    play(till, SIGN_IN["manager"])
    began = time.perf_counter()
    view = till.board()
    assert view.text("tickets") == "700"
    assert time.perf_counter() - began < 1.0


def test_a_code_that_stood_there_and_a_join_with_help_count_with_no_network(chain: Chain, till: Till) -> None:
    chain.publish("hooks", {("chain", "h"): HookRow(("入会", "Join"))})
    till.sync()
    play(till, "network off", f"scan {BUN}")
    view = till.join_view()
    assert view
    till.join_shown(view)
    pass_time(chain, 4_000)
    play(till, "assist 13812345678")
    play(till, "pay cash 10", f"scan {BUN}", "pay cash 10", SIGN_IN["manager"])
    told = last(till, "board")["local"]
    assert told["figures"]["shown"] == told["figures"]["joins"] == told["figures"]["first"] == 1
    assert (told["figures"]["walk_ins"], told["metrics"]["join_rate"]["text"]) == (2, "50.0%")
    assert told["channel"] == {"assisted": {"joins": 1, "first": 1}}
    assert told["funnel"]["opened"] is None  # nobody here can know
    (join,) = last(till, "open-figure joins")["items"]
    assert (join["channel"], join["member"]) == ("assisted", "*** 78")


def test_who_was_a_member_already_is_no_join_once_hq_has_told_who_it_is(chain: Chain, till: Till) -> None:
    pass_time(chain, HOUR)
    play(till, "network off", f"scan {BUN}", "assist 13812345678", "pay cash 10", SIGN_IN["manager"])
    assert last(till, "board")["local"]["figures"]["joins"] == 1
    known = MemberRow("张", "78", START + HOUR, START, aliases=[sales_of(till)[-1].member])
    chain.publish("members", {("store:1", "known"): known})
    play(till, "network on")
    till.sync()
    told = last(till, "board")["local"]["figures"]
    assert (told.get("joins", 0), told.get("walk_ins", 0), told["recognised"]) == (0, 0, 1)


def test_a_restored_till_counts_what_it_holds_once(chain: Chain, till: Till) -> None:
    sell(till)
    folder, state = till.folder.path, till.state_folder
    chain.shut(till)
    (state / "mark").write_text("")
    again = chain.open(folder, state)
    again.sync()
    play(again, SIGN_IN["manager"])
    sell(again)
    assert last(again, "board")["local"]["figures"]["tickets"] == 2


def test_what_was_written_again_into_a_new_journal_counts_once(chain: Chain, till: Till) -> None:
    sell(till)
    with till.folder.till.reading() as conn:
        again = entries(conn, till.journal.head.epoch, 1)
    till.journal.open_epoch("fork", till.journal.head, again)
    sell(till)
    play(till, SIGN_IN["manager"])
    assert last(till, "board")["local"]["figures"]["tickets"] == 2


def day_row(date: str, made: int, joined: int = 47, **more: Any) -> DayRow:
    whole = Figures(tickets=300, net=900_000, walk_ins=200, joins=joined, shown=150, opened=90, authorised=70)
    clerks = {"1001": Figures(walk_ins=150, joins=40), "1002": Figures(walk_ins=20, joins=7)}
    hours = {"9": Figures(walk_ins=120, joins=30), "10": Figures(walk_ins=80, joins=17)}
    return DayRow(date, made, more.pop("state", "provisional"), DayFigures(whole, clerks, hours), **more)


def test_hq_s_figures_stand_in_place_of_the_till_s_and_say_how_old_they_are(chain: Chain, till: Till) -> None:
    sell(till)
    now = chain.clock.now_ms()
    usual = Usual(4, 800, [0] * 4 + [50, 150])
    row = day_row(TODAY, now, target=25, usual=usual, tills=[(1, now, 5), (2, now, 3)])
    chain.publish("board", {("store:1", TODAY): row, ("store:1", "2026-11-21"): day_row("2026-11-21", now, 40)})
    play(till, SIGN_IN["manager"])
    assert till.board().source == LOCAL
    till.sync()
    view = till.board()
    assert (view.source, view.text("join_rate"), view.day.all.walk_ins) == (STORE, "23.5%", 200)
    assert (view.target, view.unsent, view.tills) == (25, 3, ((2, now, 3),))
    assert view.progress
    assert view.progress.top * 100 // view.progress.bottom == 376  # 47 of the 12.5 that an hour begun makes
    assert view.yesterday.figures
    assert view.week.figures is None
    assert till.board(source=LOCAL).day.all.tickets == 1
    play(till, "network off")
    pass_time(chain, 2 * HOUR)
    later = till.board()
    assert (later.text("join_rate"), later.now - later.as_of) == ("23.5%", 2 * HOUR)


def test_before_hq_was_ever_heard_the_till_compares_with_its_own_days(chain: Chain, till: Till) -> None:
    sell(till)
    chain.clock.set(START + DAY)
    sell(till)
    sell(till)
    play(till, SIGN_IN["manager"])
    view = till.board()
    assert view.day.all.tickets == 2
    assert view.yesterday.figures
    assert view.yesterday.figures.all.tickets == 1
    assert view.week.figures is None
    assert till.board("2026-11-22").day.all.tickets == 1
    assert last(till, "board 2026-11-20")["local"]["metrics"]["tickets"]["text"] == "—"
    for date in ("yesterday", "0001-01-01", "1999-12-31", "9999-12-31", "2026-02-30", "2026-W47-7"):
        assert refused(till, f"board {date}") == "bad_date"
        with pytest.raises(PosError, match="bad_date"):
            till.open_figure("joins", date=date)
        with pytest.raises(PosError, match="bad_date"):
            till.export_board("复盘", date=date)
    assert last(till, "board 2000-01-01")["ok"]
    assert refused(till, "board 2027-01-01") == "day_to_come"


# --- who may ---


def test_a_cashier_looks_at_the_board_only_where_somebody_lends_it_and_only_so_long(till: Till) -> None:
    for line in ("board", "open-figure joins", "todos", "export-board 复盘"):
        assert refused(till, line) == "needs_approval"
    assert last(till, "board", f"approve {' '.join(OTHER)}")["ok"]
    assert till.board().source == LOCAL  # the same look
    till.leave_board()
    assert refused(till, "board") == "needs_approval"
    assert last(till, "mine")["ok"]
    play(till, SIGN_IN["lead"])
    assert last(till, "board")["ok"]
    assert refused(till, "export-board 复盘") == "needs_approval"


def test_nobody_looks_at_the_next_clerk_s_expense(till: Till) -> None:
    play(till, SIGN_IN["manager"])
    till.board()
    play(till, SIGN_IN["cashier"])
    assert refused(till, "board") == "needs_approval"


def test_an_export_names_no_person_and_no_small_group_and_is_journaled(chain: Chain, till: Till) -> None:
    now = chain.clock.now_ms()
    channels = {"display": Figures(joins=40), "receipt": Figures(joins=7), "reception": Figures(joins=3)}
    row = day_row(TODAY, now, 50)
    row.day.channel = channels
    chain.publish("board", {("store:1", TODAY): row})
    till.sync()
    play(till, SIGN_IN["lead"])
    for reason, code in (
        ("''", "needs_reason"),
        ("'给 13812345678 看'", "text_has_number"),
        ("x" * 101, "text_too_long"),
    ):
        assert refused(till, f"export-board {reason}") == code
    asked = play(till, "export-board 店内复盘", f"approve {' '.join(MANAGER)}")
    assert [answer["ok"] for answer in asked] == [False, True]
    file = till.folder.path / "exports" / f"board-{TODAY}-080000-store.csv"
    lines = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    by_channel = {line["项目"]: line["新增入会"] for line in lines if line["分组"] == "渠道"}
    assert by_channel == {"客显": "40", "小票": "*", "咨询": "*"}
    assert not list(file.parent.glob("*.part"))
    header, body = next((header, body) for header, body in entries_of(till) if isinstance(body, BoardExported))
    assert body == BoardExported("board store", TODAY, "店内复盘", len(lines))
    assert (header.clerk, header.by) == (int(OTHER[0]), int(MANAGER[0]))
    with till.folder.till.reading() as conn:
        assert conn.execute(select(journal.c.place)).all()


def test_an_export_that_cannot_be_written_leaves_no_entry(chain: Chain, till: Till) -> None:
    play(till, SIGN_IN["manager"])
    (till.folder.path / "exports").write_text("a file where the folder would be")
    assert refused(till, "export-board 复盘") == "cannot_write"
    assert not [body for _, body in entries_of(till) if isinstance(body, BoardExported)]


def test_practice_is_in_no_figure_and_the_real_day_is_seen_from_it(till: Till) -> None:
    sell(till)
    play(till, SIGN_IN["manager"], "training on", "open-shift 0", f"scan {BUN}", "pay cash 10")
    assert last(till, "board")["local"]["figures"]["tickets"] == 1
    (file,) = [last(till, "export-board 复盘")["file"]]
    assert Path(file).parent.parent == till._real.folder.path


# --- a figure opens ---


def test_a_figure_of_the_store_is_opened_by_hq_or_by_the_till_where_hq_is_away(
    chain: Chain, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(till)
    now = chain.clock.now_ms()
    chain.publish("board", {("store:1", TODAY): day_row(TODAY, now)})
    till.sync()
    play(till, SIGN_IN["manager"])
    asked = []

    def answer(date: str, metric: str, axis: str, key: str) -> OpenFigureAnswer:
        asked.append((date, metric, axis, key))
        return OpenFigureAnswer([FigureItem("join", now, 2, 1002, channel="display", member="王**")], 46)

    monkeypatch.setattr(till.client, "open_figure", answer)
    figure = till.open_figure("join_rate", "clerk", "1002")
    assert asked == [(TODAY, "join_rate", "clerk", "1002")]
    assert (figure.source, figure.items[0].till, figure.more, figure.is_away) == (STORE, 2, 46, False)
    assert (figure.formula[0], figure.version, figure.beside) == ("店内渠道新增入会 ÷ 非会员交易", 1, "walk_ins")

    def away(*asked: str) -> OpenFigureAnswer:
        raise PosError("hq_unreachable", url="-")

    monkeypatch.setattr(till.client, "open_figure", away)
    figure = till.open_figure("walk_ins")
    assert (figure.source, figure.is_away, len(figure.items)) == (LOCAL, True, 1)
    assert till.open_figure("scan_rate").opens == ""
    assert till.open_figure("walk_ins", source=LOCAL).is_away is False


@pytest.mark.parametrize("line", ["open-figure nothing", "open-figure ltv", "open-figure joins person x"])
def test_what_is_no_figure_is_told(till: Till, line: str) -> None:
    play(till, SIGN_IN["manager"])
    assert refused(till, line) == "no_figure"
    assert refused(till, "open-figure joins clerk") == "bad_usage"


def test_an_opened_figure_holds_whom_it_says(chain: Chain, till: Till) -> None:
    sell(till)
    pass_time(chain, 2 * HOUR)
    play(till, SIGN_IN["lead"])
    sell(till)
    play(till, SIGN_IN["manager"])
    (mine,) = last(till, f"open-figure tickets clerk {OTHER[0]}")["items"]
    (early,) = last(till, "open-figure tickets hour 8")["items"]
    assert mine["receipt"] != early["receipt"]
    assert last(till, "open-figure tickets hour 3")["items"] == []


# --- to-dos, the clerk's own page ---


def test_what_waits_for_somebody_stands_in_its_order(chain: Chain, till: Till) -> None:
    now = chain.clock.now_ms()
    chain.publish("leads", {
        ("store:1", "a"): LeadRow("m", ("回访李**", "Call L**"), now + HOUR),
        ("store:1", "b"): LeadRow("m", ("回访王**", "Call W**"), now - HOUR, 1001),
    })  # fmt: skip
    chain.publish("feedback", {
        ("store:1", "f"): FeedbackRow("goods", "想要无糖面包", 1001, now, "open"),
        ("store:1", "g"): FeedbackRow("shop", "太冷", 1001, now - HOUR, "answered", "周宁", "已调高", now),
    })  # fmt: skip
    till.sync()
    play(till, SIGN_IN["manager"])
    kinds = [(one.kind, one.tone) for one in till.todos()]
    assert kinds == [("lead", "warning"), ("lead", "caution"), ("feedback", "good"), ("feedback", "")]
    chain.publish("clerk_codes", {("store:1", "1001.badge"): ClerkCodeRow(1001, "badge", "https://example.com")})
    till.sync()
    play(till, f"scan {BUN}", "pay static 6.50")
    told = last(till, "todos")["todos"]
    assert [one["kind"] for one in told] == [
        "lead",
        "lead",
        "unmatched",
        "unsent",
        "clerk",
        "clerk",
        "feedback",
        "feedback",
    ]
    assert {one["title"] for one in told if one["kind"] == "clerk"} == {"周婷 还没有店员码", "何志远 还没有店员码"}


def test_a_clerk_sees_their_own_joins_at_once_and_hq_s_account_with_its_reasons(chain: Chain, till: Till) -> None:
    token = sell(till)
    till.sync()
    follow(chain)
    joins(chain, "13812345678", on_receipt(till, token))
    till.sync()
    mine = last(till, "mine")
    assert (mine["today"], mine["items"][0]["channel"]) == (1, "receipt")
    assert "amount" not in mine
    now = chain.clock.now_ms()
    lines = [RewardLine(now, "join", 300), RewardLine(now, "excluded", 0, "own_phone"), RewardLine(now, "x", 0, "y")]
    rule = ("每个有效入会 3 元", "3 yuan a join")
    chain.publish("rewards", {("store:1", "1001"): RewardRow("2026-11", 1, 0, 300, rule, lines, now)})
    till.sync()
    play(till, "network off")
    mine = last(till, "mine")
    assert (mine["amount"], mine["joins"], mine["rule"]) == ("3.00", 1, "每个有效入会 3 元")
    assert [(line["kind"], line["why"]) for line in mine["lines"]] == [
        ("入会", ""),
        ("不计奖励", "是员工自己的手机号"),
        ("x", "y"),
    ]
    play(till, SIGN_IN["lead"])
    assert last(till, "mine")["today"] == 0


def test_codes_of_other_days_and_tills_are_left_alone(chain: Chain, till: Till) -> None:
    other = chain.till(2)
    token = sell(other)
    other.sync()
    follow(chain)
    joins(chain, "13812345678", on_receipt(other, token))
    till.sync()
    other.sync()
    for one, count in ((till, 0), (other, 1)):
        day = day_here(one.folder, one._slice, TODAY, one.settings)
        assert len(day.joins) == count


def test_a_target_is_told_and_no_progress_by_the_till_alone(chain: Chain, till: Till) -> None:
    chain.publish("settings", {("chain", "join_target"): SettingRow("25")})
    till.sync()
    play(till, SIGN_IN["manager"])
    view = till.board()
    assert (view.target, view.progress) == (25, None)

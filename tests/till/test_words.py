"""The words around a join code: what HQ wrote for this weekday, basket and guest, and the name of what was shown."""

from __future__ import annotations

from dataclasses import replace

from drivers.contracts import Qr
from posapp.clock import parse_instant
from posapp.hq.people import set_value
from posapp.messages import JoinShown
from posapp.rules.receipt import Customer, document
from posapp.selling import receipt as receipts
from posapp.streams import ClerkCodeRow, HookRow
from posapp.till import Till
from tests.joining import joins
from tests.shop import Chain, entries_of, last, play, sales_of
from tests.till.test_members import BUN, PHONE

WEDNESDAY, THURSDAY = "2026-11-25T10:00:00+08:00", "2026-11-26T10:00:00+08:00"


def hang(chain: Chain, till: Till, **hooks: HookRow) -> None:
    chain.publish("hooks", {("chain", name): row for name, row in hooks.items()})
    till.sync()


def at(chain: Chain, instant: str) -> None:
    chain.clock.set(parse_instant(instant, "Asia/Shanghai"))


def title(till: Till) -> tuple[str, str]:
    view = till.join_view()
    assert view
    return view.title, view.hook


def test_words_come_by_weekday_and_basket(chain: Chain, till: Till) -> None:
    hang(
        chain,
        till,
        wed=HookRow(("每周三专属折扣", "Wednesdays for members"), weekdays=[3], place=2),
        large=HookRow(("大单入会送礼", "A gift with large tickets"), least=5_000, place=1),
        plain=HookRow(("入会积 {points} 分", "Join for {points} points"), place=3),
    )
    at(chain, WEDNESDAY)
    play(till, f"scan {BUN}")
    assert title(till) == ("每周三专属折扣", "wed")
    play(till, "qty 1 8")
    assert title(till) == ("大单入会送礼", "large")
    play(till, "qty 1 1")
    at(chain, THURSDAY)
    assert title(till) == ("入会积 6 分", "plain")


def test_two_variants_take_turns_and_a_ticket_keeps_its_own(chain: Chain, till: Till) -> None:
    hang(chain, till, a=HookRow(("甲", "A"), place=1), b=HookRow(("乙", "B"), place=1))
    seen = set()
    for _ in range(12):
        play(till, f"scan {BUN}")
        shown = title(till)
        play(till, f"scan {BUN}")
        assert title(till) == shown
        seen.add(shown[1])
        play(till, "cancel")
    assert seen == {"a", "b"}


def test_what_was_shown_long_enough_is_told_with_the_sale_by_its_variant(chain: Chain, till: Till) -> None:
    hang(chain, till, a=HookRow(("甲", "A"), place=1), paper=HookRow(("纸上", "On paper"), surface="receipt", place=1))
    for seconds in (2, 3):
        play(till, f"scan {BUN}")
        view = till.join_view()
        assert view
        till.join_shown(view)
        chain.clock.set(chain.clock.now_ms() + seconds * 1000)
        play(till, "pay cash 10")
    shown = [body for _, body in entries_of(till) if isinstance(body, JoinShown)]
    assert [(held.hook, held.surface, held.seconds, held.token) for held in shown] == [
        ("a", "display", 3, sales_of(till)[-1].join)
    ]
    assert [sale.hook for sale in sales_of(till)] == ["paper", "paper"]


def test_a_members_ticket_asks_nobody_to_join(chain: Chain, till: Till) -> None:
    hang(chain, till, a=HookRow(("甲", "A"), place=1))
    joins(chain, PHONE)
    play(till, f"scan {BUN}", f"member {PHONE}")
    assert till.join_view() is None
    play(till, "pay cash 10")
    assert sales_of(till)[-1].hook == ""


def test_practice_asks_nobody(till: Till) -> None:
    play(till, "training on", "open-shift 0", f"scan {BUN}")
    assert till.join_view() is None
    assert last(till, "join")["error"]["code"] == "no_join_code"


def test_a_receipt_carries_the_citys_group_where_the_store_says_so(chain: Chain, till: Till) -> None:
    chain.publish("clerk_codes", {("store:1", "0.group"): ClerkCodeRow(0, "group", "https://work.weixin.example/g/sh")})
    till.sync()
    assert till._group_code() == ""
    set_value(chain.database, "chain", "receipt_group", "on")
    till.sync()
    assert till._group_code() == "https://work.weixin.example/g/sh"
    play(till, f"scan {BUN}", "pay cash 10")
    sold = replace(receipts.find(till.folder, sale_number(till)), customer=Customer(group=till._group_code()))
    assert Qr("https://work.weixin.example/g/sh") in document(sold, till.settings)


def sale_number(till: Till) -> str:
    return till.receipts_of_day(1)[0].receipt

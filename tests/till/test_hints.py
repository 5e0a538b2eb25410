"""The hint for a member on the ticket: shown once, answered or not, never beyond its life; card, suggested articles."""

from __future__ import annotations

from typing import Any

import pytest

from posapp.calls import FindMemberAnswer
from posapp.clock import DAY
from posapp.hq import feed
from posapp.hq.people import set_value
from posapp.messages import AddonShown, HintShown
from posapp.rules.consents import PERSONAL
from posapp.rules.rfm import SLEEPING
from posapp.selling.drafts import Drafts
from posapp.streams import Addon, Benefit, CardOrder, CardRow, ChipRow, HintRow, MemberRow
from posapp.till import Till
from tests.shop import START, Chain, entries_of, last, play, refused, sales_of

BUN, MILK, LIPSTICK, EGG = "6900000000011", "6900000000028", "6900000000035", "6900000000066"
REF, OTHER = "m-1", "m-2"
LATER = START + 30 * DAY
GIFT = Benefit("b-1", "amount", ("唤醒礼10元", "10 yuan back"), 1000, 500, waits=1)
ASLEEP = HintRow(
    "h-1",
    "dormant",
    ("97天未到店 · 有唤醒礼10元", "Away 97 days"),
    ("好久不见", "Long time"),
    2,
    "b-1",
    START,
    LATER,
    "f-1",
)
BROWSED = HintRow("h-2", "browsed", ("看过山茶花面霜3次", "Looked at the cream"), ends=LATER)


def member(tail: str = "78", *benefits: Benefit, personal: int = 1) -> MemberRow:
    return MemberRow(
        "张",
        tail,
        START,
        START - 100 * DAY,
        benefits=list(benefits),
        consents={"terms": 1, PERSONAL: personal},
        consents_at={PERSONAL: START},
    )


def tell(chain: Chain, till: Till, **streams: dict[str, Any]) -> None:
    """HQ publishes rows for the store, and the till takes them in."""
    with chain.database.transaction() as conn:
        rows = {name: {("store:1", key): row for key, row in held.items()} for name, held in streams.items()}
        feed.publish(conn, rows)
    till.sync()


def outcomes(till: Till) -> list[str]:
    return [body.outcome for _, body in entries_of(till) if isinstance(body, HintShown)]


@pytest.fixture
def asleep(chain: Chain, till: Till) -> str:
    tell(chain, till, members={REF: member("78", GIFT), OTHER: member("79")}, hints={REF: ASLEEP})
    return REF


def test_a_hint_comes_with_its_member_and_its_key_applies_what_waited_for_it(till: Till, asleep: str) -> None:
    told = last(till, f"scan {BUN}", f"choose-member {asleep}")
    assert told["hint"] == {
        "id": "h-1",
        "scene": "dormant",
        "prompt": "97天未到店 · 有唤醒礼10元",
        "script": "好久不见",
        "version": 2,
        "applies": "唤醒礼10元",
    }
    assert told["benefits"] == []
    assert till.ticket().due.fen == 650
    assert last(till, "hint accept")["benefits"] == [{"name": "唤醒礼10元", "is_usable": True, "missing": "0.00"}]
    assert till.ticket().due.fen == 0
    assert outcomes(till) == ["accepted"]
    assert "hint" not in last(till, f"scan {LIPSTICK}", "hint")
    assert refused(till, "hint accept") == refused(till, "hint decline") == "no_hint"
    play(till, "pay cash 100")
    (sale,) = sales_of(till)
    assert [(why.kind, why.id) for line in sale.lines for why in line.why] == [("benefit", "b-1")] * 2
    assert (sale.total, outcomes(till)) == (650 + 8900 - 1000, ["accepted"])


def test_what_is_put_away_changes_no_price_and_does_not_come_again_here(chain: Chain, till: Till, asleep: str) -> None:
    play(till, f"scan {BUN}", f"choose-member {asleep}")
    chain.clock.set(chain.clock.now_ms() + 7_000)
    assert last(till, "hint decline").get("hint") is None
    play(till, "pay cash 10", f"scan {BUN}", f"choose-member {asleep}")
    assert (till.hint(), till.ticket().due.fen) == (None, 650)
    (body,) = [body for _, body in entries_of(till) if isinstance(body, HintShown)]
    assert (body.member, body.outcome, body.seconds, bool(body.ticket)) == (asleep, "declined", 7, True)
    play(till, "cancel")
    tell(chain, till, hints={asleep: BROWSED})
    play(till, f"choose-member {asleep}")
    assert till.hint()  # another one is


@pytest.mark.parametrize("end", ["pay cash 10", "cancel", "drop-member", f"choose-member {OTHER}"])
def test_a_hint_that_nobody_answers_is_told_as_ignored_when_its_ticket_or_member_goes(
    till: Till, asleep: str, end: str
) -> None:
    play(till, f"scan {BUN}", f"choose-member {asleep}")
    assert outcomes(till) == []
    assert last(till, end)["ok"]
    assert outcomes(till) == ["ignored"]
    play(till, f"scan {BUN}", "pay cash 20", f"choose-member {asleep}")
    assert till.hint()  # it was not answered, so it may come again with another ticket


def test_a_member_who_leaves_before_any_goods_ignores_it_too(till: Till, asleep: str) -> None:
    play(till, f"choose-member {asleep}", "cancel")
    assert outcomes(till) == ["ignored"]


def test_one_hint_a_ticket_whoever_stands_on_it(chain: Chain, till: Till, asleep: str) -> None:
    tell(chain, till, hints={OTHER: BROWSED})
    play(till, f"scan {BUN}", f"choose-member {asleep}", f"choose-member {OTHER}")
    assert till.hint() is None
    play(till, "cancel", f"choose-member {OTHER}")
    assert till.hint()


def test_nothing_is_shown_beyond_its_life_also_offline(chain: Chain, till: Till, asleep: str) -> None:
    play(till, "network off", f"scan {BUN}", f"choose-member {asleep}")
    chain.clock.set(LATER - 1)
    assert till.hint()
    chain.clock.set(LATER)
    assert till.hint() is None
    assert refused(till, "hint accept") == "no_hint"
    play(till, "pay cash 10")
    assert outcomes(till) == ["ignored"]


def test_an_old_hint_is_not_found_again_offline(chain: Chain, till: Till, asleep: str) -> None:
    play(till, "network off")
    chain.clock.set(START + 20 * DAY)
    assert last(till, f"choose-member {asleep}")["hint"]
    play(till, "drop-member", f"scan {BUN}", "cancel")
    chain.clock.set(LATER + 1)
    assert "hint" not in last(till, f"choose-member {asleep}")


@pytest.mark.parametrize("scene", ["browsed", "chatted", "ordered"])
def test_without_consent_nothing_is_said_of_what_they_did_elsewhere(chain: Chain, till: Till, scene: str) -> None:
    seen = HintRow("h-9", scene, ("看过", "Seen"), ends=LATER)
    tell(chain, till, members={REF: member(personal=0), OTHER: member("79")}, hints={REF: seen, OTHER: seen})
    assert "hint" not in last(till, f"scan {BUN}", f"choose-member {REF}")
    play(till, "cancel")
    assert last(till, f"scan {BUN}", f"choose-member {OTHER}")["hint"]["scene"] == scene
    chain.clock.set(chain.clock.now_ms() + 1_000)
    assert "hint" not in last(till, f"consent {PERSONAL} off")  # at once, before HQ has heard of it
    play(till, "cancel")
    assert "hint" not in last(till, f"choose-member {OTHER}")


def test_who_is_asleep_is_told_without_that_consent(chain: Chain, till: Till) -> None:
    tell(chain, till, members={REF: member("78", GIFT, personal=0)}, hints={REF: ASLEEP})
    assert last(till, f"choose-member {REF}")["hint"]["id"] == "h-1"


def test_a_hint_that_comes_later_reaches_the_open_ticket_with_its_benefit(chain: Chain, till: Till) -> None:
    tell(chain, till, members={REF: member()})
    play(till, f"scan {BUN}", f"choose-member {REF}")
    assert till.hint() is None
    tell(chain, till, members={REF: member("78", GIFT)}, hints={REF: ASLEEP})
    assert last(till, "hint")["hint"]["id"] == "h-1"
    play(till, "hint accept")
    assert till.ticket().due.fen == 0


def test_a_hint_that_hq_takes_back_goes_and_is_told_as_ignored(chain: Chain, till: Till, asleep: str) -> None:
    play(till, f"scan {BUN}", f"choose-member {asleep}")
    tell(chain, till, hints={asleep: None})
    assert "hint" not in last(till, "hint")
    assert outcomes(till) == ["ignored"]
    play(till, "pay cash 10")
    assert outcomes(till) == ["ignored"]


def test_once_money_was_taken_nothing_changes_the_amount(till: Till, asleep: str) -> None:
    play(till, f"scan {BUN}", f"choose-member {asleep}", "pay cash 1")
    assert refused(till, "hint accept") == "tender_begun"
    assert (till.ticket().due.fen, outcomes(till)) == (550, [])
    assert last(till, "hint decline")["ok"]


def test_the_clerk_can_be_spared_the_lines(chain: Chain, till: Till, asleep: str) -> None:
    set_value(chain.database, "1", "hint_scripts", "off")
    till.sync()
    told = last(till, f"choose-member {asleep}")["hint"]
    assert (told["prompt"], told["script"]) == ("97天未到店 · 有唤醒礼10元", "")


def test_practice_shows_and_writes_none_of_it(chain: Chain, till: Till, asleep: str) -> None:
    play(till, "training on", "open-shift 0", f"scan {BUN}", f"choose-member {asleep}")
    assert (till.hint(), till.addons()) == (None, [])
    play(till, "pay cash 10")
    assert outcomes(till) == []
    play(till, "training off")
    assert outcomes(till) == []


def test_a_restart_leaves_the_hint_as_it_stood(chain: Chain) -> None:
    data, state = chain.enrol(3)
    till = chain.open(data, state)
    till.sync()
    tell(chain, till, members={REF: member("78", GIFT)}, hints={REF: ASLEEP})
    play(till, "sign-in 1001 739205", "open-shift 0", f"scan {BUN}", f"choose-member {REF}")
    chain.shut(till)
    till = chain.open(data, state)
    assert till.hint()
    play(till, "sign-in 1001 739205", "hint accept")
    chain.shut(till)
    till = chain.open(data, state)
    assert (till.hint(), till.ticket().due.fen) == (None, 0)
    play(till, "sign-in 1001 739205", "pay cash 1")
    assert outcomes(till) == ["accepted"]


def test_a_kill_between_the_answer_and_the_draft_keeps_the_answer(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, state = chain.enrol(3)
    till = chain.open(data, state)
    till.sync()
    tell(chain, till, members={REF: member("78", GIFT)}, hints={REF: ASLEEP})
    play(till, "sign-in 1001 739205", "open-shift 0", f"scan {BUN}", f"choose-member {REF}")

    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Drafts, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            till.accept_hint()
    chain.shut(till)
    till = chain.open(data, state)
    assert (outcomes(till), till.hint(), till.ticket().due.fen) == (["accepted"], None, 0)


def test_a_parked_ticket_keeps_its_hint_and_what_was_accepted(till: Till, asleep: str) -> None:
    play(till, f"scan {BUN}", f"choose-member {asleep}", "park", "recall")
    assert till.hint()
    play(till, "hint accept", "park", "recall")
    assert (till.hint(), till.ticket().due.fen) == (None, 0)


# --- the card ---


def test_the_place_says_segment_owner_and_titles_until_they_expire(chain: Chain, till: Till) -> None:
    titles = [
        ("tea", "茶友", "Tea friend", START + DAY),
        ("old", "旧衔", "Old", START - 1),
        ("vip", "会长", "Chair", 0),
    ]
    card = CardRow(1002, SLEEPING, titles, START - 97 * DAY)
    tell(chain, till, members={REF: member()}, cards={REF: card})
    told = last(till, f"choose-member {REF}")
    assert (told["segment"], told["owner"], told["titles"], told["away"]) == (
        ["sleeping", "沉睡"],
        "周婷",
        ["茶友", "会长"],
        97,
    )
    chain.clock.set(START + DAY)
    assert till.guest().titles == ("会长",)  # type: ignore[union-attr]
    tell(chain, till, cards={REF: CardRow(1001, "active")})  # a transfer, a purchase: seen at once
    assert (till.guest().owner, till.guest().segment[1]) == ("林小满", "活跃")  # type: ignore[union-attr]


def test_the_card_has_three_blocks_and_none_of_what_they_did_without_consent(chain: Chain, till: Till) -> None:
    card = CardRow(
        likes=["牛角包"],
        orders=[CardOrder(START - n * DAY, 100 * n, ["牛角包", "鲜奶"]) for n in (1, 2, 3)],
        visits=12,
        weekday=3,
        expected="2026-11-25",
    )
    size = ChipRow(("尺码", "Size"), [("l", "大码", "Large")])
    row = member()
    row.chips = {"size": "l"}
    tell(chain, till, members={REF: row}, cards={REF: card}, chips={"size": size})
    assert refused(till, "card") == "no_member"
    told = last(till, f"choose-member {REF}", "card")
    assert (told["chips"], told["likes"], len(told["orders"]), told["leads"]) == ([["尺码", "大码"]], ["牛角包"], 3, [])
    assert told["orders"][0] == {"at": START - DAY, "total": "1.00", "goods": ["牛角包", "鲜奶"], "store": 0}
    chain.clock.set(chain.clock.now_ms() + 1_000)
    told = last(till, f"consent {PERSONAL} off", "card")
    assert (told["is_personal"], told["likes"], told["orders"]) == (False, [], [])


def test_a_member_of_elsewhere_brings_their_card_with_hqs_answer(
    chain: Chain, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = FindMemberAnswer("m-9", member("90"), CardRow(1002, SLEEPING, last=START - 97 * DAY, likes=["牛角包"]))
    monkeypatch.setattr(till.client, "find_member", lambda *asked: answer)
    told = last(till, "member 13812345678")
    assert (told["segment"][1], told["owner"], told["away"]) == ("沉睡", "周婷", 97)
    assert last(till, "card")["likes"] == ["牛角包"]
    tell(chain, till, members={OTHER: member("79")})  # news of others takes nothing of it away
    assert last(till, "card")["likes"] == ["牛角包"]
    assert "segment" in last(till, f"choose-member {OTHER}")
    assert till.guest().segment == ("", "")  # type: ignore[union-attr]


# --- suggested articles ---

WHY = ("常买牛角包", "Buys croissants")


def sells(till: Till, *codes: str) -> None:
    for code in codes:
        play(till, f"scan {code}", "pay cash 100")


def names(till: Till) -> list[str]:
    return [view.article for view in till.addons()]


def added(till: Till) -> list[AddonShown]:
    return [body for _, body in entries_of(till) if isinstance(body, AddonShown)]


def test_at_most_three_articles_stand_beside_a_members_ticket_and_are_told_once(chain: Chain, till: Till) -> None:
    addons = [Addon(article, WHY) for article in (BUN, MILK, LIPSTICK, EGG)]
    tell(chain, till, members={REF: member()}, cards={REF: CardRow(addons=addons)})
    play(till, f"scan {BUN}")
    assert names(till) == []
    told = last(till, f"choose-member {REF}", "addons")["addons"]
    assert [one["article"] for one in told] == [MILK, LIPSTICK, EGG]
    assert told[0] == {"article": MILK, "code": MILK, "name": "鲜奶 950ml", "price": "12.90", "why": "常买牛角包"}
    play(till, f"scan {told[0]['code']}")
    assert names(till) == [LIPSTICK, EGG]
    play(till, "void 1")
    assert names(till) == [LIPSTICK, EGG]  # never a fourth
    play(till, "pay cash 100")
    assert added(till) == [AddonShown(sales_of(till)[-1].ticket, [MILK, LIPSTICK, EGG], [MILK], REF)]


def test_without_consent_only_what_sells_best(chain: Chain, till: Till) -> None:
    sells(till, EGG, EGG, EGG, MILK, MILK, BUN)
    personal = CardRow(addons=[Addon(LIPSTICK, WHY)], at=START)
    tell(chain, till, members={REF: member(personal=0), OTHER: member("79")}, cards={OTHER: personal})
    play(till, f"choose-member {REF}")
    assert names(till) == [EGG, MILK, BUN]
    play(till, f"choose-member {OTHER}")
    assert names(till) == [LIPSTICK]
    chain.clock.set(chain.clock.now_ms() + 1_000)
    play(till, f"consent {PERSONAL} off")
    assert LIPSTICK not in names(till)
    play(till, "cancel", f"choose-member {OTHER}")
    assert names(till) == [EGG, MILK, BUN]


def test_what_was_shown_to_one_member_is_told_before_another_stands_there(chain: Chain, till: Till) -> None:
    cards = {REF: CardRow(addons=[Addon(MILK, WHY)]), OTHER: CardRow(addons=[Addon(EGG, WHY)])}
    tell(chain, till, members={REF: member(), OTHER: member("79")}, cards=cards)
    play(till, f"scan {BUN}", f"choose-member {REF}", "addons", f"choose-member {OTHER}", "addons", "pay cash 10")
    assert [(one.member, one.articles) for one in added(till)] == [(REF, [MILK]), (OTHER, [EGG])]

"""The one hint at the till: given in the breath of the event, in approved words, to who agreed, while it lives."""

from __future__ import annotations

import pytest

from posapp.clock import DAY
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.care import desk as care
from posapp.hq.care import experiments, scripts
from posapp.hq.care.hints import give_hint, hint_rows
from posapp.hq.care.scripts import say
from posapp.hq.care.tables import arm, hint, tag
from posapp.hq.care.tags import Rule, add_rule
from posapp.hq.care.words import filled, says
from posapp.hq.members.identity import merge_persons
from posapp.hq.members.slice import rows_of
from posapp.rules.consents import PERSONAL
from posapp.rules.proportions import LEAST_COMPARED
from tests.hq.care.salon import Salon
from tests.hq.members.desk import PHONE
from tests.hq.shop import on_sqlite, wait_until

OTHER = "+8613900001111"


def approved(salon: Salon, scene: str, prompt: str, line: str = "") -> int:
    database, now = salon.shop.database, salon.desk.clock.now
    version = scripts.draft(database, scene, prompt, line, "lin", now)
    scripts.approve(database, scene, version, "he", now)
    return version


def give(salon: Salon, ref: str, id_: str, scene: str = "dormant", days: int = 7, **more: str) -> None:
    """As a flow does."""
    now = salon.desk.clock.now
    with salon.desk.writing() as conn:
        said = say(conn, scene, ref, now, days="97", gift=("唤醒礼10元", "10 yuan off"), goods="精华液", topic="防晒")
        if said:
            give_hint(
                conn,
                ref,
                id=id_,
                scene=scene,
                prompt=said.prompt,
                script=said.line,
                version=said.version,
                made=now,
                ends=now + days * DAY,
                experiment=said.experiment,
                **more,
            )
        feed.publish(conn, hint_rows(conn, [ref], now))


def test_an_event_is_a_hint_in_the_same_breath_and_one_at_a_time(salon: Salon) -> None:
    ref = salon.member()
    salon.shop.app.state.hq.caring.stop()
    salon.sends("browse", {"phone": PHONE}, article="serum")
    first = salon.hint(ref)
    assert (first.scene, first.prompt, first.script) == ("browsed", ("刚看过精华液", "Looked at 精华液"), ("", ""))
    assert first.ends == salon.desk.clock.now + 7 * DAY
    salon.desk.clock.now += 1_000
    salon.sends("browse", {"phone": PHONE}, article="serum")
    again = salon.hint(ref)
    assert (again.id, again.ends) == (first.id, salon.desk.clock.now + 7 * DAY)
    salon.sends("chat", {"phone": PHONE}, topic="防晒")
    assert salon.hint(ref).prompt[0] == "聊到过防晒"
    salon.sends("order", {"phone": PHONE}, article="sun", amount="99.00")
    assert salon.hint(ref).scene == "chatted"
    give(salon, ref, "flow-1")
    assert salon.hint(ref).prompt == ("97天未到店 · 有唤醒礼10元", "97 days away · 10 yuan …")


def test_who_did_not_agree_gets_no_tag_and_no_hint_and_who_takes_it_back_none_any_more(salon: Salon) -> None:
    ref = salon.member(personal=False)
    salon.sends("browse", {"phone": PHONE}, article="serum")
    assert salon.hint(ref) is None
    assert not salon.shop.rows(tag)
    salon.agree(ref)
    salon.sends("browse", {"phone": PHONE}, article="mask")
    assert salon.hint(ref).prompt[0] == "刚看过补水面膜"
    assert [row["value"] for row in salon.shop.rows(tag)] == ["mask"]
    salon.agree(ref, 0)
    salon.settle()
    assert salon.hint(ref) is None


def test_its_life_is_in_the_row_and_hq_takes_it_away_when_it_is_over(salon: Salon) -> None:
    ref = salon.member()
    salon.sends("browse", {"phone": PHONE}, article="serum")
    salon.desk.clock.now = salon.hint(ref).ends
    salon.shop.app.state.hq.caring.wake()
    wait_until(lambda: salon.hint(ref) is None)
    wait_until(lambda: not salon.shop.rows(tag))
    late = {**salon.event("browse", {"phone": PHONE}, article="mask"), "at": "2026-11-01T00:00:00Z"}
    assert salon.post(late).json()["taken"] == 1
    assert salon.hint(ref) is None


@pytest.mark.parametrize("outcome", ["accepted", "declined", "ignored"])
def test_the_answer_is_kept_and_who_answered_is_not_asked_again(salon: Salon, outcome: str) -> None:
    ref = salon.member()
    salon.sends("browse", {"phone": PHONE}, article="serum")
    given = salon.hint(ref)
    salon.answers(ref, given.id, outcome)
    kept = salon.shop.rows(hint)[0]
    assert (kept["outcome"], kept["shown"]) == (outcome, 1)
    assert (salon.hint(ref) is None) == (outcome != "ignored")
    salon.sends("browse", {"phone": PHONE}, article="serum")
    assert (salon.hint(ref) is None) == (outcome != "ignored")
    salon.answers(ref, given.id, "accepted", "t2")
    kept = salon.shop.rows(hint)[0]
    assert (kept["outcome"], kept["shown"]) == ("accepted" if outcome == "ignored" else outcome, 2)
    salon.sends("browse", {"phone": PHONE}, article="mask")
    assert salon.hint(ref).prompt[0] == "刚看过补水面膜"


def test_nobody_approves_their_own_words_and_unapproved_ones_reach_no_till(salon: Salon) -> None:
    ref = salon.member()
    database, now = salon.shop.database, salon.desk.clock.now
    version = scripts.draft(
        database, "browsed", "看过{goods}/Saw {goods}", "{goods}今天有试用装/Try {goods}", "lin", now
    )
    salon.sends("browse", {"phone": PHONE}, article="serum")
    assert salon.hint(ref).version == 0
    with pytest.raises(PosError, match="own_script"):
        scripts.approve(database, "browsed", version, "lin", now)
    scripts.approve(database, "browsed", version, "he", now)
    with pytest.raises(PosError, match="not_a_draft"):
        scripts.approve(database, "browsed", version, "wu", now)
    salon.sends("browse", {"phone": PHONE}, article="mask")
    told = salon.hint(ref)
    assert (told.version, told.prompt[0], told.script[0]) == (1, "看过补水面膜", "补水面膜今天有试用装")
    with salon.desk.writing() as conn:
        for words in (("买二送一", "Two for one"), ("补水面膜今天半价", "Try it")):
            with pytest.raises(PosError, match="script_unapproved"):
                give_hint(
                    conn,
                    ref,
                    id="x",
                    scene="browsed",
                    prompt=told.prompt,
                    script=words,
                    version=1,
                    made=now,
                    ends=now + DAY,
                )
    with salon.desk.writing() as conn:
        care.retire_script(conn, "browsed", version, now)
    assert salon.hint(ref).version == 0


@pytest.mark.parametrize(
    ("prompt", "line", "code"),
    [
        ("这位高价值客人来了", "", "inward_word"),
        ("来了", "您是沉睡会员吗", "inward_word"),
        ("来了", "拨打13812345678", "text_has_number"),
        ("来了{phone}", "", "bad_blank"),
        ("来了{", "", "bad_blank"),
        ("一二三四五六七八九十一二三四五六七八九十一二三四五{goods}", "", "text_too_long"),
        ("来了", "两\n行", "bad_name"),
        ("", "", "bad_name"),
    ],
)
@on_sqlite
def test_words_that_may_not_be_said_are_not_drafted(salon: Salon, prompt: str, line: str, code: str) -> None:
    with pytest.raises(PosError) as refused:
        scripts.draft(salon.shop.database, "browsed", prompt, line, "lin", 1)
    assert refused.value.code == code


def test_what_is_filled_in_gives_way_so_that_a_prompt_stays_short() -> None:
    text = "{days}天未到店 · 有{gift}"
    told = filled(text, {"days": "97", "gift": "一张可以在全国任何门店使用的十元唤醒券"}, 24)
    assert len(told) == 24
    assert told.startswith("97天未到店 · 有一张可以")
    assert told.endswith("…")
    assert says(text, told)
    assert not says(text, "97天未到店 · 送十元")


def test_a_rule_of_the_chain_says_what_an_event_means(salon: Salon) -> None:
    ref = salon.member()
    database = salon.shop.database
    add_rule(database, "sun", Rule("browse", "", "SUN", "", "suncare", "", 30))
    with pytest.raises(PosError, match="bad_choice"):
        add_rule(database, "x", Rule("stare", "", "", "", "x", "", 1))
    salon.sends("browse", {"phone": PHONE}, article="sun")
    salon.sends("browse", {"phone": PHONE}, article="mask")
    held = {(row["name"], row["value"]) for row in salon.shop.rows(tag)}
    assert held == {("browsed", "sun"), ("browsed", "mask"), ("suncare", "sun")}
    with salon.desk.writing() as conn:
        care.set_tag(conn, ref, "wish", "serum", days=3, by="lin", now=salon.desk.clock.now, scene="chatted")
    assert salon.hint(ref).prompt[0] == "聊到过精华液"


def test_the_same_member_hears_the_same_version_and_the_holdout_nothing(salon: Salon) -> None:
    one, two = (approved(salon, "dormant", f"{word}{{days}}天/{{days}} days") for word in ("久违", "想念"))
    salon.shop.app.state.hq.caring.stop()
    now = salon.desk.clock.now
    experiments.start(salon.shop.database, "wake", "dormant", [one, two], 30, now)
    with pytest.raises(PosError, match="experiment_runs"):
        experiments.start(salon.shop.database, "wake2", "dormant", [one], 0, now)
    refs = [salon.desk.member(f"+86139{n:08}") for n in range(40)]
    for ref in refs:
        give(salon, ref, f"h {ref}")
        give(salon, ref, f"again {ref}")
    arms = {row["ref"]: row["version"] for row in salon.shop.rows(arm)}
    assert set(arms) == set(refs)
    assert set(arms.values()) == {0, one, two}
    for ref in refs:
        assert arms[ref] == experiments.chosen("wake", ref, [one, two], 30)
        told = salon.hint(ref)
        assert told.version == arms[ref] if arms[ref] else told is None
    with salon.shop.database.reading() as conn:
        told = experiments.report(conn, "wake")
    counts = {row["version"]: row["assigned"] for row in told["arms"]}
    assert sum(counts.values()) == 40
    assert counts[0] == list(arms.values()).count(0)
    few = {row["version"]: row["few"] for row in told["arms"]}
    assert few == {version: 0 < count < LEAST_COMPARED for version, count in counts.items()}
    for row in told["arms"][:-1]:
        assert (row["uplift"] is None) == (row["few"] or few[0])
    assert (told["arms"][-1]["purchase_rate"] is None) == few[0]
    assert {row["shown"] for row in told["arms"]} == {0}


def test_exposure_is_what_tills_showed_and_the_report_says_how_sure_it_is(salon: Salon) -> None:
    version = approved(salon, "dormant", "久违{days}天/{days} days")
    experiments.start(salon.shop.database, "wake", "dormant", [version], 0, salon.desk.clock.now)
    refs = [salon.member(f"+86139{n:08}") for n in range(3)]
    for ref in refs:
        give(salon, ref, f"h {ref}")
    salon.desk.clock.now += DAY
    salon.answers(refs[0], f"h {refs[0]}", "accepted")
    salon.sells(refs[0], "mask", 4990)
    salon.answers(refs[1], f"h {refs[1]}", "ignored")
    with salon.shop.database.reading() as conn:
        told = experiments.report(conn, "wake")
    mine = told["arms"][0]
    assert [mine[name] for name in ("assigned", "shown", "accepted", "ignored", "bought")] == [3, 2, 1, 1, 1]
    assert mine["purchase_rate"] == {"percent": 33.3, "low": 6.1, "high": 79.2}
    assert (mine["uplift"], mine["few"]) == (None, True)


def test_intervals_are_wilsons_and_newcombes() -> None:
    # Newcombe (1998), example (a): 56/70 against 48/80, method 10
    assert experiments.interval(0, 10) == {"percent": 0.0, "low": 0.0, "high": 27.8}
    assert experiments.difference((56, 70), (48, 80)) == {"points": 20.0, "low": 5.2, "high": 33.4}


def test_whose_month_it_is_is_told_once_a_year_and_only_till_it_ends(salon: Salon) -> None:
    ref = salon.member()
    salon.born(ref, "11-03")
    salon.agree(ref, purpose=PERSONAL)
    salon.settle()
    told = salon.hint(ref)
    assert (told.scene, told.prompt[0], told.ends) == ("birthday", "本月生日 · 积分2倍", 1_796_054_400_000)
    salon.answers(ref, told.id, "declined")
    salon.agree(ref)
    salon.settle()
    assert salon.hint(ref) is None


def test_after_a_merge_one_row_speaks_for_both(salon: Salon) -> None:
    first, second = salon.member(), salon.member(OTHER)
    salon.sends("browse", {"phone": OTHER}, article="serum")
    assert salon.hint(second) is not None
    with salon.desk.writing() as conn:
        root = merge_persons(conn, salon.desk.means, first, second, "person", "test")
        feed.publish(conn, rows_of(conn, [root], salon.desk.clock.now))
    salon.settle()
    assert root == first
    assert salon.hint(first).prompt[0] == "刚看过精华液"
    assert salon.hint(second) is None

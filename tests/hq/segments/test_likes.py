"""Likes and suggestions: only with consent, never what was just bought, the store's best sellers for everybody else."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from posapp.hq.members import consents
from posapp.hq.segments.likes import Like, addons_for, likes
from posapp.hq.tables import price
from posapp.messages import Consent
from posapp.rules.consents import PERSONAL
from posapp.streams import Addon
from tests.hq.segments.little import TODAY, Little, noon

NOW = TODAY.toordinal()
BREAD, MILK, CAKE, TEA, JAM = ((name, 1_000, 650) for name in ("bread", "milk", "cake", "tea", "jam"))


def suggested(little: Little, ref: str, number: int = 1) -> list[Addon]:
    with little.database.reading() as conn:
        return addons_for(conn, ref, number, NOW, little.clock.now)


def liked(little: Little, ref: str) -> list[Like]:
    with little.database.reading() as conn:
        return likes(conn, [ref], NOW).get(ref, [])


@pytest.fixture
def busy(little: Little) -> Little:
    """Bread goes with jam often, with tea now and then, with cake too seldom; in store 1 tea sells best."""
    for n in range(6):
        little.sale("", 5 + n, BREAD, JAM)
    for n in range(3):
        little.sale("", 5 + n, BREAD, TEA)
    for n in range(2):
        little.sale("", 5 + n, BREAD, CAKE)
    for n in range(20):
        little.sale("", 1 + n, TEA)
    for n in range(12):
        little.sale("", 1 + n, MILK, store=2)
    return little


def test_with_consent_what_goes_with_their_goods_and_why(busy: Little) -> None:
    ref = busy.person(personal=True)
    for ago in (30, 20, 10):
        busy.sale(ref, ago, BREAD)
    busy.sale(ref, 40, MILK)
    busy.settle()
    assert [(like.article, like.days) for like in liked(busy, ref)] == [("bread", 3), ("milk", 1)]
    (jam, tea, best) = suggested(busy, ref)
    assert (jam.article, jam.why) == ("jam", ("常与的bread一起买", "often bought with 的bread"))
    assert (tea.article, tea.why) == ("tea", ("常与的bread一起买", "often bought with 的bread"))
    assert best.why == ("本店热销", "sells best here")
    card = busy.told("cards")[ref]
    assert card is not None
    assert card["likes"] == ["的bread", "的milk"]
    assert [one["article"] for one in card["addons"]] == ["jam", "tea", best.article]


def test_what_was_bought_last_is_not_suggested(busy: Little) -> None:
    ref = busy.person(personal=True)
    busy.sale(ref, 10, BREAD)
    busy.sale(ref, 3, JAM, TEA)
    busy.settle()
    assert {one.article for one in suggested(busy, ref)}.isdisjoint({"jam", "tea"})


def test_without_consent_only_the_stores_best_sellers_and_no_likes(busy: Little) -> None:
    ref = busy.person()
    for ago in (30, 20, 10):
        busy.sale(ref, ago, BREAD)
    busy.settle()
    assert liked(busy, ref) == []
    assert suggested(busy, ref)[0] == Addon("tea", ("本店热销", "sells best here"))
    assert {one.why for one in suggested(busy, ref)} == {("本店热销", "sells best here")}
    assert suggested(busy, ref, 2)[0].article == "milk"
    card = busy.told("cards")[ref]
    assert card is not None
    assert "likes" not in card


def test_consent_taken_back_takes_the_likes_off_the_tills_within_a_step(busy: Little) -> None:
    ref = busy.person(personal=True)
    for ago in (30, 20, 10):
        busy.sale(ref, ago, BREAD)
    busy.settle()
    busy.clock.now += 1_000
    with busy.database.transaction() as conn:
        consents.note(conn, ref, [Consent(PERSONAL, 0, "v")], busy.clock.now, "w", "page")
    busy.step()
    card = busy.told("cards")[ref]
    assert card is not None
    assert "likes" not in card
    assert {tuple(one["why"]) for one in card["addons"]} == {("本店热销", "sells best here")}


def test_what_has_no_price_in_the_store_is_not_suggested(busy: Little) -> None:
    ref = busy.person(personal=True)
    for ago in (30, 20, 10):
        busy.sale(ref, ago, BREAD)
    with busy.database.transaction() as conn:
        conn.execute(update(price).where(price.c.article == "jam").values(price=0))
    busy.settle()
    assert "jam" not in {one.article for one in suggested(busy, ref)}


def test_nothing_old_counts(busy: Little) -> None:
    ref = busy.person(personal=True)
    busy.sale(ref, 366, BREAD)
    busy.settle()
    assert liked(busy, ref) == []
    busy.clock.now = noon(0)

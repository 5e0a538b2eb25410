"""Searching as a cashier types: what is found, in which order, and that the index follows what HQ publishes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posapp.answers import LineView
from posapp.catalog import finding
from posapp.catalog.finding import Shape, bits
from posapp.hq.products import spell
from posapp.streams import ArticleRow, PriceRow
from posapp.till import Till
from tests.shop import CASHIER, Chain, last, open_chain, play

GOODS = {
    "00101": ("法式牛角包", []),
    "00102": ("牛角包", []),
    "00103": ("北坡牛乳吐司", ["MB012"]),
    "6900000000097": ("鲜牛奶 950ml", []),
    "00105": ("绿豆糕", []),
    "00106": ("ＵＳＢ充电器", []),
    "00107": ("Dove 巧克力", []),
    "00108": ("小牛角可颂礼盒装", []),
}


def row(code: str, name: str, more: list[str], **changes: Any) -> ArticleRow:
    pinyin, initials = spell(name)
    codes = [(code, 0), *((other, 1) for other in more)]
    return ArticleRow(name, "个", "0.13", codes, **{"pinyin": pinyin, "initials": initials, **changes})


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with open_chain(tmp_path) as opened:
        with opened.database.transaction() as conn:
            conn.exec_driver_sql("DELETE FROM feed WHERE stream IN ('catalogue', 'prices')")
        opened.publish("catalogue", {("chain", code): row(code, *told) for code, told in GOODS.items()})
        opened.publish("prices", {("chain", f"{code}@0"): PriceRow(code, 650, 0, 1) for code in GOODS})
        yield opened


@pytest.fixture
def till(chain: Chain) -> Till:
    return chain.till()


def names(till: Till, text: str) -> list[str]:
    return [found.name for found in till.search(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("牛角", {"法式牛角包", "牛角包", "小牛角可颂礼盒装"}),
        ("牛", {"法式牛角包", "牛角包", "小牛角可颂礼盒装", "北坡牛乳吐司", "鲜牛奶 950ml"}),
        ("牛角包", {"法式牛角包", "牛角包"}),
        ("njb", {"法式牛角包", "牛角包"}),
        ("NJB", {"法式牛角包", "牛角包"}),
        ("ｎｊｂ", {"法式牛角包", "牛角包"}),
        ("niujiao", {"法式牛角包", "牛角包", "小牛角可颂礼盒装"}),
        ("niu jiao", {"法式牛角包", "牛角包", "小牛角可颂礼盒装"}),
        ("niuj", {"法式牛角包", "牛角包", "小牛角可颂礼盒装"}),
        ("fashiniujiaobao", {"法式牛角包"}),
        ("bao 法", {"法式牛角包"}),
        ("牛 吐司", {"北坡牛乳吐司"}),
        ("lvdou", {"绿豆糕"}),
        ("usb", {"ＵＳＢ充电器"}),
        ("ＵＳＢ", {"ＵＳＢ充电器"}),
        ("dov", {"Dove 巧克力"}),
        ("dove qkl", {"Dove 巧克力"}),
        ("950", {"鲜牛奶 950ml"}),
        ("牛奶950", {"鲜牛奶 950ml"}),
        ("0097", {"鲜牛奶 950ml"}),
        ("097", {"鲜牛奶 950ml"}),
        ("0000097", {"鲜牛奶 950ml"}),
        ("牛 0097", {"鲜牛奶 950ml"}),
        ("690", {"鲜牛奶 950ml"}),
        ("001", {"法式牛角包", "牛角包", "北坡牛乳吐司", "绿豆糕", "ＵＳＢ充电器", "Dove 巧克力", "小牛角可颂礼盒装"}),
        ("mb0", {"北坡牛乳吐司"}),
        ("MB012", {"北坡牛乳吐司"}),
        ("包角牛", set()),
        ("iujiao", set()),
        ("牛角包 吐司", set()),
        ("", set()),
        ("  ", set()),
        ("%_*'\"", set()),
    ],
)
def test_what_is_found(till: Till, text: str, found: set[str]) -> None:
    assert set(names(till, text)) == found
    assert len(names(till, text)) == len(found)


def test_exact_codes_come_first_then_what_begins_so_then_short_names(till: Till) -> None:
    assert names(till, "00105")[0] == "绿豆糕"
    assert names(till, "牛角") == ["牛角包", "法式牛角包", "小牛角可颂礼盒装"]
    assert names(till, "niu")[0] == "牛角包"
    assert names(till, "nj")[0] == "牛角包"


def test_what_sells_most_comes_before_short_names(till: Till, chain: Chain) -> None:
    play(till, "scan 2*00108", "pay cash 20.00")
    chain.clock.set(chain.clock.now_ms() + 3_600_000)
    assert names(till, "牛角") == ["牛角包", "小牛角可颂礼盒装", "法式牛角包"]


def test_a_result_is_scanned_by_its_code(till: Till) -> None:
    (found,) = till.search("ldg")
    assert (found.code, found.unit, str(found.price), found.is_weighed) == ("00105", "个", "6.50", False)
    line = till.scan(found.code)
    assert isinstance(line, LineView)
    assert line.name == "绿豆糕"
    told = last(till, "search lv dou")
    assert told["found"] == [
        {"article": "00105", "code": "00105", "name": "绿豆糕", "unit": "个", "price": "6.50", "is_weighed": False}
    ]


def test_the_index_follows_the_catalogue(till: Till, chain: Chain) -> None:
    assert names(till, "绿豆") == ["绿豆糕"]
    chain.publish("catalogue", {("chain", "00105"): row("00105", "红豆糕", []), ("chain", "00102"): None})
    till.sync()
    assert names(till, "绿豆") == []
    assert names(till, "hdg") == ["红豆糕"]
    assert names(till, "牛角包") == ["法式牛角包"]


def test_the_nearest_row_speaks(till: Till, chain: Chain) -> None:
    chain.publish("catalogue", {("store:1", "00105"): row("00105", "抹茶绿糕", [])})
    till.sync()
    assert (names(till, "绿豆"), names(till, "抹茶")) == ([], ["抹茶绿糕"])
    chain.publish("catalogue", {("store:1", "00105"): None})
    till.sync()
    assert (names(till, "绿豆"), names(till, "抹茶")) == (["绿豆糕"], [])


def test_a_price_that_starts_is_the_price_found(till: Till, chain: Chain) -> None:
    later = chain.clock.now_ms() + 60_000
    chain.publish("prices", {("chain", f"00105@{later}"): PriceRow("00105", 900, later, 2)})
    till.sync()
    assert str(till.search("绿豆")[0].price) == "6.50"
    chain.clock.set(later)
    assert str(till.search("绿豆")[0].price) == "9.00"


def test_a_feed_filled_by_an_older_version_gets_its_index(till: Till, chain: Chain, tmp_path: Path) -> None:
    with till.folder.feed.transaction() as conn:
        conn.exec_driver_sql("DROP TABLE found")
        conn.exec_driver_sql("DROP TABLE posting")
        conn.exec_driver_sql("PRAGMA user_version = 1")
    data = till.folder.path
    chain.shut(till)
    again = chain.open(data, tmp_path / "state1")
    play(again, f"sign-in {' '.join(CASHIER)}")
    assert names(again, "njb") == ["牛角包", "法式牛角包"]


def test_numbers_are_given_anew_when_most_are_old(till: Till, chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "_SPARE", 4)
    for times in range(6):
        chain.publish(
            "catalogue", {("chain", code): row(code, f"{name}{times}", more) for code, (name, more) in GOODS.items()}
        )
        till.sync()
    with till.folder.feed.reading() as conn:
        last_number, live = conn.exec_driver_sql("SELECT max(n), count(*) FROM found").one()
    assert live == len(GOODS)
    assert last_number <= 2 * live + 4
    assert names(till, "njb") == ["牛角包5", "法式牛角包5"]


letters = st.sampled_from("牛角包法式奶茶abn19 ")


@given(st.lists(st.text(letters, min_size=1, max_size=9), max_size=12), st.text(letters, max_size=4))
def test_the_index_holds_every_article_that_holds_a_fragment(held: list[str], text: str) -> None:
    """Whatever a name or its initials hold is registered so that a shorter fragment is the beginning of a term."""
    for name in held:
        pinyin, initials = spell(name)
        registered = finding.terms(Shape(name, pinyin, initials, ()))
        for word in finding.runs(finding.fold(text)):
            if finding.is_chinese(word[0]) and word in name:
                pieces = [word[n : n + 2] for n in range(max(1, len(word) - 1))]
                assert all(any(term.startswith(piece) for term in registered) for piece in pieces)
            elif not finding.is_chinese(word[0]) and word in initials:
                pieces = [word[n : n + 3] for n in range(max(1, len(word) - 2))]
                assert all(any(term.startswith(piece) for term in registered) for piece in pieces)


@given(st.sets(st.integers(0, finding.CHUNK - 1)), st.sets(st.integers(0, finding.CHUNK - 1)))
def test_numbers_are_packed_without_loss(some: set[int], others: set[int]) -> None:
    packed = finding._packed(sorted(some))
    assert finding._numbers(packed) == sorted(some)
    both = bits([(0, packed), (2, finding._packed(sorted(others))), (0, finding._packed(sorted(others)))])
    assert both == sum(1 << n for n in some | others) + sum(1 << 2 * finding.CHUNK + n for n in others)

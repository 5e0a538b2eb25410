"""Finding an article by any of its codes: as printed first, own code before alias, the nearest scope speaks."""

from __future__ import annotations

import pytest

from posapp.streams import ArticleRow, PriceRow
from posapp.till import Till
from tests.shop import Chain, last, play, refused


def add(chain: Chain, till: Till, scope: str, article: str, name: str, *codes: tuple[str, int], fen: int = 100) -> None:
    chain.publish("catalogue", {(scope, article): ArticleRow(name, "个", "0.13", [(article, 0), *codes])})
    if fen:
        chain.publish("prices", {(scope, f"{article}@0"): PriceRow(article, fen, 0, 1)})
    assert last(till, "sync")["ok"]


def name_of(till: Till, code: str) -> object:
    answer = last(till, f"scan {code}")
    play(till, "cancel")
    return answer.get("name", answer.get("error", {}).get("code"))


def test_leading_zeros_are_part_of_a_code(chain: Chain, till: Till) -> None:
    add(chain, till, "chain", "00110", "米")
    add(chain, till, "chain", "110", "面")
    assert (name_of(till, "00110"), name_of(till, "110"), name_of(till, "0110")) == ("米", "面", "unknown_code")


def test_an_own_code_is_found_before_another_articles_alias(chain: Chain, till: Till) -> None:
    add(chain, till, "chain", "6901451010935", "酱油", ("00110", 1))
    assert name_of(till, "00110") == "酱油"
    add(chain, till, "chain", "00110", "散米")
    assert name_of(till, "00110") == "散米"


def test_an_alias_of_two_articles_is_called_ambiguous(chain: Chain, till: Till) -> None:
    add(chain, till, "chain", "A1", "左", ("57", 1))
    add(chain, till, "chain", "A2", "右", ("57", 1))
    answer = last(till, "scan 57")
    assert answer["error"]["code"] == "ambiguous_code"
    assert "左" in answer["error"]["message"]
    assert "右" in answer["error"]["message"]


def test_the_exact_spelling_comes_before_the_others(chain: Chain, till: Till) -> None:
    add(chain, till, "chain", "0012345678905", "按印刷")
    assert name_of(till, "012345678905") == "按印刷"  # UPC-A on the pack, EAN-13 in the catalogue
    assert name_of(till, "00012345678905") == "按印刷"  # GTIN-14
    add(chain, till, "chain", "012345678905", "另一个")
    assert name_of(till, "012345678905") == "另一个"
    assert name_of(till, "６９０００００００００１１") == "牛角包"
    assert name_of(till, '"  6900000000011 "') == "牛角包"


@pytest.mark.parametrize(
    "code", ["%", "'; DROP TABLE code; --", "690000000001_", "\u202e6900000000011", "6" * 600, "\x1b@"]
)
def test_hostile_codes_find_nothing(till: Till, code: str) -> None:
    assert refused(till, f'scan "{code}"') == "unknown_code"


def test_a_stores_own_row_and_price_speak_before_the_chains(chain: Chain, till: Till) -> None:
    add(chain, till, "chain", "P1", "连锁名", fen=500)
    add(chain, till, "store:1", "P1", "本店名", fen=450)
    add(chain, till, "store:2", "P1", "别店名", fen=300)
    answer = last(till, "scan P1")
    assert (answer["name"], answer["price"]) == ("本店名", "4.50")
    play(till, "cancel")
    chain.publish("catalogue", {("store:1", "P1"): None})
    chain.publish("prices", {("store:1", "P1@0"): None})
    assert last(till, "sync")["ok"]
    answer = last(till, "scan P1")
    assert (answer["name"], answer["price"]) == ("连锁名", "5.00")


def test_an_article_without_a_price_is_not_sold(chain: Chain, till: Till) -> None:
    add(chain, till, "chain", "N1", "未定价", fen=0)
    assert refused(till, "scan N1") == "no_price"


def test_a_code_that_hq_takes_away_is_gone(chain: Chain, till: Till) -> None:
    add(chain, till, "chain", "G1", "旧包装", ("G2", 1))
    add(chain, till, "chain", "G1", "新包装", ("G3", 1))
    assert (name_of(till, "G2"), name_of(till, "G3")) == ("unknown_code", "新包装")
    chain.publish("catalogue", {("chain", "G1"): None})
    assert last(till, "sync")["ok"]
    assert name_of(till, "G1") == "unknown_code"

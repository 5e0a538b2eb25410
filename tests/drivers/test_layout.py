"""A document as lines: nothing wider than the paper, no amount broken, nothing that could command a printer."""

from __future__ import annotations

import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contracts import (
    Barcode,
    Cut,
    Document,
    Pair,
    Picture,
    Qr,
    Rule,
    Text,
    lines,
    pair,
    papers,
    printable,
    size_on,
    width,
    wrap,
)

HOSTILE = "\x1b@\x1dV0\x10\x14\x01\r\n牛角包\u202e\u200f\x00\x7f\x9b😀\u2028e\u0301"

NAMES = st.one_of(st.text(max_size=80), st.text("牛角包abc 1,，。“”…\x1b\x1d\n\u202e", max_size=80), st.just(HOSTILE))
AMOUNTS = st.integers(-(10**12), 10**12).map(lambda fen: f"{fen / 100:.2f}")
BLOCKS = st.one_of(
    st.builds(Text, NAMES, st.sampled_from(("left", "centre", "right")), st.booleans(), st.sampled_from((1, 2))),
    st.builds(Pair, NAMES, AMOUNTS, st.booleans(), st.sampled_from((1, 2))),
    st.just(Rule()),
)


@given(st.lists(BLOCKS, max_size=8).map(tuple), st.sampled_from((16, 24, 32, 48)))
def test_lines_fit_the_paper_and_amounts_stay_whole(document: Document, columns: int) -> None:
    laid = lines(document, columns)
    assert all(width(line) <= columns for line in laid)
    assert all(line == printable(line) for line in laid)
    amounts = [block.right for block in document if isinstance(block, Pair)]
    at_the_edge = iter(line for line in laid if width(line) == columns)
    assert all(any(line.endswith(amount) for line in at_the_edge) for amount in amounts)


@given(NAMES)
def test_printable_text_commands_nothing_and_stays_as_it_is(name: str) -> None:
    shown = printable(name)
    assert not {unicodedata.category(letter) for letter in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert printable(shown) == shown


def test_hostile_letters_are_seen_or_gone() -> None:
    assert printable(HOSTILE) == "?@?V0???  牛角包???😀 é"


@pytest.mark.parametrize(
    ("name", "columns", "broken"),
    [
        ("澳洲进口鲜奶950ml家庭装", 12, ["澳洲进口鲜奶", "950ml家庭装"]),
        ("Organic whole milk 950ml", 12, ["Organic", "whole milk", "950ml"]),
        ("新鲜牛奶（大）", 12, ["新鲜牛奶", "（大）"]),
        ("A23456789B23456789", 8, ["A2345678", "9B234567", "89"]),
        ("  2个 x 6.50", 32, ["  2个 x 6.50"]),
        ("“好”…", 6, ["“好”", "…"]),
        ("", 8, [""]),
    ],
)
def test_names_break_where_a_reader_would(name: str, columns: int, broken: list[str]) -> None:
    assert wrap(name, columns) == broken


def test_an_amount_has_a_line_of_its_own_where_the_name_leaves_no_room() -> None:
    assert pair("微信支付", "12.50", 16) == ["微信支付   12.50"]
    assert pair("会员专享优惠券", "-1234.50", 16) == ["会员专享优惠券", "        -1234.50"]
    assert size_on(Pair("合计", "1234.50", size=2), 32) == 2
    assert size_on(Pair("合计", "12345678901234.50", size=2), 32) == 1
    assert [size_on(Text(name, size=2), 32) for name in ("柳塘烘焙店", "柳塘烘焙店（人民路店）")] == [2, 1]


def test_a_document_survives_its_spelling() -> None:
    document: Document = (Text("店", "centre", True, 2), Pair("a", "1.00"), Rule(), Qr("x"), Barcode("y"), Cut())
    document = (*document, Picture(b"\x89PNG\x00"), Cut())
    assert msgspec.json.decode(msgspec.json.encode(document), type=Document) == document
    assert [len(paper) for paper in papers(document)] == [5, 1]

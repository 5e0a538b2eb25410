"""`posapp hq report join-rate|funnel|sales|stores|figure`: the boards without a browser, in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from posapp.clock import MINUTE
from posapp.hq import commands
from posapp.hq.people import set_value
from posapp.hq.tables import about
from posapp.keys import public_text, save_secrets
from tests.hq.figures.test_counting import DATE, OLD, at, sells, settled
from tests.joining import joins
from tests.shop import Chain, open_chain


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """HQ's folder after a morning: two walk-ins, one of whom joined by the receipt."""
    with open_chain(tmp_path) as chain:
        _morning(chain)
        save_secrets(tmp_path / "hq-keys.json", chain.keys)
        _owned(chain)
    return tmp_path


def _morning(chain: Chain) -> None:
    set_value(chain.database, "1", "join_target", "25")
    till = chain.till()
    at(chain, MINUTE)
    token = sells(till)
    sells(till)
    settled(chain, till)
    joins(chain, OLD, token)
    settled(chain, till)


def _owned(chain: Chain) -> None:
    with chain.database.transaction() as conn:
        conn.execute(about.insert().values(name="hq_key", value=public_text(chain.keys.certificate_key)))


def run(folder: Path, capture: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    capture.readouterr()
    status = commands.main([*words, "--data", str(folder), "--clock", "simulated"])
    told = capture.readouterr()
    return status, told.out.strip(), told.err.strip()


def told(folder: Path, capture: pytest.CaptureFixture[str], *words: str) -> Any:
    status, out, err = run(folder, capture, "report", *words, "--json")
    assert (status, err) == (0, "")
    return json.loads(out)


def test_the_boards_come_without_a_browser(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rate = told(folder, capsys, "join-rate", "--store", "1", "--from", DATE, "--by", "clerk")
    assert (rate["store"], rate["from"], rate["to"], rate["target"], rate["states"]) == (
        1,
        DATE,
        DATE,
        25,
        {"provisional": 1},
    )
    assert rate["all"]["join_rate"] == {"value": "50.0%", "top": 1, "bottom": 2}
    (row,) = rate["rows"]
    assert (row["key"], row["ranked"], row["conversion"]["value"]) == ("1001", False, "50.0%")
    by_store = told(folder, capsys, "join-rate", "--from", DATE)
    assert [(row["name"], row["target"]) for row in by_store["rows"]] == [("柳塘店", 25)]
    steps = told(folder, capsys, "funnel", "--from", DATE)["steps"]
    assert [(one["step"], one["count"], one["rate"]) for one in steps] == [
        ("shown", 0, "0.0%"),
        ("opened", 1, "—"),
        ("authorised", 1, "100.0%"),
        ("enrolled", 1, "100.0%"),
        ("first", 1, "100.0%"),
        ("again", 0, "0.0%"),
    ]
    sold = told(folder, capsys, "sales", "--from", DATE)
    assert (sold["all"]["net_sales"]["value"], sold["rows"][0]["average_ticket"]["value"]) == ("13.00", "6.50")
    (shop,) = told(folder, capsys, "stores")["stores"]
    assert (shop["store"], shop["state"], shop["tickets"], shop["join_rate"]["value"]) == (1, "provisional", 2, "50.0%")
    assert shop["not_called_in"] == 0
    items = told(folder, capsys, "figure", "joins", "--from", DATE)
    assert (items["total"], items["items"][0]["member"], items["items"][0]["amount"]) == (1, "张** 01", "6.50")


def test_of_a_store_that_never_synced_nothing_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, capsys, "store", "add", "2", "新店")[0] == 0
    _, new = told(folder, capsys, "stores")["stores"]
    assert (new["tickets"], new["net_sales"]["value"], new["complete_to"], new["fresh"]) == (None, None, None, False)
    assert (new["join_rate"]["value"], new["member_sales_share"]["value"]) == ("—", "—")
    _, out, _ = run(folder, capsys, "report", "stores")
    assert out.split()[-2:] == ["—", "—"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_they_can_be_read(folder: Path, capsys: pytest.CaptureFixture[str], language: str) -> None:
    wanted = {"zh": ("入会率", "暂计", "扫码", "数据截至"), "en": ("Join rate", "provisional", "scanned", "data up to")}
    said = ""
    for words in (("join-rate",), ("funnel",), ("sales",), ("stores",), ("figure", "tickets")):
        status, out, err = run(folder, capsys, "report", *words, "--language", language)
        assert (status, err) == (0, ""), words
        said += out + "\n"
    assert [word for word in wanted[language] if word not in said] == []


@pytest.mark.parametrize(
    "words",
    [
        ("join-rate", "--from", "2026-13-01"),
        ("sales", "--from", "2026-11-22", "--to", "2026-11-21"),
        ("sales", "--from", "2020-11-22", "--to", DATE),
        ("join-rate", "--by", "weather"),
        ("funnel", "--store", "9"),
        ("figure", "happiness"),
        ("figure", "tickets", "--axis", "clerk", "--key", "x"),
    ],
)
def test_what_is_no_question_is_refused_in_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    status, out, err = run(folder, capsys, "report", *words)
    assert (status, out) == (2, "")
    assert err
    assert "\n" not in err


def test_verify_counts_the_days_it_proves(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(folder, capsys, "verify", "--json")
    assert (status, json.loads(out)["days"]) == (0, 9)

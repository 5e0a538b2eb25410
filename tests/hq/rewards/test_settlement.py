"""A month is paid once: the file stays the same, what goes back later stands in the month that is open."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from posapp.clock import DAY, MINUTE
from posapp.errors import PosError
from posapp.hq import commands
from posapp.hq.rewards.settle import month_of, month_text, settle, settled_months
from posapp.hq.rewards.wanted import Rule
from tests.hq.rewards.house import House
from tests.shop import CASHIER, OTHER, play

RULE = Rule(join=200, first_order=500)


def rows_of(content: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content)))


def test_a_settled_month_is_closed_and_what_goes_back_later_stands_in_the_open_one(house: House) -> None:
    house.promise(RULE)
    house.later(8 * DAY)  # 30 November
    house.at(CASHIER)
    _, receipt = house.sell_and_join()
    house.at(OTHER)
    house.join(house.badge(OTHER))
    house.follow()
    with pytest.raises(PosError, match="month_runs"):
        settle(house.chain.database, house.chain.clock, "2026-11", "anna", "工资")
    # the refund is of the same business day, and HQ hears of it after the month was paid
    play(house.till, "network off")
    house.later(MINUTE)
    house.at(CASHIER)
    house.void(receipt)
    house.later(DAY)
    content = settle(house.chain.database, house.chain.clock, "2026-11", "anna", "11月工资")
    rows = rows_of(content)
    sums = {row["clerk"]: row["amount"] for row in rows if row["row"] == "clerk"}
    assert sums == {"1001": "7.00", "1002": "2.00"}
    assert rows[-1]["amount"] == "9.00"
    assert sum(float(row["amount"]) for row in rows if row["row"] == "line") == 9.0
    play(house.till, "network on")
    house.follow()
    assert settle(house.chain.database, house.chain.clock, "2026-11", "bert", "再来一次") == content
    assert house.fen(CASHIER) == 0
    assert {(line.month, line.fen) for line in house.lines(CASHIER)} == {
        ("2026-11", 200),
        ("2026-11", 500),
        ("2026-12", -200),
        ("2026-12", -500),
    }
    assert house.proven() == 2
    with house.chain.database.reading() as conn:
        (kept,) = settled_months(conn)
    assert (kept["who"], kept["reason"]) == ("anna", "11月工资")
    december = month_of(house.chain.database, house.chain.clock, 1, "2026-12")
    assert (december["amount"], december["settled"]) == ("-7.00", None)
    assert "入会的那一单已全部退回" in month_text(december)
    assert "the ticket of joining was given back" in month_text(december, "en")
    november = month_of(house.chain.database, house.chain.clock, 1, "2026-11")
    assert november["settled"]
    with pytest.raises(PosError, match="month_settled"):
        house.promise(RULE, "2026-11-30")


def test_the_commands_say_what_is_promised_earned_and_paid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    office = tmp_path / "office"

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = commands.main([*words, "--data", str(office)])
        told = capsys.readouterr()
        return status, told.out.strip(), told.err.strip()

    assert run("store", "add", "1", "柳塘店")[0] == 0
    status, said, _ = run("reward", "rule", "set", "--join", "2", "--first-order", "5", "--least", "20", "--cap", "100")
    assert (status, said) == (0, "有效入会每位 ¥2.00;7天内满 ¥20.00 的首单每位 ¥5.00;每天的入会最多 ¥100.00")
    assert run("reward", "rule", "set", "--join", "3", "--store", "1", "--from", "2099-01-01")[0] == 0
    (rule, later) = json.loads(run("reward", "rule", "list", "--json")[1])
    assert (rule["version"], rule["join"], rule["in_force"]) == (1, "2.00", True)
    assert (later["scope"], later["in_force"]) == ("store:1", False)
    assert "in force" in run("reward", "rule", "list", "--language", "en")[1]
    report = json.loads(run("report", "rewards", "--store", "1", "--json")[1])
    assert (report["clerks"], report["amount"]) == ([], "0.00")
    for bad in (
        ("reward", "rule", "set", "--join", "-2"),
        ("reward", "rule", "set", "--join", "1000.01"),
        ("reward", "rule", "set", "--first-order", "100000000"),
        ("reward", "settle", "--month", "2020-01", "--reason", "打13800138009", str(tmp_path / "a.csv")),
        ("reward", "rule", "set", "--join", "2", "--from", "2026-13-01"),
        ("reward", "rule", "set", "--join", "2", "--store", "9"),
        ("reward", "settle", "--month", "2026-13", "--reason", "x", str(tmp_path / "a.csv")),
        ("reward", "settle", "--month", "2999-01", "--reason", "x", str(tmp_path / "a.csv")),
        ("reward", "settle", "--month", "2020-01", "--reason", " ", str(tmp_path / "a.csv")),
        ("reward", "settle", "--month", "2020-01", "--reason", "x", str(tmp_path / "a.txt")),
        ("report", "rewards", "--store", "9"),
        ("report", "rewards", "--store", "1", "--month", "2026-1"),
    ):
        status, out, err = run(*bad)
        assert (status, out) == (2, ""), bad
        assert len(err) > 3
    assert not (tmp_path / "a.csv").exists()
    file = tmp_path / "paid.csv"
    assert run("reward", "settle", "--month", "2020-01", "--reason", "工资", str(file))[0] == 0
    first = file.read_bytes()
    assert run("reward", "settle", "--month", "2020-01", "--reason", "再来", str(file))[0] == 0
    assert file.read_bytes() == first
    assert "工资" in run("reward", "settled")[1]
    assert json.loads(run("reward", "settled", "--json")[1])[0]["month"] == "2020-01"

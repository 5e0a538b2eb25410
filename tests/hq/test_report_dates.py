"""Every report refuses a date, a month or a span that cannot be, in one sentence."""

from __future__ import annotations

import argparse
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from posapp.hq import commands

DAYS = ("day", "joins", "scores", "exceptions", "weather", "visitors")
SPANS = (
    ("join-rate", "--to"),
    ("funnel", "--to"),
    ("sales", "--to"),
    ("figure joins", "--to"),
    ("credit", "--to"),
    ("cac", "--to"),
    ("served", "--until"),
    ("wecom-stats", "--until"),
    ("attribution", "--until"),
)
MONTHS = ("rewards",)
WRONG = ("0001-01-01", "9999-12-31", "2026-02-30", "2026-W47-7")


def run(folder: Path, *words: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = commands.main([*words, "--data", str(folder), "--language", "en"])
    return status, out.getvalue().strip(), err.getvalue().strip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("hq")
    assert run(place, "store", "add", "1", "店")[0] == 0
    return place


def refused(folder: Path, *words: str) -> str:
    status, out, err = run(folder, "report", *words)
    assert (status, out) == (2, ""), words
    assert "\n" not in err
    return err


@pytest.mark.parametrize("report", DAYS)
def test_a_day_is_one_of_a_year_in_which_books_are_kept(folder: Path, report: str) -> None:
    for date in WRONG:
        assert f"{date} is not a date" in refused(folder, report, "--store", "1", "--date", date)
    for date in ("2000-01-01", "2099-12-31"):
        assert run(folder, "report", report, "--store", "1", "--date", date, "--json")[0] == 0


@pytest.mark.parametrize(("report", "to"), SPANS)
def test_a_span_is_of_such_days_and_does_not_end_before_it_begins(folder: Path, report: str, to: str) -> None:
    words = report.split()
    for date in WRONG:
        assert f"{date} is not a date" in refused(folder, *words, "--from", date)
        assert f"{date} is not a date" in refused(folder, *words, "--from", "2026-11-22", to, date)
    assert "later than" in refused(folder, *words, "--from", "2026-11-22", to, "2026-11-21")
    for date in ("2000-01-01", "2099-12-31"):
        assert run(folder, "report", *words, "--from", date, to, date, "--json")[0] == 0


@pytest.mark.parametrize("month", ["0001-01", "9999-12", "2026-13", "2026-1", "2026-11-01"])
def test_a_month_is_one_of_such_a_year(folder: Path, month: str) -> None:
    assert f"{month} is not a month" in refused(folder, "rewards", "--store", "1", "--month", month)
    assert run(folder, "reward", "settle", "--month", month, "--reason", "x", str(folder / "x.csv"))[0] == 2


def test_no_report_that_takes_dates_was_forgotten() -> None:
    found: dict[str, set[str]] = {}
    for name, parser in _below(_below(_below(commands.reader())["hq"])["report"]).items():
        for action in parser._actions:
            for option in action.option_strings:
                found.setdefault(option, set()).add(name)
    assert found["--date"] == set(DAYS)
    assert found["--from"] == {name.split()[0] for name, _ in SPANS}
    assert found["--month"] == set(MONTHS)


def _below(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (action,) = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    return dict(action.choices)

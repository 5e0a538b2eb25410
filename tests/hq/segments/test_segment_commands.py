"""`posapp hq report|import|export` of persons, as people run them; and a whole server with a real till."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from posapp.hq import commands
from posapp.hq.database import open_database
from posapp.hq.people import add_store
from posapp.hq.segments import reports
from posapp.keys import HqKeys
from tests.hq.members.desk import Desk
from tests.hq.shop import Shop, TestClock, wait_until

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run_(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = commands.main([*words, "--data", str(tmp_path / "hq")])
        told = capsys.readouterr()
        return status, told.out.strip(), told.err.strip()

    database = open_database(tmp_path / "hq" / "hq.db")
    add_store(database, TestClock(), 1, "示范店")
    database.close()
    return run_


NAMES = (*reports.KEPT, "segments", "cac", "weather", "visitors")


@pytest.mark.parametrize("name", NAMES)
def test_every_report_is_told_before_anything_was_sold(run: Run, name: str) -> None:
    store = ("--store", "1") if name in ("weather", "visitors") else ()
    status, out, err = run("report", name, *store, "--json")
    assert (status, err) == (0, "")
    told = json.loads(out)
    assert (told["report"], told["version"]) == (name, 1)
    for language in ("zh", "en"):
        status, out, err = run("report", name, *store, "--language", language)
        assert (status, err) == (0, "")
        assert out.startswith(name)


@pytest.mark.parametrize(
    "words",
    [
        ("report", "weather", "--store", "7"),
        ("report", "weather", "--store", "x"),
        ("report", "visitors", "--store", "1", "--date", "yesterday"),
        ("report", "cac", "--from", "2026-11-02", "--to", "2026-11-01"),
        ("export", "regulars", "9", "a.csv", "--reason", "x"),
        ("import", "days", "no-such-file.csv"),
        ("import", "spend", "no-such-file.csv"),
    ],
)
def test_bad_input_is_one_sentence(run: Run, words: tuple[str, ...]) -> None:
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1


def test_files_are_taken_over_and_verified(run: Run, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("日期,天气\n2026-11-22,晴\n", "utf-8")
    (tmp_path / "s.csv").write_text("渠道,开始日期,金额\nstand,2026-11-22,9.50\n", "utf-8")
    assert run("import", "days", str(tmp_path / "d.csv"))[1] == "共 1 行: 采用 1,拒绝 0"
    assert run("import", "spend", str(tmp_path / "s.csv"), "--language", "en")[1].endswith("9.50 together")
    status, out, _ = run("report", "cac", "--from", "2026-11-22", "--to", "2026-11-22", "--json")
    assert status == 0
    assert json.loads(out)["parts"]["stand"]["cac_media"]["text"] == "9.50"
    assert run("verify")[0] == 0
    status, out, _ = run("export", "regulars", "1", str(tmp_path / "out.csv"), "--reason", "回访")
    assert (status, out) == (0, "0")


def test_a_sale_changes_the_members_card_while_the_server_runs(shop: Shop, keys: HqKeys, clock: TestClock) -> None:
    ref = Desk(shop.database, keys, clock).member()
    till = shop.till()
    journal = till.journal()
    journal.sale(1000, 99, member=ref)
    till.push(journal.jid, journal.entries)

    def card() -> dict[str, object]:
        found: dict[str, object] = till.stream("cards").get(("store:1", ref)) or {}
        return found

    wait_until(lambda: card().get("visits") == 1)
    assert card()["segment"] == "new"

"""`posapp hq member|tier|chips` as people run them, and ranks that points reach."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, select

from posapp.clock import DAY
from posapp.hq import commands
from posapp.hq.database import open_database
from posapp.hq.members import points, tiers
from posapp.hq.members.tables import looked, person, points_entry
from posapp.hq.tables import feed
from tests.hq.members.desk import Desk

Run = Callable[..., tuple[int, str, str]]
FILE = "会员卡号,手机号,姓名,积分\nC1,13800000001,张三,120\nC2,13800000002,李四,30\n"


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run_(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = commands.main([*words, "--data", str(tmp_path / "hq")])
        told = capsys.readouterr()
        return status, told.out.strip(), told.err.strip()

    (tmp_path / "m.csv").write_text(FILE, "utf-8")
    assert run_("import", "members", str(tmp_path / "m.csv"), "--phones-verified")[0] == 0
    return run_


def test_who_finds_a_member_is_kept_and_sees_no_phone(run: Run, tmp_path: Path) -> None:
    for asked in ("13800000001", "C1"):
        status, out, err = run("member", "find", asked, "--reason", "来电核对", "--json")
        assert (status, err) == (0, "")
        told = json.loads(out)
        assert (told["name"], told["phones"], told["points"]) == ("张**", ["138****0001"], 120)
        assert "13800000001" not in out
    assert "138****0001" in run("member", "find", "C1", "--reason", "x")[1]
    status, _, err = run("member", "find", "13899999999", "--reason", "x")
    assert status == 2
    assert "没有这位会员" in err
    assert "13899999999" not in err
    assert run("member", "find", "C1", "--reason", " ")[0] == 2
    with _reading(tmp_path) as conn:
        assert len(conn.execute(select(looked)).all()) == 3


@contextmanager
def _reading(tmp_path: Path) -> Iterator[Connection]:
    database = open_database(tmp_path / "hq" / "hq.db")
    with database.reading() as conn:
        yield conn
    database.close()


def test_merging_by_hand_and_back(run: Run) -> None:
    one, other = (json.loads(run("member", "find", card, "--reason", "x", "--json")[1])["ref"] for card in ("C1", "C2"))
    root = run("member", "merge", one, other)[1]
    assert root in (one, other)
    told = json.loads(run("member", "find", other, "--reason", "x", "--json")[1])
    assert (told["ref"], told["points"]) == (root, 150)
    assert run("member", "merge", one, other)[0] == 2
    number = str(told["merges"][0]["number"])
    assert set(run("member", "unmerge", number)[1].split()) == {one, other}
    assert run("member", "unmerge", number)[0] == 2
    assert json.loads(run("member", "find", "C2", "--reason", "x", "--json")[1])["points"] == 30


def test_points_by_hand_want_a_reason(run: Run) -> None:
    assert run("member", "points", "C1", "50", "活动补发")[1] == "170"
    assert run("member", "points", "C1", "-70", "多记更正")[1] == "100"
    assert run("member", "points", "C1", "5", " ")[0] == 2
    for words in (("points", "C1", "5", "打13800138009"), ("find", "C1", "--reason", "打13800138009")):
        status, out, error = run("member", *words)
        assert (status, out) == (2, "")
        assert "电话" in error
    assert run("member", "points", "C1", "五", "x")[0] == 2
    assert json.loads(run("member", "find", "C1", "--reason", "x", "--json")[1])["points"] == 100


def test_ranks_and_chips_are_told_to_the_tills(run: Run, tmp_path: Path) -> None:
    assert run("tier", "set", "gold", "金卡/Gold", "--least", "1000", "--factor", "150", "--colour", "#C8A030")[0] == 0
    assert run("tier", "set", "base", "普通卡/Card")[0] == 0
    assert run("tier", "set", "Gold", "金卡")[0] == 2
    assert run("tier", "set", "x", "金卡", "--colour", "gold")[0] == 2
    assert run("chips", "set", "size", "尺码/Size", "s=小/Small", "l=大/Large")[0] == 0
    assert run("chips", "set", "size", "尺码/Size", "小")[0] == 2
    with _reading(tmp_path) as conn:
        rows = conn.execute(select(feed).where(feed.c.stream.in_(("tiers", "chips")))).all()
    told = {row.key: msgspec.json.decode(bytes(row.data)) for row in rows}
    assert told["gold"] == {"name": ["金卡", "Gold"], "factor": 150, "colour": "#c8a030", "place": 2}
    assert told["base"]["place"] == 1
    assert told["size"]["choices"] == [["s", "小", "Small"], ["l", "大", "Large"]]


def test_a_year_of_points_lifts_a_member_and_nothing_lowers_them(desk: Desk) -> None:
    tiers.set_tier(desk.database, "silver", "银卡", least=100, factor=110)
    tiers.set_tier(desk.database, "gold", "金卡", least=1_000, factor=150)
    ref, now = desk.person(), desk.clock.now

    def tier_after(source: str, worth: int, at: int) -> str:
        with desk.writing() as conn:
            points.book(conn, ref, "earn", source, worth, at)
            tiers.rise(conn, [ref], now)
            return str(conn.scalar(select(person.c.tier).where(person.c.ref == ref)))

    assert tier_after("long ago", 5_000, now - 366 * DAY) == ""
    assert tier_after("s1", 99, now) == ""
    assert tier_after("s2", 1, now) == "silver"
    assert tier_after("s3", 900, now) == "gold"
    with desk.writing() as conn:
        points.book(conn, ref, "claw_back", "s3 r", -900, now)
        tiers.rise(conn, [ref], now)
        assert conn.scalar(select(person.c.tier).where(person.c.ref == ref)) == "gold"
        assert len(conn.execute(select(points_entry)).all()) == 5

"""`posapp hq campaign|hook|route|pack|code|report joins`: what is set, what tills are told, what is counted."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, select, update

from posapp.clock import SystemClock
from posapp.hq import commands, feed
from posapp.hq.database import open_database
from posapp.hq.joining import codes
from posapp.hq.joining.join import give
from posapp.hq.joining.offers import offer_rows
from posapp.hq.joining.tables import campaign, claim, joined, pack, route, static_code
from posapp.hq.members.identity import Means, new_person
from posapp.hq.tables import feed as told_rows
from posapp.hq.vault import Vault
from posapp.ids import system_chance
from posapp.keys import HqKeys, load_secrets
from posapp.rules.join_token import read
from posapp.rules.small_cells import without_small_cells

GOODS = "货号,品名,零售价\nG1,试用装,5\nB1,面包,6\nD1,饮料,8\nP1,入会包,9.9\n"


class Office:
    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capture = capture

    def run(self, *words: str) -> tuple[int, str, str]:
        self.capture.readouterr()
        status = commands.main([*words, "--data", str(self.folder)])
        told = self.capture.readouterr()
        return status, told.out.strip(), told.err.strip()

    def good(self, *words: str) -> str:
        status, out, err = self.run(*words)
        assert (status, err) == (0, ""), (words, err)
        return out

    def bad(self, *words: str) -> str:
        status, out, err = self.run(*words)
        assert (status, out) == (2, ""), words
        return err

    @contextmanager
    def open(self) -> Iterator[Connection]:
        database = open_database(self.folder / "hq.db")
        with database.transaction() as conn:
            yield conn
        database.close()

    @property
    def keys(self) -> HqKeys:
        keys: HqKeys = load_secrets(self.folder / "hq-keys.json", HqKeys)
        return keys

    def told(self, stream: str) -> dict[tuple[str, str], Any]:
        with self.open() as conn:
            rows = conn.execute(select(told_rows).where(told_rows.c.stream == stream)).all()
        return {(row.scope, row.key): msgspec.json.decode(bytes(row.data)) for row in rows if row.data}


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    office = Office(tmp_path / "hq", capsys)
    for number in ("1", "2"):
        office.good("store", "add", number, f"店{number}")
    goods = tmp_path / "goods.csv"
    goods.write_text(GOODS, "utf-8")
    office.good("import", "products", str(goods))
    return office


def test_a_campaign_is_told_until_its_budget_is_gone(office: Office) -> None:
    office.good("campaign", "add", "gift", "试用装/Sample", "--gift", "G1", "--budget", "2", "--store", "1")
    office.good("campaign", "add", "off", "减5元/5 off", "--off", "5", "--least", "30", "--days", "30")
    told = office.told("offers")
    assert set(told) == {("store:1", "gift"), ("chain", "off")}
    assert told["chain", "off"] | {"starts": 0} == {
        "kind": "amount",
        "name": ["减5元", "5 off"],
        "fen": 500,
        "least": 3000,
        "starts": 0,
    }
    means = Means(Vault(office.keys, system_chance), system_chance, SystemClock().now_ms())
    with office.open() as conn:
        code = codes.Code("x", read(codes.make_static(conn, office.keys, "stand", means.now, store=1))[0])
        for phone in ("h1", "h1", "h2", "h3"):
            give(conn, means, new_person(conn, means, source="test"), phone, code)
        feed.publish(conn, {"offers": offer_rows(conn, means.now)})
    assert set(office.told("offers")) == {("chain", "off")}
    listed = {row["id"]: row for row in json.loads(office.good("campaign", "list", "--json"))}
    assert (listed["gift"]["state"], listed["gift"]["given"], listed["off"]["given"]) == ("used_up", 2, 3)
    assert "已送完" in office.good("campaign", "list")
    office.good("campaign", "stop", "off")
    assert office.told("offers") == {}


def test_a_campaign_that_makes_no_sense_is_refused(office: Office) -> None:
    assert "没有商品" in office.bad("campaign", "add", "c", "赠品", "--gift", "none")
    office.bad("campaign", "add", "c", "赠品")
    office.bad("campaign", "add", "c", "赠品", "--gift", "G1", "--off", "5")
    office.bad("campaign", "add", "c", "赠品", "--off", "0")
    office.bad("campaign", "add", "c", "赠品", "--off", "5", "--store", "9")
    office.bad("campaign", "add", "join", "赠品", "--off", "5")
    office.bad("campaign", "add", "c", "赠品", "--off", "5", "--from", "2026-02-02", "--until", "2026-02-01")
    office.bad("campaign", "stop", "c")
    assert office.good("campaign", "list") == ""
    assert office.told("offers") == {}
    office.good("campaign", "add", "c", "赠品", "--off", "5")
    assert "已经用过" in office.bad("campaign", "add", "c", "赠品", "--off", "5")


def test_a_campaign_whose_time_is_over_is_told_no_more(office: Office) -> None:
    office.good("campaign", "add", "c", "赠品", "--off", "5", "--until", "2999-01-01")
    with office.open() as conn:
        conn.execute(update(campaign).values(starts=1, ends=2))
        feed.publish(conn, {"offers": offer_rows(conn, SystemClock().now_ms())})
    assert office.told("offers") == {}
    assert json.loads(office.good("campaign", "list", "--json"))[0]["state"] == "over"


def test_hooks_come_and_go(office: Office) -> None:
    words = ("--weekdays", "wed sat", "--from-amount", "50", "--surface", "receipt", "--order", "3")
    office.good("hook", "add", "wed", "周三会员价/Members' Wednesday", "--line", "本单可省 {saving}", *words)
    row = office.told("hooks")["chain", "wed"]
    assert (row["weekdays"], row["least"], row["surface"], row["place"]) == ([3, 6], 5000, "receipt", 3)
    assert "周三会员价" in office.good("hook", "list")
    assert "Members' Wednesday" in office.good("hook", "list", "--language", "en")
    office.bad("hook", "add", "x", "话", "--weekdays", "someday")
    office.bad("hook", "add", "x", "话", "--surface", "wall")
    office.good("hook", "remove", "wed")
    office.bad("hook", "remove", "wed")
    assert office.told("hooks") == {}


def test_routes_and_packs(office: Office) -> None:
    office.good("route", "set", "1", "receipt", "https://m.example.cn/x")
    office.good("route", "set", "chain", "all", "clerk")
    office.bad("route", "set", "1", "wall", "join")
    office.bad("route", "set", "1", "receipt", "http://plain.example.cn")
    office.good("pack", "set", "P1", "B1=1", "D1=2", "--points", "50")
    assert office.told("packs")["chain", "P1"] == {"parts": [["B1", 1000], ["D1", 2000]], "points": 50}
    for parts in (["B1"], ["none=1"], ["B1=0"], ["P1=1"], ["B1=1", "B1=2"]):
        office.bad("pack", "set", "P1", *parts)
    office.good("pack", "stop", "P1")
    assert office.told("packs") == {}
    with office.open() as conn:
        assert {tuple(row)[:3] for row in conn.execute(select(route))} == {
            ("store:1", "receipt", "https://m.example.cn/x"),
            ("chain", "", "clerk"),
        }
        assert conn.scalar(select(pack.c.active)) == 0


def test_a_printed_code_is_made_once_and_taken_out_of_use(office: Office) -> None:
    assert "join_address" in office.bad("code", "stand", "--store", "1")
    office.good("set", "chain", "join_address", "https://m.example.cn")
    stand = office.good("code", "stand", "--store", "1", "--till", "2")
    badge = office.good("code", "badge", "--store", "1", "--clerk", "1001")
    assert stand.startswith("https://m.example.cn/j/")
    assert office.good("code", "stand", "--store", "1", "--till", "2") == stand
    token = read(badge)[0]
    assert (token.channel, token.store, token.clerk) == ("badge", 1, 1001)
    office.bad("code", "badge", "--store", "1")
    office.bad("code", "stand", "--store", "9")
    office.good("code", "revoke", stand)
    office.bad("code", "revoke", stand)
    assert office.good("code", "stand", "--store", "1", "--till", "2") != stand
    with office.open() as conn:
        assert len(conn.execute(select(static_code)).all()) == 3


def test_joins_are_counted_by_clerk_and_channel_and_small_groups_stay_inside(office: Office, tmp_path: Path) -> None:
    now = SystemClock().now_ms()
    with office.open() as conn:
        for n in range(12):
            clerk = 1001 if n < 10 else 1002
            row = {"ref": f"r{n}", "at": now, "store": 1, "till": 1, "clerk": clerk, "channel": "display", "token": ""}
            conn.execute(joined.insert(), {**row, "stem": f"s{n}", "inviter": ""})
        done = {"stem": "s0", "token": "", "ref": "r0", "at": now, "is_new": 1, "state": "done", "points": 7}
        conn.execute(claim.insert(), done)
    told = json.loads(office.good("report", "joins", "--store", "1", "--json"))
    assert told["joins"] == 12
    assert told["groups"] == [
        {"clerk": 1001, "channel": "display", "joins": 10},
        {"clerk": 1002, "channel": "display", "joins": 2},
    ]
    assert {one["points"] for one in told["each"]} == {7, None}
    file = tmp_path / "out.csv"
    assert "新增会员 12" in office.good("report", "joins", "--store", "1", "--export", str(file))
    text = file.read_text("utf-8-sig")
    assert [row["joins"] for row in csv.DictReader(text.splitlines())] == ["*", "*"]
    assert not any(f"r{n}" in text.split(",") for n in range(12))
    assert json.loads(office.good("report", "joins", "--store", "1", "--date", "2020-01-01", "--json"))["joins"] == 0
    office.bad("report", "joins", "--store", "1", "--date", "yesterday")


def test_no_cell_below_five_leaves_the_house() -> None:
    assert without_small_cells({"a": 9, "b": 4, "c": 3, "d": 0}) == {"a": 9, "b": None, "c": None, "d": 0}
    assert without_small_cells({"a": 9, "b": 7, "c": 3}) == {"a": 9, "b": None, "c": None}
    assert without_small_cells({"a": 5, "b": 6}) == {"a": 5, "b": 6}

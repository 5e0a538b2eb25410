"""The same by hand at HQ's command line: each command one sentence when it cannot, and nothing changed then."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from posapp.hq import commands

Ask = Callable[..., Any]
PHONE = "15420000001"


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Runs an hq command on a folder with a store, two clerks, an article and a member: what it said."""

    def run(*words: str) -> Any:
        status = commands.main([*words, "--data", str(tmp_path / "hq")])
        told = capsys.readouterr()
        if status:
            assert status == 2
            assert told.err.strip()
            assert not told.out
            return told.err.strip()
        try:
            return json.loads(told.out)
        except ValueError:
            return told.out.strip()

    run("store", "add", "1", "柳塘店")
    for number in ("1001", "1002"):
        run("clerk", "add", number, f"店员{number}", "--role", "cashier", "--pin", "739205", "--store", "1")
    goods, members = tmp_path / "goods.csv", tmp_path / "members.csv"
    goods.write_text("货号,品名,单位,零售价,销项税\nM1,补水面膜,个,49.90,0.13\n", "utf-8")
    members.write_text(f"会员卡号,手机号,姓名,同意个性化\nSY1,{PHONE},张女士,是\n", "utf-8")
    run("import", "products", str(goods))
    run("import", "members", str(members), "--store", "1", "--phones-verified")
    return run


def test_what_is_done_for_a_member_is_on_their_timeline(ask: Ask) -> None:
    assert ask("owner", "set", PHONE, "1001") == ""
    assert ask("owner", "handover", "1001", "1002") == 1
    assert [row["clerk"] for row in ask("owner", "list", PHONE, "--json")] == [1002, 1001]
    assert ask("owner", "credit", "split") == ""
    assert "owner, seller, split" in ask("owner", "credit", "mine")
    assert ask("title", "grant", PHONE, "taster", "品牌体验官/Taster", "--until", "2099-01-01") == ""
    assert ask("title", "list", PHONE, "--json")[0]["name"] == ["品牌体验官", "Taster"]
    assert ask("title", "revoke", PHONE, "taster") == ""
    assert "taster" in ask("title", "revoke", PHONE, "taster")
    assert ask("tag", "set", PHONE, "skin", "油皮", "--days", "0") == ""
    assert "电话" in ask("tag", "set", PHONE, "phone", "13812345678")
    assert ask("tag", "list", PHONE, "--json")[0]["value"] == "油皮"
    assert ask("tag", "set", PHONE, "wish", "M1", "--scene", "browsed") == ""
    told = ask("care", "timeline", PHONE, "--reason", "客诉", "--json")
    assert {row["kind"] for row in told} == {"owner", "title", "tag", "hint"}
    assert next(row for row in told if row["kind"] == "hint")["what"] == "刚看过补水面膜"
    assert ask("tag", "remove", PHONE, "wish") == ""
    assert "原因" in ask("care", "timeline", PHONE, "--reason", " ")
    assert "没有这位会员" in ask("care", "timeline", "13999999999", "--reason", "客诉")


def test_words_go_from_draft_to_a_report(ask: Ask) -> None:
    for prompt in ("看过{goods}/Saw {goods}", "有兴趣: {goods}/Likes {goods}"):
        assert ask("script", "draft", "browsed", "--prompt", prompt, "--by", "lin") in (1, 2)
    assert "另一个人" in ask("script", "approve", "browsed", "1", "--by", "lin")
    assert "browsed 1" in ask("experiment", "start", "june", "browsed", "--versions", "1,2")
    for version in ("1", "2"):
        assert ask("script", "approve", "browsed", version, "--by", "he") == ""
    assert [row["state"] for row in ask("script", "list", "--json")] == ["approved", "approved"]
    assert ask("experiment", "start", "june", "browsed", "--versions", "1,2", "--holdout", "0") == ""
    assert ask("tag", "set", PHONE, "wish", "M1", "--scene", "browsed") == ""
    told = ask("report", "experiment", "june", "--json")
    assert [arm["assigned"] for arm in told["arms"]].count(1) == 1
    assert "对照: 0 人" in ask("report", "experiment", "june")
    assert ask("experiment", "stop", "june") == ""
    assert "june" in ask("experiment", "stop", "june")
    assert ask("script", "retire", "browsed", "2") == ""
    assert ask("tag", "rule", "sun", "--kind", "browse", "--tag", "suncare", "--category", "防晒") == ""
    assert "suncare" in ask("tag", "rules")
    assert ask("tag", "forget-rule", "sun") == ""

"""Flows, leads and feedback as people run them: `posapp hq flow|lead|feedback`, and leads from a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from posapp.clock import SystemClock
from posapp.hq.database import open_database
from posapp.hq.members.tables import person
from posapp.hq.tasks.tables import feedback, lead
from tests.hq.flows.dormant import blank
from tests.hq.test_commands import Office

DUE = "2099-01-01T18:00"


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    opened = Office(tmp_path / "hq", capsys)
    opened.good("store", "add", "1", "示范店")
    opened.good("clerk", "add", "1001", "张三", "--role", "cashier", "--pin", "839204", "--store", "1")
    opened.good("clerk", "add", "1002", "李四", "--role", "cashier", "--pin", "839205", "--store", "1")
    opened.good("clerk", "off", "1002")
    member = tmp_path / "members.csv"
    member.write_text("卡号,手机号\nA1,13800000001\nA2,13800000002\n", "utf-8")
    opened.good("import", "members", str(member), "--store", "1", "--phones-verified")
    return opened


def rows_of(office: Office, what: object) -> int:
    database = open_database(office.folder / "hq.db")
    try:
        with database.reading() as conn:
            return len(conn.execute(what.select()).all())  # type: ignore[attr-defined]
    finally:
        database.close()


def test_a_flow_from_its_beginning_to_its_report(office: Office) -> None:
    office.good(
        *("flow", "add", "wake", "沉睡唤醒/Wake up", "--off", "10", "--gift-name", "唤醒礼10元/¥10 welcome back"),
        *("--hint", "dormant", "--holdout", "20", "--a-day", "100"),
    )
    (told,) = json.loads(office.good("flow", "list", "--json"))
    assert (told["state"], told["holdout"], told["a_day"], told["steps"]["task"]) == (
        "running",
        20,
        100,
        {"scene": "dormant", "days": 14},
    )
    assert "沉睡唤醒" in office.good("flow", "list")
    assert "Dormant" in office.good("flow", "list", "--language", "en")
    assert json.loads(office.good("flow", "preview", "wake", "--json"))["treated"] == 0
    assert "触达: 0" in office.good("flow", "preview", "wake")
    office.good("flow", "pause", "wake")
    assert json.loads(office.good("flow", "list", "--json"))[0]["state"] == "paused"
    office.good("flow", "resume", "wake")
    assert json.loads(office.good("report", "flow", "wake", "--json"))["contacted"]["wake_rate"] == "—"
    assert "唤醒率 — (0/0)" in office.good("report", "flow", "wake")
    assert "wake rate" in office.good("report", "flow", "wake", "--language", "en")


@pytest.mark.parametrize(
    "words",
    [
        ("flow", "add", "wake", "唤醒"),
        ("flow", "add", "Wake!", "唤醒", "--hint", "dormant"),
        ("flow", "add", "wake", "唤醒", "--hint", "dormant", "--holdout", "51"),
        ("flow", "add", "wake", "唤醒", "--hint", "dormant", "--at", "24"),
        ("flow", "add", "wake", "唤醒", "--lead", "打 13812345678"),
        ("flow", "pause", "nothing"),
        ("flow", "preview", "nothing"),
        ("report", "flow", "nothing"),
        ("lead", "add", "A1", "回访", "--store", "1", "--due", "tomorrow"),
        ("lead", "add", "A1", "回访", "--store", "1", "--due", "2020-01-01"),
        ("lead", "add", "A9", "回访", "--store", "1", "--due", DUE),
        ("lead", "add", "A1", "回访", "--store", "2", "--due", DUE),
        ("lead", "close", "nothing"),
        ("feedback", "answer", "nothing", "好"),
        ("feedback", "assign", "nothing", "谁"),
        ("feedback", "owner", "music", "谁"),
        ("feedback", "owner", "goods", "谁", "--hours", "0"),
    ],
)
def test_what_is_typed_wrong_is_one_sentence_and_changes_nothing(office: Office, words: tuple[str, ...]) -> None:
    status, out, error = office.run(*words)
    assert (status, out) == (2, ""), words
    assert len(error.splitlines()) == 1
    assert "13812345678" not in error
    assert json.loads(office.good("flow", "list", "--json")) == []
    assert json.loads(office.good("lead", "list", "--json")) == []


@pytest.mark.parametrize("clerk", ["9999", "1002"])
def test_a_lead_is_for_a_clerk_who_works_here(office: Office, clerk: str) -> None:
    status, out, error = office.run("lead", "add", "A1", "回访", "--store", "1", "--due", DUE, "--clerk", clerk)
    assert (status, out) == (2, "")
    assert clerk in error
    assert json.loads(office.good("lead", "list", "--json")) == []


def test_leads_by_hand(office: Office) -> None:
    id_ = office.good("lead", "add", "A1", "回访/Call back", "--store", "1", "--due", DUE, "--clerk", "1001")
    (told,) = json.loads(office.good("lead", "list", "--store", "1", "--json"))
    assert (told["id"], told["title"], told["due"], told["clerk"]) == (
        id_,
        ["回访", "Call back"],
        "2099-01-01T10:00:00.000Z",
        1001,
    )
    assert "待办  回访" in office.good("lead", "list")
    office.good("lead", "close", id_)
    assert "closed" in office.good("lead", "list", "--language", "en")


def test_leads_from_a_file_each_row_taken_or_named(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text(
        "会员,门店,事项,截止,店员,话术\n"
        f"A1,1,想试新口红/Try the lipstick,{DUE},1001,新色到了\n"
        f"13800000002,,生日回访,{DUE},,\n"
        f"A9,1,回访,{DUE},,\n"
        f"A1,7,回访,{DUE},,\n"
        f"A1,1,致电 13812345678,{DUE},,\n"
        "A1,1,回访,2020-01-01,,\n"
        "A1,1,回访,soon,,\n"
        f"A1,1,,{DUE},,\n"
        f"A1,1,想试新口红/Try the lipstick,{DUE},,\n"
        f"A1,1,上门,{DUE},9999,\n"
        f"A1,1,上门,{DUE},1002,\n",
        "utf-8",
    )
    dry = json.loads(office.good("import", "leads", str(file), "--store", "1", "--dry-run", "--json"))
    assert dry["taken"] == 2
    assert rows_of(office, lead) == 0
    status, out, _ = office.run("import", "leads", str(file), "--store", "1", "--json")
    told = json.loads(out)
    assert (status, told["rows"], told["taken"]) == (0, 11, 2)
    assert [(one["row"], one["reason"]) for one in told["refused"]] == [
        (4, "no_such_member"),
        (5, "no_such_store"),
        (6, "text_has_number"),
        (7, "bad_period"),
        (8, "bad_instant"),
        (9, "bad_name"),
        (10, "duplicate"),
        (11, "not_found"),
        (12, "clerk_off"),
    ]
    assert "138" not in out
    assert rows_of(office, lead) == 2
    assert "拒绝 9" in office.run("import", "leads", str(file), "--store", "1")[1]


def test_feedback_is_answered_at_the_command_line(office: Office) -> None:
    database = open_database(office.folder / "hq.db")
    with database.transaction() as conn:
        item = {"id": "f1", "store": 1, "category": "goods", "text": "太甜", "owner": "ops", "state": "open"}
        due = SystemClock().now_ms() - 1
        conn.execute(feedback.insert(), {**blank(feedback), **item, "due": due, "at": due})
    database.close()
    assert "已逾期  ops  商品: 太甜" in office.good("feedback", "list")
    office.good("feedback", "assign", "f1", "商品部")
    office.good("feedback", "answer", "f1", "已减糖")
    (told,) = json.loads(office.good("feedback", "list", "--json"))
    assert (told["owner"], told["state"], told["answer"]) == ("商品部", "answered", "已减糖")
    assert json.loads(office.good("feedback", "list", "--waiting", "--json")) == []
    office.good("feedback", "owner", "any", "客服", "--hours", "24")
    assert rows_of(office, person) == 2

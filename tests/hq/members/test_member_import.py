"""Members of another system: what is taken, what is refused and why, and that a file counts once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import func, select

from posapp.hq import verify
from posapp.hq.columns import metadata
from posapp.hq.members import consents, imports
from posapp.hq.members.identity import known_by
from posapp.hq.members.tables import merge, person, points_entry, tier
from posapp.hq.people import add_store
from posapp.hq.tables import feed
from posapp.messages import Consent
from posapp.rules.consents import MARKETING
from tests.hq.members.desk import PHONE, Desk

HEADER = "会员卡号,手机号,姓名,生日,会员等级,积分,入会日期,同意营销,最后消费\n"
GOOD = (
    '0001,13800000001,张三,1990-05-20,金卡,"1,240",2020-01-02,是,2026/1/2\n'
    "0002,,李四,5月2日,,0,,否,\n"
    ",138 0000 0003,王五,0229,,-12,2021-3-4,,\n"
)
BAD = (
    ",,无号,,,1,,,\n"
    "0005,1380000000,短号,,,1,,,\n"
    "0001,,重卡,,,1,,,\n"
    "0006,13800000006,,2月30日,,1,,,\n"
    "0007,13800000007,,,,1.5,,,\n"
    "0008,13800000008,,,白金,1,,,\n"
    "0009,13800000009,,,,1,昨天,,\n"
    "0010,13800000010,,,,1,,也许,\n"
    "1.38E+10,,,,,1,,,\n"
)


class Files:
    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk = desk
        self.folder = folder
        add_store(desk.database, desk.clock, 1, "店1")
        with desk.writing() as conn:
            row = {"id": "gold", "name": '["金卡","Gold"]', "least": 0, "factor": 150, "colour": "", "place": 1}
            conn.execute(tier.insert(), row)

    def take(self, text: str, *, verified: bool = False, dry_run: bool = False) -> imports.MemberReport:
        file = self.folder / "members.csv"
        file.write_text(text, encoding="utf-8")
        desk = self.desk
        return imports.import_members(
            desk.database,
            desk.vault,
            desk.clock,
            desk.chance,
            file,
            store="1",
            verified=verified,
            dry_run=dry_run,
        )

    def everything(self) -> dict[str, list[str]]:
        with self.desk.database.reading() as conn:
            return {
                table.name: sorted(map(repr, conn.execute(select(table)).all())) for table in metadata.sorted_tables
            }


@pytest.fixture
def files(desk: Desk, tmp_path: Path) -> Files:
    return Files(desk, tmp_path)


def test_good_rows_are_taken_and_bad_ones_named(files: Files) -> None:
    report = files.take(HEADER + GOOD + BAD)
    assert (report.rows, report.taken, report.added, report.points) == (12, 3, 3, 1228)
    assert [remark.reason for remark in report.refused] == [
        "missing_key",
        "bad_phone",
        "duplicate",
        "bad_birthday",
        "bad_points",
        "unknown_tier",
        "bad_date",
        "bad_word",
        "bad_card",
    ]
    for language in ("zh", "en"):
        told = report.text(language) + report.json(language)
        assert "1380000000" not in told
        assert "第 5 行" in told or "row 5" in told
    with files.desk.database.reading() as conn:
        card = known_by(conn, "card", files.desk.vault.index("card", "0001"))
        head = conn.execute(select(person).where(person.c.ref == card)).one()
        assert (head.birthday, head.tier, head.balance, head.initial, head.home) == ("05-20", "gold", 1240, "张", 1)
        assert consents.may_market(conn, head.ref)
        # nobody confirmed the phone: it opens no account
        assert known_by(conn, "phone", files.desk.vault.index("phone", "+8613800000001")) is None
        balances = sorted(conn.scalars(select(person.c.balance)))
        assert balances == [-12, 0, 1240]
        told_tills = conn.scalar(select(func.count()).select_from(feed).where(feed.c.stream == "members"))
        assert told_tills == 3
    assert verify.verify(files.desk.database).error is None


def test_what_is_yet_to_come_is_no_joining_and_points_below_zero_are_noted(files: Files) -> None:
    report = files.take(
        "卡号,入会时间,最近到店,积分\n"
        "1,2030-01-01,,0\n"
        "2,2020-01-01,2030-01-01,0\n"
        "3,2020-01-01,2020-01-02,-5\n"
        "4,2020-01-01,2020-01-02,5\n"
    )
    assert [(one.row, one.reason) for one in report.refused] == [(2, "to_come"), (3, "to_come")]
    assert "入会日期还没有到" in report.text()
    assert "its visited is yet to come" in report.text("en")
    assert report.taken == 2
    assert [(one.row, one.reason) for one in report.notes] == [(4, "points_below")]


def test_the_same_file_again_changes_nothing(files: Files) -> None:
    files.take(HEADER + GOOD)
    before = files.everything()
    files.desk.clock.now += 1_000
    again = files.take(HEADER + GOOD)
    assert (again.taken, again.added, again.changed, again.same, again.points) == (3, 0, 0, 3, 0)
    assert files.everything() == before


def test_a_dry_run_says_the_same_and_writes_nothing(files: Files) -> None:
    before = files.everything()
    dry = json.loads(files.take(HEADER + GOOD + BAD, dry_run=True).json())
    assert files.everything() == before
    wet = json.loads(files.take(HEADER + GOOD + BAD).json())
    assert {**dry, "dry_run": False} == wet


def test_a_member_who_is_known_is_filled_up_and_keeps_what_they_have(files: Files) -> None:
    ref = files.desk.member(PHONE, "王小明", 100)
    with files.desk.writing() as conn:
        act = Consent(MARKETING, 0, "2026-11")
        consents.note(conn, ref, [act], files.desk.clock.now, "page", "page")
    report = files.take(HEADER + f"0009,{PHONE},别名,1-1,金卡,50,,是,\n")
    assert (report.added, report.changed) == (0, 1)
    with files.desk.database.reading() as conn:
        head = conn.execute(select(person).where(person.c.ref == ref)).one()
        assert (head.balance, head.tier, head.birthday, head.initial) == (150, "gold", "11-22", "王")
        assert not consents.may_market(conn, ref)
        assert known_by(conn, "card", files.desk.vault.index("card", "0009")) == ref


def test_card_and_phone_of_two_members_are_left_to_a_person(files: Files) -> None:
    files.take(HEADER + "0001,,甲,,,5,,,\n,13800000002,乙,,,7,,,\n", verified=True)
    report = files.take(HEADER + "0001,13800000002,丙,,,9,,,\n", verified=True)
    assert [remark.reason for remark in report.refused] == ["two_persons"]
    with files.desk.database.reading() as conn:
        assert conn.execute(select(merge)).all() == []


def test_changed_opening_points_are_not_booked_twice(files: Files) -> None:
    files.take(HEADER + "0001,,甲,,,5,,,\n")
    report = files.take(HEADER + "0001,,甲,,,6,,,\n")
    assert [remark.reason for remark in report.notes] == ["points_kept"]
    with files.desk.database.reading() as conn:
        assert conn.scalars(select(points_entry.c.points)).all() == [5]


def test_no_plain_phone_lies_in_the_database(files: Files) -> None:
    files.take(HEADER + GOOD + "13800000004,13800000005,赵六,,,3,,,\n", verified=True)
    held = repr(files.everything())
    for digits in ("13800000001", "13800000003", "13800000004", "13800000005", "张三", "赵六"):
        assert digits not in held

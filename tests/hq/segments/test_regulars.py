"""A store's core customers: at most a thousand, the best first, on its own tills alone; nobody takes them unnoticed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from sqlalchemy import select, update

from posapp.errors import PosError
from posapp.hq.database import insert_many
from posapp.hq.members.tables import looked, person
from posapp.hq.segments import regulars
from posapp.hq.segments.regulars import MOST, export, regular_rows
from posapp.hq.segments.tables import person_figure
from tests.hq.segments.little import TODAY, Little, empty_row, noon

BREAD = ("bread", 1_000, 650)


def test_ranked_by_what_they_are_worth_with_likes_and_the_next_visit(little: Little) -> None:
    best, good, poor = little.person(personal=True), little.person(), little.person()
    elsewhere = little.person(home=2)
    for ref, times, fen in ((best, 8, 9_000), (good, 5, 3_000), (poor, 1, 100), (elsewhere, 9, 9_999)):
        for week in range(times):
            little.sale(ref, 7 * week + 1, ("cake", 1_000, fen))
    little.settle()
    told = little.told("regulars")
    assert [key for key, _ in sorted(told.items(), key=lambda item: item[1]["rank"] if item[1] else 0)] == [
        best,
        good,
        poor,
    ]
    assert told[best] == {
        "rank": 1,
        "segment": little.figure(best).segment,
        "last": noon(1),
        "expected": "2026-11-28",
        "weekday": 6,
        "likes": ["的cake"],
    }
    assert set(little.told("regulars", "store:2")) == {elsewhere}
    # whose home is another store now is on its list from the next night on
    with little.database.transaction() as conn:
        conn.execute(update(person).where(person.c.ref == good).values(home=2))
    little.clock.now = noon(-1)
    little.settle()
    assert little.told("regulars")[good] is None
    assert little.told("regulars", "store:2")[good]


def test_there_are_never_more_than_a_thousand(little: Little) -> None:
    refs = [f"p{n:05d}" for n in range(MOST + 7)]
    with little.database.transaction() as conn:
        rows = [empty_row(person, ref=ref, root=ref, status="active", home=1, language="zh") for ref in refs]
        insert_many(conn, person, [tuple(row.values()) for row in rows])
        figures = [
            empty_row(person_figure, ref=ref, home=1, days_365=1, r=3, f=3, m=3, net_365=n, segment="active")
            for n, ref in enumerate(refs)
        ]
        insert_many(conn, person_figure, [tuple(row.values()) for row in figures])
        told = regular_rows(conn, 1, TODAY.toordinal())["regulars"]
    assert len(told) == MOST
    assert ("store:1", refs[-1]) in told
    assert ("store:1", refs[6]) not in told


def test_an_export_is_masked_and_says_who_took_it_and_why(little: Little, tmp_path: Path) -> None:
    refs = [little.person() for _ in range(3)]
    for n, ref in enumerate(refs):
        little.sale(ref, n + 1, BREAD)
    little.settle()
    file = tmp_path / "核心客户.csv"
    assert export(little.database, little.means, 1, file, "anna", "回访") == 3
    with file.open(encoding="utf-8-sig") as opened:
        rows = list(csv.reader(opened))
    assert rows[0][:3] == ["名次", "会员", "分群"]
    assert [row[:3] for row in rows[1:]] == [[str(n), "王** 78", "新客"] for n in (1, 2, 3)]
    assert not any(ref in file.read_text("utf-8-sig") for ref in refs)
    with little.database.reading() as conn:
        looks = conn.execute(select(looked)).all()
    assert {(row.who, row.ref, row.what, row.reason) for row in looks} == {
        ("anna", ref, "regulars 1", "回访") for ref in refs
    }


@pytest.mark.parametrize(
    ("number", "reason", "name", "code"),
    [
        (1, " ", "a.csv", "needs_reason"),
        (1, "打13800138009", "a.csv", "text_has_number"),
        (9, "x", "a.csv", "no_such_store"),
        (1, "x", "there.csv", "file_exists"),
        (1, "x", "no/such/folder.csv", "cannot_write"),
    ],
)
def test_an_export_that_is_refused_leaves_nothing(
    little: Little, tmp_path: Path, number: int, reason: str, name: str, code: str
) -> None:
    little.sale(little.person(), 1, BREAD)
    little.settle()
    (tmp_path / "there.csv").write_text("mine")
    with pytest.raises(PosError) as caught:
        export(little.database, little.means, number, tmp_path / name, "anna", reason)
    assert caught.value.code == code
    assert sorted(path.name for path in tmp_path.glob("*.csv")) == ["there.csv"]
    with little.database.reading() as conn:
        assert conn.execute(select(looked)).all() == []
    assert regulars.MOST == MOST

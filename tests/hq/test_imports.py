"""Files of other systems: every row taken or named, nothing half imported, nothing harmful let in."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections import Counter
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posapp.errors import PosError
from posapp.hq import imports
from posapp.hq.database import Database
from posapp.hq.feed import read_page
from posapp.hq.people import add_store
from posapp.hq.price_book import ProductReport, import_products
from posapp.hq.products import spell
from posapp.hq.tables import article, book, feed, price
from posapp.messages import Message
from posapp.streams import ArticleRow, PriceRow
from tests.hq.shop import TestClock, on_sqlite

pytestmark = on_sqlite

NAMES = "货号,自编码,品名,零售价,会员价,单位,计价方式,销项税"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


class Desk:
    """Imports text as a file and looks at what came of it."""

    def __init__(self, database: Database, clock: TestClock, folder: Path) -> None:
        self.database = database
        self.clock = clock
        self.folder = folder
        add_store(database, clock, 1, "示范店")

    def take(self, content: str | bytes, name: str = "goods.csv", **options: object) -> ProductReport:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return import_products(self.database, self.clock, path, **options)  # type: ignore[arg-type]

    def rows(self, *lines: str, **options: object) -> ProductReport:
        return self.take("\n".join((NAMES, *lines)), "goods.csv", **options)

    def stream(self, name: str, shape: type[Message], scope: str = "chain") -> dict[str, Message]:
        with self.database.reading() as conn:
            page = read_page(conn, name, [scope], "", 2000, "g")
        return {row.key: told for row in page.rows if (told := row.read(shape)) is not None}

    def articles(self) -> dict[str, ArticleRow]:
        return self.stream("catalogue", ArticleRow)  # type: ignore[return-value]

    def prices(self, scope: str = "chain") -> dict[str, PriceRow]:
        return self.stream("prices", PriceRow, scope)  # type: ignore[return-value]

    def count(self, table: object) -> int:
        with self.database.reading() as conn:
            return len(conn.execute(table.select()).all())  # type: ignore[attr-defined]


@pytest.fixture
def desk(database: Database, clock: TestClock, files: Path) -> Desk:
    return Desk(database, clock, files)


def reasons(report: ProductReport) -> tuple[list[tuple[int, str]], set[str]]:
    return [(remark.row, remark.reason) for remark in report.refused], {remark.reason for remark in report.notes}


def test_an_article_and_its_price(desk: Desk) -> None:
    report = desk.rows("00101,MB1,绿豆糕,6.5,5.80,盒,普通,0.13")
    assert (report.rows, report.taken, report.added, report.prices, report.book) == (1, 1, 1, 1, 1)
    assert reasons(report) == ([], set())
    assert desk.articles() == {
        "00101": ArticleRow("绿豆糕", "盒", "0.13", [("00101", 0), ("MB1", 1)], pinyin="lv dou gao", initials="ldg")
    }
    assert desk.prices() == {"00101@0": PriceRow("00101", 650, 0, 1, 580, 0)}


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    desk.rows("1,,甲,1,,个,普通,0.13", "2,,乙,2,,个,普通,0.13")
    before = desk.articles(), desk.prices(), desk.count(feed)
    desk.clock.now += 1000
    report = desk.rows("1,,甲,1,,个,普通,0.13", "2,,乙,2,,个,普通,0.13")
    assert (report.taken, report.added, report.changed, report.prices, report.book) == (2, 0, 0, 0, 0)
    assert (desk.articles(), desk.prices(), desk.count(feed)) == before
    assert desk.count(book) == 1


def test_a_changed_price_makes_a_new_version_of_the_book(desk: Desk) -> None:
    desk.rows("1,,甲,1,,个,普通,0.13", "2,,乙,2,,个,普通,0.13")
    desk.clock.now += 1000
    report = desk.rows("1,,甲,1.20,,个,普通,0.13", "2,,乙二,2,,个,普通,0.13")
    assert (report.changed, report.prices, report.book) == (1, 1, 2)
    now = desk.clock.now
    assert desk.prices() == {
        f"1@{now}": PriceRow("1", 120, now, 2, 0, 0),
        "2@0": PriceRow("2", 200, 0, 1, 0, 0),
    }
    assert desk.articles()["2"].name == "乙二"
    later = desk.rows("1,,甲,3,,个,普通,0.13", starts="2030-01-01T08:00:00+08:00")
    assert later.prices == 1
    assert len(desk.prices()) == 3
    assert f"1@{now}" in desk.prices()


def test_a_price_of_nothing_takes_the_price_away(desk: Desk) -> None:
    assert reasons(desk.rows("1,,甲,0,,个,普通,0.13")) == ([], {"no_price"})
    assert desk.prices() == {}
    desk.rows("1,,甲,5,,个,普通,0.13")
    assert len(desk.prices()) == 1
    desk.clock.now += 1
    desk.rows("1,,甲,0,,个,普通,0.13")
    assert desk.prices() == {}
    assert desk.rows("1,,甲,0,,个,普通,0.13").prices == 0


def test_a_store_has_prices_of_its_own(desk: Desk) -> None:
    desk.rows("1,,甲,1,,个,普通,0.13")
    desk.rows("1,,甲,9,,个,普通,0.13", store="1")
    assert [row.price for row in desk.prices().values()] == [100]
    assert [row.price for row in desk.prices("store:1").values()] == [900]
    for store, code in (("7", "no_such_store"), ("x", "bad_scope")):
        with pytest.raises(PosError, match=code):
            desk.rows("1,,甲,9,,个,普通,0.13", store=store)


def test_every_row_is_taken_or_named(desk: Desk) -> None:
    report = desk.rows(
        "1,,甲,1,,个,普通,0.13",
        ",,无号,1,,个,普通,0.13",
        "3,,,1,,个,普通,0.13",
        "1,,又一,1,,个,普通,0.13",
        "5,,五,一元,,个,普通,0.13",
        "6,,六,-1,,个,普通,0.13",
        "7,,七,1.234,,个,普通,0.13",
        "8,,八,,,个,普通,0.13",
        "9,,九,1,,个,普通,高",
        "10,,十\x07,1,,个,普通,0.13",
        "1\u200b1,,十一,1,,个,普通,0.13",
        f"12,,{'长' * 121},1,,个,普通,0.13",
        f"{'3' * 65},,十三,1,,个,普通,0.13",
        "6.90123E+12,,十四,1,,个,普通,0.13",
        "15,,十\x00五,1,,个,普通,0.13",
        "16,,十六,99999999999999,,个,普通,0.13",
        "",
        "18,,十八,1,,个,普通,0.13",
    )
    assert reasons(report)[0] == [
        (3, "missing_code"),
        (4, "missing_name"),
        (5, "duplicate_code"),
        (6, "bad_price"),
        (7, "bad_price"),
        (8, "bad_price"),
        (9, "bad_price"),
        (10, "bad_tax"),
        (11, "bad_characters"),
        (12, "bad_characters"),
        (13, "too_long"),
        (14, "too_long"),
        (15, "mangled_code"),
        (16, "bad_characters"),
        (17, "bad_price"),
    ]
    assert (report.rows, report.taken) == (17, 2)
    assert set(desk.articles()) == {"1", "18"}
    told = json.loads(report.json())
    assert told["refused"][2] == {
        "row": 5,
        "code": "1",
        "reason": "duplicate_code",
        "message": "货号 1 与第 2 行重复",
    }
    assert "row 5: 1 repeats the code 1 of row 2" in report.text("en")


def test_what_is_altered_in_a_taken_row_is_noted(desk: Desk) -> None:
    names = NAMES + ",进货价,最低售价,允许折扣,助记码,规格"
    report = desk.take(
        f"{names}\n"
        "1,,甲,5,贵,,普通,,1.005,,也许,,\n"
        "6901234567890,,乙,5,9,个,散装,13%,1,8,否,YI,大\x01\n"
        "3,,丙,1234.5,,,计重,1.5,,,√,,\n"
    )
    assert reasons(report) == (
        [],
        {
            "amount_dropped",
            "unit_missing",
            "tax_missing",
            "cost_rounded",
            "word_unknown",
            "check_digit",
            "member_above_price",
            "lowest_above_price",
            "text_dropped",
        },
    )
    told = desk.articles()
    assert (told["1"].unit, told["1"].tax, told["1"].discountable) == ("个", "none", 1)
    assert (told["6901234567890"].tax, told["6901234567890"].initials) == ("0.13", "yi")
    assert told["6901234567890"].discountable == 0
    assert (told["3"].unit, told["3"].weighed, told["3"].tax) == ("kg", 1, "0.015")


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("0.17", "0.17"),
        ("17", "0.17"),
        ("17%", "0.17"),
        ("１７％", "0.17"),
        ("0.130", "0.13"),
        ("0", "0"),
        ("0%", "0"),
        ("免税", "exempt"),
        ("不征税", "none"),
        ("6.00", "0.06"),
        ("0.5%", "0.005"),
        ("", "none"),
    ],
)
def test_tax_rates_are_kept_exactly(desk: Desk, text: str, rate: str) -> None:
    desk.rows(f"1,,甲,1,,个,普通,{text}")
    assert desk.articles()["1"].tax == rate


@pytest.mark.parametrize(
    ("text", "fen"),
    [("6.5", 650), (" ￥6.50 ", 650), ('"1,234.50"', 123450), ("６.5", 650), (".5", 50), ("7.500", 750)],
)
def test_prices_as_people_write_them(desk: Desk, text: str, fen: int) -> None:
    desk.rows(f"1,,甲,{text},,个,普通,0.13")
    assert desk.prices()["1@0"].price == fen


# --- codes ---


def codes(desk: Desk) -> dict[str, list[tuple[str, int]]]:
    return {key: row.codes for key, row in desk.articles().items()}


def test_an_own_code_wins_over_an_alias(desk: Desk) -> None:
    report = desk.rows("1,2,甲,1,,个,普通,0.13", "2,,乙,1,,个,普通,0.13", "3,3,丙,1,,个,普通,0.13")
    assert codes(desk) == {"1": [("1", 0)], "2": [("2", 0)], "3": [("3", 0)]}
    assert [(note.row, note.reason, note.values["owner"]) for note in report.notes] == [(2, "alias_owned", "2")]
    # Also over one that came with an earlier file.
    report = desk.rows("4,1,丁,1,,个,普通,0.13")
    assert codes(desk)["4"] == [("4", 0)]
    assert reasons(report) == ([], {"alias_owned"})


def test_an_alias_that_nobody_owns_stays_with_all_who_have_it(desk: Desk) -> None:
    report = desk.rows("1,X,甲,1,,个,普通,0.13", "2,X,乙,1,,个,普通,0.13")
    assert codes(desk) == {"1": [("1", 0), ("X", 1)], "2": [("2", 0), ("X", 1)]}
    assert reasons(report) == ([], {"alias_shared"})


def test_several_more_codes_in_one_cell(desk: Desk) -> None:
    long = "9" * 65
    report = desk.take(f"货号,附加码,品名,零售价,税率\n1, A  B,甲,1,13\n2,C；D、E/F,乙,1,13\n3,{long} 1,丙,1,13\n")
    assert codes(desk) == {
        "1": [("1", 0), ("A", 1), ("B", 1)],
        "2": [("2", 0), ("C", 1), ("D", 1), ("E/F", 1)],
        "3": [("3", 0)],
    }
    assert {"alias_dropped", "alias_owned"} <= reasons(report)[1]


def test_a_barcode_beside_the_article_number_is_its_own_too(desk: Desk) -> None:
    text = "商品编码,条码,商品名称,售价,税率\nA1,6901234567892,甲,1,13\nA2,A1,乙,1,13\nA3,777,丙,1,13\nA4,777,丁,1,13\n"
    report = desk.take(text)
    assert codes(desk) == {
        "A1": [("A1", 0), ("6901234567892", 0)],
        "A2": [("A2", 0)],
        "A3": [("A3", 0), ("777", 1)],
        "A4": [("A4", 0), ("777", 1)],
    }
    assert {"barcode_owned", "alias_shared"} <= reasons(report)[1]
    # Alone, the barcode is the article's number.
    desk.take("barcode,name,price,unit,tax\n0012345,Tea,2.50,box,13%\n")
    assert codes(desk)["0012345"] == [("0012345", 0)]


# --- files ---

GOODS = f"{NAMES}\n00123,,牛角包,6.50,,个,普通,0.13\n"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(GOODS.encode(), id="utf-8"),
        pytest.param(b"\xef\xbb\xbf" + GOODS.encode(), id="bom"),
        pytest.param(GOODS.encode("gb18030"), id="gb18030"),
        pytest.param(GOODS.encode("utf-16"), id="utf-16"),
        pytest.param(gzip.compress(GOODS.encode("gb18030")), id="gz"),
        pytest.param(GOODS.replace("\n", "\r\n").encode(), id="crlf"),
        pytest.param(GOODS.replace(",", "\t").encode(), id="tabs"),
        pytest.param(GOODS.replace(",", ";").encode(), id="semicolons"),
        pytest.param(("商品导出\n2026-11-22\n\n" + GOODS).encode(), id="title"),
        pytest.param(GOODS.replace("零售价", " 零售价（元） ").encode(), id="unit-in-name"),
    ],
)
def test_files_as_they_come(desk: Desk, content: bytes) -> None:
    report = desk.take(content)
    assert (report.taken, len(report.refused)) == (1, 0)
    assert desk.articles()["00123"].name == "牛角包"


def workbook(*rows: list[object]) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def test_a_workbook(desk: Desk) -> None:
    content = workbook(
        ["货号", "品名", "零售价", "销项税", "规格", "允许折扣"],
        ["00123", "文本号", 6.5, 0.13, 500, True],
        [6901234567892, "数字号", 6.1, "13%", None, False],
        [6901234567892.0, "又一个", 6.1, 13, None, None],
        [1234567890123456789, "太长", 1, 13, None, None],
        ["=1+1", '=HYPERLINK("x")', "=2", 13, None, None],
        ["'=cmd", "@文本", 3, 13, None, None],
    )
    report = desk.take(content, "goods.xlsx")
    told = desk.articles()
    assert set(told) == {"00123", "6901234567892", "'=cmd"}
    assert told["'=cmd"].name == "@文本"
    assert (told["00123"].spec, told["6901234567892"].discountable) == ("500", 0)
    assert [row.price for row in desk.prices().values()] == [300, 650, 610]
    refused, notes = reasons(report)
    # A formula has no value here, so its row lacks what the formula stands for.
    assert refused == [(4, "duplicate_code"), (5, "mangled_code"), (6, "missing_code")]
    assert [note.row for note in report.notes if note.reason == "numeric_code"] == [3]
    assert "numeric_code" in notes


def test_formula_like_text_stays_text(desk: Desk) -> None:
    desk.rows("1,,=cmd|' /C calc'!A0,1,,个,普通,0.13", "2,,+86 手机壳,1,,个,普通,0.13")
    assert {row.name for row in desk.articles().values()} == {"=cmd|' /C calc'!A0", "+86 手机壳"}


def zipped(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def with_part(name: str, content: bytes) -> bytes:
    whole = workbook(["货号", "品名", "零售价"], ["1", "甲", 1])
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    return zipped({**parts, name: content})


LAUGHS = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha">]><a>&b;</a>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "import_columns", id="empty"),
        pytest.param(b"\n\n\n", "import_columns", id="blank"),
        pytest.param("名称,数量\n甲,1\n".encode(), "import_columns", id="other-columns"),
        pytest.param(b"\xff\x00\x81\x30\xff", "import_encoding", id="no-encoding"),
        pytest.param(b"PK\x03\x04rubbish", "import_format", id="torn-zip"),
        pytest.param(zipped({"a.txt": b"x"}), "import_format", id="zip-of-something"),
        pytest.param(b"\xd0\xcf\x11\xe0" + bytes(600), "import_format", id="old-xls"),
        pytest.param(b"\x1f\x8b" + bytes(30), "import_format", id="torn-gz"),
        pytest.param(gzip.compress(GOODS.encode())[:-9], "import_format", id="cut-gz"),
        pytest.param(with_part("xl/sharedStrings.xml", LAUGHS), "import_format", id="entities"),
        pytest.param(with_part("xl/worksheets/sheet1.xml", b"<worksheet><sheetData"), "import_format", id="torn-xml"),
        pytest.param(with_part("xl/workbook.xml", b"<workbook/>"), "import_format", id="no-sheets"),
    ],
)
def test_what_cannot_be_read_is_refused_whole(desk: Desk, content: bytes, code: str) -> None:
    with pytest.raises(PosError, match=code) as error:
        desk.take(content)
    assert error.value.sentence("en")
    assert desk.count(article) == 0


def test_bombs_do_not_go_off(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "LARGEST_CONTENT", 1 << 20)
    for content in (
        gzip.compress(bytes(2 << 20)),
        with_part("xl/worksheets/sheet1.xml", b" " * (2 << 20)),
        with_part("xl/media/image1.png", bytes(2 << 20)),
    ):
        with pytest.raises(PosError, match="import_too_large"):
            desk.take(content)
    monkeypatch.setattr(imports, "LARGEST_FILE", 100)
    with pytest.raises(PosError, match="import_too_large"):
        desk.take(GOODS * 3)


def test_too_many_rows_and_nothing_is_half_imported(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MOST_ROWS", 50)
    lines = [f"{n},,品{n},1,,个,普通,0.13" for n in range(60)]
    with pytest.raises(PosError, match="import_too_large"):
        desk.rows(*lines)
    assert desk.count(article) == 0


def test_a_failure_while_writing_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posapp.hq.feed.publish", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        desk.rows("1,,甲,1,,个,普通,0.13")
    assert [desk.count(table) for table in (article, price, book)] == [0, 0, 0]


def test_200000_columns(desk: Desk) -> None:
    wide = "货号,品名,零售价" + "," * 200_000 + "\n1,甲,1" + ",x" * 200_000 + "\n"
    assert desk.take(wide).taken == 1
    far = "," * 200_000 + "货号,品名,零售价\n"
    with pytest.raises(PosError, match="import_columns"):
        desk.take(far)


def test_a_cell_of_a_megabyte_names_its_row(desk: Desk) -> None:
    report = desk.rows(f"1,,{'长' * 1_000_000},1,,个,普通,0.13", "2,,乙,1,,个,普通,0.13")
    assert reasons(report)[0] == [(2, "too_long")]
    assert report.taken == 1


def test_an_open_quote_swallows_nothing_unseen(desk: Desk) -> None:
    report = desk.rows('1,,"甲,1,,个,普通,0.13', "2,,乙,1,,个,普通,0.13")
    assert (report.taken, len(report.refused)) == (0, 1)


def test_a_mapping_names_other_columns(desk: Desk, files: Path) -> None:
    mapping = files / "map.json"
    mapping.write_text('{"code": "Artikel", "name": "Text", "price": "VK"}', "utf-8")
    report = desk.take("Artikel,Text,VK,货号\nA,Tee,2,9\n", mapping=mapping)
    assert report.taken == 1
    assert set(desk.articles()) == {"A"}
    for wrong in ('{"code": "A"', "[]", "{}", '{"colour": "A"}', '{"code": 5}'):
        mapping.write_text(wrong, "utf-8")
        with pytest.raises(PosError, match="import_mapping"):
            desk.take("Artikel,Text,VK\nA,Tee,2\n", mapping=mapping)
    mapping.write_text('{"code": "Artikel", "name": "Text", "price": "VK", "unit": "ME"}', "utf-8")
    with pytest.raises(PosError, match="import_columns") as error:
        desk.take("Artikel,Text,VK\nA,Tee,2\n", mapping=mapping)
    assert error.value.values["columns"] == "ME"
    with pytest.raises(PosError, match="no_such_file"):
        desk.take("x", mapping=files / "none.json")


def test_a_dry_run_tells_all_and_writes_nothing(desk: Desk) -> None:
    report = desk.rows("1,2,甲,1,,个,普通,0.13", "2,,乙,1,,个,普通,0.13", "2,,丙,1,,个,普通,0.13", dry_run=True)
    assert (report.taken, report.added, report.prices, len(report.refused)) == (2, 2, 2, 1)
    assert "alias_owned" in reasons(report)[1]
    assert [desk.count(table) for table in (article, price, book)] == [0, 0, 0]


def test_a_file_that_is_not_there(desk: Desk, files: Path) -> None:
    for path in (files / "none.csv", files):
        with pytest.raises(PosError, match=r"no_such_file|import_format"):
            import_products(desk.database, desk.clock, path)


CELLS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(["1", "2", "0.13", "甲", "是", "个"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELLS, min_size=8, max_size=8), max_size=6))
def test_whatever_a_file_holds_each_row_is_taken_or_named(desk: Desk, rows: list[list[str]]) -> None:
    import csv

    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(NAMES.split(","))
    writer.writerows(rows)
    report = desk.take(target.getvalue())
    named = Counter(remark.row for remark in report.refused)
    assert report.taken + len(report.refused) == report.rows <= len(rows)
    assert all(count == 1 for count in named.values())
    assert report.text("zh")
    assert report.text("en")


@pytest.mark.parametrize(
    ("name", "pinyin", "initials"),
    [
        ("绿茶", "lv cha", "lc"),
        ("重庆小面", "chong qing xiao mian", "cqxm"),
        ("2L可乐", "2l ke le", "2lkl"),
        ("ＡＢ 牛奶(250ml)", "ab niu nai 250ml", "abnn250ml"),
        ("---", "", ""),
    ],
)
def test_pinyin(database: Database, name: str, pinyin: str, initials: str) -> None:
    assert spell(name) == (pinyin, initials)


def test_the_demo_shops_goods(desk: Desk) -> None:
    report = desk.take((Path(__file__).parents[2] / "resources/demo/products.csv").read_bytes())
    assert report.taken == report.rows > 100
    assert report.refused == []

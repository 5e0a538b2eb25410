"""Quick keys at HQ: what an import takes and refuses, which pages the tills are told, what sells best."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image
from sqlalchemy import select

from posapp.clock import DAY
from posapp.errors import PosError
from posapp.hq import tile_pages, tiles
from posapp.hq.database import Database, insert_many
from posapp.hq.people import add_store
from posapp.hq.price_book import import_products
from posapp.hq.tables import feed, picture, sale_line
from tests.hq.shop import DATE, Shop, TestClock, wait_until

GOODS = "货号,附加码,品名,单位,零售价,销项税,类别名称\n"


@pytest.fixture
def desk(database: Database, clock: TestClock, tmp_path: Path) -> Desk:
    return Desk(database, clock, tmp_path)


class Desk:
    """Two stores with 30 articles without a barcode, one with, and one without a price."""

    def __init__(self, database: Database, clock: TestClock, folder: Path) -> None:
        self.database = database
        self.clock = clock
        self.folder = folder
        self.lines = 0
        for number in (1, 2):
            add_store(database, clock, number, f"店{number}")
        rows = [f"001{n:02},,面包{n},个,{n}.00,0.13,面包" for n in range(1, 31)]
        rows += ["6900000000014,,有码,个,9.00,0.13,", "00200,6900000000021,别码,个,9.00,0.13,"]
        rows += ["00099,,无价,个,0,0.13,"]
        import_products(database, clock, self.file("goods.csv", GOODS + "\n".join(rows)))

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def take(self, text: str, store: str = "chain") -> tiles.TileReport:
        header = "页码,页名,位置,货号,显示名,颜色,图片\n"
        return tiles.import_tiles(self.database, self.clock, self.file("t.csv", header + text), store_text=store)

    def told(self, scope: str) -> dict[str, Any]:
        """The live rows of a scope, by key."""
        with self.database.reading() as conn:
            rows = conn.execute(select(feed).where(feed.c.stream == "tiles", feed.c.scope == scope)).all()
        return {row.key: msgspec.json.decode(bytes(row.data)) for row in rows if row.data}

    def sell(self, article: str, times: int, store: int = 1, date: str = DATE) -> None:
        """So many lines of an article among what was projected."""
        start = self.lines
        self.lines += times
        place = (store, 1, date)
        insert = [
            ("jid", n, 1, *place, 1, article, article, "", "个", 1000, 100, 100, "0.13", 11, 1, 0, "")
            for n in range(start, self.lines)
        ]
        with self.database.transaction() as conn:
            insert_many(conn, sale_line, insert)


def best(desk: Desk, store: int = 1) -> list[str]:
    tile_pages.publish_best(desk.database, desk.clock, store)
    told = desk.told(f"store:{store}")
    return [told[f"1.{place}"]["article"] for place in range(1, len(told) + 1)]


def test_the_first_page_is_what_sells_best_without_a_barcode(desk: Desk) -> None:
    desk.sell("00105", 3)
    desk.sell("00120", 5)
    desk.sell("6900000000014", 9)
    desk.sell("00200", 9)
    desk.sell("00107", 9, store=2)
    desk.sell("00108", 9, date=(dt.date.fromisoformat(DATE) - dt.timedelta(days=29)).isoformat())
    page = best(desk)
    assert page[:3] == ["00120", "00105", "00101"]
    assert len(page) == 24
    assert not {"6900000000014", "00200", "00099"} & set(page)
    assert best(desk, 2)[0] == "00107"


def test_only_what_changed_is_told(desk: Desk) -> None:
    assert tile_pages.publish_best(desk.database, desk.clock, 1) == 24
    assert tile_pages.publish_best(desk.database, desk.clock, 1) == 0
    desk.sell("00101", 5)
    assert tile_pages.publish_best(desk.database, desk.clock, 1) == 0
    desk.sell("00102", 6)
    assert tile_pages.publish_best(desk.database, desk.clock, 1) == 2


def test_it_is_worked_out_once_a_business_day(desk: Desk) -> None:
    assert tile_pages.publish_due(desk.database, desk.clock) == 48
    desk.sell("00130", 5)
    assert tile_pages.publish_due(desk.database, desk.clock) == 0
    desk.clock.now += DAY
    assert tile_pages.publish_due(desk.database, desk.clock) == 24
    assert desk.told("store:1")["1.1"]["article"] == "00130"


def test_the_server_does_it_by_itself(shop: Shop, clock: TestClock, tmp_path: Path) -> None:
    file = tmp_path / "goods.csv"
    file.write_text(GOODS + "00101,,面包,个,1.00,0.13,", encoding="utf-8")
    import_products(shop.database, clock, file)
    shop.app.state.hq.first_pages.stop()
    shop.app.state.hq.first_pages.start()
    till = shop.till()
    wait_until(lambda: till.stream("tiles") != {})
    ((name, row),) = till.stream("tiles").items()
    assert (name, row["article"], row["title"]) == (("store:1", "1.1"), "00101", "热销")


def test_imported_pages_stand_beside_the_automatic_one(desk: Desk) -> None:
    tile_pages.publish_due(desk.database, desk.clock)
    report = desk.take("2,面包,1,00101,大面包,orange,\n2,,3,00102,,#AABBCC,\n", "1")
    assert (report.taken, report.pages, report.changed, report.refused) == (2, 1, 2, [])
    told = desk.told("store:1")
    assert len(told) == 26
    assert told["2.1"] == {
        "page": 2, "place": 1, "title": "面包", "article": "00101", "label": "大面包", "colour": "orange"
    }  # fmt: skip
    assert told["2.3"]["colour"] == "#aabbcc"
    desk.take("3,,1,00101,,,\n", "1")
    assert {key.partition(".")[0] for key in desk.told("store:1")} == {"1", "3"}


def test_page_one_by_hand_replaces_the_automatic_page(desk: Desk) -> None:
    tile_pages.publish_due(desk.database, desk.clock)
    desk.take("1,我的,1,00107,,,\n", "1")
    assert list(desk.told("store:1")) == ["1.1"]
    with pytest.raises(PosError) as refused:
        tile_pages.publish_best(desk.database, desk.clock, 1)
    assert refused.value.code == "page_imported"
    desk.clock.now += DAY
    tile_pages.publish_due(desk.database, desk.clock)
    assert list(desk.told("store:1")) == ["1.1"]
    desk.take("2,,1,00107,,,\n", "1")
    assert len(desk.told("store:1")) == 25


def test_the_chains_page_one_replaces_every_stores(desk: Desk) -> None:
    tile_pages.publish_due(desk.database, desk.clock)
    desk.take("1,连锁,1,00107,,,\n")
    assert (desk.told("store:1"), desk.told("store:2"), list(desk.told("chain"))) == ({}, {}, ["1.1"])
    desk.take("2,连锁,1,00107,,,\n")
    tile_pages.publish_due(desk.database, desk.clock)
    assert (len(desk.told("store:1")), len(desk.told("store:2")), list(desk.told("chain"))) == (24, 24, ["2.1"])


def test_every_row_is_taken_or_named(desk: Desk) -> None:
    (desk.folder / "not.png").write_bytes(b"nothing of a picture")
    report = desk.take(
        "1,,1,00101,,,\n"
        "0,,1,00101,,,\n"
        "1,,49,00101,,,\n"
        "1,,1,00102,,,\n"
        "1,,2,77777,,,\n"
        "1,,3,00101,,mauve,\n"
        "1,,4,00101,,,no.png\n"
        "1,,5,00101,,,not.png\n"
        f"1,,6,00101,{'长' * 41},,\n"
        "1,,7,6900000000021,,,\n"
    )
    assert [(r.row, r.reason) for r in report.refused] == [
        (3, "bad_page"),
        (4, "bad_place"),
        (5, "place_taken"),
        (6, "unknown_article"),
        (7, "bad_colour"),
        (8, "bad_picture"),
        (9, "bad_picture"),
        (10, "bad_text"),
    ]
    assert (report.rows, report.taken) == (10, 2)
    assert desk.told("chain")["1.7"]["article"] == "00200"
    assert all(len(r.sentence(language)) > 5 for r in report.refused for language in ("zh", "en"))
    assert len(report.text("en").splitlines()) == 9


def test_a_file_without_a_good_row_changes_nothing(desk: Desk) -> None:
    desk.take("1,,1,00101,,,\n")
    report = desk.take("1,,1,77777,,,\n")
    assert (report.taken, report.changed) == (0, 0)
    assert list(desk.told("chain")) == ["1.1"]


def test_pictures_come_with_the_file(desk: Desk) -> None:
    Image.new("RGB", (64, 48), "red").save(desk.folder / "red.png")
    desk.take("2,,1,00101,,,red.png\n2,,2,00102,,,red.png\n")
    told = desk.told("chain")
    with desk.database.reading() as conn:
        (held,) = conn.execute(picture.select()).all()
    assert {told["2.1"]["picture"], told["2.2"]["picture"]} == {held.hash}
    desk.take(f"2,,1,00101,,,{held.hash}\n")
    assert desk.told("chain")["2.1"]["picture"] == held.hash
    assert desk.take(f"2,,1,00101,,,{'0' * 64}\n").refused[0].reason == "bad_picture"


def test_the_demo_shops_tiles(database: Database, clock: TestClock) -> None:
    shop = Path(__file__).parents[2] / "resources" / "demo"
    add_store(database, clock, 1, "店")
    import_products(database, clock, shop / "products.csv")
    report = tiles.import_tiles(database, clock, shop / "tiles.csv")
    assert (report.refused, report.pages, report.taken) == ([], 4, report.rows)
    assert tile_pages.publish_best(database, clock, 1) == 24
    with database.reading() as conn:
        assert len(conn.execute(picture.select()).all()) == 6

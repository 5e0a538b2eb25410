"""Tiles, notices and their pictures as a till has them: which page speaks, what is shown when, what is fetched."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from posapp.answers import LineView
from posapp.hq import pictures
from posapp.streams import ArticleRow, NoticeRow, PriceRow, SettingRow, TileRow
from posapp.sync.client import Answer
from posapp.till import Till
from posapp.wire import Request
from tests.shop import URL, Chain, last, open_chain, play

BUN, COOKIE = "6900000000011", "00301"


class Line:
    """The network between a till and HQ: what was asked for, and what goes wrong with pictures."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.fetched: list[str] = []
        self.spoil: bytes | None = None
        self.is_cut = False
        self.is_old = False

    def __call__(self, request: Request) -> Answer:
        path = request.url.removeprefix(URL)
        if self.is_old and path.startswith(("/v1/feed/tiles", "/v1/feed/notices")):
            return self.chain.carry(dataclasses.replace(request, url=f"{URL}/v1/nothing"))
        if not path.startswith("/v1/pictures/"):
            return self.chain.carry(request)
        self.fetched.append(path.rpartition("/")[2])
        if self.is_cut:
            raise ConnectionError("cut")
        answer = self.chain.carry(request)
        return answer if self.spoil is None else Answer(200, self.spoil)


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with open_chain(tmp_path) as opened:
        yield opened


@pytest.fixture
def line(chain: Chain) -> Line:
    return Line(chain)


@pytest.fixture
def till(chain: Chain, line: Line) -> Till:
    return chain.till(carrier=line)


def kept(chain: Chain, colour: str) -> str:
    """The hash of a new picture that HQ keeps."""
    path = chain.folder / f"{colour}.png"
    Image.new("RGB", (40, 30), colour).save(path)
    return pictures.add(chain.database, chain.clock, path)


def shown(till: Till) -> dict[str, list[str]]:
    return {page.title: [tile.name for tile in page.tiles] for page in till.tiles()}


def test_a_tile_says_what_is_sold_and_is_scanned(till: Till, chain: Chain) -> None:
    rows = {("chain", "1.2"): TileRow(1, 2, BUN, "热销", "牛角", "orange"), ("chain", "1.1"): TileRow(1, 1, COOKIE)}
    chain.publish("tiles", rows)
    till.sync()
    (page,) = till.tiles()
    cookie, bun = page.tiles
    assert (page.title, cookie.place, cookie.name, cookie.unit, cookie.colour) == ("热销", 1, "散装曲奇", "kg", "")
    assert (bun.place, bun.name, str(bun.price), bun.colour) == (2, "牛角", "6.50", "#b8560f")
    line = till.scan(bun.code)
    assert isinstance(line, LineView)
    assert line.name == "牛角包"


def test_the_nearest_scope_that_has_a_page_speaks_for_the_page(till: Till, chain: Chain) -> None:
    chain.publish("tiles", {("chain", f"{n}.1"): TileRow(n, 1, BUN, f"第{n}页") for n in (1, 2)})
    chain.publish("tiles", {("chain", "1.2"): TileRow(1, 2, BUN), ("store:1", "1.1"): TileRow(1, 1, COOKIE, "本店")})
    till.sync()
    assert shown(till) == {"本店": ["散装曲奇"], "第2页": ["牛角包"]}
    chain.publish("tiles", {("store:1", "1.1"): None})
    till.sync()
    assert shown(till) == {"第1页": ["牛角包", "牛角包"], "第2页": ["牛角包"]}


def test_a_tile_of_an_article_that_is_gone_is_left_out(till: Till, chain: Chain) -> None:
    chain.publish("tiles", {("chain", "1.1"): TileRow(1, 1, BUN), ("chain", "1.2"): TileRow(1, 2, "nothing")})
    till.sync()
    assert shown(till) == {"1": ["牛角包"]}
    chain.publish("catalogue", {("chain", BUN): None})
    till.sync()
    assert shown(till) == {}


def test_a_tile_shows_the_price_of_the_moment(till: Till, chain: Chain) -> None:
    later = chain.clock.now_ms() + 60_000
    chain.publish("tiles", {("chain", "1.1"): TileRow(1, 1, BUN)})
    chain.publish("prices", {("chain", f"{BUN}@{later}"): PriceRow(BUN, 900, later, 2)})
    till.sync()
    before = till.tiles()[0].tiles[0].price
    chain.clock.set(later)
    assert (str(before), str(till.tiles()[0].tiles[0].price)) == ("6.50", "9.00")


def test_an_article_without_a_price_has_a_tile_and_a_sentence(till: Till, chain: Chain) -> None:
    chain.publish("catalogue", {("chain", "00900"): ArticleRow("新品", "个", "0.13", [("00900", 0)])})
    chain.publish("tiles", {("chain", "1.1"): TileRow(1, 1, "00900")})
    till.sync()
    assert till.tiles()[0].tiles[0].price is None
    assert last(till, "scan 00900")["error"]["code"] == "no_price"


def test_notices_are_shown_for_their_time_in_their_order(till: Till, chain: Chain) -> None:
    now, name = chain.clock.now_ms(), kept(chain, "red")
    chain.publish(
        "notices",
        {
            ("chain", "1"): NoticeRow(name, "一直", 0, 0, 5),
            ("store:1", "2"): NoticeRow(name, "先", 0, now + 1_000, 1),
            ("chain", "3"): NoticeRow(name, "以后", now + 1_000, 0, 0),
            ("chain", "4"): NoticeRow("0" * 64, "没有图", 0, 0, 0),
        },
    )
    till.sync()
    assert [notice.caption for notice in till.notices()] == ["先", "一直"]
    chain.clock.set(now + 1_000)
    assert [notice.caption for notice in till.notices()] == ["以后", "一直"]
    assert till.notices()[0].picture.read_bytes()[:4] == b"\x89PNG"


def test_a_picture_is_fetched_once_and_dropped_when_nothing_names_it(till: Till, chain: Chain, line: Line) -> None:
    red, blue, logo = (kept(chain, colour) for colour in ("red", "blue", "black"))
    chain.publish("tiles", {("chain", "1.1"): TileRow(1, 1, BUN, picture=red)})
    chain.publish("notices", {("chain", "1"): NoticeRow(blue)})
    chain.publish("settings", {("chain", "receipt_logo"): SettingRow(logo)})
    till.sync()
    till.sync()
    assert sorted(line.fetched) == sorted([red, blue, logo])
    file = till.tiles()[0].tiles[0].picture
    assert file
    assert sha256(file.read_bytes()).hexdigest() == red
    assert till.pictures.file(till.settings.receipt_logo)
    chain.publish("tiles", {("chain", "1.1"): TileRow(1, 1, BUN)})
    till.sync()
    assert {path.name for path in file.parent.iterdir()} == {blue, logo}


def test_pictures_that_do_not_come_stop_nothing(till: Till, chain: Chain, line: Line) -> None:
    name = kept(chain, "red")
    chain.publish("tiles", {("chain", "1.1"): TileRow(1, 1, BUN, picture=name)})
    line.is_cut = True
    assert last(till, "sync")["ok"]
    assert till.tiles()[0].tiles[0].picture is None
    assert [answer["ok"] for answer in play(till, f"scan {BUN}", "pay cash 6.50")] == [True, True]
    line.is_cut = False
    for wrong in (b"", b"\x89PNG something else"):
        line.spoil = wrong
        assert last(till, "sync")["ok"]
        assert till.tiles()[0].tiles[0].picture is None
    line.spoil = None
    assert last(till, "sync")["ok"]
    assert till.tiles()[0].tiles[0].picture


def test_an_older_hq_without_these_streams_stops_nothing(till: Till, chain: Chain, line: Line) -> None:
    line.is_old = True
    chain.publish("tiles", {("chain", "1.1"): TileRow(1, 1, BUN)})
    chain.publish("prices", {("chain", f"{BUN}@0"): PriceRow(BUN, 700, 0, 2)})
    assert last(till, "sync")["ok"]
    assert (till.tiles(), last(till, f"scan {BUN}")["price"]) == ([], "7.00")
    line.is_old = False
    assert last(till, "sync")["ok"]
    assert shown(till) == {"1": ["牛角包"]}

"""Pictures at HQ: what is taken, what is left of it, and notices that show them for a time."""

from __future__ import annotations

import io
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from posapp.errors import PosError
from posapp.hq import notices, pictures
from posapp.hq.database import Database
from posapp.hq.people import add_store
from tests.hq.shop import Refused, Shop, TestClock


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo as a phone makes it: upright only by its metadata, which also says where it was taken."""
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "secret place"
    Image.new("RGB", (2400, 1200), "orange").save(path, exif=exif, comment=b"secret comment")
    return path


def test_a_photo_is_made_smaller_upright_and_says_nothing_else(photo: Path) -> None:
    kind, data = pictures.prepare(photo)
    with Image.open(io.BytesIO(data)) as opened:
        assert (kind, opened.format, opened.size) == ("image/jpeg", "JPEG", (960, 1920))
        assert dict(opened.getexif()) == {}
    assert b"secret" not in data


def test_a_png_keeps_what_one_sees_through_and_no_text(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("Comment", "secret")
    Image.new("RGBA", (32, 32), (255, 0, 0, 99)).save(tmp_path / "a.png", pnginfo=info)
    kind, data = pictures.prepare(tmp_path / "a.png")
    with Image.open(io.BytesIO(data)) as opened:
        assert (kind, opened.getpixel((5, 5))) == ("image/png", (255, 0, 0, 99))
    assert b"secret" not in data


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("none.png", "no_such_file"),
        ("text.png", "picture_format"),
        ("half.png", "picture_format"),
        ("a.gif", "picture_format"),
        ("tiny.png", "picture_size"),
        ("wide.png", "picture_size"),
        ("heavy.png", "picture_too_large"),
        (".", "no_such_file"),
    ],
)
def test_what_is_refused(tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / "text.png").write_text("<svg/>")
    Image.new("RGB", (64, 64)).save(tmp_path / "a.gif")
    Image.new("RGB", (8, 64)).save(tmp_path / "tiny.png")
    Image.new("L", (7000, 20)).save(tmp_path / "wide.png")
    (tmp_path / "heavy.png").write_bytes(bytes(pictures.LARGEST_FILE + 1))
    out = io.BytesIO()
    Image.effect_noise((200, 200), 50).save(out, "PNG")
    (tmp_path / "half.png").write_bytes(out.getvalue()[:20_000])
    with pytest.raises(PosError) as refused:
        pictures.prepare(tmp_path / name)
    assert refused.value.code == code
    assert refused.value.sentence()


def test_a_till_fetches_a_picture_by_its_hash(shop: Shop, photo: Path) -> None:
    name = pictures.add(shop.database, shop.clock, photo)
    assert pictures.add(shop.database, shop.clock, photo) == name
    till = shop.till()
    request = till.signed("GET", f"/v1/pictures/{name}")
    response = shop.client.get(f"/v1/pictures/{name}", headers=dict(request.headers))
    assert (response.status_code, response.headers["content-type"]) == (200, "image/jpeg")
    assert sha256(response.content).hexdigest() == name
    assert shop.client.get(f"/v1/pictures/{name}").status_code == 401
    for other in ("0" * 64, "..", "x", "%00"):
        with pytest.raises(Refused) as refused:
            till.call("GET", f"/v1/pictures/{other}", dict)
        assert refused.value.status == 404


def test_a_notice_is_told_listed_and_taken_away(shop: Shop, photo: Path, clock: TestClock) -> None:
    add_store(shop.database, clock, 2, "二店")
    first = notices.add(shop.database, clock, str(photo), caption="新品上市", place=2)
    told = notices.listed(shop.database, clock)[0]
    second = notices.add(
        shop.database,
        clock,
        told["picture"],
        store="1",
        starts="2026-11-23T08:00:00",
        ends="2026-11-24T08:00:00+08:00",
    )
    till = shop.till()
    rows = till.stream("notices")
    assert rows["chain", str(first)] == {
        "picture": told["picture"], "caption": "新品上市", "starts": clock.now, "place": 2
    }  # fmt: skip
    assert rows["store:1", str(second)]["ends"] - rows["store:1", str(second)]["starts"] == 24 * 60 * 60_000
    assert shop.till(store=2).stream("notices").keys() == {("chain", str(first))}
    shown = {row["number"]: row["shown"] for row in notices.listed(shop.database, clock)}
    assert shown == {first: True, second: False}
    assert len(notices.list_text(notices.listed(shop.database, clock)).splitlines()) == 2
    notices.remove(shop.database, first)
    assert till.stream("notices").keys() == {("store:1", str(second))}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ends": "2020-01-01T00:00:00Z"}, "bad_period"),
        ({"starts": "tomorrow"}, "bad_instant"),
        ({"caption": "字" * 61}, "bad_name"),
        ({"caption": "a\x00b"}, "bad_name"),
        ({"store": "9"}, "no_such_store"),
    ],
)
def test_a_notice_that_cannot_be(
    database: Database, clock: TestClock, photo: Path, changes: dict[str, str], code: str
) -> None:
    with pytest.raises(PosError) as refused:
        notices.add(database, clock, str(photo), **changes)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert notices.listed(database, clock) == []
    with pytest.raises(PosError):
        notices.remove(database, 1)

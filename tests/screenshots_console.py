"""Draws HQ's console for the README in both languages, with Chromium: `make screenshots`; nothing without it.

The chain is the one that the console's tests look at, so that the pictures are the same every time.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.hq.console.house import House, build, chromium, served, sign_in
from tests.screenshots import FOLDER, LANGUAGES

SETTLED_MS = 1_500
"""Charts move until then."""


class Picture(NamedTuple):
    """name: of the file. path: {jid} and {seq} stand for a ticket. who: who looks. look: light or dark."""

    name: str
    path: str
    size: tuple[int, int]
    who: str = "olga"
    look: str = "light"


PICTURES = (
    Picture("console-stores", "/", (1366, 768)),
    Picture("console-wall", "/wall", (1920, 1080), look="dark"),
    Picture("console-joins", "/joins?span=week", (1366, 1180)),
    Picture("console-joins-phone", "/joins?span=week", (390, 844), look="dark"),
    Picture("console-ticket", "/entries/{jid}/{seq}", (1366, 1180)),
    Picture("console-incentives", "/rewards", (1366, 900)),
)


def draw(house: House, browser: Browser, language: str, folder: Path) -> None:
    """Every picture of one language."""
    folder.mkdir(parents=True, exist_ok=True)
    (jid, seq), *_ = house.rows("SELECT jid, seq FROM sale WHERE lines = 3 AND member != '' ORDER BY seq LIMIT 1")
    for picture in PICTURES:
        house.write("UPDATE console_user SET language = ?, look = ?", language, picture.look)
        width, height = picture.size
        context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        page = context.new_page()
        sign_in(page, house.url.removesuffix("/console"), picture.who)
        page.goto(house.url + picture.path.format(jid=jid, seq=seq))
        page.locator(".sheet").wait_for()
        page.wait_for_timeout(SETTLED_MS)
        keep(page, folder / f"{picture.name}.png")
        context.close()
        sys.stdout.write(f"{language}/{picture.name}.png\n")


def keep(page: Page, file: Path) -> None:
    """As a PNG with a palette, as the till's pictures are."""
    with Image.open(io.BytesIO(page.screenshot())) as image:
        few = image.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(file, optimize=True)


def main() -> int:
    if not shutil.which("chromium"):
        return 0
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "hq"
        build(folder)
        with served(folder) as url, chromium(Path(made)) as browser:
            house = House(folder, url)
            for language in LANGUAGES:
                draw(house, browser, language, FOLDER / language)
    return 0


if __name__ == "__main__":
    sys.exit(main())

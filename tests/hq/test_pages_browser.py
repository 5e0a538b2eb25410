"""The customer's pages in a real browser, on a phone's screen: Debian's Chromium, with and without scripts.

With POSAPP_PICTURES set to a folder the pages are kept there, to be looked at.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import noto_cjk_sans_otc
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from posapp.hq.joining.tables import joined
from tests.hq.browsing import Site
from tests.hq.shop import on_sqlite

PHONE_SIZE: ViewportSize = {"width": 375, "height": 667}
_FLAGS = ["--no-sandbox", "--headless=new", "--disable-gpu", "--disable-dev-shm-usage"]


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Browser]:
    """The system's Chromium, which draws Chinese with the font we bring."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    fonts = tmp_path / "xdg" / "fonts"
    fonts.mkdir(parents=True)
    font = next(Path(noto_cjk_sans_otc.__file__).parent.rglob("NotoSansCJK-Regular.ttc"))
    (fonts / font.name).symlink_to(font)
    surroundings: dict[str, str | float | bool] = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "xdg")}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_FLAGS, env=surroundings)
        yield browser
        browser.close()


def _keep(page: Page, name: str) -> None:
    if folder := os.environ.get("POSAPP_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@on_sqlite
@pytest.mark.parametrize(
    ("language", "scripts", "send", "join", "welcome", "mine"),
    [
        ("zh-CN", True, "获取验证码", "入会", "入会成功,欢迎 张**", "我的会员页"),
        ("en", False, "Send code", "Join", "Welcome 张**", "My membership"),
    ],
)
def test_joining_on_a_phone(
    site: Site, chromium: Browser, language: str, scripts: bool, send: str, join: str, welcome: str, mine: str
) -> None:
    site.campaign()
    asked: list[str] = []
    page = chromium.new_page(viewport=PHONE_SIZE, locale=language, java_script_enabled=scripts, device_scale_factor=2)
    page.on("request", lambda request: asked.append(request.url))
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text))
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto(f"{site.url}/j/{site.code()}")
    assert len([url for url in asked if not url.startswith("data:")]) == 1
    _keep(page, f"join-{language}-empty")
    assert not page.locator("input:checked").count()
    page.get_by_role("button", name=join, exact=True).click()
    expect(page.locator("[role=alert]")).to_have_count(4)
    _keep(page, f"join-{language}-error")
    page.fill("#name", "张三")
    page.fill("#phone", "138 1234 5678")
    if not scripts:
        page.get_by_role("button", name=send).click()
    expect(page.locator("#code")).to_be_focused()
    page.fill("#code", site.sms())
    _keep(page, f"join-{language}-code")
    assert page.input_value("#phone") == "138 1234 5678"
    page.check("[name=adult]")
    page.check("[name=terms]")
    if scripts:
        assert _fits(page)
        page.press("#code", "Enter")
    else:
        page.get_by_role("button", name=join, exact=True).click()
    expect(page.locator("h1")).to_have_text(welcome)
    _keep(page, f"join-{language}-done")
    assert len(site.rows(joined)) == 1
    page.get_by_role("link", name=mine).click()
    expect(page.locator("details")).to_have_count(1)
    assert page.locator("svg").count() == 1
    _keep(page, f"member-{language}")
    page.goto(f"{site.url}/j/{site.code('receipt')}")
    _keep(page, f"join-{language}-known")
    page.locator("[value=claim]").click()
    expect(page.locator("svg")).to_have_count(1)
    _keep(page, f"join-{language}-claimed")
    page.goto(f"{site.url}/j/NOTHING")
    _keep(page, f"join-{language}-bad")
    assert [line for line in broken if "404" not in line and "422" not in line] == []

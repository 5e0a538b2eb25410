"""Somebody who sits at the console with a browser of their own."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.hq.console.house import House, sign_in

SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "laptop": {"width": 1366, "height": 768},
    "wall": {"width": 1920, "height": 1080},
}
SLOW_MS = 60_000


class Visitor:
    """broken: what went wrong on pages. asked: every address that was loaded."""

    def __init__(self, house: House, browser: Browser, name: str) -> None:
        self.house, self.name = house, name
        self.context: BrowserContext = browser.new_context(viewport=SIZES["laptop"], locale="zh-CN")
        self.context.set_default_timeout(SLOW_MS)
        self.page: Page = self.context.new_page()
        self.broken: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.broken.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        sign_in(self.page, house.url.removesuffix("/console"), name)
        expect(self.page.locator(".sheet")).to_be_visible()

    def open(self, path: str) -> Page:
        self.page.goto(self.house.url + path)
        expect(self.page.locator(".sheet")).to_be_visible()
        return self.page

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).last.click()

    def give_reason(self, text: str = "核对") -> None:
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("原因").fill(text)
        dialog.get_by_role("button", name="确定").click()

    def read_in(self, language: str, look: str = "auto") -> None:
        """How the person wants to read from the next page on."""
        sql = "UPDATE console_user SET language = ?, look = ? WHERE name = ?"
        self.house.write(sql, language, look, self.name)


Visit = Callable[[str], Visitor]

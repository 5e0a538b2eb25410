"""The customer's phone: a real browser that opens what it reads off a picture, and the text messages it gets."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtWidgets import QWidget

from posapp.clock import SystemClock
from posapp.demo.phone import Provider
from posapp.hq.gateways.sms import TextSecrets, save_text_secrets
from posapp.hq.gateways.sms_simulator import SmsSimulator
from posapp.hq.texts.templates import TEMPLATES
from posapp.rules.phones import read_phone
from tests.ui.keys import wait_until

VIEWPORT = {"width": 390, "height": 844}
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_CODE = re.compile(r"\d{6}")


@contextmanager
def texting(folder: Path) -> Iterator[SmsSimulator]:
    """A provider of text messages that HQ in this folder uses."""
    account = TextSecrets(
        "AKIDexample",
        "secret-of-example",
        "1400006666",
        "示范",
        {name: str(1110 + n) for n, name in enumerate(TEMPLATES)},
        "callback-of-tests",
    )
    provider = SmsSimulator(account, SystemClock())
    account.base_url = provider.start()
    save_text_secrets(folder, account)
    try:
        yield provider
    finally:
        provider.close()


@contextmanager
def browsing() -> Iterator[Browser]:
    found = shutil.which("chromium")
    if not found:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()


def codes_in(widget: QWidget) -> list[str]:
    """What a camera reads off a window's picture."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    widget.grab().save(buffer, "PNG")
    picture = Image.open(io.BytesIO(buffer.data().data())).convert("L")
    return [found.text for found in zxingcpp.read_barcodes(picture)]


class Phone:
    """One customer's: number (as typed), browser of its own."""

    def __init__(self, browser: Browser, provider: Provider, number: str) -> None:
        self.number = number
        self.page: Page = browser.new_context(viewport=VIEWPORT, locale="zh-CN").new_page()  # type: ignore[arg-type]
        self._provider = provider

    def scan(self, url: str) -> None:
        self.page.goto(url)

    def fill(self, name: str = "") -> None:
        """Everything but the last press: phone, which asks for its code by itself, the code that came, the boxes."""
        page = self.page
        before = len(self._provider.inbox(read_phone(self.number)))
        with page.expect_navigation():
            page.fill("[name=phone]", self.number)
        wait_until(lambda: len(self._provider.inbox(read_phone(self.number))) > before, 60)
        said = _CODE.search(self._provider.inbox(read_phone(self.number))[-1])
        assert said
        page.fill("[name=code]", said[0])
        if name:
            page.fill("[name=name]", name)
        page.check("[name=terms]")
        page.check("[name=adult]")

    def submit(self) -> None:
        self.page.click("button[value=join]:visible")

    @property
    def text(self) -> str:
        return self.page.inner_text("body")

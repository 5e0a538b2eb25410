"""The customer's pages as the tests see them: HQ behind a socket, browsers with cookies and forms."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import requests
import uvicorn

from posapp.clock import DAY
from posapp.hq.database import Database
from posapp.hq.joining.codes import make_static
from posapp.hq.joining.tables import campaign
from posapp.keys import HqKeys
from posapp.rules.join_token import STATIC, Token, make, read
from tests.hq.shop import Shop, TestClock, wait_until
from tests.hq.texting import Texting

PHONE = "13812345678"
FORM = {"adult": "1", "terms": "1", "name": "张三", "month": "05", "day": "20"}


def campaign_row(left: int) -> dict[str, object]:
    """A campaign of the whole chain: 5 yuan off, so many left (-1: without end)."""
    return {
        "id": "c1",
        "kind": "amount",
        "name": json.dumps(["立减 5 元", "5 yuan off"]),
        "fen": 500,
        "least": 0,
        "article": "",
        "stores": "[]",
        "starts": 0,
        "ends": 0,
        "days": 30,
        "left": left,
    }


class Browser:
    """One person's browser on one page after the other. page: what it shows now."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.path = ""
        self.answer = requests.Response()

    @property
    def page(self) -> str:
        return self.answer.text

    @property
    def text(self) -> str:
        """The words of the page alone."""
        bare = re.sub(r"<(style|script).*?</\1>", "", self.page)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", bare)).split())

    @property
    def key(self) -> str:
        found = re.search(r'name="key" value="([^"]+)"', self.page)
        return found[1] if found else ""

    def open(self, path: str, follow: bool = True) -> requests.Response:
        self.path = path
        self.answer = self.session.get(self.url + path, timeout=30, allow_redirects=follow)
        return self.answer

    def send(self, action: str, **values: str) -> requests.Response:
        form = {"key": self.key, "action": action, **values}
        self.answer = self.session.post(self.url + self.path, data=form, timeout=30)
        return self.answer

    def error(self, name: str) -> str:
        """The sentence beside a field, "" for none."""
        found = re.search(rf'id="e-{name}" role="alert">([^<]+)', self.page)
        return unescape(found[1]) if found else ""


class Site:
    """HQ's pages under test: browsers, codes of every kind, and the codes that arrive on phones."""

    def __init__(self, shop: Shop, texting: Texting, url: str) -> None:
        self.shop = shop
        self.texting = texting
        self.url = url
        self.tickets = 0

    def browser(self) -> Browser:
        return Browser(self.url)

    def code(self, channel: str = "display", clerk: int = 7, ref: str = "", sequence: int = 0) -> str:
        """A working code of store 1; a ticket's unless its channel is printed once."""
        keys, now = self.shop.keys, self.shop.clock.now_ms()
        if channel in STATIC:
            with self.shop.database.transaction() as conn:
                return make_static(conn, keys, channel, now, store=1, till=0, clerk=clerk, ref=ref)
        self.tickets += 1
        token = Token(1, 1, clerk, channel, sequence or self.tickets, now // DAY, 1)
        return make(token, keys.token_key(1, 1))

    def other(self, code: str, channel: str) -> str:
        """The code of the same ticket in another place."""
        return make(read(code)[0].on(channel), self.shop.keys.token_key(1, 1))

    def campaign(self, left: int = -1) -> None:
        with self.shop.database.transaction() as conn:
            conn.execute(campaign.insert(), campaign_row(left))

    def sms(self, phone: str = PHONE, after: int = 0) -> str:
        """The code in the newest message on a phone, once there are more than `after`."""
        wait_until(lambda: len(self.texting.provider.inbox(f"+86{phone}")) > after)
        found = re.search(r"\b\d{6}\b|(?<=是)\d{6}", self.texting.provider.inbox(f"+86{phone}")[-1])
        assert found
        return found[0]

    def joined(self, browser: Browser, code: str, phone: str = PHONE, **more: str) -> Browser:
        """A browser that went the whole way."""
        browser.open(f"/j/{code}")
        before = len(self.texting.provider.inbox(f"+86{phone}"))
        assert browser.send("code", phone=phone).status_code == 200, browser.text
        browser.send("join", phone=phone, code=self.sms(phone, before), **{**FORM, **more})
        assert browser.answer.status_code == 200, browser.text
        return browser

    def rows(self, table: Any) -> list[Any]:
        return self.shop.rows(table)


@contextmanager
def serving_pages(database: Database, keys: HqKeys, clock: TestClock, texting: Texting, folder: Path) -> Iterator[Site]:
    """HQ's app, its threads running, behind a socket of its own."""
    with Shop(database, keys, clock, folder=folder) as shop:
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(shop.app, lifespan="off", log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        wait_until(lambda: server.started)
        try:
            yield Site(shop, texting, f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            server.should_exit = True
            thread.join()

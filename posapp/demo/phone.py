"""A customer's phone without a screen: it opens the page behind a join code and does what the page asks for.

The page is HQ's own and is walked as a browser walks it: its form, its cookies, the code from a text message.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any, Protocol
from urllib.parse import urljoin

import requests

from posapp.clock import Clock, SystemClock
from posapp.rules.phones import read_phone

TEXT_S = 30
"""How long a text message is waited for."""

_TIMEOUT_S = 10
_LOOK_S = 0.02
_KEY = re.compile(r'name="key" value="([^"]+)"')
_CLAIM = re.compile(r'<button[^>]+value="claim"')
_WRONG = re.compile(r'class="(?:e|note bad)"[^>]*>(.*?)</p>', re.DOTALL)
_TITLE = re.compile(r"<h1>(.*?)</h1>", re.DOTALL)
_DIGITS = re.compile(r"\d{6}")

Told = Callable[[str], object]


class Provider(Protocol):
    """Who delivers text messages. arrived: the oldest first, each with its phone (E.164) and text."""

    arrived: list[Any]

    def inbox(self, phone: str) -> list[str]: ...


class PhoneError(Exception):
    """What the customer reads instead of a welcome."""


@contextmanager
def hq_texting(folder: Path, clock: Clock | None = None) -> Iterator[Provider]:
    """A provider of text messages on this computer, which HQ in this folder uses. clock: HQ's, this computer's if none
    is given."""
    from posapp.hq.gateways.sms import TextSecrets, save_text_secrets
    from posapp.hq.gateways.sms_simulator import SmsSimulator
    from posapp.hq.texts.templates import TEMPLATES

    names = [f"{name}{language}" for name in TEMPLATES for language in ("", ".en")]
    templates = {name: str(1110 + n) for n, name in enumerate(names)}
    account = TextSecrets("AKIDdemo", "secret-of-the-demo", "1400006666", "榆荫里", templates, "callback-of-the-demo")
    provider = SmsSimulator(account, clock or SystemClock())
    provider.reports = True
    account.base_url = provider.start()
    try:
        save_text_secrets(folder, account)
        yield provider
    finally:
        provider.close()


class Phone:
    """One guest's. number: as they type it. The same phone is known again by the page's cookies."""

    def __init__(self, number: str, name: str, provider: Provider, language: str) -> None:
        self.number, self.name = number, name
        self._provider = provider
        self._browser = requests.Session()
        self._browser.trust_env = False  # a proxy of this computer's leads to no neighbour
        self._browser.headers["Accept-Language"] = language

    def join(self, url: str, told: Told, stop: Event) -> str:
        """Open what a code says and join, or take the ticket as the member one is; the page's last headline.

        told: hears "open", "text", "fill" as they begin. stop: gives up at once. Raises PhoneError with a sentence of
        the page, or "" where there is none.
        """
        told("open")
        page = self._ask("GET", url)
        if _CLAIM.search(page):
            return _headline(self._send(url, page, {"action": "claim"}))
        told("text")
        before = len(self._inbox())
        form = {"phone": self.number, "name": self.name}
        page = self._send(url, page, {**form, "action": "code"})
        for _ in range(round(TEXT_S / _LOOK_S)):
            if len(self._inbox()) > before or stop.wait(_LOOK_S):
                break
        texts = self._inbox()[before:]
        code = _DIGITS.search(texts[-1]) if texts else None
        if code is None:
            raise PhoneError("")
        told("fill")
        form |= {"code": code[0], "adult": "1", "terms": "1", "action": "join"}
        return _headline(self._send(url, page, form))

    def prefer(self, url: str, *, personal: bool) -> None:
        """On the member's own page, where a code of this HQ has led to before: whether suggestions may follow from what
        one buys, and none of offers. Raises PhoneError."""
        home = urljoin(url, "/m")
        form = {"action": "preferences", "frequency": "any"}
        self._send(home, self._ask("GET", home), form | ({"personal": "1"} if personal else {}))

    def _inbox(self) -> list[str]:
        return self._provider.inbox(read_phone(self.number))

    def _send(self, url: str, page: str, form: dict[str, str]) -> str:
        key = _KEY.search(page)
        if key is None:
            raise PhoneError("")
        return self._ask("POST", url, {**form, "key": key[1]})

    def _ask(self, how: str, url: str, form: dict[str, str] | None = None) -> str:
        try:
            answer = self._browser.request(how, url, data=form, timeout=_TIMEOUT_S)
        except requests.RequestException:
            raise PhoneError("") from None
        if not answer.ok or _WRONG.search(answer.text):
            raise PhoneError(_plain(_WRONG, answer.text))
        return answer.text


def _headline(page: str) -> str:
    return _plain(_TITLE, page)


def _plain(pattern: re.Pattern[str], page: str) -> str:
    found = pattern.search(page)
    return html.unescape(re.sub(r"<[^>]+>", "", found[1])).strip() if found else ""

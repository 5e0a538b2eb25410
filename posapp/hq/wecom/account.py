"""The chain's account at WeCom: what HQ needs to call it and to be called, in a secrets file beside HQ's own keys."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from posapp.clock import Clock
from posapp.errors import PosError
from posapp.hq.gateways.wecom import URL, Wecom
from posapp.hq.gateways.wecom_crypto import Envelope, read_key
from posapp.ids import Chance
from posapp.keys import load_secrets, save_secrets

FILE = "wecom.json"
GREETING = "您好,很高兴为您服务!点这里入会、领积分: {link}"
LOGIN_URL = "https://open.weixin.qq.com"
_LONGEST_GREETING = 1_000


class Account(msgspec.Struct, forbid_unknown_fields=True):
    """secret: of the company's own application. token, aes_key: of the callback. join_url: what stands before /j/ in
    the links that customers get, and this server's address for pages inside WeCom. greeting: with {link} in it. agent:
    the application's AgentId, "" where there is no page for the sidebar; login_url: WeCom's server for signing in.
    """

    corp_id: str
    secret: str
    token: str
    aes_key: str
    join_url: str
    url: str = URL
    greeting: str = GREETING
    agent: str = ""
    login_url: str = LOGIN_URL

    def client(self, clock: Clock) -> Wecom:
        return Wecom(self.url, self.corp_id, self.secret, clock)

    def envelope(self, chance: Chance) -> Envelope:
        return Envelope(self.token, self.aes_key, self.corp_id, chance)


def load(folder: Path) -> Account | None:
    """The account of HQ's data folder, None when none was set. Raises PosError damaged_file."""
    account: Account | None = load_secrets(folder / FILE, Account)
    return account


def save(folder: Path, account: Account) -> None:
    """Keep an account. Raises PosError bad_wecom_key, bad_wecom, bad_url, plain_http, cannot_write."""
    read_key(account.aes_key)
    for text in (account.corp_id, account.secret, account.token):
        if not ((text.isascii() and text.isalnum()) or set(text) <= _SIGNS) or not 1 <= len(text) <= 128:
            raise PosError("bad_wecom")
    if "{link}" not in account.greeting or len(account.greeting) > _LONGEST_GREETING:
        raise PosError("bad_greeting", most=_LONGEST_GREETING)
    if account.agent and not (account.agent.isascii() and account.agent.isdigit() and len(account.agent) <= 16):
        raise PosError("bad_wecom")
    for url in (account.url, account.join_url, account.login_url):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise PosError("bad_url", url=url[:80])
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise PosError("plain_http", url=url[:80])
    save_secrets(folder / FILE, account)


_SIGNS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

"""One page on somebody's screen: who sits there, what they may see, and the way to HQ's data and back.

Every look at the data and every change asks first whether the session still stands.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from posapp.clock import local
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.console import sessions, users
from posapp.hq.console.users import User
from posapp.hq.members.identity import Means
from posapp.hq.people import settings_of
from posapp.hq.running import Hq
from posapp.settings import Settings

_T = TypeVar("_T")
_P = ParamSpec("_P")
Noted = str | tuple[str, str]
"""What is kept of something that was done, with the reason; "" for nothing."""

Both = tuple[str, str]
"""Chinese and English."""


class Page(NamedTuple):
    """A page of the console. roles: who may open it. group: under which word it stands in the menu, "" for none."""

    path: str
    name: Both
    icon: str
    roles: frozenset[str]
    build: Callable[[Desk], Awaitable[None]]
    group: str = ""
    is_wall: bool = False


@dataclass
class Desk:
    """A page being looked at. asked: what its address says. zone: of the chain."""

    hq: Hq
    user: User
    session: str
    page: Page
    pages: tuple[Page, ...]
    asked: dict[str, str] = field(default_factory=dict)
    settings: Settings = field(default_factory=lambda: Settings({}))

    @property
    def is_english(self) -> bool:
        return self.user.language == "en"

    def say(self, chinese: str, english: str) -> str:
        return english if self.is_english else chinese

    def word(self, pair: Both) -> str:
        return pair[1 if self.is_english else 0]

    def told(self, error: PosError) -> str:
        return error.sentence(self.user.language)

    def may(self, *roles: str) -> bool:
        return self.user.role in roles

    def can_open(self, path: str) -> bool:
        """Whether a page of ours stands open to whoever sits here; path as in Page."""
        return any(page.path == path and self.user.role in page.roles for page in self.pages)

    def need_store(self, number: int) -> int:
        """Raises PosError not_found for a store that this user does not see."""
        if not self.user.sees(number):
            raise PosError("not_found", what=number)
        return number

    def whole(self, name: str) -> int:
        """A number in the address. Raises PosError not_found."""
        text = self.asked.get(name, "")
        if not text.isascii() or not text.isdigit() or len(text) > 15:
            raise PosError("not_found", what=name)
        return int(text)

    @property
    def now(self) -> int:
        return self.hq.clock.now_ms()

    def time(self, ms: int, pattern: str = "%m-%d %H:%M") -> str:
        """An instant as the chain's clock shows it; "" for none."""
        return f"{local(ms, self.settings.time_zone):{pattern}}" if ms else ""

    def means(self) -> Means:
        return Means(self.hq.vault, self.hq.chance, self.now)

    async def read(self, work: Callable[Concatenate[Connection, _P], _T], *args: _P.args, **named: _P.kwargs) -> _T:
        """work(conn, ...) in a thread. Raises PosError signed_out."""

        def run() -> _T:
            with self.hq.database.reading() as conn:
                self._check(conn)
                told = work(conn, *args, **named)
            sessions.touch(self.hq.database, self.session, self.now)
            return told

        return await run_in_threadpool(run)

    async def act(self, what: Noted, work: Callable[_P, _T], *args: _P.args, **named: _P.kwargs) -> _T:
        """work(...), which has transactions of its own, in a thread; that it was done is noted.

        Raises PosError signed_out, no_right."""

        def run() -> _T:
            with self.hq.database.reading() as conn:
                self._check(conn)
            sessions.touch(self.hq.database, self.session, self.now)
            told = work(*args, **named)
            if what:
                self.note("change", *((what,) if isinstance(what, str) else what))
            return told

        return await run_in_threadpool(run)

    def note(self, kind: str, what: str, reason: str = "") -> None:
        with self.hq.database.transaction() as conn:
            users.note(conn, self.hq.clock, self.hq.chance, self.user.name, kind, what, reason)

    async def is_there(self) -> bool:
        """Whether the session still stands; asking does not keep it alive."""

        def run() -> bool:
            with self.hq.database.reading() as conn:
                return self._sits(conn) is not None

        return await run_in_threadpool(run)

    def _sits(self, conn: Any) -> User | None:
        return sessions.who_sits(conn, self.session, self.now, is_watching=self.page.is_wall)

    def _check(self, conn: Any) -> None:
        user = self._sits(conn)
        if user is None:
            raise PosError("signed_out")
        if user.role not in self.page.roles or user.stores != self.user.stores:
            raise PosError("no_right")


def chain_settings(conn: Any) -> Settings:
    return settings_of(conn, feed.CHAIN)

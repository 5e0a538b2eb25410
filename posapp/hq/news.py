"""A till's long poll: it is answered as soon as a stream has rows beyond the till's cursors.

One look at the feed's counters every quarter of a second, for all tills that wait on this server, says which scopes
got rows; it works for whichever process published them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from starlette.concurrency import run_in_threadpool

from posapp.hq.database import Database, feed_counter
from posapp.hq.feed import version_of
from posapp.hq.tables import counter, feed
from posapp.streams import STREAMS

LOOK_S = 0.25
HELD_S = 15.0
"""How long a poll without news is held: less than a till waits for an answer."""


class News:
    """What was published last in each scope; wait() for more."""

    def __init__(self, database: Database, generation: str) -> None:
        self._database = database
        self._generation = generation
        self._heads: dict[str, int] = {}
        self._last: dict[str, dict[str, int]] = {}
        self._waiting = 0
        self._looking = threading.Lock()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await run_in_threadpool(self.look)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()

    async def wait(self, scopes: Sequence[str], cursors: Mapping[str, str], *, is_held: bool) -> list[str]:
        """The streams with rows that a till in these scopes has not read; if held, empty after a while without any."""
        if not is_held:
            await self._look_now()
        read = {stream: version_of(cursor, self._generation) for stream, cursor in cursors.items()}
        ends = asyncio.get_running_loop().time() + HELD_S
        self._waiting += 1
        try:
            while True:
                changed = self._changed
                if (found := self._unread(scopes, read)) or not is_held:
                    return found
                left = ends - asyncio.get_running_loop().time()
                if left <= 0:
                    return []
                try:
                    await asyncio.wait_for(changed.wait(), left)
                except TimeoutError:
                    return []
        finally:
            self._waiting -= 1

    def _unread(self, scopes: Sequence[str], read: Mapping[str, int]) -> list[str]:
        return [
            stream
            for stream, last in self._last.items()
            if stream in read and any(last.get(scope, 0) > read[stream] for scope in scopes)
        ]

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            if self._waiting:
                await self._look_now()

    async def _look_now(self) -> None:
        if await run_in_threadpool(self.look):
            before, self._changed = self._changed, asyncio.Event()
            before.set()

    def look(self) -> bool:
        """Take note of what was published since the last look; whether there was anything."""
        with self._looking, self._database.reading() as conn:
            names = {feed_counter(stream): stream for stream in STREAMS}
            now = {names[row.name]: row.n for row in conn.execute(select(counter).where(counter.c.name.in_(names)))}
            moved = [stream for stream, head in now.items() if head != self._heads.get(stream, 0)]
            for stream in moved:
                rows = conn.execute(
                    select(feed.c.scope, func.max(feed.c.v).label("v"))
                    .where(feed.c.stream == stream, feed.c.v > self._heads.get(stream, 0))
                    .group_by(feed.c.scope)
                )
                self._last.setdefault(stream, {}).update({row.scope: row.v for row in rows})
            self._heads = now
        return bool(moved)

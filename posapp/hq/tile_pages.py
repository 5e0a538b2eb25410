"""What the tills of each scope are told of the quick keys: the pages that were imported, and a store's first page.

A page that a store has of its own stands before the chain's page of that number. The first page of a store for which
neither was imported is its best sellers, worked out once a business day while the server runs, and when asked for.
"""

from __future__ import annotations

import threading

from sqlalchemy import Connection, delete, select

from posapp import log
from posapp.clock import Clock
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.best_sellers import first_page
from posapp.hq.database import Database, upsert
from posapp.hq.people import business_day
from posapp.hq.tables import article, store, tile, tile_day
from posapp.hq.tables import feed as feed_table
from posapp.messages import Message
from posapp.streams import TileRow

LOOK_S = 60.0
"""How often the server looks whether a store's business day has turned."""

Told = dict[tuple[str, str], Message | None]
_log = log.named("hq")


def tell(conn: Connection, clock: Clock, scope: str, automatic: list[TileRow] | None = None) -> int:
    """Publish a scope's pages as they are now, at the end of a transaction; how many tiles changed.

    automatic: a store's best sellers, worked out before; what was imported meanwhile still stands before them.
    """
    told: Told = {}
    if scope == feed.CHAIN:
        if _has_page(conn, feed.CHAIN, 1):
            # The stores' automatic first pages give way.
            for number in conn.scalars(select(store.c.number)).all():
                told |= _rows(conn, feed.store_scope(number), [])
        elif _is_told(conn, feed.CHAIN, "1."):
            conn.execute(delete(tile_day))  # and come back, as soon as the server looks
        told |= _rows(conn, scope, [])
    else:
        number = int(scope.partition(":")[2])
        if _is_imported(conn, number):
            automatic = []
        elif automatic is None:
            automatic = _best(conn, clock, number)
        told = _rows(conn, scope, automatic)
    return feed.publish(conn, {"tiles": told}).get("tiles", 0)


def publish_best(database: Database, clock: Clock, number: int) -> int:
    """Work a store's first page out now; how many tiles changed.

    Raises PosError no_such_store; page_imported where the first page was imported, for the store or the chain.
    """
    with database.reading() as conn:
        if conn.scalar(select(store.c.number).where(store.c.number == number)) is None:
            raise PosError("no_such_store", store=number)
        if _is_imported(conn, number):
            raise PosError("page_imported", store=number)
    return _tell_store(database, clock, number)


def publish_due(database: Database, clock: Clock) -> int:
    """The same for every store whose business day has turned since it was last done."""
    with database.reading() as conn:
        if conn.scalar(select(article.c.id).limit(1)) is None:
            return 0  # a chain that is still being set up
        done = {row.store: row.date for row in conn.execute(select(tile_day))}
        stores = conn.scalars(select(store.c.number)).all()
        due = [number for number in stores if done.get(number) != business_day(conn, clock.now_ms(), number)]
    return sum([_tell_store(database, clock, number) for number in due])


def _tell_store(database: Database, clock: Clock, number: int) -> int:
    with database.reading() as conn:  # what takes long holds nobody up
        page = None if _is_imported(conn, number) else _best(conn, clock, number)
    with database.transaction() as conn:
        upsert(conn, tile_day, [{"store": number, "date": business_day(conn, clock.now_ms(), number)}])
        return tell(conn, clock, feed.store_scope(number), page)


def _best(conn: Connection, clock: Clock, number: int) -> list[TileRow]:
    return first_page(conn, number, business_day(conn, clock.now_ms(), number), clock.now_ms())


def _is_imported(conn: Connection, number: int) -> bool:
    return _has_page(conn, feed.store_scope(number), 1) or _has_page(conn, feed.CHAIN, 1)


def _has_page(conn: Connection, scope: str, page: int) -> bool:
    asked = select(tile.c.page).where(tile.c.scope == scope, tile.c.page == page).limit(1)
    return conn.scalar(asked) is not None


def _is_told(conn: Connection, scope: str, key: str) -> bool:
    return any(held.startswith(key) for held in _live(conn, scope))


def _live(conn: Connection, scope: str) -> list[str]:
    asked = select(feed_table.c.key).where(
        feed_table.c.stream == "tiles", feed_table.c.scope == scope, feed_table.c.data != feed.GONE
    )
    return list(conn.scalars(asked))


def _rows(conn: Connection, scope: str, automatic: list[TileRow]) -> Told:
    """A scope's rows of the stream; those that are there no more are taken away."""
    told: Told = {(scope, key): None for key in _live(conn, scope)}
    imported = conn.execute(select(tile).where(tile.c.scope == scope))
    rows = [
        TileRow(row.page, row.place, row.article, row.title, row.label, row.colour, row.picture) for row in imported
    ]
    return told | {(scope, f"{row.page}.{row.place}"): row for row in [*automatic, *rows]}


class FirstPages:
    """A thread of the server that keeps the automatic pages up to date."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="first pages", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(30)

    def _run(self) -> None:
        while True:
            try:
                publish_due(self._database, self._clock)
            except Exception:  # noqa: BLE001  (whatever it is, the tills go on with the page they have)
                _log.exception("first pages of tiles")
            if self._stop.wait(LOOK_S):
                return

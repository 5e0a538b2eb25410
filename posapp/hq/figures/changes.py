"""Which store-days may count otherwise than they were counted, and whose joins: found by what came since the last look.

Entries have their order; what else happens at HQ has its instant, seen later than it says (hq/lookback.py): each look
reaches back and passes over what it has seen.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, Table, bindparam, or_, select

from posapp.clock import business_date
from posapp.hq import feed
from posapp.hq.database import FOLLOWED, portions
from posapp.hq.figures.classify import people_of
from posapp.hq.figures.tables import counted, fact, tally_day
from posapp.hq.joining.tables import claim, joined, token_open
from posapp.hq.members.staff import accounts
from posapp.hq.members.tables import merge, person, person_key
from posapp.hq.project import times_reprojected
from posapp.hq.tables import batch, counter, event, refund, sale, setting
from posapp.settings import Settings

BATCHES = 2_000
"""How many batches one look takes in."""

Place = tuple[int, str]
"""A store and a date."""

BATCH, INSTANT, STAFF, REMADE = "batches", "instant", "staff", "reprojected"

_SINCE: BindParameter[Any] = bindparam("since")
_SPAN = (batch.c.n > bindparam("after"), batch.c.n <= bindparam("upto"))


def _touched(table: Table) -> Select[Any]:
    within = (batch.c.jid == table.c.jid) & (table.c.seq >= batch.c.first_seq) & (table.c.seq <= batch.c.last_seq)
    return select(table.c.store, table.c.date).join(batch, within).where(*_SPAN).distinct()


_BY_ENTRY = (_touched(sale), _touched(refund), _touched(event).where(event.c.type == "join.shown"))
_UPTO = (
    select(batch.c.n).where(batch.c.n > bindparam("after"), batch.c.n <= bindparam("done")).order_by(batch.c.n)
).limit(BATCHES)
_ACTIVATED = select(person.c.ref, person.c.activated).where(person.c.activated >= _SINCE)
_SETTLED = select(claim.c.stem, claim.c.ref, claim.c.settled).where(claim.c.settled >= _SINCE)
_MERGED = select(merge).where(or_(merge.c.at >= _SINCE, merge.c.undone >= _SINCE))
_OPENED = select(token_open).where(or_(token_open.c.at >= _SINCE, token_open.c.authorised >= _SINCE))
_FRIENDS = select(person_key.c.ref, person_key.c.hash, person_key.c.added).where(
    person_key.c.kind == "external_userid", person_key.c.added >= _SINCE
)


class Places:
    """The stores' time zones and cut-over hours, asked once."""

    def __init__(self, conn: Connection) -> None:
        self._values: dict[str, dict[str, str]] = defaultdict(dict)
        for row in conn.execute(select(setting)):
            self._values[row.scope][row.name] = row.value
        self._settings: dict[int, Settings] = {}

    def settings(self, store: int) -> Settings:
        if store not in self._settings:
            nearest = {**self._values[feed.CHAIN], **self._values[feed.store_scope(store)]}
            self._settings[store] = Settings(nearest)
        return self._settings[store]

    def date(self, store: int, at: int) -> str:
        settings = self.settings(store)
        return business_date(at, settings.time_zone, settings.cutover_hour)


@dataclass
class Changes:
    """days: to be worked out anew. refs: whose joins are to be looked at again. upto, staff: how far this look came;
    seen: what need not be seen again."""

    days: set[Place] = field(default_factory=set)
    refs: set[str] = field(default_factory=set)
    upto: int = 0
    has_more: bool = False
    staff: frozenset[str] = frozenset()
    seen: set[Any] = field(default_factory=set)
    remade: str = "0"

    def __bool__(self) -> bool:
        return bool(self.days or self.refs or self.has_more)


def marks(conn: Connection) -> dict[str, str]:
    return {row.name: row.value for row in conn.execute(select(counted))}


def changes(conn: Connection, places: Places, held: dict[str, str], from_: int, seen: set[Any]) -> Changes:
    """What came since the marks `held`; of what has an instant, from one on, only that which is not in `seen`."""
    found = Changes()
    _entries(conn, held, found)
    found.remade = times_reprojected(conn)
    if found.remade != held.get(REMADE, "0"):  # its entries came long ago
        for table in (sale, refund, tally_day):
            found.days.update((row.store, row.date) for row in conn.execute(_days_of(table)))
    since = {"since": from_}
    refs, stems = _persons(conn, since, seen, found)
    _codes(conn, places, since, seen, found)
    found.staff = accounts(conn)
    refs |= found.staff ^ set(json.loads(held.get(STAFF, "[]")))
    _of_persons(conn, places, refs, found)
    _of_stems(conn, stems, found)
    return found


def _entries(conn: Connection, held: dict[str, str], found: Changes) -> None:
    after = int(held.get(BATCH, "0"))
    done = conn.scalar(select(counter.c.n).where(counter.c.name == FOLLOWED)) or 0
    some = conn.scalars(_UPTO, {"after": after, "done": done}).all()
    found.upto, found.has_more = (some[-1], len(some) == BATCHES) if some else (after, False)
    if not some:
        return
    for query in _BY_ENTRY:
        found.days.update((row.store, row.date) for row in conn.execute(query, {"after": after, "upto": found.upto}))


def _fresh(rows: Iterable[Any], kind: str, seen: set[Any], found: Changes) -> Iterator[Any]:
    for row in rows:
        name = (kind, *row)
        found.seen.add(name)
        if name not in seen:
            yield row


def _persons(conn: Connection, since: dict[str, int], seen: set[Any], found: Changes) -> tuple[set[str], set[str]]:
    """Who is a member, somebody else or a friend since, and the stems of tickets that were claimed."""
    refs = {row.ref for row in _fresh(conn.execute(_ACTIVATED, since), "person", seen, found)}
    stems = set()
    for row in _fresh(conn.execute(_SETTLED, since), "claim", seen, found):
        stems.add(row.stem)
        found.refs.add(row.ref)
    for row in _fresh(conn.execute(_MERGED, since), "merge", seen, found):
        refs |= {row.kept, row.gone}
    found.refs.update(row.ref for row in _fresh(conn.execute(_FRIENDS, since), "friend", seen, found))
    return refs, stems


def _codes(conn: Connection, places: Places, since: dict[str, int], seen: set[Any], found: Changes) -> None:
    for row in _fresh(conn.execute(_OPENED, since), "open", seen, found):
        found.days.add((row.store, places.date(row.store, row.first)))


def _of_persons(conn: Connection, places: Places, refs: set[str], found: Changes) -> None:
    """The days on which some persons bought or joined, under whatever id, and those of the codes they joined by."""
    people = people_of(conn, refs)
    same = refs | {ref for known in people.values() for ref in known.refs}
    found.refs |= same
    for some in portions(same):
        found.days.update((row.store, row.date) for row in conn.execute(_days_of(fact).where(fact.c.ref.in_(some))))
        joins = conn.execute(select(joined).where(joined.c.ref.in_(some))).all()
        found.days.update((row.store, places.date(row.store, row.at)) for row in joins)
        _of_stems(conn, {row.stem for row in joins if row.stem}, found)
        codes = select(token_open.c.store, token_open.c.first).where(
            token_open.c.token.in_([row.token for row in joins if row.token])
        )
        found.days.update((row.store, places.date(row.store, row.first)) for row in conn.execute(codes))


def _of_stems(conn: Connection, stems: set[str], found: Changes) -> None:
    for some in portions(stems):
        found.days.update((row.store, row.date) for row in conn.execute(_days_of(fact).where(fact.c.stem.in_(some))))


def _days_of(table: Table) -> Select[Any]:
    return select(table.c.store, table.c.date).distinct()

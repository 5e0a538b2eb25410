"""Tables that follow from the journals: entries are worked off in the order HQ received them, after their commit.

One projector works at a time (a lock on its counter), each step is one transaction, and everything here can be
done again from the raw entries with the same result (rows.py is pure; what it may ask about is numbered).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import msgspec
import psycopg
import sqlcipher3.dbapi2 as sqlite
from sqlalchemy import BindParameter, Connection, and_, bindparam, delete, select, tuple_, update
from sqlalchemy.exc import SQLAlchemyError

from posapp import log
from posapp.chain import Header
from posapp.clock import Clock
from posapp.hq.database import PROJECTED, Database, insert_many, portions, upsert
from posapp.hq.feed import CHAIN, store_scope
from posapp.hq.rows import Held, JournalState, Poison, RefundedState, Rows, ShiftState, decode, project_entry
from posapp.hq.tables import BY_ENTRY, about, article, batch, counter, entry, journal_state, quarantine, refunded, shift
from posapp.hq.tables import PROJECTED as PROJECTED_TABLES
from posapp.hq.woken import Woken
from posapp.messages import Message, RefundCompleted
from posapp.version import VERSION

REPROJECTED = "reprojected"
STEP = 2_000
"""How many entries one transaction works off, about."""

_ASK = 500
_SUMS = ("held_tenders", "held_back")
# What SQLAlchemy or a driver's own cursor raises when rows are refused.
_REFUSED = (SQLAlchemyError, psycopg.Error, sqlite.Error, OverflowError, ValueError, TypeError)
_read_header = msgspec.json.Decoder(Header).decode
# Made once: building a statement costs as much as running it.
_SOME: BindParameter[Any] = bindparam("some", expanding=True)
_ARTICLES = select(article.c.scope, article.c.id, article.c.since).where(article.c.id.in_(_SOME))
_JOURNALS = select(journal_state).where(journal_state.c.jid.in_(_SOME))
_SHIFTS = select(shift).where(tuple_(shift.c.store, shift.c.till, shift.c.shift).in_(_SOME))
_REFUNDED = select(refunded).where(tuple_(refunded.c.store, refunded.c.till, refunded.c.sale).in_(_SOME))
_BATCHES = (
    select(batch.c.n, batch.c.last_seq - batch.c.first_seq + 1)
    .where(batch.c.n > bindparam("after"))
    .order_by(batch.c.n)
    .limit(STEP)
)
_ITEMS = (
    select(batch.c.n, entry.c.known, entry.c.header, entry.c.body)
    .join(
        entry,
        and_(entry.c.jid == batch.c.jid, entry.c.seq >= batch.c.first_seq, entry.c.seq <= batch.c.last_seq),
    )
    .where(batch.c.n > bindparam("after"), batch.c.n <= bindparam("upto"))
    .order_by(batch.c.n, entry.c.seq)
)
_PLACE = select(counter.c.n).where(counter.c.name == PROJECTED).with_for_update(skip_locked=True)
_MOVE = update(counter).where(counter.c.name == PROJECTED).values(n=bindparam("upto"))
_log = log.named("hq.project")


class Item(NamedTuple):
    """One stored entry on its way: its batch's number, its identity's role, header, body, the body decoded."""

    number: int
    known: int
    header: Header
    body: bytes
    message: Message | Poison


class Done(NamedTuple):
    """What one entry gave."""

    header: Header
    rows: Rows
    poison: Poison | None


class Articles:
    """Which articles HQ knew when a batch came. Articles are never forgotten, so what is known stays known."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], int] = {}

    def load(self, conn: Connection, items: Sequence[Item]) -> None:
        """Ask the database for what the lines of some entries name and nobody has asked for yet."""
        missing: set[str] = set()
        for item in items:
            lines = getattr(item.message, "lines", None)
            if lines:
                knows = self.knows(item.header.store)
                missing.update(line.article for line in lines if not knows(line.article, item.number))
        wanted = sorted(name for name in missing if "\0" not in name)
        for start in range(0, len(wanted), _ASK):
            for scope, name, since in conn.execute(_ARTICLES, {"some": wanted[start : start + _ASK]}):
                self._since[scope, name] = since

    def knows(self, store: int) -> Any:
        since, scope = self._since, store_scope(store)

        def known(name: str, number: int) -> bool:
            chain = since.get((CHAIN, name))
            if chain is not None and chain < number:
                return True
            own = since.get((scope, name))
            return own is not None and own < number

        return known


def read_items(conn: Connection, after: int, upto: int, till: tuple[int, int] | None = None) -> list[Item]:
    """The entries of the batches numbered after < n <= upto, in order; of one till if named."""
    query = _ITEMS.where(*_of_till(batch, till)) if till else _ITEMS
    return [_item(*row) for row in conn.execute(query, {"after": after, "upto": upto})]


def _item(number: int, known: int, header: bytes, body: bytes) -> Item:
    head, raw = _read_header(header), bytes(body)
    try:
        return Item(number, known, head, raw, decode(head, raw))
    except Poison as poison:
        return Item(number, known, head, raw, poison)


def work_off(items: Sequence[Item], held_of: dict[tuple[int, int], Held]) -> list[Done]:
    """Fold entries over what is held of their tills."""
    done = []
    for item in items:
        header = item.header
        held = held_of[header.store, header.till]
        rows, poison = project_entry(held, item.number, item.known, header, item.body, item.message)
        done.append(Done(header, rows, poison))
    return done


def project(database: Database, clock: Clock, articles: Articles | None = None) -> int | None:
    """One step: the number of entries worked off, 0 when nothing waits, None when another projector is at it."""
    with database.transaction(waits_for_disk=False) as conn:  # a step can be done again from the raw entries
        after = conn.scalar(_PLACE)
        if after is None:
            return None
        upto = step_after(conn, after)
        if upto == after:
            return 0
        count = _step(conn, after, upto, None, clock.now_ms(), articles or Articles())
        conn.execute(_MOVE, {"upto": upto})
    return count


def step_after(conn: Connection, after: int, most: int | None = None, till: tuple[int, int] | None = None) -> int:
    """The last batch of the step that follows `after`: about STEP entries, at least one batch; `after` if none."""
    query = _BATCHES.where(*_of_till(batch, till)) if till else _BATCHES
    if most is not None:
        query = query.where(batch.c.n <= most)
    upto, size = after, 0
    for number, entries in conn.execute(query, {"after": after}):
        if size and size + entries > STEP:
            break
        upto, size = number, size + entries
    return int(upto)


def _step(
    conn: Connection, after: int, upto: int, till: tuple[int, int] | None, now_ms: int, articles: Articles
) -> int:
    items = read_items(conn, after, upto, till)
    articles.load(conn, items)
    held_of = _load_held(conn, items, articles)
    done = work_off(items, held_of)
    _write(conn, done, now_ms)
    _write_states(conn, held_of)
    return len(items)


def _load_held(conn: Connection, items: Sequence[Item], articles: Articles) -> dict[tuple[int, int], Held]:
    held_of: dict[tuple[int, int], Held] = {}
    jids = set()
    shifts = set()
    sales = set()
    for item in items:
        header = item.header
        place = (header.store, header.till)
        if place not in held_of:
            held_of[place] = Held(articles.knows(header.store))
        jids.add(header.jid)
        name = getattr(item.message, "shift", None)
        if name is not None and "\0" not in name:
            shifts.add((*place, name))
        if isinstance(item.message, RefundCompleted) and "\0" not in item.message.sale:
            sales.add((*place, item.message.sale))
    for some in portions(jids):
        for row in conn.execute(_JOURNALS, {"some": some}):
            held_of[row.store, row.till].journals[row.jid] = JournalState(*row)
    for some in portions(shifts):
        for row in conn.execute(_SHIFTS, {"some": some}):
            sums = {name: msgspec.json.decode(row._mapping[name], type=dict[str, tuple[int, int]]) for name in _SUMS}
            held_of[row.store, row.till].shifts[row.shift] = ShiftState(**{**row._mapping, **sums})
    for some in portions(sales):
        for row in conn.execute(_REFUNDED, {"some": some}):
            held_of[row.store, row.till].refunded[row.sale] = RefundedState(**row._mapping)
    return held_of


def journal_row(state: JournalState) -> dict[str, Any]:
    return asdict(state)


def shift_row(state: ShiftState) -> dict[str, Any]:
    row = asdict(state)
    for name in _SUMS:
        row[name] = msgspec.json.encode(row[name], order="sorted").decode()
    return row


def refunded_row(state: RefundedState) -> dict[str, Any]:
    return asdict(state)


def _write_states(conn: Connection, held_of: dict[tuple[int, int], Held]) -> None:
    upsert(conn, journal_state, (journal_row(j) for held in held_of.values() for j in held.journals.values()))
    upsert(conn, shift, (shift_row(s) for held in held_of.values() for s in held.shifts.values()))
    upsert(conn, refunded, (refunded_row(s) for held in held_of.values() for s in held.refunded.values()))


def _write(conn: Connection, done: Sequence[Done], now_ms: int) -> None:
    """All rows at once; if the database refuses, entry by entry, and what it refuses goes to quarantine."""
    poisoned = [(item.header, item.poison) for item in done if item.poison]
    try:
        with conn.begin_nested():
            for table in BY_ENTRY:
                insert_many(conn, table, [row for item in done for row in item.rows.get(table.name, ())])
    except _REFUSED as error:
        _log.warning("rows refused together, going one by one: %s", type(error).__name__)
        for item in done:
            try:
                with conn.begin_nested():
                    for table in BY_ENTRY:
                        insert_many(conn, table, item.rows.get(table.name, ()))
            except _REFUSED as refused:
                poisoned.append((item.header, Poison("projector_bug", type(refused).__name__)))
    for header, poison in poisoned:
        _quarantine(conn, header, poison, now_ms)


def _quarantine(conn: Connection, header: Header, poison: Poison, now_ms: int) -> None:
    old = conn.execute(
        select(quarantine.c.first, quarantine.c.tries).where(
            quarantine.c.jid == header.jid, quarantine.c.seq == header.seq
        )
    ).one_or_none()
    row = {
        "jid": header.jid,
        "seq": header.seq,
        "store": header.store,
        "till": header.till,
        "code": poison.code,
        "detail": poison.detail.replace("\0", "\ufffd"),
        "first": old.first if old else now_ms,
        "tries": old.tries + 1 if old else 1,
        "resolved": 0,
    }
    upsert(conn, quarantine, [row])
    _log.warning("quarantined %s %d: %s", header.jid, header.seq, poison.code)


def reproject(database: Database, clock: Clock, till: tuple[int, int] | None = None) -> int:
    """Empty the projected tables (of one till, or all) and make them again from the raw entries, in one transaction.

    Entries in quarantine get their next try. Returns the number of entries.
    """
    now = clock.now_ms()
    with database.transaction() as conn:
        upto = conn.scalar(select(counter.c.n).where(counter.c.name == PROJECTED).with_for_update()) or 0
        for table in PROJECTED_TABLES:
            conn.execute(delete(table).where(*_of_till(table, till)))
        # Open cases are set aside; those that fail again come back with their first date and one more try.
        conn.execute(
            update(quarantine).where(quarantine.c.resolved == 0, *_of_till(quarantine, till)).values(resolved=now)
        )
        articles, after, count = Articles(), 0, 0
        while after < upto:
            step = step_after(conn, after, upto, till)
            if step == after:
                break
            count += _step(conn, after, step, till, now, articles)
            after = step
        upsert(conn, about, [{"name": REPROJECTED, "value": str(int(times_reprojected(conn)) + 1)}])
    return count


def times_reprojected(conn: Connection) -> str:
    """How often tables were made again: what follows from them has to look at all of them anew."""
    return conn.scalar(select(about.c.value).where(about.c.name == REPROJECTED)) or "0"


def _of_till(table: Any, till: tuple[int, int] | None) -> tuple[Any, ...]:
    return () if till is None else (table.c.store == till[0], table.c.till == till[1])


def retry_after_upgrade(database: Database, clock: Clock, program: str) -> int:
    """Give what lies in quarantine its next try when another version of the program starts: entries made again."""
    with database.transaction() as conn:
        before = conn.scalar(select(about.c.value).where(about.c.name == "projected_by"))
        if before == program:
            return 0
        tills = select(quarantine.c.store, quarantine.c.till).where(quarantine.c.resolved == 0).distinct()
        waiting = [(row.store, row.till) for row in conn.execute(tills)]
    count = sum(reproject(database, clock, till) for till in waiting)
    with database.transaction() as conn:
        upsert(conn, about, [{"name": "projected_by", "value": program}])
    return count


class Projector(Woken):
    """Works off what waits in a thread of its own, woken after each push; stop() waits for the step at hand.

    on_work: called after each step.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__("projector")
        self._database = database
        self._clock = clock
        self.on_work: Callable[[], object] = lambda: None

    def _run(self) -> None:
        articles = Articles()
        try:
            retry_after_upgrade(self._database, self._clock, VERSION)
        except Exception:  # noqa: BLE001  (logged whole; new entries matter more than old cases)
            _log.exception("what lies in quarantine could not be tried again")
        while True:
            self._woken.wait()
            self._woken.clear()
            if self._stopping.is_set():
                return
            try:
                while (count := project(self._database, self._clock, articles)) and not self._stopping.is_set():
                    self.on_work()
            except Exception:  # noqa: BLE001  (logged whole; a projector that dies would stop them all)
                _log.exception("projection failed; trying again in a second")
                articles = Articles()
                count = None
            if count is None and not self._stopping.wait(1.0):
                self._woken.set()

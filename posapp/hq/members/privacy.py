"""The privacy desk: what a person may ask for, by when it is done, and that nobody is left behind in a till.

Erasing cuts the person off their id: the id stays in sales, the ledger and merges, and leads to nobody. Consents stay
as proof of what was agreed to, by that id. A phone that had a gift, or refused messages, is kept as a keyed hash only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, text, update

from posapp.clock import DAY, rfc3339
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.care.tables import OF_A_PERSON
from posapp.hq.database import Database, upsert
from posapp.hq.joining.tables import given, page_session, referral, static_code, token_open
from posapp.hq.members import consents, points
from posapp.hq.members.identity import ERASED, Means, root_of, same_as
from posapp.hq.members.slice import Published, rows_apart, rows_of
from posapp.hq.members.tables import (
    attribute,
    benefit,
    consent,
    looked,
    person,
    person_key,
    person_store,
    points_entry,
    points_hold,
    privacy_request,
    suspicion,
    till_read,
)
from posapp.hq.people import settings_of
from posapp.hq.tables import feed as told_rows
from posapp.hq.tables import till
from posapp.ids import random_base32, till_name
from posapp.messages import Consent
from posapp.rules.consents import MARKETING, PERSONAL, TEXTS

ACCESS, CORRECT, WITHDRAW, ERASE, IMPERSONAL = KINDS = ("access", "correct", "withdraw", "erase", "impersonal")
OPEN, RUNNING, DONE = "open", "running", "done"
ANSWER_DAYS = 15
_AT_ONCE = {WITHDRAW: MARKETING, IMPERSONAL: PERSONAL}
_YEAR = 365 * DAY


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom personal data went to: what they hold of some ids, and what makes them forget ids and phones (E.164)."""

    name: str
    held: Callable[[Connection, Sequence[str]], list[dict[str, Any]]]
    forget: Callable[[Connection, Means, Sequence[str], Sequence[str]], None]


@dataclass(frozen=True, slots=True)
class Loss:
    """What goes with an account: points, and open benefits as (Chinese, English)."""

    points: int
    benefits: list[tuple[str, str]]


def request(conn: Connection, means: Means, ref: str, kind: str, source: str, at: int = 0) -> tuple[str, Published]:
    """File a request, made at an instant (0: now): its number, and rows to publish as the transaction's last statement.

    The same kind from the same source is the same request, and so is one that waits. Withdrawing and doing without
    suggestions are done here. Raises PosError bad_choice, not_found.
    """
    if kind not in KINDS:
        raise PosError("bad_choice", value=kind[:20], values=", ".join(KINDS))
    root, made = root_of(conn, ref), at or means.now
    is_same = (privacy_request.c.source == source) | (privacy_request.c.state != DONE)
    same = (privacy_request.c.ref == root, privacy_request.c.kind == kind, is_same)
    if held := conn.scalar(select(privacy_request.c.number).where(*same)):
        return str(held), {}
    number = f"P{random_base32(10, means.chance)}"
    row = {"number": number, "ref": root, "kind": kind, "state": OPEN, "made": made, "due": made + ANSWER_DAYS * DAY}
    conn.execute(privacy_request.insert(), {**row, "source": source})
    if kind not in _AT_ONCE:
        return number, {}
    act = Consent(_AT_ONCE[kind], 0, TEXTS[_AT_ONCE[kind]].version)
    consents.note(conn, root, [act], made, f"privacy {number}", "privacy")
    _finish(conn, number, means.now)
    return number, rows_of(conn, [root], means.now)


def find(conn: Connection, number: str) -> Any:
    """A request. Raises PosError not_found."""
    row = conn.execute(select(privacy_request).where(privacy_request.c.number == number.strip().upper())).one_or_none()
    if row is None:
        raise PosError("not_found", what=number[:20])
    return row


def losses(conn: Connection, ref: str) -> Loss:
    """What a person loses with their account, to be shown before."""
    root = root_of(conn, ref)
    names = conn.scalars(
        select(benefit.c.name).where(benefit.c.ref.in_(same_as(conn, root)), benefit.c.state == "open")
    )
    pairs = [json.loads(name) for name in names]
    return Loss(points.balance(conn, root), [(chinese, english) for chinese, english in pairs])


def erase(conn: Connection, means: Means, number: str, recipients: Sequence[Recipient] = ()) -> Published:
    """Carry an erase request out; rows to publish as the transaction's last statement.

    Raises PosError not_found, not_to_erase (another kind of request, or carried out before).
    """
    asked = find(conn, number)
    if asked.kind != ERASE or asked.state != OPEN:
        raise PosError("not_to_erase", number=asked.number)
    root = root_of(conn, asked.ref)
    refs = same_as(conn, root)
    before = rows_of(conn, [root], means.now)
    rows = conn.execute(select(person).where(person.c.ref.in_(refs))).all()
    phones = sorted({means.vault.open(row.phone) for row in rows if row.phone})
    for recipient in recipients:
        recipient.forget(conn, means, refs, phones)
    for row in rows:
        if row.balance:
            points.book(conn, row.ref, "erase", row.ref, -row.balance, means.now)
    _cut_off(conn, means, refs)
    told = {"told": [recipient.name for recipient in recipients]}
    conn.execute(
        update(privacy_request)
        .where(privacy_request.c.number == asked.number)
        .values(state=RUNNING, detail=json.dumps(told))
    )
    gone = rows_apart(conn, before, [root], means.now)
    for row in conn.execute(
        select(told_rows.c.stream, told_rows.c.scope, told_rows.c.key).where(
            told_rows.c.stream.in_(_ABOUT_ONE), told_rows.c.key.in_(refs), told_rows.c.data != feed.GONE
        )
    ):
        gone.setdefault(row.stream, {})[row.scope, row.key] = None
    return gone


_ABOUT_ONE = ("members", "quotas", "cards", "hints")
"""Streams whose rows are named by a member."""

_NOBODY = {
    **dict.fromkeys("initial name phone tail lookup tails birthday tier code code_hash source".split(), ""),
    **dict.fromkeys("home visited orders joined birthday_set".split(), 0),
    "status": ERASED,
    "language": "zh",
}


def _cut_off(conn: Connection, means: Means, refs: Sequence[str]) -> None:
    sources = conn.scalars(select(consent.c.source).where(consent.c.ref.in_(refs), consent.c.channel == "page")).all()
    for prefix in {source.removeprefix("page ") for source in sources if len(source) > len("page ")}:
        conn.execute(token_open.delete().where(token_open.c.session.startswith(prefix, autoescape=True)))
    sessions = select(page_session.c.id).where(page_session.c.ref.in_(refs))
    conn.execute(token_open.delete().where(token_open.c.session.in_(sessions)))
    for table in (page_session, person_key, attribute, person_store, points_hold, *OF_A_PERSON):
        conn.execute(table.delete().where(table.c.ref.in_(refs)))
    conn.execute(suspicion.delete().where(suspicion.c.one.in_(refs) | suspicion.c.other.in_(refs)))
    conn.execute(update(person).where(person.c.ref.in_(refs)).values(**_NOBODY))
    conn.execute(update(benefit).where(benefit.c.ref.in_(refs), benefit.c.state == "open").values(state="void"))
    conn.execute(update(static_code).where(static_code.c.ref.in_(refs)).values(ref="", revoked=means.now))
    conn.execute(update(given).where(given.c.ref.in_(refs)).values(ref=""))
    conn.execute(
        update(referral)
        .where(referral.c.ref.in_(refs) | referral.c.friend.in_(refs), referral.c.state.in_(("waiting", "due")))
        .values(state="cancelled", why="erased")
    )
    # What somebody wrote may name the person.
    conn.execute(update(looked).where(looked.c.ref.in_(refs)).values(reason=""))
    by_hand = (points_entry.c.ref.in_(refs), points_entry.c.kind == "adjust", points_entry.c.detail != "")
    conn.execute(update(points_entry).where(*by_hand).values(detail=""))


def missing(conn: Connection, number: str) -> list[str]:
    """The tills that have not confirmed yet that they forgot the person of a request."""
    refs = same_as(conn, root_of(conn, find(conn, number).ref))
    gone = conn.execute(
        select(told_rows.c.scope, told_rows.c.v).where(told_rows.c.stream == "members", told_rows.c.key.in_(refs))
    ).all()
    read = {
        (row.store, row.till): row.v for row in conn.execute(select(till_read).where(till_read.c.stream == "members"))
    }
    waiting = set()
    for scope, v in gone:
        number_ = int(scope.removeprefix("store:"))
        for row in conn.execute(select(till).where(till.c.store == number_, till.c.serial > till.c.revoked)):
            if read.get((row.store, row.till), 0) < v:
                waiting.add(till_name(row.store, row.till))
    return sorted(waiting)


def finish(conn: Connection, number: str, now: int) -> list[str]:
    """Close a request that is carried out; the tills that have to confirm first, if any.

    Raises PosError not_found, not_carried_out (an account that was to be erased and is not).
    """
    asked = find(conn, number)
    if asked.kind == ERASE:
        if asked.state == OPEN:
            raise PosError("not_carried_out", number=asked.number)
        if left := missing(conn, asked.number):
            return left
    if asked.state != DONE:
        _finish(conn, asked.number, now)
    return []


def _finish(conn: Connection, number: str, now: int) -> None:
    conn.execute(update(privacy_request).where(privacy_request.c.number == number).values(state=DONE, done=now))


def is_awaited(conn: Connection) -> bool:
    """Whether any till has still to confirm something."""
    return conn.scalar(select(privacy_request.c.number).where(privacy_request.c.state == RUNNING).limit(1)) is not None


def note_read(
    database: Database, place: tuple[int, int], scopes: list[str], cursor: str, generation: str, now: int
) -> None:
    """A till presents its cursor of the members stream: what it has read, it has also forgotten."""
    with database.reading() as conn:
        if not cursor or not is_awaited(conn):
            return
        v = feed.read_through(conn, "members", scopes, cursor, generation)
        mine = (till_read.c.store == place[0], till_read.c.till == place[1], till_read.c.stream == "members")
        held = conn.scalar(select(till_read.c.v).where(*mine))
    if held is None or held < v:
        with database.transaction() as conn:
            upsert(conn, till_read, [{"store": place[0], "till": place[1], "stream": "members", "v": v}])
            finish_all(conn, now)


def finish_all(conn: Connection, now: int) -> None:
    """Close the requests that every till has confirmed."""
    for number in conn.scalars(select(privacy_request.c.number).where(privacy_request.c.state == RUNNING)).all():
        finish(conn, number, now)


def listed(conn: Connection, now: int) -> list[dict[str, Any]]:
    """Every request, the one due first on top, those that are done below."""
    rows = conn.execute(select(privacy_request)).all()
    ordered = sorted(rows, key=lambda row: (row.state == DONE, row.due, row.number))
    return [told(conn, row, now) for row in ordered]


def told(conn: Connection, row: Any, now: int) -> dict[str, Any]:
    """A request as it is shown; missing: the tills that have to confirm."""
    return {
        "number": row.number,
        "member": row.ref,
        "kind": row.kind,
        "state": row.state,
        "made": rfc3339(row.made),
        "due": rfc3339(row.due),
        "late": row.state != DONE and row.due < now,
        "done": rfc3339(row.done) if row.done else None,
        "missing": missing(conn, row.number) if row.state == RUNNING else [],
        **(json.loads(row.detail) if row.detail else {}),
    }


def forgotten(conn: Connection, now: int) -> list[str]:
    """Roots of persons who have not been heard of for as long as the chain keeps anybody."""
    years = settings_of(conn, feed.CHAIN).forget_members_after
    if not years:
        return []
    late = now - int(years) * _YEAR
    heard: dict[str, int] = {}
    for row in conn.execute(select(person).where(person.c.status != ERASED)):
        heard[row.root] = max(heard.get(row.root, 0), row.visited, row.joined, row.created)
    return sorted(root for root, at in heard.items() if at < late)


def sweep(database: Database, means: Means, recipients: Sequence[Recipient] = ()) -> list[str]:
    """Erase whoever has not been heard of for too long; the numbers of the requests this makes."""
    with database.reading() as conn:
        roots = forgotten(conn, means.now)
    numbers = []
    for root in roots:
        with database.transaction() as conn:
            number, _ = request(conn, means, root, ERASE, "sweep")
            feed.publish(conn, erase(conn, means, number, recipients))
        numbers.append(number)
    if numbers:
        purge(database)
    return numbers


def purge(database: Database) -> None:
    """Leave nothing of what was erased in SQLite's log beside the file; its pages were overwritten (secure_delete)."""
    if database.is_sqlite:
        with database.engine.connect() as conn:
            conn.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            for table in (person, person_key, attribute, told_rows):
                conn.execute(text(f"VACUUM {table.name}"))


def requests_of(conn: Connection, root: str) -> Sequence[Row[Any]]:
    """The requests of a person under all their ids, the newest first."""
    mine = select(person.c.ref).where(person.c.root == root)
    return conn.execute(
        select(privacy_request).where(privacy_request.c.ref.in_(mine)).order_by(privacy_request.c.made.desc())
    ).all()

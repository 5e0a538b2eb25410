"""What is remembered of a join before it goes: its browser, and whether phone or browser are a clerk's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, func, select, update

from posapp.clock import DAY
from posapp.hq.database import insert_new
from posapp.hq.joining.tables import joined, page_session, token_open
from posapp.hq.members.identity import ERASED
from posapp.hq.members.tables import consent, person, person_key, staff_phone
from posapp.hq.rewards.facts import portions
from posapp.hq.rewards.tables import reward_seen
from posapp.hq.tables import journal_state

_SESSION = 16
"""So many characters of a browser's name stand in the consents given with it (joining/join.py)."""

_PAGE = "page "


class Staff:
    """The clerks' own accounts: every id of theirs, and the browsers they signed in with or joined by."""

    def __init__(self, conn: Connection) -> None:
        own = person.alias()
        self.refs = set(
            conn.scalars(
                select(own.c.ref)
                .join(person, person.c.root == own.c.root)
                .join(person_key, (person_key.c.ref == person.c.ref) & (person_key.c.kind == "phone"))
                .join(staff_phone, staff_phone.c.hash == person_key.c.hash)
            )
        )
        self.sessions: set[str] = set()
        for some in portions(self.refs):
            named = conn.scalars(
                select(page_session.c.form).where(page_session.c.ref.in_(some), page_session.c.form != "")
            )
            self.sessions.update(name[:_SESSION] for name in named)
            self.sessions.update(
                conn.scalars(
                    select(reward_seen.c.session).where(reward_seen.c.ref.in_(some), reward_seen.c.session != "")
                )
            )

    def news(self, conn: Connection) -> set[str]:
        """Joins that turned out to be a clerk's own, and were not known to be."""
        found: set[str] = set()
        for some in portions(self.refs):
            mine = select(reward_seen.c.ref).where(reward_seen.c.ref.in_(some), reward_seen.c.own_phone == 0)
            found.update(conn.scalars(mine))
        for some in portions(self.sessions):
            theirs = select(reward_seen.c.ref).where(reward_seen.c.session.in_(some), reward_seen.c.self_scan == 0)
            found.update(conn.scalars(theirs))
        return found


def remember(conn: Connection, staff: Staff, refs: Iterable[str]) -> None:
    """Write down of some joins what is known now. What was seen once stays, but for `before`, as long as the persons
    are there: merges can be taken back."""
    for some in portions(refs):
        rows = conn.execute(
            select(joined, person.c.root, person.c.status)
            .join(person, person.c.ref == joined.c.ref)
            .where(joined.c.ref.in_(some))
        ).all()
        sessions, heard = _sessions(conn, some), _heard(conn)
        earlier = _earlier(conn, [row.root for row in rows])
        for row in rows:
            session = sessions.get((row.ref, row.at), "")
            insert_new(
                conn,
                reward_seen,
                {
                    "ref": row.ref,
                    "at": row.at,
                    "store": row.store,
                    "session": session,
                    "own_phone": 0,
                    "self_scan": 0,
                    "before": 0,
                    "told": 0,
                },
            )
            mine = reward_seen.c.ref == row.ref
            if row.ref in staff.refs:
                conn.execute(update(reward_seen).where(mine).values(own_phone=1))
            if session and session in staff.sessions:
                conn.execute(update(reward_seen).where(mine).values(self_scan=1))
            if row.at <= heard.get(row.store, 0):
                conn.execute(update(reward_seen).where(mine).values(told=1))
            if row.status != ERASED:
                others = [one for one in earlier.get(row.root, []) if one[1] != row.ref]
                before = any(one < (row.at, row.ref) for one in others)
                conn.execute(update(reward_seen).where(mine).values(before=int(before)))


def told_since(conn: Connection) -> set[str]:
    """Joins whose store a till has told something later of, and that were not known to be."""
    found: set[str] = set()
    for number, effective in _heard(conn).items():
        columns = reward_seen.c
        asked = select(columns.ref).where(columns.told == 0, columns.store == number, columns.at <= effective)
        found.update(conn.scalars(asked))
    return found


def _heard(conn: Connection) -> dict[int, int]:
    """Up to when each store's tills have told."""
    last = func.max(journal_state.c.effective)
    return dict(conn.execute(select(journal_state.c.store, last).group_by(journal_state.c.store)).all())


def _sessions(conn: Connection, refs: Iterable[str]) -> dict[tuple[str, int], str]:
    rows = conn.execute(
        select(consent.c.ref, consent.c.at, consent.c.source).where(
            consent.c.ref.in_(list(refs)), consent.c.channel == "page", consent.c.source.startswith(_PAGE)
        )
    )
    return {(ref, at): source.removeprefix(_PAGE) for ref, at, source in rows}


def _earlier(conn: Connection, roots: Iterable[str]) -> dict[str, list[tuple[int, str]]]:
    """Since when each id of some persons has been a member."""
    found: dict[str, list[tuple[int, str]]] = {}
    for some in portions(roots):
        members = select(person.c.root, person.c.joined, person.c.ref).where(
            person.c.root.in_(some), person.c.joined > 0
        )
        for root, at, ref in conn.execute(members):
            found.setdefault(root, []).append((at, ref))
    return found


def known_again(conn: Connection, since: int) -> list[tuple[str, int, Any]]:
    """Who filled in the form by a clerk's code and was a member before: their id, when, and the code as it was opened
    last by that browser."""
    forms = conn.execute(
        select(consent.c.ref, consent.c.at, consent.c.source)
        .join(joined, (joined.c.ref == consent.c.ref) & (joined.c.at == consent.c.at), isouter=True)
        .where(
            consent.c.at >= since,
            consent.c.channel == "page",
            consent.c.purpose == "terms",
            consent.c.source.startswith(_PAGE),
            joined.c.ref.is_(None),
        )
    ).all()
    found = []
    for form in forms:
        session = form.source.removeprefix(_PAGE)
        code = conn.execute(
            select(token_open)
            .where(
                token_open.c.session >= session,
                token_open.c.session < f"{session}~",
                token_open.c.at > form.at - DAY,
                token_open.c.at <= form.at,
            )
            .order_by(token_open.c.at.desc(), token_open.c.token)
            .limit(1)
        ).first()
        if session and code is not None and code.clerk and code.store:
            found.append((form.ref, form.at, code))
    return found

"""What is remembered of a join before it goes: its browser, and whether phone or browser are a clerk's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, func, select

from posapp.clock import DAY
from posapp.hq.database import portions, upsert
from posapp.hq.joining.tables import joined, page_session, token_open
from posapp.hq.members.identity import ERASED, ids_of
from posapp.hq.members.staff import accounts
from posapp.hq.members.tables import consent, person
from posapp.hq.rewards.tables import reward_seen
from posapp.hq.tables import journal_state

_SESSION = 16
"""So many characters of a browser's name stand in the consents given with it (joining/join.py)."""

_PAGE = "page "
AT_ONCE = 1_000
"""So many joins one step looks at, of those that wait."""


class Staff:
    """The clerks' own accounts: every id of theirs, and the browsers they signed in with or joined by."""

    def __init__(self, conn: Connection) -> None:
        self.refs = set(ids_of(conn, accounts(conn)))
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
    heard = _heard(conn)
    for some in portions(refs):
        rows = conn.execute(
            select(joined.c.ref, joined.c.at, joined.c.store, person.c.root, person.c.status)
            .join(person, person.c.ref == joined.c.ref)
            .where(joined.c.ref.in_(some))
        ).all()
        held = {
            row.ref: dict(row._mapping) for row in conn.execute(select(reward_seen).where(reward_seen.c.ref.in_(some)))
        }
        sessions, earlier = _sessions(conn, some), _earlier(conn, [row.root for row in rows])
        changed = []
        for row in rows:
            known = held.get(row.ref) or _nothing(row, sessions.get((row.ref, row.at), ""))
            now = {
                **known,
                "own_phone": int(known["own_phone"] or row.ref in staff.refs),
                "self_scan": int(known["self_scan"] or known["session"] in staff.sessions),
                "told": int(known["told"] or row.at <= heard.get(row.store, 0)),
            }
            if row.status != ERASED:
                others = [one for one in earlier.get(row.root, []) if one[1] != row.ref]
                now["before"] = int(any(one < (row.at, row.ref) for one in others))
            if now != held.get(row.ref):
                changed.append(now)
        upsert(conn, reward_seen, changed)


def _nothing(row: Any, session: str) -> dict[str, Any]:
    empty = dict.fromkeys(("own_phone", "self_scan", "before", "told"), 0)
    return {"ref": row.ref, "at": row.at, "store": row.store, "session": session, **empty}


def told_since(conn: Connection) -> set[str]:
    """Joins whose store a till has told something later of, and that were not known to be."""
    heard = _heard(conn)
    waiting = select(reward_seen.c.ref, reward_seen.c.store, reward_seen.c.at).where(
        reward_seen.c.told == 0, reward_seen.c.store > 0
    )
    found = [(at, ref) for ref, store, at in conn.execute(waiting) if at <= heard.get(store, 0)]
    return {ref for _, ref in sorted(found)[:AT_ONCE]}


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

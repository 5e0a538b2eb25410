"""What customers said in the shops: every item has an owner and a time, and the store sees the answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, select, update

from posapp.clock import DAY, HOUR, rfc3339
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import insert_new, upsert
from posapp.hq.members.slice import Published
from posapp.hq.people import plain_name
from posapp.hq.tasks.tables import feedback, feedback_owner
from posapp.messages import FeedbackPosted
from posapp.rules.free_text import read_text, without_numbers
from posapp.streams import FeedbackRow

CATEGORIES = ("goods", "price", "service", "shop", "other")
DEFAULT_OWNER, DEFAULT_HOURS, MOST_HOURS = "operations", 48, 720
OPEN, ANSWERED, KEPT, OVERDUE = "open", "answered", "kept", "overdue"
SHOWN_DAYS = 30
"""How long a store sees an answer."""

LONGEST_TEXT, LONGEST_ANSWER, LONGEST_OWNER = 200, 200, 40


def take_posted(conn: Connection, row: Row[Any], body: FeedbackPosted) -> bool:
    """An item from a till's journal; whether it is new."""
    category = body.category if body.category in CATEGORIES else "other"
    owner, hours = owner_of(conn, category)
    item = {
        "id": body.feedback[:60],
        "store": row.store,
        "till": row.till,
        "clerk": row.clerk,
        "category": category,
        "text": without_numbers(body.text)[:LONGEST_TEXT],
        "ticket": body.ticket[:60],
        "at": row.effective,
        "owner": owner,
        "due": row.effective + hours * HOUR,
    }
    return insert_new(conn, feedback, item)


def owner_of(conn: Connection, category: str) -> tuple[str, int]:
    """Who answers a category, and within how many hours."""
    held = {row.category: (row.owner, row.hours) for row in conn.execute(select(feedback_owner))}
    return held.get(category) or held.get("") or (DEFAULT_OWNER, DEFAULT_HOURS)


def set_owner(conn: Connection, category: str, owner: str, hours: int = DEFAULT_HOURS) -> None:
    """Who answers a category ("" for every other) from now on. Raises PosError bad_choice, bad_name."""
    if category and category not in CATEGORIES:
        raise PosError("bad_choice", value=category[:20], values=", ".join(CATEGORIES))
    upsert(conn, feedback_owner, [{"category": category, "owner": plain_name(owner, LONGEST_OWNER), "hours": hours}])


def assign(conn: Connection, id_: str, owner: str) -> None:
    """Somebody else answers an item. Raises PosError not_found, bad_name."""
    _change(conn, id_, {"owner": plain_name(owner, LONGEST_OWNER)})


def answer(conn: Connection, id_: str, owner: str, text: str, now: int) -> None:
    """The store is told this; a second answer takes the first one's place.

    Raises PosError not_found, bad_name, text_too_long, text_has_number."""
    said = read_text(plain_name(text, LONGEST_ANSWER), LONGEST_ANSWER)
    _change(conn, id_, {"state": ANSWERED, "answer": said, "answered": now, "by": owner[:LONGEST_OWNER]})


def _change(conn: Connection, id_: str, values: dict[str, Any]) -> None:
    changed = update(feedback).where(feedback.c.id == id_).values(**values).returning(feedback.c.id)
    if conn.execute(changed).first() is None:
        raise PosError("not_found", what=id_[:40])


def keep_old(conn: Connection, now: int) -> list[str]:
    """Answered so long ago that no store sees them any more; their ids."""
    old = (feedback.c.state == ANSWERED) & (feedback.c.answered <= now - SHOWN_DAYS * DAY)
    return list(conn.scalars(update(feedback).where(old).values(state=KEPT).returning(feedback.c.id)))


def is_old(conn: Connection, now: int) -> bool:
    old = (feedback.c.state == ANSWERED) & (feedback.c.answered <= now - SHOWN_DAYS * DAY)
    return conn.scalar(select(feedback.c.id).where(old).limit(1)) is not None


def feedback_rows(conn: Connection, ids: Iterable[str]) -> Published:
    """What the stores see of some items."""
    told: dict[tuple[str, str], FeedbackRow | None] = {}
    for row in conn.execute(select(feedback).where(feedback.c.id.in_(sorted(set(ids))))):
        shown = FeedbackRow(row.category, row.text, row.clerk, row.at, row.state, row.owner, row.answer, row.answered)
        told[feed.store_scope(row.store), row.id] = None if row.state == KEPT else shown
    return {"feedback": told}


def listed(conn: Connection, now: int, *, store: int = 0, waiting: bool = False) -> list[dict[str, Any]]:
    """Items, those that are due first at the front; state overdue: nobody answered in time."""
    asked = select(feedback).order_by(feedback.c.state != OPEN, feedback.c.due, feedback.c.id)
    if store:
        asked = asked.where(feedback.c.store == store)
    if waiting:
        asked = asked.where(feedback.c.state == OPEN)
    return [
        {
            "id": row.id,
            "store": row.store,
            "clerk": row.clerk,
            "category": row.category,
            "text": without_numbers(row.text),
            "at": rfc3339(row.at),
            "owner": row.owner,
            "due": rfc3339(row.due),
            "state": OVERDUE if row.state == OPEN and row.due <= now else row.state,
            "answer": row.answer,
            "answered": rfc3339(row.answered) if row.answered else None,
            "by": row.by,
        }
        for row in conn.execute(asked.limit(10_000))
    ]

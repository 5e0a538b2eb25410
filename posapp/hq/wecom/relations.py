"""Who is a friend of whom: one change for each event that came, and the relation that they leave behind."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, or_, select, update

from posapp.hq.database import insert_new, upsert
from posapp.hq.wecom.tables import contact_change, relation


class Source(NamedTuple):
    """The code that was scanned. clerk 0: a store's; state: the token it carries."""

    state: str
    clerk: int
    store: int
    channel: str

    @classmethod
    def of(cls, row: Row[Any]) -> Source | None:
        """The source of a relation, None when it is unknown."""
        return cls(row.source, row.clerk, row.store, row.channel) if row.source else None


NOBODY = Source("", 0, 0, "")
_ADDED = ("new", "again", "transferred")
_DELETED_BY = {"del_external_contact": "clerk", "del_follow_user": "customer"}


def record(
    conn: Connection, event: Row[Any], fields: dict[str, str], source: Source | None, greeted: str, link: str
) -> None:
    """Write down what an event of change_external_contact changed; the second time nothing."""
    about = _relation(conn, event.external_userid, event.userid)
    kind, by = _kind(conn, event, about)
    if kind == "edited":
        conn.execute(_this(event).values(looked=0))
        return
    # a customer who is handed over stays the friend of the clerk whose code was scanned
    told = (Source.of(about) if about is not None and kind == "transferred" else source) or NOBODY
    change = {
        "change": event.change,
        "userid": event.userid,
        "external_userid": event.external_userid,
        "created": event.created,
        "kind": kind,
        "by": by,
        "clerk": told.clerk,
        "store": told.store,
        "channel": told.channel,
        "state": told.state,
        "greeted": greeted,
        "link": link,
        "reason": fields.get("FailReason", "")[:40],
    }
    if insert_new(conn, contact_change, change) and kind:
        _follow(conn, event, about, kind, by, told)


def _kind(conn: Connection, event: Row[Any], about: Row[Any] | None) -> tuple[str, str]:
    """What an event counts as, and who deleted whom."""
    if event.change == "add_external_contact":
        if about is not None and about.state == "moving":
            return "transferred", ""
        return ("again" if _was_here(conn, event) else "new"), ""
    if event.change in _DELETED_BY:
        is_moved = about is not None and about.state == "moved"
        return ("moved", "") if is_moved else ("deleted", _DELETED_BY[event.change])
    names = {
        "add_half_external_contact": "half",
        "edit_external_contact": "edited",
        "transfer_fail": "transfer_failed",
    }
    return names.get(event.change, ""), ""


def _was_here(conn: Connection, event: Row[Any]) -> bool:
    """Whether this customer was this clerk's friend already, or was deleted (by or from anybody) before this event."""
    was_friend = (contact_change.c.userid == event.userid) & contact_change.c.kind.in_(_ADDED)
    was_deleted = (contact_change.c.kind == "deleted") & (contact_change.c.created < event.created)
    asked = select(contact_change.c.kind).where(
        contact_change.c.external_userid == event.external_userid, or_(was_friend, was_deleted)
    )
    return conn.scalar(asked.limit(1)) is not None


def _follow(conn: Connection, event: Row[Any], about: Row[Any] | None, kind: str, by: str, told: Source) -> None:
    now = event.created * 1000
    row: dict[str, Any] = {
        "external_userid": event.external_userid,
        "userid": event.userid,
        "state": "",
        "added": 0,
        "changed": 0,
        "deleted_by": "",
        "again": 0,
        "source": "",
        "clerk": 0,
        "store": 0,
        "channel": "",
        "moved_from": "",
        "name": "",
        "remark": "",
        "looked": 0,
    }
    if about is not None:
        row |= about._mapping
    if kind in ("new", "half") and not row["added"] and told.state:
        row |= {"source": told.state, "clerk": told.clerk, "store": told.store, "channel": told.channel}
    if kind in _ADDED:
        row["added"] = min(row["added"] or now, now)
        row["again"] += kind == "again"
        row["looked"] = 0
    if now >= row["changed"]:  # an old event that comes late counts, but undoes nothing
        row["changed"] = now
        if kind in _ADDED:
            row |= {"state": "added", "deleted_by": ""}
        elif kind == "half":
            row["state"] = "added" if row["state"] == "added" else "half"
        elif kind == "deleted":
            row |= {"state": "deleted", "deleted_by": by}
        elif kind == "transfer_failed" and row["state"] == "moving":
            row["state"] = "refused"
    upsert(conn, relation, [row])
    if kind == "transferred" and row["moved_from"]:
        gone = relation.c.userid == row["moved_from"]
        conn.execute(
            update(relation)
            .where(relation.c.external_userid == event.external_userid, gone)
            .values(state="moved", changed=now)
        )


def _relation(conn: Connection, external_userid: str, userid: str) -> Row[Any] | None:
    asked = select(relation).where(relation.c.external_userid == external_userid, relation.c.userid == userid)
    return conn.execute(asked.with_for_update()).one_or_none()


def _this(event: Row[Any]) -> Any:
    return update(relation).where(
        relation.c.external_userid == event.external_userid, relation.c.userid == event.userid
    )

"""Everything that is known to have happened with a person, from every source, on one line, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, select

from posapp.clock import rfc3339
from posapp.hq.care.purchases import purchase_of, sold_to, with_goods
from posapp.hq.care.scripts import pair_of
from posapp.hq.care.tables import hint, owner, tag, timeline, title
from posapp.hq.database import portions
from posapp.hq.joining.tables import joined
from posapp.hq.members.identity import root_of, same_as
from posapp.hq.segments.likes import names_of
from posapp.hq.tables import refund
from posapp.hq.texts.tables import text_message
from posapp.money import Money

MOST = 200

KINDS = {
    "sale": ("购买", "bought"),
    "refund": ("退款", "given back"),
    "join": ("入会", "joined"),
    "order": ("线上下单", "ordered"),
    "browse": ("浏览", "looked at"),
    "chat": ("聊到", "talked about"),
    "tag": ("标签", "tag"),
    "hint": ("提示", "hint"),
    "answer": ("提示结果", "hint answered"),
    "text": ("短信", "text message"),
    "title": ("头衔", "title"),
    "owner": ("专属导购", "owner"),
}
"""What can happen, in words."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. source: till, or where. what: goods, a topic, a title ...; detail: of its kind."""

    at: int
    kind: str
    source: str
    what: str = ""
    detail: str = ""
    store: int = 0
    clerk: int = 0
    fen: int = 0
    ref: str = ""


def timeline_of(conn: Connection, root: str, limit: int = MOST) -> list[Moment]:
    """What happened with a person under all their ids."""
    refs = same_as(conn, root_of(conn, root))
    every = [
        *_sales(conn, refs),
        *_events(conn, refs, limit),
        *_joins(conn, refs),
        *_hints(conn, refs),
        *_texts(conn, refs),
        *_given(conn, refs),
    ]
    return sorted(every, key=lambda one: (-one.at, one.kind, one.ref))[:limit]


def _sales(conn: Connection, refs: Sequence[str]) -> list[Moment]:
    bought = {row.event: purchase_of(row, "") for row, _ in sold_to(conn, dict.fromkeys(refs, ""))}
    with_goods(conn, list(bought.values()))
    found = []
    for one in bought.values():
        goods = "、".join(name for _, name in one.goods)
        found.append(Moment(one.at, "sale", "till", goods, one.receipt, one.store, one.clerk, one.fen, one.event))
    for some in portions(bought):
        for row in conn.execute(select(refund).where(refund.c.sale.in_(some))):
            back = -row.total - row.rounding
            place = (row.receipt, row.store, row.clerk)
            found.append(Moment(row.done, "refund", "till", row.sale_receipt, *place, back, row.event))
    return found


def _events(conn: Connection, refs: Sequence[str], limit: int) -> list[Moment]:
    asked = select(timeline).where(timeline.c.ref.in_(refs)).order_by(timeline.c.at.desc()).limit(limit)
    rows = conn.execute(asked).all()
    names = names_of(conn, {row.article for row in rows if row.article})
    return [
        Moment(row.at, row.kind, row.source, names.get(row.article, row.article) or row.text, fen=row.fen, ref=row.id)
        for row in rows
    ]


def _joins(conn: Connection, refs: Sequence[str]) -> list[Moment]:
    return [
        Moment(row.at, "join", row.channel, store=row.store, clerk=row.clerk)
        for row in conn.execute(select(joined).where(joined.c.ref.in_(refs)))
    ]


def _hints(conn: Connection, refs: Sequence[str]) -> list[Moment]:
    found = []
    for row in conn.execute(select(hint).where(hint.c.ref.in_(refs))):
        prompt = pair_of(row.prompt)[0]
        found.append(Moment(row.made, "hint", row.flow or "hq", prompt, row.scene, ref=row.id))
        if row.outcome:
            found.append(Moment(row.outcome_at, "answer", "till", prompt, row.outcome, ref=row.id))
    return found


def _texts(conn: Connection, refs: Sequence[str]) -> list[Moment]:
    rows = conn.execute(select(text_message).where(text_message.c.ref.in_(refs), text_message.c.marked > 0))
    return [Moment(row.marked, "text", "sms", row.template, row.state, ref=row.id) for row in rows]


def _given(conn: Connection, refs: Sequence[str]) -> list[Moment]:
    found = [
        Moment(row.granted, "title", "hq", row.zh, ref=row.id)
        for row in conn.execute(select(title).where(title.c.ref.in_(refs)))
    ]
    # What an event tagged stands there as the event.
    by_hand = select(tag).where(tag.c.ref.in_(refs), tag.c.source.not_in(select(timeline.c.id)))
    found += [Moment(row.made, "tag", "hq", row.value or row.name, row.name) for row in conn.execute(by_hand)]
    found += [
        Moment(row.since, "owner", row.why, clerk=row.clerk)
        for row in conn.execute(select(owner).where(owner.c.ref.in_(refs)))
    ]
    return found


def told(moments: Sequence[Moment]) -> list[dict[str, Any]]:
    """As JSON."""
    return [{**asdict(one), "at": rfc3339(one.at), "fen": str(Money(one.fen)) if one.fen else ""} for one in moments]

"""Tags that last for a while: what events say of a person by the chain's rules, and what is noted by hand."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select, update

from posapp.clock import DAY, rfc3339
from posapp.errors import PosError
from posapp.hq.care.hints import hint_about
from posapp.hq.care.scripts import BROWSED, CHATTED, ORDERED, SCENES
from posapp.hq.care.tables import hint, tag, tag_rule
from posapp.hq.care.words import plain, topic_word
from posapp.hq.database import Database, upsert
from posapp.hq.members import consents
from posapp.hq.members.identity import ids_of, root_of
from posapp.hq.members.tiers import plain_id
from posapp.hq.segments.likes import names_of
from posapp.hq.tables import article
from posapp.rules.consents import PERSONAL

KINDS = ("browse", "chat", "order")
LONGEST_VALUE = 40
MOST_DAYS = 3_650


class Rule(NamedTuple):
    """As a row of tag_rule."""

    kind: str
    article: str
    category: str
    topic: str
    tag: str
    scene: str
    days: int


ALWAYS = (
    Rule("browse", "", "", "", BROWSED, BROWSED, 7),
    Rule("chat", "", "", "", CHATTED, CHATTED, 7),
    Rule("order", "", "", "", ORDERED, ORDERED, 14),
)
"""What every chain has; a rule of its own with the same tag takes the place."""


def add_rule(database: Database, id_: str, rule: Rule) -> None:
    """Make a rule, or change it. Raises PosError bad_id, bad_choice and those of topic_word()."""
    if rule.kind not in KINDS:
        raise PosError("bad_choice", value=rule.kind[:20], values=", ".join(KINDS))
    if rule.scene and rule.scene not in SCENES:
        raise PosError("bad_choice", value=rule.scene[:20], values=", ".join(SCENES))
    plain_id(rule.tag)
    if rule.topic:
        topic_word(rule.topic, LONGEST_VALUE)
    with database.transaction() as conn:
        upsert(conn, tag_rule, [{"id": plain_id(id_), **rule._asdict()}])


def remove_rule(database: Database, id_: str) -> None:
    """Raises PosError not_found."""
    with database.transaction() as conn:
        if conn.execute(tag_rule.delete().where(tag_rule.c.id == id_).returning(tag_rule.c.id)).first() is None:
            raise PosError("not_found", what=id_[:20])


def rules(conn: Connection) -> list[Rule]:
    own = [
        Rule(row.kind, row.article, row.category, row.topic, row.tag, row.scene, row.days)
        for row in conn.execute(select(tag_rule).order_by(tag_rule.c.id))
    ]
    named = {rule.tag for rule in own}
    return [*own, *(rule for rule in ALWAYS if rule.tag not in named)]


def may_follow(conn: Connection, root: str) -> bool:
    """Whether a person agreed that suggestions follow from what they do."""
    held = consents.standing(conn, root).get(PERSONAL)
    return held is not None and held.given


def tag_by_event(conn: Connection, ref: str, event: Any, event_id: str, now: int) -> bool:
    """What an event says of a person (ref: the id it came to); whether their hint may be another now.

    event: kind, at (ms), article, topic.
    """
    if not may_follow(conn, root_of(conn, ref)):
        return False
    categories: set[str] | None = None
    changed = False
    for rule in rules(conn):
        if rule.kind != event.kind or (rule.article and rule.article != event.article):
            continue
        if rule.topic and rule.topic != event.topic:
            continue
        if rule.category:
            categories = _categories(conn, event.article) if categories is None else categories
            if rule.category not in categories:
                continue
        subject = event.article or event.topic
        ends = event.at + rule.days * DAY
        if not subject or ends <= now:
            continue
        _put(conn, ref, rule.tag, subject, event.at, ends, event_id)
        if rule.scene:
            changed |= _hint(conn, ref, rule.scene, subject, event.at, ends, f"{event_id} {rule.scene}")
    return changed


def _categories(conn: Connection, id_: str) -> set[str]:
    rows = conn.execute(select(article.c.category_code, article.c.category).where(article.c.id == id_)) if id_ else ()
    return {word for row in rows for word in row if word}


def _put(conn: Connection, ref: str, name: str, value: str, made: int, ends: int, source: str) -> None:
    mine = (tag.c.ref == ref, tag.c.name == name, tag.c.value == value)
    held = conn.execute(select(tag).where(*mine)).one_or_none()
    if held is not None and (not held.ends or (ends and held.ends > ends)):
        ends = held.ends  # an old event that comes late takes nothing away
    row = {"ref": ref, "name": name, "value": value, "made": made, "ends": ends, "source": source}
    upsert(conn, tag, [row])


def _hint(conn: Connection, ref: str, scene: str, subject: str, made: int, ends: int, source: str) -> bool:
    called = names_of(conn, [subject]).get(subject, subject)
    id_ = sha256(f"hint\n{ref}\n{source}".encode()).hexdigest()[:24]
    return hint_about(
        conn, ref, id_=id_, scene=scene, subject=subject, made=made, ends=ends, goods=called, topic=called
    )


def set_tag(
    conn: Connection, ref: str, name: str, value: str, *, days: int, by: str, now: int, scene: str = ""
) -> None:
    """Note something by hand, for so many days (0: until it is taken off); with a scene the clerks are told.

    A scene is told only to who agreed to suggestions. Raises PosError bad_id, bad_name, text_has_number, bad_choice,
    no_such_member.
    """
    if scene and scene not in SCENES:
        raise PosError("bad_choice", value=scene[:20], values=", ".join(SCENES))
    is_article = bool(value) and value in names_of(conn, [value])
    value = value if is_article or not value else plain(value, LONGEST_VALUE)
    ends = now + days * DAY if days else 0
    _put(conn, ref, plain_id(name), value, now, ends, by)
    if scene and may_follow(conn, root_of(conn, ref)):
        _hint(conn, ref, scene, value or name, now, ends or now + 7 * DAY, f"{by} {now}")


def take_tag(conn: Connection, root: str, name: str, now: int) -> None:
    """Take a tag off, and what was to be said because of it. Raises PosError not_found."""
    refs = list(ids_of(conn, [root]))
    gone = tag.delete().where(tag.c.ref.in_(refs), tag.c.name == name).returning(tag.c.value)
    about = [value or name for value in conn.scalars(gone)]
    if not about:
        raise PosError("not_found", what=name[:20])
    said = (hint.c.ref.in_(refs), hint.c.subject.in_(about), hint.c.ends > now)
    conn.execute(update(hint).where(*said).values(ends=now))


def tags_of(conn: Connection, root: str, now: int) -> list[Row[Any]]:
    """The tags that a person has now, the newest first."""
    refs = list(ids_of(conn, [root]))
    lives = (tag.c.ends == 0) | (tag.c.ends > now)
    return list(conn.execute(select(tag).where(tag.c.ref.in_(refs), lives).order_by(tag.c.made.desc(), tag.c.name)))


def told(rows: list[Row[Any]]) -> list[dict[str, Any]]:
    return [
        {
            "name": row.name,
            "value": row.value,
            "made": rfc3339(row.made),
            "ends": rfc3339(row.ends) if row.ends else None,
            "source": row.source,
        }
        for row in rows
    ]


def sweep(conn: Connection, now: int) -> None:
    """Tags whose life is over are gone."""
    conn.execute(tag.delete().where(tag.c.ends > 0, tag.c.ends <= now))

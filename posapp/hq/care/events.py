"""What happens outside the tills (browse, chat, order) comes in here: read strictly, taken once, tied to whom it is of.

Somebody who is not known yet by a phone, a union id or an external user id may become known: their events wait for 30
days, named by the key's keyed hash. Our own ids and codes are known or wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select, update

from posapp.clock import DAY, MINUTE, parse_instant
from posapp.errors import PosError
from posapp.hq.care.tables import open_event, timeline, waiting_event
from posapp.hq.care.tags import KINDS, tag_by_event
from posapp.hq.care.words import topic_word
from posapp.hq.database import insert_new
from posapp.hq.members.identity import ERASED, VERIFIED, root_of
from posapp.hq.members.tables import person, person_key
from posapp.hq.tables import article
from posapp.hq.vault import Vault
from posapp.money import Money
from posapp.rules.codes import clean
from posapp.rules.lookup import code_hash
from posapp.rules.phones import holds_phone, read_phone

WAIT_DAYS = 30
AHEAD_MS = 5 * MINUTE
LONGEST_TOPIC = 20
TAKEN, KNOWN, WAITING, REFUSED = "taken", "known", "waiting", "refused"
LARGEST_ORDER = 100_000_000
"""Fen; what is beyond a million yuan is no order of a shop."""

_ID = re.compile(r"[!-~]{1,64}")
_AT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_YUAN = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,2})?")
_WORD = re.compile(r"[a-z0-9_-]{1,20}")
_FROM_OUTSIDE = ("phone", "unionid", "external_userid")


class Who(msgspec.Struct, forbid_unknown_fields=True):
    """Whose event it is: one of them."""

    ref: str = ""
    code: str = ""
    phone: str = ""
    unionid: str = ""
    external_userid: str = ""


class Event(msgspec.Struct, forbid_unknown_fields=True):
    """An event as it is sent; docs/open-events.md says what each field may be."""

    id: str
    kind: str
    at: str
    member: Who
    article: str = ""
    topic: str = ""
    amount: str = ""
    channel: str = ""


class Happened(msgspec.Struct):
    """An event as it was understood; nothing of a person is in it."""

    id: str
    kind: str
    at: int
    source: str
    article: str = ""
    topic: str = ""
    fen: int = 0


class Key(NamedTuple):
    """By what somebody is known; hash: keyed, or the code's own."""

    kind: str
    hash: str


class Result(msgspec.Struct, omit_defaults=True):
    """What became of one event. code, message: why it was refused."""

    id: str
    state: str
    code: str = ""
    message: tuple[str, str] = ("", "")


def read(vault: Vault, channel: str, event: Event, now: int) -> tuple[Happened, Key]:
    """Understand an event. Raises PosError bad_event with the field that is wrong, and those of topic_word()."""
    # With the channel before it, as it is kept: nobody's number is read in what stays when they are gone.
    if not _ID.fullmatch(event.id) or holds_phone(f"{channel} {event.id}"):
        raise PosError("bad_event", field="id")
    if event.kind not in KINDS:
        raise PosError("bad_event", field="kind")
    at = _at(event.at)
    if at > now + AHEAD_MS:
        raise PosError("bad_event", field="at")
    source = event.channel or channel
    if not _WORD.fullmatch(source) or holds_phone(source):
        raise PosError("bad_event", field="channel")
    if event.topic:
        topic_word(event.topic, LONGEST_TOPIC)
    if event.topic if event.kind != "chat" else event.article:
        raise PosError("bad_event", field="topic" if event.topic else "article")
    if not (event.article or event.topic) and event.kind != "order":
        raise PosError("bad_event", field="topic" if event.kind == "chat" else "article")
    if event.article and (clean(event.article) is None or len(event.article) > 64):
        raise PosError("bad_event", field="article")
    happened = Happened(event.id, event.kind, at, source, event.article, event.topic.strip(), _fen(event))
    return happened, _key(vault, event.member)


def _at(text: str) -> int:
    try:
        if not _AT.fullmatch(text.upper()):
            raise PosError("bad_instant", instant=text[:40])
        return parse_instant(text.upper(), "UTC")
    except PosError:
        raise PosError("bad_event", field="at") from None


def _fen(event: Event) -> int:
    if (event.kind == "order") != bool(event.amount):
        raise PosError("bad_event", field="amount")
    if not event.amount:
        return 0
    fen = Money.parse(event.amount).fen if _YUAN.fullmatch(event.amount) else -1
    if not 0 < fen <= LARGEST_ORDER:
        raise PosError("bad_event", field="amount")
    return fen


def _key(vault: Vault, who: Who) -> Key:
    given = [(name, getattr(who, name)) for name in who.__struct_fields__ if getattr(who, name)]
    if len(given) != 1 or not 0 < len(given[0][1]) <= 128 or "\0" in given[0][1]:
        raise PosError("bad_event", field="member")
    kind, value = given[0]
    if kind == "phone":
        try:
            value = read_phone(value)
        except PosError:
            raise PosError("bad_event", field="phone") from None
    if kind in _FROM_OUTSIDE:
        return Key(kind, vault.index(kind, value))
    return Key(kind, code_hash(value) if kind == "code" else value)


def take(conn: Connection, channel: str, happened: Happened, key: Key, now: int) -> tuple[Result, str | None]:
    """Take an event in, once; what became of it, and whose hints may be others now (root).

    Raises PosError id_taken (the id was another event's), no_such_article, no_such_member.
    """
    happened.article = _article(conn, happened.article)
    digest = sha256(msgspec.json.encode((happened, key))).hexdigest()
    ref = owner_of(conn, key)
    if ref is None and key.kind not in _FROM_OUTSIDE:
        raise PosError("no_such_member")
    state = WAITING if ref is None else TAKEN
    row = {"channel": channel, "id": happened.id, "digest": digest, "state": state, "received": now}
    if not insert_new(conn, open_event, row):
        mine = (open_event.c.channel == channel, open_event.c.id == happened.id)
        if conn.scalar(select(open_event.c.digest).where(*mine)) != digest:
            raise PosError("id_taken", id=happened.id[:20])
        return Result(happened.id, KNOWN), None
    if ref is None:
        data = msgspec.json.encode(happened).decode()
        row = {"channel": channel, "id": happened.id, "kind": key.kind, "hash": key.hash, "data": data}
        conn.execute(waiting_event.insert(), {**row, "received": now})
        return Result(happened.id, WAITING), None
    return Result(happened.id, TAKEN), _put(conn, channel, happened, ref, now)


def _article(conn: Connection, code: str) -> str:
    """The id of the article that is known by a code."""
    if not code:
        return ""
    held = conn.scalar(select(article.c.id).where(article.c.id == code).limit(1))
    if held is None:
        raise PosError("no_such_article", article=code[:40])
    return str(held)


def owner_of(conn: Connection, key: Key) -> str | None:
    """The very id that a key belongs to, so that a merge that is taken back parts the events too."""
    if key.kind == "ref":
        asked = select(person.c.ref).where(person.c.ref == key.hash, person.c.status != ERASED)
    elif key.kind == "code":
        asked = select(person.c.ref).where(person.c.code_hash == key.hash, person.c.code_hash != "")
    else:
        asked = select(person_key.c.ref).where(
            person_key.c.kind == key.kind, person_key.c.hash == key.hash, person_key.c.strength == VERIFIED
        )
    return conn.scalar(asked.limit(1))


def _put(conn: Connection, channel: str, happened: Happened, ref: str, now: int) -> str | None:
    id_ = f"{channel} {happened.id}"
    row = {
        "id": id_,
        "ref": ref,
        "kind": happened.kind,
        "at": happened.at,
        "source": happened.source,
        "article": happened.article,
        "text": happened.topic,
        "fen": happened.fen,
        "received": now,
    }
    insert_new(conn, timeline, row)
    is_told = tag_by_event(conn, ref, happened, id_, now)
    return root_of(conn, ref) if is_told or happened.kind == "order" else None


def tie_waiting(conn: Connection, now: int) -> set[str]:
    """Give the events that waited for somebody to who has become known by their key; the roots of those."""
    touched = set()
    for row in waiting(conn):
        root = _put(conn, row.channel, msgspec.json.decode(row.data, type=Happened), row.ref, now)
        touched |= {root} if root else set()
        _done(conn, row, TAKEN)
    return touched


def waiting(conn: Connection) -> Sequence[Any]:
    """Events whose person is known by now."""
    return conn.execute(
        select(waiting_event, person_key.c.ref)
        .join(
            person_key,
            (person_key.c.kind == waiting_event.c.kind)
            & (person_key.c.hash == waiting_event.c.hash)
            & (person_key.c.strength == VERIFIED),
        )
        .limit(1_000)
    ).all()


def _done(conn: Connection, row: Any, state: str) -> None:
    mine = (waiting_event.c.channel == row.channel, waiting_event.c.id == row.id)
    conn.execute(waiting_event.delete().where(*mine))
    conn.execute(
        update(open_event).where(open_event.c.channel == row.channel, open_event.c.id == row.id).values(state=state)
    )


def drop_waiting(conn: Connection, now: int) -> int:
    """Forget the events that nobody came to be known for."""
    late = conn.execute(select(waiting_event).where(waiting_event.c.received <= now - WAIT_DAYS * DAY)).all()
    for row in late:
        _done(conn, row, "lapsed")
    return len(late)


def refusal(id_: str, error: PosError) -> Result:
    return Result(id_, REFUSED, error.code, (error.sentence("zh"), error.sentence("en")))

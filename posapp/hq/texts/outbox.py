"""The outbox: what is to be sent, each message once, and who gets nothing any more.

Whoever has something to tell a person calls request() in the transaction that makes it so; courier.py sends it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, delete, func, select, text, update

from posapp.clock import DAY, HOUR, MINUTE, local
from posapp.errors import PosError
from posapp.hq.database import insert_new
from posapp.hq.texts.tables import text_message, text_suppression
from posapp.hq.texts.templates import KINDS, TEMPLATES, ordered
from posapp.hq.vault import Vault
from posapp.ids import unb64u

ZONE = "Asia/Shanghai"
QUIET_FROM, QUIET_TO = 21, 9
"""Hours between which no promotion leaves."""

CAPS: dict[str, tuple[tuple[int, int], ...]] = {
    "code": ((MINUTE, 1), (HOUR, 5), (DAY, 10)),
    "service": ((DAY, 20),),
    "promotion": ((DAY, 2),),
}
"""(span in ms, most messages to one number in it) of each class, all below what the carriers let through."""

LIFE_MS = {"code": 5 * MINUTE, "service": 3 * DAY, "promotion": DAY}
"""A message that could not leave for so long is not sent any more."""

KEPT_MS = 7 * DAY
"""A number is wiped from the outbox so long after its message was done with."""

NEVER = 1 << 53

MaySend = Callable[[Connection, str, str, str], bool]
"""Whether a person (ref) may be sent a message of a class and template now; promotion only is asked about."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request: queued, duplicate, suppressed, capped or not_allowed; id: the message's, if there
    is one; wait_ms: how long until the cap lets one through."""

    what: str
    id: str = ""
    wait_ms: int = 0

    def check(self) -> Outcome:
        """Itself. Raises PosError text_suppressed, too_many, text_not_allowed when nothing will be sent."""
        if self.what == "suppressed":
            raise PosError("text_suppressed")
        if self.what == "capped":
            raise PosError("too_many", seconds=-(-self.wait_ms // 1000))
        if self.what == "not_allowed":
            raise PosError("text_not_allowed")
        return self


def person_of(vault: Vault, phone: str) -> str:
    """The index of a number in E.164."""
    return vault.index("phone", phone)


def request(
    conn: Connection,
    vault: Vault,
    *,
    phone: str,
    template: str,
    values: Mapping[str, str],
    dedupe: str,
    now_ms: int,
    ref: str = "",
    language: str = "zh",
    asked: bool = False,
    may_send: MaySend | None = None,
) -> Outcome:
    """Put a message to a number (E.164) in the queue, once for the same dedupe (a ticket or purpose) and template.

    asked: the person asked for this very message, so that it leaves although they refused others. may_send is asked
    here and again when the message leaves; without it no promotion is taken. Raises ValueError on wrong values.
    """
    kind, content = TEMPLATES[template].kind, ordered(template, values)
    person = person_of(vault, phone)
    one_at_a_time(conn, person)
    name = vault.index("text", f"{person}\n{template}\n{dedupe}")
    if conn.scalar(select(text_message.c.id).where(text_message.c.id == name)) is not None:
        return Outcome("duplicate", name)
    if no := _refusal(conn, person, template, ref, now_ms, asked=asked, may_send=may_send):
        return no
    due = after_quiet(now_ms) if kind == "promotion" else now_ms
    row = {
        "id": name,
        "person": person,
        "phone": vault.close(phone),
        "content": vault.close(msgspec.json.encode(content).decode()),
        "template": template,
        "language": language,
        "kind": kind,
        "rank": KINDS.index(kind),
        "asked": int(asked),
        "ref": ref,
        "state": "queued",
        "created": now_ms,
        "due": due,
        "until": due + LIFE_MS[kind],
    }
    return Outcome("queued" if insert_new(conn, text_message, row) else "duplicate", name)


def would_take(
    conn: Connection, vault: Vault, *, phone: str, template: str, ref: str, now_ms: int, may_send: MaySend | None
) -> bool:
    """Whether a request would be queued now; nothing is."""
    return _refusal(conn, person_of(vault, phone), template, ref, now_ms, asked=False, may_send=may_send) is None


def _refusal(
    conn: Connection, person: str, template: str, ref: str, now_ms: int, *, asked: bool, may_send: MaySend | None
) -> Outcome | None:
    """Why a message would not be queued, None when it would."""
    kind = TEMPLATES[template].kind
    if kind != "code" and not asked and _refuses(conn, person):
        return Outcome("suppressed")
    if kind == "promotion" and not (may_send and may_send(conn, ref, kind, template)):
        return Outcome("not_allowed")
    wait = _over_cap(conn, person, kind, now_ms)
    return Outcome("capped", wait_ms=wait) if wait else None


def cancel(conn: Connection, ids: Sequence[str], reason: str, now_ms: int) -> None:
    """Those of some messages that still wait do not leave."""
    waiting = (text_message.c.id.in_(ids)) & (text_message.c.state == "queued")
    ended = {"state": "refused", "reason": reason, "ended": now_ms, "phone": "", "content": ""}
    conn.execute(update(text_message).where(waiting).values(**ended))


def one_at_a_time(conn: Connection, person: str) -> None:
    """Hold others off who count this number's messages, until the transaction ends. SQLite has one writer anyway."""
    if conn.dialect.name != "sqlite":
        key = int.from_bytes(unb64u(person)[:8], "big", signed=True)
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def _over_cap(conn: Connection, person: str, kind: str, now_ms: int) -> int:
    """Milliseconds until another message of that class may go to the number; 0: now."""
    wait = 0
    for span, most in CAPS[kind]:
        of_person = (text_message.c.person == person) & (text_message.c.kind == kind)
        recent = (
            select(text_message.c.created)
            .where(of_person, text_message.c.created > now_ms - span, text_message.c.state != "suppressed")
            .order_by(text_message.c.created.desc())
            .offset(most - 1)
            .limit(1)
        )
        oldest = conn.scalar(recent)
        if oldest is not None:
            wait = max(wait, oldest + span - now_ms)
    return wait


def after_quiet(now_ms: int) -> int:
    """The first instant from now on at which a promotion may leave."""
    here = local(now_ms, ZONE)
    if QUIET_TO <= here.hour < QUIET_FROM:
        return now_ms
    day = here.date() + dt.timedelta(days=here.hour >= QUIET_FROM)
    opens = dt.datetime.combine(day, dt.time(QUIET_TO), here.tzinfo)
    return int(opens.timestamp() * 1000)


# --- who gets nothing ---


def is_suppressed(conn: Connection, vault: Vault, phone: str) -> bool:
    """Whether a number (E.164) refused messages: only codes leave to it, and what the person asks for."""
    return _refuses(conn, person_of(vault, phone))


def suppress(conn: Connection, vault: Vault, phone: str, source: str, now_ms: int) -> None:
    """Nothing more leaves to this number, not even what waits, but codes and what the person asked for.

    source: reply, provider or staff.
    """
    suppress_person(conn, person_of(vault, phone), source, now_ms)


def suppress_person(conn: Connection, person: str, source: str, now_ms: int) -> None:
    one_at_a_time(conn, person)
    insert_new(conn, text_suppression, {"person": person, "since": now_ms, "source": source})
    waiting = (text_message.c.person == person) & (text_message.c.state == "queued")
    conn.execute(
        update(text_message)
        .where(waiting, text_message.c.kind != "code", text_message.c.asked == 0)
        .values(state="suppressed", ended=now_ms, phone="", content="")
    )


def lift(conn: Connection, vault: Vault, phone: str) -> bool:
    """Messages may leave to this number again, because the person agreed to them anew; whether they were refused."""
    gone = delete(text_suppression).where(text_suppression.c.person == person_of(vault, phone))
    return conn.execute(gone.returning(text_suppression.c.person)).first() is not None


def _refuses(conn: Connection, person: str) -> bool:
    asked = select(text_suppression.c.since).where(text_suppression.c.person == person)
    return conn.scalar(asked) is not None


def held_back(conn: Connection, row: Row[Any], now_ms: int, may_send: MaySend | None) -> tuple[str, str, int] | None:
    """Why a queued message does not leave now: (state, reason, due), or None when it does."""
    if now_ms >= row.until:
        return "refused", "expired", row.due
    if row.kind != "code" and not row.asked and _refuses(conn, row.person):
        return "suppressed", "", row.due
    if row.kind == "promotion":
        if not (may_send and may_send(conn, row.ref, row.kind, row.template)):
            return "suppressed", "not_allowed", row.due
        if (due := after_quiet(now_ms)) > now_ms:
            return "queued", "quiet_hours", due
    return None


# --- forgetting ---


def drop_for(conn: Connection, ref: str, now_ms: int) -> int:
    """Forget a person: what waits is not sent, and no number stays with what was sent. How many messages it was.

    That the number refused messages is kept, as a keyed hash: it is what keeps them from coming again.
    """
    return _drop(conn, text_message.c.ref == ref, now_ms)


def drop_number(conn: Connection, person: str, now_ms: int) -> int:
    """Forget a number (its keyed hash), as drop_for() a person."""
    return _drop(conn, text_message.c.person == person, now_ms)


def _drop(conn: Connection, mine: ColumnElement[bool], now_ms: int) -> int:
    gone = conn.execute(delete(text_message).where(mine, text_message.c.state == "queued").returning(text_message.c.id))
    count = len(gone.all())
    under_way = text_message.c.state == "sending"
    conn.execute(update(text_message).where(mine, under_way).values(state="uncertain", due=NEVER, ended=now_ms))
    left = update(text_message).where(mine).values(ref="", person="", phone="", content="")
    return count + len(conn.execute(left.returning(text_message.c.id)).all())


def wipe(conn: Connection, now_ms: int) -> None:
    """End what waited too long, and empty the numbers of what has been done with for KEPT_MS."""
    late = (text_message.c.state == "queued") & (text_message.c.until <= now_ms)
    ended = {"state": "refused", "reason": "expired", "ended": now_ms, "phone": "", "content": ""}
    conn.execute(update(text_message).where(late).values(**ended))
    old = (text_message.c.ended > 0) & (text_message.c.ended <= now_ms - KEPT_MS) & (text_message.c.phone != "")
    conn.execute(update(text_message).where(old).values(phone="", content="", due=NEVER))
    # The provider knows no more either.
    unasked = (text_message.c.state == "sending") & (text_message.c.marked <= now_ms - KEPT_MS)
    given_up = {"state": "uncertain", "ended": now_ms, "phone": "", "content": "", "due": NEVER}
    conn.execute(update(text_message).where(unasked).values(**given_up))


def counts(conn: Connection) -> dict[str, int]:
    """How many messages are in each state."""
    rows = conn.execute(select(text_message.c.state, func.count()).group_by(text_message.c.state))
    return {row[0]: row[1] for row in rows}

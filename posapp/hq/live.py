"""What tills ask of members and are told at once. Each call may come again with the id it had: the answer stays."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, select

from posapp.calls import (
    BoxAnswer,
    BoxRequest,
    CodeAnswer,
    CodeRequest,
    ConfirmAnswer,
    ConfirmRequest,
    FindMemberAnswer,
    FindMemberRequest,
    HoldPointsAnswer,
    HoldPointsRequest,
    LookupKeysAnswer,
)
from posapp.chain import read_header
from posapp.clock import HOUR
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.care.cards import card_rows
from posapp.hq.care.hints import hint_rows
from posapp.hq.database import Database, insert_new
from posapp.hq.members import points
from posapp.hq.members.confirm import confirmed
from posapp.hq.members.identity import ACTIVE, PERIOD, known_by, root_of
from posapp.hq.members.slice import row_of, rows_of, seen_at
from posapp.hq.members.tables import followed, person, sealed_box
from posapp.hq.people import settings_of
from posapp.hq.tables import entry, event_identity
from posapp.hq.texts import codes
from posapp.hq.texts.outbox import is_suppressed
from posapp.hq.vault import Vault
from posapp.ids import Chance, b64u
from posapp.keys import Certificate, HqKeys, seal, unseal
from posapp.messages import Message
from posapp.rules.phones import read_phone

HOLD_MS = 2 * HOUR
LARGEST_BOX = 4_096
PURPOSES = ("join",)
MOST_ID = 60


def lookup_keys(keys: HqKeys, vault: Vault, certificate: Certificate) -> Message:
    """The keys to find members by, sealed to the till that asks."""
    sealed = seal(b64u(vault.lookup_key(PERIOD)).encode(), certificate.box_key, "lookup")
    return LookupKeysAnswer({PERIOD: sealed})


def find_member(
    database: Database, keys: HqKeys, vault: Vault, now: int, certificate: Certificate, asked: FindMemberRequest
) -> Message:
    """Who has this phone or member code. Who is found is known to the store's tills from then on."""
    with database.transaction() as conn:
        root = _find(conn, keys, vault, asked)
        if root is None or conn.scalar(select(person.c.status).where(person.c.ref == root)) != ACTIVE:
            return FindMemberAnswer()
        seen_at(conn, root, certificate.store, now)
        row = row_of(conn, root, now)
        told = rows_of(conn, [root], now) | card_rows(conn, [root], now) | hint_rows(conn, [root], now)
        card = told["cards"].get((feed.store_scope(certificate.store), root))
        feed.publish(conn, told)
    return FindMemberAnswer(root, row, card)


def _find(conn: Connection, keys: HqKeys, vault: Vault, asked: FindMemberRequest) -> str | None:
    if asked.kind == "phone":
        phone = read_phone(unseal(asked.value, keys.box_key, "member").decode())
        return known_by(conn, "phone", vault.index("phone", phone))
    if asked.kind == "code":
        return conn.scalar(select(person.c.root).where(person.c.code_hash == asked.value))
    raise PosError("bad_request", why="kind")


def hold_points(database: Database, now: int, certificate: Certificate, asked: HoldPointsRequest) -> Message:
    """Set points aside for a ticket until its sale comes, in place of what was set aside for it before: all that is
    asked for, or nothing and the word how many there are. 0 points: the ticket needs none any more."""
    if asked.points < 0 or not asked.id or len(asked.id) > 60 or not asked.ticket:
        raise PosError("bad_request", why="points")
    with database.transaction() as conn:
        root = root_of(conn, asked.member)
        conn.execute(select(person.c.ref).where(person.c.ref == root).with_for_update())
        points.release(conn, asked.ticket)
        left = max(0, points.free(conn, root, now))
        if asked.points > left:
            return HoldPointsAnswer(left, left)
        if asked.points:
            place = (certificate.store, certificate.till)
            points.hold(conn, f"ticket {asked.ticket}", root, asked.ticket, place, asked.points, now + HOLD_MS)
        return HoldPointsAnswer(asked.points, left - asked.points)


def send_code(
    database: Database,
    keys: HqKeys,
    vault: Vault,
    chance: Chance,
    now: int,
    certificate: Certificate,
    asked: CodeRequest,
    *,
    can_send: bool,
) -> Message:
    """Send a code to a phone so that its owner can show at the counter that it is theirs. can_send: there is a
    gateway."""
    phone = _phone_of(keys, asked)
    if not can_send:
        return CodeAnswer("off")
    with database.transaction() as conn:
        outcome = codes.send_code(
            conn,
            vault,
            chance,
            phone=phone,
            purpose=asked.purpose,
            now_ms=now,
            language=settings_of(conn, feed.store_scope(certificate.store)).language,
        )
    return CodeAnswer(outcome.what)


def confirm_code(database: Database, keys: HqKeys, vault: Vault, now: int, asked: ConfirmRequest) -> Message:
    """A code came back: who joins under this id has this phone. Raises PosError wrong_code and the like."""
    phone = _phone_of(keys, asked)
    codes.check_code(database, vault, phone=phone, purpose=asked.purpose, code=asked.code, now_ms=now)
    with database.transaction() as conn:
        index = vault.index("phone", phone)
        insert_new(conn, followed, {"event": confirmed(asked.id), "what": "confirmed", "at": now, "detail": index})
    return ConfirmAnswer("ok")


def _phone_of(keys: HqKeys, asked: CodeRequest | ConfirmRequest) -> str:
    if asked.purpose not in PURPOSES or not 0 < len(asked.id) <= MOST_ID:
        raise PosError("bad_request", why="purpose")
    return read_phone(unseal(asked.phone, keys.box_key, "member").decode())


def take_box(
    database: Database,
    keys: HqKeys,
    vault: Vault,
    now: int,
    certificate: Certificate,
    asked: BoxRequest,
    woken: Callable[[], object],
) -> Message:
    """Keep a sealed box until its entry is here, or for the entry that is: whichever comes first waits. Of one that
    asks for a text message the till is told if its phone has refused them all."""
    if not 0 < len(asked.box) <= LARGEST_BOX or not 0 < len(asked.event) <= 60:
        raise PosError("bad_request", why="box")
    with database.transaction() as conn:
        row = {
            "event": asked.event,
            "store": certificate.store,
            "till": certificate.till,
            "box": asked.box,
            "received": now,
        }
        insert_new(conn, sealed_box, row)
        held = conn.execute(select(sealed_box).where(sealed_box.c.event == asked.event)).one()
        is_refused = _asks_for_text(conn, certificate, asked.event) and _is_refused(conn, keys, vault, asked.box)
    woken()
    is_held = (held.store, held.till) == (certificate.store, certificate.till)
    return BoxAnswer(int(is_held), int(is_refused))


def _asks_for_text(conn: Connection, certificate: Certificate, event: str) -> bool:
    header = conn.scalar(
        select(entry.c.header)
        .join(event_identity, (event_identity.c.jid == entry.c.jid) & (event_identity.c.seq == entry.c.seq))
        .where(
            event_identity.c.store == certificate.store,
            event_identity.c.till == certificate.till,
            event_identity.c.event == event,
        )
    )
    return header is not None and read_header(bytes(header)).t == "message.requested"


def _is_refused(conn: Connection, keys: HqKeys, vault: Vault, box: str) -> bool:
    try:
        phone = read_phone(unseal(box, keys.box_key, "person").decode())
    except (PosError, ValueError):
        return False
    return is_suppressed(conn, vault, phone)

"""Codes by text message, by which a person shows that a number is theirs: six digits, five minutes, five tries."""

from __future__ import annotations

import hmac

from sqlalchemy import Connection, delete, select, update

from posapp.clock import MINUTE
from posapp.errors import PosError
from posapp.hq.database import Database, upsert
from posapp.hq.texts.outbox import Outcome, one_at_a_time, person_of, request
from posapp.hq.texts.tables import text_code, text_message
from posapp.hq.vault import Vault
from posapp.ids import Chance, b64u

LIFE_MS = 5 * MINUTE
TRIES = 5
DIGITS = 6


def is_live(conn: Connection, vault: Vault, phone: str, purpose: str, now_ms: int) -> bool:
    """Whether a code for this number (E.164) and purpose was sent and is good still."""
    mine = (text_code.c.person == person_of(vault, phone), text_code.c.purpose == purpose)
    return conn.execute(select(text_code.c.person).where(*mine, text_code.c.expires > now_ms)).first() is not None


def send_code(
    conn: Connection,
    vault: Vault,
    chance: Chance,
    *,
    phone: str,
    purpose: str,
    now_ms: int,
    language: str = "zh",
) -> Outcome:
    """Queue a new code for a number (E.164) and a purpose: queued, or capped with the code before it still good."""
    code = f"{int.from_bytes(chance(8), 'big') % 10**DIGITS:0{DIGITS}d}"
    values = {"code": code, "minutes": str(LIFE_MS // MINUTE)}
    outcome = request(
        conn,
        vault,
        phone=phone,
        template="verify_code",
        values=values,
        dedupe=b64u(chance(16)),
        now_ms=now_ms,
        language=language,
    )
    if outcome.what != "queued":
        return outcome
    person = person_of(vault, phone)
    before = select(text_code.c.message).where(text_code.c.person == person, text_code.c.purpose == purpose)
    # The code before is dead now: if it still waits, it would only mislead.
    waits = (text_message.c.id == before.scalar_subquery()) & (text_message.c.state == "queued")
    ended = {"state": "refused", "reason": "superseded", "ended": now_ms, "phone": "", "content": ""}
    conn.execute(update(text_message).where(waits).values(**ended))
    row = {
        "person": person,
        "purpose": purpose,
        "digest": _digest(vault, person, purpose, outcome.id, code),
        "message": outcome.id,
        "expires": now_ms + LIFE_MS,
        "tries": 0,
    }
    upsert(conn, text_code, [row])
    conn.execute(delete(text_code).where(text_code.c.expires <= now_ms))
    return outcome


def check_code(database: Database, vault: Vault, *, phone: str, purpose: str, code: str, now_ms: int) -> None:
    """Use a code up. In a transaction of its own, because a wrong try counts whatever the caller does then.

    Raises PosError wrong_code, code_expired, too_many_tries.
    """
    person = person_of(vault, phone)
    this = (text_code.c.person == person) & (text_code.c.purpose == purpose)
    wrong = 0
    with database.transaction() as conn:
        one_at_a_time(conn, person)
        live = conn.execute(select(text_code).where(this, text_code.c.expires > now_ms)).one_or_none()
        if live is not None and live.tries < TRIES:
            if hmac.compare_digest(live.digest, _digest(vault, person, purpose, live.message, code)):
                conn.execute(delete(text_code).where(this))
                return
            wrong = live.tries + 1
            conn.execute(update(text_code).where(this).values(tries=wrong))
    if live is None:
        raise PosError("code_expired")
    if not 0 < wrong < TRIES:
        raise PosError("too_many_tries")
    raise PosError("wrong_code", left=TRIES - wrong)


def _digest(vault: Vault, person: str, purpose: str, message: str, code: str) -> str:
    return vault.index("code", f"{person}\n{purpose}\n{message}\n{code}")

"""Enrolment: a one-time code makes a computer a till of a store; HQ vouches for its keys from then on.

A code is ten Crockford base32 characters, XXXXX-XXXXX. The first four only find it, the other six are the secret;
HQ keeps a keyed digest of them. It is good for 15 minutes and for one computer; five wrong tries kill it.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from sqlalchemy import Connection, select, update

from posapp.calls import EnrolAnswer, EnrolRequest
from posapp.chain import key_id, public_of_text
from posapp.clock import MINUTE, Clock, SimulatedClock
from posapp.errors import PosError
from posapp.hq.database import Database, insert_new, upsert
from posapp.hq.limits import Bucket
from posapp.hq.tables import enrolment, store, till, till_key
from posapp.ids import CROCKFORD, Chance, random_base32, till_name, unb64u
from posapp.keys import Certificate, HqKeys, public_text, seal

LIFE_MS = 15 * MINUTE
TRIES = 5
LARGEST_STORE, LARGEST_TILL = 131_071, 63

_HANDLE, _SECRET = 4, 6
_CODE = ("注册码", "The enrolment code")
_TOKEN_PURPOSE = "token"  # noqa: S105  (what the box is for, not what is in it)


def add_till(
    database: Database, keys: HqKeys, clock: Clock, chance: Chance, store_number: int, number: int | None
) -> tuple[int, str]:
    """Make a till's place in a store, or open an existing one for a new computer: (till number, code).

    Without a number the first free one is taken. Raises PosError not_found (no such store), bad_number, store_full.
    """
    now = clock.now_ms()
    with database.transaction() as conn:
        if conn.scalar(select(store.c.name).where(store.c.number == store_number).with_for_update()) is None:
            raise PosError("no_such_store", store=store_number)
        if number is None:
            taken = set(conn.scalars(select(till.c.till).where(till.c.store == store_number)))
            free = [place for place in range(1, LARGEST_TILL + 1) if place not in taken]
            if not free:
                raise PosError("store_full", store=store_number, most=LARGEST_TILL)
            number = free[0]
        elif not 1 <= number <= LARGEST_TILL:
            raise PosError("bad_number", number=number, most=LARGEST_TILL)
        insert_new(conn, till, {"store": store_number, "till": number, "serial": 0, "revoked": 0, "created": now})
        conn.execute(enrolment.delete().where(enrolment.c.expires < now - 24 * 60 * MINUTE))
        while True:
            code = random_base32(_HANDLE + _SECRET, chance)
            row = {
                "handle": code[:_HANDLE],
                "digest": _digest(keys, code),
                "store": store_number,
                "till": number,
                "expires": now + LIFE_MS,
                "tries": 0,
                "used_by": "",
                "answer": "",
            }
            if insert_new(conn, enrolment, row):
                return number, f"{code[:5]}-{code[5:]}"


def _digest(keys: HqKeys, code: str) -> bytes:
    return hmac.new(unb64u(keys.token), b"enrolment code " + code.encode(), hashlib.sha256).digest()


def plain_code(text: str) -> str:
    """A code as a person typed it, without dashes and look-alikes. Raises PosError bad_code."""
    code = text.strip().upper().replace("-", "").replace(" ", "")
    code = code.replace("O", "0").replace("I", "1").replace("L", "1")
    if len(code) != _HANDLE + _SECRET or any(letter not in CROCKFORD for letter in code):
        raise PosError("bad_code")
    return code


def enrol(database: Database, keys: HqKeys, clock: Clock, unknown: Bucket, request: EnrolRequest) -> EnrolAnswer:
    """Make the asking computer a till. The same request with the same keys gets the same answer again.

    `unknown` is this process's allowance for codes that do not exist. Raises PosError bad_code, expired,
    already_used, too_many, bad_request.
    """
    code = plain_code(request.code)
    _check_keys(request)
    now = clock.now_ms()
    with database.transaction() as conn:
        found = conn.execute(
            select(enrolment).where(enrolment.c.handle == code[:_HANDLE]).with_for_update()
        ).one_or_none()
        outcome: EnrolAnswer | PosError
        if found is None:
            unknown.take(clock)
            outcome = PosError("bad_code")
        elif found.tries >= TRIES:
            outcome = PosError("expired", what=_CODE)
        elif not hmac.compare_digest(bytes(found.digest), _digest(keys, code)):
            # The count has to be kept, so the refusal is raised after the commit.
            conn.execute(
                update(enrolment).where(enrolment.c.handle == found.handle).values(tries=enrolment.c.tries + 1)
            )
            outcome = PosError("bad_code")
        elif found.used_by:
            outcome = _again(found.used_by, found.answer, request) or PosError("already_used", what=_CODE)
        # Simulated time stands still here and leaps ahead with the first till: nothing can be read from it.
        elif now > found.expires and not isinstance(clock, SimulatedClock):
            outcome = PosError("expired", what=_CODE)
        else:
            outcome = _issue(conn, keys, request, found.store, found.till, now)
            conn.execute(
                update(enrolment)
                .where(enrolment.c.handle == found.handle)
                .values(used_by=request.request_key, answer=msgspec.json.encode(outcome).decode())
            )
    if isinstance(outcome, PosError):
        raise outcome
    return outcome


def _check_keys(request: EnrolRequest) -> None:
    try:
        public_of_text(request.journal_key)
        public_of_text(request.request_key)
        X25519PublicKey.from_public_bytes(unb64u(request.box_key))
    except ValueError:
        raise PosError("bad_request", why="keys") from None


def _again(used_by: str, answer: str, request: EnrolRequest) -> EnrolAnswer | None:
    if used_by != request.request_key:
        return None
    told = msgspec.json.decode(answer, type=EnrolAnswer)
    same = (told.certificate.journal_key, told.certificate.box_key) == (request.journal_key, request.box_key)
    return told if same else None


def _issue(
    conn: Connection, keys: HqKeys, request: EnrolRequest, store_number: int, number: int, now: int
) -> EnrolAnswer:
    serial = conn.scalar(
        update(till)
        .where(till.c.store == store_number, till.c.till == number)
        .values(serial=till.c.serial + 1)
        .returning(till.c.serial)
    )
    hq_key = public_text(keys.certificate_key)
    certificate = keys.issue(
        Certificate(
            v=1,
            chain=keys.chain,
            store=store_number,
            till=number,
            serial=serial or 1,
            journal_key=request.journal_key,
            request_key=request.request_key,
            box_key=request.box_key,
            issued=now,
            hq_key=hq_key,
        )
    )
    know_keys(conn, certificate)
    name = conn.scalar(select(store.c.name).where(store.c.number == store_number)) or ""
    token = seal(keys.token_key(store_number, number), request.box_key, _TOKEN_PURPOSE)
    return EnrolAnswer(certificate, hq_key, public_text(keys.box_key), token, name)


def know_keys(conn: Connection, certificate: Certificate) -> None:
    """File a certificate's keys for good."""
    text = msgspec.json.encode(certificate).decode()
    upsert(
        conn,
        till_key,
        [
            {
                "key_id": key_id(unb64u(public)),
                "use": use,
                "store": certificate.store,
                "till": certificate.till,
                "serial": certificate.serial,
                "public": public,
                "certificate": text,
            }
            for use, public in (("journal", certificate.journal_key), ("request", certificate.request_key))
        ],
    )


def take_up(conn: Connection, certificate: Certificate, now: int) -> None:
    """Know a till whose certificate HQ signed but whose rows are not here: HQ's database was restored."""
    insert_new(
        conn,
        store,
        {"number": certificate.store, "name": f"S{certificate.store:03d}", "created": now},
    )
    place = {"store": certificate.store, "till": certificate.till}
    insert_new(conn, till, {**place, "serial": certificate.serial, "revoked": 0, "created": now})
    conn.execute(
        update(till)
        .where(till.c.store == certificate.store, till.c.till == certificate.till)
        .where(till.c.serial < certificate.serial)
        .values(serial=certificate.serial)
    )
    know_keys(conn, certificate)


def revoke(database: Database, store_number: int, number: int) -> int:
    """Shut out every computer enrolled as this till so far; the serials shut out. Raises PosError no_such_till."""
    with database.transaction() as conn:
        serial = conn.scalar(
            update(till)
            .where(till.c.store == store_number, till.c.till == number)
            .values(revoked=till.c.serial)
            .returning(till.c.serial)
        )
        conn.execute(
            enrolment.delete().where(
                enrolment.c.store == store_number, enrolment.c.till == number, enrolment.c.used_by == ""
            )
        )
        if serial is None:
            raise PosError("no_such_till", till=till_name(store_number, number))
    return int(serial)

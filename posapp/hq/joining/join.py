"""Becoming a member: the person, what they agreed to, where the join is counted, the ticket it belongs to, the gift.

Everything is one transaction. Whoever was a member before is recognised: they may take the ticket, they join nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select, update

from posapp.clock import DAY
from posapp.hq import feed
from posapp.hq.database import insert_new
from posapp.hq.joining import codes
from posapp.hq.joining.codes import Code
from posapp.hq.joining.offers import offer_rows
from posapp.hq.joining.referrals import first_order
from posapp.hq.joining.tables import campaign, claim, given, joined, referral
from posapp.hq.members import consents, earning, points
from posapp.hq.members.friends import tie
from posapp.hq.members.identity import (
    ACTIVE,
    PENDING,
    VERIFIED,
    Means,
    known_by,
    new_person,
    root_of,
    set_name,
    set_phone,
)
from posapp.hq.members.slice import Published, rows_of, seen_at
from posapp.hq.members.staff import watch_claims
from posapp.hq.members.tables import benefit, person
from posapp.hq.members.tiers import rise
from posapp.hq.people import settings_of
from posapp.ids import uuid7
from posapp.keys import HqKeys
from posapp.messages import Consent
from posapp.rules.join_token import WITHOUT_TICKET
from posapp.streams import JoinedRow

NO_TICKET, OPEN, CREDITED, TAKEN, WAITING, VOID = "", "open", "credited", "taken", "waiting", "void"
FIRST_JOIN = "join"
"""The campaign under which it is kept that a phone has joined before, for ever."""


@dataclass
class Joining:
    """What the customer's page says. phone: E.164, confirmed. birthday: MM-DD or "". code: the page's own; counted: the
    one that the join is credited to where that is another."""

    phone: str
    consents: list[Consent]
    name: str = ""
    birthday: str = ""
    language: str = "zh"
    code: Code | None = None
    session: str = ""
    counted: Code | None = None


@dataclass
class Outcome:
    """ticket: "" (none), open (the till takes the member now), credited (points are on the account), waiting (the
    sale is not at HQ yet), taken (another took it), void (the goods went back). benefits: what was given now."""

    ref: str
    is_new: bool
    ticket: str = NO_TICKET
    points: int = 0
    benefits: list[tuple[str, str]] = field(default_factory=list)


def join(conn: Connection, keys: HqKeys, means: Means, asked: Joining) -> tuple[Outcome, Published]:
    """Make or recognise the member; the rows to publish as the transaction's last statement."""
    hash_ = means.vault.index("phone", asked.phone)
    ref = known_by(conn, "phone", hash_)
    if ref is None:
        home = asked.code.token.store if asked.code else 0
        ref = new_person(conn, means, home=home, source="page", language=asked.language)
        ref = set_phone(conn, means, ref, asked.phone, VERIFIED, "page")
    done = Outcome(ref, False)
    source = f"page {asked.session[:16]}"
    known = conn.scalar(select(person.c.status).where(person.c.ref == ref)) == ACTIVE
    # a box that a member leaves empty on the form for strangers takes nothing back
    acts = [act for act in asked.consents if act.given or not known]
    consents.note(conn, ref, acts, means.now, source, "page")
    if activate(conn, means, ref, hash_, asked.counted or asked.code):
        done.is_new = True
        set_name(conn, means, ref, asked.name)
        if asked.birthday:
            conn.execute(
                update(person).where(person.c.ref == ref).values(birthday=asked.birthday, birthday_set=means.now)
            )
    if done.is_new or asked.code:
        done.benefits = give(conn, means, ref, hash_, asked.code) if done.is_new else []
    published: Published = {}
    if asked.code and asked.code.is_ticket:
        published = take_ticket(conn, keys, means, done, asked.code)
    elif asked.code and done.is_new and asked.code.token.channel in WITHOUT_TICKET:
        published = _told(means, done, asked.code)
    if asked.code:
        seen_at(conn, ref, asked.code.token.store, means.now)
        tie(conn, means, ref, asked.code.text)
    rise(conn, [ref], means.now)
    if done.benefits:
        published = {**published, "offers": offer_rows(conn, means.now)}
    return done, {**published, **rows_of(conn, [ref], means.now)}


def recognise(conn: Connection, keys: HqKeys, means: Means, ref: str, code: Code) -> tuple[Outcome, Published]:
    """Let a member whom their browser knows take the ticket of a code; the rows to publish last."""
    done = Outcome(root_of(conn, ref), False)
    published = take_ticket(conn, keys, means, done, code) if code.is_ticket else {}
    seen_at(conn, done.ref, code.token.store, means.now)
    return done, {**published, **rows_of(conn, [done.ref], means.now)}


def activate(
    conn: Connection, means: Means, ref: str, phone_hash: str, code: Code | None, at: int | None = None
) -> bool:
    """Make a person a member, and count the join where its code says; False if they were one.

    at: when it happened, where HQ hears of it later. Who joins again after their account was deleted is a member, but
    no join.
    """
    at = means.now if at is None else min(at, means.now)
    changed = conn.execute(
        update(person)
        .where(person.c.ref == ref, person.c.status == PENDING)
        .values(status=ACTIVE, joined=at, activated=means.now)
        .returning(person.c.ref)
    ).first()
    if changed is None:
        return False
    first = insert_new(conn, given, {"campaign": FIRST_JOIN, "phone": phone_hash, "ref": ref, "at": means.now})
    if first:
        token = code.token if code else None
        row = {
            "ref": ref,
            "at": at,
            "store": token.store if token else 0,
            "till": token.till if token else 0,
            "clerk": token.clerk if token else 0,
            "channel": token.channel if token else "",
            "token": code.text if code else "",
            "stem": token.stem if token and code and code.is_ticket else "",
            "inviter": code.ref if code else "",
        }
        insert_new(conn, joined, row)
        if code and code.ref and root_of(conn, code.ref) != ref:
            insert_new(conn, referral, {"friend": ref, "ref": code.ref, "at": means.now, "state": "waiting"})
    return True


def give(conn: Connection, means: Means, ref: str, phone_hash: str, code: Code | None) -> list[tuple[str, str]]:
    """What the running campaigns give a new member: each once a phone for ever, while there is some left."""
    store = code.token.store if code else 0
    names = []
    for row in running(conn, store, means.now):
        if not insert_new(conn, given, {"campaign": row.id, "phone": phone_hash, "ref": ref, "at": means.now}):
            continue
        if row.left > 0 and not _take_one(conn, row.id):
            conn.execute(given.delete().where(given.c.campaign == row.id, given.c.phone == phone_hash))
            continue
        promise = {
            "id": uuid7(means.now, means.chance),
            "ref": ref,
            "campaign": row.id,
            "kind": row.kind,
            "name": row.name,
            "fen": row.fen,
            "least": row.least,
            "article": row.article,
            "ends": means.now + row.days * DAY if row.days else 0,
            "made": means.now,
        }
        conn.execute(benefit.insert(), promise)
        chinese, english = json.loads(row.name)
        names.append((chinese, english))
    return names


def _take_one(conn: Connection, id_: str) -> bool:
    """One less of a campaign's gifts; False when there are none. Whoever joins meanwhile waits for this row."""
    one_less = update(campaign).where(campaign.c.id == id_, campaign.c.left > 0).values(left=campaign.c.left - 1)
    return conn.execute(one_less.returning(campaign.c.id)).first() is not None


def running(conn: Connection, store: int, now: int) -> Sequence[Any]:
    """The campaigns that a store's new members have something of now, in the order of their ids."""
    rows = conn.execute(
        select(campaign)
        .where(campaign.c.starts <= now, (campaign.c.ends == 0) | (campaign.c.ends > now), campaign.c.left != 0)
        .order_by(campaign.c.id)
    ).all()
    return [row for row in rows if store in (stores := json.loads(row.stores)) or not stores]


def take_ticket(conn: Connection, keys: HqKeys, means: Means, done: Outcome, code: Code) -> Published:
    """Let the person have the ticket of a code: the first who comes. Of one paid already its points are theirs now. Its
    till is told, for the open ticket and for the day's figures."""
    token = code.token
    row = {
        "stem": token.stem,
        "token": code.text,
        "ref": done.ref,
        "at": means.now,
        "is_new": int(done.is_new),
        "state": "waiting",
    }
    if not insert_new(conn, claim, row):
        held = conn.execute(select(claim).where(claim.c.stem == token.stem)).one()
        if root_of(conn, held.ref) != done.ref:
            done.ticket = TAKEN
            return {}
        if held.state == "void":
            done.ticket = VOID
            return {}
        done.ticket, done.points = (CREDITED, held.points) if held.state == "done" else (OPEN, 0)
        return {}
    sold = earning.sale_of(conn, codes.on_display(code, keys))
    if sold is not None:
        done.ticket, done.points = credit(conn, done.ref, token.stem, sold, means.now)
        watch_claims(conn, means, done.ref, settings_of(conn, feed.store_scope(token.store)).time_zone)
        return _told(means, done, code) if done.ticket == CREDITED else {}
    done.ticket = WAITING if token.channel == "receipt" else OPEN
    return _told(means, done, code)


def _told(means: Means, done: Outcome, code: Code) -> Published:
    """What a code's till hears of who used it."""
    token = code.token
    row = JoinedRow(done.ref, means.now, int(done.is_new), token.channel, token.clerk)
    return {"joins": {(feed.till_scope(token.store, token.till), token.stem): row}}


def credit(conn: Connection, ref: str, stem: str, sold: Any, now: int) -> tuple[str, int]:
    """Give a person the points of a recorded sale, which was nobody's; what became of the ticket, and the points."""
    of_another = bool(sold.member) and root_of(conn, ref) != _root_or_none(conn, sold.member)
    if of_another or earning.is_void(conn, sold):
        conn.execute(update(claim).where(claim.c.stem == stem).values(state="void", sale=sold.event, settled=now))
        return (TAKEN if of_another else VOID), 0
    held = conn.execute(select(claim).where(claim.c.stem == stem)).one()
    if sold.member:  # the till knew them when it was paid: the sale itself has earned
        conn.execute(update(claim).where(claim.c.stem == stem).values(state="done", sale=sold.event, settled=now))
        return CREDITED, held.points
    got = earning.earned(conn, ref, sold)
    points.book(conn, ref, "claim", sold.event, got.points, now, sold.store, sold.receipt)
    done = {"state": "done", "sale": sold.event, "points": got.points, "settled": now}
    conn.execute(update(claim).where(claim.c.stem == stem).values(**done))
    conn.execute(update(person).where(person.c.ref == ref).values(orders=person.c.orders + 1, visited=sold.paid))
    first_order(conn, root_of(conn, ref), sold)
    return CREDITED, got.points


def _root_or_none(conn: Connection, ref: str) -> str | None:
    return conn.scalar(select(person.c.root).where(person.c.ref == ref))

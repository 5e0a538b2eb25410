"""What joining gives, and the words around it: campaigns, hooks, join packs, where codes lead."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, update

from posapp.clock import Clock, parse_instant, rfc3339
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import Database, upsert
from posapp.hq.joining.tables import campaign, given, hook, pack, route
from posapp.hq.members.tiers import pair, plain_id
from posapp.hq.people import plain_name, scope_of, settings_of
from posapp.hq.tables import article
from posapp.hq.tables import feed as told_rows
from posapp.money import Money
from posapp.quantity import Quantity
from posapp.rules.join_token import CHANNELS
from posapp.streams import HookRow, OfferRow, PackRow

GIFT, AMOUNT = "gift", "amount"
SURFACES, AUDIENCES = ("display", "receipt"), ("guest", "member")
PLACES = ("join", "clerk", "group")
LONGEST_NAME, LONGEST_LINE, LONGEST_TARGET = 30, 60, 250
MOST_DAYS, MOST_BUDGET, MOST_PARTS = 3_650, 100_000_000, 20
WITHOUT_END = -1


@dataclass
class Period:
    """From when to when, as typed: RFC 3339, the chain's time without an offset; now and for ever if left out."""

    starts: str | None = None
    ends: str | None = None

    def read(self, conn: Connection, now: int, scope: str = feed.CHAIN) -> tuple[int, int]:
        """Raises PosError bad_instant, bad_period."""
        zone = settings_of(conn, scope).time_zone
        begins = parse_instant(self.starts, zone) if self.starts else now
        stops = parse_instant(self.ends, zone) if self.ends else 0
        if stops and stops <= begins:
            raise PosError("bad_period")
        return begins, stops


@dataclass
class Promise:
    """What a campaign gives each new member: an article for nothing, or an amount off a ticket of at least `least`."""

    name: str
    article: str = ""
    amount: str = ""
    least: str = "0"

    def row(self, conn: Connection) -> dict[str, Any]:
        """Raises PosError bad_name, bad_amount, no_such_article, bad_usage."""
        if bool(self.article) == bool(self.amount):
            raise PosError("bad_usage", usage="posapp hq campaign add ID NAME --gift ARTICLE | --off AMOUNT")
        if self.article:
            need_article(conn, self.article)
        fen = Money.parse(self.amount).fen if self.amount else 0
        least = Money.parse(self.least).fen
        if self.amount and fen <= 0:
            raise PosError("bad_amount", amount=self.amount[:20])
        if least < 0:
            raise PosError("bad_amount", amount=self.least[:20])
        return {
            "kind": GIFT if self.article else AMOUNT,
            "name": json.dumps(pair(self.name, LONGEST_NAME), ensure_ascii=False),
            "fen": fen,
            "least": least,
            "article": self.article,
        }


def need_article(conn: Connection, id_: str) -> None:
    """Raises PosError no_such_article."""
    if conn.scalar(select(article.c.id).where(article.c.id == id_).limit(1)) is None:
        raise PosError("no_such_article", article=id_[:40])


# --- campaigns ---


def add_campaign(
    database: Database,
    clock: Clock,
    id_: str,
    promise: Promise,
    *,
    budget: int = WITHOUT_END,
    stores: Sequence[str] = (),
    period: Period,
    days: int = 0,
) -> None:
    """Begin a campaign under a new id. days: how long each promise holds, 0 without end.

    Raises PosError bad_id, id_taken, no_such_store, bad_scope, and of Promise and Period.
    """
    plain_id(id_)
    now = clock.now_ms()
    with database.transaction() as conn:
        if conn.scalar(select(campaign.c.id).where(campaign.c.id == id_)) is not None or id_ == "join":
            raise PosError("id_taken", id=id_)
        numbers = sorted(int(scope_of(conn, store).partition(":")[2] or 0) for store in stores)
        if 0 in numbers:
            raise PosError("bad_scope", scope=feed.CHAIN)
        begins, stops = period.read(conn, now)
        row = {"id": id_, **promise.row(conn), "stores": json.dumps(numbers), "starts": begins, "ends": stops}
        conn.execute(campaign.insert(), {**row, "days": days, "left": budget})
        feed.publish(conn, {"offers": offer_rows(conn, now)})


def stop_campaign(database: Database, clock: Clock, id_: str) -> None:
    """End a campaign now; what it gave stays given. Raises PosError not_found."""
    now = clock.now_ms()
    with database.transaction() as conn:
        stopped = update(campaign).where(campaign.c.id == id_).values(ends=now, left=0).returning(campaign.c.id)
        if conn.execute(stopped).first() is None:
            raise PosError("not_found", what=id_[:40])
        feed.publish(conn, {"offers": offer_rows(conn, now)})


def offer_rows(conn: Connection, now: int) -> dict[tuple[str, str], OfferRow | None]:
    """What tills are told of every campaign: those that run or will, in their stores; the others are gone."""
    rows: dict[tuple[str, str], OfferRow | None] = {
        (row.scope, row.key): None
        for row in conn.execute(select(told_rows.c.scope, told_rows.c.key).where(told_rows.c.stream == "offers"))
    }
    for row in conn.execute(select(campaign)):
        if row.left == 0 or (row.ends and row.ends <= now):
            continue
        chinese, english = json.loads(row.name)
        told = OfferRow(row.kind, (chinese, english), row.fen, row.least, row.article, row.starts, row.ends)
        scopes = [feed.store_scope(store) for store in json.loads(row.stores)] or [feed.CHAIN]
        rows.update({(scope, row.id): told for scope in scopes})
    return rows


def campaigns(database: Database, clock: Clock) -> list[dict[str, Any]]:
    """Every campaign. state: running, coming, over or used_up. left: null without end."""
    now = clock.now_ms()
    with database.reading() as conn:
        rows = conn.execute(select(campaign).order_by(campaign.c.starts, campaign.c.id)).all()
        held = conn.execute(select(given.c.campaign, func.count()).group_by(given.c.campaign)).all()
        counts: dict[str, int] = {row[0]: row[1] for row in held}
    return [
        {
            "id": row.id,
            "kind": row.kind,
            "name": json.loads(row.name),
            "amount": str(Money(row.fen)),
            "least": str(Money(row.least)),
            "article": row.article,
            "stores": json.loads(row.stores),
            "from": rfc3339(row.starts),
            "until": rfc3339(row.ends) if row.ends else None,
            "left": row.left if row.left >= 0 else None,
            "given": counts.get(row.id, 0),
            "state": _state(row, now),
        }
        for row in rows
    ]


def _state(row: Any, now: int) -> str:
    if row.ends and row.ends <= now:
        return "over"
    if row.left == 0:
        return "used_up"
    return "coming" if row.starts > now else "running"


# --- hooks ---


def add_hook(
    database: Database, clock: Clock, id_: str, row: HookRow, *, store: str = feed.CHAIN, period: Period
) -> None:
    """Put words around join codes, or change them. Raises PosError bad_id, bad_choice, bad_scope, no_such_store, ..."""
    plain_id(id_)
    if row.surface not in SURFACES:
        raise PosError("bad_choice", value=row.surface[:20], values=", ".join(SURFACES))
    if row.audience not in AUDIENCES:
        raise PosError("bad_choice", value=row.audience[:20], values=", ".join(AUDIENCES))
    if row.most and row.most < row.least:
        raise PosError("bad_amount", amount=str(Money(row.most)))
    with database.transaction() as conn:
        scope = scope_of(conn, store)
        row.starts, row.ends = period.read(conn, clock.now_ms(), scope)
        upsert(conn, hook, [{"scope": scope, "id": id_, "data": msgspec.json.encode(row).decode()}])
        feed.publish(conn, {"hooks": {(scope, id_): row}})


def hooks(database: Database) -> list[dict[str, Any]]:
    """Every hook with its scope and id."""
    with database.reading() as conn:
        rows = conn.execute(select(hook).order_by(hook.c.scope, hook.c.id)).all()
    return [{"scope": row.scope, "id": row.id, **json.loads(row.data)} for row in rows]


def remove_hook(database: Database, id_: str, store: str = feed.CHAIN) -> None:
    """Say it no more. Raises PosError not_found, bad_scope, no_such_store."""
    with database.transaction() as conn:
        scope = scope_of(conn, store)
        mine = (hook.c.scope == scope, hook.c.id == id_)
        if conn.execute(hook.delete().where(*mine).returning(hook.c.id)).first() is None:
            raise PosError("not_found", what=id_[:40])
        feed.publish(conn, {"hooks": {(scope, id_): None}})


# --- routes and packs ---


def set_route(database: Database, clock: Clock, store: str, channel: str, target: str) -> None:
    """Say where codes of a channel ("all" for every one) lead. Raises PosError bad_choice, bad_scope, no_such_store."""
    if channel != "all" and channel not in CHANNELS:
        raise PosError("bad_choice", value=channel[:20], values=", ".join(("all", *CHANNELS)))
    is_address = target.startswith("https://") and len(target) <= LONGEST_TARGET and target.isprintable()
    if target not in PLACES and not (is_address and " " not in target):
        raise PosError("bad_choice", value=target[:40], values=", ".join((*PLACES, "https://...")))
    with database.transaction() as conn:
        scope = scope_of(conn, store)
        name = "" if channel == "all" else channel
        upsert(conn, route, [{"scope": scope, "channel": name, "target": target, "since": clock.now_ms()}])


def set_pack(database: Database, clock: Clock, id_: str, parts: Sequence[str], points: int = 0) -> None:
    """Make an article a join pack of parts ("ARTICLE=QTY").

    Raises PosError no_such_article, bad_quantity, bad_usage.
    """
    usage = "posapp hq pack set ARTICLE PART=QTY ..."
    told: list[tuple[str, int]] = []
    for part in parts:
        name, equals, qty = part.rpartition("=")
        if not equals or not name:
            raise PosError("bad_usage", usage=usage)
        amount = Quantity.parse(qty).milli
        if amount <= 0:
            raise PosError("bad_quantity", quantity=qty[:20])
        told.append((name, amount))
    if not 1 <= len(told) <= MOST_PARTS or len({name for name, _ in told}) < len(told) or id_ in dict(told):
        raise PosError("bad_usage", usage=usage)
    with database.transaction() as conn:
        for name in (id_, *dict(told)):
            need_article(conn, name)
        row = {"article": id_, "parts": json.dumps(told), "points": points, "made": clock.now_ms(), "active": 1}
        upsert(conn, pack, [row])
        feed.publish(conn, {"packs": {(feed.CHAIN, id_): PackRow(told, points)}})


def stop_pack(database: Database, id_: str) -> None:
    """The article is a join pack no more. Raises PosError not_found."""
    with database.transaction() as conn:
        stopped = update(pack).where(pack.c.article == id_).values(active=0).returning(pack.c.article)
        if conn.execute(stopped).first() is None:
            raise PosError("not_found", what=id_[:40])
        feed.publish(conn, {"packs": {(feed.CHAIN, id_): None}})


def label_of(text: str) -> str:
    """A word on a code's list, or none. Raises PosError bad_name."""
    return plain_name(text, LONGEST_NAME) if text.strip() else ""

"""Which touches a sale is credited to (智能归因): first, last and linear side by side; each model gives away exactly
what was sold, to the fen."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, exists, select

from posapp.clock import DAY
from posapp.dates import read_span
from posapp.errors import PosError
from posapp.hq.aligned import aligned
from posapp.hq.database import portions
from posapp.hq.joining.tables import claim, joined, referral, token_open
from posapp.hq.members.identity import ids_of, roots_of
from posapp.hq.rewards.days import days_before
from posapp.hq.rewards.facts import backs_of
from posapp.hq.rewards.tables import reward_seen
from posapp.hq.segments.purchases import whose_of
from posapp.hq.tables import event, sale
from posapp.messages import HintShown, read_body
from posapp.money import Money, split
from posapp.rules.join_token import read

WINDOW_MS = 30 * DAY
MODELS = ("first", "last", "linear")
HINT, REFERRAL, NONE = "hint", "referral", "none"
"""Channels beside those of join codes; none: nobody, or nobody who was touched in time."""


class Touch(NamedTuple):
    """Something that brought a person nearer. source: what it was, so that one thing told twice is one touch."""

    at: int
    channel: str
    source: str


def credited(touches: Sequence[Touch], paid: int, net: int) -> dict[str, dict[str, int]]:
    """What each model gives each channel of a sale, fen by model and channel."""
    before = sorted(touch for touch in touches if paid - WINDOW_MS <= touch.at <= paid)
    if not before:
        return {model: {NONE: net} for model in MODELS}
    linear: Counter[str] = Counter()
    for touch, part in zip(before, split(Money(net), [1] * len(before)), strict=True):
        linear[touch.channel] += part.fen
    return {"first": {before[0].channel: net}, "last": {before[-1].channel: net}, "linear": dict(linear)}


def attribution(conn: Connection, since: str, until: str, number: int | None = None) -> dict[str, Any]:
    """The sales of some days, less what went back of them, by channel under each model. Raises PosError bad_date,
    bad_period."""
    read_span(since, until)
    asked = select(sale).where(sale.c.date >= since, sale.c.date <= until)
    if number is not None:
        asked = asked.where(sale.c.store == number)
    sales = conn.execute(asked.order_by(sale.c.jid, sale.c.seq)).all()
    back = backs_of(conn, sales)
    refs = whose_of(conn, sales)
    root_of = roots_of(conn, refs.values())
    buyers = {place: root_of.get(ref, ref) for place, ref in refs.items()}
    touches = touches_of(conn, set(buyers.values()), days_before(since, 2 + WINDOW_MS // DAY))
    sums: dict[str, Counter[str]] = {model: Counter() for model in MODELS}
    tickets = 0
    total = 0
    for sold in sales:
        net = sold.total + sold.rounding - back.get((sold.store, sold.till, sold.event), (0, 0))[0]
        if not net:
            continue
        tickets, total = tickets + 1, total + net
        mine = touches.get(buyers.get((sold.jid, sold.seq), ""), [])
        for model, parts in credited(mine, sold.paid, net).items():
            sums[model].update(parts)
    channels = sorted({channel for parts in sums.values() for channel in parts}, key=lambda name: (name == NONE, name))
    return {
        "report": "attribution",
        "since": since,
        "until": until,
        "store": number,
        "days": WINDOW_MS // DAY,
        "tickets": tickets,
        "sales": str(Money(total)),
        "channels": [
            {"channel": channel, **{model: str(Money(sums[model][channel])) for model in MODELS}}
            for channel in channels
        ],
        "credited": {model: str(Money(sum(sums[model].values()))) for model in MODELS},
    }


def touches_of(conn: Connection, roots: Iterable[str], since: str) -> dict[str, list[Touch]]:
    """Everything that touched some persons: codes they opened, joined by or claimed with, who invited them, hints that
    a clerk took up since a date."""
    root_of = ids_of(conn, roots)
    found: dict[str, dict[tuple[str, str], Touch]] = defaultdict(dict)

    def note(ref: str, at: int, channel: str, source: str) -> None:
        mine = found[root_of[ref]]
        held = mine.get((channel, source))
        if held is None or at < held.at:
            mine[channel, source] = Touch(at, channel, source)

    for some in portions(root_of):
        for row in conn.execute(select(joined).where(joined.c.ref.in_(some), joined.c.token != "")):
            note(row.ref, row.at, row.channel, row.token)
        # what a till sold to a member is claimed by nobody's phone
        scanned = exists().where(token_open.c.stem == claim.c.stem)
        for row in conn.execute(select(claim.c.ref, claim.c.at, claim.c.token).where(claim.c.ref.in_(some), scanned)):
            if row.token and (channel := _channel(row.token)):
                note(row.ref, row.at, channel, row.token)
        for row in conn.execute(select(referral.c.friend, referral.c.at).where(referral.c.friend.in_(some))):
            note(row.friend, row.at, REFERRAL, row.friend)
        seen = select(reward_seen.c.ref, reward_seen.c.session).where(
            reward_seen.c.ref.in_(some), reward_seen.c.session != ""
        )
        for ref, session in conn.execute(seen).all():
            opened = select(token_open).where(token_open.c.session >= session, token_open.c.session < f"{session}~")
            for row in conn.execute(opened):
                note(ref, row.at, row.channel, row.token)
    columns = [event.c[name] for name in "event version effective body".split()]
    for row in conn.execute(select(*columns).where(event.c.type == "hint.shown", event.c.date >= since)):
        body = read_body("hint.shown", row.version, row.body.encode())
        if isinstance(body, HintShown) and body.outcome == "accepted" and body.member in root_of:
            note(body.member, row.effective, HINT, row.event)
    return {root: sorted(touches.values()) for root, touches in found.items()}


def _channel(token: str) -> str:
    try:
        return read(token)[0].channel
    except PosError:
        return ""


def attribution_text(told: dict[str, Any], language: str = "zh") -> str:
    """The same to be read."""
    english = language == "en"
    head = (
        "{since} - {until}: {tickets} tickets, {sales}; touches of {days} days before"
        if english
        else "{since} - {until}: {tickets} 单,{sales};看前 {days} 天的触点"
    )
    names = ("channel", "first", "last", "linear") if english else ("渠道", "首次触点", "末次触点", "线性")
    whole = {"channel": "all" if english else "合计", **told["credited"]}
    rows = [[str(row[name]) for name in ("channel", "first", "last", "linear")] for row in (*told["channels"], whole)]
    return "\n".join([head.format(**told), *aligned([names, *rows])])

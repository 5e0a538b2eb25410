"""Text messages that customers asked for at the counter, and whether an offer may be written to somebody at all."""

from __future__ import annotations

from sqlalchemy import Connection, select

from posapp.clock import DAY, Clock
from posapp.hq import feed
from posapp.hq.members.confirm import make_link
from posapp.hq.members.consents import may_market
from posapp.hq.members.earning import sale_of
from posapp.hq.members.identity import Means
from posapp.hq.members.tables import attribute, person
from posapp.hq.people import settings_of
from posapp.hq.texts import outbox
from posapp.hq.texts.tables import text_message
from posapp.keys import HqKeys
from posapp.messages import MessageRequested
from posapp.money import Money
from posapp.rules.join_token import PATH, make, read

TYPES, FREQUENCY = "types", "frequency"
"""The names under which a member's page keeps what they want to be written about, and how often."""

PAUSES = {"weekly": 7 * DAY, "monthly": 30 * DAY}
"""Time between two offers, by what a member chose."""


def send(keys: HqKeys, conn: Connection, means: Means, phone: str, wanted: MessageRequested) -> None:
    """Queue the message that a customer asked for: the ticket's own code, as a link. Who has opted out gets nothing."""
    if not wanted.token:
        return
    token = read(wanted.token)[0]
    settings = settings_of(conn, feed.store_scope(token.store))
    text = make(token.on("sms"), keys.token_key(token.store, token.till))
    values = {"store": settings.store_name or "posapp", "link": f"{settings.join_address}{PATH}{text}"}
    template = "join_link"
    sold = sale_of(conn, wanted.token)
    if wanted.template == "receipt" and sold is not None:
        template, values["total"] = "e_receipt", str(Money(sold.total))
    outbox.request(
        conn,
        means.vault,
        phone=phone,
        template=template,
        values=values,
        dedupe=wanted.ticket,
        now_ms=means.now,
        ref=wanted.member,
        language=settings.language,
    )


def ask_to_confirm(conn: Connection, means: Means, phone: str, ref: str, store: int) -> None:
    """Queue the link by which the owner of a phone, which nobody confirmed at the counter, confirms it; once a person.
    Nothing where no address of the customer's pages is set."""
    settings = settings_of(conn, feed.store_scope(store))
    if not settings.join_address:
        return
    link = settings.join_address + make_link(conn, means, ref)
    outbox.request(
        conn,
        means.vault,
        phone=phone,
        template="confirm_phone",
        values={"store": settings.store_name or "posapp", "link": link},
        dedupe=ref,
        now_ms=means.now,
        ref=ref,
        language=settings.language,
    )


def may_send(clock: Clock, conn: Connection, ref: str, kind: str, template: str) -> bool:
    """Whether a message of a class may go to a member now: offers only with consent, of the types and as often as they
    chose."""
    if kind != "promotion":
        return True
    root = conn.scalar(select(person.c.root).where(person.c.ref == ref))
    if root is None or not may_market(conn, root):
        return False
    types = _chosen(conn, root, TYPES)
    if types is not None and template not in types.split(","):
        return False
    pause = PAUSES.get(_chosen(conn, root, FREQUENCY) or "", 0)
    lately = (
        select(text_message.c.id)
        .join(person, person.c.ref == text_message.c.ref)
        .where(
            person.c.root == root,
            text_message.c.kind == "promotion",
            text_message.c.state.in_(("sent", "delivered", "uncertain")),
            text_message.c.ended > clock.now_ms() - pause,
        )
    )
    return not pause or conn.execute(lately.limit(1)).first() is None


def _chosen(conn: Connection, root: str, name: str) -> str | None:
    return conn.scalar(
        select(attribute.c.value)
        .join(person, person.c.ref == attribute.c.ref)
        .where(person.c.root == root, attribute.c.name == name)
        .order_by(attribute.c.at.desc())
        .limit(1)
    )

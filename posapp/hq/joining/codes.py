"""Join codes at HQ: which are ours, which still work, the ones HQ makes itself, and who opened them when."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from posapp.clock import DAY
from posapp.errors import PosError
from posapp.hq.database import insert_new, upsert
from posapp.hq.feed import store_scope
from posapp.hq.joining.tables import static_code, token_open
from posapp.hq.people import settings_of
from posapp.keys import HqKeys
from posapp.rules.join_token import HQ_SERIES, STATIC, WITHOUT_TICKET, Token, check, make, read

ATTRIBUTION_MS = DAY
"""A join is credited to the last code that its person opened within this time."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code that works. text: its 26 characters. ref: whose invitation it is, "" for most."""

    text: str
    token: Token
    ref: str = ""

    @property
    def is_ticket(self) -> bool:
        return self.token.channel not in STATIC | WITHOUT_TICKET and self.token.series != HQ_SERIES


def read_code(conn: Connection, keys: HqKeys, text: str, now: int) -> Code:
    """A code from its characters. Raises PosError bad_join_code, join_code_expired (too old, or taken out of use)."""
    token, body = read(text)
    plain = check(text, body, keys.token_key(token.store, token.till))
    if token.series == HQ_SERIES:
        held = conn.execute(select(static_code).where(static_code.c.token == plain)).one_or_none()
        if held is not None:
            if held.revoked:
                raise PosError("join_code_expired")
            return Code(plain, token, held.ref)
        # what is left are links in WeCom's greetings: one for each, good as long as a ticket's
    days = settings_of(conn, store_scope(token.store)).join_days
    if now > (token.day + 1 + days) * DAY:
        raise PosError("join_code_expired")
    return Code(plain, token)


def on_display(code: Code, keys: HqKeys) -> str:
    """The code of the same ticket as the till recorded it with the sale."""
    token = code.token
    return make(token.on("display"), keys.token_key(token.store, token.till))


def make_static(
    conn: Connection,
    keys: HqKeys,
    channel: str,
    now: int,
    *,
    store: int = 0,
    till: int = 0,
    clerk: int = 0,
    ref: str = "",
    label: str = "",
) -> str:
    """A code that is printed once: the same place and person get the one they have."""
    same = (
        static_code.c.channel == channel,
        static_code.c.store == store,
        static_code.c.till == till,
        static_code.c.clerk == clerk,
        static_code.c.ref == ref,
        static_code.c.label == label,
        static_code.c.revoked == 0,
    )
    held = conn.scalar(select(static_code.c.token).where(*same))
    if held is not None:
        return str(held)
    number = int(conn.scalar(select(func.count()).select_from(static_code)) or 0) + 1
    row = {
        "token": "",
        "channel": channel,
        "store": store,
        "till": till,
        "clerk": clerk,
        "ref": ref,
        "label": label,
        "made": now,
        "revoked": 0,
    }
    while True:  # another may take the number at the same time
        text = make(Token(store, till, clerk, channel, number, now // DAY, HQ_SERIES), keys.token_key(store, till))
        if insert_new(conn, static_code, {**row, "token": text}):
            return text
        number += 1


def note_open(conn: Connection, session: str, code: Code, now: int, target: str = "join") -> None:
    """A browser opened a code."""
    token = code.token
    row = {
        "session": session,
        "token": code.text,
        "stem": token.stem,
        "channel": token.channel,
        "store": token.store,
        "till": token.till,
        "clerk": token.clerk,
        "at": now,
        "target": target,
    }
    if not insert_new(conn, token_open, {**row, "first": now}):
        upsert(conn, token_open, [row])


def note_authorised(conn: Connection, session: str, code: Code, now: int) -> None:
    """The phone of whoever opened a code in this browser was confirmed."""
    mine = (token_open.c.session == session, token_open.c.token == code.text, token_open.c.authorised == 0)
    conn.execute(update(token_open).where(*mine).values(authorised=now))


def date_openings(conn: Connection) -> None:
    """What an older HQ noted: when a code was opened last is all that is known."""
    conn.execute(update(token_open).where(token_open.c.first == 0).values(first=token_open.c.at))


def last_opened(conn: Connection, session: str, now: int) -> str:
    """The code that a browser opened last, within the time a join may be credited to it; "" for none."""
    return (
        conn.scalar(
            select(token_open.c.token)
            .where(token_open.c.session == session, token_open.c.at > now - ATTRIBUTION_MS)
            .order_by(token_open.c.at.desc())
            .limit(1)
        )
        or ""
    )

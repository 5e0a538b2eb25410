"""Customers for tests: people with phones who join at HQ as the page does it, and members who are known."""

from __future__ import annotations

from posapp.hq import feed
from posapp.hq.joining import codes
from posapp.hq.joining.join import Joining, Outcome, join
from posapp.hq.members.identity import Means
from posapp.messages import Consent
from posapp.rules.phones import read_phone
from tests.shop import Chain

TERMS = [Consent("terms", 1, "2026-11", "")]


def means(chain: Chain) -> Means:
    return Means(chain.http.app.state.hq.vault, chain.chance, chain.clock.now_ms())  # type: ignore[attr-defined]


def joins(
    chain: Chain, phone: str, token: str = "", *, name: str = "张三", birthday: str = "", session: str = "browser"
) -> Outcome:
    """A customer joins with a confirmed phone, as the page does once the code came back."""
    with chain.database.transaction() as conn:
        now = means(chain)
        code = codes.read_code(conn, chain.keys, token, now.now) if token else None
        if code:
            codes.note_open(conn, session, code, now.now)
        asked = Joining(read_phone(phone), TERMS, name, birthday, code=code, session=session)
        done, rows = join(conn, chain.keys, now, asked)
        feed.publish(conn, rows)
    return done


def follow(chain: Chain) -> None:
    """HQ's workers have done what waits."""
    hq = chain.http.app.state.hq  # type: ignore[attr-defined]
    from posapp.hq.project import project

    while project(chain.database, chain.clock) != 0:
        pass
    while hq.follower.step():
        pass
    hq.follower.catch_up()

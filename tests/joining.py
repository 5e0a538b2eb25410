"""Customers for tests: people with phones who join at HQ as the page does it, and members who are known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from posapp.hq import feed
from posapp.hq.gateways.sms import save_text_secrets
from posapp.hq.gateways.sms_simulator import SmsSimulator
from posapp.hq.joining import codes
from posapp.hq.joining.join import Joining, Outcome, join
from posapp.hq.members.identity import Means
from posapp.messages import Consent
from posapp.rules.phones import read_phone
from tests.hq.texting import account
from tests.shop import Chain
from tests.ui.keys import wait_until

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
        if code:
            codes.note_authorised(conn, session, code, now.now)
        feed.publish(conn, rows)
    return done


@contextmanager
def sends_texts(chain: Chain) -> Iterator[SmsSimulator]:
    """HQ has an account with a provider of text messages."""
    secrets = account()
    provider = SmsSimulator(secrets, chain.clock)
    secrets.base_url = provider.start()
    save_text_secrets(chain.folder, secrets)
    chain.http.app.state.hq.texts._folder = chain.folder  # type: ignore[attr-defined]
    try:
        yield provider
    finally:
        provider.close()


def code_on(provider: SmsSimulator, phone: str) -> str:
    """What has come to the customer's phone."""
    wait_until(lambda: bool(provider.inbox(f"+86{phone}")))
    (code,) = re.findall(r"\d{6}", provider.inbox(f"+86{phone}")[-1])
    return str(code)


def follow(chain: Chain) -> None:
    """HQ's workers have done what waits."""
    hq = chain.http.app.state.hq  # type: ignore[attr-defined]
    from posapp.hq.project import project

    while project(chain.database, chain.clock) != 0:
        pass
    while hq.follower.step():
        pass
    hq.follower.catch_up()
    for worker in chain.after:
        while worker.step():
            pass

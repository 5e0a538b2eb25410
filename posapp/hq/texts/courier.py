"""Sends what waits in the outbox. The provider takes the same message twice, so no message is handed in twice here:
it is marked before it is handed in, and where no answer came the provider is asked what became of it.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Row, or_, select, update

from posapp import log
from posapp.clock import DAY, HOUR, MINUTE, Clock
from posapp.hq.database import Database
from posapp.hq.gateways.sms import (
    Gateway,
    Limit,
    Lost,
    Refused,
    TencentSms,
    TryAgain,
    load_text_secrets,
)
from posapp.hq.texts.outbox import NEVER, MaySend, held_back, suppress_person, wipe
from posapp.hq.texts.tables import text_message
from posapp.hq.vault import Vault

WORKERS = 4
LOST_MS = MINUTE
"""A message that was marked so long ago and has no answer is one whose answer was lost, or whose sender was killed."""

ASK_AGAIN_MS = (MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 12 * HOUR, DAY, 3 * DAY)
"""After each question that brought nothing; then a message stays uncertain."""

_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = 30_000, HOUR
_LOOK_S, _PAUSE_S = 1.0, 10.0
_log = log.named("hq.texts")


class Courier:
    """Threads of the server that send; wake() after a commit that queued something, else they look every second.

    folder: where the account with the provider is kept; read anew each time, so that it can be changed at any time.
    """

    def __init__(
        self, database: Database, vault: Vault, clock: Clock, folder: Path | None, may_send: MaySend | None = None
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._folder = folder
        self.may_send = may_send
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._wiped_ms = 0

    def start(self) -> None:
        self._stopping.clear()
        self._threads = [
            threading.Thread(target=self._run, name=f"texts {n}", daemon=True) for n in range(1, WORKERS + 1)
        ]
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopping.set()
        self._woken.set()
        for thread in self._threads:
            thread.join(30)

    def work(self) -> bool:
        """Do all that is due; False when the provider could not be reached or would not have us, so pause."""
        now = self._clock.now_ms()
        if now - self._wiped_ms >= HOUR:
            self._wiped_ms = now
            with self._database.transaction() as conn:
                wipe(conn, now)
        if not self._anything_due() or (gateway := self.gateway()) is None:
            return True
        while not self._stopping.is_set() and ask_next(self._database, self._vault, self._clock, gateway):
            pass
        while not self._stopping.is_set():
            sent = send_next(self._database, self._vault, self._clock, gateway, self.may_send)
            if sent != "sent":
                return sent == "none"
        return True

    def gateway(self) -> Gateway | None:
        """The provider, when an account with it has been set."""
        secrets = load_text_secrets(self._folder)
        return TencentSms(secrets, self._clock) if secrets and secrets.complete else None

    def _anything_due(self) -> bool:
        waits = text_message.c.state.in_(("queued", "sending", "uncertain"))
        with self._database.reading() as conn:
            due = select(text_message.c.id).where(waits, text_message.c.due <= self._clock.now_ms()).limit(1)
            return conn.scalar(due) is not None

    def _run(self) -> None:
        while not self._stopping.is_set():
            pause = _LOOK_S
            try:
                if not self.work():
                    pause = _PAUSE_S
            except Exception:  # noqa: BLE001  (logged whole; the next look may go better)
                _log.exception("text messages")
                pause = _PAUSE_S
            self._woken.wait(pause) if pause == _LOOK_S else self._stopping.wait(pause)
            self._woken.clear()


def send_next(
    database: Database,
    vault: Vault,
    clock: Clock,
    gateway: Gateway,
    may_send: MaySend | None,
    only: str = "",
) -> str:
    """Send the first message that is due (or the one of that id): sent, whatever became of it; none; or paused when
    it could not be handed in and others could not either."""
    row = _mark_next(database, clock.now_ms(), may_send, only)
    if row is None:
        return "none"
    # From here on the message may have left. Killed now, it is found marked, and asked about, not sent again.
    values = msgspec.json.decode(vault.open(row.content), type=list[str])
    template = row.template if row.language == "zh" else f"{row.template}.{row.language}"
    try:
        provider_id = gateway.send(vault.open(row.phone), template, values, row.id)
    except Lost as error:
        _log.warning("message %s: no answer (%s)", row.id, error.code)
        _move(database, row, "sending", due=clock.now_ms(), reason=error.code, content="")
    except Refused as error:
        _log.warning("message %s was refused: %s", row.id, error.code)
        now = clock.now_ms()
        _move(database, row, "refused", ended=now, reason=error.code, phone="", content="")
        if error.blacklisted:
            with database.transaction() as conn:
                suppress_person(conn, row.person, "provider", now)
    except Limit as error:
        _move(database, row, "queued", due=clock.now_ms() + error.wait_ms, reason=error.code)
    except TryAgain as error:
        _log.warning("message %s waits: %s", row.id, error.code)
        pause = min(_FIRST_PAUSE_MS << min(row.tries, 20), _LONGEST_PAUSE_MS)
        _move(database, row, "queued", due=clock.now_ms() + pause, reason=error.code)
        return "paused"
    else:
        _move(database, row, "sent", ended=clock.now_ms(), provider_id=provider_id, reason="", content="")
    return "sent"


def _mark_next(database: Database, now: int, may_send: MaySend | None, only: str) -> Row[Any] | None:
    """The first queued message that may leave now, marked as sending, on disk."""
    queued = select(text_message).where(text_message.c.state == "queued", text_message.c.due <= now)
    if only:
        queued = queued.where(text_message.c.id == only)
    ask = queued.order_by(text_message.c.rank, text_message.c.due, text_message.c.id).limit(1)
    while True:
        with database.transaction() as conn:
            row = conn.execute(ask.with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return None
            this = update(text_message).where(text_message.c.id == row.id)
            held = held_back(conn, row, now, may_send)
            if held is None:
                conn.execute(this.values(state="sending", marked=now, due=now + LOST_MS, tries=row.tries + 1))
                return row
            state, reason, due = held
            ended = {} if state == "queued" else {"ended": now, "phone": "", "content": ""}
            conn.execute(this.values(state=state, reason=reason, due=due, **ended))


def _move(database: Database, row: Row[Any], state: str, **values: Any) -> None:
    """Write down what came of handing a message in, unless more is known of it by now."""
    known = ("sending", "uncertain") if state == "sent" else ("sending",)
    with database.transaction() as conn:
        this = update(text_message).where(text_message.c.id == row.id, text_message.c.state.in_(known))
        conn.execute(this.values(state=state, **values))


def ask_next(database: Database, vault: Vault, clock: Clock, gateway: Gateway) -> bool:
    """Ask what became of one message that was handed in and not answered for; whether there was one to ask about."""
    now = clock.now_ms()
    doubtful = text_message.c.state.in_(("sending", "uncertain"))
    ask = (
        select(text_message)
        .where(doubtful, text_message.c.due <= now, text_message.c.phone != "")
        .order_by(text_message.c.due, text_message.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    with database.transaction() as conn:
        row = conn.execute(ask).one_or_none()
        if row is None:
            return False
        due = now + ASK_AGAIN_MS[row.asks] if row.asks < len(ASK_AGAIN_MS) else NEVER
        conn.execute(update(text_message).where(text_message.c.id == row.id).values(due=due, asks=row.asks + 1))
    try:
        found = [one for one in gateway.statuses(vault.open(row.phone), row.marked - MINUTE) if one.context == row.id]
    except TryAgain as error:
        _log.warning("message %s cannot be asked about: %s", row.id, error.code)
        return True
    this = update(text_message).where(text_message.c.id == row.id, doubtful)
    if found:
        values = {"provider_id": found[0].provider_id, **_reported(found[0].delivered, found[0].code)}
        this = this.values(**values, content="", ended=now)
    else:
        this = this.values(state="uncertain", content="", ended=now)
    with database.transaction() as conn:
        conn.execute(this)
    return True


def _reported(delivered: bool, code: str) -> dict[str, str]:
    return {"state": "delivered", "reason": ""} if delivered else {"state": "refused", "reason": code}


def take_report(database: Database, person: str, provider_id: str, delivered: bool, code: str, now_ms: int) -> bool:
    """A delivery report of the provider's; whether it was of a message that we know by its id.

    Of an id that we do not know it may be the message whose answer was lost, so that is asked about now.
    """
    known = text_message.c.provider_id == provider_id
    with database.transaction() as conn:
        report = update(text_message).where(known, text_message.c.state == "sent")
        conn.execute(report.values(**_reported(delivered, code), ended=now_ms))
        if conn.scalar(select(text_message.c.id).where(known).limit(1)) is not None:
            return True
        doubtful = or_(text_message.c.state == "uncertain", text_message.c.state == "sending")
        mine = (text_message.c.person == person) & (text_message.c.phone != "")
        conn.execute(update(text_message).where(mine, doubtful).values(due=now_ms))
    return False

"""Works off what WeCom told, after the answer: greets within twenty seconds, keeps who is whose friend and since when.

Events come late, twice and out of order. What an add counts as follows from what is known to lie before it, and an
old event never undoes what a newer one said. Where no code of ours is named, the source is unknown and stays so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from posapp import log
from posapp.clock import DAY, Clock
from posapp.errors import PosError
from posapp.hq.database import Database
from posapp.hq.gateways.wecom import Wecom, WecomError
from posapp.hq.gateways.wecom_crypto import read_xml
from posapp.hq.vault import Vault
from posapp.hq.wecom import groups, transfers
from posapp.hq.wecom.account import Account
from posapp.hq.wecom.relations import Source, record
from posapp.hq.wecom.tables import contact_change, contact_way, relation, wecom_event
from posapp.hq.wecom.ways import Place, Ways, clerk_of, mint
from posapp.ids import Chance
from posapp.keys import HqKeys
from posapp.rules import join_token

WELCOME_MS = 20_000
"""How long a welcome code lives, and that it works once: WeCom's rule."""

LOOK_S = 60.0
_GREET_AGAIN_S = 0.5
_GREETED_ALREADY, _ANOTHER_GREETS = 41051, 41096
_KEEP_TRYING_MS = DAY
_SOME = 200
_ADDS = ("add_external_contact", "add_half_external_contact")
_log = log.named("hq.wecom")

Known = Callable[[Connection, str, str | None, int], None]
"""Told of a customer's ids: known(conn, external_userid, unionid or None, now_ms), within the transaction."""


class Greeting(NamedTuple):
    """How it went: sent, none (no code came), late, already, refused <errcode>; the join token that was sent."""

    greeted: str
    link: str = ""


class _Later(Exception):
    """An event has to wait: another application is greeting just now, or WeCom cannot be reached."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Worker:
    """Threads of the server that work off events and settle codes; they do nothing until start()."""

    def __init__(
        self,
        database: Database,
        keys: HqKeys,
        clock: Clock,
        chance: Chance,
        account: Account,
        known: Known | None = None,
    ) -> None:
        self.account = account
        self.wecom: Wecom = account.client(clock)
        self.ways = Ways(database, keys, clock, chance, self.wecom)
        self._database = database
        self._keys = keys
        self._clock = clock
        self._chance = chance
        self._vault = Vault(keys, chance)
        self._known = known
        self._woken = threading.Event()
        self._stopping = threading.Event()
        # a chain's first codes take an hour: nobody's greeting waits for them
        self._threads = [
            threading.Thread(target=self._run, name="wecom", daemon=True),
            threading.Thread(target=self._keep_looking, name="wecom codes", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopping.set()
        self.ways.stopping.set()
        self._woken.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            self._woken.wait(pause)
            self._woken.clear()
            if self._stopping.is_set():
                return
            pause = LOOK_S
            try:
                pause = self.work()
            except Exception:  # noqa: BLE001  (logged whole; a worker that dies would greet nobody any more)
                _log.exception("what WeCom told could not be worked off; trying again")

    def _keep_looking(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except WecomError as error:
                _log.warning("%s", error)
            except Exception:  # noqa: BLE001  (logged whole; the next look may do better)
                _log.exception("codes and transfers could not be looked at")
            self._stopping.wait(LOOK_S)

    def look(self) -> None:
        """What is due now and then, whatever was told. Raises WecomError."""
        transfers.follow_up(self._database, self._clock, self.wecom)
        groups.look_at_quota(self._database, self.wecom)
        self.ways.settle()

    # --- events ---

    def work(self) -> float:
        """Work off everything that waits, greetings before names; after how many seconds to come again."""
        pause = LOOK_S
        while events := self._waiting():
            again = []
            for event in events:
                if self._stopping.is_set():
                    return pause
                try:
                    self._work_off(event)
                except _Later as later:
                    again.append(later.seconds)
            if again:
                pause = min(pause, *again)
            if len(again) == len(events):
                break
            if again and len(events) < _SOME:
                break
        return pause if self._look_at_customers() else 0.0

    def _waiting(self) -> list[Row[Any]]:
        with self._database.reading() as conn:
            waiting = select(wecom_event).where(wecom_event.c.done == 0)
            return list(conn.execute(waiting.order_by(wecom_event.c.received, wecom_event.c.created).limit(_SOME)))

    def _work_off(self, event: Row[Any]) -> None:
        trouble = ""
        try:
            self._carry_out(event, read_xml(event.xml.encode()))
        except (_Later, InterfaceError, OperationalError):
            raise
        except WecomError as error:
            if error.may_pass and self._clock.now_ms() - event.received < _KEEP_TRYING_MS:
                raise _Later(LOOK_S) from None
            trouble = str(error)
        except Exception as error:  # noqa: BLE001  (logged whole; one bad event must not hold up the next greeting)
            _log.exception("an event of WeCom was left out")
            trouble = type(error).__name__
        with self._database.transaction() as conn:
            conn.execute(_this(event).values(done=self._clock.now_ms(), trouble=trouble))

    def _carry_out(self, event: Row[Any], fields: dict[str, str]) -> None:
        if event.event == "change_external_chat":
            groups.take_members(self._database, self._clock, self.wecom, event.external_userid)
        elif event.event == "customer_acquisition":
            groups.note_quota(self._database, event.change)
        else:
            with self._database.reading() as conn:
                source = source_of(conn, self._keys, fields.get("State", ""))
                about = _relation(conn, event)
            if source is None and about is not None and about.state == "half":
                source = Source.of(about)  # the same add, of which the first word told the State
            greeting = self._greet(event, fields, source, about)
            with self._database.transaction() as conn:
                record(conn, event, fields, source, greeting.greeted, greeting.link)

    # --- greeting ---

    def _greet(
        self, event: Row[Any], fields: dict[str, str], source: Source | None, about: Row[Any] | None
    ) -> Greeting:
        code = fields.get("WelcomeCode", "")
        if event.change not in _ADDS or not code:
            return Greeting("none" if event.change in _ADDS else "")
        if about is not None and about.state == "moving":
            return Greeting("moved")
        if self._is_greeted(event):
            return Greeting("already")
        if self._clock.now_ms() - event.received >= WELCOME_MS:
            return Greeting("late")
        token = self._token(event, source or (Source.of(about) if about is not None else None))
        link = f"{self.account.join_url.rstrip('/')}{join_token.PATH}{token}"
        try:
            self.wecom.send_welcome_msg(code, self.account.greeting.replace("{link}", link))
        except WecomError as error:
            if error.errcode == _GREETED_ALREADY:
                return Greeting("already")
            if error.errcode == _ANOTHER_GREETS or error.may_pass:
                raise _Later(_GREET_AGAIN_S) from None
            return Greeting(f"refused {error.errcode}")
        return Greeting("sent", token)

    def _is_greeted(self, event: Row[Any]) -> bool:
        """Whether the half add of this add was greeted."""
        with self._database.reading() as conn:
            same = (contact_change.c.userid == event.userid, contact_change.c.external_userid == event.external_userid)
            asked = select(contact_change.c.greeted).where(*same, contact_change.c.kind == "half")
            last = conn.scalar(asked.order_by(contact_change.c.created.desc()).limit(1))
            about = _relation(conn, event)
        return event.change == _ADDS[0] and last == "sent" and about is not None and about.state == "half"

    def _token(self, event: Row[Any], source: Source | None) -> str:
        """A join token of today for the greeting: of the code that was scanned, or, where that is not known, of a talk
        with this clerk."""
        with self._database.reading() as conn:
            clerk = clerk_of(conn, event.userid)
            way = select(contact_way.c.store).where(contact_way.c.clerk == clerk).order_by(contact_way.c.revoked)
            store = conn.scalar(way.limit(1)) or 0
        place = Place(store, clerk, "reception")
        if source is not None and source.channel:
            place = Place(source.store, source.clerk or clerk, source.channel)
        return mint(self._keys, self._chance, self._clock.now_ms(), place)

    # --- customers ---

    def _look_at_customers(self) -> bool:
        """Ask WeCom for the name and the union id of new friends; False when more of them wait."""
        with self._database.reading() as conn:
            new = select(relation).where(relation.c.looked == 0, relation.c.state == "added").limit(_SOME)
            rows = list(conn.execute(new))
        for row in rows:
            if self._woken.is_set() or self._stopping.is_set():
                return False  # a greeting is more urgent than a name
            told: dict[str, Any] = {}
            try:
                told = self.wecom.external_contact(row.external_userid)
            except WecomError as error:
                if error.may_pass:
                    return True
            contact = told.get("external_contact", {})
            remarks = [one.get("remark", "") for one in told.get("follow_user", ()) if one.get("userid") == row.userid]
            now = self._clock.now_ms()
            with self._database.transaction() as conn:
                sealed = {"name": self._seal(contact.get("name")), "remark": self._seal("".join(remarks[:1]))}
                conn.execute(
                    update(relation)
                    .where(relation.c.external_userid == row.external_userid, relation.c.userid == row.userid)
                    .values(**sealed, looked=now)
                )
                if self._known is not None:
                    self._known(conn, row.external_userid, contact.get("unionid") or None, now)
        return len(rows) < _SOME

    def _seal(self, text: str | None) -> str:
        return self._vault.close(text) if text else ""


def source_of(conn: Connection, keys: HqKeys, state: str) -> Source | None:
    """Where a State says that an add came from: the code it belongs to, also one that was taken back since, or the
    join token that a till appended to an acquisition link. None for anything else: nothing is guessed.
    """
    row = conn.execute(select(contact_way).where(contact_way.c.state == state)).one_or_none() if state else None
    if row is not None:
        return Source(row.state, row.clerk, row.store, row.channel)
    try:
        token, body = join_token.read(state)
        plain = join_token.check(state, body, keys.token_key(token.store, token.till))
    except PosError:
        return None
    return Source(plain, token.clerk, token.store, token.channel)


def _relation(conn: Connection, event: Row[Any]) -> Row[Any] | None:
    asked = select(relation).where(
        relation.c.external_userid == event.external_userid, relation.c.userid == event.userid
    )
    return conn.execute(asked).one_or_none()


def _this(event: Row[Any]) -> Any:
    return update(wecom_event).where(
        wecom_event.c.change == event.change,
        wecom_event.c.userid == event.userid,
        wecom_event.c.external_userid == event.external_userid,
        wecom_event.c.created == event.created,
    )

"""Codes by which a customer becomes a clerk's friend: made at hiring, taken back at leaving, told to the tills.

settle() compares what should be with what is, and may be done again at any time: HQ may have been killed between
asking WeCom and writing down its answer, and a code whose config_id is lost could never be taken back.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import zxingcpp
from PIL import Image
from sqlalchemy import Connection, Row, select, update

from posapp.clock import DAY, HOUR, MINUTE, Clock
from posapp.errors import PosError
from posapp.hq import feed
from posapp.hq.database import Database, insert_new, upsert
from posapp.hq.gateways.wecom import UNREACHABLE, Wecom, WecomError
from posapp.hq.tables import clerk as clerk_table
from posapp.hq.tables import feed as feed_table
from posapp.hq.wecom.tables import contact_way, group_way, wecom_clerk
from posapp.ids import Chance
from posapp.keys import HqKeys
from posapp.messages import Message
from posapp.rules import join_token
from posapp.streams import ClerkCodeRow

CHANNELS = ("badge", "display", "receipt")
GROUP = "group"
HQ_TILL = 0
NOT_OPENED = frozenset({40098, 41054, 60011, 60111, 84074})
"""What WeCom answers for a clerk who cannot have a code: not verified by name, not activated, out of the application's
range, unknown, without the right to have customers. Known from its pages and from others' code, not tried."""

MOST_USERS = 100
_GONE = 40058
_ASK_AGAIN_MS = HOUR
_UNDER_WAY_MS = MINUTE
_LONGEST_CONTENT = 300


class Place(NamedTuple):
    """Whose code: a clerk's of a store, a whole store's (clerk 0)."""

    store: int
    clerk: int
    channel: str


class _Clerk(NamedTuple):
    clerk: int
    userid: str
    store: int
    scope: str
    trouble: int
    tried: int


def mint(keys: HqKeys, chance: Chance, now_ms: int, place: Place) -> str:
    """A join token made by HQ, as till 0 of the store."""
    sequence = int.from_bytes(chance(3), "big")
    token = join_token.Token(
        place.store, HQ_TILL, place.clerk, place.channel, sequence, now_ms // DAY, join_token.HQ_SERIES
    )
    return join_token.make(token, keys.token_key(place.store, HQ_TILL))


def hire(database: Database, number: int, userid: str) -> None:
    """Say who a clerk is in WeCom; settle() makes the codes. Raises PosError not_found, bad_name, userid_taken."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}", userid):
        raise PosError("bad_userid")
    with database.transaction() as conn:
        if conn.scalar(select(clerk_table.c.number).where(clerk_table.c.number == number)) is None:
            raise PosError("not_found", what=number)
        other = conn.scalar(
            select(wecom_clerk.c.clerk).where(wecom_clerk.c.userid == userid, wecom_clerk.c.clerk != number)
        )
        if other is not None:
            raise PosError("userid_taken", userid=userid, clerk=other)
        upsert(conn, wecom_clerk, [{"clerk": number, "userid": userid, "trouble": 0, "tried": 0}])


def clerk_of(conn: Connection, userid: str) -> int:
    """The clerk of a WeCom user, 0 when it is none of ours."""
    return conn.scalar(select(wecom_clerk.c.clerk).where(wecom_clerk.c.userid == userid)) or 0


class Ways:
    """Keeps the codes at WeCom, HQ's list of them and the tills' stream in step."""

    def __init__(self, database: Database, keys: HqKeys, clock: Clock, chance: Chance, wecom: Wecom) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._chance = chance
        self._wecom = wecom
        self._settling = threading.Lock()
        self.stopping = threading.Event()

    def settle(self, at_once: bool = False) -> None:
        """Take back, make, tell. at_once: also ask again for clerks that WeCom refused within the hour.

        Raises WecomError where WeCom cannot be reached or refuses for a reason that is not the clerk's; what was
        done until then stands and is told.
        """
        with self._settling:
            self.publish()  # what was shown of somebody who has left is gone even while WeCom is away
            try:
                clerks = self._clerks()
                self._take_back(clerks)
                now = self._clock.now_ms()
                ready = {Place(row.store, row.clerk, row.channel) for row in self._live() if row.content}
                for one in clerks:
                    if self.stopping.is_set():
                        return
                    lacking = [place for place in _places(one.store, one.clerk) if place not in ready]
                    if lacking and (not one.trouble or at_once or now - one.tried >= _ASK_AGAIN_MS):
                        self._make_for(one, lacking)
                self._make_for_stores()
            finally:
                self.publish()

    # --- what should be ---

    def _clerks(self) -> list[_Clerk]:
        """The clerks who work here and have a WeCom user."""
        with self._database.reading() as conn:
            rows = conn.execute(
                select(wecom_clerk, clerk_table.c.scope)
                .join(clerk_table, clerk_table.c.number == wecom_clerk.c.clerk)
                .where(clerk_table.c.active == 1)
                .order_by(wecom_clerk.c.clerk)
            ).all()
        return [_Clerk(row.clerk, row.userid, _store_of(row.scope), row.scope, row.trouble, row.tried) for row in rows]

    def _live(self) -> list[Row[Any]]:
        with self._database.reading() as conn:
            return list(conn.execute(select(contact_way).where(contact_way.c.revoked == 0)).all())

    def _take_back(self, clerks: Sequence[_Clerk]) -> None:
        wanted = {(one.store, one.clerk): [one.userid] for one in clerks}
        for row in self._live():
            if row.clerk and wanted.get((row.store, row.clerk)) != msgspec.json.decode(row.users):
                config_id = row.config_id or self._find(row)
                if config_id:
                    self._delete(config_id)
                self._write(row.state, revoked=self._clock.now_ms())

    def _delete(self, config_id: str) -> None:
        try:
            self._wecom.del_contact_way(config_id)
        except WecomError as error:
            if error.errcode != _GONE:
                raise

    def _make_for(self, one: _Clerk, lacking: Sequence[Place]) -> None:
        trouble = 0
        try:
            for place in lacking:
                self._make(place, [one.userid])
        except WecomError as error:
            if error.errcode not in NOT_OPENED:
                raise
            trouble = error.errcode
        with self._database.transaction() as conn:
            conn.execute(
                update(wecom_clerk)
                .where(wecom_clerk.c.clerk == one.clerk)
                .values(trouble=trouble, tried=self._clock.now_ms())
            )

    def _make_for_stores(self) -> None:
        """A code of all a store's clerks that WeCom knows, where one of them cannot have his own."""
        clerks = self._clerks()
        for store in sorted({one.store for one in clerks if one.trouble}):
            users = [one.userid for one in clerks if one.store == store and not one.trouble][:MOST_USERS]
            for place in _places(store, 0) if users else ():
                self._make(place, users)
        for row in self._live():
            users = [one.userid for one in clerks if one.store == row.store and not one.trouble][:MOST_USERS]
            if row.clerk == 0 and row.config_id and users and users != msgspec.json.decode(row.users):
                self._wecom.update_contact_way(row.config_id, users)
                self._write(row.state, users=_json(users))

    # --- one code ---

    def _make(self, place: Place, users: list[str]) -> None:
        """Have a code in a place: asked for, answered, its picture read."""
        now = self._clock.now_ms()
        state = mint(self._keys, self._chance, now, place)
        row = {**place._asdict(), "state": state, "users": _json(users), "config_id": "", "content": ""}
        with self._database.transaction() as conn:
            is_new = insert_new(conn, contact_way, {**row, "made": now, "revoked": 0})
            held = conn.execute(
                select(contact_way).where(
                    contact_way.c.store == place.store,
                    contact_way.c.clerk == place.clerk,
                    contact_way.c.channel == place.channel,
                    contact_way.c.revoked == 0,
                )
            ).one()
        if held.content or (not is_new and not held.config_id and now - held.made < _UNDER_WAY_MS):
            return
        config_id = held.config_id or (None if is_new else self._find(held))
        picture = ""
        if not config_id:
            config_id, picture = self._ask(place, held.state, users)
            self._write(held.state, config_id=config_id)
        elif not held.config_id:
            self._write(held.state, config_id=config_id)
        content = self._read(picture or str(self._wecom.contact_way(config_id)["qr_code"]))
        self._write(held.state, content=content)

    def _ask(self, place: Place, state: str, users: list[str]) -> tuple[str, str]:
        remark = f"{place.store}-{place.clerk}-{place.channel}"
        try:
            return self._wecom.add_contact_way(users, state, remark, several=place.clerk == 0)
        except WecomError as error:
            if error.errcode != UNREACHABLE:  # certainly not made
                with self._database.transaction() as conn:
                    conn.execute(contact_way.delete().where(contact_way.c.state == state))
            raise

    def _find(self, row: Row[Any]) -> str:
        """The config_id of a code that may have been made although no answer came."""
        around = row.made // 1000
        for config_id in self._wecom.contact_ways(around - 600, around + 600):
            if self._wecom.contact_way(config_id).get("state") == row.state:
                return config_id
        return ""

    def _read(self, picture: str) -> str:
        """The text in a code's picture: the tills draw it themselves."""
        return read_code(self._wecom.picture(picture))

    def _write(self, state: str, **values: Any) -> None:
        with self._database.transaction() as conn:
            conn.execute(update(contact_way).where(contact_way.c.state == state).values(**values))

    # --- groups ---

    def add_group(self, city: str, name: str, chats: Sequence[str], stores: Sequence[int]) -> None:
        """The code of a city's group, on the receipts of some stores; the old one goes on working.

        Raises WecomError.
        """
        now = self._clock.now_ms()
        state = mint(self._keys, self._chance, now, Place(0, 0, "receipt"))
        config_id = self._wecom.add_join_way(chats, state, city[:30], name)
        content = self._read(str(self._wecom.join_way(config_id)["qr_code"]))
        row = {"city": city, "state": state, "config_id": config_id, "content": content, "made": now}
        with self._database.transaction() as conn:
            upsert(conn, group_way, [{**row, "stores": _json(sorted(stores))}])
        self.publish()

    # --- the tills ---

    def publish(self) -> None:
        """Tell the tills the codes that may be shown, and that the others are gone."""
        clerks = self._clerks()
        with self._database.transaction() as conn:
            rows: dict[tuple[str, str], Message | None] = dict.fromkeys(_told(conn))
            live = conn.execute(select(contact_way).where(contact_way.c.revoked == 0, contact_way.c.content != ""))
            held = {(row.store, row.clerk, row.channel): row for row in live}
            for one in clerks:
                for channel in CHANNELS:
                    own = held.get((one.store, one.clerk, channel))
                    if own is not None and msgspec.json.decode(own.users) != [one.userid]:
                        own = None
                    shown = own or (held.get((one.store, 0, channel)) if one.trouble else None)
                    if shown is not None:
                        code = ClerkCodeRow(one.clerk, channel, shown.content, int(own is None))
                        rows[one.scope, f"{one.clerk}.{channel}"] = code
            for group in conn.execute(select(group_way)):
                for store in msgspec.json.decode(group.stores):
                    rows[feed.store_scope(store), f"0.{GROUP}"] = ClerkCodeRow(0, GROUP, group.content, 1)
            feed.publish(conn, {"clerk_codes": rows})


def _told(conn: Connection) -> list[tuple[str, str]]:
    asked = select(feed_table.c.scope, feed_table.c.key).where(
        feed_table.c.stream == "clerk_codes", feed_table.c.data != feed.GONE
    )
    return [(row.scope, row.key) for row in conn.execute(asked)]


def read_code(picture: bytes) -> str:
    """The web address in the one QR code of a picture. Raises WecomError where there is none."""
    try:
        with Image.open(io.BytesIO(picture)) as image:
            if max(image.size) > 4_000:
                raise ValueError("too large")
            found = [code.text for code in zxingcpp.read_barcodes(image.convert("L"))]
    except (OSError, ValueError, Image.DecompressionBombError):
        found = []
    if len(found) != 1 or not re.fullmatch(r"https?://[!-~]+", found[0]) or len(found[0]) > _LONGEST_CONTENT:
        raise WecomError(UNREACHABLE, "picture")
    return found[0]


def _places(store: int, clerk: int) -> list[Place]:
    return [Place(store, clerk, channel) for channel in CHANNELS]


def _store_of(scope: str) -> int:
    return int(scope.partition(":")[2] or 0)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()

"""What every verb of the till stands on: the rooms, built in order, the clerk, the rights, the settings in force.

A verb returns what there is to show, or raises PosError and has changed nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import msgspec
from sqlalchemy import Connection

from posapp import db, devices
from posapp.answers import MemberView
from posapp.books import Books
from posapp.catalog.articles import Articles, apply_catalogue, apply_prices
from posapp.catalog.search import Search
from posapp.catalog.tiles import Tiles, apply_notices, apply_tiles
from posapp.clock import Clock
from posapp.errors import PosError
from posapp.ids import Chance, till_name, unb64u
from posapp.journal import MARK_FILE, Journal
from posapp.members.limits import Limits
from posapp.members.noted import forget_gone
from posapp.members.slice import Slice, apply_members
from posapp.members.vault import hand_over
from posapp.messages import SettingsApplied
from posapp.papers import Papers
from posapp.selling.sale import Sale
from posapp.settings import Settings
from posapp.shift import shift as shifts
from posapp.shift.approval import Approvals
from posapp.shift.people import Clerk, apply_staff
from posapp.streams import FeedRow, HookRow, OfferRow, PackRow
from posapp.sync.client import Carrier, Client
from posapp.sync.enrol import bring_lookup_keys, open_keys
from posapp.sync.pictures import Pictures
from posapp.sync.pull import apply_keys, apply_settings, keep, settings_values
from posapp.sync.runner import Runner

Campaigns = tuple[dict[str, HookRow], dict[str, OfferRow], dict[str, PackRow]]

D = TypeVar("D", bound="Desk")
P = ParamSpec("P")
T = TypeVar("T")


def verb(method: Callable[Concatenate[D, P], T]) -> Callable[Concatenate[D, P], T]:
    """A cashier's verb: refreshes settings first, and remembers what was refused so that it can be approved."""

    @functools.wraps(method)
    def run(self: D, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with db.telling(self.folder.path):
                self._refresh()
                result = method(self, *args, **kwargs)
        except PosError as error:
            again = (lambda: method(self, *args, **kwargs)) if error.code == "needs_approval" else None
            self._approvals.settle(again)
            raise
        self._approvals.settle(None)
        return result

    return run


class Desk:
    """The rooms of one till on its folder, and what its verbs need of each other; the verbs themselves build on it."""

    def __init__(self, data: Path, state: Path, clock: Clock, chance: Chance, carrier: Carrier) -> None:
        self.keys = open_keys(data, state)
        self.state_folder = state
        certificate = self.keys.certificate
        assert certificate
        self.clock = clock
        self.name = till_name(certificate.store, certificate.till)
        self.clerk: Clerk | None = None
        self._chance = chance
        self._approvals = Approvals()
        self._is_stale = self._has_news = False
        with db.telling(data), ExitStack() as opening:
            folder = db.Folder(data, unb64u(self.keys.database))
            with folder.feed.reading() as conn:
                self._values = settings_values(conn)
            self.settings = Settings(self._values)
            mark = state / MARK_FILE
            self.books = self._real = Books(folder, self.keys, certificate, mark, clock, chance, self.settings)
            opening.callback(self._real.close)
            self.client = Client(self.keys, carrier, clock, chance)
            self.articles = Articles(folder.feed)
            opening.callback(self.articles.close)
            self.finder = Search(folder)
            opening.callback(self.finder.close)
            self.pictures = Pictures(data / "pictures", folder.feed)
            self._tiles = Tiles(folder.feed, self.pictures.file)
            self.devices = devices.Devices(data / "devices", devices.read(state / devices.DEVICES_FILE))
            opening.callback(self.devices.close)
            self.papers = Papers(self.devices, self.pictures.file)
            self._slice = Slice(folder.feed, self.keys)
            self._limits = Limits(folder.till)
            self._gone: set[str] = set()
            self._newcomer: MemberView | None = None
            self._held_campaigns: Campaigns | None = None
            self._has_refused = False
            self.on_news: Callable[[], object] = lambda: None
            self.runner = Runner(
                folder,
                self.books.journal,
                self.client,
                clock,
                chance,
                {
                    "keys": apply_keys,
                    "settings": apply_settings,
                    "staff": apply_staff,
                    "catalogue": apply_catalogue,
                    "prices": apply_prices,
                    "tiles": apply_tiles,
                    "notices": apply_notices,
                    "tiers": keep("tiers"),
                    "members": self._take_members,
                    "quotas": keep("quotas"),
                    "hooks": keep("hooks"),
                    "offers": keep("offers"),
                    "packs": keep("packs"),
                    "chips": keep("chips"),
                    "consent_texts": keep("consent_texts"),
                    "joins": keep("joins"),
                    "clerk_codes": keep("clerk_codes"),
                    "board": keep("board"),
                    "rewards": keep("rewards"),
                    "cards": keep("cards"),
                    "hints": keep("hints"),
                    "visitors": keep("visitors"),
                    "regulars": keep("regulars"),
                    "leads": keep("leads"),
                    "feedback": keep("feedback"),
                },
                self._feed_changed,
                self.pictures.bring,
            )
            self.runner.extra = self._hand_over
            self.client.is_away = lambda: self.runner.failures > 0
            opening.callback(self.runner.stop)
            self._closing = opening.pop_all()

    def close(self) -> None:
        if self.is_training:
            self.books.close()
        self._closing.close()

    @property
    def is_training(self) -> bool:
        return self.books is not self._real

    @property
    def folder(self) -> db.Folder:
        return self.books.folder

    @property
    def journal(self) -> Journal:
        return self.books.journal

    @property
    def sale(self) -> Sale:
        return self.books.sale

    @property
    def shift(self) -> shifts.OpenShift | None:
        return self.books.shift

    def _feed_changed(self) -> None:
        self._is_stale = self._has_news = True
        self.on_news()

    def _take_members(self, conn: Connection, rows: list[FeedRow]) -> None:
        """Takes in a page, and remembers who is a member no more, for the ticket at hand."""
        apply_members(conn, rows)
        self._gone |= {row.key for row in rows if row.data is msgspec.UNSET}

    def _hand_over(self) -> None:
        """What a round does besides the journal, on the sync thread."""
        try:
            bring_lookup_keys(self.state_folder, self.keys, self.client.lookup_keys)
            if hand_over(self._real.folder.till, self.client.send_box):
                self._has_refused = True
                self.on_news()
        except PosError as error:
            if error.code != "not_found":  # an older HQ, which knows no members yet
                raise
        self._slice.forget_unconfirmed(self.clock.now_ms())
        forget_gone(self._real.folder.till, self._slice.by_ref, self.clock.now_ms())

    def _refresh(self) -> None:
        """Take up settings that arrived, on the selling thread, and journal what changed; and who has just joined."""
        if not self._is_stale:
            return
        self._is_stale = False
        self._take_up()
        with self.folder.feed.reading() as conn:
            values = settings_values(conn)
        changed = {
            key: values.get(key, "") for key in {*values, *self._values} if values.get(key) != self._values.get(key)
        }
        if changed:
            self._values = values
            self.settings = Settings(values)
            self.books.use(self.settings)
            self._real.use(self.settings)
            with self._real.journal.writing() as writing:
                writing.append(SettingsApplied(changed))

    def _take_up(self) -> None:
        """What came from HQ besides settings, for the ticket at hand."""

    def _clerk(self) -> Clerk:
        if self.clerk is None:
            raise PosError("not_signed_in")
        return self.clerk

    def _right(self, action: str, detail: str, line: int = 0) -> int:
        return self._approvals.right(self._clerk(), action, detail, line)

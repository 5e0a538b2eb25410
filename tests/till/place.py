"""A computer that is or was a till, for tests that copy, back up and restore it."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import select

from posapp import backup, db, tables
from posapp.chain import read_header
from posapp.clock import MINUTE
from posapp.hq import tables as hq_tables
from posapp.ids import unb64u
from posapp.journal import entries, epochs
from posapp.messages import JournalOpened, read_body
from posapp.sync.client import Answer, Client
from posapp.sync.enrol import open_keys
from posapp.till import Till
from posapp.verify import Verified
from posapp.wire import Request
from tests.museum.make import BUN, settle
from tests.shop import CASHIER, URL, Chain, last, play

SIGN_IN = f"sign-in {' '.join(CASHIER)}"


class Place:
    """A computer that is (or was) till 1: its two folders, and the till while it runs."""

    def __init__(self, chain: Chain, data: Path, state: Path) -> None:
        self.chain = chain
        self.data = data
        self.state = state
        self.till: Till | None = None
        self.requests: list[str] = []

    def open(self) -> Till:
        if self.till is None:
            self.till = self.chain.open(self.data, self.state, self.carry)
            if play(self.till, SIGN_IN)[0]["ok"] is False:
                play(self.till, "sync", SIGN_IN)
            play(self.till, "open-shift 0.00")
        return self.till

    def carry(self, request: Request) -> Answer:
        self.requests.append(request.url.removeprefix(URL))
        return self.chain.carry(request)

    def shut(self) -> None:
        if self.till:
            self.chain.shut(self.till)
            self.till = None

    def sell(self, many: int) -> list[str]:
        """So many sales; their receipt numbers."""
        till = self.open()
        self.chain.clock.set(self.chain.clock.now_ms() + MINUTE)
        return [last(till, f"scan {n + 1}*{BUN}", "pay cash 1000.00")["receipt"] for n in range(many)]

    def sync(self) -> None:
        """Sync as the thread does, round after round."""
        unsent = [last(self.open(), "sync")["unsent"] for _ in range(3)]
        assert unsent[-1] == 0, unsent

    def back_up(self, name: str = "backup") -> Path:
        target = self.chain.folder / name
        backup.back_up(self.data, open_keys(self.data, self.state), target, self.chain.clock)
        return target

    def restore(self, file: Path) -> Verified:
        self.shut()
        self.chain.clock.set(self.chain.clock.now_ms() + MINUTE)
        keys = open_keys(self.data, self.state)
        ask_hq = Client(keys, self.carry, self.chain.clock, self.chain.chance).unseal
        return backup.restore(self.data, self.state, keys, file, self.chain.clock, self.chain.chance, ask_hq)

    def copy(self, name: str) -> Place:
        """The whole computer once more, as a disk image brings it back."""
        self.shut()
        data, state = self.chain.folder / name, self.chain.folder / f"{name}-state"
        shutil.copytree(self.data, data)
        shutil.copytree(self.state, state)
        return Place(self.chain, data, state)

    def opened(self) -> list[JournalOpened]:
        """How every journal held here was opened."""
        with self.folder() as folder, folder.till.reading() as conn:
            found = [entries(conn, head.epoch, 0, 1)[0] for head in epochs(conn)]
        bodies = [read_body("journal.opened", 1, entry.body) for entry in found]
        return [body for body in bodies if isinstance(body, JournalOpened)]

    def folder(self) -> Held:
        return Held(self)

    def events(self) -> set[str]:
        """The identity of every sale held here."""
        with self.folder() as folder, folder.till.reading() as conn:
            headers = conn.execute(
                select(tables.journal.c.header).join(tables.sale, tables.sale.c.place == tables.journal.c.place)
            ).scalars()
            return {read_header(header).eid for header in headers}


class Held:
    """A folder opened beside whoever uses it."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def __enter__(self) -> db.Folder:
        keys = open_keys(self._place.data, self._place.state)
        self._folder = db.Folder(self._place.data, unb64u(keys.database), lock=False)
        return self._folder

    def __exit__(self, *_: object) -> None:
        self._folder.close()


def hq_events(chain: Chain) -> list[str]:
    """The identity of every sale HQ counts, each as often as it does."""
    settle(chain)
    with chain.database.reading() as conn:
        return sorted(conn.scalars(select(hq_tables.sale.c.event)))


def everything(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, to see that nothing was changed."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}

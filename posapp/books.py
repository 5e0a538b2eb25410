"""A till's books: its folder, journal, drafts, open ticket and open shift. Practice has books of its own."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

import msgspec

from posapp import db
from posapp.clock import Clock
from posapp.errors import PosError
from posapp.ids import Chance, unb64u
from posapp.joining.tokens import Tokens
from posapp.journal import MARK_FILE, Journal, Mark
from posapp.keys import Certificate, TillKeys, public_text
from posapp.messages import ShiftClosed
from posapp.selling import day
from posapp.selling.drafts import Drafts
from posapp.selling.sale import Sale, settle_draft
from posapp.settings import Settings
from posapp.shift import shift as shifts

PRACTICE = "training"
"""The folder, below the till's, that holds the newest practice."""


class Books:
    """close() gives the folder back. shift: the one that is open."""

    def __init__(
        self,
        folder: db.Folder,
        keys: TillKeys,
        certificate: Certificate,
        mark: Path,
        clock: Clock,
        chance: Chance,
        settings: Settings,
        *,
        is_practice: bool = False,
    ) -> None:
        self.folder = folder
        self.is_practice = is_practice
        with ExitStack() as opening:
            opening.callback(folder.close)
            held = Mark(mark)
            opening.callback(held.close)
            self.journal = Journal(folder, keys, certificate, held, clock, chance)
            self.drafts = Drafts(folder.draft)
            opening.callback(self.drafts.close)
            settle_draft(self.drafts, folder, self.journal.head, clock.now_ms())
            self.tokens = None if is_practice else Tokens(folder.till, keys, self.journal.head.epoch)
            self.sale = Sale(self.journal, self.drafts, settings, self.tokens.mint if self.tokens else _no_code)
            with folder.till.reading() as conn:
                self.shift: shifts.OpenShift | None = shifts.current(conn)
            self._closing = opening.pop_all()
        self.use(settings)

    def use(self, settings: Settings) -> None:
        self.sale.settings = settings
        self.journal.zone, self.journal.cutover_hour = settings.time_zone, settings.cutover_hour

    def the_shift(self) -> shifts.OpenShift:
        """The open shift. Raises PosError no_shift."""
        if self.shift is None:
            raise PosError("no_shift")
        return self.shift

    def figures(self) -> ShiftClosed:
        """The open shift's so far. Raises PosError no_shift."""
        shift, waiting = self.the_shift(), [held.amount for held in self.unmatched()]
        with self.folder.till.reading() as conn:
            return shifts.report(conn, shift, waiting)

    def unmatched(self) -> list[day.Unmatched]:
        """What static codes took and nobody has found in the shop's account yet, the oldest first."""
        with self.folder.till.reading() as conn:
            return day.unmatched(conn)

    def close(self) -> None:
        self._closing.close()


def _no_code(clerk: int, now: int) -> str:
    """Nobody joins by a ticket of practice."""
    return ""


def practice(real: Books, clock: Clock, chance: Chance, settings: Settings) -> Books:
    """Empty books to practise on: what HQ published is shared, the keys are nobody's, so that HQ would take no
    entry of theirs for a real one. The practice before goes."""
    path = real.folder.path / PRACTICE
    shutil.rmtree(path, ignore_errors=True)
    keys = TillKeys.fresh(chance)
    certificate = msgspec.structs.replace(
        real.journal.certificate, serial=0, journal_key=public_text(keys.journal_key), signature=""
    )
    folder = db.Folder(path, unb64u(keys.database), feed=real.folder.feed)
    return Books(folder, keys, certificate, path / MARK_FILE, clock, chance, settings, is_practice=True)

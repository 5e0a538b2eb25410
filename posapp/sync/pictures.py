"""The till's pictures: files named by the SHA-256 of their bytes, fetched when a row names one that is missing.

Nothing waits for a picture: what has not come is not shown. A file is written whole under another name first, so
that whatever bears a hash's name is that picture; a fetch that was broken off is simply made again.
"""

from __future__ import annotations

import contextlib
import os
import re
from hashlib import sha256
from pathlib import Path

from posapp import db, log
from posapp.catalog.tiles import named_pictures
from posapp.errors import PosError
from posapp.sync.client import Client
from posapp.sync.pull import settings_values

MOST_AT_ONCE = 60
"""Pictures of one round; what a till has to send does not wait for more."""

_NAME = re.compile(r"[0-9a-f]{64}")
_log = log.named("sync")


class Pictures:
    """The folder `pictures` in the till's data folder."""

    def __init__(self, folder: Path, feed: db.File) -> None:
        self._folder = folder
        self._feed = feed
        self._refused: set[str] = set()

    def file(self, name: str) -> Path | None:
        """The file of a picture, None while it has not come."""
        path = self._folder / name
        return path if _NAME.fullmatch(name) and path.is_file() else None

    def bring(self, client: Client) -> int:
        """Fetch what is named and missing, drop what nothing names; how many came.

        Raises PosError where HQ cannot be reached; what it does not have, or gives wrongly, is logged and passed over.
        """
        with self._feed.reading() as conn:
            named = named_pictures(conn) | {settings_values(conn).get("receipt_logo", "")}
        wanted = {name for name in named if _NAME.fullmatch(name)}
        try:
            held = {path.name for path in self._folder.iterdir()} if self._folder.is_dir() else set()
            for name in held - wanted:
                (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            _log.warning("pictures cannot be tended: %s", error)
            return 0
        came = 0
        for name in sorted(wanted - held)[:MOST_AT_ONCE]:
            try:
                came += self._keep(name, client.picture(name))
            except PosError as error:
                if error.code in ("network_off", "hq_unreachable", "too_many"):
                    raise
                self._pass_over(name, error.code)
            except OSError as error:
                self._pass_over(name, type(error).__name__)
        return came

    def _pass_over(self, name: str, why: str) -> None:
        if name not in self._refused:
            self._refused.add(name)  # said once; it is asked for again in each round
            _log.warning("picture %s is not there: %s", name, why)

    def _keep(self, name: str, data: bytes) -> bool:
        if sha256(data).hexdigest() != name:
            self._pass_over(name, "other bytes")
            return False
        self._folder.mkdir(mode=0o700, exist_ok=True)
        part = self._folder / f"{name}.part"
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._folder / name)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        return True

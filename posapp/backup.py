"""Copies of a till's data: taken while it sells, brought back while it does not.

A backup is a ZIP of the encrypted till.db and a manifest with the file's key sealed to HQ, so that it can be
restored on a new computer that HQ has enrolled for the same till. A restored till opens a new epoch.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import sqlcipher3.dbapi2 as driver

from posapp import db, tables
from posapp.clock import Clock
from posapp.errors import PosError
from posapp.ids import Chance, unb64u
from posapp.journal import MARK_FILE, Journal, Mark, epochs
from posapp.keys import TillKeys, seal, sync_folder, unseal
from posapp.verify import Verified, verify

PAGES_A_STEP = 500
_LARGEST_MANIFEST = 10_000
# what zipfile and msgspec raise on bytes that are no archive of ours
_NO_BACKUP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    msgspec.DecodeError,
    OSError,
    EOFError,
    LookupError,
    OverflowError,
    RuntimeError,
    ValueError,
)


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    """box: the key of till.db sealed to HQ. sha256: of till.db, hexadecimal."""

    version: int
    store: int
    till: int
    taken: int
    box: str
    sha256: str


def purpose(store: int, till: int) -> str:
    """What a backup's key is sealed for; HQ opens it for that till only."""
    return f"backup S{store} T{till}"


def back_up(
    folder: Path, keys: TillKeys, target: Path, clock: Clock, progress: Callable[[int, int], None] | None = None
) -> None:
    """Write a consistent copy to a new file; the till may be selling.

    Raises PosError no_such_file (nothing was sold here yet), file_exists, cannot_write.
    """
    assert keys.certificate
    if not (folder / "till.db").exists():
        raise PosError("no_such_file", file=str(folder / "till.db"))
    if target.exists():
        raise PosError("file_exists", file=str(target))
    certificate = keys.certificate
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as scratch:
            copy, beside = Path(scratch) / "till.db", Path(scratch) / "backup"
            source = db.File(folder / "till.db", unb64u(keys.database).hex(), tables.till, durable=True)
            try:
                _copy(source, copy, progress)
            finally:
                source.close()
            manifest = Manifest(
                1,
                certificate.store,
                certificate.till,
                clock.now_ms(),
                seal(unb64u(keys.database), keys.hq_box, purpose(certificate.store, certificate.till)),
                _sha256(copy),
            )
            with zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive:
                archive.writestr("manifest.json", msgspec.json.encode(manifest))
                archive.write(copy, "till.db")
            with beside.open("rb+") as file:
                os.fsync(file.fileno())
            beside.replace(target)
            sync_folder(target.parent)
    except FileExistsError:
        raise PosError("file_exists", file=str(target)) from None
    except OSError:
        raise PosError("cannot_write", file=str(target)) from None


def _copy(source: db.File, copy: Path, progress: Callable[[int, int], None] | None) -> None:
    reader, writer = source.connect(), driver.connect(str(copy))
    try:
        source.unlock(writer)
        reader.backup(
            writer,
            pages=PAGES_A_STEP,
            progress=(lambda _status, left, whole: progress(whole - left, whole)) if progress else None,
        )
    finally:
        writer.close()
        reader.close()


def restore(
    folder: Path,
    state: Path,
    keys: TillKeys,
    backup: Path,
    clock: Clock,
    chance: Chance,
    ask_hq: Callable[[str], str],
    progress: Callable[[int, int], None] | None = None,
) -> Verified:
    """Put a backup in the place of the till's data and open a new epoch; what was there is kept beside it.

    ask_hq: has HQ open the backup's key when this computer's own does not fit. Raises PosError no_such_file,
    bad_backup, in_use, unsent_left, and whatever verifying it raises; then nothing was changed.
    """
    certificate = keys.certificate
    assert certificate
    trial = folder / "restoring"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = db.folder_lock(folder)
    db.take(lock, folder)
    try:
        shutil.rmtree(trial, ignore_errors=True)
        trial.mkdir(mode=0o700)
        manifest = _unpack(backup, trial / "till.db")
        if (manifest.store, manifest.till) != (certificate.store, certificate.till):
            raise PosError("bad_backup", file=str(backup))
        own = unb64u(keys.database).hex()
        if not db.fits(trial / "till.db", own):
            sealed = ask_hq(manifest.box)
            db.change_key(trial / "till.db", unseal(sealed, keys.box_key, "restore").hex(), own, backup)
        tried = db.Folder(trial, unb64u(keys.database), lock=False)
        try:
            verified = verify(tried, keys.hq_key, progress)
        finally:
            tried.close()
        _check_nothing_is_lost(folder, trial, own)
        _swap(folder, trial, clock)
    finally:
        shutil.rmtree(trial, ignore_errors=True)
        lock.release()
    _open_epoch(folder, state, keys, clock, chance)
    return verified


def _check_nothing_is_lost(folder: Path, trial: Path, key: str) -> None:
    """What is there now may be replaced if it is damaged, or if every entry is in the backup or at HQ.

    Raises PosError unsent_left.
    """
    if not (folder / "till.db").exists() or not db.fits(folder / "till.db", key):
        return
    now, then = db.Folder(folder, bytes.fromhex(key), lock=False), db.Folder(trial, bytes.fromhex(key), lock=False)
    try:
        with db.telling(folder), now.till.reading() as conn, then.till.reading() as kept, now.feed.reading() as feed:
            known = {row.jid: row.seq for row in feed.execute(tables.watermark.select())}
            backed_up = {head.jid: head.seq for head in epochs(kept)}
            left = sum(
                max(0, head.seq - max(known.get(head.jid, 0), backed_up.get(head.jid, 0))) for head in epochs(conn)
            )
    except PosError:
        return
    finally:
        now.close()
        then.close()
    if left:
        raise PosError("unsent_left", count=left)


def _unpack(backup: Path, target: Path) -> Manifest:
    try:
        with zipfile.ZipFile(backup) as archive:
            parts = {part.filename: part for part in archive.infolist()}
            largest = {"manifest.json": _LARGEST_MANIFEST, "till.db": backup.stat().st_size}
            if len(archive.infolist()) != 2 or parts.keys() != largest.keys():
                raise PosError("bad_backup", file=str(backup))
            if any(p.file_size > largest[name] or p.compress_type != zipfile.ZIP_STORED for name, p in parts.items()):
                raise PosError("bad_backup", file=str(backup))
            manifest = msgspec.json.decode(archive.read("manifest.json"), type=Manifest)
            with archive.open("till.db") as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
    except FileNotFoundError:
        raise PosError("no_such_file", file=str(backup)) from None
    except _NO_BACKUP:
        raise PosError("bad_backup", file=str(backup)) from None
    if manifest.version != 1 or _sha256(target) != manifest.sha256:
        raise PosError("bad_backup", file=str(backup))
    return manifest


def _swap(folder: Path, trial: Path, clock: Clock) -> None:
    """The verified copy takes the place of what is there. feed.db stays (HQ gave it), drafts go: they belong to
    the time after the backup."""
    kept = folder / f"before-restore-{clock.now_ms()}"
    kept.mkdir(mode=0o700)
    for name in ("till.db", "draft.db"):
        if (folder / name).exists():
            shutil.copy2(folder / name, kept / name)
    for name in ("till.db-wal", "till.db-shm", "draft.db-wal", "draft.db-shm"):  # there only if it was not closed well
        if (folder / name).exists():
            (folder / name).replace(kept / name)
    with (trial / "till.db").open("rb+") as file:
        os.fsync(file.fileno())
    (trial / "till.db").replace(folder / "till.db")  # a kill before this leaves the old data, one after it the new
    (folder / "draft.db").unlink(missing_ok=True)
    sync_folder(folder)


def _open_epoch(folder: Path, state: Path, keys: TillKeys, clock: Clock, chance: Chance) -> None:
    assert keys.certificate
    opened = db.Folder(folder, unb64u(keys.database))
    mark = Mark(state / MARK_FILE)
    try:
        with opened.feed.transaction() as conn:
            # what HQ had of the folder's journals was known of other contents
            conn.execute(tables.watermark.delete())
        Journal(opened, keys, keys.certificate, mark, clock, chance, is_restored=True)
    finally:
        mark.close()
        opened.close()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()

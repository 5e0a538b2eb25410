"""Pictures for tiles, customer displays and receipts: checked, drawn anew without what was hidden in them, and kept
under the SHA-256 of their bytes, so that a till can tell that it has the right one.
"""

from __future__ import annotations

import io
import warnings
from hashlib import sha256
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import Connection, select

from posapp.clock import Clock
from posapp.errors import PosError
from posapp.hq.database import Database, insert_new
from posapp.hq.tables import picture

LARGEST_FILE = 8 << 20
LARGEST_KEPT = 2 << 20
SMALLEST_SIDE, LARGEST_SIDE = 16, 6_000
KEPT_SIDE = 1_920
"""Larger pictures are made smaller: no display of a shop shows more."""

_QUALITY = 88


def prepare(path: Path) -> tuple[str, bytes]:
    """A picture's kind and bytes as they are kept: PNG or JPEG, upright, within KEPT_SIDE, without any metadata.

    Raises PosError no_such_file, picture_format, picture_too_large, picture_size.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise PosError("picture_too_large", file=path.name, most=f"{LARGEST_FILE >> 20} MB")
        raw = path.read_bytes()
    except OSError:
        raise PosError("no_such_file", file=str(path)) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(raw), formats=("PNG", "JPEG")) as opened:
                if not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in opened.size):
                    raise PosError("picture_size", file=path.name, least=SMALLEST_SIDE, most=LARGEST_SIDE)
                kind = str(opened.format)
                drawn = ImageOps.exif_transpose(opened)
                drawn.thumbnail((KEPT_SIDE, KEPT_SIDE))
                return _encoded(drawn, kind, path.name)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning, MemoryError, EOFError):
        raise PosError("picture_format", file=path.name) from None


def _encoded(drawn: Image.Image, kind: str, name: str) -> tuple[str, bytes]:
    sees_through = drawn.mode in ("RGBA", "LA", "PA") or "transparency" in drawn.info
    drawn = drawn.convert("RGBA" if kind == "PNG" and sees_through else "RGB")
    # Only the pixels go over; colour profiles, comments and places stay behind.
    plain = Image.frombytes(drawn.mode, drawn.size, drawn.tobytes())
    out = io.BytesIO()
    if kind == "PNG":
        plain.save(out, "PNG", optimize=True)
    else:
        plain.save(out, "JPEG", quality=_QUALITY, optimize=True)
    if out.tell() > LARGEST_KEPT:
        raise PosError("picture_too_large", file=name, most=f"{LARGEST_KEPT >> 20} MB")
    return f"image/{kind.lower()}", out.getvalue()


def keep(conn: Connection, kind: str, data: bytes, now_ms: int) -> str:
    """Keep a prepared picture; its hash. One that is there already stays as it is."""
    name = sha256(data).hexdigest()
    with Image.open(io.BytesIO(data)) as opened:
        width, height = opened.size
    row = {"hash": name, "kind": kind, "width": width, "height": height, "data": data, "added": now_ms}
    insert_new(conn, picture, row)
    return name


def add(database: Database, clock: Clock, path: Path) -> str:
    """Keep the picture of a file; its hash. Raises PosError of prepare()."""
    kind, data = prepare(path)
    with database.transaction() as conn:
        return keep(conn, kind, data, clock.now_ms())


def is_kept(conn: Connection, name: str) -> bool:
    return conn.scalar(select(picture.c.hash).where(picture.c.hash == name)) is not None


def read(conn: Connection, name: str) -> tuple[str, bytes]:
    """Kind and bytes of a picture. Raises PosError not_found."""
    name = name[:64].replace("\0", "")
    row = conn.execute(select(picture.c.kind, picture.c.data).where(picture.c.hash == name)).one_or_none()
    if row is None:
        raise PosError("not_found", what=name)
    return row.kind, bytes(row.data)

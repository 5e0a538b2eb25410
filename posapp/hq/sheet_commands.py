"""`posapp hq sheet stand|badge`: cards to print, with the code that was handed in."""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import Connection, select

from posapp.errors import PosError
from posapp.hq import people, pictures
from posapp.hq.office import Office
from posapp.hq.tables import clerk
from posapp.rules import sheets
from posapp.settings import Settings

Command = Callable[[Any, str, Callable[[argparse.Namespace], int | None], str], Any]

_USAGE = "posapp hq sheet stand|badge FILE.png|FILE.pdf"


def add(command: Command, group: Callable[[str, str], Any]) -> None:
    """Add these commands to those of `posapp hq`."""
    made = group("sheet", "stand cards and badges to print, PNG or PDF in their real size")
    card = command(made, "stand", _stand, "a card for the counter that invites to scan a code")
    _shared(card)
    card.add_argument("--code", required=True, metavar="URL", help="what the QR code says")
    card.add_argument("--size", choices=tuple(sheets.STANDS), default="A6")
    card.add_argument("--title", default="", help="in large letters (default: scan to join)")
    card.add_argument("--gift", default="", help="what a new member gets")
    card.add_argument("--a4", action="store_true", help="an A4 page full of them")
    worn = command(made, "badge", _badge, "clerks' badges as large as a bank card; several of them on A4 pages")
    _shared(worn)
    worn.add_argument("--clerk", action="append", required=True, metavar="NUMBER", help="once for each badge")
    worn.add_argument("--code", action="append", required=True, metavar="URL", help="of each clerk, in the same order")
    worn.add_argument("--line", default="", help="below the code")


def _shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE.png|FILE.pdf")
    parser.add_argument("--store", default="chain", help="whose name stands on it (default: the chain's)")
    parser.add_argument("--picture", metavar="FILE", help="a PNG or JPEG: a logo, or the gift")


def _stand(args: argparse.Namespace) -> None:
    picture = _picture(args.picture)
    with Office(args) as office, office.database.reading() as conn:
        settings = _settings(conn, args.store)
    text = sheets.Stand(
        people.plain_name(settings.store_name, 60),
        args.code,
        args.title and people.plain_name(args.title, 60),
        args.gift and people.plain_name(args.gift, 60),
        picture,
    )
    card = sheets.stand(text, args.size, settings.language)
    _write(Path(args.file), sheets.on_a4([card] * sheets.per_a4(card)) if args.a4 else [card])


def _badge(args: argparse.Namespace) -> None:
    if len(args.clerk) != len(args.code):
        raise PosError("bad_usage", usage="posapp hq sheet badge FILE --clerk NUMBER --code URL ...")
    picture = _picture(args.picture)
    line = args.line and people.plain_name(args.line, 60)
    numbers = [people.whole(text, people.LARGEST_CLERK) for text in args.clerk]
    with Office(args) as office, office.database.reading() as conn:
        settings = _settings(conn, args.store)
        names = [_name(conn, number) for number in numbers]
    shop = people.plain_name(settings.store_name, 60)
    cards = [
        sheets.badge(sheets.Badge(shop, name, number, code, line, picture), settings.language)
        for number, name, code in zip(numbers, names, args.code, strict=True)
    ]
    _write(Path(args.file), cards if len(cards) == 1 else sheets.on_a4(cards))


def _settings(conn: Connection, store: str) -> Settings:
    return people.settings_of(conn, people.scope_of(conn, store))


def _name(conn: Connection, number: int) -> str:
    name = conn.scalar(select(clerk.c.name).where(clerk.c.number == number))
    if name is None:
        raise PosError("not_found", what=number)
    return str(name)


def _picture(file: str | None) -> Image.Image | None:
    if file is None:
        return None
    _, data = pictures.prepare(Path(file))
    return Image.open(io.BytesIO(data))


def _write(file: Path, pages: list[Image.Image]) -> None:
    """The whole file or none; a PNG holds one page only."""
    kind = file.suffix.lower()
    if kind not in (".png", ".pdf") or (kind == ".png" and len(pages) > 1):
        raise PosError("bad_usage", usage=_USAGE if len(pages) == 1 else "posapp hq sheet badge FILE.pdf ...")
    data = sheets.png(pages[0]) if kind == ".png" else sheets.pdf(pages)
    try:
        file.write_bytes(data)
    except OSError:
        raise PosError("cannot_write", file=str(file)) from None

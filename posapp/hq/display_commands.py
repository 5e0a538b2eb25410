"""`posapp hq import tiles|tiles|picture|notice`: what tills and customer displays show beside the goods."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from posapp.hq import enrol, notices, people, pictures, tile_pages, tiles
from posapp.hq.members.commands import import_options, say, say_report
from posapp.hq.office import Office

Command = Callable[[Any, str, Callable[[argparse.Namespace], int | None], str], Any]


def add(command: Command, group: Callable[[str, str], Any], imports: Any) -> None:
    """Add these commands to those of `posapp hq`."""
    told = (
        "tiles (quick keys) from a CSV or XLSX file: page, title, place, code, label, colour, picture file. The file is"
        " the whole of that scope's own pages; page 1 in it replaces the automatic page of best sellers, a file"
        " without page 1 brings that back"
    )
    taken = command(imports, "tiles", _import_tiles, told)
    taken.add_argument("file")
    taken.add_argument("--store", default="chain", help="the store they are for (default: the whole chain)")
    import_options(taken, "code", has_dry_run=False)

    shown = group("tiles", "the tills' quick keys")
    best = command(shown, "best", _best, "work a store's first page out now: best sellers without a barcode, 28 days")
    best.add_argument("--store", required=True)

    held = group("picture", "pictures for tiles, customer displays and receipts")
    one = command(held, "add", _picture_add, "keep a PNG or JPEG picture and print its hash")
    one.add_argument("file")

    posted = group("notice", "what idle customer displays show")
    new = command(posted, "add", _notice_add, "show a picture on idle customer displays; prints the notice's number")
    new.add_argument("picture", metavar="FILE|HASH")
    new.add_argument("--store", default="chain", help="the store it is for (default: the whole chain)")
    new.add_argument("--from", dest="starts", metavar="INSTANT", help="default: now")
    new.add_argument("--until", dest="ends", metavar="INSTANT", help="default: until it is removed")
    new.add_argument("--caption", default="", help="a line of text below the picture")
    new.add_argument("--order", default="100", help="smaller numbers are shown first (default: %(default)s)")
    listed = command(posted, "list", _notice_list, "every notice: number, scope, order, time, caption")
    listed.add_argument("--json", action="store_true")
    removed = command(posted, "remove", _notice_remove, "show a notice no more")
    removed.add_argument("number")


def _import_tiles(args: argparse.Namespace) -> int:
    mapping = Path(args.mapping) if args.mapping else None
    with Office(args) as office:
        report = tiles.import_tiles(
            office.database, office.clock, Path(args.file), store_text=args.store, mapping=mapping
        )
    return say_report(args, report)


def _best(args: argparse.Namespace) -> None:
    number = people.whole(args.store, enrol.LARGEST_STORE)
    with Office(args) as office:
        changed = tile_pages.publish_best(office.database, office.clock, number)
    say(f"{changed}")


def _picture_add(args: argparse.Namespace) -> None:
    with Office(args) as office:
        say(pictures.add(office.database, office.clock, Path(args.file)))


def _notice_add(args: argparse.Namespace) -> None:
    place = people.whole(args.order, notices.LARGEST_PLACE)
    with Office(args) as office:
        number = notices.add(
            office.database,
            office.clock,
            args.picture,
            store=args.store,
            starts=args.starts,
            ends=args.ends,
            caption=args.caption,
            place=place,
        )
    say(f"{number}")


def _notice_list(args: argparse.Namespace) -> None:
    with Office(args) as office:
        rows = notices.listed(office.database, office.clock)
    say(json.dumps(rows, ensure_ascii=False) if args.json else notices.list_text(rows, args.language))


def _notice_remove(args: argparse.Namespace) -> None:
    with Office(args) as office:
        notices.remove(office.database, people.whole(args.number, 1_000_000_000 - 1))

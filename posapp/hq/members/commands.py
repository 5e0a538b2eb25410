"""`posapp hq import members|member|tier|chips`: HQ's people and the members."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from posapp.errors import PosError
from posapp.hq import people
from posapp.hq.aligned import aligned
from posapp.hq.members import desk, imports, tiers
from posapp.hq.members.identity import Means
from posapp.hq.office import Office
from posapp.hq.remarks import Report
from posapp.hq.vault import Vault

Command = Callable[[Any, str, Callable[[argparse.Namespace], int | None], str], Any]
MOST_MERGES = 1_000_000_000 - 1


def add(command: Command, group: Callable[[str, str], Any], imports_: Any) -> None:
    """Add these commands to those of `posapp hq`."""
    taken = command(imports_, "members", _import, "members of another system from a CSV or XLSX file")
    taken.add_argument("file")
    taken.add_argument("--store", default="chain", help="their home store (default: none)")
    import_options(taken, "card")
    taken.add_argument(
        "--phones-verified", action="store_true", help="the system before confirmed whose phones they are"
    )

    member = group("member", "members")
    found = command(member, "find", _find, "a member, masked; who looked and why is kept")
    found.add_argument("asked", metavar="PHONE|CARD|REF")
    found.add_argument("--reason", required=True)
    found.add_argument("--json", action="store_true")
    merged = command(member, "merge", _merge, "two members are one person")
    merged.add_argument("one", metavar="REF")
    merged.add_argument("other", metavar="REF")
    parted = command(member, "unmerge", _unmerge, "take a merge back, by its number in hq member find")
    parted.add_argument("number")
    booked = command(member, "points", _points, "book points by hand, with a reason")
    booked.add_argument("asked", metavar="REF")
    booked.add_argument("change", metavar="N", help="e.g. 50 or -50")
    booked.add_argument("reason")
    alike = command(member, "suspicions", _suspicions, "members who might be one person")
    alike.add_argument("--json", action="store_true")

    ranks = group("tier", "ranks of members")
    rank = command(ranks, "set", _tier, "make a rank, or change it")
    rank.add_argument("id")
    rank.add_argument("name", metavar="中文/English")
    rank.add_argument("--least", default="0", help="points earned in 365 days that reach it (default: %(default)s)")
    rank.add_argument("--factor", default="100", help="percent of points it earns (default: %(default)s)")
    rank.add_argument("--colour", default="", metavar="#rrggbb")

    chips = group("chips", "what may be noted of members in two taps")
    chip = command(chips, "set", _chip, "make something to note, or change it")
    chip.add_argument("name")
    chip.add_argument("title", metavar="中文/English")
    chip.add_argument("choices", nargs="+", metavar="VALUE=中文/English")


def means_of(office: Office) -> Means:
    return Means(Vault(office.keys, office.chance), office.chance, office.clock.now_ms())


def who() -> str:
    """Who sits at HQ's command line, as the computer knows them."""
    try:
        return getpass.getuser()[:40]
    except (KeyError, OSError):
        return "hq"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say_rows(args: argparse.Namespace, rows: Sequence[dict[str, Any]], cells: Callable[[Any, int], list[Any]]) -> None:
    """Say rows as JSON, or as a table: cells(row, 1 for English) is what stands in one's line."""
    if args.json:
        say(json.dumps(rows, ensure_ascii=False))
    elif rows:
        say("\n".join(aligned([[str(cell) for cell in cells(row, int(args.language == "en"))] for row in rows])))


def import_options(parser: argparse.ArgumentParser, field: str, *, has_dry_run: bool = True) -> None:
    """What every import can be told; field: one of its own, as an example."""
    wanted = f'JSON: {{"{field}": "column name", ...}} for other column names'
    parser.add_argument("--mapping", metavar="FILE", help=wanted)
    if has_dry_run:
        parser.add_argument("--dry-run", action="store_true", help="only the report, nothing is written")
    parser.add_argument("--json", action="store_true")


def say_report(args: argparse.Namespace, report: Report) -> int:
    """Say what an import did; the exit code."""
    say(report.json(args.language) if args.json else report.text(args.language))
    return 0 if report.taken else 1


def from_zero(text: str, most: int) -> int:
    """0 up to a most. Raises PosError bad_count."""
    if not text.isascii() or not text.isdigit() or len(text) > 12 or int(text) > most:
        raise PosError("bad_count", number=text[:20], most=most)
    return int(text)


def _import(args: argparse.Namespace) -> int:
    with Office(args) as office:
        means = means_of(office)
        report = imports.import_members(
            office.database,
            means.vault,
            office.clock,
            office.chance,
            Path(args.file),
            store=args.store,
            mapping=Path(args.mapping) if args.mapping else None,
            verified=args.phones_verified,
            dry_run=args.dry_run,
        )
    return say_report(args, report)


_FIELDS = {
    "ref": ("会员", "member"),
    "status": ("状态", "status"),
    "name": ("称呼", "name"),
    "phones": ("手机", "phone"),
    "keys": ("识别依据", "known by"),
    "tier": ("等级", "tier"),
    "points": ("积分", "points"),
    "joined": ("入会", "joined"),
    "home": ("归属门店", "home store"),
    "orders": ("单数", "orders"),
    "visited": ("最近到店", "last visit"),
    "benefits": ("权益", "benefits"),
    "consents": ("同意", "consents"),
    "merges": ("合并", "merges"),
    "same": ("合并的编号", "other ids"),
    "privacy": ("隐私请求", "privacy requests"),
}


def _find(args: argparse.Namespace) -> None:
    with Office(args) as office:
        found = desk.find(office.database, means_of(office), args.asked, who(), args.reason)
    if args.json:
        say(json.dumps(found, ensure_ascii=False))
        return
    place = 1 if args.language == "en" else 0
    for name, value in found.items():
        if value not in ("", None, [], {}):
            plain = value if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False)
            say(f"{_FIELDS[name][place]}: {plain}")


def _merge(args: argparse.Namespace) -> None:
    with Office(args) as office:
        say(desk.tie(office.database, means_of(office), args.one, args.other, who()))


def _unmerge(args: argparse.Namespace) -> None:
    number = people.whole(args.number, MOST_MERGES)
    with Office(args) as office:
        say(" ".join(desk.untie(office.database, means_of(office), number, who())))


def _points(args: argparse.Namespace) -> None:
    change = from_zero(args.change.removeprefix("-"), tiers.MOST_POINTS)
    change = -change if args.change.startswith("-") else change
    with Office(args) as office:
        after = desk.correct_points(office.database, means_of(office), args.asked, change, who(), args.reason)
    say(f"{after}")


def _suspicions(args: argparse.Namespace) -> None:
    with Office(args) as office:
        rows = desk.suspicions(office.database)
    say_rows(args, rows, lambda row, _: [row["one"], row["other"], row["by"], row["at"][:16]])


def _tier(args: argparse.Namespace) -> None:
    least = from_zero(args.least, tiers.MOST_POINTS)
    factor = people.whole(args.factor, tiers.MOST_FACTOR)
    with Office(args) as office:
        tiers.set_tier(office.database, args.id, args.name, least=least, factor=factor, colour=args.colour)


def _chip(args: argparse.Namespace) -> None:
    with Office(args) as office:
        tiers.set_chip(office.database, args.name, args.title, args.choices)

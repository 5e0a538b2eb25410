"""`posapp hq report repurchase|cohorts|...`, `hq import spend|days`, `hq export regulars`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from posapp.hq import enrol, people
from posapp.hq.members.commands import Command, import_options, means_of, say, say_report, who
from posapp.hq.office import Office
from posapp.hq.segments import cac, days, regulars, reports

Make = Callable[[Connection, int, argparse.Namespace], dict[str, Any]]

_KEPT = {
    "repurchase": "cycle, repurchase by month of the first purchase, annual spend and frequency",
    "cohorts": "members by month of joining: who bought, bought again, what for",
    "ltv": "lifetime value by month and channel of joining",
    "channels": "persons who buy in more than one channel, persons who can be reached",
    "churn": "who is overdue, and how well that foretold who did not come back",
    "baskets": "tickets with a member beside those without",
    "views": "what was looked at elsewhere and bought at tills",
}


def add(command: Command, group: Callable[[str, str], Any], imports: Any, reports_: Any) -> None:
    """Add these commands to those of `posapp hq`."""
    for name, text in _KEPT.items():
        _report(command, reports_, name, text, _of_night(name))
    _report(command, reports_, "segments", "persons by segment and store", _segments)
    spent = _report(command, reports_, "cac", "what a new member costs by channel", _costs)
    spent.add_argument("--from", dest="first", metavar="DATE", help="default: the first of the month")
    spent.add_argument("--to", dest="last", metavar="DATE", help="default: today")
    for name, text, make in (
        ("weather", "a store's day beside days of the same weather and kind", _weather),
        ("visitors", "what became of a day's likely visitors, beside who was as likely and not listed", _visitors),
    ):
        day = _report(command, reports_, name, text, make)
        day.add_argument("--store", required=True)
        day.add_argument("--date", help="YYYY-MM-DD (default: the store's business date now)")

    paid = command(imports, "spend", _import_spend, "what was paid to win customers, by channel and days")
    paid.add_argument("file")
    tagged = command(imports, "days", _import_days, "weather and holidays")
    tagged.add_argument("file")
    tagged.add_argument("--store", default="chain", help="the store they are for (default: every store)")
    for parser in (paid, tagged):
        import_options(parser, "date", has_dry_run=False)

    taken = command(
        group("export", "tables with persons, masked; who took them and why is kept"),
        "regulars",
        _export,
        "a store's core customers",
    )
    taken.add_argument("store")
    taken.add_argument("file", metavar="FILE.csv")
    taken.add_argument("--reason", required=True)


def _report(command: Command, parent: Any, name: str, text: str, make: Make) -> Any:
    parser = command(parent, name, partial(_tell, make), text)
    parser.add_argument("--json", action="store_true")
    return parser


def _tell(make: Make, args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.reading() as conn:
        told = make(conn, office.clock.now_ms(), args)
    say(json.dumps(told, ensure_ascii=False) if args.json else reports.text(told, args.language))


def _of_night(name: str) -> Make:
    return lambda conn, now, args: reports.kept_report(conn, name, now)


def _segments(conn: Connection, now: int, args: argparse.Namespace) -> dict[str, Any]:
    return reports.segments(conn, now)


def _costs(conn: Connection, now: int, args: argparse.Namespace) -> dict[str, Any]:
    return reports.costs(conn, now, args.first, args.last)


def _weather(conn: Connection, now: int, args: argparse.Namespace) -> dict[str, Any]:
    return reports.weather(conn, now, people.whole(args.store, enrol.LARGEST_STORE), args.date)


def _visitors(conn: Connection, now: int, args: argparse.Namespace) -> dict[str, Any]:
    return reports.visited(conn, now, people.whole(args.store, enrol.LARGEST_STORE), args.date)


def _import_spend(args: argparse.Namespace) -> int:
    with Office(args) as office:
        report = cac.import_spend(office.database, office.clock, Path(args.file), mapping=_mapping(args))
    return say_report(args, report)


def _import_days(args: argparse.Namespace) -> int:
    with Office(args) as office:
        report = days.import_days(office.database, Path(args.file), store=args.store, mapping=_mapping(args))
    return say_report(args, report)


def _mapping(args: argparse.Namespace) -> Path | None:
    return Path(args.mapping) if args.mapping else None


def _export(args: argparse.Namespace) -> None:
    number = people.whole(args.store, enrol.LARGEST_STORE)
    with Office(args) as office:
        count = regulars.export(
            office.database, means_of(office), number, Path(args.file), who(), args.reason, args.language
        )
    say(f"{count}")

"""`posapp hq report join-rate|funnel|sales|stores|figure`: the boards without a browser."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from posapp.hq import enrol, feed, people
from posapp.hq.figures import boards, report
from posapp.hq.office import Office
from posapp.hq.people import business_day

Command = Callable[[Any, str, Callable[[argparse.Namespace], int | None], str], Any]


def add(command: Command, reports: Any) -> None:
    """Add these reports to those of `posapp hq report`."""
    rate = command(reports, "join-rate", _join_rate, "join rate, conversion and what became of joins, against targets")
    _span(rate, "store")
    _span(command(reports, "funnel", _funnel, "from codes shown to second purchases, step by step"), "")
    _span(command(reports, "sales", _sales, "net sales, tickets, members' share"), "date")
    every = command(reports, "stores", _stores, "every store: today's figures and how old its data is")
    every.add_argument("--json", action="store_true")
    opened = command(reports, "figure", _figure, "the tickets or joins that a figure was made of, members masked")
    opened.add_argument("metric", help="join_rate, walk_ins, conversion, first_order_rate, tickets ...")
    _span(opened, "")
    opened.add_argument("--axis", default="all", help="clerk, hour, till or channel (default: %(default)s)")
    opened.add_argument("--key", default="", help="which clerk, hour, till or channel")


def _span(parser: argparse.ArgumentParser, cut: str) -> None:
    parser.add_argument("--store", help="default: the whole chain")
    parser.add_argument("--from", dest="since", metavar="DATE", help="YYYY-MM-DD (default: the business date now)")
    parser.add_argument("--to", dest="until", metavar="DATE", help="default: the same day as --from")
    parser.add_argument("--json", action="store_true")
    if cut:
        parser.add_argument("--by", dest="cut", default=cut, help=f"{', '.join(boards.CUTS)} (default: %(default)s)")


def _tell(args: argparse.Namespace, ask: Callable[..., dict[str, Any]]) -> None:
    """Ask for a report of the span that was named; print it."""
    with Office(args) as office, office.database.reading(snapshot=True) as conn:
        now, number = office.clock.now_ms(), 0
        if args.store is not None:
            number = people.whole(args.store, enrol.LARGEST_STORE)
            people.scope_of(conn, args.store)
        since = args.since or business_day(conn, now, number)
        told = ask(conn, now, since, args.until or since, number)
        zone = people.settings_of(conn, feed.store_scope(number)).time_zone
    _print(args, told, zone)


def _print(args: argparse.Namespace, told: dict[str, Any], zone: str) -> None:
    shown = json.dumps(told, ensure_ascii=False) if args.json else report.text(told, args.language, zone)
    sys.stdout.write(shown + "\n")
    sys.stdout.flush()


def _join_rate(args: argparse.Namespace) -> None:
    _tell(args, partial(report.join_rate, cut=args.cut))


def _funnel(args: argparse.Namespace) -> None:
    _tell(args, report.funnel)


def _sales(args: argparse.Namespace) -> None:
    _tell(args, partial(report.sales, cut=args.cut))


def _stores(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.reading(snapshot=True) as conn:
        told = report.stores(conn, office.clock.now_ms())
        zone = people.settings_of(conn, feed.CHAIN).time_zone
    _print(args, told, zone)


def _figure(args: argparse.Namespace) -> None:
    def ask(conn: Any, _now: int, since: str, until: str, number: int) -> dict[str, Any]:
        boards.check_span(since, until)
        opening = boards.open_figure(conn, args.metric, since, until, store=number, axis=args.axis, key=args.key)
        return report.opened(opening)

    _tell(args, ask)

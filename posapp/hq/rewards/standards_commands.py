"""`posapp hq report served|wecom-stats|scores|exceptions|attribution`, `hq import wecom-stats`: standards and leads."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from posapp.errors import PosError
from posapp.hq import enrol, people
from posapp.hq.gateways.wecom import UNREACHABLE, WecomError
from posapp.hq.members.commands import import_options, say, say_report
from posapp.hq.office import Office
from posapp.hq.rewards import attribution, exceptions, scores, served, wecom_stats
from posapp.hq.rewards.days import Days
from posapp.hq.tables import store
from posapp.hq.wecom import account
from posapp.rules.dictionary import METRICS

Command = Callable[[Any, str, Callable[[argparse.Namespace], int | None], str], Any]


def add(command: Command, imports: Any, reports: Any) -> None:
    """Add these commands to those of `posapp hq`."""
    taken = command(imports, "wecom-stats", _import, "a day's replies and group activity, from a file or from WeCom")
    taken.add_argument("file", nargs="?")
    taken.add_argument("--day", metavar="YYYY-MM-DD", help="ask WeCom for this day, instead of a file")
    import_options(taken, "chats")

    _span(command(reports, "served", _served, "the three-minute standard, by store and day, the best store first"))
    _span(command(reports, "wecom-stats", _stats, "replies within the hour and group activity, by store"))
    _span(command(reports, "attribution", _attribution, "sales by channel: first, last and linear side by side"))
    day = command(reports, "scores", _scores, "a store's three numbers: group activity, visit conversion, repurchase")
    _day(day)
    odd = command(reports, "exceptions", _exceptions, "what stands out by cashier: leads, no accusations")
    _day(odd)


def _span(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", help="one store (default: all)")
    parser.add_argument("--from", dest="since", metavar="YYYY-MM-DD", help="default: seven days ago")
    parser.add_argument("--until", metavar="YYYY-MM-DD", help="default: today")
    parser.add_argument("--json", action="store_true")


def _day(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", required=True)
    parser.add_argument("--date", metavar="YYYY-MM-DD", help="default: the store's business date now")
    parser.add_argument("--json", action="store_true")


def _store(conn: Connection, text: str | None) -> int | None:
    """Raises PosError bad_number, no_such_store."""
    if text is None:
        return None
    number = people.whole(text, enrol.LARGEST_STORE)
    if conn.scalar(select(store.c.number).where(store.c.number == number)) is None:
        raise PosError("no_such_store", store=number)
    return number


def _over(args: argparse.Namespace, ask: Callable[..., dict[str, Any]], text: Callable[..., str]) -> None:
    with Office(args) as office, office.database.reading(snapshot=True) as conn:
        number = _store(conn, args.store)
        since, until = served.usual_span(Days(conn).date(number or 0, office.clock.now_ms()))
        told = ask(conn, args.since or since, args.until or until, number)
    say(json.dumps(told, ensure_ascii=False) if args.json else text(told, args.language))


def _served(args: argparse.Namespace) -> None:
    _over(args, served.served, served.served_text)


def _stats(args: argparse.Namespace) -> None:
    _over(args, wecom_stats.stats, wecom_stats.stats_text)


def _attribution(args: argparse.Namespace) -> None:
    _over(args, attribution.attribution, attribution.attribution_text)


def _scores(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.reading(snapshot=True) as conn:
        number = _store(conn, args.store) or 0
        date = args.date or Days(conn).date(number, office.clock.now_ms())
        rows = scores.scores_of(conn, number, date)
    if args.json:
        told = [
            {"name": name, "top": top, "bottom": bottom, "formula": METRICS[name].formula} for name, top, bottom in rows
        ]
        whole = {"report": "scores", "store": number, "date": date, "version": scores.version_of(date), "scores": told}
        say(json.dumps(whole, ensure_ascii=False))
    else:
        say(scores.scores_text(number, date, rows, args.language))


def _exceptions(args: argparse.Namespace) -> None:
    with Office(args) as office, office.database.reading(snapshot=True) as conn:
        number = _store(conn, args.store) or 0
        told = exceptions.exceptions(conn, number, args.date or Days(conn).date(number, office.clock.now_ms()))
    say(json.dumps(told, ensure_ascii=False) if args.json else exceptions.exceptions_text(told, args.language))


def _import(args: argparse.Namespace) -> int:
    if bool(args.file) == bool(args.day):
        raise PosError("bad_usage", usage="posapp hq import wecom-stats FILE | --day YYYY-MM-DD")
    with Office(args) as office:
        if args.day:
            say(str(_asked(args, office)))
            return 0
        mapping = Path(args.mapping) if args.mapping else None
        report = wecom_stats.import_stats(office.database, Path(args.file), mapping, dry_run=args.dry_run)
    return say_report(args, report)


def _asked(args: argparse.Namespace, office: Office) -> int:
    """How many clerks WeCom told of. Raises PosError wecom_not_set, wecom_away, wecom_refused, bad_date, too_early."""
    known = account.load(Path(args.data))
    if known is None:
        raise PosError("wecom_not_set")
    try:
        return wecom_stats.ask_wecom(office.database, office.clock, known.client(office.clock), args.day)
    except WecomError as error:
        if error.errcode == UNREACHABLE:
            raise PosError("wecom_away") from None
        raise PosError("wecom_refused", errcode=error.errcode) from None
